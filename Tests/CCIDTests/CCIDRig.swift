import CCIDCodec
import CCIDDeviceModel
import CCIDDriver
import DeviceKit
import DeviceVocabulary
import Testing

/// A driver and a model of a reader in virtual time, with the transport between them that both expect.
struct CCIDRig {
  var driver: CCIDReader
  var model: CCIDReaderModel
  var now = Instant.zero
  var events: [(at: Instant, event: String)] = []
  var cards: [SmartCard] = []
  var answers: [UInt64: Result<[UInt8], SmartCardFailure>] = [:]
  var answered = 0
  var health: [Health] = []
  var effects: [String] = []
  var broken: [String] = []
  private var isReading = false
  private var isListening = false
  private var token: UInt64 = 0
  private var toDriver: [CCIDReaderInput] = []

  init(
    _ descriptor: CCIDDescriptor = CCIDDescriptor(features: 0x1_0030), notices: Bool = true,
    quirks: CCIDReaderModel.Quirks = [], settings: CCIDReaderSettings = CCIDReaderSettings()
  ) {
    driver = CCIDReader(settings: settings)
    model = CCIDReaderModel(descriptor, notices: notices, quirks: quirks)
  }

  /// With a card, or none, and all of it told.
  static func ready(
    _ card: SyntheticSmartCard? = nil, _ descriptor: CCIDDescriptor = CCIDDescriptor(features: 0x1_0030), notices: Bool = true,
    quirks: CCIDReaderModel.Quirks = [], settings: CCIDReaderSettings = CCIDReaderSettings()
  ) -> CCIDRig {
    var rig = CCIDRig(descriptor, notices: notices, quirks: quirks, settings: settings)
    if let card { rig.touch(.put(card)) }
    rig.pass(.milliseconds(900))
    return rig
  }

  var told: [String] { events.map(\.event) }
  func count(_ event: String) -> Int { told.count { $0 == event } }
  func when(_ event: String) -> Instant? { events.last { $0.event == event }?.at }

  mutating func touch(_ hand: CCIDReaderModel.Hand) { toModel(.hand(hand)) }
  mutating func set(_ fault: CCIDReaderModel.Fault?) { toModel(.set(fault)) }

  @discardableResult
  mutating func transmit(_ command: [UInt8], within limit: Interval? = nil) -> UInt64 {
    token += 1
    give(.transmit(token: token, command, within: limit))
    return token
  }

  /// What came of a command, after as much time as it took.
  mutating func ask(_ command: [UInt8], within limit: Interval? = nil) -> Result<[UInt8], SmartCardFailure>? {
    let token = transmit(command, within: limit)
    for _ in 0..<3_000 where answers[token] == nil { pass(.milliseconds(10)) }
    return answers[token]
  }

  mutating func pass(_ interval: Interval) {
    let end = now + interval
    give(.wake)
    while true {
      let due = min(driver.deadline ?? .distantFuture, model.deadline ?? .distantFuture)
      guard due <= end else { break }
      now = max(now, due)
      toModel(.wake)
      give(.wake)
    }
    now = end
    give(.wake)
  }

  mutating func pass(
    until condition: (CCIDRig) -> Bool, within interval: Interval, _ location: SourceLocation = #_sourceLocation
  ) {
    let end = now + interval
    while !condition(self), now < end { pass(.milliseconds(10)) }
    if !condition(self) { Issue.record("\(told.suffix(6)) \(effects.suffix(6))", sourceLocation: location) }
  }

  mutating func give(_ input: CCIDReaderInput) {
    toDriver.append(input)
    while !toDriver.isEmpty {
      let input = toDriver.removeFirst()
      switch input {
      case .received: isReading = false
      case .notified: isListening = false
      case .transferFailed, .linkUp, .linkDown: (isReading, isListening) = (false, false)
      default: break
      }
      var effects = Effects<CCIDReaderEffect>()
      driver.handle(input, at: now, into: &effects)
      if effects.refused > 0 { broken.append("more effects than fit") }
      while let effect = effects.takeFirst() { perform(effect) }
    }
  }

  private mutating func perform(_ effect: CCIDReaderEffect) {
    switch effect {
    case .write(let bytes):
      toModel(.written(bytes))
    case .read:
      if isReading { broken.append("two reads") }
      isReading = true
      toModel(.asked)
    case .listen:
      if isListening { broken.append("heard twice") }
      isListening = true
      toModel(.listening)
    case .stopReading:
      (isReading, isListening) = (false, false)
      toModel(.stoppedAsking)
      toModel(.stoppedListening)
    case .clearHalt, .resetDevice, .openPort:
      if isReading || isListening { broken.append("\(effect) while a read stands") }
      switch effect {
      case .clearHalt:
        effects.append("clear")
        toModel(.clearHalt)
      case .resetDevice:
        effects.append("reset")
        toModel(.reset)
      default:
        effects.append("open")
        toModel(.open)
      }
    case .event(let event):
      if case .present(let card) = event { cards.append(card) }
      events.append((now, Self.name(event)))
    case .health(let new): health.append(new)
    case .answered(let token, let result):
      if answers[token] != nil { broken.append("\(token) was answered twice") }
      answers[token] = result.map { plain($0) }
      answered += 1
    }
  }

  private static func name(_ event: SmartCardEvent) -> String {
    switch event {
    case .ready: "ready"
    case .detached: "detached"
    case .present(let card): "present \(card.uid.map { plain($0).map { String($0, radix: 16) }.joined(separator: " ") } ?? "-")"
    case .unusable(let defect): "unusable \(defect)"
    case .removed: "removed"
    case .repairNeeded(let repair): "repair \(repair)"
    case .repaired: "repaired"
    }
  }

  private mutating func toModel(_ input: CCIDReaderModel.Input) {
    var effects = Effects<CCIDReaderModel.Effect>()
    model.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .packet(let bytes, let isLast): toDriver.append(.received(buffer(bytes, capacity: 64), isLast: isLast))
      case .notice(let bytes): toDriver.append(.notified(bytes))
      case .stalled: toDriver.append(.transferFailed(.stalled))
      case .mended: toDriver.append(.mended)
      case .linkUp: toDriver.append(.linkUp(model.descriptor, notices: model.hasNotices))
      case .linkDown: toDriver.append(.linkDown)
      }
    }
    if !toDriver.isEmpty {
      switch input {
      case .wake, .hand, .set: give(.wake)
      default: break
      }
    }
  }
}
