import DeviceKit
import DeviceVocabulary
import PJLinkCodec

/// What the projector says, and that it says nothing.
extension PJLinkDriver {
  mutating func received(_ bytes: [UInt8], at now: Instant) {
    for byte in bytes {
      switch link {
      case .down, .opening: return
      case .greeting, .up:
        hasHeard = true
        hasHeardSinceAsked = true
        if let found = decoder.push(byte) { heard(found, at: now) }
      }
    }
  }

  private mutating func heard(_ found: PJLinkDecoder.Found, at now: Instant) {
    switch found {
    case .tooLong: foreign(at: now)
    case .line(let line):
      if let greeting = PJLinkGreeting(line: line) {
        greeted(greeting, at: now)
      } else if link == .up, let reply = PJLinkReply(line: line) {
        replied(reply, at: now)
      } else {
        foreign(at: now)
      }
    }
  }

  private mutating func foreign(at now: Instant) {
    garbageLines += 1
    // Something else speaks here.
    if case .greeting = link {
      goDown(.faulted, after: foreignPause, at: now)
    } else if garbageLines >= 100 {
      keepsUntil = nil
      goDown(.faulted, after: foreignPause, at: now)
    }
  }

  private mutating func greeted(_ greeting: PJLinkGreeting, at now: Instant) {
    switch greeting {
    case .refused: return refusedPassword(at: now)
    case .open: digest = []
    case .protected(let salt):
      guard let password = settings.password else { return lockOut(at: now) }
      digest = PJLinkGreeting.digest(salt: salt, password: password, md5: settings.md5)
    }
    guard case .greeting = link else { return }
    link = .up
  }

  /// The first time after it was right another salt may be why.
  private mutating func refusedPassword(at now: Instant) {
    refusedDigests += 1
    guard wasAccepted, refusedDigests < 2 else { return lockOut(at: now) }
    if case .set(let step)? = question { steps.insert(step, at: 0) }
    keepsUntil = now + Self.briefLoss
    goDown(.faulted, at: now)
  }

  private mutating func lockOut(at now: Instant) {
    isLockedOut = true
    keepsUntil = nil
    setTrouble(.password, true)
    goDown(.faulted, after: Self.lockedOutInterval, at: now)
  }

  private mutating func replied(_ reply: PJLinkReply, at now: Instant) {
    guard let question, fits(reply, question) else {
      // Late, or a notice that something changed: looked at soon, but not without end.
      if !isReadBack, reads.isEmpty { nextRead = min(nextRead, max(now, nextRead - settings.restCycle + .seconds(1))) }
      return
    }
    guard isKnown(reply, question) else {
      oddReply = reply
      return due = min(due, now + Self.oddGrace)
    }
    answered(question, reply, at: now)
  }

  /// No other answer came behind one with a value that nobody knows: it is the answer, and who gives it is there.
  mutating func oddReplyStands(at now: Instant) -> Bool {
    guard let question, let oddReply else { return false }
    answered(question, oddReply, at: now)
    return true
  }

  private mutating func answered(_ question: Question, _ reply: PJLinkReply, at now: Instant) {
    self.question = nil
    isAlive()
    switch question {
    case .set(let step): acknowledged(step, reply, at: now)
    case .read(let register): wasRead(register, reply, at: now)
    case .detail(let detail): learned(detail, reply, at: now)
    case .blink(let isDark): blinked(isDark, reply, at: now)
    }
  }

  /// A set is answered by OK, a question by a value; so what is late does not answer the other.
  private func fits(_ reply: PJLinkReply, _ question: Question) -> Bool {
    switch question {
    case .set(.power), .read(.power): guard reply.name == "POWR" else { return false }
    case .set(.input), .read(.input): guard reply.name == "INPT" else { return false }
    case .set(.showPicture), .read(.mute), .blink: guard reply.name == "AVMT" else { return false }
    case .read(.level): guard reply.name == "CLSS" else { return false }
    case .detail(let detail): guard reply.name == detail.command(level: 2).name else { return false }
    }
    if reply.error != nil { return true }
    return switch question {
    case .set, .blink: reply.isOK
    case .read: !reply.isOK
    case .detail: true
    }
  }

  private func isKnown(_ reply: PJLinkReply, _ question: Question) -> Bool {
    if reply.error != nil { return true }
    return switch question {
    case .read(.power): PJLinkPower(rawValue: reply.value) != nil
    case .read(.input): PJLinkInput.name(reply.value) != nil
    case .read(.mute): PJLinkMute.isPictureMuted(reply.value) != nil
    case .read(.level): UInt8(reply.value) != nil
    case .set, .detail, .blink: true
    }
  }

  private mutating func isAlive() {
    hasAnswered = true
    misses = 0
    garbageLines = 0
    backOffStep = 0
    refusedDigests = 0
    wasAccepted = true
    if isLockedOut {
      isLockedOut = false
      setTrouble(.password, false)
    }
    if owesRestart {
      owesRestart = false
      outbox.append(.event(.restarted))
    }
    if health != .online { become(.identifying) }
  }

  private mutating func acknowledged(_ step: Step, _ reply: PJLinkReply, at now: Instant) {
    switch reply.error {
    case nil:
      if case .power = step { notBefore = now + settings.powerSettle }
    case .unavailable where step != .showPicture:
      // Not now: once more, until it has had its time.
      let until = notNowUntil ?? now + settings.transitionLimit
      notNowUntil = until
      if now < until { isNotNow = true } else { refusal = .refused("ERR3") }
      notBefore = now + settings.transitionPoll
      reads = [.power]
    case .outOfRange, .undefined:
      if case .input(let code) = step { refusal = .impossible("input \(PJLinkInput.name(code) ?? code)") }
      if case .power = step { refusal = .refused(reply.value.uppercased()) }
    case .failure, .unavailable:
      if step != .showPicture { refusal = .refused(reply.value.uppercased()) }
    }
  }

