import DeviceKit
import DeviceVocabulary
import ResidentCardCodec

/// One command and its answer, step by step (README.md, "Conversation").
extension CardReader {
  mutating func ask(_ step: Step, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    guard let layout, let request = message(step) else { return }
    // A read that stands on the body's pipe would take what is not its own.
    if isReadingBody { stopReading(into: &effects) }
    switch step {
    case .read:
      text = makeBuffer(CardText.length)
      decoder.expect(.text, into: text)
    case .address:
      address = makeBuffer(CardText.addressLength)
      decoder.expect(.address, into: address)
    case .number: decoder.expect(.short)
    case .status, .radioFrame, .find, .select: decoder.expect(.nothing)
    }
    strayBefore = decoder.strayBytes
    counters.commands &+= 1
    let bytes = request.encoded
    if layout == .split {
      var head = bytes
      head.truncate(to: SDTFrame.headLength)
      var body = bytes
      body.removeFirst(SDTFrame.headLength)
      effects.append(.write(head, .head))
      effects.append(.write(body, .body))
    } else {
      effects.append(.write(bytes, .whole))
    }
    state = .waiting(Exchange(step: step, due: now + timeout(step), end: now + settings.commandTimeout))
  }

  private func message(_ step: Step) -> SDTRequest? {
    let isStandard = settings.commands == .standard
    switch step {
    case .status: return SDTRequest(isStandard ? .moduleStatus : .start9600)
    case .number: return SDTRequest(.moduleNumber)
    case .radioFrame: return SDTRequest(.longestRadioFrame, data: FixedBytes([settings.longestRadioFrame ?? 0x50]))
    case .find: return SDTRequest(isStandard ? .find : .find9600)
    case .select: return SDTRequest(isStandard ? .select : .select9600)
    case .read: return SDTRequest(isStandard ? .read : .read9600)
    case .address: return SDTRequest(.newestAddress)
    }
  }

  private func timeout(_ step: Step) -> Interval {
    switch step {
    case .status, .number, .radioFrame: settings.statusTimeout
    case .find: settings.findTimeout
    case .select: settings.selectTimeout
    case .read: settings.readTimeout
    case .address: settings.addressTimeout
    }
  }

  mutating func received(
    _ bytes: SecretBuffer, from pipe: ReaderPipe, at now: Instant, into effects: inout Effects<CardReaderEffect>
  ) {
    if pipe == .body { isReadingBody = false } else { isReading = false }
    guard !bytes.isEmpty else { return }
    lastByte = now
    var decoder = decoder
    let found = bytes.withSpan { bytes in
      var found: Result<SDTReply, SDTRejection>?
      for index in bytes.indices {
        guard let next = decoder.push(bytes[index]) else { continue }
        // Behind noise that looked like a frame the true one may follow; behind a true one nothing that counts.
        if case .success = found { continue }
        found = next
      }
      return found
    }
    self.decoder = decoder
    switch state {
    case .waiting(var exchange):
      switch found {
      case .success(let reply)?: answered(reply, exchange, at: now, into: &effects)
      case .failure?:
        counters.rejected &+= 1
        heardGarbage = true
        failed(exchange, because: .garbage, at: now, into: &effects)
      case nil:
        if decoder.hasBegun { exchange.due = now + settings.gapTimeout }
        state = .waiting(exchange)
      }
    case .draining(_, let end): state = .draining(quietAt: now + settings.quiet, end: end)
    default: break
    }
  }

  private mutating func answered(
    _ reply: SDTReply, _ exchange: Exchange, at now: Instant, into effects: inout Effects<CardReaderEffect>
  ) {
    switch reply.status {
    // It heard something else than we said.
    case .hostChecksum, .hostLength: return failed(exchange, because: .garbage, at: now, into: &effects)
    case .selfTestFailed: return moduleRefuses(.moduleSelfTest, at: now, into: &effects)
    case .notAuthorised: return moduleRefuses(.moduleNotAuthorised, at: now, into: &effects)
    default: break
    }
    guard belongs(reply.status, to: exchange.step) else { return foreign(exchange) }
    failures = 0
    heardGarbage = false
    rung = .none
    state = .resting
    switch exchange.step {
    case .status: started(at: now, into: &effects)
    case .number:
      wantsNumber = false
      if reply.status == .done, let number = ModuleNumber(decoder.short) { effects.append(.identified(number)) }
      if settings.longestRadioFrame == nil { becomeReady(at: now, into: &effects) } else { nextStep = .radioFrame }
    case .radioFrame: becomeReady(at: now, into: &effects)
    case _ where exchange.isAbandoned: nextFind = now
    case .find: looked(reply.status, at: now, into: &effects)
    case .select: if reply.status == .done { nextStep = .read } else { cardFailed(reply.status, at: now, into: &effects) }
    case .read:
      if reply.status == .done { textArrived(at: now, into: &effects) } else { cardFailed(reply.status, at: now, into: &effects) }
    case .address: addressArrived(reply.status, at: now, into: &effects)
    }
  }

