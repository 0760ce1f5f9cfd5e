import DeviceKit

/// What the first bytes of a frame say about its length. Serial Modbus has no length field: the function code implies it.
public enum ModbusLength: Sendable, Equatable {
  /// So many bytes with address and CRC.
  case known(Int)
  /// More bytes must come before the length can be told.
  case undecided
  /// No frame begins like this.
  case impossible
  /// A request with a function this codec does not know: only silence ends it.
  case unknown
}

extension ModbusLength {
  /// The length of the answer that begins at `start`, from what of it is there. `inout` only so that the bytes are not copied.
  static func ofAnswer(in bytes: inout FixedBytes<256>, at start: Int) -> ModbusLength {
    let there = bytes.count &- start
    guard there >= 2 else { return there == 1 && bytes.byte(at: start) > 247 ? .impossible : .undecided }
    // 0 never answers, 248...255 are reserved.
    let address = bytes.byte(at: start)
    guard address >= 1, address <= 247 else { return .impossible }
    let function = bytes.byte(at: start &+ 1)
    if function & 0x80 != 0 { return function == 0x80 ? .impossible : .known(5) }
    switch function {
    case ModbusFunction.readCoils, ModbusFunction.readDiscreteInputs, ModbusFunction.reportServerID:
      guard there >= 3 else { return .undecided }
      let count = bytes.byte(at: start &+ 2)
      return count >= 1 ? fitting(5 &+ Int(count)) : .impossible
    case ModbusFunction.readHoldingRegisters, ModbusFunction.readInputRegisters, ModbusFunction.readWriteRegisters:
      guard there >= 3 else { return .undecided }
      let count = bytes.byte(at: start &+ 2)
      return count >= 2 && count & 1 == 0 ? fitting(5 &+ Int(count)) : .impossible
    case ModbusFunction.writeCoil, ModbusFunction.writeRegister, ModbusFunction.diagnostics, ModbusFunction.writeCoils,
      ModbusFunction.writeRegisters:
      return .known(8)
    case ModbusFunction.maskWriteRegister: return .known(10)
    case ModbusFunction.readFIFO:
      guard there >= 4 else { return .undecided }
      let count = bytes.word(at: start &+ 2)
      return count >= 2 && count <= 64 && count & 1 == 0 ? .known(6 &+ Int(count)) : .impossible
    case ModbusFunction.encapsulated: return ofIdentification(in: &bytes, at: start)
    default: return .impossible
    }
  }

  /// Walks the objects of a 2B/0E answer: `address 2B 0E code conformity more next count`, then `id len text` each, then the CRC.
  private static func ofIdentification(in bytes: inout FixedBytes<256>, at start: Int) -> ModbusLength {
    let there = bytes.count &- start
    if there >= 3, bytes.byte(at: start &+ 2) != ModbusFunction.deviceIdentification { return .impossible }
    guard there >= 8 else { return .undecided }
    var position = 8
    var left = bytes.byte(at: start &+ 7)
    while left > 0 {
      guard position &+ 2 <= ModbusLimit.frameBytes else { return .impossible }
      guard position &+ 2 <= there else { return .undecided }
      position &+= 2 &+ Int(bytes.byte(at: start &+ position &+ 1))
      left &-= 1
    }
    return fitting(position &+ 2)
  }

  /// The length of a request of which `there` bytes have come; of those only the third, seventh and eleventh can decide (0 if not there).
  static func ofRequest(function: UInt8, there: Int, third: UInt8, seventh: UInt8, eleventh: UInt8) -> ModbusLength {
    switch function {
    case ModbusFunction.readCoils...ModbusFunction.writeRegister, ModbusFunction.diagnostics: return .known(8)
    case ModbusFunction.writeCoils, ModbusFunction.writeRegisters:
      return there >= 7 ? fitting(9 &+ Int(seventh)) : .undecided
    case ModbusFunction.reportServerID: return .known(4)
    case ModbusFunction.maskWriteRegister: return .known(10)
    case ModbusFunction.readWriteRegisters: return there >= 11 ? fitting(13 &+ Int(eleventh)) : .undecided
    case ModbusFunction.readFIFO: return .known(6)
    case ModbusFunction.encapsulated:
      // Other encapsulated interfaces have lengths of their own.
      return there >= 3 ? (third == ModbusFunction.deviceIdentification ? .known(7) : .unknown) : .undecided
    default: return .unknown
    }
  }

  private static func fitting(_ length: Int) -> ModbusLength {
    length <= ModbusLimit.frameBytes ? .known(length) : .impossible
  }
}
