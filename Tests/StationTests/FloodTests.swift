import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// A child or a parent that sends more than any station would: it harms nobody but itself, and the desk is told.
@Suite struct FloodTests {
  private let command = ParentCommand.Action.notice(text: "x")

  private func childBench() -> Bench {
    var plan = Bench.plan
    plan.parent = SitePlan.Parent(proofMinute: nil)
    return Bench(plan: plan)
  }

  private func order(_ bench: inout Bench, _ number: UInt64) {
    bench.give(
      .command(
        ParentCommand(
          number: number, issuedAtMilliseconds: bench.wall.unixMilliseconds, timeToLiveSeconds: 120, post: "duty", action: command
        ),
        remainingMilliseconds: 60_000))
  }

  private func answered(_ bench: Bench) -> [UInt64] {
    bench.entries.compactMap { if case .commandAnswered(let number, _) = $0.change { number } else { nil } }
  }

  private func faults(_ bench: Bench) -> [String] { bench.view.faults.map(\.key.description) }

  @Test func aParentThatFloodsItsChildIsAnsweredTwentyTimesASecond() {
    var bench = childBench()
    let first = UInt64(bench.wall.unixMilliseconds)
    for number in 0..<1000 { order(&bench, first + UInt64(number)) }
    #expect(answered(bench) == (0..<100).map { first + $0 })
    #expect(faults(bench) == ["^:parentFloods"])
    bench.pass(.seconds(2))
    for number in 1000..<2000 { order(&bench, first + UInt64(number)) }
    #expect(answered(bench).count == 140)
    // What was left out is carried out when it is sent again.
    bench.pass(.seconds(10))
    order(&bench, first + 999)
    #expect(answered(bench).last == first + 999)
  }

  /// The highest numbers that were answered stand for all below them.
  @Test(arguments: [true, false]) func nobodyCanMakeAChildDeafToLaterCommands(synchronised: Bool) {
    var bench = childBench()
    bench.wall.synchronised = synchronised
    for number in 0..<90 { order(&bench, .max - UInt64(number)) }
    #expect(answered(bench).isEmpty && faults(bench) == ["^:parentFloods"])
    let now = UInt64(bench.wall.unixMilliseconds)
    // A parent's clock is a few hours ahead, and its next command follows.
    for number in [now + 20_000_000, now + 20_000_001] { order(&bench, number) }
    #expect(answered(bench) == [now + 20_000_000, now + 20_000_001])
  }
}
