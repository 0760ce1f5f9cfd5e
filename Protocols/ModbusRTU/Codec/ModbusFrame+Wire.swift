import DeviceKit

extension ModbusFrame {
  /// Address, PDU, CRC with its low byte first: 4 to 256 bytes (MODBUS over Serial Line V1.02 §2.5.1).
  public func encoded() -> FixedBytes<256> {
    var copy = pdu
    var wire = FixedBytes<256>()
    copy.frame(for: address, into: &wire)
    return wire
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
    pdu.bytes.append(from: &wire, at: start &+ 1, length: length &- 3)
  }
}

// `mutating` only so that large values are not copied; nothing changes.
extension ModbusPDU {
  /// Makes `wire` what goes over the wire to or from `address`.
  public mutating func frame(for address: UInt8, into wire: inout FixedBytes<256>) {
    wire.removeAll()
    wire.append(address)
    wire.append(from: &bytes, at: 0, length: bytes.count)
    var crc = Checksum.CRC16Modbus()
    crc.update(&wire, from: 0, length: wire.count)
    wire.append(UInt8(truncatingIfNeeded: crc.value))
    wire.append(UInt8(truncatingIfNeeded: crc.value >> 8))
  }
}

extension FixedBytes {
  /// Whether `length` bytes from `start` end with their CRC: taken over both it is zero.
  mutating func isIntactFrame(at start: Int, length: Int) -> Bool {
    var crc = Checksum.CRC16Modbus()
    crc.update(&self, from: start, length: length)
    return crc.value == 0
  }
}
