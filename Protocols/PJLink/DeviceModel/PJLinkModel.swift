import DeviceKit
import PJLinkCodec

/// A projector, class 1 or 2, with or without a password: bytes in, bytes out, with the faults of real ones as inputs. One session at a time.
public struct PJLinkModel: Machine, Sendable {
  public enum Hand: Sendable, Equatable {
    /// Its plug; it starts as it left the factory.
    case power(Bool)
    /// Says OK to every set, and changes nothing.
    case locked(Bool)
    case mute(Bool)
    /// Answers everything with this error, besides POWR's question.
    case fail(PJLinkError?)
    /// ... only to what changes something.
    case refuseSets(PJLinkError?)
    /// An input's code, or whatever a unit may say instead.
    case remote(input: String)
    /// Answers the question for this (four letters) with a value of its own, or as it should again.
    case odd(String, String?)
    case remotePower(Bool)
    case remoteMute(String)
    case faults(PJLinkFaults)
    case signal(Bool)
    case late(Interval)
    /// Of a thousand bytes that it sends, so many have a wrong bit.
    case garble(perThousand: UInt32)
    /// Bytes before each answer that belong to nothing.
    case noise([UInt8])
    case halfLines(Bool)
    case closeAfterEach(Bool)
    case sessionTaken(Bool)
    /// Says ERRA in the middle of a session, once.
    case forgetSession
    case password(String?)
  }

  public enum Input: Sendable, Equatable {
    case connected
    case disconnected
    case received([UInt8])
    /// On UDP port 4352.
    case datagram([UInt8])
    case hand(Hand)
    case wake
  }

  public enum Effect: Sendable, Equatable {
    case transmit([UInt8])
    case datagram([UInt8])
    case hangUp
  }

  public let traits: PJLinkTraits
  public var unit: PJLinkUnit
  public private(set) var isPowered = true
  public private(set) var isConnected = false
  private var transition: (until: Instant, power: PJLinkPower)?

  private var decoder = PJLinkDecoder()
  private var password: String?
  private var salt: [UInt8] = []
  private var isAuthenticated = false
  private var idleSince = Instant.zero
  private var pending: [(due: Instant, effect: Effect)] = []
  private var isMute = false
  private var failure: PJLinkError?
  private var setFailure: PJLinkError?
  private var late = Interval.zero
  private var garble: UInt32 = 0
  private var noise: [UInt8] = []
  private var halvesLines = false
  private var odd: [String: String] = [:]
  private var closesAfterEach = false
  private var isTaken = false
  private var forgetsSession = false
  private var random: SeededRandom

  public init(_ traits: PJLinkTraits, seed: UInt64 = 1) {
    self.traits = traits
    unit = PJLinkUnit(traits)
    password = traits.password
    random = SeededRandom(seed: seed)
  }

  /// Whether a connection comes up.
  public var accepts: Bool { isPowered && !isTaken && !isConnected }

  public var deadline: Instant? {
    var nearest = pending.map(\.due).min() ?? .distantFuture
    if let transition { nearest = min(nearest, transition.until) }
    if isConnected { nearest = min(nearest, idleSince + traits.idleLimit) }
    return nearest == .distantFuture ? nil : nearest
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    if let transition, transition.until <= now {
      unit.power = transition.power
      self.transition = nil
    }
    switch input {
    case .connected: connected(at: now)
    case .disconnected: disconnect()
    case .received(let bytes):
      guard isConnected else { break }
      idleSince = now
      for byte in bytes { if case .line(let line)? = decoder.push(byte) { received(line, at: now) } }
    case .datagram(let bytes):
      if isPowered, traits.level >= 2, String(decoding: bytes, as: UTF8.self).uppercased() == "%2SRCH\r" {
        pending.append((now, .datagram(PJLinkReply("ACKN", traits.networkAddress, level: 2).bytes)))
      }
    case .hand(let hand): self.hand(hand, at: now)
    case .wake: break
    }
    if isConnected, idleSince + traits.idleLimit <= now { hangUp(at: now) }
    while effects.room > 0, let next = pending.indices.min(by: { pending[$0].due < pending[$1].due }), pending[next].due <= now {
      let effect = pending.remove(at: next).effect
      if effect == .hangUp { disconnect() }
      effects.append(effect)
    }
  }

