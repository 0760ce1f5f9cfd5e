/// The public function codes this codec knows (MODBUS Application Protocol V1.1b3 §6).
public enum ModbusFunction {
  public static let readCoils: UInt8 = 0x01
  public static let readDiscreteInputs: UInt8 = 0x02
  public static let readHoldingRegisters: UInt8 = 0x03
  public static let readInputRegisters: UInt8 = 0x04
  public static let writeCoil: UInt8 = 0x05
  public static let writeRegister: UInt8 = 0x06
  /// Only sub-function 0000, "return query data": a wiring check that touches no register.
  public static let diagnostics: UInt8 = 0x08
  public static let writeCoils: UInt8 = 0x0F
  public static let writeRegisters: UInt8 = 0x10
  public static let reportServerID: UInt8 = 0x11
  public static let maskWriteRegister: UInt8 = 0x16
  public static let readWriteRegisters: UInt8 = 0x17
  public static let readFIFO: UInt8 = 0x18
  /// Encapsulated interface; only type 0E, "read device identification".
  public static let encapsulated: UInt8 = 0x2B
  public static let deviceIdentification: UInt8 = 0x0E
}

/// The largest quantities one request may name (V1.1b3 §6), so that request and answer fit into 253 bytes.
public enum ModbusLimit {
  public static let readBits: UInt16 = 2000
  public static let writeBits: UInt16 = 1968
  public static let readRegisters: UInt16 = 125
  public static let writeRegisters: UInt16 = 123
  /// How many registers function 0x17 may write.
  public static let readWriteRegisters: UInt16 = 121
  public static let fifoRegisters: UInt16 = 31
  /// So many data bytes more than asked for are taken in an answer to 01 or 02: some modules always send the same number of them.
  public static let bitPaddingBytes = 4
  /// Longest frame with address and CRC (MODBUS over Serial Line V1.02 §2.5.1).
  public static let frameBytes = 256
  public static let shortestFrameBytes = 4
}

/// The reason in an exception answer (V1.1b3 §7).
public enum ModbusException: UInt8, Error, Sendable, Equatable {
  case illegalFunction = 0x01
  case illegalDataAddress = 0x02
  case illegalDataValue = 0x03
  case deviceFailure = 0x04
  case acknowledge = 0x05
  case busy = 0x06
  case memoryParity = 0x08
  case gatewayPathUnavailable = 0x0A
  case gatewayTargetSilent = 0x0B
}
