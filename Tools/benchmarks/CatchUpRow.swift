import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationIdentity
import Transports

/// Row 11: a community comes back with a backlog in its journal; how fast the street gets it, and how long calls take meanwhile.
enum CatchUpRow {
  /// 100,000 entries within 60 s on a line of 2 Mbit/s, which is what a backlog is held to unless the site file says more.
  private static let goal = 100_000.0 / 60

  private struct Result {
    var others: Int
    var entries: Int
    var isShaped: Bool
    var seconds = 0.0
    var bytes: UInt64 = 0
    var live = Samples()
    var own = Samples()

    var rate: Double { Double(entries) / seconds }
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    let count = bench.long ? 100_000 : 10_000
    let shaped = try [10, 300].map { try run(bench, others: $0, count: count, backlogKBps: nil) }
    let free = try run(bench, others: 10, count: count, backlogKBps: 100_000)
    return (shaped + [free]).flatMap(figures) + growth(shaped)
  }

  private static func run(_ bench: Bench, others: Int, count: Int, backlogKBps: Int?) throws -> Result {
    var last = JournalPosition.start
    let stations = try LinkedStations(bench, others: others, backlogKBps: backlogKBps) { last = try fill("\($0)/journal", count) }
    try stations.waitUntilConnected()
    let begin = MonotonicClock.now()
    Report.progress("\(count) entries come late, calls meanwhile")
    let watch = try ReceiptWatch(bench, port: stations.street.port, until: last)
    var result = Result(others: others, entries: count, isShaped: backlogKBps == nil)
    try stations.community.waitUntilOnline()
    while watch.reachedAt == nil {
      if let failure = watch.failure { throw BenchError(failure) }
      let times = try stations.press()
      result.live.add(times.streetPage)
      result.own.add(times.ownPage)
      guard MonotonicClock.now() - begin < .seconds(600) else { throw BenchError("the street does not get all entries") }
    }
    result.bytes = stations.bytesOnTheLine
    guard result.live.count > 0 else { throw BenchError("the backlog was there before a call could be pressed") }
    result.seconds = Double(((watch.reachedAt ?? begin) - begin).microseconds) / 1e6
    return result
  }

  /// What a station wrote while the line was cut: of 50 entries 5 are a call and its steps.
  private static func fill(_ folder: String, _ count: Int) throws -> JournalPosition {
    let month = Calendar(identifier: .gregorian).dateComponents(in: .current, from: Date())
    var options = JournalOptions()
    options.ballastBytes = 1 << 20
    let journal = try SQLiteJournal(
      folder: folder, month: JournalMonth(year: month.year ?? 0, month: month.month ?? 0), options: options)
    defer { journal.close() }
    var entries = ChildEntries(station: LinkSite.communityName)
    var bodies: [[UInt8]] = []
    for number in 0..<count {
      bodies.append(try (number % 50 < 5 ? entries.callStep() : entries.upkeepStep()).body)
      guard bodies.count == 5_000 || number == count - 1 else { continue }
      _ = try journal.append(bodies, urgent: false)
      bodies = []
    }
    return journal.last.position
  }

  private static func figures(_ result: Result) -> [Figure] {
    let rate = Report.text(result.rate, 0) + "/s"
    let shaping = result.isShaped ? "2 Mbit/s as shipped" : "not held back"
    let live = result.live
    return [
      Figure(
        "\(result.entries) entries, \(shaping), \(result.others) others", rate,
        goal: result.isShaped ? "≥ \(Report.text(goal, 0))/s" : nil, isMet: result.isShaped ? result.rate >= goal : nil),
      Figure("  until the street has all", Report.text(result.seconds, 1) + " s"),
      Figure(
        "  bytes per entry on the line, calls among them", Report.text(Double(result.bytes) / Double(result.entries), 0),
        reference: "\(Report.text(Double(result.bytes) / result.seconds / 1_000, 0)) kB/s"),
      Figure(
        "  \(live.count) calls meanwhile, p50 to the street's page", Report.milliseconds(live.percentile(50)),
        reference: "the community's own page \(Report.milliseconds(result.own.percentile(50)))",
        ratio: live.percentile(50) / result.own.percentile(50)),
      Figure(
        "    the longest", Report.milliseconds(live.percentile(100)), goal: "≤ 2 s", isMet: live.percentile(100) <= 2_000_000),
    ]
  }

  private static func growth(_ results: [Result]) -> [Figure] {
    [
      Figure(
        "10 → 300 stations: entries per second", Report.text(results[1].rate, 0) + "/s",
        reference: "10 stations \(Report.text(results[0].rate, 0))/s", ratio: results[1].rate / results[0].rate)
    ]
  }
}
