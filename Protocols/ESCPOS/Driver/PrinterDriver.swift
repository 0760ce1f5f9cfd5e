import DeviceKit
import DeviceVocabulary
import ESCPOSCodec

/// One ticket printer on a stream of bytes that somebody else opens and closes (README.md, "A job, step by step").
///
/// A slip is sent at most once. It counts as printed only when the printer has answered a question that stands behind its last byte in the
/// printer's own buffer; what ended otherwise after its first byte is `unknown`, and a person looks.
///
/// Quirks: `status: .realTimeOnly`, `.none`. A printer may still hold the rest of a slip, or stand in the middle of a command, when the
/// line comes back: `clearing` makes sure that it does not before anything else is printed.
public struct PrinterDriver: Machine, Sendable {
  struct Job: Sendable, Equatable {
    var id: UInt64
    var bytes: [UInt8]
    var giveUpAt: Instant
  }

  enum State: Sendable, Equatable {
    /// Can transition to: opening.
    case down(reopenAt: Instant)
    /// Can transition to: idle, down.
    case opening(until: Instant)
    /// Can transition to: asking, clearing, writing, down.
    case idle(nextRound: Instant)
    /// One question of a round. Can transition to: asking, quiet, idle, writing, down.
    case asking(Round, StatusKind, due: Instant)
    /// After an answer that did not come: what comes late answers nothing any more. Can transition to: idle, down.
    case quiet(until: Instant)
    /// Can transition to: marking, idle, down.
    case writing(Job, due: Instant)
    /// The slip is out, the question behind it not answered yet. Can transition to: asking, idle, down.
    case marking(due: Instant)
    /// Can transition to: idle, quiet, down.
    case clearing(Clearing)
  }

  struct Round: Sendable, Equatable {
    var purpose: Purpose
    var found: PrinterStatus = []

    /// `after`: the job ended, and this looks why, or for what its paper has left behind.
    enum Purpose: Sendable, Equatable { case poll, before, after(endsJob: Bool) }
  }

  /// A cut and a question in order, until that was answered: all questions that are open, or one and then nothing for a while.
  struct Clearing: Sendable, Equatable {
    var isAnswered: Bool
    var due: Instant
  }

  public let settings: PrinterSettings
  var state: State
  var queue: [Job] = []
  /// The job under way, from its first byte on.
  var current: Job?
  /// The printer may hold a rest of what it was sent, or wait for as many bytes as this to complete a command that was cut off.
  var leftover: Int?
  var clearings = 0
  /// Questions in order that were not answered.
  var markers = 0
  /// Writes whose end was not told.
  var writes = 0
  var condition = PrinterCondition.unknown
  var faults: FaultBook
  var decoder = ReplyDecoder()
  var random: SeededRandom
  var backOff = Self.firstBackOff
  var silentRounds = 0
  var downSince: Instant?
  /// Effects that did not fit.
  var outbox: [PrinterEffect] = []
  public internal(set) var counters = PrinterCounters()

  static let firstBackOff = Interval.seconds(1)
  static let longestBackOff = Interval.seconds(15)
  static let openTimeout = Interval.seconds(15)
  /// After this silence no answer is on its way any more, besides the time that the printer may need for what it holds.
  static let clearedAfter = Interval.seconds(2)
  static let clearingTries = 3
  public static let jobLimit = 65_536

  /// - Parameter seed: spreads reconnections.
  public init(_ settings: PrinterSettings = PrinterSettings(), seed: UInt64 = 1) {
    self.settings = settings
    state = .down(reopenAt: .zero)
    faults = FaultBook()
    random = SeededRandom(seed: seed)
  }

  public var waiting: Int { queue.count }
  public var isPrinting: Bool { current != nil }

  public var deadline: Instant? {
    if !outbox.isEmpty { return .zero }
    var nearest = own
    for job in queue { nearest = min(nearest, job.giveUpAt) }
    if let downSince, !faults.has(.notConnected) { nearest = min(nearest, downSince + settings.absentAfter) }
    return nearest == .distantFuture ? nil : nearest
  }

  private var own: Instant {
    switch state {
    case .down(let moment), .opening(let moment), .quiet(let moment): moment
    case .idle(let nextRound): !queue.isEmpty && !isBlocked ? .zero : settings.status == .none ? .distantFuture : nextRound
    case .asking(_, _, let due), .writing(_, let due), .marking(let due): due
    case .clearing(let clearing): clearing.due
    }
  }

