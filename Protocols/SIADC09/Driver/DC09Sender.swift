import DeviceKit
import SIADC09Codec

/// The sending side of DC-09 (README.md): one receiver, one message under way, everything else waits in order.
///
/// A report keeps its sequence number until it was answered, over time-outs, new connections and (with `nextSequence` kept by the caller)
/// restarts of the program: a receiver can tell a repeat. Only a refusal uses a number up.
public struct DC09Sender: Machine, Sendable {
  public static let queueLimit = 256
  static let connectTimeout = Interval.seconds(5)
  static let firstBackOff = Interval.seconds(1)
  static let longestBackOff = Interval.seconds(60)
  /// After a refusal that setting the clock did not help.
  static let refusedPause = Interval.seconds(30)

  enum State: Equatable {
    /// → connecting. Not before this moment.
    case offline(until: Instant)
    /// → idle, offline.
    case connecting(until: Instant)
    /// → waiting, offline.
    case idle
    /// → idle, offline.
    case waiting(Exchange)
  }

  struct Exchange: Equatable {
    var isSupervision: Bool
    var sequence: Int
    var tries: Int
    var due: Instant
    /// Refused once; the clock was set and it was sent again.
    var wasRefused = false
  }

  public let settings: DC09SenderSettings
  let cipher: (any DC09Cipher)?
  var state = State.offline(until: .zero)
  var queue: [DC09Report] = []
  var decoder: DC09Decoder
  var random: SeededRandom
  /// What the receiver's clock is ahead of ours, as its last refusal said.
  var clockOffsetSeconds: Int64 = 0
  var supervisionDue: Instant?
  var notBefore = Instant.zero
  var backOff = Self.firstBackOff
  /// Since when it has been asked without an answer.
  public internal(set) var unansweredSince: Instant?
  public internal(set) var health = DC09Health.unknown
  var healthToTell = false
  /// The number of the next new message, 1 ... 9999: to be kept over restarts.
  public internal(set) var nextSequence: Int
  public internal(set) var counters = DC09Counters()

  /// - Parameters:
  ///   - cipher: with one, everything is sent encrypted.
  ///   - nextSequence: where the numbers go on; what is out of range counts as 1.
  ///   - seed: of the pads and of the spread of the pauses.
  public init(settings: DC09SenderSettings, cipher: (any DC09Cipher)?, nextSequence: Int = 1, seed: UInt64) {
    self.settings = settings
    self.cipher = cipher
    self.nextSequence = (1...9999).contains(nextSequence) ? nextSequence : 1
    decoder = DC09Decoder(cipher: cipher)
    random = SeededRandom(seed: seed)
    supervisionDue = settings.supervision.map { _ in .zero }
  }

  /// How many more reports may be handed in.
  public var room: Int { Self.queueLimit - queue.count }
  public var waiting: Int { queue.count }

  public var deadline: Instant? {
    var nearest: Instant?
    func consider(_ moment: Instant?) {
      guard let moment else { return }
      nearest = min(nearest ?? moment, moment)
    }
    if health != .silent { consider(unansweredSince.map { $0 + settings.silentAfter }) }
    switch state {
    case .offline(let until): consider(workDue.map { max($0, until) })
    case .idle: consider(workDue)
    case .connecting(let until): consider(until)
    case .waiting(let exchange): consider(exchange.due)
    }
    return nearest
  }

  /// When there is something to send; `nil`: never, as things stand.
  private var workDue: Instant? {
    let due = queue.isEmpty ? supervisionDue : .zero
    return due.map { max($0, notBefore) }
  }

  public mutating func handle(_ input: DC09Stimulus, at now: Instant, into effects: inout Effects<DC09Effect>) {
    let wall = input.wallMilliseconds
    switch input.input {
    case .report(let report): if room > 0 { queue.append(report) }
    case .connected: if case .connecting = state { state = .idle }
    case .closed: lineClosed(at: now)
    case .received(let bytes): received(bytes, at: now, wall, into: &effects)
    case .wake: break
    }
    runTimers(at: now, wall, into: &effects)
    startWork(at: now, wall, into: &effects)
    noteSilence(at: now)
    if healthToTell {
      healthToTell = false
      effects.append(.health(health))
    }
  }

