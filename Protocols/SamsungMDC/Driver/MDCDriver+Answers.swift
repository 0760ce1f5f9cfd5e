import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec

/// What panels say, and that they say nothing.
extension MDCDriver {
  mutating func received(_ bytes: [UInt8], at now: Instant) {
    guard link == .up else { return }
    for byte in bytes { if link == .up, let found = decoder.push(byte) { heard(found, at: now) } }
  }

  mutating func heard(_ found: MDCDecoder.Found, at now: Instant) {
    switch found {
    case .request: break
    case .wantsTLS:
      // It would refuse everything in clear; somebody has to change that at the panel.
      isLockedOut = true
      keepsUntil = nil
      for at in panels.indices { setTrouble(at, .password, true) }
      goDown(.faulted, after: Self.lockedOutInterval, at: now)
    case .reply(let reply):
      if let question, reply.id == question.request.id, reply.command == question.request.command {
        answered(question, reply, at: now)
      } else {
        stray(reply, at: now)
      }
    }
  }

  private mutating func answered(_ question: Question, _ reply: MDCReply, at now: Instant) {
    let at = question.panel
    // It says less than it was asked for: as good as none.
    guard !reply.isAccepted || isComplete(question, reply) else { return stray(reply, at: now) }
    self.question = nil
    readyAt = now + settings.gap
    isAlive(at, at: now)
    if !reply.isAccepted { counters.refused &+= 1 }
    switch question.kind {
    case .set(let step): acknowledged(at, step, reply, at: now)
    case .read(let register): wasRead(at, register, reply, at: now)
    case .detail: learned(at, reply, at: now)
    case .blink: blinked(at, reply, at: now)
    }
  }

  private func isComplete(_ question: Question, _ reply: MDCReply) -> Bool {
    switch question.kind {
    case .read(.status): MDCStatus(reply.data) != nil
    case .read(.layout): reply.data.count >= 2
    case .read, .blink: !reply.data.isEmpty
    case .set, .detail: true
    }
  }

  private mutating func isAlive(_ at: Int, at now: Instant) {
    hasAnswered = true
    backOffStep = 0
    if owesRestart {
      owesRestart = false
      outbox.append(.event(.restarted))
    }
    if isLockedOut {
      isLockedOut = false
      for at in panels.indices { setTrouble(at, .password, false) }
    }
    if health != .online { become(.identifying) }
    panels[at].isHeard = true
    panels[at].misses = 0
    panels[at].foreignAnswers = 0
    panels[at].garbledAnswers = 0
    panels[at].cleanAnswers += 1
    if panels[at].cleanAnswers >= 20 {
      panels[at].doubleAnswers = 0
      panels[at].lateAnswers = 0
      setTrouble(at, .address, false)
    }
    guard panels[at].isOut else { return }
    panels[at].isOut = false
    panels[at].nextRead = now
    panels[at].notBefore = now
  }

  private mutating func acknowledged(_ at: Int, _ step: MDCPanelState.Step, _ reply: MDCReply, at now: Instant) {
    if reply.isAccepted {
      switch step {
      case .power(true): start(at, at: now)
      case .power(false): panels[at].notBefore = now + settings.powerOffSettle
      case .wall, .layout, .mode, .input, .mute: break
      }
      return
    }
    // Whether the picture is stretched is not worth a fault.
    if case .mode = step { return }
    panels[at].refusal = "NAK " + hex(reply.data.first ?? 0)
    // The input is set all the same: what refused may be the input that was shown.
    panels[at].steps.removeAll { if case .input = $0 { false } else { true } }
  }

  private mutating func wasRead(_ at: Int, _ register: MDCPanelState.Register, _ reply: MDCReply, at now: Instant) {
    panels[at].reads.removeAll { $0 == register }
    switch register {
    case .status:
      guard reply.isAccepted, let status = MDCStatus(reply.data) else { return readRefused(at, reply, at: now) }
      panels[at].isOn = status.isOn
      panels[at].input = status.input
      panels[at].isMuted = MDCStatus.isMuted(status.mute)
      if status.isOn { panels[at].reads = settings.hasVideoWall ? [.wall] : [] } else { panels[at].reads = [] }
      if !settings.hasVideoWall { panels[at].part = .whole }
      if status.isOn || now >= panels[at].warmUntil ?? .zero { panels[at].warmUntil = nil }
    case .input:
      // Some answer this no longer when they are off.
      if reply.isAccepted, let code = reply.data.first { panels[at].input = code } else { panels[at].reads = [.status] }
    case .mute:
      guard reply.isAccepted, let code = reply.data.first else {
        panels[at].reads = [.status]
        break
      }
      panels[at].isMuted = MDCStatus.isMuted(code)
    case .wall:
      let isWall = reply.isAccepted ? reply.data.first.map { $0 != 0 } : nil
      panels[at].part = isWall == false ? .whole : nil
      if isWall == true { panels[at].reads.insert(.layout, at: 0) }
    case .layout:
      let layout = reply.isAccepted ? MDCWallLayout(reply.data, settings.wallDivOrder) : nil
      panels[at].part = layout.map { WallPart(columns: $0.columns, rows: $0.rows, position: $0.position) }
      // Wall mode with a size of nothing shows the whole picture.
      if reply.isAccepted, reply.data.first == 0 { panels[at].part = .whole }
    }
    if panels[at].reads.isEmpty { conclude(at, at: now) }
  }

