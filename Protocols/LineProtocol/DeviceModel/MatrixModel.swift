import DeviceKit
import LineProtocolCodec

/// The part of a matrix that is the same in all of them: what is connected to what.
public struct MatrixCore: Sendable, Equatable {
  public let inputs: UInt16
  /// The input of each output, from output 1 on.
  public internal(set) var routes: [UInt16]
  public internal(set) var locked: Set<UInt16> = []
  /// A locked output is refused; else it is acknowledged and left as it is.
  public internal(set) var refusesLocked = false
  /// Outputs that no question is answered about.
  public internal(set) var unreadable: Set<UInt16> = []
  /// What stands at the back of the device has other numbers than what it says: its first output is not its number 1.
  public internal(set) var numberShift: UInt16 = 0

  public init(inputs: UInt16, outputs: UInt16) {
    self.inputs = inputs
    routes = Self.factory(inputs, outputs)
  }

  /// Straight through, as long as there are inputs.
  static func factory(_ inputs: UInt16, _ outputs: UInt16) -> [UInt16] {
    (0..<outputs).map { inputs == 0 ? 0 : $0 % inputs + 1 }
  }

  public var outputs: UInt16 { UInt16(clamping: routes.count) }

  public func input(_ output: UInt16) -> UInt16? { index(output).map { routes[$0] } }

  /// Whether a command about these can be understood at all.
  public func has(_ route: MatrixRoute) -> Bool { index(route.output) != nil && route.input <= inputs }

  /// Does what it is told; `false`: it is refused.
  public mutating func connect(_ route: MatrixRoute) -> Bool {
    guard route.input <= inputs, let at = index(route.output) else { return false }
    if locked.contains(route.output) { return !refusesLocked }
    routes[at] = route.input
    return true
  }

  private func index(_ output: UInt16) -> Int? {
    let at = Int(output) + Int(numberShift) - 1
    return routes.indices.contains(at) ? at : nil
  }
}

/// How a kind of matrix speaks: the other half of a `MatrixDialect`.
public protocol MatrixSpeech: Sendable {
  mutating func startOver()
  func greeting(_ core: MatrixCore) -> [UInt8]
  /// Commands that this byte completes are carried out; `replies` gets an answer for each.
  mutating func push(_ byte: UInt8, _ core: inout MatrixCore, into replies: inout [[UInt8]])
  /// What it says by itself when somebody turned a knob.
  func news(_ changed: [MatrixRoute], _ core: MatrixCore) -> [UInt8]
}

/// A matrix switcher as a device model, whatever it speaks: bytes in, bytes out, with the faults of real ones as inputs.
public struct MatrixModel<Speech: MatrixSpeech>: Machine, Sendable {
  public enum Hand: Sendable, Equatable {
    /// At its own buttons.
    case route(MatrixRoute)
    case lock(UInt16, Bool)
    case refusesLocked(Bool)
    /// Everything is answered so much later.
    case late(Interval)
    case silent(Bool)
    /// Of a thousand bytes that it sends, so many have a wrong bit.
    case garble(perThousand: UInt32)
    /// Of a thousand answers, so many end in the middle.
    case halfLines(perThousand: UInt32)
    /// It closes the line after each command.
    case closesAfterCommand(Bool)
    /// Somebody else has the only session.
    case refusesSessions(Bool)
    case numberShift(UInt16)
    /// It answers all but questions about this output.
    case unreadable(UInt16, Bool)
    /// Without power it forgets what was connected.
    case power(Bool)
    /// Says what nobody asked for.
    case say([UInt8])
  }

  public enum Input: Sendable, Equatable {
    case connected
    case disconnected
    case received([UInt8])
    case hand(Hand)
    case wake
  }

  public enum Effect: Sendable, Equatable {
    case transmit([UInt8])
    case hangUp
  }

  public private(set) var core: MatrixCore
  public private(set) var speech: Speech
  public private(set) var isPowered = true
  public private(set) var isConnected = false
  /// Commands that were answered.
  public private(set) var commands = 0

