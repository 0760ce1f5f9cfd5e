import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// Cameras that turn: by hand for a reason, and for a call for help.
@Suite struct WallTurnTests {
  /// The yard's camera turns to the door for a call; the gate's turns by hand only.
  private func bench() -> Bench {
    var plan = Bench.walled
    for (id, preset) in [("cam-yard", "door"), ("gate", nil)] as [(String, String?)] {
      guard let index = plan.wall?.sources.firstIndex(where: { $0.id == id }) else { continue }
      plan.wall?.sources[index].motor = WallPlan.Source.Motor(callPreset: preset)
    }
    var bench = Bench(plan: plan)
    for device in plan.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.obeyWall()
    return bench
  }

  private func turns(_ bench: Bench) -> [String] {
    bench.keyEffects.compactMap { if case .turn(let source, let preset) = $0 { "\(source) \(preset)" } else { nil } }
  }

  @Test func byHandItTakesAPostAndAReason() {
    var bench = bench()
    #expect(bench.wall(.turn(source: "gate", preset: "north", reason: "有人翻墙")) == .done)
    #expect(turns(bench) == ["gate north"])
    #expect(bench.wallChanges == [.turned(WallTurn(source: "gate", preset: "north", post: "desk", reason: "有人翻墙"))])
    #expect(bench.wallChanges.first?.text.contains("有人翻墙") == true)
  }

