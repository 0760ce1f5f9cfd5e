import DeviceKit
import DeviceVocabulary
import Station
import Testing

@Suite struct WallTests {
  private static let day = ["map", "map", "board", "map", "map", "gate", "board", "board", "board"]

  @Test func theFirstSceneStandsAndEachPanelHasItsPart() throws {
    let bench = Bench.withWall()
    #expect(bench.wished == Self.day && bench.shown == Self.day)
    #expect((1...9).allSatisfy { bench.proof($0) == .verified(picture: nil) }, "the route is proved, the picture is not seen")
    let part = try #require(bench.wallWishes["p5"]?.first)
    let isPart = WallSetting.display(.init(isOn: true, input: "HDMI1", part: .init(columns: 2, rows: 2, position: 4)))
    #expect(part.setting == isPart)
    #expect(bench.wallView?.scenes.first?.lit == .full)
  }

  @Test func aTileIsNotProvedByAWish() {
    var bench = Bench(plan: Bench.walled)
    #expect(bench.proof(1) == .unreachable(device: "hub"))
    for device in Bench.walled.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    #expect(bench.proof(1) == .switching && bench.wallView?.scenes.first?.lit == .wished)
    bench.obeyWall(except: ["p1/1"])
    #expect(bench.proof(1) == .switching && bench.proof(2) == .verified(picture: nil))
    #expect(bench.wallView?.scenes.first?.lit == .half)
  }

  @Test func aReadingThatIsTooOldProvesNothing() {
    var bench = Bench.withWall()
    bench.pass(.seconds(16))
    #expect(bench.proof(1) == .stale)
    bench.obeyWall()
    #expect(bench.proof(1) == .verified(picture: nil))
  }

