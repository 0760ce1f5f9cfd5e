/// One row as it lies in the file: it carries what it is chained to, so that each row can be verified by itself.
struct StoredEntry {
  var position: JournalPosition
  var previous: EntryHash
  var entry: JournalEntry

  /// Nil unless the hash fits everything else.
  init?(position: JournalPosition, previous: [UInt8], hash: [UInt8], body: [UInt8]) {
    guard let previous = EntryHash(previous), let hash = EntryHash(hash),
      hash == EntryHash.chained(after: previous, at: position, body: body)
    else { return nil }
    self.position = position
    self.previous = previous
    entry = JournalEntry(position: position, body: body, hash: hash)
  }
}

/// A row that was read: whole, or known by its number only.
enum SegmentRow {
  case whole(StoredEntry)
  case altered(key: Int64)
}

/// One open segment file. Errors are SQLite's; what they mean for the journal is decided by its owner.
final class Segment {
  let header: SegmentHeader
  let gaps: [JournalGap]
  /// Rows above this key were written but never counted: the following segment begins below them.
  var ceiling = Int64.max

  private let connection: SQLiteConnection
  private let selecting: SQLiteStatement
  private var inserting: [SQLiteStatement] = []

  private static let schema = """
    CREATE TABLE header (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, fields BLOB NOT NULL);
    CREATE TABLE gap (id INTEGER PRIMARY KEY, after INTEGER NOT NULL, before INTEGER);
    CREATE TABLE entry (key INTEGER PRIMARY KEY, previous BLOB NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL);
    """

  var file: String { header.name.description }
  var pagesAhead: Int { connection.pagesAhead }

  /// Writes a complete, synced file with a header and no entries (or those of a salvage) and closes it. The caller gives it its
  /// final name afterwards, so that a file with a final name always has its header.
  static func create(
    at path: String, vfs: String?, header: SegmentHeader, gaps: [JournalGap] = [], entries: [StoredEntry] = []
  ) throws(SQLiteFailure) {
    let connection = try SQLiteConnection(path: path, mode: .create, vfs: vfs)
    defer { connection.close() }
    try connection.execute("PRAGMA page_size=4096; PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; \(schema)")
    let heading = try connection.prepare("INSERT INTO header VALUES (1, ?1, ?2)")
    heading.bind(Int64(SegmentHeader.formatVersion), at: 1)
    heading.bind(header.encoded, at: 2)
    try heading.run()
    heading.finish()
    let gapping = try connection.prepare("INSERT INTO gap (after, before) VALUES (?1, ?2)")
    for gap in gaps {
      gapping.bind(gap.after.key, at: 1)
      if let before = gap.before { gapping.bind(before.key, at: 2) }
      try gapping.run()
    }
    gapping.finish()
    let inserting = try connection.prepare("INSERT INTO entry VALUES (?1, ?2, ?3, ?4)")
    for stored in entries { try insert(stored.entry, after: stored.previous, with: inserting) }
    inserting.finish()
    try connection.execute("COMMIT")
    try connection.checkpoint(truncating: true)
  }

  init(path: String, vfs: String?, writing: Bool) throws(SQLiteFailure) {
    let connection = try Self.connect(path: path, vfs: vfs, writing: writing)
    self.connection = connection
    let heading = try connection.prepare("SELECT version, fields FROM header")
    guard try heading.step() else { throw SQLiteFailure(code: Self.damagedCode, detail: "no header") }
    let version = Int(heading.integer(0))
    guard version <= SegmentHeader.formatVersion else { throw SQLiteFailure(code: Self.newerCode, detail: "\(version)") }
    guard let header = SegmentHeader(encoded: heading.bytes(1)) else {
      throw SQLiteFailure(code: Self.damagedCode, detail: "header altered")
    }
    heading.finish()
    self.header = header
    let gapping = try connection.prepare("SELECT after, before FROM gap ORDER BY id")
    var gaps: [JournalGap] = []
    while try gapping.step() {
      guard let after = JournalPosition(key: gapping.integer(0)) else { continue }
      gaps.append(JournalGap(after: after, before: gapping.isNull(1) ? nil : JournalPosition(key: gapping.integer(1))))
    }
    gapping.finish()
    self.gaps = gaps
    selecting = try connection.prepare(
      "SELECT key, previous, hash, body FROM entry WHERE key >= ?1 AND key <= ?2 ORDER BY key LIMIT ?3")
    if writing {
      for sql in ["BEGIN IMMEDIATE", "INSERT INTO entry VALUES (?1, ?2, ?3, ?4)", "COMMIT"] {
        inserting.append(try connection.prepare(sql))
      }
    }
  }

