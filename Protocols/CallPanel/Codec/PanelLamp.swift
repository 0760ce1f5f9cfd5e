/// What the lamp of a button shows; the numbers are those on the wire and their order that of a call for help.
public enum PanelLamp: UInt8, Sendable, Equatable {
  case off = 0
  /// Pressed; set by the panel alone.
  case fastBlink = 1
  /// On the station's disk.
  case slowBlink = 2
  /// On the parent's disk.
  case steady = 3
  /// Somebody is on the way: steady, with the sound pattern.
  case coming = 4
  case fault = 5
}

/// One value of 4 bits for each of eight buttons, button 1 in the lowest bits: lamps shown, or lamps wished for.
public struct PackedLamps: Sendable, Equatable {
  /// As a wish: leave this lamp as it is.
  public static let noWish: UInt8 = 15

  public var bits: UInt32

  public init(bits: UInt32) {
    self.bits = bits
  }

  /// All eight values are `value` (0...15).
  public init(all value: UInt8) {
    bits = UInt32(value & 15) &* 0x1111_1111
  }

  /// The value of a button (1...8); 0 for a button that cannot be.
  public subscript(button: UInt8) -> UInt8 {
    get {
      guard button >= 1 && button <= PanelMap.buttonLimit else { return 0 }
      return UInt8(truncatingIfNeeded: bits >> ((UInt32(button) &- 1) &* 4)) & 15
    }
    set {
      guard button >= 1 && button <= PanelMap.buttonLimit else { return }
      let shift = (UInt32(button) &- 1) &* 4
      bits = bits & ~(15 << shift) | UInt32(newValue & 15) << shift
    }
  }

  /// The registers as sent: buttons 1...4 first.
  public var low: UInt16 { UInt16(truncatingIfNeeded: bits) }
  public var high: UInt16 { UInt16(truncatingIfNeeded: bits >> 16) }

  public init(low: UInt16, high: UInt16) {
    bits = UInt32(high) << 16 | UInt32(low)
  }
}

/// The supervised loop of a button, 2 bits on the wire.
public enum PanelLine: UInt8, Sendable, Equatable {
  case normal = 0
  case open = 1
  case short = 2
}

/// Two bits for each of eight buttons, button 1 lowest.
public struct PackedLines: Sendable, Equatable {
  public var bits: UInt16

  public init(bits: UInt16 = 0) {
    self.bits = bits
  }

  /// The state of a button (1...8). The reserved value 3 reads as `open`: an unknown state is never shown as sound.
  public subscript(button: UInt8) -> PanelLine {
    get {
      guard button >= 1 && button <= PanelMap.buttonLimit else { return .normal }
      return PanelLine(rawValue: UInt8(truncatingIfNeeded: bits >> ((UInt16(button) &- 1) &* 2)) & 3) ?? .open
    }
    set {
      guard button >= 1 && button <= PanelMap.buttonLimit else { return }
      let shift = (UInt16(button) &- 1) &* 2
      bits = bits & ~(3 << shift) | UInt16(newValue.rawValue) << shift
    }
  }
}

/// Why the panel's processor started, as sent.
public enum PanelResetCause: UInt8, Sendable, Equatable {
  case unknown = 0
  case powerOn = 1
  case brownOut = 2
  case watchdog = 3
  case software = 4
  case fault = 5
  case pin = 6
}
