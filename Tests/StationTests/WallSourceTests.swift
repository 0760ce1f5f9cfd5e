import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// Whether a source delivers is a fact with an age: what nobody has seen for too long is no longer so.
@Suite struct WallSourceTests {
  private func card(_ id: String, _ bench: Bench) -> WallView.SourceCard? { bench.wallView?.sources.first { $0.source.id == id } }

  @Test func whatIsNotConfirmedIsNoLongerLive() {
    var bench = Bench.withWall()
    bench.give(.source("gate", .live))
    bench.pass(.seconds(15))
    #expect(card("gate", bench)?.state == .live)
    bench.pass(.milliseconds(2))
    let unconfirmed = card("gate", bench)
    #expect(unconfirmed?.state == .unconfirmed && unconfirmed?.ageMilliseconds ?? 0 > 15_000)
    #expect(unconfirmed?.standsMilliseconds == unconfirmed?.ageMilliseconds.map { $0 - 15_000 })
    // That it gives no picture is not known: nobody is sent to it.
    #expect(!bench.view.faults.contains { $0.key.kind == .sourceDead })
    bench.give(.source("gate", .live))
    #expect(card("gate", bench)?.state == .live && card("gate", bench)?.standsMilliseconds == 0)
  }

  /// Pages are told by themselves.
  @Test func itsEndIsAMomentThatTheStationWakesFor() {
    var plan = Bench.walled
    plan.wall?.rotationSeconds = 3_600
    var bench = Bench(plan: plan)
    bench.pass(.seconds(60))
    let before = bench.station.deadline
    bench.give(.source("gate", .live))
    let due = bench.now + .seconds(15) + .milliseconds(1)
    #expect(before.map { $0 > due } ?? true && bench.station.deadline == due)
  }

  @Test func whatConfirmsItKeepsItLive() {
    var bench = Bench.withWall()
    for _ in 0..<20 {
      bench.give(.source("gate", .live))
      bench.pass(.seconds(9))
    }
    #expect(card("gate", bench)?.state == .live && card("gate", bench)?.standsMilliseconds == 180_000)
    #expect(card("cam-yard", bench)?.state == nil, "nobody has asked it: nothing is known, and nothing runs out")
  }

  @Test func aRotationLeavesItOut() {
    var bench = Bench.withWall()
    bench.give(.source("gate", .live))
    bench.pass(.seconds(16))
    bench.give(.source("cam-yard", .live))
    #expect(bench.wished[5] == "cam-yard")
    bench.pass(.seconds(10))
    bench.give(.source("cam-yard", .live))
    #expect(bench.wished[5] == "cam-yard", "it would be gate's turn")
  }

  /// Two cameras look at the yard: a call is shown by the one that is seen to deliver.
  @Test func aCallIsNotSentToACameraThatNobodyHasSeen() {
    var plan = Bench.walled
    plan.wall?.sources.append(
      WallPlan.Source(
        id: "cam-yard-2", name: "cam-yard-2", kind: .camera, place: "yard", inputs: [WallPort(device: "hub", number: 8)]))
    var bench = Bench(plan: plan)
    for device in plan.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.give(.source("cam-yard", .live))
    bench.pass(.seconds(16))
    bench.give(.source("cam-yard-2", .live))
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wished.first == "cam-yard-2")
  }
}