  /// Answers do not say what they answer; a late one is told by its status where that is possible.
  private func belongs(_ status: SDTStatus, to step: Step) -> Bool {
    switch step {
    case .find: status != .done
    case .select, .read, .address: status != .found && status != .noCard
    case .status, .number, .radioFrame: true
    }
  }

  private mutating func foreign(_ exchange: Exchange) {
    counters.foreign &+= 1
    switch exchange.step {
    case .read: decoder.expect(.text, into: text)
    case .address: decoder.expect(.address, into: address)
    default: decoder.expect(.nothing)
    }
    state = .waiting(exchange)
  }

  private mutating func started(at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    if wantsNumber, settings.commands == .standard { nextStep = .number } else { becomeReady(at: now, into: &effects) }
  }

  private mutating func becomeReady(at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    nextFind = now
    nextCheck = now + (settings.idleCheck ?? .zero)
    if notice != nil {
      notice = nil
      effects.append(.event(.repaired))
    }
    guard condition != .ready else { return }
    condition = .ready
    effects.append(.event(.ready))
  }

  private mutating func looked(_ status: SDTStatus, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    nextFind = now + settings.pollPeriod
    nextCheck = now + (settings.idleCheck ?? .zero)
    let wasUnsure = isUnsure
    isUnsure = false
    guard status == .found else {
      if wasUnsure {
        readingFailed(.brokeOff, at: now, into: &effects)
        nextFind = now + settings.pollPeriod
      }
      // No card, or one that was read before and lies there still: which of the two cannot be told.
      told = nil
      if cardLies { effects.append(.event(.removed)) }
      cardLies = false
      // With a reader that finds lying cards, and only there, this is looked for while something is held.
      wipeHeld(into: &effects)
      return
    }
    guard request != nil else { return }
    // It lies there: it was moved, or there are two of them.
    if wasUnsure { return readingFailed(.unclear, at: now, into: &effects) }
    if !cardLies { effects.append(.event(.cardArrived)) }
    cardLies = true
    nextStep = .select
  }

  private mutating func cardFailed(_ status: SDTStatus, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    let failure: ReadFailure? =
      switch status {
      case .selectFailed: .unclear
      case .cardRefusedModule, .moduleRefusedCard, .verificationFailed, .printFailed, .lengthError: .refused
      case .unknownCard: .unknownCard
      default: nil
      }
    guard let failure else {
      dropContent()
      isUnsure = request != nil
      nextFind = now
      return
    }
    readingFailed(failure, at: now, into: &effects)
  }

  /// The request stands: the card may be put there again. A failure is told once while nothing else has happened.
  mutating func readingFailed(_ failure: ReadFailure, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    dropContent()
    nextFind = now + settings.pollPeriod
    guard request != nil, told != failure else { return }
    told = failure
    effects.append(.event(.readFailed(failure)))
    guard failure == .brokeOff || failure == .garbled else { return }
    // Whatever is found next is a card that was put there.
    nextFind = now
    cardLies = false
  }

  private mutating func textArrived(at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    guard let request, let text, CardText(text) != nil else {
      return readingFailed(.unknownCard, at: now, into: &effects)
    }
    if request.newestAddress, settings.commands == .standard {
      nextStep = .address
    } else {
      finish(request, [], at: now, into: &effects)
    }
  }

  private mutating func addressArrived(_ status: SDTStatus, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    guard let request else { return }
    switch status {
    case .done: finish(request, [], at: now, into: &effects)
    case .noSuchItem, .badCommand, .notPermitted, .unrecognised:
      address?.wipe()
      address = nil
      finish(request, status == .noSuchItem ? [] : .newestAddress, at: now, into: &effects)
    default: cardFailed(status, at: now, into: &effects)
    }
  }

  private mutating func finish(
    _ request: Request, _ doubts: CardDoubts, at now: Instant, into effects: inout Effects<CardReaderEffect>
  ) {
    guard let content = text, let text = CardText(content) else {
      return readingFailed(.unknownCard, at: now, into: &effects)
    }
    lastHandle &+= 1
    let handle = CardHandle(number: lastHandle)
    held = Held(handle: handle, content: content, newestAddress: address, until: now + settings.holdLimit)
    effects.append(
      .record(
        CardRecord(
          handle: handle, text: text, content: content, newestAddress: address, doubts: text.doubts().union(doubts)),
        consent: request.consent.number))
    effects.append(.event(.read(handle)))
    counters.records &+= 1
    self.text = nil
    address = nil
    self.request = nil
    usedConsent = request.consent.number
    told = nil
    cardLies = settings.findsLyingCard
    nextFind = now + settings.pollPeriod
  }
}
