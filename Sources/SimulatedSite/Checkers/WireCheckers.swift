import CallPanelDeviceModel
import CallPanelCodec
import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import Station

/// What the script has broken right now, as far as wires are concerned.
struct WireTrouble {
  let ground: SiteGround
  /// The pair as a whole carries nothing, since then.
  private(set) var deadSince: [Int: Instant] = [:]
  /// When the pair carried everything again.
  private(set) var healedAt: [Int: Instant] = [:]
  private(set) var unplugged: Set<Int> = []
  private(set) var cutBefore: [Int: Int] = [:]
  /// So many lost or changed that no budget can be promised.
  private(set) var isPoor: Set<Int> = []
  private var panelFaults: [DeviceID: PanelFault] = [:]
  private var unpowered: Set<DeviceID> = []
  private(set) var programUp = false
  private(set) var programSince = Instant.zero
  /// The disk takes entries since then; the station tries it twice a second.
  private(set) var diskSince: Instant? = .zero
  /// When each node last had trouble of its own.
  private var troubled: [DeviceID: Instant] = [:]

  init(_ ground: SiteGround) {
    self.ground = ground
  }

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .programStarted: (programUp, programSince) = (true, now)
    case .programEnded: programUp = false
    case .act(.host(.disk(.dead))), .act(.host(.disk(.full))): diskSince = nil
    case .act(.host(.healDisk)): diskSince = now
    case .act(.unplug(let wire)):
      unplugged.insert(wire)
      die(wire, now)
    case .act(.plug(let wire)):
      unplugged.remove(wire)
      heal(wire, now)
    case .act(.wires(let wire, let fault)): change(wire, fault, now)
    case .act(.hand(let wire, let panel, let hand)): change(wire, panel, hand, now)
    default: break
    }
  }

  private mutating func change(_ wire: Int, _ fault: SimulatedBus.WireFault, _ now: Instant) {
    let panels = ground.layout.wires[wire].panels
    if let cut = cutBefore[wire] {
      for panel in cut..<max(cut, panels) { troubled[ground.device(wire, panel)] = now }
    }
    cutBefore[wire] = nil
    if isPoor.remove(wire) != nil { heal(wire, now) }
    switch fault {
    case .none: if deadSince[wire] != nil { heal(wire, now) }
    case .cutBefore(0), .swapped, .shorted: die(wire, now)
    case .cutBefore(let place): cutBefore[wire] = place
    case .noisy(let perMille): if perMille > 2 { isPoor.insert(wire) }
    case .lossy(let perMille): if perMille > 20 { isPoor.insert(wire) }
    case .delayed, .doubled: isPoor.insert(wire)
    }
  }

  private mutating func change(_ wire: Int, _ panel: Int, _ hand: PanelHand, _ now: Instant) {
    let device = ground.device(wire, panel)
    switch hand {
    case .fault(.jabber):
      panelFaults[device] = .jabber
      die(wire, now)
    case .fault(let fault):
      if panelFaults[device] == .jabber { heal(wire, now) }
      if case .answersFor(let other) = panelFaults[device] { troubled[DeviceID(bus: device.bus, node: other)] = now }
      panelFaults[device] = fault == .none ? nil : fault
      troubled[device] = now
    case .powerOff: unpowered.insert(device)
    case .powerOn:
      unpowered.remove(device)
      troubled[device] = now
    default: break
    }
  }

  private mutating func die(_ wire: Int, _ now: Instant) { deadSince[wire] = deadSince[wire] ?? now }

  private mutating func heal(_ wire: Int, _ now: Instant) {
    deadSince[wire] = nil
    healedAt[wire] = now
  }

  /// Whether the pair jams, is cut at the host or swapped: everything on it, and the adapter is in.
  func isDead(_ wire: Int) -> Bool { deadSince[wire] != nil && !unplugged.contains(wire) }

  /// A node that nothing is wrong with, on a pair that is alive, since when; `nil` when it is not so.
  func soundSince(_ wire: Int, _ panel: Int) -> Instant? {
    let device = ground.device(wire, panel)
    guard programUp, deadSince[wire] == nil, !isPoor.contains(wire), panelFaults[device] == nil, !unpowered.contains(device)
    else {
      return nil
    }
    if let cut = cutBefore[wire], panel >= cut { return nil }
    let answeredForAnother = panelFaults.values.contains { fault in
      if case .answersFor(let other) = fault { return other == device.node }
      return false
    }
    guard !answeredForAnother else { return nil }
    return [programSince, healedAt[wire] ?? .zero, troubled[device] ?? .zero].max()
  }
}

/// No alarm node waits longer for its turn than it must, whatever single thing is wrong elsewhere on a living pair of wires.
struct TurnChecker: SiteChecker {
  let ground: SiteGround
  private(set) var findings: [SiteFinding] = []
  private var trouble: WireTrouble
  private var askedAt: [DeviceID: Instant] = [:]
  private var told: Set<DeviceID> = []
  /// The longest wait of a sound node on each wire.
  private(set) var longest = Interval.zero

  /// A node that was in trouble is looked for every 10 s at the latest, and then identified.
  static let recovery = Interval.seconds(13)

