import DeviceKit

/// The time of day as the computer has it: an input like any other, which may jump and is not believed further than its quality.
public struct WallClock: Sendable, Hashable, Codable {
  /// Since 1970-01-01T00:00:00Z.
  public var unixMilliseconds: Int64
  /// The kernel says that the clock is disciplined (adjtimex without STA_UNSYNC).
  public var synchronised: Bool
  public var utcOffsetSeconds: Int32

  public init(unixMilliseconds: Int64, synchronised: Bool, utcOffsetSeconds: Int32 = 8 * 3600) {
    self.unixMilliseconds = unixMilliseconds
    self.synchronised = synchronised
    self.utcOffsetSeconds = utcOffsetSeconds
  }

  /// The same clock at another moment nearby, as long as nobody sets it in between.
  public func advanced(by interval: Interval) -> WallClock {
    var clock = self
    clock.unixMilliseconds = unixMilliseconds &+ Self.floorDivide(interval.microseconds, 1000)
    return clock
  }

  private var localSeconds: Int64 { Self.floorDivide(unixMilliseconds, 1000) + Int64(utcOffsetSeconds) }
  /// Days since 1970-01-01 by the local calendar.
  public var localDay: Int64 { Self.floorDivide(localSeconds, 86_400) }
  /// Until the clock shows this minute of the day next.
  func millisecondsUntil(minuteOfDay: Int64) -> Int64 {
    let now = Self.floorModulo(localSeconds, 86_400) * 1000 + Self.floorModulo(unixMilliseconds, 1000)
    let left = minuteOfDay * 60_000 - now
    return left > 0 ? left : left + 86_400_000
  }
  /// Whether a span of the day counts now: `from` > `to` runs over midnight, and the day on which it begins counts; equal means the whole day.
  /// Weekdays as in the roster; none: every day.
  func isWithin(fromMinute: Int, toMinute: Int, weekdays: [Int]) -> Bool {
    let (minute, today) = (localMinuteOfDay, localWeekday)
    let yesterday = today == 1 ? 7 : today - 1
    func works(_ day: Int) -> Bool { weekdays.isEmpty || weekdays.contains(day) }
    if fromMinute == toMinute { return works(today) }
    if fromMinute < toMinute { return works(today) && minute >= fromMinute && minute < toMinute }
    return minute >= fromMinute && works(today) || minute < toMinute && works(yesterday)
  }

  public var localMinuteOfDay: Int { Int(Self.floorModulo(localSeconds, 86_400)) / 60 }
  /// 1 = Monday ... 7 = Sunday; 1970-01-01 was a Thursday.
  public var localWeekday: Int { Int(Self.floorModulo(Self.floorDivide(localSeconds, 86_400) + 3, 7)) + 1 }

  // Written without a step that overflows: `value - by + 1` does for the lowest values.
  private static func floorDivide(_ value: Int64, _ by: Int64) -> Int64 { value >= 0 ? value / by : -1 - (-1 - value) / by }
  private static func floorModulo(_ value: Int64, _ by: Int64) -> Int64 {
    let rest = value % by
    return rest < 0 ? rest + by : rest
  }
}

/// When something happened, in a way that survives a restart and a wrong clock.
public struct EntryTime: Sendable, Equatable, Codable {
  public var wallMilliseconds: Int64
  public var synchronised: Bool
  /// The kernel's boot id: monotonic times of different boots cannot be compared.
  public var boot: String
  public var monotonic: Instant

  public init(wallMilliseconds: Int64, synchronised: Bool, boot: String, monotonic: Instant) {
    self.wallMilliseconds = wallMilliseconds
    self.synchronised = synchronised
    self.boot = boot
    self.monotonic = monotonic
  }

  enum CodingKeys: String, CodingKey {
    case wallMilliseconds = "wall"
    case synchronised = "sync"
    case boot
    case monotonic = "mono"
  }

  /// The wall clock `milliseconds` before this, saturating: a child's entry may say any time.
  public func wallMilliseconds(before milliseconds: UInt32) -> Int64 {
    wallMilliseconds.clampedSubtracting(Int64(milliseconds))
  }

  /// How long ago this was. Within a boot the monotonic clock tells; across boots the wall clock counts only when it was synchronised at
  /// both ends; otherwise `nil`: nobody knows, and whoever waits for a time-out must treat it as over.
  public func elapsed(at now: EntryTime) -> Interval? {
    if boot == now.boot { return now.monotonic - monotonic }
    guard synchronised, now.synchronised else { return nil }
    let difference = now.wallMilliseconds.subtractingReportingOverflow(wallMilliseconds)
    guard !difference.overflow, difference.partialValue >= 0, difference.partialValue < Int64.max / 1000 else { return nil }
    return Interval(microseconds: difference.partialValue * 1000)
  }
}

extension Int64 {
  /// Times of a child are what the child says: none of them may end the program.
  func clampedSubtracting(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (self < 0 ? .min : .max) : difference
  }
}
