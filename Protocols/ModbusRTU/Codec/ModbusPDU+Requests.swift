import DeviceKit

// Requests as a master builds them. A quantity outside the limits is not refused here: the node answers it with exception 03, and
// `ModbusRequest` tells a caller beforehand. A list that is longer than the limit is cut by its type.
extension ModbusPDU {
  public static func readCoils(start: UInt16, count: UInt16) -> ModbusPDU {
    make(ModbusFunction.readCoils, start, count)
  }

  public static func readDiscreteInputs(start: UInt16, count: UInt16) -> ModbusPDU {
    make(ModbusFunction.readDiscreteInputs, start, count)
  }

  public static func readHoldingRegisters(start: UInt16, count: UInt16) -> ModbusPDU {
    make(ModbusFunction.readHoldingRegisters, start, count)
  }

  public static func readInputRegisters(start: UInt16, count: UInt16) -> ModbusPDU {
    make(ModbusFunction.readInputRegisters, start, count)
  }

  public static func writeCoil(_ address: UInt16, on: Bool) -> ModbusPDU {
    make(ModbusFunction.writeCoil, address, on ? 0xFF00 : 0x0000)
  }

  public static func writeRegister(_ address: UInt16, value: UInt16) -> ModbusPDU {
    make(ModbusFunction.writeRegister, address, value)
  }

  /// "Return query data": a node sends `data` back and touches nothing.
  public static func returnQueryData(_ data: UInt16) -> ModbusPDU {
    make(ModbusFunction.diagnostics, 0x0000, data)
  }

  /// Writes `count` coils (1...1968); coil `start + n` is bit `n % 8` of byte `n / 8` of `bits`. Unused bits are sent as 0.
  public static func writeCoils(start: UInt16, count: UInt16, bits: FixedBytes<246>) -> ModbusPDU {
    var pdu = make(ModbusFunction.writeCoils, start, count)
    let length = (Int(count) &+ 7) >> 3
    pdu.bytes.append(UInt8(truncatingIfNeeded: length))
    var index = 0
    while index < length {
      var byte = bits[index]
      if index &+ 1 == length && count & 7 != 0 { byte &= (UInt8(1) << UInt8(count & 7)) &- 1 }
      if !pdu.bytes.append(byte) { break }
      index &+= 1
    }
    return pdu
  }

  public static func writeRegisters(start: UInt16, values: FixedRegisters<123>) -> ModbusPDU {
    var pdu = make(ModbusFunction.writeRegisters, start, UInt16(truncatingIfNeeded: values.count))
    pdu.bytes.append(UInt8(truncatingIfNeeded: values.count &* 2))
    var index = 0
    while index < values.count {
      pdu.bytes.append(bigEndian: values[index])
      index &+= 1
    }
    return pdu
  }

  /// The node sets the register to (old AND `and`) OR (`or` AND NOT `and`).
  public static func maskWriteRegister(_ address: UInt16, and: UInt16, or: UInt16) -> ModbusPDU {
    var pdu = make(ModbusFunction.maskWriteRegister, address, and)
    pdu.bytes.append(bigEndian: or)
    return pdu
  }

  /// Writes `values`, then reads, in one transaction (the node writes first).
  public static func readWriteRegisters(
    readStart: UInt16, readCount: UInt16, writeStart: UInt16, values: FixedRegisters<121>
  ) -> ModbusPDU {
    var pdu = make(ModbusFunction.readWriteRegisters, readStart, readCount)
    pdu.bytes.append(bigEndian: writeStart)
    pdu.bytes.append(bigEndian: UInt16(truncatingIfNeeded: values.count))
    pdu.bytes.append(UInt8(truncatingIfNeeded: values.count &* 2))
    var index = 0
    while index < values.count {
      pdu.bytes.append(bigEndian: values[index])
      index &+= 1
    }
    return pdu
  }

  public static func readFIFO(pointer: UInt16) -> ModbusPDU {
    var pdu = ModbusPDU(bytes: FixedBytes())
    pdu.bytes.append(ModbusFunction.readFIFO)
    pdu.bytes.append(bigEndian: pointer)
    return pdu
  }

  /// Reads identification objects from `object` on. `code`: 1 basic (objects 0...2), 2 regular (0...6), 3 extended, 4 that object only.
  public static func readDeviceIdentification(code: UInt8, object: UInt8) -> ModbusPDU {
    var pdu = ModbusPDU(bytes: FixedBytes())
    pdu.bytes.append(ModbusFunction.encapsulated)
    pdu.bytes.append(ModbusFunction.deviceIdentification)
    pdu.bytes.append(code)
    pdu.bytes.append(object)
    return pdu
  }

  public static func reportServerID() -> ModbusPDU {
    var pdu = ModbusPDU(bytes: FixedBytes())
    pdu.bytes.append(ModbusFunction.reportServerID)
    return pdu
  }

  static func make(_ function: UInt8, _ first: UInt16, _ second: UInt16) -> ModbusPDU {
    var pdu = ModbusPDU(bytes: FixedBytes())
    pdu.bytes.append(function)
    pdu.bytes.append(bigEndian: first)
    pdu.bytes.append(bigEndian: second)
    return pdu
  }
}
