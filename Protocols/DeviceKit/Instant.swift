/// A point on the monotonic clock of one boot, in microseconds since an arbitrary start. Never wall-clock time.
///
/// It is only ever added to, subtracted and compared: code that firmware shares must not divide 64-bit numbers.
public struct Instant: Sendable, Equatable, Comparable {
  public var microseconds: UInt64

  @inlinable public static var zero: Instant { Instant(microseconds: 0) }
  @inlinable public static var distantFuture: Instant { Instant(microseconds: .max) }

  @inlinable public init(microseconds: UInt64) {
    self.microseconds = microseconds
  }

  @inlinable public static func < (left: Instant, right: Instant) -> Bool {
    left.microseconds < right.microseconds
  }

  /// Saturates at both ends of the clock.
  @inlinable public static func + (instant: Instant, interval: Interval) -> Instant {
    if interval.microseconds >= 0 {
      let (sum, overflow) = instant.microseconds.addingReportingOverflow(UInt64(interval.microseconds))
      return overflow ? .distantFuture : Instant(microseconds: sum)
    }
    let (difference, overflow) = instant.microseconds.subtractingReportingOverflow(interval.microseconds.magnitude)
    return overflow ? .zero : Instant(microseconds: difference)
  }

  @inlinable public static func - (instant: Instant, interval: Interval) -> Instant {
    instant + Interval(microseconds: interval.microseconds == .min ? .max : -interval.microseconds)
  }

  /// The signed distance from `earlier` to `later`, saturating.
  @inlinable public static func - (later: Instant, earlier: Instant) -> Interval {
    if later.microseconds >= earlier.microseconds {
      return Interval(microseconds: Int64(clamping: later.microseconds &- earlier.microseconds))
    }
    return Interval(microseconds: 0 &- Int64(clamping: earlier.microseconds &- later.microseconds))
  }

  @inlinable public static func += (instant: inout Instant, interval: Interval) {
    instant = instant + interval
  }
}

/// A length of time in microseconds, signed.
public struct Interval: Sendable, Equatable, Comparable {
  public var microseconds: Int64

  @inlinable public static var zero: Interval { Interval(microseconds: 0) }

  @inlinable public init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  @inlinable public static func microseconds(_ count: Int) -> Interval { Interval(microseconds: Int64(count)) }
  /// Saturates at 292,000 years, as a number that a peer sent may be any.
  @inlinable public static func milliseconds(_ count: Int) -> Interval {
    Interval(microseconds: min(max(Int64(count), -9_223_372_036_854_775), 9_223_372_036_854_775) &* 1_000)
  }
  /// Saturates as `milliseconds` does.
  @inlinable public static func seconds(_ count: Int) -> Interval {
    Interval(microseconds: min(max(Int64(count), -9_223_372_036_854), 9_223_372_036_854) &* 1_000_000)
  }

  @inlinable public static func < (left: Interval, right: Interval) -> Bool { left.microseconds < right.microseconds }
  @inlinable public static func + (left: Interval, right: Interval) -> Interval {
    let (sum, overflow) = left.microseconds.addingReportingOverflow(right.microseconds)
    return Interval(microseconds: overflow ? (left.microseconds < 0 ? .min : .max) : sum)
  }
  @inlinable public static func - (left: Interval, right: Interval) -> Interval {
    let (difference, overflow) = left.microseconds.subtractingReportingOverflow(right.microseconds)
    return Interval(microseconds: overflow ? (left.microseconds < 0 ? .min : .max) : difference)
  }
  @inlinable public static func * (interval: Interval, factor: Int) -> Interval {
    let (product, overflow) = interval.microseconds.multipliedReportingOverflow(by: Int64(factor))
    return Interval(microseconds: overflow ? ((interval.microseconds < 0) == (factor < 0) ? .max : .min) : product)
  }
}
