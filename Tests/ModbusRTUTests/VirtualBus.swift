import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import ModbusRTUDeviceModel
import ModbusRTUDriver
import Testing

/// One master and its slaves on a `VirtualLine`, run in virtual time. Station 0 is the master, slave n is station n + 1.
struct VirtualBus<Node: ModbusNode, Bank: ModbusBank> {
  var master: ModbusMaster<Node>
  var slaves: [ModbusSlave<Bank>]
  var line: VirtualLine
  private(set) var now = Instant.zero
  /// What the master told the station.
  private(set) var events: [(at: Instant, event: DeviceEvent)] = []

  /// A slave without power neither hears nor answers.
  var isPowered: [Bool]
  /// How long a slave thinks beyond t3.5.
  var replyDelay: [Interval]
  /// The adapter hands bytes over only so often (FTDI: 16 ms); zero is at once.
  var adapterLatency = Interval.zero
  /// The adapter repeats what the master sends.
  var adapterEchoes = false

  // The checker of silences looks at the wire, not at the master's idea of it.
  private(set) var silenceViolations = 0
  private(set) var framesSent = 0
  /// Line time taken by requests to an address, with the wait for its answer.
  private(set) var lineTime: [UInt8: Interval] = [:]
  private var lastOnWire = Instant.zero
  private var lastRequest: (address: UInt8, at: Instant)?

  private var due: [(at: Instant, slave: Int, isEnd: Bool)] = []
  private var held = FixedBytes<256>()
  private var heldUntil: Instant?

  init(settings: ModbusMasterSettings, nodes: [Node], slaves: [ModbusSlave<Bank>], seed: UInt64) {
    master = ModbusMaster(settings: settings, nodes: nodes)
    self.slaves = slaves
    line = VirtualLine(timing: settings.timing, seed: seed)
    isPowered = Array(repeating: true, count: slaves.count)
    replyDelay = Array(repeating: .zero, count: slaves.count)
  }

  /// An input of the master from outside the wire.
  mutating func tell(_ input: ModbusMaster<Node>.Input) {
    var effects = Effects<ModbusMaster<Node>.Effect>()
    master.handle(input, at: now, into: &effects)
    perform(&effects)
  }

  mutating func run(for interval: Interval) {
    let end = now + interval
    while let next = nextInstant(), next <= end {
      now = max(now, next)
      step()
    }
    now = end
  }

  private func nextInstant() -> Instant? {
    var next = Instant.distantFuture
    if let arrival = line.nextArrival { next = min(next, arrival) }
    if let deadline = master.deadline { next = min(next, deadline) }
    if let heldUntil { next = min(next, heldUntil) }
    for entry in due { next = min(next, entry.at) }
    for index in slaves.indices where isPowered[index] {
      if let deadline = slaves[index].deadline { next = min(next, deadline) }
    }
    return next == .distantFuture ? nil : next
  }

  private mutating func step() {
    while let arrival = line.arrival(by: now) { deliver(arrival) }
    if let until = heldUntil, until <= now { handOver() }
    for entry in due where entry.at <= now {
      if entry.isEnd { give(.transmitted, to: entry.slave) } else { answer(entry.slave) }
    }
    due.removeAll { $0.at <= now }
    for index in slaves.indices {
      if isPowered[index], let deadline = slaves[index].deadline, deadline <= now { give(.wake, to: index) }
    }
    if let deadline = master.deadline, deadline <= now { tell(.wake) }
  }

  private mutating func deliver(_ arrival: VirtualLine.Arrival) {
    lastOnWire = max(lastOnWire, arrival.at)
    if line.carries(from: arrival.from, to: 0) || (arrival.from == 0 && adapterEchoes) {
      held.append(arrival.byte)
      if adapterLatency == .zero { handOver() } else if heldUntil == nil { heldUntil = now + adapterLatency }
    }
    for index in slaves.indices where isPowered[index] && line.carries(from: arrival.from, to: index + 1) {
      give(.byte(arrival.byte), to: index)
    }
  }

  private mutating func handOver() {
    heldUntil = nil
    let bytes = held
    held.removeAll()
    if !bytes.isEmpty { tell(.received(bytes)) }
  }

  private mutating func give(_ input: ModbusSlave<Bank>.Input, to index: Int) {
    var effects = Effects<ModbusSlave<Bank>.Effect>()
    slaves[index].handle(input, at: now, into: &effects)
    guard !effects.isEmpty else { return }
    if replyDelay[index] == .zero { answer(index) } else { due.append((now + replyDelay[index], index, false)) }
  }

  private mutating func answer(_ index: Int) {
    let reply = slaves[index].reply
    if isPowered[index] { line.send(reply, from: index + 1, at: now) }
    due.append((now + line.timing.interval(ofCharacters: reply.count), index, true))
  }

  private mutating func perform(_ effects: inout Effects<ModbusMaster<Node>.Effect>) {
    for index in 0..<effects.count {
      switch effects[index] {
      case .transmit(let wire): transmit(wire)
      case .event(let event): events.append((now, event))
      case nil: break
      }
    }
  }

  private mutating func transmit(_ wire: FixedBytes<256>) {
    framesSent += 1
    if framesSent > 1, now < lastOnWire + line.timing.silence { silenceViolations += 1 }
    if let last = lastRequest {
      lineTime[last.address, default: .zero] = lineTime[last.address, default: .zero] + (now - last.at)
    }
    lastRequest = (wire[0], now)
    line.send(wire, from: 0, at: now)
    lastOnWire = max(lastOnWire, now + line.timing.interval(ofCharacters: wire.count))
  }

  /// When an event that fulfils `condition` was first said after `instant`.
  func first(after instant: Instant, _ condition: (DeviceEvent) -> Bool) -> Instant? {
    events.first { $0.at >= instant && condition($0.event) }?.at
  }
}

extension VirtualBus: CustomTestStringConvertible {
  /// Short: a failed expectation must not print every byte of the run.
  var testDescription: String { "bus at \(now.microseconds) µs, \(framesSent) requests, \(events.count) events" }
}
