import CSerialPort
import Foundation
import Glibc

/// Starts programs that end when the thread that started them does: nothing is left behind when this program is killed.
public enum ChildProgram {
  /// The whole path of a program.
  ///
  /// - Throws: `programMissing` when no folder of PATH holds it.
  public static func find(_ name: String) throws(ChildProgramError) -> String {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for folder in path.split(separator: ":") + ["/usr/bin"] {
      let file = "\(folder)/\(name)"
      if access(file, X_OK) == 0 { return file }
    }
    throw .programMissing(name)
  }

  /// Starts a program on the calling thread; the kernel kills it when this very thread ends (prctl(2), PR_SET_PDEATHSIG), so the thread
  /// has to stay until the child is gone. The child is in a process group of its own: an interrupt from the keyboard is ours alone.
  ///
  /// - Parameter passed: descriptors of ours and the numbers that the child knows them by, 0 and up; others are not inherited, not even those
  ///   that a library has opened for all children.
  /// - Returns: the process id.
  public static func start(
    _ command: [String], passing passed: [(ours: Int32, theirs: Int32)],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ChildProgramError) -> pid_t {
    // The kernel is asked only when the child runs already: it goes no further when this program has ended by then.
    let guarded = ["/bin/sh", "-c", "[ \"$PPID\" = \"$0\" ] && exec \"$@\"", "\(getpid())"]
    let words = [try find("setpriv"), "--pdeathsig", "KILL", "--"] + guarded + command
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // First to high numbers, so that none is overwritten before its turn.
    var copies: [Int32] = []
    defer { for copy in copies { close(copy) } }
    for (ours, theirs) in passed {
      let copy = fcntl(ours, F_DUPFD_CLOEXEC, 64)
      guard copy >= 0 else { throw .system(operation: "fcntl", code: errno) }
      copies.append(copy)
      posix_spawn_file_actions_adddup2(&actions, copy, theirs)
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, (passed.map(\.theirs).max() ?? 2) + 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))
    let environment = environment.map { "\($0.key)=\($0.value)" }
    var child: pid_t = 0
    let code = withTexts(words) { arguments in
      withTexts(environment) { posix_spawn(&child, words[0], &actions, &attributes, arguments, $0) }
    }
    guard code == 0 else { throw .system(operation: "posix_spawn", code: code) }
    return child
  }

  /// How a child of this program ended: its exit status, or 128 and the signal's number; `nil` while it runs.
  public static func ending(of child: pid_t) -> Int32? {
    var status: Int32 = 0
    let answer = waitpid(child, &status, WNOHANG)
    // Whoever is no child of ours any more is gone as well.
    guard answer != 0 else { return nil }
    guard answer == child else { return 0 }
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
  }

  /// Kills a child with its whole process group, and waits until it is gone.
  public static func end(_ child: pid_t) {
    _ = kill(-child, SIGKILL)
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
  }

  /// Texts as the system calls take them: pointers, the last one null.
  private static func withTexts<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let start = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
    let pointers = UnsafeMutableBufferPointer(start: start, count: texts.count + 1)
    pointers.initialize(repeating: nil)
    for (index, text) in texts.enumerated() { pointers[index] = strdup(text) }
    defer {
      for pointer in pointers { free(pointer) }
      start.deallocate()
    }
    return body(UnsafePointer(start))
  }
}

public enum ChildProgramError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No folder of PATH holds it.
  case programMissing(String)
  /// A system call failed; `code` is errno.
  case system(operation: String, code: Int32)

  public var description: String {
    switch self {
    case .programMissing(let name): "找不到 \(name),请安装 / \(name) is not installed"
    case .system(let operation, let code): "系统调用 \(operation) 失败,errno \(code) / system call failed"
    }
  }
}
