import DeviceKit
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import Synchronization
import Testing
import Transports

/// A program with a real `ResidentReader` (Probe/), wires that are not there, and behind them device models that this thread drives: USB devices
/// of umockdev (Helpers/usb-testbed.c), or a pseudo-terminal. The models' clock runs eight times as fast as the driver's.
final class ReaderBench: Sendable {
  struct Failure: Error, CustomStringConvertible { var description: String }

  /// A moment that this bench waits for itself: tests get to their next line whenever there is a thread for them.
  enum Trigger: Equatable {
    case recordIsAsked
    case recordBytes(Int)
  }

  struct Plugged {
    var model: CardReaderModel
    /// libusb claims once more after a reset: that is no opening.
    var wasReset = false
    var isOpen = false
  }
  struct State {
    var plugged: [String: Plugged] = [:]
    var order: [String] = []
    var lines: [String] = []
    var seen = 0
    var terminal: PseudoTerminal?
    var text: [UInt8] = []
    var isOver = false
    var effects: [String] = []
    var trigger: Trigger?
    /// Bytes of the record since it was asked for.
    var recordBytes = 0
    /// The trigger was met.
    var falls: String?
    /// What the bench told of devices, in order, and how many of it were waited for.
    var news: [String] = []
    var newsSeen = 0
  }
  let state = Mutex(Handed(value: State()))
  struct Handed: @unchecked Sendable { var value: State }
  private let process: HandedProcess
  private struct HandedProcess: @unchecked Sendable { let value: Process }
  private let input = Pipe()
  let output = Pipe()
  /// Given back with this.
  private let place: Place
  private let folder: String
  let isUSB: Bool
  let started = MonotonicClock.now()
  static let pace = 8

  /// So many at a time: each is two programs and a thread, and on a busy machine none would be in time.
  static let places = Places(8)

  /// Waits for a place, and makes one.
  ///
  /// - Parameters:
  ///   - readers: sockets and layouts; one of `serial` layout under any name makes it a pseudo-terminal.
  ///   - first: a command to the bench before the program is started.
  ///   - patient: it waits longer for answers than a station would.
  static func make(
    _ readers: [(socket: String, layout: PipeLayout)], usb: Bool = false, probe: [String], first: String? = nil,
    patient: Bool = true
  ) async throws -> ReaderBench {
    try await ReaderBench(readers, usb, probe, first, patient, place: places.take())
  }

