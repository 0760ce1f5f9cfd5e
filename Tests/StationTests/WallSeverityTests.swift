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
    #expect(order(bench) == ["cam-office"])
    #expect(bench.wallView?.left == [WallCall(station: nil, id: 1)])
  }
}
