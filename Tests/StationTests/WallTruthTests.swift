import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// What an operator at night believes of the wall, and what no touch may do to a call.
@Suite struct WallTruthTests {
  private static let impossible = WallRefusal.impossible("part 16x4")

  /// One picture that panels cannot show says nothing of the next: calls keep their places.
  @Test func aPictureThatPanelsCannotShowTakesNoCallAway() {
    var bench = Bench.withWall()
    bench.press("A/1/2", sequence: 1)
    bench.obeyWall()
    for number in 1...9 { bench.give(.wall("p\(number)", .notSwitched(1, Self.impossible))) }
    #expect(bench.wished[0] == "cam-yard" && bench.wallView?.left == [], "the call stands where it stood")
    #expect(bench.view.faults.contains { $0.key == FaultKey("output 1:outputCannot") && $0.present })
    bench.wall(.pin(source: "map", WallCells(column: 3, row: 3), reason: nil))
    bench.wall(.scene("night"))
    bench.obeyWall()
    bench.wall(.unpin(1))
    bench.obeyWall()
    #expect(bench.proof(9) == .verified(picture: nil))
    #expect(bench.view.faults.first { $0.key == FaultKey("output 9:outputCannot") }?.present == false)
  }

  @Test func moreThanPanelsCanShareIsNoLayout() throws {
    var wall = try #require(Bench.walled.wall)
    (wall.columns, wall.rows) = (16, 4)
    wall.outputs = (0..<64).map {
      .init(
        number: $0 + 1, column: $0 % 16 + 1, row: $0 / 16 + 1, matrix: WallPort(device: "hub", number: UInt16($0 + 1)),
        display: WallPort(device: "p", number: UInt16($0 + 1)), sharesPictures: true)
    }
    func problems(_ width: Int, _ height: Int) -> [WallLayoutProblem] {
      wall.problems(
        of: WallLayout(
          id: "x", name: "x",
          regions: [.init(name: "r", cells: WallCells(column: 1, row: 1, width: width, height: height), sources: ["map"])]))
    }
    #expect(problems(16, 4) == [.tooManyShare(region: "r")] && problems(15, 4).isEmpty && problems(10, 4).isEmpty)
  }

  @Test func aSceneThatIsCoveredIsNotLit() {
    var bench = Bench.withWall()
    #expect(bench.wallView?.scenes.first?.lit == .full)
    bench.wall(.pin(source: "board", WallCells(column: 1, row: 1, width: 3, height: 3), reason: nil))
    bench.obeyWall()
    #expect(bench.wallView?.scenes.first?.lit == .wished)
  }

  @Test func whatIsStillShownToVisitorsIsSaid() {
    var bench = Bench.withWall()
    bench.press("A/1/1", sequence: 1)
    bench.obeyWall()
    #expect(bench.shown[0] == "cam-hall" && bench.wallView?.exposed == [])
    bench.wall(.visitors(true))
    #expect(bench.wallView?.exposed == [1, 2, 4, 5], "what was read, not what was wished")
    bench.obeyWall(except: ["hub/4"])
    #expect(bench.wallView?.exposed == [4])
    bench.obeyWall()
    #expect(bench.wallView?.exposed == [])
    // Of a matrix that does not answer nobody knows what it shows; a display that is off shows nothing.
    bench.give(.wall("p5", .observed(1, .display(.init(isOn: false)))))
    bench.give(.wall("hub", .healthChanged(.absent)))
    #expect(bench.wallView?.exposed == [1, 2, 3, 4, 6, 7, 8, 9])
  }

  @Test func nothingSensitiveHidesWhatIsSensitive() {
    var plan = Bench.walled
    plan.wall?.visitorSource = "cam-office"
    plan.wall?.idleSource = "cam-office"
    var bench = Bench(plan: plan)
    bench.press("A/1/1", sequence: 1)
    bench.wall(.visitors(true))
    #expect(bench.wished[0] == "-")
  }

  /// Disarmed, nothing moves: neither the scene of the clock, nor a call that stands there, nor the displays.
  @Test func disarmedWhatStandsStays() {
    var plan = Bench.walled
    plan.wall?.displayHours = [.init(fromMinute: 8 * 60, toMinute: 18 * 60)]
    var bench = Bench(plan: plan)
    for device in plan.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.wall.utcOffsetSeconds = 0
    bench.wall.unixMilliseconds += 3 * 3_600_000 - bench.wall.unixMilliseconds % 86_400_000
    bench.press("A/1/2", sequence: 1)
    let before = bench.wished
    let wishes = bench.wallWishes
    #expect(before[0] == "cam-yard" && before[8] == "board")
    #expect(bench.wall(.arm(false)) == .done)
    #expect(bench.wished == before && bench.wallWishes == wishes)
    bench.pass(.seconds(8 * 3600))
    #expect(bench.wished == before, "11:00: neither another scene nor other hours")
    bench.press("A/1/1", sequence: 2)
    #expect(bench.wished == before && bench.wallView?.left == [.init(station: nil, id: 2)])
    #expect(bench.wall(.arm(false)) == .refused(.alreadyDone))
    bench.wall(.arm(true))
    #expect(bench.wished.contains("cam-hall") && bench.wallView?.left == [])
  }

