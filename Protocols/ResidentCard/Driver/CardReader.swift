import DeviceKit
import DeviceVocabulary
import ResidentCardCodec

/// The host's side of one card reader (README.md): asks how it is, looks for a card when somebody has agreed to that, reads it, and brings a
/// reader that has gone silent back by a ladder: ask once more, clear the pipes, reset, open anew, ask a person.
///
/// What a card holds is in `SecretBuffer`s only, one pair for each reading. They are erased when the reading breaks off, is cancelled or over.
public struct CardReader: Machine, Sendable {
  enum Step: Equatable, Sendable {
    case status, number, radioFrame, find, select, read, address

    /// A card is needed for it, and the request ends or fails with it.
    var isOfCard: Bool { self == .select || self == .read || self == .address }
  }

  struct Exchange: Equatable {
    var step: Step
    /// For the first byte, or for the next one.
    var due: Instant
    var end: Instant
    /// Whoever wanted it does not any more. The answer is waited for all the same, so that it is not taken for that to the next command.
    var isAbandoned = false
  }

  enum State: Equatable {
    /// There is no port → resting.
    case absent(nextTry: Instant)
    /// Nothing is under way → waiting.
    case resting
    /// A command is out → resting, draining, mending, lost.
    case waiting(Exchange)
    /// Something went wrong: whatever comes is dropped until nothing comes → resting, mending.
    case draining(quietAt: Instant, end: Instant)
    /// The transport does what the present rung says → resting, mending, lost.
    case mending(until: Instant)
    /// The ladder has come to its end. It is climbed again, without another notice → mending, resting.
    case lost(again: Instant)
  }

  enum Rung: Int, Comparable {
    case none, clearHalt, reset, reopen
    static func < (left: Rung, right: Rung) -> Bool { left.rawValue < right.rawValue }
  }

  enum Condition { case starting, ready, outOfOrder }

  struct Request: Sendable {
    var newestAddress: Bool
    var consent: CardConsent
  }

  /// What was read and handed over.
  struct Held: Sendable {
    var handle: CardHandle
    var content: SecretBuffer
    var newestAddress: SecretBuffer?
    var until: Instant
  }

  public let settings: CardReaderSettings
  let makeBuffer: @Sendable (Int) -> SecretBuffer
  var state = State.absent(nextTry: .zero)
  var condition = Condition.starting
  var rung = Rung.none
  var layout: PipeLayout?
  var isAttached = false
  var downSince: Instant?
  var decoder = SDTReplyDecoder()
  var strayBefore: UInt64 = 0
  /// Reads that stand: of the head or the only pipe, and of the body's.
  var isReading = false
  var isReadingBody = false
  var lastByte = Instant.zero
  /// Since the last good answer.
  var failures = 0
  var heardGarbage = false
  var nextStep: Step?
  var nextFind = Instant.zero
  var nextCheck = Instant.zero
  var wantsNumber = true
  var request: Request?
  var usedConsent: UInt64?
  /// The last failure that was told while a card lies there: the same one is not told again.
  var told: ReadFailure?
  var cardLies = false
  /// The module said that a reading had come to nothing, and not why: the next find tells whether anything still lies there.
  var isUnsure = false
  /// Of the reading under way.
  var text: SecretBuffer?
  var address: SecretBuffer?
  var held: Held?
  var lastHandle: UInt32 = 0
  /// The notice that a person has and that is not over.
  public internal(set) var notice: ReaderRepair?
  public internal(set) var health = Health.absent
  var healthTold: Health?
  public internal(set) var counters = CardReaderCounters()

  /// - Parameter makeBuffer: makes a buffer of that capacity, with its pages locked where the system can. Called twice for each reading.
  public init(
    settings: CardReaderSettings = CardReaderSettings(),
    makeBuffer: @escaping @Sendable (Int) -> SecretBuffer = { SecretBuffer(capacity: $0) }
  ) {
    self.settings = settings
    self.makeBuffer = makeBuffer
  }

  public var deadline: Instant? {
    var nearest: Instant?
    func consider(_ moment: Instant?) {
      if let moment { nearest = min(nearest ?? moment, moment) }
    }
    consider(request?.consent.until)
    consider(held?.until)
    switch state {
    case .absent(let nextTry):
      consider(nextTry)
      if notice == nil { consider(downSince.map { $0 + settings.absentGrace }) }
    case .resting: consider(workDue)
    case .waiting(let exchange): consider(min(exchange.due, exchange.end))
    case .draining(let quietAt, let end): consider(min(quietAt, end))
    case .mending(let until): consider(until)
    case .lost(let again): consider(again)
    }
    return nearest
  }

