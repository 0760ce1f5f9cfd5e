import DeviceKit
import ModbusRTUCodec

/// A plain bank: so many coils, inputs and registers from address 0 on, one queue, three identification objects. Stands for an ordinary
/// module in tests and simulators.
public struct RegisterBank<let coilBytes: Int, let inputBytes: Int, let holdingCount: Int, let inputCount: Int>: ModbusBank,
  Sendable
{
  private var coils = InlineArray<coilBytes, UInt8>(repeating: 0)
  private var inputs = InlineArray<inputBytes, UInt8>(repeating: 0)
  private var holding = InlineArray<holdingCount, UInt16>(repeating: 0)
  private var inputRegisters = InlineArray<inputCount, UInt16>(repeating: 0)
  /// Answered to function 0x18 at `fifoPointer`.
  public var fifo = FixedRegisters<31>()
  public var fifoPointer: UInt16 = 0
  public var identificationConformity: UInt8 = 0x81
  public var vendor: StaticString
  public var product: StaticString
  public var version: StaticString
  /// How many writes have been carried out; wraps.
  public private(set) var writes: UInt32 = 0

  public init(vendor: StaticString, product: StaticString, version: StaticString) {
    self.vendor = vendor
    self.product = product
    self.version = version
  }

  public mutating func coil(at address: UInt16) throws(ModbusException) -> Bool {
    guard Int(address) < coilBytes &* 8 else { throw .illegalDataAddress }
    return coils[Int(address >> 3)] >> UInt8(address & 7) & 1 == 1
  }

  public mutating func discreteInput(at address: UInt16) throws(ModbusException) -> Bool {
    guard Int(address) < inputBytes &* 8 else { throw .illegalDataAddress }
    return inputs[Int(address >> 3)] >> UInt8(address & 7) & 1 == 1
  }

  public mutating func holdingRegister(at address: UInt16) throws(ModbusException) -> UInt16 {
    guard Int(address) < holdingCount else { throw .illegalDataAddress }
    return holding[Int(address)]
  }

  public mutating func inputRegister(at address: UInt16) throws(ModbusException) -> UInt16 {
    guard Int(address) < inputCount else { throw .illegalDataAddress }
    return inputRegisters[Int(address)]
  }

  public mutating func checkCoil(at address: UInt16, on: Bool) throws(ModbusException) {
    guard Int(address) < coilBytes &* 8 else { throw .illegalDataAddress }
  }

  public mutating func setCoil(at address: UInt16, on: Bool) {
    guard Int(address) < coilBytes &* 8 else { return }
    let bit = UInt8(1) << UInt8(address & 7)
    if on { coils[Int(address >> 3)] |= bit } else { coils[Int(address >> 3)] &= ~bit }
  }

  public mutating func checkRegister(at address: UInt16, value: UInt16) throws(ModbusException) {
    guard Int(address) < holdingCount else { throw .illegalDataAddress }
  }

  public mutating func setRegister(at address: UInt16, value: UInt16) {
    if Int(address) < holdingCount { holding[Int(address)] = value }
  }

  public mutating func wrote(_ request: ModbusRequest) {
    writes &+= 1
  }

  public mutating func fifoCount(at pointer: UInt16) throws(ModbusException) -> Int {
    guard pointer == fifoPointer else { throw .illegalDataAddress }
    return fifo.count
  }

  public mutating func fifoValue(at pointer: UInt16, index: Int) -> UInt16 { fifo[index] }

  public mutating func identificationLength(_ object: UInt8) -> Int? {
    text(object)?.utf8CodeUnitCount
  }

  public mutating func identificationByte(_ object: UInt8, index: Int) -> UInt8 {
    guard let text = text(object), index >= 0, index < text.utf8CodeUnitCount else { return 0 }
    return text.utf8Start[index]
  }

  private func text(_ object: UInt8) -> StaticString? {
    switch object {
    case 0: vendor
    case 1: product
    case 2: version
    default: nil
    }
  }
}

extension RegisterBank {
  // The hand on the module: what its terminals do.
  public mutating func setInput(_ address: UInt16, _ isOn: Bool) {
    guard Int(address) < inputBytes &* 8 else { return }
    let bit = UInt8(1) << UInt8(address & 7)
    if isOn { inputs[Int(address >> 3)] |= bit } else { inputs[Int(address >> 3)] &= ~bit }
  }

  public mutating func setInputRegister(_ address: UInt16, _ value: UInt16) {
    if Int(address) < inputCount { inputRegisters[Int(address)] = value }
  }
}
