import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import Testing

@testable import StationRuntime

/// A journal in memory that can refuse.
final class MemoryStore: EntryStore {
  var stored: [JournalEntry] = []
  var refuses: JournalError?
  var refusesOnlyNormal = false
  var snapshot: JournalSnapshot?
  var condition = JournalCondition.healthy
  var appends = 0
  var isProvisional = false
  /// While it is provisional, only so many of the entries can be read.
  var readable = Int.max

  private var given: [JournalEntry] { isProvisional ? Array(stored.prefix(readable)) : stored }
  var last: JournalHead { given.last?.head ?? .start }

  func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry] {
    appends += 1
    if isProvisional { throw .diskFull(callsStillFit: false) }
    for body in bodies where body.count > JournalOptions.maximumBodyBytes { throw .tooLarge(bytes: body.count) }
    if let refuses, !(refusesOnlyNormal && urgent) { throw refuses }
    var new: [JournalEntry] = []
    for body in bodies { new.append((new.last?.head ?? last).followed(by: body)) }
    stored += new
    return new
  }

  func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] {
    Array(given.filter { $0.position.sequence > position?.sequence ?? 0 }.prefix(limit))
  }

  /// What `beginEpoch` was asked for.
  var epochsBegun: [UInt32] = []
  func beginEpoch(above epoch: UInt32) throws(JournalError) {
    epochsBegun.append(epoch)
    epochBegunAt = stored.count
  }
  var epochBegunAt: Int?
  /// How many bytes each snapshot had, and behind how many entries it was made.
  var saved: [(bytes: Int, entries: Int)] = []
  func saveSnapshot(_ snapshot: JournalSnapshot) throws(JournalError) {
    self.snapshot = snapshot
    saved.append((snapshot.bytes.count, stored.count))
  }
  func latestSnapshot(foldVersion: UInt32) -> JournalSnapshot? { snapshot }
  func maintain(month: JournalMonth?) throws(JournalError) {}
}

@Suite struct DeciderTests {
  let button = ButtonID(device: DeviceID(bus: "A", node: 1), button: 1)
  let wall = WallClock(unixMilliseconds: 1_790_000_000_000, synchronised: true)

  private var plan: SitePlan {
    SitePlan(
      name: "s", station: "s", posts: [.init(id: "desk", name: "d")], places: [.init(id: "p", name: "P")],
      callPoints: [.init(button: button, place: "p")], devices: [.init(id: button.device, name: "n")])
  }

  private func press(_ sequence: UInt32) -> StationInput {
    .device(.pressed(Press(button: button, identity: EventIdentity(unit: 9, epoch: 1, sequence: sequence), ageMilliseconds: 0)))
  }

  private func step(_ decider: inout Decider, _ inputs: [StationInput], _ milliseconds: Int) -> [StationEffect] {
    var released: [StationEffect] = []
    let now = Instant.zero + .milliseconds(milliseconds)
    decider.step(inputs.map { ($0, now) }, wall: wall, now: now) { released.append($0) }
    return released
  }

