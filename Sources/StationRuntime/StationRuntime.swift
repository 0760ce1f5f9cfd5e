import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import Synchronization
import Transports

/// A running station: a thread for each pair of wires, one for the decisions, and nothing between them but values in bounded mailboxes.
public final class StationRuntime: Sendable {
  public struct Options: Sendable {
    /// Where the mailbox is recorded, if it is.
    public var recording: String?
    public var program: String
    public var log: @Sendable (String) -> Void
    /// Called on the station's thread after every commit that changes what a page shows.
    public var onView: @Sendable (DeskView) -> Void

    /// Called like `onView`, of a site with windows.
    public var onVisits: @Sendable (VisitView) -> Void = { _ in }

    /// Called like `onView`, of a site with a display wall.
    public var onWall: @Sendable (WallView) -> Void = { _ in }

    /// What speaks with the wall's devices; `nil`: nothing does.
    public var wall: WallHands?

    /// Called when the station's thread has not come round for 3 s: what was last shown is not current any more.
    public var onStall: @Sendable () -> Void = {}

    /// Called on the station's thread after every commit: who reads the journal beside the station looks then. It must not wait.
    public var onCommit: @Sendable () -> Void = {}

    /// Called on the station's thread with the last time that a synchronised clock gave, milliseconds since 1970.
    public var onSynchronisedTime: @Sendable (_ milliseconds: Int64) -> Void = { _ in }

    /// Called on the station's thread when a command to a child is on disk, and when a child asks for those it has not answered.
    public var onCommand: @Sendable (_ child: String, ParentCommand) -> Void = { _, _ in }

    /// Called on the station's thread about once a minute: how far the other readers of the journal have come; `nil`: there is none. What
    /// they have not read stays on the disk.
    public var othersThrough: @Sendable () -> JournalPosition? = { nil }

    /// Who keeps the keys of sealed fields; `nil`: nothing is sealed here.
    public var keys: KeyKeeper?

    public init(
      program: String, recording: String? = nil, log: @escaping @Sendable (String) -> Void,
      onView: @escaping @Sendable (DeskView) -> Void
    ) {
      self.program = program
      self.recording = recording
      self.log = log
      self.onView = onView
    }
  }

  /// Called on the station's thread, after the commit of what they follow from; none of them may wait.
  public struct KeyKeeper: Sendable {
    /// The plain keys are not needed here any more.
    public var forget: @Sendable ([String]) -> Void
    /// Nothing names these keys any more.
    public var shred: @Sendable ([String]) -> Void
    public var sweep: @Sendable (KeySweep) -> Void

    public init(
      forget: @escaping @Sendable ([String]) -> Void, shred: @escaping @Sendable ([String]) -> Void,
      sweep: @escaping @Sendable (KeySweep) -> Void
    ) {
      self.forget = forget
      self.shred = shred
      self.sweep = sweep
    }
  }

  /// Keys that nothing names are to be deleted.
  public struct KeySweep: Sendable {
    /// Every key that the state names; all that was decided is on disk.
    public var named: Set<String>
    public var at: Instant
    /// The answer is awaited (`StationInput.swept`), with this many files of the journal.
    public var nightlyFiles: Int?
  }

  struct Message: Sendable {
    var input: StationInput
    var at: Instant
  }

  private let inbox: BoundedMailbox<Message>
  private let wallLane: WallLane
  private let inboxWake: WakeSignal
  private let stop = StopFlag()
  private let wires: [Wire]
  private let threads: Mutex<[DispatchGroup]>
  private let desk = PendingAnswers<DeskAnswer>(late: .late, busy: .refused(.stationBusy))
  private let receipts = PendingAnswers<LinkReceipt?>(late: nil, busy: nil)
  public let readings = LatestValues()
  private let delivery = DeliveryBoard()

  private struct Wire: Sendable {
    var name: String
    var commands: BoundedMailbox<DeviceCommand>
    var wake: WakeSignal
    var board = BusBoard()
  }

  /// How each bus has gone, as its thread published it within the last half second, in the site file's order.
  public var buses: [BusReport] { wires.compactMap { $0.board.get() } }

