import DeviceKit
import Foundation
import Journal
import Station

/// The station with its journal: takes inputs in order, commits what they decide, and only then lets anything of it be seen.
///
/// One owner: the station's thread in the field, the one thread of a simulated site. While the journal does not take entries, nothing that
/// depends on them is released; what was decided waits here in order and is tried again, and `view` says so to the pages.
public struct Decider {
  public private(set) var station: Station
  let store: any EntryStore
  let encoder = EntryCoder()
  /// Decided but not on disk yet.
  private(set) var uncommitted: [Entry] = []
  /// Decided effects that wait for their entries, in order.
  private var held: [HeldEffect] = []
  /// Entries decided and entries on disk, since this object was made.
  private var decided: UInt64 = 0
  private(set) var committed: UInt64 = 0
  /// The fold of what is on disk; kept only while `uncommitted` holds something.
  private var onDisk: StationState?
  private var retryAt: Instant?
  private var condition = DeskView.JournalStatus.Condition.healthy
  private var entriesSinceSnapshot = 0
  private var bytesSinceSnapshot = 0
  /// Of the last snapshot.
  private var snapshotBytes = 0
  /// Faults of the journal that have been told.
  private var knownFaults = 0
  /// Where the fold ended that the station began with.
  private let folded: JournalHead
  /// The highest epoch in which the parent had other entries, and above which this journal has gone on since the start.
  private var contradicted: UInt32?
  /// What has reached the station since the start, kept only while the store is provisional: to be decided again if there was more to fold.
  private var provisional: ProvisionalInputs?

  /// Entries about calls that are held in memory because the journal does not take them.
  public var waiting: Int { uncommitted.count { $0.change.isCall } }
  /// Set when the journal refused: what it said.
  public private(set) var lastError: String?

  /// Sees every input exactly as the station is given it: what `linli replay` repeats.
  public var recorder: ((Stimulus, Instant) -> Void)?
  /// Told when the recorder is let go of, because the state is another one than it began with.
  public var onRecordingEnd: (() -> Void)?

  static let retryInterval = Interval.milliseconds(500)
  /// Entries between two snapshots at least.
  static let snapshotEvery = 1000
  /// And so many times the last snapshot's bytes. With 300 children it holds megabytes and takes a good part of a second: as often as a
  /// small station's it would cost more than all the rest.
  static let snapshotSpacing = 4
  static let batchLimit = 5000

  /// Folds the journal: from the newest usable snapshot, or from the first entry. Entries of a newer program are refused.
  public init(plan: SitePlan, store: any EntryStore) throws {
    self.store = store
    self.station = Station(plan: plan, state: try Self.fold(store))
    folded = store.last
    if store.isProvisional { provisional = ProvisionalInputs() }
  }

  public static func fold(_ store: any EntryStore, useSnapshot: Bool = true) throws -> StationState {
    var state = StationState()
    var position: JournalPosition?
    if useSnapshot, let snapshot = store.latestSnapshot(foldVersion: UInt32(StationState.foldVersion)),
      let saved = try? JSONDecoder().decode(StationState.self, from: Data(snapshot.bytes))
    {
      state = saved
      position = snapshot.head.position
    }
    let coder = EntryCoder()
    while true {
      let page = try store.entries(after: position, limit: 1000)
      for entry in page { state.apply(try coder.decode(entry.body)) }
      guard let last = page.last else { return state }
      position = last.position
    }
  }

  /// When `step` wants to be called although nothing arrived.
  public var deadline: Instant? {
    guard let retryAt else { return station.deadline }
    return station.deadline.map { min($0, retryAt) } ?? retryAt
  }

  /// Hands a batch to the station, commits once, and releases in order what may now be seen.
  ///
  /// - Parameter wall: the wall clock at `now`; each input is given the wall time of its own moment.
  public mutating func step(
    _ inputs: [(input: StationInput, at: Instant)], wall: WallClock, now: Instant, release: (StationEffect) -> Void
  ) {
    carryOver(inputs, wall: wall, now: now)
    for item in inputs {
      if case .parentContradicts(let epoch, _) = item.input, !beginEpoch(above: epoch, wall: wall, now: now) { continue }
      give(Stimulus(wall: wall.advanced(by: item.at - now), input: item.input), at: item.at)
    }
    while let due = station.deadline, due <= now { give(Stimulus(wall: wall, input: .wake), at: now) }
    if !uncommitted.isEmpty, retryAt.map({ $0 <= now }) ?? true { commit(now: now, wall: wall) }
    let free = held.prefix { $0.after <= committed }.count
    for item in held.prefix(free) { release(item.effect) }
    held.removeFirst(free)
    // A disk that refuses must not keep the sounder quiet: what calls for attention claims nothing. It stays in its place as well, so
    // that the outputs end as the station wants them.
    for index in held.indices where !held[index].isAnnounced && callsForAttention(held[index].effect) {
      held[index].isAnnounced = true
      release(held[index].effect)
    }
  }

