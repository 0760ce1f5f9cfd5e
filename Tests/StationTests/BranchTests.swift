import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import Testing

/// A community whose disk was set back to an older copy, and its street, which has what came after the copy.
private struct SetBack {
  var child: Bench
  var street: Bench
  private var heads: [JournalHead] = []
  private var epochBegins = 0
  private var life: UInt32 = 0

  static let childPlan: SitePlan = {
    var plan = Bench.plan
    plan.parent = SitePlan.Parent(proofMinute: nil)
    return plan
  }()

  init() {
    child = Bench(plan: Self.childPlan)
    var plan = SitePlan(
      name: "铁西街道综治中心", station: "tiexi", posts: [.init(id: "duty", name: "街道值班台")], places: [.init(id: "room", name: "监控室")],
      callPoints: [], devices: [])
    plan.children = [SitePlan.Child(station: "tiexi-03", name: "铁西社区")]
    street = Bench(plan: plan)
  }

  struct Copy {
    var bench: Bench
    var heads: [JournalHead]
  }

  mutating func copy() -> Copy {
    chain()
    return Copy(bench: child, heads: heads)
  }

  mutating func putBack(_ copy: Copy) {
    life += 1
    child = copy.bench.restarted(boot: "boot-\(life + 1)", after: .seconds(600))
    heads = copy.heads
    chain()
  }

  /// Gives each entry its place; hashes that are only told apart.
  private mutating func chain() {
    while heads.count < child.entries.count {
      let last = heads.last ?? .start
      let isBranch = if case .branched = child.entries[heads.count].change { true } else { false }
      let position =
        isBranch
        ? JournalPosition(epoch: max(last.position.epoch, life) + 1, sequence: 1)
        : JournalPosition(epoch: max(1, last.position.epoch), sequence: last.position.sequence + 1)
      var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: life), count: 32)
      bytes[2] = UInt8(truncatingIfNeeded: life >> 8)
      bytes[0] = UInt8(truncatingIfNeeded: position.epoch)
      bytes[3] = UInt8(truncatingIfNeeded: position.epoch >> 8)
      bytes[1] = UInt8(truncatingIfNeeded: position.sequence)
      heads.append(JournalHead(position: position, hash: EntryHash(bytes) ?? .zero))
    }
  }

  /// So many of its entries reach the street, in this order.
  mutating func send(_ indices: some Sequence<Int>) {
    chain()
    for index in indices {
      let received = Received(
        child: "tiexi-03", position: heads[index].position, hash: heads[index].hash,
        before: index == 0 ? .start : heads[index - 1],
        isLate: false, body: [], content: child.entries[index])
      street.give(.received(child: "tiexi-03", [received], request: 1))
    }
  }

  mutating func sendNext() { send([all.upperBound - 1]) }

  var all: Range<Int> { child.entries.indices }
  var known: ChildState? { street.station.state.child("tiexi-03") }
  var card: DeskView.ChildCard? { street.view.children.first }
}

@Suite struct BranchTests {
  private func isBranch(_ entry: Entry) -> Bool { if case .branched = entry.change { true } else { false } }

