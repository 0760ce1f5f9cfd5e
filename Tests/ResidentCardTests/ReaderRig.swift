import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDeviceModel
import ResidentCardDriver
import Synchronization
import Testing

/// Every buffer that a driver was given, so that a test can look into each of them afterwards.
final class Vault: Sendable {
  private let made = Mutex<[SecretBuffer]>([])

  func make(_ capacity: Int) -> SecretBuffer {
    let buffer = SecretBuffer(capacity: capacity)
    made.withLock { $0.append(buffer) }
    return buffer
  }

  var count: Int { made.withLock { $0.count } }

  /// What each of them holds.
  var contents: [[UInt8]] {
    made.withLock { $0.map { $0.withSpan { bytes in bytes.indices.map { bytes[$0] } } } }
  }

  /// Bytes that are not zero, in all of the memory of all of them, whatever they say that they hold.
  var bytesLeft: Int {
    made.withLock { buffers in
      buffers.reduce(0) { sum, buffer in
        var left = 0
        let count = buffer.count
        buffer.fill { memory in
          left = memory.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
          return count
        }
        return sum + left
      }
    }
  }
}

/// A driver and a model of a reader in virtual time, with the transport between them that both expect.
struct ReaderRig {
  var driver: CardReader
  var model: CardReaderModel
  var now = Instant.zero
  let vault = Vault()
  let transfers = Vault()
  var events: [(at: Instant, event: ReaderEvent)] = []
  var records: [CardRecord] = []
  var recordConsents: [UInt64] = []
  var health: [Health] = []
  var numbers: [ModuleNumber] = []
  var commands: [SDTCommand] = []
  var effects: [String] = []
  var wakes = 0
  /// What the driver asked of the transport that it must not: two reads of one pipe, a rung of the ladder while a read stands.
  var broken: [String] = []
  private var standing: [ReaderPipe] = []
  /// When a card that had been there was gone.
  var cardGone: Instant?
  /// When a reading failed first, and how many bytes of a card were left anywhere then.
  var failed: Instant?
  var leftAtFailure = 0
  /// The transport tells nothing of a reader that is plugged in: the driver has to open the port.
  var isHotplugDeaf = false
  private var consents: UInt64 = 0
  /// Transfer buffers that the driver has emptied.
  private var spare: [SecretBuffer] = []
  private var toDriver: [CardReaderInput] = []

  init(_ layout: PipeLayout = .split, settings: CardReaderSettings = CardReaderSettings(), findsLyingCard: Bool = false) {
    let vault = vault
    driver = CardReader(settings: settings) { vault.make($0) }
    model = CardReaderModel(layout, findsLyingCard: findsLyingCard)
    events.reserveCapacity(64)
  }

  /// Ready, with nothing on it.
  static func ready(
    _ layout: PipeLayout = .split, settings: CardReaderSettings = CardReaderSettings(), findsLyingCard: Bool = false
  ) -> ReaderRig {
    var rig = ReaderRig(layout, settings: settings, findsLyingCard: findsLyingCard)
    rig.pass(.milliseconds(500))
    return rig
  }

  mutating func read(newestAddress: Bool = false, for interval: Interval = .seconds(60)) {
    consents += 1
    give(.read(newestAddress: newestAddress, consent: CardConsent(number: consents, until: now + interval)))
  }

  mutating func touch(_ hand: CardReaderModel.Hand) { toModel(.hand(hand)) }
  mutating func set(_ fault: CardReaderModel.Fault?) { toModel(.set(fault)) }

  var told: [ReaderEvent] { events.map(\.event) }
  func when(_ event: ReaderEvent) -> Instant? { events.last { $0.event == event }?.at }
  var failures: Int { told.count { if case .readFailed = $0 { true } else { false } } }
  func count(_ event: ReaderEvent) -> Int { told.count { $0 == event } }

