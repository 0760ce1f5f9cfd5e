import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec
import SamsungMDCDeviceModel
import SamsungMDCDriver
import Testing

@Suite struct DriverTests {
  @Test func whatIsAsWishedIsReadAndLeftAlone() {
    var rig = MDCRig.single()
    rig.wish([1: on("HDMI1", .whole)])
    rig.pass(.seconds(60))
    #expect(rig.sets == [] && rig.isVerified(1))
    #expect(rig.health == [.opening, .identifying, .online] && rig.opened == [.zero])
    // A proof at least as often as it is read.
    let proofs = zip(rig.events, rig.times).filter { if case .observed(1, _) = $0.0 { true } else { false } }.map(\.1)
    #expect(proofs.count >= 11 && zip(proofs, proofs.dropFirst()).allSatisfy { $1 - $0 <= .milliseconds(5_200) })
  }

  @Test func onlyTheDifferenceIsSentInTheOrderThatWorks() {
    var rig = MDCRig.single()
    rig.pass(.seconds(2))
    rig.wish([1: on("DP1", WallPart(3, 2, 5))])
    rig.pass(.seconds(1))
    #expect(rig.sets.map(\.command) == [0x84, 0x89, 0x5C, 0x14] && rig.sets[1].data == [0x23, 5])
    #expect(rig.isVerified(1) && rig.shows(1, on("DP1", WallPart(3, 2, 5))))
    rig.clear()
    rig.wish([1: on("HDMI2", WallPart(3, 2, 5))])
    rig.pass(.seconds(1))
    #expect(rig.sets == [MDCRequest(0x14, id: 1, data: [0x23])] && rig.isVerified(1))
    #expect(rig.events.first == .observed(1, .display(on("HDMI2", WallPart(3, 2, 5)))))
    rig.clear()
    rig.wish([1: on(nil, .whole)])
    rig.pass(.seconds(1))
    #expect(rig.sets == [MDCRequest(0x84, id: 1, data: [0])] && rig.isVerified(1))
  }

