import CSQLite
import Foundation

/// The wrapped keys of sealed fields: a SQLite file of its own, which is not in the journal, not in its copies, and forgets what it deletes.
///
/// Used from any thread, by one program at a time that writes. A file that cannot be opened is left as it is: the station runs without, and
/// keeps nothing personal meanwhile.
public final class KeyDatabase: Sendable {
  public static let fileName = "sealed-keys.sqlite"
  /// Of stations below, at their parent: each name has the station's before it (`prefix`).
  public static let belowFileName = "sealed-keys-below.sqlite"

  public static func prefix(of station: String) -> String { station + "/" }

  public struct WrappedKey: Sendable, Equatable {
    public var name: String
    /// Whose public key it was wrapped to (`SealRecipient.mark`).
    public var recipient: [UInt8]
    public var bytes: [UInt8]

    public init(name: String, recipient: [UInt8], bytes: [UInt8]) {
      self.name = name
      self.recipient = recipient
      self.bytes = bytes
    }
  }

  // Used under the lock only.
  private nonisolated(unsafe) let file: SQLiteFile
  private let turn = NSLock()
  public let path: String

  /// Makes the file if there is none. What an earlier run had deleted and not yet pushed out of the write-ahead file is pushed out now.
  ///
  /// - Parameter vfs: for tests with a disk that fails.
  public init(path: String, vfs: String? = nil) throws(KeyDatabaseError) {
    self.path = path
    let file = try Self.attempt(path) { () throws(SQLiteProblem) in
      let file = try SQLiteFile(path: path, writing: true, vfs: vfs)
      // Before the first page is written: deleted rows are overwritten where they lie.
      try file.execute("PRAGMA secure_delete=ON; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0")
      try file.execute(
        "CREATE TABLE IF NOT EXISTS key(name TEXT PRIMARY KEY, recipient BLOB NOT NULL, wrapped BLOB NOT NULL) WITHOUT ROWID")
      try file.checkSound()
      try file.emptyLog()
      return file
    }
    chmod(path, 0o600)
    self.file = file
  }

  /// To look only: makes nothing, changes nothing, works beside a running station.
  public init(reading path: String) throws(KeyDatabaseError) {
    self.path = path
    file = try Self.attempt(path) { () throws(SQLiteProblem) in try SQLiteFile(path: path, writing: false, vfs: nil) }
  }

  private static func attempt<Value>(
    _ path: String, _ body: () throws(SQLiteProblem) -> Value
  ) throws(KeyDatabaseError) -> Value {
    do throws(SQLiteProblem) { return try body() } catch { throw KeyDatabaseError(path: path, reason: error.description) }
  }

  private func with<Value>(_ body: (SQLiteFile) throws(SQLiteProblem) -> Value) throws(KeyDatabaseError) -> Value {
    turn.lock()
    defer { turn.unlock() }
    return try Self.attempt(path) { () throws(SQLiteProblem) in try body(file) }
  }

  /// Returns when it is on the disk.
  public func add(_ key: WrappedKey) throws(KeyDatabaseError) {
    try with { file throws(SQLiteProblem) in
      try file.run(
        "INSERT INTO key(name, recipient, wrapped) VALUES(?1, ?2, ?3)",
        [.text(key.name), .bytes(key.recipient), .bytes(key.bytes)])
      // Keys are few: the log is emptied by deletions, and here before it grows.
      if file.logPages > 256 { try? file.emptyLog() }
    }
  }

  /// All or none; the newest of a name stands. Returns when they are on the disk.
  private func put(_ keys: [WrappedKey]) throws(KeyDatabaseError) {
    guard !keys.isEmpty else { return }
    try with { file throws(SQLiteProblem) in
      try file.execute("BEGIN IMMEDIATE")
      do throws(SQLiteProblem) {
        for key in keys {
          try file.run(
            "INSERT OR REPLACE INTO key(name, recipient, wrapped) VALUES(?1, ?2, ?3)",
            [.text(key.name), .bytes(key.recipient), .bytes(key.bytes)])
        }
        try file.execute("COMMIT")
      } catch {
        file.rollBack()
        throw error
      }
      if file.logPages > 256 { try? file.emptyLog() }
    }
  }

