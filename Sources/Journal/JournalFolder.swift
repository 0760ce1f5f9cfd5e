import CSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The lock that keeps a second station away. Held from `init` until the object goes; the kernel drops it with the process.
final class FolderLock {
  static let file = "journal.lock"

  private let descriptor: Int32

  init(folder: String) throws(JournalError) {
    let path = "\(folder)/\(Self.file)"
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard opened >= 0 else { throw JournalFolder.error(errno, folder: folder) }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      let holder = Self.holder(opened)
      close(opened)
      if reason == EWOULDBLOCK { throw .inUse(folder: folder, pid: holder) }
      throw .inputOutput(file: Self.file, operation: "flock", code: reason)
    }
    descriptor = opened
    // The number is only for the message of whoever is refused: on a full disk it may be missing, the lock holds all the same.
    let pid = Array("\(getpid())\n".utf8)
    if ftruncate(opened, 0) == 0 { _ = pwrite(opened, pid, pid.count, 0) }
  }

  deinit {
    // Not left to the closing: a child that is just being started has a copy of the descriptor, and would hold the lock.
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func holder(_ descriptor: Int32) -> Int32? {
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    return Int32(String(decoding: buffer.prefix(count).prefix { $0 != 0x0A }, as: UTF8.self))
  }
}

/// What lies in a journal's folder, and the leftovers of a start that was interrupted.
struct JournalFolder {
  let path: String
  let disk: VirtualDisk

  /// Endings of files that are under construction or put aside. None of them is ever read as a segment.
  static let beingMade = ".new"
  static let beingSalvaged = ".salvage"
  static let keptAside = ".damaged"

  init(path: String, vfs: String?) throws(JournalError) {
    disk = try VirtualDisk(vfs: vfs)
    self.path = path
  }

  /// Makes the folder and the folders above it where they are missing; mode 0750.
  func make() throws(JournalError) {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      made += "/\(part)"
      if mkdir(made, 0o750) == 0 { continue }
      let reason = errno
      if reason != EEXIST && !VirtualDisk.exists(made) { throw Self.error(reason, folder: path) }
    }
  }

  /// All names in the folder, sorted.
  func files() throws(JournalError) -> [String] {
    guard let listing = opendir(path) else { throw Self.error(errno, folder: path) }
    defer { closedir(listing) }
    var names: [String] = []
    while let item = readdir(listing) {
      let name = withUnsafePointer(to: &item.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      names.append(name)
    }
    return names.sorted()
  }

  func segments() throws(JournalError) -> [SegmentName] {
    try files().compactMap { SegmentName(file: $0) }.sorted()
  }

  /// Removes what never became part of the journal, and finishes a salvage that was interrupted while its file was put in place.
  func tidy() throws(JournalError) {
    let names = try files()
    for name in names where SegmentName.isLeftover(name, endings: [Self.beingSalvaged]) {
      _ = try putSalvagedInPlace(of: String(name.dropLast(Self.beingSalvaged.count)))
    }
    let parts = ["", "-wal", "-shm", "-journal"].map { Self.beingMade + $0 }
    do {
      for name in names where SegmentName.isLeftover(name, endings: parts) { try disk.delete("\(path)/\(name)") }
    } catch {
      throw JournalError(error, file: path, folder: path, during: "tidy")
    }
  }

  /// Puts a damaged segment aside and its complete, salvaged copy in its place. Returns the damaged file's new name.
  ///
  /// Every step can be the last before a power cut: `tidy` goes on where this stopped.
  func putSalvagedInPlace(of file: String) throws(JournalError) -> String {
    let names = try files()
    var aside = file + Self.keptAside
    var number = 2
    while names.contains(aside) || (names.contains(aside + "-wal") && names.contains(file + "-wal")) {
      aside = "\(file)\(Self.keptAside)\(number)"
      number += 1
    }
    do {
      // The write-ahead file moves first: were it left behind, it would be taken for the new file's.
      if names.contains(file + "-wal") { try disk.rename(file + "-wal", to: aside + "-wal", in: path) }
      try disk.delete("\(path)/\(file)-shm")
      if names.contains(file) { try disk.rename(file, to: aside, in: path) }
      try disk.rename(file + Self.beingSalvaged, to: file, in: path)
    } catch {
      throw JournalError(error, file: file, folder: path, during: "salvage")
    }
    return aside
  }

  static func error(_ code: Int32, folder: String) -> JournalError {
    switch code {
    case EROFS, EACCES, EPERM: .readOnly(folder: folder)
    case ENOENT: .folderUnusable(folder: folder, detail: "does not exist")
    case ENOTDIR: .folderUnusable(folder: folder, detail: "is no folder")
    case ENOSPC, EDQUOT: .diskFull(callsStillFit: false)
    default: .folderUnusable(folder: folder, detail: "errno \(code)")
    }
  }
}

extension SegmentName {
  static func isLeftover(_ file: String, endings: [String]) -> Bool {
    endings.contains { ending in
      file.hasSuffix(".sqlite\(ending)") && SegmentName(file: String(file.dropLast(ending.count))) != nil
    }
  }
}

extension JournalError {
  init(_ failure: SQLiteFailure, file: String, folder: String, during operation: String) {
    if failure.code == Segment.newerCode {
      self = .unknownFormat(file: file, version: Int(failure.detail) ?? 0)
      return
    }
    switch failure.kind {
    case .full: self = .diskFull(callsStillFit: false)
    case .busy: self = .busy(file: file)
    case .readOnly: self = .readOnly(folder: folder)
    case .damaged: self = .damaged(file: file, position: nil, problem: .unreadable(detail: failure.detail))
    case .other: self = .inputOutput(file: file, operation: "\(operation): \(failure.detail)", code: failure.code)
    }
  }
}
