import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// Calls share the wall by severity, then age.
@Suite struct WallSeverityTests {
  /// The regions of the scene from the largest on: `main` 1, `foot` 7, then 3 and 6.
  private func order(_ bench: Bench) -> [String] {
    let places = [0, 6, 2, 5].map { bench.wished[$0] }
    return places.filter { $0.hasPrefix("cam-") }
  }

  private func deal(with id: IncidentID, _ bench: inout Bench) {
    for action: DeskRequest.Action in [.acknowledge(id), .onScene(id), .resolve(id, note: "扶起")] {
      #expect(bench.ask("desk", action) == .done)
    }
  }

  @Test func duressGoesBeforeAnEmergencyAndTheOlderBeforeTheYounger() {
    var bench = Bench.withWall()
    bench.press("A/1/2", sequence: 1)
    bench.pass(.seconds(1))
    bench.press("A/1/1", sequence: 2)
    #expect(order(bench) == ["cam-yard", "cam-hall"])
    bench.pass(.seconds(1))
    bench.press("A/2/1", sequence: 1, unit: 701)
    #expect(order(bench) == ["cam-office", "cam-yard", "cam-hall"])
  }

  /// A call that somebody has dealt with, and nobody has closed, leaves the largest place to the one that waits.
  @Test func whatIsResolvedGoesBehindWhatWaits() {
    var bench = Bench.withWall()
    bench.press("A/1/2", sequence: 1)
    bench.pass(.seconds(1))
    bench.press("A/1/1", sequence: 2)
    deal(with: 1, &bench)
    #expect(order(bench) == ["cam-hall", "cam-yard"])
    #expect(bench.ask("desk", .close(1)) == .done)
    #expect(order(bench) == ["cam-hall"])
  }

  @Test func aResolvedDuressGoesBehindAnEmergency() {
    var bench = Bench.withWall()
    bench.press("A/2/1", sequence: 1, unit: 701)
    bench.pass(.seconds(1))
    bench.press("A/1/1", sequence: 1)
    #expect(order(bench) == ["cam-office", "cam-hall"])
    deal(with: 1, &bench)
    #expect(order(bench) == ["cam-hall", "cam-office"])
  }

  @Test func aBypassedPointGoesBehindOneThatIsNot() {
    var bench = Bench.withWall()
    bench.ask("desk", .bypass(ButtonID("A/1/2"), reason: "装修", minutes: 60))
    bench.press("A/1/2", sequence: 1)
    bench.pass(.seconds(1))
    bench.press("A/1/1", sequence: 2)
    #expect(order(bench) == ["cam-hall", "cam-yard"])
  }

  @Test func aDrillGoesBehindEverythingRealHoweverOldItIs() {
    var bench = Bench.withWall()
    bench.ask("desk", .startDrill(ButtonID("A/1/1")))
    bench.pass(.seconds(60))
    #expect(order(bench) == ["cam-hall"])
    bench.press("A/1/2", sequence: 1)
    #expect(order(bench) == ["cam-yard", "cam-hall"])
    deal(with: 2, &bench)
    #expect(order(bench) == ["cam-yard", "cam-hall"], "a real call is not closed yet")
  }

  /// The wall has room for one: the most severe has it, whoever came first.
  @Test func whereThereIsNoRoomForAllTheLeastSevereIsLeft() {
    var bench = Bench.withWall()
    bench.wall(.pin(source: "map", WallCells(column: 1, row: 1, width: 3, height: 2), reason: nil))
    bench.press("A/1/2", sequence: 1)
    bench.pass(.seconds(1))
    #expect(order(bench) == ["cam-yard"])
    bench.press("A/2/1", sequence: 1, unit: 701)
    #expect(bench.wished.suffix(3) == ["cam-office", "cam-office", "cam-yard"], "what is left of the wall is shared")
    bench.wall(.pin(source: "map", WallCells(column: 1, row: 3, width: 2), reason: nil))
    #expect(bench.wished.suffix(3) == ["map", "map", "cam-office"])
    #expect(bench.wallView?.left == [WallCall(station: nil, id: 1)])
  }

  /// One region over the whole wall: the first call has all of it, two share it, and when they are closed the base is back, exactly.
  @Test func callsShareALargeRegion() {
    var bench = Bench.withWall()
    bench.wall(.beginMeeting(scene: "meeting"))
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wished == Array(repeating: "cam-yard", count: 9))
    bench.pass(.seconds(1))
    bench.press("A/2/1", sequence: 1, unit: 701)
    let row = ["cam-office", "cam-office", "cam-yard"]
    #expect(bench.wished == row + row + row)
    bench.pass(.seconds(1))
    bench.press("A/1/1", sequence: 2)
    #expect(Set(bench.wished) == ["cam-office", "cam-yard", "cam-hall"] && bench.wallView?.left == [])
    for id in [IncidentID(1), 2, 3] {
      deal(with: id, &bench)
      bench.ask("desk", .close(id))
    }
    #expect(bench.wished == Array(repeating: "meet", count: 9))
  }

  /// Two buttons of one place: its camera stands there once, for the first; the next has it when that one is closed.
  @Test func aCameraIsShownOnceWhoeverCalls() {
    var plan = Bench.walled
    if let index = plan.callPoints.firstIndex(where: { $0.button == ButtonID("A/1/2") }) { plan.callPoints[index].place = "hall" }
    var bench = Bench(plan: plan)
    for device in plan.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.obeyWall()
    bench.press("A/1/1", sequence: 1)
    let alone = bench.wished
    bench.press("A/1/2", sequence: 2)
    let (first, second) = (WallCall(station: nil, id: 1), WallCall(station: nil, id: 2))
    #expect(bench.wished == alone && bench.wallView?.left == [])
    #expect(bench.wallView?.beside == [WallBeside(call: second, first: first)])
    deal(with: 1, &bench)
    bench.ask("desk", .close(1))
    #expect(bench.wished == alone && bench.wallView?.tiles.first?.layer == .call(second) && bench.wallView?.beside == [])
  }

  @Test func ofEqualCallsThoseWhoseCameraGivesAPictureComeFirst() throws {
    var bench = Bench.withWall()
    bench.give(.source("cam-yard", .dead(reason: "没有应答 / no answer")))
    bench.press("A/1/2", sequence: 1)
    bench.pass(.seconds(1))
    #expect(order(bench) == ["cam-yard"], "the room is seen when the camera comes back")
    bench.obeyWall()
    #expect(bench.proof(1) == .verified(picture: false), "nobody says that its picture is there")
    #expect(bench.wallView?.tiles.first?.pictureTrouble == BilingualText("信号源没有画面: 没有应答", "its source gives none: no answer"))
    bench.press("A/1/1", sequence: 2)
    #expect(order(bench) == ["cam-hall", "cam-yard"])
    bench.give(.source("cam-yard", .live))
    #expect(order(bench) == ["cam-yard", "cam-hall"])
  }
}
