import DeviceKit
import DeviceVocabulary

/// Tickets, windows and matters: what may be done, by whom, and when. A refusal names its reason and changes nothing.
extension Station {
  private var visits: VisitState { state.visits }

  /// What nobody has to say his name for.
  mutating func answerKiosk(_ kiosk: String, _ action: KioskAction, _ number: UInt64) {
    let answer: DeskAnswer
    if let offered = plan.visits, let terminal = offered.kiosk(kiosk) {
      answer = serve(terminal, action, offered)
    } else {
      answer = .refused(.unknownKiosk)
    }
    pending.append(.answer(number, answer))
  }

  private mutating func serve(_ kiosk: VisitPlan.Kiosk, _ action: KioskAction, _ offered: VisitPlan) -> DeskAnswer {
    switch action {
    case .callForHelp:
      guard let key = offered.helpKey(kiosk.id) else { return .refused(.unknownKiosk) }
      pressed(Press(button: key, identity: nil, ageMilliseconds: 0))
    case .askForStaff:
      if !visits.helps.contains(where: { $0.kiosk == kiosk.id }) { record(.visit(.helpAsked(kiosk: kiosk.id))) }
    case .takeTicket(let service, let priority, let digest, let contact):
      if contact?.isWithinLimits == false { return .refused(.noteTooLong) }
      return take(service, priority, digest, contact, kiosk, offered)
    case .slip(let id, let slip):
      guard let ticket = visits.ticket(id), ticket.kiosk == kiosk.id else { return .refused(.unknownTicket) }
      if ticket.slip != slip { record(.visit(.slip(id, slip))) }
    case .reportHazard(let kind, let place): return report(kind, place, offered)
    case .status(let letter, let number, let digest):
      switch look(letter, number, digest, at: kiosk.id) {
      case .found(let found): return .standing(standing(found.ticket, found.matter))
      case .refused(let refusal): return .refused(refusal)
      }
    case .rate(let letter, let number, let digest, let faces):
      guard (1...3).contains(faces) else { return .refused(.ratingOutOfRange) }
      switch look(letter, number, digest, at: kiosk.id) {
      case .found(let found):
        guard let matter = found.matter, matter.result != nil else { return .refused(.notResulted) }
        guard matter.rating == nil else { return .refused(.alreadyDone) }
        // A post has seen the code: nobody rates himself.
        if matter.isReissued == true { return .refused(.codeReissued) }
        record(.visit(.rated(matter.id, faces)))
      case .refused(let refusal): return .refused(refusal)
      }
    case .letGo(let since, let isTouch): letGo(kiosk.id, since: since, isTouch ? .touched : .visitOver)
    }
    return .done
  }

  // MARK: - Tickets

  private mutating func take(
    _ service: String, _ priority: Bool, _ digest: CodeDigest, _ contact: SealedField?, _ kiosk: VisitPlan.Kiosk,
    _ offered: VisitPlan
  ) -> DeskAnswer {
    guard let service = offered.service(service) else { return .refused(.unknownService) }
    beginDay()
    let next = visits.lastNumber(service.letter) + 1
    guard next <= VisitLimit.ticketsPerLetter, let number = UInt16(exactly: next) else { return .refused(.ticketsExhausted) }
    // Two slips with one number, of different days, are told apart by their codes.
    let isTaken = visits.matters.contains {
      $0.ticket.letter == service.letter && $0.ticket.number == number && $0.digest == digest
    }
    if isTaken { return .refused(.codeTaken) }
    let id = TicketID(day: visits.day, letter: service.letter, number: number)
    record(
      .visit(
        .taken(
          Ticket.Taken(
            ticket: id, service: service.id, priority: priority, kiosk: kiosk.id, digest: digest, contact: contact))))
    guard let ticket = visits.ticket(id) else { return .refused(.unknownTicket) }
    return .ticket(ticket, ahead: ahead(of: ticket))
  }

