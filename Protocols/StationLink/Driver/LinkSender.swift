import DeviceKit
import DeviceVocabulary
import StationLinkCodec

/// The child's end of the line: decides which entry goes to the parent when, on which path, and what the parent is known to have.
///
/// The journal is the outbox. This machine holds no entry's bytes and nothing that a restart would miss: it is told by the parent what
/// has arrived, and asks for the rest of the journal page by page.
///
/// Lanes: steps of calls for help go on the call lane, at once, on a connection of their own; everything else goes in order on the
/// backlog lane, rate-shaped, and only while no call waits. A call that is unanswered for 3 s is also sent on the other path. Readings are
/// no entries: the newest go on a lane of their own (ReadingLane.swift), when nothing else wants the line.
public struct LinkSender: Machine, Sendable {
  public struct Settings: Sendable {
    /// The ways to the parent, best first, as the site file calls them.
    public var paths: [String]
    /// What the backlog may use of the line, in bytes a second as they are sent, compressed.
    public var backlogBytesPerSecond: Int
    /// Readings go at most once in so long; `nil`: never.
    public var readingsInterval: Interval?

    public init(paths: [String], backlogBytesPerSecond: Int = 250_000, readingsInterval: Interval? = .seconds(10)) {
      self.paths = paths
      self.backlogBytesPerSecond = backlogBytesPerSecond
      self.readingsInterval = readingsInterval
    }
  }

  /// Each has a connection of its own on each path.
  public enum Lane: Sendable, Equatable, CaseIterable { case calls, backlog, pulse, readings }

  public enum Content: Sendable, Equatable {
    case hello
    case pulse(LinkPulse)
    case entries([Outgoing])
    case readings([DeviceReading])
  }

  public enum Input: Sendable {
    /// Entries that have just become durable, in order.
    case recorded([Outgoing])
    /// The page that a `fetch` asked for, in order; empty: the journal ends there.
    case fetched(after: JournalPosition, [Outgoing])
    /// Its receipt has been held against the own journal (`WelcomeCheck`).
    case welcomed(request: UInt32, LinkWelcome, wallMilliseconds: Int64)
    /// - bytes: what the request took on the line.
    case received(request: UInt32, LinkReceipt, wallMilliseconds: Int64, bytes: Int)
    /// Up to there the parent may have other entries under the same numbers: its receipts make nothing count as delivered there.
    case branched(floor: JournalPosition)
    case pulsed(request: UInt32, nonce: UInt64, wallMilliseconds: Int64)
    /// The newest values of all devices, as `gather` asked.
    case gathered([DeviceReading])
    /// Readings were taken; so many the parent has now.
    case taken(request: UInt32, held: Int)
    case failed(request: UInt32, LinkFailure)
    case wake
  }

  public enum Effect: Sendable, Equatable {
    case post(request: UInt32, path: Int, lane: Lane, Content)
    /// The path is given up, and what is under way on it with it: its connections are to be closed.
    case drop(path: Int)
    /// A page of the journal is wanted.
    case fetch(after: JournalPosition)
    /// The newest values of all devices are wanted, at once.
    case gather
    /// The parent takes no readings, in its words: it gets none until it is greeted again.
    case readingsRefused(String)
    /// These calls' openings are on the parent's disk.
    case delivered([UInt32])
    /// Everything up to there is on the parent's disk.
    case parentHas(JournalHead)
    case status(LinkStatus)
  }

  let settings: Settings
  var paths: [LinkPath]
  var flights: [Flight] = []
  var lastRequest: UInt32 = 0
  var random: SeededRandom
  var parent = ""

  // What is to be sent.
  var calls = CallQueue()
  /// The newest entry that is known to be on this disk.
  var newest = JournalPosition.start
  /// The newest that was ever sent: a page may hold what is not known to be newest yet.
  var newestSent = JournalPosition.start
  var floor = JournalPosition.start
  /// What the parent has without a hole; `nil` until it has said so.
  var confirmed: JournalHead?
  var sweep = Sweep()
  /// Looks through what was written before this start for calls.
  var scan: Scan?
  /// Before a parent has too many ranges it gets the rest in order: there must be room for the calls that happen meanwhile.
  var sendsInOrder = false
  /// Steps of calls that went ahead since the queue was last empty; each may be a range at the parent.
  var ahead = 0
  var callsRetryAt = Instant.zero
  var readings = ReadingLane()
  var lastStatus: LinkStatus?
  var nextStatus = Instant.zero

  struct Flight: Sendable {
    var request: UInt32
    var path: Int
    var lane: Lane
    var entries: [Outgoing]
    var readings: [DeviceReading] = []
    var sentAt: Instant
    var nonce: UInt64 = 0
    var isHello = false
    /// Its calls were sent on another path as well.
    var isDoubled = false
    var timeOut: Interval
    var mayBeDoubled: Bool { lane == .calls && !isHello && !isDoubled }
  }

