import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

typealias ThisBoard = STM32Board

/// STM32F405 (Cortex-M4, 168 MHz). Pins: README.md.
struct STM32Board: Board {
  typealias Memory = STM32Memory

  static let buttons: UInt8 = 8

  var line = STM32Line()
  var pins = STM32Pins()
  var adc = STM32Converter()
  var dog = STM32Watchdog()

  init() {
    STM32Board.startClocks()
    pins.open()
    adc.open()
    Processor.startTick(hertz: STM32.coreHertz)
    Processor.enable(interrupt: STM32.USART2.interrupt)
  }

  /// The 96 bits of the chip folded into 32: lot, wafer and place all count.
  var unit: UInt32 {
    #if HOOKS
      // QEMU has no memory there: reading it is a bus fault.
      return 0xFFFE_0003
    #else
      var unit = STM32.uniqueID(0)
      unit = (unit << 7 | unit >> 25) ^ STM32.uniqueID(1)
      unit = (unit << 7 | unit >> 25) ^ STM32.uniqueID(2)
      return unit == 0 || unit == .max ? 1 : unit
    #endif
  }

  /// RCC_CSR [7.3.21]; the flags stay until RMVF.
  var resetCause: PanelResetCause {
    let cause = STM32.RCC.CSR.load()
    STM32.RCC.CSR.set(1 << 24)
    if cause & (1 << 29 | 1 << 30) != 0 { return .watchdog }
    if cause & 1 << 28 != 0 { return .software }
    if cause & 1 << 27 != 0 { return .powerOn }
    if cause & 1 << 25 != 0 { return .brownOut }
    return cause & 1 << 26 != 0 ? .pin : .unknown
  }

  /// The lowest bits of the supply, as the converter sees it.
  var entropy: UInt16 { mutating get { adc.noise() } }

  private static func startClocks() {
    // HSE on; PLL: M 4, N 168, P 2, Q 7 from HSE [7.3.2].
    STM32.RCC.CR.set(1 << 16)
    wait(STM32.RCC.CR, 1 << 17)
    STM32.RCC.PLLCFGR.store(4 | 168 << 6 | 0 << 16 | 1 << 22 | 7 << 24)
    STM32.RCC.CR.set(1 << 24)
    wait(STM32.RCC.CR, 1 << 25)
    // Five wait states at 168 MHz and 3.3 V, caches on [3.5.1]; APB1 by 4, APB2 by 2; then the PLL.
    STM32.FLASH.ACR.store(5 | 1 << 9 | 1 << 10)
    STM32.RCC.CFGR.store(5 << 10 | 4 << 13 | 2)
    wait(STM32.RCC.CFGR, 2 << 2)
    // Ports A to D; USART2; ADC1.
    STM32.RCC.AHB1ENR.set(0xF)
    STM32.RCC.APB1ENR.set(1 << 17)
    STM32.RCC.APB2ENR.set(1 << 8)
    _ = STM32.RCC.APB2ENR.load()
  }

  /// A clock that does not come must not hang the start: the panel runs on with what there is, at a wrong rate, and restarts by its watchdog.
  private static func wait(_ register: Register, _ bits: UInt32) {
    var patience = 100_000
    while !register.has(bits) && patience > 0 { patience &-= 1 }
  }
}
