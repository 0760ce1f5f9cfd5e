import DeviceKit
import Foundation

/// Row 10: presses, one at a time, from the community's wire to the street's duty page.
enum StreetPageRow {
  private struct Result {
    var others: Int
    var street = Samples()
    var own = Samples()
    var commit = Samples()
    var pageBytes = 0
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    let results = try [10, 300].map { try run(bench, others: $0, count: bench.samples(100)) }
    return results.flatMap(figures) + growth(results)
  }

  private static func run(_ bench: Bench, others: Int, count: Int) throws -> Result {
    let stations = try LinkedStations(bench, others: others)
    try stations.community.waitUntilOnline()
    try stations.waitUntilConnected()
    let reference = try CommitReference(folder: stations.community.folder)
    var result = Result(others: others)
    var random = SeededRandom(seed: 11)
    // After the start every panel is first read whole, and the street is told what it does not have.
    sleep(3)
    Report.progress("\(count) presses with \(others) other stations")
    for _ in 0..<count {
      let times = try stations.press()
      result.own.add(times.ownPage)
      result.street.add(times.streetPage)
      result.commit.add(try reference.commit())
      usleep(random.below(200_000))
    }
    result.pageBytes = stations.streetPage.newestFrame.count
    return result
  }

  private static func figures(_ result: Result) -> [Figure] {
    let percentiles = [(50.0, "p50"), (99, "p99")].flatMap { percent, name in
      let street = result.street.percentile(percent)
      let own = result.own.percentile(percent)
      let commit = result.commit.percentile(percent)
      return [
        Figure(
          "\(name) of \(result.street.count) presses, \(result.others) other stations", Report.milliseconds(street),
          reference: "the community's own page \(name) \(Report.milliseconds(own))", ratio: street / own),
        Figure(
          "  against the disk", Report.milliseconds(street),
          reference: "SQLite WAL FULL commit \(name) \(Report.milliseconds(commit))", ratio: street / commit),
      ]
    }
    let (p95, longest) = (result.street.percentile(95), result.street.percentile(100))
    return percentiles + [
      Figure("  p95", Report.milliseconds(p95), goal: "≤ 2 s", isMet: p95 <= 2_000_000),
      Figure("  the longest", Report.milliseconds(longest), goal: "≤ 5 s", isMet: longest <= 5_000_000),
      Figure("  bytes of the street's page per change", "\(result.pageBytes)"),
    ]
  }

  private static func growth(_ results: [Result]) -> [Figure] {
    [(50.0, "p50"), (99, "p99")].map { percent, name in
      let (few, many) = (results[0].street.percentile(percent), results[1].street.percentile(percent))
      return Figure(
        "10 → 300 stations: \(name)", Report.milliseconds(many), reference: "10 stations \(Report.milliseconds(few))",
        ratio: many / few)
    }
  }
}
