import DeviceKit
import DeviceVocabulary
import Foundation
import ModbusRTUCodec
import ModbusRTUDriver
import StationRuntime
import Synchronization
import Testing
import Transports

/// The thread of one line on a pseudo-terminal. Whole answers wake it; what is shorter, late or from elsewhere must be noticed too.
@Suite struct BusLoopTests {
  /// Answers 0x83 and a reason, 5 bytes, where 25 were possible.
  @Test func anExceptionIsTakenWhereALongAnswerWasAwaited() throws {
    let outcomes = try run(count: 20) { request in
      [ModbusFrame(address: request.address, pdu: .exception(.busy, to: 3)).encoded()]
    }
    #expect(outcomes.exceptions == 20)
  }

  @Test func anAnswerInPiecesIsTaken() throws {
    let outcomes = try run(count: 20) { request in
      var values = FixedRegisters<125>()
      for value in UInt16(1)...10 { values.append(value) }
      let wire = ModbusFrame(address: request.address, pdu: .registers(function: 3, values: values)).encoded()
      let bytes = (0..<wire.count).map { wire[$0] }
      return [FixedBytes(bytes[..<1]), FixedBytes(bytes[1..<20]), FixedBytes(bytes[20...])]
    }
    #expect(outcomes.answers == 20)
  }

  @Test func aCommandReachesANodeThatNeverAsks() throws {
    let log = try ProbeLog(goal: 1)
    let terminal = try PseudoTerminal()
    let commands = BoundedMailbox<DeviceCommand>(capacity: 0, reserve: 4, wake: log.wake)
    #expect(commands.send(.retest(ProbeNode.place), .irreplaceable) == .accepted)
    try loop(terminal.slavePath, ProbeNode(log, due: .distantFuture), commands, log).run(until: log.stop)
    #expect(log.found.commands == 1)
  }

  /// Runs the loop until the node has had so many answers; `answer` says in which pieces the other side of the wire answers.
  private func run(
    count: Int, answer: @escaping @Sendable (ModbusFrame) -> [FixedBytes<256>]
  ) throws -> ProbeLog.Found {
    let log = try ProbeLog(goal: count)
    let wire = Handed(terminal: try PseudoTerminal())
    let path = wire.terminal.slavePath
    let ended = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      var bytes = FixedBytes<256>()
      while !log.stop.isRaised {
        _ = waitForInput(wire.terminal.descriptorToWaitOn, until: MonotonicClock.now() + .milliseconds(50))
        guard case .bytes = wire.terminal.read(into: &bytes), let request = ModbusFrame(wire: bytes) else { continue }
        for piece in answer(request) {
          wire.terminal.write(piece)
          usleep(1_000)
        }
      }
      ended.signal()
    }
    try loop(path, ProbeNode(log, due: .zero), BoundedMailbox(capacity: 0, reserve: 4, wake: log.wake), log).run(until: log.stop)
    ended.wait()
    return log.found
  }

  /// Used by the answering thread only, after it was made.
  private struct Handed: @unchecked Sendable { let terminal: PseudoTerminal }

  private func loop(_ path: String, _ node: ProbeNode, _ commands: BoundedMailbox<DeviceCommand>, _ log: ProbeLog) throws
    -> BusLoop
  {
    let text = SiteFileTests.good.replacing("/dev/ttyUSB0", with: path)
    return BusLoop(
      plan: try SiteFile.read(text, file: "site.yaml").buses[0], nodes: [AnyModbusNode(node)], commands: commands, wake: log.wake,
      heartbeat: Heartbeat(name: "test"), board: BusBoard(), log: { _ in }, deliver: { _, _ in .accepted })
  }
}

/// What a node was told; ends the loop when that is enough.
private final class ProbeLog: Sendable {
  struct Found: Sendable {
    var answers = 0
    var exceptions = 0
    var commands = 0
  }

  let stop = StopFlag()
  let wake: WakeSignal
  private let state = Mutex(Found())
  private let goal: Int

  init(goal: Int) throws {
    self.goal = goal
    wake = try WakeSignal()
  }

  var found: Found { state.withLock { $0 } }

  func note(_ change: (inout Found) -> Void) {
    let sum = state.withLock { found in
      change(&found)
      return found.answers + found.exceptions + found.commands
    }
    if sum >= goal { stop.raise() }
  }
}

/// Reads ten registers again and again.
private struct ProbeNode: ModbusNode {
  static let place = DeviceID(bus: "A", node: 1)
  static let request = ModbusPDU.readHoldingRegisters(start: 0, count: 10)

  let device = ProbeNode.place
  let carriesCalls = true
  let due: Instant
  private let log: ProbeLog

  init(_ log: ProbeLog, due: Instant) {
    self.log = log
    self.due = due
  }

  mutating func nextTransaction(at now: Instant) -> ModbusTransaction? {
    ModbusTransaction(request: Self.request, toleratesLateAnswers: true)
  }

  func accepts(_ answer: ModbusPDU) -> Bool { true }

  mutating func completed(_ outcome: ModbusOutcome, at now: Instant, into events: inout Effects<DeviceEvent>) {
    guard case .answered(let answer, _) = outcome else { return }
    log.note { if answer.isException { $0.exceptions += 1 } else { $0.answers += 1 } }
  }

  mutating func command(_ command: DeviceCommand, at now: Instant) { log.note { $0.commands += 1 } }
  mutating func lineRestored(at now: Instant) {}
}
