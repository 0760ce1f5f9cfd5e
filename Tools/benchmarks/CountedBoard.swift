import DeviceKit
import Foundation
import Transports
import VirtualBoards

/// An image of the panel that `reference/firmware/build` has made.
struct FirmwareImage {
  var name: String
  var file: String
  /// Bytes of flash; bytes of RAM without the stack.
  var flash: Int
  var memory: Int
  /// Where the millisecond's handler begins.
  var tick: UInt32
  var stackBottom: UInt32
  var stackTop: UInt32

  /// - Throws: when the list cannot be read.
  static func list(in folder: String) throws -> [FirmwareImage] {
    try String(contentsOfFile: "\(folder)/images", encoding: .utf8).split(separator: "\n").map { line in
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 7, let flash = Int(words[2]), let memory = Int(words[3]), let tick = UInt32(words[4], radix: 16),
        let bottom = UInt32(words[5], radix: 16), let top = UInt32(words[6], radix: 16)
      else { throw BenchError("\(folder)/images: \(line)") }
      return FirmwareImage(
        name: words[0], file: words[1], flash: flash, memory: memory, tick: tick & ~1, stackBottom: bottom, stackTop: top)
    }
  }
}

/// A panel's image in the emulator, whose instructions can be counted: the emulator runs one at a time and writes each to a file.
final class CountedBoard {
  /// What ran between `count`'s begin and end.
  struct Run {
    var instructions = 0
    /// Instructions from each tick to the next.
    var betweenTicks: [Int] = []
    var ticks: Int { betweenTicks.count }
  }

  let image: FirmwareImage
  let board: VirtualBoard
  private let log: String
  private static let unit: UInt32 = 0x0102_0304
  private static let factoryAddress: UInt8 = 247

  /// - Parameters:
  ///   - folder: for its EEPROM, which is made when it is missing, and its log.
  ///   - counts: whether instructions are to be counted; it runs at a fraction of the speed then.
  init(_ image: FirmwareImage, folder: String, counts: Bool) throws {
    self.image = image
    log = "\(folder)/\(image.name).log"
    // Time goes by instructions, so that a busy machine changes no count; one of them takes 32 ns.
    board = try VirtualBoard(
      .lm3s6965evb, name: image.name, image: image.file, memory: "\(folder)/\(image.name).eeprom", unit: Self.unit,
      more: counts ? ["-singlestep", "-icount", "shift=5", "-D", log] : [])
    try waitUntilReady()
  }

  deinit {
    board.stop()
    unlink(log)
  }

  var unit: UInt32 { Self.unit }

  /// Until it answers and its settings are saved.
  private func waitUntilReady() throws {
    for _ in 0..<200 {
      let about = ask([4, 0, 0x18, 0, 1], retries: 1)
      if about.count == 7, about[3] & 0x80 == 0, let status = poll(), status & 0x0080 == 0 { return }
      usleep(50_000)
    }
    throw BenchError("\(image.name): the panel is not ready; \(board.said)")
  }

  // MARK: - Line

  static func frame(_ address: UInt8, _ pdu: [UInt8]) -> [UInt8] {
    var crc = Checksum.CRC16Modbus()
    for byte in [address] + pdu { crc.update(byte) }
    return [address] + pdu + [UInt8(truncatingIfNeeded: crc.value), UInt8(truncatingIfNeeded: crc.value >> 8)]
  }

  func send(_ bytes: [UInt8]) { _ = bytes.withUnsafeBytes { write(board.serial.number, $0.baseAddress, $0.count) } }

  /// The answer with address and CRC. Asked again when a busy machine has torn the request apart.
  func ask(_ pdu: [UInt8], retries: Int = 3) -> [UInt8] {
    for _ in 0..<retries {
      send(Self.frame(Self.factoryAddress, pdu))
      let answer = listen(milliseconds: 2_000)
      if !answer.isEmpty { return answer }
    }
    return []
  }

  /// What comes, until it is a whole frame or the time is over.
  func listen(milliseconds: Int) -> [UInt8] {
    var heard: [UInt8] = []
    let end = MonotonicClock.now() + .milliseconds(milliseconds)
    var buffer = [UInt8](repeating: 0, count: 512)
    while MonotonicClock.now() < end {
      var entry = pollfd(fd: board.serial.number, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(&entry, 1, 20) > 0 else { continue }
      let length = read(board.serial.number, &buffer, buffer.count)
      guard length > 0 else { continue }
      heard += buffer[..<length]
      if heard.count >= 4, Self.frame(heard[0], Array(heard[1..<(heard.count - 2)])) == heard { return heard }
    }
    return heard
  }

  /// The status word of a short poll.
  func poll(token: UInt8 = 0) -> UInt16? {
    let answer = ask([4, 1, token & 15, 0, 1])
    return answer.count == 7 ? UInt16(answer[3]) << 8 | UInt16(answer[4]) : nil
  }

  /// An exchange that acknowledges events of `epoch` up to `sequence`, reads `events` and wishes nothing of the lamps.
  func exchange(events: Int, token: UInt8 = 0, epoch: UInt16 = 0, sequence: UInt32 = 0) -> [UInt8] {
    func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }
    func long(_ value: UInt32) -> [UInt8] { word(UInt16(value >> 16)) + word(UInt16(truncatingIfNeeded: value)) }
    return [0x17, 3, 0] + word(UInt16(16 + 5 * events)) + [2, 0, 0, 8, 16, 1, token & 15] + long(unit) + word(epoch)
      + long(sequence)
      + [0xFF, 0xFF, 0xFF, 0xFF]
  }

  // MARK: - Counting

  /// Counts what the processor does while `body` runs.
  func count(_ body: () throws -> Void) throws -> Run {
    let start = try size()
    try board.trace(true)
    try body()
    try board.trace(false)
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: log))
    defer { try? file.close() }
    try file.seek(toOffset: start)
    var run = Run()
    var since: Int?
    // "Trace 0: 0x7f... [00000000/00000818/...] name"
    let text = try file.readToEnd() ?? Data()
    for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: Array("Trace ".utf8)) {
      run.instructions += 1
      guard let bracket = line.firstIndex(of: UInt8(ascii: "[")),
        let slash = line[bracket...].firstIndex(of: UInt8(ascii: "/")), line[(slash + 1)...].starts(with: Self.hex(image.tick))
      else { continue }
      if let since { run.betweenTicks.append(run.instructions - since) }
      since = run.instructions
    }
    return run
  }

  private func size() throws -> UInt64 {
    ((try? FileManager.default.attributesOfItem(atPath: log))?[.size] as? UInt64) ?? 0
  }

  private static func hex(_ address: UInt32) -> [UInt8] { Array(String(format: "%08x", address).utf8) }

  /// Bytes of stack that were used since the start: it is painted.
  func stackUsed() throws -> Int {
    var address = image.stackBottom
    while address < image.stackTop, try board.readWord(address) == 0x5AC5_5AC5 { address += 4 }
    return Int(image.stackTop - address)
  }
}
