import DeviceKit
import ModbusRTUCodec

/// What a node holds: the four tables of Modbus, its identification and its queues. `ModbusSlave` turns requests into calls of these.
///
/// A node implements what it has; the rest answers with the right exception by default. Everything is `mutating`, reads too: a
/// borrowing read would copy the whole bank on the microcontroller.
public protocol ModbusBank {
  /// Asked once before anything of a valid request is done: refuse a function this node does not have (`illegalFunction`), take a
  /// snapshot, raise `busy`.
  mutating func begin(_ request: ModbusRequest, isBroadcast: Bool) throws(ModbusException)

  mutating func coil(at address: UInt16) throws(ModbusException) -> Bool
  mutating func discreteInput(at address: UInt16) throws(ModbusException) -> Bool
  mutating func holdingRegister(at address: UInt16) throws(ModbusException) -> UInt16
  /// Whether `holdingRegister` would throw, for a bank that knows it without reading.
  mutating func probeHoldingRegister(at address: UInt16) throws(ModbusException)
  mutating func inputRegister(at address: UInt16) throws(ModbusException) -> UInt16

  /// Would this write be taken? Asked for every element before the first is changed, so that a refused request changes nothing.
  mutating func checkCoil(at address: UInt16, on: Bool) throws(ModbusException)
  mutating func setCoil(at address: UInt16, on: Bool)
  mutating func checkRegister(at address: UInt16, value: UInt16) throws(ModbusException)
  mutating func setRegister(at address: UInt16, value: UInt16)
  /// All values of one request are set; the read half of function 0x17 comes after this.
  mutating func wrote(_ request: ModbusRequest)
  /// The answer to the request under way is on the wire; not told of an exception.
  mutating func answered()

  /// How many registers wait in the queue at `pointer`: more than 31 is answered with exception 03.
  mutating func fifoCount(at pointer: UInt16) throws(ModbusException) -> Int
  /// Entry `index` of that queue, oldest first. Reading does not empty it (V1.1b3 §6.18).
  mutating func fifoValue(at pointer: UInt16, index: Int) -> UInt16

  /// The highest category of identification objects here: 81 basic, 82 regular, 83 extended (each with access to a single object).
  var identificationConformity: UInt8 { mutating get }
  /// Length of an identification object in bytes (at most 245), `nil` where there is none. Objects 0 to 2 are mandatory.
  mutating func identificationLength(_ object: UInt8) -> Int?
  mutating func identificationByte(_ object: UInt8, index: Int) -> UInt8
}

extension ModbusBank {
  public mutating func begin(_ request: ModbusRequest, isBroadcast: Bool) throws(ModbusException) {}

  public mutating func coil(at address: UInt16) throws(ModbusException) -> Bool { throw .illegalDataAddress }
  public mutating func discreteInput(at address: UInt16) throws(ModbusException) -> Bool { throw .illegalDataAddress }
  public mutating func holdingRegister(at address: UInt16) throws(ModbusException) -> UInt16 { throw .illegalDataAddress }
  public mutating func probeHoldingRegister(at address: UInt16) throws(ModbusException) { _ = try holdingRegister(at: address) }
  public mutating func inputRegister(at address: UInt16) throws(ModbusException) -> UInt16 { throw .illegalDataAddress }

  public mutating func checkCoil(at address: UInt16, on: Bool) throws(ModbusException) { throw .illegalDataAddress }
  public mutating func setCoil(at address: UInt16, on: Bool) {}
  public mutating func checkRegister(at address: UInt16, value: UInt16) throws(ModbusException) { throw .illegalDataAddress }
  public mutating func setRegister(at address: UInt16, value: UInt16) {}
  public mutating func wrote(_ request: ModbusRequest) {}
  public mutating func answered() {}

  public mutating func fifoCount(at pointer: UInt16) throws(ModbusException) -> Int { throw .illegalDataAddress }
  public mutating func fifoValue(at pointer: UInt16, index: Int) -> UInt16 { 0 }

  public var identificationConformity: UInt8 { 0x81 }
  public mutating func identificationLength(_ object: UInt8) -> Int? { nil }
  public mutating func identificationByte(_ object: UInt8, index: Int) -> UInt8 { 0 }
}
