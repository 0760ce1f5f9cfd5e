import Support

/// How a test makes happen what does not happen by itself: words in memory that are only there in images built with HOOKS.
///
/// | word | meaning |
/// |---|---|
/// | 0 | command: "HANG" an endless loop, "TRAP" a trap of Swift, "BUSF" a read where nothing is, "STAK" recursion without end |
/// | 1...8 | line of button n: with bit 31 set, the low 12 bits take the converter's place |
/// | 9 | supply: the same |
/// | 10 | read only: bytes of stack that were never used |
/// | 11 | contacts: with bit 31 set, bits 7...0 take the place of the buttons (1 = closed), bit 8 that of the tamper switch |
/// | 12 | read, and written 0, on a Cortex-M0: the longest round of the main loop, in ticks of SysTick (which the nRF51 lacks, its emulator has) |
/// | 13 | read only: where SysTick stood as the round began |
enum Hooks {
  #if HOOKS
    private static var words: UnsafeMutablePointer<UInt32>? { UnsafeMutablePointer(bitPattern: support_hooks_start()) }

    static func clear() {
      var index = 0
      while index < 16 {
        words?[index] = 0
        index &+= 1
      }
      #if CORTEX_M0
        Processor.SYST_RVR.store(0xFF_FFFF)
        Processor.SYST_CVR.store(0)
        // Processor clock, on, no interrupt.
        Processor.SYST_CSR.store(5)
      #endif
    }

    static func obey() {
      guard let words else { return }
      support_barrier()
      switch words[0] {
      case 0x4841_4E47: while true { support_barrier() }
      case 0x5452_4150: words[0] = words[Int(words[14])] &+ UInt32(trapping(words[14]))
      case 0x4255_5346: words[15] = register(0xF000_0000 &- 16).load()
      case 0x5354_414B: words[15] = recurse(words[0])
      default: break
      }
    }

    static func converted(_ channel: UInt8, _ value: UInt16?) -> UInt16? {
      guard let word = words?[channel == 0 ? 9 : Int(channel)], word >> 31 == 1 else { return value }
      return UInt16(truncatingIfNeeded: word & 0xFFF)
    }

    static func contacts(_ pins: UInt8) -> UInt8 {
      guard let word = words?[11], word >> 31 == 1 else { return pins }
      return UInt8(truncatingIfNeeded: word)
    }

    static func housing(_ isOpen: Bool) -> Bool {
      guard let word = words?[11], word >> 31 == 1 else { return isOpen }
      return word & 1 << 8 != 0
    }

    static func roundBegins() {
      #if CORTEX_M0
        words?[13] = Processor.SYST_CVR.load()
      #endif
    }

    static func roundEnds() {
      #if CORTEX_M0
        guard let words else { return }
        let took = (words[13] &- Processor.SYST_CVR.load()) & 0xFF_FFFF
        if took > words[12] { words[12] = took }
      #endif
    }

    static func report() { words?[10] = StackGuard.unused() }

    /// Overflows for 0, which is what the word holds.
    @inline(never) private static func trapping(_ value: UInt32) -> UInt32 { value - 1 }

    @inline(never) private static func recurse(_ depth: UInt32) -> UInt32 {
      guard depth != 1 else { return 0 }
      let below = recurse(depth &+ 1)
      support_barrier()
      return below &+ depth
    }
  #else
    @inline(always) static func clear() {}
    @inline(always) static func obey() {}
    @inline(always) static func converted(_ channel: UInt8, _ value: UInt16?) -> UInt16? { value }
    @inline(always) static func contacts(_ pins: UInt8) -> UInt8 { pins }
    @inline(always) static func housing(_ isOpen: Bool) -> Bool { isOpen }
    @inline(always) static func report() {}
    @inline(always) static func roundBegins() {}
    @inline(always) static func roundEnds() {}
  #endif
}
