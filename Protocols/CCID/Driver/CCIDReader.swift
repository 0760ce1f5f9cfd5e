import CCIDCodec
import DeviceKit
import DeviceVocabulary

/// The host's side of one slot of a smart-card reader (README.md): notices cards that come and go, gives them power, asks for what identifies
/// them, carries one command at a time to them, and brings a reader that has gone silent back by the same ladder as other readers: once more,
/// clear the pipes, reset, open anew, ask a person.
///
/// Answers of cards are in `SecretBuffer`s only.
public struct CCIDReader: Machine, Sendable {
  enum Step: Equatable, Sendable {
    case status, powerOff, powerOn, negotiate, parameters
    /// T=1: how long a field may be.
    case field
    /// Part of a command to the card.
    case exchange

    var needsCard: Bool { self != .status && self != .powerOff }
  }

  struct Exchange: Equatable {
    var step: Step
    var kind: CCIDCommand.Kind
    var sequence: UInt8
    /// For what is to come next.
    var due: Instant
    /// What the reader multiplies when it asks for more.
    var patience: Interval
  }

  enum State: Equatable {
    /// There is no port → resting.
    case absent(nextTry: Instant)
    /// Nothing is under way → waiting.
    case resting
    /// A command is out → resting, draining, mending, absent.
    case waiting(Exchange)
    /// Something went wrong: whatever comes is dropped until nothing comes → resting, mending.
    case draining(quietAt: Instant, end: Instant)
    /// The transport does what the present rung says → resting, mending, absent.
    case mending(until: Instant)
    /// The ladder has come to its end. It is climbed again, without another notice → mending.
    case lost(again: Instant)
  }

  enum Rung: Int, Comparable {
    case none, clearHalt, reset, reopen
    static func < (left: Rung, right: Rung) -> Bool { left.rawValue < right.rawValue }
  }

  /// Of the card.
  enum Presence { case unknown, none, starting, ready, unusable }

  /// Somebody's command.
  struct Request: Sendable {
    var token: UInt64
    var command: CardCommand
    var end: Instant
  }

  /// A command on its way.
  struct Running: Sendable {
    /// `nil`: the driver's own question for the UID.
    var token: UInt64?
    var command: CardCommand
    var end: Instant
    /// Everything that was answered up to now.
    var answer: SecretBuffer
    /// What the present round has brought, with its status.
    var round: SecretBuffer
    var rounds = 0
    /// What is asked in this round, and how much of it is not sent yet.
    var asking: [UInt8]
    var unsent: ArraySlice<UInt8> = []
    /// The block that is to go out next, T=1.
    var block: [UInt8] = []
    var waiting: UInt8 = 0
    /// The reader has more of its answer.
    var wantsMore = false
  }

  public let settings: CCIDReaderSettings
  let makeBuffer: @Sendable (Int) -> SecretBuffer
  let data: SecretBuffer
  var decoder: CCIDReplyDecoder
  var state = State.absent(nextTry: .zero)
  var rung = Rung.none
  var descriptor: CCIDDescriptor?
  var isOpen = false
  var isAttached = false
  /// Its answers made sense since it was opened.
  var isReady = false
  var isUnsupported = false
  var hasNotices = false
  var downSince: Instant?
  var isReading = false
  var isListening = false
  var lastByte = Instant.zero
  var sequence: UInt8 = 0
  var failures = 0
  var stale = 0
  var busy = 0
  var heardGarbage = false
  var nextStep: Step?
  /// The next command waits until then.
  var holdUntil = Instant.zero
  var nextCheck = Instant.zero
  // Of the card that lies there.
  var presence = Presence.unknown
  /// `bPowerSelect` of the tries that are left.
  var voltages: [UInt8] = []
  var answer: AnswerToReset?
  var answerBytes: SecretBuffer?
  var usesT1 = false
  var conversation: T1Conversation?
  /// The reader says "active" of a card with power, so that another word means another card.
  var tellsActive = false
  /// After a command that failed in the middle nobody knows how the card stands.
  var needsPower = false
  /// Asking this one for its UID has silenced the reader.
  var leavesUID = false
  var card: SmartCard?
  var lastCard: UInt32 = 0
  var request: Request?
  var running: Running?
  public internal(set) var notice: SmartCardRepair?
  public internal(set) var health = Health.absent
  var healthTold: Health?
  public internal(set) var counters = CCIDReaderCounters()

  /// - Parameter makeBuffer: makes a buffer of that capacity, with its pages locked where the system can.
  public init(
    settings: CCIDReaderSettings = CCIDReaderSettings(),
    makeBuffer: @escaping @Sendable (Int) -> SecretBuffer = { SecretBuffer(capacity: $0) }
  ) {
    self.settings = settings
    self.makeBuffer = makeBuffer
    data = makeBuffer(max(settings.longestAnswer, 512) + 16)
    decoder = CCIDReplyDecoder(into: data)
  }

  public var deadline: Instant? {
    var nearest: Instant?
    func consider(_ moment: Instant?) {
      if let moment { nearest = min(nearest ?? moment, moment) }
    }
    consider(request?.end)
    switch state {
    case .absent(let nextTry):
      consider(nextTry)
      if notice == nil { consider(downSince.map { $0 + settings.absentGrace }) }
    case .resting: consider(workDue)
    case .waiting(let exchange):
      consider(exchange.due)
      if exchange.step == .exchange { consider(running?.end) }
    case .draining(let quietAt, let end): consider(min(quietAt, end))
    case .mending(let until): consider(until)
    case .lost(let again): consider(again)
    }
    return nearest
  }

