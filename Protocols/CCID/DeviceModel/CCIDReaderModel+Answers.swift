import CCIDCodec
import DeviceKit

/// What the reader answers (README.md, "Message").
extension CCIDReaderModel {
  var cardBits: UInt8 { !hasCard ? 2 : powered != nil || quirks.contains(.alwaysActive) ? 0 : 1 }

  mutating func answer(_ command: CCIDCommand, isTooLong: Bool, at now: Instant) {
    let reply = ReplyMaker(command)
    guard let kind = command.kind else { return send(reply(.slotStatus, cardBits, 0), at: now) }
    guard !isTooLong else { return send(reply(kind.reply, cardBits, CCIDError.badLength.rawValue), at: now) }
    guard Int(command.slot) < descriptor.slots else {
      return send(reply(kind.reply, cardBits, CCIDError.noSuchSlot.rawValue), at: now)
    }
    if case .busy(let left) = fault {
      counted({ .busy($0) }, left)
      return send(reply(kind.reply, cardBits, CCIDError.slotBusy.rawValue), at: now)
    }
    switch kind {
    case .slotStatus, .clock, .abort: send(reply(.slotStatus, cardBits), at: now)
    case .powerOff:
      powered = nil
      send(reply(.slotStatus, cardBits), at: now)
    case .powerOn: powerOn(command, reply, at: now)
    case .parameters, .resetParameters: send(reply(.parameters, cardBits), parameters(t1: powered?.speaksT1 ?? false), at: now)
    case .setParameters:
      guard command.data.count == (command.specific.0 == 1 ? 7 : 5) else {
        return send(reply(.parameters, cardBits, CCIDError.badLength.rawValue), at: now)
      }
      powered?.speaksT1 = command.specific.0 == 1
      let isHidden = quirks.contains(.hiddenParameters)
      send(
        reply(.parameters, cardBits, nil, command.specific.0), isHidden ? [] : command.data,
        hidden: isHidden ? Array((command.data + [0, 0]).prefix(7)) : [], at: now)
    case .exchange: exchange(command, reply, at: now)
    case .escape: send(reply(.escape, cardBits), Array("linli".utf8), at: now)
    case .secure: send(reply(.dataBlock, cardBits, 0), at: now)
    case .setRate: send(reply(.rate, cardBits, 0), at: now)
    }
  }

  private func parameters(t1: Bool) -> [UInt8] { t1 ? [0x11, 0x10, 0, 0x4D, 0, 0x20, 0] : [0x11, 0, 0, 0x0A, 0] }

  private mutating func powerOn(
    _ command: CCIDCommand, _ reply: ReplyMaker, at now: Instant
  ) {
    let isHeard = card.map { $0.onlyVoltage == nil || command.specific.0 == 0 || $0.onlyVoltage == command.specific.0 } ?? false
    guard let card, isHeard else {
      powered = nil
      return send(
        reply(.dataBlock, cardBits, CCIDError.mute.rawValue, 0), !hasCard && quirks.contains(.oldAnswer) ? lastAnswer : [],
        at: now)
    }
    powered = PoweredCard(card, speaksT1: false)
    lastAnswer = card.answerToReset
    incoming = []
    outgoing = []
    send(reply(.dataBlock, cardBits, nil, 0), card.answerToReset, at: now)
  }

  private mutating func exchange(
    _ command: CCIDCommand, _ reply: ReplyMaker, at now: Instant
  ) {
    guard hasCard, var card = powered else {
      let isQuiet = !hasCard && quirks.contains(.quietAbsence)
      return send(reply(.dataBlock, cardBits, isQuiet ? nil : CCIDError.mute.rawValue, 0), at: now)
    }
    if case .parity(let left) = fault {
      counted({ .parity($0) }, left)
      return send(reply(.dataBlock, cardBits, CCIDError.parity.rawValue, 0), at: now)
    }
    let isBlock = descriptor.level == .block
    let asksItself = quirks.contains(.asksForTime) || !(isBlock && card.speaksT1)
    let extensions = quirks.contains(.asksForTime) ? max(1, card.card.extensions) : asksItself ? card.card.extensions : 0
    for _ in 0..<extensions {
      var more = reply(.dataBlock, cardBits, nil, 0)
      more.status |= 0x80
      more.error = 1
      send(more, at: now)
    }
    guard isBlock else { return wholeCommand(command, card, reply, at: now) }
    var data = command.data
    var isNoisy = false
    if case .noisyCard(let left) = fault, data.first != 0xFF {
      counted({ .noisyCard($0) }, left)
      isNoisy = true
      if left % 2 == 0, !data.isEmpty { data[data.count - 1] ^= 0x20 }
    }
    var answer: [UInt8]
    if data.first == 0xFF, data.count == 3 {
      // PPS, repeated when it is agreed to.
      card.speaksT1 = data[1] & 0x0F == 1
      answer = data
    } else if card.speaksT1 {
      answer = card.block(data)
      if isNoisy, data == command.data { answer[answer.count - 1] ^= 0x01 }
    } else {
      answer = card.byte(data)
    }
    powered = card
    send(reply(.dataBlock, cardBits, nil, 0), answer, at: now)
  }

  /// At the level of commands: in pieces where they are long.
  private mutating func wholeCommand(
    _ command: CCIDCommand, _ card: PoweredCard, _ reply: ReplyMaker, at now: Instant
  ) {
    switch UInt8(truncatingIfNeeded: command.level) {
    case CCIDChain.more: break
    case CCIDChain.whole:
      incoming = []
      outgoing = card.whole(command.data)
    case CCIDChain.begins:
      incoming = command.data
      return send(reply(.dataBlock, cardBits, nil, CCIDChain.more), at: now)
    case CCIDChain.continues:
      incoming += command.data
      return send(reply(.dataBlock, cardBits, nil, CCIDChain.more), at: now)
    case CCIDChain.ends:
      outgoing = card.whole(incoming + command.data)
      incoming = []
    default: return send(reply(.dataBlock, cardBits, 8, 0), at: now)
    }
    let room = max(1, Int(clamping: descriptor.longestMessage) - CCIDHeader.length)
    let piece = Array(outgoing.prefix(room))
    let isFirst = UInt8(truncatingIfNeeded: command.level) != CCIDChain.more
    outgoing = Array(outgoing.dropFirst(room))
    let chain =
      switch (isFirst, outgoing.isEmpty) {
      case (true, true): CCIDChain.whole
      case (true, false): CCIDChain.begins
      case (false, true): CCIDChain.ends
      case (false, false): CCIDChain.continues
      }
    send(reply(.dataBlock, cardBits, nil, chain), piece, at: now)
  }
}

/// Answers to one command.
struct ReplyMaker {
  private let slot: UInt8
  private let sequence: UInt8

  init(_ command: CCIDCommand) {
    slot = command.slot
    sequence = command.sequence
  }

  /// - Parameter card: how it is, in the status.
  func callAsFunction(_ kind: CCIDReply.Kind, _ card: UInt8, _ error: UInt8? = nil, _ specific: UInt8 = 0) -> CCIDReply {
    CCIDReply(
      kind, slot: slot, sequence: sequence, status: card | (error == nil ? 0 : 0x40), error: error ?? 0, specific: specific)
  }
}