  /// When it counts as taken, in the order of the queue.
  func rank(_ ticket: Ticket) -> (Int64, Int) {
    let bonus = ticket.priority ? Int64(plan.visits?.priorityMinutes ?? 0) * 60_000 : 0
    return (ticket.takenAt.wallMilliseconds.clampedSubtracting(bonus), Int(ticket.id.number))
  }

  /// Who of those that wait for one of these services is called first.
  private func next(for services: [String]) -> Ticket? {
    let visits = visits
    var first: (ticket: Ticket, rank: (Int64, Int))?
    for id in visits.waiting {
      guard let ticket = visits.ticket(id), services.contains(ticket.service) else { continue }
      let rank = rank(ticket)
      if first.map({ rank < $0.rank }) ?? true { first = (ticket, rank) }
    }
    return first?.ticket
  }

  /// Those before it who wait for the same service.
  func ahead(of ticket: Ticket) -> Int {
    guard ticket.phase == .waiting else { return 0 }
    let own = rank(ticket)
    return visits.waiting.count { id in
      guard id != ticket.id, let other = visits.ticket(id), other.service == ticket.service else { return false }
      return rank(other) < own
    }
  }

  // MARK: - By slip and code

  enum Look {
    case found(Found)
    case refused(Refusal)
  }

  struct Found {
    var ticket: Ticket?
    var matter: Matter?
  }

  /// A code has four digits: nobody tries them all. Wrong ones count for the terminal and for the number.
  private mutating func look(_ letter: String, _ number: UInt16, _ digest: CodeDigest, at kiosk: String) -> Look {
    let slip = TicketID(day: 0, letter: letter, number: number).shown
    wrongCodes.removeAll { now - $0.at >= .seconds(VisitLimit.numberWaitSeconds) }
    let here = wrongCodes.count { $0.kiosk == kiosk && now - $0.at < .seconds(VisitLimit.kioskWaitSeconds) }
    let there = wrongCodes.count { $0.slip == slip }
    if here >= VisitLimit.wrongCodesPerKiosk || there >= VisitLimit.wrongCodesPerNumber { return .refused(.tooManyTries) }
    var found = Found(
      matter: visits.matters.last { $0.ticket.letter == letter && $0.ticket.number == number && $0.digest == digest })
    if let ticket = visits.ticket(letter: letter, number: number), ticket.digest == digest {
      found.ticket = ticket
      found.matter = ticket.matter.flatMap { visits.matter($0) }
    }
    guard found.ticket != nil || found.matter != nil else {
      wrongCodes.append(WrongCode(kiosk: kiosk, slip: slip, at: now))
      return .refused(.wrongCode)
    }
    return .found(found)
  }

  private func standing(_ ticket: Ticket?, _ matter: Matter?) -> VisitStanding {
    let stage = matter.map { matter in
      VisitStanding.Stage(
        id: matter.id, phase: matter.phase, owner: plan.post(matter.owner)?.name ?? matter.owner,
        offeredTo: matter.offer.map { plan.post($0.to)?.name ?? $0.to }, result: matter.result, overdue: matter.overdue,
        hoursLeft: matter.result == nil ? hoursLeft(matter) : nil, rating: matter.rating,
        isReissued: matter.isReissued == true)
    }
    let service = ticket?.service ?? matter?.service ?? ""
    return VisitStanding(
      shown: ticket?.id.shown ?? matter?.ticket.shown ?? "", service: plan.visits?.service(service)?.name ?? service,
      ticket: ticket?.phase, ahead: ticket.map { ahead(of: $0) } ?? 0,
      window: ticket.flatMap { $0.phase == .waiting ? nil : $0.window }, matter: stage)
  }

  /// Hours that have begun count whole: what was promised a minute ago is not less by now.
  func hoursLeft(_ matter: Matter) -> Int? {
    guard let limit = plan.visits?.service(matter.service)?.limitHours else { return nil }
    return max(0, (limit * 3600 - seconds(past(since: matter.openedAt)) + 3599) / 3600)
  }

  // MARK: - Hazards

