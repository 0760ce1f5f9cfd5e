import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import Testing

@testable import StationRuntime

/// Months pass over a journal on a real disk: what may go goes, and nothing of the state with it.
@Suite struct RetentionTests {
  static let plan: SitePlan = {
    var plan = SitePlan(
      name: "铁西社区", station: "tiexi-03", posts: [.init(id: "desk", name: "值班台")], places: [.init(id: "hall", name: "大厅")],
      callPoints: [.init(button: button, place: "hall"), .init(button: other, place: "hall")],
      devices: [.init(id: button.device, name: "面板")])
    plan.parent = SitePlan.Parent(proofMinute: nil)
    return plan
  }()
  static let button = ButtonID(device: DeviceID(bus: "A", node: 1), button: 1)
  static let other = ButtonID(device: DeviceID(bus: "A", node: 1), button: 2)

  /// A station whose wall clock a test turns on.
  final class Months {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-retention-\(UUID().uuidString)").path
    var store: any EntryStore
    var decider: Decider
    var now = Instant.zero + .seconds(100)
    var wall = Months.clock(2026, 11)
    private var sequence: UInt32 = 0
    private let plan: SitePlan

    init(plan: SitePlan = RetentionTests.plan) throws {
      self.plan = plan
      store = try Self.open(folder, wall)
      decider = try Decider(plan: plan, store: store)
      step([.started(boot: "b", program: "t")])
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static func open(_ folder: String, _ wall: WallClock) throws -> WaitingJournal {
      var options = JournalOptions()
      options.ballastBytes = 0
      return try WaitingJournal(folder: folder, month: wall.journalMonth, options: options)
    }

    static func clock(_ year: Int, _ month: Int) -> WallClock {
      let parts = DateComponents(timeZone: .gmt, year: year, month: month, day: 10)
      let date = Calendar(identifier: .gregorian).date(from: parts) ?? Date()
      return WallClock(unixMilliseconds: Int64(date.timeIntervalSince1970) * 1000, synchronised: true)
    }

    func step(_ inputs: [StationInput]) {
      now = now + .milliseconds(100)
      decider.step(inputs.map { ($0, now) }, wall: wall, now: now) { _ in }
    }

    /// A call that is dealt with, unless it is to stay open.
    func call(staysOpen: Bool = false) {
      sequence += 1
      step([
        .device(
          .pressed(
            Press(
              button: staysOpen ? RetentionTests.other : RetentionTests.button,
              identity: EventIdentity(unit: 9, epoch: 1, sequence: sequence), ageMilliseconds: 0)))
      ])
      guard !staysOpen else { return }
      let id = decider.station.state.lastIncident
      for action in [DeskRequest.Action.acknowledge(id), .onScene(id), .resolve(id, note: "扶起"), .close(id)] {
        step([.request(DeskRequest(number: 1, post: "desk", action: action))])
      }
    }

    func turn(to year: Int, _ month: Int) {
      wall = Self.clock(year, month)
      decider.maintain(wall: wall, now: now)
      step([.wake])
    }

    func restart(to year: Int? = nil, _ month: Int = 1) throws {
      if let year { wall = Self.clock(year, month) }
      // The folder is let go of first.
      store = MemoryOnly()
      decider = try Decider(plan: plan, store: store)
      store = try Self.open(folder, wall)
      decider = try Decider(plan: plan, store: store)
      step([.started(boot: "b", program: "t")])
    }

    func drop(
      has: JournalHead? = nil, keptMonths: Int = 2, parentAt: (Int, Int)? = nil, othersThrough: JournalPosition? = nil
    ) throws -> Int {
      let parents = parentAt.map { Self.clock($0.0, $0.1) } ?? wall
      let delivered = Delivered(
        contiguous: has ?? store.last, parentMilliseconds: parents.unixMilliseconds, othersThrough: othersThrough)
      return try decider.dropDelivered(delivered, keptMonths: keptMonths, wall: wall).count
    }

    var foldOfWhatIsThere: StationState { get throws { try Decider.fold(store, useSnapshot: false) } }
    var segments: [JournalSegment] { get throws { try JournalReader(folder: folder).segments() } }
  }

  private func fiveMonths(_ plan: SitePlan = RetentionTests.plan) throws -> (months: Months, anchors: [JournalHead]) {
    let months = try Months(plan: plan)
    months.call(staysOpen: true)
    for index in 1...5 {
      months.call()
      months.turn(to: 2026 + (10 + index) / 12, (10 + index) % 12 + 1)
    }
    months.call()
    return (months, try months.segments.compactMap(\.anchor))
  }

