/// The word in quotes that says what a frame is (README.md, "Frame").
public enum DC09Kind: Sendable, Hashable {
  /// Contact ID content.
  case contactID
  /// SIA DC-03 content.
  case siaDCS
  /// Supervision: nothing but "I am here".
  case null
  case acknowledged
  /// Not accepted: the clock is out of the receiver's window, or it could not read the frame.
  case refused
  /// Well formed, but of a content that the receiver does not take.
  case notUnderstood
  /// Accepted, with data for the sender.
  case response
  /// What this program has no use for, as it stood in the quotes.
  case other(String)

  public init(word: String) {
    self = Self.words.first { $0.word == word }?.kind ?? .other(word)
  }

  public var word: String {
    if case .other(let word) = self { return word }
    return Self.words.first { $0.kind == self }?.word ?? ""
  }

  private static let words: [(word: String, kind: DC09Kind)] = [
    ("ADM-CID", .contactID), ("SIA-DCS", .siaDCS), ("NULL", .null), ("ACK", .acknowledged), ("NAK", .refused),
    ("DUH", .notUnderstood), ("RSP", .response),
  ]
}

/// What stands in brackets: the part that is encrypted when there is a key.
public struct DC09Content: Sendable, Equatable {
  /// Between the first `[` and `]`: `#1234|1120 01 005`, or nothing. Printable ASCII without brackets.
  public var data: String
  /// Further `[...]`, each with its letter: `H12:34:56,01-15-2026`.
  public var extended: [String]
  public var timestamp: DC09Timestamp?

  public init(data: String = "", extended: [String] = [], timestamp: DC09Timestamp? = nil) {
    self.data = data
    self.extended = extended
    self.timestamp = timestamp
  }
}

/// One DC-09 message of either direction.
public struct DC09Frame: Sendable, Equatable {
  public var kind: DC09Kind
  /// 1 ... 9999, then 1 again; 0 in supervision messages and in the refusals of some receivers.
  public var sequence: Int
  /// Receiver number, 1 to 6 hexadecimal digits; `nil`: not in the frame.
  public var receiver: String?
  /// Line number (account prefix), 1 to 6 hexadecimal digits.
  public var line: String
  /// 3 to 16 digits; `nil` where a reply has none (`A0` in the refusals of some receivers).
  public var account: String?
  public var isEncrypted: Bool
  public var content: DC09Content

  public init(
    kind: DC09Kind, sequence: Int, receiver: String? = nil, line: String = "0", account: String?, isEncrypted: Bool = false,
    content: DC09Content = DC09Content()
  ) {
    self.kind = kind
    self.sequence = sequence
    self.receiver = receiver
    self.line = line
    self.account = account
    self.isEncrypted = isEncrypted
    self.content = content
  }
}

/// Why bytes between a line feed and a carriage return are no message.
public enum DC09Rejection: Error, Sendable, Hashable, CaseIterable {
  /// Nothing, or too little to hold a head.
  case tooShort
  /// More bytes than a length of three hexadecimal digits can say.
  case tooLong
  /// A new message began before this one ended.
  case unfinished
  case badChecksum
  case badLength
  /// The head is not `"kind"sequence…[`.
  case badHead
  case badContent
  /// Encrypted, and there is no key, or the key does not make sense of it.
  case unreadable
}

/// CRC-16/ARC: reflected polynomial A001, start 0, no final exclusive-or; "123456789" gives BB3D (README.md, "Checksum").
public func dc09Checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
  var register: UInt16 = 0
  for byte in bytes {
    register ^= UInt16(byte)
    for _ in 0..<8 { register = (register >> 1) ^ (register & 1 == 1 ? 0xA001 : 0) }
  }
  return register
}
