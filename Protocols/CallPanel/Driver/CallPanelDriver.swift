import CallPanelCodec
import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import ModbusRTUDriver

/// The host's side of a call panel (README.md): short polls while nothing happens, an exchange when something does.
///
/// - A press is reported until the station accepts it, and acknowledged to the panel only then (`OfferedEvents`).
/// - A lamp wish is sent until the panel shows it (`LampWishes`); what is told to the station is what was read back (`PanelFacts`).
/// - Every poll and exchange carries a fresh token; an answer with another token is late and not taken.
/// - A panel of whatever map version gets call service, because poll and exchange are frozen; a device that is no call panel gets none.
/// - What is not call service (its firmware, and what a technician asks) goes between two polls, and never before a call (`PanelSideWork`).
public struct CallPanelDriver: ModbusNode, Sendable {
  /// The read-back of everything although nothing seems to have changed.
  public static let exchangeInterval = Interval.seconds(5)
  /// Supply and up-time are stale after three missed exchanges.
  public static let readingTimeToLive = Interval.seconds(15)
  /// A wish that the panel does not take yet, or an event that the station has not accepted yet, is tried again.
  static let retryInterval = Interval.seconds(1)
  /// A device that refuses or is none of ours is asked again.
  static let refusedInterval = Interval.seconds(10)
  /// So long after a poll another request may follow it; later, the next poll goes first.
  static let sideTime = Interval.milliseconds(60)
  /// Exceptions in a row after which the panel counts as faulted.
  static let exceptionLimit = 3
  /// Events in one call of `completed`, as the contract says.
  static let eventLimit = 8

  private enum State: Equatable {
    /// Asks for the strings. → `registers`, or `refused` when they are another product's.
    case strings
    /// Asks for version, unit and number of buttons. → `serving`, or `strings` when the answer makes no sense.
    case registers(PanelStrings)
    /// Polls and exchanges. → `strings` after a re-test, a restored line, or when another unit answers.
    case serving(PanelTransaction.Identification)
    /// Another product hangs at this address. → `strings` at the given time.
    case refused(until: Instant)
  }

  private enum Underway: Equatable {
    case strings, registers
    case poll(token: UInt8)
    case exchange(PanelOrder)
    case silentMask(UInt8)
    case side
  }

  public let configuration: CallPanelConfiguration
  public var device: DeviceID { configuration.device }
  public var carriesCalls: Bool { true }

  private var state = State.strings
  private var underway: Underway?
  private var underwayRequest: ModbusPDU?
  private var token: UInt8 = 0
  private var offered = OfferedEvents()
  private var wishes = LampWishes()
  private var facts = PanelFacts()
  private var silent = SilentWishes()
  private var standing = PanelStanding()
  private var side: PanelSideWork
  /// After the last poll something beside it was due: it goes before the next one, but not in its place.
  private var sideIsReady = false
  private var polledAt: Instant = .zero
  private var failures = 0
  private var exceptions = 0
  private var notBefore: Instant = .zero
  private var exchangeNow = true
  private var pollDue: Instant = .zero
  private var nextExchange: Instant = .zero
  private var lastExchange: Instant = .zero
  private var tellMore = false
  private var pendingShown: UInt8 = 0
  private var restartAcknowledgementDue = false

  public init(_ configuration: CallPanelConfiguration) {
    self.configuration = configuration
    side = PanelSideWork(node: configuration.device.node)
  }

  public var urgency: ModbusUrgency {
    guard case .serving = state else { return .none }
    guard exchangeNow else { return sideIsReady ? .background : .none }
    return Int(pendingShown) > offered.count ? .press : .answer
  }

  public var due: Instant {
    switch state {
    case .refused(let until): until
    case .strings, .registers: notBefore
    case .serving: exchangeNow || tellMore ? notBefore : min(max(notBefore, pollDue), nextExchange, max(notBefore, side.due))
    }
  }

  public mutating func nextTransaction(at now: Instant) -> ModbusTransaction? {
    if underway == .side {
      // A retry: the panel is polled instead, as somebody may have pressed.
      side.completed(nil, at: now)
      pollDue = now
    }
    // A retry: an answer is missing, and the panel may have started again since the one that told of a start.
    if underway != nil { restartAcknowledgementDue = false }
    guard due <= now else { return nil }
    if case .refused = state { state = .strings }
    token = (token &+ 1) & 15
    let request: ModbusPDU
    switch state {
    case .strings, .refused:
      underway = .strings
      request = PanelStrings.request
    case .registers:
      underway = .registers
      request = PanelTransaction.identification()
    case .serving(let identification):
      if let shown = facts.report?.silentMask,
        let mask = silent.maskToWrite(shown: shown, buttons: identification.buttons, at: now)
      {
        underway = .silentMask(mask)
        request = PanelTransaction.setSilentMask(mask)
      } else if exchangeNow || now >= nextExchange || facts.report == nil {
        let order = order(for: identification, at: now)
        underway = .exchange(order)
        // As many events as the panel has shown to wait: each costs 5 ms at 19,200 baud.
        let events = facts.report == nil ? PanelMap.eventWindow : min(Int(pendingShown), PanelMap.eventWindow)
        request = PanelTransaction.exchange(order, events: events)
      } else if now - polledAt <= CallPanelDriver.sideTime || side.isStarved(at: now), let work = side.nextRequest(at: now) {
        underway = .side
        request = work
      } else {
        underway = .poll(token: token)
        request = PanelTransaction.poll(token: token)
      }
    }
    underwayRequest = request
    let echoes =
      switch underway {
      case .poll, .exchange, .side: true
      case .strings, .registers, .silentMask, nil: false
      }
    return ModbusTransaction(request: request, toleratesLateAnswers: echoes)
  }

