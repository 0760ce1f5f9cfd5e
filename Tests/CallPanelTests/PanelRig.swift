import CallPanelCodec
import CallPanelDeviceModel
import CallPanelDriver
import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import ModbusRTUDriver

/// One driver and one panel at the two ends of a wire in virtual time, with a station that records and accepts.
struct PanelRig {
  static let device = DeviceID(bus: "A", node: 3)
  static let characterTime = Interval.microseconds(573)
  static let answerTimeout = Interval.milliseconds(60)

  var now = Instant(microseconds: 1_000_000)
  var driver = CallPanelDriver(CallPanelConfiguration(device: PanelRig.device))
  var panel: SimulatedPanel
  var random: SeededRandom
  var events: [DeviceEvent] = []
  /// Presses as a station records them: each identity once.
  var recorded: [Press] = []
  var duplicates = 0
  var accepts = true
  /// The registers of map 1.1, where this panel has them; the model answers all others.
  var firmware: ScriptedUpdatePanel?
  /// Instead of what the panel says of its map.
  var mapVersion: UInt16?
  /// Requests about firmware, and how many polls went before each since the one before.
  var sideRequests = 0
  var sideWithoutPoll = 0
  private var polledSinceSide = true
  /// When the longest transaction with the panel had its end, after how long.
  var longestSide = Interval.zero
  /// A press that comes in the middle of whatever the host does then.
  var planned: (at: Instant, button: UInt8)?
  /// What the station commands when it has recorded a press.
  var wishOnRecord: Indicator? = .slowBlink
  /// Of a thousand requests and answers, how many are lost.
  var lossPerThousand: UInt32 = 0
  var transactions = 0
  var exchanges = 0
  var lateAnswersRefused = 0
  var lampLog: [(at: Instant, button: UInt8, isOn: Bool)] = []
  var buzzerLog: [(at: Instant, isOn: Bool)] = []
  /// The power goes when the panel's memory has begun so many operations since it was made.
  var cutAtOperation = Int.max
  /// What reached the host and has not been looked at.
  private var arrived: [ModbusPDU] = []
  private var arrivals = 0
  private var sending: (bytes: FixedBytes<256>, until: Instant)?

  init(
    buttons: UInt8 = 8, unit: UInt32 = 0x00C0_FFEE, seed: UInt64 = 1, silentMask: UInt8 = 0, images: [[UInt8]] = [],
    key: FixedBytes<32> = FixedBytes()
  ) {
    panel = SimulatedPanel(
      unit: unit, buttons: buttons, settings: PanelSettings(address: 3, silentMask: silentMask), seed: seed, images: images,
      key: key)
    random = SeededRandom(seed: seed)
    hand(.powerOn(.powerOn, keepsQueue: false))
  }

  static func button(_ number: UInt8) -> ButtonID { ButtonID(device: device, button: number) }

  mutating func hand(_ hand: PanelHand) {
    switch hand {
    case .powerOff, .powerOn: sending = nil
    default: break
    }
    feed(.hand(hand))
  }

  /// Closes the contact for long enough and opens it again.
  mutating func tap(_ button: UInt8) {
    hand(.press(button))
    idle(.milliseconds(120))
    hand(.release(button))
    idle(.milliseconds(60))
  }

  mutating func command(_ command: DeviceCommand) {
    driver.command(command, at: now)
  }

  /// Time passes for the panel alone: the host is dead.
  mutating func idle(_ length: Interval) {
    advance(to: now + length)
  }

  /// Host and panel live.
  mutating func run(_ length: Interval) {
    let end = now + length
    while now < end {
      if driver.due <= now {
        transact()
      } else {
        advance(to: min(end, driver.due))
      }
    }
  }

  mutating func advance(to instant: Instant) {
    if let (at, button) = planned, at <= instant {
      planned = nil
      advance(to: at)
      hand(.press(button))
    }
    while let next, next <= instant { step(to: next) }
    now = max(now, instant)
  }

  /// The next thing that happens at the panel's end.
  private var next: Instant? {
    guard let sent = sending?.until else { return panel.deadline }
    return min(sent, panel.deadline ?? sent)
  }

  private mutating func step(to instant: Instant) {
    now = max(now, instant)
    if let sent = sending, sent.until <= now {
      sending = nil
      arrivals += 1
      if let frame = ModbusFrame(wire: sent.bytes), frame.address == PanelRig.device.node { arrived.append(frame.pdu) }
      feed(.transmitted)
    } else {
      feed(.wake)
    }
  }

  /// One transaction with one retry, as a master does it.
  mutating func transact() {
    transactions += 1
    for _ in 0..<2 {
      guard let transaction = driver.nextTransaction(at: now) else {
        now += .milliseconds(1)
        return
      }
      if transaction.request.function == 0x17 { exchanges += 1 }
      let answer =
        isScripted(transaction.request) ? scriptedAnswer(transaction.request) : plainAnswer(transaction.request)
      if let answer {
        complete(.answered(answer, roundTrip: .milliseconds(10)))
        return
      }
    }
    complete(.failed(.silent))
  }

  /// About firmware, and whether a script answers it.
  private func isScripted(_ request: ModbusPDU) -> Bool {
    firmware != nil && isSide(request) && !(0x0400..<0x0500).contains(request.bytes.bigEndian(at: 1))
  }

