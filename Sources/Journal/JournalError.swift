/// Why the journal did not do what it was asked for. Plain Chinese first, English second.
public enum JournalError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Another process (nil: not known which) has this journal open.
  case inUse(folder: String, pid: Int32?)
  /// The folder or its files may not be written.
  case readOnly(folder: String)
  /// The folder is missing, or is no folder, or may not be entered.
  case folderUnusable(folder: String, detail: String)
  /// The disk is full and the entry is no call; or not even a call fits any more.
  case diskFull(callsStillFit: Bool)
  /// Somebody else holds the file's write lock; nothing is lost, try again.
  case busy(file: String)
  /// The file system refuses. `code` is SQLite's extended result code, or errno where `operation` is not SQLite's.
  case inputOutput(file: String, operation: String, code: Int32)
  /// What was read is not what was written.
  case damaged(file: String, position: JournalPosition?, problem: JournalProblem)
  /// A newer program wrote this file.
  case unknownFormat(file: String, version: Int)
  /// A body or a batch beyond the limits of `JournalOptions`.
  case tooLarge(bytes: Int)
  /// The journal was closed.
  case closed
  /// `vfs` of the options names nothing that is registered.
  case unknownFileSystem(name: String)

  public var description: String {
    switch self {
    case .inUse(let folder, let pid):
      let chinese = pid.map { "进程 \($0) " } ?? "另一个进程"
      let english = pid.map { "process \($0)" } ?? "another process"
      return "日志正被\(chinese)使用，不能再启动一个（\(folder)）/ the journal is held by \(english), a second start is refused (\(folder))"
    case .readOnly(let folder):
      return "日志目录只读，无法记录（\(folder)）；请检查磁盘是否出错后被改为只读，以及运行用户的写权限 / the journal's folder is read-only, nothing can "
        + "be recorded (\(folder)); see whether the disk failed and was made read-only, and whether this user may write there"
    case .folderUnusable(let folder, let detail):
      return "日志目录不可用（\(folder)）/ the journal's folder cannot be used (\(folder)): \(detail)"
    case .diskFull(callsStillFit: true):
      return "磁盘已满，只记录求助 / the disk is full, only calls are recorded"
    case .diskFull(callsStillFit: false):
      return "磁盘已满，连求助也无法记录 / the disk is full, not even a call can be recorded"
    case .busy(let file):
      return "日志文件被其他程序占用，请稍后再试（\(file)）/ another program holds the journal file, try again (\(file))"
    case .inputOutput(let file, let operation, let code):
      return "磁盘读写失败（\(file)，\(operation)，代码 \(code)）/ the disk failed (\(file), \(operation), code \(code))"
    case .damaged(let file, let position, let problem):
      let place = position.map { " \($0)" } ?? ""
      return "日志损坏（\(file)\(place)）：\(problem.chinese) / the journal is damaged (\(file)\(place)): \(problem.english)"
    case .unknownFormat(let file, let version):
      return "日志由更新版本的程序写成（\(file)，格式 \(version)）/ a newer program wrote the journal (\(file), format \(version))"
    case .tooLarge(let bytes):
      return "记录过大（\(bytes)）/ the entry or batch is too large (\(bytes))"
    case .closed:
      return "日志已关闭 / the journal is closed"
    case .unknownFileSystem(let name):
      return "没有名为 \(name) 的文件系统 / there is no file system named \(name)"
    }
  }
}

/// What is wrong with a piece of the journal.
public enum JournalProblem: Sendable, Hashable {
  /// The entry's own hash does not fit its content: body, position or a hash was altered.
  case contentAltered
  /// The entry is whole but does not follow the one before it.
  case chainBroken
  /// The entry's sequence is not the next one.
  case sequenceJump(expected: JournalPosition)
  /// The file's first record, which ties it to the file before, is missing or altered.
  case headerAltered
  /// The file does not begin where the file before it ends.
  case anchorMismatch(expected: JournalPosition, found: JournalPosition)
  /// Files with numbers between two existing ones are gone.
  case filesMissing(first: UInt32, last: UInt32)
  /// SQLite cannot read on from here.
  case unreadable(detail: String)
  /// Entries read well, but SQLite finds the file's structure damaged.
  case structureDamaged(detail: String)
  /// A snapshot proves that there were entries up to `through`.
  case endMissing(through: JournalPosition)

  public var chinese: String {
    switch self {
    case .contentAltered: "内容与校验值不符"
    case .chainBroken: "与上一条记录的链断开"
    case .sequenceJump(let expected): "序号不连续，应为 \(expected)"
    case .headerAltered: "文件头缺失或被改动"
    case .anchorMismatch(let expected, let found): "文件开头 \(found) 与上一文件结尾 \(expected) 不符"
    case .filesMissing(let first, let last): "缺少文件 \(first)–\(last)"
    case .unreadable: "无法继续读取"
    case .structureDamaged: "文件结构损坏"
    case .endMissing(let through): "缺少直到 \(through) 的记录"
    }
  }

  public var english: String {
    switch self {
    case .contentAltered: "the content does not fit its hash"
    case .chainBroken: "the chain to the entry before is broken"
    case .sequenceJump(let expected): "the sequence jumps, expected \(expected)"
    case .headerAltered: "the file's header is missing or altered"
    case .anchorMismatch(let expected, let found): "the file begins after \(found), the one before ends with \(expected)"
    case .filesMissing(let first, let last): "files \(first) to \(last) are missing"
    case .unreadable(let detail): "cannot be read on: \(detail)"
    case .structureDamaged(let detail): "the file's structure is damaged: \(detail)"
    case .endMissing(let through): "entries up to \(through) are missing"
    }
  }
}
