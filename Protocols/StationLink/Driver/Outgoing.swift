import DeviceVocabulary
import StationLinkCodec

/// An entry that the parent has to get, without its bytes: those stay in the journal until they are sent.
public struct Outgoing: Sendable, Equatable {
  public var position: JournalPosition
  public var before: JournalHead
  /// The call for help that it is a step of; `nil`: it is about something else.
  public var incident: UInt32?
  /// It opens that call.
  public var opens: Bool
  /// It ends that call.
  public var ends: Bool
  /// Length of the body.
  public var bytes: Int

  public init(
    position: JournalPosition, before: JournalHead, incident: UInt32? = nil, opens: Bool = false, ends: Bool = false, bytes: Int
  ) {
    self.position = position
    self.before = before
    self.incident = incident
    self.opens = opens
    self.ends = ends
    self.bytes = bytes
  }
}

/// Steps of calls for help that the parent does not have yet, in the order in which they should go: calls that may still be waiting for
/// somebody first, in the journal's order; then calls that are over, each whole, so that a late one never looks open between two batches.
struct CallQueue: Sendable {
  private(set) var live: [Outgoing] = []
  private(set) var over: [[Outgoing]] = []
  /// Up to so many, the journal's order is order enough.
  private static let small = 64

  var count: Int { live.count + overCount }
  private var overCount = 0
  var isEmpty: Bool { count == 0 }

  mutating func add(_ entry: Outgoing) {
    // The tail and a scan of what is older may both bring it.
    var place = live.count
    while place > 0, live[place - 1].position > entry.position { place -= 1 }
    if place > 0, live[place - 1].position == entry.position { return }
    if let last = over.last?.last, entry.position <= last.position, over.contains(where: { $0.contains(entry) }) { return }
    live.insert(entry, at: place)
    guard entry.ends, live.count > Self.small, let incident = entry.incident else { return }
    over.append(live.filter { $0.incident == incident })
    overCount += over[over.count - 1].count
    live.removeAll { $0.incident == incident }
  }

  /// What should go next: at most so many entries and bytes, at least one entry if there is any. What stands at or below `floor` goes last:
  /// the parent has to know first which of its calls are those of this journal.
  ///
  /// - Parameter border: older entries are still being looked for up to there. A step whose call was opened before it has to wait, because
  /// an earlier step of that call may not have been found yet.
  func next(entries: Int, bytes: Int, after border: JournalPosition?, floor: JournalPosition) -> [Outgoing] {
    var batch: [Outgoing] = []
    var size = 0
    func fits(_ entry: Outgoing) -> Bool { batch.isEmpty || (batch.count < entries && size + entry.bytes <= bytes) }
    if let border {
      let fresh = live.filter { $0.opens && $0.position > border }.map(\.incident)
      for entry in live where fresh.contains(entry.incident) {
        guard fits(entry) else { return batch }
        batch.append(entry)
        size += entry.bytes
      }
      return batch
    }
    let border = live.firstIndex { $0.position > floor } ?? live.count
    for entry in [live[border...], live[..<border]].joined() {
      guard fits(entry) else { return batch }
      batch.append(entry)
      size += entry.bytes
    }
    for call in over {
      for entry in call {
        guard fits(entry) else { return batch }
        batch.append(entry)
        size += entry.bytes
      }
    }
    return batch
  }

  /// Takes out what the parent has; answers it.
  mutating func settle(_ isThere: (JournalPosition) -> Bool) -> [Outgoing] {
    var settled: [Outgoing] = []
    live.removeAll { entry in
      guard isThere(entry.position) else { return false }
      settled.append(entry)
      return true
    }
    var whole = 0
    while whole < over.count {
      let left = over[whole].filter { !isThere($0.position) }
      if left.count == over[whole].count { break }
      settled += over[whole].filter { isThere($0.position) }
      overCount -= over[whole].count - left.count
      if !left.isEmpty {
        over[whole] = left
        break
      }
      whole += 1
    }
    over.removeFirst(whole)
    return settled
  }

  /// Something could go now.
  func hasNext(after border: JournalPosition?) -> Bool {
    guard let border else { return !isEmpty }
    return live.contains { $0.opens && $0.position > border }
  }
}
