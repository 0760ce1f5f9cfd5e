import DeviceKit
import DeviceVocabulary
import Foundation
import TestSupport
import Testing
import Transports
import VirtualBoards

/// One after the other: each has processors of its own to emulate.
@Suite(.serialized) enum Firmware {}

/// Boards with the real firmware on a bus of their own, and, where a test wants one, the real station on its other end.
final class BoardRig {
  let shell: Shell
  let bus: VirtualBus
  private(set) var boards: [VirtualBoard] = []
  let nodes: [Int]
  private let description: BoardDescription
  private let image: String
  private let more: [String]
  private let done = DispatchGroup()

  /// Images are made by `make -C Boards`; a missing one fails.
  static func image(_ name: String, of board: BoardDescription) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Boards/.build/\(board.name)/\(name).bin").path
  }

  /// Where the words of the image `hooks` lie (Boards/Application/Hooks.swift), as the linker has put them.
  func hooks() throws -> UInt32 {
    let program = image.replacingOccurrences(of: "hooks.bin", with: "hooks-0.elf")
    let symbols = try runToEnd("/usr/bin/env", ["nm", program]).text
    let line = try #require(symbols.split(separator: "\n").first { $0.hasSuffix(" _hooks_start") }, "\(symbols)")
    return try #require(line.split(separator: " ").first.flatMap { UInt32($0, radix: 16) }, "\(line)")
  }

  /// - Parameters:
  ///   - nodes: the address of each board; 247 is that of a new one.
  ///   - image: `panel`, or `hooks` with the words of Boards/Application/Hooks.swift.
  ///   - buttons: how many of each board's buttons the site file names.
  ///   - baud: how fast the wires are; the emulated UARTs take any rate.
  ///   - more: further arguments of the emulator.
  ///   - prepare: makes a board's EEPROM file before its first start.
  init(
    _ description: BoardDescription = .lm3s6965evb, nodes: [Int] = [247], image: String = "panel", buttons: Int = 2,
    baud: Int = 19_200, more: [String] = [],
    prepare: (_ file: String, _ node: Int) throws -> Void = { _, _ in }
  ) throws {
    self.nodes = nodes
    self.description = description
    self.image = Self.image(image, of: description)
    self.more = more
    let list = (1...buttons).map { "{button: \($0), place: p}" }.joined(separator: ", ")
    shell = try Shell { folder in
      nodes.reduce("  - name: A\n    port: \(folder)/bus\n    panels:\n") {
        $0 + "      - {node: \($1), name: 面板, buttons: [\(list)]}\n"
      }
    }
    bus = try VirtualBus(link: "\(shell.folder)/bus", baud: baud)
    for (place, node) in nodes.enumerated() {
      try prepare(file(place), node)
      boards.append(try start(place))
    }
    let (bus, done) = (bus, done)
    done.enter()
    Thread.detachNewThread {
      bus.run()
      done.leave()
    }
  }

  deinit {
    bus.stop()
    done.wait()
    for board in boards { board.stop() }
  }

  var board: VirtualBoard { boards[0] }
  func file(_ place: Int) -> String { "\(shell.folder)/eeprom-\(place)" }

  private func start(_ place: Int) throws -> VirtualBoard {
    let board = try VirtualBoard(
      description, name: "\(nodes[place])", image: image, memory: file(place), unit: UInt32(1001 + place),
      watching: description.lamps.first?.device, more: more)
    bus.connect(board.serial, at: place)
    return board
  }

  /// Takes the power away and gives it again: only the EEPROM is kept.
  func cyclePower(_ place: Int = 0, meanwhile: () throws -> Void = {}) throws {
    bus.connect(nil, at: place)
    boards[place].stop()
    try meanwhile()
    boards[place] = try start(place)
  }

  /// By the pin, for so long that it is a press whatever the machine is busy with.
  func tap(_ button: Int, place: Int = 0) throws {
    try boards[place].press(button)
    usleep(120_000)
    try boards[place].release(button)
  }

  func waitUntilLamp(_ button: Int, shows pattern: LampPattern, place: Int = 0) throws {
    do {
      try shell.waitUntil("lamp \(button) of board \(nodes[place]) is \(pattern)") {
        try boards[place].lampPattern(button) == pattern
      }
    } catch {
      Issue.record("it is \(try boards[place].lampPattern(button)); the station: \((try? shell.status()) ?? "does not run")")
      throw error
    }
  }

  // MARK: - The real station

  @discardableResult
  func startStation() throws -> Process {
    let station = try shell.startStation()
    try shell.waitUntil("every board answers") {
      guard let text = try? shell.desk("status") else { return false }
      return nodes.allSatisfy { text.contains("A/\($0)/1 大厅: online, 灯 ") } && !text.contains("灯 未回读")
    }
    return station
  }

  /// The buttons of the calls that are on disk, in their order.
  func calls() throws -> [String] { try shell.presses().map(\.button.description) }

  func waitForCalls(_ count: Int, seconds: Double = 30) throws {
    try shell.waitUntil("\(count) presses are on disk", seconds: seconds) { try shell.presses().count >= count }
  }
}

