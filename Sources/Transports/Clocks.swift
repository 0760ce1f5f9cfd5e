import CSerialPort
import DeviceKit
import Glibc

/// The monotonic clock of this boot. Only threads at the edge read it; machines are told the time.
public enum MonotonicClock {
  /// CLOCK_MONOTONIC: never steps, stands still while the machine sleeps.
  public static func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    // Never negative, and 584,000 years until it wraps.
    return Instant(
      microseconds: UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec) / 1_000)
  }
}

/// The time of day, and whether it can be trusted.
public struct WallTime: Sendable, Equatable {
  /// Microseconds since 1970-01-01 00:00 UTC.
  public var microsecondsSince1970: Int64
  /// The kernel's clock is disciplined by a time source (adjtimex(2): neither STA_UNSYNC nor an error state). False when that cannot
  /// be asked. Time-outs across boots count only when it was true.
  public var isSynchronised: Bool

  public init(microsecondsSince1970: Int64, isSynchronised: Bool) {
    self.microsecondsSince1970 = microsecondsSince1970
    self.isSynchronised = isSynchronised
  }

  public static func now() -> WallTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var discipline = timex()
    let state = adjtimex(&discipline)
    return WallTime(
      microsecondsSince1970: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000,
      isSynchronised: state >= 0 && state != TIME_ERROR && discipline.status & STA_UNSYNC == 0)
  }
}

/// Which boot of the machine a monotonic time belongs to.
public enum BootIdentity {
  /// A UUID in lower case that the kernel draws at each boot; `nil` when /proc is not there.
  public static func current() -> String? {
    guard let text = SystemText.contents(of: "/proc/sys/kernel/random/boot_id"), text.utf8.count == 36 else { return nil }
    return text
  }
}

/// Timed waits of a bus thread.
public enum TimedWait {
  /// Lets this thread's timed waits end within about a microsecond of their time instead of the usual 50, so that t3.5 is kept without
  /// waste. Call once on the bus thread. Answers false when the kernel refused.
  @discardableResult
  public static func sharpenForThisThread() -> Bool { linli_set_timer_slack(1) == 0 }
}
