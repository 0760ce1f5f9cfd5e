/// The journal of a station that has to start whatever its disk does: opened at once where that is possible, otherwise as soon as it
/// becomes so. Until then it gives what can be read and takes nothing, and the calls are shown as not recorded.
///
/// `maintain` is what opens it, so that nothing is appended before its owner has had the chance to fold what could not be read before.
public final class WaitingJournal: EntryStore {
  private let folder: JournalFolder
  private let options: JournalOptions
  private var month: JournalMonth?
  private var journal: SQLiteJournal?
  /// Keeps a second station away while this one waits.
  private var lock: FolderLock?
  private var reader: Archive?
  /// The end of what was given while it waits.
  private var given = JournalHead.start
  private var refusal: JournalError?
  /// That it had to wait stays among the faults.
  private var fault: JournalFault?
  private var nextTry = ContinuousClock.now

  /// With less than this many bytes free not even the files beside a segment can be made.
  private static let leastRoom = 256 << 10
  private static let pause = Duration.seconds(1)

  /// - Throws: what waiting does not mend: `.inUse`, `.readOnly`, `.folderUnusable`, `.unknownFormat`.
  public init(folder path: String, month: JournalMonth?, options: JournalOptions = JournalOptions()) throws(JournalError) {
    folder = try JournalFolder(path: path, vfs: options.vfs)
    self.options = options
    self.month = month
    do throws(JournalError) {
      journal = try open()
    } catch {
      guard error.mayPass else { throw error }
      refusal = error
      fault = JournalFault(kind: .notOpened, file: path, position: .start, detail: "\(error)")
      do throws(JournalError) {
        lock = try FolderLock(folder: path)
      } catch {
        if case .inUse = error { throw error }
      }
      reader = try? Archive(folder: folder, vfs: options.vfs)
    }
  }

  /// The disk does not let it be opened yet: what `entries` gave may not be all there is.
  public var isProvisional: Bool { journal == nil }

  public var last: JournalHead { journal?.last ?? given }

  public var condition: JournalCondition {
    var condition = journal?.condition ?? JournalCondition(state: .failed, faults: [], faultCount: 0)
    if let fault {
      condition.faults = [fault] + condition.faults.suffix(31)
      condition.faultCount &+= 1
    }
    return condition
  }

  public func beginEpoch(above epoch: UInt32) throws(JournalError) {
    guard let journal else { throw refusal ?? .closed }
    try journal.beginEpoch(above: epoch)
  }

  public func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry] {
    guard let journal else { throw refusal ?? .closed }
    return try journal.append(bodies, urgent: urgent)
  }

  public func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] {
    if let journal { return try journal.entries(after: position, limit: limit) }
    if position == nil { given = .start }
    // What cannot be read now is read when the journal is opened.
    guard let found = try? reader?.entries(after: position, limit: max(0, limit)) else { return [] }
    if let last = found.last { given = last.head }
    return found
  }

  public func saveSnapshot(_ snapshot: JournalSnapshot) throws(JournalError) {
    guard let journal else { throw refusal ?? .closed }
    try journal.saveSnapshot(snapshot)
  }

  public func latestSnapshot(foldVersion: UInt32) -> JournalSnapshot? {
    if let journal { return journal.latestSnapshot(foldVersion: foldVersion) }
    guard let reader, let snapshot = SnapshotFile(folder: folder.path).load(), snapshot.foldVersion == foldVersion,
      reader.holds(snapshot.head)
    else { return nil }
    given = snapshot.head
    return snapshot
  }

  /// Opens what could not be opened; then as `SQLiteJournal.maintain`.
  public func maintain(month wall: JournalMonth?) throws(JournalError) {
    if let journal { return try journal.maintain(month: wall) }
    month = wall
    let began = ContinuousClock.now
    // Asked first, as a full disk says so at once, while trying would write.
    guard began >= nextTry, !isFull || ballast.isPresent else { return }
    reader?.closeReading()
    do throws(JournalError) {
      journal = try open()
      reader = nil
      lock = nil
    } catch {
      refusal = error
      let now = ContinuousClock.now
      // A journal that takes long to be looked through must not keep the station from its work.
      nextTry = now + max(Self.pause, (now - began) * 10)
      throw error
    }
  }

  public var isAtMonthStart: Bool { journal?.isAtMonthStart ?? false }

  public func holds(_ head: JournalHead) -> Bool { journal?.holds(head) ?? false }

  public func dropSegments(
    through position: JournalPosition, before kept: JournalMonth, mayBegin: (JournalHead) -> Bool
  ) throws(JournalError) -> [String] {
    try journal?.dropSegments(through: position, before: kept, mayBegin: mayBegin) ?? []
  }

  /// Opens it, with the room of the ballast where there is no other.
  private func open() throws(JournalError) -> SQLiteJournal {
    do throws(JournalError) {
      return try SQLiteJournal(folder: folder.path, month: month, options: options, lock: lock)
    } catch {
      guard error.mayPass, isFull, ballast.giveUp() else { throw named(error) }
    }
    do throws(JournalError) {
      return try SQLiteJournal(folder: folder.path, month: month, options: options, lock: lock)
    } catch {
      throw named(error)
    }
  }

  private var ballast: Ballast { Ballast(folder: folder.path, bytes: options.ballastBytes, disk: folder.disk) }

  private var isFull: Bool { folder.disk.room(folder.path).map { $0 < Self.leastRoom } ?? false }

  /// SQLite calls it a failed disk when there is no room for the files beside its own.
  private func named(_ error: JournalError) -> JournalError {
    if case .inputOutput = error, isFull { return .diskFull(callsStillFit: false) }
    return error
  }
}

extension JournalError {
  /// The disk's doing, so that another attempt may succeed.
  fileprivate var mayPass: Bool {
    switch self {
    case .diskFull, .inputOutput, .busy, .damaged: true
    case .inUse, .readOnly, .folderUnusable, .unknownFormat, .tooLarge, .closed, .unknownFileSystem: false
    }
  }
}
