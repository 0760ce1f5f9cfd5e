import DeviceKit
import DeviceVocabulary

/// What devices say, turned into calls for help and faults.
extension Station {
  /// After a start every device gets this long to answer before its silence is a fault.
  static let startGrace = Interval.seconds(8)
  /// A silent device waits this long for its bus to turn out to be the cause, so that a cut cable is one card and not eleven.
  static let silentGrace = Interval.seconds(1)
  /// After a bus has come back its devices get this long.
  static let busRestoredGrace = Interval.seconds(5)
  /// More restarts than this within ten minutes are a fault.
  static let restartLimit = 3
  /// A read-back lamp is current for this long.
  static let shownTimeToLive = Interval.seconds(15)

  mutating func hear(_ event: DeviceEvent) {
    switch event {
    case .pressed(let press):
      pressed(press)
    case .released(let button, let identity, _):
      // A release changes no state of the call; the panel may forget it.
      if let identity { pending.append(.device(.accept(button.device, identity))) }
    case .indicatorObserved(let button, let indicator):
      shown.removeAll { $0.button == button }
      shown.append(ShownIndicator(button: button, indicator: indicator, asOf: now))
    case .lineChanged(let button, let line):
      condition(FaultKey(.button(button), .lineCut), line == .open)
      condition(FaultKey(.button(button), .lineShort), line == .short)
    case .stuckChanged(let button, let stuck):
      condition(FaultKey(.button(button), .stuck), stuck)
    case .chatterChanged(let button, let chattering):
      condition(FaultKey(.button(button), .chattering), chattering)
    case .tamperChanged(let device, let open):
      condition(FaultKey(.device(device), .tampered), open)
    case .identified(let device, let identity):
      identified(device, identity)
    case .restarted(let device, let cause, let bootCount):
      restarted(device, cause, bootCount)
    case .eventsDropped(let device, let count):
      raise(FaultKey(.device(device), .eventsLost), "\(count)")
    case .healthChanged(let device, let health):
      healthChanged(device, health)
    case .busChanged(let bus, let condition):
      busChanged(bus, condition)
    case .jobChanged(let device, let job):
      jobChanged(device, job)
    case .outputsObserved(let device, let outputs): wallFacts.lights.observed(device, outputs)
    case .measured: break  // the runtime's latest-value lane
    }
  }

  // MARK: - Calls for help

  mutating func pressed(_ press: Press) {
    if let identity = press.identity {
      noticeEpoch(identity, of: press.button.device)
      // Duplicates are dropped but answered: a lost acknowledgement must not leave the panel asking for ever.
      if state.knows(identity, of: press.button.device) {
        pending.append(.device(.accept(press.button.device, identity)))
        return
      }
    }
    if let open = state.incidents.first(where: { $0.opening.button == press.button && $0.isOpen && $0.opening.mark == .real }) {
      record(.pressedAgain(open.id, press.button, identity: press.identity))
      callAgain(open)
    } else {
      let point = plan.callPoint(press.button)
      let announced = state.announcedTests.contains { $0.button == press.button }
      record(
        .opened(
          state.lastIncident &+ 1,
          Opening(
            button: press.button, place: point?.place ?? "", mark: announced ? .test : .real, kind: press.kind,
            identity: press.identity,
            ageMilliseconds: press.ageMilliseconds, silent: point?.silent ?? false, bypassed: state.bypass(press.button) != nil)))
    }
    if let identity = press.identity { pending.append(.device(.accept(press.button.device, identity))) }
  }

  /// Whoever presses again while somebody is there, or half a minute after somebody took the call, needs more help, or is another person:
  /// it rings again until somebody acknowledges it. Presses right after an acknowledgement are impatience.
  private mutating func callAgain(_ incident: Incident) {
    guard !incident.escalatingAgain, state.bypass(incident.opening.button) == nil else { return }
    let isNews =
      incident.phase == .onScene || incident.phase == .acknowledged && elapsed(since: incident.ladderSince) >= Self.impatience
    if isNews { record(.raisedAgain(incident.id)) }
  }

  static let impatience = Interval.seconds(30)

  /// A panel whose epoch fell was given an old memory: its presses still count, but somebody must look.
  private mutating func noticeEpoch(_ identity: EventIdentity, of device: DeviceID) {
    let newest = state.watermarks.filter { $0.unit == identity.unit && $0.device == device }.map(\.epoch).max() ?? 0
    if identity.epoch < newest, !state.knows(identity, of: device) {
      raise(FaultKey(.device(device), .epochWentBack), "\(identity.epoch) < \(newest)")
    }
  }

