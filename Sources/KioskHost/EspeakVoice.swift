import ChildPrograms
import Foundation
import Glibc
import Synchronization

/// The machine's own voice, for browsers that have none: one `espeak-ng` at a time. What it says goes to its standard input, so that no list of
/// processes shows it.
public final class EspeakVoice: Sendable {
  public enum Outcome: String, Sendable {
    case said
    /// Something newer was to be said, or nothing any more.
    case hushed
    /// It could not be said; text stands on the screen anyway.
    case silent
  }

  private struct State {
    /// The newest order of each speaker.
    var orders: [String: UInt64] = [:]
    var count: UInt64 = 0
    /// What is being said, and for whom.
    var process: pid_t?
    var speaker = ""
    var waiting = 0
    /// A voice that failed is not tried again before.
    var silentUntil: UInt64 = 0
  }
  private let program: String
  private let limitSeconds: Int
  private let state = Mutex(State())
  private let mouth = NSLock()

  /// A speech that never ends is ended.
  public init(program: String, limitSeconds: Int = 60) {
    self.program = program
    self.limitSeconds = limitSeconds
  }

  /// `nil`: this machine is silent.
  public convenience init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
    guard let program = Self.program(), Self.hasDevice(environment) else { return nil }
    self.init(program: program)
  }

  static func program() -> String? { try? ChildProgram.find("espeak-ng") }

  /// A card that plays, or a sound server of this user.
  ///
  /// - Parameter folder: where the kernel lists its cards.
  static func hasDevice(_ environment: [String: String], cards folder: String = "/dev/snd") -> Bool {
    let cards = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    if cards.contains(where: { $0.hasPrefix("pcm") && $0.hasSuffix("p") }) { return true }
    if environment["PULSE_SERVER"] != nil { return true }
    guard let folder = environment["XDG_RUNTIME_DIR"] else { return false }
    return access("\(folder)/pulse/native", F_OK) == 0
  }

  /// More speakers than anybody could listen to.
  private static let waitingLimit = 8

  /// Says a text in place of what the same speaker is saying; what another one says is waited for. Returns when it has been said.
  ///
  /// - Parameter interrupts: others are not waited for but cut short.
  public func say(_ text: String, language: String, speaker: String = "", interrupts: Bool = false) async -> Outcome {
    guard let order = order(speaker, interrupts: interrupts, waits: true) else { return .silent }
    return await withCheckedContinuation { continuation in
      // The thread holds the program until it has ended.
      let thread = Thread { [self] in
        mouth.lock()
        defer { mouth.unlock() }
        let outcome = speak(text, language, speaker, order)
        state.withLock { $0.waiting -= 1 }
        continuation.resume(returning: outcome)
      }
      thread.name = "voice"
      thread.start()
    }
  }

  /// This speaker says nothing any more.
  public func hush(_ speaker: String = "") { _ = order(speaker, interrupts: false, waits: false) }

  /// Ends what stands in the way of a new order, and numbers it; `nil`: too many wait.
  private func order(_ speaker: String, interrupts: Bool, waits: Bool) -> UInt64? {
    state.withLock { state in
      guard !waits || state.waiting < Self.waitingLimit else { return nil }
      if waits { state.waiting += 1 }
      state.count += 1
      state.orders[speaker] = state.count
      if let process = state.process, interrupts || state.speaker == speaker { _ = kill(-process, SIGKILL) }
      return state.count
    }
  }

  private func speak(_ text: String, _ language: String, _ speaker: String, _ order: UInt64) -> Outcome {
    let now = DispatchTime.now().uptimeNanoseconds
    guard state.withLock({ $0.silentUntil <= now }) else { return .silent }
    guard state.withLock({ $0.orders[speaker] == order }) else { return .hushed }
    // Old people need longer than the usual 175 words a minute.
    let command = ["/usr/bin/nice", "-n", "10", program, "-v", language == "en" ? "en" : "cmn", "-s", "140", "--stdin"]
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { return .silent }
    for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(nothing) }
    // More than a pipe holds is never said: `SpokenWords` limits it.
    let bytes = Array(text.utf8.prefix(8000))
    let written = write(pipes[1], bytes, bytes.count)
    close(pipes[1])
    defer { close(pipes[0]) }
    guard written == bytes.count,
      let process = try? ChildProgram.start(command, passing: [(pipes[0], 0), (nothing, 1), (nothing, 2)])
    else { return fail() }
    let isWanted = state.withLock { state in
      guard state.orders[speaker] == order else { return false }
      (state.process, state.speaker) = (process, speaker)
      return true
    }
    guard isWanted else {
      ChildProgram.end(process)
      return .hushed
    }
    let limit = now + UInt64(limitSeconds) * 1_000_000_000
    var status: Int32?
    while status == nil, DispatchTime.now().uptimeNanoseconds < limit {
      usleep(20_000)
      status = peek(process)
    }
    // Nobody else signals it after this, and until it is reaped nobody else has its number.
    state.withLock { $0.process = nil }
    ChildProgram.end(process)
    // Killed by us, for somebody else's sake.
    if status == Self.wasKilled { return .hushed }
    return status == 0 ? .said : fail()
  }

  private static let wasKilled: Int32 = -9

  /// 0 when it ended well; it is not reaped.
  private func peek(_ process: pid_t) -> Int32? {
    var result = siginfo_t()
    guard waitid(P_PID, id_t(process), &result, Int32(WEXITED | WNOWAIT | WNOHANG)) == 0, result.si_signo != 0 else { return nil }
    let status = result._sifields._sigchld.si_status
    return Int(result.si_code) == 1 ? status : -status
  }

  private func fail() -> Outcome {
    state.withLock { $0.silentUntil = DispatchTime.now().uptimeNanoseconds + 30_000_000_000 }
    return .silent
  }
}
