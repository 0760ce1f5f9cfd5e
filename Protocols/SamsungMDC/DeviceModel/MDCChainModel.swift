import DeviceKit
import SamsungMDCCodec

/// Panels on one line: a chain on a serial line of so many baud, or a single one on the network. Takes bytes, gives bytes, and has the faults
/// of real ones as inputs.
public struct MDCChainModel: Machine, Sendable {
  /// What a person does, and what befalls the panels.
  public enum Hand: Sendable, Equatable {
    /// Its plug.
    case power(Bool)
    case locked(Bool)
    case mute(Bool)
    case refuse(UInt8?)
    /// Somebody used the remote control.
    case remote(input: UInt8)
    case remotePower(Bool)
    case answerAs(UInt8?)
    case double(Bool)
    case saysPC(Bool)
    case condition(MDCErrorStatus)
    /// Its loudspeaker, by the remote control; `nil`: it has none.
    case sound(muted: Bool?)
  }

  public enum LineHand: Sendable, Equatable {
    case late(Interval)
    /// Of a thousand bytes that panels send, so many have a wrong bit.
    case garble(perThousand: UInt32)
    /// Bytes before each answer that belong to nothing.
    case noise([UInt8])
    /// Each answer stops after so many bytes.
    case halfAnswers(Int?)
    case closeAfterEach(Bool)
    /// "Secured Protocol" is on: a greeting, then nothing in clear.
    case tls(Bool)
    /// Another controller holds the only session.
    case sessionTaken(Bool)
  }

  public enum Input: Sendable, Equatable {
    case connected
    case received([UInt8])
    case hand(UInt8, Hand)
    case lineHand(LineHand)
    case wake
  }

  public enum Effect: Sendable, Equatable {
    case transmit([UInt8])
    /// The panel closes the connection.
    case hangUp
  }

  public var panels: [MDCPanel]
  /// Ten bits a byte, both ways one after the other; `nil`: bytes take no time.
  public let baud: UInt32?
  /// From the last byte of a request to the first of its answer.
  public let latency: Interval
  /// For so long a panel hears nothing after it was switched on.
  public let powerOnDeafness: Interval
  /// On the network the session ends with it, and no other begins.
  public let isNetworked: Bool
  /// What was asked on the line, once this is not `nil`.
  public var recorded: [MDCRequest]?
  /// Bytes of both directions.
  public private(set) var bytesOnLine: UInt64 = 0

  private var decoder = MDCDecoder(.panel)
  private var deafUntil: [UInt8: Instant] = [:]
  private var lineFreeAt = Instant.zero
  private var pending: [(due: Instant, effect: Effect)] = []
  private var late = Interval.zero
  private var garble: UInt32 = 0
  private var noise: [UInt8] = []
  private var halfAnswers: Int?
  private var closesAfterEach = false
  private var isTLS = false
  private var isTaken = false
  private var random: SeededRandom

  public init(
    ids: [UInt8], baud: UInt32? = nil, latency: Interval = .zero, powerOnDeafness: Interval = .seconds(8),
    isNetworked: Bool = false,
    seed: UInt64 = 1
  ) {
    panels = ids.map { MDCPanel(id: $0) }
    self.baud = baud.map { max($0, 1) }
    self.latency = latency
    self.powerOnDeafness = powerOnDeafness
    self.isNetworked = isNetworked
    random = SeededRandom(seed: seed)
  }

  public subscript(id: UInt8) -> MDCPanel? { panels.first { $0.id == id } }

  /// Whether a connection comes up: always on a serial line.
  public func accepts(at now: Instant) -> Bool { isThere(at: now) && (!isNetworked || !isTaken) }

  /// Whether anything is at its address: always on a serial line; on the network nothing without power, or until it has started.
  public func isThere(at now: Instant) -> Bool {
    !isNetworked || panels.contains { $0.isPowered && !isDeaf($0.id, now) }
  }

