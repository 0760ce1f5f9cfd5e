import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import StationRuntime
import Transports
import VirtualBoards

/// Row 13: a press of a panel in the emulator, until a poll shows it and until it is on the duty page of the real station.
enum FirmwarePressRow {
  static func measure(_ bench: Bench) throws -> [Figure] {
    let folder = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-press"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    guard let image = try FirmwareImage.list(in: bench.firmware).first(where: { $0.name == "swift" }) else {
      throw BenchError("\(bench.firmware)/images: no swift")
    }
    let (event, polls) = try pressToPoll(image, folder, bench.samples(200))
    let page = try pressToPage(bench, image, bench.samples(100))
    let reference = "20 ms debounce and a poll, p50 \(Report.milliseconds(polls.percentile(50)))"
    let poll = polls.percentile(50)
    func figure(_ what: String, _ samples: Samples, _ percent: Double) -> Figure {
      let value = samples.percentile(percent)
      return Figure(
        "\(what), p\(Int(percent)) of \(samples.count)", Report.milliseconds(value), reference: reference,
        ratio: value / (20_000 + poll))
    }
    return [
      figure("pin → first poll that shows it", event, 50), figure("pin → first poll that shows it", event, 99),
      figure("pin → journal → duty page, QEMU on 19,200 baud", page, 50),
      figure("pin → journal → duty page, QEMU on 19,200 baud", page, 99),
    ]
  }

  /// Polled without a pause; each press is acknowledged before the next.
  private static func pressToPoll(_ image: FirmwareImage, _ folder: String, _ count: Int) throws -> (Samples, Samples) {
    Report.progress("\(count) presses, polled without a pause")
    let counted = try CountedBoard(image, folder: folder, counts: false)
    var (events, polls) = (Samples(), Samples())
    for index in 0..<count {
      // What the release left is taken too.
      let report = counted.ask(counted.exchange(events: 0))
      guard report.count == 37 else { throw BenchError("an exchange was answered by \(report.count) bytes") }
      let epoch = UInt16(report[5]) << 8 | UInt16(report[6])
      let waiting = UInt32(counted.poll().map { $0 & 7 } ?? 0)
      if waiting > 0 { try acknowledge(counted, epoch) }
      let start = MonotonicClock.now()
      try counted.board.press(index % 8 + 1)
      while true {
        let asked = MonotonicClock.now()
        let status = counted.poll()
        let now = MonotonicClock.now()
        polls.add(Double((now - asked).microseconds))
        if let status, status & 7 > 0 {
          events.add(Double((now - start).microseconds))
          break
        }
        guard now - start < .seconds(5) else { throw BenchError("press \(index) was not shown within 5 s") }
      }
      try counted.board.release(index % 8 + 1)
      // More than ten transitions of a contact in 10 s are chatter, and then a press is told of once in 10 s.
      usleep(270_000)
    }
    return (events, polls)
  }

  /// Everything that is shown, until nothing waits.
  private static func acknowledge(_ counted: CountedBoard, _ epoch: UInt16) throws {
    for _ in 0..<50 {
      let answer = counted.ask(counted.exchange(events: 4))
      guard answer.count == 77 else { continue }
      var last: UInt32 = 0
      for place in stride(from: 35, to: 75, by: 10) {
        let sequence = answer[place..<(place + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        if sequence > 0 { last = sequence }
      }
      if last == 0 { return }
      _ = counted.ask(counted.exchange(events: 0, epoch: epoch, sequence: last))
    }
    throw BenchError("events could not be acknowledged")
  }

  /// The real station, its line at 19,200 baud, one panel that is a machine of its own.
  private static func pressToPage(_ bench: Bench, _ image: FirmwareImage, _ count: Int) throws -> Samples {
    Report.progress("\(count) presses to the duty page")
    let folder = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-\(UUID().uuidString.prefix(4))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let bus = try VirtualBus(link: "\(folder)/bus")
    let board = try VirtualBoard(.lm3s6965evb, image: image.file, memory: "\(folder)/eeprom", unit: 1_001)
    bus.connect(board.serial, at: 0)
    let ended = DispatchGroup()
    ended.enter()
    Thread.detachNewThread {
      bus.run()
      ended.leave()
    }
    defer {
      bus.stop()
      ended.wait()
      board.stop()
    }
    let points = (1...8).map { "{button: \($0), place: p}" }.joined(separator: ", ")
    let site = """
      site: {name: 测速站, station: bench}
      places:
        - {id: p, name: 大厅, grid: G01}
      posts:
        - {id: desk, name: 值班台}
      buses:
        - name: A
          port: \(folder)/bus
          baud: 19200
          panels:
            - {node: 247, name: 面板, buttons: [\(points)]}
      desk: {port: 0}
      journal: {folder: journal, ballastMiB: 1}

      """
    try site.write(toFile: "\(folder)/site.yaml", atomically: true, encoding: .utf8)
    let program = try ChildProgram([bench.linli, "run", "\(folder)/site.yaml", "--web", bench.web], log: "\(folder)/log")
    defer { kill(program.processID, SIGKILL) }
    func station(_ line: String) throws -> String { try ControlSocket.ask("\(folder)/site.yaml.sock", line, timeoutSeconds: 10) }
    let page = try PageStream(port: try StationUnderTest.deskPort(log: "\(folder)/log"))
    try StationUnderTest.wait("the panel is online", seconds: 60) {
      (try? station("status"))?.components(separatedBy: ": online").count == 9
    }
    sleep(3)
    var samples = Samples()
    for index in 0..<count {
      let number = index % 8 + 1
      let button = ButtonID(device: DeviceID(bus: "A", node: 247), button: UInt8(number))
      let known = page.calls
      let start = MonotonicClock.now()
      try board.press(number)
      try StationUnderTest.wait("\(button) on the page", seconds: 20) { page.call(of: button, besides: known) != nil }
      try board.release(number)
      guard let seen = page.call(of: button, besides: known) else { throw BenchError("\(button) is gone from the page") }
      samples.add(Double((seen.at - start).microseconds))
      usleep(100_000)
      let answer = try station("false-alarm \(seen.id) desk 测速")
      guard answer.contains("done") else { throw BenchError("false alarm of \(button): \(answer)") }
      // Its lamp goes out before it is pressed again.
      usleep(200_000)
    }
    return samples
  }
}
