import DeviceKit
import ModbusRTUCodec

/// The requests to an ordinary module and how its answers are read.
extension DigitalIOLayout {
  public var readInputs: ModbusPDU {
    switch inputFunction {
    case .coils: .readCoils(start: inputStart, count: inputCount)
    case .discreteInputs: .readDiscreteInputs(start: inputStart, count: inputCount)
    }
  }

  /// Closed contacts, bit 0 = input 1; `nil` when the answer is not one to `readInputs`.
  public func closedInputs(_ answer: ModbusPDU) -> UInt32? {
    bits(answer, function: inputFunction.rawValue, count: inputCount).map { ($0 ^ activeLowMask) & inputMask }
  }

  public var readOutputs: ModbusPDU {
    .readCoils(start: outputStart, count: outputCount)
  }

  /// Relays that are on, bit 0 = output 1; `nil` when the answer is not one to `readOutputs`.
  public func outputsOn(_ answer: ModbusPDU) -> UInt32? {
    bits(answer, function: InputFunction.coils.rawValue, count: outputCount)
  }

  /// The next request that brings the relays from `observed` to `wanted`; `nil` when they agree.
  public func write(wanted: UInt32, observed: UInt32) -> ModbusPDU? {
    let difference = (wanted ^ observed) & outputMask
    guard difference != 0 else { return nil }
    switch writeFunction {
    case .single:
      let output = difference.trailingZeroBitCount
      return .writeCoil(outputStart &+ UInt16(truncatingIfNeeded: output), on: wanted & (UInt32(1) << UInt32(output)) != 0)
    case .multiple:
      var bytes = FixedBytes<246>()
      var place: UInt32 = 0
      while place < 32 {
        bytes.append(UInt8(truncatingIfNeeded: wanted >> place))
        place &+= 8
      }
      return .writeCoils(start: outputStart, count: outputCount, bits: bytes)
    }
  }

  /// What lies beyond the bits that were asked for is not looked at: some modules pad their answers.
  private func bits(_ answer: ModbusPDU, function: UInt8, count: UInt16) -> UInt32? {
    let needed = (Int(count) &+ 7) >> 3
    let length = Int(answer.bytes[1])
    guard answer.bytes[0] == function, answer.bytes.count == length &+ 2, length >= needed else { return nil }
    var value: UInt32 = 0
    var index = 0
    while index < needed {
      value |= UInt32(answer.bytes[2 &+ index]) << UInt32(index &* 8)
      index &+= 1
    }
    return count >= 32 ? value : value & ((UInt32(1) << UInt32(count)) &- 1)
  }
}
