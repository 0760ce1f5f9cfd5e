import DeviceKit
import DeviceVocabulary
import Journal
import ModbusRTUDriver
import Station
import StationRuntime

/// One run of the station's program in virtual time: the masters of its wires, the mailbox and the decider, put together as
/// `StationRuntime` puts them on threads. It ends when it is killed; what it held in memory is gone then.
final class SimulatedProgram {
  typealias Master = ModbusMaster<AnyModbusNode>

  enum Release {
    case effect(StationEffect)
    case page(DeskView, VisitView?, WallView?)
    /// Entries are on disk: the uplink may send them.
    case recorded([JournalEntry])
  }

  var masters: [Master]
  var decider: Decider
  let store: WatchedStore
  /// The line to the parent, if there is one.
  var uplink: SimulatedUplink?
  /// Requests of the child that wait for the station's answer, and heartbeats since the last telling.
  var asked: [UInt64: (event: SimulatedLine.Event, request: UInt32, giveUpAt: Instant)] = [:]
  var pulses: [ChildPulse] = []
  var pulsesToldAt = Instant.zero
  /// Inputs with their monotonic time.
  var inbox: [(input: StationInput, at: Instant)]
  /// When the station's thread wakes up for its inbox, in site time.
  var wakeAt: Instant?
  /// The station's thread is in a commit until then.
  var busyUntil: Instant
  /// What the commits let go and has not been seen yet, in order of site time.
  var releases: [(at: Instant, release: Release)] = []
  var publishedAt: Instant
  /// Drivers of the wall's devices, in the site file's order.
  var wall: [SimulatedWallDriver]
  /// What the operator's console shows.
  var wallPage: WallView?
  /// What terminal and windows show.
  var visitPage: VisitView?
  var maintainedAt: Instant
  var lineDue: [Instant?]
  /// Deadlines in site time, as they were after the last input: looked at far more often than they change.
  var masterDue: [Instant]
  var deciderDue: Instant

  init(site: Site, store: WatchedStore, boot: String, at now: Instant, monotonic: Instant) throws {
    masters = site.buses.map { DriverCatalog.master($0) }
    wall = (site.wall?.devices ?? []).compactMap { SimulatedWallDriver($0) }
    self.store = store
    decider = try Decider(plan: site.plan, store: store)
    inbox = [(.started(boot: boot, program: "simulated"), monotonic)]
    wakeAt = now
    busyUntil = now
    publishedAt = now
    maintainedAt = now
    lineDue = site.buses.map { _ in now }
    masterDue = site.buses.map { _ in .distantFuture }
    deciderDue = .distantFuture
  }

  func send(_ input: StationInput, at monotonic: Instant, wake: Instant) {
    inbox.append((input, monotonic))
    wakeAt = min(wakeAt ?? .distantFuture, wake)
  }

  /// When the station's thread has something to do, in site time.
  var stepDue: Instant { max(min(wakeAt ?? .distantFuture, deciderDue, publishedAt + .seconds(2)), busyUntil) }
}
