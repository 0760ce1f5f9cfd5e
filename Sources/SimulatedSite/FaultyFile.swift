import CSQLite

/// One open file of a `FaultyFileSystem`. In SQLite's memory it lies as: the method table, a reference to this object, and then the
/// file of the system's own VFS.
final class FaultyFile {
  static let realOffset = 32

  unowned let system: FaultyFileSystem
  /// Nil for SQLite's nameless temporary files, which no power cut concerns.
  let path: String?

  init(system: FaultyFileSystem, path: String?) {
    self.system = system
    self.path = path
  }

  static func real(_ file: UnsafeMutablePointer<sqlite3_file>) -> UnsafeMutablePointer<sqlite3_file> {
    (UnsafeMutableRawPointer(file) + realOffset).assumingMemoryBound(to: sqlite3_file.self)
  }

  static func attach(_ file: UnsafeMutablePointer<sqlite3_file>, _ object: FaultyFile) {
    let slot = UnsafeMutableRawPointer(file) + MemoryLayout<sqlite3_file>.size
    slot.storeBytes(of: Unmanaged.passRetained(object).toOpaque(), as: UnsafeMutableRawPointer.self)
    file.pointee.pMethods = UnsafePointer(methods)
  }

  private static func reference(_ file: UnsafeMutablePointer<sqlite3_file>) -> Unmanaged<FaultyFile> {
    let slot = UnsafeMutableRawPointer(file) + MemoryLayout<sqlite3_file>.size
    return Unmanaged.fromOpaque(slot.load(as: UnsafeMutableRawPointer.self))
  }

  fileprivate static func of(_ file: UnsafeMutablePointer<sqlite3_file>?) -> FaultyFile? {
    file.map { reference($0).takeUnretainedValue() }
  }

  fileprivate static func detach(_ file: UnsafeMutablePointer<sqlite3_file>) { reference(file).release() }

  fileprivate typealias Call = (UnsafePointer<sqlite3_io_methods>, UnsafeMutablePointer<sqlite3_file>) -> Int32?

  /// Calls the system's own VFS.
  fileprivate static func forward(_ file: UnsafeMutablePointer<sqlite3_file>?, _ call: Call) -> Int32 {
    guard let file else { return SQLITE_IOERR }
    let inner = real(file)
    guard let methods = inner.pointee.pMethods else { return SQLITE_IOERR }
    return call(methods, inner) ?? SQLITE_IOERR
  }

  fileprivate func write(
    _ file: UnsafeMutablePointer<sqlite3_file>?, _ bytes: UnsafeRawPointer?, _ count: Int32, _ offset: Int64
  ) -> Int32 {
    guard let bytes else { return SQLITE_IOERR }
    let growth = path.map { max(0, Int(offset) + Int(count) - system.disk.size($0)) } ?? 0
    var written = Int(count)
    var answer = SQLITE_OK
    switch system.disk.judge(.write, growth: growth) {
    case .fine: break
    case .fails: return SQLITE_IOERR
    case .full: return SQLITE_FULL
    case .partial:
      written = system.disk.below(Int(count) + 1)
      answer = SQLITE_IOERR | 3 << 8
    }
    if let path, written > 0 {
      let part = Array(UnsafeRawBufferPointer(start: bytes, count: written))
      system.disk.changed(path, .write(offset: Int(offset), bytes: part))
    }
    let code = written == 0 ? SQLITE_OK : Self.forward(file) { $0.pointee.xWrite?($1, bytes, Int32(written), offset) }
    return code == SQLITE_OK ? answer : code
  }

  fileprivate func truncate(_ file: UnsafeMutablePointer<sqlite3_file>?, _ size: Int64) -> Int32 {
    guard system.disk.judge(.truncate) == .fine else { return SQLITE_IOERR }
    if let path { system.disk.changed(path, .truncate(size: Int(size))) }
    return Self.forward(file) { $0.pointee.xTruncate?($1, size) }
  }

  fileprivate func sync() -> Int32 {
    guard system.disk.judge(.sync) == .fine else {
      if let path, !system.isCut { system.disk.syncFailed(path) }
      return SQLITE_IOERR | 4 << 8
    }
    if let path { system.disk.synced(path) }
    return SQLITE_OK
  }

  /// One table for all files; it lives as long as the process, as SQLite demands.
  nonisolated(unsafe) private static let methods: UnsafeMutablePointer<sqlite3_io_methods> = {
    let table = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
    table.initialize(to: sqlite3_io_methods())
    // Version 2 has shared memory, which the write-ahead file needs; version 3 would map files past our shadow.
    table.pointee.iVersion = 2
    fillFile(&table.pointee)
    fillLocks(&table.pointee)
    return table
  }()

  private static func fillFile(_ table: inout sqlite3_io_methods) {
    table.xClose = { file in
      let code = FaultyFile.forward(file) { $0.pointee.xClose?($1) }
      if let file { FaultyFile.detach(file) }
      return code
    }
    table.xRead = { file, bytes, count, offset in
      guard FaultyFile.of(file)?.system.disk.judge(.read) == .fine else { return SQLITE_IOERR }
      return FaultyFile.forward(file) { $0.pointee.xRead?($1, bytes, count, offset) }
    }
    table.xWrite = { file, bytes, count, offset in FaultyFile.of(file)?.write(file, bytes, count, offset) ?? SQLITE_IOERR }
    table.xTruncate = { file, size in FaultyFile.of(file)?.truncate(file, size) ?? SQLITE_IOERR }
    table.xSync = { file, _ in FaultyFile.of(file)?.sync() ?? SQLITE_IOERR }
    table.xFileSize = { file, size in FaultyFile.forward(file) { $0.pointee.xFileSize?($1, size) } }
    table.xSectorSize = { file in FaultyFile.forward(file) { $0.pointee.xSectorSize?($1) } }
    table.xDeviceCharacteristics = { file in FaultyFile.forward(file) { $0.pointee.xDeviceCharacteristics?($1) } }
    table.xFileControl = { file, operation, argument in
      // Hints about sizes would preallocate past our accounting.
      if operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE { return SQLITE_OK }
      return FaultyFile.forward(file) { $0.pointee.xFileControl?($1, operation, argument) }
    }
  }

  private static func fillLocks(_ table: inout sqlite3_io_methods) {
    table.xLock = { file, level in FaultyFile.forward(file) { $0.pointee.xLock?($1, level) } }
    table.xUnlock = { file, level in FaultyFile.forward(file) { $0.pointee.xUnlock?($1, level) } }
    table.xCheckReservedLock = { file, answer in FaultyFile.forward(file) { $0.pointee.xCheckReservedLock?($1, answer) } }
    table.xShmMap = { file, region, size, extend, address in
      FaultyFile.forward(file) { $0.pointee.xShmMap?($1, region, size, extend, address) }
    }
    table.xShmLock = { file, offset, count, flags in FaultyFile.forward(file) { $0.pointee.xShmLock?($1, offset, count, flags) } }
    table.xShmBarrier = { file in
      _ = FaultyFile.forward(file) {
        $0.pointee.xShmBarrier?($1)
        return SQLITE_OK
      }
    }
    table.xShmUnmap = { file, deleting in FaultyFile.forward(file) { $0.pointee.xShmUnmap?($1, deleting) } }
  }
}
