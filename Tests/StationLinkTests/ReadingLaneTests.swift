import DeviceKit
import DeviceVocabulary
import StationLinkCodec
import StationLinkDriver
import Testing

/// The latest-value lane, in virtual time. What the rig sees go, it checks each time: `rudeness`.
@Suite struct ReadingLaneTests {
  /// Devices are read every 4.5 s, as panels are, for so long.
  private static func live(_ rig: inout LinkRig, panels: UInt8 = 4, seconds: Int, changing: Bool = true) {
    for _ in 0..<(seconds * 1000 / 4_500 + 1) {
      for node in 1...panels {
        rig.measure(node, changing ? Int64(rig.now.microseconds / 1000) : 24_000)
      }
      rig.run(for: .milliseconds(4_500))
    }
  }

  @Test func theNewestValuesAreThereAndSupersededOnesNeverWent() {
    var rig = LinkRig()
    Self.live(&rig, seconds: 120)
    #expect(rig.rudeness == [])
    // 120 s at one in 10 s, the first after a moment that is drawn.
    #expect((11...13).contains(rig.sentReadings.count), "\(rig.sentReadings.count)")
    let there = rig.parent.readings.all(at: rig.now)
    #expect(there.map(\.measurand.device.node) == [1, 2, 3, 4])
    #expect(there.allSatisfy { !$0.isStale })
    let last = rig.sentReadings.last?.readings
    #expect(there.map(\.value) == last?.map(\.reading.value))
    #expect(rig.parent.entries.isEmpty && rig.journal.isEmpty)
  }

