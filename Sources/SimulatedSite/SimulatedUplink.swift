import DeviceKit
import DeviceVocabulary
import Journal
import StationLinkCodec
import StationLinkDriver
import StationRuntime

/// The child's end of the line in one run of its program: the sender with the journal behind it, put together as the uplink's thread does.
final class SimulatedUplink {
  /// Which run of the program this is: answers to an earlier one reach nobody.
  let run: Int
  private(set) var sender: LinkSender
  private let store: any EntryStore
  private let entries = LineEntries()
  /// The last entry that the sender was told of.
  private var told: JournalHead
  /// The sender's deadline in site time.
  var due = Instant.distantFuture
  /// What other work of the thread brings back to it, in order of site time.
  var later: [(at: Instant, input: LinkSender.Input)] = []
  /// Pages that could not be read, and when that is tried again.
  var unread: [(after: JournalPosition, at: Instant)] = []
  var parent = ""
  var listens: [Bool]

  static let pageEntries = 200

  init(run: Int, paths: [String], store: any EntryStore, seed: UInt64, monotonic: Instant) {
    self.run = run
    self.store = store
    told = store.last
    listens = paths.map { _ in false }
    sender = LinkSender(
      settings: .init(paths: paths, readingsInterval: nil), newest: store.last.position, seed: seed, at: monotonic)
  }

  var head: JournalHead { store.last }

  func handle(_ input: LinkSender.Input, at monotonic: Instant) -> [LinkSender.Effect] {
    var effects = Effects<LinkSender.Effect>()
    sender.handle(input, at: monotonic, into: &effects)
    return (0..<effects.count).compactMap { effects[$0] }
  }

  /// What has become durable since it was last told.
  func recorded(_ fresh: [JournalEntry]) -> LinkSender.Input {
    defer { told = fresh.last?.head ?? told }
    return .recorded(entries.outgoing(fresh, after: told))
  }

  func page(after position: JournalPosition) throws -> [Outgoing] {
    let found = try store.entries(after: position == .start ? nil : position, limit: Self.pageEntries)
    return entries.outgoing(found, after: try head(at: position))
  }

  func batch(_ outgoing: [Outgoing], station: String, wallMilliseconds: Int64) throws -> [UInt8] {
    let found = try outgoing.compactMap { item -> LinkEntry? in
      guard let entry = try entry(at: item.position) else { return nil }
      return entries.linkEntry(entry, before: item.before, nowMilliseconds: wallMilliseconds)
    }
    return try EventBatch.encode(found, station: station)
  }

  private func entry(at position: JournalPosition) throws -> JournalEntry? {
    guard position.sequence > 0 else { return nil }
    let before = JournalPosition(epoch: position.epoch, sequence: position.sequence - 1)
    return try store.entries(after: before, limit: 1).first { $0.position == position }
  }

  private func head(at position: JournalPosition) throws -> JournalHead {
    // The sender may look from where no entry stands, before the first of an epoch.
    if let entry = try entry(at: position) { return entry.head }
    return try store.entries(after: nil, limit: .max).last { $0.position <= position }?.head ?? .start
  }
}
