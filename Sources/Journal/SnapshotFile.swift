#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The snapshot beside the segments: one small file, replaced as a whole. Whatever is wrong with it, it is as if there were none.
struct SnapshotFile {
  static let file = "journal.snapshot"
  static let maximumBytes = 256 << 20

  private static let magic = Array("LINLISN1".utf8)
  private let folder: String

  init(folder: String) {
    self.folder = folder
  }

  /// Magic, fold version, epoch, sequence, hash, state; then SHA-256 over all of it.
  private static func encoded(_ snapshot: JournalSnapshot) -> [UInt8] {
    var bytes = magic
    bytes.reserveCapacity(snapshot.bytes.count + 96)
    bytes.append(bigEndian: snapshot.foldVersion)
    bytes.append(bigEndian: snapshot.head.position.epoch)
    bytes.append(bigEndian: snapshot.head.position.sequence)
    bytes += snapshot.head.hash.bytes
    bytes += snapshot.bytes
    return bytes + EntryHash.of(bytes).bytes
  }

  func save(_ snapshot: JournalSnapshot) throws(JournalError) {
    guard snapshot.bytes.count <= Self.maximumBytes else { throw .tooLarge(bytes: snapshot.bytes.count) }
    let fresh = "\(folder)/\(Self.file)\(JournalFolder.beingMade)"
    let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw failure("open") }
    let bytes = Self.encoded(snapshot)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let failure = failure("write")
        close(descriptor)
        unlink(fresh)
        throw failure
      }
      written += count
    }
    let synced = fsync(descriptor) == 0
    close(descriptor)
    guard synced, rename(fresh, "\(folder)/\(Self.file)") == 0 else {
      let failure = failure("sync")
      unlink(fresh)
      throw failure
    }
  }

  func load() -> JournalSnapshot? {
    let descriptor = open("\(folder)/\(Self.file)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size >= 88, size <= Self.maximumBytes + 88 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    guard pread(descriptor, &bytes, size, 0) == size, Array(bytes.prefix(8)) == Self.magic,
      EntryHash.of(Array(bytes.dropLast(32))).bytes == Array(bytes.suffix(32)), let hash = EntryHash(bytes[24..<56])
    else { return nil }
    let position = JournalPosition(
      epoch: bytes.word(at: 12), sequence: UInt64(bytes.word(at: 16)) << 32 | UInt64(bytes.word(at: 20)))
    return JournalSnapshot(
      head: JournalHead(position: position, hash: hash), foldVersion: bytes.word(at: 8), bytes: Array(bytes[56..<size - 32]))
  }

  private func failure(_ operation: String) -> JournalError {
    switch errno {
    case ENOSPC, EDQUOT: .diskFull(callsStillFit: true)
    case EROFS, EACCES, EPERM: .readOnly(folder: folder)
    default: .inputOutput(file: Self.file, operation: operation, code: errno)
    }
  }
}
