import DeviceVocabulary
import Station

/// Makes the technician's picture of what the station's pages are shown, and of where things hang. Pure.
struct TechPicture {
  let desk: DeskView
  let sources: TechSources

  var visits: VisitView? { sources.visits }
  var wall: WallView? { sources.wall }

  static func id(ofBus bus: String) -> String { "bus \(bus)" }
  static func id(ofNode address: UInt8, on bus: String) -> String { "node \(DeviceID(bus: bus, node: address))" }

  func view() -> TechView {
    var devices = sources.wires.map(bus)
    devices += sources.wires.flatMap { wire in wire.nodes.map { node($0, wire) } }
    devices += (visits?.kiosks ?? []).flatMap(terminal)
    devices += [printer, staffReader].compactMap { $0 }
    devices += wallDevices + wallSources + paths + [receiver].compactMap { $0 } + [clock, disk]
    let kinds = TechDevice.Kind.allCases
    var sorted = kinds.flatMap { kind in devices.filter { $0.kind == kind } }
    // What belongs to nothing that is listed is shown all the same.
    let shown = Set(sorted.flatMap { $0.faults.map(\.key) })
    sorted += desk.faults.filter { !shown.contains($0.key) }.map(other)
    return TechView(
      site: desk.site, station: desk.station, asOfMilliseconds: desk.asOfMilliseconds, posts: desk.posts, devices: sorted)
  }

  private func faults(_ isOf: (FaultKey.Subject) -> Bool) -> [DeskView.FaultCard] { desk.faults.filter { isOf($0.key.subject) } }

  // MARK: - Buses

  private func bus(_ wire: TechSources.Wire) -> TechDevice {
    let isHere = wire.condition == .working
    var facts = [
      TechDevice.Fact("baud", "\(wire.baud) \(wire.format)"),
      TechDevice.Fact("bytes", "\(wire.bytesSent) / \(wire.bytesHeard)"),
    ]
    if let path = wire.path { facts.insert(TechDevice.Fact("path", path), at: 0) }
    if !isHere, !wire.remark.isEmpty { facts.append(TechDevice.Fact("remark", wire.remark)) }
    return TechDevice(
      id: Self.id(ofBus: wire.bus), kind: .bus, name: wire.bus, at: wire.port,
      state: wire.condition.map { TechWords.state($0) } ?? TechWords.nothingHeard,
      level: wire.condition.map { $0 == .working ? .good : .bad } ?? .unknown,
      heard: .never, facts: facts, faults: faults { $0 == .bus(wire.bus) })
  }

  private func node(_ node: TechSources.Node, _ wire: TechSources.Wire) -> TechDevice {
    let device = DeviceID(bus: wire.bus, node: node.address)
    let own = faults { subject in
      switch subject {
      case .device(let other): other == device
      case .button(let button): button.device == device
      default: false
      }
    }
    var facts = [
      TechDevice.Fact("answers", "\(node.answers) / \(node.requests)"), TechDevice.Fact("timeouts", "\(node.timeouts)"),
    ]
    if node.turnaroundMicroseconds > 0 { facts.append(TechDevice.Fact("turnaround", "\(node.turnaroundMicroseconds) µs")) }
    if let unit = node.unit { facts.append(TechDevice.Fact("unit", unit)) }
    if let firmware = node.firmware { facts.append(TechDevice.Fact("firmware", firmware)) }
    if let supply = node.supply {
      let value = "\(supply.value / 1000).\(String(supply.value % 1000 + 1000).dropFirst()) V"
      facts.append(
        TechDevice.Fact(supply.isStale ? "supplyStale" : "supply", value, ageMilliseconds: supply.age.microseconds / 1000))
    }
    let (state, level) = standing(node, wire, device)
    return TechDevice(
      id: Self.id(ofNode: node.address, on: wire.bus), kind: node.isPanel ? .panel : .module, name: node.name,
      at: "\(device)", state: state, level: level == .good ? self.level(own) : level, heard: .never, facts: facts, faults: own)
  }

