import DeviceKit
import DeviceVocabulary
import LineProtocolDriver
import MatrixTestSupport
import Testing
import VideohubCodec
import VideohubDeviceModel
import VideohubDriver

@Suite struct VideohubTests {
  typealias Rig = MatrixRig<HubDialect, HubSpeech>

  /// As hubs differ.
  static let kinds: [HubSpeech.Traits] = {
    var old = HubSpeech.Traits()
    old.endsPrelude = false
    old.version = "2.3 "
    var mockUp = old
    mockUp.answersQuestions = false
    mockUp.carriageReturns = true
    return [HubSpeech.Traits(), old, mockUp]
  }()

  func rig(_ traits: HubSpeech.Traits = HubSpeech.Traits(), seed: UInt64 = 1, inputs: UInt16 = 8, outputs: UInt16 = 6) -> Rig {
    Rig(
      VideohubDriver(HubDialect(), ports: [1, 2, 3, 4], seed: seed),
      VideohubModel(HubSpeech(traits), inputs: inputs, outputs: outputs, seed: seed), seed: seed)
  }

  static func isRoute(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array("VIDEO OUTPUT ROUTING:\n".utf8)) && bytes.count > 24 }

  func scenarios(_ kind: Int) -> MatrixScenarios<HubDialect, HubSpeech> {
    MatrixScenarios(commandsForThree: 1, switches: Self.isRoute) { rig(Self.kinds[kind], seed: $0) }
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
    #expect(scenarios.aSlowOneIsWaitedFor(.milliseconds(2_500)) == [])
    #expect(scenarios.oneThatBeginsToCloseIsProvedAgain(within: .seconds(6)) == [])
    // One that refuses the question says it only when the line is opened.
    if kind != 2 { #expect(scenarios.whatItSaysOfItselfIsAskedAgainAfterGarbage() == []) }
    #expect(scenarios.answersThatComeTooLateProveNothing(.milliseconds(3_600)) == [])
    #expect(scenarios.aSessionOfSomebodyElseIsWaitedFor() == [])
    #expect(scenarios.aNoisyOneIsBack(within: .seconds(10)) == [])
    #expect(scenarios.aFloodWithoutALineEndIsCutOff() == [])
  }

  @Test(arguments: Array(UInt64(1)...9)) func faultsAtRandomEndHealthy(seed: UInt64) {
    #expect(scenarios(Int(seed % 3)).faultsAtRandomEndHealthy(seed: seed) == [])
  }

  @Test func whatItSaysOfItselfIsTold() {
    var rig = rig()
    rig.pass(.seconds(2))
    let description = WallDescription(
      model: "Blackmagic Smart Videohub 12 x 12", name: "模拟矩阵", firmware: "2.8", inputs: 8, outputs: 6)
    #expect(rig.told(.described(description)) == 1)
  }

  @Test func aLargeHubSwitchesInOneCommand() {
    var rig = rig(inputs: 288, outputs: 288)
    rig.wish(Dictionary(uniqueKeysWithValues: (UInt16(1)...288).map { ($0, 289 - $0) }))
    rig.pass(.seconds(3))
    #expect(rig.model.core.routes == (UInt16(1)...288).map { 289 - $0 })
    #expect((UInt16(1)...288).allSatisfy { rig.proof($0)?.input == 289 - $0 })
    #expect(rig.written.filter(Self.isRoute).count == 1 && rig.refused == 0)
  }

  @Test func aServerWithoutAHubIsFaultedUntilItComesBack() {
    var traits = HubSpeech.Traits()
    traits.isPresent = false
    var rig = rig(traits)
    rig.wish([1: 5])
    rig.pass(.seconds(60))
    #expect(rig.health == .faulted && rig.written.isEmpty && rig.openings.count <= 10)
  }

  @Test func aHubThatComesBackOnAnOpenLineIsReadAgain() {
    var rig = rig()
    rig.wish([1: 5])
    rig.pass(.seconds(3))
    #expect(rig.model.core.input(1) == 5)
    rig.hand(.route(.init(1, from: 1)))
    let again = HubSpeech().greeting(rig.model.core)
    rig.hand(.say(Array(again.dropFirst("PROTOCOL PREAMBLE:\nVersion: 2.8\n\n".utf8.count))))
    rig.pass(.seconds(3))
    #expect(rig.told(.restarted) == 1 && rig.model.core.input(1) == 5 && rig.openings.count == 1 && rig.health == .online)
  }

  @Test func somethingElseAtThePortIsFaulted() {
    var rig = rig()
    rig.hand(.silent(true))
    rig.pass(.milliseconds(100))
    rig.give(.received(Array("HTTP/1.0 400 Bad Request\r\n\r\n".utf8)))
    rig.pass(.seconds(4))
    #expect(rig.told(.healthChanged(.faulted)) == 1)
  }
}
