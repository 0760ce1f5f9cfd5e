import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

typealias ThisBoard = NRF51Board

/// nRF51822 (Cortex-M0, 16 MHz), as on the BBC micro:bit v1. Pins: README.md.
struct NRF51Board: Board {
  typealias Memory = NRF51Memory

  static let buttons: UInt8 = 4

  var line = NRF51Line()
  var pins = NRF51Pins()
  var adc = NRF51Converter()
  var dog = NRF51Watchdog()

  init() {
    // The crystal: the internal oscillator is too inexact for a UART [13.1.1].
    NRF51.CLOCK.EVENTS_HFCLKSTARTED.store(0)
    NRF51.CLOCK.TASKS_HFCLKSTART.store(1)
    var patience = 100_000
    while NRF51.CLOCK.EVENTS_HFCLKSTARTED.load() == 0 && patience > 0 { patience &-= 1 }
    pins.open()
    adc.open()
    // 1 MHz, cleared at 1,000.
    NRF51.TIMER0.MODE.store(0)
    NRF51.TIMER0.BITMODE.store(0)
    NRF51.TIMER0.PRESCALER.store(4)
    NRF51.TIMER0.CC0.store(1_000)
    NRF51.TIMER0.SHORTS.store(1)
    NRF51.TIMER0.INTENSET.store(1 << 16)
    NRF51.TIMER0.TASKS_START.store(1)
    Processor.enable(interrupt: NRF51.TIMER0.interrupt)
    Processor.enable(interrupt: NRF51.UART0.interrupt)
    dog.recordHangs()
  }

  var unit: UInt32 {
    let unit = NRF51.FICR.DEVICEID0.load() ^ NRF51.FICR.DEVICEID1.load()
    return unit == 0 || unit == .max ? 1 : unit
  }

  /// RESETREAS [12.1.2]: pin, watchdog, software, lock-up; nothing after power-on.
  var resetCause: PanelResetCause {
    let cause = NRF51.POWER.RESETREAS.load()
    NRF51.POWER.RESETREAS.store(cause)
    if cause & 2 != 0 { return .watchdog }
    if cause & 8 != 0 { return .fault }
    if cause & 4 != 0 { return .software }
    return cause & 1 != 0 ? .pin : cause == 0 ? .powerOn : .unknown
  }

  /// Two bytes of the random number generator.
  var entropy: UInt16 {
    var value: UInt16 = 0
    NRF51.RNG.TASKS_START.store(1)
    var index = 0
    while index < 2 {
      NRF51.RNG.EVENTS_VALRDY.store(0)
      var patience = 100_000
      while NRF51.RNG.EVENTS_VALRDY.load() == 0 && patience > 0 { patience &-= 1 }
      value = value << 8 | UInt16(truncatingIfNeeded: NRF51.RNG.VALUE.load() & 0xFF)
      index &+= 1
    }
    NRF51.RNG.TASKS_STOP.store(1)
    return value
  }
}

@c(timer0Handler) func timer0Handler() {
  NRF51.TIMER0.EVENTS_COMPARE0.store(0)
  ticks.advance()
}