  /// With jobs waiting a printer that cannot print is asked in its usual rhythm, not without pause.
  var isBlocked: Bool { condition == .blocked }

  public mutating func handle(_ input: PrinterInput, at now: Instant, into effects: inout Effects<PrinterEffect>) {
    switch input {
    case .linkUp: linkUp(at: now)
    case .linkDown: linkDown(at: now)
    case .received(let bytes): for byte in bytes { if let reply = decoder.push(byte) { heard(reply, at: now) } }
    case .written: written(at: now)
    case .writeFailed(let accepted): writeFailed(accepted, at: now)
    case .printRequested(let id, let bytes): take(id, bytes, at: now)
    case .wake: break
    }
    runTimers(at: now)
    giveUp(at: now)
    startWork(at: now)
    while effects.room > 0, !outbox.isEmpty { effects.append(outbox.removeFirst()) }
  }

  private mutating func runTimers(at now: Instant) {
    if isBlocked {
      for index in queue.indices { queue[index].giveUpAt = min(queue[index].giveUpAt, now + settings.blockedPatience) }
    }
    if let downSince, now - downSince >= settings.absentAfter {
      raise(.notConnected)
      // One notice: it cannot answer, of course.
      clear(.notAnswering)
    }
    switch state {
    case .down(let moment) where moment <= now:
      state = .opening(until: now + Self.openTimeout)
      outbox.append(.reopen)
    case .opening(let moment) where moment <= now: goDown(isLost: true, at: now)
    case .quiet(let moment) where moment <= now: state = .idle(nextRound: now)
    case .asking(let round, _, let due) where due <= now: noAnswer(round, at: now)
    case .writing(let job, let due) where due <= now:
      // The line hangs: part of it may be through.
      leftover = job.bytes.count
      goDown(isLost: false, at: now)
    case .marking(let due) where due <= now:
      leftover = 0
      startRound(.after(endsJob: true), at: now)
    case .clearing(let clearing) where clearing.due <= now: clearingTimer(clearing, at: now)
    default: break
    }
  }

  private mutating func startWork(at now: Instant) {
    guard case .idle(let nextRound) = state else { return }
    if settings.status == .none {
      if !queue.isEmpty { startJob(at: now) }
    } else if !queue.isEmpty, !isBlocked || nextRound <= now {
      startRound(.before, at: now)
    } else if nextRound <= now {
      startRound(.poll, at: now)
    }
  }

  private mutating func take(_ id: UInt64, _ bytes: [UInt8], at now: Instant) {
    // Its outcome is told once, for whoever asks twice.
    guard current?.id != id, !queue.contains(where: { $0.id == id }) else { return }
    guard !bytes.isEmpty, bytes.count <= Self.jobLimit else { return end(id, .notPrinted(.impossible)) }
    guard queue.count < settings.queueLimit else { return end(id, .notPrinted(.queueIsFull)) }
    queue.append(Job(id: id, bytes: bytes, giveUpAt: now + settings.patience))
  }

  /// Only what was not begun.
  private mutating func giveUp(at now: Instant) {
    while let index = queue.firstIndex(where: { $0.giveUpAt <= now }) {
      let job = queue.remove(at: index)
      end(job.id, .notPrinted(.notReady(faults.worst)))
    }
  }

  mutating func end(_ id: UInt64, _ outcome: PrintOutcome) {
    if current?.id == id { current = nil }
    counters.count(outcome)
    outbox.append(.event(.jobEnded(job: id, outcome)))
  }

  mutating func write(_ bytes: [UInt8]) {
    writes += 1
    outbox.append(.write(bytes))
  }

  mutating func become(_ new: PrinterCondition) {
    guard new != condition else { return }
    condition = new
    outbox.append(.event(.conditionChanged(new)))
  }
}

/// Since the program began.
public struct PrinterCounters: Sendable, Equatable {
  public var printed: UInt64 = 0
  public var sentNotVerified: UInt64 = 0
  public var notPrinted: UInt64 = 0
  public var unknown: UInt64 = 0
  /// Questions without an answer in time.
  public var unanswered: UInt64 = 0
  /// Bytes that answered nothing.
  public var garbage: UInt64 = 0
  public var reopened: UInt64 = 0

  mutating func count(_ outcome: PrintOutcome) {
    switch outcome {
    case .printed: printed &+= 1
    case .sentNotVerified: sentNotVerified &+= 1
    case .notPrinted: notPrinted &+= 1
    case .unknown: unknown &+= 1
    }
  }
}
