import DeviceKit
import DeviceVocabulary
import StationLinkCodec
import Testing

/// What is on the wire, and what the parent makes of it.
@Suite struct LatestReadingsTests {
  private static let panel = Measurand(DeviceID(bus: "A", node: 3), .supplyMillivolts)

  private static func instant(_ seconds: Int) -> Instant { .zero + .seconds(seconds) }

  private static func message(_ value: Int64, asOf: Int, sentAt: Int, boot: String = "b") -> LinkReadings {
    LinkReadings(
      station: "tiexi-03", boot: boot, sentAt: instant(sentAt),
      readings: [DeviceReading(panel, Reading(value: value, asOf: instant(asOf), timeToLive: .seconds(15)))])
  }

  @Test func whatIsWrittenIsRead() throws {
    let readings = Quantity.allCases.enumerated().map { index, quantity in
      DeviceReading(
        Measurand(DeviceID(bus: "bus_1-A", node: UInt8(index)), quantity),
        Reading(
          value: index % 2 == 0 ? LinkReadings.values.lowerBound : LinkReadings.values.upperBound, asOf: Self.instant(index),
          timeToLive: .milliseconds(1)))
    }
    let message = LinkReadings(station: "铁西 03", boot: "7f1c", sentAt: Self.instant(9), readings: readings)
    #expect(try LinkReadings.decode(try message.encode(), station: "铁西 03") == message)
  }

  /// The field, the wrong value as it stands in the JSON, where it is found, and what is accepted.
  private static let good =
    #"{"station":"tiexi-03","boot":"b","monotonic":"9","readings":[{"device":"A/3","quantity":"supplyMillivolts","unit":"mV","value":24000,"asOf":"8","timeToLiveMilliseconds":15000}]}"#

  @Test(arguments: [
    ("24000", "NaN", "malformed body"), ("24000", "1e400", "malformed readings[0].value"),
    ("24000", "9007199254740992", "malformed readings[0].value"), ("24000", "1.5", "malformed readings[0].value"),
    ("24000", "\"24000\"", "malformed readings[0].value"), ("24000", "-99999999999999999999", "malformed readings[0].value"),
    ("supplyMillivolts", "happiness", "malformed readings[0].quantity"), ("\"mV\"", "\"V\"", "malformed readings[0].unit"),
    ("A/3", "A/256", "malformed readings[0].device"), ("A/3", "A/03", "malformed readings[0].device"),
    ("A/3", "铁/3", "malformed readings[0].device"), ("A/3", "A/3/1", "malformed readings[0].device"),
    ("A/3", "abcdefghijklm/3", "malformed readings[0].device"),
    // Measured after it was sent: a negative age.
    ("\"8\"", "\"10\"", "malformed readings[0].asOf"), ("\"8\"", "\"-1\"", "malformed readings[0].asOf"),
    ("\"8\"", "8", "malformed readings[0].asOf"), ("\"9\"", "\"9223372036854775808\"", "malformed monotonic"),
    ("15000", "0", "malformed readings[0].timeToLiveMilliseconds"),
    ("15000", "86400001", "malformed readings[0].timeToLiveMilliseconds"), ("\"b\"", "\"\"", "malformed boot"),
    ("tiexi-03", "tiexi-04", "otherStation station"), ("\"unit\":\"mV\",", "", "malformed readings[0].unit"),
    ("\"readings\"", "\"values\"", "malformed readings"), ("{", "[", "malformed body"),
  ])
  func whatIsWrongIsRefusedWithItsPlace(right: String, wrong: String, expected: String) throws {
    let text = Self.good.replacing(right, with: wrong, maxReplacements: 1)
    #expect(text != Self.good)
    #expect(throws: Never.self) { try LinkReadings.decode(Array(Self.good.utf8), station: "tiexi-03") }
    let mistake = #expect(throws: EventBatch.Mistake.self) { try LinkReadings.decode(Array(text.utf8), station: "tiexi-03") }
    #expect(mistake.map { "\($0.refusal.rawValue) \($0.place)" } == expected)
    #expect(mistake?.accepted.isEmpty == false)
  }

  @Test func everyPrefixAndEveryFlippedByteIsReadOrRefused() throws {
    let bytes = Array(Self.good.utf8)
    var refused = 0
    for index in bytes.indices {
      var flipped = bytes
      flipped[index] ^= 0x10
      for candidate in [Array(bytes[..<index]), flipped] {
        do { _ = try LinkReadings.decode(candidate, station: "tiexi-03") } catch { refused += 1 }
      }
    }
    // All prefixes, and most flips.
    #expect(refused > bytes.count * 3 / 2)
  }

