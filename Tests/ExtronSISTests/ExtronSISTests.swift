import DeviceKit
import DeviceVocabulary
import ExtronSISCodec
import ExtronSISDeviceModel
import ExtronSISDriver
import LineProtocolCodec
import LineProtocolDriver
import MatrixTestSupport
import Testing

@Suite struct ExtronSISTests {
  typealias Rig = MatrixRig<SISDialect, SISSpeech>

  /// As the series differ.
  static let kinds: [SISSpeech.Traits] = {
    var tagged = SISSpeech.Traits()
    tagged.namesReads = true
    tagged.width = 3
    tagged.negotiatesTelnet = true
    tagged.inputFirst = true
    var serial = SISSpeech.Traits()
    serial.hasBanner = false
    serial.knowsQuick = false
    return [SISSpeech.Traits(), tagged, serial]
  }()

  func rig(_ traits: SISSpeech.Traits, _ settings: SISSettings = SISSettings(), seed: UInt64 = 1) -> Rig {
    Rig(
      ExtronSISDriver(SISDialect(settings), ports: [1, 2, 3, 4], seed: seed),
      ExtronSISModel(SISSpeech(traits), inputs: 8, outputs: 6, seed: seed), seed: seed)
  }

  static func isTie(_ bytes: [UInt8]) -> Bool { bytes.contains(0x2A) }

  /// One that does not know `ESC +Q` refuses it once.
  func scenarios(_ kind: Int) -> MatrixScenarios<SISDialect, SISSpeech> {
    MatrixScenarios(commandsForThree: kind == 2 ? 4 : 1, switches: Self.isTie) { rig(Self.kinds[kind], seed: $0) }
  }

  @Test(arguments: 0..<3) func atRest(kind: Int) {
    let scenarios = scenarios(kind)
    #expect(scenarios.nothingIsSentWhenAllIsAsWished() == [])
    #expect(scenarios.everyOutputIsProvedAtRest(within: .milliseconds(5_200)) == [])
    #expect(scenarios.someoneAtItsButtonsIsUndone() == [])
    #expect(scenarios.onlyTheDifferenceIsSent() == [])
    #expect(scenarios.theLastWishWins() == [])
    #expect(scenarios.whatCannotBeIsSaidOnce() == [])
    #expect(scenarios.theSameSeedIsTheSameDay())
  }

  @Test(arguments: 0..<3) func faults(kind: Int) {
    let scenarios = scenarios(kind)
    #expect(scenarios.aLockedOutputIsToldTriedSlowlyAndRecovers() == [])
    #expect(scenarios.aRefusalOfOneDoesNotKeepTheOthers() == [])
    #expect(scenarios.aPowerCutIsMadeGood() == [])
    #expect(scenarios.oneThatClosesAfterEachCommandIsServed() == [])
    #expect(scenarios.garbageAnywherePassesOver() == [])
    #expect(scenarios.aSilentOneIsAbsentAndComesBack() == [])
    #expect(scenarios.aSlowOneIsWaitedFor(.milliseconds(800)) == [])
    #expect(scenarios.aSlowOneIsWaitedFor(.milliseconds(1_500)) == [])
    #expect(scenarios.oneThatBeginsToCloseIsProvedAgain(within: .seconds(kind == 2 ? 9 : 6)) == [])
    #expect(scenarios.whatItSaysOfItselfIsAskedAgainAfterGarbage() == [])
    #expect(scenarios.anUnreadableOutputIsLeftAlone() == [])
    #expect(scenarios.aSessionOfSomebodyElseIsWaitedFor() == [])
    #expect(scenarios.aNoisyOneIsBack(within: .seconds(10)) == [])
    #expect(scenarios.aFloodWithoutALineEndIsCutOff() == [])
  }

  /// Its answers are bare numbers: one that comes late must not be taken for another output's.
  @Test(arguments: 0..<3, [1_700, 2_100, 2_600, 3_500, 5_100]) func lateAnswersProveNothing(kind: Int, delay: Int) {
    #expect(scenarios(kind).answersThatComeTooLateProveNothing(.milliseconds(delay)) == [])
  }

  @Test(arguments: Array(UInt64(1)...9)) func faultsAtRandomEndHealthy(seed: UInt64) {
    #expect(scenarios(Int(seed % 3)).faultsAtRandomEndHealthy(seed: seed) == [])
  }