  @Test func aCallTakesTheLargestRegionAndGivesItBack() {
    var bench = Bench.withWall()
    bench.press("A/1/2", sequence: 1)
    bench.obeyWall()
    #expect(bench.shown == ["cam-yard", "cam-yard", "board", "cam-yard", "cam-yard", "gate", "board", "board", "board"])
    let id = bench.view.incidents.first?.id ?? 0
    bench.ask("desk", .acknowledge(id))
    bench.ask("desk", .onScene(id))
    bench.ask("desk", .resolve(id, note: "扶起"))
    bench.ask("desk", .close(id))
    bench.obeyWall()
    #expect(bench.shown == Self.day)
    #expect(
      bench.wallChanges == [
        .callShown(.init(station: nil, id: id), source: "cam-yard", outputs: [1, 2, 4, 5]),
        .callHidden(.init(station: nil, id: id), source: "cam-yard"),
      ])
  }

  @Test func callsShareTheWallByNeedThenAgeAndPinsWin() {
    var bench = Bench.withWall()
    #expect(bench.wall(.pin(source: "map", WallCells(column: 1, row: 1), reason: nil)) == .done)
    bench.press("A/1/1", sequence: 1)
    bench.pass(.seconds(1))
    bench.press("A/1/2", sequence: 2)
    bench.pass(.seconds(1))
    // A silent call goes before the two.
    bench.press("A/2/1", sequence: 1, unit: 701)
    #expect(bench.wished == ["map", "map", "cam-hall", "map", "map", "cam-yard", "cam-office", "cam-office", "cam-office"])
  }

  @Test func aLockedOutputSendsTheCallElsewhereAndSaysSo() {
    var bench = Bench.withWall()
    bench.press("A/1/2", sequence: 1)
    bench.obeyWall(except: ["hub/4"])
    bench.give(.wall("hub", .notSwitched(4, .unchanged)))
    #expect(bench.view.faults.contains { $0.key == FaultKey("output 4:outputNotSwitched") && $0.present })
    #expect(bench.wished[8] == "cam-yard" && bench.wished[3] == "map", "the foot of the wall has it now")
    bench.obeyWall()
    bench.pass(.seconds(5))
    #expect(bench.wished[8] == "cam-yard", "it shows the base picture anyway: that proves nothing of its lock")
    // Somebody unlocks it and re-tests the card.
    #expect(bench.ask("desk", .retest(FaultKey(.output(4), .outputNotSwitched))) == .underWay)
    bench.obeyWall()
    bench.pass(.seconds(11))
    #expect(bench.wished[3] == "cam-yard" && !bench.view.faults.contains { $0.key.kind == .outputNotSwitched })
  }

  @Test func aDeviceThatIsGoneGreysItsTileAndComesBackByItself() {
    var bench = Bench.withWall()
    bench.give(.wall("p3", .healthChanged(.absent)))
    #expect(bench.proof(3) == .unreachable(device: "p3"))
    bench.pass(.seconds(4))
    #expect(bench.view.faults.contains { $0.key == FaultKey("wall p3:wallSilent") && $0.present })
    bench.give(.wall("p3", .healthChanged(.online)))
    bench.give(.wall("p3", .observed(1, .display(.init(isOn: false)))))
    #expect(bench.proof(3) == .switching)
    bench.obeyWall()
    #expect(bench.proof(3) == .verified(picture: nil))
    #expect(bench.view.faults.first { $0.key == FaultKey("wall p3:wallSilent") }?.present == false)
  }

  @Test func visitorsSeeNothingThatIsNotForThem() {
    var bench = Bench.withWall()
    bench.press("A/1/1", sequence: 1)
    #expect(bench.wished[0] == "cam-hall")
    bench.wall(.visitors(true))
    #expect(!bench.wished.contains("cam-hall") && bench.wished[0] == "board")
    #expect(bench.wall(.pin(source: "cam-office", WallCells(column: 3, row: 1), reason: "看一下")) == .refused(.visitorsPresent))
    #expect(
      bench.wallChanges.last == .visitors(true, post: "desk")
        || bench.wallChanges.contains { if case .callHidden = $0 { true } else { false } })
    bench.wall(.visitors(false))
    #expect(bench.wished[0] == "cam-hall")
  }

  @Test func aCameraByHandNeedsAReasonAndEndsByItself() throws {
    var bench = Bench.withWall()
    let cells = WallCells(column: 3, row: 1)
    #expect(bench.wall(.pin(source: "cam-yard", cells, reason: nil)) == .refused(.reasonNeeded))
    #expect(bench.wall(.pin(source: "cam-yard", cells, reason: "有人报告院内积水")) == .done)
    let pin = try #require(bench.wallView?.pins.first)
    #expect(bench.wished[2] == "cam-yard" && pin.secondsLeft == 300)
    bench.pass(.seconds(200))
    #expect(bench.wall(.renew(pin.pin.id)) == .done)
    bench.pass(.seconds(299))
    #expect(bench.wished[2] == "cam-yard")
    bench.pass(.seconds(2))
    #expect(bench.wished[2] == "board" && bench.wallChanges.last == .unpinned(pin.pin.id, post: nil))
  }

  @Test func regionsTakeTurnsAndLeaveOutWhatIsDead() {
    var bench = Bench.withWall()
    #expect(bench.wished[5] == "gate")
    bench.pass(.seconds(10))
    #expect(bench.wished[5] == "cam-yard")
    bench.give(.source("gate", .dead(reason: "timeout")))
    bench.pass(.seconds(10))
    #expect(bench.wished[5] == "cam-yard")
    #expect(bench.view.faults.contains { $0.key == FaultKey("source gate:sourceDead") })
  }

  /// What is heard at rest decides nothing anew, and hides nothing that time does.
  @Test func readingsAtRestHideNoTurnAndNoEnd() {
    var bench = Bench.withWall()
    #expect(bench.wall(.pin(source: "cam-yard", WallCells(column: 3, row: 1), reason: "积水")) == .done)
    bench.obeyWall()
    for second in 1...310 {
      bench.pass(.milliseconds(999))
      bench.obeyWall()
      bench.pass(.milliseconds(1))
      let turn = second / 10 % 2 == 0 ? "gate" : "cam-yard"
      if second % 10 > 1, second % 10 < 9 {
        #expect(bench.wished[5] == turn && bench.route(6) == (turn == "gate" ? 7 : 2), "\(second)")
      }
    }
    #expect(bench.wished[2] == "board" && bench.route(3) == 4)
  }

  @Test func theClockChoosesASceneUntilSomebodyDoes() {
    var bench = Bench.withWall()
    bench.wall.utcOffsetSeconds = 0
    let midnight = bench.wall.unixMilliseconds - bench.wall.unixMilliseconds % 86_400_000
    bench.wall.unixMilliseconds = midnight + 3_600_000
    bench.give(.wake)
    #expect(bench.wished[0] == "map")
    bench.pass(.seconds(3601))
    #expect(bench.wished[0] == "gate")
    bench.wall(.scene("day"))
    #expect(bench.wished[0] == "map")
    bench.wall(.scene(nil))
    #expect(bench.wished[0] == "gate")
  }

  @Test func aMeetingLiesOverTheBaseAndUnderCallsAndEndsAlone() {
    var bench = Bench.withWall()
    #expect(bench.wall(.scene("meeting")) == .refused(.unknownScene))
    bench.wall(.beginMeeting(scene: "meeting"))
    #expect(bench.wished == Array(repeating: "meet", count: 9))
    bench.wall(.endMeeting)
    #expect(bench.wished == Self.day)
  }

  @Test func aDarkSceneSwitchesThePanelsOffAndACallOnAgain() {
    var bench = Bench.withWall()
    bench.wall(.scene("dark"))
    #expect(bench.wallWishes["p1"] == [WallWish(1, .display(.init(isOn: false, input: "HDMI1", part: .whole)))])
    bench.press("A/1/2", sequence: 1)
    #expect(
      bench.wallWishes["p1"]?.first.map { if case .display(let display) = $0.setting { display.isOn } else { false } } == true)
    #expect(bench.wished[0] == "cam-yard")
  }

  @Test func disarmedNothingSwitchesTheWallButHands() {
    var bench = Bench.withWall()
    bench.wall(.arm(false))
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wished == Self.day && bench.wallView?.left.count == 1)
    bench.wall(.arm(true))
    #expect(bench.wished[0] == "cam-yard")
  }

  @Test func aRehearsalSwitchesNothing() throws {
    var bench = Bench.withWall()
    let wishes = bench.wallWishes
    let entries = bench.entries.count
    guard case .rehearsed(let found) = bench.wall(.rehearse(.scene("night"))) else {
      Issue.record("no rehearsal")
      return
    }
    #expect(found.tiles.prefix(1).map(\.source) == ["gate"] && found.switched.map(\.device) == ["hub"])
    #expect(found.switched.first?.wishes.map(\.number) == [1, 2, 4, 5])
    #expect(bench.wallWishes == wishes && bench.entries.count == entries)
  }

  @Test func layoutsAreDrawnUndoneAndRefused() throws {
    var bench = Bench.withWall()
    let layout = try WallLayoutText.read("layout big 大图\n1,1 3x3 all: map\n")
    #expect(bench.wall(.saveLayout(layout)) == .done)
    #expect(bench.wished == Array(repeating: "map", count: 9))
    bench.wall(.undoLayout("big", reason: "再看东门"))
    #expect(bench.wished == Self.day)
    let overlapping = try WallLayoutText.read("layout x x\n1,1 2x2 a: map\n2,2 2x2 b: board\n")
    let answer = bench.wall(.saveLayout(overlapping))
    #expect(answer == .refused(.layoutWrong))
    #expect(
      try WallAction.saveLayout(overlapping).mistake(answer, #require(bench.wallView))?.chinese == "布局有错:区域 \"a\" 和 \"b\" 重叠")
  }

  @Test func aLayoutThatWasDrawnAnewCanBePutUp() throws {
    var bench = Bench.withWall()
    #expect(bench.wall(.scene("trial")) == .refused(.unknownScene))
    #expect(bench.wall(.saveLayout(try WallLayoutText.read("layout trial 试画\n1,1 3x3 all: map\n"))) == .done)
    #expect(bench.wished == Self.day && bench.wallView?.scenes.map(\.id).last == "trial")
    #expect(bench.wall(.scene("trial")) == .done)
    bench.obeyWall()
    #expect(bench.wished == Array(repeating: "map", count: 9) && bench.wallView?.scenes.last?.lit == .full)
    bench.wall(.undoLayout("trial"))
    #expect(bench.wished == Self.day && bench.wallView?.scenes.map(\.id).contains("trial") == false)
  }

  @Test func aThousandCallsComeAndGoAndTheBaseIsBackExactly() {
    var bench = Bench.withWall()
    let wishes = bench.wallWishes
    for number in 1...1000 {
      bench.press(number.isMultiple(of: 2) ? "A/1/1" : "A/1/2", sequence: UInt32(number))
      if bench.view.incidents.count > 1 {
        for card in bench.view.incidents { bench.ask("desk", .falseAlarm(card.id, note: "误按")) }
      }
    }
    for card in bench.view.incidents { bench.ask("desk", .falseAlarm(card.id, note: "误按")) }
    #expect(bench.view.incidents.isEmpty && bench.station.state.wall.shown.isEmpty)
    #expect(bench.wallWishes == wishes)
  }

  @Test func aChangeOfShiftNamesEverythingThatIsOpen() throws {
    var bench = Bench.withWall()
    bench.press("A/1/2", sequence: 1)
    bench.ask("desk", .bypass(ButtonID("A/1/1"), reason: "装修", minutes: 60))
    bench.give(.wall("p3", .healthChanged(.absent)))
    bench.pass(.seconds(4))
    bench.wall(.pin(source: "map", WallCells(column: 3, row: 1), reason: nil))
    #expect(bench.wall(.handOver(from: "o01", to: "o01")) == .refused(.sameName))
    bench.wall(.arm(false))
    #expect(bench.wall(.handOver(from: "o01", to: "o02")) == .done)
    let shift = try #require(bench.station.state.wall.shift?.shift)
    #expect(shift.from == "o01" && shift.to == "o02" && shift.calls == [.init(station: nil, id: 1)])
    #expect(shift.bypassed == [ButtonID("A/1/1")] && shift.pins == [1])
    #expect(shift.isArmed == false && shift.hasVisitors == false && shift.meeting == nil)
    #expect(shift.faults.contains { $0.description == "wall p3:wallSilent" })
    #expect(bench.view.incidents.count == 1, "nothing that nobody has acknowledged vanishes")
  }

  @Test func theWallIsAsItWasAfterARestart() {
    var bench = Bench.withWall()
    bench.wall(.scene("night"))
    bench.wall(.pin(source: "map", WallCells(column: 3, row: 1), reason: nil))
    let before = bench.wished
    var next = bench.restarted(boot: "boot-2", after: .seconds(20))
    #expect(next.wished == before)
    #expect(next.proof(1) == .unreachable(device: "hub"), "nothing is claimed before it was read")
    next.give(.wall("hub", .healthChanged(.online)))
  }

  @Test(arguments: [
    ("", "没有内容"), ("layout big", "第一行"), ("layout a b\n1,1 2x", "区域应写成"), ("layout a b\n0,1 2x2 x: y", "区域应写成"),
    ("layout ä b\n", "第一行"), ("layout a b\n1,1 2x2 x", "区域应写成"),
  ])
  func aTextThatIsNoLayoutIsRefusedWithItsLine(text: String, says: String) {
    #expect { try WallLayoutText.read(text) } throws: { ($0 as? WallLayoutText.Mistake)?.chinese.contains(says) == true }
  }

  @Test func aLayoutSurvivesItsText() throws {
    for layout in Bench.walled.wall?.layouts ?? [] { #expect(try WallLayoutText.read(WallLayoutText.write(layout)) == layout) }
  }
}