  private mutating func wasRead(_ register: Register, _ reply: PJLinkReply, at now: Instant) {
    switch register {
    case .power:
      guard let power = PJLinkPower(rawValue: reply.value) else {
        return notYet(.refused(reply.error?.rawValue ?? "POWR=" + plain(reply.value)), at: now)
      }
      switch power {
      case .warming: return notYet(.refused("warming up"), at: now)
      case .cooling: return notYet(.refused("cooling down"), at: now)
      case .standby, .on: isOn = power == .on
      }
      reads = level == nil ? [.level] : []
      if isOn { reads += hasMute && (settings.keepsPictureShown || blink != nil) ? [.input, .mute] : [.input] }
    case .level:
      level = UInt8(reply.value) ?? 1
      reads.removeAll { $0 == .level }
    case .input:
      // Not now; when it had its time, it is something that has none.
      if reply.error == .unavailable, now < transitionUntil ?? .distantFuture { return notYet(.refused("ERR3"), at: now) }
      input = reply.error == nil ? reply.value.uppercased() : nil
      reads.removeAll { $0 == .input }
    case .mute:
      if reply.error == .undefined { hasMute = false }
      isPictureMuted = PJLinkMute.isPictureMuted(reply.value) ?? false
      reads.removeAll { $0 == .mute }
    }
    if reads.isEmpty { conclude(at: now) }
  }

  /// It is between two states; asked again until it is in one.
  private mutating func notYet(_ why: WallRefusal, at now: Instant) {
    // It answers: that it cannot be read yet is no silence.
    become(.online)
    reads = [.power]
    notBefore = now + settings.transitionPoll
    nextRead = notBefore
    let until = transitionUntil ?? now + settings.transitionLimit
    transitionUntil = until
    guard until <= now else { return }
    guard wish != nil, !isToldStuck else { return }
    isToldStuck = true
    outbox.append(.event(.notSwitched(Self.port, why)))
  }

  private mutating func conclude(at now: Instant) {
    let isFirst = !isRead
    let (refusal, isReadBack, isNotNow) = (refusal, isReadBack, isNotNow)
    self.isNotNow = false
    transitionUntil = nil
    isToldStuck = false
    isRead = true
    self.isReadBack = false
    self.refusal = nil
    nextRead = now + settings.restCycle
    if isFirst {
      updateWish(at: now)
      details = Detail.allCases.filter { (level ?? 1) >= $0.level }.map { DetailTurn(detail: $0, due: now) }
      become(.online)
    }
    tell(convergence.observed(Self.port, setting, isReadBack: isReadBack && refusal == nil && !isNotNow, at: now))
    if isReadBack, let refusal, convergence.port(Self.port)?.isAsWished == false {
      tell(convergence.failed(Self.port, refusal, at: now))
    }
    if convergence.port(Self.port)?.isAsWished == true {
      notNowUntil = nil
    } else if isReadBack, isNotNow {
      // It does not count as a try.
      convergence.take([], at: now)
      updateWish(at: now)
    }
    guard isOn else {
      blink = nil
      isPictureMuted = false
      return setTrouble(.noSignal, false)
    }
    guard case .display(let wish)? = wish, wish.isOn, isPictureMuted, settings.keepsPictureShown, blink == nil else { return }
    steps.append(.showPicture)
  }

  private var setting: WallSetting {
    .display(
      isOn
        ? DisplaySetting(isOn: true, input: input.map { PJLinkInput.shown($0) }, part: .whole) : DisplaySetting(isOn: false))
  }

  private mutating func blinked(_ isDark: Bool, _ reply: PJLinkReply, at now: Instant) {
    guard reply.isOK else {
      // Not now, or it has no mute at all; that it is dark is not left so.
      if isDark || reply.error == .undefined { blink = nil }
      return
    }
    blink?.isDark = isDark
    if let blink, !isDark, now >= blink.until { self.blink = nil }
  }

  mutating func miss(at now: Instant) {
    guard let question else { return }
    self.question = nil
    switch question {
    case .detail(let detail):
      // Optional, and some units say nothing to what they do not know. What was damaged is asked again soon.
      schedule(detail, now + (hasHeardSinceAsked ? Self.damagedDetailInterval : detail.every * 2))
      // The maker stands in front of the model.
      if detail == .model, hasHeardSinceAsked { schedule(.maker, now + Self.damagedDetailInterval) }
      describe(at: now)
    case .read(.level):
      level = 1
      reads.removeAll { $0 == .level }
      if reads.isEmpty { conclude(at: now) }
    case .read(.mute):
      hasMute = false
      reads.removeAll { $0 == .mute }
      if reads.isEmpty { conclude(at: now) }
    case .blink, .set(.showPicture): break
    case .set, .read: steps = []
    }
    misses += 1
    guard misses >= Self.missLimit else { return }
    let wasSent = isReadBack
    isReadBack = false
    keepsUntil = nil
    // That it is gone comes first: that it does not answer this command either is no news then.
    goDown(.absent, after: hasHeardSinceAsked ? Self.noisyInterval : nil, at: now)
    if wasSent { tell(convergence.failed(Self.port, .unanswered, at: now)) }
  }
}
