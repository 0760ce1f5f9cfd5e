import CCIDCodec
import CCIDDeviceModel
import DeviceKit
import Foundation
import Synchronization
import Testing
import Transports

/// A reader of smart cards that is not there, on emulated USB, and a program that uses it: our driver over libusb, or pcscd with libccid and our side
/// of PC/SC. The model is driven by a thread of this.
final class SmartCardBench: Sendable {
  private struct State {
    var model: CCIDReaderModel
    var lines: [String] = []
    var seen = 0
    var effects: [String] = []
    var text: [UInt8] = []
    var isOver = false
    var wasReset = false
    /// A notice that came when nobody listened just then: a real device keeps it.
    var kept: String?
  }
  private let state: Mutex<State>
  private let process: HandedProcess
  private struct HandedProcess: @unchecked Sendable { let value: Process }
  private let input = Pipe()
  private let output = Pipe()
  private let folder: String
  private let started = MonotonicClock.now()
  private let descriptor: CCIDDescriptor
  /// Given back with this.
  private let place: Place

  /// - Parameters:
  ///   - service: through pcscd and libccid, which read a message at a time.
  ///   - way: of our side, there.
  static func make(
    _ descriptor: CCIDDescriptor = CCIDDescriptor(features: 0x1_0030), service: Bool = false, way: String = "service",
    card: SyntheticSmartCard? = nil
  ) async throws -> SmartCardBench {
    try SmartCardBench(descriptor, service, way, card, place: await ReaderBench.places.take())
  }

  private init(_ descriptor: CCIDDescriptor, _ service: Bool, _ way: String, _ card: SyntheticSmartCard?, place: Place) throws {
    self.descriptor = descriptor
    self.place = place
    var model = CCIDReaderModel(descriptor, packetBytes: service ? 4096 : 64)
    if let card {
      var effects = Effects<CCIDReaderModel.Effect>()
      model.handle(.hand(.put(card)), at: .zero, into: &effects)
    }
    state = Mutex(State(model: model))
    folder = "/tmp/linli-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let probe = try ReaderBench.program("reader-probe")
    // A helper that has ended fails its own test, not all of them.
    signal(SIGPIPE, SIG_IGN)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["umockdev-wrapper", try ReaderBench.testbed()]
      + (service ? PrivateService.command(probe, way, until: folder + "/end") : [probe, "cards", "usb"])
    process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": folder, "SWIFT_BACKTRACE": "enable=no"]) { $1 }
    process.standardInput = input
    process.standardOutput = output
    self.process = HandedProcess(value: process)
    try process.run()
    _ = fcntl(output.fileHandleForReading.fileDescriptor, F_SETFL, O_NONBLOCK)
    plug()
    send("start")
    let thread = Thread { [weak self] in
      while let self, self.pump() {}
    }
    thread.name = "smart-card bench"
    thread.start()
  }

