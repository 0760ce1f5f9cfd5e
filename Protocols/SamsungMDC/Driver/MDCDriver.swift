import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec

/// All the panels of one line: a chain of many, or one on the network (README.md, "The conversation").
///
/// One question at a time; nothing but its answer, or its time-out, is waited for. What changes a picture goes first, to all panels in order;
/// then it is read back; what is read at rest has the rest of the line.
///
/// Quirks: 84/89/5C are refused when off or in MagicInfo; HDMI1 is read back as HDMI1-PC (`MDCInput.canonical`); a panel that was switched
/// on hears nothing (`powerOnDeafSeconds`); the order of the halves of a wall's size (`wallDivOrder`); F9 is inverted.
public struct MDCDriver: WallDriver {
  enum Link: Sendable, Equatable {
    /// Can transition to: opening.
    case down(reopenAt: Instant)
    /// Can transition to: up, down.
    case opening(until: Instant)
    /// Can transition to: starting, down.
    case up
    /// The only panel of the line was switched on, and hears nothing. Can transition to: opening.
    case starting(until: Instant)
  }

  /// A question on the line.
  struct Question: Sendable {
    enum Kind: Sendable, Equatable {
      case set(MDCPanelState.Step)
      case read(MDCPanelState.Register)
      case detail
      case blink
    }

    var panel: Int
    var request: MDCRequest
    var kind: Kind
    var due: Instant
    var isProbe: Bool
    /// How many bytes had made no sense when it was asked.
    var dropped: UInt64 = 0
  }

  public let settings: MDCSettings
  var link = Link.down(reopenAt: .zero)
  var panels: [MDCPanelState]
  var convergence: WallConvergence
  var wishes: [WallWish] = []
  var question: Question?
  /// Not before the next question, by `settings.gap`.
  var readyAt = Instant.zero
  /// Everything that was due then and could be sent was.
  var askedAt = Instant.zero
  var decoder = MDCDecoder()
  /// Each panel was read, or has not answered once: what differs is sent to all at once from here on.
  var isSurveyed = false
  /// A panel of this line has answered since it is open.
  var hasAnswered = false
  /// What was read holds on when the line is open again before this.
  var keepsUntil: Instant?
  var isLockedOut = false
  var wasOnline = false
  /// It was online before this line; that it started again is told when it answers.
  var owesRestart = false
  var backOffStep = 0
  var description = WallDescription(model: "")
  var health: Health?
  var random: SeededRandom
  var outbox: [WallEffect] = []
  public internal(set) var counters = MDCCounters()

  static let backOff = [1, 2, 5, 10].map { Interval.seconds($0) }
  static let openTimeout = Interval.seconds(3)
  static let missLimit = 3
  static let outInterval = Interval.seconds(10)
  /// Between the first questions to one that does not answer.
  static let missInterval = Interval.seconds(1)
  /// A device that closes after each answer is still the same one.
  static let briefLoss = Interval.seconds(3)
  static let lockedOutInterval = Interval.seconds(30)
  static let conditionInterval = Interval.seconds(30)
  static let hoursInterval = Interval.seconds(600)
  static let blockedInterval = Interval.milliseconds(50)
  static let blinkInterval = Interval.milliseconds(500)

  /// - Parameter seed: spreads reconnections.
  public init(_ settings: MDCSettings = MDCSettings(), seed: UInt64 = 1) {
    self.settings = settings
    panels = settings.ids.map { MDCPanelState(id: $0) }
    convergence = WallConvergence(ports: settings.ids.map { UInt16($0) })
    random = SeededRandom(seed: seed)
  }

  public func isOwn(_ beginning: [UInt8]) -> Bool { MDCDecoder.hasBeginning(beginning) }

  public var deadline: Instant? {
    if !outbox.isEmpty { return .zero }
    switch link {
    case .down(let moment): return keepsUntil.map { min($0, moment) } ?? moment
    case .opening(let moment), .starting(let moment): return moment
    case .up: return question?.due ?? max(readyAt, nextWork)
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
    case .down(let moment) where moment <= now, .starting(let moment) where moment <= now:
      if health == nil { become(.opening) }
      link = .opening(until: now + Self.openTimeout)
      outbox.append(.reopen)
    case .opening(let moment) where moment <= now: goDown(.absent, at: now)
    case .up:
      guard let question, question.due <= now else { break }
      // What looked like the beginning of an answer may have one inside.
      while let found = decoder.resynchronise() { heard(found, at: now) }
      if let question = self.question, question.due <= now { miss(question, at: now) }
    default: break
    }
  }

  // MARK: - The line

