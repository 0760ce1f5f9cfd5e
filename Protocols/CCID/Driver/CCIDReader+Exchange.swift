import CCIDCodec
import DeviceKit
import DeviceVocabulary

/// Messages out, answers in, and commands to the card over them (README.md, "Commands to the card").
extension CCIDReader {
  mutating func ask(_ step: Step, at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    let (kind, specific, data) = message(step)
    sequence &+= 1
    counters.commands &+= 1
    decoder.startOver()
    self.data.wipe()
    let command = CCIDCommand(kind, slot: settings.slot, sequence: sequence, specific: specific, data: data)
    effects.append(.write(command.encoded))
    let base = step == .status || step == .powerOff || step == .parameters ? settings.replyTimeout : settings.exchangeTimeout
    let patience = base * Int(max(specific.0 > 0 && step == .exchange ? specific.0 : 1, 1))
    state = .waiting(Exchange(step: step, kind: kind, sequence: sequence, due: now + patience, patience: patience))
  }

  private mutating func message(_ step: Step) -> (CCIDCommand.Kind, (UInt8, UInt8, UInt8), [UInt8]) {
    switch step {
    case .status: return (.slotStatus, (0, 0, 0), [])
    case .powerOff: return (.powerOff, (0, 0, 0), [])
    case .powerOn: return (.powerOn, (voltages.first ?? 0, 0, 0), [])
    case .negotiate: return (.exchange, (0, 0, 0), negotiation)
    case .parameters: return (.setParameters, (usesT1 ? 1 : 0, 0, 0), parameters)
    case .field:
      let field = ownField
      return (.exchange, (0, 0, 0), conversation?.tell(field: field) ?? [])
    case .exchange: return exchange()
    }
  }

  /// The next piece of the command under way.
  private mutating func exchange() -> (CCIDCommand.Kind, (UInt8, UInt8, UInt8), [UInt8]) {
    guard var running else { return (.slotStatus, (0, 0, 0), []) }
    defer { self.running = running }
    if descriptor?.level == .block {
      return (.exchange, (running.waiting, 0, 0), running.block)
    }
    guard !running.wantsMore else { return (.exchange, (0, CCIDChain.more, 0), []) }
    let room = longestData
    let isFirst = running.unsent.count == running.asking.count
    let piece = running.unsent.prefix(room)
    running.unsent = running.unsent.dropFirst(room)
    let chain =
      switch (isFirst, running.unsent.isEmpty) {
      case (true, true): CCIDChain.whole
      case (true, false): CCIDChain.begins
      case (false, true): CCIDChain.ends
      case (false, false): CCIDChain.continues
      }
    return (.exchange, (0, chain, 0), Array(piece))
  }

  private var longestData: Int {
    max(Int(clamping: descriptor?.longestMessage ?? 271), CCIDHeader.length + 16) - CCIDHeader.length
  }

  // MARK: answers

  mutating func received(
    _ packet: SecretBuffer, isLast: Bool, at now: Instant, into effects: inout Effects<CCIDReaderEffect>
  ) {
    isReading = false
    if !packet.isEmpty { lastByte = now }
    guard case .waiting(var exchange) = state else {
      if case .draining(_, let end) = state, !packet.isEmpty { state = .draining(quietAt: now + settings.quiet, end: end) }
      return
    }
    switch decoder.push(packet, isLast: isLast) {
    case nil: break
    case .failure:
      counters.rejected &+= 1
      heardGarbage = true
      failed(exchange, because: .garbage, at: now, into: &effects)
    case .success(let reply):
      guard belongs(reply, to: exchange) else {
        counters.stale &+= 1
        stale += 1
        data.wipe()
        if stale > settings.staleLimit {
          heardGarbage = true
          failed(exchange, because: .garbage, at: now, into: &effects)
        }
        return
      }
      if case .moreTime(let factor) = reply.outcome {
        counters.extensions &+= 1
        exchange.due = now + exchange.patience * Int(max(factor, 1))
        state = .waiting(exchange)
        return
      }
      answered(reply, exchange, at: now, into: &effects)
    }
  }

