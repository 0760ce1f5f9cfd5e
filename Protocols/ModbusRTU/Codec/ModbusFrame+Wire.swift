import DeviceKit

extension ModbusFrame {
  /// Address, PDU, CRC with its low byte first: 4 to 256 bytes (MODBUS over Serial Line V1.02 §2.5.1).
  public func encoded() -> FixedBytes<256> {
    var copy = pdu
    return copy.framed(for: address)
  }

  /// A whole frame; `nil` when it is shorter than 4 bytes or its CRC is wrong.
  public init?(wire: FixedBytes<256>) {
    var bytes = wire
    guard bytes.count >= ModbusLimit.shortestFrameBytes, bytes.isIntactFrame(at: 0, length: bytes.count) else { return nil }
    self.init()
    take(from: &bytes, at: 0, length: bytes.count)
  }

  /// A frame of nobody, to be filled.
  init() {
    self.init(address: 0, pdu: ModbusPDU(bytes: FixedBytes()))
  }

  /// Becomes the frame in `length` bytes from `start`, whose CRC has been checked.
  mutating func take(from wire: inout FixedBytes<256>, at start: Int, length: Int) {
    address = wire.byte(at: start)
    pdu.bytes.removeAll()
    var index = start &+ 1
    while index < start &+ length &- 2 {
      pdu.bytes.append(wire.byte(at: index))
      index &+= 1
    }
  }
}

// `mutating` only so that large values are not copied; nothing changes.
extension ModbusPDU {
  /// What goes over the wire to or from `address`.
  public mutating func framed(for address: UInt8) -> FixedBytes<256> {
    var wire = FixedBytes<256>()
    var crc = Checksum.CRC16Modbus()
    wire.append(address)
    crc.update(address)
    var index = 0
    while index < bytes.count {
      let byte = bytes.byte(at: index)
      wire.append(byte)
      crc.update(byte)
      index &+= 1
    }
    wire.append(UInt8(truncatingIfNeeded: crc.value))
    wire.append(UInt8(truncatingIfNeeded: crc.value >> 8))
    return wire
  }
}

extension FixedBytes {
  /// Whether `length` bytes from `start` end with their CRC: taken over both it is zero.
  mutating func isIntactFrame(at start: Int, length: Int) -> Bool {
    var crc = Checksum.CRC16Modbus()
    var index = start
    while index < start &+ length {
      crc.update(byte(at: index))
      index &+= 1
    }
    return crc.value == 0
  }
}
