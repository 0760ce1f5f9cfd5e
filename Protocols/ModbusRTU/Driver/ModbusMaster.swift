import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec

/// Where a node driver puts what it says. Empty between two calls, so that copies of a master may share it: to make and destroy one for each
/// transaction would cost more than all the rest.
final class EventTray {
  let events: UnsafeMutablePointer<Effects<DeviceEvent>>

  init() {
    events = .allocate(capacity: 1)
    events.initialize(to: Effects())
  }

  deinit {
    events.deinitialize(count: 1)
    events.deallocate()
  }
}

// Not inside the generic master: their layout would then be looked up at run time for every one that is handled.

public enum ModbusMasterInput: Sendable {
  case received(FixedBytes<256>)
  case wake
  /// The port is open.
  case lineUp
  /// The port is gone, or could not be opened (`adapterAbsent`, `portBusy`).
  case lineDown(BusCondition)
  case command(DeviceCommand)
}

public enum ModbusMasterEffect: Sendable, Equatable {
  case transmit(FixedBytes<256>)
  case event(DeviceEvent)
}

/// The owner of a half-duplex Modbus line: asks one node at a time, keeps t3.5 of silence, measures how long each node takes, retries,
/// opens circuit breakers and judges the bus as a whole (MODBUS over Serial Line V1.02 §2.4; the sheet's section 7).
///
/// Order of turns: alarm nodes that are due, each once a scan; after a scan one other node and one lost node. So a dead node costs the
/// others one probe now and then, and an alarm node never waits for more than one scan, one other node and one probe. Between two ordinary
/// turns one node for which somebody waits (`urgency`) may go: a call does not wait for a scan at each of its steps.
///
/// What it says of a node: `stale`, `absent` or `faulted` when the breaker opens (or the bus is gone). When the node answers again it is
/// told `completed` and then `lineRestored`: its driver asks who is there and says `online` itself.
///
/// What only looks at the master is `mutating` all the same where a turn needs it: else each call would be handed a copy of all of it.
public struct ModbusMaster<Node: ModbusNode>: Machine {
  public typealias Input = ModbusMasterInput
  public typealias Effect = ModbusMasterEffect

  enum Phase: Sendable {
    /// No port. Can transition to: idle.
    case down
    /// Nobody is asked. Can transition to: waiting, turnaround, down.
    case idle
    /// A request is out. Can transition to: idle, down.
    case waiting
    /// A broadcast is out. Can transition to: idle, down.
    case turnaround
  }

  public let settings: ModbusMasterSettings
  public internal(set) var lineStatistics = ModbusLineStatistics()
  /// Nothing is sent before: t3.5 after the last byte sent or heard.
  public internal(set) var silenceUntil = Instant.zero
  public private(set) var deadline: Instant?
  /// What is still missing of the answer that is waited for; `nil` while nobody is asked.
  ///
  /// A thread need not look before `bytes` (1...256) more are there or `usuallyBy` has come; from then on each byte counts, because the answer
  /// is late or shorter than it might be (an exception).
  public private(set) var awaited: (bytes: Int, usuallyBy: Instant)?

  var nodes: [Node]
  /// As many as there are nodes, in the same order.
  var slots: [ModbusSlot]
  /// Slot of each address; -1 where there is none.
  var slotOfAddress: [Int]
  var phase = Phase.down
  var exchange = ModbusExchange()
  var decoder = ModbusAnswerDecoder()
  var watch: BusWatch
  var rotation = ModbusRotation()
  /// Events that did not fit into the effects yet.
  var outbox: [DeviceEvent] = []
  var outboxHead = 0
  let tray = EventTray()

  /// Nodes in the order of their turns. Of two nodes with one address only the first is ever asked.
  public init(settings: ModbusMasterSettings, nodes: [Node]) {
    self.settings = settings
    watch = BusWatch(timing: settings.timing)
    self.nodes = nodes
    slots = nodes.map { ModbusSlot($0) }
    slotOfAddress = Array(repeating: -1, count: 256)
    for index in slots.indices.reversed() { slotOfAddress[Int(slots[index].address)] = index }
    for index in slots.indices where slotOfAddress[Int(slots[index].address)] != index { slots[index].isShadowed = true }
    rotation.urgent = slots.count { $0.wish.urgency != .none }
    outbox.reserveCapacity(32)
  }

  // Compiled for the nodes of the station here, where everything they call is: from another module generic code is run unspecialised.
  @_specialize(where Node == AnyModbusNode)
  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .received(var bytes): return receive(&bytes, at: now, into: &effects)
    case .wake: break
    case .lineUp: raiseLine(at: now)
    case .lineDown(let condition): dropLine(condition, at: now)
    case .command(let command): pass(command, at: now)
    }
    wake(at: now, into: &effects)
  }

  /// What `.received` does, for a thread that reads into a buffer of its own: as an input, its bytes would be copied four times. They are not
  /// changed.
  @_specialize(where Node == AnyModbusNode)
  public mutating func receive(_ bytes: inout FixedBytes<256>, at now: Instant, into effects: inout Effects<Effect>) {
    hear(&bytes, at: now)
    wake(at: now, into: &effects)
  }

  /// What `.wake` does.
  @_specialize(where Node == AnyModbusNode)
  public mutating func wake(at now: Instant, into effects: inout Effects<Effect>) {
    advance(at: now, into: &effects)
    deadline = nextWake(after: now)
    awaited = missing
  }

  private mutating func advance(at now: Instant, into effects: inout Effects<Effect>) {
    switch phase {
    case .down, .idle: break
    case .waiting: if now >= exchange.replyBy && isQuietOutbox { timeOut(at: now) }
    case .turnaround: if now >= exchange.replyBy && isQuietOutbox { finishBroadcast(at: now) }
    }
    flush(into: &effects)
    guard phase == .idle, isQuietOutbox, effects.room > 0, now >= sendGate else { return }
    nextRequest(at: now, into: &effects)
    // A retry that its driver gave up leaves events behind.
    flush(into: &effects)
  }

  /// From when on something may be sent.
  var sendGate: Instant {
    mutating get {
      watch.condition == .jammed ? max(silenceUntil, watch.lastHeard + settings.quietAfterJam) : silenceUntil
    }
  }

  private mutating func nextWake(after now: Instant) -> Instant? {
    guard isQuietOutbox else { return now }
    switch phase {
    case .down: return nil
    case .waiting, .turnaround: return exchange.replyBy
    case .idle:
      let gate = sendGate
      var earliest = Instant.distantFuture
      for index in slots.indices {
        earliest = min(earliest, slots[index].eligible)
        // Sooner than the line is free it cannot be, and mostly one of the first nodes is due by then.
        if earliest <= gate { break }
      }
      return earliest == .distantFuture ? nil : max(earliest, gate)
    }
  }
}
