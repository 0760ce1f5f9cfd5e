import Crypto

/// Where an entry stands: together with the station's name this is its identity everywhere, also at the parent.
///
/// Epochs start at 1 and only grow; a new epoch begins whenever the past can no longer be vouched for (new, salvaged or restored
/// journal, failed fsync). Within an epoch sequences run 1, 2, 3 … without a hole. Sequence 0 means "before the first entry".
public struct JournalPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var epoch: UInt32
  /// 0 ... `maximumSequence`.
  public var sequence: UInt64

  /// The file's row number holds the epoch in 32 bits and the sequence in the 31 bits below.
  public static let maximumSequence: UInt64 = 0x7FFF_FFFF
  public static let start = JournalPosition(epoch: 0, sequence: 0)

  public init(epoch: UInt32, sequence: UInt64) {
    self.epoch = epoch
    self.sequence = sequence
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.epoch, left.sequence) < (right.epoch, right.sequence)
  }

  public var description: String { "\(epoch)/\(sequence)" }

  var key: Int64 { Int64(epoch) << 31 | Int64(min(sequence, Self.maximumSequence)) }

  /// Nil for a row number that no journal writes.
  init?(key: Int64) {
    guard key >= 0 else { return nil }
    self.init(epoch: UInt32(truncatingIfNeeded: key >> 31), sequence: UInt64(key) & Self.maximumSequence)
  }
}

/// A SHA-256 value: always 32 bytes.
public struct EntryHash: Sendable, Hashable, CustomStringConvertible {
  public let bytes: [UInt8]

  /// What the very first entry of a journal without a past is chained to.
  public static let zero = EntryHash(unchecked: [UInt8](repeating: 0, count: 32))

  /// Nil unless there are exactly 32 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.bytes = Array(bytes)
  }

  private init(unchecked bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Lower-case hexadecimal, 64 digits.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The link of the chain, byte by byte so that any vendor can verify it:
  /// SHA-256( previous hash, 32 bytes ‖ epoch, 4 bytes big-endian ‖ sequence, 8 bytes big-endian ‖ body as stored ).
  public static func chained(after previous: EntryHash, at position: JournalPosition, body: [UInt8]) -> EntryHash {
    var digest = SHA256()
    digest.update(data: previous.bytes)
    withUnsafeBytes(of: position.epoch.bigEndian) { digest.update(bufferPointer: $0) }
    withUnsafeBytes(of: position.sequence.bigEndian) { digest.update(bufferPointer: $0) }
    digest.update(data: body)
    return EntryHash(unchecked: Array(digest.finalize()))
  }

  static func of(_ bytes: [UInt8]) -> EntryHash {
    EntryHash(unchecked: Array(SHA256.hash(data: bytes)))
  }
}

/// One durable entry. The journal does not look into the body; what it means is the station's business.
public struct JournalEntry: Sendable, Hashable {
  public var position: JournalPosition
  public var body: [UInt8]
  public var hash: EntryHash

  public var epoch: UInt32 { position.epoch }
  public var sequence: UInt64 { position.sequence }
  public var head: JournalHead { JournalHead(position: position, hash: hash) }

  public init(position: JournalPosition, body: [UInt8], hash: EntryHash) {
    self.position = position
    self.body = body
    self.hash = hash
  }
}

/// The end of a chain: the position of its last entry and that entry's hash.
public struct JournalHead: Sendable, Hashable, CustomStringConvertible {
  public var position: JournalPosition
  public var hash: EntryHash

  public static let start = JournalHead(position: .start, hash: .zero)

  public init(position: JournalPosition, hash: EntryHash) {
    self.position = position
    self.hash = hash
  }

  /// The entry that follows in the same epoch.
  public func followed(by body: [UInt8]) -> JournalEntry {
    followed(by: body, inEpoch: position.epoch)
  }

  /// The entry that follows in `epoch`: the sequence begins at 1 again when the epoch is another one, the chain goes on.
  public func followed(by body: [UInt8], inEpoch epoch: UInt32) -> JournalEntry {
    let next = JournalPosition(epoch: epoch, sequence: epoch == position.epoch ? position.sequence &+ 1 : 1)
    return JournalEntry(position: next, body: body, hash: .chained(after: hash, at: next, body: body))
  }

  public var description: String { "\(position) \(hash)" }
}
