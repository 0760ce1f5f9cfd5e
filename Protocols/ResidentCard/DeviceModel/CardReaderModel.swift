import DeviceKit
import ResidentCardCodec

/// A card reader as a device model: bytes in, bytes out through one pipe, two, or a serial line; the hand that puts cards there and takes
/// them away; and the faults of a real one.
public struct CardReaderModel: Machine, Sendable {
  public enum Fault: Sendable, Equatable {
    /// Takes everything and answers nothing.
    case silent
    /// So much later, and with such a pause before each packet.
    case slow(reply: Interval, gap: Interval)
    /// Every answer is noise of the same length.
    case garbled
    case wrongChecksum
    /// The length says more than follows.
    case wrongLength
    /// The endpoints are halted until they are cleared. On a serial line: silent until it is opened anew.
    case halted
    case deadUntilReset
    case deadUntilOpened
    /// Until it is unplugged.
    case dead
    case selfTestFailed
    case notAuthorised
  }

  public enum Hand: Sendable, Equatable {
    case put(SyntheticCard)
    case take
    /// By itself, when so many bytes of the next record, or of the next address, have gone out. With `says`, the module reports it then.
    case takeAtByte(Int, ofAddress: Bool = false, says: Bool = false)
    /// Something that can be found and is no card.
    case putGhost
    case putTwoCards
    case unplug
    case plug
  }

  public enum Input: Sendable, Equatable {
    case written([UInt8], ReaderPipe)
    /// The host wants what comes through this pipe (USB only).
    case asked(ReaderPipe)
    case stoppedAsking
    case clearHalt, reset, open
    case hand(Hand)
    case set(Fault?)
    case wake
  }

  public enum Effect: Sendable, Equatable {
    case bytes([UInt8], ReaderPipe)
    case stalled
    case mended
    case linkUp(PipeLayout)
    case linkDown
  }

  enum Placement: Equatable { case card(SyntheticCard), ghost, two }
  enum Stage: Equatable { case idle, found, selected, done }
  struct Packet { var due: Instant, pipe: ReaderPipe, bytes: [UInt8] }
  struct Job { var due: Instant, request: SDTRequest }

  static let jobLimit = 4
  static let packetSize = 64

  public let layout: PipeLayout
  /// A card that was read is found again while it lies there.
  public let findsLyingCard: Bool
  public private(set) var fault: Fault?
  public private(set) var isPlugged = true
  /// Commands that were well formed, in order, the last ones.
  public private(set) var commands: [SDTCommand] = []
  var placement: Placement?
  var stage = Stage.idle
  var pull: (byte: Int, ofAddress: Bool, says: Bool)?
  var decoder = SDTRequestDecoder()
  var jobs: [Job] = []
  var packets: [Packet] = []
  var asked: [ReaderPipe] = []
  var random = SeededRandom(seed: 1)

  public init(_ layout: PipeLayout, findsLyingCard: Bool = false) {
    self.layout = layout
    self.findsLyingCard = findsLyingCard
  }

  public var hasCard: Bool { placement != nil }

  public var deadline: Instant? {
    var nearest = jobs.first?.due
    // Packets of one pipe go out in order, so the first one of each is the next one.
    for packet in packets where layout == .serial || asked.contains(packet.pipe) {
      nearest = min(nearest ?? packet.due, packet.due)
      if layout != .split { break }
    }
    return nearest
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .set(let fault): self.fault = fault
    case .hand(let hand): touched(hand, at: now, into: &effects)
    case .written(let bytes, _): written(bytes, at: now, into: &effects)
    case .asked(let pipe):
      guard isPlugged else { break }
      if fault == .halted { effects.append(.stalled) } else if !asked.contains(pipe) { asked.append(pipe) }
    case .stoppedAsking: asked.removeAll()
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
      if fault == .deadUntilOpened || layout == .serial && (fault == .halted || fault == .deadUntilReset) { fault = nil }
      startOver()
      effects.append(.linkUp(layout))
    case .wake: break
    }
    while let job = jobs.first, job.due <= now {
      jobs.removeFirst()
      answer(job.request, at: now)
    }
    deliver(at: now, into: &effects)
  }

  private mutating func touched(_ hand: Hand, at now: Instant, into effects: inout Effects<Effect>) {
    switch hand {
    case .put(let card): lay(.card(card))
    case .putGhost: lay(.ghost)
    case .putTwoCards: lay(.two)
    case .take:
      lay(nil)
      pull = nil
      // While the radio was at it: the module notices soon.
      if let job = jobs.first, [.read, .read9600, .newestAddress].contains(job.request.command) {
        jobs[0].due = min(job.due, now + .milliseconds(60))
      }
    case .takeAtByte(let byte, let ofAddress, let says): pull = (byte, ofAddress, says)
    case .unplug:
      isPlugged = false
      startOver()
      effects.append(.linkDown)
    case .plug:
      isPlugged = true
      if fault != .selfTestFailed, fault != .notAuthorised { fault = nil }
      effects.append(.linkUp(layout))
    }
  }

  mutating func lay(_ new: Placement?) {
    placement = new
    stage = .idle
  }

  private mutating func startOver() {
    stage = stage == .done ? .done : .idle
    decoder.startOver()
    jobs.removeAll()
    packets.removeAll()
    asked.removeAll()
  }

  private mutating func written(_ bytes: [UInt8], at now: Instant, into effects: inout Effects<Effect>) {
    guard isPlugged else { return }
    switch fault {
    case .halted where layout != .serial: return _ = effects.append(.stalled)
    case .silent, .dead, .deadUntilReset, .deadUntilOpened, .halted: return
    default: break
    }
    for byte in bytes {
      switch decoder.push(byte) {
      case .success(let request)?:
        commands.append(request.command)
        if commands.count > 64 { commands.removeFirst() }
        if jobs.count < Self.jobLimit { jobs.append(Job(due: now + delay(request.command), request: request)) }
      case .failure(.checksum)?: send(.hostChecksum, [], at: now)
      case .failure?: send(.hostLength, [], at: now)
      case nil: break
      }
    }
  }

  private func delay(_ command: SDTCommand) -> Interval {
    let own: Interval =
      switch command {
      case .find, .find9600: .milliseconds(15)
      case .select, .select9600: .milliseconds(30)
      case .read, .read9600: .milliseconds(700)
      case .newestAddress: .milliseconds(200)
      default: .milliseconds(5)
      }
    if case .slow(let reply, _) = fault { return own + reply }
    return own
  }

  private mutating func deliver(at now: Instant, into effects: inout Effects<Effect>) {
    guard isPlugged else { return }
    var index = 0
    // One packet for each time it was asked; a serial line pours.
    while index < packets.count, effects.room > 1 {
      let packet = packets[index]
      guard packet.due <= now, layout == .serial || asked.contains(packet.pipe) else {
        index += 1
        continue
      }
      packets.remove(at: index)
      asked.removeAll { $0 == packet.pipe }
      effects.append(.bytes(packet.bytes, packet.pipe))
    }
  }
}