  private mutating func report(_ kind: String, _ place: String, _ offered: VisitPlan) -> DeskAnswer {
    guard offered.hazardKinds.contains(where: { $0.id == kind }) else { return .refused(.unknownHazard) }
    guard plan.place(place) != nil else { return .refused(.unknownPlace) }
    // The same thing at the same place is one hazard, however many report it.
    if visits.hazards.contains(where: { $0.kind == kind && $0.place == place }) { return .done }
    guard visits.hazards.count < VisitLimit.hazards else { return .refused(.stationBusy) }
    record(.visit(.hazardReported(Hazard(id: visits.lastHazard &+ 1, kind: kind, place: place, at: stamp))))
    return .done
  }

  // MARK: - At the windows

  func decideVisit(_ action: VisitAction, by post: String) -> Verdict {
    guard let offered = plan.visits else { return .refused(.noVisits) }
    switch action {
    case .callNext(let number):
      return atWindow(number, post, offered) { window in
        if visits.current(window: number) != nil { return .refused(.windowBusy) }
        guard let next = next(for: window.services) else { return .refused(.nobodyWaits) }
        return .record([.visit(.called(next.id, window: number))] + leaving(post))
      }
    case .call(let number, let id):
      return atWindow(number, post, offered) { window in
        if visits.current(window: number) != nil { return .refused(.windowBusy) }
        guard let ticket = visits.ticket(id) else { return .refused(.unknownTicket) }
        // Who was skipped comes after all, and who was set aside goes on.
        guard ticket.phase == .waiting || ticket.phase == .parked || ticket.phase == .skipped else {
          return .refused(.alreadyDone)
        }
        guard window.services.contains(ticket.service) else { return .refused(.notAtThisWindow) }
        return .record([.visit(.called(id, window: number))] + leaving(post))
      }
    case .recall(let number):
      return atWindow(number, post, offered) { _ in
        called(number) { .record(.visit(.called($0.id, window: number))) }
      }
    case .serve(let number):
      return atWindow(number, post, offered) { _ in called(number) { .record(.visit(.serving($0.id))) } }
    case .skip(let number):
      return atWindow(number, post, offered) { _ in called(number) { .record(.visit(.skipped($0.id))) } }
    case .park(let number):
      return atWindow(number, post, offered) { _ in present(number) { .record(.visit(.parked($0.id))) } }
    case .transfer(let number, let service):
      guard offered.service(service) != nil else { return .refused(.unknownService) }
      return atWindow(number, post, offered) { _ in
        present(number) { .record(.visit(.transferred($0.id, service: service))) }
      }
    case .finish(let number):
      return atWindow(number, post, offered) { _ in
        present(number) { $0.phase == .serving ? .record(.visit(.finished($0.id))) : .refused(.notServed) }
      }
    case .reissue(let id, let digest, let staff): return reissue(id, digest, by: post, staff, offered)
    case .slip(let id, let slip):
      return visits.ticket(id).map { $0.slip == slip ? .refused(.alreadyDone) : .record(.visit(.slip(id, slip))) }
        ?? .refused(.unknownTicket)
    case .open(let number, let contact):
      return atWindow(number, post, offered) { _ in open(at: number, post, contact) }
    case .giveContact(let number, let contact):
      return atWindow(number, post, offered) { _ in give(contact, at: number, post) }
    case .look(let number, let keys, let staff):
      return atWindow(number, post, offered) { _ in look(keys, at: number, post, staff: staff) }
    case .giveHelp(let kiosk):
      return visits.helps.contains { $0.kiosk == kiosk }
        ? .record(.visit(.helpGiven(kiosk: kiosk, post: post))) : .refused(.alreadyDone)
    case .hold(let kiosk): return hold(kiosk, by: post)
    case .letGo(let kiosk, let end): return letGo(kiosk, by: post, end)
    case .handleHazard(let id):
      return visits.hazards.contains { $0.id == id }
        ? .record(.visit(.hazardHandled(id, post: post))) : .refused(.alreadyDone)
    case .offer, .accept, .refuse, .result, .callBack, .close: return decideMatter(action, post)
    }
  }

