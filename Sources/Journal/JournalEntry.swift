import Crypto
import DeviceVocabulary

public typealias JournalPosition = DeviceVocabulary.JournalPosition
public typealias EntryHash = DeviceVocabulary.EntryHash
public typealias JournalHead = DeviceVocabulary.JournalHead

extension JournalPosition {
  var key: Int64 { Int64(epoch) << 31 | Int64(min(sequence, Self.maximumSequence)) }

  /// Nil for a row number that no journal writes.
  init?(key: Int64) {
    guard key >= 0 else { return nil }
    self.init(epoch: UInt32(truncatingIfNeeded: key >> 31), sequence: UInt64(key) & Self.maximumSequence)
  }
}

extension EntryHash {
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

extension JournalHead {
  /// The entry that follows in the same epoch.
  public func followed(by body: [UInt8]) -> JournalEntry {
    followed(by: body, inEpoch: position.epoch)
  }

  /// The entry that follows in `epoch`: the sequence begins at 1 again when the epoch is another one, the chain goes on.
  public func followed(by body: [UInt8], inEpoch epoch: UInt32) -> JournalEntry {
    let next = JournalPosition(epoch: epoch, sequence: epoch == position.epoch ? position.sequence &+ 1 : 1)
    return JournalEntry(position: next, body: body, hash: .chained(after: hash, at: next, body: body))
  }
}
