import DeviceKit

/// Which buttons the station wants silent in the room. The panel keeps the mask itself; it is written only where it differs from what
/// was read back.
struct SilentWishes: Sendable {
  /// Buttons somebody has a wish for, and the wish; bit 0 = button 1.
  private var wished: UInt8 = 0
  private var mask: UInt8 = 0
  private var notBefore: Instant = .zero

  mutating func want(_ button: UInt8, silent: Bool) {
    guard button >= 1, button <= 8 else { return }
    let bit = UInt8(1) << (button - 1)
    wished |= bit
    mask = silent ? mask | bit : mask & ~bit
    notBefore = .zero
  }

  /// A write was answered or refused: no further one before the read-back has shown what it did.
  mutating func wait(until instant: Instant) {
    notBefore = instant
  }

  /// The mask to write to a panel of so many buttons that was read to hold `shown`; `nil` when there is nothing to do now.
  func maskToWrite(shown: UInt8, buttons: UInt8, at now: Instant) -> UInt8? {
    guard notBefore <= now else { return nil }
    let existing = UInt8(truncatingIfNeeded: (UInt16(1) << UInt16(min(buttons, 8))) - 1)
    let wanted = ((shown & ~wished) | (mask & wished)) & existing
    return wanted == shown & existing ? nil : wanted
  }
}
