import DeviceKit
import DeviceVocabulary
import Station
import StationRuntime

/// A number of the queue is given once, none is left out, and whoever was told one has it for ever; a matter is there once or not at all, here
/// and at the street.
struct VisitChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  private var taken: Set<TicketID> = []
  private var last: [String: UInt16] = [:]
  private var day: Int32 = 0
  /// The number of each matter, here, and of those that the street has.
  private var matters: [MatterID: TicketID] = [:]
  private var streetMatters: Set<MatterID> = []
  private var told: Set<TicketID> = []

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .durable(let entries): for item in entries { take(item.entry.change, now) }
    case .answered(_, .ticket(let ticket, _)):
      if !taken.contains(ticket.id) { find(now, "\(ticket.id) was given to somebody and is not in the journal") }
      told.insert(ticket.id)
    case .street(.durable(let entries)):
      for item in entries {
        guard case .received(let received) = item.entry.change, case .visit(.opened(let opened))? = received.content?.change
        else {
          continue
        }
        if !streetMatters.insert(opened.matter).inserted { find(now, "the street has matter \(opened.matter) twice") }
        if matters[opened.matter] != opened.ticket { find(now, "the street has a matter \(opened.matter) that is not here") }
      }
    default: break
    }
  }

  private mutating func take(_ change: Change, _ now: Instant) {
    switch change {
    case .visit(.dayBegan(let begins)), .visit(.dayConfirmed(let begins, _)):
      if begins <= day { find(now, "day \(begins) begins after day \(day)") }
      day = begins
      last = [:]
    case .visit(.taken(let ticket)):
      if !taken.insert(ticket.ticket).inserted { find(now, "\(ticket.ticket) was given twice") }
      if ticket.ticket.number != (last[ticket.ticket.letter] ?? 0) + 1 || ticket.ticket.day != day {
        find(now, "\(ticket.ticket) follows number \(last[ticket.ticket.letter] ?? 0) of day \(day)")
      }
      last[ticket.ticket.letter] = ticket.ticket.number
    case .visit(.opened(let opened)):
      if !taken.contains(opened.ticket) { find(now, "matter \(opened.matter) is of \(opened.ticket), which nobody has") }
      if matters.values.contains(opened.ticket) { find(now, "\(opened.ticket) has two matters") }
      if matters.updateValue(opened.ticket, forKey: opened.matter) != nil { find(now, "matter \(opened.matter) is there twice") }
    default: break
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {
    let coder = EntryCoder()
    var kept: Set<TicketID> = []
    for stored in end.entries {
      if case .visit(.taken(let ticket))? = (try? coder.decode(stored.body))?.change { kept.insert(ticket.ticket) }
    }
    for ticket in told.subtracting(kept).sorted() { find(now, "\(ticket) was given to somebody and is not there at the end") }
    guard end.street != nil else { return }
    for matter in matters.keys.sorted() where !streetMatters.contains(matter) { find(now, "the street lacks matter \(matter)") }
  }

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "visit", at: at, text: text))
  }
}
