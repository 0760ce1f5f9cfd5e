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
    let before = try head(at: position, reader)
    var last = before
    return entries.map { entry in
      defer { last = entry.head }
      return (entry, last)
    }
  }

  func end() throws -> JournalHead { try refreshed().last() }

  /// What stands at a position here; `nil` when nothing does.
  func hash(at position: JournalPosition) throws -> EntryHash? {
    let head = try head(at: position, opened())
    return head.position == position ? head.hash : nil
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

  private func head(at position: JournalPosition, _ reader: JournalReader) throws -> JournalHead {
    guard position.sequence > 0 else { return reader.segments().first?.anchor ?? .start }
    let before = JournalPosition(epoch: position.epoch, sequence: position.sequence - 1)
    if let entry = try reader.entries(after: before, limit: 1).first, entry.position == position { return entry.head }
    // The oldest segments are gone: the anchor of the first that is kept stands for them.
    return reader.segments().first?.anchor ?? .start
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
      guard let inner = received.content?.change, inner.incident != nil else { return }
      describe(inner, &found)
      found.incident = found.incident.map { $0 ^ Self.mix(received.child) }
      found.opens = false
    case .proofAsked(let number):
      found.incident = .max - number % 1000
      found.opens = true
    // It is about a call, but tells the parent only what the parent said.
    case .delivered: break
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
    let before = JournalPosition(epoch: outgoing.position.epoch, sequence: outgoing.position.sequence - 1)
    guard let entry = try opened().entries(after: before, limit: 1).first, entry.position == outgoing.position else { return nil }
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
      isLate: nowMilliseconds &- wall > Int64(LinkEntry.lateAfterSeconds) * 1000, body: entry.body)
  }
}