  /// Opens the journal, starts the wires at once (panels keep their events until then) and the decisions.
  public init(site: Site, journalFolder: String, options: Options) throws {
    inboxWake = try WakeSignal()
    inbox = BoundedMailbox(capacity: 4096, reserve: 4096, wake: inboxWake)
    wallLane = WallLane(wake: inboxWake)
    let wires = try site.buses.map { bus in
      let wake = try WakeSignal()
      return Wire(name: bus.name, commands: BoundedMailbox(capacity: 0, reserve: 1024, wake: wake), wake: wake)
    }
    self.wires = wires
    let decider = try Self.makeDecider(site, journalFolder, options)
    let now = MonotonicClock.now()
    var heartbeats: [Heartbeat] = []
    var groups: [DispatchGroup] = []
    for (bus, wire) in zip(site.buses, wires) {
      let heartbeat = Heartbeat(name: "bus \(bus.name)")
      heartbeat.beat(now)
      heartbeats.append(heartbeat)
      let stop = stop
      let inbox = inbox
      let readings = readings
      groups.append(
        startThread("bus-\(bus.name)") {
          BusLoop(
            plan: bus, commands: wire.commands, wake: wire.wake, heartbeat: heartbeat, board: wire.board,
            relays: site.plan.outputs.filter { $0.device.bus == bus.name }, log: options.log
          ) { event, at in
            if case .measured(let device, let quantity, let reading) = event {
              readings.put(device, quantity, reading)
              return .accepted
            }
            if case .jobChanged(_, let job) = event, !job.isOver, job.step != .restarting { return .accepted }
            return inbox.send(Message(input: .device(event), at: at), event.isReplaceable ? .replaceable : .irreplaceable)
          }.run(until: stop)
        })
    }
    let heartbeat = Heartbeat(name: "station")
    heartbeat.beat(now)
    heartbeats.append(heartbeat)
    let loop = StationLoop.make(
      decider: decider, inbox: inbox, wallLane: wallLane, wake: inboxWake, heartbeat: heartbeat, desk: desk, receipts: receipts,
      options: options,
      delivery: delivery, keptMonths: site.keptMonths,
      command: { command in Self.send(command, wires) })
    groups.append(startThread("station") { [stop] in loop.value.run(until: stop) })
    groups.append(Self.startWatchdog(heartbeats, stop, options))
    threads = Mutex(groups)
  }

  private static func makeDecider(_ site: Site, _ folder: String, _ options: Options) throws -> Decider {
    var journal = JournalOptions()
    journal.ballastBytes = site.ballastMebibytes << 20
    let wall = WallClock.current()
    // Minutes since 2020: a wiped or restored journal never takes up an epoch that a parent has already seen.
    journal.epochFloor = UInt32(clamping: max(1, (wall.unixMilliseconds / 1000 - 1_577_836_800) / 60))
    let store = try WaitingJournal(folder: folder, month: wall.journalMonth, options: journal)
    var decider = try Decider(plan: site.plan, store: store)
    if let path = options.recording {
      let recorder = try Recorder(path: path, plan: site.plan, state: decider.station.state, onFailure: options.log)
      decider.recorder = { recorder.record($0, $1) }
      decider.onRecordingEnd = {
        options.log("录制到此为止:日志现在才能读 / the recording ends here: only now the journal can be read: \(path)")
      }
    }
    return decider
  }

  private static func send(_ command: DeviceCommand, _ wires: [Wire]) -> Bool {
    guard let wire = wires.first(where: { $0.name == command.device.bus }) else { return true }
    return wire.commands.send(command, .irreplaceable) != .refused
  }

  private static func startWatchdog(_ heartbeats: [Heartbeat], _ stop: StopFlag, _ options: Options)
    -> DispatchGroup
  {
    startThread("watchdog") {
      let reporter = StallReporter(heartbeats, log: options.log)
      let manager = ServiceManager()
      while !stop.isRaised {
        let now = MonotonicClock.now()
        if reporter.check(now) { manager.alive() }
        if let station = heartbeats.last, station.age(now) > StallReporter.limit { options.onStall() }
        Thread.sleep(forTimeInterval: min(manager.watchdogSeconds ?? 0.5, 0.5))
      }
    }
  }

