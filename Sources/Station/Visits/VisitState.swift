import DeviceKit
import DeviceVocabulary

/// The fold of what concerns visits. Total like the rest of it: any change in any state.
public struct VisitState: Sendable, Equatable, Codable {
  /// The day of the tickets. It only moves forward, so that no number is given twice.
  public var day: Int32 = 0
  /// One for each letter that was used today, in order of the letters.
  public var lines: [Line] = []
  /// Not over yet, in the order in which they were taken.
  public var waiting: [TicketID] = []
  /// Who is at a window: called or being served there, in order of the windows.
  public var seats: [Seat] = []
  /// Open ones and those that may still be asked about, in order of their numbers.
  public var matters: [Matter] = []
  public var lastMatter: MatterID = 0
  /// Open ones.
  public var hazards: [Hazard] = []
  public var lastHazard: UInt32 = 0
  public var helps: [KioskHelp] = []
  /// Terminals whose time-out is held; `nil`: none yet.
  public var holds: [KioskHold]?
  public var counts = Counts()
  /// What was deleted because its time was over; `nil`: nothing yet, and no night has passed.
  public var clearing: Clearing?

  /// All tickets of one letter of the day: number n is at n - 1.
  public struct Line: Sendable, Equatable, Codable {
    public var letter: String
    public var tickets: [Ticket]
  }

  public struct Seat: Sendable, Equatable, Codable {
    public var window: Int
    public var ticket: TicketID
  }

  /// Since the journal began.
  public struct Counts: Sendable, Equatable, Codable {
    public var tickets = 0
    public var matters = 0
    public var overdue = 0
    public var hazards = 0
    public var hazardsHandled = 0
    /// Touches of each of the three faces.
    public var ratings = [0, 0, 0]
  }

  public init() {}

  // MARK: - Fold

