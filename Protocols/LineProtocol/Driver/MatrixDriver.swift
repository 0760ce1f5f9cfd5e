import DeviceKit
import DeviceVocabulary
import LineProtocolCodec

/// One matrix switcher on a line that somebody else opens and closes, whatever it speaks: the wish for its outputs becomes fact, is read
/// back, and is kept so (README.md, "Course").
///
/// One request is under way at a time. Nothing is sent for an output before it was read; an acknowledgement proves nothing.
public struct MatrixDriver<Dialect: MatrixDialect>: WallDriver {
  enum State: Sendable, Equatable {
    /// Can transition to: opening.
    case down(reopenAt: Instant)
    /// Can transition to: greeting, hello, down.
    case opening(until: Instant)
    /// Can transition to: hello, down, shut.
    case greeting(until: Instant)
    /// Can transition to: ready, down, shut.
    case hello(Int)
    /// Can transition to: hello (it started again), down, shut.
    case ready
    /// It wants a password that we have not: a person has to change that. Can transition to: opening.
    case shut
  }

  /// A request whose answer is awaited.
  struct Flight: Sendable, Equatable {
    var request: MatrixRequest
    var ports: [UInt16] = []
    var due: Instant
    /// Of `readAll`: which outputs were named of those that there are.
    var heard: Set<UInt16> = []
    /// Of `read`: named with its output, which may be the answer, or news that came at the same time.
    var named: UInt16?
  }

  public internal(set) var dialect: Dialect
  var state = State.down(reopenAt: .zero)
  var ports: WallConvergence
  var flight: Flight?
  var description = MatrixDescription()
  var toldDescription: MatrixDescription?
  /// What it said of its size makes a wish impossible, or what it says of itself is not whole, or something damaged came: it is asked once
  /// more, as a line may alter what it carries.
  var nextHello = Instant.distantFuture
  /// Something came since it was last asked who it is that nobody understands.
  var hasDoubt = false
  /// How often in a row something was missing of what it says of itself, without any damage: it may be that it never says that.
  var lacks = 0
  /// When something came last that nobody understands.
  var lastNoise: Instant?
  var sizeBefore: MatrixDescription?
  /// Outputs whose wish was sent in a command that was refused as a whole, or belongs to a salvo that is still going out.
  var salvo: [UInt16] = []
  /// As many of the salvo as the device takes go into one command; after a refusal they go one by one.
  var isSalvoWhole = true
  /// Outputs whose wish was sent, and not read back yet.
  var readBack: [UInt16] = []
  /// Outputs that did not answer, and when they are asked again.
  var mute: [UInt16: Instant] = [:]
  var portMisses: [UInt16: Int] = [:]
  /// Nothing is sent before.
  var nextSend = Instant.zero
  var lastTalk = Instant.zero
  /// Answers may be on their way that nobody waits for any more: first comes a question whose answer is no other's.
  var needsSync = false
  /// All the outputs at once cannot be asked here.
  var readsWholeFails = false
  var wholeMisses = 0
  /// `nil`: not known yet whether answers to `read` name their output.
  var readsAreNamed: Bool?
  var isGreetedPerhaps = false
  /// Its greeting was waited for in vain, the last time.
  var isUngreeted = false
  var misses = 0
  var hasUnderstood = false
  var hasHeard = false
  var nextProof = Instant.distantFuture
  /// How often the line was opened in vain.
  var attempts = 0
  /// Answers on this line, and how many lines in a row ended right after their first one.
  var answers = 0
  var briefLines = 0
  var helloDone = 0
  var health: Health?
  var wasOnline = false
  /// It was online once.
  var isKnown = false
  var isPasswordTold = false
  /// How often in a row the password was refused: once may be a bit that a line turned over.
  var passwordRefusals = 0
  var outbox: [WallEffect] = []
  var random: SeededRandom
  var heardBuffer: [MatrixHeard] = []

