import DeviceVocabulary
import StationLinkCodec

/// Steps of calls for help that the parent does not have yet, in the order in which they should go: calls that may still be waiting for
/// somebody first, in the journal's order; then calls that are over, each whole, so that a late one never looks open between two batches.
///
/// It holds at most `limit` steps, some 130 bytes each. What it does not hold stays in the journal and is looked for again: `missedFrom`.
struct CallQueue: Sendable {
  private(set) var live: [Outgoing] = []
  private(set) var over: [[Outgoing]] = []
  private var overCount = 0
  /// The oldest step that was not held.
  private(set) var missedFrom: JournalPosition?
  /// How many were not held.
  private(set) var missed = 0
  /// Steps of calls that are not over did not fit: what follows them may not overtake them.
  private var takesNothing = false

  /// Of calls that may be waiting, and of those that are over.
  static let liveLimit = 10_000
  static let overLimit = 40_000
  static let limit = liveLimit + overLimit
  /// Up to so many, the journal's order is order enough.
  private static let small = 64

  var count: Int { live.count + overCount }
  var isEmpty: Bool { count == 0 }
  var hasRoom: Bool { live.count < Self.liveLimit && overCount < Self.overLimit }

  /// Holds a step if there is room for it.
  mutating func add(_ entry: Outgoing) {
    guard !takesNothing, live.count < Self.liveLimit else {
      takesNothing = true
      return miss([entry])
    }
    // The tail and a scan of what is older may both bring it.
    let place = firstLive(above: entry.position)
    if place > 0, live[place - 1].position == entry.position { return }
    live.insert(entry, at: place)
    guard entry.ends, live.count > Self.small, let incident = entry.incident else { return }
    let call = live.filter { $0.incident == incident }
    live.removeAll { $0.incident == incident }
    guard overCount + call.count <= Self.overLimit else { return miss(call) }
    over.append(call)
    overCount += call.count
  }

  private mutating func miss(_ entries: [Outgoing]) {
    missed += entries.count
    guard let first = entries.first?.position else { return }
    missedFrom = min(missedFrom ?? first, first)
  }

  /// What was missed is looked for from now on; answers where it begins.
  mutating func takeMissed() -> JournalPosition? {
    defer { (missedFrom, missed, takesNothing) = (nil, 0, false) }
    return missedFrom
  }

  /// While older entries are being looked for.
  struct Border: Sendable {
    /// They are looked for up to here. A later step whose call was opened before has to wait, because an earlier step of that call may not
    /// have been found yet.
    var end: JournalPosition
    /// Everything up to here was found, and need not wait for the rest; `nil`: what is older waits until all was looked through, so that
    /// calls that are not over go first.
    var through: JournalPosition?
  }

  /// What should go next: at most so many entries and bytes, at least one entry if there is any.
  ///
  /// - Parameters:
  ///   - liveOnly: calls that are over go in the order of the journal, with everything else.
  ///   - floor: what stands at or below it goes last: the parent has to know first which of its calls are those of this journal.
  func next(
    entries: Int, bytes: Int, _ border: Border?, liveOnly: Bool = false, floor: JournalPosition = .start
  ) -> [Outgoing] {
    var batch: [Outgoing] = []
    var size = 0
    /// False when the batch is full.
    func take(_ entry: Outgoing) -> Bool {
      guard batch.isEmpty || (batch.count < entries && size + entry.bytes <= bytes) else { return false }
      batch.append(entry)
      size += entry.bytes
      return true
    }
    var old = live[...]
    if let border {
      let tail = live[firstLive(above: border.end)...]
      let fresh = Set(tail.filter(\.opens).map(\.incident))
      for entry in tail where fresh.contains(entry.incident) && !take(entry) { return batch }
      guard let through = border.through else { return batch }
      old = live[..<firstLive(above: through)]
    }
    let split = min(max(firstLive(above: floor), old.startIndex), old.endIndex)
    for entry in [old[split...], old[..<split]].joined() where !take(entry) { return batch }
    for call in over where !liveOnly && isFree(call, border) {
      for entry in call where !take(entry) { return batch }
    }
    return batch
  }

  /// Earlier steps of it cannot be still to be found.
  private func isFree(_ call: [Outgoing], _ border: Border?) -> Bool {
    guard let border else { return true }
    return border.through.map { through in call.last.map { $0.position <= through } ?? true } ?? false
  }

  /// Something could go now.
  func hasNext(_ border: Border?, liveOnly: Bool = false) -> Bool {
    guard let border else { return liveOnly ? !live.isEmpty : !isEmpty }
    if live[firstLive(above: border.end)...].contains(where: \.opens) { return true }
    guard let through = border.through else { return false }
    return !liveOnly && over.contains { isFree($0, border) } || live.first.map { $0.position <= through } ?? false
  }

  /// Takes out what the parent has; answers it. Of calls that are over, only the first are looked at: nothing else was sent.
  ///
  /// - Parameters:
  ///   - floor: at or below it only what is in `sent` is taken out: the parent may have another entry under each of those numbers.
  ///   - sent: what the receipt is the answer to.
  mutating func settle(_ receipt: LinkReceipt, floor: JournalPosition = .start, sent: Set<JournalPosition> = []) -> [Outgoing] {
    func counts(_ position: JournalPosition) -> Bool { position > floor || sent.contains(position) }
    var settled: [Outgoing] = []
    let ranges = receipt.ranges.sorted { $0.first < $1.first }
    var index = 0
    live.removeAll { entry in
      while index < ranges.count, ranges[index].last < entry.position { index += 1 }
      let isThere = entry.position <= receipt.contiguous.position || index < ranges.count && ranges[index].first <= entry.position
      guard isThere, counts(entry.position) else { return false }
      settled.append(entry)
      return true
    }
    var looked = 0
    var kept: [[Outgoing]] = []
    while looked < over.count, kept.count < Self.lookedAt {
      let call = over[looked]
      let isThere = { (entry: Outgoing) in receipt.covers(entry.position) && counts(entry.position) }
      let left = call.filter { !isThere($0) }
      if left.count < call.count {
        settled += call.filter(isThere)
        overCount -= call.count - left.count
      }
      if !left.isEmpty { kept.append(left) }
      looked += 1
    }
    if kept.count < looked || !settled.isEmpty { over.replaceSubrange(..<looked, with: kept) }
    return settled
  }

  /// A batch never holds as many calls, those included that had to wait.
  private static let lookedAt = 200

  /// The index of the first step above `position`.
  private func firstLive(above position: JournalPosition) -> Int { live.partitioningIndex { $0.position > position } }
}
