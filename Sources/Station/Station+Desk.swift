import DeviceKit
import DeviceVocabulary

/// What a post may do, and when. A refusal names its reason and changes nothing.
extension Station {
  /// What comes of a request: decided without changing anything, then carried out in one place.
  enum Verdict {
    case record([Change])
    static func record(_ change: Change) -> Verdict { .record([change]) }
    case retest(FaultKey)
    case refused(Refusal)
  }

  mutating func answer(_ request: DeskRequest) {
    if case .kiosk(let kiosk, let action) = request.action { return answerKiosk(kiosk, action, request.number) }
    guard plan.post(request.post) != nil else {
      noteStranger(request.action)
      return pending.append(.answer(request.number, .refused(.unknownPost)))
    }
    if case .child(let child, let action) = request.action { return ask(child, action, request) }
    if case .wall(let action) = request.action {
      guard mayAsk(action, by: request.post) else { return pending.append(.answer(request.number, .refused(.tooManyWishes))) }
      if case .rehearse(let rehearsed) = action, let found = rehearse(rehearsed, by: request.post) {
        return pending.append(.answer(request.number, .rehearsed(found)))
      }
    }
    switch decide(request.action, by: request.post) {
    case .record(let changes):
      for change in changes { record(change) }
      startTurns(changes)
      if case .wall(.identify(let number, let seconds)) = request.action { identify(number, seconds: seconds) }
      pending.append(.answer(request.number, .done))
    case .retest(let key):
      startRetest(key, by: request.post)
      pending.append(.answer(request.number, .underWay))
    case .refused(let refusal):
      if case .wall(let action) = request.action {
        if case .turn(let source, _, _) = action { noteRefusedTurn(source, refusal, by: request.post) }
        noteRefusedView(action, refusal, by: request.post)
      }
      pending.append(.answer(request.number, .refused(refusal)))
    }
  }

  /// Somebody gave a post that there is not. Nothing of its name is kept, because it comes from outside, and the next line is a minute later at
  /// the earliest: nobody fills a journal by asking. A rehearsal switches nothing.
  private mutating func noteStranger(_ action: DeskRequest.Action) {
    if case .wall(.rehearse) = action { return }
    if let last = strangerAt, now - last < Self.strangerInterval { return }
    strangerAt = now
    record(.access(.unknownPost(wanted: AccessNote.Wanted(action))))
  }

  static let strangerInterval = Interval.seconds(60)

  /// A child's call is the child's: it is asked, and its answer comes up as an entry.
  private mutating func ask(_ child: String, _ wanted: ParentCommand.Action, _ request: DeskRequest) {
    let action = withLimits(wanted)
    switch decide(action, of: child) {
    case .refused(let refusal): pending.append(.answer(request.number, .refused(refusal)))
    default:
      let seconds = if case .notice = action { DeskLimit.noticeSeconds } else { Self.commandSeconds }
      command(child, post: request.post, action, seconds: seconds)
      pending.append(.answer(request.number, .underWay))
    }
  }

  func decide(_ action: DeskRequest.Action, by post: String) -> Verdict {
    switch action {
    case .opening(let note): return .record(.access(note))
    case .acknowledge(let id): return onIncident(id) { acknowledge($0, post) }
    case .offerHandOver(let id, let to, let within): return onOwned(id, post) { offer($0, post, to, within) }
    case .acceptHandOver(let id): return onOffered(id, post) { _ in .handOverAccepted(id, post: post) }
    case .refuseHandOver(let id, let reason):
      return needsText(reason) ?? onOffered(id, post) { _ in .handOverEnded(id, post: post, reason: reason) }
    case .onScene(let id): return onOwned(id, post) { onScene($0, post) }
    case .resolve(let id, let note): return needsText(note) ?? onOwned(id, post) { resolve($0, post, note) }
    case .close(let id):
      return onOwned(id, post) { $0.phase == .resolved ? .record(.closed(id, post: post)) : .refused(.notResolved) }
    case .falseAlarm(let id, let note): return falseAlarm(id, post, note)
    case .startDrill(let button): return onCallPoint(button) { startDrill($0) }
    case .announceTest(let button): return onCallPoint(button) { .record(.testAnnounced($0.button, post: post)) }
    case .bypass(let button, let reason, let minutes):
      if let refusal = needsText(reason) { return refusal }
      guard (1...DeskLimit.bypassMinutes).contains(minutes) else { return .refused(.bypassTooLong) }
      return onCallPoint(button) { .record(.bypassed($0.button, post: post, reason: reason, minutes: minutes)) }
    case .endBypass(let button):
      return state.bypass(button) == nil ? .refused(.notBypassed) : .record(.bypassEnded(button, post: post))
    case .retest(let key): return retest(key, post)
    case .silenceFault(let key): return silence(key, post)
    case .child: return .refused(.unknownChild)
    case .wall(let action): return decideWall(action, by: post)
    case .visit(let action): return decideVisit(action, by: post)
    case .kiosk: return .refused(.unknownKiosk)
    case .closeStray(let child, let id, let note): return closeStray(child, id, note, by: post)
    }
  }

