import DeviceKit
import DeviceVocabulary

/// The decisions of one station: calls for help, who owns them, faults and what the lamps should show. Pure.
///
/// `state` is the fold of the journal. Everything else is what is known of the world right now: it is learnt anew after a restart, and
/// nothing in it is claimed on a page without its age.
public struct Station: Machine, Sendable {
  public let plan: SitePlan
  public internal(set) var state: StationState
  /// Rises whenever something that a page shows may have changed.
  public internal(set) var revision: UInt64 = 0
  public internal(set) var deadline: Instant?

  // What is known of the world in this run of the program.
  var boot = ""
  var startedAt: EntryTime?
  var lastWall: (wall: WallClock, at: Instant)?
  var stamp = EntryTime(wallMilliseconds: 0, synchronised: false, boot: "", monotonic: .zero)
  var wall = WallClock(unixMilliseconds: 0, synchronised: false)
  var now = Instant.zero
  var devices: [DeviceStatus]
  var buses: [BusStatus] = []
  var shown: [ShownIndicator] = []
  var retests: [Retest] = []
  var restarts: [(device: DeviceID, at: Instant)] = []
  var flips: [Flip] = []
  /// What panels say of their firmware, as far as it is not for the journal.
  var firmwares: [FirmwareStatus] = []
  /// When the detail of a fault was last written down.
  var explained: [(key: FaultKey, at: Instant)] = []
  /// Reasons that changed again too soon to be written at once: the latest of each card.
  var owedReasons: [(key: FaultKey, detail: String)] = []
  var link: LinkStatus?
  var childLinks: [ChildLink] = []
  var commandRate = CommandRate.ofParent
  var wrongCodes: [WrongCode] = []
  /// When it was last written down that somebody gave a post that there is not.
  var strangerAt: Instant?
  /// The night for which `sweep` was asked, and when.
  var nightAsked: (night: Int32, at: Instant)?
  /// Terminals of the site file whose page has been heard of in this run of the program.
  var kiosks: [KioskStatus] = []
  var readers: [ReaderStatus] = []
  var wallFacts: WallFacts
  /// Terminals whose reader of smart cards works.
  var smartCards: [String] = []
  var interruptedTickets: [TicketID] = []
  var journal = DeskView.JournalStatus.Condition.healthy
  /// What was last asked of lamps and outputs, so that only changes are sent.
  var wishedIndicators: [(button: ButtonID, indicator: Indicator)] = []
  var wishedOutputs: [(output: SitePlan.Output, on: Bool)] = []
  /// Effects that did not fit into the last batch, in order.
  var pending: [StationEffect] = []

  struct DeviceStatus: Sendable {
    var device: DeviceID
    var health: Health
    /// When its silence becomes a fault of its own, unless its bus turns out to be the cause.
    var silentDue: Instant?
  }
  struct BusStatus: Sendable {
    var name: String
    var condition: BusCondition
  }
  struct ShownIndicator: Sendable {
    var button: ButtonID
    var indicator: Indicator
    var asOf: Instant
  }
  /// A way on which a child comes.
  struct ChildLink: Sendable {
    var child: String
    var path: String
    var heardAt = Instant.zero
    var heardWall: Int64 = 0
    var steadySince: Instant?
    var waiting: UInt64 = 0
  }
  /// How often the cause of a fault came and went lately.
  struct Flip: Sendable {
    var key: FaultKey
    var count: Int
    var at: Instant
    /// It is gone, and that is not written down yet.
    var isHeld: Bool
  }
  struct Retest: Sendable {
    var key: FaultKey
    var post: String
    /// When the verdict is due: shortly after the device has said who it is, or when it has not.
    var verdictDue: Instant
    var heard: Bool
  }

  public init(plan: SitePlan, state: StationState = StationState()) {
    self.plan = plan
    self.state = state
    devices = plan.devices.map { DeviceStatus(device: $0.id, health: .absent, silentDue: nil) }
    devices.sort { $0.device < $1.device }
    wallFacts = WallFacts(plan.wall)
  }

  public mutating func handle(_ input: Stimulus, at now: Instant, into effects: inout Effects<StationEffect>) {
    self.now = now
    wall = input.wall
    if case .monthBegan(let boot, let tooLarge) = input.input {
      // Before all else, a step of the clock included: the file has to begin with it.
      carryOver(boot: boot, tooLarge: tooLarge)
    }
    if case .started(let boot, let program) = input.input {
      start(boot: boot, program: program)
    } else {
      stamp = makeStamp()
      // A step of the clock must not stand before it either.
      if case .parentContradicts(_, let detail) = input.input { parentContradicts(detail) }
      noticeClockStep()
    }
    switch input.input {
    case .started, .wake, .monthBegan, .parentContradicts: break
    case .stopping:
      noteRefusedWishes(until: .distantFuture)
      record(.stopped)
    case .device(let event): hear(event)
    case .request(let request): answer(request)
    case .journal(let condition, let detail): journalChanged(condition, detail)
    case .link(let status): linkChanged(status)
    case .delivered(let incidents, let parent): delivered(incidents, to: parent)
    case .command(let command, let remaining): obey(command, remainingMilliseconds: remaining)
    case .certificate(let warning): condition(FaultKey(.parent, .certificateExpires), warning != nil, detail: warning ?? "")
    case .parentLacksPast(let detail): raise(FaultKey(.parent, .parentLacksPast), detail)
    case .parentClock(let ahead): parentClock(aheadMilliseconds: ahead)
    case .received(let child, let entries, let request): take(entries, from: child, request: request)
    case .childConnected(let child, let oldest, let request): greet(child, oldest: oldest, request: request)
    case .childListens(let child): listens(child)
    case .childrenHeard(let pulses): heard(pulses)
    case .childCertificate(let child, let warning):
      condition(FaultKey(.child(child), .childCertificateExpires), warning != nil, detail: warning ?? "")
    case .access(let note): record(.access(note))
    case .sealing(let problem): condition(FaultKey(.journal, .sealingFailed), problem != nil, detail: problem ?? "")
    case .pages(let missing): condition(FaultKey(.pages, .pageFilesMissing), missing != nil, detail: missing ?? "")
    case .swept(let keys, let files): reportNight(keys: keys, files: files)
    case .kiosk(let kiosk, let isAlive): kioskChanged(kiosk, isAlive: isAlive)
    case .wallHeard(let reports): wallHeard(reports)
    case .source(let id, let standing): sourceChanged(id, standing)
    case .turned(let source, let preset, let failure): sourceTurned(source, preset, failure)
    case .reader(let kiosk, let standing): readerChanged(kiosk, standing)
    case .smartCards(let kiosk, let standing): smartCardsChanged(kiosk, standing)
    case .printer(let fault, let isPresent): condition(FaultKey(.printer, .of(fault)), isPresent)
    case .receiver(let condition, let detail): receiverChanged(condition, detail)
    }
    runTimers()
    updateWishes()
    updateWall()
    revision += 1
    release(into: &effects)
    deadline = pending.isEmpty ? nextTimer() : now
  }

