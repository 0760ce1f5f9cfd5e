import Journal

/// The journal as the program sees it, with somebody looking over its shoulder at what became durable.
final class WatchedStore: EntryStore {
  let inner: any EntryStore
  /// What was appended since somebody last looked.
  private(set) var fresh: [JournalEntry] = []
  /// Planted: what came from below is written twice.
  var doublesReceived = false

  init(_ inner: any EntryStore) {
    self.inner = inner
  }

  func takeFresh() -> [JournalEntry] {
    let taken = fresh
    fresh = []
    return taken
  }

  var last: JournalHead { inner.last }
  var condition: JournalCondition { inner.condition }

  func append(_ bodies: [[UInt8]], urgent: Bool) throws(JournalError) -> [JournalEntry] {
    let again = doublesReceived ? bodies.filter { $0.contains(10) } : []
    let entries = try inner.append(bodies + again, urgent: urgent)
    fresh += entries
    return entries
  }

  func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] {
    try inner.entries(after: position, limit: limit)
  }

  func beginEpoch(above epoch: UInt32) throws(JournalError) { try inner.beginEpoch(above: epoch) }
  func saveSnapshot(_ snapshot: JournalSnapshot) throws(JournalError) { try inner.saveSnapshot(snapshot) }
  func latestSnapshot(foldVersion: UInt32) -> JournalSnapshot? { inner.latestSnapshot(foldVersion: foldVersion) }
  func maintain(month: JournalMonth?) throws(JournalError) { try inner.maintain(month: month) }
}