  private var delay = Interval.zero
  private var isSilent = false
  private var garble: UInt32 = 0
  private var halves: UInt32 = 0
  private var closesAfterCommand = false
  private var refusesSessions = false
  private var replies: [(due: Instant, bytes: [UInt8])] = []
  private var outbox: [Effect] = []
  private var random: SeededRandom

  static var replyLimit: Int { 256 }

  public init(_ speech: Speech, inputs: UInt16, outputs: UInt16, seed: UInt64 = 1) {
    self.speech = speech
    core = MatrixCore(inputs: inputs, outputs: outputs)
    random = SeededRandom(seed: seed)
  }

  public var deadline: Instant? { outbox.isEmpty ? replies.first?.due : .zero }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .connected: connected(at: now)
    case .disconnected: hungUp()
    case .received(let bytes): if isPowered, isConnected { for byte in bytes { receive(byte, at: now) } }
    case .hand(let hand): self.hand(hand, at: now)
    case .wake: break
    }
    while let first = replies.first, first.due <= now {
      replies.removeFirst()
      transmit(first.bytes)
    }
    while effects.room > 0, !outbox.isEmpty { effects.append(outbox.removeFirst()) }
  }

  private mutating func connected(at now: Instant) {
    guard isPowered, !refusesSessions else { return outbox.append(.hangUp) }
    isConnected = true
    speech.startOver()
    reply(speech.greeting(core), at: now)
  }

  private mutating func hungUp() {
    isConnected = false
    replies = []
    outbox = []
  }

  private mutating func receive(_ byte: UInt8, at now: Instant) {
    var answers: [[UInt8]] = []
    speech.push(byte, &core, into: &answers)
    for answer in answers {
      commands += 1
      reply(answer, at: now)
      guard closesAfterCommand, isConnected else { continue }
      while let first = replies.first {
        replies.removeFirst()
        transmit(first.bytes)
      }
      outbox.append(.hangUp)
      isConnected = false
    }
  }

  private mutating func reply(_ bytes: [UInt8], at now: Instant) {
    guard !isSilent, isConnected, !bytes.isEmpty, replies.count < Self.replyLimit else { return }
    replies.append((now + delay, bytes))
  }

  private mutating func transmit(_ bytes: [UInt8]) {
    var sent = bytes
    if halves > 0, random.chance(halves, in: 1_000) { sent = Array(sent.prefix(Int(random.below(UInt32(sent.count))))) }
    if garble > 0 {
      for at in sent.indices where random.chance(garble, in: 1_000) { sent[at] ^= 1 << UInt8(random.below(8)) }
    }
    if !sent.isEmpty { outbox.append(.transmit(sent)) }
  }

  private mutating func hand(_ hand: Hand, at now: Instant) {
    switch hand {
    case .route(let route):
      guard isPowered, core.has(route) else { return }
      let locked = core.locked
      core.locked = []
      _ = core.connect(route)
      core.locked = locked
      reply(speech.news([route], core), at: now)
    case .lock(let output, let isLocked): if isLocked { core.locked.insert(output) } else { core.locked.remove(output) }
    case .refusesLocked(let refuses): core.refusesLocked = refuses
    case .late(let interval): delay = interval
    case .silent(let silent): isSilent = silent
    case .garble(let perThousand): garble = min(perThousand, 1_000)
    case .halfLines(let perThousand): halves = min(perThousand, 1_000)
    case .closesAfterCommand(let closes): closesAfterCommand = closes
    case .refusesSessions(let refuses): refusesSessions = refuses
    case .numberShift(let shift): core.numberShift = shift
    case .unreadable(let output, let isSo): if isSo { core.unreadable.insert(output) } else { core.unreadable.remove(output) }
    case .say(let bytes): reply(bytes, at: now)
    case .power(let on): power(on)
    }
  }

  private mutating func power(_ on: Bool) {
    guard on != isPowered else { return }
    isPowered = on
    speech.startOver()
    core.routes = MatrixCore.factory(core.inputs, core.outputs)
    guard !on else { return }
    let wasConnected = isConnected
    hungUp()
    if wasConnected { outbox.append(.hangUp) }
  }
}
