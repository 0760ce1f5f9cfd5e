import DeviceKit
import DeviceVocabulary
import Foundation
import ModbusRTUCodec
import ModbusRTUDriver
import Station
import Transports

/// One pair of wires and the thread that owns it: opens the port, runs the whole conversation, and hands on only what changed.
package final class BusLoop {
  private var conversation: BusConversation

  /// - Parameter nodes: in the order of their turns; those of the plan unless given.
  package init(
    plan: BusPlan, nodes: [AnyModbusNode]? = nil, commands: BoundedMailbox<DeviceCommand>, wake: WakeSignal, heartbeat: Heartbeat,
    board: BusBoard, relays: [SitePlan.Output] = [], log: @escaping @Sendable (String) -> Void,
    deliver: @escaping (DeviceEvent, Instant) -> MailboxSend
  ) {
    conversation = BusConversation(
      plan: plan, commands: commands, wake: wake, deliver: deliver, heartbeat: heartbeat, board: board, relays: relays, log: log,
      master: DriverCatalog.master(plan, nodes: nodes))
  }

  package func run(until stop: StopFlag) { conversation.run(until: stop) }

  static func settings(_ plan: BusPlan) -> SerialSettings {
    var settings = SerialSettings()
    settings.baud = BaudRate(rawValue: plan.baud) ?? .b19200
    settings.format = CharacterFormat(rawValue: plan.format.rawValue) ?? .none8One
    settings.rs485 = plan.kernelRS485 ? .kernel(RS485Timing()) : .off
    return settings
  }
}

/// What the thread works on. A value that nobody else can reach, so that no access to it has to be checked or counted at run time.
private struct BusConversation: ~Copyable {
  private let plan: BusPlan
  private let nodes: [BusNode]
  private let commands: BoundedMailbox<DeviceCommand>
  private let wake: WakeSignal
  private let deliver: (DeviceEvent, Instant) -> MailboxSend
  private let heartbeat: Heartbeat
  private let board: BusBoard
  /// Switched off at the end: a light that says that somebody watches would not be true any more.
  private let relays: [SitePlan.Output]
  private let log: @Sendable (String) -> Void

  private var master: ModbusMaster<AnyModbusNode>
  private var line: SerialLine?
  /// Finds the port again when its adapter comes back under another name; `nil` before the first opening.
  private var tracker: PortTracker?
  private var publishAt = Instant.zero
  private var openAt = Instant.zero
  private var condition: BusCondition?
  private var lastError = ""
  /// Events that the station's mailbox did not take; the line rests until they are through, so that none is lost.
  private var undelivered: [DeviceEvent] = []
  private var heard = FixedBytes<256>()
  private var set = PollSet()
  private var effects = Effects<ModbusMaster<AnyModbusNode>.Effect>()
  /// Outputs of modules as they were read last, bit 0 = output 1.
  private var outputsSeen: [DeviceID: UInt32] = [:]
  private var outputsWished: [DeviceID: UInt32] = [:]
  /// For the board: what each device said of itself, and its technician's job.
  private var identities: [DeviceID: DeviceIdentity] = [:]
  private var jobs: [DeviceID: DeviceJob] = [:]

  static let reopenInterval = Interval.seconds(1)
  static let redeliverInterval = Interval.milliseconds(20)
  static let publishInterval = Interval.milliseconds(500)
  static let readsPerTurn = 16
  /// How long a stop waits for relays to be off; it has 4 s altogether.
  static let farewellLimit = Interval.milliseconds(800)

  init(
    plan: BusPlan, commands: BoundedMailbox<DeviceCommand>, wake: WakeSignal,
    deliver: @escaping (DeviceEvent, Instant) -> MailboxSend, heartbeat: Heartbeat, board: BusBoard, relays: [SitePlan.Output],
    log: @escaping @Sendable (String) -> Void, master: ModbusMaster<AnyModbusNode>
  ) {
    self.plan = plan
    nodes = plan.nodes
    self.commands = commands
    self.wake = wake
    self.deliver = deliver
    self.heartbeat = heartbeat
    self.board = board
    self.relays = relays
    self.log = log
    self.master = master
  }

