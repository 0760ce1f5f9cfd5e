import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

typealias ThisBoard = MPS2Board

/// MPS2 with the Cortex-M3 image AN385, for tests of what lm3s6965evb does not show in QEMU: bus faults. Pins: README.md.
struct MPS2Board: Board {
  typealias Memory = MPS2Memory

  static let buttons: UInt8 = 8

  var line = MPS2Line()
  var pins = MPS2Pins()
  var adc = NoConverter()
  var dog = MPS2Watchdog()

  init() {
    pins.open()
    Processor.startTick(hertz: AN385.coreHertz)
    Processor.enable(interrupt: AN385.UART0.receiveInterrupt)
    Processor.enable(interrupt: AN385.UART0.sendInterrupt)
  }

  /// A development board without a number of its own: the board's number in the range of development units.
  var unit: UInt32 { 0xFFFE_0002 }

  var resetCause: PanelResetCause {
    let cause = AN385.RSTINFO.load()
    AN385.RSTINFO.store(cause)
    return cause & 2 != 0 ? .watchdog : cause & 4 != 0 ? .fault : cause & 1 != 0 ? .software : .unknown
  }

  /// None: the tick and the watchdog's counter differ little from start to start.
  var entropy: UInt16 { UInt16(truncatingIfNeeded: AN385.WATCHDOG.WDOGVALUE.load() ^ Processor.SYST_CVR.load()) }
}

/// The board has no converter: lines and supply are not supervised here.
struct NoConverter: Converter {
  mutating func start(_ channel: UInt8) {}
  mutating func value() -> UInt16? { nil }
  mutating func works() -> Bool { true }
  func millivolts(_ value: UInt16) -> UInt16 { 0 }
}

/// Buttons and tamper at GPIO 0 pins 0...8, pressed (open) = 1; lamps at GPIO 1 pins 0...7, buzzer pin 8.
struct MPS2Pins: PanelPins {
  func open() {
    AN385.gpio1.DATAOUT.store(0)
    AN385.gpio1.OUTENSET.store(0x1FF)
  }

  mutating func contacts() -> UInt8 { UInt8(truncatingIfNeeded: AN385.gpio0.DATA.load()) }
  mutating func housingIsOpen() -> Bool { AN385.gpio0.DATA.has(1 << 8) }

  mutating func setLamp(_ button: UInt8, _ isOn: Bool) {
    let pin = UInt32(1) << UInt32((button &- 1) & 7)
    if isOn { AN385.gpio1.DATAOUT.set(pin) } else { AN385.gpio1.DATAOUT.clear(pin) }
  }

  mutating func setBuzzer(_ isOn: Bool) {
    if isOn { AN385.gpio1.DATAOUT.set(1 << 8) } else { AN385.gpio1.DATAOUT.clear(1 << 8) }
  }
}