  @Test func whatItSaysOfItselfIsTold() {
    var rig = rig(Self.kinds[0])
    rig.pass(.seconds(5))
    #expect(rig.told(.described(WallDescription(model: "CrossPoint 300", firmware: "1.23", inputs: 8, outputs: 6))) == 1)
    var other = self.rig(Self.kinds[2])
    other.pass(.seconds(5))
    #expect(other.told(.described(WallDescription(model: "60-338-21", firmware: "1.23", inputs: 8, outputs: 6))) == 1)
  }

  @Test func thePasswordOpensIt() {
    var traits = SISSpeech.Traits()
    traits.password = "wall"
    var rig = rig(traits, SISSettings(password: "wall"))
    rig.wish([1: 5])
    rig.pass(.seconds(5))
    #expect(rig.health == .online && rig.model.core.input(1) == 5 && rig.written.first == Array("wall\r".utf8))
  }

  @Test(arguments: [nil, "wrong"]) func aWrongPasswordIsToldAndNotTriedOn(password: String?) {
    var traits = SISSpeech.Traits()
    traits.password = "wall"
    var rig = rig(traits, SISSettings(password: password))
    rig.wish([1: 5])
    rig.pass(.seconds(300))
    #expect(rig.health == .faulted && rig.told(.troubleChanged(0, .password, isPresent: true)) == 1)
    // Once more on a new line: a bit may have been turned over.
    #expect(rig.openings.count == (password == nil ? 1 : 2) && rig.written.count == (password == nil ? 0 : 2))
    let openings = rig.openings.count
    rig.give(.retest)
    rig.pass(.seconds(5))
    #expect(rig.openings.count > openings && rig.told(.troubleChanged(0, .password, isPresent: true)) == 1)
  }

  @Test func aBannerOnAnOpenLineIsARestart() {
    var traits = SISSpeech.Traits()
    traits.hasBanner = false
    var rig = rig(traits)
    rig.wish([1: 5])
    rig.pass(.seconds(5))
    #expect(rig.health == .online)
    rig.hand(.route(MatrixRoute(1, from: 1)))
    rig.hand(.say(SISSpeech().greeting(rig.model.core)))
    rig.pass(.seconds(3))
    #expect(rig.told(.restarted) == 1 && rig.model.core.input(1) == 5 && rig.openings.count == 1)
  }

  /// It greets when it was asked something already.
  @Test func aLateBannerIsNoRestart() {
    var rig = rig(Self.kinds[0])
    rig.hand(.late(.milliseconds(1_700)))
    rig.wish([1: 5])
    rig.pass(.seconds(30))
    #expect(rig.health == .online && rig.model.core.input(1) == 5 && rig.openings.count == 1)
    #expect(rig.written.prefix(6).filter { $0 == SISCommand.verbose(3).bytes }.count == 1)
  }

  @Test func soundAloneDoesNotCount() {
    var rig = rig(Self.kinds[0])
    rig.wish([1: 1])
    rig.pass(.seconds(5))
    rig.hand(.say(Array("Out01 In05 Aud\r\n".utf8)))
    rig.pass(.seconds(1))
    #expect(rig.told(.observed(1, .route(5))) == 0)
    rig.hand(.say(Array("Out01 In05 Vid\r\n".utf8)))
    rig.pass(.seconds(1))
    #expect(rig.told(.observed(1, .route(5))) == 1)
  }

  /// Its own word for it: no lock is to be looked for.
  @Test func anInputThatItHasNotIsNotTakenForALock() {
    var rig = rig(Self.kinds[0])
    rig.pass(.seconds(5))
    rig.wish([1: 5])
    rig.give(.received(Array("E01\r\n".utf8)))
    #expect(rig.refusals(1) == [.impossible("E01 invalid input")])
    rig.wish([2: 5])
    for _ in 0..<6 {
      rig.give(.received(Array("E14\r\n".utf8)))
      rig.pass(.milliseconds(300))
    }
    #expect(rig.refusals(2).allSatisfy { $0 == .refused("E14 not valid here") })
  }

  /// A terminal's greeting, and then the end: somebody is there.
  @Test func somethingElseThatHangsUpIsFaulted() {
    var rig = rig(Self.kinds[2])
    rig.pass(.milliseconds(2))
    rig.give(.received(Array("SSH-2.0-dropbear\r\n".utf8)))
    rig.breakLine()
    rig.pass(.milliseconds(1))
    #expect(rig.health == .faulted)
    rig.isCut = true
    rig.pass(.seconds(30))
    #expect(rig.health != .online)
  }

  @Test func nothingIsLeftOnAnOutput() {
    var rig = rig(Self.kinds[0])
    rig.wish([1: 0])
    rig.pass(.seconds(5))
    #expect(rig.model.core.input(1) == 0 && rig.proof(1)?.input == 0)
  }
}
