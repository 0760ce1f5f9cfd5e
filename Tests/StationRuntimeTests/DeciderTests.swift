import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationRuntime
import Testing

/// A journal in memory that can refuse.
final class MemoryStore: EntryStore {
  var stored: [JournalEntry] = []
  var refuses: JournalError?
  var refusesOnlyNormal = false
  var snapshot: JournalSnapshot?
  var condition = JournalCondition.healthy
  var appends = 0

  var last: JournalHead { stored.last?.head ?? .start }

  func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry] {
    appends += 1
    if let refuses, !(refusesOnlyNormal && urgent) { throw refuses }
    var new: [JournalEntry] = []
    for body in bodies { new.append((new.last?.head ?? last).followed(by: body)) }
    stored += new
    return new
  }

  func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] {
    Array(stored.filter { $0.position.sequence > position?.sequence ?? 0 }.prefix(limit))
  }

  func saveSnapshot(_ snapshot: JournalSnapshot) throws(JournalError) { self.snapshot = snapshot }
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
    #expect(store.stored.count == 3)
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
