import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import StationRuntime
import Testing

/// What a recording does to the file that it is given, and what is left of one whose program was killed.
@Suite struct RecordingTests {
  private let path = FileManager.default.temporaryDirectory.path + "/linli-\(UUID().uuidString).rec"
  private let plan = SitePlan(
    name: "s", station: "s", posts: [.init(id: "desk", name: "d")], places: [.init(id: "p", name: "P")],
    callPoints: [.init(button: ButtonID(device: DeviceID(bus: "A", node: 1), button: 1), place: "p")],
    devices: [.init(id: DeviceID(bus: "A", node: 1), name: "面板")])

  /// A short life whose inputs go into the file; answers what it wrote.
  private func live(_ store: MemoryStore, presses: ClosedRange<UInt32>) throws {
    var decider = try Decider(plan: plan, store: store)
    let recorder = try Recorder(path: path, plan: plan, state: decider.station.state)
    decider.recorder = { recorder.record($0, $1) }
    let wall = WallClock(unixMilliseconds: 1_790_000_000_000, synchronised: true)
    var now = Instant.zero + .seconds(Int(presses.lowerBound) * 100)
    decider.step([(.started(boot: "b\(presses)", program: "t"), now)], wall: wall, now: now) { _ in }
    for sequence in presses {
      now += .seconds(1)
      let identity = EventIdentity(unit: 9, epoch: 1, sequence: sequence)
      let press = Press(button: plan.callPoints[0].button, identity: identity, ageMilliseconds: 0)
      decider.step([(.device(.pressed(press)), now)], wall: wall, now: now) { _ in }
    }
  }

  private func replay() throws -> Replay.Outcome {
    try Replay.run(String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self))
  }

  @Test func aStationThatIsStartedAgainGoesOnInTheSameFile() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let store = MemoryStore()
    try live(store, presses: 1...3)
    try live(store, presses: 4...5)
    let outcome = try replay()
    #expect(outcome.bodies == store.stored.map(\.body) && outcome.unfinished.isEmpty)
  }

  /// Killed while it wrote: the last line is torn, within a character or before its end of line.
  @Test(arguments: [1, 2, 40]) func theRecordingOfAKilledStationReplaysUpToItsTornLine(_ lost: Int) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let store = MemoryStore()
    try live(store, presses: 1...3)
    let whole = try #require(FileManager.default.contents(atPath: path))
    try whole.dropLast(lost).write(to: URL(fileURLWithPath: path))
    let lines = whole.count { $0 == 10 }
    var outcome = try replay()
    // Without its end of line only, the line is all there.
    let torn = lost == 1 ? [] : [lines]
    let kept = store.stored.map(\.body).dropLast(lost == 1 ? 0 : 1)
    #expect(outcome.bodies == Array(kept) && outcome.unfinished == torn)
    let before = store.stored.count
    try live(store, presses: 4...5)
    outcome = try replay()
    #expect(outcome.bodies == kept + store.stored.dropFirst(before).map(\.body) && outcome.unfinished == torn)
  }

  @Test func aBrokenLineInTheMiddleIsAMistake() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try live(MemoryStore(), presses: 1...3)
    var lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    lines[2] = lines[2].dropLast(9)
    #expect(throws: RecordingError.self) { _ = try Replay.run(lines.joined(separator: "\n")) }
  }

  @Test func whatIsNoRecordingIsLeftAlone() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "site: {name: a}".write(toFile: path, atomically: true, encoding: .utf8)
    let error = try #require(#expect(throws: RecordingError.self) { try live(MemoryStore(), presses: 1...1) })
    #expect("\(error)".contains("不是录制文件"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "site: {name: a}")
    let link = path + ".link"
    defer { try? FileManager.default.removeItem(atPath: link) }
    for target in ["/dev/null", path] {
      try? FileManager.default.removeItem(atPath: link)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
      #expect(throws: RecordingError.self) { _ = try Recorder(path: link, plan: plan, state: StationState()) }
    }
    for place in ["/dev/null", "/proc/no/such", FileManager.default.temporaryDirectory.path] {
      #expect(throws: RecordingError.self) { _ = try Recorder(path: place, plan: plan, state: StationState()) }
    }
  }
}
