import Support

typealias Handler = @convention(c) () -> Void

/// The vector table behind the initial stack pointer, which the linker script puts first (reference manual, table 61).
@section(".isr_vector") @used
let vectors: (InlineArray<15, Handler>, InlineArray<39, Handler>) = (
  [
    resetHandler, hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, tickHandler,
  ],
  [
    // 0...37
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler,
    // 38: USART2
    usart2Handler,
  ]
)
