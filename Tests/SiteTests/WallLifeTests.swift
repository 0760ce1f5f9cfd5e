import DeviceKit
import SimulatedSite
import Testing

/// Walls of every size and with every kind of matrix that a seed may draw: their lives are whole, and the checker sees through them.
@Suite struct WallLifeTests {
  typealias Wall = SiteLayout.Wall

  static let walls = [
    Wall(columns: 3, rows: 3, matrix: "extronSIS"), Wall(columns: 4, rows: 1, matrix: "kramerP3000"),
    Wall(columns: 4, rows: 1, matrix: "videohub", hasDisplays: false),
    Wall(columns: 2, rows: 2, matrix: "kramerP3000", hasDisplays: false),
  ]

  private static func options(_ wall: Wall) -> SimulatedSite.Options {
    let wire = SiteLayout.Wire(name: "A", panels: 3, buttons: 1, baud: 19_200, adapterLatency: .zero)
    let layout = SiteLayout(wires: [wire], wall: wall)
    return SimulatedSite.Options(
      seed: 5, layout: layout, script: SiteScript(layout: layout, duration: .seconds(130), seed: UInt64(wall.outputs)))
  }

  @Test(arguments: walls) func everyPromiseIsKept(_ wall: Wall) throws {
    let report = try SimulatedSite(Self.options(wall)).run()
    #expect(report.findings.isEmpty, "\(report.findings.prefix(5))")
    #expect((report.injected["operator of the wall"] ?? 0) > 3)
    #expect(report.injected.contains { $0.key.hasPrefix("wall ") })
  }

  /// By what the devices themselves show, whatever their kind: neither the console nor the station's cards know of it.
  @Test(arguments: walls) func aWishThatIsLostIsFound(_ wall: Wall) throws {
    var options = Self.options(wall)
    options.planted = .losesWish
    let report = try SimulatedSite(options).run()
    let untold = report.findings.filter { $0.checker == "wall" && $0.text.contains("no card says so") }
    #expect(!untold.isEmpty, "found instead: \(report.findings.prefix(3))")
  }

  /// Seeds have walls of all sizes and kinds, with displays and without.
  @Test func seedsDrawAllOfThem() {
    let drawn = (1...200).compactMap { SiteLayout(seed: $0).wall }
    #expect(Set(drawn.map { [$0.columns, $0.rows] }) == [[2, 2], [3, 3], [4, 1]])
    #expect(Set(drawn.map(\.matrix)) == ["videohub", "extronSIS", "kramerP3000"])
    #expect(Set(drawn.map(\.hasDisplays)) == [true, false])
    #expect(drawn.count > 40 && drawn.count < 100)
  }
}
