import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

/// The RS-485 line of a board: an UART whose interrupt fills `received` and empties `sending`, and the pin that turns the transceiver
/// (DE and /RE together: while it sends it does not hear).
protocol SerialLine {
  /// Sets the rate, 8 data bits, no parity, 1 stop bit, and listens.
  mutating func open(baud: UInt32)
  /// Direction pin to "drive", then sends what is in `sending`.
  mutating func startSending()
  /// The last stop bit is on the wire.
  var isSent: Bool { mutating get }
  /// Direction pin to "listen".
  mutating func stopDriving()
}

/// The pins that people and the supply touch.
protocol PanelPins {
  /// Contacts that are closed, bit 0 = button 1.
  mutating func contacts() -> UInt8
  mutating func housingIsOpen() -> Bool
  mutating func setLamp(_ button: UInt8, _ isOn: Bool)
  mutating func setBuzzer(_ isOn: Bool)
}

/// The converter behind the supervised lines and the supply. One conversion at a time.
protocol Converter {
  /// Starts to convert the line of button 1...8, or with 0 the supply.
  mutating func start(_ channel: UInt8)
  /// 12 bits; `nil` while it runs.
  mutating func value() -> UInt16?
  /// The supply in mV for a value of channel 0.
  func millivolts(_ value: UInt16) -> UInt16
  /// Part of the self-test, before the first conversion; `true` where there is none.
  mutating func works() -> Bool
}

/// Restarts the processor about a second after it was last fed.
protocol Watchdog {
  mutating func start()
  mutating func feed()
}

/// Settings, boot record and slots of a board.
protocol BoardMemory: StableMemory {
  static var kind: PanelBoard { get }
  static var layout: StoreLayout { get }
  init()
  /// Clocks and pins of it.
  mutating func open()
}

/// One board: what its folder implements, and all that the application knows of the hardware.
protocol Board {
  associatedtype Line: SerialLine
  associatedtype Pins: PanelPins
  associatedtype ADC: Converter
  associatedtype Dog: Watchdog
  associatedtype Memory: BoardMemory

  static var buttons: UInt8 { get }

  var line: Line { get set }
  var pins: Pins { get set }
  var adc: ADC { get set }
  var dog: Dog { get set }

  /// Clocks, pins, interrupts, the tick. After it everything above may be used.
  init()
  /// Burnt in at manufacture, never 0.
  var unit: UInt32 { get }
  /// Why the processor started, as its own register says; `unknown` where it says nothing.
  var resetCause: PanelResetCause { get }
  /// A number that differs from start to start as far as the hardware gives one.
  var entropy: UInt16 { mutating get }
}
