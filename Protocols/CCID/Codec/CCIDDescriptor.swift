/// What a reader says that it can, in 54 bytes behind its interface (README.md, "Descriptor").
public struct CCIDDescriptor: Sendable, Equatable {
  public enum Level: Sendable, Equatable {
    /// The host would have to do what is the reader's business: not spoken here.
    case character
    /// The host does what the card's protocol asks for.
    case block
    /// The reader does; commands of up to 261 bytes.
    case shortCommand
    case longCommand
  }

  public static let length = 54
  static let type: UInt8 = 0x21

  /// BCD: 0x0110 is 1.10.
  public var release: UInt16
  public var slots: Int
  /// Bit 0: 5 V, bit 1: 3 V, bit 2: 1.8 V.
  public var voltages: UInt8
  public var speaksT0: Bool
  public var speaksT1: Bool
  /// The longest information field of T=1 that it takes from a card.
  public var longestField: UInt32
  public var features: UInt32
  public var longestMessage: UInt32

  public init(
    release: UInt16 = 0x0110, slots: Int = 1, voltages: UInt8 = 7, speaksT0: Bool = true, speaksT1: Bool = true,
    longestField: UInt32 = 254, features: UInt32, longestMessage: UInt32 = 271
  ) {
    self.release = release
    self.slots = slots
    self.voltages = voltages
    self.speaksT0 = speaksT0
    self.speaksT1 = speaksT1
    self.longestField = longestField
    self.features = features
    self.longestMessage = longestMessage
  }

  /// - Parameter extra: everything of classes that stands behind an interface and its endpoints, in any order.
  /// - Returns: `nil`: there is none, or it is cut off.
  public init?(in extra: [UInt8]) {
    var start = 0
    while start + 1 < extra.count {
      let length = Int(extra[start])
      guard length >= 2 else { return nil }
      if length == Self.length, extra[start + 1] == Self.type || extra[start + 1] == 0xFF, start + length <= extra.count {
        self.init(Array(extra[start..<start + length]))
        return
      }
      start += length
    }
    return nil
  }

  private init(_ bytes: [UInt8]) {
    func number(_ offset: Int) -> UInt32 {
      (0..<4).reversed().reduce(0) { $0 << 8 | UInt32(bytes[offset + $1]) }
    }
    release = UInt16(bytes[2]) | UInt16(bytes[3]) << 8
    slots = Int(bytes[4]) + 1
    voltages = bytes[5]
    speaksT0 = bytes[6] & 1 != 0
    speaksT1 = bytes[6] & 2 != 0
    longestField = number(28)
    features = number(40)
    longestMessage = number(44)
  }

  public var level: Level {
    if features & 0x4_0000 != 0 { return .longCommand }
    if features & 0x2_0000 != 0 { return .shortCommand }
    return features & 0x1_0000 != 0 ? .block : .character
  }

  /// The host names no voltage.
  public var choosesVoltage: Bool { features & 0x08 != 0 }
  /// It negotiates with the card by itself (PPS).
  public var negotiates: Bool { features & 0xC0 != 0 }
  /// It tells a card of T=1 by itself how long a field may be.
  public var tellsField: Bool { features & 0x400 != 0 }

  /// As a device sends it. Clocks and rates are those of an ordinary reader.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = [54, Self.type, UInt8(truncatingIfNeeded: release), UInt8(truncatingIfNeeded: release >> 8)]
    bytes += [UInt8(clamping: slots - 1), voltages]
    bytes += littleEndian((speaksT0 ? 1 : 0) | (speaksT1 ? 2 : 0))
    bytes += littleEndian(4_000) + littleEndian(4_000) + [0]
    bytes += littleEndian(10_752) + littleEndian(250_000) + [0]
    bytes += littleEndian(longestField) + littleEndian(0) + littleEndian(0) + littleEndian(features)
    bytes += littleEndian(longestMessage) + [0xFF, 0xFF, 0, 0, 0, 1]
    return bytes
  }
}
