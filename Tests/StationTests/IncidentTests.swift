import DeviceKit
import DeviceVocabulary
import Station
import Testing

@Suite struct IncidentTests {
  @Test func aPressIsRecordedBeforeItsPanelMayForgetItAndItsLampIsSet() {
    var bench = Bench()
    bench.commands = []
    bench.press("A/1/1", sequence: 1)
    #expect(bench.view.incidents.map(\.phase) == [.opened])
    #expect(bench.commands.contains(.accept(DeviceID("A/1"), EventIdentity(unit: 700, epoch: 1, sequence: 1))))
    #expect(bench.lamp("A/1/1") == .slowBlink)
    #expect(bench.view.sound == .call)
    #expect(bench.commands.contains(.setOutput(DeviceID("B/9"), output: 1, on: true)))
  }

  @Test func theRecordComesBeforeEveryEffectThatDependsOnIt() {
    var bench = Bench()
    var effects = Effects<StationEffect>()
    let press = Press(button: ButtonID("A/1/1"), identity: EventIdentity(unit: 1, epoch: 1, sequence: 1), ageMilliseconds: 0)
    bench.station.handle(Stimulus(wall: bench.wall, input: .device(.pressed(press))), at: bench.now, into: &effects)
    guard case .record = effects[0] else {
      Issue.record("first effect is \(String(describing: effects[0]))")
      return
    }
    #expect(effects.count > 1)
  }

  @Test func duplicatesAreDroppedButAnswered() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.commands = []
    bench.press("A/1/1", sequence: 1)
    #expect(bench.view.incidents.count == 1 && bench.view.incidents[0].presses == 1)
    #expect(bench.commands == [.accept(DeviceID("A/1"), EventIdentity(unit: 700, epoch: 1, sequence: 1))])
  }

  @Test func aSecondPressJoinsTheOpenCallAndANewEpochIsNew() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.press("A/1/1", sequence: 2)
    bench.press("A/1/1", sequence: 1, epoch: 2)
    #expect(bench.view.incidents.count == 1 && bench.view.incidents[0].presses == 3)
  }

  @Test func theWholeLifeOfACall() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.pass(.seconds(12))
    #expect(bench.ask("desk", .acknowledge(1)) == .done)
    #expect(bench.lamp("A/1/1") == .coming && bench.view.sound == .none)
    #expect(bench.ask("desk", .resolve(1, note: "扶起")) == .refused(.notOnScene))
    bench.pass(.seconds(60))
    #expect(bench.ask("desk", .onScene(1)) == .done)
    #expect(bench.ask("desk", .close(1)) == .refused(.notResolved))
    #expect(bench.ask("desk", .resolve(1, note: "扶起,无碍")) == .done)
    #expect(bench.lamp("A/1/1") == .off)
    #expect(bench.ask("desk", .close(1)) == .done)
    let card = bench.view.recentlyClosed[0]
    #expect(card.secondsToAcknowledge == 12 && card.secondsToScene == 72 && card.note == "扶起,无碍")
    #expect(bench.view.incidents.isEmpty && bench.view.statistics.real.closed == 1)
    #expect(bench.ask("desk", .close(1)) == .refused(.alreadyClosed))
    #expect(bench.ask("desk", .acknowledge(99)) == .refused(.unknownIncident))
  }

  @Test func aPressAfterResolutionIsANewCall() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.ask("desk", .acknowledge(1))
    bench.ask("desk", .onScene(1))
    bench.ask("desk", .resolve(1, note: "好了"))
    bench.press("A/1/1", sequence: 2)
    #expect(bench.view.incidents.map(\.id) == [2, 1], "what waits comes first")
    #expect(bench.lamp("A/1/1") == .slowBlink)
  }

  @Test(arguments: [1, 2, 8]) func pressesAtTheSameMomentEachHaveTheirOwnCall(count: Int) {
    var plan = Bench.plan
    plan.callPoints = (1...8).map { .init(button: ButtonID(stringLiteral: "A/1/\($0)"), place: "hall") }
    for seed in 1...20 {
      var random = SeededRandom(seed: UInt64(seed))
      var bench = Bench(plan: plan)
      let order = Array(1...count).shuffled(using: &random)
      for (index, button) in order.enumerated() { bench.press("A/1/\(button)", sequence: UInt32(index + 1)) }
      #expect(bench.view.incidents.map(\.button.button) == order.map(UInt8.init))
      #expect(bench.ask("desk", .acknowledge(1)) == .done)
      #expect(bench.view.sound == (count == 1 ? .none : .call), "acknowledging one does not silence the others")
      #expect(Set(order.dropFirst().map { bench.lamp("A/1/\($0)") }) == (count == 1 ? [] : [.slowBlink]))
    }
  }

  @Test func aPressOfAButtonThatTheSiteFileDoesNotKnowIsNotLost() {
    var bench = Bench()
    bench.press("A/7/3", sequence: 1)
    #expect(bench.view.incidents.map(\.placeName) == ["未登记的呼叫点 A/7/3"])
  }

  @Test func aSilentPlaceShowsAndSoundsNothingInTheRoom() {
    var bench = Bench()
    bench.commands = []
    bench.press("A/2/1", sequence: 1)
    #expect(bench.view.incidents[0].silent && bench.view.sound == .call)
    #expect(bench.lamp("A/2/1") == nil)
    #expect(!bench.commands.contains { if case .setOutput = $0 { true } else { false } })
    bench.ask("desk", .acknowledge(1))
    #expect(bench.lamp("A/2/1") == nil)
  }

  @Test func wrongPressIsKeptAndCountedForItself() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    #expect(bench.ask("desk", .falseAlarm(1, note: "")) == .done)
    #expect(bench.view.statistics.real.falseAlarms == 1 && bench.view.recentlyClosed[0].owner == "desk")
    #expect(bench.lamp("A/1/1") == .off)
  }

  /// Nothing but an acknowledgement silences a call, so a wrong press that nobody had taken is one as well.
  @Test func whoCallsItAWrongPressHasAcknowledgedIt() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.ask("desk", .falseAlarm(1, note: ""))
    #expect(
      bench.entries.suffix(2).map(\.change) == [
        .acknowledged(1, post: "desk", formerOwner: nil), .falseAlarm(1, post: "desk", note: ""),
      ])
  }

  @Test func aPressWhileSomebodyIsOnSceneRingsAgain() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.ask("desk", .acknowledge(1))
    bench.press("A/1/1", sequence: 2)
    #expect(bench.view.sound == .none, "right after the acknowledgement it is impatience")
    bench.ask("desk", .onScene(1))
    bench.press("A/1/1", sequence: 3)
    #expect(bench.view.sound == .call && bench.view.incidents[0].waits && bench.lamp("A/1/1") == .coming)
    bench.pass(.seconds(31))
    #expect(bench.view.incidents[0].escalatedTo == ["lead"])
    #expect(bench.ask("desk", .acknowledge(1)) == .done)
    #expect(bench.view.sound == .none)
    #expect(bench.ask("desk", .onScene(1)) == .done)
  }

  @Test func aPressHalfAMinuteAfterTheAcknowledgementRingsAgain() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.ask("desk", .acknowledge(1))
    bench.pass(.seconds(30))
    bench.press("A/1/1", sequence: 2)
    #expect(bench.view.sound == .call)
  }

  /// A call that was raised again is its owner's until it has escalated again.
  @Test func aCallRaisedAgainIsTakenOverOnlyAfterANewEscalation() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.pass(.seconds(31))
    bench.ask("desk", .acknowledge(1))
    bench.pass(.seconds(301))
    #expect(bench.view.incidents[0].waits)
    #expect(bench.ask("lead", .acknowledge(1)) == .refused(.ownedByAnother))
    bench.pass(.seconds(31))
    #expect(bench.ask("lead", .acknowledge(1)) == .done)
    #expect(bench.view.incidents[0].takenFrom == ["desk"])
  }
}

