import DeviceKit
import DeviceVocabulary
import DigitalIOCodec
import DigitalIODeviceModel
import Foundation
import ModbusRTUCodec
import Station
import Synchronization
import Testing
import Transports

@testable import StationRuntime

/// What hangs on a module's relays when the station stops.
@Suite struct FarewellTests {
  private static let device = DeviceID(bus: "A", node: 20)

  /// A module on a pseudo-terminal, served by a thread of its own.
  private final class Bench: Sendable {
    let module: Mutex<DigitalIOModule>
    let path: String
    private let wire: Handed
    private let ended = StopFlag()
    private struct Handed: @unchecked Sendable { let terminal: PseudoTerminal }

    init() throws {
      wire = Handed(terminal: try PseudoTerminal())
      path = wire.terminal.slavePath
      let timing = ModbusTiming(baud: 19_200, parity: .none)
      module = Mutex(DigitalIOModule(address: 20, layout: DigitalIOLayout(inputCount: 4, outputCount: 2), timing: timing))
    }

    func serve() {
      var bytes = FixedBytes<256>()
      while !ended.isRaised {
        _ = waitForInput(wire.terminal.descriptorToWaitOn, until: MonotonicClock.now() + .milliseconds(2))
        let heard = if case .bytes = wire.terminal.read(into: &bytes) { true } else { false }
        let reply = module.withLock { module -> FixedBytes<256>? in
          var effects = Effects<DigitalIOModule.Effect>()
          module.handle(heard ? .received(bytes) : .wake, at: MonotonicClock.now(), into: &effects)
          guard !effects.isEmpty else { return nil }
          let reply = module.reply
          module.handle(.transmitted, at: MonotonicClock.now(), into: &effects)
          return reply
        }
        if let reply { wire.terminal.write(reply) }
      }
    }

    func end() { ended.raise() }
  }

  /// Runs a bus whose two relays are on until `stop` is called; answers how long the stop took.
  private func run(_ bench: Bench, beforeTheStop: (Bench) -> Void) throws -> Duration {
    Thread.detachNewThread { bench.serve() }
    defer { bench.end() }
    let plan = try SiteFile.read(SiteFileTests.good.replacing("/dev/ttyUSB0", with: bench.path), file: "f").buses[0]
    var alone = plan
    alone.panels = []
    let wake = try WakeSignal()
    let commands = BoundedMailbox<DeviceCommand>(capacity: 0, reserve: 8, wake: wake)
    let stop = StopFlag()
    let ended = DispatchSemaphore(value: 0)
    let relays: [SitePlan.Output] = [
      .init(device: Self.device, output: 1, role: .greenLight), .init(device: Self.device, output: 2, role: .sounder),
    ]
    let bus = alone
    Thread.detachNewThread {
      BusLoop(
        plan: bus, commands: commands, wake: wake, heartbeat: Heartbeat(name: "test"), board: BusBoard(), relays: relays,
        log: { _ in }, deliver: { _, _ in .accepted }
      ).run(until: stop)
      ended.signal()
    }
    for relay in relays {
      #expect(commands.send(.setOutput(Self.device, output: relay.output, on: true), .irreplaceable) == .accepted)
    }
    let limit = ContinuousClock.now + .seconds(20)
    while bench.module.withLock({ $0.outputs }) != 3, ContinuousClock.now < limit { usleep(10_000) }
    #expect(bench.module.withLock { $0.outputs } == 3, "the relays are on while the station runs")
    beforeTheStop(bench)
    let began = ContinuousClock.now
    stop.raise()
    wake.raise()
    ended.wait()
    return ContinuousClock.now - began
  }

  @Test func aCleanStopSwitchesOffWhatTheStationHeld() throws {
    let bench = try Bench()
    _ = try run(bench) { _ in }
    #expect(bench.module.withLock { $0.outputs } == 0)
  }

  @Test func aModuleThatIsDeadDelaysTheStopByLessThanASecond() throws {
    let bench = try Bench()
    let took = try run(bench) { bench in bench.module.withLock { $0.set(.dead) } }
    // What it takes beyond the limit is half a second of waiting at most, and a busy machine.
    #expect(took < .milliseconds(2500))
  }
}
