/// Ten bytes that begin every message, in both directions (README.md, "Message").
public enum CCIDHeader {
  public static let length = 10
}

/// What a host says, `PC_to_RDR`.
public struct CCIDCommand: Sendable, Equatable {
  public enum Kind: UInt8, Sendable, CaseIterable {
    case powerOn = 0x62
    case powerOff = 0x63
    case slotStatus = 0x65
    case exchange = 0x6F
    case parameters = 0x6C
    case resetParameters = 0x6D
    case setParameters = 0x61
    case escape = 0x6B
    case clock = 0x6E
    case secure = 0x69
    case abort = 0x72
    case setRate = 0x73

    /// What a reader that understands it answers with.
    public var reply: CCIDReply.Kind {
      switch self {
      case .powerOn, .exchange, .secure: .dataBlock
      case .powerOff, .slotStatus, .clock, .abort: .slotStatus
      case .parameters, .resetParameters, .setParameters: .parameters
      case .escape: .escape
      case .setRate: .rate
      }
    }
  }

  /// `kind` where this program knows it.
  public var type: UInt8
  public var slot: UInt8
  public var sequence: UInt8
  /// Bytes 7, 8 and 9: a meaning of their own with each kind.
  public var specific: (UInt8, UInt8, UInt8)
  public var data: [UInt8]

  public init(
    _ kind: Kind, slot: UInt8 = 0, sequence: UInt8, specific: (UInt8, UInt8, UInt8) = (0, 0, 0), data: [UInt8] = []
  ) {
    self.init(type: kind.rawValue, slot: slot, sequence: sequence, specific: specific, data: data)
  }

  init(type: UInt8, slot: UInt8, sequence: UInt8, specific: (UInt8, UInt8, UInt8), data: [UInt8]) {
    self.type = type
    self.slot = slot
    self.sequence = sequence
    self.specific = specific
    self.data = data
  }

  public var kind: Kind? { Kind(rawValue: type) }
  /// `wLevelParameter` of an exchange.
  public var level: UInt16 { UInt16(specific.1) | UInt16(specific.2) << 8 }

  public var encoded: [UInt8] {
    let length = UInt32(truncatingIfNeeded: data.count)
    return [type] + littleEndian(length) + [slot, sequence, specific.0, specific.1, specific.2] + data
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.type == right.type && left.slot == right.slot && left.sequence == right.sequence && left.specific == right.specific
      && left.data == right.data
  }
}

/// What a reader answers, `RDR_to_PC`, without the data: that is where the decoder was told to put it.
public struct CCIDReply: Sendable, Equatable {
  public enum Kind: UInt8, Sendable, CaseIterable {
    case dataBlock = 0x80
    case slotStatus = 0x81
    case parameters = 0x82
    case escape = 0x83
    case rate = 0x84
  }

  public enum Card: UInt8, Sendable {
    case active, inactive, absent, unknown
  }

  public enum Outcome: Sendable, Equatable {
    case done
    case failed(CCIDError)
    /// So many times the waiting time more.
    case moreTime(UInt8)
  }

  public var kind: Kind
  public var slot: UInt8
  public var sequence: UInt8
  public var status: UInt8
  public var error: UInt8
  /// Byte 9: `bChainParameter`, `bClockStatus` or `bProtocolNum`.
  public var specific: UInt8

  public init(
    _ kind: Kind, slot: UInt8 = 0, sequence: UInt8, status: UInt8 = 0, error: UInt8 = 0, specific: UInt8 = 0
  ) {
    self.kind = kind
    self.slot = slot
    self.sequence = sequence
    self.status = status
    self.error = error
    self.specific = specific
  }

  public var card: Card { Card(rawValue: status & 3) ?? .unknown }

  public var outcome: Outcome {
    switch status >> 6 {
    case 0: .done
    case 2: .moreTime(error)
    default: .failed(CCIDError(rawValue: error))
    }
  }

  public func encoded(_ data: [UInt8] = []) -> [UInt8] {
    [kind.rawValue] + littleEndian(UInt32(truncatingIfNeeded: data.count)) + [slot, sequence, status, error, specific] + data
  }
}

/// `bError` of an answer that says "failed". Numbers below 0x80 name the byte of the header that was not liked; 0: the command.
public struct CCIDError: RawRepresentable, Sendable, Equatable {
  public var rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let commandNotSupported = CCIDError(rawValue: 0x00)
  public static let badLength = CCIDError(rawValue: 0x01)
  public static let noSuchSlot = CCIDError(rawValue: 0x05)
  public static let slotBusy = CCIDError(rawValue: 0xE0)
  public static let pinCancelled = CCIDError(rawValue: 0xEF)
  public static let pinTimeout = CCIDError(rawValue: 0xF0)
  public static let busyWithSequence = CCIDError(rawValue: 0xF2)
  public static let deactivatedProtocol = CCIDError(rawValue: 0xF3)
  public static let procedureByte = CCIDError(rawValue: 0xF4)
  public static let classNotSupported = CCIDError(rawValue: 0xF5)
  public static let protocolNotSupported = CCIDError(rawValue: 0xF6)
  public static let badCheck = CCIDError(rawValue: 0xF7)
  public static let badTS = CCIDError(rawValue: 0xF8)
  public static let hardware = CCIDError(rawValue: 0xFB)
  public static let overrun = CCIDError(rawValue: 0xFC)
  public static let parity = CCIDError(rawValue: 0xFD)
  public static let mute = CCIDError(rawValue: 0xFE)
  public static let aborted = CCIDError(rawValue: 0xFF)
}

/// How the pieces of one long command or answer hang together (`wLevelParameter`, `bChainParameter`).
public enum CCIDChain {
  public static let whole: UInt8 = 0x00
  public static let begins: UInt8 = 0x01
  public static let ends: UInt8 = 0x02
  public static let continues: UInt8 = 0x03
  /// Nothing, but the other side's next piece is wanted.
  public static let more: UInt8 = 0x10
}

/// What comes through the interrupt pipe.
public enum CCIDNotice: Sendable, Equatable {
  /// Of one slot.
  case card(isPresent: Bool, hasChanged: Bool)
  case hardwareError(slot: UInt8, code: UInt8)

  /// - Returns: `nil` for what is neither, or says nothing of that slot.
  public init?(_ bytes: [UInt8], slot: UInt8 = 0) {
    switch bytes.first {
    case 0x50?:
      let index = 1 + Int(slot) / 4
      guard index < bytes.count else { return nil }
      let bits = bytes[index] >> (2 * (slot % 4))
      self = .card(isPresent: bits & 1 != 0, hasChanged: bits & 2 != 0)
    case 0x51? where bytes.count >= 4: self = .hardwareError(slot: bytes[1], code: bytes[3])
    default: return nil
    }
  }
}

func littleEndian(_ value: UInt32) -> [UInt8] {
  [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) }
}
