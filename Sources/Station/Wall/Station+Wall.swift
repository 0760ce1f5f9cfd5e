import DeviceKit
import DeviceVocabulary

/// The display wall: what it should show follows from the journal and the clock; what it shows is what its devices were read to show.
extension Station {
  /// A device that is switched on together with this computer takes its time.
  static let wallGrace = Interval.seconds(45)

  // MARK: - What the devices say

  /// Each as of the moment at which it was said; what follows from all of them is decided once.
  mutating func wallHeard(_ reports: [WallReport]) {
    let moment = now
    var isQuiet = true
    for report in reports {
      now = min(report.at ?? moment, moment)
      wallFacts.isQuiet = false
      wallHeard(report.device, report.event)
      isQuiet = isQuiet && wallFacts.isQuiet
    }
    now = moment
    wallFacts.isQuiet = isQuiet
  }

  private mutating func wallHeard(_ device: String, _ event: WallEvent) {
    guard plan.wall != nil, let index = wallFacts.devices.firstIndex(where: { $0.name == device }) else { return }
    switch event {
    case .healthChanged(let health): wallHealthChanged(index, health)
    case .lineChanged(let line): wallLineChanged(index, line)
    case .described(let description): wallFacts.devices[index].description = description
    case .restarted: wallFacts.forget(device)
    case .observed(let number, let setting):
      let at = now
      let wish = wallFacts.devices[index].sent?.first { $0.number == number }?.setting
      let known = wallFacts.port(WallPort(device: device, number: number))
      wallFacts.isQuiet = known.map { $0.asOf != .zero && $0.setting == setting && $0.refusal == nil } ?? false
      wallFacts.change(WallPort(device: device, number: number), at: now) { port in
        let hasMoved = port.asOf != .zero && port.setting != setting
        port.setting = setting
        port.asOf = at
        // It switches again. That something else is wished now, which it shows anyway, proves nothing.
        let isOver = port.refusal == .contested ? at - port.refusedAt > WallConvergence.contestEnd : hasMoved
        if isOver, wish.map({ port.satisfies($0) }) ?? true { port.refusal = nil }
        if wish.map({ setting.isHeard == $0.isHeard }) ?? true { port.soundRefusal = nil }
      }
    case .notSwitched(let number, let refusal):
      let at = now
      let wish = wallFacts.devices[index].sent?.first { $0.number == number }?.setting
      wallFacts.change(WallPort(device: device, number: number), at: now) { port in
        // A picture that is right is no reason to take it elsewhere.
        if let wish, wish.isHeard != nil, port.satisfies(wish.withoutSound) {
          port.soundRefusal = refusal
        } else {
          (port.refusal, port.refusedAt) = (refusal, at)
        }
      }
    case .troubleChanged(let number, let trouble, let isPresent):
      wallFacts.change(WallPort(device: device, number: number), at: now) { port in
        port.troubles.removeAll { $0 == trouble }
        if isPresent { port.troubles.append(trouble) }
      }
      wallTroubleChanged(index, number, trouble, isPresent)
    case .measured(let number, let quantity, let value):
      let at = now
      wallFacts.isQuiet = true
      wallFacts.change(WallPort(device: device, number: number), at: now) { port in
        port.measured.removeAll { $0.quantity == quantity }
        port.measured.append((quantity, value, at))
      }
    case .pictureObserved(let number, let state):
      let at = now
      wallFacts.change(WallPort(device: device, number: number), at: now) { $0.picture = (state, at) }
    }
  }

  mutating func sourceChanged(_ id: String, _ standing: SourceState) {
    guard plan.wall?.source(id) != nil else { return }
    let before = wallFacts.sources.first { $0.id == id }
    let since = before.flatMap { $0.state(at: now).isSame(as: standing) ? $0.since : nil } ?? now
    wallFacts.isQuiet = before?.state(at: now) == standing
    wallFacts.sources.removeAll { $0.id == id }
    wallFacts.sources.append(WallFacts.Source(id: id, state: standing, asOf: now, since: since))
    let detail = if case .dead(let reason) = standing { reason } else { "" }
    condition(FaultKey(.source(id), .sourceDead), standing != .live, detail: detail)
  }

  // MARK: - What it should show

