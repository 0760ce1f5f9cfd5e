import CCIDCodec
import DeviceKit

/// A reader of smart cards with one slot as a device model: messages in, packets out, the hand that lays cards there, and the faults of a real one.
public struct CCIDReaderModel: Machine, Sendable {
  public enum Fault: Sendable, Equatable {
    /// Takes everything and answers nothing.
    case silent
    /// So much later.
    case slow(Interval)
    /// Every answer is noise of the same length.
    case garbled
    /// The length says more than follows.
    case wrongLength
    /// Every answer comes twice: the second with the number before.
    case stale(UInt8)
    /// The endpoints are halted until they are cleared.
    case halted
    case deadUntilReset
    case deadUntilOpened
    /// Until it is unplugged.
    case dead
    /// So many exchanges fail with a parity error.
    case parity(Int)
    /// So many blocks from the card, and then to it, arrive with a bit turned.
    case noisyCard(Int)
    /// So many commands are refused as busy.
    case busy(Int)
  }

  public enum Hand: Sendable, Equatable {
    case put(SyntheticSmartCard)
    /// Another one, so quickly that the slot was never seen empty.
    case swap(SyntheticSmartCard)
    /// Something that says nothing.
    case putMute
    case take
    case unplug
    case plug
  }

  public enum Input: Sendable, Equatable {
    case written([UInt8])
    /// The host wants the next packet of the pipe for answers.
    case asked
    /// ... of the interrupt pipe.
    case listening
    case stoppedAsking, stoppedListening
    case clearHalt, reset, open
    case hand(Hand)
    case set(Fault?)
    case wake
  }

  public enum Effect: Sendable, Equatable {
    case packet([UInt8], isLast: Bool)
    case notice([UInt8])
    case stalled
    case mended
    case linkUp
    case linkDown
  }

