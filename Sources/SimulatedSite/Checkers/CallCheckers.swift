import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import DeviceVocabulary
import Journal
import Station

/// Every press has exactly one entry, no entry is without a finger, and no name of an event comes twice.
struct PressChecker: SiteChecker {
  let ground: SiteGround
  private(set) var findings: [SiteFinding] = []
  private(set) var ledger = PressLedger()
  private var names: Set<EventIdentity> = []
  /// From the finger to the disk.
  private(set) var recorded: [Interval] = []

  init(_ ground: SiteGround) {
    self.ground = ground
  }

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .finger(let button): ledger.press(button, at: now)
    case .act(.hand(let wire, let panel, .powerOff)): ledger.panelStopped(ground.device(wire, panel), at: now)
    case .act(.hand(let wire, let panel, .powerOn(_, let keepsQueue))):
      ledger.panelStopped(ground.device(wire, panel), at: now)
      ledger.panelStarted(ground.device(wire, panel), keepsQueue: keepsQueue, at: now)
    case .durable(let entries): for item in entries { take(item.entry.change, item.stamped, now) }
    default: break
    }
  }

  private mutating func take(_ change: Change, _ stamped: Instant, _ now: Instant) {
    switch change {
    case .opened(_, let opening) where opening.mark != .drill:
      let pressed = stamped - .milliseconds(Int(opening.ageMilliseconds))
      record(opening.button, opening.identity, stamped, pressed, now)
    case .pressedAgain(_, let button, let identity): record(button, identity, stamped, nil, now)
    case .faultRaised(let key, _):
      if case .device(let device) = key.subject, key.kind == .eventsLost { ledger.repeatsWereDropped(device) }
    default: break
    }
  }

  private mutating func record(
    _ button: ButtonID, _ identity: EventIdentity?, _ stamped: Instant, _ pressed: Instant?, _ now: Instant
  ) {
    if let identity, !names.insert(identity).inserted { find(now, "\(button): event \(identity) is in the journal twice") }
    if let finger = ledger.record(button, stamped: stamped, pressed: pressed) {
      recorded.append(now - finger)
    } else {
      find(now, "\(button): an entry for a press that no finger made (\(identity.map { "\($0)" } ?? "no name"))")
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {
    for button in ledger.fingers.keys.sorted() {
      for finger in ledger.missing(button, before: now) {
        find(finger, "\(button): this press is not in the journal")
      }
    }
  }

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "press", at: at, text: text))
  }
}

/// No lamp is ahead of the journal, none of the street's disk, none goes back, and a silent one shows nothing at all.
struct LampChecker: SiteChecker {
  let ground: SiteGround
  private(set) var findings: [SiteFinding] = []
  private var ledger = PressLedger()
  private var durable = DurableCalls()
  /// Calls whose opening is on the street's disk.
  private var delivered: Set<IncidentID> = []
  private var seen: [ButtonID: (lamp: PanelLamp, at: Instant)] = [:]
  private var restarted: [DeviceID: Instant] = [:]
  private var unpowered: Set<DeviceID> = []
  private let silent: Set<ButtonID>
  /// A panel answers a finger by itself within this time, host or no host.
  static let atOnce = Interval.milliseconds(149)
  /// From an order's leaving to its being seen, on a wire where some are repeated.
  static let onTheWire = Interval.milliseconds(300)
  /// From the finger to the lamp that says "recorded".
  private(set) var shown: [Interval] = []