  @Test func filesGoWhenTheirMonthIsOldEnoughAndTheStateStays() throws {
    let (months, anchors) = try fiveMonths()
    #expect(try months.segments.count == 6)
    let state = months.decider.station.state
    // It is April 2027: with two whole months kept, November to January go.
    #expect(try months.drop(keptMonths: 5) == 0)
    #expect(try months.drop(keptMonths: 4) == 1)
    #expect(try months.drop(keptMonths: 2) == 2)
    #expect(try months.segments.first?.anchor == anchors[3])
    #expect(try months.foldOfWhatIsThere == state && state.incidents.map(\.id) == [1])
    let reader = try JournalReader(folder: months.folder)
    #expect(reader.verify().isSound)
    let carried = try #require(CarriedState(after: anchors[3].position, in: months.store))
    #expect(carried.last.sequence == anchors[3].position.sequence + 1)
    // A new process, without a snapshot.
    months.decider.saveSnapshot()
    try FileManager.default.removeItem(atPath: "\(months.folder)/journal.snapshot")
    try months.restart()
    #expect(
      months.decider.station.state.incidents.map(\.id) == [1] && months.decider.station.state.lastIncident == state.lastIncident)
    #expect(months.decider.station.state.statistics == state.statistics)
    #expect(months.store.condition.faults.isEmpty)
  }

  @Test func nothingGoesBeforeTheParentHasItAndWhatStandsForIt() throws {
    let (months, anchors) = try fiveMonths()
    let carried = try #require(CarriedState(after: anchors[1].position, in: months.store)).last
    func head(_ position: JournalPosition) throws -> JournalHead {
      let before = JournalPosition(epoch: position.epoch, sequence: position.sequence - 1)
      return try #require(try months.store.entries(after: before, limit: 1).first).head
    }
    #expect(try months.drop(has: .start) == 0)
    #expect(try months.drop(has: anchors[1]) == 0, "the state that stands for it is not there yet")
    let other = JournalHead(position: carried, hash: anchors[1].hash)
    #expect(try months.drop(has: other) == 0, "the parent has another entry of this number")
    #expect(try months.drop(has: head(carried), othersThrough: .start) == 0, "the alarm receiver has not read it")
    #expect(try months.drop(has: head(carried), parentAt: (2026, 12)) == 0, "by the parent's clock it is too early")
    #expect(try months.drop(has: head(carried), othersThrough: anchors[1].position) == 1)
    #expect(try months.segments.first?.anchor == anchors[1])
    // The journals differ: whatever the parent says, it stays.
    months.step([.parentContradicts(epoch: 1, detail: "1/1")])
    #expect(try months.drop() == 0)
  }

  @Test func aStationWithoutAParentKeepsEverything() throws {
    var plan = Self.plan
    plan.parent = nil
    let (months, _) = try fiveMonths(plan)
    #expect(try months.drop(keptMonths: 0) == 0 && months.segments.count == 6)
    let changes = try months.store.entries(after: nil, limit: 10_000).map { try EntryCoder().decode($0.body).change }
    #expect(!changes.contains { if case .carried = $0 { true } else { false } })
  }

  /// The program was off as the month began, and the clock jumps as well: what is carried is still the first entry of the new file.
  @Test func aMonthThatBeginsWhileTheProgramIsOffBeginsWithTheState() throws {
    let months = try Months()
    months.call(staysOpen: true)
    try months.restart(to: 2027, 3)
    months.call()
    months.turn(to: 2027, 6)
    months.call()
    let anchors = try months.segments.compactMap(\.anchor)
    #expect(anchors.count == 3 && anchors.dropFirst().allSatisfy { CarriedState(after: $0.position, in: months.store) != nil })
    #expect(try months.drop() == 2 && months.foldOfWhatIsThere == months.decider.station.state)
  }