  private mutating func connected(at now: Instant) {
    isConnected = true
    decoder = PJLinkDecoder()
    idleSince = now
    isAuthenticated = password == nil
    let digits = Array("0123456789abcdef".utf8)
    salt = (0..<8).map { _ in digits[Int(random.below(16))] }
    say(password == nil ? PJLinkGreeting.open.bytes : PJLinkGreeting.protected(salt: salt).bytes + traits.afterGreeting, at: now)
  }

  private mutating func disconnect() {
    isConnected = false
    pending.removeAll { if case .datagram = $0.effect { false } else { true } }
  }

  private mutating func hangUp(at moment: Instant) { pending.append((moment, .hangUp)) }

  private mutating func received(_ line: [UInt8], at now: Instant) {
    guard let command = PJLinkCommand(line: line) else { return }
    if forgetsSession || !isAuthenticated {
      let digest = PJLinkGreeting.digest(salt: salt, password: password ?? "", md5: traits.md5)
      guard !forgetsSession, command.digest.map({ $0 | 0x20 }) == digest.map({ $0 | 0x20 }) else {
        forgetsSession = false
        say(PJLinkGreeting.refused.bytes, at: now)
        return hangUp(at: now + late + traits.latency)
      }
      isAuthenticated = true
    }
    guard !isMute, !traits.ignoredCommands.contains(command.name) else { return }
    guard command.level <= traits.level || !traits.ignoresUnknownClasses else { return }
    let value: String
    if let setFailure, !command.isQuery {
      value = setFailure.rawValue
    } else if let failure, command.name != "POWR" || !command.isQuery {
      value = failure.rawValue
    } else {
      value = command.level > traits.level ? "ERR1" : answer(command, at: now)
    }
    var reply = PJLinkReply(command.name, value, level: command.level).bytes
    if traits.saysLowerCase { reply = reply.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }
    say(reply, at: now)
    if closesAfterEach { hangUp(at: now + late + traits.latency) }
  }

  private mutating func answer(_ command: PJLinkCommand, at now: Instant) -> String {
    if command.isQuery { return odd[command.name] ?? unit.read(command) }
    let wasPower = unit.power
    var changed = unit
    let value = changed.set(command)
    guard value == "OK" else { return value }
    if !unit.isLocked { unit = changed }
    if unit.power != wasPower {
      let end: PJLinkPower = unit.power == .warming ? .on : .standby
      transition = (now + (end == .on ? traits.warmUp : traits.coolDown), end)
    }
    return value
  }

  private mutating func say(_ bytes: [UInt8], at now: Instant) {
    var bytes = noise + bytes
    if halvesLines { bytes = Array(bytes.prefix(bytes.count / 2)) }
    for index in bytes.indices where random.chance(garble, in: 1_000) { bytes[index] ^= 1 << UInt8(random.below(8)) }
    pending.append((now + late + traits.latency, .transmit(bytes)))
  }

  private mutating func hand(_ hand: Hand, at now: Instant) {
    switch hand {
    case .power(let isPowered):
      if isPowered, !self.isPowered { unit = PJLinkUnit(traits) }
      self.isPowered = isPowered
      transition = nil
      if !isPowered, isConnected { hangUp(at: now) }
    case .locked(let isLocked): unit.isLocked = isLocked
    case .mute(let isMute): self.isMute = isMute
    case .fail(let error): failure = error
    case .refuseSets(let error): setFailure = error
    case .remote(let input): unit.input = input
    case .odd(let name, let value): odd[name] = value
    case .remotePower(let isOn):
      transition = nil
      unit.power = isOn ? .on : .standby
    case .remoteMute(let value): unit.mute = value
    case .faults(let faults): unit.faults = faults
    case .signal(let isPresent): unit.hasSignal = isPresent
    case .late(let interval): late = interval
    case .garble(let perThousand): garble = perThousand
    case .noise(let bytes): noise = bytes
    case .halfLines(let halves): halvesLines = halves
    case .closeAfterEach(let closes): closesAfterEach = closes
    case .sessionTaken(let isTaken): self.isTaken = isTaken
    case .forgetSession: forgetsSession = true
    case .password(let password): self.password = password
    }
  }
}