  mutating func apply(_ change: VisitChange, at time: EntryTime) {
    switch change {
    case .dayBegan(let next), .dayConfirmed(let next, _):
      guard next > day else { return }
      noteCleared(tickets: lines.reduce(0) { $0 + $1.tickets.count })
      day = next
      lines = []
      waiting = []
      seats = []
    case .taken(let taken): take(Ticket(taken, at: time))
    case .slip(let id, let slip): self.change(id) { $0.slip = slip }
    case .reissued(let id, let digest, _):
      self.change(id) { ticket in
        ticket.digest = digest
        ticket.slip = .unknown
        ticket.isReissued = true
      }
      if let matter = ticket(id)?.matter {
        self.change(matter) { matter in
          matter.digest = digest
          matter.isReissued = true
        }
      }
    case .called(let id, let window):
      self.change(id) { ticket in
        ticket.phase = .called
        ticket.window = window
        ticket.calledAt = time
        ticket.calls &+= 1
      }
      waiting.removeAll { $0 == id }
      seats.removeAll { $0.window == window || $0.ticket == id }
      if ticket(id) != nil {
        seats.insert(Seat(window: window, ticket: id), at: seats.firstIndex { $0.window > window } ?? seats.count)
      }
    case .serving(let id): self.change(id) { $0.phase = .serving }
    case .skipped(let id): leave(id, .skipped)
    case .parked(let id): leave(id, .parked)
    case .finished(let id):
      leave(id, .done)
      self.change(id) { $0.contact = nil }
    case .transferred(let id, let service):
      seats.removeAll { $0.ticket == id }
      self.change(id) { ticket in
        ticket.phase = .waiting
        ticket.service = service
        ticket.window = nil
      }
      if ticket(id) != nil, !waiting.contains(id) { waiting.append(id) }
    case .opened(let opened):
      open(Matter(opened, at: time))
      if ticket(opened.ticket)?.isReissued == true { self.change(opened.matter) { $0.isReissued = true } }
      self.change(opened.ticket) { $0.contact = nil }
    case .contactGiven(let id, let contact, _): self.change(id) { $0.contact = contact }
    case .cleared(let report): clearing = Clearing(night: report.night, last: report, at: time)
    case .offered(let id, _, let to):
      self.change(id) { matter in
        matter.offer = Matter.Offer(to: to, at: time)
        matter.refused = nil
      }
    case .accepted(let id, let post):
      self.change(id) { matter in
        matter.formerOwners.append(matter.owner)
        matter.owner = post
        matter.offer = nil
        if matter.phase == .opened { matter.phase = .handled }
      }
    case .returned(let id, let post, let reason):
      self.change(id) { matter in
        matter.offer = nil
        matter.refused = Matter.Return(post: post, reason: reason, at: time)
      }
    case .resulted(let id, _, let result, let note):
      self.change(id) { matter in
        matter.phase = .resulted
        matter.refused = nil
        matter.result = result
        matter.resultedAt = time
        matter.note = note
        matter.offer = nil
      }
    case .calledBack(let id, _, let reached):
      self.change(id) { matter in
        matter.reached = reached
        matter.phase = .calledBack
      }
    case .rated(let id, let faces):
      guard (1...3).contains(faces), let matter = matter(id), matter.rating == nil else { return }
      self.change(id) { $0.rating = faces }
      counts.ratings[faces - 1] = ChildFoldLimit.sum(counts.ratings[faces - 1], 1)
    case .closed(let id, _):
      self.change(id) { matter in
        matter.phase = .closed
        matter.closedAt = time
        matter.offer = nil
      }
    case .overdue(let id):
      guard let matter = matter(id), !matter.overdue else { return }
      self.change(id) { $0.overdue = true }
      counts.overdue = ChildFoldLimit.sum(counts.overdue, 1)
    case .forgotten(let ids):
      let before = matters.count
      matters.removeAll { ids.contains($0.id) }
      noteCleared(matters: before - matters.count)
    case .contactsForgotten(let ids):
      for id in ids {
        self.change(id) { matter in
          matter.contact = nil
          matter.fromTicket = nil
        }
      }
    case .hazardReported(let hazard):
      hazards.append(hazard)
      lastHazard = max(lastHazard, hazard.id)
      counts.hazards = ChildFoldLimit.sum(counts.hazards, 1)
    case .hazardHandled(let id, _):
      guard let index = hazards.firstIndex(where: { $0.id == id }) else { return }
      hazards.remove(at: index)
      counts.hazardsHandled = ChildFoldLimit.sum(counts.hazardsHandled, 1)
    case .helpAsked(let kiosk):
      if !helps.contains(where: { $0.kiosk == kiosk }) { helps.append(KioskHelp(kiosk: kiosk, since: time)) }
    case .helpGiven(let kiosk, _): helps.removeAll { $0.kiosk == kiosk }
    case .held(let kiosk, let post):
      holds = (holds ?? []).filter { $0.kiosk != kiosk } + [KioskHold(kiosk: kiosk, post: post, since: time)]
    case .letGo(let kiosk, _, _): holds?.removeAll { $0.kiosk == kiosk }
    case .carried(let state, let part): resume(state, part, at: time)
    }
  }

  private mutating func take(_ ticket: Ticket) {
    guard ticket.id.day == day else { return }
    let place = placeOfLine(ticket.id.letter)
    // The next number, and no other: a gap would be a number that nobody has.
    guard ticket.id.number == lines[place].tickets.count + 1 else { return }
    lines[place].tickets.append(ticket)
    waiting.append(ticket.id)
    counts.tickets = ChildFoldLimit.sum(counts.tickets, 1)
  }

  /// Where the line of a letter stands, an empty one if it is the first of the day.
  private mutating func placeOfLine(_ letter: String) -> Int {
    let place = lines.firstIndex { $0.letter >= letter } ?? lines.count
    if place == lines.count || lines[place].letter != letter { lines.insert(Line(letter: letter, tickets: []), at: place) }
    return place
  }

  private mutating func leave(_ id: TicketID, _ phase: Ticket.Phase) {
    change(id) { $0.phase = phase }
    seats.removeAll { $0.ticket == id }
    waiting.removeAll { $0 == id }
  }

  private mutating func open(_ matter: Matter) {
    guard self.matter(matter.id) == nil else { return }
    lastMatter = max(lastMatter, matter.id)
    matters.insert(matter, at: matters.firstIndex { $0.id > matter.id } ?? matters.count)
    change(matter.ticket) { $0.matter = matter.id }
    counts.matters = ChildFoldLimit.sum(counts.matters, 1)
  }

