import DeviceKit

/// How long characters and silences last on a serial line (MODBUS over Serial Line V1.02 §2.5.1.1). 32-bit arithmetic only.
public struct ModbusTiming: Sendable, Equatable {
  public enum Parity: UInt8, Sendable {
    case none, even, odd
  }

  public let baud: UInt32
  /// Bits of a character on the wire with start, parity and stop bits: 10 or 11.
  public let bitsPerCharacter: UInt32
  /// One character of this line in units of 10 ns, rounded up.
  private let characterTensOfNanoseconds: UInt32
  /// Silence that ends a frame, in microseconds: 3.5 characters of 11 bits (also on 8N1 lines: safe for both), 1,750 above 19,200 baud.
  public let silenceMicroseconds: UInt32

  /// `baud` is held within 300...4,000,000. Without parity the standard wants two stop bits, nearly every device uses one.
  public init(baud: UInt32, parity: Parity = .none, stopBits: UInt32 = 1) {
    let held = baud < 300 ? 300 : (baud > 4_000_000 ? 4_000_000 : baud)
    self.baud = held
    bitsPerCharacter = 9 &+ (parity == .none ? 0 : 1) &+ (stopBits == 2 ? 2 : 1)
    characterTensOfNanoseconds = (bitsPerCharacter &* 100_000_000 &+ held &- 1) / held
    silenceMicroseconds = held > 19_200 ? 1_750 : (38_500_000 &+ held &- 1) / held
  }

  /// t3.5.
  public var silence: Interval { .microseconds(Int(silenceMicroseconds)) }

  /// One character on this line in microseconds, rounded up.
  public var characterMicroseconds: UInt32 { (characterTensOfNanoseconds &+ 99) / 100 }

  /// How long `count` characters (0...256) take on the wire, in microseconds, rounded up.
  public func microseconds(ofCharacters count: Int) -> UInt32 {
    let held = count < 0 ? 0 : (count > 256 ? 256 : count)
    return (UInt32(truncatingIfNeeded: held) &* characterTensOfNanoseconds &+ 99) / 100
  }

  public func interval(ofCharacters count: Int) -> Interval { .microseconds(Int(microseconds(ofCharacters: count))) }
}
