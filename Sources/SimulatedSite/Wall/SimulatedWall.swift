import DeviceKit
import DeviceVocabulary
import StationRuntime

/// The driver of a device of the wall in one run of the program, and when it is due in site time.
struct SimulatedWallDriver {
  let name: String
  var driver: any WallDriver
  var due = Instant.zero

  init?(_ plan: WallDevicePlan) {
    guard let driver = DriverCatalog.wall(plan) else { return nil }
    name = plan.name
    self.driver = driver
  }
}

/// A device of the wall, and the line to it: bytes take a few milliseconds, in order, and are gone with the line.
struct SimulatedWallDevice {
  enum Arrival {
    case linkUp
    case linkDown
    case bytes([UInt8])
  }

  let name: String
  var model: WallModel
  /// The program's end of the line is open, or being opened.
  var isOpen = false
  private var random: SeededRandom
  private var toModel: [(at: Instant, bytes: [UInt8])] = []
  private var toDriver: [(at: Instant, arrival: Arrival)] = []
  /// The program opens the line then.
  private var opensAt: Instant?

  init?(_ plan: WallDevicePlan, seed: UInt64) {
    guard let model = WallModel(plan, inputs: 16) else { return nil }
    name = plan.name
    self.model = model
    random = SeededRandom(seed: seed)
  }

  var due: Instant {
    var next = model.deadline ?? .distantFuture
    if let first = toModel.first { next = min(next, first.at) }
    if let first = toDriver.first { next = min(next, first.at) }
    return min(next, opensAt ?? .distantFuture)
  }

  private mutating func latency() -> Interval { .microseconds(300 + Int(random.below(8_000))) }

  private mutating func queue(_ arrival: Arrival, at now: Instant) {
    // Behind what is on its way: a line keeps the order.
    toDriver.append((max(now + latency(), toDriver.last?.at ?? .zero), arrival))
  }

  // MARK: - The program's end

  mutating func reopen(at now: Instant) {
    close(at: now)
    opensAt = now + latency()
  }

  /// The program has closed its end, or ended.
  mutating func close(at now: Instant) {
    opensAt = nil
    toModel = []
    toDriver = []
    if isOpen { take(model.handle(.disconnected, at: now), at: now) }
    isOpen = false
    toDriver = []
  }

  mutating func write(_ bytes: [UInt8], at now: Instant) {
    guard isOpen else { return }
    toModel.append((max(now + latency(), toModel.last?.at ?? .zero), bytes))
  }

  // MARK: - The device's end

  mutating func hand(_ hand: WallHand, at now: Instant) { take(model.hand(hand, at: now) ?? [], at: now) }

  /// Lets happen what is due; what has come to the program's end, in order.
  mutating func step(at now: Instant) -> [Arrival] {
    if let opens = opensAt, opens <= now { open(at: now) }
    while let first = toModel.first, first.at <= now {
      toModel.removeFirst()
      take(model.handle(.received(first.bytes), at: now), at: now)
    }
    if let deadline = model.deadline, deadline <= now { take(model.handle(.wake, at: now), at: now) }
    var arrived: [Arrival] = []
    while let first = toDriver.first, first.at <= now {
      toDriver.removeFirst()
      if case .linkDown = first.arrival { isOpen = false }
      arrived.append(first.arrival)
    }
    return arrived
  }

  private mutating func open(at now: Instant) {
    opensAt = nil
    guard model.accepts(at: now) else { return queue(.linkDown, at: now) }
    isOpen = true
    queue(.linkUp, at: now)
    take(model.handle(.connected, at: now), at: now)
  }

  private mutating func take(_ effects: [WallModel.Effect], at now: Instant) {
    for effect in effects where isOpen {
      switch effect {
      case .transmit(let bytes): queue(.bytes(bytes), at: now)
      case .hangUp:
        toModel = []
        queue(.linkDown, at: now)
      }
    }
  }
}
