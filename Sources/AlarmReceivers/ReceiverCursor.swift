import Foundation
import Journal

/// How far the receiver has the journal: everything up to `position` was accepted, the next message carries `nextSequence`.
public struct ReceiverCursor: Sendable, Equatable, Codable {
  var version = 1
  public var epoch: UInt32
  public var sequence: UInt64
  public var nextSequence: Int
  /// Calls that the receiver holds for open.
  public var open: [ReportedCall]
  /// Calls from before the cursor that it must still be told: those that were open when there was no cursor yet.
  public var unsent: [ReportedCall]
  /// The calls that were open at `position` have yet to be looked for; nothing was sent so far.
  public var isNew: Bool

  static let currentVersion = 1

  public init(
    position: JournalPosition, nextSequence: Int = 1, open: [ReportedCall] = [], unsent: [ReportedCall] = [], isNew: Bool = false
  ) {
    epoch = position.epoch
    sequence = position.sequence
    self.nextSequence = nextSequence
    self.open = open
    self.unsent = unsent
    self.isNew = isNew
  }

  /// What is before it is not needed any more: a new cursor has yet to look through the past for open calls.
  public var readThrough: JournalPosition { isNew ? .start : position }

  public var position: JournalPosition {
    get { JournalPosition(epoch: epoch, sequence: sequence) }
    set { (epoch, sequence) = (newValue.epoch, newValue.sequence) }
  }
}

/// The cursor's file. It is replaced as a whole: after a crash there is the old one or the new one, never half of one.
public struct ReceiverCursorFile: Sendable {
  public static let name = "receiver.cursor"
  public let path: String
  private let folder: String

  public init(folder: String) {
    self.folder = folder
    path = "\(folder)/\(Self.name)"
  }

  /// `nil` when there is none, or none that can be read.
  public func load() -> ReceiverCursor? {
    guard let data = FileManager.default.contents(atPath: path),
      let cursor = try? JSONDecoder().decode(ReceiverCursor.self, from: data), cursor.version <= ReceiverCursor.currentVersion
    else { return nil }
    return cursor
  }

  /// On disk when this returns: the new file is synced, then put in place, then the folder is synced.
  ///
  /// - Throws: `ReceiverError` with the system's word; the old file is still there then.
  public func save(_ cursor: ReceiverCursor) throws(ReceiverError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let data = try? encoder.encode(cursor) else { return }
    let made = path + ".new"
    let descriptor = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw failed("open") }
    var whole = true
    data.withUnsafeBytes { bytes in
      var done = 0
      while whole, done < bytes.count {
        let count = write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
        if count > 0 { done += count } else if errno != EINTR { whole = false }
      }
    }
    guard whole, fsync(descriptor) == 0 else {
      let error = failed("write")
      close(descriptor)
      unlink(made)
      throw error
    }
    close(descriptor)
    guard rename(made, path) == 0 else { throw failed("rename") }
    let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw failed("open") }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw failed("fsync") }
  }

  private func failed(_ operation: String) -> ReceiverError {
    let code = errno
    return ReceiverError(
      file: path, chinese: "写不了接警中心的进度(\(code))", english: "\(operation): \(String(cString: strerror(code)))")
  }
}
