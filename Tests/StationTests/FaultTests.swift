import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import Testing

@Suite struct FaultTests {
  @Test func aFaultStaysUntilItIsReTestedAndGood() {
    var bench = Bench()
    let key = FaultKey("A/1/1:lineCut")!
    bench.give(.device(.lineChanged(ButtonID("A/1/1"), .open)))
    #expect(bench.view.faults.map(\.key) == [key] && bench.lamp("A/1/1") == .fault && bench.view.sound == .fault)
    bench.give(.device(.lineChanged(ButtonID("A/1/1"), .normal)))
    #expect(bench.view.faults.map(\.present) == [false], "the cause is gone, the card stays")
    bench.commands = []
    #expect(bench.ask("desk", .retest(key)) == .underWay)
    #expect(bench.commands.contains(.retest(DeviceID("A/1"))))
    bench.pass(.seconds(11))
    #expect(bench.view.faults.count == 1, "a device that did not answer has proved nothing")
    bench.ask("desk", .retest(key))
    bench.give(.device(.identified(DeviceID("A/1"), identity(unit: 700))))
    bench.pass(.seconds(3))
    #expect(bench.view.faults.isEmpty)
  }

  @Test func aRetestOfACauseThatIsStillThereClearsNothing() {
    var bench = Bench()
    bench.give(.device(.tamperChanged(DeviceID("A/1"), true)))
    bench.ask("desk", .retest(FaultKey("A/1:tampered")!))
    bench.give(.device(.identified(DeviceID("A/1"), identity(unit: 700))))
    bench.pass(.seconds(3))
    #expect(bench.view.faults.map(\.present) == [true])
  }

  @Test func aSilentBusIsOneCardAndNotOnePerPanel() {
    var bench = Bench()
    bench.give(.device(.healthChanged(DeviceID("A/1"), .stale)))
    bench.give(.device(.healthChanged(DeviceID("A/2"), .stale)))
    bench.pass(.milliseconds(500))
    bench.give(.device(.busChanged("A", .silent)))
    bench.pass(.seconds(20))
    #expect(bench.view.faults.map(\.key.description) == ["A:busSilent"])
    bench.give(.device(.busChanged("A", .working)))
    #expect(bench.ask("desk", .retest(FaultKey("A:busSilent")!)) == .done)
    bench.give(.device(.healthChanged(DeviceID("A/1"), .online)))
    bench.pass(.seconds(6))
    #expect(bench.view.faults.map(\.key.description) == ["A/2:silent"], "what does not come back is a fault of its own")
  }

  @Test func aPanelThatNeverAnsweredIsAFaultSoonAfterTheStart() {
    var bench = Bench(plan: Bench.plan)
    bench.station = Station(plan: Bench.plan)
    bench.give(.started(boot: "boot-1", program: "test"))
    bench.give(.device(.healthChanged(DeviceID("A/1"), .online)))
    bench.pass(.seconds(9))
    #expect(bench.view.faults.map(\.key.description) == ["A/2:silent"])
  }

  @Test func bypassNeedsAReasonEndsByItselfAndLosesNoPress() {
    var bench = Bench()
    let button = ButtonID("A/1/1")
    #expect(bench.ask("desk", .bypass(button, reason: "", minutes: 10)) == .refused(.reasonNeeded))
    #expect(bench.ask("desk", .bypass(button, reason: "换按钮", minutes: 481)) == .refused(.bypassTooLong))
    #expect(bench.ask("desk", .bypass(button, reason: "换按钮", minutes: 10)) == .done)
    bench.press("A/1/1", sequence: 1)
    #expect(bench.view.incidents.map(\.bypassed) == [true] && bench.view.sound == .none)
    bench.pass(.seconds(200))
    #expect(bench.view.incidents[0].escalationStep == 0)
    bench.pass(.seconds(401))
    #expect(bench.view.callPoints[0].bypass == nil)
    bench.press("A/1/2", sequence: 2)
    #expect(bench.view.sound == .call)
  }

  @Test func aPressAtTheSameButtonAfterItsBypassHasEndedRingsAndClimbs() {
    var bench = Bench()
    bench.ask("desk", .bypass(ButtonID("A/1/1"), reason: "换按钮", minutes: 1))
    bench.press("A/1/1", sequence: 1)
    bench.pass(.seconds(61))
    #expect(bench.view.sound == .none)
    bench.press("A/1/1", sequence: 2)
    #expect(bench.view.sound == .call && bench.view.incidents.map(\.bypassed) == [false])
    bench.pass(.seconds(31))
    #expect(bench.view.incidents[0].escalationStep == 1)
  }

