import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec

/// Whose turn it is.
struct ModbusRotation: Sendable {
  /// Where the search for the next node of each kind goes on. A scan asks the alarm nodes in their order; one that may not be asked when
  /// its place comes waits for the next scan, so that between two turns of a node every other one has one turn at most.
  var nextAlarm = 0
  var nextOther = 0
  var nextLost = 0
  var nextUrgent = 0
  /// How many nodes are urgent.
  var urgent = 0
  /// The turn before was an ordinary one: an urgent node may go now.
  var mayHurry = false
  /// Whether this scan still owes a turn to another node, to a lost one.
  var owesOther = true
  var owesLost = true
  /// After the bus came back: so many lost nodes are looked for in every other turn, not one a scan.
  var quickLooks = 0
  var isQuickTurn = false
  /// The node whose poll is repeated at once.
  var retry: Int?
  /// Not 0 while nodes have a health that the station was not told.
  var unsaid = 0
}

/// The request that is out.
struct ModbusExchange: Sendable {
  var slot = 0
  var request = ModbusPDU(bytes: FixedBytes())
  var wire = FixedBytes<256>()
  var toleratesLateAnswers = true
  var start = Instant.zero
  var requestEnd = Instant.zero
  var replyBy = Instant.zero
  /// When an answer is whole that comes as fast as this node's answers usually do.
  var usualReply = Instant.zero
  /// Bytes that keep coming may stretch `replyBy` up to here.
  var latestReply = Instant.zero
  /// Length of the answer by the standard, and with the padding that is taken.
  var standardAnswer = 0
  var longestAnswer = 0
  var bytesHeard = 0
  var garbageAtStart: UInt32 = 0
  var failure = ModbusFailure.silent
}

extension ModbusMaster {
  private enum Kind {
    case alarm, other, lost
  }

  /// Lets the next node make its request, if one has one now.
  mutating func nextRequest(at now: Instant, into effects: inout Effects<Effect>) {
    // Each node is given one chance a call; one that had nothing to ask has moved itself, or is moved, into the future.
    for _ in 0...slots.count {
      guard let index = pick(at: now) else { return }
      // What a node that is asked wants next matters only when this exchange has ended.
      if let transaction = nodes[index].nextTransaction(at: now) {
        exchange.request = transaction.request
        exchange.toleratesLateAnswers = transaction.toleratesLateAnswers
        return send(to: index, at: now, into: &effects)
      }
      noteWish(of: index)
      slots[index].againAt = .distantFuture
      slots[index].notBefore = now + (slots[index].isLost ? .seconds(1) : .milliseconds(20))
      if slots[index].attempts > 0 {
        concludeFailure(of: index, slots[index].lastFailure, cost: .zero, at: now)
        return
      }
    }
  }

  private mutating func pick(at now: Instant) -> Int? {
    if let retry = rotation.retry {
      rotation.retry = nil
      return retry
    }
    rotation.isQuickTurn.toggle()
    if rotation.quickLooks > 0, rotation.isQuickTurn,
      let index = find(.lost, from: rotation.nextLost, among: slots.count, at: now)
    {
      rotation.quickLooks -= 1
      rotation.nextLost = index + 1
      return index
    }
    if rotation.mayHurry, rotation.urgent > 0, let index = findUrgent(at: now) {
      // Who becomes urgent meanwhile goes right after it.
      rotation.mayHurry = slots[index].wish.urgency == .background
      rotation.nextUrgent = index + 1
      return index
    }
    rotation.mayHurry = true
    for _ in 0..<2 {
      if let index = find(.alarm, from: rotation.nextAlarm, among: slots.count - rotation.nextAlarm, at: now) {
        rotation.nextAlarm = index + 1
        return index
      }
      if rotation.owesOther {
        rotation.owesOther = false
        if let index = find(.other, from: rotation.nextOther, among: slots.count, at: now) {
          rotation.nextOther = index + 1
          return index
        }
      }
      if rotation.owesLost {
        rotation.owesLost = false
        if let index = find(.lost, from: rotation.nextLost, among: slots.count, at: now) {
          rotation.nextLost = index + 1
          return index
        }
      }
      rotation.nextAlarm = 0
      rotation.owesOther = true
      rotation.owesLost = true
    }
    return nil
  }

  /// The first that may be asked among `count` nodes from `start` on, going round.
  private mutating func find(_ kind: Kind, from start: Int, among count: Int, at now: Instant) -> Int? {
    for step in 0..<count {
      let index = wrapped(start + step)
      guard isOf(kind, index), slots[index].eligible <= now else { continue }
      return index
    }
    return nil
  }

  private mutating func findUrgent(at now: Instant) -> Int? {
    var found: (index: Int, urgency: ModbusUrgency)?
    for step in 0..<slots.count {
      let index = wrapped(rotation.nextUrgent + step)
      let urgency = slots[index].wish.urgency
      guard urgency > found?.urgency ?? .none, !slots[index].isLost, slots[index].failures == 0, !slots[index].isSlow,
        slots[index].eligible <= now
      else { continue }
      found = (index, urgency)
    }
    return found?.index
  }

