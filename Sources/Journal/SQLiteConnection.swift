import CSQLite

/// What SQLite answered when it did not do as asked.
struct SQLiteFailure: Error {
  /// The extended result code (sqlite.org/rescode.html).
  var code: Int32
  var detail: String

  enum Kind { case full, busy, readOnly, damaged, other }

  var kind: Kind {
    switch code & 0xFF {
    case SQLITE_FULL: .full
    case SQLITE_BUSY, SQLITE_LOCKED: .busy
    case SQLITE_READONLY, SQLITE_PERM: .readOnly
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR, SQLITE_SCHEMA: .damaged
    default: .other
    }
  }

  /// A bare-code failure, for what does not come from a statement.
  init(code: Int32, detail: String) {
    self.code = code
    self.detail = detail
  }
}

/// One connection, used from one thread only: opened without SQLite's mutexes.
final class SQLiteConnection {
  enum Mode {
    case write, create, read
    /// For a folder where not even the shared-memory file can be made: no locks, the index of the write-ahead file on the heap.
    case readAlone
    /// The same for a file that was closed cleanly, where not even the missing write-ahead file could be made: as it lies there.
    case readAsItLies
  }

  let path: String
  private(set) var handle: OpaquePointer?
  private let walPages = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

  init(path: String, mode: Mode, vfs: String?) throws(SQLiteFailure) {
    self.path = path
    walPages.initialize(to: 0)
    let access: Int32 =
      switch mode {
      case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      case .write: SQLITE_OPEN_READWRITE
      case .read, .readAlone: SQLITE_OPEN_READONLY
      case .readAsItLies: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
      }
    let (file, name): (String, String?) =
      switch mode {
      case .write, .create, .read: (path, vfs)
      case .readAlone: (path, "unix-none")
      case .readAsItLies: ("file:\(Self.quoted(path))?immutable=1", "unix-none")
      }
    let code = sqlite3_open_v2(file, &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, name)
    guard code == SQLITE_OK else {
      let failure = failure(code)
      close()
      throw failure
    }
    sqlite3_busy_timeout(handle, 2_000)
    if case .readAlone = mode { try execute("PRAGMA locking_mode=EXCLUSIVE") }
    // A page that contradicts itself must be an error and not a wrong answer; the schema in a damaged file is not to be trusted.
    try execute("PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0; PRAGMA cache_size=-1024")
    switch mode {
    case .read, .readAlone, .readAsItLies: return
    case .write, .create: break
    }
    try execute("PRAGMA synchronous=FULL")
    // With a hook of our own SQLite does not checkpoint behind our back, where its failure would go unseen.
    sqlite3_wal_hook(
      handle,
      { context, _, _, pages in
        context?.assumingMemoryBound(to: Int32.self).pointee = pages
        return SQLITE_OK
      }, walPages)
  }

  /// As a URI wants it (sqlite.org/uri.html): everything but the plainest characters in hexadecimal.
  private static func quoted(_ path: String) -> String {
    var text = ""
    for byte in path.utf8 {
      switch byte {
      case 45...57, 65...90, 95, 97...122: text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return text
  }

  deinit {
    close()
    walPages.deallocate()
  }

  /// Pages in the write-ahead file after the last commit.
  var pagesAhead: Int { Int(walPages.pointee) }

  func execute(_ sql: String) throws(SQLiteFailure) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code) }
  }

  func prepare(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw failure(code == SQLITE_OK ? SQLITE_MISUSE : code) }
    return SQLiteStatement(statement, of: self)
  }

  func rollBack() {
    // Failed commits may or may not have ended the transaction (sqlite.org/lang_transaction.html).
    if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
  }

  /// Moves committed pages into the main file. `truncating` also empties the write-ahead file, which needs that nobody reads.
  func checkpoint(truncating: Bool) throws(SQLiteFailure) {
    let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
    var left: Int32 = 0
    var moved: Int32 = 0
    let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &left, &moved)
    guard code == SQLITE_OK else { throw failure(code) }
    if left == moved { walPages.pointee = 0 }
  }

  /// - Parameter keepingAhead: leaves the write-ahead file as it is, for a file that can no longer be trusted to sync.
  func close(keepingAhead: Bool = false) {
    guard let open = handle else { return }
    if keepingAhead { _ = linli_sqlite_keep_wal_on_close(open) }
    sqlite3_close_v2(open)
    handle = nil
  }

  func failure(_ code: Int32) -> SQLiteFailure {
    let words = handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
    return SQLiteFailure(code: code, detail: words ?? String(cString: sqlite3_errstr(code)))
  }
}
