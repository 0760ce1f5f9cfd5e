import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import Synchronization
import Transports

/// The thread that owns the station: takes what waits, decides, commits once, and lets the effects go.
final class StationLoop {
  private var decider: Decider
  private let inbox: BoundedMailbox<StationRuntime.Message>
  private let wallLane: WallLane
  private let wake: WakeSignal
  private let heartbeat: Heartbeat
  private let desk: PendingAnswers<DeskAnswer>
  private let receipts: PendingAnswers<LinkReceipt?>
  private let options: StationRuntime.Options
  private let command: (DeviceCommand) -> Bool
  private let delivery: DeliveryBoard
  private let keptMonths: Int
  /// Commands that a wire's mailbox did not take, in order.
  private var unsent: [DeviceCommand] = []
  private var publishedAt = Instant.zero
  private var wallHeardAt = Instant.zero
  /// Something may have changed since.
  private var isUnpublished = false
  private var maintainedAt = Instant.zero
  private var droppedAt = Instant.zero
  private var loggedError: String?
  /// Keys are compared with the state at the start, and when the station asks in the night.
  private var sweep = Sweep.atStart
  private var droppedFiles = 0

  private enum Sweep { case none, atStart, nightly }

  /// Pages hear from the station at least this often.
  static let publishInterval = Interval.seconds(2)
  /// While batches of the stations below pour in, pages do so at most this often: making one takes longer than taking a batch.
  static let crowdedInterval = Interval.milliseconds(100)
  /// What the wall's devices say is heard at most this often: what follows from it is decided once for all of it.
  static let wallInterval = Interval.milliseconds(20)
  static let upkeepInterval = Interval.seconds(60)
  /// Whether files may go is looked at this often: most times the names of the files tell that none may.
  static let retentionInterval = Interval.seconds(10)
  /// While the disk is full or fails, its return is looked for this often.
  static let impairedUpkeepInterval = Interval.seconds(2)
  /// How many inputs share one fsync at most.
  static let batchLimit = 256

  /// The loop is made on one thread and handed to its own; nothing else ever touches it.
  struct Handed: @unchecked Sendable { let value: StationLoop }

  private init(
    _ decider: Decider, _ inbox: BoundedMailbox<StationRuntime.Message>, _ wallLane: WallLane, _ wake: WakeSignal,
    _ heartbeat: Heartbeat,
    _ desk: PendingAnswers<DeskAnswer>, _ receipts: PendingAnswers<LinkReceipt?>,
    _ options: StationRuntime.Options, _ delivery: DeliveryBoard, _ keptMonths: Int,
    _ command: @escaping (DeviceCommand) -> Bool
  ) {
    self.delivery = delivery
    self.keptMonths = keptMonths
    self.decider = decider
    self.inbox = inbox
    self.wallLane = wallLane
    self.wake = wake
    self.heartbeat = heartbeat
    self.desk = desk
    self.receipts = receipts
    self.options = options
    self.command = command
  }

  static func make(
    decider: Decider, inbox: BoundedMailbox<StationRuntime.Message>, wallLane: WallLane, wake: WakeSignal, heartbeat: Heartbeat,
    desk: PendingAnswers<DeskAnswer>,
    receipts: PendingAnswers<LinkReceipt?>,
    options: StationRuntime.Options, delivery: DeliveryBoard, keptMonths: Int, command: @escaping (DeviceCommand) -> Bool
  ) -> Handed {
    Handed(value: StationLoop(decider, inbox, wallLane, wake, heartbeat, desk, receipts, options, delivery, keptMonths, command))
  }

  func run(until stop: StopFlag) {
    let boot = BootIdentity.current() ?? "unknown"
    var inputs: [(input: StationInput, at: Instant)] = [(.started(boot: boot, program: options.program), MonotonicClock.now())]
    var batch: [StationRuntime.Message] = []
    while true {
      let stopping = stop.isRaised
      wake.clear()
      inbox.receive(into: &batch, limit: Self.batchLimit)
      for message in batch { inputs.append((message.input, message.at)) }
      batch.removeAll(keepingCapacity: true)
      let now = MonotonicClock.now()
      if now - wallHeardAt >= Self.wallInterval {
        let reports = wallLane.take()
        if !reports.isEmpty {
          inputs.append((.wallHeard(reports), now))
          wallHeardAt = now
        }
      }
      if stopping { inputs.append((.stopping, now)) }
      heartbeat.beat(now)
      let changed = !inputs.isEmpty || decider.deadline.map { $0 <= now } ?? false
      let mayWait = inputs.allSatisfy { $0.input.isOfLine }
      let committed = decider.committed
      decider.step(inputs, wall: .current(), now: now) { perform($0) }
      if decider.committed != committed { options.onCommit() }
      desk.setLate(decider.isImpaired ? .unrecorded : .late)
      inputs.removeAll(keepingCapacity: true)
      sendUnsent()
      sweepKeys(now)
      if now - maintainedAt >= (decider.isImpaired ? Self.impairedUpkeepInterval : Self.upkeepInterval) {
        maintainedAt = now
        decider.maintain(wall: .current(), now: now)
      }
      if now - droppedAt >= Self.retentionInterval {
        droppedAt = now
        dropDelivered()
      }
      if changed { isUnpublished = true }
      let pause = isUnpublished ? (mayWait ? Self.crowdedInterval : .zero) : Self.publishInterval
      if now - publishedAt >= pause || stopping { publish() }
      if stopping {
        decider.saveSnapshot()
        return
      }
      wait(from: MonotonicClock.now())
    }
  }