  /// The scene that counts now, below meetings, calls and pins.
  var wallScene: WallPlan.Scene? {
    guard let wallPlan = plan.wall else { return nil }
    func scene(_ id: String?) -> WallPlan.Scene? { id.flatMap { state.wall.scene($0, of: wallPlan) } }
    if let chosen = scene(state.wall.scene) { return chosen }
    if let held = scene(state.wall.held?.scene) { return held }
    return state.wall.isArmed ? wallPlan.scheduled(at: wall) : wallPlan.scenes.first { !$0.isMeeting }
  }

  func composeWall(_ state: WallState? = nil, scene: WallPlan.Scene? = nil) -> WallComposition? {
    guard let wallPlan = plan.wall else { return nil }
    let wished = state ?? self.state.wall
    return WallComposition(
      plan: wallPlan, state: wished, scene: scene ?? wallScene, callers: callers(wallPlan), unusable: unusableOutputs,
      dead: sourcesWithoutPicture, turn: rotationTurn(wallPlan),
      rests: displaysRest(wished, wallPlan),
      identified: Dictionary(wallFacts.identified.map { ($0.output, $0.source) }, uniquingKeysWith: { $1 }))
  }

  /// Off by the clock, which counts only while it may switch; a scene that somebody has chosen since is to be seen.
  func displaysRest(_ wished: WallState, _ wallPlan: WallPlan) -> Bool {
    guard wished.isArmed else { return wished.held?.rests ?? false }
    guard wallPlan.rests(at: wall) else { return false }
    guard let chosen = wished.sceneAt, let since = wallPlan.lastRest(before: wall) else { return true }
    return chosen.wallMilliseconds < since
  }

  private func rotationTurn(_ wallPlan: WallPlan) -> Int {
    guard let startedAt else { return 0 }
    return Int((now - startedAt.monotonic).microseconds / (Int64(wallPlan.rotationSeconds) * 1_000_000))
  }

  /// What does not switch, or whose devices do not answer: a call that stood there goes to another output.
  private var unusableOutputs: Set<Int> {
    guard let wallPlan = plan.wall else { return [] }
    return Set(
      wallPlan.outputs.filter { output in
        let isGone = output.ports.contains { isMissed($0.device) }
        return output.ports.contains { port in wallFacts.port(port)?.keepsCallsAway == true } || isGone
      }.map(\.number))
  }

  // MARK: - Every step

  /// Sends what changed, writes down who sees what, and keeps the cards true.
  mutating func updateWall() {
    guard startedAt != nil, let wallPlan = plan.wall else { return }
    let isQuiet = wallFacts.isQuiet
    wallFacts.isQuiet = false
    if isQuiet, wallFacts.decidedOn == basis(wallPlan) { return }
    defer { wallFacts.decidedOn = basis(wallPlan) }
    guard let composition = composeWall() else { return }
    var power = wallFacts.power
    power.pace(composition, wallFacts, at: now)
    wallFacts.power = power
    for wish in power.held(composition.deviceWishes()) {
      guard let index = wallFacts.devices.firstIndex(where: { $0.name == wish.device }),
        wallFacts.devices[index].sent != wish.wishes
      else {
        continue
      }
      for wished in wish.wishes where wallFacts.devices[index].sent?.contains(wished) != true {
        wallFacts.anotherIsWished(WallPort(device: wish.device, number: wished.number))
      }
      wallFacts.devices[index].sent = wish.wishes
      pending.append(.wall(wish.device, wish.wishes))
    }
    switchLights()
    turnForCalls(wallPlan)
    noteCalls(composition)
    keepWallCards(composition)
  }

  private func basis(_ wallPlan: WallPlan) -> WallFacts.Basis {
    WallFacts.Basis(
      entries: state.entries, turn: rotationTurn(wallPlan), scene: wallScene?.id, rests: displaysRest(state.wall, wallPlan))
  }

  /// Who sees what, why and how long stands in the journal.
  private mutating func noteCalls(_ composition: WallComposition) {
    var standing: [(call: WallCall, source: String, outputs: [Int])] = []
    for tile in composition.tiles {
      guard let call = tile.layer.call, let source = tile.source, !tile.isHidden else { continue }
      if let index = standing.firstIndex(where: { $0.call == call }) {
        standing[index].outputs.append(tile.output)
      } else {
        standing.append((call, source, [tile.output]))
      }
    }
    for shown in state.wall.shown where !standing.contains(where: { $0.call == shown.call && $0.source == shown.source }) {
      record(.wall(.callHidden(shown.call, source: shown.source)))
    }
    for item in standing {
      let known = state.wall.shown.first { $0.call == item.call }
      if known?.source != item.source || known?.outputs != item.outputs {
        record(.wall(.callShown(item.call, source: item.source, outputs: item.outputs)))
      }
    }
  }

