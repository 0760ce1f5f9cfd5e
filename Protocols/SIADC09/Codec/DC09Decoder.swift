/// Finds messages in a stream of bytes: each from a line feed to a carriage return. Holds one message at the most, takes any bytes, and
/// goes on with the next line feed after what it did not understand.
public struct DC09Decoder: Sendable {
  private var held: [UInt8] = []
  private var isInside = false
  private let cipher: (any DC09Cipher)?
  /// Bytes outside messages, and messages that were none, since it was made.
  public private(set) var strayBytes: UInt64 = 0
  public private(set) var rejections: UInt64 = 0

  /// Checksum and length, 4 digits each, and the longest body.
  public static let longestMessage = 8 + DC09Frame.longestBody

  public init(cipher: (any DC09Cipher)? = nil) {
    self.cipher = cipher
  }

  /// What this byte completed, if anything.
  public mutating func push(_ byte: UInt8) -> Result<DC09Frame, DC09Rejection>? {
    switch byte {
    case 0x0A:
      // A line feed directly behind another one has cut nothing.
      let cutOne = isInside && !held.isEmpty
      isInside = true
      held.removeAll(keepingCapacity: true)
      return cutOne ? rejected(.unfinished) : nil
    case _ where !isInside:
      strayBytes &+= 1
      return nil
    case 0x0D:
      isInside = false
      let result = DC09Frame.decoded(held, cipher)
      if case .failure = result { rejections &+= 1 }
      return result
    default:
      guard held.count < Self.longestMessage else {
        isInside = false
        return rejected(.tooLong)
      }
      held.append(byte)
      return nil
    }
  }

  /// The connection or datagram is over: what it left unfinished belongs to nothing.
  public mutating func startOver() { isInside = false }

  private mutating func rejected(_ why: DC09Rejection) -> Result<DC09Frame, DC09Rejection> {
    rejections &+= 1
    return .failure(why)
  }
}
