import Support

/// Where the processor begins: memory as Swift expects it, then the main loop, for ever.
@c(resetHandler) func resetHandler() {
  support_disable_interrupts()
  StackGuard.paint()
  let source = UnsafePointer<UInt32>(bitPattern: support_data_source())
  let data = UnsafeMutablePointer<UInt32>(bitPattern: support_data_start())
  if let source, let data { copy(source, data, words: Int(support_data_end() &- support_data_start()) >> 2) }
  if let bss = UnsafeMutablePointer<UInt32>(bitPattern: support_bss_start()) {
    clear(bss, words: Int(support_bss_end() &- support_bss_start()) >> 2)
  }
  #if !CORTEX_M0
    Processor.VTOR.store(UInt32(truncatingIfNeeded: support_image_start()))
  #endif
  Hooks.clear()
  var loop = MainLoop<ThisBoard>()
  loop.run()
}

@c(tickHandler) func tickHandler() { ticks.advance() }

/// An interrupt that nobody enabled came all the same: a defect, and recorded as one.
@c(unexpectedHandler) func unexpectedHandler() { FaultRecord.restart(.trap, programCounter: 0, linkRegister: 0) }

@inline(never) private func copy(_ source: UnsafePointer<UInt32>, _ to: UnsafeMutablePointer<UInt32>, words: Int) {
  var index = 0
  while index < words {
    to[index] = source[index]
    index &+= 1
  }
}

@inline(never) private func clear(_ to: UnsafeMutablePointer<UInt32>, words: Int) {
  var index = 0
  while index < words {
    to[index] = 0
    index &+= 1
  }
}

/// The stack is painted at the start: how deep it ever was can be read off, and a paint that is gone at its bottom is an overflow that
/// the memory below did not catch (there is none there, see common.ld).
enum StackGuard {
  static let paintWord: UInt32 = 0x5AC5_5AC5

  static func paint() {
    guard var at = UnsafeMutablePointer<UInt32>(bitPattern: support_stack_bottom()) else { return }
    let end = support_stack_pointer() &- 64
    while UInt(bitPattern: at) < end {
      at.pointee = paintWord
      at += 1
    }
  }

  static var isWhole: Bool {
    guard let bottom = UnsafePointer<UInt32>(bitPattern: support_stack_bottom()) else { return true }
    return bottom[0] == paintWord && bottom[1] == paintWord
  }

  /// Bytes of stack that were never used.
  static func unused() -> UInt32 {
    guard var at = UnsafePointer<UInt32>(bitPattern: support_stack_bottom()) else { return 0 }
    var bytes: UInt32 = 0
    while UInt(bitPattern: at) < support_stack_top(), at.pointee == paintWord {
      bytes &+= 4
      at += 1
    }
    return bytes
  }
}
