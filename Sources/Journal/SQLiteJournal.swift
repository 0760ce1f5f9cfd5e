/// The journal of the field: monthly SQLite files in one folder, hash-chained, one writer. See README.md for the promises.
///
/// Not shared between threads: the station's thread owns it, together with the station.
public final class SQLiteJournal: EntryStore {
  public private(set) var last: JournalHead
  public internal(set) var condition = JournalCondition.healthy
  /// Damages that were found and salvaged when the journal was opened.
  public private(set) var salvages: [JournalSalvage] = []

  let options: JournalOptions
  let folder: JournalFolder
  let archive: Archive
  let snapshots: SnapshotFile
  let ballast: Ballast
  var month: JournalMonth
  private var lock: FolderLock?
  private var closed = false

  /// Opens the journal in `folder`, which is made when it is not there; verifies the chain from the last snapshot; salvages what is
  /// damaged.
  ///
  /// - Parameter month: the wall date's, or nil while the clock cannot be trusted. A month before the newest file's is ignored.
  /// - Throws: `.inUse` when another process has it, `.readOnly`, `.folderUnusable`, `.diskFull`, `.inputOutput`, `.unknownFormat`.
  public convenience init(folder path: String, month wall: JournalMonth?, options: JournalOptions = JournalOptions())
    throws(JournalError)
  {
    try self.init(folder: path, month: wall, options: options, lock: nil)
  }

  /// - Parameter held: the folder's lock where the caller has it already.
  init(folder path: String, month wall: JournalMonth?, options: JournalOptions, lock held: FolderLock?) throws(JournalError) {
    self.options = options
    folder = try JournalFolder(path: path, vfs: options.vfs)
    try folder.make()
    if let held { lock = held } else { lock = try FolderLock(folder: path) }
    try folder.tidy()
    snapshots = SnapshotFile(folder: path)
    ballast = Ballast(folder: path, bytes: options.ballastBytes, disk: folder.disk)
    archive = try Archive(folder: folder, vfs: options.vfs)
    month = max(wall ?? .unknown, archive.items.last?.name.month ?? .unknown)
    last = .start
    let suspicious = try check()
    last = try archive.lastHead()
    if archive.items.isEmpty {
      try begin(epoch: nextEpoch(), cause: .firstOfAll)
    } else if suspicious {
      try begin(epoch: nextEpoch(), cause: .salvage)
    } else if options.beginEpoch {
      try begin(epoch: nextEpoch(), cause: .restored)
    } else {
      try resume()
    }
    refillBallast()
  }

  deinit { close() }

  /// Moves everything into the main file and lets go of the folder. Nothing is lost when it is not called.
  public func close() {
    guard !closed else { return }
    closed = true
    archive.closeReading()
    archive.current?.close()
    archive.current = nil
    lock = nil
  }

  // MARK: Writing

