import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// What an output cannot show is one fault, however often it has its turn.
@Suite struct WallCannotTests {
  private static let key = FaultKey(.output(1), .outputCannot)

  /// One window of a player in which three sources take turns, and a scene of the second alone.
  private func bench() -> Bench {
    var plan = Bench.plan
    plan.wall = WallPlan(
      columns: 1, rows: 1,
      outputs: [
        WallPlan.Output(number: 1, column: 1, row: 1, player: "pc", frame: WallFrame(x: 0, y: 0, width: 960, height: 540))
      ], sources: ["a", "b", "c"].map { .init(id: $0, name: "图 \($0)", kind: .computer, isPlayable: true) },
      layouts: [
        WallLayout(
          id: "one", name: "一",
          regions: [.init(name: "r", cells: WallCells(column: 1, row: 1), sources: ["a", "b", "c"])])
      ],
      scenes: [
        .init(id: "turns", name: "轮换", layout: "one"),
        .init(id: "alone", name: "独", layout: "one", regions: [.init(region: "r", sources: ["b"])]),
      ], rotationSeconds: 15)
    var bench = Bench(plan: plan)
    bench.give(.wall("pc", .healthChanged(.online)))
    return bench
  }

  /// As a player that can fetch all but some.
  private func show(_ bench: inout Bench, cannot: Set<String>) {
    guard let wish = bench.wallWishes["pc"]?.first, case .picture(let picture) = wish.setting else { return }
    if cannot.contains(picture.source) {
      bench.give(.wall("pc", .notSwitched(1, .impossible("\(picture.source): no address"))))
    } else {
      bench.give(.wall("pc", .observed(1, wish.setting)))
    }
  }

  private func turn(_ bench: inout Bench, _ count: Int, cannot: Set<String>) {
    for _ in 0..<count {
      show(&bench, cannot: cannot)
      bench.pass(.seconds(15))
    }
  }

  private func card(_ bench: Bench) -> DeskView.FaultCard? { bench.view.faults.first { $0.key == Self.key && $0.present } }

  @Test func aRotationNeitherClearsNorRaisesIt() throws {
    var bench = bench()
    turn(&bench, 3, cannot: ["a"])
    let written = bench.entries.count
    let first = try #require(card(bench))
    turn(&bench, 60, cannot: ["a"])
    #expect(bench.entries.count == written, "a quarter of an hour of turns writes nothing")
    #expect(card(bench)?.sinceMilliseconds == first.sinceMilliseconds)
  }

  @Test func itSaysWhatIsSo() throws {
    var bench = bench()
    turn(&bench, 4, cannot: ["b"])
    let detail = try #require(card(bench)).detail
    #expect(detail.contains("图 b") && detail.contains("地址") && detail.contains("b: no address") && !detail.contains("输入"))
    // The others are as they should be, and the console says so.
    show(&bench, cannot: ["b"])
    bench.pass(.seconds(15))
    show(&bench, cannot: ["b"])
    #expect(bench.wished == ["c"] && bench.proof(1) == .verified(picture: nil) && card(bench) != nil)
  }

  @Test func twoThatCannotAreOneCardUntilBothCan() {
    var bench = bench()
    turn(&bench, 6, cannot: ["a", "b"])
    #expect(card(bench) != nil)
    turn(&bench, 6, cannot: ["b"])
    #expect(card(bench)?.detail.contains("图 b") == true)
    turn(&bench, 3, cannot: [])
    #expect(card(bench) == nil)
  }

  @Test func whatNoLongerHasATurnIsForgotten() {
    var bench = bench()
    turn(&bench, 3, cannot: ["a"])
    #expect(card(bench) != nil)
    bench.wall(.scene("alone"))
    show(&bench, cannot: ["a"])
    #expect(card(bench) == nil)
  }

  @Test func aRetestTriesAgain() {
    var bench = bench()
    turn(&bench, 3, cannot: ["a"])
    #expect(bench.ask("desk", .retest(Self.key)) == .underWay)
    bench.pass(.seconds(11))
    #expect(card(bench) == nil, "nothing of it is known, until its turn comes")
    turn(&bench, 4, cannot: ["a"])
    #expect(card(bench) != nil)
  }
}