  @Test func tooManyAreRefusedAndNothingIsTaken() throws {
    var latest = LatestReadings()
    func devices(_ bus: String, _ count: Int) -> LinkReadings {
      LinkReadings(
        station: "tiexi-03", boot: "b", sentAt: Self.instant(1),
        readings: (0..<count).map { number in
          DeviceReading(
            Measurand(DeviceID(bus: bus, node: UInt8(number)), .supplyMillivolts),
            Reading(value: 1, asOf: Self.instant(1), timeToLive: .seconds(15)))
        })
    }
    let above = #expect(throws: EventBatch.Mistake.self) {
      try LinkReadings.decode(devices("a", 201).encode(), station: "tiexi-03")
    }
    #expect(above?.refusal == .tooLarge && above?.place == "readings" && above?.accepted == "at most 200 readings")
    for bus in ["a", "b", "c", "d", "e"] { #expect(try latest.take(devices(bus, 200), at: Self.instant(1)).taken == 200) }
    let mistake = #expect(throws: EventBatch.Mistake.self) { try latest.take(devices("f", 3), at: Self.instant(1)) }
    #expect(mistake?.refusal == .tooLarge && mistake?.place == "readings[0]")
    #expect(latest.all(at: Self.instant(1)).count == LatestReadings.limit)
    // What is known already still comes through, and after a day there is room again.
    #expect(try latest.take(devices("e", 200), at: Self.instant(2)).taken == 0)
    var later = devices("f", 3)
    later.sentAt = Self.instant(86_402)
    for index in later.readings.indices { later.readings[index].reading.asOf = later.sentAt }
    #expect(try latest.take(later, at: Self.instant(86_402)).taken == 3)
    #expect(latest.all(at: Self.instant(86_402)).count == 3)
  }

  /// No wall clock is in it, and the two monotonic clocks have begun at different times.
  @Test func theAgeIsReckonedFromTheChildsMonotonicClockAlone() throws {
    var latest = LatestReadings()
    #expect(try latest.take(Self.message(24_000, asOf: 997, sentAt: 1000), at: Self.instant(50)).taken == 1)
    #expect(latest.all(at: Self.instant(50)).map(\.age) == [.seconds(3)])
    let later = latest.all(at: Self.instant(65))
    #expect(later.map(\.age) == [.seconds(18)] && later[0].isStale && later[0].value == 24_000)
  }

  @Test func repeatedOvertakenAndHeldUpRequestsAreNotYoungerThanTheyAre() throws {
    var latest = LatestReadings()
    #expect(try latest.take(Self.message(1, asOf: 1000, sentAt: 1000), at: Self.instant(50)).taken == 1)
    #expect(try latest.take(Self.message(2, asOf: 1010, sentAt: 1010), at: Self.instant(60)).taken == 1)
    #expect(try latest.take(Self.message(2, asOf: 1010, sentAt: 1010), at: Self.instant(61)).taken == 0)
    #expect(try latest.take(Self.message(1, asOf: 1000, sentAt: 1000), at: Self.instant(62)).taken == 0)
    #expect(latest.all(at: Self.instant(62)).map(\.value) == [2])
    // A line that held it up for 40 s.
    #expect(try latest.take(Self.message(3, asOf: 1020, sentAt: 1020), at: Self.instant(110)).taken == 1)
    #expect(latest.all(at: Self.instant(110)).map(\.age) == [.seconds(40)])
    // The first one was held up: known as soon as a faster one has come.
    var first = LatestReadings()
    _ = try first.take(Self.message(1, asOf: 1000, sentAt: 1000), at: Self.instant(90))
    #expect(first.all(at: Self.instant(90)).map(\.age) == [.zero])
    _ = try first.take(
      LinkReadings(station: "tiexi-03", boot: "b", sentAt: Self.instant(1050), readings: []), at: Self.instant(100))
    #expect(first.all(at: Self.instant(100)).map(\.age) == [.seconds(50)])
  }

  /// A child's clock that is slow by 200 parts in a million: 17 s a day, which must not add up.
  @Test func clocksThatRunApartDoNotAddUp() throws {
    var latest = LatestReadings()
    for step in 0..<(3 * 8_640) {
      let sent = Instant(microseconds: UInt64(step) * 9_998_000)
      let now = Instant(microseconds: UInt64(step) * 10_000_000)
      var message = Self.message(1, asOf: 0, sentAt: 0)
      message.sentAt = sent
      message.readings[0].reading.asOf = sent
      _ = try latest.take(message, at: now)
      guard step % 10 == 0 else { continue }
      #expect((latest.all(at: now).first?.age ?? .seconds(9)) <= .milliseconds(250))
    }
  }

  @Test func aRebootForgetsWhatCannotBeReckonedWith() throws {
    var latest = LatestReadings()
    _ = try latest.take(Self.message(1, asOf: 1000, sentAt: 1000), at: Self.instant(50))
    _ = try latest.take(
      LinkReadings(station: "tiexi-03", boot: "c", sentAt: Self.instant(5), readings: []), at: Self.instant(60))
    #expect(latest.all(at: Self.instant(60)).isEmpty)
    #expect(try latest.take(Self.message(2, asOf: 6, sentAt: 6, boot: "c"), at: Self.instant(61)).taken == 1)
    #expect(latest.all(at: Self.instant(61)).map(\.age) == [.zero])
  }

  /// Ages and differences of clocks at their ends: no trap.
  @Test func extremeClocksAreReckonedWith() throws {
    var latest = LatestReadings()
    let most = Instant(microseconds: UInt64(Int64.max))
    var message = Self.message(1, asOf: 0, sentAt: 0)
    message.sentAt = most
    message.readings[0].reading.asOf = most
    for now in [Instant.zero, most, .distantFuture] {
      _ = try latest.take(message, at: now)
      for moment in [Instant.zero, most, .distantFuture] { #expect(latest.all(at: moment).allSatisfy { $0.age >= .zero }) }
    }
  }
}
