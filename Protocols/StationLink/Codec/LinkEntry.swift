import DeviceVocabulary

/// One entry of a child's journal on its way to the parent: the stored bytes, and what proves where they stand.
public struct LinkEntry: Sendable, Equatable {
  public var position: JournalPosition
  public var hash: EntryHash
  /// The entry before it in the child's journal, over the borders of epochs and of salvaged gaps.
  public var before: JournalHead
  public var time: LinkTime
  /// 补传: sent more than `lateAfterSeconds` after it was recorded. It changes nothing but what pages say of it.
  public var isLate: Bool
  /// As stored, never re-encoded: the hash is over these bytes.
  public var body: [UInt8]
  /// The body is so long that it stays in the child's journal; `body` is empty, and the hash cannot be checked.
  public var withheldBytes: Int?

  public static let lateAfterSeconds = 60

  public init(
    position: JournalPosition, hash: EntryHash, before: JournalHead, time: LinkTime, isLate: Bool, body: [UInt8],
    withheldBytes: Int? = nil
  ) {
    self.position = position
    self.hash = hash
    self.before = before
    self.time = time
    self.isLate = isLate
    self.body = body
    self.withheldBytes = withheldBytes
  }

  public var head: JournalHead { JournalHead(position: position, hash: hash) }
  public var link: LinkCursor.Link { .init(entry: head, before: before) }
}

/// When an entry was made, and by which clock.
public struct LinkTime: Sendable, Equatable {
  /// Since 1970-01-01T00:00:00Z, as the station's clock had it.
  public var wallMilliseconds: Int64
  /// That clock was disciplined (NTP) at the time.
  public var isSynchronised: Bool
  /// Monotonic times of different boots cannot be compared.
  public var boot: String
  public var monotonicMicroseconds: UInt64

  public init(wallMilliseconds: Int64, isSynchronised: Bool, boot: String, monotonicMicroseconds: UInt64) {
    self.wallMilliseconds = wallMilliseconds
    self.isSynchronised = isSynchronised
    self.boot = boot
    self.monotonicMicroseconds = monotonicMicroseconds
  }
}

/// Why one end does not take what the other sent. The raw value is what stands on the wire.
public enum LinkRefusal: String, Sendable, Codable, CaseIterable, Error {
  /// Not JSON, a field missing or of the wrong kind, a hash that does not fit its body.
  case malformed
  /// More entries or bytes than one request may carry.
  case tooLarge
  case version
  /// The certificate is of another station than the one that is written for.
  case otherStation
  case unknownStation
  case unknownPath
  case wrongMethod
  /// The parent cannot write to its disk: nothing was taken, try again later.
  case diskUnavailable
  /// More at once than this parent serves: try again later.
  case busy
  /// More often than is of any use: try again tomorrow.
  case tooOften
}
