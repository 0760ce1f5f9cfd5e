import DeviceKit
import DeviceVocabulary
import ESCPOSCodec

extension PrinterDriver {
  // MARK: - The line

  mutating func linkUp(at now: Instant) {
    switch state {
    case .opening, .down: break
    // It was gone and came back: what is on it now may be another printer.
    default: linkDown(at: now)
    }
    decoder.startOver()
    writes = 0
    downSince = nil
    clear(.notConnected)
    state = .idle(nextRound: now)
    // Before any question: the printer would take it for the rest of the command that was cut off. Zeros complete that, and are nothing
    // outside of a command.
    if let leftover, leftover > 0 { write([UInt8](repeating: 0, count: leftover)) }
    guard settings.status == .none else { return }
    // Nothing better will ever be known.
    backOff = Self.firstBackOff
    become(.ready)
  }

  mutating func linkDown(at now: Instant) {
    if case .down = state {
      downSince = downSince ?? now
    } else {
      goDown(isLost: true, at: now)
    }
  }

  /// - Parameter isLost: the line itself is gone; else it is given up because of what happens on it.
  mutating func goDown(isLost: Bool, at now: Instant) {
    if let current {
      leftover = max(leftover ?? 0, isWritten ? 0 : current.bytes.count)
      end(current.id, .unknown(faults.worst))
    }
    writes = 0
    if isLost { downSince = downSince ?? now }
    // Spread, so that what hangs on one switch does not come back in step.
    let spread = Interval(microseconds: Int64(random.below(UInt32(clamping: backOff.microseconds / 4))))
    state = .down(reopenAt: now + backOff + spread)
    backOff = min(backOff * 2, Self.longestBackOff)
    counters.reopened &+= 1
    become(.blocked)
  }

  private var isWritten: Bool { if case .writing = state { false } else { true } }

  // MARK: - A job

  mutating func startJob(at now: Instant) {
    guard !queue.isEmpty else { return state = .idle(nextRound: now + settings.pollInterval) }
    if let leftover { return startClearing(leftover, at: now) }
    let job = queue.removeFirst()
    current = job
    become(.printing)
    state = .writing(job, due: now + settings.writeTimeout)
    write(job.bytes)
  }

  mutating func written(at now: Instant) {
    writes = max(writes - 1, 0)
    // The one before it may be told late: only the last is the job's.
    guard writes == 0, case .writing(let job, _) = state else { return }
    let printing = printingTime(job.bytes.count)
    switch settings.status {
    case .full:
      state = .marking(due: now + settings.markerTimeout + printing)
      mark()
    // Asked when it should be through: before that, only the first bytes would be known to have gone well.
    case .realTimeOnly: state = .marking(due: now + printing)
    case .none:
      end(job.id, .sentNotVerified)
      become(.ready)
      state = .idle(nextRound: now + settings.pollInterval)
    }
  }

  private mutating func mark(after parting: [UInt8] = []) {
    decoder.startOver()
    markers += 1
    write(parting + PrinterCommand.askInOrder(1).bytes)
  }

  private func printingTime(_ count: Int) -> Interval { .milliseconds(count * 1_000 / settings.slowestBytesPerSecond) }

  mutating func writeFailed(_ accepted: Int, at now: Instant) {
    if case .writing(let job, _) = state, accepted <= 0 || writes > 1 {
      // Not one byte of it left: it waits for another chance, as long as it would have waited anyway.
      current = nil
      queue.insert(job, at: 0)
    }
    switch state {
    case .down, .opening: break
    default: goDown(isLost: true, at: now)
    }
  }

  // MARK: - Questions

  mutating func startRound(_ purpose: Round.Purpose, at now: Instant) { ask(Round(purpose: purpose), .printer, at: now) }

  private mutating func ask(_ round: Round, _ kind: StatusKind, at now: Instant) {
    decoder.startOver()
    state = .asking(round, kind, due: now + settings.replyTimeout)
    write(kind.bytes)
  }