  /// Four system calls a transaction: wait for the line's silence, write, wait for the whole answer, read.
  mutating func run(until stop: StopFlag) {
    _ = TimedWait.sharpenForThisThread()
    var batch: [DeviceCommand] = []
    var found = Found(commands: true, bytes: true)
    while !stop.isRaised {
      var now = MonotonicClock.now()
      heartbeat.beat(now)
      if line == nil, now >= openAt { open(at: now) }
      if found.commands {
        wake.clear()
        commands.receive(into: &batch)
        for command in batch {
          note(command)
          give(.command(command), at: now)
        }
        batch.removeAll(keepingCapacity: true)
      }
      now = readWhatCame(found, at: now)
      if undelivered.isEmpty { wakeMaster(at: now) }
      redeliver(at: now)
      if now >= publishAt { publish(at: now) }
      found = wait(from: now)
    }
    switchOff()
    line?.close()
  }

  /// - Returns: the time after it.
  private mutating func readWhatCame(_ found: Found, at now: Instant) -> Instant {
    // Before an answer counts as missing: a part of it, or one shorter than expected, may lie there without having woken anybody.
    let isLate = master.awaited != nil && master.deadline.map { $0 <= now } ?? false
    guard found.bytes || isLate else { return now }
    readAll()
    return MonotonicClock.now()
  }

  private mutating func wakeMaster(at now: Instant) {
    guard let deadline = master.deadline, deadline <= now else { return }
    master.wake(at: now, into: &effects)
    perform(at: now)
  }

  /// The station has stopped: its relays fall, as far as their modules answer. Who does not answer now is not waited for.
  private mutating func switchOff() {
    var now = MonotonicClock.now()
    let limit = now + Self.farewellLimit
    // One that was to be on may be on by now, although it has not been read since.
    for (device, wished) in outputsWished { outputsSeen[device, default: .max] |= wished }
    for relay in relays { give(.command(.setOutput(relay.device, output: relay.output, on: false)), at: now) }
    var found = Found(commands: true, bytes: true)
    while holdsARelay(), now < limit {
      if found.commands { wake.clear() }
      now = readWhatCame(found, at: now)
      heartbeat.beat(now)
      wakeMaster(at: now)
      found = wait(from: now)
      now = MonotonicClock.now()
    }
  }

  private func holdsARelay() -> Bool {
    for relay in relays where isHeld(relay) { return true }
    return false
  }

  /// Whether a relay is still on, or may be, and its module can be told.
  private func isHeld(_ relay: SitePlan.Output) -> Bool {
    guard line != nil, master.condition == nil || master.condition == .working, !master.isLost(address: relay.device.node) else {
      return false
    }
    return outputsSeen[relay.device].map { $0 & Self.bit(relay.output) != 0 } ?? true
  }

  private mutating func note(_ command: DeviceCommand) {
    guard case .setOutput(let device, let output, let on) = command else { return }
    let others = outputsWished[device, default: 0] & ~Self.bit(output)
    outputsWished[device] = on ? others | Self.bit(output) : others
  }

  /// Outputs are counted from 1.
  private static func bit(_ output: UInt8) -> UInt32 { 1 << UInt32(max(1, output) - 1) }

  /// What there is to do after a wait.
  private struct Found {
    var commands = false
    var bytes = false
  }

  private mutating func wait(from now: Instant) -> Found {
    var until = undelivered.isEmpty ? master.deadline : now + Self.redeliverInterval
    if line == nil { until = until.map { min($0, openAt) } ?? openAt }
    if let line, let awaited = master.awaited {
      // The threshold stays between transactions, as the next answer is mostly as long.
      let isLate = awaited.usuallyBy <= now
      line.setWakeThreshold(isLate ? 1 : awaited.bytes)
      if !isLate { until = until.map { min($0, awaited.usuallyBy) } ?? awaited.usuallyBy }
    }
    // Never longer than half a second, so that the heartbeat and the stop flag are looked at.
    let limit = now + .milliseconds(500)
    set.removeAll()
    let signal = set.add(wake.fileDescriptor) ?? 0
    let place = line.flatMap { set.add($0.fileDescriptor, output: $0.hasUnsentBytes) }
    guard set.wait(until: until.map { min($0, limit) } ?? limit) > 0 else { return Found() }
    let ready = place.map { set[$0] } ?? []
    if ready.contains(.output), case .hangup = line?.flush() { return Found(commands: set[signal].contains(.input), bytes: true) }
    return Found(commands: set[signal].contains(.input), bytes: !ready.isDisjoint(with: [.input, .hangup]))
  }

