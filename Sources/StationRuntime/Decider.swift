import DeviceKit
import Foundation
import Journal
import Station

/// The station with its journal: takes inputs in order, commits what they decide, and only then lets anything of it be seen.
///
/// One owner: the station's thread in the field, the one thread of a simulated site. While the journal does not take entries, nothing is
/// released; what was decided waits here in order and is tried again, and `waiting` says so to the pages.
public struct Decider {
  public private(set) var station: Station
  private let store: any EntryStore
  private let encoder = EntryCoder()
  /// Decided but not on disk yet, with the effects that may follow only after it.
  private var uncommitted: [Entry] = []
  private var held: [StationEffect] = []
  private var retryAt: Instant?
  private var condition = DeskView.JournalStatus.Condition.healthy
  private var entriesSinceSnapshot = 0
  /// Faults of the journal that have been told.
  private var knownFaults = 0

  /// Calls (opened or pressed again) that are held in memory because the journal does not take them.
  public private(set) var waiting = 0
  /// Set when the journal refused: what it said.
  public private(set) var lastError: String?

  /// Sees every input exactly as the station is given it: what `linli replay` repeats.
  public var recorder: ((Stimulus, Instant) -> Void)?

  static let retryInterval = Interval.milliseconds(500)
  static let snapshotEvery = 1000
  static let batchLimit = 5000

  /// Folds the journal: from the newest usable snapshot, or from the first entry. Entries of a newer program are refused.
  public init(plan: SitePlan, store: any EntryStore) throws {
    self.store = store
    self.station = Station(plan: plan, state: try Self.fold(store))
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
  public mutating func step(
    _ inputs: [(input: StationInput, at: Instant)], wall: WallClock, now: Instant, release: (StationEffect) -> Void
  ) {
    for item in inputs { give(Stimulus(wall: wall, input: item.input), at: item.at) }
    while let due = station.deadline, due <= now { give(Stimulus(wall: wall, input: .wake), at: now) }
    if !uncommitted.isEmpty, retryAt.map({ $0 <= now }) ?? true { commit(now: now, wall: wall) }
    if uncommitted.isEmpty {
      for effect in held { release(effect) }
      held.removeAll(keepingCapacity: true)
    }
  }

  private mutating func give(_ stimulus: Stimulus, at now: Instant) {
    var effects = Effects<StationEffect>()
    recorder?(stimulus, now)
    station.handle(stimulus, at: now, into: &effects)
    while true {
      for index in 0..<effects.count {
        switch effects[index] {
        case .record(let entry): uncommitted.append(entry)
        case .some(let effect): held.append(effect)
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

  private mutating func commit(now: Instant, wall: WallClock) {
    do {
      // One fsync for all of it; what gathered while the disk refused may be more than one transaction takes.
      while !uncommitted.isEmpty {
        let batch = uncommitted.prefix(Self.batchLimit)
        _ = try store.append(try batch.map { try encoder.encode($0) }, urgent: batch.contains { $0.change.isCall })
        entriesSinceSnapshot += batch.count
        uncommitted.removeFirst(batch.count)
      }
      waiting = 0
      retryAt = nil
      lastError = nil
      noteCondition(now: now, wall: wall)
      if entriesSinceSnapshot >= Self.snapshotEvery { saveSnapshot() }
    } catch {
      lastError = "\(error)"
      waiting = uncommitted.count { $0.change.isCall }
      retryAt = now + Self.retryInterval
    }
  }

  /// What became of the journal during the append is an input like any other, and is written down itself.
  private mutating func noteCondition(now: Instant, wall: WallClock) {
    let found = store.condition
    let next = DeskView.JournalStatus.Condition(found.state)
    let notice = found.faultCount > knownFaults ? found.faults.last.map { "\($0)" } : nil
    guard next != condition || notice != nil else { return }
    knownFaults = found.faultCount
    condition = next
    give(Stimulus(wall: wall, input: .journal(next, detail: notice ?? "")), at: now)
    if !uncommitted.isEmpty { retryAt = now }
  }

  /// A cache: losing it changes nothing but the time of the next start.
  public mutating func saveSnapshot() {
    guard uncommitted.isEmpty, let bytes = try? encoder.encode(station.state) else { return }
    let snapshot = JournalSnapshot(head: store.last, foldVersion: UInt32(StationState.foldVersion), bytes: bytes)
    if (try? store.saveSnapshot(snapshot)) != nil { entriesSinceSnapshot = 0 }
  }

  /// To be called about once a minute: a new month's file, checkpoints, the ballast. What fails shows in the journal's condition.
  public mutating func maintain(month: JournalMonth?) {
    try? store.maintain(month: month)
  }

  public func view() -> DeskView {
    var view = station.view(waiting: waiting)
    if lastError != nil { view.journal.condition = .failed }
    return view
  }
}

extension Change {
  /// Goes to disk even when it is nearly full.
  var isCall: Bool {
    switch self {
    case .opened, .pressedAgain, .acknowledged, .onScene, .escalated, .raisedAgain, .resolved, .closed, .falseAlarm,
      .handOverAccepted:
      true
    default: false
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

/// Journal entries as JSON with sorted keys, so that the same entry is the same bytes in every process.
public struct EntryCoder {
  private let encoder: JSONEncoder
  private let decoder = JSONDecoder()

  public init() {
    encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  public func encode(_ value: some Encodable) throws -> [UInt8] { Array(try encoder.encode(value)) }

  public func decode(_ body: [UInt8]) throws -> Entry {
    let entry = try decoder.decode(Entry.self, from: Data(body))
    guard entry.version <= Entry.currentVersion else { throw EntryError.newerVersion(entry.version) }
    return entry
  }
}

public enum EntryError: Error, CustomStringConvertible {
  case newerVersion(Int)

  public var description: String {
    switch self {
    case .newerVersion(let version):
      "日志由更新的程序写成(格式 \(version),本程序认识到 \(Entry.currentVersion));请升级程序 / "
        + "journal written by a newer program (form \(version), this one knows \(Entry.currentVersion)); upgrade"
    }
  }
}