/// A Modbus master of the test's own, for frames that no decent master sends.
final class RawMaster {
  private let descriptor: Int32

  init(_ path: String) throws {
    descriptor = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(descriptor >= 0, "\(path): errno \(errno)")
    // Quiet, so that the first frame stands alone.
    usleep(20_000)
  }

  deinit { close(descriptor) }

  static func frame(_ address: UInt8, _ pdu: [UInt8]) -> [UInt8] {
    var crc = Checksum.CRC16Modbus()
    let bytes = [address] + pdu
    for byte in bytes { crc.update(byte) }
    return bytes + [UInt8(truncatingIfNeeded: crc.value), UInt8(truncatingIfNeeded: crc.value >> 8)]
  }

  func send(_ bytes: [UInt8]) { _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } }

  /// What comes until the line is quiet for 30 ms, or until it is a whole answer of `address`; empty after `milliseconds` of silence.
  func listen(_ milliseconds: Int32 = 300, for address: UInt8? = nil) -> [UInt8] {
    var heard: [UInt8] = []
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&entry, 1, heard.isEmpty ? milliseconds : 30) > 0 {
      var buffer = [UInt8](repeating: 0, count: 512)
      let length = read(descriptor, &buffer, buffer.count)
      guard length > 0 else { break }
      heard += buffer[..<length]
      if let address, Self.isWhole(heard, address) { break }
    }
    return heard
  }

  /// The answer without address and CRC; `nil` when there is none or it is not good. Asked again twice, as every master does: a machine that
  /// is busy can tear a frame apart.
  func ask(_ address: UInt8, _ pdu: [UInt8]) -> [UInt8]? {
    for _ in 0..<3 {
      send(Self.frame(address, pdu))
      let answer = listen(1_000, for: address)
      if Self.isWhole(answer, address) { return Array(answer[1..<(answer.count - 2)]) }
    }
    return nil
  }

  private static func isWhole(_ bytes: [UInt8], _ address: UInt8) -> Bool {
    bytes.count >= 5 && bytes[0] == address && frame(address, Array(bytes[1..<(bytes.count - 2)])) == bytes
  }

  /// Input registers (04); `nil` for an exception or silence.
  func inputs(_ address: UInt8, _ start: UInt16, _ count: UInt16) -> [UInt16]? { registers(4, address, start, count) }
  func holding(_ address: UInt8, _ start: UInt16, _ count: UInt16) -> [UInt16]? { registers(3, address, start, count) }

  private func registers(_ function: UInt8, _ address: UInt8, _ start: UInt16, _ count: UInt16) -> [UInt16]? {
    let pdu = [function] + [start, count].flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    guard let answer = ask(address, pdu), answer.count == 2 + 2 * Int(count), answer[0] == function else { return nil }
    return (0..<Int(count)).map { UInt16(answer[2 + 2 * $0]) << 8 | UInt16(answer[3 + 2 * $0]) }
  }
}
