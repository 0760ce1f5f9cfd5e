/// What a card says of itself when it gets power (ISO/IEC 7816-3, 8.2).
public struct AnswerToReset: Sendable, Equatable {
  public static let longest = 33

  /// The card's bits stand upside down; readers turn them, and ask to be told.
  public var isInverse: Bool
  /// In the order in which they are offered; the first is in force without a negotiation. Never empty.
  public var protocols: [UInt8]
  /// TA1: how fast it could be; 0x11 when it does not say.
  public var speed: UInt8
  /// TC1, extra guard time.
  public var guardTime: UInt8
  /// TA2: this protocol and no other, without any negotiation.
  public var onlyProtocol: UInt8?
  /// With `onlyProtocol`: at the speed of TA1 instead of the default one.
  public var usesSpeed: Bool
  /// T=0: WI.
  public var waitingInteger: UInt8
  /// T=1: IFSC, the longest field that the card takes.
  public var longestField: UInt8
  /// T=1: BWI and CWI.
  public var waiting: UInt8
  /// T=1: a check of two bytes instead of one.
  public var usesCRC: Bool
  public var history: [UInt8]

  /// - Returns: `nil` for what is none: cut off, too long, or with a wrong check byte.
  public init?(_ bytes: [UInt8]) {
    guard (2...Self.longest).contains(bytes.count), bytes[0] == 0x3B || bytes[0] == 0x3F else { return nil }
    isInverse = bytes[0] == 0x3F
    (speed, guardTime, waitingInteger, longestField, waiting) = (0x11, 0, 10, 32, 0x4D)
    (usesSpeed, usesCRC, onlyProtocol) = (false, false, nil)
    var offered: [UInt8] = []
    var position = 1
    func next() -> UInt8? {
      defer { position += 1 }
      return position < bytes.count ? bytes[position] : nil
    }
    guard let format = next() else { return nil }
    var group = 1
    var follows = format >> 4
    /// The one that the group's bytes speak of, from the third group on.
    var current: UInt8 = 0
    var hasField = false
    var hasWaiting = false
    var hasCheck = false
    while follows != 0 {
      if follows & 1 != 0 {
        guard let value = next() else { return nil }
        if group == 1 { speed = value }
        if group == 2 {
          onlyProtocol = value & 0x0F
          usesSpeed = value & 0x10 == 0
        }
        if group > 2, current == 1, !hasField { (longestField, hasField) = (value, true) }
      }
      if follows & 2 != 0 {
        guard let value = next() else { return nil }
        if group > 2, current == 1, !hasWaiting { (waiting, hasWaiting) = (value, true) }
      }
      if follows & 4 != 0 {
        guard let value = next() else { return nil }
        if group == 1 { guardTime = value }
        if group == 2 { waitingInteger = value }
        if group > 2, current == 1, !hasCheck { (usesCRC, hasCheck) = (value & 1 != 0, true) }
      }
      guard follows & 8 != 0 else { break }
      guard let value = next(), group < 8 else { return nil }
      current = value & 0x0F
      if current != 15, !offered.contains(current) { offered.append(current) }
      follows = value >> 4
      group += 1
    }
    protocols = offered.isEmpty ? [0] : offered
    let count = Int(format & 0x0F)
    guard position + count <= bytes.count else { return nil }
    history = Array(bytes[position..<position + count])
    position += count
    // A check byte stands there when anything but T=0 is announced; cards and readers add other bytes, which mean nothing.
    if offered.contains(where: { $0 != 0 }) {
      guard position < bytes.count, bytes[1...position].reduce(0, ^) == 0 else { return nil }
    }
    if longestField == 0 || longestField == 0xFF { longestField = 32 }
  }

  /// A memory card without contacts, whose answer the reader made up (PC/SC part 3): which standard (3: ISO 14443-A) and which kind (1: 1 KB Classic).
  public var storageCard: (standard: UInt8, kind: UInt16)? {
    guard history.count >= 11, history[0] == 0x80, history[1] == 0x4F, history[3...7].elementsEqual([0xA0, 0, 0, 3, 6]) else {
      return nil
    }
    return (history[8], UInt16(history[9]) << 8 | UInt16(history[10]))
  }
}
