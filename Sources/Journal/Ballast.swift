import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Space kept for the day on which the disk is full.
final class Ballast {
  private let path: String
  private let bytes: Int

  init(path: String, bytes: Int) {
    self.path = path
    self.bytes = bytes
  }

  var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// Allocates the file for real; answers whether it is there. Asks for twice the space first, so that it does not come and go at the brim.
  @discardableResult
  func make() -> Bool {
    if exists { return true }
    var room = statvfs()
    let folder = (path as NSString).deletingLastPathComponent
    guard statvfs(folder, &room) == 0, UInt64(room.f_bavail) * UInt64(room.f_frsize) > UInt64(bytes) * 2 else { return false }
    let temporary = path + ".new"
    let descriptor = open(temporary, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { return false }
    let made = posix_fallocate(descriptor, 0, off_t(bytes)) == 0
    close(descriptor)
    guard made, rename(temporary, path) == 0 else {
      unlink(temporary)
      return false
    }
    return true
  }

  func remove() { unlink(path) }
}

/// One station a folder: a second start is refused by name of the first.
enum FolderLock {
  static func take(_ folder: String) throws(JournalError) -> Int32 {
    let path = folder + "/lock"
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else {
      throw errno == EROFS || errno == EACCES
        ? .readOnly(path: folder) : .cannotOpen(path: path, detail: String(cString: strerror(errno)))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
      close(descriptor)
      throw .inUse(folder: folder, holder: holder.isEmpty ? "?" : holder)
    }
    let text = "\(getpid())\n"
    ftruncate(descriptor, 0)
    _ = text.withCString { pwrite(descriptor, $0, text.utf8.count, 0) }
    return descriptor
  }
}

/// The newest state of the fold, in a file of its own that is replaced whole.
struct SnapshotFile: Codable {
  var position: JournalPosition
  var hash: [UInt8]
  var foldVersion: Int
  var bytes: [UInt8]

  private static func path(_ folder: String) -> String { folder + "/snapshot.json" }

  func save(_ folder: String) throws {
    var copy = self
    copy.bytes = []
    let head = try JSONEncoder().encode(copy)
    try (head + Data([10]) + Data(bytes)).write(to: URL(fileURLWithPath: Self.path(folder)), options: .atomic)
  }

  /// `nil` when there is none or it cannot be read: it is only a cache.
  static func load(_ folder: String) -> SnapshotFile? {
    guard let data = FileManager.default.contents(atPath: path(folder)), let newline = data.firstIndex(of: 10),
      var file = try? JSONDecoder().decode(SnapshotFile.self, from: data[..<newline])
    else { return nil }
    file.bytes = Array(data[data.index(after: newline)...])
    return file
  }
}