  @Test func aReTestThatFailsIsSaidAndWrittenDown() {
    var bench = Bench()
    bench.give(.device(.tamperChanged(DeviceID("A/1"), true)))
    let key = FaultKey(.device(DeviceID("A/1")), .tampered)
    #expect(bench.ask("lead", .retest(key)) == .underWay)
    bench.pass(.seconds(11))
    #expect(bench.view.faults.first { $0.key == key }?.retestFailedMilliseconds != nil)
    #expect(bench.entries.contains { $0.change == .retestFailed(key, post: "lead") })
  }

  @Test func aLooseContactDoesNotFillTheJournalAndSettlesAsItIs() {
    var bench = Bench()
    let key = FaultKey(.device(DeviceID("A/1")), .tampered)
    for _ in 0..<100 {
      bench.give(.device(.tamperChanged(DeviceID("A/1"), true)))
      bench.pass(.milliseconds(300))
      bench.give(.device(.tamperChanged(DeviceID("A/1"), false)))
      bench.pass(.milliseconds(300))
    }
    #expect(bench.entries.count < 20)
    #expect(bench.view.faults.first { $0.key == key }?.present == true)
    bench.pass(.seconds(31))
    #expect(bench.view.faults.first { $0.key == key }?.present == false)
    bench.give(.device(.tamperChanged(DeviceID("A/1"), true)))
    #expect(bench.view.faults.first { $0.key == key }?.present == true)
  }

  /// A cause that is asked at each step, as those of the wall are, says again and again that it has gone.
  @Test func whatIsSaidAgainAndAgainToBeGoneSettlesToo() {
    var bench = Bench()
    let key = FaultKey(.device(DeviceID("A/1")), .tampered)
    for isOpen in Array(repeating: [true, false], count: 8).joined() {
      bench.give(.device(.tamperChanged(DeviceID("A/1"), isOpen)))
      bench.pass(.milliseconds(300))
    }
    for _ in 0..<31 {
      bench.give(.device(.tamperChanged(DeviceID("A/1"), false)))
      bench.pass(.seconds(1))
    }
    #expect(bench.view.faults.first { $0.key == key }?.present == false)
  }

  @Test func whatCameBackWhileItWasHeldIsNotGone() {
    var bench = Bench()
    let key = FaultKey(.device(DeviceID("A/1")), .tampered)
    for isOpen in Array(repeating: [true, false], count: 8).joined() {
      bench.give(.device(.tamperChanged(DeviceID("A/1"), isOpen)))
      bench.pass(.milliseconds(300))
    }
    bench.give(.device(.tamperChanged(DeviceID("A/1"), true)))
    bench.pass(.seconds(60))
    #expect(bench.view.faults.first { $0.key == key }?.present == true)
  }

  @Test func drillAndTestNeverMixWithRealCalls() {
    var bench = Bench()
    #expect(bench.ask("desk", .startDrill(ButtonID("A/1/1"))) == .done)
    #expect(bench.view.incidents.map(\.mark) == [.drill] && bench.lamp("A/1/1") == .slowBlink)
    bench.press("A/1/1", sequence: 1)
    #expect(bench.view.incidents.map(\.mark) == [.real, .drill], "a real press breaks through a drill")
    #expect(bench.ask("desk", .announceTest(ButtonID("A/1/2"))) == .done)
    bench.press("A/1/2", sequence: 2)
    bench.press("A/1/2", sequence: 3)
    #expect(bench.view.incidents.map(\.mark) == [.real, .real, .drill, .test], "one press is the test, the next is real")
    let counts = bench.view.statistics
    #expect(counts.real.opened == 2 && counts.test.opened == 1 && counts.drill.opened == 1)
    bench.ask("desk", .announceTest(ButtonID("A/1/2")))
    bench.pass(.seconds(121))
    #expect(!bench.view.callPoints[1].testAnnounced)
  }

