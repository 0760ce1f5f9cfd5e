import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// What is refused while visitors are here, and what is so already: neither leaves a line that says somebody saw or changed something.
@Suite struct WallVisitorTests {
  private static let corner = WallCells(column: 3, row: 1)

  /// The hall's camera, which is not for visitors, turns, and so does the yard's.
  private func bench() throws -> Bench {
    var plan = Bench.walled
    for id in ["cam-hall", "cam-yard"] {
      let index = try #require(plan.wall?.sources.firstIndex { $0.id == id })
      plan.wall?.sources[index].motor = WallPlan.Source.Motor(callPreset: nil)
    }
    var bench = Bench(plan: plan)
    for device in plan.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    for (id, source) in [("spy", "cam-hall"), ("yard", "cam-yard")] {
      let layout = try WallLayoutText.read("layout \(id) 看\n1,1 2x2 main: \(source)\n3,1 1x1 r: board\n")
      #expect(bench.wall(.saveLayout(layout, reason: "积水")) == .done)
    }
    return bench
  }

  private func views(_ bench: Bench) -> [WallChange] {
    bench.wallChanges.filter {
      switch $0 {
      case .layoutViewed, .renewed, .turned, .sceneChosen, .layoutSaved, .layoutUndone: true
      default: false
      }
    }
  }

  @Test func noWayToASensitivePictureIsLeftOpen() throws {
    var bench = try bench()
    #expect(bench.wall(.pin(source: "cam-hall", Self.corner, reason: "积水")) == .done)
    #expect(bench.wall(.saveLayout(try WallLayoutText.read("layout spy 看\n1,1 1x1 main: board\n"))) == .done)
    #expect(bench.wall(.visitors(true)) == .done)
    let before = views(bench)
    let hall = try WallLayoutText.read("layout hall 厅\n1,1 1x1 main: cam-hall\n")
    for action: WallAction in [
      .renew(1), .turn(source: "cam-hall", preset: "door", reason: "积水"), .saveLayout(hall, reason: "积水"),
      .saveLayout(hall), .undoLayout("spy", reason: "积水"),
    ] {
      #expect(bench.wall(action) == .refused(.visitorsPresent), "\(action)")
      bench.pass(.seconds(61))
    }
    #expect(views(bench) == before, "nothing says that somebody saw it")
    #expect(
      bench.wallChanges.filter { $0 == .viewRefused(source: "cam-hall", post: "desk", .visitorsPresent) }.count == 4)
    #expect(bench.wallChanges.contains(.turnRefused(source: "cam-hall", post: "desk", .visitorsPresent)))
  }

  @Test func aDrawnSceneWithASensitiveCameraWaitsUntilTheyAreGone() throws {
    var bench = try bench()
    bench.wall(.visitors(true))
    let before = views(bench)
    #expect(bench.wall(.scene("spy", reason: "积水")) == .refused(.visitorsPresent))
    #expect(bench.wall(.rehearse(.scene("spy"))) == .refused(.visitorsPresent), "as with a pin")
    #expect(views(bench) == before && bench.wallChanges.last == .viewRefused(source: "cam-hall", post: "desk", .visitorsPresent))
    #expect(bench.wall(.visitors(false)) == .done)
    #expect(bench.wall(.scene("spy", reason: "积水")) == .done)
    #expect(bench.wallChanges.last == .layoutViewed("spy", post: "desk", reason: "积水"))
  }

  /// What visitors may see wants its reason and no more; what the site file puts up comes, and lies hidden.
  @Test func theRestGoesOnWhileTheyAreHere() throws {
    var plan = Bench.walled
    plan.wall?.scenes.append(
      .init(id: "watch", name: "看护", layout: "big", regions: [.init(region: "main", sources: ["cam-hall"])]))
    var bench = Bench(plan: plan)
    bench.wall(.visitors(true))
    #expect(bench.wall(.scene("watch")) == .done)
    #expect(bench.wallView?.tiles[0].isHidden == true)
    var drawn = try self.bench()
    drawn.wall(.visitors(true))
    #expect(drawn.wall(.scene("yard", reason: "积水")) == .done && drawn.wished[0] == "cam-yard")
    #expect(drawn.wall(.turn(source: "cam-yard", preset: "door", reason: "积水")) == .done)
  }

  // MARK: - So already

  @Test func whatIsSoAlreadyIsNotWrittenDownAnew() {
    var bench = Bench.withWall()
    #expect(bench.wall(.arm(true)) == .refused(.alreadyDone))
    #expect(bench.wall(.visitors(false)) == .refused(.alreadyDone))
    #expect(bench.wall(.scene(nil)) == .refused(.alreadyDone), "the clock chooses")
    #expect(bench.wallChanges.isEmpty)
    for action: WallAction in [.visitors(true), .scene("night"), .beginMeeting(scene: "meeting"), .arm(false)] {
      #expect(bench.wall(action) == .done)
      let count = bench.wallChanges.count
      for _ in 0..<20 {
        bench.pass(.milliseconds(100))
        #expect(bench.wall(action) == .refused(.alreadyDone), "\(action)")
      }
      #expect(bench.wallChanges.count == count)
    }
    #expect(Texts.text(.alreadyDone).chinese.hasPrefix("已经是这样"))
  }

  @Test func aSceneIsChosenAgainWhereThatMeansSomething() throws {
    var bench = try bench()
    #expect(bench.wall(.scene("night")) == .done)
    #expect(bench.wall(.scene("night"), by: "lead") == .done, "another post answers for it")
    #expect(bench.wall(.scene("yard", reason: "积水")) == .done)
    #expect(bench.wall(.scene("yard", reason: "还在积水")) == .done, "its five minutes begin anew")
    // A rehearsal says what is, also where nothing would change.
    #expect(bench.wall(.scene("day")) == .done)
    guard case .rehearsed(let found) = bench.wall(.rehearse(.scene("day"))) else {
      Issue.record("no rehearsal")
      return
    }
    #expect(found.switched.isEmpty && found.tiles.count == 9)
  }

  /// Displays that rest by the clock are woken by whoever touches the scene that stands.
  @Test func aSceneTouchedAgainByNightWakesTheDisplays() {
    var plan = Bench.walled
    plan.wall?.displayHours = [.init(fromMinute: 8 * 60, toMinute: 18 * 60)]
    var bench = Bench(plan: plan)
    for device in plan.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.wall.utcOffsetSeconds = 0
    bench.wall.unixMilliseconds += 17 * 3_600_000 - bench.wall.unixMilliseconds % 86_400_000
    #expect(bench.wall(.scene("day")) == .done)
    #expect(bench.wall(.scene("day")) == .refused(.alreadyDone))
    bench.pass(.seconds(2 * 3600))
    #expect(bench.wallView?.displaysRest == true)
    #expect(bench.wall(.scene("day")) == .done && bench.wallView?.displaysRest == false)
    #expect(bench.wall(.scene("day")) == .refused(.alreadyDone))
  }
}
