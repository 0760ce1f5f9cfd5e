import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel
import Support

/// I2C0 as the only master at 400 kHz: PB2 clock, PB3 data.
struct StellarisI2C {
  // I2CMCS [14.6], written: run, start, stop, acknowledge. Read: busy, error.
  private static let run: UInt32 = 1
  private static let begin: UInt32 = 2
  private static let stop: UInt32 = 4
  private static let acknowledge: UInt32 = 8
  private static let isBusy: UInt32 = 1
  private static let failed: UInt32 = 2

  func open() {
    LM3S6965.portB.AFSEL.set(3 << 2)
    LM3S6965.portB.ODR.set(1 << 3)
    LM3S6965.portB.DEN.set(3 << 2)
    LM3S6965.I2C0.MCR.store(1 << 4)
    // SCL = clock / (2 * 10 * (TPR + 1)): 357 kHz.
    LM3S6965.I2C0.MTPR.store(6)
  }

  /// One step on the bus; `false` when nobody acknowledged or it took too long.
  private func step(_ command: UInt32) -> Bool {
    LM3S6965.I2C0.MCS.store(command)
    // A byte takes 25 us.
    var patience = 20_000
    var status = LM3S6965.I2C0.MCS.load()
    while status & StellarisI2C.isBusy != 0 && patience > 0 {
      status = LM3S6965.I2C0.MCS.load()
      patience &-= 1
    }
    guard status & (StellarisI2C.isBusy | StellarisI2C.failed) == 0 else {
      LM3S6965.I2C0.MCS.store(StellarisI2C.stop)
      return false
    }
    return true
  }

  /// Starts a write to `device` and sends the two bytes of `address`; more bytes, or a read, follow.
  func select(device: UInt32, address: UInt32, isLast: Bool = false) -> Bool {
    LM3S6965.I2C0.MSA.store(device << 1)
    LM3S6965.I2C0.MDR.store(address >> 8 & 0xFF)
    guard step(StellarisI2C.begin | StellarisI2C.run) else { return false }
    LM3S6965.I2C0.MDR.store(address & 0xFF)
    return step(isLast ? StellarisI2C.stop | StellarisI2C.run : StellarisI2C.run)
  }

  func send(_ byte: UInt8, isLast: Bool) -> Bool {
    LM3S6965.I2C0.MDR.store(UInt32(byte))
    return step(isLast ? StellarisI2C.stop | StellarisI2C.run : StellarisI2C.run)
  }

  /// The next byte of a read; the first one turns the bus round.
  func receive(device: UInt32, isFirst: Bool, isLast: Bool) -> UInt8? {
    if isFirst { LM3S6965.I2C0.MSA.store(device << 1 | 1) }
    let command =
      StellarisI2C.run | (isFirst ? StellarisI2C.begin : 0) | (isLast ? StellarisI2C.stop : StellarisI2C.acknowledge)
    return step(command) ? UInt8(truncatingIfNeeded: LM3S6965.I2C0.MDR.load()) : nil
  }
}

/// A 64 KiB EEPROM (AT24C512) at I2C address 0x50, as stable memory from `base` on; below lies the processor's own flash, which is only
/// read. Pages of 128 bytes, 5 ms a write.
///
/// It has no erasure: FF is written, and only where something else stands, so that a clean page costs no wear. A step of 64 bytes keeps
/// the main loop for 2 ms.
struct EEPROM: BoardMemory {
  static let kind = PanelBoard.lm3s6965evb
  /// No second slot: an image cannot run from an EEPROM, and QEMU models no writing of the flash.
  static let layout = StoreLayout(pageBytes: 1_024, settings: base, boot: base &+ 0x800, slot0: 0x400, slot1: 0, slotBytes: 0)
  static let base: UInt32 = 0x8000_0000
  static let bytes: UInt32 = 0x1_0000
  private static let device: UInt32 = 0x50
  private static let chunk: UInt32 = 64
  /// A write takes 5 ms; it is lost after that many.
  private static let patience = Interval.milliseconds(50)