  @Test func aStateThatIsTooLargeIsNotCarriedAndTheDeskSaysSo() throws {
    var plan = Self.plan
    plan.children = [.init(station: "x", name: "x")]
    let months = try Months(plan: plan)
    // A child whose calls overtook everything: thousands of ranges.
    let scattered = (1...6000 as ClosedRange<UInt64>).map { number in
      let position = JournalPosition(epoch: 1, sequence: number * 2)
      let hash = EntryHash.chained(after: .zero, at: position, body: [])
      let before = JournalHead(position: JournalPosition(epoch: 1, sequence: number * 2 - 1), hash: hash)
      return Received(child: "x", position: position, hash: hash, before: before, isLate: true, body: [1], content: nil)
    }
    for first in stride(from: 0, to: 6000, by: 500) {
      months.step([.received(child: "x", Array(scattered[first..<first + 500]), request: 1)])
    }
    months.turn(to: 2026, 12)
    let fault = try #require(months.decider.view().faults.first { $0.key == FaultKey(.journal, .notCarried) })
    #expect(fault.detail.hasPrefix("x: ") && fault.detail.contains("> 262144"))
    months.turn(to: 2027, 12)
    #expect(try months.drop(keptMonths: 0) == 0 && months.segments.count == 3)
  }

  /// What a station below gathers in years: sixteen panels that lost their queues now and then, twenty closed calls, open ones, faults.
  private func gathered() -> StationState {
    var plan = Self.plan
    plan.places = (1...64).map { SitePlan.Place(id: "place-\($0)", name: "铁西社区第 \($0) 居民楼一层") }
    plan.callPoints = (0..<64).map { number in
      let device = DeviceID(bus: "A", node: UInt8(number / 4 + 1))
      return SitePlan.CallPoint(button: ButtonID(device: device, button: UInt8(number % 4 + 1)), place: "place-\(number + 1)")
    }
    var state = StationState()
    var now = EntryTime(wallMilliseconds: 1_790_000_000_000, synchronised: true, boot: UUID().uuidString, monotonic: .zero)
    func apply(_ change: Change) {
      now.wallMilliseconds += 61_234
      state.apply(Entry(time: now, change: change))
    }
    apply(.described(SiteDescription(plan)))
    for id in 1...200 as ClosedRange<UInt32> {
      let point = plan.callPoints[Int(id) % 64]
      let identity = EventIdentity(
        unit: 4_000_000 + UInt32(point.button.device.node), epoch: UInt16(id / 64), sequence: id * 1000)
      apply(
        .opened(
          id,
          Opening(
            button: point.button, place: point.place, mark: .real, kind: .press, identity: identity, ageMilliseconds: 140,
            silent: false, bypassed: false)))
      apply(.delivered(id, parent: "yunfeng"))
      apply(.escalated(id, step: 1, posts: ["lead", "patrol"]))
      guard id <= 195 else { continue }
      apply(.acknowledged(id, post: "desk", formerOwner: nil))
      apply(.onScene(id, post: "desk"))
      apply(.resolved(id, post: "desk", note: "老人跌倒,已扶起,家属已到场,无需送医"))
      apply(.closed(id, post: "desk"))
    }
    for node in 1...10 as ClosedRange<UInt8> {
      let key = FaultKey(.device(DeviceID(bus: "A", node: node)), .silent)
      apply(.faultRaised(key, detail: "没有应答 / no answer for 3 s"))
    }
    return state
  }

  /// What a journal holds is read for years: this was written by the first program that carried its state over.
  @Test func aStateThatWasCarriedLongAgoIsStillRead() throws {
    let coder = EntryCoder()
    let entry = try coder.decode(Array(Self.carriedLongAgo.utf8))
    guard case .carriedChild(let child) = entry.change else {
      Issue.record("\(entry.change)")
      return
    }
    #expect(child.station == "a" && child.fold.incidents.map(\.id) == [1] && child.cursor.head.position.sequence == 9)
    #expect(child.fold.statistics.real.opened == 1 && child.fold.faults.count == 1 && child.fold.described?.name == "铁西社区")
  }

