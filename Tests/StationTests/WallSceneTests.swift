import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// What belongs to a scene beside its pictures, what lies over it, and what is not to be seen of it.
@Suite struct WallSceneTests {
  private static let module = DeviceID(bus: "B", node: 9)

  private static func light(_ output: UInt8, _ isOn: Bool) -> WallPlan.Scene.Light {
    .init(device: module, output: output, isOn: isOn)
  }

  private func bench(_ change: (inout WallPlan) -> Void = { _ in }) -> Bench {
    var plan = Bench.walled
    plan.devices.append(.init(id: Self.module, name: "声光"))
    if var wall = plan.wall {
      change(&wall)
      plan.wall = wall
    }
    var bench = Bench(plan: plan)
    for device in plan.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.obeyWall()
    return bench
  }

  /// As the module was told last: `3+ 4-`.
  private func lights(_ bench: Bench) -> String {
    var last: [UInt8: Bool] = [:]
    for case .setOutput(Self.module, let output, let on) in bench.commands where output > 2 { last[output] = on }
    return last.sorted { $0.key < $1.key }.map { "\($0.key)\($0.value ? "+" : "-")" }.joined(separator: " ")
  }

  private func lit(_ id: String, _ bench: Bench) -> WallView.SceneCard.Lit? { bench.wallView?.scenes.first { $0.id == id }?.lit }

  // MARK: - Lamps

  /// Day wants lamp 3 on; a meeting wants it off and lamp 4 on, and leaves both as they were.
  private func lamps() -> Bench {
    bench { wall in
      for index in wall.scenes.indices {
        if wall.scenes[index].id == "day" { wall.scenes[index].lights = [Self.light(3, true)] }
        if wall.scenes[index].isMeeting { wall.scenes[index].lights = [Self.light(3, false), Self.light(4, true)] }
      }
    }
  }

  @Test func aMeetingSwitchesItsLampsAndGivesThemBack() {
    var bench = lamps()
    #expect(lights(bench) == "3+")
    bench.give(.device(.outputsObserved(Self.module, 0b0100)))
    bench.wall(.beginMeeting(scene: "meeting"))
    #expect(lights(bench) == "3- 4+")
    bench.give(.device(.outputsObserved(Self.module, 0b1000)))
    bench.wall(.endMeeting)
    #expect(lights(bench) == "3+ 4-", "as the base scene wants it, and as it was read before")
    // The next scene says nothing of lamp 3: it stays.
    bench.wall(.scene("night"))
    #expect(lights(bench) == "3+ 4-")
  }

  /// The program was killed in a meeting: night says nothing of lamp 3, which day has asked for, and nobody of lamp 4.
  @Test func lampsAreGivenBackAlsoByTheNextProgram() {
    var bench = lamps()
    bench.give(.device(.outputsObserved(Self.module, 0b0100)))
    bench.wall(.scene("night"))
    bench.wall(.beginMeeting(scene: "meeting"))
    #expect(lights(bench) == "3- 4+")
    bench.give(.device(.outputsObserved(Self.module, 0b1000)))
    bench = bench.restarted(boot: "boot-2", after: .seconds(5))
    bench.give(.device(.outputsObserved(Self.module, 0b1000)))
    bench.wall(.endMeeting)
    #expect(lights(bench) == "3+ 4-")
  }

  @Test func aLampThatWasOnBeforeAMeetingIsLeftOn() {
    var bench = lamps()
    bench.give(.device(.outputsObserved(Self.module, 0b1100)))
    bench.wall(.beginMeeting(scene: "meeting"))
    bench.wall(.endMeeting)
    #expect(lights(bench) == "3+ 4+")
  }

  @Test func aSceneIsVerifiedOnlyWithItsLamps() {
    var bench = lamps()
    #expect(lit("day", bench) == .half, "all pictures are, the lamp is not")
    bench.give(.device(.outputsObserved(Self.module, 0)))
    #expect(lit("day", bench) == .half && bench.wallView?.lights.map(\.isProved) == [false])
    bench.give(.device(.outputsObserved(Self.module, 0b0100)))
    #expect(lit("day", bench) == .full && bench.wallView?.lights.map(\.isProved) == [true])
    bench.give(.device(.healthChanged(Self.module, .stale)))
    #expect(lit("day", bench) == .half, "of a module that is away nobody knows it")
  }

  // MARK: - Under a meeting

  @Test func aSceneThatIsTouchedDuringAMeetingWaitsForItsEnd() {
    var bench = bench()
    bench.wall(.beginMeeting(scene: "meeting"))
    bench.obeyWall()
    #expect(lit("meeting", bench) == .full && lit("day", bench) == .later)
    #expect(bench.wall(.scene("night")) == .done)
    bench.obeyWall()
    #expect(lit("night", bench) == .later && lit("day", bench) == .off && bench.wished.allSatisfy { $0 == "meet" })
    bench.wall(.endMeeting)
    bench.obeyWall()
    #expect(lit("night", bench) == .full && bench.wished[0] == "gate")
  }

  // MARK: - Where calls go

  @Test func callsGoToTheOutputsTheSiteFileNamesFirst() {
    var bench = bench { $0.callOutputs = [9, 3] }
    // Output 9 stands in the region over the whole foot, which is free; the next call takes output 3, although regions are left.
    bench.press("A/1/1", sequence: 1)
    bench.press("A/1/2", sequence: 2)
    #expect(bench.wished == ["map", "map", "cam-yard", "map", "map", "gate", "cam-hall", "cam-hall", "cam-hall"])
  }

