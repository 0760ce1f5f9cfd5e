import CSQLite
import Foundation

/// A SQLite VFS over the system's own, with real files, whose disk fails by script and by seed: short writes, failed fsyncs, a quota,
/// power cuts that lose any part of what was not synced. For `JournalOptions.vfs`.
///
/// The files always show what a running program sees; `restart` rewrites them to what the disk would hold after the power cut. Nothing
/// is really synced, so that thousands of cuts take seconds. One instance serves one journal at a time, on one thread.
public final class FaultyFileSystem {
  /// To be given to `JournalOptions.vfs`.
  public let name: String

  var disk: FaultyDisk
  let real: UnsafeMutablePointer<sqlite3_vfs>
  private let registered: UnsafeMutablePointer<sqlite3_vfs>
  private let zName: UnsafeMutablePointer<CChar>?

  /// - Parameter seed: decides which unsynced sectors survive a cut. The name has to be unused as long as the instance lives.
  /// - Returns: nil when SQLite has no default VFS or no memory.
  public init?(seed: UInt64, name: String = "faulty-\(UUID().uuidString)") {
    guard let real = sqlite3_vfs_find(nil) else { return nil }
    self.real = real
    self.name = name
    disk = FaultyDisk(seed: seed)
    zName = strdup(name)
    registered = .allocate(capacity: 1)
    registered.initialize(to: sqlite3_vfs())
    fill(&registered.pointee)
    sqlite3_vfs_register(registered, 0)
  }

  deinit {
    sqlite3_vfs_unregister(registered)
    registered.deallocate()
    free(zName)
  }

  // MARK: The script

  /// Lets `fault` strike after `operations` more operations of the kind it concerns (a power cut: writes, truncations, syncs, deletions).
  public func schedule(_ fault: DiskFault, after operations: Int) { disk.schedule(fault, after: operations) }

  /// Takes back what was scheduled and has not struck.
  public func clearSchedule() { disk.clearSchedule() }

  /// Bytes that all files of this file system may take together; nil: no limit. Beyond it the disk is full.
  public var quotaBytes: Int? {
    get { disk.quotaBytes }
    set { disk.quotaBytes = newValue }
  }

  /// Nothing can be written as long as this is set; reading goes on.
  public var refusesWrites: Bool {
    get { disk.refusesWrites }
    set { disk.refusesWrites = newValue }
  }

  /// From now on nothing works any more.
  public func cutPower() { disk.cut() }

  public var isCut: Bool { disk.isCut }

  /// The machine comes back: the files now hold what was synced, and a seeded part of what was not. Every connection of before has to
  /// be closed already.
  ///
  /// - Throws: what Foundation says when a real file cannot be written.
  public func restart() throws {
    for (path, content) in disk.restart() {
      try? FileManager.default.removeItem(atPath: path + "-shm")
      if let content {
        try Data(content).write(to: URL(fileURLWithPath: path))
      } else {
        try? FileManager.default.removeItem(atPath: path)
      }
    }
  }

  // MARK: What happened

  public var syncs: Int { disk.counts[.sync] ?? 0 }
  public var writes: Int { disk.counts[.write] ?? 0 }
  public var fullAnswers: Int { disk.fullAnswers }
  public func injected(_ fault: DiskFault) -> Int { disk.injected[fault] ?? 0 }

  // MARK: SQLite's side

  private func fill(_ vfs: inout sqlite3_vfs) {
    vfs.iVersion = 2
    vfs.szOsFile = Int32(FaultyFile.realOffset) + real.pointee.szOsFile
    vfs.mxPathname = real.pointee.mxPathname
    vfs.zName = UnsafePointer(zName)
    vfs.pAppData = Unmanaged.passUnretained(self).toOpaque()
    vfs.xOpen = { vfs, name, file, flags, given in
      guard let system = FaultyFileSystem.of(vfs), let file else { return SQLITE_CANTOPEN }
      return system.open(name, file, flags, given)
    }
    vfs.xDelete = { vfs, name, folder in
      guard let system = FaultyFileSystem.of(vfs), let name, system.disk.judge(.delete) == .fine else { return SQLITE_IOERR }
      let code = system.real.pointee.xDelete?(system.real, name, 0) ?? SQLITE_IOERR
      system.disk.deleted(String(cString: name))
      return code
    }
    vfs.xAccess = { vfs, name, flags, answer in
      guard let system = FaultyFileSystem.of(vfs), !system.isCut else { return SQLITE_IOERR }
      return system.real.pointee.xAccess?(system.real, name, flags, answer) ?? SQLITE_IOERR
    }
    vfs.xFullPathname = { vfs, name, count, full in
      guard let real = FaultyFileSystem.of(vfs)?.real else { return SQLITE_CANTOPEN }
      return real.pointee.xFullPathname?(real, name, count, full) ?? SQLITE_CANTOPEN
    }
    vfs.xRandomness = { vfs, count, bytes in
      // From the seed: the salts of the write-ahead file are part of what has to repeat.
      guard let system = FaultyFileSystem.of(vfs), let bytes else { return 0 }
      for index in 0..<Int(count) { bytes[index] = CChar(truncatingIfNeeded: system.disk.below(256)) }
      return count
    }
    vfs.xSleep = { _, _ in 0 }
    vfs.xCurrentTime = { _, now in
      now?.pointee = 2_460_000.5
      return SQLITE_OK
    }
    vfs.xCurrentTimeInt64 = { _, now in
      now?.pointee = 212_544_000_000_000
      return SQLITE_OK
    }
    vfs.xGetLastError = { _, _, _ in 0 }
  }

  static func of(_ vfs: UnsafeMutablePointer<sqlite3_vfs>?) -> FaultyFileSystem? {
    guard let data = vfs?.pointee.pAppData else { return nil }
    return Unmanaged<FaultyFileSystem>.fromOpaque(data).takeUnretainedValue()
  }

  private func open(
    _ name: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>, _ flags: Int32,
    _ given: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    // SQLite calls xClose only when methods are set.
    file.pointee.pMethods = nil
    guard disk.judge(.open) == .fine else { return SQLITE_CANTOPEN }
    let path = name.map { String(cString: $0) }
    let content = path.flatMap { try? Data(contentsOf: URL(fileURLWithPath: $0)) }
    let inner = FaultyFile.real(file)
    let code = real.pointee.xOpen?(real, name, inner, flags, given) ?? SQLITE_CANTOPEN
    guard code == SQLITE_OK else {
      if let methods = inner.pointee.pMethods { _ = methods.pointee.xClose?(inner) }
      return code
    }
    if let path { disk.opened(path, content: content.map { Array($0) }) }
    FaultyFile.attach(file, FaultyFile(system: self, path: path))
    return SQLITE_OK
  }
}