  deinit {
    send("say quit")
    try? input.fileHandleForWriting.close()
    process.value.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func plug() { send("plug 1-1 ccid:\(ReaderBench.hex(descriptor.encoded)) 08e6 4433 SN-1") }

  func touch(_ hand: CCIDReaderModel.Hand) {
    give(.hand(hand))
    switch hand {
    case .unplug: send("unplug 1-1")
    case .plug: plug()
    default: break
    }
  }

  func set(_ fault: CCIDReaderModel.Fault?) { give(.set(fault)) }

  /// pcscd ends.
  func endService() { _ = FileManager.default.createFile(atPath: "\(folder)/end", contents: nil) }

  /// To the program.
  func ask(_ command: String, within milliseconds: Int = 5_000) { send("say ask \(milliseconds) \(command)") }

  func askKind() { send("say kind") }

  private func send(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(input.fileHandleForWriting.fileDescriptor, bytes, bytes.count)
  }

  var lines: [String] { state.withLock { $0.lines } }
  var effects: [String] { state.withLock { $0.effects } }
  var commands: [CCIDCommand] { state.withLock { $0.model.commands } }

  /// The next line that begins so, after the one that was found last.
  @discardableResult
  func line(
    _ beginning: String, within seconds: Double = 15, _ location: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let end = MonotonicClock.now() + .milliseconds(Int(seconds * 1000))
    while true {
      let found = state.withLock { state -> String? in
        guard let index = state.lines[state.seen...].firstIndex(where: { $0.hasPrefix(beginning) }) else { return nil }
        state.seen = index + 1
        return state.lines[index]
      }
      if let found { return found }
      guard MonotonicClock.now() < end, !state.withLock({ $0.isOver }) else {
        throw ReaderBench.Failure(
          description:
            "\(location.line): no line \"\(beginning)\": \(lines.suffix(12)) \(effects.suffix(12)) \(commands.suffix(6))")
      }
      try await Task.sleep(for: .milliseconds(4))
    }
  }

  // MARK: the model

  private var now: Instant { Instant(microseconds: 1_000_000 + UInt64((MonotonicClock.now() - started).microseconds)) }

  private func give(_ input: CCIDReaderModel.Input) { state.withLock { perform(input, &$0) } }

  private func perform(_ input: CCIDReaderModel.Input, _ state: inout State) {
    var effects = Effects<CCIDReaderModel.Effect>()
    state.model.handle(input, at: now, into: &effects)
    var isStalled = false
    while let effect = effects.takeFirst() {
      switch effect {
      case .packet(let bytes, _): send("in 1-1 82 \(ReaderBench.hex(bytes))")
      case .notice(let bytes): send("in 1-1 83 \(ReaderBench.hex(bytes))")
      case .stalled: isStalled = true
      case .mended, .linkUp, .linkDown: break
      }
    }
    if isStalled {
      send("stall 1-1")
    } else if case .written = input {
      send("done 1-1 01")
    }
  }

  private func pump() -> Bool {
    var rest = 20_000
    if let deadline = state.withLock({ $0.model.deadline }) { rest = min(rest, max(0, Int((deadline - now).microseconds))) }
    var set = PollSet()
    let news = set.add(output.fileHandleForReading.fileDescriptor)
    _ = set.wait(until: MonotonicClock.now() + .microseconds(rest))
    if let news, !set[news].isEmpty, !readNews() { return false }
    give(.wake)
    return true
  }

  private func readNews() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(output.fileHandleForReading.fileDescriptor, &bytes, bytes.count)
    guard count > 0 else {
      let isOver = count == 0 || errno != EAGAIN
      if isOver { state.withLock { $0.isOver = true } }
      return !isOver
    }
    state.withLock { state in
      state.text += bytes[..<count]
      while let end = state.text.firstIndex(of: 0x0A) {
        let line = String(decoding: state.text[..<end], as: UTF8.self)
        state.text.removeFirst(end + 1)
        hear(line, &state)
      }
    }
    return true
  }

  private func hear(_ line: String, _ state: inout State) {
    let words = line.split(separator: " ", maxSplits: 3).map(String.init)
    guard words.count > 1 else { return }
    switch words[0] {
    case "heard": state.lines.append(String(line.dropFirst("heard ".count)))
    case "out": perform(.written(words.count > 3 ? ReaderBench.bytes(words[3]) : []), &state)
    case "missed" where words.count > 3 && words[2] == "83": state.kept = words[3]
    case "ask" where words.count > 2 && words[2] == "83" && state.kept != nil:
      if let kept = state.kept.take() { send("in 1-1 83 \(kept)") }
    case "ask": perform(words.count > 2 && words[2] == "83" ? .listening : .asked, &state)
    case "stop": perform(words.count > 2 && words[2] == "83" ? .stoppedListening : .stoppedAsking, &state)
    case "clear":
      state.effects.append("clear")
      perform(.clearHalt, &state)
    case "reset":
      state.effects.append("reset")
      state.wasReset = true
      perform(.reset, &state)
    case "claim":
      // libusb claims once more after a reset: that is no opening.
      guard !state.wasReset else {
        state.wasReset = false
        return
      }
      state.effects.append("claim")
      perform(.open, &state)
    case "ended": state.lines.append(line)
    default: break
    }
  }
}

/// pcscd by itself: with mounts of its own, so that it neither meets nor disturbs the system's.
enum PrivateService {
  /// - Parameter end: ends when this file is there.
  static func command(_ probe: String, _ way: String, until end: String) -> [String] {
    let own = (getuid() == 0 ? [] : ["--user", "--map-root-user"]) + ["--mount"]
    let script = """
      command -v pcscd >/dev/null || { echo "log pcscd is missing (Tools/setup test)"; exit 1; }
      mount -t tmpfs linli /run && mkdir -p /run/pcscd /etc/reader.conf.d && mount -t tmpfs linli /etc/reader.conf.d || exit 1
      pcscd --foreground >/dev/null 2>&1 &
      service=$!
      for i in $(seq 200); do [ -S /run/pcscd/pcscd.comm ] && break; sleep 0.02; done
      (while [ ! -e '\(end)' ]; do sleep 0.05; done; kill -9 $service) &
      watch=$!
      '\(probe)' cards \(way)
      kill $watch
      kill -9 $service
      wait
      """
    return ["/usr/bin/unshare"] + own + ["--pid", "--mount-proc", "--fork", "--kill-child", "bash", "-c", script]
  }
}
