import DeviceKit

/// A protocol data unit: function code and data, 1 to 253 bytes (MODBUS Application Protocol V1.1b3 §4.1), without address and CRC.
public struct ModbusPDU: Sendable, Equatable {
  public var bytes: FixedBytes<253>

  public init(bytes: FixedBytes<253>) {
    self.bytes = bytes
  }

  /// The function code with the exception bit taken away.
  @inlinable public var function: UInt8 { bytes[0] & 0x7F }
  @inlinable public var isException: Bool { bytes[0] & 0x80 != 0 }
}

/// A request or an answer with the address of the node it goes to or comes from (0 = broadcast, 1...247).
public struct ModbusFrame: Sendable, Equatable {
  public var address: UInt8
  public var pdu: ModbusPDU

  public init(address: UInt8, pdu: ModbusPDU) {
    self.address = address
    self.pdu = pdu
  }
}
