import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationLinkCodec
import StationLinkDriver
import StationRuntime
import Transports

/// The journal as the uplink's thread reads it, beside the running station.
final class JournalPages {
  private let folder: String
  private var reader: JournalReader?
  private let coder = EntryCoder()
  private var refreshedAt = Instant.zero

  private static let refreshInterval = Interval.seconds(1)

  static let pageLimit = 1000

  init(folder: String) {
    self.folder = folder
  }

  /// Entries behind `position`, in order, each with the one before it. Empty at the end, and while the journal cannot be read.
  func page(after position: JournalPosition, limit: Int = pageLimit) throws -> [(entry: JournalEntry, before: JournalHead)] {
    var reader = try opened()
    var entries = try reader.entries(after: position == .start ? nil : position, limit: limit)
    // A new month, or a new file after a fault: the folder is read again now and then.
    if entries.isEmpty, MonotonicClock.now() - refreshedAt >= Self.refreshInterval {
      reader = try refreshed()
      entries = try reader.entries(after: position == .start ? nil : position, limit: limit)
    }
    guard !entries.isEmpty else { return [] }
    var last = try newest(position, reader)
    return entries.map { entry in
      defer { last = entry.head }
      return (entry, last)
    }
  }

  /// The end of what was dropped here; `nil`: nothing was.
  func dropped() throws -> JournalHead? {
    try refreshed().segments().first?.anchor.flatMap { $0.position.sequence > 0 ? $0 : nil }
  }

  func end() throws -> JournalHead { try refreshed().last() }

  /// What a parent's welcome is held against, on the files as they are now.
  ///
  /// - Parameter epochLimit: the highest epoch that this station can have begun, given its newest.
  func check(epochLimit: (UInt32) -> UInt32) throws -> WelcomeCheck {
    let oldest = try dropped()
    let reader = try opened()
    return WelcomeCheck(
      hash: { position in
        let head = try self.newest(position, reader)
        return head.position == position ? head.hash : nil
      }, newest: { try self.newest($0, reader) }, oldest: oldest, branch: try branch(reader),
      epochLimit: epochLimit(try reader.last().position.epoch))
  }

  /// The newest file that was begun because the parent had other entries, if what must stand first in it does.
  private func branch(_ reader: JournalReader) throws -> LinkBranch? {
    for segment in reader.segments().reversed() where segment.cause == .restored {
      guard let floor = segment.anchor?.position,
        let first = try reader.entries(after: floor == .start ? nil : floor, limit: 1).first,
        case .branched? = try? coder.decode(first.body).change
      else { continue }
      return LinkBranch(floor: floor, begins: first.position)
    }
    return nil
  }

  private func opened() throws -> JournalReader {
    if let reader { return reader }
    let reader = try JournalReader(folder: folder)
    self.reader = reader
    refreshedAt = MonotonicClock.now()
    return reader
  }

  private func refreshed() throws -> JournalReader {
    let reader = try opened()
    try reader.refresh()
    refreshedAt = MonotonicClock.now()
    return reader
  }

  /// The newest entry at or before a position, which need not be in this journal; where the oldest files are gone, their end.
  private func newest(_ position: JournalPosition, _ reader: JournalReader) throws -> JournalHead {
    if let entry = try entry(at: position, reader) { return entry.head }
    let segments = reader.segments()
    guard let index = segments.lastIndex(where: { $0.anchor.map { $0.position <= position } ?? false }),
      let anchor = segments[index].anchor
    else { return segments.first?.anchor ?? .start }
    // Behind the end of the journal, in what a salvage could not read, or before the first entry of that file.
    let end = try reader.last()
    if end.position <= position { return end }
    let gap = segments[index].gaps.last { $0.after <= position }
    return try gap.flatMap { try entry(at: $0.after, reader)?.head } ?? anchor
  }

  private func entry(at position: JournalPosition, _ reader: JournalReader) throws -> JournalEntry? {
    guard position.sequence > 0 else { return nil }
    let before = JournalPosition(epoch: position.epoch, sequence: position.sequence - 1)
    return try reader.entries(after: before, limit: 1).first.flatMap { $0.position == position ? $0 : nil }
  }

  // MARK: - What an entry is about

  func outgoing(_ entry: JournalEntry, before: JournalHead) -> Outgoing {
    var found = Outgoing(position: entry.position, before: before, bytes: entry.body.count)
    guard let change = try? coder.decode(entry.body).change else { return found }
    describe(change, &found)
    return found
  }

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

  func linkEntry(_ outgoing: Outgoing, nowMilliseconds: Int64) throws -> LinkEntry? {
    guard let entry = try entry(at: outgoing.position, opened()) else { return nil }
    return linkEntry(entry, before: outgoing.before, nowMilliseconds: nowMilliseconds)
  }

  func linkEntry(_ entry: JournalEntry, before: JournalHead, nowMilliseconds: Int64) -> LinkEntry {
    let time = try? coder.decode(entry.body).time
    let wall = time?.wallMilliseconds ?? nowMilliseconds
    return LinkEntry(
      position: entry.position, hash: entry.hash, before: before,
      time: LinkTime(
        wallMilliseconds: wall, isSynchronised: time?.synchronised ?? false, boot: time?.boot ?? "",
        monotonicMicroseconds: time?.monotonic.microseconds ?? 0),
      isLate: nowMilliseconds - wall > Int64(LinkEntry.lateAfterSeconds) * 1000, body: entry.body)
  }
}