  static var connectLimit: Interval { .seconds(3) }
  static var backOff: [Int] { [1_000, 2_000, 5_000, 10_000] }
  /// One that closes the line after each answer is spoken with so, without forgetting what it said before.
  static var briefLimit: Int { 2 }
  /// One that hangs up after it has answered is there: it is not waited for as one that is not.
  static var promptPause: Interval { .milliseconds(250) }
  /// One that was understood before and says something is there: it may be noise.
  static var noisyLimit: Interval { .seconds(3) }
  static var doubtInterval: Interval { .seconds(10) }
  static var lackLimit: Int { 12 }
  static var lackInterval: Interval { .seconds(600) }
  static var muteFor: Interval { .seconds(10) }
  static var pushGrace: Interval { .milliseconds(500) }
  static var greetedGrace: Interval { .milliseconds(300) }

  /// - Parameters:
  ///   - ports: the outputs that are the wall's, so that they are read before anything is wished.
  ///   - seed: spreads reconnections.
  public init(_ dialect: Dialect, ports: [UInt16] = [], seed: UInt64 = 1) {
    self.dialect = dialect
    readsAreNamed = dialect.traits.readsAreNamed
    description = dialect.traits.known
    self.ports = WallConvergence(ports: ports)
    random = SeededRandom(seed: seed)
  }

  var isBrief: Bool { briefLines >= Self.briefLimit }
  var outputs: UInt16? { description.outputs }

  public func isOwn(_ beginning: [UInt8]) -> Bool { dialect.isOwn(beginning) }

  public var deadline: Instant? {
    if !outbox.isEmpty { return .zero }
    switch state {
    case .down(let moment), .opening(let moment), .greeting(let moment): return moment
    case .shut: return nil
    case .hello: return flight?.due ?? nextSend
    case .ready: return flight?.due ?? nextWork
    }
  }

  public mutating func handle(_ input: WallInput, at now: Instant, into effects: inout Effects<WallEffect>) {
    switch input {
    case .linkUp: linkUp(at: now)
    case .linkDown:
      if case .opening = state { lineLost(.absent, at: now) } else { breakOff(hungUp: true, at: now) }
    case .received(let bytes): received(bytes, at: now)
    case .wished(let wishes):
      ports.take(wishes, at: now)
      if case .ready = state { refuseImpossible(at: now) }
    case .retest: retest(at: now)
    // No matrix draws a number: the station puts a picture with it on the output instead.
    case .identify, .wake: break
    }
    runTimers(at: now)
    startWork(at: now)
    while effects.room > 0, !outbox.isEmpty { effects.append(outbox.removeFirst()) }
  }

  // MARK: - The line

  private mutating func linkUp(at now: Instant) {
    dialect.startOver()
    flight = nil
    needsSync = false
    misses = 0
    answers = 0
    hasUnderstood = false
    hasHeard = false
    isGreetedPerhaps = false
    nextSend = now
    lastTalk = now
    if !isBrief { forget(at: now) }
    switch dialect.traits.greeting {
    case .none: beginHello(at: now)
    case .optional where isBrief && isUngreeted: beginHello(at: now)
    case .optional(let limit), .required(let limit): state = .greeting(until: now + limit)
    }
  }

  /// Whatever was known is of another time.
  mutating func forget(at now: Instant) {
    if wasOnline { tell(.restarted) }
    wasOnline = false
    ports.forgetFacts(at: now)
    salvo = []
    readBack = []
    mute = [:]
    portMisses = [:]
    readsWholeFails = false
    wholeMisses = 0
    readsAreNamed = dialect.traits.readsAreNamed
    helloDone = 0
    toldDescription = nil
    description = dialect.traits.known
    hasDoubt = false
    lacks = 0
    nextHello = .distantFuture
    set(.identifying)
  }

