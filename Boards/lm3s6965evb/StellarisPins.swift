/// Buttons, tamper, lamps and buzzer (README.md, "Pins").
struct StellarisPins: PanelPins {
  private static let buttonsE: UInt32 = 0x0F
  private static let buttonsF: UInt32 = 1 << 1
  private static let buttonsB: UInt32 = 7 << 4
  private static let tamper: UInt32 = 1 << 0
  private static let direction: UInt32 = 1 << 4
  private static let buzzer: UInt32 = 1 << 5
  private static let multiplexer: UInt32 = 7 << 5

  /// Inputs with pull-ups, outputs off.
  func open() {
    LM3S6965.portE.PUR.set(StellarisPins.buttonsE)
    LM3S6965.portE.DEN.set(StellarisPins.buttonsE)
    LM3S6965.portF.PUR.set(StellarisPins.buttonsF)
    LM3S6965.portF.DEN.set(StellarisPins.buttonsF)
    LM3S6965.portB.PUR.set(StellarisPins.buttonsB | StellarisPins.tamper)
    LM3S6965.portB.DEN.set(StellarisPins.buttonsB | StellarisPins.tamper)
    LM3S6965.portD.DIR.set(0xFF)
    LM3S6965.portD.DEN.set(0xFF)
    LM3S6965.portD.data(0xFF).store(0)
    LM3S6965.portC.DIR.set(StellarisPins.direction | StellarisPins.buzzer)
    LM3S6965.portC.DEN.set(StellarisPins.direction | StellarisPins.buzzer)
    LM3S6965.portC.data(StellarisPins.direction | StellarisPins.buzzer).store(0)
    LM3S6965.portA.DIR.set(StellarisPins.multiplexer)
    LM3S6965.portA.DEN.set(StellarisPins.multiplexer)
  }

  /// Buttons pull to ground: 1...4 at PE0...3, 5 at PF1, 6...8 at PB4...6.
  mutating func contacts() -> UInt8 {
    let e = ~LM3S6965.portE.data(StellarisPins.buttonsE).load() & StellarisPins.buttonsE
    let f = ~LM3S6965.portF.data(StellarisPins.buttonsF).load() & StellarisPins.buttonsF
    let b = ~LM3S6965.portB.data(StellarisPins.buttonsB).load() & StellarisPins.buttonsB
    return UInt8(truncatingIfNeeded: e | f << 3 | b << 1)
  }

  /// The switch pulls to ground while the housing is shut: a cut wire counts as open.
  mutating func housingIsOpen() -> Bool { LM3S6965.portB.data(StellarisPins.tamper).load() != 0 }

  mutating func setLamp(_ button: UInt8, _ isOn: Bool) {
    let pin = UInt32(1) << UInt32((button &- 1) & 7)
    LM3S6965.portD.data(pin).store(isOn ? pin : 0)
  }

  mutating func setBuzzer(_ isOn: Bool) {
    LM3S6965.portC.data(StellarisPins.buzzer).store(isOn ? StellarisPins.buzzer : 0)
  }
}

/// The 10-bit converter: ADC0 behind an 8-to-1 multiplexer (74HC4051, select at PA5...7) for the lines, ADC1 for the supply. A timer starts
/// each conversion 100 µs after the channel was chosen, so that the multiplexer has settled.
struct StellarisConverter: Converter {
  private static let empty: UInt32 = 1 << 8

  func open() {
    LM3S6965.ADC0.ACTSS.store(0)
    // Sequencer 3 is started by the timer; its only sample is its last.
    LM3S6965.ADC0.EMUX.store(5 << 12)
    LM3S6965.ADC0.SSCTL3.store(1 << 1)
    LM3S6965.ADC0.ACTSS.store(1 << 3)
    // One-shot, 32 bits, tells the converter when it ends.
    LM3S6965.TIMER0.CFG.store(0)
    LM3S6965.TIMER0.TAMR.store(1)
    LM3S6965.TIMER0.TAILR.store(LM3S6965.coreHertz / 10_000)
  }

  mutating func start(_ channel: UInt8) {
    if channel > 0 { LM3S6965.portA.data(7 << 5).store(UInt32((channel &- 1) & 7) << 5) }
    LM3S6965.ADC0.SSMUX3.store(channel == 0 ? 1 : 0)
    LM3S6965.TIMER0.CTL.store(1 << 5 | 1)
  }

  mutating func value() -> UInt16? {
    guard !LM3S6965.ADC0.SSFSTAT3.has(StellarisConverter.empty) else { return nil }
    return UInt16(truncatingIfNeeded: LM3S6965.ADC0.SSFIFO3.load() & 0x3FF) << 2
  }

  /// A conversion ends within a millisecond.
  mutating func works() -> Bool {
    start(0)
    // Milliseconds of the tick, not rounds of a loop: a conversion takes as long as its trigger.
    var patience = 100
    while patience > 0 {
      if value() != nil { return true }
      if Processor.millisecondHasPassed { patience &-= 1 }
    }
    return false
  }

  /// 3.0 V reference behind a divider by 6: 18,000 mV at full scale.
  func millivolts(_ value: UInt16) -> UInt16 { UInt16(truncatingIfNeeded: UInt32(value) &* 18_000 >> 12) }

  /// The lowest bit of 16 conversions of the temperature sensor (SSCTL3 TS0).
  mutating func noise() -> UInt16 {
    var bits: UInt16 = 0
    LM3S6965.ADC0.SSCTL3.store(1 << 3 | 1 << 1)
    var index = 0
    while index < 16 {
      LM3S6965.TIMER0.CTL.store(1 << 5 | 1)
      var patience = 100
      while LM3S6965.ADC0.SSFSTAT3.has(StellarisConverter.empty) && patience > 0 {
        if Processor.millisecondHasPassed { patience &-= 1 }
      }
      bits = bits << 1 ^ bits >> 15 ^ UInt16(truncatingIfNeeded: LM3S6965.ADC0.SSFIFO3.load() & 0x3FF)
      index &+= 1
    }
    LM3S6965.ADC0.SSCTL3.store(1 << 1)
    return bits
  }
}
