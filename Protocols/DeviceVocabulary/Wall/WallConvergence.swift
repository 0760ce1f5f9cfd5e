import DeviceKit

/// Wish and fact of a device's ports, and what is to be done about the difference: shared by the drivers of the wall.
///
/// Nothing is sent for a port before it was read: a controller that starts, or a device that comes back, must not make a wall flicker that
/// shows what it should. A wish that was sent and is not there when read back is sent twice more; then it is told, and tried on at rest.
public struct WallConvergence: Sendable {
  /// How often the same wish is sent before it is told that it is not so.
  public static let sends = 3
  public static let retryAfter = Interval.milliseconds(200)
  /// Between two tries of what was given up: somebody may unlock it.
  public static let slowRetry = Interval.seconds(30)
  /// A port that somebody else switches more often than `sends` times, each within so long of the last, is contested: two controllers would
  /// chase each other as fast as the line allows. It is so until it was left alone for `contestEnd`.
  public static let contestInterval = Interval.seconds(10)
  public static let contestEnd = Interval.seconds(60)
  /// A proof is told again when the last one is this old.
  public static let proofInterval = Interval.seconds(5)

  public struct Port: Sendable {
    public let number: UInt16
    public fileprivate(set) var wish: WallSetting?
    public fileprivate(set) var fact: WallSetting?
    /// When `fact` was read.
    public fileprivate(set) var asOf: Instant?
    fileprivate var sent = 0
    fileprivate var nextSend = Instant.zero
    fileprivate var awaitsReadBack = false
    fileprivate var isGivenUp = false
    fileprivate var told: WallRefusal?
    fileprivate var toldAt: Instant?
    /// How often in a row somebody else has switched it, and when last.
    fileprivate var contests = 0
    fileprivate var contestedAt: Instant?

    public var isAsWished: Bool {
      guard let wish else { return true }
      return fact?.satisfies(wish) ?? false
    }
  }

  /// In rising order of their numbers.
  public private(set) var ports: [Port] = []

  public init(ports numbers: [UInt16] = []) {
    ports = Set(numbers).sorted().map { Port(number: $0) }
  }

  public func port(_ number: UInt16) -> Port? { index(number).map { ports[$0] } }

  /// Takes the newest wish for all ports.
  public mutating func take(_ wishes: [WallWish], at now: Instant) {
    for wish in wishes where index(wish.number) == nil {
      ports.insert(Port(number: wish.number), at: ports.firstIndex { $0.number > wish.number } ?? ports.count)
    }
    for at in ports.indices {
      let wish = wishes.last { $0.number == ports[at].number }?.setting
      guard ports[at].wish != wish else { continue }
      setWish(wish, at, now)
      // What is still on its way may be what this station has asked for before.
      (ports[at].contests, ports[at].contestedAt) = (0, nil)
    }
  }

  private mutating func setWish(_ wish: WallSetting?, _ at: Int, _ now: Instant) {
    ports[at].wish = wish
    ports[at].sent = 0
    ports[at].nextSend = now
    // What was sent for the wish before says nothing of this one.
    ports[at].awaitsReadBack = false
    ports[at].isGivenUp = false
    ports[at].told = nil
  }

  /// What was known is of another time: the line was away, or the device started again.
  public mutating func forgetFacts(at now: Instant) {
    for at in ports.indices {
      ports[at].fact = nil
      ports[at].asOf = nil
      setWish(ports[at].wish, at, now)
    }
  }

  /// Everything that was given up is tried again from the beginning.
  public mutating func retest(at now: Instant) {
    for at in ports.indices where !ports[at].isAsWished { setWish(ports[at].wish, at, now) }
  }

  /// What is to be sent now, in rising order of the numbers.
  public func due(at now: Instant) -> [WallWish] {
    ports.compactMap { port in
      guard let wish = port.wish, isDue(port), port.nextSend <= now else { return nil }
      return WallWish(port.number, wish)
    }
  }

  public func isDue(_ number: UInt16, at now: Instant) -> Bool {
    index(number).map { isDue(ports[$0]) && ports[$0].nextSend <= now } ?? false
  }

