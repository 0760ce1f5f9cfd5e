import DeviceKit
import DeviceVocabulary
import Journal
import Station
import StationRuntime

/// What the street acknowledges is on its disk at that moment, and is there for ever, whatever crashes.
struct ReceiptChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  private var stored: Set<JournalPosition> = []
  private var highest = JournalPosition.start
  private var ranges: [LinkReceipt.Range] = []

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .street(.durable(let entries)):
      for item in entries { if case .received(let received) = item.entry.change { stored.insert(received.position) } }
    case .receipt(let receipt):
      check(receipt.contiguous.position, now)
      for range in receipt.ranges {
        check(range.first, now)
        check(range.last, now)
      }
      highest = max(highest, receipt.contiguous.position)
      ranges += receipt.ranges.filter { !ranges.contains($0) }
    default: break
    }
  }

  private mutating func check(_ position: JournalPosition, _ now: Instant) {
    guard position.sequence > 0, !stored.contains(position) else { return }
    findings.append(SiteFinding(checker: "receipt", at: now, text: "\(position) is acknowledged and not on the street's disk"))
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {
    guard let street = end.street else { return }
    let bodies = StoredBelow(street).bodies
    for entry in end.entries {
      let isAcknowledged =
        entry.position <= highest || ranges.contains { $0.first <= entry.position && entry.position <= $0.last }
      guard isAcknowledged, bodies[entry.position] != entry.body else { continue }
      let what = bodies[entry.position] == nil ? "missing" : "stored otherwise"
      findings.append(
        SiteFinding(checker: "receipt", at: now, text: "\(entry.position) was acknowledged and is \(what) at the street"))
    }
  }
}

/// The street's journal holds each entry of the community once, each call once, and the steps of a call in their order.
struct OnceChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  private var seen: Set<JournalPosition> = []
  private var opened: Set<IncidentID> = []
  private var last: [IncidentID: JournalPosition] = [:]

  mutating func see(_ fact: SiteFact, at now: Instant) {
    guard case .street(.durable(let entries)) = fact else { return }
    for item in entries {
      guard case .received(let received) = item.entry.change else { continue }
      if !seen.insert(received.position).inserted { find("twice", now, "\(received.position) is at the street twice") }
      guard let change = received.content?.change, let id = change.incident else { continue }
      if case .opened = change, !opened.insert(id).inserted { find("twice", now, "call \(id) is opened at the street twice") }
      // It tells the street what the street said, and goes with the backlog.
      if case .delivered = change { continue }
      if let before = last[id], before > received.position {
        find("order", now, "call \(id): \(received.position) comes to the street after \(before)")
      }
      last[id] = received.position
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {}

  private mutating func find(_ checker: String, _ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: checker, at: at, text: text))
  }
}

/// When everything is whole again, everything arrives: the street has every entry, byte by byte, and shows the same open calls.
struct ArrivalChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  private var durableAt: [Instant] = []
  private var calls = DurableCalls()
  private var isStreetUp = false
  /// An entry may take so long when nothing is in its way.
  static let allowance = Interval.seconds(20)

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .durable(let entries):
      durableAt += entries.map { _ in now }
      for item in entries { calls.take(item.entry.change, at: now) }
    case .street(.programStarted): isStreetUp = true
    case .street(.programEnded): isStreetUp = false
    default: break
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {
    guard let street = end.street else { return }
    if !isStreetUp { find(now, "the street's program does not run") }
    let bodies = StoredBelow(street).bodies
    let due = durableAt.count { now - $0 >= Self.allowance }
    for entry in end.entries.prefix(due) where bodies[entry.position] != entry.body {
      find(now, "\(entry.position) has not arrived at the street")
    }
    for id in calls.calls.keys.sorted() {
      guard let call = calls.calls[id], call.isOpen, !call.isDelivered, now - call.openedAt >= Self.allowance else { continue }
      find(now, "call \(id) is open, and the community does not say that the street has it")
    }
    guard due == durableAt.count, let below = street.view?.children.first, let own = end.view else { return }
    let here = own.incidents.map { "\($0.id) \($0.phase)" }.sorted()
    let there = below.incidents.map { "\($0.id) \($0.phase)" }.sorted()
    if here != there { find(now, "the street shows \(there), the community \(here)") }
  }

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "arrive", at: at, text: text))
  }
}

/// The community obeys what the street has written down, once, and not after its time.
struct CommandChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  private var given: [UInt64: (at: Instant, seconds: Int)] = [:]
  private var answered: Set<UInt64> = []
  /// For the way, and for a command that is given again at a new connection.
  static let allowance = Interval.seconds(30)

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .street(.durable(let entries)):
      for item in entries {
        if case .commanded(_, let command) = item.entry.change { given[command.number] = (now, command.timeToLiveSeconds) }
      }
    case .durable(let entries):
      for item in entries {
        guard case .commandAnswered(let number, let result) = item.entry.change else { continue }
        if !answered.insert(number).inserted { find(now, "command \(number) was answered twice") }
        guard let command = given[number] else {
          find(now, "command \(number) was answered and never given")
          continue
        }
        if result == .done, now - command.at > .seconds(command.seconds) + Self.allowance {
          find(now, "command \(number) was obeyed \((now - command.at).microseconds / 1_000_000) s after it was given")
        }
      }
    default: break
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {}

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "command", at: at, text: text))
  }
}

/// No page of the street is ahead of the street's disk.
struct StreetPageChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  private var durable = DurableCalls()

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .street(.durable(let entries)):
      for item in entries {
        if case .received(let received) = item.entry.change, let change = received.content?.change {
          durable.take(change, at: now)
        }
      }
    case .street(.page(let view)):
      for card in view.children.flatMap(\.incidents) where card.recorded {
        guard let call = durable.calls[card.id] else {
          find(now, "call \(card.id) is on the street's page and not in its journal")
          continue
        }
        if DurableCalls.rank(card.phase) > call.rank { find(now, "call \(card.id) is \(card.phase) on the street's page only") }
      }
    default: break
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {}

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "street page", at: at, text: text))
  }
}

/// What a street's journal holds of the station below, read from its stored bytes.
struct StoredBelow {
  private(set) var bodies: [JournalPosition: [UInt8]] = [:]

  init(_ street: SiteEnd.Street) {
    let coder = EntryCoder()
    for stored in street.entries {
      guard case .received(let received)? = try? coder.decode(stored.body).change else { continue }
      bodies[received.position] = received.body
    }
  }
}