  @Test func aStationThatWasSetBackTellsItsCallsAgainAndNothingOfItsOwnChanges() {
    var pair = SetBack()
    pair.child.press("A/1/1", sequence: 1)
    pair.child.press("A/1/2", sequence: 2)
    pair.child.ask("desk", .acknowledge(1))
    pair.child.ask("desk", .falseAlarm(2, note: "误按"))
    let before = pair.child.station.state
    let count = pair.child.entries.count
    // Also when the clock was set in between.
    pair.child.wall.unixMilliseconds += 3_600_000
    pair.child.give(.parentContradicts(epoch: 1, detail: "1/9"))
    let told = pair.child.entries[count...].map(\.change)
    #expect(
      told.prefix(3) == [.branched(open: [1]), .toldAgain(before.incidents[0]), .toldAgain(before.recentlyClosed[0])])
    #expect(pair.child.station.state.incidents == before.incidents && pair.child.lamp("A/1/1") == .coming)
    #expect(pair.child.view.faults.map(\.key.description) == ["^:journalForked"])
    pair.child.give(.delivered([0, 1], parent: "tiexi"))
    #expect(pair.child.entries.last?.change == .delivered(1, parent: "tiexi"))
  }

  /// The street has a call 2 that the copy has not, and the copy opens another call 2.
  @Test(arguments: [true, false]) func theStreetKeepsTheCallsOfBothBranches(branchFirst: Bool) throws {
    var pair = SetBack()
    pair.child.press("A/1/1", sequence: 1)
    let copy = pair.copy()
    pair.child.press("A/1/2", sequence: 2)
    pair.child.ask("desk", .acknowledge(1))
    pair.child.ask("desk", .falseAlarm(1, note: "误按"))
    pair.send(pair.all)
    #expect(pair.card?.incidents.map(\.id) == [2])
    let lost = try #require(pair.known?.fold.incident(2))

    pair.putBack(copy)
    for round in 0..<6 { pair.child.ask("desk", .bypass("A/1/2", reason: "\(round)", minutes: 30)) }
    pair.child.press("A/2/1", sequence: 1, unit: 701)
    pair.child.ask("desk", .acknowledge(2))
    pair.child.give(.parentContradicts(epoch: 1, detail: "1/9"))
    pair.child.ask("desk", .onScene(2))
    let branch = try #require(pair.child.entries.firstIndex(where: isBranch))
    let rest = copy.heads.count..<branch
    pair.send(branchFirst ? Array(branch..<pair.all.endIndex) + rest : rest + Array(branch..<pair.all.endIndex))

    #expect(pair.known?.fold.incidents == pair.child.station.state.incidents, "call 1 is open again, call 2 is the new one")
    #expect(pair.known?.lost == [lost])
    #expect(pair.card?.lost.map(\.button) == ["A/1/2"] && pair.street.view.sound == .call)
    #expect(pair.street.view.faults.map(\.key.description).contains("@tiexi-03:childBranched"))
    let counts = try #require(pair.known?.fold.statistics.real)
    #expect(counts.opened == 3 && counts.closed == 0 && counts.falseAlarms == 0)
    // Another start of the street, from its entries and from what is carried over a month.
    #expect(
      pair.street.restarted(boot: "boot-9", after: .seconds(3)).station.state.children == pair.street.station.state.children)
    let carried = try JSONDecoder().decode(StationState.self, from: JSONEncoder().encode(pair.street.station.state))
    #expect(carried == pair.street.station.state)

    // What goes on below concerns only what is there.
    pair.child.ask("desk", .resolve(2, note: "好了"))
    pair.child.ask("desk", .close(2))
    pair.send(pair.all.suffix(2))
    #expect(pair.card?.incidents.map(\.id) == [1] && pair.card?.lost.map(\.id) == [2])
    // Nobody can ask the child to do something with a call that it does not have.
    #expect(pair.street.ask("duty", .child("tiexi-03", .acknowledge(incident: 2))) == .refused(.alreadyClosed))
  }

  @Test func aCallThatIsToldAgainLaterIsNotLostAnyMore() {
    var pair = SetBack()
    let old = pair.copy()
    pair.child.press("A/1/1", sequence: 1)
    pair.send(pair.all)
    let newer = pair.copy()
    pair.putBack(old)
    pair.child.give(.parentContradicts(epoch: 1, detail: ""))
    pair.send(pair.all)
    #expect(pair.card?.incidents == [] && pair.card?.lost.map(\.id) == [1])
    // The technician finds the newer image.
    pair.putBack(newer)
    pair.child.give(.parentContradicts(epoch: 2, detail: ""))
    pair.send(pair.all)
    #expect(pair.card?.incidents.map(\.id) == [1] && pair.card?.lost == [])
  }

  /// A press after the branch goes up before everything else.
  @Test func aCallThatOvertookTheBranchIsNotLost() throws {
    var pair = SetBack()
    let old = pair.copy()
    pair.child.press("A/1/1", sequence: 1)
    pair.send(pair.all)
    pair.putBack(old)
    pair.child.give(.parentContradicts(epoch: 1, detail: ""))
    pair.child.press("A/1/2", sequence: 9)
    let opening = try #require(pair.all.last)
    pair.send([opening])
    pair.send(pair.all.dropLast())
    #expect(pair.card?.incidents.map(\.button) == ["A/1/2"] && pair.card?.lost.map(\.button) == ["A/1/1"])
  }

  /// A captured station can write what it likes, and what it wrote is on disk for ever.
  @Test func aCallWithNumbersThatCannotBeIsTakenWithoutHarm() {
    var pair = SetBack()
    let before = pair.child.entries.count
    for (wall, count) in [(Int64.min, Int.max), (Int64.max, Int.min)] {
      var call = Incident(
        id: 3,
        opening: Opening(
          button: "A/1/1", place: "hall", mark: .real, kind: .press, identity: nil, ageMilliseconds: .max, silent: false,
          bypassed: false), at: EntryTime(wallMilliseconds: wall, synchronised: true, boot: "x", monotonic: .distantFuture))
      call.presses = count
      call.raisedAgain = count
      call.escalationStep = count
      for phase in Phase.allCases {
        call.phase = phase
        for change in [
          Change.branched(open: Array(repeating: 7, count: 100_000)), .toldAgain(call),
          .pressedAgain(3, "A/1/1", identity: nil), .raisedAgain(3), .branched(open: []), .toldAgain(call),
          .falseAlarm(3, post: "p", note: ""),
          .toldAgain(call),
        ] {
          pair.child.entries.append(Entry(time: call.openedAt, change: change))
          pair.sendNext()
          #expect(pair.street.view.children.count == 1)
        }
      }
    }
    #expect(pair.known?.fold.entries == UInt64(pair.child.entries.count - before))
  }

  @Test func lostCallsHaveALimitAndThoseThatWaitStayLongest() {
    var pair = SetBack()
    for round in UInt32(0)..<300 {
      let old = pair.copy()
      pair.child.press("A/1/1", sequence: 1 + round * 2)
      if round % 2 == 0 { pair.child.ask("desk", .acknowledge(1)) }
      pair.send(pair.all)
      pair.putBack(old)
      pair.child.give(.parentContradicts(epoch: round + 1, detail: ""))
      pair.send(pair.all)
    }
    let lost = pair.known?.lost ?? []
    #expect(lost.count == 256 && lost.count { $0.waits } == 150)
  }
}
