import DeviceKit

/// How many commands of the parent are carried out: each is an entry on the disk, and a parent that goes wild must not fill it.
struct CommandRate: Sendable {
  static let perSecond = 20
  /// So many may come at once after a quiet time: what was not answered while the line was down.
  static let burst = 100
  private static let each = Interval.milliseconds(50)

  /// When all that was taken would have come at the steady rate.
  private var taken = Instant.zero

  mutating func takes(at now: Instant) -> Bool {
    let next = max(taken, now) + Self.each
    guard next - now <= Self.each * Self.burst else { return false }
    taken = next
    return true
  }
}
