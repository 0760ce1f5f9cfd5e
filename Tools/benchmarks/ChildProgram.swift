import DeviceKit
import Foundation
import Transports

/// A program started for a measurement; it is killed when nobody holds it any more.
final class ChildProgram {
  let processID: pid_t
  /// Just before the kernel was asked to start it.
  let startedAt: Instant
  private var reaped: Usage?
  private let input: Int32
  private let output: Int32
  private var unread: [UInt8] = []

  /// How it ended, and the processor time of all its threads from start to end.
  struct Usage {
    var status: Int32
    var processorMicroseconds: Double
  }

  /// Where children complain unless told otherwise; what the last one said is told when it fails.
  static let errors = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-errors"

  /// - Parameters:
  ///   - arguments: the program first; looked for in PATH when it has no slash.
  ///   - talks: its standard input and output are ours (`say`, `readLine`).
  ///   - log: what else it says goes to this file.
  init(_ arguments: [String], environment: [String: String] = [:], talks: Bool = false, log: String = ChildProgram.errors)
    throws
  {
    var toChild: [Int32] = [-1, -1]
    var fromChild: [Int32] = [-1, -1]
    if talks {
      guard let down = OpenFiles.pipe(), let up = OpenFiles.pipe() else { throw BenchError("pipe: errno \(errno)") }
      toChild = [down.read, down.write]
      fromChild = [up.read, up.write]
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if talks {
      posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
      posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
    }
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    let inherited = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = inherited.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var child: pid_t = 0
    startedAt = MonotonicClock.now()
    let code = posix_spawnp(&child, arguments[0], &actions, nil, &argv, &envp)
    if talks {
      close(toChild[0])
      close(fromChild[1])
    }
    input = toChild[1]
    output = fromChild[0]
    processID = child
    guard code == 0 else {
      reaped = Usage(status: -1, processorMicroseconds: 0)
      throw BenchError("\(arguments[0]): errno \(code)")
    }
  }

  deinit {
    if reaped == nil {
      kill(processID, SIGKILL)
      waitpid(processID, nil, 0)
    }
    if input >= 0 { close(input) }
    if output >= 0 { close(output) }
  }

  /// Waits for its end; kills it after the limit.
  @discardableResult
  func wait(seconds: Int) throws -> Usage {
    if let reaped { return reaped }
    let limit = MonotonicClock.now() + .seconds(seconds)
    var status: Int32 = 0
    var usage = rusage()
    while wait4(processID, &status, WNOHANG, &usage) == 0 {
      guard MonotonicClock.now() < limit else { throw BenchError("process \(processID) did not end within \(seconds) s") }
      usleep(5_000)
    }
    let time = [usage.ru_utime, usage.ru_stime].reduce(0.0) { $0 + Double($1.tv_sec) * 1e6 + Double($1.tv_usec) }
    let ended = Usage(status: status, processorMicroseconds: time)
    reaped = ended
    return ended
  }

  /// Waits for its end and refuses anything but success.
  func finish(seconds: Int) throws -> Usage {
    let usage = try wait(seconds: seconds)
    guard usage.status == 0 else {
      let said = (try? String(contentsOfFile: Self.errors, encoding: .utf8)) ?? ""
      throw BenchError("process \(processID) ended with status \(usage.status): \(said.suffix(300))")
    }
    return usage
  }

  func terminate() throws {
    kill(processID, SIGTERM)
    try wait(seconds: 10)
  }

  func say(_ line: String) throws {
    let bytes = Array((line + "\n").utf8)
    guard write(input, bytes, bytes.count) == bytes.count else { throw BenchError("process \(processID) does not listen") }
  }

  func readLine(seconds: Int = 20) throws -> String {
    while true {
      if let end = unread.firstIndex(of: 0x0A) {
        defer { unread.removeFirst(end + 1) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      var buffer = [UInt8](repeating: 0, count: 4_096)
      guard !waitForInput(output, until: MonotonicClock.now() + .seconds(seconds)).isEmpty else {
        throw BenchError("process \(processID) says nothing")
      }
      let length = read(output, &buffer, buffer.count)
      guard length > 0 else { throw BenchError("process \(processID) has ended") }
      unread += buffer[..<length]
    }
  }

  /// Processor time of all its threads since its start, in microseconds, from the scheduler's own count in nanoseconds.
  func processorMicroseconds() throws -> Double {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(processID, &clock) == 0, clock_gettime(clock, &time) == 0 else {
      throw BenchError("process \(processID) has no clock")
    }
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }

  /// A line of smaps_rollup in KiB: `Private_Dirty`, `Rss`.
  func memoryKibibytes(_ name: String) throws -> Double {
    let text = try String(contentsOfFile: "/proc/\(processID)/smaps_rollup", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    guard let words = line?.split(separator: " "), words.count >= 2, let value = Double(words[1]) else {
      throw BenchError("smaps_rollup has no \(name)")
    }
    return value
  }
}