  public mutating func handle(_ input: CardReaderInput, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    if downSince == nil, layout == nil { downSince = now }
    switch input {
    case .linkUp(let layout): linkUp(layout, at: now, into: &effects)
    case .linkDown: linkDown(at: now, into: &effects)
    case .received(let bytes, let pipe):
      received(bytes, from: pipe, at: now, into: &effects)
      bytes.wipe()
    case .transferFailed(let failure): transferFailed(failure, at: now, into: &effects)
    case .mended: if case .mending = state, layout != nil { mended(at: now) }
    case .read(let newestAddress, let consent):
      begin(Request(newestAddress: newestAddress, consent: consent), at: now, into: &effects)
    case .cancel:
      endRequest(nil, into: &effects)
      wipeHeld(into: &effects)
    case .wake: break
    }
    runTimers(at: now, into: &effects)
    startWork(at: now, into: &effects)
    askForBytes(into: &effects)
    tellHealth(into: &effects)
  }

  private mutating func runTimers(at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    if let request, request.consent.until <= now { endRequest(.consentEnded, into: &effects) }
    if let held, held.until <= now { wipeHeld(into: &effects) }
    switch state {
    case .absent(let nextTry):
      if let downSince, downSince + settings.absentGrace <= now { needRepair(.absent, into: &effects) }
      if nextTry <= now {
        state = .absent(nextTry: now + settings.openPeriod)
        effects.append(.openPort)
      }
    case .waiting(let exchange) where min(exchange.due, exchange.end) <= now:
      counters.timeouts &+= 1
      if decoder.strayBytes != strayBefore { heardGarbage = true }
      failed(exchange, because: .silence, at: now, into: &effects)
    case .draining(let quietAt, let end):
      if quietAt <= now { state = .resting } else if end <= now { climb(at: now, into: &effects) }
    case .mending(let until) where until <= now: if layout == nil { climb(at: now, into: &effects) } else { mended(at: now) }
    case .lost(let again) where again <= now:
      rung = .none
      climb(at: now, into: &effects)
    default: break
    }
  }

  /// When there is something to ask; `nil`: never, as things stand.
  private var workDue: Instant? {
    if nextStep != nil { return .zero }
    switch condition {
    case .starting: return .zero
    case .outOfOrder: return nextCheck
    case .ready where wantsToFind: return nextFind
    case .ready: return settings.idleCheck == nil ? nil : nextCheck
    }
  }

  /// Somebody wants a card, or the card that was read may be taken away.
  private var wantsToFind: Bool { request != nil || held != nil && cardLies }

  private mutating func startWork(at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    guard state == .resting, layout != nil, let due = workDue, due <= now else { return }
    let step = nextStep ?? (condition == .ready && wantsToFind ? .find : .status)
    nextStep = nil
    ask(step, at: now, into: &effects)
  }

  // MARK: requests

  private mutating func begin(_ new: Request, at now: Instant, into effects: inout Effects<CardReaderEffect>) {
    endRequest(nil, into: &effects)
    wipeHeld(into: &effects)
    guard new.consent.until > now, new.consent.number != usedConsent else {
      effects.append(.event(.readFailed(.consentEnded)))
      return
    }
    guard notice == nil else {
      effects.append(.event(.readFailed(.outOfOrder)))
      return
    }
    request = new
    told = nil
    isUnsure = false
    cardLies = false
    nextFind = now
  }

  /// - Parameter why: `nil`: whoever wanted it said so himself.
  mutating func endRequest(_ why: ReadFailure?, into effects: inout Effects<CardReaderEffect>) {
    guard request != nil else { return }
    request = nil
    isUnsure = false
    dropContent()
    if let why { effects.append(.event(.readFailed(why))) }
    if case .waiting(var exchange) = state, exchange.step.isOfCard || exchange.step == .find {
      exchange.isAbandoned = true
      state = .waiting(exchange)
    }
    if nextStep?.isOfCard == true { nextStep = nil }
  }

  /// Erases what has arrived of a card that is not whole.
  mutating func dropContent() {
    decoder.keepNothing()
    text?.wipe()
    address?.wipe()
    text = nil
    address = nil
  }

  mutating func wipeHeld(into effects: inout Effects<CardReaderEffect>) {
    guard let held else { return }
    held.content.wipe()
    held.newestAddress?.wipe()
    self.held = nil
    effects.append(.event(.wiped(held.handle)))
  }

  private mutating func tellHealth(into effects: inout Effects<CardReaderEffect>) {
    if case .absent = state {
      health = .absent
    } else if notice != nil {
      health = .faulted
    } else if rung > .none {
      health = .stale
    } else {
      health = condition == .starting ? .identifying : .online
    }
    guard health != healthTold else { return }
    healthTold = health
    effects.append(.health(health))
  }
}
