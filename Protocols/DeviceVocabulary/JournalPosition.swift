/// Where an entry stands: together with the station's name this is its identity everywhere, also at the parent.
///
/// Epochs start at 1 and only grow; a new epoch begins whenever the past can no longer be vouched for (new, salvaged or restored
/// journal, failed fsync). Within an epoch sequences run 1, 2, 3 … without a hole. Sequence 0 means "before the first entry".
/// Written `7/1024`.
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

  /// Reads `7/1024`; `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    // One form only: no sign, no leading zeros.
    guard parts.count == 2, let epoch = UInt32(parts[0]), let sequence = UInt64(parts[1]), sequence <= Self.maximumSequence,
      text.utf8.count == "\(epoch)/\(sequence)".utf8.count
    else { return nil }
    self.init(epoch: epoch, sequence: sequence)
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.epoch, left.sequence) < (right.epoch, right.sequence)
  }

  public var description: String { "\(epoch)/\(sequence)" }
}

/// A SHA-256 value: always 32 bytes. Written as 64 lower-case hexadecimal digits.
public struct EntryHash: Sendable, Hashable, CustomStringConvertible {
  public let bytes: [UInt8]

  /// What the very first entry of a journal without a past is chained to.
  public static let zero = EntryHash(unchecked: [UInt8](repeating: 0, count: 32))

  /// Nil unless there are exactly 32 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.bytes = Array(bytes)
  }

  /// For whoever has just computed 32 bytes.
  package init(unchecked bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads 64 hexadecimal digits; `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    let digits = text.utf8.compactMap(Self.digit)
    guard digits.count == 64, text.utf8.count == 64 else { return nil }
    bytes = stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x57
    case 0x41...0x46: byte - 0x37
    default: nil
    }
  }

  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// The end of a chain: the position of its last entry and that entry's hash.
public struct JournalHead: Sendable, Hashable, Codable, CustomStringConvertible {
  public var position: JournalPosition
  public var hash: EntryHash

  public static let start = JournalHead(position: .start, hash: .zero)

  public init(position: JournalPosition, hash: EntryHash) {
    self.position = position
    self.hash = hash
  }

  public var description: String { "\(position) \(hash)" }
}

extension JournalPosition: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let position = JournalPosition(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a position such as 7/1024")
    }
    self = position
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension EntryHash: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let hash = EntryHash(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "a hash is 64 hexadecimal digits")
    }
    self = hash
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
