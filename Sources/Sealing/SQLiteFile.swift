import CSQLite
import Foundation

struct SQLiteProblem: Error {
  var code: Int32
  var detail: String
  var description: String { "\(detail) (\(code))" }
}

/// One connection; whoever has it uses it from one thread at a time.
final class SQLiteFile {
  enum Value {
    case text(String)
    case bytes([UInt8])
    case number(Int64)

    var text: String { if case .text(let text) = self { text } else { "" } }
    var raw: [UInt8] { if case .bytes(let bytes) = self { bytes } else { [] } }
    var number: Int64 { if case .number(let number) = self { number } else { 0 } }
  }

  private var handle: OpaquePointer?
  private(set) var logPages = 0

  init(path: String, writing: Bool, vfs: String?) throws(SQLiteProblem) {
    let isNew = writing && access(path, F_OK) != 0
    let mode = writing ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
    // Nobody else may read it, not even while it is being made.
    let mask = umask(0o077)
    let code = sqlite3_open_v2(path, &handle, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs)
    umask(mask)
    guard code == SQLITE_OK else {
      let problem = problem(code)
      sqlite3_close_v2(handle)
      handle = nil
      throw problem
    }
    sqlite3_busy_timeout(handle, 2_000)
    try execute("PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY")
    if isNew { syncFolder(of: path) }
  }

  deinit { sqlite3_close_v2(handle) }

  /// The name of a new file must outlast a power cut as its content does.
  private func syncFolder(of path: String) {
    let folder = open(
      (path as NSString).deletingLastPathComponent.isEmpty ? "." : (path as NSString).deletingLastPathComponent, O_RDONLY)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  func execute(_ sql: String) throws(SQLiteProblem) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw problem(code) }
  }

  /// Rows changed.
  @discardableResult
  func run(_ sql: String, _ values: [Value]) throws(SQLiteProblem) -> Int {
    _ = try rows(sql, values)
    logPages += 4
    return Int(sqlite3_changes(handle))
  }

  func rows(_ sql: String, _ values: [Value]) throws(SQLiteProblem) -> [[Value]] {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
    guard code == SQLITE_OK, let statement else { throw problem(code) }
    defer { sqlite3_finalize(statement) }
    for (index, value) in values.enumerated() { bind(value, statement, Int32(index + 1)) }
    var rows: [[Value]] = []
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return rows }
      guard code == SQLITE_ROW else { throw problem(code) }
      rows.append((0..<sqlite3_column_count(statement)).map { column(statement, $0) })
    }
  }

  private func bind(_ value: Value, _ statement: OpaquePointer, _ index: Int32) {
    // SQLITE_TRANSIENT is a C cast that Swift does not import: SQLite copies the bytes.
    let copying = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch value {
    case .text(let text): sqlite3_bind_text(statement, index, text, -1, copying)
    case .bytes(let bytes):
      _ = bytes.withUnsafeBytes { sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count), copying) }
    case .number(let number): sqlite3_bind_int64(statement, index, number)
    }
  }

  private func column(_ statement: OpaquePointer, _ index: Int32) -> Value {
    switch sqlite3_column_type(statement, index) {
    case SQLITE_INTEGER: return .number(sqlite3_column_int64(statement, index))
    case SQLITE_TEXT: return .text(sqlite3_column_text(statement, index).map { String(cString: $0) } ?? "")
    default:
      let base = sqlite3_column_blob(statement, index)
      return .bytes(
        Array(UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : Int(sqlite3_column_bytes(statement, index)))))
    }
  }

  func rollBack() {
    if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
  }

  /// Every page is read once: a damaged file is found when it is opened, and not when a key is needed.
  func checkSound() throws(SQLiteProblem) {
    guard try rows("PRAGMA quick_check(1)", []).first?.first?.text == "ok" else {
      throw SQLiteProblem(code: SQLITE_CORRUPT, detail: "damaged")
    }
  }

  /// What was deleted may still lie in the write-ahead file.
  private(set) var owesEmptying = false

  /// Moves what is committed into the file and leaves nothing in the write-ahead file.
  func emptyLog() throws(SQLiteProblem) {
    let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    // Somebody reads an old page at this moment: later.
    owesEmptying = code & 0xFF == SQLITE_BUSY || code & 0xFF == SQLITE_LOCKED
    if owesEmptying { return }
    guard code == SQLITE_OK else { throw problem(code) }
    logPages = 0
  }

  private func problem(_ code: Int32) -> SQLiteProblem {
    let words = handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
    return SQLiteProblem(code: code, detail: words ?? String(cString: sqlite3_errstr(code)))
  }
}
