import DeviceKit
import SIADC09Codec

/// What the receiver answers. Anything that does not belong to the message under way changes nothing: it is repeated in time.
extension DC09Sender {
  mutating func received(_ bytes: [UInt8], at now: Instant, _ wall: Int64, into effects: inout Effects<DC09Effect>) {
    for byte in bytes {
      switch decoder.push(byte) {
      case nil: break
      case .failure: counters.garbage &+= 1
      case .success(let frame): answered(frame, at: now, wall, into: &effects)
      }
    }
  }

  // The next message goes out when all bytes are read: so one batch of bytes ends one exchange at the most.
  private mutating func answered(_ frame: DC09Frame, at now: Instant, _ wall: Int64, into effects: inout Effects<DC09Effect>) {
    guard case .waiting(let exchange) = state, belongs(frame, to: exchange) else {
      counters.stale &+= 1
      return
    }
    switch frame.kind {
    case .acknowledged, .response:
      counters.acknowledged &+= 1
      finish(exchange, at: now)
      become(.answering)
      if let report = take(exchange) { effects.append(.delivered(report: report.number, sequence: exchange.sequence)) }
    case .notUnderstood:
      counters.refused &+= 1
      finish(exchange, at: now)
      become(.answering)
      if let report = take(exchange) { effects.append(.refused(report: report.number, sequence: exchange.sequence)) }
    case .refused:
      counters.refused &+= 1
      refused(exchange, frame.content.timestamp, at: now, wall, into: &effects)
    default: counters.stale &+= 1
    }
  }

  private func belongs(_ frame: DC09Frame, to exchange: Exchange) -> Bool {
    if let account = frame.account, account.uppercased() != settings.account.uppercased() { return false }
    switch frame.kind {
    // A refusal is never encrypted, and some say neither number nor account in it.
    case .refused: return frame.sequence == 0 || frame.sequence == exchange.sequence
    case .notUnderstood: return frame.sequence == exchange.sequence
    default:
      let isTrusted = cipher == nil || frame.isEncrypted || settings.plainAcknowledgements
      return frame.sequence == exchange.sequence && isTrusted
    }
  }

  /// It has answered: it is there, and the supervision begins anew.
  private mutating func finish(_ exchange: Exchange, at now: Instant) {
    state = .idle
    unansweredSince = nil
    backOff = Self.firstBackOff
    supervisionDue = settings.supervision.map { now + $0 }
  }

  private mutating func take(_ exchange: Exchange) -> DC09Report? {
    guard !exchange.isSupervision, !queue.isEmpty else { return nil }
    useUpNumber()
    return queue.removeFirst()
  }

  private mutating func useUpNumber() { nextSequence = nextSequence >= 9999 ? 1 : nextSequence + 1 }

  /// Most refusals are about the clock: it is set by what the receiver says and the message sent again at once. A second refusal is
  /// about something else (key, account); the message is kept, because only a person can put that right.
  private mutating func refused(
    _ exchange: Exchange, _ timestamp: DC09Timestamp?, at now: Instant, _ wall: Int64, into effects: inout Effects<DC09Effect>
  ) {
    if let timestamp { clockOffsetSeconds = timestamp.unixSeconds - wall / 1000 }
    finish(exchange, at: now)
    var next = exchange
    if !exchange.isSupervision {
      useUpNumber()
      next.sequence = nextSequence
      effects.append(.renumbered(next: nextSequence))
    }
    guard exchange.wasRefused else {
      next.wasRefused = true
      next.tries = 0
      transmit(next, at: now, wall, into: &effects)
      return
    }
    become(.refusing)
    notBefore = now + Self.refusedPause
  }
}