  /// What one device, an independent model, does otherwise (README.md, "Quirks").
  public struct Quirks: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// Parameters behind a length of 0.
    public static let hiddenParameters = Quirks(rawValue: 1)
    /// An exchange without a card is an empty answer that says "absent" and not "failed".
    public static let quietAbsence = Quirks(rawValue: 2)
    /// Power without a card brings the last card's answer behind a failure.
    public static let oldAnswer = Quirks(rawValue: 4)
    /// A card without power is called active.
    public static let alwaysActive = Quirks(rawValue: 8)
    /// Time is asked for once before each exchange, by the reader.
    public static let asksForTime = Quirks(rawValue: 16)
  }

  struct Packet: Sendable { var due: Instant, bytes: [UInt8], isLast: Bool }

  public let descriptor: CCIDDescriptor
  public let hasNotices: Bool
  public let quirks: Quirks
  public let packetBytes: Int
  public private(set) var fault: Fault?
  public private(set) var isPlugged = true
  /// The last ones, as they came.
  public private(set) var commands: [CCIDCommand] = []
  var card: SyntheticSmartCard?
  var isMute = false
  var powered: PoweredCard?
  var lastAnswer: [UInt8] = []
  /// Of a long command or answer.
  var incoming: [UInt8] = []
  var outgoing: [UInt8] = []
  var decoder: CCIDCommandDecoder
  var packets: [Packet] = []
  private var isAsked = false
  private var isListening = false
  private var notices: [[UInt8]] = []
  var random = SeededRandom(seed: 1)

  public init(
    _ descriptor: CCIDDescriptor = CCIDDescriptor(features: 0x1_0030), notices: Bool = true, quirks: Quirks = [],
    packetBytes: Int = 64
  ) {
    self.descriptor = descriptor
    hasNotices = notices
    self.quirks = quirks
    self.packetBytes = packetBytes
    decoder = CCIDCommandDecoder(limit: Int(clamping: descriptor.longestMessage))
  }

  public var hasCard: Bool { card != nil || isMute }

  public var deadline: Instant? { isAsked ? packets.first?.due : nil }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .set(let fault): self.fault = fault
    case .hand(let hand): touched(hand, into: &effects)
    case .written(let bytes): written(bytes, at: now, into: &effects)
    case .asked:
      guard isPlugged else { break }
      if fault == .halted { effects.append(.stalled) } else { isAsked = true }
    case .listening: isListening = isPlugged
    case .stoppedAsking: isAsked = false
    case .stoppedListening: isListening = false
    case .clearHalt:
      guard isPlugged else { break }
      if fault == .halted { fault = nil }
      effects.append(.mended)
    case .reset:
      guard isPlugged else { break }
      if fault == .halted || fault == .deadUntilReset { fault = nil }
      startOver()
      effects.append(.mended)
    case .open:
      guard isPlugged else {
        effects.append(.linkDown)
        break
      }
      if fault == .deadUntilOpened { fault = nil }
      startOver()
      effects.append(.linkUp)
    case .wake: break
    }
    deliver(at: now, into: &effects)
  }

  private mutating func touched(_ hand: Hand, into effects: inout Effects<Effect>) {
    switch hand {
    case .put(let new): lay(new, mute: false)
    case .swap(let new):
      lay(nil, mute: false)
      lay(new, mute: false)
      notices = notices.suffix(1)
    case .putMute: lay(nil, mute: true)
    case .take: lay(nil, mute: false)
    case .unplug:
      isPlugged = false
      startOver()
      effects.append(.linkDown)
    case .plug:
      isPlugged = true
      fault = nil
      effects.append(.linkUp)
    }
  }

  private mutating func lay(_ new: SyntheticSmartCard?, mute: Bool) {
    card = new
    isMute = mute
    powered = nil
    guard hasNotices else { return }
    notices.append([0x50, hasCard ? 0x03 : 0x02])
    if notices.count > 8 { notices.removeFirst() }
  }

  private mutating func startOver() {
    powered = nil
    decoder.startOver()
    packets.removeAll()
    incoming = []
    outgoing = []
    isAsked = false
    isListening = false
    notices = hasCard && hasNotices ? [[0x50, 0x03]] : []
  }

  private mutating func written(_ bytes: [UInt8], at now: Instant, into effects: inout Effects<Effect>) {
    guard isPlugged else { return }
    switch fault {
    case .halted: return _ = effects.append(.stalled)
    case .silent, .dead, .deadUntilReset, .deadUntilOpened: return
    default: break
    }
    for byte in bytes {
      guard let (command, isTooLong) = decoder.push(byte) else { continue }
      commands.append(command)
      if commands.count > 64 { commands.removeFirst() }
      answer(command, isTooLong: isTooLong, at: now)
    }
  }

  /// The card's parity and noise, counted down.
  mutating func counted(_ make: (Int) -> Fault, _ left: Int) {
    fault = left > 1 ? make(left - 1) : nil
  }

  mutating func send(_ reply: CCIDReply, _ data: [UInt8] = [], hidden: [UInt8] = [], at now: Instant) {
    var bytes = reply.encoded(data) + hidden
    switch fault {
    case .garbled: bytes = bytes.map { _ in UInt8(truncatingIfNeeded: random.next()) }
    case .wrongLength: bytes[1] = bytes[1] &+ 3
    case .stale(let count):
      var old = reply
      for index in 0..<count {
        old.sequence = reply.sequence &- count &+ index
        put(old.encoded(), at: now)
      }
    default: break
    }
    put(bytes, at: now)
  }

  private mutating func put(_ message: [UInt8], at now: Instant) {
    var delay = Interval.milliseconds(3)
    if case .slow(let more) = fault { delay = delay + more }
    var due = max(now + delay, packets.last?.due ?? now)
    var rest = message[...]
    repeat {
      let piece = Array(rest.prefix(packetBytes))
      rest = rest.dropFirst(packetBytes)
      // A message that fills its last packet is ended by an empty one.
      packets.append(Packet(due: due, bytes: piece, isLast: piece.count < packetBytes))
      if rest.isEmpty, piece.count == packetBytes { packets.append(Packet(due: due, bytes: [], isLast: true)) }
      due += .milliseconds(1)
    } while !rest.isEmpty
  }

  private mutating func deliver(at now: Instant, into effects: inout Effects<Effect>) {
    guard isPlugged else { return }
    if isListening, !notices.isEmpty {
      isListening = false
      effects.append(.notice(notices.removeFirst()))
    }
    guard isAsked, let packet = packets.first, packet.due <= now else { return }
    isAsked = false
    packets.removeFirst()
    effects.append(.packet(packet.bytes, isLast: packet.isLast))
  }
}