  /// The backlog lane: where it reads, what it has read.
  struct Sweep: Sendable {
    var position = JournalPosition.start
    var page: [Outgoing] = []
    /// A page behind this entry was asked for.
    var fetching: JournalPosition?
    /// The journal ended here when it was last read.
    var isAtEnd = false
    /// When the next batch may go, by the rate.
    var freeAt = Instant.zero
  }

  struct Scan: Sendable {
    var position: JournalPosition
    var end: JournalPosition
    var isFetching = false
    /// What did not fit into the queue before: found, sent, found further.
    var isOfRest = false
  }

  static let callTimeOut = Interval.seconds(10)
  static let backlogTimeOut = Interval.seconds(30)
  static let pulseTimeOut = Interval.seconds(10)
  /// Longer than a parent waits for its disk, so that it can say what is the matter.
  static let greetingTimeOut = Interval.seconds(8)
  /// After so long without an answer a call goes on the other path, too.
  static let doublingAfter = Interval.seconds(3)
  /// So many entries; the answer that was not acted upon is about the newest of them.
  static let lookedBackAt: UInt64 = 2000
  static let aheadLimit = LinkCursor.rangeLimit / 2
  static let callEntries = 100
  static let callBytes = 64 << 10
  static let backlogBytes = 128 << 10
  static let statusInterval = Interval.seconds(5)

  /// - Parameter newest: the end of the journal at the start.
  public init(settings: Settings, newest: JournalPosition, seed: UInt64, at now: Instant) {
    self.settings = settings
    self.newest = newest
    paths = settings.paths.map { LinkPath(name: $0, at: now) }
    random = SeededRandom(seed: seed)
    nextStatus = now
  }

  public var pathNames: [String] { paths.map(\.name) }

