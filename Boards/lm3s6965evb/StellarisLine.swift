import Support

/// UART0 on PA0 (receive) and PA1 (send), direction pin PC4.
struct StellarisLine: SerialLine {
  // UARTFR [12.5]
  private static let receiveEmpty: UInt32 = 1 << 4
  private static let sendFull: UInt32 = 1 << 5
  private static let busy: UInt32 = 1 << 3
  // UARTIM: receive, receive time-out; send
  static let receiveInterrupts: UInt32 = 1 << 4 | 1 << 6
  static let sendInterrupt: UInt32 = 1 << 5
  private static let direction: UInt32 = 1 << 4

  mutating func open(baud: UInt32) {
    LM3S6965.portC.data(StellarisLine.direction).store(0)
    LM3S6965.UART0.CTL.store(0)
    // In 64ths of 16 clocks a bit, rounded.
    let divisor = (LM3S6965.coreHertz &* 4 &+ baud >> 1) / baud
    LM3S6965.UART0.IBRD.store(divisor >> 6)
    LM3S6965.UART0.FBRD.store(divisor & 63)
    // 8 bits, FIFO on. Its interrupt comes at two bytes (1/8) or after 32 bits of silence, but t3.5 counts from the last byte: so the tick
    // looks too (`stellarisTickHandler`).
    LM3S6965.UART0.LCRH.store(3 << 5 | 1 << 4)
    LM3S6965.UART0.IFLS.store(0)
    LM3S6965.UART0.ICR.store(0x7FF)
    // A byte that lies there from before a restart would never be told of again: its interrupt has just been cleared.
    var left = 16
    while !LM3S6965.UART0.FR.has(StellarisLine.receiveEmpty) && left > 0 {
      _ = LM3S6965.UART0.DR.load()
      left &-= 1
    }
    LM3S6965.UART0.IM.store(StellarisLine.receiveInterrupts)
    // Receiver, sender, UART.
    LM3S6965.UART0.CTL.store(1 << 9 | 1 << 8 | 1)
  }

  mutating func startSending() {
    LM3S6965.portC.data(StellarisLine.direction).store(StellarisLine.direction)
    // Not beside the interrupt, which the tick raises each millisecond: two that take bytes would change their order.
    support_disable_interrupts()
    fillUART0()
    // The rest follows from the interrupt.
    LM3S6965.UART0.IM.store(StellarisLine.receiveInterrupts | (sending.isEmpty ? 0 : StellarisLine.sendInterrupt))
    support_enable_interrupts()
  }

  var isSent: Bool { sending.isEmpty && !LM3S6965.UART0.FR.has(StellarisLine.busy) }

  mutating func stopDriving() { LM3S6965.portC.data(StellarisLine.direction).store(0) }

  fileprivate static func takeReceived() {
    while !LM3S6965.UART0.FR.has(receiveEmpty) {
      // UARTDR: overrun, break, parity, framing error in bits 11...8.
      let value = LM3S6965.UART0.DR.load()
      received.push(UInt16(truncatingIfNeeded: value & 0xFF) | (value & 0xF00 != 0 ? ReceiveRing.error : 0))
    }
  }

  fileprivate static var isFull: Bool { LM3S6965.UART0.FR.has(sendFull) }
}

/// As much of the answer as the UART takes. By the main loop before the interrupt is let in, later by the interrupt alone.
private func fillUART0() {
  while !StellarisLine.isFull {
    guard let byte = sending.takeNext() else { return }
    LM3S6965.UART0.DR.store(UInt32(byte))
  }
}

@c(uart0Handler) func uart0Handler() {
  LM3S6965.UART0.ICR.store(0x7F0)
  StellarisLine.takeReceived()
  guard LM3S6965.UART0.IM.has(StellarisLine.sendInterrupt) else { return }
  fillUART0()
  if sending.isEmpty { LM3S6965.UART0.IM.store(StellarisLine.receiveInterrupts) }
}

/// The millisecond, and with it a look at the UART for a byte that its FIFO holds back.
@c(stellarisTickHandler) func stellarisTickHandler() {
  ticks.advance()
  Processor.NVIC_ISPR0.store(1 << LM3S6965.UART0.interrupt)
}
