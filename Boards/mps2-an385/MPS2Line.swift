import Support

/// UART 0 on the board's serial connector, direction pin GPIO 0 pin 15.
struct MPS2Line: SerialLine {
  // CTRL: send, receive, send interrupt, receive interrupt, overrun interrupts are not used (STATE tells it).
  private static let control: UInt32 = 0b1011
  static let sendInterrupt: UInt32 = 1 << 2
  // STATE
  static let sendFull: UInt32 = 1 << 0
  static let receiveFull: UInt32 = 1 << 1
  static let overrun: UInt32 = 1 << 3
  private static let direction: UInt32 = 1 << 15

  /// When the send buffer was seen empty: the last byte is still in the shift register, which nothing tells of.
  private var emptySince: UInt32?

  mutating func open(baud: UInt32) {
    stopDriving()
    AN385.gpio0.OUTENSET.store(MPS2Line.direction)
    // At least 16 [4.3.2].
    AN385.UART0.BAUDDIV.store((AN385.coreHertz &+ baud >> 1) / baud)
    AN385.UART0.CTRL.store(MPS2Line.control)
  }

  mutating func startSending() {
    AN385.gpio0.DATAOUT.set(MPS2Line.direction)
    emptySince = nil
    // Not beside the interrupt: two that take bytes would change their order.
    support_disable_interrupts()
    AN385.UART0.CTRL.set(MPS2Line.sendInterrupt)
    fillSend()
    support_enable_interrupts()
  }

  var isSent: Bool {
    mutating get {
      guard sending.isEmpty, !AN385.UART0.STATE.has(MPS2Line.sendFull) else { return false }
      let tick = ticks.now
      guard let since = emptySince else {
        emptySince = tick
        return false
      }
      // More than 1 ms: a character at 9,600 baud takes as long, at 19,200 half of it. At 4,800 the line falls before the stop bit ends; the
      // pull-ups hold it there.
      return tick &- since >= 2
    }
  }

  mutating func stopDriving() { AN385.gpio0.DATAOUT.clear(MPS2Line.direction) }
}

private func fillSend() {
  while !AN385.UART0.STATE.has(MPS2Line.sendFull) {
    guard let byte = sending.takeNext() else {
      AN385.UART0.CTRL.clear(MPS2Line.sendInterrupt)
      return
    }
    AN385.UART0.DATA.store(UInt32(byte))
  }
}

@c(uart0SendHandler) func uart0SendHandler() {
  AN385.UART0.INTCLEAR.store(1)
  fillSend()
}

@c(uart0ReceiveHandler) func uart0ReceiveHandler() {
  AN385.UART0.INTCLEAR.store(2)
  while AN385.UART0.STATE.has(MPS2Line.receiveFull) {
    let isLost = AN385.UART0.STATE.has(MPS2Line.overrun)
    if isLost { AN385.UART0.STATE.store(MPS2Line.overrun) }
    // This UART knows no parity and tells no framing errors: the CRC finds them.
    received.push(UInt16(truncatingIfNeeded: AN385.UART0.DATA.load() & 0xFF) | (isLost ? ReceiveRing.error : 0))
  }
}
