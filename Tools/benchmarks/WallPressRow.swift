import CallPanelCodec
import DeviceKit
import DeviceVocabulary
import Foundation
import Transports

/// Row 19: presses, one at a time, from the wire to the camera on the wall, proved.
enum WallPressRow {
  private struct Result {
    var wall = Samples()
    var desk = Samples()
    var commit = Samples()
    /// From the answer to "false alarm" to the scene, proved again.
    var back = Samples()
  }

  private static let cameras = SiteText.panels
  private static let player = "pc1"

  static func measure(_ bench: Bench) throws -> [Figure] {
    try figures("matrix and panels, way read back", matrix(bench, count: bench.samples(100)))
      + figures("windows of mpv, picture seen to move", player(bench, count: bench.samples(50)))
  }

  private static func matrix(_ bench: Bench, count: Int) throws -> Result {
    let ports = try WallSite.freePorts(10)
    let wall = WallSite.matrix(columns: 3, rows: 3, cameras: cameras, ports: ports)
    var devices: ChildProgram?
    let station = try StationUnderTest(bench, baud: 115_200, more: wall) { devices = try WallSite.simulate(bench, folder: $0) }
    return try withExtendedLifetime(devices) { try press(station, count: count, wantsPicture: false) }
  }

  private static func player(_ bench: Bench, count: Int) throws -> Result {
    let screen = try BenchScreen(width: 960, height: 540)
    let wall = WallSite.player(name: player, width: 480, height: 270, cameras: cameras)
    let station = try StationUnderTest(bench, baud: 115_200, more: wall)
    try StationUnderTest.wait("the station runs", seconds: 30) { (try? station.ask("ping")) == "ok\n" }
    let windows = try ChildProgram(
      [
        bench.linli, "wall", "play", "--connect", "\(station.folder)/site.yaml", "--player", player, "--display", screen.display,
        "--output", "x11", "--decoding", "no",
      ], log: "\(station.folder)/play.log")
    return try withExtendedLifetime((screen, windows)) { try press(station, count: count, wantsPicture: true) }
  }

  private static func press(_ station: StationUnderTest, count: Int, wantsPicture: Bool) throws -> Result {
    let desk = try PageStream(port: try station.deskPort())
    let wall = try WallStream(port: try StationUnderTest.wallPort(log: "\(station.folder)/log"), wantsPicture: wantsPicture)
    try station.waitUntilOnline()
    try wait("the scene is on the wall", wall) { wall.calmAt != nil }
    let reference = try CommitReference(folder: station.folder)
    // After the start every panel is first read whole.
    sleep(3)
    Report.progress("\(count) presses, the wall \(wantsPicture ? "of windows" : "of a matrix and panels")")
    var result = Result()
    var random = SeededRandom(seed: 19)
    for index in 0..<count {
      let key = SiteBus.Key(
        node: UInt8(index % SiteText.panels + 1), button: UInt8(index / SiteText.panels % SiteText.buttons + 1))
      try pressOnce(key, station, desk, wall, &result)
      result.commit.add(try reference.commit())
      usleep(random.below(50_000))
    }
    return result
  }

  private static func pressOnce(
    _ key: SiteBus.Key, _ station: StationUnderTest, _ desk: PageStream, _ wall: WallStream, _ result: inout Result
  ) throws {
    let button = ButtonID(device: DeviceID(bus: "A", node: key.node), button: key.button)
    let (known, camera) = (desk.calls, "cam\(key.node)")
    wall.forget()
    station.bus.press(key)
    try wait("\(camera) is on the wall after \(button) was pressed", wall) { wall.proved(camera) != nil }
    try StationUnderTest.wait("\(button) on the page", seconds: 20) { desk.call(of: button, besides: known) != nil }
    guard let seen = desk.call(of: button, besides: known), let proved = wall.proved(camera) else {
      throw BenchError("\(button) is gone from the page")
    }
    guard let delivered = station.bus.notes.delivered[key] else { throw BenchError("\(button) was not seen on the wire") }
    result.desk.add(Double((seen.at - delivered).microseconds))
    result.wall.add(Double((proved - delivered).microseconds))
    // Long enough that the finger is off the button, then the desk takes the call back, and the wall is the scene's again.
    usleep(100_000)
    wall.forget()
    let asked = MonotonicClock.now()
    let answer = try station.ask("false-alarm \(seen.id) desk 测速")
    guard answer.contains("done") else { throw BenchError("false alarm of \(button): \(answer)") }
    try wait("the wall is the scene's again", wall) { wall.calmAt != nil }
    if let calm = wall.calmAt { result.back.add(Double((calm - asked).microseconds)) }
    try StationUnderTest.wait("the lamp of \(button) is off", seconds: 20) { station.bus.indicator(key) == .off }
  }

  /// Looks again and again, and says what the wall was when it did not come.
  private static func wait(_ what: String, _ wall: WallStream, _ condition: () -> Bool) throws {
    do {
      try StationUnderTest.wait(what, seconds: 60, condition)
    } catch {
      throw BenchError("\(error); the wall: \(wall.newest)")
    }
  }

  private static func figures(_ name: String, _ result: Result) -> [Figure] {
    func beside(_ percent: Double) -> String {
      "desk \(Report.milliseconds(result.desk.percentile(percent))), commit "
        + Report.milliseconds(result.commit.percentile(percent))
    }
    let (p50, p99) = (result.wall.percentile(50), result.wall.percentile(99))
    return [
      Figure(
        "\(name): p50 of \(result.wall.count)", Report.milliseconds(p50), reference: beside(50),
        ratio: p50 / result.desk.percentile(50)),
      Figure(
        "  p99", Report.milliseconds(p99), goal: "≤ 2 s", reference: beside(99), ratio: p99 / result.desk.percentile(99),
        isMet: p99 <= 2_000_000),
      Figure(
        "  taken back → the scene proved again, p50", Report.milliseconds(result.back.percentile(50)),
        reference: "p99 \(Report.milliseconds(result.back.percentile(99)))"),
    ]
  }
}
