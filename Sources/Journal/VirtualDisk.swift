import CSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The few file operations beside SQLite's own, through the same VFS, so that a test's faults and quotas hold for them too.
struct VirtualDisk {
  private let vfs: UnsafeMutablePointer<sqlite3_vfs>

  init(vfs name: String?) throws(JournalError) {
    guard let found = sqlite3_vfs_find(name) else { throw .unknownFileSystem(name: name ?? "default") }
    vfs = found
  }

  /// Whether the file system answers at all.
  private func answers(_ path: String) -> Bool {
    var answer: Int32 = 0
    return vfs.pointee.xAccess?(vfs, path, SQLITE_ACCESS_EXISTS, &answer) == SQLITE_OK
  }

  /// SQLITE_IOERR_DELETE_NOENT, a C expression that Swift does not import.
  private static let notThere = SQLITE_IOERR | 23 << 8

  /// Deletes durably; a file that is not there is no error.
  func delete(_ path: String) throws(SQLiteFailure) {
    let code = vfs.pointee.xDelete?(vfs, path, 1) ?? SQLITE_IOERR
    guard code == SQLITE_OK || code == Self.notThere else { throw SQLiteFailure(code: code, detail: "delete") }
  }

  /// Renames durably, over a file that has the new name already. Both names lie in `folder`. A VFS has no operation for this.
  func rename(_ old: String, to new: String, in folder: String) throws(SQLiteFailure) {
    guard answers("\(folder)/\(old)"), Glibc.rename("\(folder)/\(old)", "\(folder)/\(new)") == 0 else {
      throw SQLiteFailure(code: SQLITE_IOERR, detail: "rename \(old): errno \(errno)")
    }
    try syncFolder(folder)
  }

  func syncFolder(_ folder: String) throws(SQLiteFailure) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SQLiteFailure(code: SQLITE_IOERR, detail: "open \(folder): errno \(errno)") }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder and say EINVAL: there the rename itself is all one can have.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw SQLiteFailure(code: SQLITE_IOERR, detail: "fsync \(folder): errno \(errno)")
    }
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The file's size in bytes as it lies on the disk; nil: there is none.
  func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  /// Bytes that this user can still write in the folder, as the system says it; nil: it does not say.
  func room(_ folder: String) -> Int? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }

  /// Writes a file of `count` bytes in pieces that `piece` gives, cuts it to `keeping` bytes and syncs it.
  func write(_ path: String, count: Int, keeping: Int, piece: (Int) -> [UInt8]) throws(SQLiteFailure) {
    guard let name = sqlite3_create_filename(path, "", "", 0, nil) else {
      throw SQLiteFailure(code: SQLITE_NOMEM, detail: "name")
    }
    defer { sqlite3_free_filename(name) }
    let storage = UnsafeMutableRawPointer.allocate(byteCount: Int(vfs.pointee.szOsFile), alignment: 16)
    defer { storage.deallocate() }
    storage.initializeMemory(as: UInt8.self, repeating: 0, count: Int(vfs.pointee.szOsFile))
    let file = storage.assumingMemoryBound(to: sqlite3_file.self)
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB
    var given: Int32 = 0
    let opened = vfs.pointee.xOpen?(vfs, name, file, flags, &given) ?? SQLITE_CANTOPEN
    defer { if let methods = file.pointee.pMethods { _ = methods.pointee.xClose?(file) } }
    guard opened == SQLITE_OK, let methods = file.pointee.pMethods?.pointee else {
      throw SQLiteFailure(code: opened, detail: "open \(path)")
    }
    var offset = 0
    while offset < count {
      let bytes = Array(piece(offset).prefix(count - offset))
      guard !bytes.isEmpty else { break }
      let code = bytes.withUnsafeBytes { methods.xWrite?(file, $0.baseAddress, Int32($0.count), Int64(offset)) ?? SQLITE_IOERR }
      guard code == SQLITE_OK else { throw SQLiteFailure(code: code, detail: "write \(path)") }
      offset += bytes.count
    }
    let cut = methods.xTruncate?(file, Int64(keeping)) ?? SQLITE_IOERR
    guard cut == SQLITE_OK else { throw SQLiteFailure(code: cut, detail: "truncate \(path)") }
    let synced = methods.xSync?(file, SQLITE_SYNC_NORMAL) ?? SQLITE_IOERR
    guard synced == SQLITE_OK else { throw SQLiteFailure(code: synced, detail: "sync \(path)") }
  }
}
