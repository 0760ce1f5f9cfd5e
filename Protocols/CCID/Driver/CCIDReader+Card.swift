import CCIDCodec
import DeviceKit
import DeviceVocabulary

/// From nothing to a card that answers: power, protocol, field, UID (README.md, "Card").
extension CCIDReader {
  /// What every answer says of the slot.
  ///
  /// - Returns: false when the card that was spoken with is not there any more.
  mutating func noticed(_ card: CCIDReply.Card, at now: Instant, into effects: inout Effects<CCIDReaderEffect>) -> Bool {
    switch card {
    case .unknown: return true
    case .absent:
      if presence != .none { cardGone(into: &effects) }
      presence = .none
      return false
    case .active, .inactive:
      if card == .inactive, presence == .ready, tellsActive, !needsPower {
        // It has no power any more: another one was laid there between two looks, or the reader has let it down.
        cardGone(into: &effects)
      }
      if presence == .none || presence == .unknown {
        presence = .starting
        startCard()
      }
      return true
    }
  }

  /// With what it was asked last.
  mutating func cardGone(into effects: inout Effects<CCIDReaderEffect>) {
    endRunning(.cardRemoved, into: &effects)
    endRequest(.cardRemoved, into: &effects)
    if card != nil || presence == .unusable { effects.append(.event(.removed)) }
    forgetCard()
    presence = .none
    nextStep = nil
  }

  mutating func forgetCard() {
    card?.wipe()
    card = nil
    answerBytes?.wipe()
    answerBytes = nil
    answer = nil
    conversation = nil
    tellsActive = false
    needsPower = false
    leavesUID = false
    data.wipe()
  }

  mutating func startCard() {
    presence = .starting
    conversation = nil
    needsPower = false
    let offered = descriptor?.voltages ?? 7
    // 5 V first, as the most used host does: old cards know nothing else (README.md, "Card").
    let steps = [(UInt8(1), UInt8(1)), (3, 4), (2, 2)].filter { offered & $0.1 != 0 }.map(\.0)
    voltages = descriptor?.choosesVoltage != false || steps.isEmpty ? [0] : steps
    nextStep = card == nil ? .powerOn : .powerOff
  }

  /// The answer to `powerOn`.
  mutating func powered(_ reply: CCIDReply, at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    guard case .done = reply.outcome else { return nextVoltage(.mute, into: &effects) }
    let bytes = makeBuffer(AnswerToReset.longest)
    let parsed = data.withSpan { data in
      let answer = data.count <= AnswerToReset.longest ? data.indices.map { data[$0] } : []
      bytes.fill(from: answer)
      return AnswerToReset(answer)
    }
    data.wipe()
    guard let parsed, choose(parsed) else { return nextVoltage(.unknown, into: &effects) }
    answerBytes = bytes
    answer = parsed
    tellsActive = reply.card == .active
    guard descriptor?.level == .block else { return cardStarted(at: now, into: &effects) }
    let isDefault = parsed.protocols.first == (usesT1 ? 1 : 0)
    let negotiates = parsed.onlyProtocol == nil && !isDefault && descriptor?.negotiates != true
    nextStep = negotiates ? .negotiate : .parameters
  }

  private mutating func nextVoltage(_ defect: SmartCardDefect, into effects: inout Effects<CCIDReaderEffect>) {
    data.wipe()
    if !voltages.isEmpty { voltages.removeFirst() }
    guard voltages.isEmpty else {
      nextStep = .powerOn
      return
    }
    endRequest(.cardFailed, into: &effects)
    let wasTold = card != nil
    forgetCard()
    presence = .unusable
    if wasTold { effects.append(.event(.removed)) }
    effects.append(.event(.unusable(defect)))
  }

