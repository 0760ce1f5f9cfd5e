import DeviceVocabulary
import Journal
import Station
import StationLinkCodec
import StationLinkDriver

/// Entries on the line between two stations: what the child's sender is told of its journal, what goes into a batch, and what the parent
/// takes out of one. Pure: the uplink's threads and the simulated site use the same.
public struct LineEntries {
  private let coder = EntryCoder()

  public init() {}

  // MARK: - The child's end

  /// What the sender needs to know of an entry.
  public func outgoing(_ entry: JournalEntry, before: JournalHead) -> Outgoing {
    var found = Outgoing(position: entry.position, before: before, bytes: entry.body.count)
    // A backlog is looked through for calls: most of it is about something else, and is told by its name.
    guard coder.mayBeStepOfCall(entry.body), let change = try? coder.decode(entry.body).change else { return found }
    describe(change, &found)
    return found
  }

  /// A page of the journal, each entry with the one before it.
  public func outgoing(_ entries: [JournalEntry], after before: JournalHead) -> [Outgoing] {
    var last = before
    return entries.map { entry in
      defer { last = entry.head }
      return outgoing(entry, before: last)
    }
  }

  /// What an entry says; `nil` when this program cannot read it.
  public func change(of body: [UInt8]) -> Change? { try? coder.decode(body).change }

  private func describe(_ change: Change, _ found: inout Outgoing) {
    switch change {
    case .received(let received):
      // A grandchild's call is a call here as well; its number is told from this station's own by the name of its station.
      guard let inner = received.content?.change else { return }
      describe(inner, &found)
      guard found.incident != nil else { return }
      found.incident = found.incident.map { $0 ^ Self.mix(received.child) }
      found.opens = false
    case .proofAsked(let number):
      found.incident = .max - number % 1000
      found.opens = true
    // It is about a call, but tells the parent only what the parent said.
    case .delivered: break
    // Before the calls that it is about: it has no number of its own, and none is 0.
    case .branched:
      found.incident = 0
      found.opens = true
    // Whoever has this has the call.
    case .toldAgain(let incident):
      found.incident = incident.id
      found.opens = incident.phase != .closed
      found.ends = incident.phase == .closed
    default:
      found.incident = change.incident
      if case .opened = change { found.opens = true }
      switch change {
      case .closed, .falseAlarm: found.ends = true
      default: break
      }
    }
  }

  private static func mix(_ name: String) -> UInt32 {
    name.utf8.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 } | 0x8000_0000
  }

  /// - Parameter nowMilliseconds: the child's wall clock, which says what is late.
  public func linkEntry(_ entry: JournalEntry, before: JournalHead, nowMilliseconds: Int64) -> LinkEntry {
    let time = coder.time(of: entry.body)
    let wall = time?.wallMilliseconds ?? nowMilliseconds
    return LinkEntry(
      position: entry.position, hash: entry.hash, before: before,
      time: LinkTime(
        wallMilliseconds: wall, isSynchronised: time?.synchronised ?? false, boot: time?.boot ?? "",
        monotonicMicroseconds: time?.monotonic.microseconds ?? 0),
      isLate: nowMilliseconds &- wall > Int64(LinkEntry.lateAfterSeconds) * 1000, body: entry.body)
  }

  // MARK: - The parent's end

  /// - Parameter child: the name in the sender's certificate.
  /// - Throws: where the batch is not what the protocol demands, its hashes included.
  public func received(_ batch: [UInt8], of child: String) throws(EventBatch.Mistake) -> [Received] {
    let entries = try EventBatch.decode(batch, station: child)
    for (index, entry) in entries.enumerated()
    where entry.withheldBytes == nil
      && EntryHash.chained(after: entry.before.hash, at: entry.position, body: entry.body) != entry.hash
    {
      throw EventBatch.Mistake(
        refusal: .malformed, place: "[\(index)].hash", accepted: "SHA-256 over previous hash, epoch, sequence and body")
    }
    return entries.map { entry in
      Received(
        child: child, position: entry.position, hash: entry.hash, before: entry.before, isLate: entry.isLate, body: entry.body,
        content: entry.withheldBytes == nil ? coder.content(entry.body) : nil, withheldBytes: entry.withheldBytes)
    }
  }
}
