/// USART2: send PA2, receive PA3, direction pin PA1.
struct STM32Line: SerialLine {
  // SR: parity, framing, noise, overrun in bits 0...3.
  static let errors: UInt32 = 0xF
  static let hasByte: UInt32 = 1 << 5
  static let isComplete: UInt32 = 1 << 6
  static let isEmpty: UInt32 = 1 << 7
  // CR1: receiver, sender, interrupts for a byte that came and for room, USART on.
  static let listening: UInt32 = 1 << 2 | 1 << 3 | 1 << 5 | 1 << 13
  static let roomInterrupt: UInt32 = 1 << 7
  private static let direction: UInt32 = 1 << 1

  mutating func open(baud: UInt32) {
    stopDriving()
    STM32.USART2.CR1.store(0)
    STM32.USART2.BRR.store((STM32.apb1Hertz &+ baud >> 1) / baud)
    STM32.USART2.CR1.store(STM32Line.listening)
  }

  mutating func startSending() {
    STM32.portA.BSRR.store(STM32Line.direction)
    fillUSART2()
    // The rest follows from the interrupt (in QEMU, which knows no such interrupt, there is no rest).
    if !sending.isEmpty { STM32.USART2.CR1.set(STM32Line.roomInterrupt) }
  }

  /// TC: the last stop bit has left.
  var isSent: Bool {
    sending.isEmpty && STM32.USART2.SR.has(STM32Line.isComplete)
  }

  mutating func stopDriving() { STM32.portA.BSRR.store(STM32Line.direction << 16) }
}

/// As much of the answer as the UART takes. By the main loop before the interrupt is let in, later by the interrupt alone.
private func fillUSART2() {
  while STM32.USART2.SR.has(STM32Line.isEmpty) {
    guard let byte = sending.takeNext() else { return }
    STM32.USART2.DR.store(UInt32(byte))
  }
}

@c(usart2Handler) func usart2Handler() {
  let status = STM32.USART2.SR.load()
  if status & (STM32Line.hasByte | STM32Line.errors) != 0 {
    // Reading DR after SR clears the errors, too.
    let value = STM32.USART2.DR.load()
    received.push(UInt16(truncatingIfNeeded: value & 0xFF) | (status & STM32Line.errors != 0 ? ReceiveRing.error : 0))
  }
  if STM32.USART2.CR1.has(STM32Line.roomInterrupt) {
    fillUSART2()
    if sending.isEmpty { STM32.USART2.CR1.clear(STM32Line.roomInterrupt) }
  }
}