  /// Lets time pass, with both ends woken exactly at their deadlines.
  mutating func pass(_ interval: Interval) {
    let end = now + interval
    give(.wake)
    while true {
      let due = min(driver.deadline ?? .distantFuture, model.deadline ?? .distantFuture)
      guard due <= end else { break }
      now = max(now, due)
      toModel(.wake)
      give(.wake)
      wakes += 1
    }
    now = end
    give(.wake)
  }

  /// Fails the test when it does not come to that in time.
  mutating func pass(
    until condition: (ReaderRig) -> Bool, within interval: Interval, _ what: @autoclosure () -> String = "",
    _ location: SourceLocation = #_sourceLocation
  ) {
    let end = now + interval
    while !condition(self), now < end { pass(.milliseconds(10)) }
    if !condition(self) { Issue.record("\(what()) \(told.suffix(6))", sourceLocation: location) }
  }

  mutating func give(_ input: CardReaderInput) {
    toDriver.append(input)
    while !toDriver.isEmpty {
      let input = toDriver.removeFirst()
      switch input {
      case .received(_, let pipe): standing.removeAll { $0 == pipe }
      case .transferFailed, .linkUp, .linkDown: standing.removeAll()
      default: break
      }
      var effects = Effects<CardReaderEffect>()
      driver.handle(input, at: now, into: &effects)
      if case .received(let buffer, _) = input, spare.count < 8 { spare.append(buffer) }
      if effects.refused > 0 { self.effects.append("refused") }
      for index in 0..<effects.count { if let effect = effects[index] { perform(effect) } }
    }
  }

  private mutating func perform(_ effect: CardReaderEffect) {
    switch effect {
    case .clearHalt, .resetDevice, .openPort: if !standing.isEmpty { broken.append("\(effect) while a read stands") }
    case .write: if standing.contains(.body) { broken.append("a command while a read of the body stands") }
    case .read(let pipe):
      if standing.contains(pipe) { broken.append("two reads of \(pipe)") }
      standing.append(pipe)
    case .stopReading: standing.removeAll()
    default: break
    }
    switch effect {
    case .write(let bytes, let pipe):
      let bytes = plain(bytes)
      // A command stands behind the head.
      let start = pipe == .body ? 0 : SDTFrame.headLength
      if bytes.count > start + 1 { commands.append(SDTCommand(bytes[start], bytes[start + 1])) }
      toModel(.written(bytes, pipe))
    case .read(let pipe): toModel(.asked(pipe))
    case .stopReading: toModel(.stoppedAsking)
    case .clearHalt:
      effects.append("clearHalt")
      toModel(.clearHalt)
    case .resetDevice:
      effects.append("reset")
      toModel(.reset)
    case .openPort:
      effects.append("open")
      toModel(.open)
    case .event(let event):
      events.append((now, event))
      guard case .readFailed = event, failed == nil else { break }
      failed = now
      leftAtFailure = vault.bytesLeft
    case .health(let new): health.append(new)
    case .identified(let number): numbers.append(number)
    case .record(let record, let consent):
      records.append(record)
      recordConsents.append(consent)
    }
  }

  private mutating func toModel(_ input: CardReaderModel.Input) {
    var effects = Effects<CardReaderModel.Effect>()
    let hadCard = model.hasCard
    model.handle(input, at: now, into: &effects)
    if hadCard, !model.hasCard { cardGone = now }
    for index in 0..<effects.count {
      switch effects[index] {
      case .bytes(let bytes, let pipe):
        let buffer = spare.popLast() ?? transfers.make(64)
        buffer.fill(from: bytes)
        toDriver.append(.received(buffer, from: pipe))
      case .stalled: toDriver.append(.transferFailed(.stalled))
      case .mended: toDriver.append(.mended)
      case .linkUp(let layout): if input == .open || !isHotplugDeaf { toDriver.append(.linkUp(layout)) }
      case .linkDown: toDriver.append(.linkDown)
      case nil: break
      }
    }
    // A wake-up of the model, or a hand: nobody else hands it over.
    if !toDriver.isEmpty {
      switch input {
      case .wake, .hand, .set: give(.wake)
      default: break
      }
    }
  }
}
