import CSQLite
import Foundation

/// The wrapped keys of sealed fields: a SQLite file of its own, which is not in the journal, not in its copies, and forgets what it deletes.
///
/// Used from any thread, by one program at a time that writes. A file that cannot be opened is left as it is: the station runs without, and
/// keeps nothing personal meanwhile.
public final class KeyDatabase: Sendable {
  public static let fileName = "sealed-keys.sqlite"

  public struct WrappedKey: Sendable, Equatable {
    public var name: String
    /// Whose public key it was wrapped to (`SealRecipient.mark`).
    public var recipient: [UInt8]
    public var bytes: [UInt8]
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

  /// What the parent keeps of a station below: the newest stands.
  public func put(_ key: WrappedKey) throws(KeyDatabaseError) {
    try with { file throws(SQLiteProblem) in
      _ = try file.run(
        "INSERT OR REPLACE INTO key(name, recipient, wrapped) VALUES(?1, ?2, ?3)",
        [.text(key.name), .bytes(key.recipient), .bytes(key.bytes)])
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

  /// Deletes them, and returns when no page of the file and nothing in its write-ahead file holds them any more.
  ///
  /// - Returns: how many there were.
  @discardableResult
  public func delete(_ names: [String]) throws(KeyDatabaseError) -> Int {
    guard !names.isEmpty else { return 0 }
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
      // A reader that holds an old page keeps it there: the next deletion, or the next start, does it.
      try file.emptyLog()
      return deleted
    }
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
