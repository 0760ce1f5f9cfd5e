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
        update(bytes.storage.mutableSpan[index])
        index &+= 1
      }
    }
  }

  /// CRC-32 (IEEE 802.3, reflected EDB88320, start and final exclusive-or FFFFFFFF). "123456789" gives CBF43926.
  public struct CRC32: Sendable {
    private var register: UInt32 = 0xFFFF_FFFF

    public init() {}

    public mutating func update(_ byte: UInt8) {
      register ^= UInt32(byte)
      var bit = 0
      while bit < 8 {
        register = (register >> 1) ^ (0xEDB8_8320 & (0 &- (register & 1)))
        bit &+= 1
      }
    }

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