  private mutating func linkUp(at now: Instant) {
    guard link != .up else { return }
    link = .up
    question = nil
    readyAt = now
    hasAnswered = false
    decoder = MDCDecoder()
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
    // It goes away when it starts, and is opened anew then; a line that was given up is opened in its time.
    case .starting, .down: break
    case .opening: goDown(.absent, at: now)
    case .up:
      if let question, case .set(let step) = question.kind {
        guard step != .power(true) || settings.line == .chain else { return start(question.panel, at: now) }
        // Whether it has heard it is not known; twice is the same as once.
        panels[question.panel].steps.insert(step, at: 0)
      }
      if let warm = panels.compactMap(\.warmUntil).max(), settings.line == .direct, now < warm {
        keepsUntil = warm
      } else if hasAnswered {
        keepsUntil = now + Self.briefLoss
      }
      goDown(hearsForeign ? .faulted : .absent, at: now)
    }
  }

  /// It was switched on, or may have been: it hears nothing for a while.
  mutating func start(_ at: Int, at now: Instant) {
    panels[at].notBefore = now + .seconds(settings.powerOnDeafSeconds)
    panels[at].warmUntil = now + .seconds(settings.powerOnLimitSeconds)
    guard settings.line == .direct else { return }
    question = nil
    keepsUntil = panels[at].warmUntil
    link = .starting(until: panels[at].notBefore)
  }

  /// - Parameter after: instead of the usual back-off.
  mutating func goDown(_ health: Health, after: Interval? = nil, at now: Instant) {
    question = nil
    if keepsUntil == nil { lose(health) }
    let pause = Self.backOff[min(backOffStep, Self.backOff.count - 1)]
    backOffStep += 1
    let spread = Interval.microseconds(Int(random.below(UInt32(pause.microseconds / 4))))
    link = .down(reopenAt: now + (after ?? pause) + spread)
  }

  /// What was read is worth nothing any more.
  private mutating func lose(_ health: Health) {
    keepsUntil = nil
    if !isLockedOut || health == .faulted { become(health) }
  }

  private mutating func forget(at now: Instant) {
    convergence.forgetFacts(at: now)
    for at in panels.indices { panels[at].forget() }
    isSurveyed = false
    askedAt = now
    description = WallDescription(model: "")
    updateWishes(at: now)
  }

  // MARK: - Wishes

  private mutating func take(_ wishes: [WallWish], at now: Instant) {
    let before = self.wishes
    self.wishes = wishes
    func wish(_ number: UInt16, _ wishes: [WallWish]) -> WallSetting? { wishes.last { $0.number == number }?.setting }
    for at in panels.indices {
      panels[at].mindsSound =
        if case .display(let display)? = wish(panels[at].number, wishes) { display.isMuted != nil } else { false }
    }
    for at in panels.indices where wish(panels[at].number, before) != wish(panels[at].number, wishes) {
      // What was sent of it is read back before anything else is sent.
      panels[at].steps = []
      panels[at].isToldUnheard = false
      if panels[at].isOut { tellUnheard(at, .unanswered) }
    }
    for wish in wishes where !before.contains(wish) && !panels.contains(where: { $0.number == wish.number }) {
      outbox.append(.event(.notSwitched(wish.number, .impossible("no such panel"))))
    }
    updateWishes(at: now)
    // Whoever does not answer anyway is not waited for.
    if let question, question.isProbe, isSurveyed {
      panels[question.panel].lateAnswers = 1
      panels[question.panel].notBefore = now + Self.outInterval
      self.question = nil
    }
  }

  /// One that was not read, or is away, has no wish meanwhile: when it is back it begins anew.
  mutating func updateWishes(at now: Instant) {
    convergence.take(wishes.filter { wish in panels.contains { $0.number == wish.number && $0.isRead } }, at: now)
  }

  mutating func tellUnheard(_ at: Int, _ refusal: WallRefusal) {
    guard !panels[at].isToldUnheard, wishes.contains(where: { $0.number == panels[at].number }) else { return }
    panels[at].isToldUnheard = true
    outbox.append(.event(.notSwitched(panels[at].number, refusal)))
  }

  private mutating func retest(at now: Instant) {
    convergence.retest(at: now)
    for at in panels.indices {
      panels[at].nextRead = now
      panels[at].nextCondition = now
      if panels[at].isOut { panels[at].notBefore = now }
    }
    if isLockedOut, case .down = link { link = .down(reopenAt: now) }
  }

  // MARK: - What the station is told

  mutating func become(_ health: Health) {
    guard health != self.health else { return }
    self.health = health
    if health == .online { wasOnline = true }
    outbox.append(.event(.healthChanged(health)))
  }

  mutating func tell(_ events: [WallEvent]) { for event in events { outbox.append(.event(event)) } }

  mutating func setTrouble(_ at: Int, _ trouble: WallTrouble, _ isPresent: Bool) {
    guard panels[at].troubles.contains(trouble) != isPresent else { return }
    if isPresent { panels[at].troubles.append(trouble) } else { panels[at].troubles.removeAll { $0 == trouble } }
    outbox.append(.event(.troubleChanged(panels[at].number, trouble, isPresent: isPresent)))
  }
}

/// Since the program began.
public struct MDCCounters: Sendable, Equatable {
  public var questions: UInt64 = 0
  public var unanswered: UInt64 = 0
  public var refused: UInt64 = 0
  /// Answers that belonged to no question, or came after their limit.
  public var stray: UInt64 = 0
}

extension MDCDriver {
  /// The line is open, and there is nothing on it.
  public var isResting: Bool { link == .up && question == nil }

  /// Read back, and so.
  public func isAsWished(_ number: UInt16) -> Bool {
    guard panels.contains(where: { $0.number == number && $0.isRead }), let port = convergence.port(number) else { return false }
    return port.fact != nil && port.isAsWished
  }
}
