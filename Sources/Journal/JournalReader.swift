/// A journal to look at: takes no lock, writes nothing, and works beside a running station and on a read-only disk.
///
/// Used from one thread, like everything here.
public final class JournalReader {
  private let archive: Archive

  /// - Throws: `.folderUnusable`, `.readOnly` (may not even be entered), `.unknownFormat`, `.inputOutput`.
  public init(folder: String, vfs: String? = nil) throws(JournalError) {
    archive = try Archive(folder: JournalFolder(path: folder, vfs: vfs), vfs: vfs)
  }

  /// Looks again which files there are: a running station begins a new one each month, and after a fault.
  public func refresh() throws(JournalError) { try archive.reload() }

  /// See `EntryStore.entries`.
  public func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] {
    try archive.entries(after: position, limit: limit)
  }

  public func last() throws(JournalError) -> JournalHead { try archive.lastHead() }

  public func segments() -> [JournalSegment] { archive.summary() }

  /// Verifies the whole journal, and that it reaches as far as its snapshot says.
  ///
  /// - Parameter progress: called after every 512 entries at the most; false stops.
  public func verify(progress: ((JournalVerification.Progress) -> Bool)? = nil) -> JournalVerification {
    archive.verifyWhole(progress: progress)
  }
}

/// One file of the journal, for lists.
public struct JournalSegment: Sendable, Hashable {
  public var file: String
  public var month: JournalMonth
  public var number: UInt32
  /// Nil: the file's header cannot be read.
  public var epoch: UInt32?
  public var cause: SegmentCause?
  /// The end of the file before it.
  public var anchor: JournalHead?
  /// The file's size in bytes, its write-ahead file included.
  public var bytes: Int
  public var gaps: [JournalGap]
}

extension Archive {
  func summary() -> [JournalSegment] {
    items.map { item in
      let path = path(item.name)
      return JournalSegment(
        file: "\(item.name)", month: item.name.month, number: item.name.number, epoch: item.header?.epoch,
        cause: item.header?.cause, anchor: item.header?.anchor,
        bytes: (folder.disk.size(path) ?? 0) + (folder.disk.size(path + "-wal") ?? 0), gaps: item.gaps)
    }
  }

  func verifyWhole(progress: ((JournalVerification.Progress) -> Bool)?) -> JournalVerification {
    var report = verify(from: nil, structure: true, progress: progress)
    if let proof = SnapshotFile(folder: folder.path).load()?.head, let name = items.last?.name,
      let end = try? lastHead().position, end < proof.position
    {
      report.note(name, end, .endMissing(through: proof.position))
    }
    return report
  }
}
