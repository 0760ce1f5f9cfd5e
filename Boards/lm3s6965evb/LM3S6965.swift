/// Registers of the LM3S6965 that this board uses, by their names in the data sheet (Texas Instruments, "Stellaris LM3S6965
/// Microcontroller", DS-LM3S6965); the section in brackets.
enum LM3S6965 {
  static let coreHertz: UInt32 = 50_000_000

  /// System control [5.5].
  enum SYSCTL {
    static let RIS = register(0x400F_E050)
    static let RESC = register(0x400F_E05C)
    static let RCC = register(0x400F_E060)
    static let RCGC0 = register(0x400F_E100)
    static let RCGC1 = register(0x400F_E104)
    static let RCGC2 = register(0x400F_E108)
  }
  /// User registers of the flash [7.6]: the Ethernet address that is burnt in at manufacture.
  static let USER_REG0 = register(0x400F_E1E0)
  static let USER_REG1 = register(0x400F_E1E4)

  /// A port of general-purpose pins [8.5].
  struct GPIO {
    let base: UInt
    /// Only the pins in `mask` are read or written: bits 9...2 of the address are the mask.
    @inline(always) func data(_ mask: UInt32) -> Register { register(base &+ UInt(mask) << 2) }
    var DIR: Register { register(base &+ 0x400) }
    var AFSEL: Register { register(base &+ 0x420) }
    var ODR: Register { register(base &+ 0x50C) }
    var PUR: Register { register(base &+ 0x510) }
    var DEN: Register { register(base &+ 0x51C) }
  }
  static let portA = GPIO(base: 0x4000_4000)
  static let portB = GPIO(base: 0x4000_5000)
  static let portC = GPIO(base: 0x4000_6000)
  static let portD = GPIO(base: 0x4000_7000)
  static let portE = GPIO(base: 0x4002_4000)
  static let portF = GPIO(base: 0x4002_5000)

  /// UART0 [12.5].
  enum UART0 {
    static let DR = register(0x4000_C000)
    static let FR = register(0x4000_C018)
    static let IBRD = register(0x4000_C024)
    static let FBRD = register(0x4000_C028)
    static let LCRH = register(0x4000_C02C)
    static let CTL = register(0x4000_C030)
    static let IFLS = register(0x4000_C034)
    static let IM = register(0x4000_C038)
    static let ICR = register(0x4000_C044)
    static let interrupt: UInt32 = 5
  }

  /// I2C0 as master [14.6].
  enum I2C0 {
    static let MSA = register(0x4002_0000)
    static let MCS = register(0x4002_0004)
    static let MDR = register(0x4002_0008)
    static let MTPR = register(0x4002_000C)
    static let MCR = register(0x4002_0020)
  }

  /// Timer 0, which starts conversions [10.6].
  enum TIMER0 {
    static let CFG = register(0x4003_0000)
    static let TAMR = register(0x4003_0004)
    static let CTL = register(0x4003_000C)
    static let TAILR = register(0x4003_0028)
  }

  /// The converter, sample sequencer 3: one sample [11.5].
  enum ADC0 {
    static let ACTSS = register(0x4003_8000)
    static let EMUX = register(0x4003_8014)
    static let SSMUX3 = register(0x4003_80A0)
    static let SSCTL3 = register(0x4003_80A4)
    static let SSFIFO3 = register(0x4003_80A8)
    static let SSFSTAT3 = register(0x4003_80AC)
  }

  /// Watchdog timer [9.5].
  enum WDT {
    static let LOAD = register(0x4000_0000)
    static let CTL = register(0x4000_0008)
    static let ICR = register(0x4000_000C)
    static let LOCK = register(0x4000_0C00)
    static let interrupt: UInt32 = 18
  }
}