  public var deadline: Instant? { pending.map(\.due).min() }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .connected:
      decoder.startOver()
      pending.removeAll()
      if isTLS { pending.append((now, .transmit(MDCDecoder.greeting))) }
    case .received(let bytes):
      let start = max(lineFreeAt, now)
      for (index, byte) in bytes.enumerated() {
        if case .request(let request)? = decoder.push(byte) { received(request, at: start + time(index + 1)) }
      }
      occupy(bytes.count, from: start)
    case .hand(let id, let hand): self.hand(hand, id, at: now)
    case .lineHand(let hand): lineHand(hand)
    case .wake: break
    }
    while effects.room > 0, let next = pending.indices.min(by: { pending[$0].due < pending[$1].due }), pending[next].due <= now {
      effects.append(pending.remove(at: next).effect)
    }
  }

  private func isDeaf(_ id: UInt8, _ now: Instant) -> Bool { deafUntil[id].map { now < $0 } ?? false }

  private func time(_ bytes: Int) -> Interval { .microseconds(baud.map { bytes * 10_000_000 / Int($0) } ?? 0) }

  private mutating func occupy(_ bytes: Int, from start: Instant) {
    lineFreeAt = max(lineFreeAt, start + time(bytes))
    bytesOnLine &+= UInt64(bytes)
  }

  private mutating func received(_ request: MDCRequest, at now: Instant) {
    guard !isTLS else { return }
    recorded?.append(request)
    for at in panels.indices where request.id == panels[at].id || request.id == MDCRequest.everyID {
      let id = panels[at].id
      guard panels[at].isPowered, !panels[at].isMute, !isDeaf(id, now) else { continue }
      let wasOn = panels[at].isOn
      let reply = panels[at].answer(request)
      if panels[at].isOn, !wasOn { deafUntil[id] = now + powerOnDeafness }
      if request.id == id, let reply { answer(reply, isDouble: panels[at].isDouble, at: now) }
      if isNetworked, panels[at].isOn, !wasOn { pending.append((now + latency + .milliseconds(50), .hangUp)) }
    }
  }

  private mutating func answer(_ reply: MDCReply, isDouble: Bool, at now: Instant) {
    var bytes = noise + reply.bytes + (isDouble ? reply.bytes : [])
    if let halfAnswers { bytes = Array(bytes.prefix(halfAnswers)) }
    for index in bytes.indices where random.chance(garble, in: 1_000) { bytes[index] ^= 1 << UInt8(random.below(8)) }
    let start = max(lineFreeAt, now + latency + late)
    // What is late does not occupy the line meanwhile.
    if late == .zero { occupy(bytes.count, from: start) } else { bytesOnLine &+= UInt64(bytes.count) }
    pending.append((start + time(bytes.count), .transmit(bytes)))
    if closesAfterEach { pending.append((start + time(bytes.count), .hangUp)) }
  }

  private mutating func hand(_ hand: Hand, _ id: UInt8, at now: Instant) {
    guard let at = panels.firstIndex(where: { $0.id == id }) else { return }
    switch hand {
    case .power(let isPowered):
      if isPowered, !panels[at].isPowered {
        panels[at].restart(isOn: true)
        deafUntil[id] = now + powerOnDeafness
      }
      panels[at].isPowered = isPowered
      if !isPowered, isNetworked { pending.append((now, .hangUp)) }
    case .locked(let isLocked): panels[at].isLocked = isLocked
    case .mute(let isMute): panels[at].isMute = isMute
    case .refuse(let code): panels[at].refusal = code
    case .remote(let input): panels[at].input = input
    case .remotePower(let isOn): panels[at].isOn = isOn
    case .answerAs(let other): panels[at].answersAs = other
    case .double(let isDouble): panels[at].isDouble = isDouble
    case .saysPC(let saysPC): panels[at].saysPC = saysPC
    case .condition(let condition): panels[at].condition = condition
    case .sound(let muted): panels[at].isAudioMuted = muted
    }
  }

  private mutating func lineHand(_ hand: LineHand) {
    switch hand {
    case .late(let interval): late = interval
    case .garble(let perThousand): garble = perThousand
    case .noise(let bytes): noise = bytes
    case .halfAnswers(let length): halfAnswers = length
    case .closeAfterEach(let closes): closesAfterEach = closes
    case .tls(let isOn): isTLS = isOn
    case .sessionTaken(let isTaken): self.isTaken = isTaken
    }
  }
}
