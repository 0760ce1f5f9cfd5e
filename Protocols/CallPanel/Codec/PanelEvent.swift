/// What happened at a button, as the panel's queue holds and sends it.
public struct PanelEvent: Sendable, Equatable {
  /// Rising within one epoch of one unit, from 1; 0 is no event.
  public var sequence: UInt32
  public var kind: Kind
  /// 1...8.
  public var button: UInt8
  /// How long ago it happened when the answer left the panel, in milliseconds; stops at its greatest value (49 days).
  public var ageMilliseconds: UInt32

  public enum Kind: UInt8, Sendable, Equatable {
    case press = 1
    case release = 2
    case longPress = 3
    /// Pressed again while an earlier press of this button still waits.
    case again = 4
  }

  public init(sequence: UInt32, kind: Kind, button: UInt8, ageMilliseconds: UInt32) {
    self.sequence = sequence
    self.kind = kind
    self.button = button
    self.ageMilliseconds = ageMilliseconds
  }

  /// Register `index` (0...4) of the event as sent.
  public func register(_ index: UInt16) -> UInt16 {
    switch index {
    case 0: UInt16(truncatingIfNeeded: sequence >> 16)
    case 1: UInt16(truncatingIfNeeded: sequence)
    case 2: UInt16(kind.rawValue) << 8 | UInt16(button)
    case 3: UInt16(truncatingIfNeeded: ageMilliseconds >> 16)
    case 4: UInt16(truncatingIfNeeded: ageMilliseconds)
    default: 0
    }
  }

  /// The event in five registers; `nil` for an empty place or one whose kind or button is not known.
  public init?(_ first: UInt16, _ second: UInt16, _ what: UInt16, _ fourth: UInt16, _ fifth: UInt16) {
    let sequence = UInt32(first) << 16 | UInt32(second)
    let button = UInt8(truncatingIfNeeded: what)
    guard sequence != 0, let kind = Kind(rawValue: UInt8(truncatingIfNeeded: what >> 8)), button >= 1,
      button <= PanelMap.buttonLimit
    else { return nil }
    self.init(sequence: sequence, kind: kind, button: button, ageMilliseconds: UInt32(fourth) << 16 | UInt32(fifth))
  }
}
