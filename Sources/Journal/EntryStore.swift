/// Where the station's decisions become durable. `SQLiteJournal` is the one of the field; a simulated disk may stand in its place.
///
/// A store has one owner and is not shared between threads.
public protocol EntryStore: AnyObject {
  /// Writes the bodies in order as one transaction with one fsync: either all of them are durable when this returns, or none counts.
  ///
  /// - Parameter urgent: a call for help. While the disk is full, nothing else is accepted.
  func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry]

  /// At most `limit` entries behind `position` (nil: from the oldest that is kept), oldest first, each verified against the chain.
  func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry]

  /// The last durable entry, or where the first one will be chained to.
  var last: JournalHead { get }

  /// Whether and what may be written, and what has gone wrong since opening.
  var condition: JournalCondition { get }

  /// Keeps the state folded up to `snapshot.head`. A cache: losing it costs time, never facts.
  func saveSnapshot(_ snapshot: JournalSnapshot) throws(JournalError)

  /// The kept snapshot, if it is whole, was folded by this version of the fold, and stands on this very chain.
  func latestSnapshot(foldVersion: UInt32) -> JournalSnapshot?

  /// It could not be opened yet: it takes nothing, and what it gives may not be all there is. Whoever folded that looks again when this
  /// has ended, and before anything is appended.
  var isProvisional: Bool { get }

  /// Ends the epoch although the disk is sound: this journal was restored from a copy, and the parent has entries of `epoch` that it has
  /// not. The next entry begins a higher one.
  func beginEpoch(above epoch: UInt32) throws(JournalError)

  /// What can wait for an idle moment; call it about once a minute. `month` is the wall date's when the clock can be trusted, else nil.
  func maintain(month: JournalMonth?) throws(JournalError)

  /// A file was begun for a new month, and nothing stands in it yet: what is appended next is what the oldest file may begin with one day.
  var isAtMonthStart: Bool { get }

  /// Whether the chain has this very head.
  func holds(_ head: JournalHead) -> Bool

  /// Drops the oldest files; see `SQLiteJournal.dropSegments`. A store that keeps everything drops nothing.
  func dropSegments(
    through position: JournalPosition, before kept: JournalMonth, mayBegin: (JournalHead) -> Bool
  ) throws(JournalError) -> [String]
}

extension EntryStore {
  public var isProvisional: Bool { false }
  public var isAtMonthStart: Bool { false }
  public func holds(_ head: JournalHead) -> Bool { false }

  public func dropSegments(
    through position: JournalPosition, before kept: JournalMonth, mayBegin: (JournalHead) -> Bool
  ) throws(JournalError) -> [String] { [] }
}

/// State folded from the entries up to and including `head`.
public struct JournalSnapshot: Sendable, Hashable {
  public var head: JournalHead
  /// Raised whenever the fold would make another state of the same entries.
  public var foldVersion: UInt32
  public var bytes: [UInt8]

  public init(head: JournalHead, foldVersion: UInt32, bytes: [UInt8]) {
    self.head = head
    self.foldVersion = foldVersion
    self.bytes = bytes
  }
}

/// What the store can do at this moment, and why.
public struct JournalCondition: Sendable, Hashable {
  public enum State: Sendable, Hashable {
    case healthy
    /// Only urgent entries are accepted; they have the room of the removed ballast.
    case diskFull
    /// The last attempt to write found no file that could be written. Every append tries anew.
    case failed
  }

  public var state: State
  /// The newest 32 since opening, oldest first; none is removed before a restart.
  public var faults: [JournalFault]
  /// All since opening, those no longer listed included.
  public var faultCount: Int

  public static let healthy = JournalCondition(state: .healthy, faults: [], faultCount: 0)

  public init(state: State, faults: [JournalFault], faultCount: Int) {
    self.state = state
    self.faults = faults
    self.faultCount = faultCount
  }

  mutating func note(_ fault: JournalFault) {
    faultCount &+= 1
    if faults.count >= 32 { faults.removeFirst() }
    faults.append(fault)
  }
}

/// Something that went wrong with the disk and that somebody has to look at.
public struct JournalFault: Sendable, Hashable, CustomStringConvertible {
  public enum Kind: Sendable, Hashable {
    /// A file could not be synced or written; the chain goes on in a new file under a new epoch.
    case fileEnded
    case diskFull
    /// A file was damaged; what could be read was copied, the old file was kept.
    case salvaged
    /// Entries that once were there cannot be found.
    case entriesMissing
    case ballastMissing
    /// The station had to start without it.
    case notOpened
  }

  public var kind: Kind
  public var file: String
  /// The last position that was good.
  public var position: JournalPosition
  /// SQLite's or the system's own words, for the technician.
  public var detail: String

  public init(kind: Kind, file: String, position: JournalPosition, detail: String) {
    self.kind = kind
    self.file = file
    self.position = position
    self.detail = detail
  }

  public var description: String {
    let (chinese, english) =
      switch kind {
      case .fileEnded: ("日志文件写盘失败，已改写到新文件，请检查磁盘", "a journal file could not be written and was closed; check the disk")
      case .diskFull: ("磁盘已满，只记录求助，请清理磁盘", "the disk is full, only calls are recorded; free some space")
      case .salvaged: ("日志文件损坏，可读记录已抢救，原文件已保留", "a journal file was damaged; what was readable is salvaged, the old file is kept")
      case .entriesMissing: ("日志缺少记录", "entries are missing from the journal")
      case .notOpened:
        (
          "启动时日志打不开，求助照常显示，能打开之前不记录，请检查磁盘",
          "the journal could not be opened at the start; calls are shown, and recorded once it can be; check the disk"
        )
      case .ballastMissing: ("日志预留空间未能建立", "the journal's reserved space could not be made")
      }
    return "\(chinese)（\(file)，\(position)）/ \(english) (\(file), after \(position)): \(detail)"
  }
}