  /// What follows must not take numbers that the parent has already, and the first of it says so. False: it has been done, or cannot be done
  /// now; whoever found the contradiction asks again.
  private mutating func beginEpoch(above epoch: UInt32, wall: WallClock, now: Instant) -> Bool {
    if let contradicted, epoch <= contradicted { return false }
    if !uncommitted.isEmpty { commit(now: now, wall: wall) }
    guard uncommitted.isEmpty, (try? store.beginEpoch(above: epoch)) != nil else { return false }
    contradicted = epoch
    return true
  }

  private struct HeldEffect {
    var effect: StationEffect
    /// So many entries must be on disk first.
    var after: UInt64
    var isAnnounced = false
  }

  mutating func give(_ stimulus: Stimulus, at now: Instant) {
    if uncommitted.isEmpty { onDisk = station.state }
    defer { if uncommitted.isEmpty { onDisk = nil } }
    var effects = Effects<StationEffect>()
    provisional?.keep(stimulus, at: now)
    recorder?(stimulus, now)
    station.handle(stimulus, at: now, into: &effects)
    while true {
      for index in 0..<effects.count {
        switch effects[index] {
        case .record(let entry):
          uncommitted.append(entry)
          decided += 1
        case .some(let effect): hold(effect)
        case nil: break
        }
      }
      effects.removeAll()
      // More than fitted: the station says so by a deadline that has come.
      guard let due = station.deadline, due <= now else { return }
      let more = Stimulus(wall: stimulus.wall, input: .wake)
      recorder?(more, now)
      station.handle(more, at: now, into: &effects)
    }
  }

  private mutating func hold(_ effect: StationEffect) {
    // A panel repeats an event every second until it is accepted: one acceptance of it is enough, however long the disk refuses.
    if committed < decided, case .device(.accept) = effect, held.contains(where: { $0.effect == effect }) { return }
    held.append(HeldEffect(effect: effect, after: decided))
  }

  private func callsForAttention(_ effect: StationEffect) -> Bool {
    guard case .device(.setOutput(let device, let number, let on)) = effect,
      let output = station.plan.outputs.first(where: { $0.device == device && $0.output == number })
    else { return false }
    return on != (output.role == .greenLight)
  }

  private mutating func commit(now: Instant, wall: WallClock) {
    do {
      if let why = provisional?.foldFailure { throw why }
      // One fsync for all of it; what gathered while the disk refused may be more than one transaction takes.
      while !uncommitted.isEmpty {
        let bodies = encodedBatch()
        let batch = uncommitted.prefix(bodies.count)
        _ = try store.append(bodies, urgent: batch.contains { $0.change.isUrgent })
        entriesSinceSnapshot += batch.count
        bytesSinceSnapshot += bodies.reduce(0) { $0 + $1.count }
        committed += UInt64(batch.count)
        if batch.count < uncommitted.count { for entry in batch { onDisk?.apply(entry) } } else { onDisk = nil }
        uncommitted.removeFirst(batch.count)
      }
      retryAt = nil
      lastError = nil
      noteCondition(DeskView.JournalStatus.Condition(store.condition.state), now: now, wall: wall)
      if entriesSinceSnapshot >= Self.snapshotEvery, bytesSinceSnapshot >= snapshotBytes * Self.snapshotSpacing { saveSnapshot() }
    } catch {
      lastError = "\(error)"
      let callsFit = if case JournalError.diskFull(callsStillFit: true) = error { true } else { false }
      noteCondition(callsFit ? .callsOnly : .failed, now: now, wall: wall)
      retryAt = now + Self.retryInterval
    }
  }

  /// The next entries as the journal takes them. One that it would never take must not hold up those behind it.
  private mutating func encodedBatch() -> [[UInt8]] {
    var bodies: [[UInt8]] = []
    var refused: [String] = []
    for index in uncommitted.indices.prefix(Self.batchLimit) {
      var body = try? encoder.encode(uncommitted[index])
      if body.map({ $0.count > JournalOptions.maximumBodyBytes }) ?? true {
        let what = "\(uncommitted[index].change.name): \(body.map { "\($0.count) B" } ?? "?")"
        refused.append(what)
        uncommitted[index].change = uncommitted[index].change.shortened(what)
        body = try? encoder.encode(uncommitted[index])
        if body.map({ $0.count > JournalOptions.maximumBodyBytes }) ?? true {
          uncommitted[index].change = .faultRaised(FaultKey(.journal, .entryTooLong), detail: what)
          body = try? encoder.encode(uncommitted[index])
        }
      }
      bodies.append(body ?? [])
    }
    guard let what = refused.first, var state = onDisk else { return bodies }
    for entry in uncommitted { state.apply(entry) }
    let key = FaultKey(.journal, .entryTooLong)
    if state.fault(key) == nil, let last = uncommitted.last {
      let told = Entry(time: last.time, change: .faultRaised(key, detail: what))
      uncommitted.append(told)
      decided += 1
      state.apply(told)
    }
    station.restate(state)
    return bodies
  }

