import Foundation

/// Ends the measuring with a clear text when a row hangs all the same: each of its waits has a limit of its own.
enum RowLimit {
  static func minutes(_ bench: Bench) -> Int { bench.long ? 180 : 20 }

  /// Runs a row; after the limit everything that was started for it is killed, and the program ends.
  static func run(_ row: Int, minutes: Int, _ measure: () throws -> [Figure]) throws -> [Figure] {
    let ended = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      guard ended.wait(timeout: .now() + .seconds(60 * minutes)) == .timedOut else { return }
      Report.failed(
        "第 \(row) 行 \(minutes) 分钟没有测完,停止 / row \(row) hangs: it did not end within \(minutes) minutes. Nothing after it is measured"
      )
      for process in ProcessTree.below(getpid()) { kill(process, SIGKILL) }
      _exit(1)
    }
    defer { ended.signal() }
    return try measure()
  }
}

/// Processes by /proc.
enum ProcessTree {
  /// What a process has started, and what that has started.
  static func below(_ root: pid_t) -> [pid_t] {
    let all = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    var children: [pid_t: [pid_t]] = [:]
    for process in all {
      // "pid (name) state parent ...": a name may hold blanks.
      let state = text(process, "stat")
      let fields = state[(state.lastIndex(of: ")") ?? state.startIndex)...].split(separator: " ")
      if fields.count > 2, let parent = pid_t(String(fields[2])) { children[parent, default: []].append(process) }
    }
    var found: [pid_t] = []
    var next = [root]
    while let parent = next.popLast() {
      let below = children[parent] ?? []
      found += below
      next += below
    }
    return found
  }

  /// A file of a process; empty when it is gone.
  static func text(_ process: pid_t, _ file: String) -> String {
    (try? String(contentsOfFile: "/proc/\(process)/\(file)", encoding: .utf8)) ?? ""
  }
}
