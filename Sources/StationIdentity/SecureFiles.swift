import Foundation

/// Files that are whole or not there: written beside their place, synced, then renamed over the old one.
enum SecureFiles {
  static let secret: mode_t = 0o600
  static let open: mode_t = 0o644
  /// No file of ours comes near; a foreign one must not fill the memory.
  static let largestBytes = 64 << 20

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  static func write(_ bytes: Data, to path: String, mode: mode_t) throws(IdentityError) {
    let fresh = "\(path).new"
    unlink(fresh)
    // O_EXCL: never through a link that somebody put there, and never with an old file's wider mode.
    let descriptor = Foundation.open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw .disk(file: fresh, operation: "open", code: errno) }
    var failed: (String, Int32)?
    // The umask may have taken bits that a public file needs.
    if fchmod(descriptor, mode) != 0 { failed = ("chmod", errno) }
    var written = 0
    while failed == nil, written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Foundation.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { failed = ("write", count < 0 ? errno : ENOSPC) } else { written += count }
    }
    if failed == nil, fsync(descriptor) != 0 { failed = ("fsync", errno) }
    close(descriptor)
    if failed == nil, rename(fresh, path) != 0 { failed = ("rename", errno) }
    if let failed {
      unlink(fresh)
      throw .disk(file: path, operation: failed.0, code: failed.1)
    }
    try syncFolder((path as NSString).deletingLastPathComponent)
  }

  static func syncFolder(_ folder: String) throws(IdentityError) {
    let descriptor = Foundation.open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .disk(file: folder, operation: "open", code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .disk(file: folder, operation: "fsync", code: errno) }
  }

  /// - Parameter secret: refused when others may read it.
  static func read(_ path: String, secret: Bool = false) throws(IdentityError) -> Data {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .disk(file: path, operation: "open", code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= largestBytes else {
      throw .damaged(file: path, reason: "no ordinary file of at most \(largestBytes >> 20) MiB")
    }
    if secret, status.st_mode & 0o077 != 0 { throw .keyIsOpen(file: path, mode: Int(status.st_mode & 0o777)) }
    errno = 0
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw .disk(file: path, operation: "read", code: errno)
    }
    return bytes
  }

  static func readText(_ path: String, secret: Bool = false) throws(IdentityError) -> String {
    let bytes = try read(path, secret: secret)
    guard let text = String(data: bytes, encoding: .utf8) else { throw .damaged(file: path, reason: "not UTF-8") }
    return text
  }

  static func makeFolder(_ path: String) throws(IdentityError) {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .disk(file: path, operation: "mkdir", code: errno) }
  }

  /// Puts a finished folder in its place at once; refused when something is there already.
  static func place(_ made: String, at path: String) throws(IdentityError) {
    try syncFolder(made)
    // rename(2) replaces an empty folder only.
    guard rename(made, path) == 0 else {
      let code = errno
      if code == ENOTEMPTY || code == EEXIST { throw .alreadyThere(folder: path) }
      throw .disk(file: path, operation: "rename", code: code)
    }
    try syncFolder((path as NSString).deletingLastPathComponent)
  }

  /// Runs `body` as the only one, also among processes: a running station and the command line share a folder.
  static func exclusively<Value>(
    _ folder: String, _ body: () throws(IdentityError) -> Value
  ) throws(IdentityError) -> Value {
    // The lock is the folder's own: no file that could be left over.
    let descriptor = Foundation.open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .disk(file: folder, operation: "open", code: errno) }
    defer {
      _ = flock(descriptor, LOCK_UN)
      close(descriptor)
    }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .disk(file: folder, operation: "flock", code: errno) }
    }
    return try body()
  }

  /// What tells one version of a file from the next: every replacement has an inode of its own.
  struct Stamp: Equatable, Sendable {
    var inode: UInt64 = 0
    var bytes: Int64 = 0
    var seconds: Int64 = 0
    var nanoseconds: Int64 = 0

    init(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return }
      inode = UInt64(status.st_ino)
      bytes = Int64(status.st_size)
      #if canImport(Darwin)
        seconds = Int64(status.st_mtimespec.tv_sec)
        nanoseconds = Int64(status.st_mtimespec.tv_nsec)
      #else
        seconds = Int64(status.st_mtim.tv_sec)
        nanoseconds = Int64(status.st_mtim.tv_nsec)
      #endif
    }
  }
}

/// JSON as our files and messages have it: keys in a fixed order, times in whole seconds since 1970.
enum PlainJSON {
  static func data<Value: Encodable>(_ value: Value) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .secondsSince1970
    // Our own values hold text, numbers and lists only, none of which an encoder refuses.
    return (try? encoder.encode(value)) ?? Data("{}".utf8)
  }

  static func value<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .secondsSince1970
    return try decoder.decode(type, from: data)
  }

  static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws(IdentityError) -> Value {
    let data = try SecureFiles.read(path)
    do { return try value(type, data) } catch { throw .damaged(file: path, reason: "not the JSON that belongs there") }
  }
}

extension Date {
  /// What is stored is read back as the same: fractions would come back rounded.
  var wholeSecond: Date { Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)) }
}
