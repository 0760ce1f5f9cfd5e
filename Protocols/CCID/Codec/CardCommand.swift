/// A command to a card (APDU, ISO/IEC 7816-4), taken apart as far as its transport has to know.
public struct CardCommand: Sendable, Equatable {
  public static let longest = 5 + 65_535 + 2 + 2
  public static let longestShort = 5 + 255 + 1

  public var bytes: [UInt8]
  /// Neither its data nor the expected answer has a short length.
  public var isExtended: Bool
  /// Short commands only: `nil`: no answer but the status is expected; 0 stands for 256.
  public var expected: UInt8?
  /// Short commands only.
  public var hasData: Bool

  /// - Returns: `nil` for bytes that are no command.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4, bytes.count <= Self.longest, bytes[0] != 0xFF || bytes.count <= Self.longestShort else { return nil }
    self.bytes = bytes
    (isExtended, expected, hasData) = (false, nil, false)
    switch bytes.count {
    case 4: return
    case 5: expected = bytes[4]
    case _ where bytes[4] != 0:
      let length = Int(bytes[4])
      hasData = true
      guard bytes.count == 5 + length || bytes.count == 6 + length else { return nil }
      if bytes.count == 6 + length { expected = bytes[5 + length] }
    case 7: isExtended = true
    default:
      guard bytes.count > 7 else { return nil }
      isExtended = true
      let length = Int(bytes[5]) << 8 | Int(bytes[6])
      guard length > 0, bytes.count == 7 + length || bytes.count == 9 + length else { return nil }
    }
  }

  /// What a card of T=0 gets: a fifth byte always, and no expected length behind data.
  public var forT0: [UInt8] {
    if bytes.count == 4 { return bytes + [0] }
    return hasData && expected != nil ? Array(bytes.dropLast()) : bytes
  }

  /// `GET RESPONSE`, on the same channel.
  public func response(_ length: UInt8) -> [UInt8] {
    let own = bytes[0] & 0x80 == 0 ? bytes[0] & 0x03 : 0
    return [own, 0xC0, 0, 0, length]
  }

  /// The same command with another expected length.
  public func expecting(_ length: UInt8) -> [UInt8] {
    if bytes.count == 4 { return bytes + [length] }
    return (expected == nil ? bytes : Array(bytes.dropLast())) + [length]
  }

  /// Asks a reader for the number of a card without contacts.
  public static let uid: [UInt8] = [0xFF, 0xCA, 0, 0, 0]
}