  public func accepts(_ answer: ModbusPDU) -> Bool {
    guard let underway, let request = underwayRequest, answer.function == request.function else { return false }
    if answer.isException { return answer.bytes.count == 2 }
    return switch underway {
    case .strings: PanelStrings(answer) != nil
    case .registers: answer.bytes.count == 10 && answer.bytes[1] == 8
    case .poll(let token): PanelTransaction.pollAnswer(answer)?.token == token
    case .exchange(let order): PanelTransaction.exchangeAnswer(answer)?.status.token == order.token
    case .silentMask: answer == request
    case .side: side.accepts(answer)
    }
  }

  public mutating func completed(_ outcome: ModbusOutcome, at now: Instant, into events: inout Effects<DeviceEvent>) {
    let finished = underway
    underway = nil
    underwayRequest = nil
    pollDue = now + configuration.pollInterval
    switch outcome {
    case .answered(let answer, _):
      if let finished { answered(finished, answer, at: now) }
    case .failed, .lineLost:
      failures = min(failures + 1, 1_000)
      restartAcknowledgementDue = false
      if finished == .side { side.completed(nil, at: now) }
    }
    side.tick(failures: failures, at: now)
    if finished != .side { polledAt = now }
    sideIsReady = side.due <= now
    report(at: now, into: &events)
  }

  public mutating func command(_ command: DeviceCommand, at now: Instant) {
    guard command.device == device else { return }
    switch command {
    case .accept(_, let event):
      if let button = offered.button(of: event) { wishes.accepted(button, at: now) }
      if offered.accept(event) { exchangeNow = true }
    case .indicate(let button, let indicator):
      wishes.want(indicator, button.button)
      exchangeNow = true
    case .setSilent(let button, let isSilent):
      silent.want(button.button, silent: isSilent)
      exchangeNow = true
    case .retest:
      identifyAgain()
      facts.forgetWhatWasTold()
    case .update, .identify, .readdress, .callOff:
      side.command(command)
      if case .serving(let identification) = state { side.meet(identification) }
    case .setOutput:
      break
    }
  }

  public mutating func lineRestored(at now: Instant) {
    identifyAgain()
  }

  private mutating func identifyAgain() {
    state = .strings
    underway = nil
    underwayRequest = nil
    notBefore = .zero
    exchangeNow = true
    exceptions = 0
    standing.startOver()
    side.startOver()
  }

  private mutating func answered(_ finished: Underway, _ answer: ModbusPDU, at now: Instant) {
    let wasAway = failures > 0
    failures = 0
    if finished == .side {
      // An exception here is between technician and panel: it is no reason to doubt the call service.
      side.completed(answer, at: now)
      return
    }
    if answer.isException {
      refused(finished, at: now)
      return
    }
    switch finished {
    case .strings:
      guard let strings = PanelStrings(answer), strings.isCallPanel else {
        state = .refused(until: now + CallPanelDriver.refusedInterval)
        standing.become(.faulted)
        return
      }
      if standing.health == nil { standing.become(.identifying) }
      state = .registers(strings)
    case .registers:
      identified(answer, at: now)
    case .side: break
    case .poll:
      exceptions = 0
      side.mayGo = true
      guard let status = PanelTransaction.pollAnswer(answer) else { return }
      pendingShown = status.pending
      let newEvents = Int(status.pending) > offered.count && offered.count < PanelMap.eventWindow
      let overdue = now - lastExchange >= CallPanelDriver.retryInterval
      if wasAway || newEvents || status.restarted || status.changed || (status.lampsDiffer && overdue)
        || (status.pending > 0 && overdue)
      {
        exchangeNow = true
      }
    case .exchange(let order):
      exceptions = 0
      side.mayGo = true
      exchanged(order, answer, at: now)
    case .silentMask:
      // Success is the read-back: the exchange shows the mask that the panel holds.
      silent.wait(until: now + CallPanelDriver.retryInterval)
      exchangeNow = true
    }
  }