  private mutating func lineClosed(at now: Instant) {
    decoder.startOver()
    switch state {
    case .offline: break
    // Closed at rest: receivers do that between messages. Only a message that got no answer makes it wait.
    case .idle: state = .offline(until: now)
    case .connecting, .waiting: goOffline(at: now)
    }
  }

  private mutating func runTimers(at now: Instant, _ wall: Int64, into effects: inout Effects<DC09Effect>) {
    switch state {
    case .connecting(let until) where until <= now:
      effects.append(.disconnect)
      goOffline(at: now)
    case .waiting(let exchange) where exchange.due <= now:
      if exchange.tries < settings.tries {
        transmit(exchange, at: now, wall, into: &effects)
      } else {
        effects.append(.disconnect)
        goOffline(at: now)
      }
    default: break
    }
  }

  private mutating func startWork(at now: Instant, _ wall: Int64, into effects: inout Effects<DC09Effect>) {
    guard let due = workDue, due <= now else { return }
    switch state {
    case .offline(let until) where until <= now:
      unansweredSince = unansweredSince ?? now
      state = .connecting(until: now + Self.connectTimeout)
      effects.append(.connect)
    case .idle:
      unansweredSince = unansweredSince ?? now
      let isSupervision = queue.isEmpty
      transmit(
        Exchange(isSupervision: isSupervision, sequence: isSupervision ? 0 : nextSequence, tries: 0, due: now), at: now, wall,
        into: &effects)
    default: break
    }
  }

  mutating func transmit(_ exchange: Exchange, at now: Instant, _ wall: Int64, into effects: inout Effects<DC09Effect>) {
    var exchange = exchange
    exchange.tries += 1
    exchange.due = now + settings.replyTimeout
    // Made anew for each try: the timestamp must lie in the receiver's window, the rest of it is the same.
    guard let bytes = message(exchange, wall) else {
      state = .idle
      notBefore = now + Self.refusedPause
      become(.refusing)
      return
    }
    state = .waiting(exchange)
    counters.sent &+= 1
    effects.append(.transmit(bytes))
  }

  private mutating func message(_ exchange: Exchange, _ wall: Int64) -> [UInt8]? {
    var frame = DC09Frame(
      kind: .null, sequence: exchange.sequence, receiver: settings.receiver, line: settings.line, account: settings.account,
      isEncrypted: cipher != nil)
    if !exchange.isSupervision {
      guard let report = queue.first else { return nil }
      switch settings.format {
      case .contactID:
        frame.kind = .contactID
        frame.content.data = report.event.contactID(account: settings.account)
      case .siaDCS:
        frame.kind = .siaDCS
        frame.content.data = report.event.siaDCS(account: settings.account)
      }
      if settings.timeOfOccurrence, let occurred = report.occurred { frame.content.extended = ["H\(occurred)"] }
    }
    if settings.timestamps || cipher != nil {
      frame.content.timestamp = DC09Timestamp(unixSeconds: wall / 1000 + clockOffsetSeconds)
    }
    return frame.encoded(cipher, random: &random)
  }

  private mutating func goOffline(at now: Instant) {
    decoder.startOver()
    // Spread, so that a hundred stations do not come back to one receiver in the same second.
    let spread = Interval(microseconds: Int64(random.below(UInt32(clamping: backOff.microseconds / 4))))
    state = .offline(until: now + backOff + spread)
    backOff = min(backOff * 2, Self.longestBackOff)
  }

  private mutating func noteSilence(at now: Instant) {
    if let since = unansweredSince, now - since >= settings.silentAfter { become(.silent) }
  }

  mutating func become(_ new: DC09Health) {
    guard new != health else { return }
    health = new
    healthToTell = true
  }
}

/// Since the program began.
public struct DC09Counters: Sendable, Equatable {
  public var sent: UInt64 = 0
  public var acknowledged: UInt64 = 0
  /// Refusals (NAK), and contents that were not understood (DUH).
  public var refused: UInt64 = 0
  /// Answers to something else, or in clear where they must be encrypted.
  public var stale: UInt64 = 0
  /// What was no message.
  public var garbage: UInt64 = 0
}
