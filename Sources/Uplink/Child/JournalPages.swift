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
  private let entries = LineEntries()
  private var refreshedAt = Instant.zero

  private static let refreshInterval = Interval.seconds(1)

  static let pageLimit = 1000

  init(folder: String) {
    self.folder = folder
  }

  /// Entries behind `position`, in order, each with the one before it. Empty at the end, and while the journal cannot be read.
  func page(after position: JournalPosition, limit: Int = pageLimit) throws -> [(entry: JournalEntry, before: JournalHead)] {
    var entries = try read(after: position, limit: limit)
    // A new month, or a new file after a fault: the folder is read again now and then.
    if entries.isEmpty, MonotonicClock.now() - refreshedAt >= Self.refreshInterval {
      entries = try refreshed().entries(after: position == .start ? nil : position, limit: limit)
    }
    guard !entries.isEmpty else { return [] }
    var last = try newest(position)
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
        let head = try self.newest(position)
        return head.position == position ? head.hash : nil
      }, newest: { try self.newest($0) }, oldest: oldest, branch: try branch(reader),
      epochLimit: epochLimit(try reader.last().position.epoch))
  }

  /// The newest file that was begun because the parent had other entries, if what must stand first in it does.
  private func branch(_ reader: JournalReader) throws -> LinkBranch? {
    for segment in reader.segments().reversed() where segment.cause == .restored {
      guard let floor = segment.anchor?.position,
        let first = try reader.entries(after: floor == .start ? nil : floor, limit: 1).first,
        case .branched? = entries.change(of: first.body)
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

  /// A file that was dropped, or put aside after a fault, since the folder was last read: it is read again.
  private func read(after position: JournalPosition, limit: Int) throws -> [JournalEntry] {
    let from = position == .start ? nil : position
    do {
      return try opened().entries(after: from, limit: limit)
    } catch {
      return try refreshed().entries(after: from, limit: limit)
    }
  }

  /// The newest entry at or before a position, which need not be in this journal; where the oldest files are gone, their end.
  private func newest(_ position: JournalPosition) throws -> JournalHead {
    if let entry = try entry(at: position) { return entry.head }
    let reader = try opened()
    let segments = reader.segments()
    guard let index = segments.lastIndex(where: { $0.anchor.map { $0.position <= position } ?? false }),
      let anchor = segments[index].anchor
    else { return segments.first?.anchor ?? .start }
    // Behind the end of the journal, in what a salvage could not read, or before the first entry of that file.
    let end = try reader.last()
    if end.position <= position { return end }
    let gap = segments[index].gaps.last { $0.after <= position }
    return try gap.flatMap { try entry(at: $0.after)?.head } ?? anchor
  }

  private func entry(at position: JournalPosition) throws -> JournalEntry? {
    guard position.sequence > 0 else { return nil }
    let before = JournalPosition(epoch: position.epoch, sequence: position.sequence - 1)
    return try read(after: before, limit: 1).first.flatMap { $0.position == position ? $0 : nil }
  }

  // MARK: - On the line

  func outgoing(_ entry: JournalEntry, before: JournalHead) -> Outgoing { entries.outgoing(entry, before: before) }

  /// A page as the sender is told of it.
  func outgoing(after position: JournalPosition) throws -> [Outgoing] {
    try page(after: position).map { outgoing($0.entry, before: $0.before) }
  }

  /// The entries themselves. Those that stand close together are read in one go.
  func linkEntries(_ outgoing: [Outgoing], nowMilliseconds: Int64) throws -> [LinkEntry] {
    var found: [LinkEntry] = []
    found.reserveCapacity(outgoing.count)
    var rest = outgoing[...]
    while let first = rest.first {
      var run = rest.prefix(1)
      for item in rest.dropFirst() {
        guard let last = run.last?.position, item.position.epoch == last.epoch, item.position > last,
          item.position.sequence - last.sequence <= Self.closeBy
        else { break }
        run = rest.prefix(run.count + 1)
      }
      rest = rest.dropFirst(run.count)
      let before = JournalPosition(epoch: first.position.epoch, sequence: first.position.sequence - 1)
      let span = Int((run.last ?? first).position.sequence - first.position.sequence) + 1
      var stored = try read(after: before, limit: span)[...]
      for item in run {
        stored = stored.drop { $0.position < item.position }
        guard let entry = stored.first, entry.position == item.position else { continue }
        found.append(entries.linkEntry(entry, before: item.before, nowMilliseconds: nowMilliseconds))
      }
    }
    return found
  }

  /// Reading a few entries in between costs less than another query.
  private static let closeBy: UInt64 = 8
}
