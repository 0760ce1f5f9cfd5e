import DeviceKit
import DeviceVocabulary
import Station
import StationRuntime
import TestSupport
import Testing

@testable import SimulatedSite

/// A station with the drivers and the simulated devices of its wall, in virtual time: what the program and `linli sim wall` are on a line.
struct VirtualWall {
  /// How a device is not there.
  enum Death: String, CaseIterable {
    /// Nothing listens.
    case refuses
    /// Nothing answers at all.
    case blackHole
    /// It takes the connection, and says nothing.
    case silent
    /// Somebody else has its only session.
    case taken
    /// It has no power.
    case off
  }

  /// What a driver wrote on a device's line.
  struct Writing: Equatable {
    var at: Instant
    var bytes: [UInt8]
  }

  private(set) var station: Station
  private(set) var now = Instant(microseconds: 1_000_000)
  private(set) var entries: [Entry] = []
  private(set) var written: [String: [Writing]] = [:]
  /// When each device's line was opened, or tried to be.
  private(set) var openings: [String: [Instant]] = [:]
  private var clock = WallClock(unixMilliseconds: 1_790_000_000_000, synchronised: true)
  private var drivers: [SimulatedWallDriver] = []
  private var devices: [SimulatedWallDevice] = []
  private var dead: [String: Death] = [:]
  private var answers: [DeskAnswer] = []
  private var requests: UInt64 = 0
  private var presses: UInt32 = 0
  /// Steps without time passing: more than this is a machine that is woken without end.
  private static let idleLimit = 20_000

  init(_ site: WallSite, dead: [String: Death] = [:]) throws {
    let site = try SiteFile.read(site.text, file: "site.yaml")
    station = Station(plan: site.plan)
    self.dead = dead
    for plan in try #require(site.wall).devices {
      // Not the seed of another device, so that what one does moves no byte of another.
      let seed = plan.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }
      drivers.append(try #require(SimulatedWallDriver(plan)))
      devices.append(try #require(SimulatedWallDevice(plan, seed: seed)))
    }
    for (name, death) in dead.sorted(by: { $0.key < $1.key }) {
      switch death {
      case .refuses, .blackHole: break
      case .silent: hand(name, .silent(true))
      case .taken: hand(name, .taken(true))
      case .off: hand(name, .power(nil, false))
      }
    }
    tell(.started(boot: "boot-1", program: "test"))
    tell(.device(.busChanged("A", .working)))
    for device in site.plan.devices { tell(.device(.healthChanged(device.id, .online))) }
  }

  // MARK: - Hands

  mutating func hand(_ name: String, _ hand: WallHand) {
    guard let index = devices.firstIndex(where: { $0.name == name }) else { return }
    devices[index].hand(hand, at: now)
  }

  /// Nobody is at the other end any more, or somebody is again.
  mutating func set(_ death: Death?, _ name: String) {
    dead[name] = death
    if let index = devices.firstIndex(where: { $0.name == name }), death != nil { devices[index].close(at: now) }
  }

  @discardableResult
  mutating func ask(_ action: WallAction, by post: String = "wall") -> DeskAnswer {
    requests += 1
    answers = []
    tell(.request(DeskRequest(number: requests, post: post, action: .wall(action))))
    return answers.last ?? .refused(.stationBusy)
  }

  @discardableResult
  mutating func desk(_ action: DeskRequest.Action) -> DeskAnswer {
    requests += 1
    answers = []
    tell(.request(DeskRequest(number: requests, post: "desk", action: action)))
    return answers.last ?? .refused(.stationBusy)
  }

  mutating func press(_ button: ButtonID) {
    presses += 1
    let identity = EventIdentity(unit: 700, epoch: 1, sequence: presses)
    tell(.device(.pressed(Press(button: button, identity: identity, ageMilliseconds: 40))))
  }

  // MARK: - Time

  /// Lets time pass, with every machine woken exactly at its deadline.
  mutating func pass(_ interval: Interval) {
    let end = now + interval
    var idle = 0
    while let next = due, next <= end {
      idle = next <= now ? idle + 1 : 0
      guard idle < Self.idleLimit else {
        Issue.record("something is woken without end at \(now)")
        break
      }
      advance(to: max(now, next))
      step()
    }
    advance(to: end)
    // What is asked of the station now is reckoned from now.
    tell(.wake)
  }

