import DeviceKit

/// A request as a node understands it. Values to be written stay in the PDU: read them with `ModbusPDU.valueToWrite` and `bitToWrite`.
public enum ModbusRequest: Sendable, Equatable {
  case readCoils(start: UInt16, count: UInt16)
  case readDiscreteInputs(start: UInt16, count: UInt16)
  case readHoldingRegisters(start: UInt16, count: UInt16)
  case readInputRegisters(start: UInt16, count: UInt16)
  case writeCoil(UInt16, on: Bool)
  case writeRegister(UInt16, value: UInt16)
  case returnQueryData(UInt16)
  case writeCoils(start: UInt16, count: UInt16)
  case writeRegisters(start: UInt16, count: UInt16)
  case reportServerID
  case maskWriteRegister(UInt16, and: UInt16, or: UInt16)
  case readWriteRegisters(readStart: UInt16, readCount: UInt16, writeStart: UInt16, writeCount: UInt16)
  case readFIFO(pointer: UInt16)
  case readDeviceIdentification(code: UInt8, object: UInt8)
}

extension ModbusPDU {
  /// What is asked, checked as the standard's flow charts do: an unknown function is exception 01, an address range over the end of the
  /// 65,536 is 02, a quantity, length or value out of its limits is 03.
  ///
  /// `mutating` only so that a large value is not copied on the microcontroller; nothing changes.
  public mutating func request() throws(ModbusException) -> ModbusRequest {
    let first = bytes.word(at: 1)
    let second = bytes.word(at: 3)
    switch bytes.byte(at: 0) {
    case ModbusFunction.readCoils:
      try range(first, second, limit: ModbusLimit.readBits, length: 5)
      return .readCoils(start: first, count: second)
    case ModbusFunction.readDiscreteInputs:
      try range(first, second, limit: ModbusLimit.readBits, length: 5)
      return .readDiscreteInputs(start: first, count: second)
    case ModbusFunction.readHoldingRegisters:
      try range(first, second, limit: ModbusLimit.readRegisters, length: 5)
      return .readHoldingRegisters(start: first, count: second)
    case ModbusFunction.readInputRegisters:
      try range(first, second, limit: ModbusLimit.readRegisters, length: 5)
      return .readInputRegisters(start: first, count: second)
    case ModbusFunction.writeCoil:
      guard bytes.count == 5, second == 0xFF00 || second == 0 else { throw .illegalDataValue }
      return .writeCoil(first, on: second != 0)
    case ModbusFunction.writeRegister:
      guard bytes.count == 5 else { throw .illegalDataValue }
      return .writeRegister(first, value: second)
    case ModbusFunction.diagnostics:
      guard first == 0 else { throw .illegalFunction }
      guard bytes.count == 5 else { throw .illegalDataValue }
      return .returnQueryData(second)
    case ModbusFunction.writeCoils:
      guard Int(bytes.byte(at: 5)) == (Int(second) &+ 7) >> 3 else { throw .illegalDataValue }
      try range(first, second, limit: ModbusLimit.writeBits, length: 6 &+ Int(bytes.byte(at: 5)))
      return .writeCoils(start: first, count: second)
    case ModbusFunction.writeRegisters:
      guard Int(bytes.byte(at: 5)) == Int(second) &* 2 else { throw .illegalDataValue }
      try range(first, second, limit: ModbusLimit.writeRegisters, length: 6 &+ Int(bytes.byte(at: 5)))
      return .writeRegisters(start: first, count: second)
    default: return try rareRequest(first, second)
    }
  }

  private mutating func rareRequest(_ first: UInt16, _ second: UInt16) throws(ModbusException) -> ModbusRequest {
    switch bytes.byte(at: 0) {
    case ModbusFunction.reportServerID:
      guard bytes.count == 1 else { throw .illegalDataValue }
      return .reportServerID
    case ModbusFunction.maskWriteRegister:
      guard bytes.count == 7 else { throw .illegalDataValue }
      return .maskWriteRegister(first, and: second, or: bytes.word(at: 5))
    case ModbusFunction.readWriteRegisters:
      let writeStart = bytes.word(at: 5)
      let writeCount = bytes.word(at: 7)
      let length = 10 &+ Int(bytes.byte(at: 9))
      guard Int(bytes.byte(at: 9)) == Int(writeCount) &* 2 else { throw .illegalDataValue }
      // Both quantities are judged before either range, so that a wrong quantity is 03 whichever half it is in.
      try quantity(first, second, limit: ModbusLimit.readRegisters, length: length)
      try range(writeStart, writeCount, limit: ModbusLimit.readWriteRegisters, length: length)
      try range(first, second, limit: ModbusLimit.readRegisters, length: length)
      return .readWriteRegisters(readStart: first, readCount: second, writeStart: writeStart, writeCount: writeCount)
    case ModbusFunction.readFIFO:
      guard bytes.count == 3 else { throw .illegalDataValue }
      return .readFIFO(pointer: first)
    case ModbusFunction.encapsulated:
      guard bytes.byte(at: 1) == ModbusFunction.deviceIdentification else { throw .illegalFunction }
      guard bytes.count == 4, bytes.byte(at: 2) >= 1, bytes.byte(at: 2) <= 4 else { throw .illegalDataValue }
      return .readDeviceIdentification(code: bytes.byte(at: 2), object: bytes.byte(at: 3))
    default: throw .illegalFunction
    }
  }

  /// Register `index` (from 0) of those a 10 or 17 request wants written; 0 when it has none there.
  public mutating func valueToWrite(_ index: Int) -> UInt16 {
    guard index >= 0, index < Int(ModbusLimit.writeRegisters) else { return 0 }
    return bytes.word(at: firstValue &+ 2 &* index)
  }

  /// Where the values of a write (10, 17) begin.
  public var firstValue: Int { mutating get { bytes.byte(at: 0) == ModbusFunction.readWriteRegisters ? 10 : 6 } }

  /// Bit `index` (from 0) of those an 0F request wants written; `false` when it has none there.
  public mutating func bitToWrite(_ index: Int) -> Bool {
    guard index >= 0, index < Int(ModbusLimit.writeBits) else { return false }
    return bytes.byte(at: 6 &+ index >> 3) >> UInt8(truncatingIfNeeded: index & 7) & 1 == 1
  }

  private mutating func quantity(_ start: UInt16, _ count: UInt16, limit: UInt16, length: Int) throws(ModbusException) {
    guard bytes.count == length, count >= 1, count <= limit else { throw .illegalDataValue }
  }

  private mutating func range(_ start: UInt16, _ count: UInt16, limit: UInt16, length: Int) throws(ModbusException) {
    try quantity(start, count, limit: limit, length: length)
    guard Int(start) &+ Int(count) <= 0x1_0000 else { throw .illegalDataAddress }
  }
}
