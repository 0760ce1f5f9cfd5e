import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

typealias ThisBoard = StellarisBoard

/// The main target: Stellaris LM3S6965 (Cortex-M3, 50 MHz). Pins: README.md.
struct StellarisBoard: Board {
  typealias Memory = EEPROM

  static let buttons: UInt8 = 8

  var line = StellarisLine()
  var pins = StellarisPins()
  var adc = StellarisConverter()
  var dog = StellarisWatchdog()

  init() {
    StellarisBoard.startClocks()
    // UART0 on port A [8.3]: the alternative function of pins 0 and 1.
    LM3S6965.portA.AFSEL.set(3)
    LM3S6965.portA.DEN.set(3)
    pins.open()
    adc.open()
    Processor.startTick(hertz: LM3S6965.coreHertz)
    Processor.enable(interrupt: LM3S6965.UART0.interrupt)
    Processor.enable(interrupt: LM3S6965.WDT.interrupt)
  }

  /// The lower four bytes of the Ethernet address. A board whose address was never burnt in reads all ones or all zeros: 1 then.
  var unit: UInt32 {
    let (low, high) = (LM3S6965.USER_REG0.load(), LM3S6965.USER_REG1.load())
    let unit =
      (low >> 16 & 0xFF) << 24 | (high & 0xFF) << 16 | (high >> 8 & 0xFF) << 8 | high >> 16 & 0xFF
    return unit == 0 || unit == .max ? 1 : unit
  }

  /// RESC [5.5]: bits 5 watchdog... stay set until cleared.
  var resetCause: PanelResetCause {
    let cause = LM3S6965.SYSCTL.RESC.load()
    LM3S6965.SYSCTL.RESC.store(0)
    if cause & 1 << 1 != 0 { return .powerOn }
    if cause & 1 << 2 != 0 { return .brownOut }
    if cause & 1 << 3 != 0 { return .watchdog }
    if cause & 1 << 4 != 0 { return .software }
    return cause & 1 != 0 ? .pin : .unknown
  }

  /// The lowest bits of a conversion of the open temperature sensor are noise; several of them.
  var entropy: UInt16 { mutating get { adc.noise() } }

  private static func startClocks() {
    // [5.2.5]: run from the crystal, power the PLL up, wait for it, then divide its 200 MHz by 4.
    let RCC = LM3S6965.SYSCTL.RCC
    var value = RCC.load()
    value = (value | 1 << 11) & ~(1 << 22)
    RCC.store(value)
    // XTAL = 8 MHz, OSCSRC = main oscillator, PLL powered.
    value = value & ~(0xF << 6 | 3 << 4 | 1 << 13 | 1 << 0) | 0xE << 6
    RCC.store(value)
    value = value & ~(0xF << 23) | 3 << 23 | 1 << 22
    RCC.store(value)
    var patience = 100_000
    while !LM3S6965.SYSCTL.RIS.has(1 << 6) && patience > 0 { patience &-= 1 }
    RCC.store(value & ~(1 << 11))
    // ADC at 125,000 samples/s and watchdog; UART0, I2C0, timer 0; ports A to F.
    LM3S6965.SYSCTL.RCGC0.store(1 << 16 | 1 << 3)
    LM3S6965.SYSCTL.RCGC1.store(1 << 0 | 1 << 12 | 1 << 16)
    LM3S6965.SYSCTL.RCGC2.store(0x3F)
    // Three clocks before a peripheral may be touched.
    _ = LM3S6965.SYSCTL.RCGC2.load()
    _ = LM3S6965.SYSCTL.RCGC2.load()
  }
}

/// Restarts after two periods of one second; the interrupt at the end of the first keeps where the program hung.
struct StellarisWatchdog: Watchdog {
  mutating func start() {
    LM3S6965.WDT.LOCK.store(0x1ACC_E551)
    LM3S6965.WDT.LOAD.store(LM3S6965.coreHertz)
    LM3S6965.WDT.CTL.store(3)
    LM3S6965.WDT.LOCK.store(1)
  }

  mutating func feed() {
    LM3S6965.WDT.LOCK.store(0x1ACC_E551)
    LM3S6965.WDT.ICR.store(1)
    LM3S6965.WDT.LOCK.store(1)
  }
}
