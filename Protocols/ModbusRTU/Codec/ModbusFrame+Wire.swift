import DeviceKit

extension ModbusFrame {
  /// Address, PDU, CRC with its low byte first: 4 to 256 bytes (MODBUS over Serial Line V1.02 §2.5.1).
  public func encoded() -> FixedBytes<256> {
    var wire = FixedBytes<256>()
    var crc = Checksum.CRC16Modbus()
    wire.append(address)
    crc.update(address)
    var index = 0
    while index < pdu.bytes.count {
      wire.append(pdu.bytes[index])
      crc.update(pdu.bytes[index])
      index &+= 1
    }
    wire.append(UInt8(truncatingIfNeeded: crc.value))
    wire.append(UInt8(truncatingIfNeeded: crc.value >> 8))
    return wire
  }

  /// A whole frame; `nil` when it is shorter than 4 bytes or its CRC is wrong.
  public init?(wire: FixedBytes<256>) {
    guard wire.count >= ModbusLimit.shortestFrameBytes else { return nil }
    var crc = Checksum.CRC16Modbus()
    var index = 0
    while index < wire.count {
      crc.update(wire[index])
      index &+= 1
    }
    // The CRC over data and its own CRC is zero.
    guard crc.value == 0 else { return nil }
    self.init(wire: wire, from: 0, length: wire.count)
  }

  /// The frame in `length` bytes from `start`, whose CRC has been checked.
  init(wire: FixedBytes<256>, from start: Int, length: Int) {
    self.init(address: wire[start], pdu: ModbusPDU(bytes: FixedBytes()))
    var index = start &+ 1
    while index < start &+ length &- 2 {
      pdu.bytes.append(wire[index])
      index &+= 1
    }
  }
}