  /// Asks for something in a post's name; answers when it is on disk. After 5 s the answer is `unrecorded` where the journal takes nothing (what
  /// was decided is still written when it does again), else `late`.
  public func submit(post: String, action: DeskRequest.Action) async -> DeskAnswer {
    await desk.ask { number in
      self.inbox.send(
        Message(input: .request(DeskRequest(number: number, post: post, action: action)), at: MonotonicClock.now()),
        .irreplaceable)
        != .refused
    }
  }

  /// Entries of a child, checked; answers what of them is on disk, `nil` when the disk or the station does not take them now.
  public func receive(_ entries: [Received], from child: String) async -> LinkReceipt? {
    await receipts.ask { number in self.tell(.received(child: child, entries, request: number)) }
  }

  /// What of a child's journal is on this disk.
  ///
  /// - Parameter oldest: the end of what the child has dropped.
  public func greet(_ child: String, oldest: JournalHead?) async -> LinkReceipt? {
    await receipts.ask { number in self.tell(.childConnected(child, oldest: oldest, request: number)) }
  }

  /// The parent has said what it has on disk: files that it has may go when their time has come.
  public func parentHas(_ contiguous: JournalHead, parentMilliseconds: Int64) {
    delivery.put(Delivered(contiguous: contiguous, parentMilliseconds: parentMilliseconds))
  }

  /// Something that the line to the parent or a child has to say. Answers false when the station's mailbox is full: to be told again.
  @discardableResult
  public func tell(_ input: StationInput) -> Bool {
    inbox.send(Message(input: input, at: MonotonicClock.now()), .irreplaceable) != .refused
  }

  /// What a device of the wall has said: on a lane of its own, as a press is never kept waiting by a wall.
  public func tell(_ device: String, _ event: WallEvent) { wallLane.put(device, event, at: MonotonicClock.now()) }

  /// How a source of the wall stands. One that delivers is said to do so again within seconds.
  public func tell(source id: String, _ standing: SourceState) {
    _ = inbox.send(
      Message(input: .source(id, standing), at: MonotonicClock.now()), standing == .live ? .replaceable : .irreplaceable)
  }

  /// What a technician asks of a device; how it goes stands in `buses`. Answers false when there is no such bus, or it takes nothing now.
  public func tell(_ command: DeviceCommand) -> Bool {
    wires.contains { $0.name == command.device.bus } && Self.send(command, wires)
  }

  /// How the alarm receiver stands. Answers false when the station's mailbox is full: to be told again.
  public func tell(_ condition: ReceiverCondition, detail: String) -> Bool {
    tell(.receiver(condition, detail: detail))
  }

  /// Stops cleanly: what has reached the station is decided and committed, as far as the disk takes it. Returns within `stopSeconds`, also
  /// when a thread hangs in a system call: what was not on disk was not accepted either, and its panel still has it.
  public func shutDown() {
    stop.raise()
    for wire in wires { wire.wake.raise() }
    inboxWake.raise()
    let limit = DispatchTime.now() + Self.stopSeconds
    for group in threads.withLock({ $0 }) { _ = group.wait(timeout: limit) }
  }

  static let stopSeconds = 4.0
}

extension DeviceEvent {
  /// A newer one says all that this one says.
  var isReplaceable: Bool {
    switch self {
    case .indicatorObserved, .outputsObserved, .measured: true
    default: false
    }
  }
}

/// The newest reading of each quantity of each device: its own lane, never in the journal.
public final class LatestValues: Sendable {
  private let values = Mutex<[Measurand: Reading]>([:])

  public init() {}

  public func put(_ device: DeviceID, _ quantity: Quantity, _ reading: Reading) {
    values.withLock { $0[Measurand(device, quantity)] = reading }
  }

  /// In order of the device and the quantity's name.
  public func all() -> [DeviceReading] {
    values.withLock { $0 }.sorted { $0.key < $1.key }.map(DeviceReading.init)
  }
}