  /// Everything that was to be read was.
  private mutating func conclude(_ at: Int, at now: Instant) {
    let number = panels[at].number
    let isFirst = !panels[at].isRead
    let refusal = panels[at].refusal
    let isReadBack = panels[at].isReadBack
    panels[at].isRead = true
    panels[at].isToldUnheard = false
    panels[at].isReadBack = false
    panels[at].refusal = nil
    panels[at].nextRead = now + settings.restCycle
    if isFirst {
      updateWishes(at: now)
      firstRead(at, at: now)
    }
    if let again = panels[at].describesAgainAt, again <= now { describe(at) }
    tell(convergence.observed(number, panels[at].setting, isReadBack: isReadBack && refusal == nil, at: now))
    if isReadBack, let refusal, convergence.port(number)?.isAsWished == false {
      tell(convergence.failed(number, .refused(refusal), at: now))
    }
    if !panels[at].isOn { setTrouble(at, .noSignal, false) }
  }

  private mutating func readRefused(_ at: Int, _ reply: MDCReply, at now: Instant) {
    let isReadBack = panels[at].isReadBack
    let code = "NAK " + hex(reply.data.first ?? 0)
    panels[at].reads = []
    panels[at].isReadBack = false
    panels[at].refusal = code
    panels[at].nextRead = now + Self.missInterval
    if !panels[at].isRead { tellUnheard(at, .refused(code)) }
    if isReadBack { tell(convergence.failed(panels[at].number, .refused(code), at: now)) }
  }

  private func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }

  // MARK: - Silence

  mutating func miss(_ question: Question, at now: Instant) {
    let at = question.panel
    counters.unanswered &+= 1
    self.question = nil
    readyAt = now + settings.gap
    panels[at].lateAnswers = min(panels[at].lateAnswers + 1, 8)
    if decoder.dropped > question.dropped { panels[at].garbledAnswers += 1 }
    if case .set(let step) = question.kind {
      panels[at].steps = []
      // What comes late must not be taken for the read-back.
      panels[at].notBefore = now + settings.replyTimeout
      if step == .power(true) { start(at, at: now) }
    }
    if let warmUntil = panels[at].warmUntil, now < warmUntil {
      panels[at].notBefore = max(panels[at].notBefore, now + .seconds(2))
      return
    }
    panels[at].warmUntil = nil
    panels[at].misses += 1
    panels[at].cleanAnswers = 0
    panels[at].nextRead = max(panels[at].nextRead, now + (panels[at].isHeard ? .milliseconds(100) : Self.missInterval))
    if question.kind == .detail {
      panels[at].nextCondition = now + Self.conditionInterval
      panels[at].nextHours = now + Self.hoursInterval
      // Of a panel that does not know the question nothing comes; what was damaged is asked again.
      if !panels[at].details.isEmpty, decoder.dropped > question.dropped || decoder.isInside {
        panels[at].describesAgainAt = now + .seconds(15)
      }
      panels[at].details = []
    }
    if panels[at].blink != nil { panels[at].blink?.nextToggle = now + Self.blinkInterval }
    if panels[at].misses >= Self.missLimit { giveUp(at, at: now) }
  }

  /// The others must not wait for it any more.
  private mutating func giveUp(_ at: Int, at now: Instant) {
    panels[at].isOut = true
    panels[at].isRead = false
    panels[at].isReadBack = false
    panels[at].isSlow = false
    panels[at].steps = []
    panels[at].reads = [.status]
    panels[at].notBefore = now + Self.outInterval
    panels[at].blink?.until = now
    updateWishes(at: now)
    if panels.contains(where: { !$0.isOut }) { return tellUnheard(at, .unanswered) }
    keepsUntil = nil
    goDown(hearsForeign ? .faulted : .absent, at: now)
  }

  /// It answers, though not in this language, at another speed, or by another number. On a chain what comes once may be noise.
  var hearsForeign: Bool {
    if panels.contains(where: { $0.foreignAnswers > 0 }) || decoder.dropped > 64 { return true }
    guard !hasAnswered else { return false }
    switch settings.line {
    case .direct: return decoder.dropped > 0 || decoder.isInside
    case .chain: return panels.contains { $0.garbledAnswers > 1 }
    }
  }

  /// The answer to an older question, to nobody's, or one that is given twice.
  private mutating func stray(_ reply: MDCReply, at now: Instant) {
    counters.stray &+= 1
    guard let at = panels.firstIndex(where: { $0.id == reply.id }) else {
      guard let question else { return }
      panels[question.panel].foreignAnswers += 1
      panels[question.panel].cleanAnswers = 0
      if panels[question.panel].foreignAnswers >= 2 { setTrouble(question.panel, .address, true) }
      return
    }
    if panels[at].lateAnswers > 0 {
      panels[at].lateAnswers -= 1
      panels[at].isSlow = true
      let wasOut = panels[at].isOut
      isAlive(at, at: now)
      if wasOut { panels[at].notBefore = now + .milliseconds(100) }
    } else {
      panels[at].doubleAnswers += 1
      panels[at].cleanAnswers = 0
      if panels[at].doubleAnswers >= 3 { setTrouble(at, .address, true) }
    }
  }
}