  // MARK: - Incidents

  /// The first to acknowledge owns the call (首问负责). Another post takes over only by an accepted hand-over, or when the call was
  /// escalated to it and waits again.
  private func acknowledge(_ incident: Incident, _ post: String) -> Verdict {
    if incident.phase == .resolved { return .refused(.alreadyDone) }
    guard let owner = incident.owner else { return .record(.acknowledged(incident.id, post: post, formerOwner: nil)) }
    if owner == post {
      return incident.waits ? .record(.acknowledged(incident.id, post: post, formerOwner: nil)) : .refused(.alreadyDone)
    }
    if ownerIsAway(incident), post.first != "^" { return .record(.acknowledged(incident.id, post: post, formerOwner: owner)) }
    // To the parent a call is escalated as a whole: who takes it there is its own business.
    let isEscalated =
      incident.escalatedTo.contains(post) || post.first == "^" && incident.escalatedTo.contains(SitePlan.parentPost)
    guard incident.waits, isEscalated else { return .refused(.ownedByAnother) }
    return .record(.acknowledged(incident.id, post: post, formerOwner: owner))
  }

  /// A post of the parent has it, and the parent cannot be reached: it can do nothing more for this call, so whoever is here may take it.
  func ownerIsAway(_ incident: Incident) -> Bool {
    guard incident.owner?.hasPrefix(SitePlan.parentPost) == true, incident.isOpen else { return false }
    guard let lost = state.fault(FaultKey(.parent, .parentLost)), lost.present else { return false }
    return elapsed(since: lost.presentSince) >= Self.ownerAwayAfter
  }

  static let ownerAwayAfter = Interval.seconds(60)

  private func offer(_ incident: Incident, _ post: String, _ to: String, _ within: HandOverLimits?) -> Verdict {
    let isParent = to == SitePlan.parentPost && plan.parent != nil
    if plan.post(to) == nil, !isParent { return .refused(.unknownPost) }
    if to == post { return .refused(.offerToSelf) }
    if incident.offer != nil { return .refused(.offerStands) }
    if incident.phase == .resolved { return .refused(.alreadyDone) }
    return .record(.handOverOffered(incident.id, from: post, to: to, within: within))
  }

  private func onScene(_ incident: Incident, _ post: String) -> Verdict {
    switch incident.phase {
    case .acknowledged: .record(.onScene(incident.id, post: post))
    case .opened: .refused(.notAcknowledged)
    case .onScene, .resolved, .closed: .refused(.alreadyDone)
    }
  }

  private func resolve(_ incident: Incident, _ post: String, _ note: String) -> Verdict {
    switch incident.phase {
    case .onScene: .record(.resolved(incident.id, post: post, note: note))
    case .opened: .refused(.notAcknowledged)
    case .acknowledged: .refused(.notOnScene)
    case .resolved, .closed: .refused(.alreadyDone)
    }
  }

