import DeviceKit
import Foundation
import Transports

/// A board in an emulator, running the image that the real one would: its buttons are pins that can be pressed, its lamps pins that can be
/// read, its UART a descriptor (`serial`) for a `VirtualBus`.
///
/// The emulator does not pace bytes by the baud rate and keeps time by the machine's clock. It ends with this object, and with this program
/// however that ends.
public final class VirtualBoard: Sendable {
  public let board: BoardDescription
  /// For texts, for instance the panel's number.
  public let name: String
  private let emulator: Emulator

  /// Starts the emulator with all pins at rest, then lets the processor run.
  ///
  /// - Parameters:
  ///   - image: the firmware, an ELF file or the bytes of the flash.
  ///   - memory: the file that is the board's EEPROM, made anew (all FF) when it is missing; `nil`: a board without one.
  ///   - unit: the unit id that is burnt in, not 0, on boards whose emulator takes one; `nil`: as the emulator has it.
  ///   - watched: a device in the emulator's object tree whose output pins `edges` shall follow.
  ///   - more: further arguments of the emulator.
  /// - Throws: `programMissing`, `imageMissing`, or what the emulator said when it ended at once.
  public init(
    _ board: BoardDescription, name: String? = nil, image: String, memory: String? = nil, unit: UInt32? = nil,
    watching watched: String? = nil, more: [String] = []
  ) throws(VirtualBoardError) {
    self.board = board
    self.name = name ?? board.name
    guard FileManager.default.isReadableFile(atPath: image) else { throw .imageMissing(image) }
    if let memory, let size = board.memoryBytes, !FileManager.default.fileExists(atPath: memory) {
      guard FileManager.default.createFile(atPath: memory, contents: Data(repeating: 0xFF, count: size)) else {
        throw .system(operation: "open \(memory)", code: errno)
      }
    }
    let rests = (board.buttons + (board.tamper.map { [$0] } ?? [])).map { ($0, $0.restsHigh) }
    emulator = try Emulator(
      name: self.name, levels: Dictionary(rests) { first, _ in first },
      arguments: board.arguments(memory: memory, unit: unit) + ["-kernel", image] + more)
    do throws(VirtualBoardError) {
      try emulator.command("qmp_capabilities")
      if let watched { _ = try emulator.qtest("irq_intercept_out \(watched)") }
      for (pin, level) in rests { try emulator.set(pin, level) }
      try emulator.command("cont")
    } catch {
      emulator.kill()
      if case .ended = error { throw .ended(board: self.name, said: emulator.said) }
      throw error
    }
  }

  deinit { emulator.kill() }

  /// The board's UART, not blocking.
  public var serial: OwnedDescriptor { emulator.serial }
  public var isRunning: Bool { emulator.isRunning }
  /// The end of what the emulator has printed.
  public var said: String { emulator.said }

  /// Takes the power away: what is not in the EEPROM's file is lost.
  public func stop() { emulator.kill() }

  // MARK: - Fingers

  /// - Parameter button: 1 and up.
  public func press(_ button: Int) throws(VirtualBoardError) { try touch(button, isPressed: true) }
  public func release(_ button: Int) throws(VirtualBoardError) { try touch(button, isPressed: false) }

  public func touch(_ button: Int, isPressed: Bool) throws(VirtualBoardError) {
    guard board.buttons.indices.contains(button - 1) else { throw .noPin(board: name, "按钮 / button \(button)") }
    let pin = board.buttons[button - 1]
    try emulator.set(pin, isPressed != pin.restsHigh)
  }

  public func openHousing(_ isOpen: Bool) throws(VirtualBoardError) {
    guard let pin = board.tamper else { throw .noPin(board: name, "外壳触点 / housing contact") }
    try emulator.set(pin, isOpen != pin.restsHigh)
  }

