import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

typealias BootMemory = NRF51Memory
typealias BootWatchdog = NRF51Watchdog

/// The nRF51's own flash: pages of 1 KiB, words of 32 bits, 20,000 erasures. The processor stands still while it is written: 22.3 ms an
/// erasure, 46 us a word (product specification, 8.5). The panel starts both when no answer is due and nothing is heard; a byte that comes
/// meanwhile is kept by the UART (six of them).
struct NRF51Memory: BoardMemory {
  static let kind = PanelBoard.microbit
  static let layout = StoreLayout(
    pageBytes: 1_024, settings: 0x3_8000, boot: 0x3_8800, slot0: 0x8000, slot1: 0x2_0000, slotBytes: 0x1_8000)
  private static let end: UInt32 = 0x4_0000
  // CONFIG [6.2.2]
  private static let readOnly: UInt32 = 0
  private static let writing: UInt32 = 1
  private static let erasing: UInt32 = 2

  private var result: Bool?

  func open() {}

  mutating func read(_ address: UInt32) -> UInt8 {
    guard address < NRF51Memory.end, let byte = UnsafePointer<UInt8>(bitPattern: UInt(address)) else { return 0xFF }
    return byte.pointee
  }

  mutating func erase(page address: UInt32) {
    result = false
    guard NRF51Memory.isOurs(address, count: 1_024), address & 1_023 == 0 else { return }
    NRF51.NVMC.CONFIG.store(NRF51Memory.erasing)
    NRF51.NVMC.ERASEPAGE.store(address)
    result = isReady()
    NRF51.NVMC.CONFIG.store(NRF51Memory.readOnly)
  }

  mutating func write(_ bytes: inout FixedBytes<64>, at address: UInt32) {
    result = false
    guard address & 3 == 0, NRF51Memory.isOurs(address, count: UInt32(truncatingIfNeeded: bytes.count)) else { return }
    NRF51.NVMC.CONFIG.store(NRF51Memory.writing)
    var index = 0
    var isGood = true
    while index < bytes.count && isGood {
      register(UInt(address) &+ UInt(truncatingIfNeeded: index)).store(flashWord(&bytes, at: index))
      isGood = isReady()
      index &+= 4
    }
    NRF51.NVMC.CONFIG.store(NRF51Memory.readOnly)
    result = isGood
  }

  /// All is done at once; it is told at the next question.
  mutating func finished(at now: Instant) -> Bool? {
    let known = result
    result = nil
    return known
  }

  private static func isOurs(_ address: UInt32, count: UInt32) -> Bool {
    address >= layout.slot0 && address < end && count <= end &- address
  }

  private func isReady() -> Bool {
    var patience = 1_000_000
    while !NRF51.NVMC.READY.has(1) && patience > 0 { patience &-= 1 }
    return patience > 0
  }
}

/// Restarts a second after it was last fed; its interrupt comes two cycles of 32,768 Hz before and keeps where the program hung.
struct NRF51Watchdog: Watchdog {
  mutating func start() {
    // Once started, also by the boot loader, it runs until the next reset.
    if !NRF51.WDT.RUNSTATUS.has(1) {
      // Runs while the processor sleeps, stands still under a debugger.
      NRF51.WDT.CONFIG.store(1)
      NRF51.WDT.CRV.store(32_768)
      NRF51.WDT.RREN.store(1)
      NRF51.WDT.TASKS_START.store(1)
    }
    NRF51.WDT.EVENTS_TIMEOUT.store(0)
    feed()
  }

  /// The main loop's: from here on a hang is recorded.
  func recordHangs() {
    NRF51.WDT.INTENSET.store(1)
    Processor.enable(interrupt: NRF51.WDT.interrupt)
  }

  mutating func feed() { NRF51.WDT.RR0.store(0x6E52_4635) }
}