  private mutating func keepWallCards(_ composition: WallComposition) {
    for tile in composition.tiles {
      let refusal = refusal(of: tile.output)
      let cannot = remembersCannot(tile, composition).map { named($0, tile.output) }
      for kind in FaultKey.Kind.ofRefusals {
        let isSo = refusal.map { .of($0.why) == kind } ?? false
        let remembered = kind == .outputCannot ? cannot : nil
        condition(FaultKey(.output(tile.output), kind), isSo || remembered != nil, detail: remembered ?? refusal?.text ?? "")
      }
      let silence = (plan.wall?.output(tile.output)?.ports ?? []).compactMap { wallFacts.port($0)?.soundRefusal }.first
      condition(FaultKey(.output(tile.output), .outputNotHeard), silence != nil, detail: silence?.text ?? "")
      keepPictureCards(tile, composition)
    }
    for output in composition.plan.outputs { keepCareCards(output) }
  }

  /// Which device it is that cannot: the card's place is that of the output.
  private func named(_ detail: String, _ output: Int) -> String {
    guard let device = wallFacts.cannot.first(where: { $0.output == output })?.port.device, !detail.hasPrefix(device) else {
      return detail
    }
    return "\(device): \(detail)"
  }

  /// Of one of the devices that its picture comes through: until it is seen to switch, or somebody re-tests the card. That a device which
  /// says nothing at all does not answer this either is no other fault: its own card says so, and why.
  private func refusal(of number: Int) -> (why: WallRefusal, text: String)? {
    (plan.wall?.output(number)?.ports ?? []).compactMap { port -> (why: WallRefusal, text: String)? in
      guard let fact = wallFacts.port(port), let why = fact.refusal else { return nil }
      guard why != .unanswered || wallFacts.device(port.device)?.health == .online else { return nil }
      guard why != .contested else { return contest(over: port.device, number) }
      let text = fact.asOf == .zero ? why.text : why.text(fact.setting)
      return (why, why.isFinal ? "\(port.device): \(text)" : text)
    }.first
  }

  /// A controller that switches many outputs of a device is one fault: that of the first of them.
  private func contest(over device: String, _ number: Int) -> (why: WallRefusal, text: String)? {
    let outputs = (plan.wall?.outputs ?? []).filter { output in
      output.ports.contains { $0.device == device && wallFacts.port($0)?.refusal == .contested }
    }.map(\.number)
    return outputs.min() == number ? (.contested, WallRefusal.contested.text) : nil
  }

  /// Tries again what a card is about; whether it was of use is said ten seconds later.
  mutating func retestWall(_ key: FaultKey) {
    switch key.subject {
    case .output(let number):
      wallFacts.cannot.removeAll { $0.output == number }
      for port in plan.wall?.output(number)?.ports ?? [] {
        if let index = wallFacts.ports.firstIndex(where: { $0.port == port }) {
          wallFacts.ports[index].refusal = nil
          wallFacts.ports[index].soundRefusal = nil
        }
        pending.append(.wallRetest(port.device))
      }
    case .wall: for device in devices(of: key) { pending.append(.wallRetest(device)) }
    case .source(let id): pending.append(.sourceRetest(id))
    default: break
    }
  }

  private mutating func keepPictureCards(_ tile: WallTile, _ composition: WallComposition) {
    guard let port = composition.needs(of: tile).first(where: { wallFacts.port($0.port)?.picture != nil })?.port,
      let seen = wallFacts.port(port)?.picture?.state
    else { return }
    let detail = seen.text?.both ?? ""
    let isBlack = seen == .black || seen == .noProcess
    condition(FaultKey(.output(tile.output), .pictureFrozen), seen.isFrozen, detail: detail)
    condition(FaultKey(.output(tile.output), .pictureBlack), isBlack && tile.source != nil, detail: detail)
    keepUnopenedCard(tile, port, seen, composition)
  }

