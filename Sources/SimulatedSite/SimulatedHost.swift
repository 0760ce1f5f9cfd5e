import DeviceKit
import Journal
import Station
import StationRuntime

/// One PC of a simulated site: its disk, its clocks, the station's program on it, and the page that its desk shows. The community's has
/// wires and a line up; the street centre's has the other end of that line.
final class SimulatedHost {
  enum Role { case community, street }

  let role: Role
  let site: Site
  let storage: any SimulatedStorage
  let keys = SimulatedKeys()
  var clock = HostClock()
  var random: SeededRandom
  var program: SimulatedProgram?
  /// The last page that was shown.
  var page: DeskView?
  var requests: [UInt64: DeskRequest] = [:]
  var lastRequest: UInt64 = 0
  /// Journal position up to which the observers know what is on disk.
  var seenPosition: JournalPosition?
  /// The service manager tries again.
  var retryStart: Instant?
  var needsBoot = false

  init(_ role: Role, site: Site, storage: any SimulatedStorage, random: SeededRandom) {
    self.role = role
    self.site = site
    self.storage = storage
    self.random = random
  }

  /// When something is due on it.
  var due: Instant? {
    guard let program else { return retryStart }
    var next = program.stepDue
    for index in program.masters.indices {
      next = min(next, program.masterDue[index])
      if let due = program.lineDue[index] { next = min(next, due) }
    }
    for member in program.wall { next = min(next, member.due) }
    if let first = program.releases.first { next = min(next, first.at) }
    if let due = program.uplink?.due { next = min(next, due) }
    return next
  }

  func send(_ input: StationInput, at now: Instant, wake after: Interval = .microseconds(100)) {
    program?.send(input, at: clock.monotonic(now), wake: now + after)
  }

  func ask(_ post: String, _ action: DeskRequest.Action, at now: Instant) {
    lastRequest += 1
    let request = DeskRequest(number: lastRequest, post: post, action: action)
    requests[lastRequest] = request
    send(.request(request), at: now)
  }

  /// What it tells observers, as whose it is.
  func fact(_ fact: SiteFact) -> SiteFact { role == .street ? .street(fact) : fact }
}
