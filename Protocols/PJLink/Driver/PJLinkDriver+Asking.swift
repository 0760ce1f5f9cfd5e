import DeviceKit
import DeviceVocabulary
import PJLinkCodec

/// What is asked next: what changes the picture, whether it did, then what is read at rest.
extension PJLinkDriver {
  mutating func ask(at now: Instant) {
    guard link == .up, question == nil, notBefore <= now, outbox.count < 64 else { return }
    if steps.isEmpty, reads.isEmpty { plan(at: now) }
    if !steps.isEmpty { return send(steps.removeFirst(), at: now) }
    if let register = reads.first, nextRead <= now || isReadBack { return put(command(register), .read(register), at: now) }
    if isRead, let blink, blink.nextToggle <= now { return toggle(blink, at: now) }
    if nextRead <= now {
      reads = [.power]
      return put(command(.power), .read(.power), at: now)
    }
    guard isRead, let at = details.indices.min(by: { details[$0].due < details[$1].due }), details[at].due <= now else { return }
    put(details[at].detail.command(level: level ?? 1), .detail(details[at].detail), at: now)
  }

  private mutating func plan(at now: Instant) {
    guard isRead, transitionUntil == nil, let due = convergence.due(at: now).first else { return }
    guard case .display(let wish) = due.setting else { return impossible("not a display's setting", at: now) }
    if let part = wish.part, part != .whole { return impossible("part \(part.columns)x\(part.rows) \(part.position)", at: now) }
    var code: String?
    if let name = wish.input {
      code = PJLinkInput.code(name)
      guard let code, (level ?? 1) >= 2 || !PJLinkInput.needsClass2(code) else {
        return impossible("input \(name.prefix(30))", at: now)
      }
    }
    refusal = nil
    if wish.isOn != isOn {
      steps = [.power(wish.isOn)]
      reads = [.power]
    } else if let code, isOn, code != input {
      steps = [.input(code)]
      reads = [.input]
    } else {
      // Another value was read meanwhile: the whole of it first.
      reads = [.power]
      nextRead = now
    }
  }

  private mutating func impossible(_ text: String, at now: Instant) {
    tell(convergence.failed(Self.port, .impossible(text), at: now))
  }

  private mutating func send(_ step: Step, at now: Instant) {
    if step != .showPicture, !isReadBack {
      isReadBack = true
      convergence.wasSent(Self.port, at: now)
    }
    let command =
      switch step {
      case .power(let isOn): PJLinkCommand("POWR", isOn ? "1" : "0")
      case .input(let code): PJLinkCommand("INPT", code, level: PJLinkInput.needsClass2(code) ? 2 : 1)
      case .showPicture: PJLinkCommand("AVMT", PJLinkMute.pictureShown)
      }
    put(command, .set(step), at: now)
  }

  private func command(_ register: Register) -> PJLinkCommand {
    switch register {
    case .power: PJLinkCommand("POWR")
    case .level: PJLinkCommand("CLSS")
    case .input: PJLinkCommand("INPT", level: min(level ?? 1, 2))
    case .mute: PJLinkCommand("AVMT")
    }
  }

  private mutating func put(_ command: PJLinkCommand, _ question: Question, at now: Instant) {
    self.question = question
    oddReply = nil
    hasHeardSinceAsked = false
    due = now + settings.replyTimeout
    var command = command
    command.digest = digest
    digest = []
    outbox.append(.write(command.bytes))
  }

  private mutating func toggle(_ blink: Blink, at now: Instant) {
    let isDark = now < blink.until && !blink.isDark
    guard isDark || blink.isDark else {
      self.blink = nil
      return
    }
    self.blink?.nextToggle = now + Self.blinkInterval
    // Also if no answer comes.
    if isDark { self.blink?.isDark = true }
    put(PJLinkCommand("AVMT", isDark ? PJLinkMute.picture : PJLinkMute.pictureShown), .blink(isDark: isDark), at: now)
  }

  mutating func identify(_ number: UInt16, _ seconds: UInt8, at now: Instant) {
    guard number == Self.port else { return }
    let until = now + .seconds(Int(seconds))
    if blink != nil {
      blink?.until = until
      if seconds == 0 { blink?.nextToggle = now }
    } else if seconds > 0, isRead, isOn, !isPictureMuted {
      blink = Blink(until: until, nextToggle: now)
    }
  }

  var nextWork: Instant {
    var next = nextRead
    if !steps.isEmpty || isReadBack {
      next = .zero
    } else if reads.isEmpty, transitionUntil == nil, isRead {
      next = min(next, convergence.deadline ?? .distantFuture)
    }
    if isRead {
      next = min(next, blink?.nextToggle ?? .distantFuture)
      for turn in details { next = min(next, turn.due) }
    }
    return max(next, notBefore)
  }
}