  /// What its wire says of it; where it has buttons the station knows more.
  private func standing(_ node: TechSources.Node, _ wire: TechSources.Wire, _ device: DeviceID) -> (
    BilingualText, TechDevice.Level
  ) {
    if wire.condition != .working { return (TechWords.busAway, .unknown) }
    if node.answers == 0 { return (TechWords.neverAnswered, node.requests == 0 ? .unknown : .bad) }
    let health = desk.callPoints.first { $0.button.device == device }?.health ?? (node.isLost ? .stale : .online)
    switch health {
    case .online: return (Texts.text(health), .good)
    case .opening, .identifying: return (Texts.text(health), .unknown)
    // It has answered once, and was lost again before its first word about itself.
    case .absent: return (Texts.text(.stale), .bad)
    case .stale, .faulted: return (Texts.text(health), .bad)
    }
  }

  /// Of what works as far as is known: not while a fault of it stands. What is only to be known one day does not count.
  private func level(_ faults: [DeskView.FaultCard]) -> TechDevice.Level {
    faults.contains { $0.present && !$0.key.kind.isInformation } ? .bad : .good
  }

  // MARK: - The terminal

  private func terminal(_ kiosk: VisitView.KioskCard) -> [TechDevice] {
    let own = faults { $0 == .kiosk(kiosk.id) }
    let place = visits?.places.first { $0.id == kiosk.place }?.name ?? kiosk.place
    let page = own.filter { $0.key.kind == .kioskSilent }
    // One that stopped before this run of the program began has a card.
    let isAlive = sources.kiosksAlive[kiosk.id] ?? (page.contains(where: \.present) ? false : nil)
    var found = [
      TechDevice(
        id: "kiosk \(kiosk.id)", kind: .kiosk, name: kiosk.id, at: place,
        state: isAlive.map { $0 ? TechWords.pageShown : TechWords.pageGone } ?? TechWords.pageNeverShown,
        level: isAlive.map { $0 ? .good : .bad } ?? .unknown, heard: isAlive == nil ? .never : .byChange, facts: [], faults: page)
    ]
    if let at = sources.readers[kiosk.id] {
      let faults = own.filter { $0.key.kind.rawValue.hasPrefix("reader") }
      let isBroken = faults.contains(where: \.present)
      let state: (BilingualText, TechDevice.Level) =
        switch kiosk.reader {
        case .ready where !isBroken: (TechWords.ready, .good)
        case .starting where !isBroken: (TechWords.starting, .unknown)
        case nil where !isBroken: (TechWords.nothingHeard, .unknown)
        default: (TechWords.outOfOrder, .bad)
        }
      found.append(
        TechDevice(
          id: "reader \(kiosk.id)", kind: .reader, name: kiosk.id, at: at, state: state.0, level: state.1,
          heard: kiosk.reader == nil ? .never : .byChange, facts: [], faults: faults))
    }
    if let at = sources.smartCards[kiosk.id] {
      found.append(
        cards(
          "smartCards \(kiosk.id)", .smartCards, kiosk.id, at, isReady: kiosk.hasSmartCards,
          own.filter { $0.key.kind.rawValue.hasPrefix("smartCards") }))
    }
    return found
  }

  private func cards(
    _ id: String, _ kind: TechDevice.Kind, _ name: String, _ at: String, isReady: Bool, _ faults: [DeskView.FaultCard]
  ) -> TechDevice {
    let isBroken = faults.contains(where: \.present)
    return TechDevice(
      id: id, kind: kind, name: name, at: at,
      state: isBroken ? TechWords.outOfOrder : isReady ? TechWords.ready : TechWords.nothingHeard,
      level: isBroken ? .bad : isReady ? .good : .unknown, heard: isBroken || isReady ? .byChange : .never, facts: [],
      faults: faults)
  }

  private var staffReader: TechDevice? {
    sources.staffReader.map {
      cards("staffReader", .staffReader, "", $0, isReady: sources.isStaffReaderReady, faults { $0 == .staffReader })
    }
  }

  private var printer: TechDevice? {
    guard let at = sources.printer else { return nil }
    let own = faults { $0 == .printer }
    let condition = sources.printerCondition
    let isBroken = condition == .blocked || own.contains { $0.present && !$0.key.kind.isInformation }
    return TechDevice(
      id: "printer", kind: .printer, name: "", at: at,
      state: isBroken ? TechWords.outOfOrder : TechWords.state(condition),
      level: isBroken ? .bad : condition == .unknown ? .unknown : .good,
      heard: condition == .unknown && own.isEmpty ? .never : .byChange, facts: [], faults: own)
  }
}