  private func belongs(_ reply: CCIDReply, to exchange: Exchange) -> Bool {
    guard reply.sequence == exchange.sequence, reply.slot == settings.slot else { return false }
    // What it does not understand some answer with the slot's status.
    if case .failed = reply.outcome { return true }
    return reply.kind == exchange.kind.reply
  }

  private mutating func answered(
    _ reply: CCIDReply, _ exchange: Exchange, at now: Instant, into effects: inout Effects<CCIDReaderEffect>
  ) {
    state = .resting
    stale = 0
    if case .failed(let error) = reply.outcome, reply.card != .absent {
      if error == .slotBusy || error == .busyWithSequence { return isBusy(exchange, at: now, into: &effects) }
      if exchange.step == .status { return failed(exchange, because: .garbage, at: now, into: &effects) }
    }
    failures = 0
    busy = 0
    heardGarbage = false
    rung = .none
    becameReady(into: &effects)
    // After a failed exchange the card may be without power, and still the same.
    if exchange.step == .powerOn, case .failed = reply.outcome, reply.card != .absent {
      return powered(reply, at: now, into: &effects)
    }
    guard noticed(exchange.step == .powerOff && reply.card == .inactive ? .unknown : reply.card, at: now, into: &effects) else {
      nextCheck = now + checkPeriod
      return
    }
    // Another card is being started: what this one was asked is over.
    guard nextStep == nil || exchange.step == .status else { return }
    switch exchange.step {
    case .status: nextCheck = now + checkPeriod
    case .powerOff: nextStep = .powerOn
    case .powerOn: powered(reply, at: now, into: &effects)
    case .negotiate: negotiated(reply, into: &effects)
    case .parameters: parametersSet(at: now, into: &effects)
    case .field: fieldTold(reply, at: now, into: &effects)
    case .exchange: exchanged(reply, at: now, into: &effects)
    }
  }

  private mutating func isBusy(_ exchange: Exchange, at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    busy += 1
    guard busy <= settings.busyLimit else {
      busy = 0
      return failed(exchange, because: .garbage, at: now, into: &effects)
    }
    holdUntil = now + settings.busyPeriod
    nextStep = exchange.step
    // The piece that was refused goes out once more.
    if exchange.step == .exchange, descriptor?.level != .block, var running, !running.wantsMore {
      let sent = min(longestData, running.asking.count - running.unsent.count)
      running.unsent = running.asking.suffix(running.unsent.count + sent)
      self.running = running
    }
  }

  /// T=1: the card's answer to how long a field may be. One that does not know the question keeps to 32.
  private mutating func fieldTold(_ reply: CCIDReply, at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    guard var conversation else { return cardStarted(at: now, into: &effects) }
    let scratch = makeBuffer(1)
    let next = conversation.received(data, into: scratch)
    data.wipe()
    self.conversation = conversation
    if case .done = reply.outcome, case .send = next {
      // Once more, or something that the card wants first.
      nextStep = .field
      failures += 1
      if failures < 4 { return }
    }
    nextStep = nil
    failures = 0
    if next != .fieldTold, let answer {
      self.conversation = T1Conversation(crc: answer.usesCRC, cardField: Int(answer.longestField))
    }
    cardStarted(at: now, into: &effects)
  }

  // MARK: commands to the card

  mutating func start(_ token: UInt64?, _ command: CardCommand, end: Instant) {
    let capacity = settings.longestAnswer
    var running = Running(
      token: token, command: command, end: end, answer: makeBuffer(capacity), round: makeBuffer(capacity),
      asking: command.bytes)
    round(command.bytes, &running)
    self.running = running
    nextStep = .exchange
  }

  private mutating func round(_ bytes: [UInt8], _ running: inout Running) {
    running.rounds += 1
    running.round.wipe()
    running.wantsMore = false
    running.waiting = 0
    running.asking = bytes
    guard descriptor?.level == .block else {
      running.unsent = bytes[...]
      return
    }
    if usesT1, conversation != nil {
      running.block = conversation?.begin(bytes) ?? []
    } else {
      running.block = CardCommand(bytes)?.forT0 ?? bytes
    }
  }

