import DeviceKit
import ModbusRTUCodec

/// What the host writes in an exchange (8 holding registers from 0x0200).
public struct PanelOrder: Sendable, Equatable {
  /// 0...15, echoed in the answer.
  public var token: UInt8
  /// The host has seen that the panel started again.
  public var acknowledgesRestart: Bool
  /// No sound but the confirmation of a press.
  public var mute: Bool
  /// Whom the rest is meant for; a panel with another unit id obeys nothing of it. 0 is for nobody.
  public var unit: UInt32
  /// Every event of this epoch up to and including `sequence` is on the station's disk; sequence 0 acknowledges nothing.
  public var epoch: UInt16
  public var sequence: UInt32
  /// `PanelLamp` numbers, or `PackedLamps.noWish`.
  public var lamps: PackedLamps

  public init(
    token: UInt8, acknowledgesRestart: Bool = false, mute: Bool = false, unit: UInt32 = 0, epoch: UInt16 = 0,
    sequence: UInt32 = 0,
    lamps: PackedLamps = PackedLamps(all: PackedLamps.noWish)
  ) {
    self.token = token
    self.acknowledgesRestart = acknowledgesRestart
    self.mute = mute
    self.unit = unit
    self.epoch = epoch
    self.sequence = sequence
    self.lamps = lamps
  }

  /// Register `index` (0...7) as sent.
  // Inlined: a call would copy all of it for one register on the microcontroller.
  @inline(__always) public func register(_ index: UInt16) -> UInt16 {
    switch index {
    case 0: UInt16(token & 15) | (acknowledgesRestart ? 1 << 8 : 0) | (mute ? 1 << 9 : 0)
    case 1: UInt16(truncatingIfNeeded: unit >> 16)
    case 2: UInt16(truncatingIfNeeded: unit)
    case 3: epoch
    case 4: UInt16(truncatingIfNeeded: sequence >> 16)
    case 5: UInt16(truncatingIfNeeded: sequence)
    case 6: lamps.low
    case 7: lamps.high
    default: 0
    }
  }

  /// Takes register `index` (0...7) over; the bits that mean nothing are ignored.
  public mutating func setRegister(_ index: UInt16, _ value: UInt16) {
    switch index {
    case 0:
      token = UInt8(truncatingIfNeeded: value & 15)
      acknowledgesRestart = value & 1 << 8 != 0
      mute = value & 1 << 9 != 0
    case 1: unit = unit & 0x0000_FFFF | UInt32(value) << 16
    case 2: unit = unit & 0xFFFF_0000 | UInt32(value)
    case 3: epoch = value
    case 4: sequence = sequence & 0x0000_FFFF | UInt32(value) << 16
    case 5: sequence = sequence & 0xFFFF_0000 | UInt32(value)
    case 6: lamps = PackedLamps(low: value, high: lamps.high)
    case 7: lamps = PackedLamps(low: lamps.low, high: value)
    default: break
    }
  }
}

/// What the panel answers in an exchange: 16 holding registers from 0x0300, then the oldest waiting events, 5 registers each.
public struct PanelReport: Sendable, Equatable {
  public var status: PanelStatus
  public var epoch: UInt16
  /// Events that wait, 0...32.
  public var pending: UInt16
  public var lamps: PackedLamps
  public var lines: PackedLines
  /// Bit 0 = button 1.
  public var stuck: UInt8
  public var chatter: UInt8
  public var bootCount: UInt16
  public var resetCause: UInt8
  public var silentMask: UInt8
  public var unit: UInt32
  public var upTimeSeconds: UInt32
  public var supplyMillivolts: UInt16
  /// Repeats and releases left out because the queue was full, since the start of the panel; wraps.
  public var dropped: UInt16
  /// Debounced contacts that are closed now, bit 0 = button 1.
  public var contacts: UInt8

  public init() {
    status = PanelStatus(word: 0)
    epoch = 0
    pending = 0
    lamps = PackedLamps(bits: 0)
    lines = PackedLines()
    stuck = 0
    chatter = 0
    bootCount = 0
    resetCause = 0
    silentMask = 0
    unit = 0
    upTimeSeconds = 0
    supplyMillivolts = 0
    dropped = 0
    contacts = 0
  }

  /// Register `index` (0...15) as sent.
  // Inlined: a call would copy all of it for one register on the microcontroller.
  @inline(__always) public func register(_ index: UInt16) -> UInt16 {
    switch index {
    case 0: status.word
    case 1: epoch
    case 2: pending
    case 3: lamps.low
    case 4: lamps.high
    case 5: lines.bits
    case 6: UInt16(stuck) << 8 | UInt16(chatter)
    case 7: bootCount
    case 8: UInt16(resetCause) << 8 | UInt16(silentMask)
    case 9: UInt16(truncatingIfNeeded: unit >> 16)
    case 10: UInt16(truncatingIfNeeded: unit)
    case 11: UInt16(truncatingIfNeeded: upTimeSeconds >> 16)
    case 12: UInt16(truncatingIfNeeded: upTimeSeconds)
    case 13: supplyMillivolts
    case 14: dropped
    case 15: UInt16(contacts)
    default: 0
    }
  }

  mutating func setRegister(_ index: UInt16, _ value: UInt16) {
    let high = UInt8(truncatingIfNeeded: value >> 8)
    let low = UInt8(truncatingIfNeeded: value)
    switch index {
    case 0: status = PanelStatus(word: value)
    case 1: epoch = value
    case 2: pending = value
    case 3: lamps = PackedLamps(low: value, high: lamps.high)
    case 4: lamps = PackedLamps(low: lamps.low, high: value)
    case 5: lines = PackedLines(bits: value)
    case 6: (stuck, chatter) = (high, low)
    case 7: bootCount = value
    case 8: (resetCause, silentMask) = (high, low)
    case 9: unit = unit & 0x0000_FFFF | UInt32(value) << 16
    case 10: unit = unit & 0xFFFF_0000 | UInt32(value)
    case 11: upTimeSeconds = upTimeSeconds & 0x0000_FFFF | UInt32(value) << 16
    case 12: upTimeSeconds = upTimeSeconds & 0xFFFF_0000 | UInt32(value)
    case 13: supplyMillivolts = value
    case 14: dropped = value
    case 15: contacts = low
    default: break
    }
  }
}
