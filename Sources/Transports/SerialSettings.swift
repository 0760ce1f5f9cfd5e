/// How a serial line is driven. Always 8 data bits and no flow control: binary frames contain 0x11 and 0x13.
public struct SerialSettings: Sendable, Equatable, CustomStringConvertible {
  public var baud: BaudRate
  public var format: CharacterFormat
  public var rs485: RS485Mode

  public init(baud: BaudRate = .b19200, format: CharacterFormat = .even8One, rs485: RS485Mode = .off) {
    self.baud = baud
    self.format = format
    self.rs485 = rs485
  }

  public var description: String { "\(baud.rawValue) \(format.rawValue)" }

  /// How long one character takes on the wire, in microseconds, rounded up.
  public var characterMicroseconds: Int {
    (format.bitsPerCharacter * 1_000_000 + baud.rawValue - 1) / baud.rawValue
  }
}

/// Line speeds in bits per second that site files accept.
public enum BaudRate: Int, Sendable, Equatable, CaseIterable {
  case b1200 = 1_200
  case b2400 = 2_400
  case b4800 = 4_800
  case b9600 = 9_600
  case b19200 = 19_200
  case b38400 = 38_400
  case b57600 = 57_600
  case b115200 = 115_200
}

/// Data bits, parity and stop bits. The raw value is what site files and reports say.
public enum CharacterFormat: String, Sendable, Equatable, CaseIterable {
  case none8One = "8N1"
  case even8One = "8E1"
  case odd8One = "8O1"
  case none8Two = "8N2"

  /// Start, data, parity and stop bits together.
  public var bitsPerCharacter: Int { self == .none8One ? 10 : 11 }
  public var hasParity: Bool { self == .even8One || self == .odd8One }
}

/// Who switches the transceiver between sending and listening.
public enum RS485Mode: Sendable, Equatable {
  /// The adapter itself (nearly every USB adapter), or nobody.
  case off
  /// The kernel's driver, by the RTS line (TIOCSRS485). Opening fails where the driver has no such mode.
  case kernel(RS485Timing)
}

/// The RTS line in kernel RS-485 mode (linux/serial.h, `struct serial_rs485`).
public struct RS485Timing: Sendable, Equatable {
  /// RTS is high while sending; otherwise low while sending.
  public var rtsOnSend: Bool
  /// Milliseconds, 0...100: the kernel's own limit.
  public var delayBeforeSendMilliseconds: Int
  /// Milliseconds, 0...100.
  public var delayAfterSendMilliseconds: Int

  /// Delays outside 0...100 are taken as the nearer end.
  public init(rtsOnSend: Bool = true, delayBeforeSendMilliseconds: Int = 0, delayAfterSendMilliseconds: Int = 0) {
    self.rtsOnSend = rtsOnSend
    self.delayBeforeSendMilliseconds = min(max(delayBeforeSendMilliseconds, 0), 100)
    self.delayAfterSendMilliseconds = min(max(delayAfterSendMilliseconds, 0), 100)
  }
}
