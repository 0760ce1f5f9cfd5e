import DeviceKit
import DeviceVocabulary
import ResidentCardCodec

/// What goes wrong with the reader itself, and how it is brought back (README.md, "Ladder").
extension CardReader {
  enum Cause { case silence, garbage, transfer }

  mutating func linkUp(_ layout: PipeLayout, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    self.layout = layout
    downSince = nil
    isReading = false
    isReadingBody = false
    decoder.expect(.nothing)
    if case .mending = state { return askAgain() }
    interrupted(at: now, into: &effects)
    if !isAttached { effects.append(.event(.attached)) }
    isAttached = true
    rung = .none
    failures = 0
    heardGarbage = false
    condition = .starting
    wantsNumber = true
    askAgain()
  }

  mutating func linkDown(at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    isReading = false
    isReadingBody = false
    layout = nil
    downSince = downSince ?? now
    // A reset, or closing and opening, takes the link down for a moment.
    if case .mending = state, rung >= .reset { return }
    if case .absent = state { return }
    if isAttached { effects.append(.event(.detached)) }
    interrupted(at: now, into: &effects)
    wipeHeld(into: &effects)
    isAttached = false
    condition = .starting
    rung = .none
    failures = 0
    nextStep = nil
    cardLies = false
    state = .absent(nextTry: now)
  }

  /// A reading that the link took with it.
  private mutating func interrupted(at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    let isReading = if case .waiting(let exchange) = state { exchange.step.isOfCard && !exchange.isAbandoned } else { false }
    if isReading || nextStep?.isOfCard == true { readingFailed(.brokeOff, at: now, into: &effects) }
    dropContent()
  }

  mutating func transferFailed(_ failure: TransferFailure, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    isReading = false
    isReadingBody = false
    counters.transferFailures &+= 1
    switch state {
    case .waiting(let exchange): failed(exchange, because: .transfer, at: now, into: &effects)
    case .draining: climb(at: now, into: &effects)
    default: break
    }
  }

  mutating func failed(
    _ exchange: Exchange, because cause: Cause, at now: Instant, into effects: inout Effects<CardReaderEffect>
  ) {
    if exchange.step.isOfCard, !exchange.isAbandoned {
      readingFailed(cause == .garbage ? .garbled : .brokeOff, at: now, into: &effects)
    }
    dropContent()
    decoder.expect(.nothing)
    failures += 1
    guard rung == .none, cause != .transfer, failures == 1 else { return climb(at: now, into: &effects) }
    // Once more, when nothing of the old answer can come any more.
    state = .draining(
      quietAt: cause == .silence ? max(now, lastByte + settings.quiet) : now + settings.quiet, end: now + settings.quietTimeout)
    nextStep = exchange.step.isOfCard || exchange.step == .find ? nil : exchange.step
    nextFind = now
  }

  mutating func climb(at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    stopReading(into: &effects)
    nextStep = nil
    switch rung {
    case .none where layout == .split || layout == .single:
      counters.ladders &+= 1
      rung = .clearHalt
      effects.append(.clearHalt)
      state = .mending(until: now + settings.clearPatience)
    case .clearHalt where layout != nil:
      rung = .reset
      wantsNumber = true
      effects.append(.resetDevice)
      state = .mending(until: now + settings.resetPatience)
    case .none, .clearHalt, .reset:
      if rung == .none { counters.ladders &+= 1 }
      rung = .reopen
      wantsNumber = true
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
    nextStep = .status
  }

  private mutating func giveUp(at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    condition = .starting
    wipeHeld(into: &effects)
    if layout == nil {
      if isAttached { effects.append(.event(.detached)) }
      isAttached = false
      rung = .none
      state = .absent(nextTry: now + settings.openPeriod)
      needRepair(.absent, into: &effects)
    } else {
      state = .lost(again: now + settings.comebackPeriod)
      needRepair(heardGarbage ? .garbled : .silent, into: &effects)
    }
  }

  /// It answers, and what it says is that it will not work.
  mutating func moduleRefuses(_ repair: ReaderRepair, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    dropContent()
    failures = 0
    heardGarbage = false
    rung = .none
    state = .resting
    nextStep = nil
    condition = .outOfOrder
    nextCheck = now + settings.moduleCheck
    needRepair(repair, into: &effects)
  }

  /// One notice for each fault. Silent, absent and garbled are one: what a person finds there is the same.
  mutating func needRepair(_ repair: ReaderRepair, into effects: inout Effects<CardReaderEffect>) {
    endRequest(.outOfOrder, into: &effects)
    if let notice, notice.isTold == repair.isTold { return }
    notice = repair
    effects.append(.event(.repairNeeded(repair)))
  }

  mutating func stopReading(into effects: inout Effects<CardReaderEffect>) {
    if isReading || isReadingBody { effects.append(.stopReading) }
    isReading = false
    isReadingBody = false
  }

  /// Reads stand while an answer is waited for, and while what is left of one is dropped: then on both pipes.
  mutating func askForBytes(into effects: inout Effects<CardReaderEffect>) {
    guard let layout, layout != .serial else { return }
    let (head, body): (Bool, Bool)
    switch state {
    case .waiting where layout == .split && decoder.isInBody: (head, body) = (false, true)
    case .waiting: (head, body) = (true, false)
    case .draining: (head, body) = (true, layout == .split)
    default: return
    }
    if head, !isReading {
      isReading = true
      effects.append(.read(layout == .split ? .head : .whole))
    }
    if body, !isReadingBody {
      isReadingBody = true
      effects.append(.read(.body))
    }
  }
}
