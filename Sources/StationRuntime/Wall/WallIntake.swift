import DeviceKit

/// How much comes over the line to one device of the wall, and whether that is more than a device says that is only asked.
///
/// The most that is honest is a matrix of 288 × 288 that says all it knows to somebody who comes: some tens of KB, then an answer. A serial line
/// of 115,200 baud carries 115 KB in ten seconds, whatever is on it.
struct WallIntake {
  /// What came is counted for so long, then from nothing.
  static let window = Interval.seconds(10)
  /// Bytes in one window of which the driver took none as an answer.
  static let unansweredLimit = 256 * 1_024
  /// Bytes in one window, whatever was among them.
  static let limit = 1_024 * 1_024
  /// Not opened for so long after it was too much, the first time, the second, ...
  static let pauses = [10, 20, 40, 60].map { Interval.seconds($0) }
  /// Whoever was quiet for so long begins with the first pause again.
  static let memory = Interval.seconds(600)

  private var since = Instant.zero
  private var count = 0
  private var unanswered = 0
  private var pausedUntil = Instant.zero
  /// How often in a row it was too much.
  private var excesses = 0

  /// Takes note of so many bytes that came. False: it is too much, and the line is to be closed.
  mutating func take(_ bytes: Int, at now: Instant) -> Bool {
    if now - since >= Self.window {
      since = now
      (count, unanswered) = (0, 0)
    }
    count += bytes
    unanswered += bytes
    guard count > Self.limit || unanswered > Self.unansweredLimit else { return true }
    if now - pausedUntil >= Self.memory { excesses = 0 }
    pausedUntil = now + Self.pauses[min(excesses, Self.pauses.count - 1)]
    excesses += 1
    since = pausedUntil
    (count, unanswered) = (0, 0)
    return false
  }

  /// Something of what came was taken as an answer.
  mutating func answered() { unanswered = 0 }

  func isPaused(at now: Instant) -> Bool { now < pausedUntil }

  /// Somebody wants it to be tried now.
  mutating func endPause(at now: Instant) {
    guard isPaused(at: now) else { return }
    pausedUntil = now
    since = now
  }
}