  /// SQLITE_CORRUPT, and a code beyond SQLite's own for a file of a later format.
  static let damagedCode: Int32 = 11
  static let newerCode: Int32 = 0x7F00_0000

  private static func connect(path: String, vfs: String?, writing: Bool) throws(SQLiteFailure) -> SQLiteConnection {
    if writing { return try SQLiteConnection(path: path, mode: .write, vfs: vfs) }
    do {
      let connection = try SQLiteConnection(path: path, mode: .read, vfs: vfs)
      try connection.execute("SELECT count(*) FROM sqlite_master")
      return connection
    } catch  where [.readOnly, .other].contains(error.kind) {
      // A folder on a read-only disk has no room for the shared-memory file that a write-ahead file needs.
      let hasAhead = VirtualDisk.exists(path + "-wal")
      let connection = try SQLiteConnection(path: path, mode: hasAhead ? .readAlone : .readAsItLies, vfs: vfs)
      try connection.execute("SELECT count(*) FROM sqlite_master")
      return connection
    }
  }

  /// One transaction, one fsync. After a throw nothing of it counts; whether the file may be used on depends on the failure.
  func append(_ entries: [JournalEntry], after head: JournalHead) throws(SQLiteFailure) {
    guard inserting.count == 3 else { throw SQLiteFailure(code: 8, detail: "opened for reading") }
    do {
      try inserting[0].run()
      var previous = head.hash
      for entry in entries {
        try Self.insert(entry, after: previous, with: inserting[1])
        previous = entry.hash
      }
      try inserting[2].run()
    } catch {
      connection.rollBack()
      throw error
    }
  }

  private static func insert(_ entry: JournalEntry, after previous: EntryHash, with statement: SQLiteStatement)
    throws(SQLiteFailure)
  {
    statement.bind(entry.position.key, at: 1)
    statement.bind(previous.bytes, at: 2)
    statement.bind(entry.hash.bytes, at: 3)
    statement.bind(entry.body, at: 4)
    try statement.run()
  }

  /// At most `limit` rows with `key` or above, in order, never beyond the ceiling.
  func rows(from key: Int64, limit: Int) throws(SQLiteFailure) -> [SegmentRow] {
    defer { selecting.reset() }
    selecting.bind(key, at: 1)
    selecting.bind(ceiling, at: 2)
    selecting.bind(Int64(limit), at: 3)
    var rows: [SegmentRow] = []
    while try selecting.step() {
      let key = selecting.integer(0)
      let stored = JournalPosition(key: key).flatMap {
        StoredEntry(position: $0, previous: selecting.bytes(1), hash: selecting.bytes(2), body: selecting.bytes(3))
      }
      rows.append(stored.map { .whole($0) } ?? .altered(key: key))
    }
    return rows
  }

  /// The key of the last row that counts; nil: the segment has none.
  func lastKey() throws(SQLiteFailure) -> Int64? {
    let statement = try connection.prepare("SELECT max(key) FROM entry WHERE key <= ?1")
    statement.bind(ceiling, at: 1)
    return try statement.step() && !statement.isNull(0) ? statement.integer(0) : nil
  }

  /// How many rows the file's pages say they hold, readable or not.
  func declaredCount() throws(SQLiteFailure) -> Int {
    let statement = try connection.prepare("SELECT count(*) FROM entry")
    return try statement.step() ? Int(statement.integer(0)) : 0
  }

  /// Rows above the ceiling: written in a transaction that failed.
  func voidCount() throws(SQLiteFailure) -> Int {
    guard ceiling < .max else { return 0 }
    let statement = try connection.prepare("SELECT count(*) FROM entry WHERE key > ?1")
    statement.bind(ceiling, at: 1)
    return try statement.step() ? Int(statement.integer(0)) : 0
  }

  /// SQLite's own look at the file's structure; nil: sound.
  func structureProblem() throws(SQLiteFailure) -> String? {
    let statement = try connection.prepare("PRAGMA integrity_check(1)")
    guard try statement.step() else { return "no answer" }
    let answer = statement.text(0)
    return answer == "ok" ? nil : answer
  }

  func checkpoint(truncating: Bool) throws(SQLiteFailure) { try connection.checkpoint(truncating: truncating) }

  func close(keepingAhead: Bool = false) {
    selecting.finish()
    for statement in inserting { statement.finish() }
    inserting = []
    connection.close(keepingAhead: keepingAhead)
  }
}
