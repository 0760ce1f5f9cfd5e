import DeviceVocabulary

/// What the pages about visits show, after a commit. It names numbers, windows and services, and nobody.
public struct VisitView: Sendable, Equatable {
  /// Rises with every change.
  public var revision: UInt64
  public var asOfMilliseconds: Int64
  public var site: String
  /// What was decided is on disk.
  public var recorded: Bool
  /// What the centre offers, as the site file says.
  public var plan: VisitPlan
  public var places: [SitePlan.Place]
  /// Without telephone numbers.
  public var posts: [SitePlan.Post]
  public var queues: [Queue]
  public var windows: [WindowCard]
  /// In the order in which they are called, at most `listLimit`.
  public var waiting: [TicketCard]
  /// Set aside, or called in vain, newest first.
  public var aside: [TicketCard]
  /// Open matters: overdue ones first, then the oldest.
  public var matters: [MatterCard]
  public var hazards: [HazardCard]
  public var helps: [HelpCard]
  public var kiosks: [KioskCard]
  public var counts: VisitState.Counts
  /// Matters that are kept here, open or closed.
  public var keptMatters: Int
  /// Sealed personal fields of tickets and matters.
  public var keptContacts: Int
  /// Tickets of today.
  public var keptTickets: Int
  /// The parent cannot be reached since then, milliseconds since 1970: what is decided meanwhile is kept and goes up later (待上报).
  public var parentLostMilliseconds: Int64?
  /// What is kept beside visits; whoever shows it adds what the station does not know (keys, accounts, recordings).
  public var keptBesides: [KeptCount] = []
  /// Whole months that the journal stays although the parent has them; `nil`: there is no parent, and nothing goes.
  public var journalMonths: Int?
  /// Who may read what is sealed here; `nil`: nothing can be sealed.
  public var sealTo: String?
  /// The last nightly report, and when it was written.
  public var cleared: NightReport?
  public var clearedMilliseconds: Int64?

  public static let listLimit = 60

  public struct Queue: Sendable, Equatable {
    public var service: String
    public var waiting: Int
    public var lastNumber: Int
  }

  public struct WindowCard: Sendable, Equatable {
    public var number: Int
    public var current: TicketCard?
  }

  public struct TicketCard: Sendable, Equatable {
    public var id: TicketID
    public var service: String
    public var priority: Bool
    public var phase: Ticket.Phase
    public var window: Int?
    public var calls: Int
    public var takenMilliseconds: Int64
    public var calledMilliseconds: Int64?
    public var slip: Ticket.Slip
    public var matter: MatterID?
    /// For the pages' server only: no page is given it.
    public var sealed: [SealedField] = []
  }

  public struct MatterCard: Sendable, Equatable {
    public var matter: Matter
    public var hoursLeft: Int?
    /// When its time limit passed, milliseconds since 1970: of what is overdue.
    public var overdueSinceMilliseconds: Int64?
  }

  public struct HazardCard: Sendable, Equatable {
    public var id: UInt32
    public var kind: String
    public var place: String
    public var atMilliseconds: Int64
  }

  public struct HelpCard: Sendable, Equatable {
    public var kiosk: String
    public var place: String
    public var sinceMilliseconds: Int64
  }

  public struct KioskCard: Sendable, Equatable {
    public var id: String
    public var place: String
    /// How far a call for help from this terminal has come: what a lamp would show.
    public var help: Indicator
    public var helpAsked: Bool
    /// `nil`: it has none, or it was not heard of yet.
    public var reader: ReaderStanding?
    /// It has a reader of smart cards, and that works.
    public var hasSmartCards = false
    /// Numbers that were taken there as the power failed, `A005`: nobody knows whether their slips came out.
    public var interrupted: [String] = []
    /// Who stands beside its visitor.
    public var hold: KioskHold?
  }
}

extension Station {
  /// What the pages about visits show; `nil` for a site that nobody comes to.
  ///
  /// - Parameter onDisk: the fold of what is on disk, while something is not: no number is shown that a power cut would take back.
  public func visitView(onDisk: StationState?) -> VisitView? {
    guard let onDisk else { return visitView(recorded: true) }
    var shown = self
    shown.state = onDisk
    return shown.visitView(recorded: false)
  }

