import CSQLite
import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import Transports

/// Rows 3 and 4: presses, one at a time, from the finger to the page.
enum PressRows {
  /// What was measured of a number of presses, in microseconds.
  private struct Result {
    var wireToPage = Samples()
    var panelToPage = Samples()
    var commit = Samples()
    /// From one poll of node 1 to the next while nobody pressed.
    var scan = Samples()
  }

  static func wireToPage(_ bench: Bench) throws -> [Figure] {
    let result = try press(bench, baud: 115_200, count: bench.samples(200))
    return [(50.0, "p50"), (99, "p99")].map { percent, name in
      let own = result.wireToPage.percentile(percent)
      let commit = result.commit.percentile(percent)
      return Figure(
        "\(name) of \(result.wireToPage.count) presses", Report.milliseconds(own), goal: "≤ 3 × a commit's",
        reference: "SQLite WAL FULL commit \(name) \(Report.milliseconds(commit)) (\(result.commit.count))", ratio: own / commit,
        isMet: own <= 3 * commit)
    }
  }

  static func panelToPage(_ bench: Bench) throws -> [Figure] {
    let result = try press(bench, baud: 19_200, count: bench.samples(100))
    let scan = result.scan.percentile(50)
    let p99 = result.panelToPage.percentile(99)
    let p50 = result.panelToPage.percentile(50)
    let reference = "scan cycle \(Report.milliseconds(scan)), p50 of \(result.scan.count)"
    return [
      Figure("p50 of \(result.panelToPage.count) presses", Report.milliseconds(p50), reference: reference, ratio: p50 / scan),
      Figure(
        "p99", Report.milliseconds(p99), goal: "≤ scan + 10 ms", reference: reference, ratio: p99 / scan,
        isMet: p99 <= scan + 10_000),
    ]
  }

  private static func press(_ bench: Bench, baud: Int, count: Int) throws -> Result {
    Report.progress("\(count) presses at \(baud) baud")
    let station = try StationUnderTest(bench, baud: baud)
    let page = try PageStream(port: try station.deskPort())
    try station.waitUntilOnline()
    let reference = try CommitReference(folder: station.folder)
    var result = Result()
    // After the start every panel is first read whole.
    sleep(3)
    station.bus.forgetNotes()
    try StationUnderTest.wait("20 scans", seconds: 60) { station.bus.notes.pollsOfFirst.count > 20 }
    let polls = station.bus.notes.pollsOfFirst
    for (earlier, later) in zip(polls, polls.dropFirst()) { result.scan.add(Double((later - earlier).microseconds)) }
    let scan = result.scan.percentile(50)
    guard scan.isFinite else { throw BenchError("nothing was polled") }
    var random = SeededRandom(seed: 7)
    for index in 0..<count {
      let key = SiteBus.Key(
        node: UInt8(index % SiteText.panels + 1), button: UInt8(index / SiteText.panels % SiteText.buttons + 1))
      try pressOnce(key, station, page, &result)
      // One commit beside each press, while the station rests, so that both see the same disk.
      result.commit.add(try reference.commit())
      // Anywhere in the scan.
      usleep(random.below(UInt32(scan)))
    }
    return result
  }

  private static func pressOnce(
    _ key: SiteBus.Key, _ station: StationUnderTest, _ page: PageStream, _ result: inout Result
  ) throws {
    let button = ButtonID(device: DeviceID(bus: "A", node: key.node), button: key.button)
    let known = page.calls
    station.bus.press(key)
    try StationUnderTest.wait("\(button) on the page", seconds: 20) { page.call(of: button, besides: known) != nil }
    let notes = station.bus.notes
    guard let seen = page.call(of: button, besides: known) else { throw BenchError("\(button) is gone from the page") }
    guard let latched = notes.latched[key] else { throw BenchError("\(button) is on the page and was not seen to be latched") }
    guard let delivered = notes.delivered[key] else { throw BenchError("\(button) is on the page and was not seen on the wire") }
    result.panelToPage.add(Double((seen.at - latched).microseconds))
    result.wireToPage.add(Double((seen.at - delivered).microseconds))
    // Long enough that the finger is off the button, then the desk takes the call back.
    usleep(100_000)
    let answer = try station.ask("false-alarm \(seen.id) desk 测速")
    guard answer.contains("done") else { throw BenchError("false alarm of \(button): \(answer)") }
    try StationUnderTest.wait("the lamp of \(button) is off", seconds: 20) { station.bus.indicator(key) == .off }
  }
}

/// What one durable commit costs on the same disk: SQLite's own, one row of an entry's size, write-ahead file, `synchronous=FULL`.
final class CommitReference {
  private var handle: OpaquePointer?
  private static let row = String(repeating: "x", count: 400)

  init(folder: String) throws {
    guard sqlite3_open("\(folder)/reference.sqlite", &handle) == SQLITE_OK else { throw BenchError("sqlite3_open") }
    try run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE entry (key INTEGER PRIMARY KEY, body TEXT)")
  }

  deinit { sqlite3_close(handle) }

  /// Microseconds from before BEGIN to after COMMIT.
  func commit() throws -> Double {
    let start = MonotonicClock.now()
    try run("BEGIN IMMEDIATE; INSERT INTO entry (body) VALUES ('\(Self.row)'); COMMIT")
    return Double((MonotonicClock.now() - start).microseconds)
  }

  private func run(_ sql: String) throws {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw BenchError(String(cString: sqlite3_errmsg(handle))) }
  }
}
