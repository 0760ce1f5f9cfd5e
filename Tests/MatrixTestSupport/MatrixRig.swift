import DeviceKit
import DeviceVocabulary
import LineProtocolCodec
import LineProtocolDeviceModel
import LineProtocolDriver

/// The driver and the model of a matrix in virtual time, with a line between them that delays, splits, drops and breaks.
public struct MatrixRig<Dialect: MatrixDialect, Speech: MatrixSpeech> {
  public var driver: MatrixDriver<Dialect>
  public var model: MatrixModel<Speech>
  public var now = Instant.zero + .seconds(50)

  /// Nothing can be opened.
  public var isCut = false
  /// Each way, at most.
  public var latency = Interval.milliseconds(5)
  public var splits = false
  /// Of a thousand pieces.
  public var drops: UInt32 = 0
  public var breaks: UInt32 = 0

  public private(set) var isOpen = false
  public private(set) var events: [(at: Instant, event: WallEvent)] = []
  public private(set) var written: [[UInt8]] = []
  public private(set) var openings: [Instant] = []
  /// Effects that had no room: a defect.
  public private(set) var refused = 0
  private var toDriver: [(due: Instant, input: WallInput)] = []
  private var toModel: [(due: Instant, bytes: [UInt8])] = []
  private var random: SeededRandom

  public init(_ driver: MatrixDriver<Dialect>, _ model: MatrixModel<Speech>, seed: UInt64 = 1) {
    self.driver = driver
    self.model = model
    random = SeededRandom(seed: seed)
  }

  public mutating func wish(_ routes: [UInt16: UInt16]) {
    give(.wished(routes.sorted { $0.key < $1.key }.map { WallWish($0.key, .route($0.value)) }))
  }

  public mutating func hand(_ hand: MatrixModel<Speech>.Hand) { tellModel(.hand(hand)) }

  public mutating func give(_ input: WallInput) {
    var effects = Effects<WallEffect>()
    driver.handle(input, at: now, into: &effects)
    refused += effects.refused
    while let effect = effects.takeFirst() { perform(effect) }
  }

  /// Lets time pass, with both ends woken exactly at their deadlines.
  public mutating func pass(_ interval: Interval) {
    let end = now + interval
    var steps = 0
    while steps < 2_000_000 {
      steps += 1
      let due = [driver.deadline, model.deadline, toDriver.map(\.due).min(), toModel.map(\.due).min()].compactMap { $0 }.min()
      guard let due, due <= end else { break }
      now = max(now, due)
      step()
    }
    if steps >= 2_000_000 { refused += 1_000_000 }
    now = end
  }

  private mutating func step() {
    if let index = toModel.firstIndex(where: { $0.due <= now }) {
      tellModel(.received(toModel.remove(at: index).bytes))
    } else if let index = toDriver.firstIndex(where: { $0.due <= now }) {
      give(toDriver.remove(at: index).input)
    } else if let due = model.deadline, due <= now {
      tellModel(.wake)
    } else if let due = driver.deadline, due <= now {
      give(.wake)
    }
  }

  private mutating func perform(_ effect: WallEffect) {
    switch effect {
    case .event(let event): events.append((now, event))
    case .reopen: reopen()
    case .write(let bytes):
      written.append(bytes)
      guard isOpen else { return }
      if random.chance(breaks, in: 1_000) { return breakLine() }
      toModel += pieces(bytes, after: toModel.last?.due)
    }
  }

  private mutating func reopen() {
    openings.append(now)
    closeLine()
    tellModel(.disconnected)
    isOpen = !isCut
    toDriver.append((now + .milliseconds(1), isOpen ? .linkUp : .linkDown))
    if isOpen { tellModel(.connected) }
  }

  private mutating func closeLine() {
    isOpen = false
    toDriver = []
    toModel = []
  }

  public mutating func breakLine() {
    guard isOpen else { return }
    closeLine()
    tellModel(.disconnected)
    toDriver.append((now, .linkDown))
  }

  private mutating func tellModel(_ input: MatrixModel<Speech>.Input) {
    var effects = Effects<MatrixModel<Speech>.Effect>()
    model.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .transmit(let bytes):
        guard isOpen else { continue }
        for piece in pieces(bytes, after: toDriver.last?.due) { toDriver.append((piece.due, .received(piece.bytes))) }
      case .hangUp:
        // What is under way arrives before.
        let due = max(now, toDriver.last?.due ?? now)
        isOpen = false
        toModel = []
        toDriver.append((due, .linkDown))
      }
    }
  }

  private mutating func pieces(_ bytes: [UInt8], after last: Instant?) -> [(due: Instant, bytes: [UInt8])] {
    var due = max(now, last ?? now)
    var found: [(due: Instant, bytes: [UInt8])] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let length = splits ? Int(random.below(UInt32(min(rest.count, 200)))) + 1 : rest.count
      due = max(due, now + .microseconds(Int(random.below(UInt32(clamping: latency.microseconds)))))
      if !random.chance(drops, in: 1_000) { found.append((due, Array(rest.prefix(length)))) }
      rest = rest.dropFirst(length)
    }
    return found
  }

  // MARK: - What was told

  public func told(_ event: WallEvent, since: Instant = .zero) -> Int {
    events.filter { $0.event == event && $0.at >= since }.count
  }

  public var health: Health? {
    for (_, event) in events.reversed() { if case .healthChanged(let health) = event { return health } }
    return nil
  }

  /// The last that was told of what it is.
  public var description: WallDescription? {
    for (_, event) in events.reversed() { if case .described(let description) = event { return description } }
    return nil
  }

  /// The last that was told of an output, and when.
  public func proof(_ output: UInt16) -> (at: Instant, input: UInt16)? {
    for (at, event) in events.reversed() {
      if case .observed(output, .route(let input)) = event { return (at, input) }
    }
    return nil
  }

  public func refusals(_ output: UInt16, since: Instant = .zero) -> [WallRefusal] {
    events.compactMap { at, event in
      if case .notSwitched(output, let refusal) = event, at >= since { refusal } else { nil }
    }
  }

  public mutating func forgetWhatWasWritten() { written = [] }
}