  // MARK: - Who is there

  private mutating func identified(_ device: DeviceID, _ identity: DeviceIdentity) {
    let known = state.identities.first { $0.device == device }?.identity
    noteIdentity(device, identity, known: known)
    if let known, known.unit != 0, known.unit != identity.unit {
      raise(FaultKey(.device(device), .wrongIdentity), "\(known.unit) → \(identity.unit)")
    }
    for index in retests.indices where retests[index].key.device == device && !retests[index].heard {
      retests[index].heard = true
      retests[index].verdictDue = now + .seconds(2)
    }
  }

  private mutating func restarted(_ device: DeviceID, _ cause: ResetCause, _ bootCount: UInt16) {
    restarts.removeAll { now - $0.at > .seconds(600) }
    restarts.append((device, now))
    let count = restarts.filter { $0.device == device }.count
    if count > Self.restartLimit {
      raise(FaultKey(.device(device), .restartsOften), "\(count) × 10 min, \(cause.rawValue), boot \(bootCount)")
    }
  }

  private mutating func healthChanged(_ device: DeviceID, _ health: Health) {
    if let index = devices.firstIndex(where: { $0.device == device }) {
      devices[index].health = health
      switch health {
      case .absent, .stale: devices[index].silentDue = devices[index].silentDue ?? now + silentGrace(of: device)
      case .opening, .identifying: break
      case .online, .faulted: devices[index].silentDue = nil
      }
    } else {
      devices.append(DeviceStatus(device: device, health: health, silentDue: nil))
      devices.sort { $0.device < $1.device }
    }
    if health != .online { shown.removeAll { $0.button.device == device } }
    if health == .online || health == .faulted { condition(FaultKey(.device(device), .silent), false) }
    if health == .online { condition(FaultKey(.device(device), .answersWrongly), false) }
    if health == .faulted { condition(FaultKey(.device(device), .answersWrongly), true) }
  }

  private mutating func busChanged(_ bus: String, _ now: BusCondition) {
    buses.removeAll { $0.name == bus }
    buses.append(BusStatus(name: bus, condition: now))
    for (kind, cause) in Self.busFaults { condition(FaultKey(.bus(bus), kind), now == cause) }
    for index in devices.indices where devices[index].device.bus == bus {
      if now == .working {
        if devices[index].health != .online { devices[index].silentDue = self.now + Self.busRestoredGrace }
      } else {
        devices[index].silentDue = nil
      }
    }
    if now != .working { shown.removeAll { $0.button.device.bus == bus } }
  }

  private static let busFaults: [(FaultKey.Kind, BusCondition)] = [
    (.busSilent, .silent), (.busJammed, .jammed), (.busGarbled, .garbled), (.adapterAbsent, .adapterAbsent),
    (.portBusy, .portBusy),
  ]

  // MARK: - Faults

  /// A cause that is there or not: a new fault is raised, a known one is marked, and told anew when it has another reason; only a re-test
  /// takes the card away.
  mutating func condition(_ key: FaultKey, _ present: Bool, detail: String = "") {
    owedReasons.removeAll { $0.key == key }
    guard let fault = state.fault(key) else {
      if present { explain(key, detail) }
      return
    }
    if present, let index = flips.firstIndex(where: { $0.key == key && $0.isHeld }) { flips[index].isHeld = false }
    if fault.present != present, mayFlip(key, to: present) { record(.faultPresent(key, present)) }
    // Whoever is sent to repair it should not read the reason of last week. A reason that changes to and fro is not written each time.
    guard present, state.fault(key)?.present == true, !detail.isEmpty, key.isOtherReason(detail, fault.detail) else { return }
    // Of its firmware a panel speaks only when something has changed: what came too soon is written later.
    if isExplained(key) { if key.tellsNumbers { owedReasons.append((key, detail)) } } else { explain(key, detail) }
  }

  private func isExplained(_ key: FaultKey) -> Bool {
    explained.contains { $0.key == key && now - $0.at < Self.explanationInterval }
  }

  /// Writes down reasons that were not written at once.
  mutating func writeOwedReasons() {
    for owed in owedReasons where !isExplained(owed.key) {
      owedReasons.removeAll { $0.key == owed.key }
      guard let fault = state.fault(owed.key), fault.present, owed.detail != fault.detail else { continue }
      explain(owed.key, owed.detail)
    }
  }

