import CSQLite

/// A prepared statement; it is finalized with its last reference or by `finish`.
final class SQLiteStatement {
  private var handle: OpaquePointer?
  private let connection: SQLiteConnection

  init(_ handle: OpaquePointer, of connection: SQLiteConnection) {
    self.handle = handle
    self.connection = connection
  }

  deinit { finish() }

  func finish() {
    if let open = handle { sqlite3_finalize(open) }
    handle = nil
  }

  /// True while there is a row to read.
  func step() throws(SQLiteFailure) -> Bool {
    let code = sqlite3_step(handle)
    switch code {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw connection.failure(code)
    }
  }

  /// Runs a statement that returns no rows, and makes it ready for the next time.
  func run() throws(SQLiteFailure) {
    defer { reset() }
    while try step() {}
  }

  func reset() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  /// Columns and parameters are numbered as SQLite does: parameters from 1, columns from 0.
  func bind(_ value: Int64, at index: Int32) {
    sqlite3_bind_int64(handle, index, value)
  }

  func bind(_ bytes: [UInt8], at index: Int32) {
    // SQLITE_TRANSIENT is a C cast that Swift does not import: SQLite copies the bytes.
    let copying = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    bytes.withUnsafeBytes { raw in
      // A null pointer would bind NULL instead of no bytes.
      if let base = raw.baseAddress {
        _ = sqlite3_bind_blob64(handle, index, base, UInt64(raw.count), copying)
      } else {
        _ = sqlite3_bind_zeroblob(handle, index, 0)
      }
    }
  }

  func bind(_ text: String, at index: Int32) {
    bind(Array(text.utf8), at: index)
  }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func bytes(_ column: Int32) -> [UInt8] {
    // The pointer first: asking for it may convert the value and change the length.
    let base = sqlite3_column_blob(handle, column)
    let count = Int(sqlite3_column_bytes(handle, column))
    return count > 0 ? Array(UnsafeRawBufferPointer(start: base, count: count)) : []
  }

  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
}
