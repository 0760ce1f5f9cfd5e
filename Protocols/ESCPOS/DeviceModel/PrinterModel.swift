import DeviceKit
import ESCPOSCodec

/// A ticket printer as a device model: takes bytes, answers status, prints slips, and has the faults of a real one as inputs.
public struct PrinterModel: Machine, Sendable {
  /// What a person does to it, and what befalls it.
  public enum Hand: Sendable, Equatable {
    /// A new roll.
    case paperOK
    case paperNearEnd
    case paperOut
    /// So much is left on the roll; near its end for the last forty lines.
    case paperLines(Int)
    case cover(open: Bool)
    case offline(Bool)
    case cutterError(Bool)
    case unrecoverableError(Bool)
    case power(Bool)
    /// Power goes when so many bytes more were received.
    case dieAfter(bytes: Int)
    /// Of a thousand bytes that it sends, so many have a wrong bit.
    case garble(perThousand: UInt32)
    /// ... so many are not sent.
    case lose(perThousand: UInt32)
    /// Answers nothing.
    case mute(Bool)
    case late(Interval)
  }

  public enum Input: Sendable, Equatable {
    case received([UInt8])
    case hand(Hand)
    case wake
  }

  public enum Effect: Sendable, Equatable {
    case transmit([UInt8])
    /// It was cut off, or torn off.
    case finished(PrintedSlip)
    /// USB and network vanish with the power.
    case hangUp
  }

  public let traits: PrinterTraits
  public private(set) var status: PrinterStatus = []
  public private(set) var isPowered = true
  /// Bytes that found no room.
  public private(set) var lostBytes = 0
  /// Items that the parser did not understand.
  public private(set) var rejections = 0

  private var parser: CommandParser
  private var renderer: SlipRenderer
  /// What was received and not worked off yet, from `head` on, with the bytes that each took.
  private var buffer: [(item: PrinterItem, bytes: Int)] = []
  private var head = 0
  private var bufferedBytes = 0
  private var unclaimedBytes = 0
  private var readyAt = Instant.zero
  private var paperLines: Int?
  private var dieAfter: Int?
  private var garblePerThousand: UInt32 = 0
  private var losePerThousand: UInt32 = 0
  private var isMute = false
  private var delay = Interval.zero
  private var automaticMask: UInt8 = 0
  private var replies: [(due: Instant, byte: UInt8)] = []
  private var outbox: [Effect] = []
  private var random: SeededRandom

  static let nearEndLines = 40
  static let replyLimit = 64

  public init(_ traits: PrinterTraits = PrinterTraits(), table: DoubleByteTable, seed: UInt64 = 1) {
    self.traits = traits
    parser = Self.freshParser(traits)
    renderer = SlipRenderer(traits: traits, table: table)
    random = SeededRandom(seed: seed)
  }

  private static func freshParser(_ traits: PrinterTraits) -> CommandParser {
    CommandParser(
      answersInData: traits.answersInData, initialiseLeavesDoubleByte: traits.initialiseLeavesChinese,
      isDoubleByte: traits.startsInChinese)
  }

  /// What has been printed since the last cut.
  public var paper: PrintedSlip { renderer.slip }
  /// Everything that was received is on paper.
  public var isIdle: Bool { head >= buffer.count && !parser.isInside }

  private var canPrint: Bool { isPowered && !status.contains(.offline) }

