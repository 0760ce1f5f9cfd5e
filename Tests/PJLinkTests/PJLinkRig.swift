import Crypto
import DeviceKit
import DeviceVocabulary
import PJLinkCodec
import PJLinkDeviceModel
import PJLinkDriver
import Testing

let md5: @Sendable ([UInt8]) -> [UInt8] = { Array(Insecure.MD5.hash(data: $0)) }

/// The driver and a projector in virtual time, with a line between them.
struct PJLinkRig {
  var driver: PJLinkDriver
  var model: PJLinkModel
  var now = Instant.zero

  var isOpen = false
  /// Nothing can be opened.
  var isCut = false
  /// An attempt gets no answer at all.
  var isBlackHole = false
  var splits = false
  var events: [WallEvent] = []
  var times: [Instant] = []
  var opened: [Instant] = []
  var written: [(at: Instant, line: String)] = []
  private var toDriver: [(due: Instant, input: WallInput)] = []

  init(_ settings: PJLinkSettings = PJLinkSettings(md5: md5), _ traits: PJLinkTraits = PJLinkTraits(md5: md5), seed: UInt64 = 3) {
    driver = PJLinkDriver(settings, seed: seed)
    model = PJLinkModel(traits, seed: seed)
  }

  /// With what both are given.
  static func with(password: String?, theirs: String? = nil, level: UInt8 = 2) -> PJLinkRig {
    PJLinkRig(
      PJLinkSettings(password: password, md5: md5), PJLinkTraits(level: level, password: theirs ?? password, md5: md5))
  }

  /// It is on, and that is known.
  static func on(level: UInt8 = 2) -> PJLinkRig {
    var rig = PJLinkRig.with(password: nil, level: level)
    rig.hand(.remotePower(true))
    rig.pass(.seconds(4))
    rig.clear()
    return rig
  }

  mutating func wish(_ setting: DisplaySetting) { give(.wished([WallWish(1, .display(setting))])) }
  mutating func hand(_ hand: PJLinkModel.Hand) { toModel(.hand(hand)) }

  mutating func pass(_ interval: Interval) {
    let end = now + interval
    give(.wake)
    var idle = 0
    while true {
      let due = min(
        driver.deadline ?? .distantFuture, model.deadline ?? .distantFuture, toDriver.map(\.due).min() ?? .distantFuture)
      guard due <= end else { break }
      idle = due <= now ? idle + 1 : 0
      guard idle < 1_000 else {
        Issue.record("woken without end at \(now)")
        break
      }
      now = max(now, due)
      toModel(.wake)
      give(.wake)
    }
    now = end
  }

  @discardableResult
  mutating func pass(atMost limit: Interval, until isSo: (PJLinkRig) -> Bool) -> Interval? {
    let start = now
    while now - start < limit {
      if isSo(self) { return now - start }
      pass(.milliseconds(10))
    }
    return nil
  }

  mutating func give(_ input: WallInput) {
    toDriver.append((now, input))
    deliver()
  }

  private mutating func deliver() {
    while let index = toDriver.firstIndex(where: { $0.due <= now }) {
      let input = toDriver.remove(at: index).input
      var effects = Effects<WallEffect>()
      driver.handle(input, at: now, into: &effects)
      if effects.refused > 0 { Issue.record("effects did not fit") }
      while let effect = effects.takeFirst() { perform(effect) }
    }
  }

  private mutating func perform(_ effect: WallEffect) {
    switch effect {
    case .event(let event):
      events.append(event)
      times.append(now)
    case .reopen:
      opened.append(now)
      if isOpen { toModel(.disconnected) }
      isOpen = false
      toDriver.removeAll { if case .received = $0.input { true } else { false } }
      guard !isBlackHole else { return }
      guard !isCut, model.accepts else {
        toDriver.append((now, .linkDown))
        return
      }
      isOpen = true
      toDriver.append((now, .linkUp))
      toModel(.connected)
    case .write(let bytes):
      written.append((now, String(decoding: bytes.dropLast(), as: UTF8.self)))
      if isOpen { toModel(.received(bytes)) }
    }
  }

  mutating func cut(_ isCut: Bool) {
    self.isCut = isCut
    if isCut, isOpen {
      isOpen = false
      toModel(.disconnected)
      give(.linkDown)
    }
  }

  private mutating func toModel(_ input: PJLinkModel.Input) {
    var effects = Effects<PJLinkModel.Effect>()
    model.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() {
      guard isOpen else { continue }
      switch effect {
      case .transmit(let bytes):
        if splits {
          for byte in bytes { toDriver.append((now, .received([byte]))) }
        } else {
          toDriver.append((now, .received(bytes)))
        }
      case .hangUp:
        isOpen = false
        toDriver.append((now, .linkDown))
      case .datagram: break
      }
    }
  }

  mutating func clear() {
    events.removeAll()
    times.removeAll()
    written.removeAll()
    opened.removeAll()
  }

  func shows(_ wish: DisplaySetting) -> Bool {
    wish.isOn
      ? model.unit.power == .on && (wish.input == nil || wish.input == PJLinkInput.name(model.unit.input))
        && model.unit.mute != "11"
      : model.unit.power == .standby
  }

  /// What changes something.
  var sets: [String] { written.map(\.line).filter { !$0.contains("?") } }
  var refusals: [WallRefusal] { events.compactMap { if case .notSwitched(1, let refusal) = $0 { refusal } else { nil } } }
  var health: [Health] { events.compactMap { if case .healthChanged(let health) = $0 { health } else { nil } } }
}

func on(_ input: String? = nil, _ part: WallPart? = nil) -> DisplaySetting {
  DisplaySetting(isOn: true, input: input, part: part)
}
let off = DisplaySetting(isOn: false)
