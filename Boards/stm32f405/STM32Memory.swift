import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

typealias BootMemory = STM32Memory
typealias BootWatchdog = STM32Watchdog

/// The STM32F405's own flash [3.4]. Its sectors are 4 of 16 KiB, one of 64 and seven of 128; here each counts as pages of 16 KiB:
///
/// | sector | holds |
/// |---|---|
/// | 0 | boot loader |
/// | 1, 2 | settings |
/// | 3, first page of 4 | boot record |
/// | 5...7 | slot 0 |
/// | 8...10 | slot 1 |
///
/// A page that begins a sector erases all of it (128 KiB: 1 to 2 s, during which the processor stands still when it runs from flash; the
/// panel starts that only when nothing is heard). The pages behind it are empty then, and answer at once. A write is 16 us a word.
struct STM32Memory: BoardMemory {
  static let kind = PanelBoard.stm32f405
  static let layout = StoreLayout(
    pageBytes: 0x4000, settings: 0x0800_4000, boot: 0x0800_C000, slot0: 0x0802_0000, slot1: 0x0808_0000, slotBytes: 0x6_0000)
  private static let start: UInt32 = 0x0800_0000
  private static let end: UInt32 = 0x080E_0000
  // SR: busy; everything that went wrong. CR: program, sector erase, words of 32 bits, start, lock.
  private static let busy: UInt32 = 1 << 16
  private static let failures: UInt32 = 0xF2
  private static let program: UInt32 = 1
  private static let eraseSector: UInt32 = 2
  private static let words: UInt32 = 2 << 8
  private static let begin: UInt32 = 1 << 16
  private static let lock: UInt32 = 1 << 31
  // ACR: caches of instructions and data, on and reset.
  private static let caches: UInt32 = 1 << 9 | 1 << 10
  private static let resetCaches: UInt32 = 1 << 11 | 1 << 12

  private var result: Bool?

  func open() {}

  mutating func read(_ address: UInt32) -> UInt8 {
    guard address >= STM32Memory.start, address < STM32Memory.end, let byte = UnsafePointer<UInt8>(bitPattern: UInt(address))
    else { return 0xFF }
    return byte.pointee
  }

  mutating func erase(page address: UInt32) {
    result = false
    guard STM32Memory.isOurs(address, count: 0x4000) else { return }
    guard let sector = STM32Memory.sector(beginningAt: address) else {
      result = true
      return
    }
    let cached = stopCaches()
    unlock()
    STM32.FLASH.CR.store(STM32Memory.eraseSector | STM32Memory.words | sector << 3)
    STM32.FLASH.CR.set(STM32Memory.begin)
    result = isDone()
    STM32.FLASH.CR.store(STM32Memory.lock)
    startCaches(cached)
  }

  mutating func write(_ bytes: inout FixedBytes<64>, at address: UInt32) {
    result = false
    guard address & 3 == 0, STM32Memory.isOurs(address, count: UInt32(truncatingIfNeeded: bytes.count)) else { return }
    let cached = stopCaches()
    unlock()
    STM32.FLASH.CR.store(STM32Memory.program | STM32Memory.words)
    var index = 0
    var isGood = true
    while index < bytes.count && isGood {
      register(UInt(address) &+ UInt(truncatingIfNeeded: index)).store(flashWord(&bytes, at: index))
      isGood = isDone()
      index &+= 4
    }
    STM32.FLASH.CR.store(STM32Memory.lock)
    startCaches(cached)
    result = isGood
  }

  /// All is done at once; it is told at the next question.
  mutating func finished(at now: Instant) -> Bool? {
    let known = result
    result = nil
    return known
  }

  /// The sector that begins there [table 5]; `nil` inside of one.
  private static func sector(beginningAt address: UInt32) -> UInt32? {
    let offset = address &- start
    if offset < 0x1_0000 { return offset >> 14 }
    if offset == 0x1_0000 { return 4 }
    return offset >= 0x2_0000 && offset & 0x1_FFFF == 0 ? 4 &+ offset >> 17 : nil
  }

  private static func isOurs(_ address: UInt32, count: UInt32) -> Bool {
    address >= layout.settings && address < end && count <= end &- address
  }

  /// The caches go on holding what the flash held before an erasure [3.5.2, 3.6.4 "Programming and caches"]: a record or a block that is read back would be looked up there, and
  /// a write that never arrived look good. They are off meanwhile, and empty afterwards; they can be reset only while they are off [3.9.1].
  private func stopCaches() -> UInt32 {
    let was = STM32.FLASH.ACR.load()
    STM32.FLASH.ACR.store(was & ~STM32Memory.caches)
    return was
  }

  private func startCaches(_ was: UInt32) {
    let off = was & ~STM32Memory.caches
    STM32.FLASH.ACR.store(off | STM32Memory.resetCaches)
    STM32.FLASH.ACR.store(off)
    STM32.FLASH.ACR.store(was)
  }

  private func unlock() {
    if STM32.FLASH.CR.has(STM32Memory.lock) {
      STM32.FLASH.KEYR.store(0x4567_0123)
      STM32.FLASH.KEYR.store(0xCDEF_89AB)
    }
    STM32.FLASH.SR.store(STM32Memory.failures)
  }

  private func isDone() -> Bool {
    // A sector of 128 KiB takes up to 2 s: the watchdog is fed meanwhile.
    var dog = STM32Watchdog()
    var patience = 100_000_000
    while STM32.FLASH.SR.has(STM32Memory.busy) && patience > 0 {
      if patience & 0xFFFF == 0 { dog.feed() }
      patience &-= 1
    }
    return patience > 0 && !STM32.FLASH.SR.has(STM32Memory.failures)
  }
}

/// The independent watchdog, by its own oscillator of 17 to 47 kHz. Its time is 4 s at 32 kHz (2.7 to 7.5 s), because it has to outlast the
/// erasure of a sector, which stops the processor. It has no warning: a hang is told by the reset cause, not by the fault record.
struct STM32Watchdog: Watchdog {
  mutating func start() {
    STM32.IWDG.KR.store(0x5555)
    // 32 kHz / 64.
    STM32.IWDG.PR.store(4)
    STM32.IWDG.RLR.store(2_000)
    STM32.IWDG.KR.store(0xAAAA)
    STM32.IWDG.KR.store(0xCCCC)
  }

  mutating func feed() { STM32.IWDG.KR.store(0xAAAA) }
}