  func nextOwedReason() -> Instant? {
    owedReasons.map { owed in
      max(now, explained.first { $0.key == owed.key }.map { $0.at + Self.explanationInterval } ?? now)
    }.min()
  }

  private mutating func explain(_ key: FaultKey, _ detail: String) {
    explained.removeAll { $0.key == key || now - $0.at >= Self.explanationInterval }
    explained.append((key, now))
    record(.faultRaised(key, detail: detail))
  }

  static let explanationInterval = Interval.seconds(60)

  /// A cause that comes and goes (a loose tamper switch) is written down a few times and then stands as present until it has been gone for
  /// half a minute: it must not fill the journal.
  private mutating func mayFlip(_ key: FaultKey, to present: Bool) -> Bool {
    flips.removeAll { now - $0.at > Self.flipWindow && !$0.isHeld }
    if let index = flips.firstIndex(where: { $0.key == key }) {
      // Gone since then, and said again.
      if flips[index].isHeld, !present { return false }
      flips[index].count += 1
      flips[index].at = now
      flips[index].isHeld = !present && flips[index].count > Self.flipLimit
      return !flips[index].isHeld
    }
    flips.append(Flip(key: key, count: 1, at: now, isHeld: false))
    return true
  }

  static let flipWindow = Interval.seconds(60)
  static let flipSettles = Interval.seconds(30)
  static let flipLimit = 6

  /// Something that happened once: its card stands as present until somebody re-tests.
  mutating func raise(_ key: FaultKey, _ detail: String) {
    if state.fault(key) == nil { record(.faultRaised(key, detail: detail)) }
  }

  mutating func journalChanged(_ condition: DeskView.JournalStatus.Condition, _ detail: String) {
    journal = condition
    // A disk that takes nothing at all may still be a full one: its card stays as it was.
    if condition != .failed { self.condition(FaultKey(.journal, .diskFull), condition == .callsOnly, detail: detail) }
    if condition == .failed || !detail.isEmpty && condition == .healthy {
      // What happened is told in the detail, and the disk wants looking at.
      raise(FaultKey(.journal, .diskFailed), detail)
    }
  }

  mutating func receiverChanged(_ condition: ReceiverCondition, _ detail: String) {
    if condition == .misses { return raise(FaultKey(.receiver, .receiverMisses), detail) }
    if condition == .unfed { return raise(FaultKey(.receiver, .receiverUnfed), detail) }
    self.condition(FaultKey(.receiver, .receiverSilent), condition == .silent, detail: detail)
    // Silence says nothing about what it would accept.
    if condition != .silent { self.condition(FaultKey(.receiver, .receiverRefuses), condition == .refusing, detail: detail) }
  }
}

extension FaultKey {
  /// The device that the fault is about, if it is about one.
  var device: DeviceID? {
    switch subject {
    case .device(let device): device
    case .button(let button): button.device
    case .bus, .journal, .receiver, .printer, .pages, .kiosk, .staffReader, .wall, .output, .source, .path, .parent, .child,
      .childPath:
      nil
    }
  }

  /// Its detail says which panel, version, hardware, address, place in the program or date: the numbers are what it is about.
  var tellsNumbers: Bool {
    switch kind {
    case .unknownProtocol, .unknownBoard, .selfTestFailed, .onTrial, .panelFaulted, .firmwareDiffers, .updateFailed,
      .dateDoubtful, .wallSilent, .wallAnswersWrongly:
      true
    default: false
    }
  }

  /// Elsewhere numbers are no other reason: times of day, days that are left, counts.
  func isOtherReason(_ one: String, _ other: String) -> Bool {
    if tellsNumbers { return one != other }
    return !one.unicodeScalars.lazy.filter { !("0"..."9").contains($0) }.elementsEqual(
      other.unicodeScalars.lazy.filter { !("0"..."9").contains($0) })
  }

  /// Happened once and is over: there is no cause that could be seen to go.
  var isMomentary: Bool {
    switch kind {
    case .eventsLost, .epochWentBack, .restartsOften, .wrongIdentity, .diskFailed, .receiverMisses, .receiverUnfed,
      .journalForked, .proofFailed, .childBranched, .childLacksPast, .parentLacksPast, .childWithholds, .entryTooLong,
      .parentFloods, .childFloods, .panelFaulted, .updateFailed, .sourceNotTurned:
      true
    default: false
    }
  }
}
