import CCIDCodec
import DeviceKit
import DeviceVocabulary

/// What goes wrong with the reader itself, and how it is brought back (README.md, "Ladder").
extension CCIDReader {
  enum Cause { case silence, garbage, transfer }

  mutating func linkUp(
    _ descriptor: CCIDDescriptor?, _ notices: Bool, at now: Instant, into effects: inout Effects<CCIDReaderEffect>
  ) {
    self.descriptor = descriptor
    isOpen = true
    hasNotices = notices
    downSince = nil
    isReading = false
    isListening = false
    decoder.startOver()
    let wasMending = if case .mending = state { true } else { false }
    if !wasMending {
      // A port that was opened behind the driver's back is another reader.
      if isAttached { detached(into: &effects) }
      rung = .none
      failures = 0
      heardGarbage = false
    }
    isAttached = true
    isUnsupported = descriptor.map { $0.level == .character || Int(settings.slot) >= $0.slots } ?? true
    askAgain()
    if isUnsupported { needRepair(.unsupported, into: &effects) }
  }

  mutating func linkDown(at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    isReading = false
    isListening = false
    isOpen = false
    downSince = downSince ?? now
    // A reset, or closing and opening, takes the link down for a moment.
    if case .mending = state, rung >= .reset { return }
    if case .absent = state { return }
    detached(into: &effects)
    state = .absent(nextTry: now)
  }

  private mutating func detached(into effects: inout Effects<CCIDReaderEffect>) {
    if presence == .none || presence == .unknown { endRequest(.outOfOrder, into: &effects) }
    cardGone(into: &effects)
    presence = .unknown
    if isReady { effects.append(.event(.detached)) }
    isAttached = false
    isReady = false
    rung = .none
    failures = 0
    nextStep = nil
  }

  /// Its first good answer since it was opened, or since it was out of order.
  mutating func becameReady(into effects: inout Effects<CCIDReaderEffect>) {
    if notice != nil {
      notice = nil
      effects.append(.event(.repaired))
    }
    guard !isReady else { return }
    isReady = true
    effects.append(.event(.ready))
  }

  mutating func transferFailed(at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    isReading = false
    counters.transferFailures &+= 1
    switch state {
    case .waiting(let exchange): failed(exchange, because: .transfer, at: now, into: &effects)
    case .draining: climb(at: now, into: &effects)
    default: break
    }
  }

  mutating func failed(
    _ exchange: Exchange, because cause: Cause, at now: Instant, into effects: inout Effects<CCIDReaderEffect>
  ) {
    // Nobody knows how the card stands now; it is not asked the same thing again.
    let wasOwn = running.map { $0.token == nil } ?? false
    endRunning(.timedOut, into: &effects)
    data.wipe()
    decoder.startOver()
    nextStep = nil
    stale = 0
    failures += 1
    if wasOwn { leavesUID = true }
    // A card that was told stays told, if it is the same one when it has power again.
    if presence == .ready || presence == .starting { presence = .unknown }
    nextCheck = now
    guard rung == .none, cause != .transfer, failures == 1 else { return climb(at: now, into: &effects) }
    state = .draining(
      quietAt: cause == .silence ? max(now, lastByte + settings.quiet) : now + settings.quiet, end: now + settings.quietTimeout)
  }

  mutating func climb(at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    if isReading || isListening { effects.append(.stopReading) }
    isReading = false
    isListening = false
    nextStep = nil
    if rung == .none { counters.ladders &+= 1 }
    switch rung {
    case .none where isOpen:
      rung = .clearHalt
      effects.append(.clearHalt)
      state = .mending(until: now + settings.clearPatience)
    case .clearHalt where isOpen:
      rung = .reset
      effects.append(.resetDevice)
      state = .mending(until: now + settings.resetPatience)
    case .none, .clearHalt, .reset:
      rung = .reopen
      effects.append(.openPort)
      state = .mending(until: now + settings.openPatience)
    case .reopen: giveUp(at: now, into: &effects)
    }
  }

  /// The transport is done with a rung. Cleared pipes may still hold what the reader had to say before.
  mutating func mended(at now: Instant) {
    askAgain()
    if rung == .clearHalt { state = .draining(quietAt: now + settings.quiet, end: now + settings.quietTimeout) }
  }

  private mutating func askAgain() {
    state = .resting
    holdUntil = .zero
    nextCheck = .zero
    nextStep = nil
  }

  private mutating func giveUp(at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    if isOpen {
      cardGone(into: &effects)
      presence = .unknown
      state = .lost(again: now + settings.comebackPeriod)
      needRepair(heardGarbage ? .garbled : .silent, into: &effects)
    } else {
      detached(into: &effects)
      state = .absent(nextTry: now + settings.openPeriod)
      needRepair(.absent, into: &effects)
    }
  }

  /// Reads stand while an answer is waited for, and while what is left of one is dropped; the interrupt pipe is heard all the time.
  mutating func askForBytes(into effects: inout Effects<CCIDReaderEffect>) {
    guard isOpen, !isUnsupported else { return }
    switch state {
    case .waiting, .draining:
      if !isReading {
        isReading = true
        effects.append(.read)
      }
    case .resting: break
    default: return
    }
    if hasNotices, !isListening {
      isListening = true
      effects.append(.listen)
    }
  }
}