  private mutating func exchanged(_ reply: CCIDReply, at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    guard var running else { return }
    guard case .done = reply.outcome else { return cardFailed(.cardFailed, at: now, into: &effects) }
    if descriptor?.level == .block, usesT1 {
      guard var conversation else { return cardFailed(.cardFailed, at: now, into: &effects) }
      let next = conversation.received(data, into: running.round)
      self.conversation = conversation
      switch next {
      case .send(let block, let waiting):
        running.block = block
        running.waiting = waiting
        self.running = running
        nextStep = .exchange
        data.wipe()
        return
      case .failed(let why): return cardFailed(why, at: now, into: &effects)
      case .done, .fieldTold: break
      }
    } else {
      let round = running.round
      let fits = data.withSpan { data in
        var fits = true
        for index in data.indices where !round.append(data[index]) { fits = false }
        return fits
      }
      guard fits else { return cardFailed(.answerTooLong, at: now, into: &effects) }
      if descriptor?.level != .block {
        // More to send, or more to come.
        let wantsNext = reply.specific == CCIDChain.more
        guard wantsNext == !running.unsent.isEmpty else { return cardFailed(.cardFailed, at: now, into: &effects) }
        running.wantsMore = reply.specific == CCIDChain.begins || reply.specific == CCIDChain.continues
        if wantsNext || running.wantsMore {
          self.running = running
          nextStep = .exchange
          data.wipe()
          return
        }
      }
    }
    data.wipe()
    roundEnded(running, at: now, into: &effects)
  }

  /// The card may have more, or want to be asked with another length (ISO/IEC 7816-4, 5.3.4).
  private mutating func roundEnded(_ ended: Running, at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    var running = ended
    let (length, first, second) = running.round.withSpan { bytes in
      bytes.count < 2 ? (0, UInt8(0), UInt8(0)) : (bytes.count - 2, bytes[bytes.count - 2], bytes[bytes.count - 1])
    }
    guard running.round.count >= 2 else { return cardFailed(.cardFailed, at: now, into: &effects) }
    var next: [UInt8]?
    if first == 0x61 {
      next = running.command.response(second)
    } else if first == 0x6C, length == 0, running.rounds == 1, !running.command.isExtended {
      next = running.command.expecting(second)
    } else if first == 0x6C, length == 0, running.rounds > 1 {
      next = running.command.response(second)
    }
    let (answer, round) = (running.answer, running.round)
    let taken = next == nil ? length + 2 : length
    let fits = round.withSpan { bytes in
      for index in 0..<taken where !answer.append(bytes[index]) { return false }
      return true
    }
    guard fits else { return cardFailed(.answerTooLong, at: now, into: &effects) }
    if let next {
      guard running.rounds < settings.roundLimit else { return cardFailed(.cardFailed, at: now, into: &effects) }
      self.round(next, &running)
      self.running = running
      nextStep = .exchange
      return
    }
    round.wipe()
    self.running = nil
    nextCheck = now + checkPeriod
    guard let token = running.token else { return uidAnswered(answer, at: now, into: &effects) }
    effects.append(.answered(token: token, .success(answer)))
  }

  private mutating func uidAnswered(
    _ answer: SecretBuffer, at now: Instant, into effects: inout Effects<CCIDReaderEffect>
  ) {
    let uid = makeBuffer(10)
    let isUID = answer.withSpan { bytes in
      guard (6...12).contains(bytes.count), bytes[bytes.count - 2] == 0x90, bytes[bytes.count - 1] == 0 else { return false }
      for index in 0..<bytes.count - 2 { uid.append(bytes[index]) }
      return true
    }
    answer.wipe()
    cardReady(isUID ? uid : nil, at: now, into: &effects)
  }

  /// The reader is well, the card is not. It gets power anew before it is asked again.
  private mutating func cardFailed(
    _ why: SmartCardFailure, at now: Instant, into effects: inout Effects<CCIDReaderEffect>
  ) {
    let wasOwn = running.map { $0.token == nil } ?? false
    endRunning(why, into: &effects)
    needsPower = true
    nextCheck = now + checkPeriod
    if wasOwn { cardReady(nil, at: now, into: &effects) }
  }
}
