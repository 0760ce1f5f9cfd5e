import Support

/// What all Cortex-M have in common (Armv7-M Architecture Reference Manual, DDI 0403; Armv6-M, DDI 0419).
enum Processor {
  // SysTick, B3.3.
  static let SYST_CSR = register(0xE000_E010)
  static let SYST_RVR = register(0xE000_E014)
  static let SYST_CVR = register(0xE000_E018)
  // Interrupt controller, B3.4.
  static let NVIC_ISER0 = register(0xE000_E100)
  static let NVIC_ISER1 = register(0xE000_E104)
  static let NVIC_ISPR0 = register(0xE000_E200)
  // System control, B3.2. VTOR and CFSR are not there on Armv6-M.
  static let VTOR = register(0xE000_ED08)
  static let AIRCR = register(0xE000_ED0C)
  static let CFSR = register(0xE000_ED28)

  /// Starts the millisecond, where the processor has this timer: `hertz` is the processor's clock.
  static func startTick(hertz: UInt32) {
    SYST_RVR.store(hertz / 1_000 &- 1)
    SYST_CVR.store(0)
    // Processor clock, interrupt, on.
    SYST_CSR.store(7)
  }

  /// A millisecond has ended since it was last asked (SYST_CSR COUNTFLAG, which reading clears): for waits before interrupts are let in.
  static var millisecondHasPassed: Bool { SYST_CSR.load() & 1 << 16 != 0 }

  static func enable(interrupt number: UInt32) {
    (number < 32 ? NVIC_ISER0 : NVIC_ISER1).store(1 << (number & 31))
  }

  /// SYSRESETREQ: everything but the memory starts again.
  static func restart() -> Never {
    support_barrier()
    AIRCR.store(0x05FA_0004)
    support_barrier()
    while true {}
  }
}