  init(_ ground: SiteGround) {
    self.ground = ground
    silent = Set(ground.plan.callPoints.filter(\.silent).map(\.button))
  }

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .finger(let button): ledger.press(button, at: now)
    case .act(.hand(let wire, let panel, .powerOff)):
      ledger.panelStopped(ground.device(wire, panel), at: now)
      unpowered.insert(ground.device(wire, panel))
    case .act(.hand(let wire, let panel, .powerOn(_, let keepsQueue))):
      let device = ground.device(wire, panel)
      ledger.panelStopped(device, at: now)
      ledger.panelStarted(device, keepsQueue: keepsQueue, at: now)
      restarted[device] = now
      unpowered.remove(device)
    case .durable(let entries):
      for item in entries {
        durable.take(item.entry.change, at: now)
        switch item.entry.change {
        case .opened(_, let opening) where opening.mark != .drill:
          _ = ledger.record(
            opening.button, stamped: item.stamped, pressed: item.stamped - .milliseconds(Int(opening.ageMilliseconds)))
        case .pressedAgain(_, let button, _): _ = ledger.record(button, stamped: item.stamped, pressed: nil)
        case .faultRaised(let key, _):
          if case .device(let device) = key.subject, key.kind == .eventsLost { ledger.repeatsWereDropped(device) }
        default: break
        }
      }
    case .lamp(let button, let lamp, let isLit): look(button, lamp, isLit, now)
    case .street(.durable(let entries)):
      for item in entries {
        if case .received(let received) = item.entry.change, case .opened(let id, _)? = received.content?.change {
          delivered.insert(id)
        }
      }
    default: break
    }
  }

  private mutating func look(_ button: ButtonID, _ lamp: PanelLamp, _ isLit: Bool, _ now: Instant) {
    let before = seen[button] ?? (.off, .zero)
    seen[button] = (lamp, now)
    if silent.contains(button) {
      // From the end of the warm-up on every panel has been told which of its buttons are silent.
      if now >= .zero + SiteScript.warmUp, lamp != .off || isLit { find(now, "\(button) is silent and shows \(lamp)") }
      return
    }
    if lamp == .off, !unpowered.contains(button.device), let finger = ledger.missing(button, before: now - Self.atOnce).first,
      now - finger < .seconds(1)
    {
      find(now, "\(button) shows nothing \((now - finger).microseconds / 1000) ms after a press")
    }
    guard !unpowered.contains(button.device) else { return }
    let calls = durable.of(button)
    if Self.stage(lamp) > Self.stage(before.lamp), Self.stage(lamp) >= 2 { rose(button, before, lamp, calls, now) }
    let wasRestarted = restarted[button.device].map { $0 >= before.at } ?? false
    if lamp != .fault, Self.stage(lamp) < Self.stage(before.lamp), !wasRestarted { fell(button, before, lamp, calls, now) }
  }

  private mutating func rose(
    _ button: ButtonID, _ before: (lamp: PanelLamp, at: Instant), _ lamp: PanelLamp, _ calls: [DurableCalls.Call], _ now: Instant
  ) {
    // What ended since the lamp was last looked at may have been true when it was set, and so may an order that was on the wire.
    let standing = calls.filter { call in call.isOpen || call.endedAt.map { before.at - $0 <= Self.onTheWire } ?? false }
    if standing.isEmpty { find(now, "\(button) shows \(lamp), and no call of it is in the journal") }
    if lamp == .coming, !standing.contains(where: { $0.rank >= DurableCalls.acknowledged }) {
      find(now, "\(button) shows coming, and nobody has acknowledged")
    }
    if lamp == .steady, !standing.contains(where: { delivered.contains($0.id) }) {
      find(now, "\(button) shows steady, and no call of it is on the street's disk")
    }
    if before.lamp == .fastBlink {
      let missing = ledger.missing(button, before: before.at)
      if !missing.isEmpty {
        find(now, "\(button) says recorded, and a press of \(missing[0].microseconds) µs is not in the journal")
      }
      if let finger = ledger.fingers[button]?.last(where: { $0.isRecorded }) { shown.append(now - finger.at) }
    }
  }

  private mutating func fell(
    _ button: ButtonID, _ before: (lamp: PanelLamp, at: Instant), _ lamp: PanelLamp, _ calls: [DurableCalls.Call], _ now: Instant
  ) {
    guard Self.stage(before.lamp) >= 2, !calls.contains(where: { $0.endedAt.map { before.at - $0 <= .seconds(60) } ?? false })
    else {
      return
    }
    let standing = calls.filter { $0.isOpen && $0.openedAt < before.at }
    if !standing.isEmpty { find(now, "\(button) goes back from \(before.lamp) to \(lamp) while its call is open") }
  }

  private static func stage(_ lamp: PanelLamp) -> Int {
    switch lamp {
    case .off, .fault: 0
    case .fastBlink: 1
    case .slowBlink: 2
    case .steady: 3
    case .coming: 4
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {}

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "lamp", at: at, text: text))
  }
}

/// No page and no answer is ahead of the journal.
struct PageChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  private var durable = DurableCalls()
  private var paged: Set<IncidentID> = []
  private var pressedAt: [IncidentID: Instant] = [:]
  /// From the finger to the page.
  private(set) var shown: [Interval] = []

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .durable(let entries):
      for item in entries {
        durable.take(item.entry.change, at: now)
        if case .opened(let id, let opening) = item.entry.change, opening.mark != .drill {
          pressedAt[id] = item.stamped - .milliseconds(Int(opening.ageMilliseconds))
        }
      }
    case .page(let view): look(view, now)
    case .answered(let request, .done): done(request, now)
    default: break
    }
  }

  private mutating func look(_ view: DeskView, _ now: Instant) {
    if view.entries > durable.entries { find(now, "a page of \(view.entries) entries, \(durable.entries) are on disk") }
    for card in view.incidents + view.recentlyClosed {
      // What is not on disk may be shown as that and nothing more: somebody needs help, whatever the disk does.
      if !card.recorded, card.phase == .opened, card.owner == nil, card.lampWish <= .fastBlink { continue }
      guard let call = durable.calls[card.id] else {
        find(now, "call \(card.id) is on the page and not in the journal")
        continue
      }
      if DurableCalls.rank(card.phase) > call.rank { find(now, "call \(card.id) is \(card.phase) on the page only") }
      if let owner = card.owner, !call.owners.contains(owner) { find(now, "call \(card.id) has an owner on the page only") }
      if card.presses > call.presses, view.journal.waiting == 0 {
        find(now, "call \(card.id) has \(card.presses) presses on the page")
      }
      if paged.insert(card.id).inserted, let pressed = pressedAt[card.id] { shown.append(now - pressed) }
    }
    // What the disk itself does cannot be on it first.
    for fault in view.faults
    where durable.faults[fault.key] == nil && fault.key.subject != .journal && view.journal.condition == .healthy {
      find(now, "fault \(fault.key) is on the page only")
    }
  }

  private mutating func done(_ request: DeskRequest, _ now: Instant) {
    let (id, rank): (IncidentID, Int)
    switch request.action {
    case .acknowledge(let incident): (id, rank) = (incident, DurableCalls.acknowledged)
    case .onScene(let incident): (id, rank) = (incident, DurableCalls.onScene)
    case .resolve(let incident, _): (id, rank) = (incident, DurableCalls.resolved)
    case .close(let incident), .falseAlarm(let incident, _): (id, rank) = (incident, DurableCalls.closed)
    default: return
    }
    if (durable.calls[id]?.rank ?? -1) < rank { find(now, "\(request.post) was told \"done\" for call \(id) too early") }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {}

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "page", at: at, text: text))
  }
}