  // MARK: - Start and time

  private mutating func start(boot: String, program: String) {
    self.boot = boot
    stamp = makeStamp()
    startedAt = stamp
    lastWall = (wall, now)
    record(.started(program: program))
    describeSite()
    noteInterruptedTickets()
    letGoOfAll(.restarted)
    for index in devices.indices { devices[index].silentDue = now + Self.startGrace }
    for index in wallFacts.devices.indices {
      (wallFacts.devices[index].silentDue, wallFacts.devices[index].goneSince) = (now + Self.wallGrace, now)
    }
    for point in plan.callPoints { pending.append(.device(.setSilent(point.button, point.silent))) }
  }

  func makeStamp() -> EntryTime {
    EntryTime(wallMilliseconds: wall.unixMilliseconds, synchronised: wall.synchronised, boot: boot, monotonic: now)
  }

  /// Wall time that runs apart from the monotonic clock by more than 2 s was set: it is written down, and moves no timer.
  private mutating func noticeClockStep() {
    if let last = lastWall {
      let passed = (now - last.at).microseconds / 1000
      let difference = wall.unixMilliseconds &- last.wall.unixMilliseconds &- passed
      if difference.magnitude > 2000 { record(.clockStepped(byMilliseconds: difference)) }
    }
    lastWall = (wall, now)
  }

  /// How long ago an entry was made; across boots it is reckoned once, from the start, so that a clock set later moves no timer.
  func elapsed(since time: EntryTime) -> Interval {
    if time.boot == boot { return now - time.monotonic }
    guard let startedAt else { return .zero }
    // Nobody knows how long: treated as over (design.md, decision 8).
    let before = time.elapsed(at: startedAt) ?? .seconds(10 * 365 * 86_400)
    return before + (now - startedAt.monotonic)
  }

  // MARK: - Entries and effects

  /// Decides: folds the entry into the state at once and hands it to the runtime, which commits it before anything else of the batch.
  mutating func record(_ change: Change) {
    let entry = Entry(time: stamp, change: change)
    let keys = keysLeft(by: change)
    state.apply(entry)
    pending.append(.record(entry))
    // After their entry, so that they are released when it is on disk.
    if !keys.forgotten.isEmpty { pending.append(.forgetKeys(keys.forgotten)) }
    if !keys.shredded.isEmpty { pending.append(.shred(keys.shredded)) }
  }

  /// What was decided last could not be written as it was: the state is the fold of what will be.
  public mutating func restate(_ state: StationState) { self.state = state }

  private mutating func release(into effects: inout Effects<StationEffect>) {
    var released = 0
    while released < pending.count, effects.room > 0 {
      effects.append(pending[released])
      released += 1
    }
    pending.removeFirst(released)
  }

  // MARK: - Wishes

  /// What every lamp and output should show follows from the state alone; only differences are sent.
  private mutating func updateWishes() {
    guard startedAt != nil else { return }
    for point in plan.callPoints {
      let wish = state.indicator(for: point)
      if let index = wishedIndicators.firstIndex(where: { $0.button == point.button }) {
        guard wishedIndicators[index].indicator != wish else { continue }
        wishedIndicators[index].indicator = wish
      } else {
        wishedIndicators.append((point.button, wish))
      }
      pending.append(.device(.indicate(point.button, wish)))
    }
    for output in plan.outputs {
      let on = outputWish(output.role)
      if let index = wishedOutputs.firstIndex(where: { $0.output == output }) {
        guard wishedOutputs[index].on != on else { continue }
        wishedOutputs[index].on = on
      } else {
        wishedOutputs.append((output, on))
      }
      pending.append(.device(.setOutput(output.device, output: output.output, on: on)))
    }
  }

  private func outputWish(_ role: SitePlan.Output.Role) -> Bool {
    switch role {
    case .sounder: state.incidents.contains { sounds($0) && !$0.opening.silent }
    case .redLight: state.incidents.contains { $0.isOpen && !$0.opening.silent }
    case .amberLight: state.faults.contains { $0.present && !$0.key.kind.isInformation }
    case .greenLight: journal != .failed
    }
  }

  func sounds(_ incident: Incident) -> Bool { incident.waits && !incident.opening.bypassed }
}
