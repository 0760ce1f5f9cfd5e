import DeviceKit
import DeviceVocabulary
import MPVCodec
import MPVDeviceModel
import MPVDriver
import Testing

/// One window's driver and its processes in virtual time, with a socket between them that delays and splits.
struct TileRig {
  static let number: UInt16 = 4
  static let frame = WallFrame(x: 960, y: 0, width: 960, height: 540)

  var driver: TileDriver
  /// The process that runs now.
  var model: MPVModel?
  var now = Instant(microseconds: 1_000_000)
  /// No process comes up.
  var cannotStart = false
  /// Delays and splits what is sent.
  var isRough = false
  /// Done to each process that starts.
  var onStart: [MPVModel.Hand] = []
  var startAfter = Interval.milliseconds(110)

  var started = 0
  var events: [(at: Instant, event: WallEvent)] = []
  var loads: [String] { model?.commands.filter { $0.hasPrefix("loadfile") } ?? [] }
  private var random: SeededRandom
  private var queue: [(due: Instant, order: Int, item: Item)] = []
  private var order = 0
  private enum Item {
    case input(WallInput)
    case toModel([UInt8], process: Int)
    case fromModel([UInt8], process: Int)
    case start(process: Int)
  }

  init(seed: UInt64 = 1) {
    driver = TileDriver(TileSettings(number: Self.number, frame: Self.frame), seed: seed)
    random = SeededRandom(seed: seed &+ 100)
  }

  static func picture(_ source: String, _ address: String? = nil, label: String = "") -> WallPicture {
    WallPicture(
      source: source, address: address ?? (source.isEmpty ? "" : "rtsp://admin:secret@cam/\(source)"), label: label, frame: frame)
  }

  mutating func wish(_ source: String, _ address: String? = nil, label: String = "") {
    give(.wished([WallWish(Self.number, .picture(Self.picture(source, address, label: label)))]))
  }

  mutating func give(_ input: WallInput) { push(.input(input), .zero) }
  mutating func hand(_ hand: MPVModel.Hand) {
    toModel(.hand(hand))
  }

  private mutating func push(_ item: Item, _ delay: Interval) {
    order += 1
    queue.append((now + delay, order, item))
  }

  mutating func pass(_ interval: Interval) {
    let end = now + interval
    var steps = 0
    while steps < 500_000 {
      steps += 1
      let next = queue.map(\.due).min() ?? .distantFuture
      let due = min(next, driver.deadline ?? .distantFuture, model?.deadline ?? .distantFuture)
      guard due <= end else { break }
      now = max(now, due)
      if let index = queue.indices.filter({ queue[$0].due <= now }).min(by: { queue[$0].order < queue[$1].order }) {
        take(queue.remove(at: index).item)
      }
      if let due = model?.deadline, due <= now { toModel(.wake) }
      if let due = driver.deadline, due <= now { toDriver(.wake) }
    }
    if steps >= 500_000 { Issue.record("it never rests") }
    now = end
  }

  private mutating func take(_ item: Item) {
    switch item {
    case .input(let input): toDriver(input)
    case .toModel(let bytes, let process): if process == started { toModel(.received(bytes)) }
    case .fromModel(let bytes, let process): if process == started { toDriver(.received(bytes)) }
    case .start(let process):
      guard process == started else { return }
      guard !cannotStart else { return toDriver(.linkDown) }
      model = MPVModel(seed: UInt64(started))
      for hand in onStart { toModel(.hand(hand)) }
      if model?.isAlive == true { toDriver(.linkUp) }
    }
  }

  private mutating func toDriver(_ input: WallInput) {
    var effects = Effects<WallEffect>()
    driver.handle(input, at: now, into: &effects)
    #expect(effects.refused == 0)
    while let effect = effects.takeFirst() {
      switch effect {
      case .write(let bytes): send(bytes) { .toModel($0, process: $1) }
      case .reopen:
        model = nil
        started += 1
        push(.start(process: started), startAfter)
      case .event(let event): events.append((now, event))
      }
    }
  }

  private mutating func toModel(_ input: MPVModel.Input) {
    guard var process = model else { return }
    var effects = Effects<MPVModel.Effect>()
    process.handle(input, at: now, into: &effects)
    model = process
    while let effect = effects.takeFirst() {
      switch effect {
      case .transmit(let bytes): send(bytes) { .fromModel($0, process: $1) }
      case .hangUp:
        model = nil
        push(.input(.linkDown), .zero)
      }
    }
  }

  private mutating func send(_ bytes: [UInt8], _ item: ([UInt8], Int) -> Item) {
    guard isRough, bytes.count > 1 else { return push(item(bytes, started), .zero) }
    let cut = 1 + Int(random.below(UInt32(bytes.count - 1)))
    push(item(Array(bytes[..<cut]), started), .zero)
    push(item(Array(bytes[cut...]), started), .zero)
  }

  // MARK: - What was told

  var shown: String? {
    for item in events.reversed() { if case .observed(_, .picture(let picture)) = item.event { return picture.source } }
    return nil
  }
  var picture: PictureState? {
    for item in events.reversed() { if case .pictureObserved(_, let state) = item.event { return state } }
    return nil
  }
  var health: Health? {
    for item in events.reversed() { if case .healthChanged(let health) = item.event { return health } }
    return nil
  }
  var refusals: [WallRefusal] {
    events.compactMap { if case .notSwitched(_, let refusal) = $0.event { refusal } else { nil } }
  }
  func age(_ matches: (WallEvent) -> Bool) -> Interval? { events.last { matches($0.event) }.map { now - $0.at } }
}

func isObserved(_ event: WallEvent) -> Bool { if case .observed = event { true } else { false } }
func isPicture(_ event: WallEvent) -> Bool { if case .pictureObserved = event { true } else { false } }
