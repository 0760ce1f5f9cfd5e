import DeviceVocabulary
import Station
import Testing

/// What a player is told of bars and of displays that hang turned.
@Suite struct WallMosaicTests {
  private func bench(bezel: Int, rotations: [Int] = [0, 0]) -> Bench {
    var plan = Bench.plan
    let outputs = rotations.enumerated().map { index, rotation in
      WallPlan.Output(
        number: index + 1, column: index + 1, row: 1, player: "pc",
        frame: WallFrame(x: 100 + index * 1920, y: 0, width: 1920, height: 1080), rotation: rotation)
    }
    let cells = WallCells(column: 1, row: 1, width: 2, height: 1)
    plan.wall = WallPlan(
      columns: 2, rows: 1, outputs: outputs,
      sources: [.init(id: "map", name: "map", kind: .computer, isPlayable: true)],
      layouts: [
        WallLayout(id: "one", name: "一", regions: [.init(name: "a", cells: cells, sources: ["map"])]),
        WallLayout(
          id: "two", name: "二",
          regions: [1, 2].map { .init(name: "r\($0)", cells: WallCells(column: $0, row: 1), sources: ["map"]) }),
      ], scenes: [.init(id: "one", name: "一", layout: "one"), .init(id: "two", name: "二", layout: "two")],
      bezelThousandths: bezel)
    var bench = Bench(plan: plan)
    bench.give(.wall("pc", .healthChanged(.online)))
    return bench
  }

  private func pictures(_ bench: Bench) -> [WallPicture] {
    (bench.wallWishes["pc"] ?? []).compactMap { if case .picture(let picture) = $0.setting { picture } else { nil } }
  }

  @Test func withoutBarsAndTurnsNothingIsCut() {
    #expect(pictures(bench(bezel: 0)).map(\.mosaic) == [nil])
  }

  @Test func aPictureOverTwoDisplaysLeavesOutWhatLiesBehindTheBar() throws {
    let mosaic = try #require(pictures(bench(bezel: 25)).first?.mosaic)
    #expect(mosaic.width == 1920 + 48 + 1920 && mosaic.height == 1080)
    #expect(mosaic.panes.map(\.part.x) == [0, 1968] && mosaic.panes.map(\.left) == [0, 1920])
  }

  @Test func aPictureOnOneDisplayHasNoBar() {
    var bench = bench(bezel: 25)
    bench.wall(.scene("two"))
    #expect(pictures(bench).map(\.mosaic) == [nil, nil])
  }

  @Test func aTurnedDisplayIsHigherThanWide() throws {
    var bench = bench(bezel: 0, rotations: [90, 0])
    bench.wall(.scene("two"))
    let found = pictures(bench).map(\.mosaic)
    let turned = try #require(found.first ?? nil)
    #expect(turned.width == 1080 && turned.height == 1920 && turned.panes.map(\.rotation) == [90])
    #expect(found.count == 2 && found[1] == nil)
  }

  @Test func displaysThatHangTurnedShareAPictureAsTheyHang() throws {
    let mosaic = try #require(pictures(bench(bezel: 100, rotations: [270, 270])).first?.mosaic)
    #expect(mosaic.width == 1080 + 108 + 1080 && mosaic.height == 1920)
    #expect(mosaic.panes.map(\.part.x) == [0, 1188] && mosaic.panes.map(\.left) == [0, 1920])
  }
}