  /// A place behind the last one is as many places behind the first; `place` is less than twice their number.
  private mutating func wrapped(_ place: Int) -> Int { place < slots.count ? place : place - slots.count }

  private mutating func isOf(_ kind: Kind, _ index: Int) -> Bool {
    switch kind {
    case .alarm: !slots[index].isLost && slots[index].carriesCalls
    case .other: !slots[index].isLost && !slots[index].carriesCalls
    case .lost: slots[index].isLost
    }
  }

  /// Sends the request that lies in `exchange`.
  private mutating func send(to index: Int, at now: Instant, into effects: inout Effects<Effect>) {
    let timing = settings.timing
    let address = slots[index].address
    exchange.slot = index
    let function = exchange.request.bytes.byte(at: 0)
    let quantity = exchange.request.bytes.word(at: 3)
    let longest = ModbusPDU.longestAnswerLength(function: function, quantity: quantity)
    let count = exchange.request.bytes.count + 3
    exchange.start = now
    exchange.requestEnd = now + timing.interval(ofCharacters: count)
    exchange.standardAnswer = ModbusPDU.standardAnswerLength(function: function, quantity: quantity)
    exchange.longestAnswer = longest
    exchange.bytesHeard = 0
    exchange.failure = .silent
    // Of an answer whose length only the node knows, 64 bytes are waited for; more stretch the time while they come.
    let likely = exchange.standardAnswer == ModbusLimit.frameBytes ? 64 : longest
    exchange.replyBy = exchange.requestEnd + timing.interval(ofCharacters: likely) + allowance(of: index)
    exchange.usualReply =
      exchange.requestEnd + timing.interval(ofCharacters: likely)
      + slots[index].estimate.allowance(
        floor: .milliseconds(10), ceiling: replyCeiling(of: index), unheard: .milliseconds(20))
    exchange.latestReply = exchange.requestEnd + timing.interval(ofCharacters: longest) + replyCeiling(of: index)
    silenceUntil = exchange.requestEnd + timing.silence
    if slots[index].isLost { slots[index].probes = (slots[index].probes + 1) & 0xFF }
    decoder.begin(address: address, function: function)
    exchange.request.frame(for: address, into: &exchange.wire)
    if settings.dropsEcho { decoder.expectEcho(exchange.wire) }
    exchange.garbageAtStart = decoder.garbageBytes
    slots[index].requestEnd = exchange.requestEnd
    slots[index].againAt = .distantFuture
    slots[index].statistics.requests &+= 1
    lineStatistics.bytesSent &+= UInt32(truncatingIfNeeded: count)
    if address == 0 {
      exchange.replyBy = exchange.requestEnd + settings.broadcastTurnaround
      phase = .turnaround
    } else {
      phase = .waiting
    }
    effects.append(.transmit(exchange.wire))
  }

  /// How long this node gets to begin. A node that fails gets more each time, as it may have become slow; a lost one only now and then, so
  /// that looking for it costs little: with every fourth of the first probes, then with every sixteenth. While the whole bus fails, going
  /// round quickly finds out sooner.
  ///
  /// A node whose driver names a longest reply time gets all of it until it has been heard, and again once a try has failed: asking others
  /// meanwhile would only make them collide with its answer.
  private mutating func allowance(of index: Int) -> Interval {
    let ceiling = replyCeiling(of: index)
    let mayTakeLong = slots[index].longestReply != nil
    let usual = slots[index].estimate.allowance(
      floor: settings.replyFloor, ceiling: ceiling, unheard: mayTakeLong ? ceiling : settings.replyFloor * 2)
    if slots[index].isLost {
      let probes = slots[index].probes
      return probes & 15 == 15 || (probes < 8 && probes & 3 == 3) ? ceiling : usual
    }
    if mayTakeLong && (slots[index].attempts > 0 || slots[index].failures > 0) { return ceiling }
    guard !watch.isSuspect else { return usual }
    return min(usual * (1 << min(slots[index].failures, 3)), ceiling)
  }

  var missing: (bytes: Int, usuallyBy: Instant)? {
    mutating get {
      guard phase == .waiting else { return nil }
      let length = exchange.standardAnswer == ModbusLimit.frameBytes ? 1 : exchange.standardAnswer
      return (max(1, length - exchange.bytesHeard), exchange.usualReply)
    }
  }

  /// The most time this node ever gets.
  mutating func replyCeiling(of index: Int) -> Interval {
    slots[index].longestReply.map { $0 + settings.replyFloor } ?? settings.replyCeiling
  }
}

extension ModbusMaster {
  public var nodeCount: Int { slots.count }

  /// The node driver in turn `index`, to look at.
  public func node(_ index: Int) -> Node? { slots.indices.contains(index) ? nodes[index] : nil }

  /// What was counted about the node with this address.
  public func statistics(ofAddress address: UInt8) -> ModbusNodeStatistics? {
    let index = slotOfAddress[Int(address)]
    return index >= 0 ? slots[index].statistics : nil
  }

  public func isLost(address: UInt8) -> Bool {
    let index = slotOfAddress[Int(address)]
    return index >= 0 && slots[index].isLost
  }

  /// What the station was told of the bus last.
  public var condition: BusCondition? { watch.condition }
}
