import DeviceKit
import Foundation
import VirtualBoards

/// Row 12: what the panel's firmware costs a Cortex-M3, beside the same panel written in C.
enum FirmwareRow {
  /// Instructions, and bytes.
  private struct Costs {
    var idle = 0.0
    var poll = 0.0
    var exchange = 0.0
    var worst = 0.0
    var press = 0.0
    var flash = 0.0
    var memory = 0.0
    var stack = 0.0
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    let folder = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-firmware"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let images = try FirmwareImage.list(in: bench.firmware)
    func image(_ name: String) throws -> FirmwareImage {
      guard let found = images.first(where: { $0.name == name }) else { throw BenchError("\(bench.firmware)/images: no \(name)") }
      return found
    }
    Report.progress("the same requests and presses to both")
    let same = try FirmwareScript.compare(image("swift"), image("c-os"), folder: folder, requests: bench.samples(300))
    var costs: [String: Costs] = [:]
    for name in ["swift", "swift-plain", "c-os", "c-oz"] {
      Report.progress("instructions of \(name)")
      costs[name] = try this(image(name), folder, bench.samples(20))
    }
    guard let swift = costs["swift"], let plain = costs["swift-plain"], let c = costs["c-os"], let small = costs["c-oz"] else {
      return []
    }
    var figures = [Figure("answers that are the same, byte for byte", "\(same) of \(same)", goal: "all", isMet: true)]
    func show(_ what: String, _ place: KeyPath<Costs, Double>, goal: Double?) {
      let reference = "C -Os \(whole(c[keyPath: place])), -Oz \(whole(small[keyPath: place]))"
      let ratio = swift[keyPath: place] / c[keyPath: place]
      figures.append(
        Figure(
          what, whole(swift[keyPath: place]), goal: goal.map { "≤ \(Report.text($0, 1)) × C -Os" }, reference: reference,
          ratio: ratio, isMet: goal.map { ratio <= $0 }))
      let without = plain[keyPath: place]
      figures.append(
        Figure("   without link-time optimisation", whole(without), reference: reference, ratio: without / c[keyPath: place]))
    }
    show("instructions a tick, idle", \.idle, goal: 1)
    show("instructions a short poll, with its interrupts", \.poll, goal: 1)
    show("instructions an exchange with 4 events", \.exchange, goal: 1)
    show("instructions the longest request (66 registers of 0, refused)", \.worst, goal: 1)
    show("instructions of the tick that records a press", \.press, goal: 1)
    show("flash, bytes", \.flash, goal: 1.1)
    show("RAM, variables and kept memory, bytes", \.memory, goal: nil)
    show("RAM, deepest stack so far, bytes", \.stack, goal: nil)
    return figures + (try boards(bench))
  }

  private static func whole(_ value: Double) -> String { Report.text(value, 0) }

  /// Measured anew when a busy machine has torn a request apart: then an answer is missing.
  private static func this(_ image: FirmwareImage, _ folder: String, _ count: Int) throws -> Costs {
    for attempt in 1... {
      do { return try once(image, folder, count) } catch  where attempt < 4 { Report.progress("\(error); again") }
    }
    throw BenchError(image.name)
  }

  private static func once(_ image: FirmwareImage, _ folder: String, _ count: Int) throws -> Costs {
    let counted = try CountedBoard(image, folder: folder, counts: true)
    var costs = Costs()
    costs.flash = Double(image.flash)
    costs.memory = Double(image.memory)
    func ask(_ pdu: [UInt8], _ length: Int) throws -> [UInt8] {
      let answer = counted.ask(pdu, retries: 1)
      guard answer.count == length else { throw BenchError("\(image.name): \(answer.count) bytes answered instead of \(length)") }
      return answer
    }
    // What goes on beside it is what as many idle ticks cost.
    func cost(_ idle: Double, _ pdu: (UInt8) -> [UInt8], _ length: Int) throws -> Double {
      _ = try ask(pdu(0), length)
      let run = try counted.count { for index in 0..<count { _ = try ask(pdu(UInt8(index & 15)), length) } }
      return (Double(run.instructions) - Double(run.ticks) * idle) / Double(count)
    }
    func idleTick() throws -> Double {
      let ticks = try counted.count { usleep(300_000) }.betweenTicks
      guard ticks.count > 20 else { throw BenchError("\(image.name): \(ticks.count) ticks in 300 ms") }
      return Double(ticks.reduce(0, +)) / Double(ticks.count)
    }
    _ = try ask(counted.exchange(events: 4), 77)
    costs.idle = try idleTick()
    costs.poll = try cost(costs.idle, { [4, 1, $0, 0, 1] }, 7)
    let zeros = [0x10, 5, 0, 0, 66, 132] + [UInt8](repeating: 0, count: 132)
    costs.worst = try cost(costs.idle, { _ in zeros }, 8)
    var presses: [Int] = []
    for button in 1...4 {
      let run = try counted.count {
        try counted.board.press(button)
        // Its lamp tells that it is recorded, however slow the emulator is on a busy machine.
        try StationUnderTest.wait("lamp \(button) is lit", seconds: 20) { try counted.board.lampIsLit(button) }
        usleep(50_000)
      }
      presses.append(run.betweenTicks.max() ?? 0)
      try counted.board.release(button)
      usleep(150_000)
    }
    costs.press = Double(presses.reduce(0, +)) / Double(presses.count)
    // Presses wait and lamps blink meanwhile.
    let blinking = try idleTick()
    costs.exchange = try cost(blinking, { counted.exchange(events: 4, token: $0) }, 77)
    costs.stack = Double(try counted.stackUsed())
    return costs
  }

  /// What `make -C Boards` said of every image.
  private static func boards(_ bench: Bench) throws -> [Figure] {
    try String(contentsOfFile: "\(bench.firmware)/boards", encoding: .utf8).split(separator: "\n").dropFirst().compactMap {
      line in
      let words = line.split(separator: " ")
      guard words.count == 6, let flash = Int(words[2]), let flashLimit = Int(words[3]), let memory = Int(words[4]),
        let memoryLimit = Int(words[5])
      else { return nil }
      return Figure(
        "\(words[0]) \(words[1])", "\(flash) B flash, \(memory) RAM", goal: "≤ \(flashLimit), ≤ \(memoryLimit)",
        isMet: flash <= flashLimit && memory <= memoryLimit)
    }
  }
}