  /// A journal that was set back must not give numbers away that the parent has already.
  @Test func aJournalThatTheParentContradictsGoesOnUnderANewEpoch() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t"), .parentContradicts(epoch: 7, detail: "7/12")], 1000)
    #expect(store.epochsBegun == [7])
    #expect(decider.view().faults.map(\.key.description) == ["^:journalForked"])
    // Asked for once more, because the uplink's thread has not seen it yet.
    _ = step(&decider, [.parentContradicts(epoch: 7, detail: "7/12")], 1100)
    #expect(store.epochsBegun == [7])
    let changes = try store.stored.map { try EntryCoder().decode($0.body).change }
    #expect(changes.count { if case .branched = $0 { true } else { false } } == 1)
  }

  /// The new epoch begins with what tells of it, whatever else was on its way to the disk; and without an epoch nothing tells of one.
  @Test func aJournalThatCannotBeginANewEpochSaysNothingOfOne() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    store.refuses = .inputOutput(file: "f", operation: "fsync", code: 5)
    _ = step(&decider, [press(1), .parentContradicts(epoch: 7, detail: "7/12")], 2000)
    #expect(store.epochsBegun == [] && decider.station.state.fault(FaultKey(.parent, .journalForked)) == nil)
    store.refuses = nil
    _ = step(&decider, [press(2), .parentContradicts(epoch: 7, detail: "7/12")], 3000)
    let first = try #require(store.epochBegunAt)
    #expect(try EntryCoder().decode(store.stored[first].body).change == .branched(open: [1]))
  }

  /// One entry must not stop the journal for all: neither a call nor what says why.
  @Test func anEntryThatTheJournalNeverTakesHoldsUpNothing() throws {
    let store = MemoryStore()
    var plan = plan
    plan.callPoints[0].place = String(repeating: "p", count: JournalOptions.maximumBodyBytes)
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    let long = String(repeating: "x", count: JournalOptions.maximumBodyBytes)
    let head = JournalHead(
      position: JournalPosition(epoch: 1, sequence: 1), hash: EntryHash([UInt8](repeating: 1, count: 32)) ?? .zero)
    let received = Received(
      child: "c", position: head.position, hash: head.hash, before: .start, isLate: false, body: Array(long.utf8), content: nil)
    let released = step(
      &decider, [.receiver(.silent, detail: long), press(1), .received(child: "c", [received], request: 7), .link(LinkStatus())],
      2000)
    #expect(released.contains(.device(.accept(button.device, EventIdentity(unit: 9, epoch: 1, sequence: 1)))))
    #expect(released.contains(.receipt(7, LinkReceipt(contiguous: head, ranges: []))))
    let view = decider.view()
    #expect(view.incidents.map(\.button) == [button] && view.journal == .init(condition: .healthy, waiting: 0))
    #expect(view.faults.map(\.key.description).sorted() == ["journal:entryTooLong"] && !decider.isImpaired)
    #expect(try Decider.fold(store) == decider.station.state)
  }

  @Test func nothingIsReleasedBeforeItIsOnDisk() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    store.refuses = .inputOutput(file: "f", operation: "fsync", code: 5)
    #expect(step(&decider, [press(1)], 2000).isEmpty)
    #expect(decider.waiting == 1 && decider.view().journal.condition == .failed && decider.view().journal.waiting == 1)
    #expect(step(&decider, [press(2)], 2100).isEmpty)
    store.refuses = nil
    #expect(step(&decider, [], 2200).isEmpty, "not before the next try is due")
    let released = step(&decider, [], 2600)
    let accepted = released.filter { if case .device(.accept) = $0 { true } else { false } }
    #expect(accepted.count == 2 && decider.waiting == 0)
    let changes = try store.stored.map { try EntryCoder().decode($0.body).change }
    #expect(changes.filter { if case .faultRaised(FaultKey(.journal, .diskFailed), _) = $0 { true } else { false } }.count == 1)
    #expect(changes.count == 4 && decider.view().journal == .init(condition: .healthy, waiting: 0))
  }

  /// The disk takes calls only: they are accepted although other entries, decided before and after them, wait.
  @Test func anEntryThatWaitsForSpaceHoldsUpNoCall() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    store.refuses = .diskFull(callsStillFit: true)
    store.refusesOnlyNormal = true
    store.condition = JournalCondition(
      state: .diskFull, faults: [JournalFault(kind: .diskFull, file: "f", position: .start, detail: "full")], faultCount: 1)
    #expect(step(&decider, [.device(.lineChanged(button, .open))], 2000).isEmpty)
    #expect(Set(decider.view().faults.map(\.key.kind)) == [.lineCut, .diskFull])
    #expect(decider.view().journal == .init(condition: .callsOnly, waiting: 0) && store.stored.count == 1)
    let released = step(&decider, [press(1)], 2100) + step(&decider, [], 2700)
    #expect(released.contains(.device(.accept(button.device, EventIdentity(unit: 9, epoch: 1, sequence: 1)))))
    #expect(released.contains(.device(.indicate(button, .slowBlink))))
    #expect(decider.view().incidents.map(\.recorded) == [true])
    // Space has come back: the upkeep notices, and what waits is written without anything else having to happen.
    store.refuses = nil
    store.condition.state = .healthy
    decider.maintain(wall: wall, now: .zero + .seconds(3))
    _ = step(&decider, [.device(.lineChanged(button, .normal))], 3000)
    _ = step(&decider, [], 3001)
    #expect(decider.view().journal.condition == .healthy && !decider.isImpaired)
    #expect(decider.view().faults.allSatisfy { !$0.present })
    #expect(try Decider.fold(store) == decider.station.state)
  }

  /// What the desk shows while nothing can be written: the call, marked, and no step of it that is not on disk.
  @Test func theDeskSeesACallThatIsNotRecordedAndNoStepOfIt() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t"), press(1)], 1000)
    store.refuses = .readOnly(folder: "f")
    _ = step(&decider, [.request(DeskRequest(number: 1, post: "desk", action: .acknowledge(1))), press(2)], 2000)
    var card = try #require(decider.view().incidents.first)
    #expect(card.phase == .opened && card.owner == nil && card.recorded && card.lampWish == .slowBlink && card.presses == 2)
    _ = step(&decider, [.request(DeskRequest(number: 2, post: "desk", action: .falseAlarm(1, note: ""))), press(3)], 2600)
    let cards = decider.view().incidents
    #expect(cards.map(\.id) == [1, 2] && cards.map(\.recorded) == [true, false] && cards[1].lampWish == .fastBlink)
    #expect(decider.view().entries == 2 && decider.view().statistics.real.opened == 1 && decider.view().sound == .call)
    store.refuses = nil
    let released = step(&decider, [], 3200)
    #expect(released.contains(.answer(1, .done)) && released.contains(.answer(2, .done)))
    card = try #require(decider.view().incidents.first)
    #expect(card.id == 2 && card.recorded && decider.view().recentlyClosed.map(\.id) == [1])
  }

  /// A disk that refuses for days: the repeats of a panel that is not answered do not pile up.
  @Test func repeatsOfAnEventThatCannotBeAcceptedDoNotPileUp() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    store.refuses = .readOnly(folder: "f")
    for second in 2...5000 { _ = step(&decider, [press(1)], second * 1000) }
    store.refuses = nil
    let released = step(&decider, [], 5_001_000)
    #expect(released.filter { if case .device(.accept) = $0 { true } else { false } }.count == 1)
  }

  @Test func theSounderIsHeardAlthoughTheDiskRefuses() throws {
    let store = MemoryStore()
    var site = plan
    let device = DeviceID(bus: "A", node: 20)
    let roles: [SitePlan.Output.Role] = [.sounder, .greenLight]
    site.outputs = roles.enumerated().map { .init(device: device, output: UInt8($0.offset + 1), role: $0.element) }
    var decider = try Decider(plan: site, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    store.refuses = .readOnly(folder: "f")
    let released = step(&decider, [press(1)], 2000) + step(&decider, [], 2600)
    #expect(released == [.device(.setOutput(device, output: 1, on: true)), .device(.setOutput(device, output: 2, on: false))])
    let acknowledge = DeskRequest(number: 1, post: "desk", action: .acknowledge(1))
    #expect(step(&decider, [.request(acknowledge)], 3200).isEmpty, "an acknowledgement that is not on disk silences nothing")
    store.refuses = nil
    let outputs = (step(&decider, [], 3700) + step(&decider, [], 3701)).filter {
      if case .device(.setOutput) = $0 { true } else { false }
    }
    #expect(outputs.last(where: { "\($0)".contains("output: 1") }) == .device(.setOutput(device, output: 1, on: false)))
    #expect(outputs.last(where: { "\($0)".contains("output: 2") }) == .device(.setOutput(device, output: 2, on: true)))
  }

  /// A commit that took long is no clock that was set: each input is given the wall time of its own moment.
  @Test func anInputThatWaitedIsNotTakenForAClockThatWasSet() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    let late = WallClock(unixMilliseconds: wall.unixMilliseconds + 5000, synchronised: true)
    decider.step([(press(1), .zero + .seconds(2)), (press(2), .zero + .seconds(6))], wall: late, now: .zero + .seconds(6)) { _ in
    }
    let entries = try store.stored.map { try EntryCoder().decode($0.body) }
    #expect(entries.map(\.time.wallMilliseconds).map { $0 - wall.unixMilliseconds } == [0, 1000, 5000])
    #expect(!entries.contains { if case .clockStepped = $0.change { true } else { false } })
  }

  /// A key that is named must not go because the disk does not say so at the moment.
  @Test func whichKeysAreNamedIsSaidOnlyWhenTheStateIsAllOfIt() throws {
    let store = MemoryStore()
    var plan = plan
    plan.visits = VisitPlan(
      services: [.init(id: "legal", name: "L", letter: "A")],
      windows: [.init(number: 1, name: "W", post: "desk", services: ["legal"])], kiosks: [.init(id: "hall", place: "p")])
    var decider = try Decider(plan: plan, store: store)
    func take(_ key: String, _ milliseconds: Int) -> [StationEffect] {
      let contact = SealedField(key: key, bytes: [1])
      let action = DeskRequest.Action.kiosk(
        "hall", .takeTicket(service: "legal", priority: false, CodeDigest(milliseconds), contact: contact))
      return step(&decider, [.request(DeskRequest(number: 1, post: "", action: action))], milliseconds)
    }
    _ = step(&decider, [.started(boot: "b", program: "p")], 0)
    #expect(decider.namedKeys == [])
    _ = take("one", 10)
    #expect(decider.namedKeys == ["one"])
    store.refuses = .diskFull(callsStillFit: true)
    _ = take("two", 20)
    #expect(decider.namedKeys == nil)
    store.refuses = nil
    // The second one writes down that the journal works again.
    for later in [2000, 2001] { _ = step(&decider, [], later) }
    #expect(decider.namedKeys == ["one", "two"])
    // A journal that could not be read whole yet names fewer than there are.
    let waiting = MemoryStore()
    (waiting.stored, waiting.isProvisional, waiting.readable) = (store.stored, true, 1)
    var early = try Decider(plan: plan, store: waiting)
    _ = step(&early, [.started(boot: "b", program: "p")], 0)
    #expect(early.namedKeys == nil)
    waiting.isProvisional = false
    early.maintain(wall: wall, now: Instant(microseconds: 5_000_000))
    for later in [6000, 6001] { _ = step(&early, [], later) }
    #expect(early.namedKeys == ["one", "two"])
  }

  @Test func aKeyIsShreddedOnlyWhenItsEntryIsOnDisk() throws {
    let store = MemoryStore()
    var plan = plan
    plan.visits = VisitPlan(
      services: [.init(id: "legal", name: "L", letter: "A")],
      windows: [.init(number: 1, name: "W", post: "desk", services: ["legal"])], kiosks: [.init(id: "hall", place: "p")])
    var decider = try Decider(plan: plan, store: store)
    func ask(_ action: DeskRequest.Action) -> StationInput { .request(DeskRequest(number: 1, post: "desk", action: action)) }
    let contact = SealedField(key: "one", bytes: [1])
    _ = step(
      &decider,
      [
        .started(boot: "b", program: "p"),
        ask(.kiosk("hall", .takeTicket(service: "legal", priority: false, 1, contact: contact))),
        ask(.visit(.callNext(window: 1))), ask(.visit(.serve(window: 1))),
      ], 0)
    store.refuses = .diskFull(callsStillFit: true)
    #expect(step(&decider, [ask(.visit(.finish(window: 1)))], 10).filter { $0 == .shred(["one"]) } == [])
    store.refuses = nil
    #expect(step(&decider, [], 2000).contains(.shred(["one"])))
  }

  @Test func aBatchIsOneCommit() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    let before = store.appends
    _ = step(&decider, (1...100).map { press($0) }, 2000)
    #expect(store.appends == before + 1 && store.stored.count == 101)
  }

  @Test func aNewProcessFoldsToTheSameStateWithAndWithoutItsSnapshot() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t"), press(1)], 1000)
    decider.saveSnapshot()
    _ = step(&decider, [press(2), press(3)], 2000)
    #expect(try Decider.fold(store) == decider.station.state)
    #expect(try Decider.fold(store, useSnapshot: false) == decider.station.state)
    store.snapshot?.bytes = [1]
    #expect(try Decider.fold(store) == decider.station.state)
  }

  @Test func aSmallStationSavesASnapshotAfterEveryThousandEntries() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    for number in 1...30 { _ = step(&decider, (1...100).map { press(UInt32(number * 100 + $0)) }, 1000 + number) }
    #expect(store.saved.map(\.entries) == [1001, 2001, 3001])
  }

  /// A street's snapshot grows with its children; made as often, it would keep calls waiting and cost more than the entries.
  @Test func aLargeSnapshotIsMadeWhenFourTimesItsBytesWereWritten() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    let coder = EntryCoder()
    var heads: [String: JournalHead] = [:]
    for number in 0..<4_000 {
      let child = "child-\(number % 200)"
      let before = heads[child] ?? .start
      let position = JournalPosition(epoch: 1, sequence: before.position.sequence + 1)
      let time = EntryTime(wallMilliseconds: wall.unixMilliseconds, synchronised: true, boot: "c", monotonic: .zero)
      let body = try coder.encode(Entry(time: time, change: .described(SiteDescription(plan))))
      let head = JournalHead(position: position, hash: .chained(after: before.hash, at: position, body: body))
      heads[child] = head
      let received = Received(
        child: child, position: position, hash: head.hash, before: before, isLate: false, body: body, content: coder.content(body)
      )
      _ = step(&decider, [.received(child: child, [received], request: UInt64(number))], 1001 + number)
    }
    #expect(store.saved.count >= 2)
    for (earlier, later) in zip(store.saved, store.saved.dropFirst()) {
      let between = store.stored[earlier.entries..<later.entries]
      #expect(between.count > Decider.snapshotEvery)
      let bytes = between.reduce(0) { $0 + $1.body.count }
      #expect(bytes >= 4 * earlier.bytes && bytes - (between.last?.body.count ?? 0) < 4 * earlier.bytes)
    }
    #expect(try Decider.fold(store) == decider.station.state)
  }

  @Test func whatHappenedToTheJournalIsAFaultInTheJournal() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    let fault = JournalFault(kind: .fileEnded, file: "f", position: .start, detail: "moved to a new file")
    store.condition = JournalCondition(state: .healthy, faults: [fault], faultCount: 1)
    _ = step(&decider, [.started(boot: "b", program: "t")], 1000)
    _ = step(&decider, [], 1001)
    #expect(decider.view().faults.map(\.key.description) == ["journal:diskFailed"])
    let written = String(decoding: store.stored.last?.body ?? [], as: UTF8.self)
    #expect(written.contains("moved to a new file"))
  }

  /// The journal could not be read at the start; what came meanwhile is decided again when it can.
  @Test(arguments: [0, 1, 2, .max]) func whatCameBeforeTheJournalWasOpenedIsDecidedOnTheTrueState(readable: Int) throws {
    let store = MemoryStore()
    do {
      var before = try Decider(plan: plan, store: store)
      _ = step(&before, [.started(boot: "b", program: "t"), press(1)], 1000)
      _ = step(&before, [.request(DeskRequest(number: 1, post: "desk", action: .falseAlarm(1, note: "")))], 2000)
    }
    (store.isProvisional, store.readable) = (true, readable)
    store.condition.state = .failed
    var decider = try Decider(plan: plan, store: store)
    decider.recorder = { _, _ in }
    // The panel offers the recorded press again, and a new one, each more than once.
    var released = step(&decider, [.started(boot: "b", program: "t"), press(1), press(2)], 3000)
    released += step(&decider, [press(1), press(2)], 4000)
    #expect(!released.contains { if case .device(.accept) = $0 { true } else { false } })
    #expect(decider.waiting > 0 && decider.view().sound == .call && decider.view().journal.condition == .failed)
    decider.maintain(wall: wall, now: .zero + .seconds(5))
    #expect(step(&decider, [], 5000).isEmpty && store.stored.count == 4, "still not to be opened")
    store.isProvisional = false
    store.condition.state = .healthy
    decider.maintain(wall: wall, now: .zero + .seconds(6))
    released = step(&decider, [], 6000) + step(&decider, [], 6600)
    let accepted = released.compactMap { if case .device(.accept(_, let identity)) = $0 { identity.sequence } else { nil } }
    #expect(Set(accepted) == [1, 2], "both are on disk")
    let opened = try store.stored.compactMap {
      if case .opened(let id, let opening) = try EntryCoder().decode($0.body).change {
        (id, opening.identity?.sequence)
      } else {
        nil
      }
    }
    #expect(opened.map(\.0) == [1, 2] && opened.map(\.1) == [1, 2], "no press twice, no number twice")
    #expect((decider.recorder == nil) == (readable < 3), "a recording goes on where it began with the true state")
    #expect(decider.view().incidents.map(\.id) == [2] && decider.view().incidents.map(\.recorded) == [true])
    #expect(decider.view().journal == .init(condition: .healthy, waiting: 0))
    #expect(try Decider.fold(store) == decider.station.state)
  }

  @Test func anEntryOfANewerProgramIsRefusedAndNotMisread() throws {
    let store = MemoryStore()
    _ = try store.append(
      [Array("{\"at\":{\"boot\":\"b\",\"mono\":1,\"sync\":true,\"wall\":1},\"change\":{\"stopped\":{}},\"v\":99}".utf8)],
      urgent: false)
    #expect(throws: EntryError.self) { _ = try Decider(plan: plan, store: store) }
  }

  @Test func aRecordingReplaysToTheSameBytes() throws {
    let store = MemoryStore()
    var decider = try Decider(plan: plan, store: store)
    let path = FileManager.default.temporaryDirectory.path + "/linli-\(UUID().uuidString).rec"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let recorder = try Recorder(path: path, plan: plan, state: decider.station.state)
    decider.recorder = { recorder.record($0, $1) }
    _ = step(&decider, [.started(boot: "b", program: "t"), press(1)], 1000)
    for second in 2...200 { _ = step(&decider, second == 90 ? [press(2), press(1)] : [], second * 1000) }
    _ = step(&decider, [.request(DeskRequest(number: 1, post: "desk", action: .acknowledge(1)))], 201_000)
    let bodies = try Replay.bodies(String(contentsOfFile: path, encoding: .utf8))
    #expect(bodies == store.stored.map(\.body) && bodies.count > 5)
    #expect(throws: RecordingError.self) { _ = try Replay.bodies("{}\n") }
  }
}
