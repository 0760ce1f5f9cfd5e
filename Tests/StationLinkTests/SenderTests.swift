import DeviceKit
import DeviceVocabulary
import StationLinkCodec
import StationLinkDriver
import Testing

/// The child's end against a parent and a line that fail, in virtual time.
@Suite struct SenderTests {
  @Test func aCallIsThereWithinTwoTurnsOfTheLine() {
    var rig = LinkRig()
    rig.run(for: .seconds(1))
    let pressed = rig.now
    rig.record(incident: 1, opens: true)
    rig.run(for: .seconds(1))
    #expect(rig.delivered.map(\.incident) == [1])
    #expect((rig.delivered.first.map { $0.at - pressed } ?? .seconds(9)) < .milliseconds(50))
    #expect(rig.everythingArrivedOnce && rig.claims.isEmpty)
  }

  @Test func nothingCountsAsDeliveredUntilTheParentSaysSo() {
    for fault in [ParentModelFault.silent, .diskFull, .busy, .oldVersion, .crashBeforeSync, .refuses(.otherStation)] {
      var rig = LinkRig()
      rig.run(for: .seconds(1))
      rig.parent.fault = fault
      // The version is negotiated at connect.
      if fault == .oldVersion { rig.restartChild() }
      rig.record(incident: 1, opens: true)
      rig.run(for: .seconds(60))
      #expect(rig.delivered.isEmpty, "\(fault)")
      rig.parent.fault = .none
      rig.run(for: .seconds(30))
      #expect(rig.delivered.map(\.incident) == [1], "\(fault)")
      #expect(rig.everythingArrivedOnce && rig.claims.isEmpty, "\(fault)")
    }
  }

  @Test func aLostAnswerDoublesNothing() {
    var rig = LinkRig()
    rig.run(for: .seconds(1))
    rig.parent.fault = .loseAnswer
    rig.record(incident: 1, opens: true)
    rig.run(for: .seconds(40))
    rig.parent.fault = .none
    rig.run(for: .seconds(20))
    #expect(rig.delivered.map(\.incident) == [1])
    #expect(rig.everythingArrivedOnce && rig.parent.entries.count == 1)
  }

  /// The child's program ends after the parent has the call and before its own journal says so.
  @Test func aCallWhoseAnswerWasNotActedUponIsToldAfterTheNextStart() {
    var rig = LinkRig()
    rig.run(for: .seconds(1))
    rig.parent.fault = .loseAnswer
    rig.record(incident: 1, opens: true)
    rig.run(for: .milliseconds(100))
    #expect(rig.parent.entries.count == 1 && rig.delivered.isEmpty)
    rig.restartChild()
    rig.parent.fault = .none
    rig.run(for: .seconds(15))
    #expect(rig.delivered.map(\.incident) == [1] && rig.everythingArrivedOnce)
  }

  @Test func anUnansweredCallGoesOnTheOtherPathAfterThreeSeconds() {
    var rig = LinkRig(paths: 2)
    rig.run(for: .seconds(1))
    rig.lines[0].isBlackHole = true
    let pressed = rig.now
    rig.record(incident: 1, opens: true)
    rig.run(for: .seconds(10))
    let took = rig.openedAtParent[1].map { $0 - pressed } ?? .seconds(99)
    #expect(took >= .seconds(3) && took < .milliseconds(3_200))
    // The next one does not try the bad path first.
    let second = rig.now
    rig.record(incident: 2, opens: true)
    rig.run(for: .seconds(3))
    #expect((rig.openedAtParent[2].map { $0 - second } ?? .seconds(99)) < .milliseconds(100))
  }

  /// Both answer after 7 s: neither request may end the other, or no lamp would ever learn of it.
  @Test func twoSlowPathsDoNotEndEachOthersAnswers() {
    var rig = LinkRig(paths: 2)
    rig.run(for: .seconds(1))
    for path in 0...1 { rig.lines[path].latency = .milliseconds(3_500) }
    rig.record(incident: 1, opens: true)
    rig.run(for: .milliseconds(7_100))
    #expect(rig.delivered.map(\.incident) == [1] && rig.crowded == [])
  }