  /// A value that stands still goes again only when its copy would otherwise be past its time to live.
  @Test func whatHasNotChangedGoesOnlyBeforeItWouldBeStale() {
    var rig = LinkRig()
    for second in 0..<600 {
      rig.measure(1, 24_000, timeToLive: .seconds(120))
      rig.measure(2, Int64(second))
      rig.run(for: .seconds(1))
      if second > 20 { #expect(rig.parent.readings.all(at: rig.now).allSatisfy { !$0.isStale }) }
    }
    let still = rig.sentReadings.filter { $0.readings.contains { $0.measurand.device.node == 1 } }
    // Each 100 s: 120 s less two requests.
    #expect((5...8).contains(still.count) && rig.sentReadings.count > 50, "\(still.count)")
    // Nothing new was measured, so there is nothing to say.
    rig.run(for: .seconds(200))
    let before = rig.sentReadings.count
    rig.run(for: .seconds(600))
    #expect(rig.sentReadings.count == before)
    #expect(rig.parent.readings.all(at: rig.now).allSatisfy { $0.isStale && $0.age >= .seconds(799) })
  }

  @Test func noValueIsForgottenWhenThereAreMoreThanOneRequestTakes() {
    var rig = LinkRig()
    for round in 0..<40 {
      for node in 1...UInt8(200) {
        rig.measure(node, Int64(round), timeToLive: .seconds(100))
        rig.measure(node, Int64(round), .upTimeSeconds, timeToLive: .seconds(100))
      }
      rig.run(for: .seconds(5))
    }
    #expect(rig.sentReadings.allSatisfy { $0.readings.count <= LinkReadings.limit } && rig.rudeness == [])
    let there = rig.parent.readings.all(at: rig.now)
    #expect(there.count == 400 && there.allSatisfy { $0.age < .seconds(26) })
  }

  @Test func callsAreNotDelayedWhileReadingsFlow() {
    // A bad line: 64 kbit/s, on which 200 values take 3.3 s if nothing packs them.
    for bits in [64_000, 2_000_000] {
      var rig = LinkRig(seed: UInt64(bits))
      rig.lines[0].bitsPerSecond = bits
      rig.run(for: .seconds(1))
      for number in UInt32(1)...60 {
        for node in 1...UInt8(32) { rig.measure(node, Int64(number)) }
        rig.run(for: .milliseconds(1_700))
        let pressed = rig.now
        rig.record(incident: number, opens: true)
        rig.run(for: .seconds(2))
        #expect((rig.openedAtParent[number].map { $0 - pressed } ?? .seconds(99)) < .seconds(2), "\(bits) bit/s")
      }
      #expect(rig.rudeness == [] && rig.sentReadings.count >= 15)
    }
  }

  /// Calls that nobody answers: readings wait for them, and are not kept.
  @Test func whileACallWaitsNothingGoesAndNothingGathers() {
    var rig = LinkRig()
    Self.live(&rig, seconds: 30)
    let before = rig.sentReadings.count
    rig.parent.fault = .busy
    rig.record(incident: 1, opens: true)
    Self.live(&rig, seconds: 300)
    #expect(rig.sentReadings.count == before && rig.rudeness == [])
    rig.parent.fault = .none
    Self.live(&rig, seconds: 30)
    #expect(rig.delivered.map(\.incident) == [1])
    // Not the ones that were measured meanwhile: one request, with the newest.
    let after = rig.sentReadings.dropFirst(before)
    #expect((2...4).contains(after.count) && after.allSatisfy { $0.readings.count == 4 })
  }

  @Test func aSilentParentGetsOneRequestAndADegradedPathNone() {
    var rig = LinkRig()
    Self.live(&rig, seconds: 30)
    rig.parent.fault = .silent
    var before = rig.sentReadings.count
    Self.live(&rig, seconds: 600)
    #expect(rig.sentReadings.count - before <= 1 && rig.rudeness == [])
    rig.parent.fault = .none
    before = rig.sentReadings.count
    // Proofs come again, not steadily for a minute yet.
    Self.live(&rig, seconds: 55)
    #expect(rig.statuses.last?.paths[0].state == .degraded && rig.sentReadings.count == before)
    Self.live(&rig, seconds: 40)
    #expect(rig.statuses.last?.paths[0].state == .up && rig.sentReadings.count > before && rig.rudeness == [])
  }

  /// Whether the path lives is for heartbeats to say.
  @Test func readingsWithoutAnAnswerHarmNothingElse() {
    var rig = LinkRig()
    rig.swallowsReadings = true
    for number in UInt32(1)...20 {
      Self.live(&rig, seconds: 20)
      let pressed = rig.now
      rig.record(incident: number, opens: true)
      rig.run(for: .seconds(1))
      #expect((rig.openedAtParent[number].map { $0 - pressed } ?? .seconds(99)) < .milliseconds(50))
    }
    #expect(rig.statuses.allSatisfy { [.connecting, .up].contains($0.paths[0].state) })
    #expect(rig.sentReadings.count > 20 && rig.rudeness == [])
    rig.swallowsReadings = false
    Self.live(&rig, seconds: 25)
    #expect(rig.parent.readings.all(at: rig.now).count == 4)
  }

  @Test func aBacklogThinsThemToOneInAMinute() {
    var rig = LinkRig(backlog: 2_000)
    Self.live(&rig, seconds: 20)
    let before = rig.sentReadings.count
    for _ in 0..<1_500 { rig.record(bytes: 400) }
    // 300 s at 2 kB/s.
    Self.live(&rig, seconds: 240)
    #expect(rig.parent.cursor.head != rig.journal.last?.head, "the backlog is still on its way")
    #expect((3...5).contains(rig.sentReadings.count - before), "\(rig.sentReadings.count - before)")
    Self.live(&rig, seconds: 200)
    #expect(rig.parent.cursor.head == rig.journal.last?.head && rig.rudeness == [])
    #expect(rig.sentReadings.count - before > 8)
  }

  @Test func aParentWithoutTheAddressIsAskedOnceForEachGreeting() {
    var rig = LinkRig()
    rig.parent.fault = .noReadings
    Self.live(&rig, seconds: 200)
    #expect(rig.sentReadings.count == 1 && rig.refusedReadings == 1)
    #expect(rig.statuses.last?.paths[0].state == .up, "that is no reason to give up the path")
    rig.record(incident: 1, opens: true)
    rig.run(for: .seconds(1))
    #expect(rig.delivered.map(\.incident) == [1])
    // It was upgraded meanwhile.
    rig.lines[0].isUp = false
    rig.run(for: .seconds(10))
    rig.parent.fault = .none
    rig.lines[0].isUp = true
    Self.live(&rig, seconds: 120)
    #expect(rig.sentReadings.count > 3 && rig.refusedReadings == 1 && rig.rudeness == [])
    #expect(rig.parent.readings.all(at: rig.now).count == 4)
  }

  /// Its restart is a greeting, too: what it had is sent again although it has not changed.
  @Test func aRestartedParentHasNoneUntilTheyComeAgain() {
    var rig = LinkRig()
    for _ in 0..<30 {
      rig.measure(1, 24_000, timeToLive: .seconds(3600))
      rig.run(for: .seconds(1))
    }
    #expect(rig.parent.readings.all(at: rig.now).count == 1)
    rig.lines[0].isUp = false
    rig.run(for: .seconds(8))
    rig.parent.restart()
    rig.lines[0].isUp = true
    rig.run(for: .seconds(5))
    #expect(rig.parent.readings.all(at: rig.now).isEmpty)
    rig.run(for: .seconds(90))
    #expect(rig.parent.readings.all(at: rig.now).map(\.value) == [24_000] && rig.rudeness == [])
  }

  /// Between two heartbeats: nothing is under way, so no connection breaks that anybody waits on.
  @Test func aRestartThatNobodyNoticesIsSeenInTheAnswer() {
    var rig = LinkRig()
    func measure() {
      rig.measure(1, 24_000, timeToLive: .seconds(3600))
      rig.measure(2, Int64(rig.now.microseconds))
      rig.run(for: .seconds(1))
    }
    for _ in 0..<30 { measure() }
    #expect(rig.parent.readings.all(at: rig.now).count == 2)
    rig.parent.restart()
    for _ in 0..<25 { measure() }
    #expect(rig.parent.readings.all(at: rig.now).count == 2 && rig.rudeness == [])
  }

  @Test func withNoIntervalNothingGoes() {
    var rig = LinkRig()
    rig.sender = LinkSender(
      settings: .init(paths: ["p0"], readingsInterval: nil), newest: .start, seed: 1, at: .zero)
    Self.live(&rig, seconds: 100)
    #expect(rig.sentReadings.isEmpty && rig.statuses.last?.paths[0].state == .up)
  }
}