  /// What a player was to show under a call would cover it: its window lies over all four.
  @Test func noPictureLiesOverACallThatStands() {
    var bench = Bench.withWall()
    bench.wall(.scene("night"))
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wallView?.tiles.filter { $0.layer.call != nil }.map(\.output) == [1, 2, 4, 5])
    bench.wall(.arm(false))
    let layout = WallLayout(
      id: "big", name: "大图",
      regions: [.init(name: "all", cells: WallCells(column: 2, row: 1, width: 2, height: 3), sources: ["map"])])
    #expect(bench.wall(.saveLayout(layout)) == .done)
    let tiles = bench.wallView?.tiles ?? []
    #expect(tiles.filter { $0.layer.call != nil }.map(\.output) == [1, 2, 4, 5])
    #expect([3, 6, 8, 9].allSatisfy { number in tiles.first { $0.output == number }?.cells.count == 1 })
  }

  @Test func whatIsPutOverACallByHandWhileDisarmedIsSeen() {
    var bench = Bench.withWall()
    bench.press("A/1/2", sequence: 1)
    bench.wall(.arm(false))
    #expect(bench.wall(.pin(source: "map", WallCells(column: 1, row: 1), reason: nil)) == .done)
    let tiles = bench.wallView?.tiles ?? []
    #expect(tiles.first?.wished == "map" && tiles.filter { $0.layer.call != nil }.map(\.output) == [2, 4, 5])
    for number in [2, 4, 5] { bench.wall(.pin(source: "map", Self.cells(number), reason: nil)) }
    #expect(bench.wallView?.left.count == 1, "it is told that the call has no room")
  }

  private static func cells(_ output: Int) -> WallCells { WallCells(column: (output - 1) % 3 + 1, row: (output - 1) / 3 + 1) }

  @Test func afterVisitorsACallStandsWhereItStoodThoughDisarmed() {
    var bench = Bench.withWall()
    bench.press("A/1/1", sequence: 1)
    let before = bench.wished
    #expect(before[0] == "cam-hall")
    bench.wall(.arm(false))
    bench.wall(.visitors(true))
    #expect(!bench.wished.contains("cam-hall"))
    bench.wall(.visitors(false))
    #expect(bench.wished == before && bench.wallView?.left == [])
  }

  /// Read back, and black: that is no proof, and the scene is not lit.
  @Test func aSceneOfBlackPicturesIsNotLit() {
    var plan = Bench.plan
    plan.wall = WallPlan(
      columns: 2, rows: 1,
      outputs: Bench.twoWindows, sources: [.init(id: "map", name: "map", kind: .computer, isPlayable: true)],
      layouts: [
        WallLayout(
          id: "two", name: "二",
          regions: [1, 2].map { .init(name: "r\($0)", cells: WallCells(column: $0, row: 1), sources: ["map"]) })
      ], scenes: [.init(id: "two", name: "二", layout: "two")])
    var bench = Bench(plan: plan)
    bench.give(.wall("pc", .healthChanged(.online)))
    bench.obeyWall()
    #expect(bench.wallView?.scenes.map(\.lit) == [.full])
    bench.give(.wall("pc", .pictureObserved(1, .black)))
    #expect(bench.wallView?.scenes.map(\.lit) == [.half] && bench.proof(1) == .verified(picture: false))
    bench.give(.wall("pc", .pictureObserved(2, .none(reason: "no video"))))
    #expect(bench.wallView?.scenes.map(\.lit) == [.wished])
  }

  @Test func aLivingCameraGoesBeforeADeadOne() {
    var plan = Bench.walled
    plan.wall?.sources.append(
      .init(id: "cam-yard-2", name: "2", kind: .camera, place: "yard", inputs: [WallPort(device: "hub", number: 9)]))
    var bench = Bench(plan: plan)
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wished[0] == "cam-yard")
    bench.give(.source("cam-yard", .dead(reason: "no answer")))
    #expect(bench.wished[0] == "cam-yard-2")
    bench.give(.source("cam-yard-2", .dead(reason: "no answer")))
    #expect(bench.wished[0] == "cam-yard", "none lives: the first, which may come back")
  }

  @Test func anInputThatIsNoSourceIsNotNothing() {
    var bench = Bench.withWall()
    bench.give(.wall("hub", .observed(8, .route(12))))
    #expect(bench.shown[7] == "hub/12" && bench.proof(8) == .switching)
  }

  @Test func whatWasRefusedBeforeItWasReadIsSaid() {
    var bench = Bench(plan: Bench.walled)
    for device in Bench.walled.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.give(.wall("hub", .notSwitched(3, .impossible("no output 3"))))
    #expect(bench.proof(3) == .notSwitched(.impossible("no output 3")))
  }

  /// At night a call has a region, not one panel, and the others stay dark.
  @Test func inADarkSceneACallHasARegionAndTheOthersStayDark() {
    var bench = Bench.withWall()
    bench.wall(.scene("dark"))
    bench.obeyWall()
    bench.press("A/1/2", sequence: 1)
    #expect([0, 1, 3, 4].allSatisfy { bench.wished[$0] == "cam-yard" })
    func isOn(_ number: Int) -> Bool {
      if case .display(let display)? = bench.wallWishes["p\(number)"]?.first?.setting { display.isOn } else { false }
    }
    #expect((1...9).filter(isOn) == [1, 2, 4, 5])
  }
}
