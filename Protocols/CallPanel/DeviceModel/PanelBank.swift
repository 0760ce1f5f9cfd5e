import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import ModbusRTUCodec
import ModbusRTUDeviceModel

// The core behind a Modbus slave.
extension PanelCore: ModbusBank {
  mutating func begin(_ request: ModbusRequest, isBroadcast: Bool) throws(ModbusException) {
    hostSpoke()
    isForAll = isBroadcast
    restartIsShown = false
    switch request {
    case .writeRegister(let address, _), .maskWriteRegister(let address, _, _):
      guard !PanelCore.touchesOrder(address, 1), address < UpdateMap.begin else { throw .illegalDataAddress }
    case .writeRegisters(let start, let count):
      // An order counts only whole: half of one could acknowledge what was never read.
      guard PanelCore.isWholeOrder(start, count) || (start >= UpdateMap.begin && PanelCore.isWholeUpdate(start, count))
      else { throw .illegalDataAddress }
    case .readWriteRegisters(_, _, let start, let count):
      guard PanelCore.isWholeOrder(start, count) else { throw .illegalDataAddress }
    case .readHoldingRegisters(let start, _):
      takeSnapshot()
      restartIsShown = restartUnseen && start == PanelMap.exchangeRead
    default: break
    }
  }

  mutating func discreteInput(at address: UInt16) throws(ModbusException) -> Bool {
    guard let value = discreteInput(address) else { throw .illegalDataAddress }
    return value
  }

  mutating func inputRegister(at address: UInt16) throws(ModbusException) -> UInt16 {
    guard let value = inputRegister(address) else { throw .illegalDataAddress }
    return value
  }

  mutating func probeHoldingRegister(at address: UInt16) throws(ModbusException) {
    guard PanelCore.isHoldingRegister(address) else { throw .illegalDataAddress }
  }

  mutating func holdingRegister(at address: UInt16) throws(ModbusException) -> UInt16 {
    // What each exchange reads.
    if address >= PanelMap.exchangeRead, address < PanelMap.exchangeReadEnd {
      return reported.mutableSpan[Int(address &- PanelMap.exchangeRead)]
    }
    guard PanelCore.isHoldingRegister(address) else { throw .illegalDataAddress }
    return holding(address)
  }

  mutating func checkRegister(at address: UInt16, value: UInt16) throws(ModbusException) {
    if address >= UpdateMap.begin {
      try checkUpdate(address, value)
      return
    }
    guard PanelCore.isHoldingRegister(address) && !(PanelMap.exchangeRead..<PanelMap.exchangeReadEnd).contains(address)
    else { throw .illegalDataAddress }
    guard isValid(value, for: address) else { throw .illegalDataValue }
  }

  mutating func setRegister(at address: UInt16, value: UInt16) {
    setHolding(address, value)
  }

  mutating func wrote(_ request: ModbusRequest) {
    switch request {
    case .writeRegisters(PanelMap.exchangeWrite, _): obey()
    case .writeRegisters(let start, _) where start >= UpdateMap.begin: obeyUpdate(start)
    case .readWriteRegisters(let start, _, PanelMap.exchangeWrite, _):
      obey()
      takeSnapshot()
      restartIsShown = restartUnseen && start == PanelMap.exchangeRead
      // From here on the host knows, if the answer arrives; if it does not, the exchange is repeated.
      changed = false
      silenceNoted = false
    case .readWriteRegisters: takeSnapshot()
    default: break
    }
  }

  mutating func answered() {
    if restartIsShown { restartWasTold = true }
  }

  mutating func identificationLength(_ object: UInt8) -> Int? {
    switch object {
    case 0: PanelMap.vendor.utf8CodeUnitCount
    case 1: PanelMap.productPrefix.utf8CodeUnitCount &+ 1
    case 2: versionText.count
    default: nil
    }
  }

  mutating func identificationByte(_ object: UInt8, index: Int) -> UInt8 {
    switch object {
    case 0: PanelCore.byte(PanelMap.vendor, index)
    case 1: index == PanelMap.productPrefix.utf8CodeUnitCount ? 0x30 &+ buttons : PanelCore.byte(PanelMap.productPrefix, index)
    case 2: versionText.byte(at: index)
    default: 0
    }
  }

  private static func byte(_ text: StaticString, _ index: Int) -> UInt8 {
    index >= 0 && index < text.utf8CodeUnitCount ? text.utf8Start[index] : 0
  }

  /// Outside of the order and of the update, or exactly the order.
  private static func isWholeOrder(_ start: UInt16, _ count: UInt16) -> Bool {
    if start == PanelMap.exchangeWrite && count == PanelMap.exchangeWriteCount { return true }
    return !touchesOrder(start, count) && Int(start) &+ Int(count) <= Int(UpdateMap.begin)
  }

  private static func touchesOrder(_ start: UInt16, _ count: UInt16) -> Bool {
    Int(start) < Int(PanelMap.exchangeWrite &+ PanelMap.exchangeWriteCount)
      && Int(start) &+ Int(count) > Int(PanelMap.exchangeWrite)
  }
}
