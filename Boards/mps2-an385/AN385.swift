/// Registers that this board uses. Names and sections: "Cortex-M System Design Kit Technical Reference Manual" (Arm DDI 0479), addresses:
/// "Application Note AN385" (Arm DAI 0385), table 3-1.
enum AN385 {
  static let coreHertz: UInt32 = 25_000_000

  /// APB UART 0 [DDI 0479, 4.3].
  enum UART0 {
    static let DATA = register(0x4000_4000)
    static let STATE = register(0x4000_4004)
    static let CTRL = register(0x4000_4008)
    static let INTCLEAR = register(0x4000_400C)
    static let BAUDDIV = register(0x4000_4010)
    static let receiveInterrupt: UInt32 = 0
    static let sendInterrupt: UInt32 = 1
  }

  /// APB watchdog [4.4]. Its interrupt is the NMI.
  enum WATCHDOG {
    static let WDOGLOAD = register(0x4000_8000)
    static let WDOGVALUE = register(0x4000_8004)
    static let WDOGCONTROL = register(0x4000_8008)
    static let WDOGINTCLR = register(0x4000_800C)
    static let WDOGLOCK = register(0x4000_8C00)
  }

  /// A GPIO of 16 pins [4.1].
  struct GPIO {
    let base: UInt
    var DATA: Register { register(base) }
    var DATAOUT: Register { register(base &+ 0x04) }
    var OUTENSET: Register { register(base &+ 0x10) }
  }
  static let gpio0 = GPIO(base: 0x4001_0000)
  static let gpio1 = GPIO(base: 0x4001_1000)

  /// System control [DDI 0479, 3.3.2]: RSTINFO bit 0 SYSRESETREQ, 1 watchdog, 2 lock-up.
  static let RSTINFO = register(0x4001_F010)
}
