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

  private struct Plugged {
    var model: CardReaderModel
    /// libusb claims once more after a reset: that is no opening.
    var wasReset = false
    var isOpen = false
  }
  private struct State {
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
  private let state = Mutex(Handed(value: State()))
  private struct Handed: @unchecked Sendable { var value: State }
  private let process: HandedProcess
  private struct HandedProcess: @unchecked Sendable { let value: Process }
  private let input = Pipe()
  private let output = Pipe()
  /// Given back with this.
  private let place: Place
  private let folder: String
  private let isUSB: Bool
  private let started = MonotonicClock.now()
  private static let pace = 8

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

  // MARK: the models

  private var now: Instant {
    Instant(microseconds: 1_000_000 + UInt64((MonotonicClock.now() - started).microseconds * Int64(Self.pace)))
  }

  private func give(_ input: CardReaderModel.Input, _ socket: String) {
    state.withLock { state in perform(input, socket, &state.value) }
  }

  private func perform(_ input: CardReaderModel.Input, _ socket: String, _ state: inout State) {
    guard var plugged = state.plugged[socket] else { return }
    var effects = Effects<CardReaderModel.Effect>()
    plugged.model.handle(input, at: now, into: &effects)
    state.plugged[socket] = plugged
    if case .written = input { state.recordBytes = 0 }
    let isRecord = plugged.model.commands.last == .read
    var isStalled = false
    while let effect = effects.takeFirst() {
      switch effect {
      case .bytes(let bytes, let pipe):
        state.recordBytes += bytes.count
        if let terminal = state.terminal {
          terminal.write(FixedBytes(bytes))
        } else {
          send("in \(socket) \(Self.endpoint(pipe, isIn: true)) \(Self.hex(bytes))")
        }
      case .stalled: isStalled = true
      case .mended, .linkUp, .linkDown: break
      }
    }
    let isMet =
      switch state.trigger {
      case .recordIsAsked: true
      case .recordBytes(let count): state.recordBytes >= count
      case nil: false
      }
    if isRecord, isMet {
      state.trigger = nil
      state.falls = socket
    }
    if isStalled { send("stall \(socket)") }
    if case .written(_, let pipe) = input, isUSB, !isStalled { send("done \(socket) \(Self.endpoint(pipe, isIn: false))") }
  }

  /// One round; false when the program has ended.
  private func pump() -> Bool {
    let (deadline, terminal) = state.withLock { state in
      (state.value.plugged.values.compactMap(\.model.deadline).min(), state.value.terminal?.descriptorToWaitOn ?? -1)
    }
    var set = PollSet()
    let news = set.add(output.fileHandleForReading.fileDescriptor)
    _ = set.add(terminal)
    var rest = 20_000
    if let deadline { rest = min(rest, max(0, Int((deadline - now).microseconds) / Self.pace)) }
    _ = set.wait(until: MonotonicClock.now() + .microseconds(rest))
    if let news, !set[news].isEmpty, !readNews() { return false }
    state.withLock { state in
      readTerminal(&state.value)
      for socket in state.value.order { perform(.wake, socket, &state.value) }
    }
    let falls = state.withLock { state in
      defer { state.value.falls = nil }
      return state.value.falls
    }
    if let falls { try? touch(.unplug, falls) }
    return true
  }

  private func readTerminal(_ state: inout State) {
    guard let terminal = state.terminal, let socket = state.order.first else { return }
    let isOpen = terminal.slaveIsOpen
    if isOpen, state.plugged[socket]?.isOpen == false { perform(.open, socket, &state) }
    state.plugged[socket]?.isOpen = isOpen
    var buffer = FixedBytes<256>()
    guard case .bytes = terminal.read(into: &buffer) else { return }
    perform(.written(buffer.withSpan { span in span.indices.map { span[$0] } }, .whole), socket, &state)
  }

  private func readNews() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(output.fileHandleForReading.fileDescriptor, &bytes, bytes.count)
    guard count > 0 else {
      let isOver = count == 0 || errno != EAGAIN
      if isOver { state.withLock { $0.value.isOver = true } }
      return !isOver
    }
    state.withLock { state in
      state.value.text += bytes[..<count]
      while let end = state.value.text.firstIndex(of: 0x0A) {
        let line = String(decoding: state.value.text[..<end], as: UTF8.self)
        state.value.text.removeFirst(end + 1)
        hear(line, &state.value)
      }
    }
    return true
  }

  private func hear(_ line: String, _ state: inout State) {
    guard isUSB else { return state.lines.append(line) }
    let words = line.split(separator: " ", maxSplits: 3).map(String.init)
    guard words.count > 1 else { return }
    let socket = words[1]
    if words[0] != "heard" { state.news.append(line) }
    switch words[0] {
    case "heard": state.lines.append(String(line.dropFirst("heard ".count)))
    case "out" where words.count > 2:
      let bytes = words.count > 3 ? Self.bytes(words[3]) : []
      state.effects.append("out \(socket)")
      perform(.written(bytes, Self.pipe(words[2])), socket, &state)
    case "ask" where words.count > 2: perform(.asked(Self.pipe(words[2])), socket, &state)
    case "stop": perform(.stoppedAsking, socket, &state)
    case "clear":
      state.effects.append(line)
      perform(.clearHalt, socket, &state)
    case "reset":
      state.effects.append(line)
      state.plugged[socket]?.wasReset = true
      perform(.reset, socket, &state)
    case "claim":
      guard state.plugged[socket]?.wasReset != true else {
        state.plugged[socket]?.wasReset = false
        return
      }
      state.effects.append(line)
      perform(.open, socket, &state)
    case "ended": state.lines.append(line)
    default: break
    }
  }

  private static func endpoint(_ pipe: ReaderPipe, isIn: Bool) -> String {
    switch pipe {
    case .head: isIn ? "81" : "02"
    case .body: isIn ? "85" : "06"
    case .whole: isIn ? "82" : "01"
    }
  }

  private static func pipe(_ endpoint: String) -> ReaderPipe {
    ["02": .head, "81": .head, "06": .body, "85": .body][endpoint] ?? .whole
  }

  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  static func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  // MARK: programs

  /// In the folder of the test bundle.
  static func program(_ name: String) throws -> String {
    let bundle = CommandLine.arguments.drop { $0 != "--test-bundle-path" }.dropFirst().first
    for start in [bundle, CommandLine.arguments.first, Bundle.main.executablePath].compactMap({ $0 }) {
      var folder = URL(fileURLWithPath: start).deletingLastPathComponent()
      while folder.path != "/" {
        let candidate = folder.appendingPathComponent(name).path
        if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        folder.deleteLastPathComponent()
      }
    }
    throw Failure(description: "\(name) is not beside the test bundle")
  }

  private static let built = Mutex<Result<String, Failure>?>(nil)

  /// The helper in C, compiled once for all tests.
  static func testbed() throws -> String {
    try built.withLock { built in
      if let built { return try built.get() }
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Helpers/usb-testbed.c")
        .path
      let binary = FileManager.default.temporaryDirectory.appendingPathComponent("linli-usb-testbed-\(getpid())").path
      let compiler = Process()
      compiler.executableURL = URL(fileURLWithPath: "/bin/sh")
      compiler.arguments = [
        "-c", "exec cc -O1 -Wall -Werror -o '\(binary)' '\(source)' $(pkg-config --cflags --libs umockdev-1.0 gio-2.0)",
      ]
      try compiler.run()
      compiler.waitUntilExit()
      let result: Result<String, Failure> =
        compiler.terminationStatus == 0
        ? .success(binary)
        : .failure(Failure(description: "\(source) does not compile: umockdev and gcc are needed (Tools/setup test)"))
      built = result
      leftOver.withLock { $0.append(binary) }
      return try result.get()
    }
  }

  /// The helper, and folders of benches whose thread is not done when the tests are.
  private static let leftOver = Mutex<[String]>([])

  private static func removeLeftOver() {
    leftOver.withLock { for path in $0 { try? FileManager.default.removeItem(atPath: path) } }
  }
}

/// A place among few, until it is released.
final class Place: Sendable {
  private let places: Places
  init(_ places: Places) { self.places = places }
  deinit { places.giveBack() }
}

final class Places: Sendable {
  private let free: Mutex<Int>

  init(_ count: Int) { free = Mutex(count) }

  func take() async throws -> Place {
    while !free.withLock({ free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }) { try await Task.sleep(for: .milliseconds(20)) }
    return Place(self)
  }

  func giveBack() { free.withLock { $0 += 1 } }
}

/// What the program prints of a card that it read whole.
func recordLine(_ card: SyntheticCard) -> String {
  func digest(_ bytes: [UInt8]) -> UInt64 { bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } }
  return " \(digest(card.text)) \(card.newestAddress.map(digest) ?? 0)"
}