  private func isDue(_ port: Port) -> Bool { port.wish != nil && port.fact != nil && !port.awaitsReadBack && !port.isAsWished }

  /// The earliest time at which something may be due.
  public var deadline: Instant? {
    var earliest: Instant?
    for port in ports where isDue(port) { earliest = min(earliest ?? port.nextSend, port.nextSend) }
    return earliest
  }

  /// The port's wish was sent; whoever sent it reads the port back, and says `observed` or `failed` then.
  public mutating func wasSent(_ number: UInt16, at now: Instant) {
    guard let at = index(number) else { return }
    ports[at].sent += 1
    ports[at].awaitsReadBack = true
    ports[at].nextSend = now + (ports[at].isGivenUp ? Self.slowRetry : Self.retryAfter)
  }

  /// What a port shows, read just now.
  ///
  /// - Parameter isReadBack: read after the wish was sent; else the device said it of its own accord, or it was read in its turn.
  /// - Returns: what the station is to be told.
  public mutating func observed(_ number: UInt16, _ setting: WallSetting, isReadBack: Bool, at now: Instant) -> [WallEvent] {
    guard let at = index(number) else { return [] }
    let isNews = ports[at].fact != setting || ports[at].told != nil
    let wasAsWished = ports[at].fact != nil && ports[at].isAsWished
    ports[at].fact = setting
    ports[at].asOf = now
    let wasSent = ports[at].awaitsReadBack
    if ports[at].isAsWished {
      ports[at].sent = 0
      ports[at].awaitsReadBack = false
      ports[at].isGivenUp = false
      ports[at].told = nil
      if !wasSent { ports[at].nextSend = now }
    } else if isReadBack, wasSent {
      ports[at].awaitsReadBack = false
      return tell(at, setting, always: true, isNews, now) + miss(at, .unchanged, now)
    } else if wasAsWished {
      return tell(at, setting, always: true, isNews, now) + contested(at, now)
    }
    return tell(at, setting, always: wasSent, isNews, now)
  }

  /// Somebody else has switched it. A hand at the device is put right at once; whoever does it by a program is not raced against.
  private mutating func contested(_ at: Int, _ now: Instant) -> [WallEvent] {
    let memory = ports[at].contests > Self.sends ? Self.contestEnd : Self.contestInterval
    let isAgain = ports[at].contestedAt.map { now - $0 <= memory } ?? false
    ports[at].contests = isAgain ? ports[at].contests + 1 : 1
    ports[at].contestedAt = now
    guard ports[at].contests > Self.sends else { return [] }
    ports[at].nextSend = now + Self.slowRetry
    return [.notSwitched(ports[at].number, .contested)]
  }

  /// The wish was sent, and the device said no, or nothing.
  public mutating func failed(_ number: UInt16, _ refusal: WallRefusal, at now: Instant) -> [WallEvent] {
    guard let at = index(number), ports[at].wish != nil else { return [] }
    ports[at].awaitsReadBack = false
    return miss(at, refusal, now)
  }

  private mutating func tell(_ at: Int, _ setting: WallSetting, always: Bool, _ isNews: Bool, _ now: Instant) -> [WallEvent] {
    let isOld = ports[at].toldAt.map { now - $0 >= Self.proofInterval } ?? true
    guard always || isNews || isOld else { return [] }
    ports[at].toldAt = now
    return [.observed(ports[at].number, setting)]
  }

  private mutating func miss(_ at: Int, _ refusal: WallRefusal, _ now: Instant) -> [WallEvent] {
    let isFinal = if case .impossible = refusal { true } else { false }
    guard isFinal || ports[at].sent >= Self.sends || ports[at].isGivenUp else { return [] }
    ports[at].isGivenUp = true
    ports[at].nextSend = now + Self.slowRetry
    guard ports[at].told != refusal else { return [] }
    ports[at].told = refusal
    return [.notSwitched(ports[at].number, refusal)]
  }

  private func index(_ number: UInt16) -> Int? { ports.firstIndex { $0.number == number } }
}
