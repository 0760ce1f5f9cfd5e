import DeviceKit
import DeviceVocabulary
import Testing

@testable import Station

/// Whoever signs, saves or undoes says what he was shown: what has become another since is neither signed nor overwritten.
@Suite struct WallFormTests {
  // MARK: - The list of a change of shift

  @Test func aListThatNobodySawIsNotSigned() throws {
    var bench = Bench.withWall()
    let seen = try #require(bench.wallView?.forms.handOver)
    bench.press("A/1/2", sequence: 1)
    for isTyped in [nil, true] {
      #expect(bench.wall(.handOver(from: "o01", to: "o02", isTyped: isTyped, list: seen)) == .refused(.listChanged))
    }
    #expect(bench.station.state.wall.shift == nil)
    let list = try #require(bench.wallView?.forms.handOver)
    #expect(bench.wall(.handOver(from: "o01", to: "o02", list: list)) == .done)
    #expect(bench.station.state.wall.shift?.shift.calls == [.init(station: nil, id: 1)])
    #expect(bench.wallView?.forms.handOver == list, "to sign it opens nothing")
  }

  @Test func whateverIsListedMakesItAnother() throws {
    var bench = Bench.withWall()
    var seen: Set<String> = []
    func note(_ what: String) {
      let isNew = seen.insert(bench.wallView?.forms.handOver ?? "").inserted
      #expect(isNew, "\(what)")
    }
    note("nothing")
    bench.ask("desk", .bypass(ButtonID("A/1/1"), reason: "装修", minutes: 60))
    note("a bypass")
    bench.give(.wall("p3", .healthChanged(.absent)))
    bench.pass(.seconds(4))
    note("a fault")
    bench.wall(.pin(source: "map", WallCells(column: 3, row: 1), reason: nil))
    note("a pin")
    bench.wall(.arm(false))
    note("disarmed")
    bench.wall(.visitors(true))
    note("visitors")
    bench.wall(.beginMeeting(scene: "meeting"))
    note("a meeting")
    bench.press("A/1/2", sequence: 1)
    note("a call")
    #expect(seen.allSatisfy { $0.count == 16 })
  }
}
