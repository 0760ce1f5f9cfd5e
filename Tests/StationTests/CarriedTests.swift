import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// A journal whose oldest files may go: what is written as a month begins stands for everything before it.
@Suite struct CarriedTests {
  static let childPlan: SitePlan = {
    var plan = Bench.plan
    plan.parent = SitePlan.Parent(proofMinute: 0)
    return plan
  }()
  static let streetPlan: SitePlan = {
    var plan = SitePlan(
      name: "铁西街道综治中心", station: "tiexi", posts: [.init(id: "duty", name: "街道值班台")], places: [.init(id: "room", name: "监控室")],
      callPoints: [], devices: [])
    plan.children = [.init(station: "a", name: "甲"), .init(station: "b", name: "乙")]
    plan.parent = SitePlan.Parent(proofMinute: nil)
    return plan
  }()

  private func fold(_ entries: some Sequence<Entry>) -> StationState {
    var state = StationState()
    for entry in entries { state.apply(entry) }
    return state
  }

  /// Something that happens in a station, of many kinds.
  static func happen(_ bench: inout Bench, _ random: inout SeededRandom, _ sequence: inout UInt32) {
    let call =
      bench.station.state.incidents.isEmpty
      ? 0 : bench.station.state.incidents[Int(random.below(UInt32(bench.station.state.incidents.count)))].id
    switch random.below(14) {
    case 0...3:
      sequence += 1
      bench.press(["A/1/1", "A/1/2", "A/2/1"][Int(random.below(3))], sequence: sequence)
    case 4: bench.ask("desk", .acknowledge(call))
    case 5: bench.ask("desk", .onScene(call))
    case 6: bench.ask("desk", .resolve(call, note: "扶起 \(random.below(1000))"))
    case 7: bench.ask("desk", .close(call))
    case 8: bench.ask("desk", .falseAlarm(call, note: "误按"))
    case 9: bench.ask("desk", .bypass("A/1/2", reason: "检修", minutes: 30))
    case 10: bench.give(.device(.lineChanged("A/1/1", random.below(2) == 0 ? .open : .normal)))
    case 11:
      bench.give(
        .command(
          ParentCommand(
            number: UInt64(bench.wall.unixMilliseconds), issuedAtMilliseconds: 0, timeToLiveSeconds: 600, post: "duty",
            action: .notice(text: "请检查")), remainingMilliseconds: 600_000))
    case 12: bench.give(.delivered(bench.station.state.incidents.map(\.id), parent: "tiexi"))
    default: bench.pass(.seconds(Int(random.below(4000))))
    }
    bench.pass(.milliseconds(Int(random.below(3000))))
  }