  mutating func heard(_ reply: PrinterReply, at now: Instant) {
    switch (reply, state) {
    case (.realTime(let byte), .asking(var round, let kind, _)):
      guard let status = PrinterStatus(realTimeByte: byte, kind) else { break }
      round.found.formUnion(status)
      if let next = StatusKind(rawValue: kind.rawValue + 1) { return ask(round, next, at: now) }
      return roundIsComplete(round, at: now)
    case (.inOrder, .marking) where settings.status == .full:
      guard let current else { break }
      markers = 0
      end(current.id, .printed)
      return startRound(.after(endsJob: false), at: now)
    case (.inOrder, .clearing):
      markers -= 1
      let rest = Self.clearedAfter + printingTime(leftover ?? 0)
      state = .clearing(Clearing(isAnswered: true, due: markers > 0 ? now + rest : now))
      return
    case (.flow, _), (.automatic, _): return
    default: break
    }
    counters.garbage &+= 1
  }

  private mutating func roundIsComplete(_ round: Round, at now: Instant) {
    silentRounds = 0
    backOff = Self.firstBackOff
    clear(.notAnswering)
    let found = FaultBook.faults(round.found)
    for fault in found { raise(fault) }
    for fault in FaultBook.told where !found.contains(fault) && faults.isClean(of: fault) {
      outbox.append(.event(.faultChanged(fault, isPresent: false)))
    }
    let canPrint = !found.contains { $0.blocks }
    if case .after(endsJob: true) = round.purpose, let current {
      // Without an answer in order the slip is not known to be printed, however well the printer is now.
      let isWell = settings.status == .realTimeOnly && canPrint
      if isWell { leftover = nil }
      end(current.id, isWell ? .sentNotVerified : .unknown(found.first { $0.blocks }))
    }
    become(canPrint ? .ready : .blocked)
    if round.purpose == .before, canPrint { return startJob(at: now) }
    state = .idle(nextRound: now + settings.pollInterval)
  }

  mutating func noAnswer(_ round: Round, at now: Instant) {
    counters.unanswered &+= 1
    silentRounds += 1
    if case .after(endsJob: true) = round.purpose, let current { end(current.id, .unknown(faults.worst)) }
    if condition == .printing { become(.blocked) }
    guard silentRounds >= settings.silentRounds else {
      state = .quiet(until: now + settings.replyTimeout)
      return
    }
    raise(.notAnswering)
    goDown(isLost: false, at: now)
  }

  // MARK: - What the printer may still hold

  /// What is on the paper is cut off, and a question in order follows. A printer that answers none gets time instead.
  private mutating func startClearing(_ length: Int, at now: Instant) {
    let parting = PrinterCommand.initialise.bytes + settings.separator
    if settings.status == .full {
      clearings += 1
      state = .clearing(Clearing(isAnswered: false, due: now + settings.markerTimeout + printingTime(length)))
      mark(after: parting)
    } else {
      state = .clearing(Clearing(isAnswered: true, due: now + Self.clearedAfter))
      write(parting)
    }
  }

  mutating func clearingTimer(_ clearing: Clearing, at now: Instant) {
    if clearing.isAnswered {
      leftover = nil
      clearings = 0
      markers = 0
      state = .idle(nextRound: now)
    } else if clearings < Self.clearingTries {
      // It may have run out of paper again: the next round says so.
      state = .idle(nextRound: now)
    } else {
      clearings = 0
      raise(.notAnswering)
      goDown(isLost: false, at: now)
    }
  }

  // MARK: - Faults

  mutating func raise(_ fault: PrinterFault) {
    if faults.raise(fault) { outbox.append(.event(.faultChanged(fault, isPresent: true))) }
  }

  mutating func clear(_ fault: PrinterFault) {
    if faults.clear(fault) { outbox.append(.event(.faultChanged(fault, isPresent: false))) }
  }
}
