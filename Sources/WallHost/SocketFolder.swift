import Foundation
import Glibc

/// Where the windows' sockets lie, of mode 0700: whoever can connect to one can run programs. In memory where there is such a place.
struct SocketFolder: Sendable {
  let path: String
  /// Held as long as the player lives, so that what a killed one has left behind is known.
  private let lock: Int32
  private static let prefix = "linli-wall-"

  init(parents: [String] = SocketFolder.parents) throws(WallPlayerError) {
    // The paths of sockets are short.
    for parent in parents where parent.hasPrefix("/") && parent.utf8.count < 60 {
      Self.sweep(parent)
      var template = Array("\(parent)/\(Self.prefix)XXXXXX".utf8CString)
      guard let made = mkdtemp(&template) else { continue }
      let folder = String(cString: made)
      let held = open("\(folder)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard held >= 0 else { continue }
      _ = flock(held, LOCK_EX | LOCK_NB)
      (path, lock) = (folder, held)
      return
    }
    throw .noFolder
  }

  static var parents: [String] {
    [ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"], "/dev/shm", "/tmp"].compactMap { $0 }
  }

  /// Takes away what players have left that were killed. Nothing of another user: that cannot be opened.
  private static func sweep(_ parent: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    for name in names where name.hasPrefix(prefix) {
      let old = open("\(parent)/\(name)/lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
      guard old >= 0 else { continue }
      if flock(old, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(atPath: "\(parent)/\(name)") }
      close(old)
    }
  }

  func release() {
    try? FileManager.default.removeItem(atPath: path)
    close(lock)
  }
}

public enum WallPlayerError: Error, CustomStringConvertible {
  case noFolder

  public var description: String { "没有可写的临时文件夹 / no folder for the windows' sockets" }
}
