import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec

/// What is asked next: what changes pictures, in the order of the panels; whether it did; then what is read at rest, the oldest first.
extension MDCDriver {
  mutating func ask(at now: Instant) {
    guard link == .up, question == nil, readyAt <= now, outbox.count < 64 else { return }
    survey(at: now)
    askedAt = now
    if let at = unfinished(at: now) { return read(at, at: now) }
    plan(at: now)
    if let at = panels.firstIndex(where: { !$0.steps.isEmpty && $0.notBefore <= now }) { return send(at, at: now) }
    if let at = panels.firstIndex(where: { $0.isReadBack && !$0.reads.isEmpty && $0.notBefore <= now }) {
      return read(at, at: now)
    }
    if let at = panels.firstIndex(where: { blinkDue($0) <= now && $0.notBefore <= now }) {
      return toggle(at, at: now)
    }
    rest(at: now)
  }

  private mutating func survey(at now: Instant) {
    if !isSurveyed, panels.allSatisfy({ $0.isRead || $0.isOut || $0.misses > 0 || $0.refusal != nil || $0.warmUntil != nil }) {
      isSurveyed = true
    }
    guard health != .online, hasAnswered, panels.contains(where: { $0.isRead }) else { return }
    if panels.allSatisfy({ $0.isRead || $0.isOut || $0.misses > 0 || $0.refusal != nil }) { become(.online) }
  }

  /// What was read of a panel halfway is not what it shows: before anything is sent, its round is ended.
  private func unfinished(at now: Instant) -> Int? {
    guard isSurveyed, let due = convergence.deadline, due <= now else { return nil }
    return panels.firstIndex {
      $0.isRead && !$0.isReadBack && $0.steps.isEmpty && !$0.reads.isEmpty && $0.notBefore <= now && $0.nextRead <= now
    }
  }

  /// One salvo for all that differ.
  private mutating func plan(at now: Instant) {
    guard isSurveyed, let due = convergence.deadline, due <= now else { return }
    for wish in convergence.due(at: now) {
      guard let at = panels.firstIndex(where: { $0.number == wish.number }), panels[at].isRead, !panels[at].isReadBack,
        panels[at].steps.isEmpty, panels[at].reads.isEmpty
      else { continue }
      switch panels[at].plan(wish.setting, settings) {
      case .failure(let reason): tell(convergence.failed(wish.number, .impossible(reason.text), at: now))
      case .success(let plan):
        panels[at].refusal = nil
        panels[at].steps = plan.steps
        panels[at].reads = plan.reads
        // Another value was read meanwhile: the whole of it first.
        if plan.steps.isEmpty { panels[at].reads = [.status] }
        if plan.steps.isEmpty { panels[at].nextRead = now }
      }
    }
  }

  private mutating func send(_ at: Int, at now: Instant) {
    let step = panels[at].steps.removeFirst()
    if !panels[at].isReadBack {
      panels[at].isReadBack = true
      convergence.wasSent(panels[at].number, at: now)
    }
    let limit = if case .power = step { settings.powerReplyTimeout } else { settings.replyTimeout }
    put(Question(panel: at, request: step.request(panels[at].id), kind: .set(step), due: now + limit, isProbe: false))
  }

  private mutating func read(_ at: Int, at now: Instant) {
    guard let register = panels[at].reads.first else { return }
    put(at, register.command, .read(register), at: now)
  }

  private mutating func rest(at now: Instant) {
    var best: (due: Instant, at: Int, isRead: Bool)?
    for at in panels.indices where panels[at].notBefore <= now {
      let reading = readDue(at)
      if reading <= now, reading < best?.due ?? .distantFuture { best = (reading, at, true) }
      let detail = detailDue(at)
      if detail <= now, detail < best?.due ?? .distantFuture { best = (detail, at, false) }
    }
    guard let best else { return }
    if best.isRead {
      if panels[best.at].reads.isEmpty { panels[best.at].reads = [.status] }
      return read(best.at, at: now)
    }
    let command =
      panels[best.at].details.first
      ?? (panels[best.at].nextCondition <= panels[best.at].nextHours ? MDCCommand.errorStatus : MDCCommand.hours)
    put(best.at, command, .detail, at: now)
  }

  private func blinkDue(_ panel: MDCPanelState) -> Instant {
    panel.isRead ? panel.blink?.nextToggle ?? .distantFuture : .distantFuture
  }

  /// A round that has begun is ended first.
  private func readDue(_ at: Int) -> Instant {
    if panels[at].isOut { return max(panels[at].nextRead, panels[at].notBefore) }
    return panels[at].isReadBack ? .distantFuture : panels[at].nextRead
  }

  private func detailDue(_ at: Int) -> Instant {
    guard panels[at].isRead, !panels[at].isOut, !panels[at].isReadBack, isSurveyed else { return .distantFuture }
    if !panels[at].details.isEmpty { return panels[at].nextRead - settings.restCycle }
    return min(panels[at].nextCondition, panels[at].nextHours)
  }

  mutating func put(_ at: Int, _ command: UInt8, _ kind: Question.Kind, at now: Instant) {
    let panel = panels[at]
    let isShort = settings.line == .chain && !panel.isSlow && (panel.isOut || !panel.isHeard)
    put(
      Question(
        panel: at, request: MDCRequest(command, id: panel.id), kind: kind,
        due: now + (isShort ? settings.probeTimeout : settings.replyTimeout), isProbe: panel.isOut || !panel.isHeard))
  }

  mutating func put(_ question: Question) {
    counters.questions &+= 1
    self.question = question
    self.question?.dropped = decoder.dropped
    outbox.append(.write(question.request.bytes))
  }

  /// When there is something to ask again.
  var nextWork: Instant {
    var next = isSurveyed ? convergence.deadline ?? .distantFuture : .distantFuture
    // What is due to a panel that hears nothing just now hides what is due later to others.
    if next <= askedAt { next = askedAt + Self.blockedInterval }
    for (at, panel) in panels.enumerated() {
      var own = min(readDue(at), detailDue(at), blinkDue(panel))
      if !panel.steps.isEmpty || panel.isReadBack { own = .zero }
      next = min(next, max(own, panel.notBefore))
    }
    return next
  }
}