  public func key(_ name: String) throws(KeyDatabaseError) -> WrappedKey? {
    try with { file throws(SQLiteProblem) in
      try file.rows("SELECT name, recipient, wrapped FROM key WHERE name = ?1", [.text(name)]).first.map(Self.key)
    }
  }

  public func names() throws(KeyDatabaseError) -> [String] {
    try with { file throws(SQLiteProblem) in try file.rows("SELECT name FROM key ORDER BY name", []).map { $0[0].text } }
  }

  public func count() throws(KeyDatabaseError) -> Int {
    try with { file throws(SQLiteProblem) in
      Int(clamping: try file.rows("SELECT count(*) FROM key", []).first.map { $0[0].number } ?? 0)
    }
  }

  /// Deletes them, and returns when no page of the file and nothing in its write-ahead file holds them any more. Only where another program
  /// reads an old page at that moment (`linli seal list`) the latter is left to the next deletion, sweep or start.
  ///
  /// - Returns: how many there were.
  @discardableResult
  public func delete(_ names: [String]) throws(KeyDatabaseError) -> Int {
    guard !names.isEmpty else {
      try with { file throws(SQLiteProblem) in if file.owesEmptying { try file.emptyLog() } }
      return 0
    }
    return try with { file throws(SQLiteProblem) in
      var deleted = 0
      try file.execute("BEGIN IMMEDIATE")
      do throws(SQLiteProblem) {
        for name in names { deleted += try file.run("DELETE FROM key WHERE name = ?1", [.text(name)]) }
        try file.execute("COMMIT")
      } catch {
        file.rollBack()
        throw error
      }
      try file.emptyLog()
      return deleted
    }
  }

  /// Keys behind a name, in order, `limit` at most, of those whose names begin with `prefix`.
  public func keys(of prefix: String = "", after name: String = "", limit: Int) throws(KeyDatabaseError) -> [WrappedKey] {
    try with { file throws(SQLiteProblem) in
      try file.rows(
        "SELECT name, recipient, wrapped FROM key WHERE name > ?1 AND name < ?2 ORDER BY name LIMIT ?3",
        [.text(prefix + name), .text(prefix + Self.beyond), .number(Int64(limit))]
      ).map(Self.key)
    }
  }

  /// Behind every name: they are hexadecimal.
  private static let beyond = "~"

  /// Puts these in the place of all keys with this prefix behind `after` and up to `through` (empty: to the end).
  ///
  /// - Returns: how many keys with this prefix there are now; `nil`, with nothing changed: it would be more than `limit`.
  public func replace(
    of prefix: String, after: String, through: String, with keys: [WrappedKey], limit: Int
  ) throws(KeyDatabaseError) -> Int? {
    let last = prefix + (through.isEmpty ? Self.beyond : through)
    let there = try with { file throws(SQLiteProblem) in
      try file.rows(
        "SELECT name, recipient, wrapped FROM key WHERE name > ?1 AND name <= ?2", [.text(prefix + after), .text(last)]
      ).map(Self.key)
    }
    let names = Set(keys.map(\.name))
    let gone = there.map(\.name).filter { !names.contains($0) }
    let known = Dictionary(there.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let news = keys.filter { known[$0.name] != $0 }
    let all = try with { file throws(SQLiteProblem) in
      try file.rows("SELECT count(*) FROM key WHERE name > ?1 AND name < ?2", [.text(prefix), .text(prefix + Self.beyond)])
        .first.map { Int(clamping: $0[0].number) } ?? 0
    }
    let left = all - gone.count + news.count { known[$0.name] == nil }
    guard left <= limit else { return nil }
    try put(news)
    try delete(gone)
    return left
  }

  private static func key(_ row: [SQLiteFile.Value]) -> WrappedKey {
    WrappedKey(name: row[0].text, recipient: row[1].raw, bytes: row[2].raw)
  }
}

public struct KeyDatabaseError: Error, Sendable, Equatable, CustomStringConvertible {
  public var path: String
  public var reason: String

  public var description: String {
    "密钥库 \(path) 不能用: \(reason);已封存的信息暂时打不开也销毁不了,请修好磁盘,或把文件移走(移走后旧信息永远打不开) / the key database \(path) cannot be used: \(reason)"
  }
}
