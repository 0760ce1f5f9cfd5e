/// Registers of the nRF51822 that this board uses, by their names in Nordic's "nRF51 Series Reference Manual" v3.0; the chapter in brackets.
enum NRF51 {
  static let coreHertz: UInt32 = 16_000_000

  /// Clock and power [12, 13].
  enum CLOCK {
    static let TASKS_HFCLKSTART = register(0x4000_0000)
    static let EVENTS_HFCLKSTARTED = register(0x4000_0100)
  }
  enum POWER {
    static let RESETREAS = register(0x4000_0400)
  }

  /// Factory information [8]: a random number for each chip.
  enum FICR {
    static let DEVICEID0 = register(0x1000_0060)
    static let DEVICEID1 = register(0x1000_0064)
  }

  /// UART [29].
  enum UART0 {
    static let TASKS_STARTRX = register(0x4000_2000)
    static let TASKS_STARTTX = register(0x4000_2008)
    static let EVENTS_RXDRDY = register(0x4000_2108)
    static let EVENTS_TXDRDY = register(0x4000_211C)
    static let EVENTS_ERROR = register(0x4000_2124)
    static let INTENSET = register(0x4000_2304)
    static let ERRORSRC = register(0x4000_2480)
    static let ENABLE = register(0x4000_2500)
    static let PSELRTS = register(0x4000_2508)
    static let PSELTXD = register(0x4000_250C)
    static let PSELCTS = register(0x4000_2510)
    static let PSELRXD = register(0x4000_2514)
    static let RXD = register(0x4000_2518)
    static let TXD = register(0x4000_251C)
    static let BAUDRATE = register(0x4000_2524)
    static let CONFIG = register(0x4000_256C)
    static let interrupt: UInt32 = 2
  }

  /// Timer 0 [18]: the millisecond, as this Cortex-M0 has no SysTick.
  enum TIMER0 {
    static let TASKS_START = register(0x4000_8000)
    static let EVENTS_COMPARE0 = register(0x4000_8140)
    static let SHORTS = register(0x4000_8200)
    static let INTENSET = register(0x4000_8304)
    static let MODE = register(0x4000_8504)
    static let BITMODE = register(0x4000_8508)
    static let PRESCALER = register(0x4000_8510)
    static let CC0 = register(0x4000_8540)
    static let interrupt: UInt32 = 8
  }

  /// Converter [31].
  enum ADC {
    static let TASKS_START = register(0x4000_7000)
    static let EVENTS_END = register(0x4000_7100)
    static let ENABLE = register(0x4000_7500)
    static let CONFIG = register(0x4000_7504)
    static let RESULT = register(0x4000_7508)
  }

  /// Random numbers [23].
  enum RNG {
    static let TASKS_START = register(0x4000_D000)
    static let TASKS_STOP = register(0x4000_D004)
    static let EVENTS_VALRDY = register(0x4000_D100)
    static let VALUE = register(0x4000_D508)
  }

  /// Watchdog [24].
  enum WDT {
    static let TASKS_START = register(0x4001_0000)
    static let EVENTS_TIMEOUT = register(0x4001_0100)
    static let INTENSET = register(0x4001_0304)
    static let RUNSTATUS = register(0x4001_0400)
    static let CRV = register(0x4001_0504)
    static let RREN = register(0x4001_0508)
    static let CONFIG = register(0x4001_050C)
    static let RR0 = register(0x4001_0600)
    static let interrupt: UInt32 = 16
  }

  /// Flash controller [6].
  enum NVMC {
    static let READY = register(0x4001_E400)
    static let CONFIG = register(0x4001_E504)
    static let ERASEPAGE = register(0x4001_E508)
  }

  /// Pins [14].
  enum GPIO {
    static let OUTSET = register(0x5000_0508)
    static let OUTCLR = register(0x5000_050C)
    static let IN = register(0x5000_0510)
    static let DIRSET = register(0x5000_0518)
    @inline(always) static func PIN_CNF(_ pin: UInt32) -> Register { register(0x5000_0700 &+ UInt(pin) << 2) }
  }
}
