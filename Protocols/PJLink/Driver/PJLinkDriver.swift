import DeviceKit
import DeviceVocabulary
import PJLinkCodec

/// One projector or display that speaks PJLink, class 1 or 2 (README.md, "The conversation"). Its port is 1.
///
/// Quirks: one command at a time; the digest stands in front of the first command only, and a session is kept (some lock up when asked often
/// with a password); "not now" (ERR3) is no fault; class 1 units may leave `%2…` without an answer; NUL behind the greeting; any case.
public struct PJLinkDriver: WallDriver {
  enum Link: Sendable, Equatable {
    /// Can transition to: opening.
    case down(reopenAt: Instant)
    /// Can transition to: greeting, down.
    case opening(until: Instant)
    /// It speaks first. Can transition to: up, down.
    case greeting(until: Instant)
    /// Can transition to: down.
    case up
  }

  enum Step: Sendable, Equatable {
    case power(Bool)
    case input(String)
    case showPicture
  }

  /// What is read until it is known what it shows.
  enum Register: Sendable, Equatable { case power, level, input, mute }

  enum Question: Sendable, Equatable {
    case set(Step)
    case read(Register)
    case detail(Detail)
    case blink(isDark: Bool)
  }

  struct Blink: Sendable, Equatable {
    var until: Instant
    var nextToggle: Instant
    var isDark = false
  }

  static let port: UInt16 = 1
  static let backOff = [1, 2, 5, 10].map { Interval.seconds($0) }
  static let openTimeout = Interval.seconds(3)
  static let missLimit = 3
  /// A device that closes after each answer is still the same one.
  static let briefLoss = Interval.seconds(3)
  /// A password that was refused is not tried on: some lock out whoever does.
  static let lockedOutInterval = Interval.seconds(300)
  static let foreignInterval = Interval.seconds(10)
  /// ... of one that was understood before: it may be noise.
  static let noisyInterval = Interval.seconds(5)
  static let blinkInterval = Interval.seconds(2)
  /// So long an answer is waited for behind one whose value nobody knows: that may be a line that was damaged.
  static let oddGrace = Interval.milliseconds(300)
  static let damagedDetailInterval = Interval.seconds(15)

  public let settings: PJLinkSettings
  var link = Link.down(reopenAt: .zero)
  var convergence = WallConvergence(ports: [Self.port])
  var wish: WallSetting?
  var question: Question?
  var due = Instant.zero
  /// Something came, whatever it is.
  var hasHeardSinceAsked = false
  /// Came as the answer, with a value that nobody knows.
  var oddReply: PJLinkReply?
  /// Nothing is asked before.
  var notBefore = Instant.zero
  /// Stands in front of the first command of a connection.
  var digest: [UInt8] = []
  var decoder = PJLinkDecoder()
  var garbageLines = 0
  /// Something came over this line.
  var hasHeard = false

  var isOn = false
  var input: String?
  var isPictureMuted = false
  /// Some have no mute, and some say nothing to what they have not.
  var hasMute = true
  var level: UInt8?
  var isRead = false
  var steps: [Step] = []
  var reads: [Register] = [.power]
  var isReadBack = false
  var refusal: WallRefusal?
  var nextRead = Instant.zero
  /// It warms up, cools down or says "not now", and may until then.
  var transitionUntil: Instant?
  var isToldStuck = false
  /// The last set was answered "not now", which is no fault until then.
  var isNotNow = false
  var notNowUntil: Instant?
  var hasToldOther = false
  var details: [DetailTurn] = []
  var description = WallDescription(model: "")
  /// Asked apart from each other, and told as one.
  var maker = ""
  var product = ""
  var toldDescription: WallDescription?
  var troubles: [WallTrouble] = []
  var blink: Blink?

  var misses = 0
  var hasAnswered = false
  /// The password was right once.
  var wasAccepted = false
  var refusedDigests = 0
  var isLockedOut = false
  var keepsUntil: Instant?
  var wasOnline = false
  /// It was online before this line; that it started again is told when it answers.
  var owesRestart = false
  var backOffStep = 0
  var health: Health?
  var random: SeededRandom
  var outbox: [WallEffect] = []

  /// - Parameter seed: spreads reconnections.
  public init(_ settings: PJLinkSettings, seed: UInt64 = 1) {
    self.settings = settings
    random = SeededRandom(seed: seed)
  }

  /// Read back, and so.
  public var isAsWished: Bool {
    guard isRead, let port = convergence.port(Self.port) else { return false }
    return port.fact != nil && port.isAsWished
  }

  public func isOwn(_ beginning: [UInt8]) -> Bool { PJLinkDecoder.hasBeginning(beginning) }

  public var deadline: Instant? {
    if !outbox.isEmpty { return .zero }
    switch link {
    case .down(let moment): return keepsUntil.map { min($0, moment) } ?? moment
    case .opening(let moment), .greeting(let moment): return moment
    case .up: return question != nil ? due : nextWork
    }
  }