  @Test func aLampIsShownAsReadBackOnlyWhileItIsFresh() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    #expect(bench.view.incidents[0].lampShown == nil)
    bench.give(.device(.indicatorObserved(ButtonID("A/1/1"), .slowBlink)))
    #expect(bench.view.incidents[0].lampShown == .slowBlink)
    bench.pass(.seconds(16))
    #expect(bench.view.incidents[0].lampShown == nil)
  }

  @Test func anAlarmReceiverThatIsSilentOrRefusesIsOneCardEach() throws {
    var bench = Bench()
    bench.give(.receiver(.unknown, detail: ""))
    bench.give(.receiver(.answering, detail: ""))
    #expect(bench.view.faults.isEmpty)
    bench.give(.receiver(.silent, detail: "arc:1 refused"))
    bench.give(.receiver(.silent, detail: "arc:1 refused"))
    let silent = try #require(FaultKey("receiver:receiverSilent"))
    #expect(bench.view.faults.map(\.key) == [silent] && bench.view.sound == .fault)
    bench.give(.receiver(.refusing, detail: "arc:1"))
    let refuses = FaultKey(.receiver, .receiverRefuses)
    #expect(bench.view.faults.map(\.key) == [silent, refuses] && bench.view.faults.map(\.present) == [false, true])
    #expect(bench.ask("desk", .retest(silent)) == .done && bench.ask("desk", .retest(refuses)) == .refused(.stillPresent))
    // What was given up is told until somebody has seen it; the next acceptance does not take it away.
    bench.give(.receiver(.misses, detail: "12"))
    bench.give(.receiver(.answering, detail: ""))
    #expect(bench.view.faults.map(\.present) == [false, true])
    for key in bench.view.faults.map(\.key) { #expect(bench.ask("desk", .retest(key)) == .done) }
    #expect(bench.view.faults.isEmpty)
    // A bus may be called as the receiver is.
    #expect(FaultKey("receiver:busSilent") == FaultKey(.bus("receiver"), .busSilent))
  }

  @Test func anotherUnitAtTheSameAddressIsSaid() {
    var bench = Bench()
    bench.give(.device(.identified(DeviceID("A/1"), identity(unit: 700))))
    bench.give(.device(.identified(DeviceID("A/1"), identity(unit: 701))))
    #expect(bench.view.faults.map(\.key.description) == ["A/1:wrongIdentity"])
  }

  private func identity(unit: UInt32) -> DeviceIdentity {
    DeviceIdentity(vendor: "Linli", product: "CP-2", firmware: "1.0", unit: unit, protocolVersion: 1, buttons: 2)
  }
}

@Suite struct FoldTests {
  /// Random days: the fold of the entries is the state, through JSON and through a snapshot at any point.
  @Test func foldFromZeroEqualsFoldFromSnapshotAndTheLivingState() throws {
    for seed in 1...40 {
      var random = SeededRandom(seed: UInt64(seed))
      var bench = Bench()
      var sequence: UInt32 = 0
      for _ in 0..<120 { step(&bench, &random, &sequence) }
      let bytes = try bench.entries.map { try JSONEncoder().encode($0) }
      let entries = try bytes.map { try JSONDecoder().decode(Entry.self, from: $0) }
      #expect(entries == bench.entries)
      var folded = StationState()
      let cut = Int(random.below(UInt32(entries.count)))
      for entry in entries[..<cut] { folded.apply(entry) }
      folded = try JSONDecoder().decode(StationState.self, from: JSONEncoder().encode(folded))
      for entry in entries[cut...] { folded.apply(entry) }
      #expect(folded == bench.station.state, "seed \(seed)")
    }
  }

  private func step(_ bench: inout Bench, _ random: inout SeededRandom, _ sequence: inout UInt32) {
    let id = IncidentID(random.below(6) + 1)
    let post = ["desk", "lead", "patrol"][Int(random.below(3))]
    let other = ["desk", "lead", "patrol"][Int(random.below(3))]
    let button = ["A/1/1", "A/1/2", "A/2/1", "A/3/1"][Int(random.below(4))]
    switch random.below(16) {
    case 0, 1, 2:
      sequence += 1
      bench.press(button, sequence: sequence)
    case 3: bench.press(button, sequence: max(1, sequence))
    case 4, 5: bench.ask(post, .acknowledge(id))
    case 6: bench.ask(post, .offerHandOver(id, to: other))
    case 7: bench.ask(post, .acceptHandOver(id))
    case 8: bench.ask(post, .onScene(id))
    case 9: bench.ask(post, .resolve(id, note: "n"))
    case 10: bench.ask(post, .close(id))
    case 11: bench.ask(post, .falseAlarm(id, note: ""))
    case 12: bench.give(.device(.lineChanged(ButtonID("A/1/1"), LineState.allCases[Int(random.below(3))])))
    case 13: bench.ask(post, .startDrill(ButtonID("A/1/2")))
    case 14: bench.ask(post, .bypass(ButtonID("A/1/1"), reason: "r", minutes: 1))
    default: bench.pass(.seconds(Int(random.below(90))))
    }
  }

  @Test func faultKeysReadBackFromTheirText() {
    for text in ["A:busSilent", "A/3:silent", "A/3/1:stuck", "journal:diskFull"] {
      #expect(FaultKey(text)?.description == text)
    }
    for text in ["", "A", ":stuck", "A/3/0:stuck", "A/300:silent", "A/1:nothing", "/:silent"] {
      #expect(FaultKey(text) == nil, "\(text)")
    }
  }
}