  /// A parent of another vendor with stricter rules: its backlog stands still, the desk says why, and calls go as ever.
  @Test func anEntryThatTheParentRefusesClosesNoWayForCalls() {
    var rig = LinkRig()
    rig.run(for: .seconds(70))
    rig.parent.chokesOn = JournalPosition(epoch: 1, sequence: 20)
    for _ in 0..<40 { rig.record() }
    rig.run(for: .seconds(5))
    for call in UInt32(1)...10 {
      let pressed = rig.now
      rig.record(incident: call, opens: true)
      rig.run(for: .seconds(7))
      #expect((rig.openedAtParent[call].map { $0 - pressed } ?? .seconds(99)) < .seconds(1))
    }
    #expect(rig.statuses.last?.paths.map(\.state) == [.degraded] && rig.statuses.last?.paths[0].reason == "malformed")
    rig.parent.chokesOn = nil
    rig.run(for: .seconds(20))
    #expect(rig.everythingArrivedOnce && rig.claims.isEmpty && rig.statuses.last?.paths.map(\.state) == [.up])
  }

  /// The other path was down when it was wanted, and comes back.
  @Test func anUnansweredCallGoesOnTheOtherPathOnceThatIsThere() {
    var rig = LinkRig(paths: 2)
    rig.run(for: .seconds(1))
    rig.lines[1].isUp = false
    rig.run(for: .seconds(12))
    rig.lines[0].isBlackHole = true
    let pressed = rig.now
    rig.record(incident: 1, opens: true)
    rig.run(for: .seconds(4))
    rig.lines[1].isUp = true
    rig.run(for: .seconds(20))
    let came = rig.statuses.isEmpty ? nil : rig.openedAtParent[1]
    #expect((came.map { $0 - pressed } ?? .seconds(99)) < .seconds(15) && rig.crowded == [])
  }

  @Test func aDeadPathIsSaidWithinTwentySecondsAndItsReturnAfterAMinuteOfProofs() {
    for hole in [true, false] {
      var rig = LinkRig(paths: 2)
      rig.run(for: .seconds(20))
      #expect(rig.statuses.last?.paths.map(\.state) == [.up, .up])
      if hole { rig.lines[0].isBlackHole = true } else { rig.lines[0].isUp = false }
      rig.run(for: .seconds(20))
      #expect(rig.statuses.last?.paths.map(\.state) == [.down, .up])
      rig.lines[0].isBlackHole = false
      rig.lines[0].isUp = true
      rig.run(for: .seconds(20))
      #expect(rig.statuses.last?.paths.map(\.state) == [.degraded, .up])
      rig.run(for: .seconds(60))
      #expect(rig.statuses.last?.paths.map(\.state) == [.up, .up])
    }
  }

  @Test func flappingIsOneDegradedStateAndNoStorm() {
    var rig = LinkRig()
    rig.run(for: .seconds(30))
    let changes = rig.statusChanges
    let requests = rig.requests
    for round in 0..<40 {
      rig.lines[0].isUp = false
      rig.run(for: .seconds(20))
      rig.lines[0].isUp = true
      rig.record(incident: UInt32(round + 1), opens: true)
      rig.run(for: .seconds(5))
    }
    #expect(rig.statuses.last.map { $0.paths[0].state != .up } ?? false)
    // Down and degraded by turns; never "up" in between.
    #expect(!rig.statuses.dropFirst(changes + 10).contains { $0.paths[0].state == .up })
    #expect(rig.requests - requests < 40 * 20)
    rig.run(for: .seconds(100))
    #expect(rig.everythingArrivedOnce && rig.delivered.count == 40)
  }