  private enum Step: Sendable {
    case idle
    /// The chip writes; it acknowledges its address again when it is done.
    case settling
    /// Nothing is under way on the bus; the next chunk of an erasure is due.
    case due
    case failed
  }

  private let bus = StellarisI2C()
  private var step = Step.idle
  private var data = FixedBytes<64>()
  private var address: UInt32 = 0
  private var end: UInt32 = 0
  private var isErasing = false
  private var since: Instant?
  // The last bytes that were read: one bus transfer for a row of reads.
  private var window = FixedBytes<32>()
  private var windowAt: UInt32 = .max

  func open() { bus.open() }

  mutating func read(_ address: UInt32) -> UInt8 {
    guard address >= EEPROM.base else {
      // Address 0 is no pointer in Swift, and no slot lies there.
      guard address < 0x4_0000, let flash = UnsafePointer<UInt8>(bitPattern: UInt(address)) else { return 0xFF }
      return flash.pointee
    }
    let offset = address &- EEPROM.base
    guard offset < EEPROM.bytes else { return 0xFF }
    if offset & ~31 != windowAt { fetch(offset & ~31) }
    return window.byte(at: Int(offset & 31))
  }

  mutating func erase(page address: UInt32) {
    begin(address, length: 1_024)
    isErasing = true
    step = .due
  }

  mutating func write(_ bytes: inout FixedBytes<64>, at address: UInt32) {
    data.removeAll()
    data.append(from: &bytes, at: 0, length: 64)
    begin(address, length: UInt32(truncatingIfNeeded: data.count))
    isErasing = false
    step = end > self.address ? .due : .failed
  }

  mutating func finished(at now: Instant) -> Bool? {
    switch step {
    case .idle: return nil
    case .failed:
      step = .idle
      return false
    case .settling:
      guard bus.select(device: EEPROM.device, address: 0, isLast: true) else {
        if let since, now - since > EEPROM.patience { step = .failed }
        if since == nil { since = now }
        return nil
      }
      since = nil
      if address < end {
        step = .due
        return nil
      }
      step = .idle
      return true
    case .due:
      put()
      if step == .idle { return true }
      return nil
    }
  }

  private mutating func begin(_ at: UInt32, length: UInt32) {
    address = at &- EEPROM.base
    end = at >= EEPROM.base && address < EEPROM.bytes && length <= EEPROM.bytes &- address ? address &+ length : address
    windowAt = .max
    since = nil
  }

  /// Sends the next chunk, which ends where a page of the chip ends.
  private mutating func put() {
    while isErasing && address < end && isBlank() { address &+= EEPROM.chunk }
    guard address < end else {
      step = .idle
      return
    }
    var count = EEPROM.chunk &- address & (EEPROM.chunk &- 1)
    if count > end &- address { count = end &- address }
    step = .failed
    guard bus.select(device: EEPROM.device, address: address) else { return }
    var index: UInt32 = 0
    while index < count {
      let byte = isErasing ? 0xFF : data.byte(at: data.count &- Int(end &- address &- index))
      guard bus.send(byte, isLast: index &+ 1 == count) else { return }
      index &+= 1
    }
    address &+= count
    windowAt = .max
    step = .settling
  }

  private mutating func isBlank() -> Bool {
    var index: UInt32 = 0
    while index < EEPROM.chunk {
      if read(EEPROM.base &+ address &+ index) != 0xFF { return false }
      index &+= 1
    }
    return true
  }

  private mutating func fetch(_ offset: UInt32) {
    window.removeAll()
    windowAt = .max
    guard bus.select(device: EEPROM.device, address: offset) else { return fillWithBlanks() }
    var index = 0
    while index < 32 {
      guard let byte = bus.receive(device: EEPROM.device, isFirst: index == 0, isLast: index == 31)
      else { return fillWithBlanks() }
      window.append(byte)
      index &+= 1
    }
    windowAt = offset
  }

  /// A chip that does not answer reads as FF, which no record is; the next read asks it again.
  private mutating func fillWithBlanks() {
    while window.count < 32 { window.append(0xFF) }
  }
}
