import Foundation

#if canImport(Glibc)
  import Glibc
#endif

public struct JournalOptions: Sendable {
  /// A file of this size is kept and given up when the disk is full, so that calls can still be written.
  public var ballastBytes = 16 << 20
  /// A registered file system of SQLite, for tests.
  public var vfs: String?
  /// For `list` and `verify` beside a running station or on a read-only disk.
  public var readOnly = false
  /// `2026-11`: which month's file a new one is; only ever moves forward.
  public var month: String

  public init() {
    let parts = Calendar(identifier: .gregorian).dateComponents([.year, .month], from: Date())
    month = String(format: "%04d-%02d", parts.year ?? 1970, parts.month ?? 1)
  }
}

/// The journal on SQLite: WAL, `synchronous=FULL`, one connection, one owner (design decisions 1 to 5).
public final class SQLiteJournal: EntryStore {
  public let folder: String
  public private(set) var last: JournalEntry?
  public private(set) var condition = JournalCondition.healthy
  let options: JournalOptions
  private let station: String
  private var segments: [Segment] = []
  private var notices: [String] = []
  private let ballast: Ballast
  private var lock: Int32 = -1

  /// Opens or begins the journal of a station in `folder`, salvaging what a damaged file still holds.
  public init(folder: String, station: String, options: JournalOptions = JournalOptions()) throws(JournalError) {
    self.folder = folder
    self.station = station
    self.options = options
    ballast = Ballast(path: folder + "/ballast", bytes: options.ballastBytes)
    if options.readOnly {
      try openAll()
      return
    }
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw .cannotOpen(path: folder, detail: "\(error.localizedDescription)")
    }
    lock = try FolderLock.take(folder)
    do throws(JournalError) {
      try openAll()
      if segments.isEmpty { try begin(epoch: 1, gaps: []) }
      if last != nil, let found = try Verifier(self).problems(after: snapshotPosition()).first {
        throw .readFailed(path: found.path, detail: found.text)
      }
    } catch {
      guard case .readFailed = error else { throw error }
      try salvageAll()
    }
    ballast.make()
  }

  deinit {
    for segment in segments { segment.database.close() }
    if lock >= 0 { close(lock) }
  }

  private func openAll() throws(JournalError) {
    segments = []
    for (number, path) in Segment.list(folder) {
      do throws(Database.Failure) {
        segments.append(try Segment.open(number: number, path: path, readOnly: options.readOnly, vfs: options.vfs))
      } catch {
        throw error.isReadOnly ? .readOnly(path: path) : .readFailed(path: path, detail: error.detail)
      }
    }
    last = nil
    for index in segments.indices.reversed() where last == nil {
      do throws(Database.Failure) { last = try segments[index].last(through: limit(of: index)) } catch {
        throw .readFailed(path: segments[index].path, detail: error.detail)
      }
    }
  }

  /// Rows past this sequence in segment `index` never counted: the next file says where it goes on.
  func limit(of index: Int) -> UInt64? {
    index + 1 < segments.count ? segments[index + 1].header.follows?.sequence ?? 0 : nil
  }

  var files: [Segment] { segments }
  private var epoch: UInt32 { segments.last?.header.epoch ?? 1 }

  private func begin(epoch: UInt32, gaps: [Segment.Gap], month: String? = nil, anchor: [UInt8]? = nil) throws(JournalError) {
    let number = (Segment.list(folder).last?.number ?? 0) + 1
    let month = max(month ?? options.month, segments.last?.header.month ?? "")
    let header = Segment.Header(
      station: station, month: month, epoch: epoch, follows: last?.position,
      previousHash: last?.hash ?? anchor ?? JournalChain.start,
      gaps: gaps)
    do throws(Database.Failure) {
      segments.append(try Segment.create(folder: folder, number: number, header: header, vfs: options.vfs))
    } catch {
      // A half-made file holds nothing that counts.
      unlink(folder + "/" + Segment.fileName(number: number, month: month))
      throw error.isReadOnly ? .readOnly(path: folder) : error.isFull ? .diskFull : .writeFailed(detail: error.detail)
    }
  }

  // MARK: - Writing

  @discardableResult
  public func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry] {
    if options.readOnly { throw .readOnly(path: folder) }
    if condition == .callsOnly {
      if ballast.make() {
        condition = .healthy
      } else if !urgent {
        throw .diskFull
      }
    }
    do throws(Database.Failure) {
      let entries = try write(bodies)
      if condition == .failed { condition = ballast.exists ? .healthy : .callsOnly }
      return entries
    } catch {
      return try recover(from: error, bodies, urgent: urgent)
    }
  }

  private func write(_ bodies: [[UInt8]]) throws(Database.Failure) -> [JournalEntry] {
    guard let segment = segments.last else { throw Database.Failure(code: 14, detail: "no file") }
    var entries: [JournalEntry] = []
    var hash = last?.hash ?? segment.header.previousHash
    var sequence = last?.position.sequence ?? 0
    for body in bodies {
      sequence += 1
      let position = JournalPosition(epoch: epoch, sequence: sequence)
      hash = JournalChain.hash(previous: hash, position: position, body: body)
      entries.append(JournalEntry(position: position, body: body, hash: hash))
    }
    try segment.database.insert(entries)
    last = entries.last ?? last
    return entries
  }

  /// Disk full: the ballast goes, calls go on. Anything else ends the file: nothing since the last good sync counts, and the bodies are
  /// written again to a new file under a new epoch.
  private func recover(from failure: Database.Failure, _ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry] {
    if failure.isFull {
      ballast.remove()
      condition = .callsOnly
      guard urgent else { throw .diskFull }
      do throws(Database.Failure) { return try write(bodies) } catch {
        if error.isFull { throw .diskFull }
      }
    }
    condition = .failed
    do throws(JournalError) {
      try begin(epoch: epoch + 1, gaps: [])
      let entries = try writeAgain(bodies)
      condition = ballast.exists ? .healthy : .callsOnly
      notices.append("\(failure.detail): → \(segments.last?.path ?? "")")
      return entries
    } catch {
      // The file that was just begun holds nothing: it must not stand between what counts and the next try.
      if let empty = segments.last, (try? empty.last(through: nil)) == .some(nil), segments.count > 1 {
        empty.database.close()
        unlink(empty.path)
        segments.removeLast()
      }
      if case .diskFull = error { condition = .callsOnly }
      throw error
    }
  }

  private func writeAgain(_ bodies: [[UInt8]]) throws(JournalError) -> [JournalEntry] {
    do throws(Database.Failure) { return try write(bodies) } catch {
      throw error.isFull ? .diskFull : .writeFailed(detail: error.detail)
    }
  }

  public func takeNotice() -> String? {
    defer { notices.removeAll() }
    return notices.isEmpty ? nil : notices.joined(separator: "; ")
  }

  /// Begins the file of a new month; an earlier or the same one changes nothing.
  public func enter(month: String) throws(JournalError) {
    guard let current = segments.last, month > current.header.month, condition == .healthy, last != nil else { return }
    try begin(epoch: epoch, gaps: [], month: month)
  }

  /// Takes the oldest whole file away (not the one in use); the next one's header is the anchor of the chain.
  public func dropOldestSegment() -> Bool {
    guard segments.count > 1 else { return false }
    let oldest = segments.removeFirst()
    oldest.database.close()
    for ending in ["", "-wal", "-shm"] { unlink(oldest.path + ending) }
    return true
  }

  // MARK: - Reading

  public func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] {
    var found: [JournalEntry] = []
    for index in segments.indices {
      let end = self.limit(of: index)
      if let position, let end, position.sequence >= end { continue }
      do throws(Database.Failure) {
        found += try segments[index].entries(
          after: found.last?.position.sequence ?? position?.sequence, through: end, limit: limit - found.count)
      } catch {
        throw .readFailed(path: segments[index].path, detail: error.detail)
      }
      if found.count >= limit { break }
    }
    return found
  }

  // MARK: - Snapshots, a cache

  public func saveSnapshot(position: JournalPosition, foldVersion: Int, bytes: [UInt8]) throws(JournalError) {
    guard let last, last.position == position else { return }
    do { try SnapshotFile(position: position, hash: last.hash, foldVersion: foldVersion, bytes: bytes).save(folder) } catch {
      throw .writeFailed(detail: error.localizedDescription)
    }
  }

  public func latestSnapshot(foldVersion: Int) throws(JournalError) -> JournalSnapshot? {
    guard let file = SnapshotFile.load(folder), file.foldVersion == foldVersion else { return nil }
    // The entry it was taken at must still be the one in the journal.
    let sequence = file.position.sequence
    let found = try entries(after: sequence == 0 ? nil : JournalPosition(epoch: 0, sequence: sequence - 1), limit: 1).first
    guard let found, found.position == file.position, found.hash == file.hash else { return nil }
    return JournalSnapshot(position: file.position, hash: file.hash, bytes: file.bytes)
  }

  private func snapshotPosition() -> JournalPosition? { SnapshotFile.load(folder)?.position }

  // MARK: - Salvage

  /// Copies whatever can be read into new files; the damaged ones stay beside them under another name.
  private func salvageAll() throws(JournalError) {
    for segment in segments { segment.database.close() }
    segments = []
    last = nil
    let salvaged = Salvage(folder: folder, vfs: options.vfs).collect()
    let epoch = (salvaged.highestEpoch ?? 0) + 1
    try begin(epoch: epoch, gaps: salvaged.gaps, anchor: salvaged.anchor)
    do throws(Database.Failure) {
      var rest = salvaged.entries[...]
      while !rest.isEmpty {
        try segments[0].database.insert(Array(rest.prefix(1000)))
        rest = rest.dropFirst(1000)
      }
    } catch {
      throw .writeFailed(detail: error.detail)
    }
    last = salvaged.entries.last
    Salvage.setAside(salvaged.paths)
    let gaps = salvaged.gaps.map { "\($0.from)…\($0.through)" }.joined(separator: ", ")
    notices.append(
      "日志损坏,已抢救 \(salvaged.entries.count) 条;缺: \(gaps.isEmpty ? "无" : gaps) / salvaged \(salvaged.entries.count), missing: \(gaps)"
    )
  }

  /// Checks the whole chain; an empty list means that every entry is there and unchanged.
  public func verify() throws(JournalError) -> [JournalProblem] { try Verifier(self).problems(after: nil) }
}
