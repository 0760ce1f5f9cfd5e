import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec

// The line as a whole: port up and down, conditions, words to the station.
extension ModbusMaster {
  /// Everything that had to be said fitted.
  var isQuietOutbox: Bool { mutating get { outboxHead == outbox.count && rotation.unsaid == 0 } }

  /// Hands over what fits: what happened on the line first, then the health of nodes in their order.
  mutating func flush(into effects: inout Effects<Effect>) {
    while outboxHead < outbox.count, effects.room > 0 {
      effects.append(.event(outbox[outboxHead]))
      outboxHead += 1
    }
    guard outboxHead == outbox.count else { return }
    if outboxHead > 0 {
      outbox.removeAll(keepingCapacity: true)
      outboxHead = 0
    }
    guard rotation.unsaid > 0 else { return }
    for index in slots.indices {
      guard let health = slots[index].unsaid else { continue }
      guard effects.room > 0 else { return }
      effects.append(.event(.healthChanged(nodes[index].device, health)))
      slots[index].said = health
      slots[index].unsaid = nil
    }
    rotation.unsaid = 0
  }

  mutating func raiseLine(at now: Instant) {
    closeExchange(at: now)
    phase = .idle
    silenceUntil = now + settings.timing.silence
    decoder = ModbusAnswerDecoder()
    // Anywhere in the order: a station that is killed again and again within its first second must not always leave out the same panels.
    if !slots.isEmpty { rotation.nextAlarm = Int(now.microseconds % UInt64(slots.count)) }
    for index in slots.indices {
      slots[index].failures = 0
      slots[index].isLost = false
      slots[index].againAt = .distantFuture
      slots[index].owesAnswer = false
      slots[index].notBefore = .zero
      lineRestored(index, at: now)
    }
    watch.goodAnswer()
  }

  mutating func dropLine(_ condition: BusCondition, at now: Instant) {
    closeExchange(at: now)
    phase = .down
    if watch.become(condition) { outbox.append(.busChanged(settings.bus, condition)) }
    for index in slots.indices {
      slots[index].say(.absent)
    }
    rotation.unsaid = 1
  }

  /// The bus as a whole is out of order: no node can be heard, and the station is told so.
  mutating func condemn(_ condition: BusCondition, at now: Instant) {
    guard watch.become(condition) else { return }
    outbox.append(.busChanged(settings.bus, condition))
    for index in slots.indices {
      slots[index].lose(slots[index].wasHeard ? .stale : .absent, stretch: watch.stretch)
      slots[index].notBefore = now
    }
    rotation.unsaid = 1
  }

  /// A node was heard: the bus works, and all that were lost with it are looked for at once.
  mutating func absolve(at now: Instant) {
    let wasSearching = watch.isSearching
    watch.goodAnswer()
    guard watch.become(.working) else { return }
    outbox.append(.busChanged(settings.bus, .working))
    guard wasSearching else { return }
    rotation.quickLooks = slots.count
    for index in slots.indices where slots[index].isLost {
      slots[index].backOff = 0
      slots[index].notBefore = now
    }
  }

  mutating func pass(_ command: DeviceCommand, at now: Instant) {
    let device = command.device
    let index = slotOfAddress[Int(device.node)]
    guard index >= 0, nodes[index].device == device else { return }
    if case .retest = command, slots[index].isLost {
      slots[index].backOff = 0
      slots[index].notBefore = min(slots[index].notBefore, now)
    }
    nodes[index].command(command, at: now)
    noteWish(of: index)
  }

  mutating func lineRestored(_ index: Int, at now: Instant) {
    nodes[index].lineRestored(at: now)
    noteWish(of: index)
  }

  /// The node was called: what it wants next may have changed.
  mutating func noteWish(of index: Int) {
    let wish = nodes[index].wish()
    if slots[index].wish.urgency != .none { rotation.urgent -= 1 }
    if wish.urgency != .none { rotation.urgent += 1 }
    slots[index].wish = wish
  }

  /// Tells the node how its transaction went and keeps what it says for the station.
  mutating func tell(_ index: Int, _ outcome: ModbusOutcome, at now: Instant) {
    let tray = tray.events
    nodes[index].completed(outcome, at: now, into: &tray.pointee)
    noteWish(of: index)
    lineStatistics.refusedEvents &+= UInt32(truncatingIfNeeded: tray.pointee.refused)
    tray.pointee.drain { outbox.append($0) }
  }

  /// The line went away under a request, or under a poll that was to be retried.
  private mutating func closeExchange(at now: Instant) {
    for index in slots.indices {
      let isAsked = phase != .idle && phase != .down && exchange.slot == index
      guard isAsked || slots[index].attempts > 0 else { continue }
      slots[index].attempts = 0
      tell(index, .lineLost, at: now)
    }
    rotation.retry = nil
    decoder.discard()
    decoder.end()
  }
}