  /// A parent that takes connections and answers nothing, until Monday.
  @Test func threeDaysOfSilenceEndLikeAnyOther() {
    var rig = LinkRig()
    rig.run(for: .seconds(30))
    rig.parent.fault = .silent
    let requests = rig.requests
    for hour in 0..<72 {
      for number in 0..<10 { rig.record(incident: number == 0 ? UInt32(hour + 1) : nil, opens: number == 0) }
      rig.run(for: .seconds(3_600))
      #expect(rig.statuses.last?.paths.map(\.state) == [.down] && rig.statuses.last?.waitingCalls == hour + 1)
    }
    #expect(rig.delivered.isEmpty && rig.requests - requests < 72 * 3_600 / 10, "\(rig.requests - requests) requests")
    rig.parent.fault = .none
    let healed = rig.now
    rig.run(for: .seconds(60))
    #expect(rig.delivered.count == 72 && rig.everythingArrivedOnce && rig.claims.isEmpty)
    #expect(rig.delivered.allSatisfy { $0.at - healed < .seconds(20) })
  }

  /// The connection stands or is made anew at once, so nothing greets: the parent's first answer tells that it has less than before.
  @Test func aParentWithAnotherDiskIsNoticedByItsNextAnswer() {
    var rig = LinkRig()
    rig.run(for: .seconds(1))
    for number in 1...20 { rig.record(incident: number % 5 == 0 ? UInt32(number) : nil, opens: number % 5 == 0) }
    rig.run(for: .seconds(30))
    #expect(rig.everythingArrivedOnce)
    rig.parent.restore(without: 12)
    rig.run(for: .seconds(60))
    rig.record(incident: 21, opens: true)
    rig.run(for: .seconds(10))
    #expect(rig.everythingArrivedOnce && rig.claims.isEmpty)
  }

  /// A parent that never answers while a hundred thousand steps of calls happen: what does not fit is looked for again, in order.
  @Test func whatDidNotFitWhileTheLineWasDownIsSentLater() {
    var rig = LinkRig()
    rig.run(for: .seconds(1))
    rig.lines[0].isUp = false
    rig.run(for: .seconds(1))
    // Never closed, so that none of them may be put aside.
    let total = isLongRun ? 25_000 : 11_000
    for number in 1...total { rig.record(incident: UInt32(number), opens: true, bytes: 60) }
    rig.lines[0].isUp = true
    rig.lines[0].bitsPerSecond = 50_000_000
    rig.run(for: .seconds(30))
    let pressed = rig.now
    rig.record(incident: 1_000_000, opens: true)
    rig.run(for: .seconds(2))
    #expect((rig.openedAtParent[1_000_000].map { $0 - pressed } ?? .seconds(99)) < .seconds(2))
    rig.run(for: .seconds(300))
    #expect(rig.parent.entries.count == rig.journal.count && rig.parent.cursor.head == rig.journal.last?.head)
    #expect(Set(rig.delivered.map(\.incident)).count == total + 1 && rig.claims.isEmpty)
    #expect(rig.statuses.last?.waitingCalls == 0)
  }

  /// As compressed: a line that is paid for by the byte, or shared, is neither overrun nor left idle.
  @Test(arguments: [100, 40]) func aBacklogTakesOfTheLineWhatItMay(wirePercent: Int) {
    var rig = LinkRig(backlog: 100_000)
    rig.wirePercent = wirePercent
    rig.lines[0].bitsPerSecond = 100_000_000
    for _ in 0..<4_000 { rig.record(bytes: 1_000) }
    rig.run(for: .seconds(5))
    let before = rig.bytesSent
    rig.run(for: .seconds(10))
    #expect((900_000...1_100_000).contains(rig.bytesSent - before))
    #expect(rig.parent.entries.count < rig.journal.count)
  }