  public mutating func handle(_ input: CCIDReaderInput, at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    if downSince == nil, !isOpen { downSince = now }
    switch input {
    case .linkUp(let descriptor, let notices): linkUp(descriptor, notices, at: now, into: &effects)
    case .linkDown: linkDown(at: now, into: &effects)
    case .received(let packet, let isLast):
      received(packet, isLast: isLast, at: now, into: &effects)
      packet.wipe()
    case .notified(let bytes):
      isListening = false
      // Whatever it says, the slot says it better.
      if CCIDNotice(bytes, slot: settings.slot) != nil { nextCheck = now }
    case .noticeFailed:
      isListening = false
      hasNotices = false
      nextCheck = min(nextCheck, now + settings.pollPeriod)
    case .transferFailed: transferFailed(at: now, into: &effects)
    case .mended: if case .mending = state, isOpen { mended(at: now) }
    case .transmit(let token, let bytes, let limit): begin(token, bytes, limit, at: now, into: &effects)
    case .wake: break
    }
    runTimers(at: now, into: &effects)
    startWork(at: now, into: &effects)
    askForBytes(into: &effects)
    tellHealth(into: &effects)
  }

  private mutating func runTimers(at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    if let request, request.end <= now { endRequest(.timedOut, into: &effects) }
    switch state {
    case .absent(let nextTry):
      if let downSince, downSince + settings.absentGrace <= now { needRepair(.absent, into: &effects) }
      if nextTry <= now {
        state = .absent(nextTry: now + settings.openPeriod)
        effects.append(.openPort)
      }
    case .waiting(let exchange):
      let isOver = exchange.step == .exchange && running.map { $0.end <= now } ?? false
      guard exchange.due <= now || isOver else { break }
      counters.timeouts &+= 1
      failed(exchange, because: .silence, at: now, into: &effects)
    case .draining(let quietAt, let end):
      if quietAt <= now { state = .resting } else if end <= now { climb(at: now, into: &effects) }
    case .mending(let until) where until <= now: if isOpen { mended(at: now) } else { climb(at: now, into: &effects) }
    case .lost(let again) where again <= now:
      rung = .none
      climb(at: now, into: &effects)
    default: break
    }
  }

  /// When there is something to say; `nil`: never, as things stand.
  private var workDue: Instant? {
    if isUnsupported { return nil }
    if nextStep != nil || presence == .unknown { return holdUntil }
    if request != nil, running == nil, presence == .ready { return holdUntil }
    return max(nextCheck, holdUntil)
  }

  private mutating func startWork(at now: Instant, into effects: inout Effects<CCIDReaderEffect>) {
    if let request, isOpen, nextStep == nil, presence == .none || presence == .unusable {
      self.request = nil
      effects.append(.answered(token: request.token, .failure(.noCard)))
    }
    guard state == .resting, isOpen, let due = workDue, due <= now else { return }
    if nextStep == nil, let request, presence == .ready {
      if needsPower {
        startCard()
      } else {
        self.request = nil
        start(request.token, request.command, end: request.end)
      }
    }
    let step = nextStep ?? .status
    nextStep = nil
    ask(step, at: now, into: &effects)
  }

  // MARK: commands to the card

  private mutating func begin(
    _ token: UInt64, _ bytes: [UInt8], _ limit: Interval?, at now: Instant, into effects: inout Effects<CCIDReaderEffect>
  ) {
    let failure: SmartCardFailure?
    let command = CardCommand(bytes)
    if request != nil || running?.token != nil {
      failure = .busy
    } else if notice != nil || isUnsupported || !isOpen {
      failure = .outOfOrder
    } else if command.map({ !canCarry($0) }) ?? true {
      failure = .notACommand
    } else {
      failure = nil
    }
    guard failure == nil, let command else {
      effects.append(.answered(token: token, .failure(failure ?? .notACommand)))
      return
    }
    request = Request(token: token, command: command, end: now + (limit ?? settings.commandLimit))
  }

  private func canCarry(_ command: CardCommand) -> Bool {
    guard command.isExtended, let level = descriptor?.level else { return true }
    // Blocks of T=1 carry anything; T=0 would have to put it into envelopes.
    return level == .longCommand || level == .block && (usesT1 || presence != .ready)
  }

  mutating func endRequest(_ why: SmartCardFailure, into effects: inout Effects<CCIDReaderEffect>) {
    guard let request else { return }
    self.request = nil
    effects.append(.answered(token: request.token, .failure(why)))
  }

  /// Whatever was under way for a card is over.
  mutating func endRunning(_ why: SmartCardFailure, into effects: inout Effects<CCIDReaderEffect>) {
    guard let running else { return }
    self.running = nil
    running.answer.wipe()
    running.round.wipe()
    data.wipe()
    if let token = running.token { effects.append(.answered(token: token, .failure(why))) }
  }

  mutating func needRepair(_ repair: SmartCardRepair, into effects: inout Effects<CCIDReaderEffect>) {
    endRequest(.outOfOrder, into: &effects)
    // One notice for each fault: silent, absent and garbled look alike to who comes.
    if let notice, (notice == .unsupported) == (repair == .unsupported) { return }
    notice = repair
    effects.append(.event(.repairNeeded(repair)))
  }

  private mutating func tellHealth(into effects: inout Effects<CCIDReaderEffect>) {
    if case .absent = state {
      health = .absent
    } else if notice != nil {
      health = .faulted
    } else if rung > .none {
      health = .stale
    } else {
      health = isReady ? .online : .identifying
    }
    guard health != healthTold else { return }
    healthTold = health
    effects.append(.health(health))
  }
}