  private func visitView(recorded: Bool) -> VisitView? {
    guard let offered = plan.visits else { return nil }
    let visits = state.visits
    // On its way up again it answers already; the card waits until the path has proved itself.
    let answers = link?.paths.contains { $0.state == .up || $0.state == .degraded } ?? false
    let lost = state.fault(FaultKey(.parent, .parentLost)).flatMap { fault in
      fault.present && !answers ? fault.presentSince.wallMilliseconds : nil
    }
    let open = visits.matters.filter { $0.phase != .closed }
    return VisitView(
      revision: revision, asOfMilliseconds: wall.unixMilliseconds, site: plan.name, recorded: recorded, plan: offered,
      places: plan.places, posts: plan.posts.map { SitePlan.Post(id: $0.id, name: $0.name, phone: nil, place: $0.place) },
      queues: offered.services.map { service in
        VisitView.Queue(
          service: service.id, waiting: visits.waiting.count { visits.ticket($0)?.service == service.id },
          lastNumber: visits.lastNumber(service.letter))
      },
      windows: offered.windows.map {
        VisitView.WindowCard(number: $0.number, current: visits.current(window: $0.number).map { ticketCard($0, visits) })
      },
      waiting: inCallOrder(visits).map { ticketCard($0, visits) }, aside: aside(visits).map { ticketCard($0, visits) },
      matters: open.sorted { ($0.overdue ? 0 : 1, $0.id) < ($1.overdue ? 0 : 1, $1.id) }.prefix(VisitView.listLimit * 4)
        .map { matter in
          VisitView.MatterCard(
            matter: matter, hoursLeft: matter.result == nil ? hoursLeft(matter) : nil,
            overdueSinceMilliseconds: matter.overdue ? overdueSince(matter) : nil)
        },
      hazards: visits.hazards.suffix(VisitView.listLimit).map {
        VisitView.HazardCard(id: $0.id, kind: $0.kind, place: $0.place, atMilliseconds: $0.at.wallMilliseconds)
      },
      helps: visits.helps.map {
        VisitView.HelpCard(
          kiosk: $0.kiosk, place: offered.kiosk($0.kiosk)?.place ?? "", sinceMilliseconds: $0.since.wallMilliseconds)
      },
      kiosks: offered.kiosks.map { kiosk in
        let point = offered.helpKey(kiosk.id).flatMap { plan.callPoint($0) }
        return VisitView.KioskCard(
          id: kiosk.id, place: kiosk.place, help: point.map { state.indicator(for: $0) } ?? .off,
          helpAsked: visits.helps.contains { $0.kiosk == kiosk.id },
          reader: readers.first { $0.kiosk == kiosk.id }?.standing, hasSmartCards: smartCards.contains(kiosk.id),
          interrupted: interrupted(kiosk.id), hold: visits.hold(kiosk.id))
      },
      counts: visits.counts, keptMatters: visits.matters.count,
      keptContacts: visits.namedKeys.count, keptTickets: visits.lines.reduce(0) { $0 + $1.tickets.count },
      parentLostMilliseconds: lost, keptBesides: keptBesides, cleared: visits.clearing?.last,
      clearedMilliseconds: visits.clearing?.at?.wallMilliseconds)
  }

  private func inCallOrder(_ visits: VisitState) -> [Ticket] {
    let waiting = visits.waiting.compactMap { visits.ticket($0) }
    return Array(waiting.sorted { rank($0) < rank($1) }.prefix(VisitView.listLimit))
  }

  private func aside(_ visits: VisitState) -> [Ticket] {
    let found = visits.lines.flatMap(\.tickets).filter { $0.phase == .parked || $0.phase == .skipped }
    return Array(
      found.sorted { ($0.calledAt?.wallMilliseconds ?? 0, $0.id) > ($1.calledAt?.wallMilliseconds ?? 0, $1.id) }
        .prefix(VisitView.listLimit))
  }

  private func ticketCard(_ ticket: Ticket, _ visits: VisitState) -> VisitView.TicketCard {
    VisitView.TicketCard(
      id: ticket.id, service: ticket.service, priority: ticket.priority, phase: ticket.phase, window: ticket.window,
      calls: ticket.calls, takenMilliseconds: ticket.takenAt.wallMilliseconds,
      calledMilliseconds: ticket.calledAt?.wallMilliseconds, slip: ticket.slip, matter: ticket.matter,
      sealed: visits.sealed(ticket))
  }
}