  private func atWindow(
    _ number: Int, _ post: String, _ offered: VisitPlan, _ body: (VisitPlan.Window) -> Verdict
  ) -> Verdict {
    guard let window = offered.window(number) else { return .refused(.unknownWindow) }
    return window.post == post ? body(window) : .refused(.notThisPostsWindow)
  }

  /// Whoever gives a visitor another code learns it, and the old one is dead: only who has him at the window, or owns his matter.
  private func reissue(
    _ id: TicketID, _ digest: CodeDigest, by post: String, _ staff: String?, _ offered: VisitPlan
  ) -> Verdict {
    guard let ticket = visits.ticket(id) else { return .refused(.unknownTicket) }
    let owns = ticket.matter.flatMap { visits.matter($0) }.map { $0.owner == post && $0.phase != .closed } ?? false
    if !owns {
      let isHere = offered.windows.contains { $0.post == post && visits.current(window: $0.number)?.id == id }
      guard isHere else { return .refused(.notThisPostsTicket) }
      // Who was only called may not have come.
      if ticket.phase != .serving { return .refused(.notServed) }
    }
    let isTaken = visits.matters.contains {
      $0.ticket != id && $0.ticket.letter == id.letter && $0.ticket.number == id.number && $0.digest == digest
    }
    if isTaken { return .refused(.codeTaken) }
    return .record([
      .visit(.reissued(id, digest, post: post)), .access(.reissued(of: id.description, post: post, staff: staff)),
    ])
  }

  private func present(_ window: Int, _ body: (Ticket) -> Verdict) -> Verdict {
    visits.current(window: window).map(body) ?? .refused(.windowEmpty)
  }

  private func called(_ window: Int, _ body: (Ticket) -> Verdict) -> Verdict {
    present(window) { $0.phase == .called ? body($0) : .refused(.alreadyDone) }
  }

  private func open(at window: Int, _ post: String, _ contact: SealedField?) -> Verdict {
    present(window) { ticket in
      if ticket.phase != .serving { return .refused(.notServed) }
      if ticket.matter != nil { return .refused(.alreadyDone) }
      if visits.matters.count >= VisitLimit.matters { return .refused(.tooManyMatters) }
      if contact?.isWithinLimits == false { return .refused(.noteTooLong) }
      return .record(
        .visit(
          .opened(
            Matter.Opened(
              matter: visits.lastMatter &+ 1, ticket: ticket.id, service: ticket.service, digest: ticket.digest,
              window: window, post: post, contact: contact, fromTicket: ticket.contact))))
    }
  }

  /// A contact is for the call-back of a matter: without one there is nothing to keep it for.
  private func give(_ contact: SealedField, at window: Int, _ post: String) -> Verdict {
    present(window) { ticket in
      if !contact.isWithinLimits { return .refused(.noteTooLong) }
      guard let id = ticket.matter, let matter = visits.matter(id), matter.phase != .closed else { return .refused(.noMatter) }
      if matter.owner != post { return .refused(.notOwner) }
      return .record(.visit(.contactGiven(id, contact, post: post)))
    }
  }

  /// Only of who is at the window, and only by its post.
  private func look(_ keys: [String], at window: Int, _ post: String, staff: String?) -> Verdict {
    present(window) { ticket in
      // Who was only called may not have come: nobody leafs through those who wait.
      if ticket.phase != .serving { return .refused(.notServed) }
      let known = visits.sealed(ticket).map(\.key)
      guard !keys.isEmpty, keys.count <= known.count, keys.allSatisfy({ known.contains($0) }) else {
        return .refused(.noContact)
      }
      let opening = SecretOpening(what: "contact", purpose: .compareAtWindow)
      return .record(.access(.opened(opening, of: ticket.id.description, post: post, staff: staff, reason: nil)))
    }
  }
}