  /// What became of the journal is an input like any other, and is written down itself as soon as that is possible.
  private mutating func noteCondition(_ next: DeskView.JournalStatus.Condition, now: Instant, wall: WallClock) {
    let found = store.condition
    let notice = found.faultCount > knownFaults ? found.faults.last.map { "\($0)" } : nil
    guard next != condition || notice != nil else { return }
    knownFaults = found.faultCount
    condition = next
    give(Stimulus(wall: wall, input: .journal(next, detail: notice ?? lastError ?? "")), at: now)
    if !uncommitted.isEmpty { retryAt = now }
  }

  /// A cache: losing it changes nothing but the time of the next start.
  public mutating func saveSnapshot() {
    guard uncommitted.isEmpty, let bytes = try? encoder.encode(station.state) else { return }
    let snapshot = JournalSnapshot(head: store.last, foldVersion: UInt32(StationState.foldVersion), bytes: bytes)
    guard (try? store.saveSnapshot(snapshot)) != nil else { return }
    (entriesSinceSnapshot, bytesSinceSnapshot, snapshotBytes) = (0, 0, bytes.count)
  }

  /// To be called about once a minute, and every few seconds while `isImpaired`: a new month's file, checkpoints, the ballast. What fails
  /// shows in the journal's condition; when space has returned, what waits is written in the next step.
  ///
  /// - Parameter wall: the wall clock at `now`.
  public mutating func maintain(wall: WallClock, now: Instant) {
    try? store.maintain(month: wall.journalMonth)
    foldAgain()
    if lastError != nil {
      retryAt = now
    } else {
      noteCondition(DeskView.JournalStatus.Condition(store.condition.state), now: now, wall: wall)
    }
  }

  /// The journal was opened after the start, and there was more in it than could be read then: what has reached the station since is
  /// decided again on the true state. Nothing of it was on disk, so nothing of it was released.
  private mutating func foldAgain() {
    guard let kept = provisional, !store.isProvisional else { return }
    guard store.last != folded else {
      provisional = nil
      return
    }
    do {
      station = Station(plan: station.plan, state: try Self.fold(store))
    } catch {
      provisional?.foldFailure = error
      return
    }
    provisional = nil
    if recorder != nil { onRecordingEnd?() }
    recorder = nil
    (uncommitted, held, onDisk) = ([], [], nil)
    (decided, committed, entriesSinceSnapshot, bytesSinceSnapshot) = (0, 0, 0, 0)
    for item in kept.inputs { give(item.stimulus, at: item.at) }
  }

  /// The journal does not take everything at the moment.
  public var isImpaired: Bool { condition != .healthy }

  /// The keys of sealed fields that something names; `nil` while that cannot be said for sure, because something is not on disk, or was
  /// not read from it yet.
  public var namedKeys: Set<String>? {
    guard uncommitted.isEmpty, !isImpaired, provisional == nil, !store.isProvisional else { return nil }
    return Set(station.state.visits.namedKeys)
  }

  /// What the pages about visits show: what is on disk, and nothing else.
  public func visitView() -> VisitView? { station.visitView(onDisk: onDisk) }

  /// What the operator's console shows: what was decided is on disk, what is shown was read back.
  public func wallView() -> WallView? { station.wallView(onDisk: onDisk) }

  /// What the desk shows. While entries wait for the disk, calls and faults among them are shown and marked as not recorded; what was
  /// decided about them is not shown.
  public func view() -> DeskView {
    guard let onDisk else { return station.view() }
    return station.view(onDisk: onDisk, unwritten: uncommitted, waiting: waiting)
  }
}

extension Change {
  /// `opened`, `received` …, as in the journal.
  fileprivate var name: String { String("\(self)".prefix { $0.isLetter }) }

  /// The same with less text, where it can be said with less: a call is never left out.
  fileprivate func shortened(_ what: String) -> Change {
    switch self {
    case .opened(let id, var opening):
      opening.place = ""
      return .opened(id, opening)
    case .received(var received):
      // Its place in the child's chain, so that what comes behind it has one.
      received.withheldBytes = received.body.count
      received.body = []
      received.content = nil
      return .received(received)
    default: return .faultRaised(FaultKey(.journal, .entryTooLong), detail: what)
    }
  }

  /// A call for help or a step of one.
  var isCall: Bool {
    switch self {
    case .opened, .pressedAgain, .acknowledged, .onScene, .escalated, .raisedAgain, .resolved, .closed, .falseAlarm,
      .handOverAccepted:
      true
    case .received(let received): received.content?.change.isCall ?? false
    default: false
    }
  }

  /// Goes to disk even when it is nearly full: calls, and the start and the branch, without which nothing that follows could be reckoned.
  var isUrgent: Bool {
    switch self {
    case .started, .branched, .toldAgain: true
    default: isCall
    }
  }
}

extension DeskView.JournalStatus.Condition {
  init(_ state: JournalCondition.State) {
    switch state {
    case .healthy: self = .healthy
    case .diskFull: self = .callsOnly
    case .failed: self = .failed
    }
  }
}