  /// ... until it is so, looked at every `step`; how long that took, `nil` when it is not so by then.
  mutating func pass(atMost limit: Interval, every step: Interval = .milliseconds(50), until isSo: (VirtualWall) -> Bool)
    -> Interval?
  {
    let start = now
    while now - start <= limit {
      if isSo(self) { return now - start }
      pass(step)
    }
    return nil
  }

  private var due: Instant? {
    var next = station.deadline ?? .distantFuture
    for device in devices { next = min(next, device.due) }
    for driver in drivers { next = min(next, driver.driver.deadline ?? .distantFuture) }
    return next == .distantFuture ? nil : next
  }

  private mutating func advance(to moment: Instant) {
    clock.unixMilliseconds += (moment - now).microseconds / 1000
    now = moment
  }

  private mutating func step() {
    for index in devices.indices {
      if devices[index].due <= now { for arrival in devices[index].step(at: now) { arrived(arrival, index) } }
      if let due = drivers[index].driver.deadline, due <= now { give(.wake, index) }
    }
    if let due = station.deadline, due <= now { tell(.wake) }
  }

  private mutating func arrived(_ arrival: SimulatedWallDevice.Arrival, _ index: Int) {
    switch arrival {
    case .linkUp: give(.linkUp, index)
    case .linkDown: give(.linkDown, index)
    case .bytes(let bytes): give(.received(bytes), index)
    }
  }

  private mutating func give(_ input: WallInput, _ index: Int) {
    var effects = Effects<WallEffect>()
    let name = devices[index].name
    drivers[index].driver.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .write(let bytes):
        written[name, default: []].append(Writing(at: now, bytes: bytes))
        devices[index].write(bytes, at: now)
      case .reopen:
        openings[name, default: []].append(now)
        switch dead[name] {
        case .refuses?: give(.linkDown, index)
        case .blackHole?: break
        default: devices[index].reopen(at: now)
        }
      case .event(let event): tell(.wall(name, event))
      }
    }
  }

  private mutating func tell(_ input: StationInput) {
    perform(input)
    while let deadline = station.deadline, deadline <= now { perform(.wake) }
  }

  private mutating func perform(_ input: StationInput) {
    var effects = Effects<StationEffect>()
    station.handle(Stimulus(wall: clock, input: input), at: now, into: &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .record(let entry): entries.append(entry)
      case .answer(_, let answer): answers.append(answer)
      case .wall(let device, let wishes):
        if let index = drivers.firstIndex(where: { $0.name == device }) { give(.wished(wishes), index) }
      case .wallRetest(let device): if let index = drivers.firstIndex(where: { $0.name == device }) { give(.retest, index) }
      default: break
      }
    }
  }

  // MARK: - What is so

  var view: WallView? { station.wallView(onDisk: nil) }
  var tiles: [WallView.Tile] { view?.tiles ?? [] }
  func tile(_ output: Int) -> WallView.Tile? { tiles.first { $0.output == output } }

  /// Read back, and what was wished.
  func isProved(_ output: Int) -> Bool {
    guard let tile = tile(output), case .verified = tile.proof else { return false }
    return tile.shown == tile.wished
  }

  /// Outputs that are not what was wished, or of which that is not proved.
  var unproved: [Int] {
    tiles.compactMap { tile in
      if case .verified = tile.proof, tile.shown == tile.wished { return nil }
      return tile.output
    }
  }

  /// The device has said something since it was last gone.
  func isHeard(_ name: String) -> Bool {
    (view?.devices.first { $0.name == name }?.health).map { $0 == .online || $0 == .identifying } ?? false
  }

  /// What the matrix really gives an output; `nil`: it has no power.
  func input(_ output: Int) -> UInt16? { devices.first { $0.name == "hub" }?.model.input(UInt16(output)) }

  /// What the matrix really shows, by the sources' ids.
  var reality: [String?] {
    (view?.plan.outputs ?? []).map { output in
      let given = input(output.number)
      return view?.plan.sources.first { $0.input(of: "hub") == given }?.id
    }
  }

  /// Cards that stand now.
  var cards: [String] { station.view().faults.filter(\.present).map(\.key.description) }

  var changes: [WallChange] { entries.compactMap { if case .wall(let change) = $0.change { change } else { nil } } }
}
