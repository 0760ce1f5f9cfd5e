import DeviceKit

/// How an answer stands to the request it is meant for.
public enum ModbusMatch: Sendable, Equatable {
  case matches
  /// Another function: a late answer, or a node that mistook the request.
  case otherFunction
  /// The right function with a length or an echo that the request does not allow.
  case malformed
}

extension ModbusPDU {
  /// Checks an answer against its request: function, length, and what the standard makes a node repeat.
  public func match(request: ModbusPDU) -> ModbusMatch {
    var (answer, request) = (self, request)
    return answer.match(request: &request)
  }

  /// The same for values that are stored: they are not changed, and not copied so.
  public mutating func match(request: inout ModbusPDU) -> ModbusMatch {
    let code = bytes.byte(at: 0)
    guard code & 0x7F == request.bytes.byte(at: 0) else { return .otherFunction }
    if code & 0x80 != 0 { return bytes.count == 2 && bytes.byte(at: 1) != 0 ? .matches : .malformed }
    return isRightAnswer(to: &request) ? .matches : .malformed
  }

  private mutating func isRightAnswer(to request: inout ModbusPDU) -> Bool {
    switch bytes.byte(at: 0) {
    case ModbusFunction.readCoils, ModbusFunction.readDiscreteInputs:
      let needed = (Int(request.bytes.word(at: 3)) &+ 7) >> 3
      let length = Int(bytes.byte(at: 1))
      return length >= needed && length <= needed &+ ModbusLimit.bitPaddingBytes && bytes.count == length &+ 2
    case ModbusFunction.readHoldingRegisters, ModbusFunction.readInputRegisters, ModbusFunction.readWriteRegisters:
      let length = Int(request.bytes.word(at: 3)) &* 2
      return Int(bytes.byte(at: 1)) == length && bytes.count == length &+ 2
    case ModbusFunction.writeCoil, ModbusFunction.writeRegister, ModbusFunction.diagnostics, ModbusFunction.maskWriteRegister:
      return self == request
    case ModbusFunction.writeCoils, ModbusFunction.writeRegisters:
      return bytes.count == 5 && bytes.word(at: 1) == request.bytes.word(at: 1)
        && bytes.word(at: 3) == request.bytes.word(at: 3)
    case ModbusFunction.readFIFO:
      let count = Int(bytes.word(at: 3))
      return count <= Int(ModbusLimit.fifoRegisters) && Int(bytes.word(at: 1)) == 2 &+ 2 &* count
        && bytes.count == 5 &+ 2 &* count
    case ModbusFunction.encapsulated:
      return bytes.byte(at: 2) == request.bytes.byte(at: 2) && ModbusIdentification(self) != nil
    case ModbusFunction.reportServerID:
      return bytes.count == 2 &+ Int(bytes.byte(at: 1))
    default: return false
    }
  }

  /// How many bytes the answer to this request has on the wire by the standard; `ModbusLimit.frameBytes` where only the node knows.
  public var standardAnswerLength: Int {
    Self.standardAnswerLength(function: bytes[0], quantity: bytes.bigEndian(at: 3))
  }

  /// The same from the two fields of a request that decide.
  public static func standardAnswerLength(function: UInt8, quantity: UInt16) -> Int {
    let count = Int(quantity)
    let length =
      switch function {
      case ModbusFunction.readCoils, ModbusFunction.readDiscreteInputs: 5 &+ (count &+ 7) >> 3
      case ModbusFunction.readHoldingRegisters, ModbusFunction.readInputRegisters, ModbusFunction.readWriteRegisters:
        5 &+ 2 &* count
      case ModbusFunction.writeCoil, ModbusFunction.writeRegister, ModbusFunction.diagnostics, ModbusFunction.writeCoils,
        ModbusFunction.writeRegisters:
        8
      case ModbusFunction.maskWriteRegister: 10
      case ModbusFunction.readFIFO: 70
      default: ModbusLimit.frameBytes
      }
    return length < ModbusLimit.frameBytes ? length : ModbusLimit.frameBytes
  }

  /// How many bytes an answer to this request has at most that `match` takes: padding included.
  public var longestAnswerLength: Int {
    Self.longestAnswerLength(function: bytes[0], quantity: bytes.bigEndian(at: 3))
  }

  /// The same from the two fields of a request that decide.
  public static func longestAnswerLength(function: UInt8, quantity: UInt16) -> Int {
    let isBits = function == ModbusFunction.readCoils || function == ModbusFunction.readDiscreteInputs
    let length = standardAnswerLength(function: function, quantity: quantity) &+ (isBits ? ModbusLimit.bitPaddingBytes : 0)
    return length < ModbusLimit.frameBytes ? length : ModbusLimit.frameBytes
  }
}
