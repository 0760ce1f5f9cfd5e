import ModbusRTUCodec

/// What a node counts about its line; each wraps.
public struct ModbusSlaveCounters: Sendable, Equatable {
  /// Requests for this node or for all.
  public var requests: UInt32 = 0
  public var exceptions: UInt32 = 0
  /// Frames for another node, noise, bad CRC.
  public var notForMe: UInt32 = 0

  public init() {}
}

extension ModbusRequest {
  /// True for what a node may do without answering.
  var isWrite: Bool {
    switch self {
    case .writeCoil, .writeRegister, .writeCoils, .writeRegisters, .maskWriteRegister: true
    default: false
    }
  }
}
