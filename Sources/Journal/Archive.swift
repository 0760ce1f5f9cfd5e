/// The segments of a folder as one chain. It reads; only the owner of the lock writes.
final class Archive {
  struct Item {
    var name: SegmentName
    /// Nil: the file cannot be read or its header was altered.
    var header: SegmentHeader?
    var gaps: [JournalGap] = []
    var ceiling = Int64.max
    var detail = ""
  }

  let folder: JournalFolder
  let vfs: String?
  private(set) var items: [Item] = []
  /// The segment that is written, when the archive belongs to the writer.
  var current: Segment?
  private var reading: Segment?

  init(folder: JournalFolder, vfs: String?) throws(JournalError) {
    self.folder = folder
    self.vfs = vfs
    try reload()
  }

  /// Reads the folder and every segment's header again.
  func reload() throws(JournalError) {
    closeReading()
    var found: [Item] = []
    for name in try folder.segments() {
      if let known = items.first(where: { $0.name == name && $0.header != nil && $0.ceiling < .max }) {
        found.append(known)
        continue
      }
      do {
        let segment = try Segment(path: path(name), vfs: vfs, writing: false)
        let named = segment.header.name == name
        found.append(Item(name: name, header: named ? segment.header : nil, gaps: segment.gaps, detail: named ? "" : "renamed"))
        segment.close()
      } catch {
        if case .unknownFormat = JournalError(error, file: "", folder: "", during: "") { throw reported(error, name, "open") }
        // A disk that refuses to read is no reason to take the file for damaged and to copy it.
        guard error.kind == .damaged else { throw reported(error, name, "open") }
        found.append(Item(name: name, detail: error.detail))
      }
    }
    items = found
    setCeilings()
  }

  /// Rows of a segment count only up to where the next one begins.
  private func setCeilings() {
    for index in items.indices {
      let next = items[(index + 1)...].first { $0.header != nil }
      items[index].ceiling = next?.header?.anchor.position.key ?? .max
    }
  }

  func add(_ segment: Segment) {
    items.append(Item(name: segment.header.name, header: segment.header, gaps: segment.gaps))
    setCeilings()
    current = segment
  }

  /// After a salvage: the file of this name is another one now.
  func replace(_ index: Int, header: SegmentHeader, gaps: [JournalGap]) {
    items[index].header = header
    items[index].gaps = gaps
  }

  func forgetItems(_ count: Int) {
    closeReading()
    items.removeFirst(count)
  }

  func path(_ name: SegmentName) -> String { "\(folder.path)/\(name)" }

  /// The segment, open for reading (or the one being written), with its ceiling set.
  func segment(_ index: Int) throws(JournalError) -> Segment {
    let item = items[index]
    if let current, current.header.name == item.name { return current }
    if let reading, reading.header.name == item.name {
      reading.ceiling = item.ceiling
      return reading
    }
    closeReading()
    guard item.header != nil else { throw .damaged(file: "\(item.name)", position: nil, problem: .headerAltered) }
    do {
      let segment = try Segment(path: path(item.name), vfs: vfs, writing: false)
      segment.ceiling = item.ceiling
      reading = segment
      return segment
    } catch {
      throw reported(error, item.name, "open")
    }
  }

  func closeReading() {
    reading?.close()
    reading = nil
  }

  /// The index of the segment in which the entry behind `position` lies; nil position: the first.
  func index(after position: JournalPosition?) -> Int {
    guard let position else { return 0 }
    return items.lastIndex { $0.header.map { $0.anchor.position <= position } ?? false } ?? 0
  }

  /// See `EntryStore.entries`.
  func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] {
    var found: [JournalEntry] = []
    let first = index(after: position)
    var walk = ChainWalk(from: nil)
    for index in items.indices.dropFirst(first) where found.count < limit {
      let segment = try segment(index)
      if let problem = walk.enter(segment.header, after: index > first ? items[index - 1].gaps : []) {
        throw .damaged(file: segment.file, position: segment.header.anchor.position, problem: problem)
      }
      var key = segment.header.first.key
      if index == first, let position, position > segment.header.anchor.position {
        // The entry that the caller has already is read again: the next one must follow it.
        key = max(key, position.key)
        walk.lose()
      }
      var more = true
      while more && found.count < limit {
        // One more than wanted, for the entry that is read again.
        let wanted = min(limit - found.count, 511) + 1
        let rows = try read(segment, from: key, limit: wanted)
        more = rows.count == wanted
        for row in rows {
          let stored = try checked(row, in: segment, walk: &walk)
          key = stored.position.key + 1
          if position.map({ stored.position > $0 }) ?? true, found.count < limit { found.append(stored.entry) }
        }
      }
    }
    return found
  }

  func read(_ segment: Segment, from key: Int64, limit: Int) throws(JournalError) -> [SegmentRow] {
    do {
      return try segment.rows(from: key, limit: limit)
    } catch {
      throw reported(error, segment.header.name, "read")
    }
  }

  private func checked(_ row: SegmentRow, in segment: Segment, walk: inout ChainWalk) throws(JournalError) -> StoredEntry {
    switch row {
    case .altered(let key):
      throw .damaged(file: segment.file, position: JournalPosition(key: key), problem: .contentAltered)
    case .whole(let stored):
      if let problem = walk.accept(stored, in: segment.header, gaps: segment.gaps) {
        throw .damaged(file: segment.file, position: stored.position, problem: problem)
      }
      return stored
    }
  }

  /// The end of the chain as the files have it.
  func lastHead() throws(JournalError) -> JournalHead {
    guard let index = items.indices.last else { return .start }
    let segment = try segment(index)
    do {
      guard let key = try segment.lastKey() else { return segment.header.anchor }
      if case .whole(let stored)? = try segment.rows(from: key, limit: 1).first { return stored.entry.head }
    } catch {
      throw reported(error, segment.header.name, "read")
    }
    throw .damaged(file: segment.file, position: nil, problem: .contentAltered)
  }

  /// Whether the chain has this very head, be it an entry or the anchor that a dropped segment left.
  func holds(_ head: JournalHead) -> Bool {
    if head == .start || items.contains(where: { $0.header?.anchor == head }) { return true }
    guard !items.isEmpty, let segment = try? segment(index(after: head.position)),
      case .whole(let stored)? = try? segment.rows(from: head.position.key, limit: 1).first
    else { return false }
    return stored.entry.head == head
  }

  func reported(_ failure: SQLiteFailure, _ name: SegmentName, _ operation: String) -> JournalError {
    JournalError(failure, file: "\(name)", folder: folder.path, during: operation)
  }
}