  /// A source that a player cannot open has a card of its own, unless whoever asks the sources has said the same already.
  private mutating func keepUnopenedCard(
    _ tile: WallTile, _ port: WallPort, _ seen: PictureState, _ composition: WallComposition
  ) {
    wallFacts.change(port, at: now) { fact in
      guard case .none(let reason) = seen, seen != .noProcess else { return fact.unopened = nil }
      // What was told may still be about the picture before. Of a process that has just begun nothing is known: the card stays.
      let shown = if case .picture(let picture) = fact.setting { picture.source } else { "" }
      if let source = tile.source, shown == source { fact.unopened = (source, reason) }
      if fact.unopened?.source != tile.source { fact.unopened = nil }
    }
    let key = FaultKey(.output(tile.output), .pictureNotOpened)
    // A picture over several outputs is one window, and one card.
    guard let unopened = wallFacts.port(port)?.unopened, composition.plan.outputs(in: tile.cells).first?.number == tile.output,
      state.fault(FaultKey(.source(unopened.source), .sourceDead))?.present != true
    else { return condition(key, false) }
    let name = composition.plan.source(unopened.source)?.name ?? unopened.source
    let why = PictureState.reason(unopened.reason)
    condition(key, true, detail: "信号源“\(name)”:\(why.chinese) / source \(name): \(why.english)")
  }

  private mutating func keepCareCards(_ output: WallPlan.Output) {
    guard let display = output.display, let port = wallFacts.port(display) else { return }
    for trouble in WallTrouble.allCases {
      condition(FaultKey(.output(output.number), .of(trouble)), port.troubles.contains(trouble))
    }
  }

  // MARK: - Timers

  mutating func runWall() {
    guard plan.wall != nil else { return }
    for item in state.wall.pins {
      if let seconds = item.pin.seconds, elapsed(since: item.since) >= .seconds(min(max(0, seconds), 86_400)) {
        record(.wall(.unpinned(item.pin.id, post: nil)))
      }
    }
    for item in state.wall.viewed ?? [] where elapsed(since: item.since) >= .seconds(Self.viewSeconds) {
      record(.wall(.layoutViewEnded(item.layout)))
    }
    wallFacts.identified.removeAll { $0.until <= now }
    noteRefusedWishes(until: now)
    runWallDevices()
  }

  func nextWallTimer() -> Instant? {
    guard let wallPlan = plan.wall, let startedAt else { return nil }
    var nearest: Instant?
    func consider(_ moment: Instant) { nearest = min(nearest ?? moment, moment) }
    for item in state.wall.pins {
      if let seconds = item.pin.seconds {
        consider(now + max(.seconds(min(max(0, seconds), 86_400)) - elapsed(since: item.since), .zero))
      }
    }
    for item in state.wall.viewed ?? [] {
      consider(now + max(.seconds(Self.viewSeconds) - elapsed(since: item.since), .zero))
    }
    for item in wallFacts.identified { consider(item.until) }
    if let due = wallFacts.rates.deadline { consider(due) }
    for device in wallFacts.devices { if let due = device.silentDue { consider(due) } }
    // Pages are told when a reading has become too old to prove anything.
    for port in wallFacts.ports where now - port.asOf <= Self.wallTimeToLive {
      consider(port.asOf + Self.wallTimeToLive + .milliseconds(1))
    }
    for source in wallFacts.sources where source.state(at: now) == .live {
      consider(source.asOf + Self.sourceTimeToLive + .milliseconds(1))
    }
    let takesTurns =
      state.wall.layouts(of: wallPlan).contains { $0.regions.contains { $0.sources.count > 1 } }
      || wallPlan.scenes.contains { $0.regions.contains { $0.sources.count > 1 } }
    if takesTurns {
      let turn = Int64(rotationTurn(wallPlan)) + 1
      consider(startedAt.monotonic + .seconds(wallPlan.rotationSeconds) * Int(turn))
    }
    if wallFacts.power.isWaiting { consider(wallFacts.power.nextTurn) }
    if let edge = wallPlan.millisecondsToNextScheduled(at: wall) { consider(now + .milliseconds(Int(edge))) }
    return nearest
  }
}

extension WallLayer {
  public var call: WallCall? {
    switch self {
    case .drill(let call), .call(let call): call
    default: nil
    }
  }
}