  /// An exception: a younger panel may not know what is asked, a busy one may later. Calls are asked for again and again.
  private mutating func refused(_ finished: Underway, at now: Instant) {
    if case .silentMask = finished {
      silent.wait(until: now + CallPanelDriver.refusedInterval)
      return
    }
    exceptions = min(exceptions + 1, 1_000)
    notBefore = now + CallPanelDriver.retryInterval
    if exceptions >= CallPanelDriver.exceptionLimit {
      state = .strings
      standing.become(.faulted)
    }
  }

  private mutating func identified(_ answer: ModbusPDU, at now: Instant) {
    guard case .registers(let strings) = state else { return }
    guard let found = PanelTransaction.identificationAnswer(answer) else {
      state = .strings
      notBefore = now + CallPanelDriver.retryInterval
      standing.become(.faulted)
      return
    }
    if found.unit != offered.unit { facts.startOver() }
    side.meet(found)
    var identity = DeviceIdentity(
      vendor: strings.vendor, product: strings.product, firmware: strings.firmware, unit: found.unit,
      protocolVersion: found.version, buttons: found.buttons)
    if found.version >> 8 != PanelMap.version >> 8 { identity.isOfUnknownProtocol = true }
    standing.identified(identity)
    state = .serving(found)
    exceptions = 0
    exchangeNow = true
    standing.become(.online)
  }

  private func order(for identification: PanelTransaction.Identification, at now: Instant) -> PanelOrder {
    PanelOrder(
      token: token, acknowledgesRestart: restartAcknowledgementDue, mute: configuration.mute, unit: identification.unit,
      epoch: offered.epoch, sequence: offered.unit == identification.unit ? offered.acknowledgement : 0,
      lamps: lampsToWish(identification, at: now))
  }

  private func lampsToWish(_ identification: PanelTransaction.Identification, at now: Instant) -> PackedLamps {
    var lamps = PackedLamps(all: PackedLamps.noWish)
    guard let shown = facts.report else { return lamps }
    for button in 1...identification.buttons where shown.silentMask & (1 << (button - 1)) == 0 {
      lamps[button] = wishes.effective(button, shown: shown.lamps[button], waiting: offered.waits(for: button), at: now)
    }
    return lamps
  }

  private mutating func exchanged(_ order: PanelOrder, _ answer: ModbusPDU, at now: Instant) {
    guard case .serving(let identification) = state, let report = PanelTransaction.exchangeAnswer(answer) else { return }
    guard report.unit == identification.unit else {
      // Somebody put another panel there: nothing of this answer is taken, and nothing we ordered was obeyed.
      identifyAgain()
      facts.startOver()
      return
    }
    lastExchange = now
    exchangeNow = false
    if report.status.restarted || report.bootCount != facts.report?.bootCount { side.lookAgain() }
    side.seen(restarted: facts.report.map { $0.bootCount != report.bootCount } ?? false, at: now)
    offered.confirm(upTo: order.epoch == offered.epoch ? order.sequence : 0)
    offered.follow(unit: report.unit, epoch: report.epoch)
    facts.observe(report, at: now)
    pendingShown = UInt8(clamping: min(report.pending, 7))
    for place in 0..<PanelMap.eventWindow {
      if let event = PanelTransaction.event(place, of: answer) { offered.offer(event) }
    }
    for button in 1...identification.buttons { wishes.observed(report.lamps[button], button) }
    restartAcknowledgementDue = report.status.restarted
    let unmet = lampsToWish(identification, at: now)
    let moreEvents = Int(report.pending) > offered.count && offered.count < PanelMap.eventWindow
    if unmet != order.lamps || restartAcknowledgementDue || offered.acknowledgementIsDue || moreEvents { exchangeNow = true }
    nextExchange =
      offered.someWait || report.status.lampsDiffer ? now + CallPanelDriver.retryInterval : nextRoutineExchange(after: now)
  }

  /// Panels take their routine exchanges at moments of their own, spread over the interval by address: sixteen of them in one scan would make
  /// a press wait for a second.
  private func nextRoutineExchange(after now: Instant) -> Instant {
    let interval = CallPanelDriver.exchangeInterval.microseconds
    let moment = Int64(device.node &* 7 & 15) * (interval / 16)
    let since = (Int64(clamping: now.microseconds) - moment) % interval
    // Not so soon after another one that it would tell nothing new.
    return now + Interval(microseconds: interval - since < interval / 2 ? 2 * interval - since : interval - since)
  }

  /// Presses first, then what else is new, as much as one call may carry.
  private mutating func report(at now: Instant, into events: inout Effects<DeviceEvent>) {
    let limit = events.count + CallPanelDriver.eventLimit
    let job = side.job
    guard case .serving(let identification) = state else {
      tellMore = !standing.tell(device, side.firmware, job, upTo: limit, into: &events)
      return
    }
    offered.report(device, at: now, upTo: limit, into: &events)
    let toldStanding = standing.tell(device, side.firmware, job, upTo: limit, into: &events)
    let toldFacts =
      toldStanding && facts.tell(device, buttons: identification.buttons, at: now, upTo: limit, into: &events)
    tellMore = !toldFacts
  }
}
