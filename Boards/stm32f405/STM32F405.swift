/// Registers of the STM32F405 that this board uses, by their names in ST's reference manual RM0090; the section in brackets.
enum STM32 {
  /// The crystal of 8 MHz by the PLL: 8 / 4 * 168 / 2. Both APB buses run at 42 MHz or less.
  static let coreHertz: UInt32 = 168_000_000
  static let apb1Hertz: UInt32 = 42_000_000

  /// Reset and clocks [7.3].
  enum RCC {
    static let CR = register(0x4002_3800)
    static let PLLCFGR = register(0x4002_3804)
    static let CFGR = register(0x4002_3808)
    static let AHB1ENR = register(0x4002_3830)
    static let APB1ENR = register(0x4002_3840)
    static let APB2ENR = register(0x4002_3844)
    static let CSR = register(0x4002_3874)
  }

  /// Flash interface [3.9].
  enum FLASH {
    static let ACR = register(0x4002_3C00)
    static let KEYR = register(0x4002_3C04)
    static let SR = register(0x4002_3C0C)
    static let CR = register(0x4002_3C10)
  }

  /// A port [8.4].
  struct GPIO {
    let base: UInt
    var MODER: Register { register(base) }
    var PUPDR: Register { register(base &+ 0x0C) }
    var IDR: Register { register(base &+ 0x10) }
    var BSRR: Register { register(base &+ 0x18) }
    var AFRL: Register { register(base &+ 0x20) }
  }
  static let portA = GPIO(base: 0x4002_0000)
  static let portB = GPIO(base: 0x4002_0400)
  static let portC = GPIO(base: 0x4002_0800)
  static let portD = GPIO(base: 0x4002_0C00)

  /// USART2 [30.6].
  enum USART2 {
    static let SR = register(0x4000_4400)
    static let DR = register(0x4000_4404)
    static let BRR = register(0x4000_4408)
    static let CR1 = register(0x4000_440C)
    static let interrupt: UInt32 = 38
  }

  /// Converter 1 [13.13].
  enum ADC1 {
    static let SR = register(0x4001_2000)
    static let CR2 = register(0x4001_2008)
    static let SMPR2 = register(0x4001_2010)
    static let SQR3 = register(0x4001_2034)
    static let DR = register(0x4001_204C)
  }

  /// Independent watchdog [21.4].
  enum IWDG {
    static let KR = register(0x4000_3000)
    static let PR = register(0x4000_3004)
    static let RLR = register(0x4000_3008)
  }

  /// 96 bits that differ from chip to chip [39.1].
  static func uniqueID(_ word: UInt) -> UInt32 { register(0x1FFF_7A10 &+ word << 2).load() }
}
