import DeviceVocabulary

/// What one output is to show, and by which right.
public struct WallTile: Sendable, Equatable, Codable {
  public var output: Int
  /// `nil`: nothing.
  public var source: String?
  /// The cells that share the picture; a part of it falls to this output.
  public var cells: WallCells
  public var layer: WallLayer
  public var region: String
  /// Kept from visitors: something else stands here, or nothing.
  public var isHidden = false
  /// Something else stands here for a moment, so that somebody sees which output this is.
  public var isIdentified = false
}

/// From the lowest to the highest.
public enum WallLayer: Sendable, Equatable, Codable {
  case base, meeting
  case drill(WallCall)
  case call(WallCall)
  case pin(WallPinID)
}

/// A call that wants to be seen.
public struct WallCaller: Sendable, Equatable, Codable {
  public var call: WallCall
  public var source: String
  public var isDrill: Bool
  /// In the order of need: the lower the earlier.
  public var rank: [Int64]
}

/// A call whose camera is on the wall for another one that needs it more, or has waited for longer.
public struct WallBeside: Sendable, Equatable, Codable {
  public var call: WallCall
  public var first: WallCall

  public init(call: WallCall, first: WallCall) {
    self.call = call
    self.first = first
  }
}

/// Lays the layers over each other. Pure, and the same for the real wall and for a rehearsal.
public struct WallComposition: Sendable {
  public let plan: WallPlan
  public let state: WallState
  public let scene: WallPlan.Scene?
  /// In order of need.
  public let callers: [WallCaller]
  /// Outputs that do not switch, or show nothing: calls go elsewhere.
  public let unusable: Set<Int>
  /// Sources that are known to give no picture: a rotation leaves them out.
  public let dead: Set<String>
  /// Counts up with each turn of the rotation.
  public let turn: Int
  /// The displays are off by the clock.
  public let rests: Bool
  /// Outputs that a person wants to see, and what they show for that.
  public let identified: [Int: String]

  public private(set) var tiles: [WallTile] = []
  /// What takes turns in the regions, by their names, the dead too.
  private(set) var rotations: [String: [String]] = [:]
  /// Calls for which there was no room, or which came while calls do not switch the wall.
  public private(set) var left: [WallCall] = []
  /// Calls whose camera is on the wall for another one already.
  public private(set) var beside: [WallBeside] = []

  public init(
    plan: WallPlan, state: WallState, scene: WallPlan.Scene?, callers: [WallCaller], unusable: Set<Int> = [],
    dead: Set<String> = [], turn: Int = 0, rests: Bool = false,
    identified: [Int: String] = [:]
  ) {
    self.plan = plan
    self.state = state
    self.scene = scene
    self.callers = callers.sorted { $0.rank.lexicographicallyPrecedes($1.rank) }
    self.unusable = unusable
    self.dead = dead
    self.turn = turn
    self.rests = rests
    self.identified = identified
    tiles = plan.outputs.map { output in
      WallTile(
        output: output.number, source: Self.known(plan.idleSource, plan, output),
        cells: WallCells(column: output.column, row: output.row),
        layer: .base, region: "")
    }
    let regions = layRegions()
    layPins()
    layCalls(over: regions)
    if state.hasVisitors { hide() }
    breakUp()
    for index in tiles.indices {
      // A call for help is not covered by it.
      guard tiles[index].layer.call == nil, let source = identified[tiles[index].output],
        let output = plan.output(tiles[index].output)
      else { continue }
      tiles[index].cells = WallCells(column: output.column, row: output.row)
      tiles[index].source = source
      tiles[index].isIdentified = true
    }
  }

  /// The source, where it can come to that output.
  private static func known(_ id: String?, _ plan: WallPlan, _ output: WallPlan.Output) -> String? {
    id.flatMap { plan.source($0) }.flatMap { plan.reaches($0, output) ? $0.id : nil }
  }

  public func tile(_ output: Int) -> WallTile? { tiles.first { $0.output == output } }

  private mutating func put(_ source: String?, in cells: WallCells, _ layer: WallLayer, _ region: String) {
    for output in plan.outputs(in: cells) {
      guard let index = tiles.firstIndex(where: { $0.output == output.number }) else { continue }
      tiles[index] = WallTile(output: output.number, source: source, cells: cells, layer: layer, region: region)
    }
  }

  // MARK: - Scene

  private var meeting: WallPlan.Scene? { state.meeting.flatMap { plan.scene($0) } }
  var isMeeting: Bool { meeting != nil }

  /// The meeting's, while there is one.
  var sceneThatCounts: WallPlan.Scene? { meeting ?? scene }

  private mutating func layRegions() -> [WallLayout.Region] {
    guard let scene = sceneThatCounts, let layout = state.layout(scene.layout, of: plan) else { return [] }
    // Nothing is shown; calls find their places all the same.
    guard !scene.isDark else { return layout.regions }
    let withheld = state.withheld(layout.id, of: plan)
    for region in layout.regions {
      let assigned =
        scene.regions.first { $0.region == region.name }?.sources ?? region.sources.filter { !withheld.contains($0) }
      rotations[region.name] = assigned.filter { plan.source($0) != nil }
      // Somebody's view of it is over: what stands where no region is stands there.
      if assigned.isEmpty, !region.sources.isEmpty { continue }
      put(choice(assigned), in: region.cells, isMeeting ? .meeting : .base, region.name)
    }
    return layout.regions
  }