  private mutating func change(_ id: TicketID, _ body: (inout Ticket) -> Void) {
    guard id.day == day, let line = lines.firstIndex(where: { $0.letter == id.letter }),
      id.number > 0, Int(id.number) <= lines[line].tickets.count
    else { return }
    body(&lines[line].tickets[Int(id.number) - 1])
  }

  private mutating func change(_ id: MatterID, _ body: (inout Matter) -> Void) {
    guard let index = index(of: id) else { return }
    body(&matters[index])
  }

  // MARK: - Questions

  public func ticket(_ id: TicketID) -> Ticket? {
    guard id.day == day else { return nil }
    return ticket(letter: id.letter, number: id.number)
  }

  public func ticket(letter: String, number: UInt16) -> Ticket? {
    guard let line = lines.first(where: { $0.letter == letter }), number > 0, Int(number) <= line.tickets.count else {
      return nil
    }
    return line.tickets[Int(number) - 1]
  }

  public func matter(_ id: MatterID) -> Matter? { index(of: id).map { matters[$0] } }

  private func index(of id: MatterID) -> Int? {
    var low = 0
    var high = matters.count
    while low < high {
      let middle = (low + high) / 2
      if matters[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < matters.count && matters[low].id == id ? low : nil
  }

  /// Who is at a window now.
  public func current(window: Int) -> Ticket? {
    seats.first { $0.window == window }.flatMap { ticket($0.ticket) }
  }

  /// Who stands beside the visitor at a terminal, if anybody does.
  public func hold(_ kiosk: String) -> KioskHold? { holds?.first { $0.kiosk == kiosk } }

  /// The last number that was given of a letter today.
  public func lastNumber(_ letter: String) -> Int { lines.first { $0.letter == letter }?.tickets.count ?? 0 }
}

// MARK: - Over a month's turn

extension VisitState {
  /// So many tickets or matters fit into one entry.
  static let partSize = 250

  /// The state in parts, each small enough for an entry; one at least.
  public var parts: [VisitState] {
    var first = self
    first.lines = []
    first.waiting = []
    first.matters = []
    var parts = [first]
    for line in lines {
      for tickets in Self.split(line.tickets, { $0.contact.map { [$0] } ?? [] }) {
        var part = VisitState()
        part.lines = [Line(letter: line.letter, tickets: tickets)]
        parts.append(part)
      }
    }
    for start in stride(from: 0, to: waiting.count, by: Self.partSize * 4) {
      var part = VisitState()
      part.waiting = Array(waiting[start...].prefix(Self.partSize * 4))
      parts.append(part)
    }
    for matters in Self.split(matters, { $0.sealed }) {
      var part = VisitState()
      part.matters = matters
      parts.append(part)
    }
    return parts
  }

  /// In pieces of about the same length in bytes: what is sealed is longer than all the rest of a ticket or a matter.
  private static func split<Item>(_ items: [Item], _ sealed: (Item) -> [SealedField]) -> [[Item]] {
    var pieces: [[Item]] = []
    var weight = partSize
    for item in items {
      let own = 1 + sealed(item).reduce(0) { $0 + 1 + $1.bytes.count / 256 }
      if weight + own > partSize {
        pieces.append([])
        weight = 0
      }
      pieces[pieces.count - 1].append(item)
      weight += own
    }
    return pieces
  }

  private mutating func resume(_ part: VisitState, _ number: Int, at time: EntryTime) {
    if number == 0 {
      self = part
      if counts.ratings.count != 3 { counts.ratings = [0, 0, 0] }
      return
    }
    for line in part.lines {
      let place = placeOfLine(line.letter)
      for ticket in line.tickets where Int(ticket.id.number) == lines[place].tickets.count + 1 {
        lines[place].tickets.append(ticket)
      }
    }
    let known = Set(waiting)
    waiting += part.waiting.filter { !known.contains($0) }
    for var matter in part.matters where self.matter(matter.id) == nil {
      // Carried over by a program that did not keep the time: from here on.
      if matter.result != nil, matter.resultedAt == nil { matter.resultedAt = time }
      matters.insert(matter, at: matters.firstIndex { $0.id > matter.id } ?? matters.count)
    }
  }
}