  private func dropDelivered() {
    guard var delivered = delivery.get() else { return }
    delivered.othersThrough = options.othersThrough()
    do {
      let dropped = try decider.dropDelivered(delivered, keptMonths: keptMonths, wall: .current())
      droppedFiles += dropped.count
      if !dropped.isEmpty { options.log("上级已有,清除旧日志 / the parent has them, dropped: \(dropped.joined(separator: ", "))") }
    } catch {
      options.log("清除旧日志 / old journal files: \(error)")
    }
  }

  private func wait(from now: Instant) {
    let pause = isUnpublished ? Self.crowdedInterval : Self.publishInterval
    var until = min(publishedAt + pause, decider.deadline ?? .distantFuture)
    if !unsent.isEmpty { until = min(until, now + .milliseconds(20)) }
    if !wallLane.isEmpty { until = min(until, wallHeardAt + Self.wallInterval) }
    var set = PollSet()
    _ = set.add(wake.fileDescriptor)
    _ = set.wait(until: min(until, now + .milliseconds(500)))
  }

  private func perform(_ effect: StationEffect) {
    switch effect {
    case .record: break
    case .device(let command):
      if !unsent.isEmpty || !self.command(command) { unsent.append(command) }
    case .wall(let device, let wishes): options.wall?.wish(device, wishes)
    case .wallIdentify(let port, let seconds): options.wall?.identify(port, seconds)
    case .wallRetest(let device): options.wall?.retest(device)
    case .turn(let source, let preset): options.wall?.turn(source, preset)
    case .sourceRetest(let source): options.wall?.retestSource(source)
    case .answer(let number, let answer): desk.answer(number, answer)
    case .receipt(let number, let receipt): receipts.answer(number, receipt)
    case .command(let child, let command): options.onCommand(child, command)
    case .forgetKeys(let keys): options.keys?.forget(keys)
    case .shred(let keys): options.keys?.shred(keys)
    case .sweep: sweep = .nightly
    }
  }

  /// Only while the state is known to be all of it: a key that is named must not go because the disk does not say so at the moment.
  private func sweepKeys(_ now: Instant) {
    guard sweep != .none, let named = decider.namedKeys else { return }
    if let keys = options.keys {
      keys.sweep(StationRuntime.KeySweep(named: named, at: now, nightlyFiles: sweep == .nightly ? droppedFiles : nil))
    } else if sweep == .nightly {
      _ = inbox.send(StationRuntime.Message(input: .swept(keys: 0, files: droppedFiles), at: now), .irreplaceable)
    }
    if sweep == .nightly { droppedFiles = 0 }
    sweep = .none
  }

  private func sendUnsent() {
    while let next = unsent.first, command(next) { unsent.removeFirst() }
  }

  private func publish() {
    isUnpublished = false
    if decider.lastError != loggedError {
      loggedError = decider.lastError
      options.log("journal: \(loggedError ?? "恢复 / works again")")
    }
    if let time = decider.station.state.lastSynchronisedMilliseconds { options.onSynchronisedTime(time) }
    options.onView(decider.view())
    if let visits = decider.visitView() { options.onVisits(visits) }
    if let wall = decider.wallView() { options.onWall(wall) }
    // From its end: while it takes long there is as much time for what has come meanwhile.
    publishedAt = MonotonicClock.now()
  }
}

extension StationInput {
  /// From another station, as many as it likes: nobody at this desk waits for the answer.
  fileprivate var isOfLine: Bool {
    switch self {
    case .wallHeard(let reports): reports.allSatisfy(\.event.isRepeated)
    case .received, .childConnected, .childListens, .childrenHeard, .command, .link: true
    default: false
    }
  }
}

extension WallClock {
  /// The month's file that an entry of now belongs to; `nil` while the clock stands before this program was made.
  var journalMonth: JournalMonth? {
    let date = Date(timeIntervalSince1970: Double(unixMilliseconds / 1000 + Int64(utcOffsetSeconds)))
    let parts = Calendar(identifier: .gregorian).dateComponents(in: .gmt, from: date)
    guard let year = parts.year, let month = parts.month, year >= 2026 else { return nil }
    return JournalMonth(year: year, month: month)
  }

  static func current() -> WallClock {
    let time = WallTime.now()
    let seconds = time.microsecondsSince1970 / 1_000_000
    let offset = TimeZone.current.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
    return WallClock(
      unixMilliseconds: time.microsecondsSince1970 / 1000, synchronised: time.isSynchronised,
      utcOffsetSeconds: Int32(clamping: offset))
  }
}

/// Requests that wait for what the station says after its commit.
final class PendingAnswers<Answer: Sendable>: Sendable {
  private struct State {
    var next: UInt64 = 0
    var waiting: [UInt64: CheckedContinuation<Answer, Never>] = [:]
    var late: Answer
  }
  private let state: Mutex<State>
  private let busy: Answer

  private static var patience: Duration { .seconds(5) }

  /// - Parameters:
  ///   - late: the answer when none has come within 5 s, until `setLate` says otherwise.
  ///   - busy: the answer when the station's mailbox is full.
  init(late: Answer, busy: Answer) {
    state = Mutex(State(late: late))
    self.busy = busy
  }

  /// What is answered from now on to those that have waited for too long.
  func setLate(_ answer: Answer) { state.withLock { $0.late = answer } }

  func ask(_ send: @escaping @Sendable (UInt64) -> Bool) async -> Answer {
    let number = state.withLock { state in
      state.next += 1
      return state.next
    }
    let limit = Task {
      try await Task.sleep(for: Self.patience)
      answer(number, state.withLock { $0.late })
    }
    defer { limit.cancel() }
    return await withCheckedContinuation { continuation in
      state.withLock { $0.waiting[number] = continuation }
      if !send(number) { answer(number, busy) }
    }
  }

  func answer(_ number: UInt64, _ answer: Answer) {
    state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: answer)
  }
}
