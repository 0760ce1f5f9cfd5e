import Support

typealias Handler = @convention(c) () -> Void

/// The vector table behind the initial stack pointer, which the linker script puts first (AN385, table 3-9). The NMI is the watchdog's.
@section(".isr_vector") @used
let vectors: (InlineArray<15, Handler>, InlineArray<2, Handler>) = (
  [
    resetHandler, watchdogEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, hardFaultEntry, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, tickHandler,
  ],
  [uart0ReceiveHandler, uart0SendHandler]
)
