import DeviceKit

/// How many commands of one who asks are carried out: each is an entry on the disk, and nobody who goes wild must fill it.
struct CommandRate: Sendable {
  let perSecond: Int
  /// So many may come at once after a quiet time.
  let burst: Int

  /// The parent: what was not answered while the line was down comes at once.
  static let ofParent = CommandRate(perSecond: 20, burst: 100)
  /// A post at the wall. Whoever turns through scenes at 20 a second is served.
  static let ofWallPost = CommandRate(perSecond: 30, burst: 60)

  /// When all that was taken would have come at the steady rate.
  private var taken = Instant.zero

  private init(perSecond: Int, burst: Int) {
    self.perSecond = perSecond
    self.burst = burst
  }

  mutating func takes(at now: Instant) -> Bool {
    let each = Interval(microseconds: Int64(1_000_000 / perSecond))
    let next = max(taken, now) + each
    guard next - now <= each * burst else { return false }
    taken = next
    return true
  }
}