  public var deadline: Instant? {
    if !outbox.isEmpty { return .zero }
    var nearest = replies.map(\.due).min() ?? .distantFuture
    if canPrint, head < buffer.count { nearest = min(nearest, readyAt) }
    return nearest == .distantFuture ? nil : nearest
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .received(let bytes): for byte in bytes where isPowered { receive(byte, at: now) }
    case .hand(let hand): self.hand(hand, at: now)
    case .wake: break
    }
    work(at: now)
    send(at: now)
    while effects.room > 0, !outbox.isEmpty { effects.append(outbox.removeFirst()) }
  }

  // MARK: - Bytes

  private mutating func receive(_ byte: UInt8, at now: Instant) {
    if let left = dieAfter {
      guard left > 0 else { return powerOff() }
      dieAfter = left - 1
    }
    guard bufferedBytes < traits.bufferBytes else {
      lostBytes += 1
      return
    }
    var items: [PrinterItem] = []
    parser.push(byte, into: &items)
    unclaimedBytes += 1
    bufferedBytes += 1
    for item in items {
      if case .realTime(let request) = item {
        answer(request, at: now)
      } else {
        if head >= buffer.count, readyAt < now { readyAt = now }
        buffer.append((item, unclaimedBytes))
        unclaimedBytes = 0
      }
    }
    // Requests take no room, and neither do bytes that are nothing.
    if !parser.isInside, unclaimedBytes > 0 {
      bufferedBytes -= unclaimedBytes
      unclaimedBytes = 0
    }
  }

  private mutating func work(at now: Instant) {
    while canPrint, head < buffer.count, readyAt <= now || traits.bytesPerSecond == nil {
      let (item, bytes) = buffer[head]
      head += 1
      bufferedBytes -= bytes
      if let rate = traits.bytesPerSecond { readyAt += .microseconds(bytes * 1_000_000 / max(rate, 1)) }
      perform(item, at: now)
    }
    guard head >= buffer.count || head > 4_096 else { return }
    buffer.removeFirst(min(head, buffer.count))
    head = 0
  }

  private mutating func perform(_ item: PrinterItem, at now: Instant) {
    if case .rejected = item { rejections += 1 }
    switch item {
    case .command(.askInOrder(let what)) where traits.status == .full:
      reply(what & 0x0F == 1 ? status.paperByte : 0, at: now)
    case .command(.automaticStatus(let mask)) where traits.status != .none:
      automaticMask = mask
      if mask != 0 { for byte in status.automaticBytes { reply(byte, at: now) } }
    default: break
    }
    if renderer.handle(item) { outbox.append(.finished(renderer.take())) }
    usePaper(at: now)
  }

  private mutating func usePaper(at now: Instant) {
    let used = renderer.usedLines
    renderer.usedLines = 0
    guard let lines = paperLines, used > 0 else { return }
    paperLines = max(lines - used, 0)
    setPaper(at: now)
  }

  private mutating func setPaper(at now: Instant) {
    let lines = paperLines ?? .max
    change(lines == 0 ? Self.paperBits : lines <= Self.nearEndLines ? .paperNearEnd : [], of: Self.paperBits, at: now)
  }

  private static let paperBits: PrinterStatus = [.paperOut, .paperEndStop, .paperNearEnd]

  // MARK: - Status

  private mutating func change(_ new: PrinterStatus, of all: PrinterStatus, at now: Instant) {
    let old = status
    status.subtract(all)
    status.formUnion(new)
    let causes: PrinterStatus = [.coverOpen, .paperOut, .cutterError, .unrecoverableError]
    let isOffline = isHeldOffline || !status.isDisjoint(with: causes)
    if isOffline { status.insert(.offline) } else { status.remove(.offline) }
    let isError = !status.isDisjoint(with: [.cutterError, .unrecoverableError])
    if isError { status.insert(.error) } else { status.remove(.error) }
    if old.contains(.offline), !isOffline { readyAt = max(readyAt, now) }
    if old != status, automaticMask != 0, traits.status != .none {
      for byte in status.automaticBytes { reply(byte, at: now) }
    }
  }

  private var isHeldOffline = false

  private mutating func answer(_ request: RealTimeRequest, at now: Instant) {
    switch request {
    case .status(let kind): if traits.status != .none { reply(status.realTimeByte(kind), at: now) }
    case .recover(let what):
      change([], of: .cutterError, at: now)
      if what == 2 { forgetBuffer() }
    }
  }

  private mutating func reply(_ byte: UInt8, at now: Instant) {
    guard !isMute, replies.count < Self.replyLimit, !random.chance(losePerThousand, in: 1_000) else { return }
    let isGarbled = random.chance(garblePerThousand, in: 1_000)
    replies.append((now + delay, isGarbled ? byte ^ 1 << UInt8(random.below(8)) : byte))
  }

  private mutating func send(at now: Instant) {
    var bytes: [UInt8] = []
    while let index = replies.firstIndex(where: { $0.due <= now }) { bytes.append(replies.remove(at: index).byte) }
    if !bytes.isEmpty { outbox.append(.transmit(bytes)) }
  }

  // MARK: - Hands

  private mutating func hand(_ hand: Hand, at now: Instant) {
    switch hand {
    case .paperOK: set(paper: nil, at: now)
    case .paperNearEnd:
      paperLines = nil
      change(.paperNearEnd, of: Self.paperBits, at: now)
    case .paperOut: set(paper: 0, at: now)
    case .paperLines(let lines): set(paper: max(lines, 0), at: now)
    case .cover(let open): change(open ? .coverOpen : [], of: .coverOpen, at: now)
    case .offline(let isOffline):
      isHeldOffline = isOffline
      change([], of: [], at: now)
    case .cutterError(let on): change(on ? .cutterError : [], of: .cutterError, at: now)
    case .unrecoverableError(let on): change(on ? .unrecoverableError : [], of: .unrecoverableError, at: now)
    case .power(let on):
      if on {
        if !isPowered { readyAt = now }
        isPowered = true
        dieAfter = nil
      } else if isPowered {
        powerOff()
      }
    case .dieAfter(let bytes): dieAfter = max(bytes, 0)
    case .garble(let chance): garblePerThousand = chance
    case .lose(let chance): losePerThousand = chance
    case .mute(let on): isMute = on
    case .late(let interval): delay = interval
    }
  }

  private mutating func set(paper lines: Int?, at now: Instant) {
    paperLines = lines
    setPaper(at: now)
  }

  private mutating func powerOff() {
    isPowered = false
    dieAfter = nil
    automaticMask = 0
    forgetBuffer()
    renderer.forget()
    replies.removeAll()
    outbox.append(.hangUp)
  }

  private mutating func forgetBuffer() {
    parser = Self.freshParser(traits)
    buffer.removeAll()
    head = 0
    bufferedBytes = 0
    unclaimedBytes = 0
  }

  /// What hangs out is taken: a printer without a cutter never ends a slip by itself.
  public mutating func tearOff() -> PrintedSlip { renderer.take() }
}
