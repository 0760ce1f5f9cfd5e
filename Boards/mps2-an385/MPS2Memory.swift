import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

typealias BootMemory = MPS2Memory
typealias BootWatchdog = MPS2Watchdog

/// Stable memory that is only a model: the board's code memory is RAM, which forgets when the power goes. It behaves like flash: what is
/// written can only clear bits, and an erasure sets them.
struct MPS2Memory: BoardMemory {
  static let kind = PanelBoard.mps2an385
  static let layout = StoreLayout(
    pageBytes: 1_024, settings: 0x4_8000, boot: 0x4_8800, slot0: 0x8000, slot1: 0x2_8000, slotBytes: 0x2_0000)
  private static let end: UInt32 = 0x4_9000

  private var result: Bool?

  func open() {}

  mutating func read(_ address: UInt32) -> UInt8 {
    guard address >= 4, address < MPS2Memory.end, let byte = UnsafePointer<UInt8>(bitPattern: UInt(address)) else { return 0xFF }
    return byte.pointee
  }

  mutating func erase(page address: UInt32) {
    result = fill(address, count: 1_024)
  }

  mutating func write(_ bytes: inout FixedBytes<64>, at address: UInt32) {
    result = false
    guard MPS2Memory.isOurs(address, count: UInt32(truncatingIfNeeded: bytes.count)) else { return }
    var index = 0
    while index < bytes.count {
      let place = UnsafeMutablePointer<UInt8>(bitPattern: UInt(address) &+ UInt(index))
      place?.pointee &= bytes.byte(at: index)
      index &+= 1
    }
    result = true
  }

  mutating func finished(at now: Instant) -> Bool? {
    let known = result
    result = nil
    return known
  }

  private static func isOurs(_ address: UInt32, count: UInt32) -> Bool {
    address >= layout.slot0 && address < end && count <= end &- address
  }

  private func fill(_ address: UInt32, count: UInt32) -> Bool {
    guard MPS2Memory.isOurs(address, count: count) else { return false }
    var index: UInt32 = 0
    while index < count {
      UnsafeMutablePointer<UInt8>(bitPattern: UInt(address &+ index))?.pointee = 0xFF
      index &+= 1
    }
    return true
  }
}

/// NMI after one second without food, restart after two.
struct MPS2Watchdog: Watchdog {
  mutating func start() {
    AN385.WATCHDOG.WDOGLOCK.store(0x1ACC_E551)
    AN385.WATCHDOG.WDOGLOAD.store(AN385.coreHertz)
    AN385.WATCHDOG.WDOGCONTROL.store(3)
    AN385.WATCHDOG.WDOGLOCK.store(1)
  }

  mutating func feed() {
    AN385.WATCHDOG.WDOGLOCK.store(0x1ACC_E551)
    AN385.WATCHDOG.WDOGINTCLR.store(1)
    AN385.WATCHDOG.WDOGLOCK.store(1)
  }
}