  init(_ ground: SiteGround) {
    self.ground = ground
    trouble = WireTrouble(ground)
  }

  /// A scan of short polls, two exchanges with each panel that has something to say (at most eight at a time), and two time-outs of nodes
  /// that do not answer.
  static func budget(_ wire: SiteLayout.Wire) -> Interval {
    let timing = ModbusTiming(baud: UInt32(wire.baud))
    let gap = timing.silence + timing.silence + wire.adapterLatency + .milliseconds(2)
    let poll = timing.interval(ofCharacters: 15) + gap
    let exchange = timing.interval(ofCharacters: 76) + gap
    return poll * wire.panels + exchange * (2 * min(8, wire.panels)) + .milliseconds(600)
  }

  mutating func see(_ fact: SiteFact, at now: Instant) {
    trouble.see(fact, at: now)
    switch fact {
    case .asked(let device):
      if let wire = ground.layout.wires.firstIndex(where: { $0.name == device.bus }) { check(wire, Int(device.node) - 1, now) }
      askedAt[device] = now
      told.remove(device)
    case .page:
      for wire in ground.layout.wires.indices {
        for panel in 0..<ground.layout.wires[wire].panels { check(wire, panel, now) }
      }
    default: break
    }
  }

  private mutating func check(_ wire: Int, _ panel: Int, _ now: Instant) {
    guard let sound = trouble.soundSince(wire, panel) else { return }
    let device = ground.device(wire, panel)
    let from = max(askedAt[device] ?? .zero, sound + Self.recovery)
    guard now > from else { return }
    let waited = now - from
    longest = max(longest, waited)
    guard waited > Self.budget(ground.layout.wires[wire]), told.insert(device).inserted else { return }
    let text = "\(device) waits for its turn for \(waited.microseconds / 1000) ms"
    findings.append(SiteFinding(checker: "turn", at: now, text: text))
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {}
}

/// What stops a whole pair of wires is in the journal, as a fault of that bus, within 3 s.
struct BusFaultChecker: SiteChecker {
  let ground: SiteGround
  private(set) var findings: [SiteFinding] = []
  private var trouble: WireTrouble
  private var durable = DurableCalls()
  private var told: Set<Int> = []

  static let limit = Interval.seconds(3)
  /// What the disk, the mailbox and the looking take, and a first scan after a start.
  static let slack = Interval.milliseconds(600)

  init(_ ground: SiteGround) {
    self.ground = ground
    trouble = WireTrouble(ground)
  }

  mutating func see(_ fact: SiteFact, at now: Instant) {
    trouble.see(fact, at: now)
    if case .durable(let entries) = fact { for item in entries { durable.take(item.entry.change, at: now) } }
    guard case .lamp = fact else { return }
    for wire in ground.layout.wires.indices {
      guard trouble.isDead(wire), let dead = trouble.deadSince[wire] else {
        told.remove(wire)
        continue
      }
      guard trouble.programUp, let disk = trouble.diskSince, !told.contains(wire) else { continue }
      guard now - max(dead, trouble.programSince) > Self.limit + Self.slack, now - disk > .seconds(1) else { continue }
      let name = ground.layout.wires[wire].name
      let isSaid = durable.faults.contains { key, present in
        if case .bus(name) = key.subject { return present }
        return false
      }
      told.insert(wire)
      if !isSaid { find(now, "bus \(name) has been dead for 3 s and nothing says so") }
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {}

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "bus", at: at, text: text))
  }
}

/// When everything is whole again, everything is delivered: nothing waits in a panel or in memory, and every lamp shows what is so.
struct HealChecker: SiteChecker {
  let ground: SiteGround
  private(set) var findings: [SiteFinding] = []
  private var durable = DurableCalls()
  private var programUp = false

  init(_ ground: SiteGround) {
    self.ground = ground
  }

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .durable(let entries): for item in entries { durable.take(item.entry.change, at: now) }
    case .programStarted: programUp = true
    case .programEnded: programUp = false
    default: break
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {
    if !programUp { find(now, "the program does not run") }
    for item in end.waiting where item.events > 0 { find(now, "\(item.events) events wait in panel \(item.device)") }
    for item in end.lamps {
      let truth = lamp(of: item.button)
      if item.lamp != truth { find(now, "\(item.button) shows \(item.lamp), it should be \(truth)") }
    }
    if let journal = end.view?.journal, journal.condition != .healthy || journal.waiting > 0 {
      find(now, "the journal is \(journal.condition), \(journal.waiting) calls wait")
    }
  }

  private func lamp(of button: ButtonID) -> PanelLamp {
    if ground.plan.callPoint(button)?.silent ?? false { return .off }
    let open = durable.of(button).filter(\.isOpen)
    if let furthest = open.map(\.rank).max() {
      if furthest >= DurableCalls.acknowledged { return .coming }
      return open.contains(where: \.isDelivered) ? .steady : .slowBlink
    }
    let broken = durable.faults.contains { key, present in
      present && key.subject == .button(button) && [.lineCut, .lineShort, .stuck].contains(key.kind)
    }
    return broken ? .fault : .off
  }

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "heal", at: at, text: text))
  }
}