  /// Presses or lets go by the emulated machine's own keyboard: another way to the same contact than `press`. The emulator forgets it at a
  /// reset.
  public func key(_ button: Int, isDown: Bool) throws(VirtualBoardError) {
    guard board.keys.indices.contains(button - 1) else { throw .noPin(board: name, "按键 / key \(button)") }
    let key = "{\"type\":\"qcode\",\"data\":\"\(board.keys[button - 1])\"}"
    try emulator.command(
      "input-send-event", "{\"events\":[{\"type\":\"key\",\"data\":{\"down\":\(isDown),\"key\":\(key)}}]}")
  }

  // MARK: - Lamps and memory

  /// - Parameter lamp: 1 and up.
  public func lampIsLit(_ lamp: Int) throws(VirtualBoardError) -> Bool {
    guard board.lamps.indices.contains(lamp - 1) else { throw .noPin(board: name, "灯 / lamp \(lamp)") }
    return try isHigh(board.lamps[lamp - 1])
  }

  /// What the lamp does; it has to be on the watched device.
  ///
  /// - Parameter lamp: 1 and up.
  public func lampPattern(_ lamp: Int) throws(VirtualBoardError) -> LampPattern {
    guard board.lamps.indices.contains(lamp - 1) else { throw .noPin(board: name, "灯 / lamp \(lamp)") }
    let line = board.lamps[lamp - 1].line
    return LampPattern(edges.filter { $0.line == line }, at: MonotonicClock.now())
  }

  public func buzzes() throws(VirtualBoardError) -> Bool {
    guard let pin = board.buzzer else { throw .noPin(board: name, "蜂鸣器 / buzzer") }
    return try isHigh(pin)
  }

  public func isHigh(_ pin: BoardDescription.OutputPin) throws(VirtualBoardError) -> Bool {
    try readWord(pin.register) & (1 << UInt32(pin.bit)) != 0
  }

  /// Reads a word of memory or of a register; some registers change by being read.
  ///
  /// - Parameter address: a multiple of 4.
  public func readWord(_ address: UInt32) throws(VirtualBoardError) -> UInt32 {
    let answer = try emulator.qtest("readl 0x\(String(address, radix: 16))")
    guard let value = UInt64(answer.dropFirst(2), radix: 16) else {
      throw .refused(board: name, command: "readl", answer: answer)
    }
    return UInt32(truncatingIfNeeded: value)
  }

  public func writeWord(_ value: UInt32, at address: UInt32) throws(VirtualBoardError) {
    _ = try emulator.qtest("writel 0x\(String(address, radix: 16)) 0x\(String(value, radix: 16))")
  }

  // MARK: - Resets

  /// Resets by the reset pin; memory keeps what it held. The board runs when this returns.
  public func reset() throws(VirtualBoardError) { try emulator.reset() }

  /// Resets since the start, whoever wanted them.
  public var resets: Int { emulator.history.resets }
  /// How often the watchdog has bitten.
  public var watchdogBites: Int { emulator.history.watchdogBites }
  /// What the emulator told by itself, oldest first; the newest 500 at least.
  public var events: [BoardEvent] { emulator.history.events }
  /// Changes at the outputs of the watched device, oldest first; the newest 10,000 at least.
  public var edges: [PinEdge] { emulator.history.edges }
  public func forgetEdges() { emulator.forgetEdges() }

  /// Lets the processor stand still, as a debugger would.
  public func pause() throws(VirtualBoardError) { try emulator.command("stop") }
  public func resume() throws(VirtualBoardError) { try emulator.command("cont") }

  /// Lets the emulator write to its log (`-D`) what it executes; with `-singlestep` that is each instruction. Whole when this returns.
  public func trace(_ isOn: Bool) throws(VirtualBoardError) {
    // It counts only with the emulator's own command line, behind QMP.
    let line = isOn ? "log exec,nochain" : "log none"
    try emulator.command("human-monitor-command", "{\"command-line\":\"\(line)\"}")
  }
}
