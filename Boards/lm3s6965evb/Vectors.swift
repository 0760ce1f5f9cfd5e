import Support

typealias Handler = @convention(c) () -> Void

/// The vector table behind the initial stack pointer, which the linker script puts first (data sheet, table 2-8 and 2-9).
@section(".isr_vector") @used
let vectors: (InlineArray<15, Handler>, InlineArray<32, Handler>) = (
  [
    resetHandler, hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, stellarisTickHandler,
  ],
  [
    // 0...4: ports A to E
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    // 5: UART0
    uart0Handler,
    // 6...17
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    // 18: watchdog, a second before it restarts the processor
    watchdogEntry,
    // 19...31
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler,
  ]
)