  public mutating func handle(_ input: WallInput, at now: Instant, into effects: inout Effects<WallEffect>) {
    switch input {
    case .linkUp: linkUp(at: now)
    case .linkDown: linkDown(at: now)
    case .received(let bytes): received(bytes, at: now)
    case .wished(let wishes): take(wishes, at: now)
    case .identify(let number, let seconds): identify(number, seconds, at: now)
    case .retest: retest(at: now)
    case .wake: break
    }
    runTimers(at: now)
    ask(at: now)
    while effects.room > 0, !outbox.isEmpty { effects.append(outbox.removeFirst()) }
  }

  private mutating func runTimers(at now: Instant) {
    if let keepsUntil, keepsUntil <= now, link != .up { lose(.absent) }
    switch link {
    case .down(let moment) where moment <= now:
      if health == nil { become(.opening) }
      link = .opening(until: now + Self.openTimeout)
      outbox.append(.reopen)
    case .opening(let moment) where moment <= now: goDown(.absent, at: now)
    case .greeting(let moment) where moment <= now: notGreeted(at: now)
    case .up where question != nil && due <= now: if !oddReplyStands(at: now) { miss(at: now) }
    default: break
    }
  }

  // MARK: - The line

  private mutating func linkUp(at now: Instant) {
    switch link {
    case .greeting, .up: return
    case .down, .opening: break
    }
    link = .greeting(until: now + settings.greetingTimeout)
    question = nil
    digest = []
    decoder = PJLinkDecoder()
    garbageLines = 0
    hasHeard = false
    hasAnswered = false
    misses = 0
    if let keepsUntil, now <= keepsUntil {
      self.keepsUntil = nil
    } else {
      owesRestart = owesRestart || wasOnline
      wasOnline = false
      keepsUntil = nil
      forget(at: now)
    }
    if health == nil || health == .opening { become(.identifying) }
  }

  private mutating func linkDown(at now: Instant) {
    switch link {
    case .down: return
    case .opening: break
    case .greeting: return notGreeted(at: now)
    case .up:
      // Whether it has heard it is not known; twice is the same as once.
      if case .set(let step)? = question { steps.insert(step, at: 0) }
      if hasAnswered { keepsUntil = now + Self.briefLoss }
    }
    goDown(.absent, at: now)
  }

  /// Something else speaks here, or nothing does.
  private mutating func notGreeted(at now: Instant) {
    if hasHeard { goDown(.faulted, after: foreignPause, at: now) } else { goDown(.absent, at: now) }
  }

  var foreignPause: Interval { wasAccepted ? Self.noisyInterval : Self.foreignInterval }

  /// - Parameter after: instead of the usual back-off.
  mutating func goDown(_ health: Health, after: Interval? = nil, at now: Instant) {
    question = nil
    if keepsUntil == nil { lose(health) }
    let pause = after ?? Self.backOff[min(backOffStep, Self.backOff.count - 1)]
    backOffStep += 1
    let spread = Interval.microseconds(Int(random.below(UInt32(clamping: min(pause, .seconds(10)).microseconds / 4))))
    link = .down(reopenAt: now + pause + spread)
  }

  /// What was read is worth nothing any more.
  private mutating func lose(_ health: Health) {
    keepsUntil = nil
    if !isLockedOut || health == .faulted { become(health) }
  }

  private mutating func forget(at now: Instant) {
    convergence.forgetFacts(at: now)
    isRead = false
    steps = []
    reads = [.power]
    isReadBack = false
    refusal = nil
    nextRead = .zero
    notBefore = .zero
    transitionUntil = nil
    level = nil
    hasMute = true
    details = []
    description = WallDescription(model: "")
    (maker, product) = ("", "")
    toldDescription = nil
    isNotNow = false
    notNowUntil = nil
    updateWish(at: now)
  }

  // MARK: - Wishes

  private mutating func take(_ wishes: [WallWish], at now: Instant) {
    let newest = wishes.last { $0.number == Self.port }?.setting
    if newest != wish {
      steps = []
      isToldStuck = false
      notNowUntil = nil
    }
    wish = newest
    if let other = wishes.first(where: { $0.number != Self.port }), !hasToldOther {
      hasToldOther = true
      outbox.append(.event(.notSwitched(other.number, .impossible("no such port"))))
    }
    updateWish(at: now)
  }

  /// Nothing is sent before it was read: it has no wish until then.
  mutating func updateWish(at now: Instant) {
    convergence.take(isRead ? wish.map { [WallWish(Self.port, $0)] } ?? [] : [], at: now)
  }

  private mutating func retest(at now: Instant) {
    convergence.retest(at: now)
    nextRead = now
    for at in details.indices where details[at].due != .distantFuture { details[at].due = now }
    if isLockedOut {
      refusedDigests = 0
      if case .down = link { link = .down(reopenAt: now) }
    }
  }

  // MARK: - What the station is told

  mutating func become(_ health: Health) {
    guard health != self.health else { return }
    self.health = health
    if health == .online { wasOnline = true }
    outbox.append(.event(.healthChanged(health)))
  }

  mutating func tell(_ events: [WallEvent]) { for event in events { outbox.append(.event(event)) } }

  mutating func setTrouble(_ trouble: WallTrouble, _ isPresent: Bool) {
    guard troubles.contains(trouble) != isPresent else { return }
    if isPresent { troubles.append(trouble) } else { troubles.removeAll { $0 == trouble } }
    outbox.append(.event(.troubleChanged(Self.port, trouble, isPresent: isPresent)))
  }
}
