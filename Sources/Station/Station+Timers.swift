import DeviceKit
import DeviceVocabulary

/// Everything that happens because nothing happened: escalation, calls that are raised again, offers and bypasses that run out, silent
/// devices, verdicts of re-tests. All derived from the state and the monotonic clock; a wake-up too early changes nothing.
extension Station {
  mutating func runTimers() {
    guard startedAt != nil else { return }
    for incident in state.incidents { runLadder(incident) }
    for test in state.announcedTests where elapsed(since: test.since) >= .seconds(DeskLimit.testSeconds) {
      record(.testExpired(test.button))
    }
    for bypass in state.bypasses where elapsed(since: bypass.since) >= bypass.length {
      record(.bypassEnded(bypass.button, post: nil))
    }
    for index in devices.indices {
      guard let due = devices[index].silentDue, due <= now else { continue }
      devices[index].silentDue = nil
      if devices[index].health != .online, busWorks(devices[index].device.bus) {
        condition(FaultKey(.device(devices[index].device), .silent), true)
      }
    }
    for retest in retests where retest.verdictDue <= now {
      if retest.heard, let fault = state.fault(retest.key), !fault.present || retest.key.isMomentary {
        record(.faultCleared(retest.key, post: retest.post))
      } else if state.fault(retest.key) != nil {
        record(.retestFailed(retest.key, post: retest.post))
      }
    }
    for index in flips.indices where flips[index].isHeld && now - flips[index].at >= Self.flipSettles {
      flips[index].isHeld = false
      if state.fault(flips[index].key)?.present == true { record(.faultPresent(flips[index].key, false)) }
    }
    retests.removeAll { $0.verdictDue <= now }
    runTrials()
    writeOwedIdentities()
    writeOwedReasons()
    runProofs()
    runVisits()
    runKiosks()
    runWall()
    runChildren()
    shown.removeAll { now - $0.asOf > Self.shownTimeToLive }
  }

  private func busWorks(_ bus: String) -> Bool {
    buses.first { $0.name == bus }.map { $0.condition == .working } ?? true
  }

  private mutating func runLadder(_ incident: Incident) {
    if let offer = incident.offer, elapsed(since: offer.at) >= .seconds(plan.offerExpiresSeconds) {
      record(.handOverEnded(incident.id, post: nil, reason: ""))
    }
    guard climbs(incident) else { return }
    let waited = elapsed(since: incident.ladderSince)
    if incident.waits {
      for (index, step) in plan.ladder.enumerated()
      where index >= incident.escalationStep && waited >= .seconds(step.afterSeconds) {
        record(.escalated(incident.id, step: index + 1, posts: posts(for: step, incident)))
      }
    } else if incident.phase == .acknowledged, waited >= .seconds(plan.onSceneWithinSeconds) {
      record(.raisedAgain(incident.id))
    }
  }

  /// A test rings but hurries nobody; a bypassed call point neither.
  func climbs(_ incident: Incident) -> Bool { incident.opening.mark != .test && !incident.opening.bypassed }

  private func posts(for step: SitePlan.LadderStep, _ incident: Incident) -> [String] {
    if !step.posts.isEmpty { return step.posts }
    let onDuty = plan.onDuty(grid: plan.place(incident.opening.place)?.grid, at: wall)
    return onDuty.isEmpty ? plan.posts.map(\.id) : onDuty
  }

  /// The nearest moment at which `runTimers` would do something.
  func nextTimer() -> Instant? {
    guard startedAt != nil else { return nil }
    var nearest: Instant?
    func consider(_ moment: Instant) { nearest = min(nearest ?? moment, moment) }
    func consider(since time: EntryTime, _ length: Interval) {
      consider(now + max(length - elapsed(since: time), .zero))
    }
    func consider(since time: EntryTime, seconds: Int) { consider(since: time, .seconds(seconds)) }
    for incident in state.incidents {
      if let offer = incident.offer { consider(since: offer.at, seconds: plan.offerExpiresSeconds) }
      guard climbs(incident) else { continue }
      if incident.waits {
        if plan.ladder.indices.contains(incident.escalationStep) {
          consider(since: incident.ladderSince, seconds: plan.ladder[incident.escalationStep].afterSeconds)
        }
      } else if incident.phase == .acknowledged {
        consider(since: incident.ladderSince, seconds: plan.onSceneWithinSeconds)
      }
    }
    for test in state.announcedTests { consider(since: test.since, seconds: DeskLimit.testSeconds) }
    for bypass in state.bypasses { consider(since: bypass.since, bypass.length) }
    for device in devices { if let due = device.silentDue { consider(due) } }
    for retest in retests { consider(retest.verdictDue) }
    for flip in flips where flip.isHeld { consider(flip.at + Self.flipSettles) }
    if let trial = nextTrial() { consider(trial) }
    if let owed = nextOwedIdentity() { consider(owed) }
    if let kiosk = nextKioskTimer() { consider(kiosk) }
    if let interruption = nextInterruptionTimer() { consider(interruption) }
    if let change = nextWallTimer() { consider(change) }
    if let visit = nextVisitTimer() { consider(now + visit) }
    if let owed = nextOwedReason() { consider(owed) }
    if let proof = nextProof() { consider(now + proof) }
    if let child = nextChildTimer() { consider(child) }
    for item in shown { consider(item.asOf + Self.shownTimeToLive + .milliseconds(1)) }
    return nearest
  }
}
