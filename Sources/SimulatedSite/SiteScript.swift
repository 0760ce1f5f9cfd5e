import CallPanelDeviceModel
import DeviceKit

/// What happens to a PC, to the program on it and to its desk.
public enum HostAct: Sendable, Equatable {
  /// SIGKILL.
  case kill
  /// SIGTERM.
  case terminate
  case cutPower
  case cutPowerInCommit(afterOperations: Int)
  /// The program starts; after a power cut the PC has booted first.
  case start
  case disk(StorageFault)
  case healDisk
  case stepClock(milliseconds: Int64)
  /// Somebody at the desk does something that the page offers, or something that it does not.
  case desk(choice: UInt32)
  /// Somebody at the terminal or at a window does.
  case visit(choice: UInt32)
  /// An operator of the wall does.
  case wall(choice: UInt32)

  var kind: String? {
    switch self {
    case .start, .healDisk: nil
    case .kill: "SIGKILL"
    case .terminate: "SIGTERM"
    case .cutPower: "power cut"
    case .cutPowerInCommit: "power cut inside a commit"
    case .disk(let fault): "disk \(fault.rawValue)"
    case .stepClock: "clock step"
    case .desk: "desk action"
    case .visit: "visit"
    case .wall: "operator of the wall"
    }
  }
}

/// One thing that happens to a simulated site from outside.
public enum SiteAct: Sendable, Equatable {
  case press(wire: Int, panel: Int, button: UInt8)
  case release(wire: Int, panel: Int, button: UInt8)
  case hand(wire: Int, panel: Int, PanelHand)
  case wires(wire: Int, SimulatedBus.WireFault)
  case unplug(wire: Int)
  case plug(wire: Int)
  /// On the community's PC.
  case host(HostAct)
  /// On the street centre's PC.
  case street(HostAct)
  /// On one way between the two.
  case way(Int, LineFault)
  /// On a device of the wall, by its name; `isHealed`: a fault ends.
  case wall(String, WallHand, isHealed: Bool)

  /// What is counted in reports: the kind of fault or action, `nil` for the end of one.
  var kind: String? {
    switch self {
    case .press: "press"
    case .release, .plug, .hand(_, _, .fault(.none)), .hand(_, _, .powerOn), .wires(_, .none), .way(_, .none): nil
    case .hand(_, _, let hand): Self.kind(of: hand)
    case .wires(_, let fault): Self.kind(of: fault)
    case .unplug: "adapter unplugged"
    case .host(let act): act.kind
    case .street(let act): act.kind.map { "street: \($0)" }
    case .wall(_, let hand, let isHealed): isHealed ? nil : "wall " + String("\(hand)".prefix { $0 != "(" })
    case .way(_, let fault): "line " + String("\(fault)".prefix { $0 != "(" })
    }
  }

  private static func kind(of hand: PanelHand) -> String? {
    switch hand {
    case .powerOff: "panel without power"
    case .cutLine: "button line cut"
    case .shortLine: "button line short"
    case .openHousing: "housing open"
    case .fault(.mute): "node mute"
    case .fault(.late): "node late"
    case .fault(.jabber): "node jabbers"
    case .fault(.answersFor): "node answers for another"
    case .fault(.signsAs): "node signs as another"
    case .fault(.flashBroken): "panel flash broken"
    default: nil
    }
  }

  private static func kind(of fault: SimulatedBus.WireFault) -> String {
    // Its name without the numbers.
    "wires " + String("\(fault)".prefix { $0 != "(" })
  }
}

/// What happens to a site and when, in order of time.
public struct SiteScript: Sendable, Equatable {
  public struct Line: Sendable, Equatable {
    public var at: Instant
    public var act: SiteAct
  }

  public private(set) var lines: [Line] = []
  public var duration: Interval

  /// Before the first act: the program has started and knows its panels.
  static let warmUp = Interval.seconds(15)
  /// After the last act everything is whole, and everything must be delivered.
  static let settling = Interval.seconds(45)

  public init(duration: Interval) {
    self.duration = duration
  }

  public mutating func add(_ act: SiteAct, at: Instant) {
    let place = lines.lastIndex { $0.at <= at }.map { $0 + 1 } ?? 0
    lines.insert(Line(at: at, act: act), at: place)
  }

