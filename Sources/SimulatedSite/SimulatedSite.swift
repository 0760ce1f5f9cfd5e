import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import DeviceVocabulary
import Journal
import Station
import StationRuntime

/// A whole station in virtual time, from one seed: panels with their firmware's logic, wires, the program with its drivers and decisions,
/// its disk, its clocks and somebody at the desk. One thread, no clock, no input or output but the disk's when that is real.
public final class SimulatedSite {
  public struct Options {
    /// Hears of acts, commands, entries and changes of lamps, a line each, to look into a seed.
    public var log: ((String) -> Void)?
    public var seed: UInt64
    public var layout: SiteLayout
    public var script: SiteScript
    public var planted: PlantedFault?
    /// How long a commit takes when the disk is busy with something else (one in fifty); the others take up to 6 ms.
    public var longestCommit = Interval.milliseconds(300)
    /// A folder for the real journal on SQLite; `nil`: the disk is a model.
    public var journalFolder: String?
    /// How power cuts inside commits end, where another disk has told.
    public var cutOutcomes: [CutOutcome] = []

    /// A life with faults of every kind.
    public init(seed: UInt64, duration: Interval) {
      var random = SeededRandom(seed: seed)
      self.seed = seed
      layout = SiteLayout(seed: random.next())
      script = SiteScript(layout: layout, duration: duration, seed: random.next())
    }

    public init(seed: UInt64, layout: SiteLayout, script: SiteScript) {
      self.seed = seed
      self.layout = layout
      self.script = script
    }
  }

  let options: Options
  var now = Instant.zero
  var wires: [SimulatedWire]
  let community: SimulatedHost
  /// The station above, and what lies between.
  let street: SimulatedHost?
  var line: SimulatedLine?
  /// The devices of the community's wall, and the lines to them.
  var wallDevices: [SimulatedWallDevice]
  var observers: SiteObservers
  var trace = SiteTrace()
  var injected: [String: Int] = [:]
  /// Runs of programs so far, on both PCs.
  var runs = 0
  private var nextLine = 0
  private var lastLamps: [ButtonID: PanelLamp] = [:]
  private var lookAt = Instant.zero
  /// Panels to look at a moment after a finger.
  private var glances: [(wire: Int, panel: Int, at: Instant)] = []
  /// Fingers that came down on panels without power feel nothing, also later.
  private var idleFingers: [ButtonID] = []

  static let lookInterval = Interval.milliseconds(250)

  /// - Throws: `SiteError` when the layout makes no valid site file, `JournalError` when the real disk cannot be used.
  public init(_ options: Options) throws {
    self.options = options
    let site = try SiteFile.read(options.layout.siteFile, file: "simulated.yaml")
    var random = SeededRandom(seed: options.seed ^ 0x5117E)
    let diskSeed = random.next()
    let storage: any SimulatedStorage
    if let folder = options.journalFolder {
      storage = try SQLiteStorage(seed: diskSeed, folder: folder)
    } else {
      storage = ModelStorage(seed: diskSeed, script: options.cutOutcomes)
    }
    wires = []
    for (index, plan) in options.layout.wires.enumerated() {
      wires.append(SimulatedWire(plan, firstUnit: 1001 + 1000 * UInt32(index), seed: random.next()))
    }
    community = SimulatedHost(.community, site: site, storage: storage, random: random)
    // Draws of its own, so that a site lives the same beside a street centre and alone, as far as the street lets it.
    var above = SeededRandom(seed: options.seed ^ 0x57_2EE7)
    if let layout = options.layout.line {
      let plan = try SiteFile.read(options.layout.streetFile, file: "street.yaml")
      street = SimulatedHost(.street, site: plan, storage: ModelStorage(seed: above.next()), random: above.fork())
      line = SimulatedLine(layout, seed: above.next())
    } else {
      street = nil
    }
    // Draws of its own as well.
    var besides = SeededRandom(seed: options.seed ^ 0x3A11)
    wallDevices = (site.wall?.devices ?? []).compactMap { SimulatedWallDevice($0, seed: besides.next()) }
    observers = SiteObservers(SiteGround(layout: options.layout, plan: site.plan))
  }

  /// Lives the script to its end and says what came of it.
  public func run() throws -> SiteReport {
    for index in wires.indices { wires[index].switchOn(at: now) }
    for host in hosts { start(host) }
    let end = Instant.zero + options.script.duration
    while let next = nextMoment(), next <= end {
      now = max(now, next)
      step()
    }
    now = end
    return try finish()
  }

  var hosts: [SimulatedHost] { street.map { [community, $0] } ?? [community] }

  private func nextMoment() -> Instant? {
    var next = lookAt
    if nextLine < options.script.lines.count { next = min(next, options.script.lines[nextLine].at) }
    for index in wires.indices { if let due = wires[index].due { next = min(next, due) } }
    if let glance = glances.first { next = min(next, glance.at) }
    for host in hosts { if let due = host.due { next = min(next, due) } }
    if let due = line?.due { next = min(next, due) }
    for device in wallDevices { next = min(next, device.due) }
    if let due = streetDue { next = min(next, due) }
    return next
  }