  public func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry] {
    guard !closed else { throw .closed }
    guard bodies.count <= JournalOptions.maximumBatch else { throw .tooLarge(bytes: bodies.count) }
    for body in bodies where body.count > JournalOptions.maximumBodyBytes { throw .tooLarge(bytes: body.count) }
    guard !bodies.isEmpty else { return [] }
    if condition.state == .diskFull && !urgent { throw .diskFull(callsStillFit: true) }
    if archive.current.map({ $0.header.room(after: last.position) < UInt64(bodies.count) }) ?? true {
      try beginAnew(urgent: urgent)
    }
    // Twice, because the second attempt is on a new file or on a disk with the ballast given up; more would only delay the alarm.
    for attempt in 1...3 {
      do {
        return try commit(bodies)
      } catch {
        if attempt == 3 { throw reported(error) }
        try recover(from: error, urgent: urgent)
      }
    }
    throw .closed
  }

  private func commit(_ bodies: [[UInt8]]) throws(SQLiteFailure) -> [JournalEntry] {
    guard let segment = archive.current else { throw SQLiteFailure(code: 14, detail: "no file") }
    var head = last
    var entries: [JournalEntry] = []
    entries.reserveCapacity(bodies.count)
    for body in bodies {
      let entry = head.followed(by: body, inEpoch: segment.header.epoch)
      entries.append(entry)
      head = entry.head
    }
    try segment.append(entries, after: last)
    last = head
    if condition.state == .failed { condition.state = ballast.isThere ? .healthy : .diskFull }
    // Without idle moments the write-ahead file must not grow for ever. The entries are durable whatever comes of this.
    if segment.pagesAhead >= options.checkpointPages &* 8 { checkpoint() }
    return entries
  }

  /// Makes the next attempt possible, or throws what the caller has to know.
  private func recover(from failure: SQLiteFailure, urgent: Bool) throws(JournalError) {
    switch failure.kind {
    case .busy:
      throw reported(failure)
    case .full:
      try makeRoom(failure, urgent: urgent)
    case .readOnly, .damaged, .other:
      end(failure)
      try beginAnew(urgent: urgent)
    }
  }

  /// Gives the ballast up; from then on only calls are written.
  private func makeRoom(_ failure: SQLiteFailure, urgent: Bool) throws(JournalError) {
    let given = ballast.giveUp()
    if condition.state != .diskFull {
      condition.note(JournalFault(kind: .diskFull, file: currentFile, position: last.position, detail: failure.detail))
    }
    condition.state = .diskFull
    guard urgent else { throw .diskFull(callsStillFit: true) }
    guard given else { throw .diskFull(callsStillFit: false) }
  }

  /// The current file is finished: what was written behind the last good sync does not count, because the next file begins before it.
  private func end(_ failure: SQLiteFailure) {
    condition.note(
      JournalFault(kind: .fileEnded, file: currentFile, position: last.position, detail: "\(failure.code) \(failure.detail)"))
    archive.current?.close(keepingAhead: true)
    archive.current = nil
  }

  /// A new file under a new epoch, making room for it where that is allowed.
  private func beginAnew(urgent: Bool) throws(JournalError) {
    try beginAnew(epoch: nextEpoch(), cause: archive.current == nil ? .fileEnded : .sequenceFull, urgent: urgent)
  }

  func beginAnew(epoch: UInt32, cause: SegmentCause, urgent: Bool) throws(JournalError) {
    do {
      try begin(epoch: epoch, cause: cause)
    } catch .diskFull {
      try makeRoom(SQLiteFailure(code: 13, detail: "no room for a new file"), urgent: urgent)
      try begin(epoch: epoch, cause: cause)
    } catch {
      condition.state = .failed
      throw error
    }
  }

  // MARK: Files

  /// Continues in the newest file, or in a new one when the month has changed.
  private func resume() throws(JournalError) {
    guard let name = archive.items.last?.name, let header = archive.items.last?.header else { throw .closed }
    if name.month < month { return try begin(epoch: header.epoch, cause: .month) }
    archive.closeReading()
    do {
      archive.current = try Segment(path: archive.path(name), vfs: options.vfs, writing: true)
    } catch {
      throw archive.reported(error, name, "open")
    }
  }

  /// Begins a new file: made complete under another name, then renamed, so that no half-made file is ever part of the chain.
  func begin(epoch: UInt32, cause: SegmentCause) throws(JournalError) {
    let number = (archive.items.last?.name.number ?? 0) + 1
    let header = SegmentHeader(name: SegmentName(month: month, number: number), epoch: epoch, anchor: last, cause: cause)
    let file = "\(header.name)"
    let fresh = file + JournalFolder.beingMade
    do {
      for part in ["", "-wal", "-shm", "-journal"] { try folder.disk.delete("\(folder.path)/\(fresh)\(part)") }
      try Segment.create(at: "\(folder.path)/\(fresh)", vfs: options.vfs, header: header)
    } catch {
      throw archive.reported(error, header.name, "begin")
    }
    // From here on a file may exist that begins at `last`: were the old one still written to when this fails, a later start would
    // take what follows for void. So it is closed first, and the next attempt replaces the new file.
    archive.current?.close(keepingAhead: cause == .fileEnded)
    archive.current = nil
    do {
      try folder.disk.rename(fresh, to: file, in: folder.path)
      archive.add(try Segment(path: archive.path(header.name), vfs: options.vfs, writing: true))
    } catch {
      throw archive.reported(error, header.name, "begin")
    }
  }

  /// One above every epoch that is known, and not below the floor of the options.
  func nextEpoch() -> UInt32 {
    let known = archive.items.compactMap { $0.header?.epoch }.max() ?? 0
    let snapshot = snapshots.load()?.head.position.epoch ?? 0
    let (next, overflow) = max(known, snapshot, last.position.epoch).addingReportingOverflow(1)
    return max(overflow ? .max : next, options.epochFloor, 1)
  }

  /// Verifies from the last snapshot on and salvages what is damaged. True when the past can no longer be vouched for.
  private func check() throws(JournalError) -> Bool {
    let proof = snapshots.load()?.head
    let start = proof.flatMap { archive.holds($0) ? $0 : nil }
    let report = archive.verify(from: start, structure: false)
    var suspicious = false
    // From the newest back: a salvage changes no index before its own.
    for index in archive.items.indices.reversed()
    where report.findings.contains(where: { $0.file == "\(archive.items[index].name)" }) {
      guard report.needsSalvage(of: "\(archive.items[index].name)") else { continue }
      let salvage = try archive.salvage(index, proof: index == archive.items.count - 1 ? proof : nil)
      salvages.insert(salvage, at: 0)
      suspicious = true
      let position = salvage.gaps.first?.after ?? .start
      condition.note(JournalFault(kind: .salvaged, file: salvage.file, position: position, detail: "\(salvage)"))
    }
    for finding in report.findings where !report.needsSalvage(of: finding.file) {
      let position = finding.position ?? .start
      condition.note(JournalFault(kind: .entriesMissing, file: finding.file, position: position, detail: finding.problem.english))
    }
    if suspicious { try archive.reload() }
    if let proof, start == nil, let end = try? archive.lastHead().position, proof.position > end {
      let file = archive.items.last.map { "\($0.name)" } ?? "-"
      condition.note(JournalFault(kind: .entriesMissing, file: file, position: end, detail: "snapshot at \(proof.position)"))
      suspicious = true
    }
    return suspicious
  }

  var currentFile: String { archive.items.last.map { "\($0.name)" } ?? "-" }

  private func reported(_ failure: SQLiteFailure) -> JournalError {
    JournalError(failure, file: currentFile, folder: folder.path, during: "append")
  }

  func checkpoint() {
    do {
      try archive.current?.checkpoint(truncating: false)
    } catch  where error.kind == .busy || error.kind == .full {
      // Somebody reads, or there is no room in the main file: the pages stay where they are, which is as durable.
      return
    } catch {
      end(error)
    }
  }
}

extension JournalVerification {
  /// Files that are missing, or borders that do not meet, cannot be mended by copying a file.
  fileprivate func needsSalvage(of file: String) -> Bool {
    findings.contains { finding in
      guard finding.file == file else { return false }
      switch finding.problem {
      case .filesMissing, .anchorMismatch, .endMissing: return false
      default: return true
      }
    }
  }
}
