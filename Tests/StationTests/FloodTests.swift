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

  private func street() -> Bench {
    var plan = SitePlan(
      name: "铁西街道综治中心", station: "tiexi", posts: [.init(id: "duty", name: "街道值班台")], places: [], callPoints: [], devices: [])
    plan.children = [SitePlan.Child(station: "a", name: "甲"), SitePlan.Child(station: "b", name: "乙")]
    return Bench(plan: plan)
  }

  private func received(_ child: String, _ changes: [Change], after count: Int = 0) -> [Received] {
    func head(_ number: Int) -> JournalHead {
      guard number > 0 else { return .start }
      let bytes = (0..<32).map { $0 < 8 ? UInt8(truncatingIfNeeded: number >> ($0 * 8)) : 0 }
      return JournalHead(position: JournalPosition(epoch: 1, sequence: UInt64(number)), hash: EntryHash(bytes) ?? .zero)
    }
    return changes.enumerated().map { index, change in
      let number = count + index + 1
      let time = EntryTime(wallMilliseconds: 1_790_000_000_000, synchronised: true, boot: "x", monotonic: .zero)
      return Received(
        child: child, position: head(number).position, hash: head(number).hash, before: head(number - 1), isLate: false, body: [],
        content: Entry(time: time, change: change))
    }
  }

  private func opened(_ id: IncidentID) -> Change {
    .opened(
      id,
      Opening(
        button: "A/1/1", place: "p", mark: .real, kind: .press, identity: EventIdentity(unit: id, epoch: 1, sequence: 1),
        ageMilliseconds: 0, silent: false, bypassed: false))
  }

  @Test func oneChildsCallsAndFaultsAreBoundedAndTheDeskSaysSo() {
    var bench = street()
    bench.give(.received(child: "a", received("a", (1...200).map(opened)), request: 1))
    #expect(faults(bench).isEmpty && bench.view.children[0].incidents.count == 200)
    let more = (201...3000).map(opened)
    bench.give(.received(child: "a", received("a", more, after: 200), request: 2))
    let wrong = (1...2000).map { Change.faultRaised(FaultKey(.bus("b\($0)"), .busSilent), detail: "") }
    bench.give(.received(child: "a", received("a", wrong, after: 3000), request: 3))
    #expect(faults(bench) == ["@a:childFloods"])
    #expect(bench.view.children[0].incidents.count == 200 && bench.view.children[0].faults.count == 500)
    // All of it is on the disk, and what is known goes on.
    #expect(bench.receipts.last?.contiguous.position.sequence == 5000)
    bench.give(.received(child: "a", received("a", [.closed(7, post: "desk")], after: 5000), request: 4))
    #expect(bench.view.children[0].incidents.count == 199)
    // Another child is not touched by it.
    bench.give(.received(child: "b", received("b", [opened(1)]), request: 5))
    #expect(bench.view.children[1].incidents.map(\.id) == [1])
    var state = StationState()
    for entry in bench.entries { state.apply(entry) }
    #expect(state == bench.station.state)
  }

  /// A community that resolves its calls and does not close them: the next one is shown here all the same.
  @Test func aNewCallIsShownHoweverManyStandThatWaitForNobody() {
    var bench = street()
    var changes = (1...200).map(opened)
    for id in 1...150 as ClosedRange<IncidentID> {
      changes += [
        .acknowledged(id, post: "desk", formerOwner: nil), .onScene(id, post: "desk"), .resolved(id, post: "desk", note: "x"),
      ]
    }
    bench.give(.received(child: "a", received("a", changes), request: 1))
    #expect(bench.view.children[0].incidents.count == 200 && faults(bench).isEmpty)
    bench.give(.received(child: "a", received("a", [opened(201)], after: changes.count), request: 2))
    #expect(bench.view.children[0].incidents.count == 200 && bench.view.children[0].incidents.contains { $0.id == 201 })
    #expect(!bench.view.children[0].incidents.contains { $0.id == 1 } && faults(bench) == ["@a:childFloods"])
  }

  /// Everything else that a fold gathers.
  @Test func whatNoPageShowsDoesNotGrowEither() throws {
    var bench = street()
    let identity = DeviceIdentity(vendor: "", product: "", firmware: "", unit: 1, protocolVersion: 1, buttons: 1)
    var changes: [Change] = [opened(1)]
    for number in 0..<2000 {
      let device = DeviceID(bus: "b\(number)", node: 1)
      let button = ButtonID(device: device, button: 1)
      let inner = received("c\(number)", [.stopped])
      changes += [
        .deviceIdentified(device, identity), .testAnnounced(button, post: "p"),
        .bypassed(button, post: "p", reason: "", minutes: 1),
        .acknowledged(1, post: "p\(number)", formerOwner: "f"), .escalated(1, step: 1, posts: ["e\(number)"]),
        opened(UInt32(number) + 2), .closed(UInt32(number) + 2, post: "p"), .received(inner[0]),
        .commanded(
          "c1", ParentCommand(number: 1, issuedAtMilliseconds: 0, timeToLiveSeconds: 1, post: "", action: command)),
      ]
    }
    for start in stride(from: 0, to: changes.count, by: 500) {
      let batch = Array(changes[start..<min(start + 500, changes.count)])
      bench.give(.received(child: "a", received("a", batch, after: start), request: UInt64(start)))
    }
    let fold = try #require(bench.station.state.child("a")).fold
    let counts = [
      fold.identities.count, fold.announcedTests.count, fold.bypasses.count, fold.children.count, fold.watermarks.count,
    ]
    #expect(counts.allSatisfy { $0 <= 500 }, "\(counts)")
    #expect(fold.children.allSatisfy { $0.pending.count <= 500 })
    let call = try #require(fold.incident(1))
    #expect(call.formerOwners.count <= 50 && call.takenFrom.count <= 50 && call.escalatedTo.count <= 51)
  }
}
