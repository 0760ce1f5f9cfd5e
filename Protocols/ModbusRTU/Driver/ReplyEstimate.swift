import DeviceKit

/// How long a node takes to begin its answer: a smoothed mean and deviation, as TCP estimates round trips (Jacobson 1988; RFC 6298 §2).
struct ReplyEstimate: Sendable, Equatable {
  /// Microseconds; `nil` until the first answer.
  private(set) var mean: Int64?
  private(set) var deviation: Int64 = 0
  /// The newest answer's, in microseconds.
  private(set) var last: Int64 = 0

  mutating func observe(_ turnaround: Interval) {
    let sample = max(0, turnaround.microseconds)
    last = sample
    guard let old = mean else {
      mean = sample
      deviation = sample / 2
      return
    }
    let error = sample - old
    mean = old + error / 8
    deviation += (abs(error) - deviation) / 4
  }

  /// Mean plus four deviations within the limits; `unheard` before the first answer.
  func allowance(floor: Interval, ceiling: Interval, unheard: Interval) -> Interval {
    guard let mean else { return min(unheard, ceiling) }
    return max(floor, min(ceiling, .microseconds(Int(mean + 4 * deviation))))
  }
}