  /// A wrong press (误按) is closed, kept and counted for itself. Who owns the call says so, or anybody while nobody owns it: that post has
  /// then acknowledged it, because nothing else may silence a call.
  private func falseAlarm(_ id: IncidentID, _ post: String, _ note: String) -> Verdict {
    if isTooLong(note) { return .refused(.noteTooLong) }
    return onIncident(id) { incident in
      if let owner = incident.owner, owner != post { return .refused(.notOwner) }
      if incident.phase == .resolved { return .refused(.alreadyDone) }
      let acknowledged: [Change] = incident.owner == nil ? [.acknowledged(id, post: post, formerOwner: nil)] : []
      return .record(acknowledged + [.falseAlarm(id, post: post, note: note)])
    }
  }

  private func startDrill(_ point: SitePlan.CallPoint) -> Verdict {
    if state.incidents.contains(where: { $0.opening.button == point.button && $0.opening.mark == .drill }) {
      return .refused(.alreadyDone)
    }
    return .record(
      .opened(
        state.lastIncident &+ 1,
        Opening(
          button: point.button, place: point.place, mark: .drill, kind: .press, identity: nil, ageMilliseconds: 0,
          silent: point.silent,
          bypassed: false)))
  }

  // MARK: - Faults

  private func retest(_ key: FaultKey, _ post: String) -> Verdict {
    guard let fault = state.fault(key) else { return .refused(.unknownFault) }
    if key.device != nil || key.isRetestedOnTheWall { return .retest(key) }
    if key == Self.dateDoubt, let today = doubtedDay {
      return .record([.visit(.dayConfirmed(today, post: post)), .faultCleared(key, post: post)])
    }
    return fault.present && !key.isMomentary ? .refused(.stillPresent) : .record(.faultCleared(key, post: post))
  }

  private mutating func startRetest(_ key: FaultKey, by post: String) {
    retests.removeAll { $0.key == key }
    // The wall's devices are read all the time: nobody has to be heard of first.
    retests.append(Retest(key: key, post: post, verdictDue: now + .seconds(10), heard: key.isRetestedOnTheWall))
    if let device = key.device { pending.append(.device(.retest(device))) }
    if key.isRetestedOnTheWall { retestWall(key) }
  }

  private func silence(_ key: FaultKey, _ post: String) -> Verdict {
    guard let fault = state.fault(key) else { return .refused(.unknownFault) }
    return fault.silenced ? .refused(.alreadyDone) : .record(.faultSilenced(key, post: post))
  }

  // MARK: - Checks

  func needsText(_ text: String) -> Verdict? {
    if !text.contains(where: { !$0.isWhitespace }) { return .refused(.reasonNeeded) }
    return isTooLong(text) ? .refused(.noteTooLong) : nil
  }

  /// One character may be of any length: bytes count as well.
  private func isTooLong(_ text: String) -> Bool {
    text.count > DeskLimit.noteCharacters || text.utf8.count > DeskLimit.noteCharacters * 8
  }

  private func onIncident(_ id: IncidentID, _ body: (Incident) -> Verdict) -> Verdict {
    if let incident = state.incident(id) { return body(incident) }
    return .refused(id > 0 && id <= state.lastIncident ? .alreadyClosed : .unknownIncident)
  }

  private func onOwned(_ id: IncidentID, _ post: String, _ body: (Incident) -> Verdict) -> Verdict {
    onIncident(id) { incident in
      guard let owner = incident.owner else { return .refused(.notAcknowledged) }
      return owner == post ? body(incident) : .refused(.notOwner)
    }
  }

  private func onOffered(_ id: IncidentID, _ post: String, _ change: (Incident) -> Change) -> Verdict {
    onIncident(id) { incident in
      guard let offer = incident.offer else { return .refused(.noOffer) }
      let isMine = offer.to == post || offer.to == SitePlan.parentPost && post.hasPrefix(SitePlan.parentPost)
      return isMine ? .record(change(incident)) : .refused(.offeredToAnother)
    }
  }

  private func onCallPoint(_ button: ButtonID, _ body: (SitePlan.CallPoint) -> Verdict) -> Verdict {
    plan.callPoint(button).map(body) ?? .refused(.unknownButton)
  }
}