  public var deadline: Instant? {
    var next = nextStatus
    for path in paths { next = min(next, path.deadline) }
    for flight in flights {
      next = min(next, flight.sentAt + flight.timeOut)
      if flight.mayBeDoubled, otherWay(for: flight) != nil {
        next = min(next, flight.sentAt + Self.doublingAfter)
      }
    }
    if wantsCallLane { next = min(next, callsRetryAt) }
    if wantsBacklogLane { next = min(next, sweep.freeAt) }
    if let due = readingsDue { next = min(next, due) }
    return next
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .recorded(let entries): recorded(entries)
    case .fetched(let after, let page): fetched(after, page, &effects)
    case .branched(let floor): self.floor = max(self.floor, floor)
    case .welcomed(let request, let welcome, let wall):
      if let flight = land(request) { welcomed(welcome, on: flight.path, at: now, wall, &effects) }
    case .received(let request, let receipt, let wall, let bytes):
      if let flight = land(request) { received(receipt, flight, at: now, wall, bytes, &effects) }
    case .pulsed(let request, let nonce, let wall):
      if let flight = land(request) {
        if flight.nonce == nonce {
          paths[flight.path].proved(at: now, wall: wall)
        } else {
          lose(flight.path, .refused(.malformed, "心跳应答不符 / heartbeat answered wrongly"), at: now, &effects)
        }
      }
    case .gathered(let newest): gathered(newest, at: now, &effects)
    case .taken(let request, let held):
      if let flight = land(request) { readings.taken(flight.readings, held: held) }
    case .failed(let request, let failure):
      if let flight = land(request) { failed(flight, failure, at: now, &effects) }
    case .wake: break
    }
    expire(at: now, &effects)
    greet(at: now, &effects)
    sendCalls(at: now, &effects)
    sendBacklog(at: now, &effects)
    pulse(at: now, &effects)
    report(at: now, &effects)
    gatherReadings(at: now, &effects)
  }

  // MARK: - What is known

  private mutating func recorded(_ entries: [Outgoing]) {
    for entry in entries where entry.position > newest {
      newest = entry.position
      if entry.incident != nil { calls.add(entry) }
    }
    if !entries.isEmpty { sweep.isAtEnd = false }
  }

  /// Entries that it holds at this moment, bytes apart.
  var held: Int { calls.count + sweep.page.count + flights.reduce(0) { $0 + $1.entries.count } }

  var isOpen: Bool { paths.contains { $0.isOpen } }
  /// A lane carries one batch at a time; one of calls that went on the other path as well holds nothing up any longer.
  func isBusy(_ lane: Lane) -> Bool { flights.contains { $0.lane == lane && !$0.isHello && !$0.isDoubled } }

  /// Takes a request off the list of those under way; `nil`: it was given up before.
  private mutating func land(_ request: UInt32) -> Flight? {
    guard let index = flights.firstIndex(where: { $0.request == request }) else { return nil }
    return flights.remove(at: index)
  }

  mutating func launch(
    _ content: Content, _ lane: Lane, path: Int, timeOut: Interval, at now: Instant, _ effects: inout Effects<Effect>
  ) {
    lastRequest &+= 1
    var flight = Flight(request: lastRequest, path: path, lane: lane, entries: [], sentAt: now, timeOut: timeOut)
    switch content {
    case .hello: flight.isHello = true
    case .pulse(let pulse): flight.nonce = pulse.nonce
    case .entries(let entries):
      flight.entries = entries
      newestSent = entries.reduce(newestSent) { max($0, $1.position) }
    case .readings(let readings): flight.readings = readings
    }
    flights.append(flight)
    effects.append(.post(request: lastRequest, path: path, lane: lane, content))
  }

  // MARK: - Paths

  private mutating func greet(at now: Instant, _ effects: inout Effects<Effect>) {
    for index in paths.indices where paths[index].greetingIsDue(at: now) && effects.room > 4 {
      paths[index].greet()
      launch(.hello, .calls, path: index, timeOut: Self.greetingTimeOut, at: now, &effects)
    }
    for index in paths.indices where paths[index].wantsGreeting && paths[index].isOpen && effects.room > 4 {
      guard !flights.contains(where: { $0.path == index && $0.lane == .calls }) else { continue }
      paths[index].wantsGreeting = false
      launch(.hello, .calls, path: index, timeOut: Self.greetingTimeOut, at: now, &effects)
    }
  }

  private mutating func pulse(at now: Instant, _ effects: inout Effects<Effect>) {
    for index in paths.indices where effects.room > 2 {
      guard paths[index].pulseIsDue(at: now), !flights.contains(where: { $0.path == index && $0.lane == .pulse }) else {
        continue
      }
      let pulse = LinkPulse(nonce: random.next(), waiting: waiting, paths: lastStatus?.paths ?? [])
      launch(.pulse(pulse), .pulse, path: index, timeOut: Self.pulseTimeOut, at: now, &effects)
    }
  }

  private mutating func expire(at now: Instant, _ effects: inout Effects<Effect>) {
    while let late = flights.first(where: { $0.sentAt + $0.timeOut <= now }), effects.room > 4 {
      if late.lane == .readings {
        flights.removeAll { $0.request == late.request }
      } else {
        lose(late.path, .tooSlow, at: now, &effects)
      }
    }
  }

  /// Everything that is under way on a path is given up with it: it will be sent again, and the parent drops what comes twice.
  mutating func lose(_ path: Int, _ failure: LinkFailure, at now: Instant, _ effects: inout Effects<Effect>) {
    effects.append(.drop(path: path))
    flights.removeAll { $0.path == path }
    paths[path].failed(failure, at: now)
  }

  private mutating func failed(_ flight: Flight, _ failure: LinkFailure, at now: Instant, _ effects: inout Effects<Effect>) {
    if flight.lane == .readings { return readingsFailed(failure, &effects) }
    if case .refused(let refusal, _) = failure, [.diskUnavailable, .busy].contains(refusal), !flight.isHello {
      // The way is good, the parent is not able to: that is no reason to try another way.
      callsRetryAt = now + .seconds(1)
      sweep.freeAt = now + .seconds(2)
      return
    }
    if case .refused(let refusal, let words) = failure, [.malformed, .tooLarge].contains(refusal), flight.lane == .backlog {
      // One entry that the parent does not take must not close the way for calls: the lane is tried again later, and the desk is told.
      sweep.freeAt = now + LinkPath.refusedRetry
      paths[flight.path].hindrance = words
      return
    }
    lose(flight.path, failure, at: now, &effects)
  }

  // MARK: - Status

  var waiting: UInt64 {
    guard let confirmed else { return newest.sequence }
    if newest.epoch == confirmed.position.epoch { return newest.sequence - min(newest.sequence, confirmed.position.sequence) }
    return newest.sequence
  }

  private mutating func report(at now: Instant, _ effects: inout Effects<Effect>) {
    let status = LinkStatus(
      parent: parent, paths: paths.indices.map { paths[$0].status(at: now) }, waiting: waiting,
      waitingCalls: calls.count + calls.missed)
    let hasChanged =
      status.parent != lastStatus?.parent || status.paths.map(\.state) != lastStatus?.paths.map(\.state)
      || status.paths.map(\.reason) != lastStatus?.paths.map(\.reason)
    guard hasChanged || nextStatus <= now, effects.room > 0 else { return }
    nextStatus = now + Self.statusInterval
    lastStatus = status
    effects.append(.status(status))
  }
}