  /// Whose turn it is; one that is dead is shown only when all are.
  private func choice(_ sources: [String]) -> String? {
    let known = sources.filter { plan.source($0) != nil }
    let living = known.filter { !dead.contains($0) }
    let all = living.isEmpty ? known : living
    return all.isEmpty ? nil : all[turn % all.count]
  }

  // MARK: - Pins

  private mutating func layPins() {
    for item in state.pins where plan.source(item.pin.source) != nil {
      put(item.pin.source, in: item.pin.cells, .pin(item.pin.id), "")
    }
  }

  /// What is left of a picture that something else lies over is whole in each cell: half a picture says nothing, and a window of a player
  /// would cover what lies over it.
  private mutating func breakUp() {
    let laid = tiles
    for index in tiles.indices where laid[index].cells.count > 1 {
      let own = laid[index]
      let isCut = zip(plan.outputs, laid).contains { output, tile in
        own.cells.contains(column: output.column, row: output.row)
          && (tile.cells != own.cells || tile.source != own.source || tile.layer != own.layer)
      }
      guard isCut, let output = plan.output(own.output) else { continue }
      tiles[index].cells = WallCells(column: output.column, row: output.row)
    }
  }

  // MARK: - Calls

  /// Each camera once, whoever of its place has called: those who come later stand beside the first of them.
  private mutating func layCalls(over regions: [WallLayout.Region]) {
    guard state.isArmed else { return keepCalls() }
    var slots = slots(regions, for: Set(callers.map(\.source)).count)
    var laid: [String: WallCall] = [:]
    for caller in callers {
      if let first = laid[caller.source] {
        beside.append(WallBeside(call: caller.call, first: first))
        continue
      }
      guard let source = plan.source(caller.source),
        let index = slots.firstIndex(where: { cells in plan.outputs(in: cells).allSatisfy { plan.reaches(source, $0) } })
      else {
        left.append(caller.call)
        continue
      }
      let cells = slots.remove(at: index)
      put(
        caller.source, in: cells, caller.isDrill ? .drill(caller.call) : .call(caller.call),
        tiles.first { $0.cells == cells }?.region ?? "")
      laid[caller.source] = caller.call
    }
  }

  /// Disarmed: those that stood there stay, but for what somebody has put over them since.
  private mutating func keepCalls() {
    let stood = state.held?.calls ?? state.shown
    for caller in callers {
      let outputs = (stood.first { $0.call == caller.call }?.outputs ?? []).compactMap { plan.output($0) }.filter { output in
        if case .pin? = tile(output.number)?.layer { false } else { true }
      }
      guard let source = plan.source(caller.source), !outputs.isEmpty, outputs.allSatisfy({ plan.reaches(source, $0) }) else {
        left.append(caller.call)
        continue
      }
      let layer = caller.isDrill ? WallLayer.drill(caller.call) : .call(caller.call)
      for cells in plan.cells(of: outputs) { put(caller.source, in: cells, layer, "") }
    }
  }

  /// Where calls may go, best first: as `callOutputs` says, each of them with the region it stands in where that is free as a whole; then
  /// whole regions that nothing lies over and all of whose outputs work, the largest first; then single outputs of the rest. Where there are fewer
  /// than cameras that are called for, the largest are divided.
  private func slots(_ regions: [WallLayout.Region], for count: Int) -> [WallCells] {
    func isFree(_ cells: WallCells) -> Bool {
      plan.outputs(in: cells).allSatisfy { output in
        guard !unusable.contains(output.number), let tile = tile(output.number) else { return false }
        if case .pin = tile.layer { return false }
        return true
      }
    }
    let whole = regions.map(\.cells).filter(isFree)
    let single = plan.outputs.map { WallCells(column: $0.column, row: $0.row) }.filter { cell in
      !whole.contains { $0.overlaps(cell) } && isFree(cell)
    }
    func order(_ cells: WallCells) -> Int {
      plan.callOutputs.firstIndex { number in
        plan.output(number).map { cells.contains(column: $0.column, row: $0.row) } ?? false
      } ?? Int.max
    }
    // The largest first, where the site file says nothing: a single output is the smallest there is.
    var all = whole.map { (cells: $0, isSingle: 0) } + single.map { (cells: $0, isSingle: 1) }
    while all.count < count, let largest = all.indices.reversed().max(by: { all[$0].cells.count < all[$1].cells.count }),
      let halves = all[largest].cells.halves
    {
      all.remove(at: largest)
      all += [(halves.0, 0), (halves.1, 0)]
    }
    return all.sorted { one, other in
      let (before, after) = (order(one.cells), order(other.cells))
      if before != after { return before < after }
      return (one.isSingle, -one.cells.count, one.cells.row, one.cells.column)
        < (other.isSingle, -other.cells.count, other.cells.row, other.cells.column)
    }.map(\.cells)
  }

  // MARK: - Visitors

  private mutating func hide() {
    for index in tiles.indices {
      guard let id = tiles[index].source, plan.source(id)?.isSensitive == true else { continue }
      tiles[index].isHidden = true
      guard let output = plan.output(tiles[index].output) else { continue }
      func harmless(_ id: String?) -> String? {
        Self.known(id, plan, output).flatMap { plan.source($0)?.isSensitive == true ? nil : $0 }
      }
      let instead = harmless(plan.visitorSource)
      tiles[index].source = instead ?? harmless(plan.idleSource)
      if instead == nil { tiles[index].cells = WallCells(column: output.column, row: output.row) }
    }
  }
}
