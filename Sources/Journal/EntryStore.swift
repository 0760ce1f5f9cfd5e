import Crypto

/// Where an entry stands: every new, salvaged or restored journal file that may disagree with an older one starts a new epoch.
public struct JournalPosition: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
  public var epoch: UInt32
  public var sequence: UInt64

  public init(epoch: UInt32, sequence: UInt64) {
    self.epoch = epoch
    self.sequence = sequence
  }

  public var description: String { "\(epoch)-\(sequence)" }

  public static func < (left: JournalPosition, right: JournalPosition) -> Bool {
    left.epoch == right.epoch ? left.sequence < right.sequence : left.epoch < right.epoch
  }
}

/// One stored entry. The chain covers stored bytes, which are never encoded anew.
public struct JournalEntry: Sendable, Equatable {
  public var position: JournalPosition
  public var body: [UInt8]
  /// 32 bytes, see `JournalChain`.
  public var hash: [UInt8]

  public init(position: JournalPosition, body: [UInt8], hash: [UInt8]) {
    self.position = position
    self.body = body
    self.hash = hash
  }
}

/// How entries are chained, byte for byte: SHA-256 over the hash of the entry before (32 zero bytes before the first), the epoch as 4 and
/// the sequence as 8 bytes, both most significant byte first, and the body as stored.
public enum JournalChain {
  public static let start = [UInt8](repeating: 0, count: 32)

  public static func hash(previous: [UInt8], position: JournalPosition, body: [UInt8]) -> [UInt8] {
    var sha = SHA256()
    sha.update(data: previous)
    withUnsafeBytes(of: position.epoch.bigEndian) { sha.update(bufferPointer: $0) }
    withUnsafeBytes(of: position.sequence.bigEndian) { sha.update(bufferPointer: $0) }
    sha.update(data: body)
    return Array(sha.finalize())
  }
}

public enum JournalCondition: String, Sendable, Equatable {
  case healthy
  /// The disk is full: the ballast is gone, and only calls are taken.
  case callsOnly
  /// Nothing can be written.
  case failed
}

public struct JournalSnapshot: Sendable, Equatable {
  public var position: JournalPosition
  public var hash: [UInt8]
  public var bytes: [UInt8]

  public init(position: JournalPosition, hash: [UInt8], bytes: [UInt8]) {
    self.position = position
    self.hash = hash
    self.bytes = bytes
  }
}

/// A journal as its one owner sees it. What `append` returned is on disk; what it threw for is not, and may be given again.
public protocol EntryStore: AnyObject {
  /// One transaction and one fsync for all bodies: all or nothing.
  @discardableResult
  func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry]
  /// In order, at most `limit`, those after `position` (from the first kept one when `nil`).
  func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry]
  var last: JournalEntry? { get }
  var condition: JournalCondition { get }
  /// What happened to the journal since the last call, in words, once.
  func takeNotice() -> String?
  func saveSnapshot(position: JournalPosition, foldVersion: Int, bytes: [UInt8]) throws(JournalError)
  /// The newest usable one; `nil` when there is none of this fold version whose entry is in the journal.
  func latestSnapshot(foldVersion: Int) throws(JournalError) -> JournalSnapshot?
}

/// What can go wrong with a journal, in words for the technician.
public enum JournalError: Error, Sendable, Equatable, CustomStringConvertible {
  case inUse(folder: String, holder: String)
  case cannotOpen(path: String, detail: String)
  case readOnly(path: String)
  case diskFull
  case writeFailed(detail: String)
  case readFailed(path: String, detail: String)

  public var description: String {
    switch self {
    case .inUse(let folder, let holder):
      "日志 \(folder) 正被另一个站点程序使用(进程 \(holder));先停止它 / journal \(folder) is in use by process \(holder); stop it first"
    case .cannotOpen(let path, let detail): "打不开日志 \(path): \(detail) / cannot open the journal"
    case .readOnly(let path): "日志所在磁盘只读: \(path);改为可写后重启 / the journal's disk is read-only; make it writable and start again"
    case .diskFull: "磁盘已满,只记录求助;请清理磁盘 / disk full, only calls are recorded; free some space"
    case .writeFailed(let detail): "日志写不进磁盘: \(detail);请检查磁盘 / the journal cannot be written; check the disk"
    case .readFailed(let path, let detail): "日志读不出: \(path): \(detail);请运行 linli journal verify / journal cannot be read"
    }
  }
}
