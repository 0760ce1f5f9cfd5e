import DeviceKit
import Foundation
import Transports

/// Rows 14 and 15: a visitor at the terminal and his number in the hall.
enum VisitRows {
  // MARK: Row 14

  private struct Cards {
    /// From the moment when the card lies there to the masked name in the page's hands, and its parts.
    var laid = Samples()
    var look = Samples()
    var reader = Samples()
    var station = Samples()
    /// What it is beyond the reader: the look and the station.
    var beyond = Samples()
    var reference = Samples()
  }

  static func cardToName(_ bench: Bench) throws -> [Figure] {
    let count = bench.samples(20)
    Report.progress("\(count) cards")
    let centre = try VisitCentre(bench)
    let commits = try CommitReference(folder: centre.station.folder)
    var cards = Cards()
    var random = SeededRandom(seed: 14)
    for index in 0..<count {
      try readOnce(UInt64(index + 1), centre, &random, &cards)
      let commit = try commits.commit()
      let start = MonotonicClock.now()
      _ = try LocalRequest.get(centre.hall, "/favicon.svg")
      cards.reference.add(commit + Double((MonotonicClock.now() - start).microseconds))
    }
    let drawn = try KioskWalk.cardToScreen(centre, count: 10)
    return figures(cards) + [
      Figure(
        "drawn in Chromium, beyond the reader's, p50 of \(drawn.count)", Report.milliseconds(drawn.percentile(50)),
        goal: "≤ 500 ms",
        reference: "the same without a browser \(Report.milliseconds(cards.beyond.percentile(50)))",
        ratio: drawn.percentile(50) / cards.beyond.percentile(50), isMet: drawn.percentile(50) <= 500_000)
    ]
  }

  private static func readOnce(
    _ seed: UInt64, _ centre: VisitCentre, _ random: inout SeededRandom, _ cards: inout Cards
  ) throws {
    let card = try centre.agree()
    // The driver looks for a card every 400 ms; it is laid down somewhere in between.
    usleep(500_000 + random.below(400_000))
    let laid = centre.reader.put(seed: seed)
    try centre.waitForName(card)
    let named = MonotonicClock.now()
    let exchanges = try centre.reader.reading()
    let whole = Double((named - laid).microseconds)
    let reader = exchanges.reduce(0) { $0 + $1.length }
    // It may have been laid down while the reader looked.
    let look = max(0, Double((exchanges[0].from - laid).microseconds))
    cards.laid.add(whole)
    cards.look.add(look)
    cards.reader.add(reader)
    cards.beyond.add(whole - reader)
    cards.station.add(whole - reader - look)
    _ = try LocalRequest.post(centre.hall, "/api/kiosk/hall/forget", #"{"card":"\#(card)"}"#)
    centre.reader.take()
    usleep(300_000)
  }

  private static func figures(_ cards: Cards) -> [Figure] {
    let own = cards.reader.percentile(50)
    let base = cards.reference.percentile(50)
    let reference = "a commit and a GET p50 \(Report.milliseconds(base))"
    let slowest = cards.reference.percentile(99)
    return [
      Figure(
        "card laid → masked name, p50 of \(cards.laid.count)", Report.milliseconds(cards.laid.percentile(50)),
        reference: "the reader's own time \(Report.milliseconds(own))", ratio: cards.laid.percentile(50) / own),
      Figure(
        "beyond the reader's own time, p50", Report.milliseconds(cards.beyond.percentile(50)),
        reference: "of it until the next look \(Report.milliseconds(cards.look.percentile(50)))"),
      Figure(
        "beyond the reader's own time, p99", Report.milliseconds(cards.beyond.percentile(99)), goal: "≤ 500 ms",
        reference: "of it until the next look \(Report.milliseconds(cards.look.percentile(99)))",
        isMet: cards.beyond.percentile(99) <= 500_000),
      Figure(
        "of that neither reader nor look, p50", Report.milliseconds(cards.station.percentile(50)), goal: "≤ 100 ms",
        reference: reference, ratio: cards.station.percentile(50) / base, isMet: cards.station.percentile(50) <= 100_000),
      Figure(
        "of that neither reader nor look, p99", Report.milliseconds(cards.station.percentile(99)), goal: "≤ 100 ms",
        reference: "a commit and a GET p99 \(Report.milliseconds(slowest))", ratio: cards.station.percentile(99) / slowest,
        isMet: cards.station.percentile(99) <= 100_000),
    ]
  }

  // MARK: Row 15

  /// From the clerk's request to the event on the display in the hall; and the touches that brought the visitor his number.
  static func callToHall(_ bench: Bench) throws -> [Figure] {
    let centre = try VisitCentre(bench)
    return try calls(centre, count: bench.samples(100)) + [try KioskWalk.touches(centre)]
  }

  private static func calls(_ centre: VisitCentre, count: Int) throws -> [Figure] {
    Report.progress("\(count) calls of numbers")
    let reference = try CommitReference(folder: centre.station.folder)
    let display = try FrameWatch(port: centre.hall)
    var (called, commit) = (Samples(), Samples())
    for index in 1...count {
      let taken = try LocalRequest.post(
        centre.hall, "/api/kiosk/hall/ticket", #"{"service":"legal","priority":"no","card":""}"#)
      let number = String(format: "A%03d", index)
      guard taken.contains("\"\(number)\"") else { throw BenchError("no ticket \(number): \(taken)") }
      usleep(50_000)
      let mark = #""current":{"number":"\#(number)""#
      let start = MonotonicClock.now()
      let said = try LocalRequest.post(centre.windows, "/api/windows/1/next", #"{"post":"desk"}"#)
      guard said.contains("done") else { throw BenchError("\(number) is not called: \(said)") }
      try StationUnderTest.wait("\(number) on the display", seconds: 20) { display.first(containing: mark) != nil }
      guard let seen = display.first(containing: mark) else { throw BenchError("\(number) is gone from the display") }
      called.add(Double((seen - start).microseconds))
      commit.add(try reference.commit())
      let skipped = try LocalRequest.post(centre.windows, "/api/windows/1/skip", #"{"post":"desk"}"#)
      guard skipped.contains("done") else { throw BenchError("\(number) is not skipped: \(skipped)") }
      display.forget()
    }
    return [(50.0, "p50"), (99, "p99")].map { percent, name in
      let own = called.percentile(percent)
      let base = commit.percentile(percent)
      return Figure(
        "called → hall display, \(name) of \(called.count)", Report.milliseconds(own), goal: "≤ 1 s",
        reference: "SQLite WAL FULL commit \(name) \(Report.milliseconds(base))", ratio: own / base, isMet: own <= 1_000_000)
    }
  }
}
