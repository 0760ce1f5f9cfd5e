import DeviceKit
import ModbusRTUCodec

// How each function reads and writes the bank, straight into the reply.
extension ModbusSlave {
  /// Answers to 05, 06, 0F and 10 repeat the first five bytes of the request.
  mutating func finishWrite(_ request: ModbusRequest) {
    bank.wrote(request)
    repeatRequest(5)
  }

  mutating func repeatRequest(_ length: Int) {
    var index = 1
    while index < length {
      reply.append(request.bytes.byte(at: index))
      index &+= 1
    }
  }

  mutating func replyBits(_ start: UInt16, _ count: UInt16, inputs: Bool) throws(ModbusException) {
    reply.append(UInt8(truncatingIfNeeded: (count &+ 7) >> 3))
    var byte: UInt8 = 0
    var index: UInt16 = 0
    while index < count {
      let isOn = try inputs ? bank.discreteInput(at: start &+ index) : bank.coil(at: start &+ index)
      if isOn { byte |= 1 << UInt8(truncatingIfNeeded: index & 7) }
      index &+= 1
      if index & 7 == 0 || index == count {
        reply.append(byte)
        byte = 0
      }
    }
  }

  mutating func replyRegisters(_ start: UInt16, _ count: UInt16, inputs: Bool) throws(ModbusException) {
    reply.append(UInt8(truncatingIfNeeded: count &* 2))
    var index: UInt16 = 0
    while index < count {
      let value = try inputs ? bank.inputRegister(at: start &+ index) : bank.holdingRegister(at: start &+ index)
      reply.append(bigEndian: value)
      index &+= 1
    }
  }

  mutating func probeRegisters(_ start: UInt16, _ count: UInt16) throws(ModbusException) {
    var index: UInt16 = 0
    while index < count {
      try bank.probeHoldingRegister(at: start &+ index)
      index &+= 1
    }
  }

  mutating func writeBits(_ start: UInt16, _ count: UInt16) throws(ModbusException) {
    var index: UInt16 = 0
    while index < count {
      try bank.checkCoil(at: start &+ index, on: request.bitToWrite(Int(index)))
      index &+= 1
    }
    index = 0
    while index < count {
      bank.setCoil(at: start &+ index, on: request.bitToWrite(Int(index)))
      index &+= 1
    }
  }

  mutating func writeValues(_ start: UInt16, _ count: UInt16) throws(ModbusException) {
    // As `valueToWrite`; where the values begin is found out once.
    let first = request.firstValue
    var index: UInt16 = 0
    while index < count {
      try bank.checkRegister(at: start &+ index, value: request.bytes.word(at: first &+ Int(index) &* 2))
      index &+= 1
    }
    index = 0
    while index < count {
      bank.setRegister(at: start &+ index, value: request.bytes.word(at: first &+ Int(index) &* 2))
      index &+= 1
    }
  }

  mutating func replyFIFO(_ pointer: UInt16) throws(ModbusException) {
    let count = try bank.fifoCount(at: pointer)
    guard count >= 0, count <= Int(ModbusLimit.fifoRegisters) else { throw .illegalDataValue }
    reply.append(bigEndian: UInt16(truncatingIfNeeded: 2 &+ 2 &* count))
    reply.append(bigEndian: UInt16(truncatingIfNeeded: count))
    var index = 0
    while index < count {
      reply.append(bigEndian: bank.fifoValue(at: pointer, index: index))
      index &+= 1
    }
  }
}
