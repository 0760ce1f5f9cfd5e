import DeviceKit
import Foundation
import SIADC09Driver
import Station
import StationRuntime
import Transports

/// The thread that owns the sender: reads the journal, holds the connection, and performs what the sender says.
final class ReceiverLoop {
  private var sender: DC09Sender
  private let feed: JournalFeed
  private let socket: NetworkSocket
  private let plan: AlarmReceiverPlan
  private let wake: WakeSignal
  private let board: ReceiverBoard
  private let log: (String) -> Void
  private let tell: (ReceiverCondition, String) -> Bool
  /// What the station's mailbox did not take yet.
  private var untold: [(condition: ReceiverCondition, detail: String)] = []
  private var lastAcceptedMilliseconds: Int64?
  private var accepted: UInt64 = 0
  private var problem = ""
  /// Since when the journal cannot be read, and whether that was told.
  private var unreadSince: Instant?
  private var toldUnread = false
  private var readAt = Instant.zero
  private var wantsToRead = true

  /// While nothing wakes it, the journal is looked at this often.
  private static let lookInterval = Interval.seconds(1)
  /// Many commits in a row are read at once.
  private static let gatherInterval = Interval.milliseconds(20)

  /// The journal's files may be refused for a moment while the station changes them.
  private static let unreadPatience = Interval.seconds(10)

  /// Made on one thread and handed to its own; nothing else ever touches it.
  struct Handed: @unchecked Sendable { let value: ReceiverLoop }

  init(
    sender: DC09Sender, feed: JournalFeed, plan: AlarmReceiverPlan, wake: WakeSignal, board: ReceiverBoard,
    log: @escaping (String) -> Void, tell: @escaping (ReceiverCondition, String) -> Bool
  ) {
    self.sender = sender
    self.feed = feed
    self.plan = plan
    self.wake = wake
    self.board = board
    self.log = log
    self.tell = tell
    socket = NetworkSocket(host: plan.host, port: plan.port, kind: plan.transport == .tcp ? .stream : .datagram)
  }

  func run(until stop: StopFlag) {
    while !stop.isRaised {
      give(.wake)
      readJournal()
      while let next = untold.first, tell(next.condition, next.detail) { untold.removeFirst() }
      publish()
      wait()
    }
    socket.disconnect()
  }

  private func readJournal() {
    let now = MonotonicClock.now()
    guard sender.room > 0, now - readAt >= (wantsToRead ? Self.gatherInterval : Self.lookInterval) else { return }
    readAt = now
    for report in feed.next(sender.room, alreadyGiven: sender.waiting) { give(.report(report)) }
    wantsToRead = feed.hasMore && sender.room > 0
    guard let why = feed.problem else {
      (unreadSince, toldUnread) = (nil, false)
      return
    }
    let since = unreadSince ?? now
    unreadSince = since
    if !toldUnread, now - since >= Self.unreadPatience {
      toldUnread = true
      untold.append((.unfed, why))
    }
  }

  private func wait() {
    var until = readAt + (wantsToRead ? Self.gatherInterval : Self.lookInterval)
    if let due = sender.deadline { until = min(until, due) }
    var set = PollSet()
    let signal = set.add(wake.fileDescriptor) ?? 0
    let line = set.add(socket.descriptor, output: socket.isConnecting) ?? 1
    guard set.wait(until: until) > 0 else { return }
    if set[signal].contains(.input) {
      wake.clear()
      wantsToRead = true
    }
    if !set[line].isEmpty { lineReady() }
  }

  private func lineReady() {
    if socket.isConnecting {
      if let failure = socket.finishConnecting() { lineLost(failure.reason) } else { give(.connected) }
      return
    }
    switch socket.receive() {
    case .nothing: break
    case .bytes(let bytes):
      give(.received(bytes))
    case .closed(let why): lineLost(why)
    }
  }

  private func lineLost(_ why: String) {
    problem = why
    socket.disconnect()
    give(.closed)
  }

  private func give(_ input: DC09Input) {
    var effects = Effects<DC09Effect>()
    let now = MonotonicClock.now()
    let wall = WallTime.now().microsecondsSince1970 / 1000
    sender.handle(DC09Stimulus(input, wallMilliseconds: wall), at: now, into: &effects)
    if sender.counters.acknowledged != accepted {
      accepted = sender.counters.acknowledged
      lastAcceptedMilliseconds = wall
    }
    // Performed in order; what a step of the socket brings about is told to the sender after all of them.
    var then: DC09Input?
    for index in 0..<effects.count {
      guard let effect = effects[index] else { continue }
      if let input = perform(effect) { then = input }
    }
    if let then { give(then) }
  }

  private func perform(_ effect: DC09Effect) -> DC09Input? {
    switch effect {
    case .connect:
      if let failure = socket.connect() {
        problem = failure.reason
        return .closed
      }
      return socket.isConnecting ? nil : .connected
    case .disconnect: socket.disconnect()
    case .transmit(let bytes):
      if let why = socket.send(bytes) {
        problem = why
        socket.disconnect()
        return .closed
      }
    case .delivered(let report, _): feed.settled(report, nextSequence: sender.nextSequence)
    case .refused(let report, let sequence):
      log("外部接警: 第 \(sequence) 号消息对方不认识,已放弃 / alarm receiver: message \(sequence) not understood, given up")
      feed.settled(report, nextSequence: sender.nextSequence)
      untold.append((.misses, "\(sequence)"))
    case .renumbered(let next): feed.renumbered(next)
    case .health(let health): healthChanged(health)
    }
    return nil
  }

  private func healthChanged(_ health: DC09Health) {
    let condition = ReceiverCondition(health)
    log("外部接警 / alarm receiver \(plan.host):\(plan.port): \(health.rawValue)\(health == .silent ? " \(problem)" : "")")
    untold.append((condition, health == .silent ? "\(plan.host):\(plan.port) \(problem)" : "\(plan.host):\(plan.port)"))
  }

  private func publish() {
    var status = ReceiverStatus(
      name: "\(plan.host):\(plan.port)", condition: ReceiverCondition(sender.health), waiting: feed.waiting,
      lastAcceptedMilliseconds: lastAcceptedMilliseconds)
    if let since = sender.unansweredSince, sender.health == .silent {
      let age = (MonotonicClock.now() - since).microseconds / 1000
      status.silentSinceMilliseconds = WallTime.now().microsecondsSince1970 / 1000 - age
    }
    board.put(status)
  }
}

extension ReceiverCondition {
  init(_ health: DC09Health) {
    switch health {
    case .unknown: self = .unknown
    case .answering: self = .answering
    case .silent: self = .silent
    case .refusing: self = .refusing
    }
  }
}
