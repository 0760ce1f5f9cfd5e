/// Where a panel's firmware update lies in its register space (README.md, "Registers"). Addresses are those on the wire, from 0.
public enum UpdateMap {
  // Input registers (function 04).
  public static let about: UInt16 = 0x0010
  public static let aboutCount: UInt16 = 16
  public static let status: UInt16 = 0x0030
  public static let statusCount: UInt16 = 8

  // Holding registers, written by function 10 and only whole.
  public static let begin: UInt16 = 0x0500
  public static let beginCount: UInt16 = 66
  public static let block: UInt16 = 0x0580
  public static let blockCount: UInt16 = 33
  public static let order: UInt16 = 0x05C0
  public static let orderCount: UInt16 = 3

  /// Payload bytes in a block; the last one is filled up with FF.
  public static let blockBytes = 64
  /// In the register "running slot": there is no boot loader, so nothing can be updated over the bus.
  public static let noSlot: UInt16 = 0xFFFF
}

/// How far an update has come.
public enum UpdateState: UInt16, Sendable {
  case idle = 0
  case receiving = 1
  case verifying = 2
  /// Verified and whole in its slot; `activate` starts it.
  case ready = 3
  case failed = 4
}

/// Why an update was refused or given up.
public enum UpdateRefusal: UInt16, Sendable {
  case none = 0
  /// Made for another board, or for no building (with test hooks).
  case board = 1
  /// Empty, too long for the slot, or not whole words.
  case length = 2
  /// Linked for the slot that runs.
  case slot = 3
  /// Not a header of a known format.
  case header = 4
  case hash = 5
  case signature = 6
  /// The memory could not be erased or written, or does not hold what was written.
  case memory = 7
  /// The host gave it up, or was silent for ten minutes.
  case aborted = 8
  case noBootLoader = 9
  /// The running image is on trial itself: the other slot holds what would have to come back.
  case trial = 10
}

/// Bits of `FirmwareAbout.selfTest`; 0 is a good panel.
public enum SelfTest {
  /// The running image does not have the hash that its header tells.
  public static let image: UInt16 = 1 << 0
  /// A copy of the settings was damaged, or they cannot be written.
  public static let settings: UInt16 = 1 << 1
  public static let ram: UInt16 = 1 << 2
  /// The converter that watches the lines gives nothing plausible.
  public static let converter: UInt16 = 1 << 3
  public static let unfinished: UInt16 = 1 << 15
}

/// What the host asks of an update that was begun.
public enum UpdateCommand: UInt16, Sendable {
  case verify = 1
  case activate = 2
  case abort = 3
}

/// What a panel says of its firmware (16 input registers from `UpdateMap.about`).
public struct FirmwareAbout: Sendable, Equatable {
  /// See `PanelBoard`; other numbers are boards that this program does not know.
  public var board: UInt16 = 0
  /// Major in the high byte.
  public var version: UInt16 = 0
  public var patch: UInt16 = 0
  /// The first eight bytes of the payload's SHA-256; 0 where the image has no header.
  public var buildID: UInt64 = 0
  /// 0 or 1; `UpdateMap.noSlot` without a boot loader.
  public var slot: UInt16 = UpdateMap.noSlot
  /// 0 when the self-test was good; see the README.
  public var selfTest: UInt16 = 0
  /// This image has to prove itself yet, or the one before it comes back.
  public var isOnTrial = false
  /// Faults since power-on.
  public var faults: UInt16 = 0
  public var lastFault: UInt16 = 0
  public var programCounter: UInt32 = 0
  public var linkRegister: UInt32 = 0

  public init() {}

  /// Register `index` (0...15) as sent.
  @inline(__always) public func register(_ index: UInt16) -> UInt16 {
    switch index {
    case 0: board
    case 1: version
    case 2: patch
    case 3: UInt16(truncatingIfNeeded: buildID >> 48)
    case 4: UInt16(truncatingIfNeeded: buildID >> 32)
    case 5: UInt16(truncatingIfNeeded: buildID >> 16)
    case 6: UInt16(truncatingIfNeeded: buildID)
    case 7: slot
    case 8: selfTest
    case 9: isOnTrial ? 1 : 0
    case 10: faults
    case 11: lastFault
    case 12: UInt16(truncatingIfNeeded: programCounter >> 16)
    case 13: UInt16(truncatingIfNeeded: programCounter)
    case 14: UInt16(truncatingIfNeeded: linkRegister >> 16)
    case 15: UInt16(truncatingIfNeeded: linkRegister)
    default: 0
    }
  }

  mutating func setRegister(_ index: UInt16, _ value: UInt16) {
    switch index {
    case 0: board = value
    case 1: version = value
    case 2: patch = value
    case 3...6: buildID = buildID << 16 | UInt64(value)
    case 7: slot = value
    case 8: selfTest = value
    case 9: isOnTrial = value & 1 != 0
    case 10: faults = value
    case 11: lastFault = value
    case 12: programCounter = programCounter & 0x0000_FFFF | UInt32(value) << 16
    case 13: programCounter = programCounter & 0xFFFF_0000 | UInt32(value)
    case 14: linkRegister = linkRegister & 0x0000_FFFF | UInt32(value) << 16
    case 15: linkRegister = linkRegister & 0xFFFF_0000 | UInt32(value)
    default: break
    }
  }
}

/// How an update stands (8 input registers from `UpdateMap.status`).
public struct UpdateStatus: Sendable, Equatable {
  public var state = UpdateState.idle
  public var refusal = UpdateRefusal.none
  /// The block that is wanted next, from 0.
  public var nextBlock: UInt16 = 0
  public var blocks: UInt16 = 0
  /// 0...100 while it is verified.
  public var percent: UInt16 = 0
  /// The slot that a new image has to be linked for; `UpdateMap.noSlot` without a boot loader.
  public var slot: UInt16 = UpdateMap.noSlot
  public var slotKibibytes: UInt16 = 0

  public init() {}

  /// Register `index` (0...7) as sent.
  @inline(__always) public func register(_ index: UInt16) -> UInt16 {
    switch index {
    case 0: state.rawValue
    case 1: refusal.rawValue
    case 2: nextBlock
    case 3: blocks
    case 4: percent
    case 5: slot
    case 6: UInt16(truncatingIfNeeded: UpdateMap.blockBytes)
    case 7: slotKibibytes
    default: 0
    }
  }
}
