import Synchronization

/// UART0: receive P0.25, send P0.24, direction pin P0.10.
struct NRF51Line: SerialLine {
  fileprivate static let receivePin: UInt32 = 25
  fileprivate static let sendPin: UInt32 = 24
  private static let direction: UInt32 = 1 << 10

  mutating func open(baud: UInt32) {
    stopDriving()
    NRF51.GPIO.OUTSET.store(1 << NRF51Line.sendPin)
    NRF51.GPIO.DIRSET.store(1 << NRF51Line.sendPin | NRF51Line.direction)
    // Input with pull-up.
    NRF51.GPIO.PIN_CNF(NRF51Line.receivePin).store(3 << 2)
    NRF51.UART0.ENABLE.store(0)
    NRF51.UART0.PSELTXD.store(NRF51Line.sendPin)
    NRF51.UART0.PSELRXD.store(NRF51Line.receivePin)
    NRF51.UART0.PSELRTS.store(.max)
    NRF51.UART0.PSELCTS.store(.max)
    NRF51.UART0.CONFIG.store(0)
    NRF51.UART0.BAUDRATE.store(NRF51Line.rate(baud))
    NRF51.UART0.ENABLE.store(4)
    NRF51.UART0.EVENTS_RXDRDY.store(0)
    NRF51.UART0.EVENTS_TXDRDY.store(0)
    NRF51.UART0.EVENTS_ERROR.store(0)
    // RXDRDY, TXDRDY, ERROR
    NRF51.UART0.INTENSET.store(1 << 2 | 1 << 7 | 1 << 9)
    NRF51.UART0.TASKS_STARTRX.store(1)
    NRF51.UART0.TASKS_STARTTX.store(1)
  }

  mutating func startSending() {
    NRF51.GPIO.OUTSET.store(NRF51Line.direction)
    guard let byte = sending.takeNext() else { return }
    isByteOut.store(0, ordering: .relaxed)
    NRF51.UART0.TXD.store(UInt32(byte))
  }

  /// TXDRDY comes when a byte has left the pin.
  var isSent: Bool { sending.isEmpty && isByteOut.load(ordering: .acquiring) == 1 }

  mutating func stopDriving() { NRF51.GPIO.OUTCLR.store(NRF51Line.direction) }

  /// BAUDRATE [29.10.16]: the rate times 2^32 / 16 MHz, the lowest 12 bits away.
  private static func rate(_ baud: UInt32) -> UInt32 {
    switch baud {
    case 4_800: 0x0013_B000
    case 9_600: 0x0027_5000
    case 38_400: 0x009D_5000
    case 57_600: 0x00EB_F000
    case 115_200: 0x01D7_E000
    default: 0x004E_A000
    }
  }
}

/// 1 when the byte that was given to the UART last has left the pin.
private let isByteOut = Atomic<UInt32>(1)

@c(uart0Handler) func uart0Handler() {
  if NRF51.UART0.EVENTS_ERROR.load() != 0 {
    NRF51.UART0.EVENTS_ERROR.store(0)
    NRF51.UART0.ERRORSRC.store(NRF51.UART0.ERRORSRC.load())
    received.push(ReceiveRing.error)
  }
  // One event may stand for several bytes; each read of RXD moves the next one up and raises the event again.
  while NRF51.UART0.EVENTS_RXDRDY.load() != 0 {
    NRF51.UART0.EVENTS_RXDRDY.store(0)
    received.push(UInt16(truncatingIfNeeded: NRF51.UART0.RXD.load() & 0xFF))
  }
  if NRF51.UART0.EVENTS_TXDRDY.load() != 0 {
    NRF51.UART0.EVENTS_TXDRDY.store(0)
    if let byte = sending.takeNext() {
      NRF51.UART0.TXD.store(UInt32(byte))
    } else {
      isByteOut.store(1, ordering: .releasing)
    }
  }
}
