import ChildPrograms
import DeviceKit
import Foundation
import Glibc
import Synchronization
import Transports

/// One emulator process and the thread that started it, reads its command lines and reaps it.
///
/// A board that resets itself is held at its reset vector until the levels of its pins are set again: the emulator forgets them at a reset,
/// and a processor that ran on would see all buttons pressed.
final class Emulator: Sendable {
  private struct State {
    var process: pid_t = 0
    var failure: VirtualBoardError?
    var said: [UInt8] = []
    var isEnded = false
    var history = BoardHistory()
    /// The level that each input pin shall have, also after a reset.
    var levels: [BoardDescription.InputPin: Bool]
    /// The board has reset itself, and waits.
    var isHeld = false
    /// Who waits for a reset from outside.
    var resetters: [DispatchSemaphore] = []
  }

  let name: String
  let monitor: EmulatorChannel
  let pins: EmulatorChannel
  let serial: OwnedDescriptor
  private let state: Mutex<State>
  private let messages: OwnedDescriptor
  private let wake: WakeSignal
  private let ended = DispatchGroup()
  /// One change of a pin at a time, so that wish and level cannot part.
  private let pinLock = NSLock()

  /// Starts the emulator; the processor stands still until `resume`.
  init(name: String, levels: [BoardDescription.InputPin: Bool], arguments: [String]) throws(VirtualBoardError) {
    self.name = name
    let (serial, theirSerial) = try OwnedDescriptor.pair()
    let (monitor, theirMonitor) = try OwnedDescriptor.pair()
    let (pins, theirPins) = try OwnedDescriptor.pair()
    let (messages, theirMessages) = try OwnedDescriptor.pair()
    self.serial = serial
    self.messages = messages
    self.monitor = EmulatorChannel(monitor, board: name)
    self.pins = EmulatorChannel(pins, board: name)
    state = Mutex(State(levels: levels))
    do { wake = try WakeSignal() } catch { throw .system(operation: "eventfd", code: errno) }
    // Whoever owns this end never waits in a write.
    _ = fcntl(serial.number, F_SETFL, fcntl(serial.number, F_GETFL) | O_NONBLOCK)
    let command =
      [try VirtualBoardError.wrapping { () throws(ChildProgramError) in try ChildProgram.find("qemu-system-arm") }] + Self.lines
      + arguments
    // Standard input and outputs, then the lines, as the child numbers them.
    let nothing = OwnedDescriptor(open("/dev/null", O_RDWR | O_CLOEXEC))
    let passed = [nothing, theirMessages, theirMessages, theirSerial, theirMonitor, theirPins]
    let numbers = passed.enumerated().map { (ours: $0.element.number, theirs: Int32($0.offset)) }
    let started = DispatchSemaphore(value: 0)
    ended.enter()
    // The thread holds the emulator until the process is gone; `kill` sees to that.
    let thread = Thread { [self] in
      live(command, passing: numbers, started)
      ended.leave()
    }
    thread.name = "board-\(name)"
    thread.start()
    // Its ends are ours until it has them, and no longer: otherwise its end would never be seen.
    withExtendedLifetime(passed) { _ = started.wait(timeout: .distantFuture) }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  /// The emulator's lines to us: by the numbers in `passed`. It neither opens files of its own nor ends with a board that resets itself.
  private static let lines = [
    "-chardev", "socket,id=serial,fd=3", "-serial", "chardev:serial", "-chardev", "socket,id=monitor,fd=4", "-mon",
    // The server of pin commands looks for a channel of this very name.
    "chardev=monitor,mode=control", "-chardev", "socket,id=qtest,fd=5", "-qtest", "chardev:qtest", "-qtest-log", "none",
    "-display", "none", "-nodefaults", "-accel", "tcg", "-S", "-action", "reboot=shutdown,shutdown=pause",
  ]

  // MARK: - From other threads

  var isRunning: Bool { state.withLock { !$0.isEnded } }
  var history: BoardHistory { state.withLock { $0.history } }
  func forgetEdges() { state.withLock { $0.history.forgetEdges() } }

  /// The end of what the emulator printed.
  var said: String {
    String(decoding: state.withLock { $0.said }, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Kills the process and waits until it is gone and reaped.
  func kill() {
    state.withLock { state in
      // Only while it is not reaped is the number surely this process's.
      if !state.isEnded, state.process > 0 { _ = Glibc.kill(state.process, SIGKILL) }
    }
    ended.wait()
  }

  /// Sets an input pin, now and after every reset.
  func set(_ pin: BoardDescription.InputPin, _ level: Bool) throws(VirtualBoardError) {
    pinLock.lock()
    state.withLock { $0.levels[pin] = level }
    let line = Self.line(pin, level)
    let ticket: EmulatorChannel.Ticket
    do throws(VirtualBoardError) {
      ticket = try pins.send(line)
      pinLock.unlock()
    } catch {
      pinLock.unlock()
      throw error
    }
    try check(line, try pins.answer(to: line, ticket))
  }

  func level(_ pin: BoardDescription.InputPin) -> Bool { state.withLock { $0.levels[pin] ?? pin.restsHigh } }

  /// Resets the board from outside, by its reset pin as it were; it runs again when this returns.
  func reset() throws(VirtualBoardError) {
    let done = DispatchSemaphore(value: 0)
    let isEnded = state.withLock { state in
      if !state.isEnded { state.resetters.append(done) }
      return state.isEnded
    }
    if !isEnded {
      wake.raise()
      done.wait()
    }
    guard isRunning else { throw .ended(board: name, said: said) }
  }

  /// Says a line of the pin protocol (qtest) and answers what follows its `OK`.
  func qtest(_ line: String) throws(VirtualBoardError) -> String {
    let answer = try pins.ask(line)
    try check(line, answer)
    return String(answer.dropFirst(2)).trimmingCharacters(in: .whitespaces)
  }

  /// Says a QMP command; its arguments are JSON.
  func command(_ name: String, _ arguments: String? = nil) throws(VirtualBoardError) {
    let answer = try monitor.ask(Self.json(name, arguments))
    guard answer.contains("\"return\"") else { throw failure(name, answer) }
  }

  private func check(_ line: String, _ answer: String) throws(VirtualBoardError) {
    guard answer.hasPrefix("OK") else { throw failure(line, answer) }
  }

  private func failure(_ command: String, _ answer: String) -> VirtualBoardError {
    answer.isEmpty || !isRunning ? .ended(board: name, said: said) : .refused(board: name, command: command, answer: answer)
  }

  // MARK: - The emulator's own thread

  private func live(_ command: [String], passing passed: [(ours: Int32, theirs: Int32)], _ started: DispatchSemaphore) {
    do throws(VirtualBoardError) {
      let process = try VirtualBoardError.wrapping { () throws(ChildProgramError) in
        try ChildProgram.start(command, passing: passed)
      }
      state.withLock { $0.process = process }
      started.signal()
      while pump() && serveResets() {}
      _ = Glibc.kill(process, SIGKILL)
      readMessages()
      // Until it is reaped nobody else can have its number; nobody signals it after `isEnded`.
      var result = siginfo_t()
      while waitid(P_PID, id_t(process), &result, Int32(WEXITED | WNOWAIT)) < 0 && errno == EINTR {}
      state.withLock { $0.isEnded = true }
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    } catch {
      state.withLock { state in
        state.failure = error
        state.isEnded = true
      }
      started.signal()
    }
    monitor.close()
    pins.close()
    for waiting in state.withLock({ $0.resetters }) { waiting.signal() }
  }

  /// Waits for something to read and reads it; false when the emulator is gone.
  private func pump() -> Bool {
    var set = PollSet()
    let places = [monitor.descriptor.number, pins.descriptor.number, messages.number, wake.fileDescriptor].compactMap {
      set.add($0)
    }
    guard places.count == 4, set.wait(until: nil) > 0 else { return true }
    if !set[places[3]].isEmpty { wake.clear() }
    if !set[places[2]].isEmpty { readMessages() }
    if !set[places[1]].isEmpty {
      guard let lines = pins.read(isAnswer: { !$0.hasPrefix("IRQ ") }) else { return false }
      let now = MonotonicClock.now()
      state.withLock { state in for line in lines { state.history.heardPin(line, at: now) } }
    }
    if !set[places[0]].isEmpty {
      guard let lines = monitor.read(isAnswer: Self.isAnswer) else { return false }
      let now = MonotonicClock.now()
      state.withLock { state in
        for line in lines {
          guard let event = state.history.heardMonitor(line, at: now) else { continue }
          if event.name == "SHUTDOWN" { state.isHeld = true }
        }
      }
    }
    return true
  }

  /// `{"return": ...}` and `{"error": ...}` answer; an event and the greeting do not.
  private static func isAnswer(_ line: String) -> Bool {
    guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else { return false }
    return object["return"] != nil || object["error"] != nil
  }

  private func readMessages() {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let length = recv(messages.number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    guard length > 0 else { return }
    state.withLock { $0.said = Array(($0.said + buffer[..<length]).suffix(4_096)) }
  }

  /// Starts the board again that has reset itself, or that is to be reset; false when the emulator is gone.
  private func serveResets() -> Bool {
    while true {
      let (isDue, waiting) = state.withLock { state in
        defer {
          state.isHeld = false
          state.resetters.removeAll()
        }
        return (state.isHeld || !state.resetters.isEmpty, state.resetters)
      }
      guard isDue else { return true }
      defer { for one in waiting { one.signal() } }
      guard restart() else { return false }
    }
  }

  private func restart() -> Bool {
    let before = history.resets
    guard tell("stop"), tell("set-action", "{\"reboot\":\"reset\"}"), tell("system_reset") else { return false }
    // It is answered before it is done.
    while history.resets == before { guard pump() else { return false } }
    pinLock.lock()
    let levels = state.withLock { $0.levels }
    let tickets = levels.map { pin, level in try? pins.send(Self.line(pin, level)) }
    pinLock.unlock()
    for ticket in tickets { guard let ticket, pumpUntil(ticket) else { return false } }
    return tell("set-action", "{\"reboot\":\"shutdown\"}") && tell("cont")
  }

  /// A command whose answer this thread reads itself.
  private func tell(_ name: String, _ arguments: String? = nil) -> Bool {
    guard let ticket = try? monitor.send(Self.json(name, arguments)) else { return false }
    return pumpUntil(ticket)
  }

  private func pumpUntil(_ ticket: EmulatorChannel.Ticket) -> Bool {
    while ticket.text == nil { guard pump() else { return false } }
    return true
  }

  private static func json(_ command: String, _ arguments: String?) -> String {
    "{\"execute\":\"\(command)\"" + (arguments.map { ",\"arguments\":\($0)" } ?? "") + "}"
  }

  private static func line(_ pin: BoardDescription.InputPin, _ level: Bool) -> String {
    "set_irq_in \(pin.device) unnamed-gpio-in \(pin.line) \(level ? 1 : 0)"
  }
}