@Suite struct OwnershipTests {
  @Test func theFirstToAcknowledgeOwnsItUntilAHandOverIsAccepted() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.ask("desk", .acknowledge(1))
    #expect(bench.ask("lead", .acknowledge(1)) == .refused(.ownedByAnother))
    #expect(bench.ask("lead", .onScene(1)) == .refused(.notOwner))
    #expect(bench.ask("desk", .offerHandOver(1, to: "desk")) == .refused(.offerToSelf))
    #expect(bench.ask("desk", .offerHandOver(1, to: "lead")) == .done)
    #expect(bench.ask("patrol", .acceptHandOver(1)) == .refused(.offeredToAnother))
    #expect(bench.view.incidents[0].owner == "desk", "an offer moves nothing")
    #expect(bench.ask("lead", .refuseHandOver(1, reason: " ")) == .refused(.reasonNeeded))
    #expect(bench.ask("lead", .acceptHandOver(1)) == .done)
    #expect(bench.view.incidents[0].owner == "lead" && bench.view.incidents[0].formerOwners == ["desk"])
    #expect(bench.ask("desk", .onScene(1)) == .refused(.notOwner))
  }

  @Test func anUnansweredOfferReturns() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.ask("desk", .acknowledge(1))
    bench.ask("desk", .offerHandOver(1, to: "lead"))
    bench.pass(.seconds(59))
    #expect(bench.view.incidents[0].offeredTo == "lead")
    bench.pass(.seconds(2))
    #expect(bench.view.incidents[0].offeredTo == nil && bench.view.incidents[0].owner == "desk")
    #expect(bench.ask("lead", .acceptHandOver(1)) == .refused(.noOffer))
  }

  @Test func anUnknownPostMayDoNothingAndThatItTriedIsWrittenDown() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    let before = bench.entries.count
    for _ in 0..<50 { #expect(bench.ask("nobody", .acknowledge(1)) == .refused(.unknownPost)) }
    #expect(bench.ask("stranger", .wall(.scene("day"))) == .refused(.unknownPost))
    #expect(
      bench.entries.dropFirst(before).map(\.change) == [.access(.unknownPost(wanted: .calls))],
      "once a minute, and nothing that came from outside")
    bench.pass(.seconds(61))
    #expect(bench.ask("nobody", .wall(.rehearse(.scene("day")))) == .refused(.unknownPost))
    #expect(!bench.entries.contains { $0.change == .access(.unknownPost(wanted: .wall)) }, "a rehearsal switches nothing")
    #expect(bench.ask("nobody", .wall(.visitors(false))) == .refused(.unknownPost))
    #expect(bench.entries.contains { $0.change == .access(.unknownPost(wanted: .wall)) })
    #expect(bench.view.incidents[0].owner == nil)
  }
}

