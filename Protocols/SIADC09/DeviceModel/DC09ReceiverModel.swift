import DeviceKit
import SIADC09Codec

/// An alarm receiver as a device model: takes bytes, answers bytes, and has the faults of a real one as inputs.
public struct DC09ReceiverModel: Machine, Sendable {
  public enum Fault: Sendable, Equatable {
    /// Takes everything and answers nothing.
    case silent
    /// Its clock and ours are apart: refuses until the timestamp fits.
    case clock(offsetSeconds: Int64)
    /// Refuses everything.
    case refuses
    /// Understands no content.
    case notUnderstood
    case late(Interval)
    /// Answers with bytes that are no message.
    case garbage
    /// Closes the connection instead of answering; what it was sent is lost.
    case closes
    /// Accepts, and then closes before the answer is out: the sender cannot know.
    case acceptsAndCloses
    /// Acknowledges another number.
    case wrongSequence
  }

  public enum Input: Sendable, Equatable {
    case received([UInt8])
    /// Another connection, or another datagram.
    case connected
    case set(Fault?)
    case wake
  }

  public enum Effect: Sendable, Equatable {
    case transmit([UInt8])
    case close
    /// It has this now.
    case accepted(DC09Frame)
  }

  public private(set) var fault: Fault?
  /// Its own clock at `Instant.zero`.
  private let unixSecondsAtStart: Int64
  private let cipher: (any DC09Cipher)?
  private var decoder: DC09Decoder
  private var random = SeededRandom(seed: 1)
  private var waiting: [(due: Instant, bytes: [UInt8])] = []

  /// Timestamps this far behind and ahead of its clock are accepted (README.md, "Answers").
  static let behindSeconds: Int64 = 40
  static let aheadSeconds: Int64 = 20
  /// Answers that may wait to be sent.
  static let waitingLimit = 8

  public init(unixSecondsAtStart: Int64, cipher: (any DC09Cipher)? = nil) {
    self.unixSecondsAtStart = unixSecondsAtStart
    self.cipher = cipher
    decoder = DC09Decoder(cipher: cipher)
  }

  public var deadline: Instant? { waiting.map(\.due).min() }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .set(let fault): self.fault = fault
    case .connected:
      decoder.startOver()
      waiting.removeAll()
    case .received(let bytes):
      for byte in bytes {
        // A frame with a bad checksum gets no answer: whoever sent it repeats it.
        if case .success(let frame)? = decoder.push(byte) { heard(frame, at: now, into: &effects) }
      }
    case .wake: break
    }
    while let index = waiting.firstIndex(where: { $0.due <= now }), effects.room > 0 {
      effects.append(.transmit(waiting.remove(at: index).bytes))
    }
  }

  private mutating func heard(_ frame: DC09Frame, at now: Instant, into effects: inout Effects<Effect>) {
    let clock = unixSecondsAtStart + Int64(clamping: now.microseconds / 1_000_000)
    switch fault {
    case .silent: return
    case .closes: effects.append(.close)
    case .garbage: answer([0x0A, 0x41, 0x0D, 0xFF, 0x5B], at: now)
    case .refuses: refuse(clock, at: now)
    case .notUnderstood: reply(.notUnderstood, to: frame, clock, at: now)
    case .acceptsAndCloses:
      effects.append(.accepted(frame))
      effects.append(.close)
    case .clock(let offset):
      let mine = clock + offset
      if let told = frame.content.timestamp?.unixSeconds, !(mine - Self.behindSeconds...mine + Self.aheadSeconds).contains(told) {
        refuse(mine, at: now)
      } else {
        accept(frame, mine, at: now, into: &effects)
      }
    case .late(let delay): accept(frame, clock, at: now + delay, into: &effects)
    case .wrongSequence:
      var other = frame
      other.sequence = frame.sequence % 9999 + 1
      reply(.acknowledged, to: other, clock, at: now)
    case nil: accept(frame, clock, at: now, into: &effects)
    }
  }

  private mutating func accept(_ frame: DC09Frame, _ clock: Int64, at due: Instant, into effects: inout Effects<Effect>) {
    effects.append(.accepted(frame))
    reply(.acknowledged, to: frame, clock, at: due)
  }

  private mutating func reply(_ kind: DC09Kind, to frame: DC09Frame, _ clock: Int64, at due: Instant) {
    var reply = frame
    reply.kind = kind
    reply.isEncrypted = frame.isEncrypted && kind == .acknowledged
    reply.content = DC09Content(timestamp: reply.isEncrypted ? DC09Timestamp(unixSeconds: clock) : nil)
    if let bytes = reply.encoded(cipher, random: &random) { answer(bytes, at: due) }
  }

  private mutating func refuse(_ clock: Int64, at due: Instant) {
    let refusal = DC09Frame(
      kind: .refused, sequence: 0, receiver: "0", account: nil,
      content: DC09Content(timestamp: DC09Timestamp(unixSeconds: clock)))
    if let bytes = refusal.encoded(random: &random) { answer(bytes, at: due) }
  }

  private mutating func answer(_ bytes: [UInt8], at due: Instant) {
    if waiting.count < Self.waitingLimit { waiting.append((due, bytes)) }
  }
}