  /// - Returns: false when reader and card have no protocol in common.
  private mutating func choose(_ answer: AnswerToReset) -> Bool {
    // At the level of commands the reader speaks with the card.
    guard let descriptor, descriptor.level == .block else { return true }
    let canT0 = answer.protocols.contains(0) && descriptor.speaksT0
    let canT1 = answer.protocols.contains(1) && descriptor.speaksT1
    if let only = answer.onlyProtocol {
      usesT1 = only == 1
      return only == 1 ? descriptor.speaksT1 : only == 0 && descriptor.speaksT0
    }
    usesT1 = canT1 && (settings.prefersT1 || !canT0)
    return canT0 || canT1
  }

  /// What the card is told of speeds and waiting times: what is in force without a negotiation.
  var parameters: [UInt8] {
    guard let answer else { return [] }
    let speed = answer.onlyProtocol != nil && answer.usesSpeed ? answer.speed : 0x11
    let convention: UInt8 = answer.isInverse ? 2 : 0
    if !usesT1 { return [speed, convention, answer.guardTime, answer.waitingInteger, 0] }
    return [speed, 0x10 | convention | (answer.usesCRC ? 1 : 0), answer.guardTime, answer.waiting, 0, answer.longestField, 0]
  }

  /// How long a field of the card may be.
  var ownField: UInt8 {
    UInt8(clamping: min(UInt32(T1Block.longestField), max(1, descriptor?.longestField ?? 32)))
  }

  /// After `negotiate`: the card repeats what it was offered, or speaks on as it did.
  mutating func negotiated(_ reply: CCIDReply, into effects: inout Effects<CCIDReaderEffect>) {
    let wanted = negotiation
    let isAgreed = data.withSpan { data in data.count == wanted.count && data.indices.allSatisfy { data[$0] == wanted[$0] } }
    data.wipe()
    guard case .done = reply.outcome, isAgreed else { return nextVoltage(.unknown, into: &effects) }
    nextStep = .parameters
  }

  /// PPS (ISO/IEC 7816-3, 9): this protocol at the default speed.
  var negotiation: [UInt8] {
    let choice: UInt8 = usesT1 ? 1 : 0
    return [0xFF, choice, 0xFF ^ choice]
  }

  /// After `parameters`. A reader that does not take them has its own.
  mutating func parametersSet(at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    data.wipe()
    guard usesT1, let answer else { return cardStarted(at: now, into: &effects) }
    conversation = T1Conversation(crc: answer.usesCRC, cardField: Int(answer.longestField))
    if descriptor?.tellsField == true { cardStarted(at: now, into: &effects) } else { nextStep = .field }
  }

  /// It takes commands.
  mutating func cardStarted(at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    if settings.asksUID, !leavesUID, let uid = CardCommand(CardCommand.uid) {
      start(nil, uid, end: now + settings.commandLimit)
    } else {
      cardReady(nil, at: now, into: &effects)
    }
  }

  mutating func cardReady(_ uid: SecretBuffer?, at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    presence = .ready
    nextCheck = now + checkPeriod
    if let card {
      // It had to get power anew.
      guard !isSame(card, uid) else {
        uid?.wipe()
        return
      }
      endRequest(.cardRemoved, into: &effects)
      card.wipe()
      effects.append(.event(.removed))
    }
    lastCard &+= 1
    counters.cards &+= 1
    let made = SmartCard(number: lastCard, answerToReset: answerBytes ?? makeBuffer(1), uid: uid)
    card = made
    effects.append(.event(.present(made)))
  }

  private func isSame(_ card: SmartCard, _ uid: SecretBuffer?) -> Bool {
    guard let answerBytes, Self.isEqual(card.answerToReset, answerBytes) else { return false }
    guard let old = card.uid else { return uid == nil }
    return uid.map { Self.isEqual(old, $0) } ?? false
  }

  private static func isEqual(_ left: SecretBuffer, _ right: SecretBuffer) -> Bool {
    guard left !== right else { return true }
    return left.withSpan { left in
      right.withSpan { right in left.count == right.count && left.indices.allSatisfy { left[$0] == right[$0] } }
    }
  }

  var checkPeriod: Interval { hasNotices ? settings.idleCheck : settings.pollPeriod }
}
