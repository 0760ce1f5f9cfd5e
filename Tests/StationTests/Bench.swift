import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// A station on the bench: virtual time, a journal in memory, everything it did in order.
struct Bench {
  var station: Station
  var now = Instant(microseconds: 1_000_000)
  var wall = WallClock(unixMilliseconds: 1_790_000_000_000, synchronised: true)
  var entries: [Entry] = []
  var commands: [DeviceCommand] = []
  var answers: [(number: UInt64, answer: DeskAnswer)] = []
  /// What of a child's journal is on this station's disk, as it was told the child.
  var receipts: [LinkReceipt] = []
  /// Commands to children.
  var orders: [(child: String, command: ParentCommand)] = []
  /// The newest wish for each device of the wall.
  var wallWishes: [String: [WallWish]] = [:]
  /// What becomes of the keys of sealed fields, and wishes for a sweep.
  var keyEffects: [StationEffect] = []
  private var nextNumber: UInt64 = 0
  private var boot: String

  static let plan = SitePlan(
    name: "铁西社区综治中心", station: "tiexi-03",
    posts: [.init(id: "desk", name: "值班台"), .init(id: "lead", name: "带班岗"), .init(id: "patrol", name: "巡防岗")],
    places: [.init(id: "hall", name: "大厅", grid: "G1"), .init(id: "yard", name: "院内"), .init(id: "office", name: "接待室")],
    callPoints: [
      .init(button: ButtonID("A/1/1"), place: "hall"), .init(button: ButtonID("A/1/2"), place: "yard"),
      .init(button: ButtonID("A/2/1"), place: "office", silent: true),
    ],
    devices: [.init(id: DeviceID("A/1"), name: "大厅面板"), .init(id: DeviceID("A/2"), name: "接待室面板")],
    outputs: [
      .init(device: DeviceID("B/9"), output: 1, role: .sounder), .init(device: DeviceID("B/9"), output: 2, role: .redLight),
    ],
    ladder: [
      .init(afterSeconds: 30, posts: ["lead"]), .init(afterSeconds: 60, posts: ["patrol"]),
      .init(afterSeconds: 120, posts: ["lead", "patrol"]),
    ], onSceneWithinSeconds: 300)

  init(plan: SitePlan = Bench.plan, boot: String = "boot-1") {
    station = Station(plan: plan)
    self.boot = boot
    give(.started(boot: boot, program: "test"))
    give(.device(.busChanged("A", .working)))
    for device in plan.devices { give(.device(.healthChanged(device.id, .online))) }
  }

  mutating func give(_ input: StationInput) {
    perform(input)
    while let deadline = station.deadline, deadline <= now { perform(.wake) }
  }

  private mutating func perform(_ input: StationInput) {
    var effects = Effects<StationEffect>()
    station.handle(Stimulus(wall: wall, input: input), at: now, into: &effects)
    for index in 0..<effects.count {
      switch effects[index] {
      case .record(let entry): entries.append(entry)
      case .device(let command): commands.append(command)
      case .answer(let number, let answer): answers.append((number, answer))
      case .receipt(_, let receipt): receipts.append(receipt)
      case .command(let child, let command): orders.append((child, command))
      case .wall(let device, let wishes): wallWishes[device] = wishes
      case .some(let effect): keyEffects.append(effect)
      case nil: break
      }
    }
  }

  /// Lets time pass, waking the station exactly at its deadlines.
  mutating func pass(_ interval: Interval) {
    let end = now + interval
    while let deadline = station.deadline, deadline <= end {
      advance(to: max(deadline, now))
      give(.wake)
    }
    advance(to: end)
  }

  private mutating func advance(to moment: Instant) {
    wall.unixMilliseconds += (moment - now).microseconds / 1000
    now = moment
  }

  mutating func press(_ button: String, sequence: UInt32, epoch: UInt16 = 1, unit: UInt32 = 700, age: UInt32 = 40) {
    give(
      .device(
        .pressed(
          Press(
            button: ButtonID(stringLiteral: button), identity: EventIdentity(unit: unit, epoch: epoch, sequence: sequence),
            ageMilliseconds: age
          ))))
  }

  @discardableResult
  mutating func ask(_ post: String, _ action: DeskRequest.Action) -> DeskAnswer {
    nextNumber += 1
    give(.request(DeskRequest(number: nextNumber, post: post, action: action)))
    guard let last = answers.last, last.number == nextNumber else {
      Issue.record("request \(nextNumber) was not answered")
      return .refused(.stationBusy)
    }
    return last.answer
  }

  /// A new process on the same journal.
  func restarted(boot: String, after interval: Interval, synchronised: Bool = true) -> Bench {
    var state = StationState()
    for entry in entries { state.apply(entry) }
    var next = self
    next.station = Station(plan: station.plan, state: state)
    next.commands = []
    next.wall.unixMilliseconds += interval.microseconds / 1000
    next.wall.synchronised = synchronised
    next.now = boot == self.boot ? now + interval : Instant(microseconds: 20_000_000)
    next.boot = boot
    next.give(.started(boot: boot, program: "test"))
    return next
  }

  func lamp(_ button: String) -> Indicator? {
    for command in commands.reversed() {
      if case .indicate(ButtonID(stringLiteral: button), let indicator) = command { return indicator }
    }
    return nil
  }

  var view: DeskView { station.view() }
}

// Identifiers in tests are written as they are on pages; a wrong one fails the test that uses it.
extension ButtonID: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) {
    if let button = ButtonID(text[...]) {
      self = button
    } else {
      Issue.record("\(text) is no button")
      self.init(device: DeviceID(bus: "?", node: 0), button: 0)
    }
  }
}

extension DeviceID: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) {
    if let device = DeviceID(text[...]) {
      self = device
    } else {
      Issue.record("\(text) is no device")
      self.init(bus: "?", node: 0)
    }
  }
}