  private func isSide(_ request: ModbusPDU) -> Bool {
    request.function == 0x10 || request.function == 0x04 && (0x10..<0x40).contains(request.bytes.bigEndian(at: 1))
  }

  private mutating func count(_ request: ModbusPDU) {
    guard isSide(request) else { return polledSinceSide = true }
    sideRequests += 1
    if !polledSinceSide { sideWithoutPoll += 1 }
    polledSinceSide = false
  }

  /// The model's, with another map version where the test wants one.
  private mutating func plainAnswer(_ request: ModbusPDU) -> ModbusPDU? {
    count(request)
    guard var answer = exchange(request) else { return nil }
    if let mapVersion, request == PanelTransaction.identification() {
      answer.bytes[2] = UInt8(mapVersion >> 8)
      answer.bytes[3] = UInt8(mapVersion & 0xFF)
    }
    return answer
  }

  private mutating func scriptedAnswer(_ request: ModbusPDU) -> ModbusPDU? {
    count(request)
    let begin = now
    advance(to: now + PanelRig.characterTime * (request.bytes.count + 3 + 8) + .milliseconds(4))
    longestSide = max(longestSide, now - begin)
    guard let answer = firmware?.answer(request, at: now), !random.chance(lossPerThousand, in: 1_000) else {
      advance(to: now + PanelRig.answerTimeout)
      return nil
    }
    return driver.accepts(answer) ? answer : nil
  }

  /// A request of another program than the driver; `nil` when nothing was answered in time.
  mutating func ask(_ request: ModbusPDU) -> ModbusPDU? {
    let answer = exchange(request) { $0.function & 0x7F == request.function }
    advance(to: now + .milliseconds(2))
    return answer
  }

  /// A request to all.
  mutating func broadcast(_ request: ModbusPDU) {
    let wire = ModbusFrame(address: 0, pdu: request).encoded()
    advance(to: now + PanelRig.characterTime * wire.count)
    feed(.received(wire))
    advance(to: now + .milliseconds(20))
  }

  private mutating func exchange(_ request: ModbusPDU) -> ModbusPDU? {
    let driver = driver
    return exchange(request) { driver.accepts($0) }
  }

  private mutating func exchange(_ request: ModbusPDU, accepts: (ModbusPDU) -> Bool) -> ModbusPDU? {
    let wire = ModbusFrame(address: PanelRig.device.node, pdu: request).encoded()
    advance(to: now + PanelRig.characterTime * wire.count)
    let end = now + PanelRig.answerTimeout
    if !random.chance(lossPerThousand, in: 1_000) {
      let before = arrivals
      feed(.received(wire))
      while arrivals == before, let next, next <= end { step(to: next) }
      if arrivals > before, random.chance(lossPerThousand, in: 1_000) { arrived.removeLast(min(1, arrived.count)) }
    }
    let answers = arrived
    arrived = []
    for answer in answers {
      if accepts(answer) { return answer }
      lateAnswersRefused += 1
    }
    advance(to: end)
    return nil
  }

  private mutating func complete(_ outcome: ModbusOutcome) {
    var out = Effects<DeviceEvent>()
    driver.completed(outcome, at: now, into: &out)
    out.drain { hear($0) }
    advance(to: now + .milliseconds(2))
  }

  private mutating func hear(_ event: DeviceEvent) {
    events.append(event)
    guard accepts else { return }
    switch event {
    case .pressed(let press):
      if press.kind == .press || press.kind == .repeat { note(press) }
      if let identity = press.identity { driver.command(.accept(PanelRig.device, identity), at: now) }
    case .released(_, .some(let identity), _):
      driver.command(.accept(PanelRig.device, identity), at: now)
    default: break
    }
  }

  private mutating func note(_ press: Press) {
    if recorded.contains(where: { $0.identity == press.identity }) {
      duplicates += 1
    } else {
      recorded.append(press)
      if let wishOnRecord { driver.command(.indicate(press.button, wishOnRecord), at: now) }
    }
  }

  private mutating func feed(_ input: SimulatedPanel.Input) {
    var out = Effects<SimulatedPanel.Effect>()
    panel.handle(input, at: now, into: &out)
    if panel.firmware.memory.operations >= cutAtOperation {
      cutAtOperation = .max
      hand(.powerOff)
      return
    }
    var index = 0
    while let effect = out[index] {
      index += 1
      switch effect {
      case .transmit: send()
      case .lamp(let button, let isOn): lampLog.append((now, button, isOn))
      case .buzzer(let isOn): buzzerLog.append((now, isOn))
      }
    }
  }

  /// The panel's answer travels; cut short when the panel starts again meanwhile.
  private mutating func send() {
    sending = (panel.reply, now + PanelRig.characterTime * panel.reply.count)
  }
}

extension PanelRig {
  /// The newest thing said about something.
  func last<Value>(_ pick: (DeviceEvent) -> Value?) -> Value? {
    for event in events.reversed() {
      if let value = pick(event) { return value }
    }
    return nil
  }

  func observed(_ button: UInt8) -> Indicator? {
    last { if case .indicatorObserved(PanelRig.button(button), let indicator) = $0 { indicator } else { nil } }
  }
}