  /// A life with faults of every kind: on each pair of wires one at a time, and one at a time on the PC.
  public init(layout: SiteLayout, duration: Interval, seed: UInt64) {
    self.init(duration: duration)
    var random = SeededRandom(seed: seed)
    var unsorted: [Line] = []
    let end = Instant.zero + duration - Self.settling
    for wire in layout.wires.indices {
      var own = random.fork()
      Self.pressButtons(layout, wire, until: end, &own, &unsorted)
      own = random.fork()
      Self.breakWires(layout, wire, until: end, &own, &unsorted)
    }
    var own = random.fork()
    unsorted += Self.breakHost(until: end, &own).map { Line(at: $0.at, act: .host($0.act)) }
    own = random.fork()
    unsorted += Self.work(from: 2, to: 9, until: end, &own).map { Line(at: $0.at, act: .host($0.act)) }
    if let plan = layout.line {
      own = random.fork()
      unsorted += Self.breakHost(until: end, &own).map { Line(at: $0.at, act: .street($0.act)) }
      own = random.fork()
      unsorted += Self.work(from: 3, to: 15, until: end, &own).map { Line(at: $0.at, act: .street($0.act)) }
      for way in plan.ways.indices {
        own = random.fork()
        Self.breakWay(way, until: end, &own, &unsorted)
      }
    }
    // Draws of its own, so that a site lives the same with a wall and without, as far as the wall lets it.
    if let wall = layout.wall {
      var own = SeededRandom(seed: seed ^ 0x3A11)
      unsorted += Self.operate(until: end, &own).map { Line(at: $0.at, act: .host($0.act)) }
      Self.breakWall(wall, until: end, &own, &unsorted)
    }
    if layout.hasVisits {
      own = random.fork()
      unsorted += Self.visits(until: end, &own).map { Line(at: $0.at, act: .host($0.act)) }
    }
    // Of two acts at one moment the one that was drawn first goes first.
    lines = unsorted.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  static func between(_ least: Int, _ most: Int, _ random: inout SeededRandom) -> Interval {
    .milliseconds(least * 1000 + Int(random.below(UInt32((most - least) * 1000))))
  }

  private static func pressButtons(
    _ layout: SiteLayout, _ wire: Int, until end: Instant, _ random: inout SeededRandom, _ lines: inout [Line]
  ) {
    let plan = layout.wires[wire]
    var at = Instant.zero + warmUp
    /// When each button was last let go, so that two fingers on one button are two presses.
    var free: [Int: Instant] = [:]
    while at < end {
      // Mostly one, sometimes two, sometimes eight at the same moment.
      let crowd = random.chance(1, in: 12) ? 8 : random.chance(1, in: 6) ? 2 : 1
      for _ in 0..<crowd {
        let panel = Int(random.below(UInt32(plan.panels)))
        let button = UInt8(1 + random.below(UInt32(plan.buttons)))
        guard free[panel * 8 + Int(button)].map({ $0 <= at }) ?? true else { continue }
        let held = Interval.milliseconds(60 + Int(random.below(900)))
        lines.append(Line(at: at, act: .press(wire: wire, panel: panel, button: button)))
        lines.append(Line(at: at + held, act: .release(wire: wire, panel: panel, button: button)))
        free[panel * 8 + Int(button)] = at + held + .seconds(2)
      }
      at += between(1, 15, &random)
    }
  }

  private static func breakWires(
    _ layout: SiteLayout, _ wire: Int, until end: Instant, _ random: inout SeededRandom, _ lines: inout [Line]
  ) {
    let panels = layout.wires[wire].panels
    var at = Instant.zero + warmUp + between(1, 20, &random)
    while at < end - .seconds(25) {
      let until = at + between(4, 20, &random)
      let panel = Int(random.below(UInt32(panels)))
      let other = UInt8(1 + random.below(UInt32(panels)))
      func put(_ bad: SiteAct, _ good: SiteAct) {
        lines.append(Line(at: at, act: bad))
        lines.append(Line(at: until, act: good))
      }
      func wires(_ fault: SimulatedBus.WireFault) { put(.wires(wire: wire, fault), .wires(wire: wire, .none)) }
      func panelFault(_ fault: PanelFault) {
        put(.hand(wire: wire, panel: panel, .fault(fault)), .hand(wire: wire, panel: panel, .fault(.none)))
      }
      switch random.below(19) {
      case 0: wires(.cutBefore(0))
      case 1: wires(.cutBefore(Int(random.below(UInt32(panels + 1)))))
      case 2: wires(.swapped)
      case 3: wires(.noisy(perMille: 1 + random.below(20)))
      case 4: wires(.lossy(perMille: 10 + random.below(300)))
      case 5: panelFault(.mute)
      case 6: panelFault(.late(milliseconds: UInt16(50 + random.below(900))))
      case 7: panelFault(.jabber)
      case 8: if Int(other) != panel + 1 { panelFault(.answersFor(other)) }
      case 9: panelFault(.signsAs(other))
      case 10: put(.unplug(wire: wire), .plug(wire: wire))
      case 11:
        put(
          .hand(wire: wire, panel: panel, .powerOff),
          .hand(wire: wire, panel: panel, .powerOn(.powerOn, keepsQueue: random.chance(1, in: 2))))
      case 12:
        let reset = PanelHand.powerOn(random.chance(1, in: 2) ? .watchdog : .brownOut, keepsQueue: true)
        lines.append(Line(at: at, act: .hand(wire: wire, panel: panel, reset)))
      case 13: put(.hand(wire: wire, panel: panel, .cutLine(1)), .hand(wire: wire, panel: panel, .repairLine(1)))
      case 14: put(.hand(wire: wire, panel: panel, .shortLine(1)), .hand(wire: wire, panel: panel, .repairLine(1)))
      case 15: wires(.shorted)
      case 16: wires(.delayed(milliseconds: 1 + random.below(40)))
      case 17: wires(.doubled(perMille: 10 + random.below(300)))
      default: put(.hand(wire: wire, panel: panel, .openHousing), .hand(wire: wire, panel: panel, .closeHousing))
      }
      at = until + between(10, 30, &random)
    }
  }

  /// Somebody at a desk.
  private static func work(from least: Int, to most: Int, until end: Instant, _ random: inout SeededRandom) -> [(
    at: Instant, act: HostAct
  )] {
    var acts: [(at: Instant, act: HostAct)] = []
    var at = Instant.zero + warmUp
    while at < end {
      acts.append((at, .desk(choice: UInt32(truncatingIfNeeded: random.next()))))
      at += between(least, most, &random)
    }
    return acts
  }

  /// Those who come, and their clerks.
  private static func visits(until end: Instant, _ random: inout SeededRandom) -> [(at: Instant, act: HostAct)] {
    var acts: [(at: Instant, act: HostAct)] = []
    var at = Instant.zero + warmUp
    while at < end {
      acts.append((at, .visit(choice: UInt32(truncatingIfNeeded: random.next()))))
      at += .milliseconds(200) + between(0, 4, &random)
    }
    return acts
  }

  private static func breakWay(_ way: Int, until end: Instant, _ random: inout SeededRandom, _ lines: inout [Line]) {
    var at = Instant.zero + warmUp + between(1, 20, &random)
    while at < end - .seconds(30) {
      let until = at + between(1, 30, &random)
      let fault: LineFault =
        switch random.below(8) {
        case 0, 1: .cut
        case 2, 3: .blackHole
        case 4: .lossy(perMille: 50 + random.below(500))
        case 5: .slow(milliseconds: 200 + Int(random.below(6000)))
        case 6: .doubled(perMille: 200 + random.below(800))
        default: .truncated(perMille: 50 + random.below(300))
        }
      lines.append(Line(at: at, act: .way(way, fault)))
      lines.append(Line(at: until, act: .way(way, .none)))
      at = until + between(5, 40, &random)
    }
  }

  private static func breakHost(until end: Instant, _ random: inout SeededRandom) -> [(at: Instant, act: HostAct)] {
    var acts: [(at: Instant, act: HostAct)] = []
    var at = Instant.zero + warmUp + between(1, 30, &random)
    while at < end - .seconds(25) {
      let until = at + .milliseconds(300) + between(0, 12, &random)
      switch random.below(10) {
      case 0, 1: acts += [(at, .kill), (until, .start)]
      case 2: acts += [(at, .terminate), (until, .start)]
      case 3: acts += [(at, .cutPower), (until, .start)]
      case 4:
        // Whatever has not gone by the second moment goes then.
        acts += [
          (at, .cutPowerInCommit(afterOperations: Int(random.below(3)))), (until, .cutPower), (until + .seconds(2), .start),
        ]
      case 5: acts.append((at, .disk(.syncError)))
      case 6: acts.append((at, .disk(.shortWrite)))
      case 7: acts += [(at, .disk(.dead)), (until, .healDisk)]
      case 8: acts += [(at, .disk(.full)), (until, .healDisk)]
      default:
        let hours = Int64(random.below(4)) - 2
        acts.append((at, .stepClock(milliseconds: (hours >= 0 ? hours + 1 : hours) * 3_600_000)))
      }
      at = until + between(15, 60, &random)
    }
    return acts
  }
}
