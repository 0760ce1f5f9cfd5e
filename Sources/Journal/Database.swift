import CSQLite

/// One connection of SQLite's C API with the few statements a journal needs. One thread owns it.
final class Database {
  let path: String
  private var handle: OpaquePointer?
  private var insertStatement: OpaquePointer?

  struct Failure: Error {
    var code: Int32
    var detail: String
    var isFull: Bool { code & 0xFF == SQLITE_FULL }
    var isReadOnly: Bool { code & 0xFF == SQLITE_READONLY || code & 0xFF == SQLITE_CANTOPEN }
    var isCorrupt: Bool { code & 0xFF == SQLITE_CORRUPT || code & 0xFF == SQLITE_NOTADB }
  }

  /// - Parameter vfs: name of a registered file system of SQLite, for tests.
  init(path: String, create: Bool, readOnly: Bool, vfs: String?) throws(Failure) {
    self.path = path
    let flags =
      (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0)) | SQLITE_OPEN_NOMUTEX
    let code = sqlite3_open_v2(path, &handle, flags, vfs)
    guard code == SQLITE_OK else {
      let failure = failure(code)
      sqlite3_close_v2(handle)
      throw failure
    }
    sqlite3_extended_result_codes(handle, 1)
    guard !readOnly else { return }
    do throws(Failure) {
      // FULL: every commit waits for the disk. The log is kept small, so that a start after a power cut is quick.
      try execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=500")
    } catch {
      sqlite3_close_v2(handle)
      throw error
    }
  }

  deinit { close() }

  func close() {
    sqlite3_finalize(insertStatement)
    sqlite3_close_v2(handle)
    insertStatement = nil
    handle = nil
  }

  private func failure(_ code: Int32) -> Failure {
    let text = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
    return Failure(code: handle.map { max(code, sqlite3_extended_errcode($0)) } ?? code, detail: "\(text) (\(code))")
  }

  func execute(_ sql: String) throws(Failure) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code) }
  }

  /// All rows in one transaction; on any error nothing of it counts.
  func insert(_ entries: [JournalEntry]) throws(Failure) {
    try execute("BEGIN IMMEDIATE")
    do throws(Failure) {
      for entry in entries { try insert(entry) }
      try execute("COMMIT")
    } catch {
      sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  private func insert(_ entry: JournalEntry) throws(Failure) {
    if insertStatement == nil {
      let code = sqlite3_prepare_v2(
        handle, "INSERT INTO entries(sequence, epoch, body, hash) VALUES (?,?,?,?)", -1, &insertStatement, nil)
      guard code == SQLITE_OK else { throw failure(code) }
    }
    sqlite3_bind_int64(insertStatement, 1, Int64(bitPattern: entry.position.sequence))
    sqlite3_bind_int64(insertStatement, 2, Int64(entry.position.epoch))
    let code = entry.body.withUnsafeBufferPointer { body in
      entry.hash.withUnsafeBufferPointer { hash in
        sqlite3_bind_blob(insertStatement, 3, body.baseAddress, Int32(clamping: body.count), nil)
        sqlite3_bind_blob(insertStatement, 4, hash.baseAddress, Int32(clamping: hash.count), nil)
        return sqlite3_step(insertStatement)
      }
    }
    let problem = code == SQLITE_DONE ? nil : failure(code)
    sqlite3_reset(insertStatement)
    if let problem { throw problem }
  }

  /// Rows of `sequence, epoch, body, hash`.
  func entries(_ condition: String, _ arguments: [Int64]) throws(Failure) -> [JournalEntry] {
    var found: [JournalEntry] = []
    try query("SELECT sequence, epoch, body, hash FROM entries " + condition, arguments) { row in
      let position = JournalPosition(
        epoch: UInt32(truncatingIfNeeded: sqlite3_column_int64(row, 1)),
        sequence: UInt64(bitPattern: sqlite3_column_int64(row, 0)))
      found.append(JournalEntry(position: position, body: Self.blob(row, 2), hash: Self.blob(row, 3)))
    }
    return found
  }

  func text(_ sql: String) throws(Failure) -> [String] {
    var found: [String] = []
    try query(sql, []) { row in found.append(sqlite3_column_text(row, 0).map { String(cString: $0) } ?? "") }
    return found
  }

  private func query(_ sql: String, _ arguments: [Int64], _ body: (OpaquePointer?) -> Void) throws(Failure) {
    var statement: OpaquePointer?
    var code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
    guard code == SQLITE_OK else { throw failure(code) }
    defer { sqlite3_finalize(statement) }
    for (index, value) in arguments.enumerated() { sqlite3_bind_int64(statement, Int32(index + 1), value) }
    while true {
      code = sqlite3_step(statement)
      if code == SQLITE_DONE { return }
      guard code == SQLITE_ROW else { throw failure(code) }
      body(statement)
    }
  }

  private static func blob(_ row: OpaquePointer?, _ column: Int32) -> [UInt8] {
    let count = Int(sqlite3_column_bytes(row, column))
    guard count > 0, let bytes = sqlite3_column_blob(row, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: bytes, count: count))
  }
}