  private init(
    _ readers: [(socket: String, layout: PipeLayout)], _ usb: Bool, _ probe: [String], _ first: String?, _ patient: Bool,
    place: Place
  ) throws {
    self.place = place
    isUSB = usb || probe.first != "serial" && !readers.contains { $0.layout == .serial }
    // Always there, whatever TMPDIR says: umockdev's socket paths must stay under 108 bytes.
    folder = "/tmp/linli-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    Self.leftOver.withLock { [folder] left in
      if left.isEmpty { atexit { ReaderBench.removeLeftOver() } }
      left.append(folder)
    }
    let program = try Self.program("reader-probe")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      isUSB
      ? ["umockdev-wrapper", try Self.testbed(), program] + probe
      : [program, "serial", probe.first == "serial" ? probe[1] : "\(folder)/reader"]
    var environment = ["TMPDIR": folder, "SWIFT_BACKTRACE": "enable=no"]
    environment["LINLI_PATIENT"] = patient ? "1" : nil
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = input
    process.standardOutput = output
    self.process = HandedProcess(value: process)
    try process.run()
    _ = fcntl(output.fileHandleForReading.fileDescriptor, F_SETFL, O_NONBLOCK)
    for (socket, layout) in readers { try plug(socket, CardReaderModel(layout)) }
    if let first { send(first) }
    if isUSB { send("start") }
    let thread = Thread { [weak self] in
      while let self, self.pump() {}
    }
    thread.name = "reader bench"
    thread.start()
  }

  deinit {
    // The bench ends its program, or the program itself.
    try? input.fileHandleForWriting.close()
    // Nobody reads any more: what it still has to say must not hold it up.
    try? output.fileHandleForReading.close()
    process.value.waitUntilExit()
    state.withLock { $0.value.terminal?.hangUp() }
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func plug(_ socket: String, _ model: CardReaderModel) throws {
    try state.withLock { state in
      if state.value.plugged[socket] == nil { state.value.order.append(socket) }
      state.value.plugged[socket] = Plugged(model: model)
      if !isUSB { state.value.terminal = try PseudoTerminal(link: "\(folder)/reader") }
    }
    if isUSB { send("plug \(socket) \(model.layout.rawValue) 0400 c35a SN-\(socket)") }
  }

  // MARK: what a test does

  func touch(_ hand: CardReaderModel.Hand, _ socket: String = "1-1") throws {
    give(.hand(hand), socket)
    switch hand {
    case .unplug where isUSB: send("unplug \(socket)")
    case .unplug:
      state.withLock { state in
        state.value.terminal?.hangUp()
        state.value.terminal = nil
      }
    case .plug where isUSB: send("plug \(socket) \(layout(socket).rawValue) 0400 c35a SN-\(socket)")
    case .plug:
      try state.withLock { $0.value.terminal = try PseudoTerminal(link: "\(folder)/reader") }
    default: break
    }
  }

  /// Unplugs the reader at that moment.
  func unplug(when trigger: Trigger) { state.withLock { $0.value.trigger = trigger } }

  func set(_ fault: CardReaderModel.Fault?, _ socket: String = "1-1") { give(.set(fault), socket) }

  /// To the bench itself, or on a pseudo-terminal to nobody.
  func send(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(input.fileHandleForWriting.fileDescriptor, bytes, bytes.count)
  }

  /// To the program.
  func say(_ line: String) { send(isUSB ? "say \(line)" : line) }

  private func layout(_ socket: String) -> PipeLayout { state.withLock { $0.value.plugged[socket]?.model.layout ?? .single } }

  var lines: [String] { state.withLock { $0.value.lines } }
  /// What was done to the devices: `clear 1-1 02`, `reset 1-1`.
  var effects: [String] { state.withLock { $0.value.effects } }

  /// The next line that begins so, after the one that was found last; those before it are passed over.
  @discardableResult
  func line(
    _ beginning: String, within seconds: Double = 10, _ location: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let end = MonotonicClock.now() + .milliseconds(Int(seconds * 1000))
    while true {
      let found = state.withLock { state -> String? in
        guard let index = state.value.lines[state.value.seen...].firstIndex(where: { $0.hasPrefix(beginning) }) else {
          return nil
        }
        state.value.seen = index + 1
        return state.value.lines[index]
      }
      if let found { return found }
      guard MonotonicClock.now() < end, !state.withLock({ $0.value.isOver }) else {
        throw Failure(description: "\(location.line): no line \"\(beginning)\" in \(seconds) s: \(lines.suffix(12))")
      }
      try await Task.sleep(for: .milliseconds(4))
    }
  }

  /// Whether such a line has come since the one that was found last.
  func has(_ beginning: String) -> Bool {
    state.withLock { state in state.value.lines[state.value.seen...].contains { $0.hasPrefix(beginning) } }
  }

  var allNews: [String] { state.withLock { $0.value.news } }

  /// The next such news of a device, after the one that was waited for last.
  func news(_ wanted: String, within seconds: Double = 10) async throws {
    let end = MonotonicClock.now() + .milliseconds(Int(seconds * 1000))
    while !state.withLock({ state in
      guard let index = state.value.news[state.value.newsSeen...].firstIndex(of: wanted) else { return false }
      state.value.newsSeen = index + 1
      return true
    }) {
      guard MonotonicClock.now() < end else {
        throw Failure(description: "no news \"\(wanted)\": \(state.withLock { $0.value.news.suffix(8) })")
      }
      try await Task.sleep(for: .milliseconds(4))
    }
  }
}

/// What the program prints of a card that it read whole.
func recordLine(_ card: SyntheticCard) -> String {
  func digest(_ bytes: [UInt8]) -> UInt64 { bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } }
  return " \(digest(card.text)) \(card.newestAddress.map(digest) ?? 0)"
}
