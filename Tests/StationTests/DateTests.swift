import DeviceKit
import DeviceVocabulary
import Testing

@testable import Station

/// A station without a time server that was switched off for longer than its clock is believed: it asks a person, and goes on.
@Suite struct DateTests {
  private let card = SealedField(key: "card-key", bytes: [1])
  private let key = FaultKey(.journal, .dateDoubtful)

  /// A closed matter and a ticket that waits, then so many days without power.
  private func off(days: Int, synchronised: Bool = false) -> Bench {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter(code: 9)
    bench.clerk("w1", .result(id, .done, note: ""))
    bench.clerk("w1", .callBack(id, reached: true))
    bench.clerk("w1", .close(id))
    bench.takeTicket(code: 10, contact: card)
    bench.keyEffects = []
    return bench.restarted(boot: "boot-2", after: .seconds(days * 86_400), synchronised: synchronised)
  }

  @Test func aPostConfirmsTheDateAndEverythingGoesOn() {
    var bench = off(days: 12)
    let day = bench.visits.day
    bench.pass(.seconds(119))
    #expect(bench.station.state.fault(key) == nil, "a time server may still answer")
    bench.pass(.seconds(1))
    let fault = bench.station.state.fault(key)
    #expect(fault?.present == true && fault?.detail.contains(Station.date(day)) == true)
    #expect(fault?.detail.contains(Station.date(day + 12)) == true)
    #expect(bench.view.faults.first { $0.key == key }?.whatChinese.hasPrefix("日期没有确认") == true)
    // Until then nothing is deleted, and numbers go on from the old day.
    bench.pass(.seconds(3 * 86_400))
    #expect(bench.keyEffects == [] && bench.visits.day == day && bench.visits.matters.count == 1)
    #expect(bench.takeTicket(code: 11) == "A003")
    #expect(
      bench.station.state.fault(key)?.detail.contains(Station.date(day + 15)) == true, "what is confirmed stands on the card")
    #expect(bench.ask("nobody", .retest(key)) == .refused(.unknownPost))
    #expect(bench.ask("desk", .retest(key)) == .done)
    #expect(bench.entries.contains { $0.change == .visit(.dayConfirmed(day + 15, post: "desk")) })
    #expect(bench.station.state.fault(key) == nil && bench.visits.day == day + 15)
    #expect(bench.visits.lines == [] && bench.visits.matters == [])
    #expect(bench.keyEffects == [.shred(["card-key"]), .sweep])
    bench.give(.swept(keys: 1, files: 0))
    #expect(bench.visits.clearing?.last?.tickets == 3 && bench.takeTicket(code: 12) == "A001")
    // And goes on by itself, night after night.
    for _ in 0..<9 {
      bench.pass(.seconds(86_400))
      bench.give(.swept(keys: 0, files: 0))
    }
    let nights = bench.entries.count { if case .visit(.cleared) = $0.change { true } else { false } }
    #expect(nights == 10 && bench.visits.day == day + 24)
    #expect(bench.station.state.fault(key) == nil)
    var fold = StationState()
    for entry in bench.entries { fold.apply(entry) }
    #expect(fold.visits == bench.visits)
  }

  @Test func aCheckedClockConfirmsItByItself() {
    var bench = off(days: 12)
    let day = bench.visits.day
    bench.pass(.seconds(120))
    #expect(bench.station.state.fault(key)?.present == true)
    bench.wall.synchronised = true
    bench.give(.wake)
    #expect(bench.visits.day == day + 12 && bench.visits.matters == [] && bench.keyEffects.contains(.shred(["card-key"])))
    #expect(bench.station.state.fault(key)?.present == false)
    #expect(bench.ask("desk", .retest(key)) == .done && bench.station.state.fault(key) == nil)
    #expect(!bench.entries.contains { if case .visit(.dayConfirmed) = $0.change { true } else { false } })
    // With a time server from the beginning nobody is asked.
    var good = off(days: 12, synchronised: true)
    good.pass(.seconds(600))
    #expect(good.station.state.fault(key) == nil && good.visits.day == day + 12)
  }

  @Test func aJumpFarAheadDeletesNothingByItself() {
    var bench = off(days: 1)
    let day = bench.visits.day
    bench.pass(.seconds(600))
    bench.give(.swept(keys: 0, files: 0))
    bench.keyEffects = []
    bench.wall.unixMilliseconds += 30 * 365 * 86_400_000
    bench.give(.wake)
    bench.pass(.seconds(40 * 86_400))
    #expect(bench.visits.day == day && bench.visits.matters.count == 1 && !bench.keyEffects.contains(.sweep))
    #expect(bench.station.state.fault(key)?.present == true)
    // Set right, it is no longer asked, and the re-test confirms nothing.
    bench.wall.unixMilliseconds -= (30 * 365 + 40) * 86_400_000
    bench.give(.wake)
    bench.pass(.seconds(60))
    #expect(bench.ask("desk", .retest(key)) == .done && bench.visits.day == day && bench.visits.matters.count == 1)
    #expect(!bench.entries.contains { if case .visit(.dayConfirmed) = $0.change { true } else { false } })
  }

  @Test func aWeekIsBelieved() {
    var bench = off(days: 7)
    bench.pass(.seconds(600))
    #expect(bench.station.state.fault(key) == nil && bench.keyEffects.contains(.shred(["card-key"])))
  }

  @Test func daysAreWrittenAsDates() {
    #expect(FaultKey("journal:dateDoubtful") == key && FaultKey(key.description) == key)
    let dates: [(Int32, String)] = [
      (0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (11_017, "2000-03-01"), (20_783, "2026-11-26"),
      (47_540, "2100-02-28"), (47_541, "2100-03-01"), (20_512, "2026-02-28"), (20_818, "2026-12-31"), (20_819, "2027-01-01"),
    ]
    for (day, date) in dates { #expect(Station.date(day) == date) }
    for day in [Int32.min, .max] { #expect(!Station.date(day).isEmpty) }
  }
}
