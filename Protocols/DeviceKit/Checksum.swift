/// Checksums that wires and settings stores use.
public enum Checksum {
  /// CRC-16 of Modbus (MODBUS over Serial Line V1.02 §2.5.1.2): reflected polynomial A001, start FFFF, no final exclusive-or.
  /// "123456789" gives 4B37. Sent low byte first.
  public struct CRC16Modbus: Sendable {
    // Inlinable: called for each byte from other modules.
    @usableFromInline var register: UInt16 = 0xFFFF

    @inlinable public init() {}

    @inlinable public var value: UInt16 { register }

    /// Eight bits at once without a table: this polynomial has so few terms that what the bits shift in is their parity (in C001), and
    /// themselves in two places.
    @inlinable public mutating func update(_ byte: UInt8) {
      let bits = (register ^ UInt16(byte)) & 0xFF
      // Bit n of 6996 is the parity of n.
      let parity = 0x6996 &>> ((bits ^ bits >> 4) & 15) & 1
      register = register >> 8 ^ bits << 6 ^ bits << 7 ^ (0xC001 & (0 &- parity))
    }

    /// Takes `length` bytes from `start` on, as far as they are there. `bytes` are not changed: they are not copied so.
    @inlinable public mutating func update<let size: Int>(_ bytes: inout FixedBytes<size>, from start: Int, length: Int) {
      guard start >= 0, start < bytes.used else { return }
      let end = length < bytes.used &- start ? start &+ length : bytes.used
      var index = start
      while index < end {
        update(bytes.storage.mutableSpan[unchecked: index])
        index &+= 1
      }
    }
  }

  /// The register of CRC-16/Modbus run from its end to its beginning: begun with 0, which is what a whole frame leaves, it is `start` at each
  /// byte from which on the bytes are a frame with a good CRC. So one pass finds all the suffixes that are one.
  public struct CRC16ModbusBackwards: Sendable {
    @usableFromInline var register: UInt16 = 0

    @inlinable public init() {}

    /// `byte` is the one before those that were taken.
    @inlinable public mutating func update(_ byte: UInt8) {
      // Four bits at once. What leaves at the top says what the polynomial was added to on the way forward.
      register = register << 4 ^ Checksum.backwards[unchecked: Int(register >> 12)]
      register = register << 4 ^ Checksum.backwards[unchecked: Int(register >> 12)]
      register ^= UInt16(byte)
    }

    @inlinable public var isStart: Bool { register == 0xFFFF }
  }

  @usableFromInline static let backwards: InlineArray<16, UInt16> = [
    0x0000, 0x4003, 0x8006, 0xC005, 0x400F, 0x000C, 0xC009, 0x800A,
    0x801E, 0xC01D, 0x0018, 0x401B, 0xC011, 0x8012, 0x4017, 0x0014,
  ]

  /// CRC-32 (IEEE 802.3, reflected EDB88320, start and final exclusive-or FFFFFFFF). "123456789" gives CBF43926.
  public struct CRC32: Sendable {
    private var register: UInt32 = 0xFFFF_FFFF

    public init() {}

    /// Four bits at once: a table of 64 bytes, where one for eight bits would take a kilobyte of a microcontroller's flash.
    public mutating func update(_ byte: UInt8) {
      register ^= UInt32(byte)
      register = register >> 4 ^ CRC32.table[unchecked: Int(register & 15)]
      register = register >> 4 ^ CRC32.table[unchecked: Int(register & 15)]
    }

    private static let table: InlineArray<16, UInt32> = [
      0x0000_0000, 0x1DB7_1064, 0x3B6E_20C8, 0x26D9_30AC, 0x76DC_4190, 0x6B6B_51F4, 0x4DB2_6158, 0x5005_713C,
      0xEDB8_8320, 0xF00F_9344, 0xD6D6_A3E8, 0xCB61_B38C, 0x9B64_C2B0, 0x86D3_D2D4, 0xA00A_E278, 0xBDBD_F21C,
    ]

    /// Four bytes, least significant first.
    public mutating func update(word: UInt32) {
      update(UInt8(truncatingIfNeeded: word))
      update(UInt8(truncatingIfNeeded: word >> 8))
      update(UInt8(truncatingIfNeeded: word >> 16))
      update(UInt8(truncatingIfNeeded: word >> 24))
    }

    public var value: UInt32 { ~register }
  }
}
