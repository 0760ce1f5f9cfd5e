/// Buttons, tamper, lamps and buzzer (README.md, "Pins").
struct STM32Pins: PanelPins {
  /// Buttons at PC0...7 and tamper at PC8 pull up to 3.3 V, against pull-downs; lamps at PD0...7, buzzer PD8; USART2 and direction at PA1...3;
  /// lines and supply at PB0, PB1, multiplexer at PB4...6.
  func open() {
    STM32.portC.PUPDR.store(0x0002_AAAA)
    STM32.portD.BSRR.store(0x01FF_0000)
    STM32.portD.MODER.store(0x0001_5555)
    // PB0, PB1 analogue, PB4...6 outputs.
    STM32.portB.MODER.store(0xF | 0x1500)
    // PA1 output; PA2, PA3 alternative function 7, PA3 with pull-up. PA13, PA14 stay the debugger's.
    STM32.portA.AFRL.store(7 << 8 | 7 << 12)
    STM32.portA.PUPDR.store(0x6400_0000 | 1 << 6)
    STM32.portA.MODER.store(0xA800_0000 | 1 << 2 | 2 << 4 | 2 << 6)
  }

  mutating func contacts() -> UInt8 { UInt8(truncatingIfNeeded: STM32.portC.IDR.load()) }
  mutating func housingIsOpen() -> Bool { STM32.portC.IDR.has(1 << 8) }

  mutating func setLamp(_ button: UInt8, _ isOn: Bool) {
    let pin = UInt32(1) << UInt32((button &- 1) & 7)
    STM32.portD.BSRR.store(isOn ? pin : pin << 16)
  }

  mutating func setBuzzer(_ isOn: Bool) { STM32.portD.BSRR.store(isOn ? 1 << 8 : 1 << 24) }
}

/// The 12-bit converter: IN8 (PB0) behind an 8-to-1 multiplexer (select at PB4...6) for the lines, IN9 (PB1) for the supply. A sample takes
/// 480 cycles of 21 MHz (23 us), in which the multiplexer has settled for most of the time.
struct STM32Converter: Converter {
  func open() {
    // Slowest sampling for channels 8 and 9 [13.13.5]; on.
    STM32.ADC1.SMPR2.store(7 << 24 | 7 << 27)
    STM32.ADC1.CR2.store(1)
  }

  mutating func start(_ channel: UInt8) {
    if channel > 0 { STM32.portB.BSRR.store(0x70 << 16 | UInt32((channel &- 1) & 7) << 4) }
    convert(channel == 0 ? 9 : 8)
  }

  mutating func value() -> UInt16? {
    guard STM32.ADC1.SR.has(1 << 1) else { return nil }
    return UInt16(truncatingIfNeeded: STM32.ADC1.DR.load() & 0xFFF)
  }

  /// A conversion ends within a millisecond.
  mutating func works() -> Bool {
    start(0)
    var patience = 50_000
    while patience > 0 {
      if value() != nil { return true }
      patience &-= 1
    }
    return false
  }

  /// 3.3 V reference behind a divider by 6: 19,800 mV.
  func millivolts(_ value: UInt16) -> UInt16 { UInt16(truncatingIfNeeded: UInt32(value) &* 19_800 >> 12) }

  /// The lowest bits of 16 conversions of the supply.
  mutating func noise() -> UInt16 {
    var bits: UInt16 = 0
    var index = 0
    while index < 16 {
      convert(9)
      var patience = 20_000
      while !STM32.ADC1.SR.has(1 << 1) && patience > 0 { patience &-= 1 }
      bits = bits << 1 ^ bits >> 15 ^ UInt16(truncatingIfNeeded: STM32.ADC1.DR.load() & 0xFFF)
      index &+= 1
    }
    return bits
  }

  private func convert(_ input: UInt32) {
    STM32.ADC1.SR.store(0)
    STM32.ADC1.SQR3.store(input)
    STM32.ADC1.CR2.store(1 | 1 << 30)
  }
}
