import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec
import SamsungMDCDeviceModel
import SamsungMDCDriver
import Testing

/// The driver and its panels in virtual time, with a line between them.
struct MDCRig {
  var driver: MDCDriver
  var model: MDCChainModel
  var now = Instant.zero

  var isOpen = false
  /// Nothing can be opened.
  var isCut = false
  /// An attempt gets no answer at all.
  var isBlackHole = false
  /// Each byte by itself.
  var splits = false
  var events: [WallEvent] = []
  /// When each came.
  var times: [Instant] = []
  var opened: [Instant] = []
  var written: [(at: Instant, bytes: [UInt8])] = []
  private var toDriver: [(due: Instant, input: WallInput)] = []
  private var wakes = 0

  init(_ settings: MDCSettings, _ model: MDCChainModel, seed: UInt64 = 3) {
    driver = MDCDriver(settings, seed: seed)
    self.model = model
  }

  static func single(id: UInt8 = 1, _ settings: MDCSettings? = nil) -> MDCRig {
    MDCRig(
      settings ?? MDCSettings(ids: [id]), MDCChainModel(ids: [id], latency: .milliseconds(20), isNetworked: true))
  }

  static func chain(_ count: UInt8, baud: UInt32? = 9_600, latency: Interval = .zero) -> MDCRig {
    let ids = Array(1...count)
    return MDCRig(MDCSettings(line: .chain, ids: ids), MDCChainModel(ids: ids, baud: baud, latency: latency))
  }

  mutating func wish(_ wishes: [UInt8: DisplaySetting]) {
    give(.wished(wishes.keys.sorted().compactMap { id in wishes[id].map { WallWish(UInt16(id), .display($0)) } }))
  }

  mutating func hand(_ id: UInt8, _ hand: MDCChainModel.Hand) { toModel(.hand(id, hand)) }
  mutating func line(_ hand: MDCChainModel.LineHand) { toModel(.lineHand(hand)) }

  /// Lets time pass, with both ends woken exactly at their deadlines.
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
        Issue.record("the driver is woken without end at \(now)")
        break
      }
      now = max(now, due)
      toModel(.wake)
      give(.wake)
    }
    now = end
  }

  /// ... until it is so; how long that took.
  @discardableResult
  mutating func pass(atMost limit: Interval, until isSo: (MDCRig) -> Bool) -> Interval? {
    let start = now
    while now - start < limit {
      if isSo(self) { return now - start }
      pass(.milliseconds(1))
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
      isOpen = false
      // What was on its way is lost with the line.
      toDriver.removeAll { if case .received = $0.input { true } else { false } }
      guard !isBlackHole else { return }
      guard !isCut, model.accepts(at: now) else {
        toDriver.append((now, .linkDown))
        return
      }
      isOpen = true
      toDriver.append((now, .linkUp))
      toModel(.connected)
    case .write(let bytes):
      written.append((now, bytes))
      if isOpen { toModel(.received(bytes)) }
    }
  }

  mutating func cut(_ isCut: Bool) {
    self.isCut = isCut
    if isCut, isOpen {
      isOpen = false
      give(.linkDown)
    }
  }

  private mutating func toModel(_ input: MDCChainModel.Input) {
    var effects = Effects<MDCChainModel.Effect>()
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
      }
    }
  }

  // MARK: - What is asked of it

  func shows(_ id: UInt8, _ wish: DisplaySetting) -> Bool {
    guard let panel = model[id] else { return false }
    guard wish.isOn else { return !panel.isOn }
    let layout = MDCWallLayout(panel.layout, driver.settings.wallDivOrder)
    let part = panel.isWall ? layout.map { WallPart(columns: $0.columns, rows: $0.rows, position: $0.position) } : .whole
    return panel.isOn && (wish.input == nil || wish.input == MDCInput.name(panel.input))
      && (wish.part == nil || wish.part == part)
  }

  func isVerified(_ id: UInt8) -> Bool { driver.isAsWished(UInt16(id)) }

  var sets: [MDCRequest] { requests.filter(\.isSet) }

  var requests: [MDCRequest] {
    var decoder = MDCDecoder(.panel)
    return written.flatMap { $0.bytes }.compactMap { if case .request(let request)? = decoder.push($0) { request } else { nil } }
  }

  func refusals(_ id: UInt8) -> [WallRefusal] {
    events.compactMap { if case .notSwitched(UInt16(id), let refusal) = $0 { refusal } else { nil } }
  }

  var health: [Health] { events.compactMap { if case .healthChanged(let health) = $0 { health } else { nil } } }

  mutating func clear() {
    events.removeAll()
    times.removeAll()
    written.removeAll()
    opened.removeAll()
  }
}

func on(_ input: String? = nil, _ part: WallPart? = nil) -> DisplaySetting {
  DisplaySetting(isOn: true, input: input, part: part)
}
let off = DisplaySetting(isOn: false)

extension WallPart {
  init(_ columns: UInt8, _ rows: UInt8, _ position: UInt8) { self.init(columns: columns, rows: rows, position: position) }
}