  private func step() {
    while nextLine < options.script.lines.count, options.script.lines[nextLine].at <= now {
      nextLine += 1
      perform(options.script.lines[nextLine - 1].act)
    }
    for host in hosts { if let due = host.retryStart, due <= now { start(host) } }
    for index in wires.indices {
      wires[index].wake(at: now)
      deliver(index)
    }
    runMasters()
    runWall()
    runLine()
    for host in hosts {
      // What an earlier commit let go is seen before the next one.
      releaseDue(host)
      if let program = host.program, program.stepDue <= now { stepProgram(program, on: host) }
      releaseDue(host)
    }
    while let glance = glances.first, glance.at <= now {
      glances.removeFirst()
      look(glance.wire, panel: glance.panel)
    }
    if lookAt <= now {
      lookAt = now + Self.lookInterval
      for index in wires.indices { look(index) }
    }
  }

  // MARK: - The wires

  /// What has reached the host's end of a wire goes to its master, and the answering panel is looked at.
  private func deliver(_ index: Int) {
    while let bytes = wires[index].takeArrival(by: now) {
      trace.note(1, now, bytes)
      look(index, panel: Int(bytes[0]) - 1)
      give(index, .received(bytes))
    }
  }

  private func runMasters() {
    guard let program = community.program else { return }
    for index in program.masters.indices {
      if let due = program.lineDue[index], due <= now {
        program.lineDue[index] = nil
        give(index, wires[index].isPlugged ? .lineUp : .lineDown(.adapterAbsent))
      }
      guard program.masterDue[index] <= now else { continue }
      if options.planted == .idleWire, now.microseconds % 20_000_000 < 2_000_000 {
        program.masterDue[index] = now + .milliseconds(50)
        continue
      }
      give(index, .wake)
    }
  }

  func give(_ index: Int, _ input: SimulatedProgram.Master.Input) {
    guard let program = community.program else { return }
    var effects = Effects<SimulatedProgram.Master.Effect>()
    program.masters[index].handle(input, at: community.clock.monotonic(now), into: &effects)
    program.masterDue[index] = program.masters[index].deadline.map(community.clock.siteTime) ?? .distantFuture
    for place in 0..<effects.count {
      switch effects[place] {
      case .transmit(let bytes):
        trace.note(2, now, bytes)
        log("ask \(wires[index].name)/\(bytes[0]) function \(bytes[1]), \(bytes.count) bytes")
        observers.see(.asked(DeviceID(bus: wires[index].name, node: bytes[0])), at: now)
        wires[index].transmit(bytes, at: now)
      case .event(let event): hear(event)
      case nil: break
      }
    }
  }

  private func hear(_ event: DeviceEvent) {
    guard community.program != nil, let heard = plant(event) else { return }
    if case .measured = heard { return }
    // The station's thread wakes up after the kernel's own time.
    community.send(.device(heard), at: now, wake: .microseconds(30 + Int(community.random.below(1500))))
  }

  /// Looks at lamps as a person in the room would.
  private func look(_ index: Int, panel only: Int? = nil) {
    let range = only.map { $0...$0 } ?? 0...(wires[index].bus.panels.count - 1)
    for panel in range where wires[index].bus.panels.indices.contains(panel) {
      for button in 1...wires[index].bus.panels[panel].logic.buttons {
        let lamp = wires[index].bus.panels[panel].indicator(of: button)
        log(button: observers.ground.button(index, panel, button), lamp)
        let isLit = wires[index].bus.panels[panel].isLit(button)
        observers.see(.lamp(observers.ground.button(index, panel, button), lamp, isLit: isLit), at: now)
      }
    }
  }

  func log(_ text: @autoclosure () -> String) {
    if let log = options.log { log("\(Double(now.microseconds) / 1_000_000) \(text())") }
  }

  private func log(button: ButtonID, _ lamp: PanelLamp) {
    guard options.log != nil, lastLamps[button] ?? .off != lamp else { return }
    lastLamps[button] = lamp
    log("lamp \(button) \(lamp)")
  }

  // MARK: - The script

  private func perform(_ act: SiteAct) {
    trace.note(3, now, "\(act)")
    log("act \(act)")
    if let kind = act.kind { injected[kind, default: 0] += 1 }
    observers.see(.act(act), at: now)
    switch act {
    case .press(let wire, let panel, let number):
      let button = observers.ground.button(wire, panel, number)
      guard wires[wire].bus.panels[panel].isPowered else {
        idleFingers.append(button)
        return
      }
      observers.see(.finger(button), at: now)
      hand(wire, panel, .press(number))
      glances.append((wire, panel, now + .milliseconds(150)))
    case .release(let wire, let panel, let number):
      let button = observers.ground.button(wire, panel, number)
      if let place = idleFingers.firstIndex(of: button) {
        idleFingers.remove(at: place)
      } else {
        hand(wire, panel, .release(number))
      }
    case .hand(let wire, let panel, let what): hand(wire, panel, what)
    case .wires(let wire, let fault): wires[wire].hand(.wire(fault), at: now)
    case .unplug(let wire):
      wires[wire].unplug()
      give(wire, .lineDown(.adapterAbsent))
    case .plug(let wire):
      wires[wire].isPlugged = true
      // The bus's thread tries the port once a second.
      community.program?.lineDue[wire] = now + .milliseconds(Int(community.random.below(1000)))
    case .host(let act): perform(act, on: community)
    case .street(let act): if let street { perform(act, on: street) }
    case .wall(let device, let hand, _): handWall(device, hand)
    case .way(let way, let fault): line?.ways[way].fault = fault
    }
  }

  private func hand(_ wire: Int, _ panel: Int, _ what: PanelHand) {
    wires[wire].hand(.hand(panel: panel, what), at: now)
    deliver(wire)
  }
}
