import DeviceKit
import DeviceVocabulary
import PJLinkCodec
import PJLinkDeviceModel
import PJLinkDriver
import Testing

@Suite struct DriverTests {
  @Test(arguments: [nil, "JBMIAProjectorLink"]) func whatIsAsWishedIsReadAndLeftAlone(password: String?) {
    var rig = PJLinkRig.with(password: password)
    rig.hand(.remotePower(true))
    rig.wish(on("RGB1", .whole))
    rig.pass(.seconds(120))
    #expect(rig.sets == [] && rig.driver.isAsWished && rig.opened.count == 1)
    #expect(rig.health == [.opening, .identifying, .online])
    // The digest stands in front of the first command, and of no other.
    #expect(rig.written.filter { !$0.line.hasPrefix("%") }.count == (password == nil ? 0 : 1))
    #expect(rig.written.first?.line.hasSuffix("%1POWR ?") == true)
    let proofs = zip(rig.events, rig.times).filter { if case .observed = $0.0 { true } else { false } }.map(\.1)
    #expect(proofs.count >= 22 && zip(proofs, proofs.dropFirst()).allSatisfy { $1 - $0 <= .milliseconds(5_300) })
  }

  @Test func onlyTheDifferenceIsSent() {
    var rig = PJLinkRig.on()
    rig.wish(on("DIGITAL2"))
    rig.pass(.seconds(1))
    #expect(rig.sets == ["%1INPT 32"] && rig.driver.isAsWished)
    #expect(rig.events.first == .observed(1, .display(on("DIGITAL2", .whole))))
    rig.clear()
    rig.wish(on())
    rig.wish(on("DIGITAL2", .whole))
    rig.pass(.seconds(20))
    #expect(rig.sets == [] && rig.driver.isAsWished)
  }

  @Test func warmingUpIsWaitedFor() {
    var rig = PJLinkRig.with(password: "x")
    rig.wish(on("DIGITAL1", .whole))
    rig.pass(.seconds(18))
    #expect(rig.sets == ["%1POWR 1"] && rig.refusals == [] && !rig.driver.isAsWished)
    #expect(!rig.events.contains { if case .observed(1, .display(let it)) = $0 { it.isOn } else { false } })
    rig.pass(.seconds(10))
    #expect(rig.sets == ["%1POWR 1", "%1INPT 31"] && rig.driver.isAsWished)
    rig.clear()
    // Off, and on again while it cools down.
    rig.wish(off)
    rig.pass(.seconds(10))
    #expect(rig.sets == ["%1POWR 0"])
    rig.wish(on("DIGITAL1", .whole))
    rig.pass(.seconds(65))
    // It comes back with the input that it had.
    #expect(rig.sets == ["%1POWR 0", "%1POWR 1"] && rig.driver.isAsWished && rig.refusals == [])
  }