  @Test func callsOvertakeABacklogAndNothingIsLost() {
    var rig = LinkRig()
    // Three days without a line: a hundred thousand entries at full length, a twentieth as many in the short run.
    let total = isLongRun ? 100_000 : 5_000
    rig.lines[0].isUp = false
    var calls: [UInt32] = []
    for number in 0..<total {
      if number % 50 == 0 {
        calls.append(UInt32(number / 50 + 1))
        rig.append(incident: UInt32(number / 50 + 1), opens: true, bytes: 60)
      } else if number % 50 == 25 {
        rig.append(incident: UInt32(number / 50 + 1), ends: number % 100 == 25, bytes: 60)
      } else {
        rig.append(bytes: 60)
      }
    }
    rig.restartChild()
    rig.lines[0].isUp = true
    let healed = rig.now
    rig.run(for: .seconds(20))
    // What happens meanwhile is not held up by what happened before.
    for number in 0..<20 {
      let incident = UInt32(1_000_000 + number)
      let pressed = rig.now
      rig.record(incident: incident, opens: true)
      rig.run(for: .seconds(2))
      #expect((rig.openedAtParent[incident].map { $0 - pressed } ?? .seconds(99)) < .seconds(2))
    }
    #expect(calls.allSatisfy { (rig.openedAtParent[$0] ?? .distantFuture) - healed < .seconds(60) })
    rig.run(for: .seconds(isLongRun ? 120 : 60))
    #expect(rig.parent.entries.count == rig.journal.count && rig.parent.cursor.head == rig.journal.last?.head)
    #expect(rig.parent.duplicates == 0 && rig.claims.isEmpty)
  }

  @Test(arguments: 1...(isLongRun ? 500 : 25))
  func whateverHappensEverythingArrivesOnceAndInOrder(_ seed: UInt64) {
    var rig = LinkRig(paths: seed % 2 == 0 ? 2 : 1, seed: seed)
    var random = SeededRandom(seed: seed &* 77)
    var open: [UInt32] = []
    var last: UInt32 = 0
    let faults: [ParentModelFault] = [.silent, .diskFull, .busy, .crashBeforeSync, .loseAnswer, .refuses(.busy)]
    for _ in 0..<150 {
      switch random.below(12) {
      case 0...3:
        last += 1
        open.append(last)
        rig.record(incident: last, opens: true)
      case 4, 5:
        if let incident = open.first { rig.record(incident: incident) }
      case 6:
        if !open.isEmpty { rig.record(incident: open.removeFirst(), ends: true) }
      case 7 where random.chance(1, in: 2):
        for node in 0...UInt8(random.below(40)) {
          rig.measure(node, Int64(random.below(3)), timeToLive: .seconds(5 + Int(random.below(200))))
        }
      case 7: for _ in 0..<random.below(40) { rig.record() }
      case 8: rig.changeALine(&random)
      case 9: rig.parent.fault = faults[Int(random.below(UInt32(faults.count)))]
      case 10: rig.parent.fault = .none
      default: if random.chance(1, in: 3) { rig.restartChild() }
      }
      rig.run(for: .milliseconds(Int(random.below(6000))))
    }
    rig.parent.fault = .none
    for path in rig.lines.indices {
      rig.lines[path].isUp = true
      rig.lines[path].isBlackHole = false
      rig.lines[path].lossPerMille = 0
      rig.lines[path].latency = .milliseconds(10)
    }
    rig.run(for: .seconds(60))
    #expect(rig.everythingArrivedOnce)
    #expect(rig.orderWithinCalls)
    #expect(rig.claims == [])
    #expect(rig.rudeness == [])
    #expect(rig.statuses.last?.waiting == 0 && rig.statuses.last?.waitingCalls == 0)
  }

  @Test func aParentThatWasSetBackGetsAgainWhatItLost() {
    var rig = LinkRig()
    rig.run(for: .seconds(1))
    for number in UInt32(1)...50 { rig.record(incident: number % 5 == 0 ? number : nil, opens: number % 5 == 0) }
    rig.run(for: .seconds(10))
    #expect(rig.everythingArrivedOnce)
    rig.parent.restore(without: 30)
    rig.lines[0].isUp = false
    rig.run(for: .seconds(20))
    rig.lines[0].isUp = true
    rig.run(for: .seconds(30))
    #expect(rig.parent.cursor.head == rig.journal.last?.head && rig.parent.entries.count == 50)
  }

  /// The machine wants to be woken only when there is something to do: 1,000 quiet seconds take a few wake-ups each.
  @Test func aQuietLineCostsLittle() {
    var rig = LinkRig(paths: 2)
    rig.record(incident: 1, opens: true)
    rig.run(for: .seconds(20))
    let requests = rig.requests
    rig.run(for: .seconds(1000))
    #expect(rig.requests - requests <= 402)
  }
}