  @Test(arguments: 1...40) func aFoldFromAnyMonthIsTheFoldOfAll(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var child = Bench(plan: Self.childPlan)
    var street = Bench(plan: Self.streetPlan)
    var copies = ["a", "b"].map { CopiedJournal(name: $0) }
    var sequence: UInt32 = 0
    var begins: [(child: Int, street: Int)] = []
    for _ in 0..<6 {
      for _ in 0..<random.below(60) {
        let old = child.entries.count
        Self.happen(&child, &random, &sequence)
        for entry in child.entries[old...] {
          for index in copies.indices where random.below(3) > 0 { street.give(copies[index].next(entry)) }
        }
      }
      begins.append((child.entries.count, street.entries.count))
      child.give(.monthBegan(boot: "boot-1", tooLarge: nil))
      street.give(.monthBegan(boot: "boot-1", tooLarge: nil))
    }
    for (bench, starts) in [(child, begins.map(\.child)), (street, begins.map(\.street))] {
      #expect(fold(bench.entries) == bench.station.state)
      for start in starts { #expect(fold(bench.entries[start...]) == bench.station.state, "seed \(seed), from \(start)") }
    }
    #expect(street.station.state.children.count == 2 && child.station.state.lastIncident > 0)
  }

  /// A parent that lost its disk: calls come first, in their order; the rest behind them. It ends with the state that the child has.
  @Test(arguments: 1...60) func aParentWithoutThePastEndsWithTheChildsState(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var child = Bench(plan: Self.childPlan)
    var sequence: UInt32 = 0
    for _ in 0..<random.below(80) { Self.happen(&child, &random, &sequence) }
    let start = child.entries.count
    child.give(.monthBegan(boot: "boot-1", tooLarge: nil))
    for _ in 0..<random.below(80) { Self.happen(&child, &random, &sequence) }

    var journal = CopiedJournal(name: "a")
    let all = child.entries.map { journal.received($0) }
    let kept = Array(all[start...])
    let isCall = { (item: Received) in
      if case .delivered? = item.content?.change { return false }
      if case .proofAsked? = item.content?.change { return true }
      return item.content?.change.incident != nil
    }
    // Each lane keeps its order; how they mix is up to the line. What was carried stands first in the backlog.
    var calls = kept.filter(isCall)
    var rest = kept.filter { !isCall($0) }
    var street = Bench(plan: Self.streetPlan)
    let oldest = try #require(start > 0 ? all[start - 1].link.entry : nil)
    street.give(.childConnected("a", oldest: oldest, request: 1))
    #expect(street.receipts.last?.contiguous == oldest)
    while !calls.isEmpty || !rest.isEmpty {
      let takesCall = rest.isEmpty || (!calls.isEmpty && random.below(4) > 0)
      street.give(.received(child: "a", [takesCall ? calls.removeFirst() : rest.removeFirst()], request: 2))
    }
    #expect(street.receipts.last?.contiguous == all.last?.link.entry)
    let copy = try #require(street.station.state.child("a"))
    let own = child.station.state
    #expect(unordered(copy.fold.incidents) == unordered(own.incidents), "seed \(seed)")
    #expect(copy.fold.statistics == own.statistics && copy.fold.faults == own.faults && copy.fold.bypasses == own.bypasses)
    #expect(Set(copy.fold.recentlyClosed.map(\.id)) == Set(own.recentlyClosed.map(\.id)))
    #expect(copy.fold.notices == own.notices && copy.fold.identities == own.identities && copy.fold.described == own.described)
    #expect(copy.fold.proof.asked == own.proof.asked && copy.fold.lastIncident == own.lastIncident)
    #expect(copy.fold.entries == own.entries && !copy.fold.lacksPast && copy.early.isEmpty)
    #expect(street.view.faults.map(\.key.description).contains("@a:childLacksPast"))
    // A second life of the street's program.
    #expect(fold(street.entries) == street.station.state)
  }

  /// Without what overtaking itself changes: whether a button was bypassed at that moment, and what the parent was told of itself.
  private func unordered(_ incidents: [Incident]) -> [Incident] {
    incidents.map { incident in
      var incident = incident
      incident.opening.bypassed = false
      incident.deliveredTo = nil
      incident.ladderSince = incident.openedAt
      return incident
    }
  }

  /// A parent that has everything takes the child's carried state for what it is: nothing new.
  @Test func aParentWithThePastIsNotSetBackByWhatIsCarried() throws {
    var child = Bench(plan: Self.childPlan)
    var journal = CopiedJournal(name: "a")
    child.press("A/1/1", sequence: 1)
    child.give(.monthBegan(boot: "boot-1", tooLarge: nil))
    child.press("A/1/2", sequence: 2)
    var all = child.entries.map { journal.received($0) }
    // The later call overtakes.
    all.swapAt(all.count - 1, all.count - 2)
    var street = Bench(plan: Self.streetPlan)
    for item in all { street.give(.received(child: "a", [item], request: 1)) }
    let copy = try #require(street.station.state.child("a"))
    #expect(copy.fold.incidents.map(\.id) == [1, 2] && copy.fold.statistics == child.station.state.statistics)
    #expect(copy.fold.entries == child.station.state.entries)
  }

  @Test func wordsAboutWhatIsOverAreNotCarried() {
    var child = Bench(plan: Self.childPlan)
    child.press("A/1/1", sequence: 1)
    child.ask("desk", .acknowledge(1))
    child.ask("desk", .onScene(1))
    child.ask("desk", .resolve(1, note: "家属已到"))
    child.ask("desk", .close(1))
    child.press("A/1/2", sequence: 2)
    child.ask("desk", .acknowledge(2))
    child.ask("desk", .onScene(2))
    child.ask("desk", .resolve(2, note: "等待回访"))
    #expect(child.view.recentlyClosed.map(\.note) == ["家属已到"])
    let old = child.entries.count
    child.give(.monthBegan(boot: "boot-1", tooLarge: nil))
    #expect(child.view.recentlyClosed.map(\.note) == [nil] && child.view.incidents.map(\.note) == ["等待回访"])
    #expect(!"\(child.entries[old...])".contains("家属已到") && "\(child.entries[old...])".contains("等待回访"))
  }

  @Test func aStateThatDoesNotFitIsSaidAndNothingIsWritten() {
    var child = Bench(plan: Self.childPlan)
    child.give(.monthBegan(boot: "boot-1", tooLarge: "b: 2000000 > 1048576 bytes"))
    #expect(child.view.faults.map(\.key.description) == ["journal:notCarried"])
    #expect(!child.entries.contains { if case .carried = $0.change { true } else { false } })
    child.give(.monthBegan(boot: "boot-1", tooLarge: nil))
    #expect(child.view.faults.map(\.present) == [false])
  }

  @Test func aStationIsToldThatItsParentLostWhatItDropped() {
    var child = Bench(plan: Self.childPlan)
    child.give(.parentLacksPast(detail: "… 1/200"))
    child.give(.parentLacksPast(detail: "… 1/200"))
    #expect(child.view.faults.map(\.key.description) == ["^:parentLacksPast"] && child.view.faults[0].detail == "… 1/200")
    #expect(FaultKey("^:parentLacksPast") == FaultKey(.parent, .parentLacksPast))
    #expect(FaultKey("journal:notCarried") == FaultKey(.journal, .notCarried))
  }
}

/// A child's journal as it comes off the line; hashes that are only told apart.
struct CopiedJournal {
  let name: String
  private var head = JournalHead.start

  init(name: String) { self.name = name }

  mutating func received(_ entry: Entry) -> Received {
    let position = JournalPosition(epoch: 1, sequence: head.position.sequence + 1)
    var bytes = [UInt8](repeating: 0, count: 32)
    for index in 0..<8 { bytes[index] = UInt8(truncatingIfNeeded: position.sequence >> (8 * UInt64(index))) }
    let hash = EntryHash(bytes) ?? .zero
    defer { head = JournalHead(position: position, hash: hash) }
    return Received(child: name, position: position, hash: hash, before: head, isLate: true, body: [], content: entry)
  }

  mutating func next(_ entry: Entry) -> StationInput { .received(child: name, [received(entry)], request: 9) }
}