  @Test func oneThatNeverGetsWarmIsTold() {
    var rig = PJLinkRig(PJLinkSettings(md5: md5), PJLinkTraits(md5: md5, warmUp: .seconds(400)))
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(300))
    #expect(rig.refusals == [.refused("warming up")])
    rig.pass(.seconds(120))
    #expect(rig.driver.isAsWished)
  }

  @Test func notNowIsNoFaultForAWhile() {
    var rig = PJLinkRig.on()
    rig.hand(.refuseSets(.unavailable))
    rig.wish(off)
    rig.pass(.seconds(60))
    #expect(rig.refusals == [] && rig.sets.count > 10 && rig.sets.count < 40)
    rig.pass(.seconds(90))
    #expect(rig.refusals == [.refused("ERR3")])
    rig.hand(.refuseSets(nil))
    #expect(rig.pass(atMost: .seconds(65)) { $0.driver.isAsWished } != nil)
  }

  @Test func aFailureIsTold() {
    var rig = PJLinkRig.on()
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(2))
    rig.hand(.fail(.failure))
    rig.wish(on("DIGITAL2"))
    rig.pass(.seconds(6))
    // What it shows is not known either.
    #expect(rig.refusals == [.refused("ERR4")] && !rig.driver.isAsWished)
    rig.hand(.fail(nil))
    #expect(rig.pass(atMost: .seconds(31)) { $0.driver.isAsWished } != nil)
  }

  @Test(arguments: [UInt8(1), 2]) func whatItCannotIsTold(level: UInt8) {
    var rig = PJLinkRig.on(level: level)
    rig.wish(on("HDMI1"))
    rig.pass(.seconds(1))
    #expect(rig.refusals == [.impossible("input HDMI1")] && rig.sets == [])
    // No such input on this unit: it says so itself.
    rig.wish(on("VIDEO9"))
    rig.pass(.seconds(1))
    #expect(rig.refusals.last == .impossible("input VIDEO9") && rig.sets == ["%1INPT 29"])
    // Class 1 knows no letters, and is not asked.
    rig.wish(on("DIGITALA"))
    rig.pass(.seconds(1))
    #expect(rig.refusals.last == .impossible("input DIGITALA") && rig.sets.count == (level == 1 ? 1 : 2))
    rig.wish(on("DIGITAL1", WallPart(columns: 2, rows: 1, position: 1)))
    rig.pass(.seconds(1))
    #expect(rig.refusals.last == .impossible("part 2x1 1"))
    rig.give(.wished([WallWish(2, .display(off))]))
    #expect(rig.events.last == .notSwitched(2, .impossible("no such port")))
  }

  /// By its own word, which no wish can have: it is there, and not as wished.
  @Test(arguments: ["DIGITAL2", "7Q", "", "HDMI 投影\u{07} and more than fits"]) func anInputThatNobodyKnowsIsToldAsItIs(
    value: String
  ) {
    var rig = PJLinkRig.on()
    rig.hand(.remote(input: value))
    rig.pass(.seconds(60))
    let shown = PJLinkInput.shown(value.uppercased())
    #expect(shown.hasPrefix("INPT=") && shown.count <= 21 && shown.unicodeScalars.allSatisfy { $0.isPlainText })
    #expect(rig.events.last { if case .observed = $0 { true } else { false } } == .observed(1, .display(on(shown, .whole))))
    #expect(rig.health == [] && rig.opened == [])
    // What cannot be set is told, and the input that is wished is set like any other.
    rig.hand(.locked(true))
    rig.wish(on("DIGITAL2"))
    rig.pass(.seconds(20))
    #expect(!rig.driver.isAsWished && rig.refusals == [.unchanged] && rig.health == [])
    rig.hand(.locked(false))
    rig.pass(.seconds(40))
    #expect(rig.driver.isAsWished && rig.model.unit.input == "32")
  }

  /// It answers from the first question on, whatever the value means, and says what it is when that can be read.
  @Test func aStateThatNobodyKnowsIsNoSilence() {
    var rig = PJLinkRig.with(password: nil)
    rig.hand(.odd("POWR", "7"))
    rig.hand(.odd("CLSS", "x"))
    rig.hand(.odd("AVMT", "99"))
    rig.wish(on("DIGITAL2"))
    rig.pass(.seconds(200))
    #expect(rig.health == [.opening, .identifying, .online] && rig.opened.count == 1)
    #expect(rig.refusals == [.refused("POWR=7")] && rig.sets == [])
    rig.hand(.remotePower(true))
    rig.hand(.odd("POWR", nil))
    rig.pass(.seconds(10))
    #expect(rig.driver.isAsWished && rig.opened.count == 1 && rig.health.last == .online)
  }

  /// Damaged answers to the questions who it is: it is asked again soon, not in hours.
  @Test func whatWasDamagedIsAskedAgainSoon() {
    var rig = PJLinkRig.with(password: nil)
    #expect(rig.pass(atMost: .seconds(5)) { $0.health.last == .online } != nil)
    rig.hand(.halfLines(true))
    rig.pass(.seconds(3))
    rig.hand(.halfLines(false))
    rig.pass(.seconds(40))
    let told = rig.events.compactMap { if case .described(let description) = $0 { description } else { nil } }
    #expect(told.last == WallDescription(model: "Linli Model PJ", name: "投影机 1", firmware: "2.01", outputs: 1), "\(told)")
    #expect(rig.opened.count == 1)
  }

  @Test func aClassOneUnitIsAskedWhatItKnows() {
    var rig = PJLinkRig(
      PJLinkSettings(md5: md5),
      PJLinkTraits(level: 1, md5: md5, afterGreeting: [0], saysLowerCase: true, ignoresUnknownClasses: true))
    rig.hand(.remotePower(true))
    rig.wish(on("DIGITAL2", .whole))
    rig.pass(.seconds(60))
    #expect(rig.driver.isAsWished && rig.opened.count == 1 && !rig.written.contains { $0.line.hasPrefix("%2") })
  }

  @Test func whatHasNoAnswerIsNotAskedOn() {
    var traits = PJLinkTraits(level: 1, md5: md5)
    traits.ignoredCommands = ["CLSS", "AVMT", "INF1", "INF2", "NAME", "ERST", "LAMP"]
    var rig = PJLinkRig(PJLinkSettings(md5: md5), traits)
    rig.hand(.remotePower(true))
    rig.wish(on("DIGITAL2"))
    rig.pass(.seconds(300))
    #expect(rig.driver.isAsWished && rig.opened.count == 1 && rig.health.last == .online)
    for name in ["AVMT", "INF1", "INF2", "NAME", "LAMP"] {
      #expect(rig.written.filter { $0.line == "%1\(name) ?" }.count == 1, "\(name)")
    }
  }

  @Test func aLockedUnitIsToldAfterThreeTriesAndTriedOn() {
    var rig = PJLinkRig.on()
    rig.hand(.locked(true))
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(20))
    #expect(rig.refusals == [.unchanged] && rig.sets.count == 3)
    rig.pass(.seconds(60))
    #expect(rig.refusals == [.unchanged] && (4...6).contains(rig.sets.count))
    rig.hand(.locked(false))
    #expect(rig.pass(atMost: .seconds(31)) { $0.driver.isAsWished } != nil && rig.health == [])
  }

  @Test func thatItIsGoneIsToldBeforeWhatItDoesNotDo() {
    var rig = PJLinkRig.on()
    rig.hand(.locked(true))
    rig.wish(DisplaySetting(isOn: true, input: "DIGITAL2"))
    rig.pass(.seconds(20))
    rig.clear()
    // In the middle of the next try.
    rig.pass(atMost: .seconds(60)) { $0.written.last?.line.contains("INPT 3") ?? false }
    rig.hand(.mute(true))
    rig.pass(.seconds(40))
    let told = rig.events.filter { [.healthChanged(.absent), .notSwitched(1, .unanswered)].contains($0) }
    #expect(told == [.healthChanged(.absent), .notSwitched(1, .unanswered)])
  }

  @Test func theLastWishWins() {
    var rig = PJLinkRig.on()
    for turn in 0..<400 {
      rig.wish(turn % 7 == 0 ? off : on(["DIGITAL1", "DIGITAL2", "RGB1"][turn % 3]))
      rig.pass(.milliseconds(50))
    }
    rig.wish(on("NETWORK1"))
    #expect(rig.pass(atMost: .seconds(70)) { $0.driver.isAsWished && $0.shows(on("NETWORK1")) } != nil)
    rig.pass(.seconds(60))
    #expect(rig.shows(on("NETWORK1")) && rig.refusals == [])
  }

  @Test func somebodyWithARemoteControlIsCorrected() {
    var rig = PJLinkRig.on()
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(6))
    rig.hand(.remote(input: "32"))
    #expect(rig.pass(atMost: .seconds(6)) { $0.model.unit.input == "31" && $0.driver.isAsWished } != nil)
    // A picture that somebody made dark is not what was wished.
    rig.hand(.remoteMute("31"))
    #expect(rig.pass(atMost: .seconds(6)) { $0.model.unit.mute == "21" } != nil)
  }

  @Test func aUnitThatWasPoweredOffAndOnGetsItsStateBack() {
    var rig = PJLinkRig.on()
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(10))
    rig.clear()
    rig.hand(.power(false))
    rig.pass(.seconds(60))
    #expect(rig.health == [.absent])
    rig.hand(.power(true))
    #expect(rig.pass(atMost: .seconds(14)) { $0.sets.contains("%1POWR 1") } != nil)
    #expect(rig.pass(atMost: .seconds(26)) { $0.driver.isAsWished } != nil)
    #expect(rig.events.contains(.restarted) && rig.health.last == .online)
  }

  @Test(arguments: [nil, "wrong"]) func aWrongPasswordIsNotTriedOn(password: String?) {
    var rig = PJLinkRig.with(password: password, theirs: "right")
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(280))
    #expect(rig.health == [.opening, .identifying, .faulted] && rig.opened.count == 1)
    #expect(rig.events.filter { $0 == .troubleChanged(1, .password, isPresent: true) }.count == 1)
    rig.hand(.password(password))
    rig.give(.retest)
    #expect(rig.pass(atMost: .seconds(60)) { $0.driver.isAsWished } != nil)
    #expect(rig.events.contains(.troubleChanged(1, .password, isPresent: false)) && rig.health.last == .online)
  }

  @Test func anotherSaltInTheMiddleIsForgiven() {
    var rig = PJLinkRig.with(password: "right")
    rig.hand(.remotePower(true))
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(10))
    rig.clear()
    rig.hand(.forgetSession)
    rig.wish(on("DIGITAL2"))
    rig.pass(.seconds(4))
    #expect(rig.opened.count == 1 && rig.driver.isAsWished && rig.health == [] && rig.refusals == [])
    // Once more without having been right between: that is the password.
    rig.hand(.password("other"))
    rig.hand(.forgetSession)
    rig.pass(.seconds(60))
    #expect(rig.health == [.faulted] && rig.opened.count == 2)
  }

  /// Its maker is asked every hour, whatever came of the other questions.
  @Test func itsNameIsTheSameHowOftenItIsAsked() {
    var traits = PJLinkTraits(level: 1, md5: md5)
    traits.ignoredCommands = ["INF2"]
    var rig = PJLinkRig(PJLinkSettings(md5: md5), traits)
    rig.pass(.seconds(3 * 3_600))
    #expect(rig.written.filter { $0.line == "%1INF1 ?" }.count >= 3)
    let told = rig.events.compactMap { if case .described(let description) = $0 { description.model } else { nil } }
    #expect(told == ["Linli"])
  }

  @Test func conditionIsTold() {
    var rig = PJLinkRig.with(password: nil)
    rig.hand(.remotePower(true))
    rig.pass(.seconds(8))
    #expect(rig.events.contains(.measured(1, .lampHours, 1_200)) && rig.events.contains(.measured(1, .filterHours, 300)))
    let described = WallDescription(model: "Linli Model PJ", name: "投影机 1", firmware: "2.01", outputs: 1)
    #expect(rig.events.filter { if case .described = $0 { true } else { false } } == [.described(described)])
    var faults = PJLinkFaults()
    for part in PJLinkFaults.Part.allCases { faults[part] = part == .filter ? .warning : .error }
    rig.hand(.faults(faults))
    rig.hand(.signal(false))
    rig.pass(.seconds(35))
    let troubles: [WallTrouble] = [.fan, .lamp, .temperature, .cover, .filter, .other, .noSignal]
    for trouble in troubles {
      #expect(rig.events.filter { $0 == .troubleChanged(1, trouble, isPresent: true) }.count == 1, "\(trouble)")
    }
    rig.hand(.faults(PJLinkFaults()))
    rig.hand(.signal(true))
    rig.pass(.seconds(20))
    for trouble in troubles { #expect(rig.events.contains(.troubleChanged(1, trouble, isPresent: false)), "\(trouble)") }
  }

  @Test func identifyDarkensAndLeavesItLit() {
    var rig = PJLinkRig.on()
    rig.give(.identify(1, seconds: 10))
    rig.pass(.seconds(10))
    #expect(rig.sets.prefix(4) == ["%1AVMT 11", "%1AVMT 10", "%1AVMT 11", "%1AVMT 10"])
    rig.pass(.seconds(4))
    #expect(rig.model.unit.mute == "30" && rig.sets.last == "%1AVMT 10")
    let count = rig.sets.count
    rig.pass(.seconds(20))
    #expect(rig.sets.count == count)
    rig.give(.identify(1, seconds: 100))
    rig.pass(atMost: .seconds(5)) { $0.model.unit.mute == "11" }
    rig.give(.identify(1, seconds: 0))
    rig.pass(.seconds(1))
    #expect(rig.model.unit.mute == "30")
  }

  @Test func aSessionIsKeptBeyondTheUnitsIdleLimit() {
    var rig = PJLinkRig.with(password: "x")
    rig.pass(.seconds(600))
    #expect(rig.opened.count == 1)
    // ... and the model has one.
    var model = PJLinkModel(PJLinkTraits(md5: md5))
    var effects = Effects<PJLinkModel.Effect>()
    model.handle(.connected, at: .zero, into: &effects)
    effects.removeAll()
    model.handle(.wake, at: .zero + .seconds(31), into: &effects)
    model.handle(.wake, at: .zero + .seconds(31), into: &effects)
    var last: PJLinkModel.Effect?
    while let effect = effects.takeFirst() { last = effect }
    #expect(last == .hangUp && model.accepts)
  }

  @Test func aSearchIsAnswered() {
    var model = PJLinkModel(PJLinkTraits(md5: md5))
    var effects = Effects<PJLinkModel.Effect>()
    model.handle(.datagram(Array("%2SRCH\r".utf8)), at: .zero, into: &effects)
    #expect(effects[0] == .datagram(Array("%2ACKN=00:26:ab:00:00:01\r".utf8)))
  }

  @Test func whileNothingAnswersItIsNotTriedFasterThanTheBackOff() {
    for isBlackHole in [true, false] {
      var rig = PJLinkRig()
      rig.isCut = true
      rig.isBlackHole = isBlackHole
      rig.pass(.seconds(100))
      #expect(rig.health == [.opening, .absent] && rig.written.isEmpty)
      let pauses = zip(rig.opened, rig.opened.dropFirst()).map { $1 - $0 }
      let limit = isBlackHole ? 3 : 0
      for (pause, least) in zip(pauses, [1, 2, 5, 10, 10, 10]) {
        #expect(pause >= .seconds(least + limit) && pause <= .milliseconds(least * 1_250 + limit * 1_000))
      }
      #expect(pauses.count >= 6)
    }
  }

  /// A terminal that asks for options, without an end of a line; one that hangs up in the middle.
  @Test(arguments: [false, true]) func whatGreetsInAnotherWayIsFaulted(hangsUp: Bool) {
    var rig = PJLinkRig()
    rig.isBlackHole = true
    rig.pass(.milliseconds(1))
    rig.give(.linkUp)
    rig.give(.received([0xFF, 0xFD, 0x18]))
    if hangsUp { rig.give(.linkDown) } else { rig.pass(.milliseconds(3_500)) }
    #expect(rig.health.last == .faulted)
  }

  @Test func somethingElseIsFaulted() {
    for bytes in ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n", String(repeating: "x", count: 5_000)] {
      var rig = PJLinkRig()
      rig.isBlackHole = true
      rig.pass(.milliseconds(1))
      rig.give(.linkUp)
      rig.give(.received(Array(bytes.utf8)))
      #expect(rig.health.last == .faulted && rig.written.isEmpty)
      rig.isBlackHole = false
      rig.pass(.seconds(30))
      #expect(rig.health.last == .online)
    }
  }
}
