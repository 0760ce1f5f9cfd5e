import DeviceKit
import Station

/// The two clocks of the simulated PC: a monotonic one that begins anew with every boot, and a wall clock that can be set wrong.
struct HostClock {
  /// Site time at which this boot began.
  private(set) var bootedAt = Instant.zero
  private(set) var boots = 1
  private var begins: [String: Instant] = ["boot-1": .zero]
  var isSynchronised = true
  private var offsetMilliseconds: Int64 = 0

  /// 2026-11-25 08:00:00 at +08:00.
  static let wallAtStart: Int64 = 1_795_564_800_000
  /// Monotonic time that a kernel has already counted when the program can start.
  static let kernelStart = Interval.seconds(5)

  var bootName: String { "boot-\(boots)" }

  func monotonic(_ now: Instant) -> Instant { .zero + Self.kernelStart + (now - bootedAt) }

  /// The site time of a moment on this boot's monotonic clock; one before the boot is the boot.
  func siteTime(_ monotonic: Instant) -> Instant {
    monotonic == .distantFuture ? .distantFuture : bootedAt + (monotonic - (.zero + Self.kernelStart))
  }

  func wall(_ now: Instant) -> WallClock {
    WallClock(
      unixMilliseconds: Self.wallAtStart + (now - .zero).microseconds / 1000 + offsetMilliseconds, synchronised: isSynchronised)
  }

  mutating func step(by milliseconds: Int64) { offsetMilliseconds += milliseconds }

  mutating func reboot(at now: Instant) {
    bootedAt = now
    boots += 1
    begins[bootName] = now
  }

  /// The site time of a moment on the monotonic clock of a boot by its name; `nil` for a name that no boot had.
  func siteTime(_ monotonic: Instant, of boot: String) -> Instant? {
    begins[boot].map { $0 + (monotonic - (.zero + Self.kernelStart)) }
  }
}
