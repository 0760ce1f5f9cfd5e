import Support

/// Where the processor begins: memory as Swift expects it, then the main loop, for ever.
@c(resetHandler) func resetHandler() {
  support_disable_interrupts()
  let memoryIsGood = testMemory()
  startMemory()
  takeVectors()
  Hooks.clear()
  guard var loop = MainLoop<ThisBoard>() else { return unexpectedHandler() }
  loop.run(memoryIsGood: memoryIsGood)
}

/// The millisecond, for boards whose tick needs no more.
@c(tickHandler) func tickHandler() { ticks.advance() }
