import Support

typealias Handler = @convention(c) () -> Void

/// The vector table behind the initial stack pointer, which the linker script puts first (reference manual, 4.1.2: the interrupt's number is
/// bits 16...12 of the peripheral's address). Its 48 words are copied to RAM, where the boot loader's own table looks (`takeVectors`).
@section(".isr_vector") @used
let vectors: (InlineArray<15, Handler>, InlineArray<32, Handler>) = (
  [
    resetHandler, unexpectedHandler, hardFaultEntry, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler,
  ],
  [
    // 0, 1; 2: UART0
    unexpectedHandler, unexpectedHandler, uart0Handler,
    // 3...7; 8: timer 0
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, timer0Handler,
    // 9...15; 16: watchdog
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, watchdogEntry,
    // 17...31
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler, unexpectedHandler,
    unexpectedHandler, unexpectedHandler, unexpectedHandler,
  ]
)
