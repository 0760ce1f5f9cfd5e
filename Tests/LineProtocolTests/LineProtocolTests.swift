import DeviceKit
import DeviceVocabulary
import LineProtocolCodec
import LineProtocolDeviceModel
import LineProtocolDriver
import MatrixTestSupport
import Testing

@Suite struct LineProtocolTests {
  static func text(named: Bool) -> LineSettings.Text {
    var text = LineSettings.Text()
    text.route = "SW {in:2} {out:2}"
    text.acknowledgement = "OK {in:2} {out:2}"
    text.refusal = "ERR{any}"
    text.read = "? {out}"
    text.readAnswer = named ? "OUT {out} IN {in}" : "{in}"
    text.greeting = "Matrix ready"
    text.inputs = 8
    text.outputs = 6
    return text
  }

  func scenarios(named: Bool = true, acknowledges: Bool = true, base: Int = 1) throws
    -> MatrixScenarios<LineDialect, LineSpeech>
  {
    var text = Self.text(named: named)
    text.base = base
    if !acknowledges { text.acknowledgement = nil }
    let settings = try LineSettings(text)
    return MatrixScenarios(commandsForThree: 3, switches: { $0.starts(with: Array("SW".utf8)) }) { seed in
      MatrixRig(
        LineProtocolDriver(LineDialect(settings), ports: [1, 2, 3, 4], seed: seed),
        MatrixModel(LineSpeech(settings), inputs: 8, outputs: 6, seed: seed), seed: seed)
    }
  }

  @Test(arguments: [true, false], [0, 1]) func atRest(named: Bool, base: Int) throws {
    let scenarios = try scenarios(named: named, base: base)
    #expect(scenarios.nothingIsSentWhenAllIsAsWished() == [])
    #expect(scenarios.everyOutputIsProvedAtRest(within: .milliseconds(5_200)) == [])
    #expect(scenarios.someoneAtItsButtonsIsUndone() == [])
    #expect(scenarios.onlyTheDifferenceIsSent() == [])
    #expect(scenarios.theLastWishWins() == [])
    #expect(scenarios.whatCannotBeIsSaidOnce() == [])
  }

  @Test(arguments: [true, false]) func oneThatAcknowledgesNothing(named: Bool) throws {
    let scenarios = try scenarios(named: named, acknowledges: false)
    #expect(scenarios.onlyTheDifferenceIsSent() == [])
    #expect(scenarios.aLockedOutputIsToldTriedSlowlyAndRecovers() == [])
    #expect(scenarios.aPowerCutIsMadeGood() == [])
  }

  @Test(arguments: [true, false]) func faults(named: Bool) throws {
    let scenarios = try scenarios(named: named)
    #expect(scenarios.aLockedOutputIsToldTriedSlowlyAndRecovers() == [])
    #expect(scenarios.aRefusalOfOneDoesNotKeepTheOthers() == [])
    #expect(scenarios.aPowerCutIsMadeGood() == [])
    #expect(scenarios.oneThatClosesAfterEachCommandIsServed() == [])
    #expect(scenarios.garbageAnywherePassesOver() == [])
    #expect(scenarios.aSilentOneIsAbsentAndComesBack() == [])
    #expect(scenarios.aSlowOneIsWaitedFor(.milliseconds(800)) == [])
    #expect(scenarios.oneThatBeginsToCloseIsProvedAgain(within: .seconds(6)) == [])
    #expect(scenarios.anUnreadableOutputIsLeftAlone() == [])
    #expect(scenarios.aSessionOfSomebodyElseIsWaitedFor() == [])
    #expect(scenarios.aNoisyOneIsBack(within: .seconds(10)) == [])
    #expect(scenarios.aFloodWithoutALineEndIsCutOff() == [])
    #expect(scenarios.theSameSeedIsTheSameDay())
  }

  /// One output, whose answer is another than the site file says, or that says nothing: it is never online, also not between two tries.
  @Test(arguments: ["OUT {out} = {in}", "OUT {out} IN {in}"]) func whoWasNeverUnderstoodIsNotOnline(pattern: String) throws {
    var text = Self.text(named: true)
    let speech = try LineSettings(text)
    text.readAnswer = pattern
    text.greeting = nil
    text.acknowledgement = "DONE"
    var rig = MatrixRig(
      LineProtocolDriver(LineDialect(try LineSettings(text)), ports: [1]),
      MatrixModel(LineSpeech(speech), inputs: 8, outputs: 6))
    let isSilent = pattern.contains("IN")
    if isSilent { rig.hand(.silent(true)) }
    rig.wish([1: 5])
    rig.pass(.seconds(120))
    #expect(rig.told(.healthChanged(.online)) == 0)
    #expect(rig.told(.healthChanged(isSilent ? .absent : .faulted)) >= 1)
    #expect((4...20).contains(rig.openings.count) && rig.written.count <= 4 * rig.openings.count)
  }

  @Test func answersThatNameTheirOutputMayComeAsLateAsTheyWant() throws {
    #expect(try scenarios().answersThatComeTooLateProveNothing(.milliseconds(2_600)) == [])
  }

  @Test(arguments: Array(UInt64(1)...8)) func faultsAtRandomEndHealthy(seed: UInt64) throws {
    #expect(try scenarios(named: seed % 2 == 0).faultsAtRandomEndHealthy(seed: seed) == [])
  }
}