  @Test func aNamedOutputWhoseRegionIsBrokenStandsAlone() {
    var bench = bench { $0.callOutputs = [9] }
    bench.give(.wall("hub", .notSwitched(7, .unchanged)))
    bench.press("A/1/1", sequence: 1)
    #expect(bench.wished[8] == "cam-hall" && bench.wished[0] == "map")
  }

  // MARK: - A silent call from the wall's own room

  @Test func aSilentCallFromTheWallsOwnRoomIsNotShownThere() {
    var bench = bench { $0.place = "office" }
    let before = bench.wished
    bench.press("A/2/1", sequence: 1)
    let id = bench.view.incidents.first?.id ?? 0
    #expect(bench.view.incidents.first?.silent == true && bench.wished == before)
    #expect(
      bench.wallView?.keptOff == [.init(station: nil, id: id)] && bench.wallView?.left == []
        && bench.wallView?.withoutCamera == [])
    #expect(bench.wallChanges.isEmpty)
    // Every other call is, and a silent one where the wall hangs elsewhere.
    bench.press("A/1/2", sequence: 2)
    #expect(bench.wished[0] == "cam-yard")
    var elsewhere = self.bench { $0.place = "hall" }
    elsewhere.press("A/2/1", sequence: 1)
    #expect(elsewhere.wished[0] == "cam-office" && elsewhere.wallView?.keptOff == [])
  }

  // MARK: - A layout that was drawn with a camera

  private func drawn() throws -> Bench {
    var bench = bench()
    let layout = try WallLayoutText.read("layout spy 看院\n1,1 2x2 main: cam-yard\n3,1 1x1 r: board\n")
    #expect(bench.wall(.saveLayout(layout, reason: "积水")) == .done)
    return bench
  }

  @Test func aCameraInADrawnLayoutIsSeenForFiveMinutes() throws {
    var bench = try drawn()
    #expect(bench.wall(.scene("spy")) == .refused(.reasonNeeded))
    #expect(bench.wallChanges.last == .viewRefused(source: "cam-yard", post: "desk", .reasonNeeded))
    #expect(bench.wall(.scene("spy", reason: " "), by: "lead") == .refused(.reasonNeeded))
    #expect(bench.wall(.scene("spy", reason: "积水"), by: "lead") == .done)
    #expect(bench.wallChanges.last == .layoutViewed("spy", post: "lead", reason: "积水"))
    #expect(bench.wished[0] == "cam-yard" && bench.wallView?.scenes.last?.secondsLeft == 300)
    bench.pass(.seconds(299))
    #expect(bench.wished[0] == "cam-yard")
    bench.pass(.seconds(2))
    #expect(bench.wallChanges.last == .layoutViewEnded("spy"))
    #expect(!bench.wished.contains("cam-yard") && bench.wished[2] == "board", "the layout stays, without the camera")
    #expect(bench.wallView?.scenes.last?.needsReason == true && bench.wallView?.scenes.last?.secondsLeft == nil)
    // It is renewed by touching it again, also before its time is over.
    bench.wall(.scene("spy", reason: "还在积水"))
    bench.pass(.seconds(200))
    bench.wall(.scene("spy", reason: "还在积水"))
    bench.pass(.seconds(200))
    #expect(bench.wished[0] == "cam-yard")
  }

  @Test func aRehearsalOfItNeedsNoReason() throws {
    var bench = try drawn()
    guard case .rehearsed(let found) = bench.wall(.rehearse(.scene("spy"))) else {
      Issue.record("it shows nothing")
      return
    }
    #expect(found.tiles[0].source == "cam-yard" && !bench.wished.contains("cam-yard"))
  }

  /// The site file's own cameras are seen as long as it says; one that was drawn into its layout is not.
  @Test func aCameraDrawnIntoALayoutOfTheSiteFileEndsAsWell() throws {
    var bench = bench()
    let layout = try WallLayoutText.read("layout big 大图\n1,1 2x2 main: cam-hall\n3,1 1x1 r1: board\n3,2 1x1 r2: gate\n")
    #expect(bench.wall(.saveLayout(layout, reason: "积水")) == .done)
    #expect(bench.wished[0] == "cam-hall")
    bench.pass(.seconds(301))
    #expect(!bench.wished.contains("cam-hall") && bench.wished[5] == "gate")
    // Killed and started again: what was over stays over.
    #expect(!bench.restarted(boot: "boot-2", after: .seconds(5)).wished.contains("cam-hall"))
    #expect(bench.wall(.scene("day", reason: "积水")) == .done)
    #expect(bench.wished[0] == "cam-hall")
  }

  // MARK: - What there is instead

  @Test func whatIsNotThereIsToldWithWhatThereIs() throws {
    var bench = bench()
    let view = try #require(bench.wallView)
    let wrong: [(WallAction, String, String)] = [
      (.scene("moon"), "desk", "day, night, dark"), (.beginMeeting(scene: "day"), "desk", "meeting"),
      (.pin(source: "moon", WallCells(column: 1, row: 1), reason: nil), "desk", "cam-hall, cam-yard"),
      (.identify(77, seconds: 1), "desk", "1, 2, 3"), (.unpin(5), "desk", "—"), (.undoLayout("x"), "desk", "—"),
      (.scene("day"), "stranger", "desk, lead, patrol"),
    ]
    for (action, post, says) in wrong {
      let text = action.mistake(bench.wall(action, by: post), view)
      #expect(text?.chinese.contains(says) == true && text?.english.contains(says) == true, "\(action): \(text?.chinese ?? "")")
    }
    #expect(WallAction.endMeeting.mistake(bench.wall(.endMeeting), view) == nil)
  }
}