  private static let carriedLongAgo = #"""
    {"at":{"boot":"5f0a6d0e","mono":5000000,"sync":true,"wall":1790000000000},"change":{"carriedChild":{"_0":{"arriv\#
    als":[],"closings":[],"handOvers":[],"strays":[],"unfolded":0,"cursor":{"head":{"hash":"0000000000000000000000000000000000000000000000000000000000000000","position":"\#
    1/9"},"ranges":[]},"early":[],"fold":{"announcedTests":[],"answered":[7],"bypasses":[],"children":[],"described"\#
    :{"callPoints":[{"button":"A/1/1","place":"hall","silent":false},{"button":"A/1/2","place":"hall","silent":false\#
    }],"name":"铁西社区","places":[{"id":"hall","name":"大厅"}],"posts":[{"id":"desk","name":"值班台"}]},"entries":7,"faults"\#
    :[{"detail":"x","key":"A/1:silent","present":true,"silenced":false,"since":{"boot":"5f0a6d0e","mono":5000000,"sy\#
    nc":true,"wall":1790000000000}}],"identities":[],"incidents":[{"acknowledgedAt":{"boot":"5f0a6d0e","mono":500000\#
    0,"sync":true,"wall":1790000000000},"escalatedTo":[],"escalatingAgain":false,"escalationStep":0,"falseAlarm":fal\#
    se,"formerOwners":[],"id":1,"ladderSince":{"boot":"5f0a6d0e","mono":5000000,"sync":true,"wall":1790000000000},"o\#
    penedAt":{"boot":"5f0a6d0e","mono":5000000,"sync":true,"wall":1790000000000},"opening":{"ageMilliseconds":140,"b\#
    utton":"A/1/1","bypassed":false,"identity":{"epoch":1,"sequence":3,"unit":9},"kind":"press","mark":"real","place\#
    ":"hall","silent":false},"owner":"desk","phase":"acknowledged","presses":1,"raisedAgain":0,"takenFrom":[]}],"lac\#
    ksPast":false,"lastCommand":0,"lastIncident":1,"notices":[],"proof":{"asked":1,"failed":0,"last":1,"lastDay":207\#
    17,"lastMilliseconds":500,"lastReturned":{"boot":"5f0a6d0e","mono":5000000,"sync":true,"wall":1790000000000},"re\#
    turned":1},"recentlyClosed":[],"statistics":{"drill":{"closed":0,"escalated":0,"falseAlarms":0,"opened":0},"real\#
    ":{"closed":0,"escalated":0,"falseAlarms":0,"opened":1},"test":{"closed":0,"escalated":0,"falseAlarms":0,"opened\#
    ":0}},"watermarks":[{"device":"A/1","epoch":1,"sequence":3,"unit":9}]},"lastReceived":{"boot":"5f0a6d0e","mono":\#
    5000000,"sync":true,"wall":1790000000000},"pending":[],"program":"","recent":[{"hash":"0000000000000000000000000\#
    000000000000000000000000000000000000000","position":"1/9"}],"station":"a"}}},"v":1}
    """#

  /// A street with 300 stations below: each part fits, whatever their number.
  @Test func theStateOfAStreetFitsIntoTheLine() throws {
    let fold = gathered()
    #expect(fold.recentlyClosed.count == 20 && fold.incidents.count == 5 && fold.faults.count == 10 && fold.watermarks.count > 50)
    let time = EntryTime(wallMilliseconds: 1_790_000_000_000, synchronised: true, boot: "b", monotonic: .zero)
    var street = fold
    var position = JournalPosition(epoch: 3_600_000, sequence: 1_000_000)
    for number in 0..<300 {
      var child = ChildState(station: "community-\(number)")
      child.fold = fold
      for _ in 0..<64 {
        position.sequence += 1
        child.recent.append(JournalHead(position: position, hash: EntryHash.chained(after: .zero, at: position, body: [])))
      }
      child.cursor = LinkCursor(head: child.recent[63])
      street.children.append(child)
    }
    let coder = EntryCoder()
    let parts = street.carriedParts.map { Entry(time: time, change: $0) }
    let bytes = try parts.map { try coder.encode($0).count }
    #expect(parts.count == 301 && (bytes.max() ?? .max) < 64 << 10, "\(bytes.max() ?? 0) bytes in the largest")
    #expect(bytes.reduce(0, +) < 16 << 20, "\(bytes.reduce(0, +)) bytes in all")
    for index in [0, 300] { #expect(try coder.decode(coder.encode(parts[index])) == parts[index]) }
  }
}

/// Stands in for the journal while a test closes the real one.
private final class MemoryOnly: EntryStore {
  var last = JournalHead.start
  var condition = JournalCondition.healthy
  func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry] { [] }
  func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] { [] }
  func saveSnapshot(_ snapshot: JournalSnapshot) throws(JournalError) {}
  func latestSnapshot(foldVersion: UInt32) -> JournalSnapshot? { nil }
  func beginEpoch(above epoch: UInt32) throws(JournalError) {}
  func maintain(month: JournalMonth?) throws(JournalError) {}
}