  @Test func withoutRightOrReasonItIsRefusedAndWrittenDown() {
    var bench = bench()
    #expect(bench.wall(.turn(source: "gate", preset: "north", reason: nil)) == .refused(.reasonNeeded))
    #expect(bench.wall(.turn(source: "gate", preset: "north", reason: " ")) == .refused(.reasonNeeded))
    #expect(bench.wall(.turn(source: "cam-hall", preset: "north", reason: "看")) == .refused(.doesNotTurn))
    #expect(bench.wall(.turn(source: "gate", preset: "", reason: "看")) == .refused(.unknownPreset))
    #expect(bench.wall(.turn(source: "gate", preset: String(repeating: "x", count: 41), reason: "看")) == .refused(.unknownPreset))
    #expect(
      bench.wallChanges == [
        .turnRefused(source: "gate", post: "desk", .reasonNeeded), .turnRefused(source: "cam-hall", post: "desk", .doesNotTurn),
        .turnRefused(source: "gate", post: "desk", .unknownPreset),
      ], "the same once a minute: nobody fills a journal by asking")
    bench.pass(.seconds(61))
    bench.wall(.turn(source: "gate", preset: "north", reason: nil))
    #expect(bench.wallChanges.count == 4)
    // Names from outside are not kept.
    #expect(bench.wall(.turn(source: "nowhere", preset: "x", reason: "看")) == .refused(.unknownSource))
    #expect(bench.wall(.turn(source: "gate", preset: "x", reason: "看"), by: "stranger") == .refused(.unknownPost))
    #expect(bench.wallChanges.count == 4 && turns(bench).isEmpty)
  }

  /// The call itself goes its way: its picture is wished in the same step, whatever the camera does.
  @Test func aCallTurnsItsCameraOnce() {
    var bench = bench()
    bench.press("A/1/2", sequence: 1)
    #expect(turns(bench) == ["cam-yard door"] && bench.wished.first == "cam-yard")
    let id = bench.view.incidents.first?.id ?? 0
    #expect(
      bench.wallChanges.contains(
        .turned(WallTurn(source: "cam-yard", preset: "door", post: nil, call: .init(station: nil, id: id)))))
    // Whoever turns it by hand meanwhile is right.
    bench.obeyWall()
    #expect(bench.wall(.pin(source: "map", WallCells(column: 1, row: 1), reason: nil)) == .done)
    bench.pass(.seconds(30))
    #expect(turns(bench).count == 1)
  }

  /// The call has another camera meanwhile, which does not turn.
  @Test func aCameraThatWasAwayIsNotTurnedAgain() {
    var plan = Bench.walled
    if var wall = plan.wall {
      for (id, preset) in [("cam-yard", "door"), ("gate", nil)] as [(String, String?)] {
        guard let index = wall.sources.firstIndex(where: { $0.id == id }) else { continue }
        wall.sources[index].motor = WallPlan.Source.Motor(callPreset: preset)
        wall.sources[index].place = "yard"
      }
      plan.wall = wall
    }
    var bench = Bench(plan: plan)
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wall(.turn(source: "cam-yard", preset: "north", reason: "有人翻墙")) == .done)
    bench.give(.source("cam-yard", .dead(reason: "refused")))
    bench.give(.source("gate", .live))
    #expect(bench.wished.first == "gate")
    bench.give(.source("cam-yard", .live))
    #expect(bench.wished.first == "cam-yard" && turns(bench) == ["cam-yard door", "cam-yard north"])
  }

  @Test func whereCallsDoNotSwitchTheWallTheyTurnNothingEither() {
    var bench = bench()
    #expect(bench.wall(.arm(false)) == .done)
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wall(.arm(true)) == .done)
    #expect(turns(bench).isEmpty)
  }

  @Test func aWallWithoutRoomIsNoReasonToLookElsewhere() {
    var bench = bench()
    for device in ["hub", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"] {
      bench.give(.wall(device, .healthChanged(.absent)))
    }
    bench.pass(.seconds(10))
    bench.press("A/1/2", sequence: 1)
    #expect(turns(bench) == ["cam-yard door"])
  }

  @Test func aRestartDuringACallTurnsNothing() {
    var bench = bench()
    bench.press("A/1/2", sequence: 1)
    var after = bench.restarted(boot: "boot-2", after: .seconds(5))
    for device in Bench.walled.wall?.devices ?? [] { after.give(.wall(device, .healthChanged(.online))) }
    #expect(turns(after) == ["cam-yard door"], "that of before, and no other")
  }

  @Test func whatDoesNotTurnIsACardWithoutSound() throws {
    var bench = bench()
    bench.press("A/1/2", sequence: 1)
    bench.give(.turned(source: "cam-yard", preset: "door", failure: "没有应答 / no answer"))
    let card = try #require(bench.view.faults.first { $0.key == FaultKey("source cam-yard:sourceNotTurned") })
    #expect(card.present && card.key.kind.isInformation && "\(card)".contains("door: 没有应答"))
    #expect(bench.wished.first == "cam-yard", "the picture stays with the call")
    bench.give(.turned(source: "cam-yard", preset: "door", failure: nil))
    #expect(bench.view.faults.first { $0.key == FaultKey("source cam-yard:sourceNotTurned") }?.present == false)
    // Of one that cannot turn nothing is believed.
    bench.give(.turned(source: "map", preset: "door", failure: "x"))
    #expect(!bench.view.faults.contains { $0.key == FaultKey("source map:sourceNotTurned") })
  }

  @Test func aDeadSourceIsAskedAgainWhereSomebodySaysSo() {
    var bench = bench()
    bench.give(.source("gate", .dead(reason: "密码不对")))
    let key = FaultKey(.source("gate"), .sourceDead)
    #expect(bench.ask("desk", .retest(key)) == .underWay)
    #expect(bench.keyEffects.contains(.sourceRetest("gate")))
    bench.give(.source("gate", .live))
    bench.pass(.seconds(11))
    #expect(!bench.view.faults.contains { $0.key == key })
  }

  @Test func howLongASourceStandsSoIsShown() {
    var bench = bench()
    bench.give(.source("gate", .dead(reason: "a")))
    bench.pass(.seconds(8))
    bench.give(.source("gate", .dead(reason: "b")))
    bench.pass(.seconds(2))
    let card = bench.wallView?.sources.first { $0.source.id == "gate" }
    #expect(card?.ageMilliseconds == 2_000 && card?.standsMilliseconds == 10_000)
    bench.give(.source("gate", .live))
    #expect(bench.wallView?.sources.first { $0.source.id == "gate" }?.standsMilliseconds == 0)
  }
}
