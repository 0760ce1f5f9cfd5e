import DeviceKit

/// Whole milliseconds and seconds of an interval without a 64-bit division, which the small processors would need a library for.
enum WholeUnits {
  /// 0 for a negative interval, `UInt32.max` where it does not fit.
  static func milliseconds(_ interval: Interval) -> UInt32 { quotient(interval, by: 1_000) }
  static func seconds(_ interval: Interval) -> UInt32 { quotient(interval, by: 1_000_000) }

  private static func quotient(_ interval: Interval, by divisor: UInt64) -> UInt32 {
    guard interval.microseconds > 0 else { return 0 }
    var rest = UInt64(interval.microseconds)
    guard rest < divisor << 32 else { return .max }
    if rest >> 32 == 0 { return UInt32(rest) / UInt32(divisor) }
    // Shifted by one place at a time: a 64-bit shift by a variable is a library call as well.
    var shifted = divisor << 31
    var result: UInt32 = 0
    for _ in 0..<32 {
      result <<= 1
      if rest >= shifted {
        rest &-= shifted
        result |= 1
      }
      shifted >>= 1
    }
    return result
  }
}