@Suite struct EscalationTests {
  @Test func theLadderClimbsAtItsTimesAndStopsAtAnAcknowledgement() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.pass(.milliseconds(29_900))
    #expect(bench.view.incidents[0].escalationStep == 0)
    bench.pass(.milliseconds(200))
    #expect(bench.view.incidents[0].escalatedTo == ["lead"])
    bench.pass(.seconds(30))
    #expect(bench.view.incidents[0].escalationStep == 2)
    bench.ask("patrol", .acknowledge(1))
    bench.pass(.seconds(100))
    #expect(bench.view.incidents[0].escalationStep == 2)
  }

  @Test func twoCallsHaveTheirOwnTimers() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.pass(.seconds(20))
    bench.press("A/1/2", sequence: 2)
    bench.pass(.seconds(15))
    #expect(bench.view.incidents.map(\.escalationStep) == [1, 0])
    bench.pass(.seconds(16))
    #expect(bench.view.incidents.map(\.escalationStep) == [1, 1])
  }

  @Test func acknowledgedButNobodyCameIsRaisedAgainAndMayBeTakenOver() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.ask("desk", .acknowledge(1))
    bench.pass(.seconds(301))
    #expect(bench.view.incidents[0].raisedAgain == 1 && bench.view.sound == .call)
    #expect(bench.lamp("A/1/1") == .coming, "the lamp never goes back a step")
    #expect(bench.ask("lead", .acknowledge(1)) == .refused(.ownedByAnother), "not escalated to this post yet")
    bench.pass(.seconds(31))
    #expect(bench.ask("lead", .acknowledge(1)) == .done)
    #expect(bench.view.incidents[0].owner == "lead" && bench.view.incidents[0].formerOwners == ["desk"])
    #expect(bench.view.sound == .none)
  }

  @Test func theWallClockMovesNoTimer() {
    for step in [-7_200_000, 7_200_000] as [Int64] {
      var bench = Bench()
      bench.press("A/1/1", sequence: 1)
      bench.pass(.seconds(10))
      bench.wall.unixMilliseconds += step
      bench.pass(.seconds(19))
      bench.give(.wake)
      #expect(bench.view.incidents[0].escalationStep == 0)
      #expect(bench.entries.contains { $0.change == .clockStepped(byMilliseconds: step) })
      bench.pass(.seconds(2))
      #expect(bench.view.incidents[0].escalationStep == 1)
    }
  }

  @Test func afterARebootTimeCountsOnlyWhenTheClockWasGood() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    let good = bench.restarted(boot: "boot-2", after: .seconds(10))
    #expect(good.view.incidents[0].escalationStep == 0)
    let doubtful = bench.restarted(boot: "boot-2", after: .seconds(10), synchronised: false)
    #expect(doubtful.view.incidents[0].escalationStep == 3, "nobody knows how long it was: escalate at once")
    var later = bench.restarted(boot: "boot-2", after: .seconds(10))
    later.pass(.seconds(21))
    #expect(later.view.incidents[0].escalationStep == 1)
  }

  @Test func theRosterNamesWhoIsOnDuty() {
    var plan = Bench.plan
    plan.ladder = [.init(afterSeconds: 30)]
    plan.roster = [
      .init(post: "lead", grids: ["G1"], fromMinute: 22 * 60, toMinute: 6 * 60),
      .init(post: "desk", fromMinute: 8 * 60, toMinute: 18 * 60),
    ]
    func clock(_ hour: Int64) -> WallClock {
      WallClock(unixMilliseconds: (hour - 8) * 3_600_000 + 86_400_000 * 20, synchronised: true)
    }
    #expect(plan.onDuty(grid: "G1", at: clock(23)) == ["lead"])
    #expect(plan.onDuty(grid: "G1", at: clock(5)) == ["lead"])
    #expect(plan.onDuty(grid: nil, at: clock(23)) == [])
    #expect(plan.onDuty(grid: "G1", at: clock(9)) == ["desk"])
    var bench = Bench(plan: plan)
    bench.wall = clock(23)
    bench.press("A/1/2", sequence: 1)
    bench.pass(.seconds(31))
    #expect(bench.view.incidents[0].escalatedTo == ["desk", "lead", "patrol"], "nobody on duty: everybody is told")
  }
}