  /// - Parameter hungUp: the other end closed it.
  mutating func lineLost(_ health: Health, hungUp: Bool = false, at now: Instant) {
    switch state {
    case .shut, .down: return
    case .opening, .greeting, .hello, .ready: break
    }
    if let flight, case .read(let output) = flight.request, let input = flight.named {
      readsAreNamed = true
      observed(output, input, isReadBack: true, at: now)
      answered(at: now)
    }
    briefLines = answers == 1 ? briefLines + 1 : answers == 0 && isBrief ? 0 : answers > 1 ? 0 : briefLines
    // Who answers several times and then hangs up, before all is read and again and again, is waited for as one that is not there.
    let isPrompt = hungUp && answers > 0 && (isBrief || wasOnline || answers == 1)
    // What was answered was on this line: one that cannot be opened any more is gone.
    answers = 0
    if isBrief, let flight, case .routes = flight.request { readBack += flight.ports }
    if !isBrief { set(health) }
    flight = nil
    var pause = isPrompt ? Self.promptPause : .milliseconds(Self.backOff[min(attempts, Self.backOff.count - 1)])
    if hasHeard, isKnown { pause = min(pause, Self.noisyLimit) }
    attempts = isBrief || isPrompt ? 0 : min(attempts + 1, Self.backOff.count)
    state = .down(reopenAt: now + pause + .microseconds(Int(random.below(UInt32(clamping: pause.microseconds / 5)))))
  }

  /// The other end is not what it should be: the line is closed, and opened again after a while.
  mutating func breakOff(hungUp: Bool = false, at now: Instant) {
    lineLost(hasHeard && !hasUnderstood ? .faulted : .absent, hungUp: hungUp, at: now)
  }

  mutating func passwordRefused(at now: Instant) {
    passwordRefusals += 1
    if passwordRefusals < 2 { lineLost(.faulted, at: now) } else { shut(at: now) }
  }

  mutating func shut(at now: Instant) {
    passwordRefusals = 0
    state = .shut
    flight = nil
    set(.faulted)
    guard !isPasswordTold else { return }
    isPasswordTold = true
    tell(.troubleChanged(0, .password, isPresent: true))
  }

  private mutating func retest(at now: Instant) {
    ports.retest(at: now)
    mute = [:]
    portMisses = [:]
    nextProof = now
    switch state {
    case .shut, .down: state = .down(reopenAt: now)
    case .ready:
      refuseImpossible(at: now)
      if !readsWhole, canRead { readBack = ports.ports.map(\.number).filter(isThere) }
    case .opening, .greeting, .hello: break
    }
  }

  private mutating func runTimers(at now: Instant) {
    switch state {
    case .down(let moment) where moment <= now:
      if health == nil { set(.opening) }
      outbox.append(.reopen)
      state = .opening(until: now + Self.connectLimit)
    case .opening(let moment) where moment <= now: lineLost(.absent, at: now)
    case .greeting(let moment) where moment <= now:
      if case .required = dialect.traits.greeting, !isGreetedPerhaps { return breakOff(at: now) }
      isUngreeted = !isGreetedPerhaps
      beginHello(at: now)
    case .hello, .ready:
      if let flight, flight.due <= now { unanswered(flight, at: now) }
    default: break
    }
  }

  mutating func beginHello(at now: Instant) {
    let step = isBrief ? helloDone : 0
    state = .hello(dialect.traits.greetsWithAll && !hasDoubt && !isLacking ? max(step, dialect.traits.hellos) : step)
    // It is asked now.
    if !isBrief { hasDoubt = false }
  }

  // MARK: - Telling

  mutating func set(_ new: Health) {
    guard health != new else { return }
    health = new
    tell(.healthChanged(new))
  }

  /// What was not fetched yet and is overtaken is left out: there are never more than a few for each output.
  mutating func tell(_ event: WallEvent) {
    if case .observed(let number, _) = event {
      outbox.removeAll { if case .event(.observed(number, _)) = $0 { true } else { false } }
    }
    outbox.append(.event(event))
  }

  mutating func tell(_ events: [WallEvent]) {
    for event in events { tell(event) }
  }
}