  // MARK: - The port

  private mutating func open(at now: Instant) {
    openAt = now + Self.reopenInterval
    do {
      let path = try locate()
      let line = try SerialLine(path: path, settings: BusLoop.settings(plan))
      self.line = line
      note(.working, "\(path), \(plan.baud) \(plan.format.rawValue)")
      give(.lineUp, at: now)
    } catch {
      let next = error.busCondition
      note(next, "\(error)")
      give(.lineDown(next), at: now)
    }
  }

  /// The port that is meant, under whatever name its adapter has now.
  private mutating func locate() throws(TransportError) -> String {
    if tracker == nil { tracker = PortTracker(try PortSelector(parsing: plan.port)) }
    return try tracker?.locate().path ?? plan.port
  }

  private mutating func lost(_ why: String, at now: Instant) {
    line?.close()
    line = nil
    openAt = now + Self.reopenInterval
    note(.adapterAbsent, why)
    give(.lineDown(.adapterAbsent), at: now)
  }

  private mutating func note(_ next: BusCondition, _ text: String) {
    guard next != condition || text != lastError else { return }
    condition = next
    lastError = text
    log("bus \(plan.name): \(next.rawValue): \(text)")
    publishAt = .zero
  }

  private mutating func publish(at now: Instant) {
    publishAt = now + Self.publishInterval
    board.put(
      BusReport(
        bus: plan.name, port: plan.port, path: line?.path, baud: plan.baud, format: plan.format.rawValue,
        condition: master.condition,
        remark: lastError, asOf: now, line: master.lineStatistics,
        nodes: nodes.map { node in
          BusReport.Node(
            address: node.address, name: node.name, isPanel: node.isPanel, isLost: master.isLost(address: node.address),
            longestReplyMilliseconds: Int(node.longestReply.microseconds / 1000),
            counts: master.statistics(ofAddress: node.address) ?? ModbusNodeStatistics(),
            identity: identities[DeviceID(bus: plan.name, node: node.address)],
            job: jobs[DeviceID(bus: plan.name, node: node.address)])
        }))
  }

  // MARK: - Bytes

  private mutating func readAll() {
    // Bounded, so that a line on which bytes never end (a pseudo-terminal has no baud rate) keeps neither commands nor the stop waiting.
    for _ in 0..<Self.readsPerTurn {
      guard let open = line else { return }
      let result = open.read(into: &heard)
      // Not before the read: t3.5 counts from the last byte in it, however long this thread was kept from its processor.
      let now = MonotonicClock.now()
      switch result {
      case .bytes:
        master.receive(&heard, at: now, into: &effects)
        perform(at: now)
      case .none: return
      case .hangup: lost("串口断开 / port hung up", at: now)
      }
      // A read that does not fill the buffer has emptied the line.
      guard heard.room == 0 else { return }
    }
  }

  private mutating func give(_ input: ModbusMaster<AnyModbusNode>.Input, at now: Instant) {
    master.handle(input, at: now, into: &effects)
    perform(at: now)
  }

  private mutating func perform(at now: Instant) {
    var hungUp = false
    while let effect = effects.takeFirst() {
      switch effect {
      case .transmit(let bytes):
        if let line, case .hangup = line.write(bytes) { hungUp = true }
      case .event(let event):
        note(event)
        if !undelivered.isEmpty || deliver(event, now) == .refused { undelivered.append(event) }
      }
    }
    if hungUp { lost("串口断开 / port hung up", at: now) }
  }

  private mutating func note(_ event: DeviceEvent) {
    switch event {
    case .outputsObserved(let device, let outputs): outputsSeen[device] = outputs
    case .identified(let device, let identity): identities[device] = identity
    case .jobChanged(let device, let job):
      // Whoever waits for its end should not wait for the board as well.
      if jobs[device]?.step != job.step { publishAt = .zero }
      jobs[device] = job
    default: break
    }
  }

  private mutating func redeliver(at now: Instant) {
    guard !undelivered.isEmpty else { return }
    while let event = undelivered.first {
      guard deliver(event, now) != .refused else { return }
      undelivered.removeFirst()
    }
  }
}

extension TransportError {
  /// What a failed opening means for the whole bus.
  var busCondition: BusCondition {
    switch self {
    case .portBusy, .notPermitted: .portBusy
    default: .adapterAbsent
    }
  }
}
