import DeviceKit
import DeviceVocabulary

/// What a parent knows of the readings of one child: the newest of each, in memory only, and how old it is by the parent's own clock.
public struct LatestReadings: Sendable {
  /// Of one child.
  public static let limit = 1000
  /// Of a device that is no longer there.
  public static let forgottenAfter = Interval.seconds(86_400)

  private var boot = ""
  private var clock = ClockDifference()
  private var values: [Measurand: Reading] = [:]

  public init() {}

  /// Takes what is newer than what is here; repeated and overtaken requests change nothing.
  ///
  /// - Throws: `tooLarge`: there is no room for more devices. Nothing was taken.
  public mutating func take(_ message: LinkReadings, at now: Instant) throws(EventBatch.Mistake) -> LinkReadingsAnswer {
    if message.boot != boot {
      // How old a value of another boot is, nobody can tell.
      boot = message.boot
      clock = ClockDifference()
      values = [:]
    }
    clock.observe(message.sentAt, at: now)
    values = values.filter { clock.age(of: $0.value.asOf, at: now) <= Self.forgottenAfter }
    var new: Set<Measurand> = []
    for (index, item) in message.readings.enumerated() where values[item.measurand] == nil {
      new.insert(item.measurand)
      guard values.count + new.count <= Self.limit else {
        throw EventBatch.Mistake(
          refusal: .tooLarge, place: "readings[\(index)]", accepted: "at most \(Self.limit) devices and quantities of one station"
        )
      }
    }
    var taken = 0
    for item in message.readings where values[item.measurand].map({ $0.asOf < item.reading.asOf }) ?? true {
      values[item.measurand] = item.reading
      taken += 1
    }
    return LinkReadingsAnswer(taken: taken, held: values.count)
  }

  /// In order of the device and the quantity's name.
  public func all(at now: Instant) -> [AgedReading] {
    values.sorted { $0.key < $1.key }.map { measurand, reading in
      AgedReading(
        measurand: measurand, value: reading.value, age: clock.age(of: reading.asOf, at: now), timeToLive: reading.timeToLive)
    }
  }
}

/// By how much this monotonic clock is ahead of another one, as far as messages from there tell: the fastest of the last minutes had the
/// least delay, so what a line held up for a minute counts as a minute older than when it was sent. Only the last minutes count, because no
/// two clocks run alike.
struct ClockDifference: Sendable, Equatable {
  static let window = Interval.seconds(600)

  /// The smallest of this window and of the one before it, in microseconds; `nil`: nothing was heard in it.
  private var smallest: Int64?
  private var before: Int64?
  private var windowEnd = Instant.zero

  mutating func observe(_ sentAt: Instant, at now: Instant) {
    let difference = Int64(clamping: now.microseconds) - Int64(clamping: sentAt.microseconds)
    if now >= windowEnd {
      before = now < windowEnd + Self.window ? smallest : nil
      smallest = nil
      windowEnd = now + Self.window
    }
    smallest = min(smallest ?? difference, difference)
  }

  /// How long ago that moment of the other clock was.
  func age(of moment: Instant, at now: Instant) -> Interval {
    guard let difference = [smallest, before].compactMap({ $0 }).min() else { return .zero }
    let passed = Int64(clamping: now.microseconds).subtractingReportingOverflow(Int64(clamping: moment.microseconds)).partialValue
    let (age, overflow) = passed.subtractingReportingOverflow(difference)
    return Interval(microseconds: overflow ? .max : max(0, age))
  }
}
