import Synchronization

/// Bytes on their way from the UART's interrupt to the main loop: one writer, one reader, no locks.
///
/// 256 places are 22 ms at 115,200 baud: longer than anything that keeps the main loop from its next round.
struct ReceiveRing: ~Copyable {
  /// Set beside a byte that came with a parity, framing or overrun error.
  static let error: UInt16 = 0x100

  private var places = InlineArray<256, UInt16>(repeating: 0)
  private let written = Atomic<UInt32>(0)
  private let taken = Atomic<UInt32>(0)

  /// For the interrupt. When all is full the newest place turns into an error: the frame is broken, and is known to be.
  mutating func push(_ value: UInt16) {
    let at = written.load(ordering: .relaxed)
    guard at &- taken.load(ordering: .acquiring) < 256 else {
      places[Int((at &- 1) & 255)] = ReceiveRing.error
      return
    }
    places[Int(at & 255)] = value
    written.store(at &+ 1, ordering: .releasing)
  }

  /// For the main loop.
  mutating func pop() -> UInt16? {
    let at = taken.load(ordering: .relaxed)
    guard at != written.load(ordering: .acquiring) else { return nil }
    let value = places[Int(at & 255)]
    taken.store(at &+ 1, ordering: .releasing)
    return value
  }

  var isEmpty: Bool { taken.load(ordering: .relaxed) == written.load(ordering: .acquiring) }
}

/// The answer that leaves, for the UART's interrupt to take from. Filled by the main loop while nothing is sent.
struct SendBuffer: ~Copyable {
  private var bytes = InlineArray<256, UInt8>(repeating: 0)
  private let count = Atomic<UInt32>(0)
  private let next = Atomic<UInt32>(0)

  /// Puts byte `index` (below 256) in its place; nothing is sent before `publish`.
  mutating func put(_ byte: UInt8, at index: Int) { bytes[unchecked: index & 255] = byte }

  /// From here on the interrupt sends the first `length` bytes.
  mutating func publish(_ length: Int) {
    next.store(0, ordering: .relaxed)
    count.store(UInt32(truncatingIfNeeded: length), ordering: .releasing)
  }

  mutating func takeNext() -> UInt8? {
    let at = next.load(ordering: .relaxed)
    guard at < count.load(ordering: .acquiring) else { return nil }
    next.store(at &+ 1, ordering: .relaxed)
    return bytes[Int(at & 255)]
  }

  var isEmpty: Bool { next.load(ordering: .acquiring) >= count.load(ordering: .relaxed) }
}

/// Milliseconds since the start, counted by the tick's interrupt; wraps.
struct Ticks: ~Copyable {
  private let count = Atomic<UInt32>(0)
  /// For the interrupt, the only writer.
  mutating func advance() { count.store(count.load(ordering: .relaxed) &+ 1, ordering: .releasing) }
  var now: UInt32 { count.load(ordering: .acquiring) }
}

// Shared between interrupts and the main loop; each says above who writes what.
nonisolated(unsafe) var received = ReceiveRing()
nonisolated(unsafe) var sending = SendBuffer()
nonisolated(unsafe) var ticks = Ticks()