  /// Damaged answers to the questions what it is: it is asked again soon.
  @Test func whatWasDamagedIsAskedAgainSoon() {
    var rig = MDCRig.single()
    rig.line(.late(.milliseconds(50)))
    #expect(rig.pass(atMost: .seconds(5)) { $0.health.last == .online } != nil)
    rig.line(.halfAnswers(6))
    rig.pass(.milliseconds(1_200))
    rig.line(.halfAnswers(nil))
    rig.pass(.seconds(30))
    #expect(
      rig.events.contains(.described(WallDescription(model: "QM55B", name: "panel 1", firmware: "1010.3", outputs: 1))))
    #expect(rig.opened.count == 1 && rig.health.last == .online)
  }

  @Test func anotherPlaceInTheSameWallIsNoNewWall() {
    var rig = MDCRig.single()
    rig.hand(1, .saysPC(true))
    rig.wish([1: on("HDMI1", WallPart(3, 2, 5))])
    rig.pass(.seconds(3))
    rig.clear()
    rig.wish([1: on("HDMI1", WallPart(3, 2, 4))])
    rig.pass(.seconds(3))
    // HDMI1-PC is HDMI1: the input is left alone.
    #expect(rig.sets.map(\.command) == [0x89, 0x5C] && rig.isVerified(1))
  }

  @Test func theOtherOrderOfAWallsSizeIsASetting() {
    var rig = MDCRig.single(MDCSettings(ids: [1], wallDivOrder: .columnsHigh, wallMode: nil))
    rig.wish([1: on(nil, WallPart(3, 2, 5))])
    rig.pass(.seconds(2))
    #expect(rig.sets.map(\.data) == [[1], [0x32, 5]] && rig.isVerified(1))
  }

  @Test func anAliasIsTheInputThatWasSet() {
    var rig = MDCRig.single()
    rig.hand(1, .saysPC(true))
    rig.wish([1: on("HDMI2")])
    rig.pass(.seconds(10))
    #expect(rig.sets.count == 1 && rig.isVerified(1) && rig.model[1]?.input == 0x23)
    #expect(rig.events.contains(.observed(1, .display(on("HDMI2", .whole)))))
  }

  @Test func whatAModelCannotDoIsTold() {
    var rig = MDCRig.single()
    rig.wish([1: on("HDMI9"), 2: on("HDMI1")])
    rig.pass(.seconds(100))
    #expect(rig.refusals(1) == [.impossible("input HDMI9")] && rig.refusals(2) == [.impossible("no such panel")])
    rig.wish([1: on("HDMI2", WallPart(16, 1, 1))])
    rig.pass(.seconds(1))
    #expect(rig.refusals(1).last == .impossible("part 16x1 1") && rig.sets == [])
    rig.wish([1: on("HDMI2")])
    rig.pass(.seconds(1))
    #expect(rig.isVerified(1))
  }

  @Test func withoutAVideoWallNothingOfItIsAsked() {
    var rig = MDCRig.single(MDCSettings(ids: [1], hasVideoWall: false))
    rig.wish([1: on("HDMI2", .whole)])
    rig.pass(.seconds(20))
    #expect(rig.isVerified(1) && !rig.requests.contains { [0x84, 0x89, 0x5C].contains($0.command) })
    rig.wish([1: on("HDMI2", WallPart(2, 1, 1))])
    rig.pass(.seconds(1))
    #expect(rig.refusals(1) == [.impossible("part 2x1 1")])
  }

  @Test func aLockedPanelIsToldAfterThreeTriesAndTriedOn() {
    var rig = MDCRig.single()
    rig.hand(1, .locked(true))
    rig.wish([1: on("DP1")])
    rig.pass(.seconds(20))
    #expect(rig.refusals(1) == [.unchanged] && rig.sets.count == 3)
    rig.pass(.seconds(60))
    #expect(rig.refusals(1) == [.unchanged] && (4...6).contains(rig.sets.count))
    rig.hand(1, .locked(false))
    #expect(rig.pass(atMost: .seconds(31)) { $0.isVerified(1) } != nil)
    #expect(rig.health == [.opening, .identifying, .online])
  }

  @Test func aTryIsAllThatItTakes() {
    var rig = MDCRig.single()
    rig.hand(1, .locked(true))
    rig.wish([1: on("DP1", WallPart(3, 2, 5))])
    rig.pass(.seconds(20))
    #expect(rig.refusals(1).count == 1 && rig.sets.filter { $0.command == 0x14 }.count == 3)
  }

  /// The acknowledgement of a set that had timed out must not be taken for the read-back.
  @Test func whatComesLateIsNoProof() {
    for late in [1_005, 1_100, 1_500, 1_900] {
      var rig = MDCRig.single()
      rig.pass(.seconds(12))
      rig.hand(1, .locked(true))
      rig.line(.late(.milliseconds(late)))
      rig.wish([1: on("DP1")])
      #expect(rig.sets.count == 1)
      rig.line(.late(.zero))
      rig.pass(.seconds(20))
      #expect(!rig.events.contains(.observed(1, .display(on("DP1", .whole)))) && rig.refusals(1) == [.unchanged], "\(late)")
    }
  }

  @Test func aRefusalIsToldWithItsCode() {
    var rig = MDCRig.single()
    rig.pass(.seconds(2))
    rig.wish([1: on("0x07")])
    rig.pass(.seconds(3))
    #expect(rig.refusals(1) == [.refused("NAK 01")] && rig.sets.count == 3)
    // Refuses everything: it starts, for instance.
    rig.hand(1, .refuse(0x5D))
    rig.wish([1: on("DP2")])
    rig.pass(.seconds(60))
    #expect(rig.refusals(1).last == .refused("NAK 5D"))
    rig.hand(1, .refuse(nil))
    #expect(rig.pass(atMost: .seconds(31)) { $0.isVerified(1) } != nil)
  }

  @Test func whatMagicInfoRefusesWorksOnceTheInputIsAnother() {
    var rig = MDCRig.single()
    rig.hand(1, .remote(input: 0x20))
    rig.wish([1: on("HDMI1", WallPart(2, 2, 4))])
    rig.pass(.seconds(3))
    #expect(rig.isVerified(1) && rig.refusals(1) == [])
  }

  @Test func theLastWishWins() {
    var rig = MDCRig.chain(8)
    rig.pass(.seconds(5))
    let names = ["HDMI1", "HDMI2", "DP1", "DP2", "HDMI3"]
    // Twenty scenes a second for ten seconds.
    for turn in 0..<200 {
      rig.wish(Dictionary(uniqueKeysWithValues: (1...8).map { (UInt8($0), on(names[(turn + $0) % 5])) }))
      rig.pass(.milliseconds(50))
    }
    rig.wish(Dictionary(uniqueKeysWithValues: (1...8).map { (UInt8($0), on("DTV", WallPart(4, 2, UInt8($0)))) }))
    rig.pass(.seconds(2))
    for id in UInt8(1)...8 { #expect(rig.isVerified(id) && rig.shows(id, on("DTV", WallPart(4, 2, id))), "\(id)") }
    #expect(rig.events.allSatisfy { if case .notSwitched = $0 { false } else { true } })
  }

  @Test func somebodyWithARemoteControlIsCorrected() {
    var rig = MDCRig.single()
    rig.wish([1: on("HDMI1", .whole)])
    rig.pass(.seconds(10))
    rig.hand(1, .remote(input: 0x23))
    #expect(rig.pass(atMost: .seconds(6)) { $0.model[1]?.input == 0x21 && $0.isVerified(1) } != nil)
    rig.hand(1, .remotePower(false))
    #expect(rig.pass(atMost: .seconds(20)) { $0.isVerified(1) && $0.model[1]?.isOn == true } != nil)
  }

  @Test func whatIsSwitchedOnIsLeftAloneUntilItHears() {
    var rig = MDCRig.single()
    rig.hand(1, .remotePower(false))
    rig.pass(.seconds(3))
    rig.clear()
    rig.wish([1: on("DP1", WallPart(2, 1, 2))])
    rig.pass(.seconds(9))
    #expect(rig.sets.map(\.command) == [0x11] && rig.requests.count == 1 && rig.opened == [])
    rig.pass(.seconds(3))
    #expect(rig.opened.count == 1 && rig.isVerified(1) && rig.sets.map(\.command) == [0x11, 0x84, 0x89, 0x5C, 0x14])
    #expect(rig.health == [] && rig.refusals(1) == [] && !rig.events.contains(.restarted))
    rig.clear()
    rig.wish([1: off])
    rig.pass(.seconds(3))
    #expect(rig.sets == [MDCRequest(0x11, id: 1, data: [0])] && rig.isVerified(1))
    #expect(rig.events.first == .observed(1, .display(off)))
  }

  @Test(arguments: [false, true]) func oneThatSaysThatItIsOnAndIsNotIsTold(isChain: Bool) {
    var rig = isChain ? MDCRig.chain(2) : MDCRig.single()
    rig.hand(1, .remotePower(false))
    rig.hand(1, .locked(true))
    rig.pass(.seconds(5))
    rig.wish([1: on("DP1")])
    rig.pass(.seconds(60))
    #expect(rig.refusals(1) == [.unchanged] && rig.sets.count == 3)
    rig.hand(1, .locked(false))
    #expect(rig.pass(atMost: .seconds(60)) { $0.isVerified(1) } != nil)
  }

  @Test func oneThatTakesLongToStartIsWaitedForAndThenGivenUp() {
    var rig = MDCRig.single()
    rig.hand(1, .remotePower(false))
    rig.pass(.seconds(3))
    rig.wish([1: on("HDMI1")])
    rig.pass(.seconds(1))
    rig.isCut = true
    rig.pass(.seconds(55))
    #expect(!rig.health.contains(.absent))
    rig.pass(.seconds(20))
    #expect(rig.health.last == .absent)
    rig.isCut = false
    #expect(rig.pass(atMost: .seconds(14)) { $0.isVerified(1) } != nil && rig.health.last == .online)
  }

  @Test func aLineThatBreaksWhileItStartsIsNoFault() {
    var rig = MDCRig.single()
    rig.hand(1, .remotePower(false))
    rig.pass(.seconds(3))
    rig.wish([1: on("DP1")])
    rig.pass(.seconds(1))
    // It takes the connection, and says nothing yet.
    rig.hand(1, .mute(true))
    rig.pass(.seconds(15))
    rig.cut(true)
    rig.pass(.seconds(2))
    rig.cut(false)
    rig.hand(1, .mute(false))
    rig.pass(.seconds(15))
    #expect(rig.isVerified(1) && rig.health == [.opening, .identifying, .online] && !rig.events.contains(.restarted))
  }

  @Test func aPanelThatWasPoweredOffAndOnGetsItsStateBack() {
    var rig = MDCRig.single()
    rig.wish([1: on("DP1", WallPart(3, 3, 9))])
    rig.pass(.seconds(10))
    for _ in 0..<3 {
      rig.clear()
      rig.hand(1, .power(false))
      rig.pass(.seconds(40))
      #expect(rig.health == [.absent] && rig.opened.count <= 8)
      rig.hand(1, .power(true))
      rig.pass(.seconds(8))
      // It answers from here on.
      #expect(rig.pass(atMost: .seconds(14)) { $0.isVerified(1) && $0.shows(1, on("DP1", WallPart(3, 3, 9))) } != nil)
      #expect(rig.events.contains(.restarted) && rig.health.last == .online)
    }
  }

  @Test func whatWantsTLSIsFaultedAndLeftAlone() {
    var rig = MDCRig.single()
    rig.line(.tls(true))
    rig.wish([1: on("DP1")])
    rig.pass(.seconds(300))
    #expect(rig.health == [.opening, .identifying, .faulted])
    #expect(rig.events.filter { $0 == .troubleChanged(1, .password, isPresent: true) }.count == 1)
    #expect(rig.opened.count <= 11)
    rig.line(.tls(false))
    rig.give(.retest)
    rig.pass(.seconds(1))
    #expect(rig.isVerified(1) && rig.health.last == .online)
    #expect(rig.events.contains(.troubleChanged(1, .password, isPresent: false)))
  }

  /// A few bytes of another kind of device, at once or to each question.
  @Test func whatAnswersInAnotherLanguageIsFaulted() {
    for bytes in ["SSH-2.0-x\r\n", "ERR\r"] {
      var rig = MDCRig.single()
      rig.line(.sessionTaken(true))
      rig.pass(.milliseconds(1))
      rig.give(.linkUp)
      rig.give(.received(Array(bytes.utf8)))
      rig.give(.linkDown)
      #expect(rig.health.last == .faulted, "\(bytes)")
    }
    // At another speed: each answer is a few bytes of nothing.
    var chain = MDCRig.chain(1)
    chain.line(.noise([0x80, 0x1F, 0xF8]))
    chain.line(.halfAnswers(3))
    chain.pass(.seconds(10))
    #expect(chain.health.contains(.faulted))
    // Once may be noise on a line whose panels are off.
    var dead = MDCRig.chain(1)
    dead.hand(1, .power(false))
    dead.pass(.milliseconds(100))
    dead.give(.received([0x80, 0x1F]))
    dead.pass(.seconds(10))
    #expect(dead.health.contains(.absent) && !dead.health.contains(.faulted))
  }

  @Test func anotherAddressIsATrouble() {
    var rig = MDCRig.single()
    rig.hand(1, .answerAs(2))
    rig.pass(.seconds(60))
    #expect(rig.health == [.opening, .identifying, .faulted])
    #expect(rig.events.contains(.troubleChanged(1, .address, isPresent: true)))
    rig.hand(1, .answerAs(nil))
    rig.pass(.seconds(60))
    #expect(
      rig.health.last == .online
        && rig.events.last { if case .troubleChanged = $0 { true } else { false } }
          == .troubleChanged(1, .address, isPresent: false)
    )
  }

  @Test func twoPanelsAtOneAddressAreATrouble() {
    var rig = MDCRig.chain(3)
    rig.hand(2, .double(true))
    rig.pass(.seconds(30))
    #expect(rig.events.contains(.troubleChanged(2, .address, isPresent: true)))
    rig.hand(2, .double(false))
    rig.pass(.seconds(60))
    #expect(rig.events.contains(.troubleChanged(2, .address, isPresent: false)))
  }

  @Test func conditionIsToldWhenItChanges() {
    var rig = MDCRig.single()
    rig.pass(.seconds(5))
    #expect(rig.events.contains(.measured(1, .temperatureCelsius, 42)) && rig.events.contains(.measured(1, .hours, 1_000)))
    #expect(
      rig.events.contains(.described(WallDescription(model: "QM55B", name: "panel 1", firmware: "1010.3", outputs: 1))))
    rig.clear()
    rig.hand(
      1,
      .condition(
        MDCErrorStatus(lampFailed: true, isTooHot: true, sensorFailed: true, sync: .none, celsius: 78, fanFailed: true)))
    rig.pass(.seconds(70))
    let troubles: [WallTrouble] = [.lamp, .temperature, .sensor, .fan, .noSignal]
    for trouble in troubles {
      #expect(rig.events.filter { $0 == .troubleChanged(1, trouble, isPresent: true) }.count == 1, "\(trouble)")
    }
    rig.hand(1, .condition(MDCErrorStatus()))
    rig.pass(.seconds(40))
    for trouble in troubles { #expect(rig.events.contains(.troubleChanged(1, trouble, isPresent: false)), "\(trouble)") }
  }

  @Test func identifyBlinksAndLeavesItAsItWas() {
    var rig = MDCRig.single()
    rig.wish([1: on("HDMI1", .whole)])
    rig.pass(.seconds(2))
    rig.clear()
    rig.give(.identify(1, seconds: 5))
    rig.pass(.seconds(5))
    #expect(rig.sets.count >= 8 && rig.sets.allSatisfy { $0.command == 0xF9 } && rig.sets.first?.data == [1])
    rig.pass(.seconds(2))
    #expect(rig.model[1]?.isDark == false && rig.sets.last?.data == [0])
    let count = rig.sets.count
    rig.pass(.seconds(20))
    #expect(rig.sets.count == count)
    // Ended by hand in the dark half.
    rig.give(.identify(1, seconds: 200))
    rig.pass(atMost: .seconds(3)) { $0.model[1]?.isDark == true }
    rig.give(.identify(1, seconds: 0))
    rig.pass(.milliseconds(200))
    #expect(rig.model[1]?.isDark == false)
    // The line breaks in the dark half.
    rig.give(.identify(1, seconds: 200))
    rig.pass(atMost: .seconds(3)) { $0.model[1]?.isDark == true }
    rig.cut(true)
    rig.pass(.seconds(30))
    rig.cut(false)
    rig.give(.identify(1, seconds: 0))
    rig.pass(.seconds(15))
    #expect(rig.model[1]?.isDark == false && rig.isVerified(1))
  }

  @Test func whileNothingAnswersItIsNotTriedFasterThanTheBackOff() {
    for isBlackHole in [true, false] {
      var rig = MDCRig.single()
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
}
