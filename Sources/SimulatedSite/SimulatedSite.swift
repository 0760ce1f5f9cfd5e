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
  let site: Site
  var now = Instant.zero
  var clock = HostClock()
  var wires: [SimulatedWire]
  var program: SimulatedProgram?
  let storage: any SimulatedStorage
  var observers: SiteObservers
  var trace = SiteTrace()
  var random: SeededRandom
  /// The last page that was shown.
  var page: DeskView?
  var requests: [UInt64: DeskRequest] = [:]
  var lastRequest: UInt64 = 0
  /// Journal position up to which the observers know what is on disk.
  var seenPosition: JournalPosition?
  var injected: [String: Int] = [:]
  private var nextLine = 0
  private var lastLamps: [ButtonID: PanelLamp] = [:]
  private var lookAt = Instant.zero
  private var retryStart: Instant?
  /// Panels to look at a moment after a finger.
  private var glances: [(wire: Int, panel: Int, at: Instant)] = []
  private var needsBoot = false
  /// Fingers that came down on panels without power feel nothing, also later.
  private var idleFingers: [ButtonID] = []

  static let lookInterval = Interval.milliseconds(250)

  /// - Throws: `SiteError` when the layout makes no valid site file, `JournalError` when the real disk cannot be used.
  public init(_ options: Options) throws {
    self.options = options
    site = try SiteFile.read(options.layout.siteFile, file: "simulated.yaml")
    random = SeededRandom(seed: options.seed ^ 0x5117E)
    let diskSeed = random.next()
    if let folder = options.journalFolder {
      storage = try SQLiteStorage(seed: diskSeed, folder: folder)
    } else {
      storage = ModelStorage(seed: diskSeed, script: options.cutOutcomes)
    }
    wires = []
    for (index, plan) in options.layout.wires.enumerated() {
      wires.append(SimulatedWire(plan, firstUnit: 1001 + 1000 * UInt32(index), seed: random.next()))
    }
    observers = SiteObservers(SiteGround(layout: options.layout, plan: site.plan))
  }

  /// Lives the script to its end and says what came of it.
  public func run() throws -> SiteReport {
    for index in wires.indices { wires[index].switchOn(at: now) }
    start()
    let end = Instant.zero + options.script.duration
    while let next = nextMoment(), next <= end {
      now = max(now, next)
      step()
    }
    now = end
    return try finish()
  }

  private func nextMoment() -> Instant? {
    var next = lookAt
    if nextLine < options.script.lines.count { next = min(next, options.script.lines[nextLine].at) }
    for index in wires.indices { if let due = wires[index].due { next = min(next, due) } }
    if let retryStart { next = min(next, retryStart) }
    if let glance = glances.first { next = min(next, glance.at) }
    guard let program else { return next }
    for index in program.masters.indices {
      next = min(next, program.masterDue[index])
      if let due = program.lineDue[index] { next = min(next, due) }
    }
    next = min(next, program.stepDue)
    if let first = program.releases.first { next = min(next, first.at) }
    return next
  }

  private func step() {
    while nextLine < options.script.lines.count, options.script.lines[nextLine].at <= now {
      nextLine += 1
      perform(options.script.lines[nextLine - 1].act)
    }
    if let due = retryStart, due <= now { start() }
    for index in wires.indices {
      wires[index].wake(at: now)
      deliver(index)
    }
    runMasters()
    // What an earlier commit let go is seen before the next one.
    releaseDue()
    if let program, program.stepDue <= now { stepProgram(program) }
    releaseDue()
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
    guard let program else { return }
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
    guard let program else { return }
    var effects = Effects<SimulatedProgram.Master.Effect>()
    program.masters[index].handle(input, at: clock.monotonic(now), into: &effects)
    program.masterDue[index] = program.masters[index].deadline.map(clock.siteTime) ?? .distantFuture
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
    guard let program, let heard = plant(event) else { return }
    if case .measured = heard { return }
    // The station's thread wakes up after the kernel's own time.
    program.send(.device(heard), at: clock.monotonic(now), wake: now + .microseconds(30 + Int(random.below(1500))))
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
      program?.lineDue[wire] = now + .milliseconds(Int(random.below(1000)))
    case .kill: endProgram(cutsPower: false)
    case .terminate: terminate()
    case .cutPower: endProgram(cutsPower: true)
    case .cutPowerInCommit(let operations): if program != nil { storage.cutPowerSoon(after: operations) }
    case .start: start()
    case .disk(let fault): storage.strike(fault)
    case .healDisk: storage.heal()
    case .stepClock(let milliseconds): clock.step(by: milliseconds)
    case .desk(let choice): actAtDesk(choice)
    }
  }

  private func hand(_ wire: Int, _ panel: Int, _ what: PanelHand) {
    wires[wire].hand(.hand(panel: panel, what), at: now)
    deliver(wire)
  }

  // MARK: - The program's life

  func endProgram(cutsPower: Bool) {
    if cutsPower {
      storage.cutPower()
      needsBoot = true
    }
    guard program != nil else { return }
    program = nil
    page = nil
    requests = [:]
    if !cutsPower { storage.killed() }
    observers.see(.programEnded, at: now)
  }

  private func terminate() {
    guard let program else { return }
    program.send(.stopping, at: clock.monotonic(now), wake: now)
    stepProgram(program)
    guard self.program === program else { return }
    program.decider.saveSnapshot()
    endProgram(cutsPower: false)
  }

  private func start() {
    retryStart = nil
    guard program == nil else { return }
    do {
      if needsBoot || storage.isCut {
        try storage.powerReturns()
        clock.reboot(at: now)
        needsBoot = false
      }
      let store = WatchedStore(try storage.open())
      try tellWhatIsOnDisk(store)
      let started = try SimulatedProgram(
        site: site, store: store, boot: clock.bootName, at: now, monotonic: clock.monotonic(now))
      let folded = try Decider.fold(store, useSnapshot: false)
      let known = options.planted == .falseSnapshot ? StationState() : started.decider.station.state
      observers.see(.folded(fromSnapshot: known, fromZero: folded), at: now)
      program = started
      observers.see(.programStarted, at: now)
    } catch {
      // The service manager tries again; the disk is repaired by the script.
      retryStart = now + .seconds(1)
    }
  }
}
