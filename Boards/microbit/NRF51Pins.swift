/// Buttons, tamper, lamps and buzzer (README.md, "Pins").
struct NRF51Pins: PanelPins {
  // Pins of buttons 1...4.
  private static let button1: UInt32 = 17
  private static let button2: UInt32 = 26
  private static let button3: UInt32 = 16
  private static let button4: UInt32 = 18
  private static let tamper: UInt32 = 20
  private static let firstLamp: UInt32 = 12
  private static let buzzer: UInt32 = 1 << 11

  func open() {
    // Connected inputs with pull-ups [14.2.7].
    let input: UInt32 = 3 << 2
    NRF51.GPIO.PIN_CNF(NRF51Pins.button1).store(input)
    NRF51.GPIO.PIN_CNF(NRF51Pins.button2).store(input)
    NRF51.GPIO.PIN_CNF(NRF51Pins.button3).store(input)
    NRF51.GPIO.PIN_CNF(NRF51Pins.button4).store(input)
    NRF51.GPIO.PIN_CNF(NRF51Pins.tamper).store(input)
    let outputs = NRF51Pins.buzzer | 0xF << NRF51Pins.firstLamp
    NRF51.GPIO.OUTCLR.store(outputs)
    NRF51.GPIO.DIRSET.store(outputs)
  }

  /// Buttons pull to ground.
  mutating func contacts() -> UInt8 {
    let pins = ~NRF51.GPIO.IN.load()
    let low = pins >> NRF51Pins.button1 & 1 | (pins >> NRF51Pins.button2 & 1) << 1
    return UInt8(truncatingIfNeeded: low | (pins >> NRF51Pins.button3 & 1) << 2 | (pins >> NRF51Pins.button4 & 1) << 3)
  }

  /// The switch pulls to ground while the housing is shut: a cut wire counts as open.
  mutating func housingIsOpen() -> Bool { NRF51.GPIO.IN.has(1 << NRF51Pins.tamper) }

  mutating func setLamp(_ button: UInt8, _ isOn: Bool) {
    let pin = UInt32(1) << (NRF51Pins.firstLamp &+ UInt32((button &- 1) & 3))
    if isOn { NRF51.GPIO.OUTSET.store(pin) } else { NRF51.GPIO.OUTCLR.store(pin) }
  }

  mutating func setBuzzer(_ isOn: Bool) {
    if isOn { NRF51.GPIO.OUTSET.store(NRF51Pins.buzzer) } else { NRF51.GPIO.OUTCLR.store(NRF51Pins.buzzer) }
  }
}

/// The 10-bit converter: lines of buttons 1...4 at AIN2...5 (P0.01...04), supply divided by 5 at AIN6 (P0.05).
struct NRF51Converter: Converter {
  func open() { NRF51.ADC.ENABLE.store(1) }

  mutating func start(_ channel: UInt8) {
    let input = channel == 0 ? 6 : UInt32(channel) &+ 1
    NRF51.ADC.EVENTS_END.store(0)
    // 10 bits, input by one third; lines against a third of the supply (they hang on it), the supply against 1.2 V [31.2.5].
    let reference: UInt32 = channel == 0 ? 0 : 3
    NRF51.ADC.CONFIG.store(2 | 2 << 2 | reference << 5 | 1 << (8 &+ input))
    NRF51.ADC.TASKS_START.store(1)
  }

  mutating func value() -> UInt16? {
    guard NRF51.ADC.EVENTS_END.load() != 0 else { return nil }
    return UInt16(truncatingIfNeeded: NRF51.ADC.RESULT.load() & 0x3FF) << 2
  }

  /// A conversion ends within a millisecond. In QEMU there is no converter: its registers read 0.
  mutating func works() -> Bool {
    guard NRF51.ADC.ENABLE.load() == 1 else { return true }
    start(0)
    var patience = 20_000
    while patience > 0 {
      if value() != nil { return true }
      patience &-= 1
    }
    return false
  }

  /// 3.6 V at full scale, divided by 5: 18,000 mV.
  func millivolts(_ value: UInt16) -> UInt16 { UInt16(truncatingIfNeeded: UInt32(value) &* 18_000 >> 12) }
}
