import DeviceKit
import Journal

/// What goes wrong with the station's disk.
public enum StorageFault: String, Sendable, Hashable, CaseIterable {
  /// The next fsync fails, once.
  case syncError
  /// The next write puts only a part of its bytes down, once.
  case shortWrite
  /// Nothing can be written until it is healed.
  case dead
  /// No room until it is healed; what the ballast gives back takes calls.
  case full
}

/// What came of a power cut in the middle of a commit: whether the batch turned out to be on disk. The disk tosses this coin; written down,
/// it lets another disk repeat the same story.
public enum CutOutcome: Sendable, Hashable { case kept, lost }

/// The disk of a simulated station. It outlives the program and the boot.
protocol SimulatedStorage: AnyObject {
  /// - Throws: what the journal says when it cannot be opened.
  func open() throws(JournalError) -> any EntryStore
  /// The program has ended without a word; what was committed stays.
  func killed()
  /// The power goes now.
  func cutPower()
  /// The power will go inside a later disk operation.
  func cutPowerSoon(after operations: Int)
  /// The power has gone and nothing works until `powerReturns`.
  var isCut: Bool { get }
  func powerReturns() throws
  func strike(_ fault: StorageFault)
  func heal()
  /// Makes a stored entry other than it was written: planted for the chain's checker.
  func alterAnEntry()
  /// Outcomes of cuts inside commits, in order.
  var outcomes: [CutOutcome] { get }
}

/// A disk that is a list: what a journal promises, without files. Fast, and the reference that the real one is held against.
final class ModelStorage: SimulatedStorage {
  fileprivate(set) var entries: [JournalEntry] = []
  fileprivate var snapshot: JournalSnapshot?
  fileprivate var epoch: UInt32 = 1
  fileprivate var once: [StorageFault] = []
  fileprivate var isDead = false
  fileprivate var isFull = false
  /// Calls that the ballast's room still takes.
  fileprivate var ballastLeft = ModelStorage.ballastEntries
  fileprivate var cutSoon = false
  private(set) var isCut = false
  private(set) var outcomes: [CutOutcome] = []
  private var script: [CutOutcome]
  private var random: SeededRandom

  static let ballastEntries = 2_000

  /// - Parameter script: how cuts inside commits end, in order; then the seed tosses.
  init(seed: UInt64, script: [CutOutcome] = []) {
    random = SeededRandom(seed: seed)
    self.script = script
  }

  func open() throws(JournalError) -> any EntryStore { SimulatedJournal(self) }
  func killed() {}
  func cutPower() { isCut = true }
  func cutPowerSoon(after operations: Int) { cutSoon = true }

  func powerReturns() {
    isCut = false
    cutSoon = false
    once = []
  }

  func strike(_ fault: StorageFault) {
    switch fault {
    case .syncError, .shortWrite: once.append(fault)
    case .dead: isDead = true
    case .full: isFull = true
    }
  }

  func heal() {
    isDead = false
    isFull = false
  }

  func alterAnEntry() {
    guard let last = entries.indices.last else { return }
    entries[last].body[0] ^= 1
  }

  /// The power goes inside this commit; true when the batch is on disk all the same.
  fileprivate func cutInside() -> Bool {
    isCut = true
    cutSoon = false
    let outcome = script.isEmpty ? (random.chance(1, in: 2) ? .kept : .lost) : script.removeFirst()
    outcomes.append(outcome)
    return outcome == .kept
  }

  fileprivate func write(_ bodies: [[UInt8]]) -> [JournalEntry] {
    var head = entries.last?.head ?? .start
    var written: [JournalEntry] = []
    for body in bodies {
      let entry = head.followed(by: body, inEpoch: epoch)
      written.append(entry)
      head = entry.head
    }
    entries += written
    return written
  }

  fileprivate func keep(_ new: JournalSnapshot) { snapshot = new }
}

/// One run's journal on a `ModelStorage`.
private final class SimulatedJournal: EntryStore {
  private let disk: ModelStorage
  private(set) var condition = JournalCondition.healthy

  init(_ disk: ModelStorage) {
    self.disk = disk
  }

  var last: JournalHead { disk.entries.last?.head ?? .start }

  func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry] {
    let failed = JournalError.inputOutput(file: "model", operation: "append", code: 10)
    guard !disk.isCut else { throw failed }
    if condition.state == .diskFull && !urgent { throw .diskFull(callsStillFit: true) }
    if disk.cutSoon {
      if disk.cutInside() { _ = disk.write(bodies) }
      condition.state = .failed
      throw failed
    }
    if disk.isDead {
      if condition.state != .failed { endFile() }
      condition.state = .failed
      throw failed
    }
    // A failed sync or write ends the file; the same batch goes to the next one (design.md, decision 5).
    for _ in disk.once { endFile() }
    disk.once = []
    if disk.isFull { try takeBallast(for: bodies.count, urgent: urgent) }
    if condition.state == .failed { condition.state = .healthy }
    return disk.write(bodies)
  }

  private func endFile() {
    note(.fileEnded)
    disk.epoch += 1
  }

  private func takeBallast(for count: Int, urgent: Bool) throws(JournalError) {
    if condition.state != .diskFull { note(.diskFull) }
    condition.state = .diskFull
    guard urgent else { throw .diskFull(callsStillFit: true) }
    guard disk.ballastLeft >= count else { throw .diskFull(callsStillFit: false) }
    disk.ballastLeft -= count
  }

  private func note(_ kind: JournalFault.Kind) {
    condition.faultCount += 1
    condition.faults.append(JournalFault(kind: kind, file: "model", position: last.position, detail: ""))
  }

  func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] {
    guard !disk.isCut else { throw .inputOutput(file: "model", operation: "read", code: 10) }
    var first = 0
    if let position { first = disk.entries.firstIndex { $0.position > position } ?? disk.entries.count }
    return Array(disk.entries[first...].prefix(limit))
  }

  func beginEpoch(above epoch: UInt32) throws(JournalError) { disk.epoch = max(disk.epoch, epoch) + 1 }

  func saveSnapshot(_ snapshot: JournalSnapshot) throws(JournalError) { disk.keep(snapshot) }

  func latestSnapshot(foldVersion: UInt32) -> JournalSnapshot? {
    disk.snapshot.flatMap { snapshot in
      snapshot.foldVersion == foldVersion && disk.entries.contains { $0.head == snapshot.head } ? snapshot : nil
    }
  }

  func maintain(month: JournalMonth?) throws(JournalError) {
    guard condition.state == .diskFull, !disk.isFull else { return }
    disk.ballastLeft = ModelStorage.ballastEntries
    condition.state = .healthy
  }
}
