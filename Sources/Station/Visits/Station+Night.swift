import DeviceKit
import DeviceVocabulary

/// What was deleted since the report before, because its time was over.
public struct NightReport: Sendable, Equatable, Codable {
  /// The local day in whose early morning it was.
  public var night: Int32
  public var tickets: Int
  public var matters: Int
  /// Keys of sealed fields: what they sealed is opened by nobody any more.
  public var keys: Int
  /// Whole months of the journal.
  public var files: Int

  public init(night: Int32, tickets: Int = 0, matters: Int = 0, keys: Int = 0, files: Int = 0) {
    (self.night, self.tickets, self.matters, self.keys, self.files) = (night, tickets, matters, keys, files)
  }
}

extension VisitState {
  public struct Clearing: Sendable, Equatable, Codable {
    /// The last night that was reported.
    public var night: Int32
    public var last: NightReport?
    public var at: EntryTime?
    /// Since then.
    public var tickets = 0
    public var matters = 0
  }

  mutating func noteCleared(tickets: Int = 0, matters: Int = 0) {
    guard tickets > 0 || matters > 0 else { return }
    var clearing = clearing ?? Clearing(night: day)
    clearing.tickets = ChildFoldLimit.sum(clearing.tickets, tickets)
    clearing.matters = ChildFoldLimit.sum(clearing.matters, matters)
    self.clearing = clearing
  }

  /// What is sealed of who holds this ticket.
  public func sealed(_ ticket: Ticket) -> [SealedField] {
    [ticket.contact].compactMap { $0 } + (ticket.matter.flatMap { matter($0) }?.sealed ?? [])
  }

  /// Keys that may not be deleted: of today's tickets that are not over, and of matters.
  public var namedKeys: [String] { sealedFields.map(\.key) }

  public var sealedFields: [SealedField] { lines.flatMap { $0.tickets.compactMap(\.contact) } + matters.flatMap(\.sealed) }
}

/// The nightly deletion: at 03:00 by the station's clock, once a local day, and at the start when the night was slept through.
extension Station {
  static let nightMinute: Int64 = 180
  /// When nothing answers, it is asked again.
  private static let nightPatience = Interval.seconds(600)

  private var night: Int64 { wall.advanced(by: .zero - .seconds(60 * Int(Self.nightMinute))).localDay }

  /// The night that has to be done now. Nights only move forward, as the days of tickets do, and by a clock that nobody has checked by a
  /// week at most from the last day that is known.
  private func dueNight() -> Int32? {
    guard state.visits.day > 0, let tonight = Int32(exactly: night) else { return nil }
    let last = state.visits.clearing?.night ?? state.visits.day
    let known = max(last, state.visits.day)
    guard tonight > last, wall.synchronised || Int64(tonight) - Int64(known) <= Self.believedDays else { return nil }
    return tonight
  }

  mutating func runNight() {
    guard let tonight = dueNight() else { return }
    if let asked = nightAsked, asked.night == tonight, now - asked.at < Self.nightPatience { return }
    beginDay()
    nightAsked = (tonight, now)
    pending.append(.sweep)
  }

  func nextNight() -> Interval? {
    guard state.visits.day > 0 else { return nil }
    if let asked = nightAsked, dueNight() == asked.night { return max(.zero, Self.nightPatience - (now - asked.at)) }
    return .milliseconds(Int(clamping: wall.millisecondsUntil(minuteOfDay: Self.nightMinute)))
  }

  /// Written down once a night, also when there was nothing to delete: that it ran can be seen.
  mutating func reportNight(keys: Int, files: Int) {
    guard let asked = nightAsked, dueNight() == asked.night else { return }
    let clearing = state.visits.clearing
    record(
      .visit(
        .cleared(
          NightReport(
            night: asked.night, tickets: clearing?.tickets ?? 0, matters: clearing?.matters ?? 0, keys: max(0, keys),
            files: max(0, files)))))
    nightAsked = nil
  }

  /// What becomes of keys by a change that is about to be folded. A key is named in one place: a ticket's goes to its matter.
  func keysLeft(by change: Change) -> (forgotten: [String], shredded: [String]) {
    guard case .visit(let change) = change, let visits = state.visitState else { return ([], []) }
    func keys(_ id: MatterID) -> [String] { visits.matter(id)?.sealed.map(\.key) ?? [] }
    switch change {
    case .dayBegan(let next), .dayConfirmed(let next, _):
      return ([], next > visits.day ? visits.lines.flatMap { $0.tickets.compactMap(\.contact?.key) } : [])
    case .finished(let id):
      guard let ticket = visits.ticket(id) else { return ([], []) }
      return (ticket.matter.map(keys) ?? [], [ticket.contact?.key].compactMap { $0 })
    case .accepted(let id, let post): return (visits.matter(id)?.owner == post ? [] : keys(id), [])
    case .closed(let id, _): return (keys(id), [])
    case .forgotten(let ids), .contactsForgotten(let ids): return ([], ids.flatMap(keys))
    case .contactGiven(let id, let contact, _):
      return ([], visits.matter(id)?.contact.flatMap { $0.key == contact.key ? nil : [$0.key] } ?? [])
    default: return ([], [])
    }
  }
}
