import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// Nobody sees by hand what is not for everybody unless he says why, and who wanted to without is written down.
@Suite struct WallRightTests {
  private static let cells = WallCells(column: 3, row: 1)

  private static func layout(_ sources: String) throws -> WallLayout {
    try WallLayoutText.read("layout big 大图\n1,1 2x2 main: \(sources)\n3,1 1x1 r1: board\n")
  }

  @Test func aViewThatIsRefusedIsWrittenDownOnceAMinute() {
    var bench = Bench.withWall()
    for reason in [nil, "", " \t\n"] {
      #expect(bench.wall(.pin(source: "cam-yard", Self.cells, reason: reason)) == .refused(.reasonNeeded))
    }
    #expect(bench.wallChanges == [.viewRefused(source: "cam-yard", post: "desk", .reasonNeeded)])
    #expect(bench.wall(.pin(source: "cam-hall", Self.cells, reason: nil)) == .refused(.reasonNeeded))
    #expect(bench.wall(.pin(source: "cam-yard", Self.cells, reason: nil), by: "lead") == .refused(.reasonNeeded))
    #expect(bench.wallChanges.count == 3, "another camera, or another post")
    bench.pass(.seconds(61))
    #expect(bench.wall(.pin(source: "cam-yard", Self.cells, reason: nil)) == .refused(.reasonNeeded))
    #expect(bench.wallChanges.count == 4)
    // Mistakes are no attempts, and a rehearsal shows nothing.
    #expect(bench.wall(.pin(source: "moon", Self.cells, reason: nil)) == .refused(.unknownSource))
    #expect(bench.wall(.rehearse(.pin(source: "cam-office", Self.cells, reason: nil))) == .refused(.reasonNeeded))
    #expect(bench.wall(.pin(source: "map", Self.cells, reason: " ")) == .refused(.reasonNeeded))
    #expect(bench.wallChanges.count == 4)
    bench.wall(.visitors(true))
    #expect(bench.wall(.pin(source: "cam-hall", Self.cells, reason: "积水")) == .refused(.visitorsPresent))
    #expect(bench.wallChanges.last == .viewRefused(source: "cam-hall", post: "desk", .visitorsPresent))
  }

  /// A layout is no way round: a camera that was not in it wants a reason, which stands in the journal.
  @Test func aCameraInALayoutNeedsAReason() throws {
    var bench = Bench.withWall()
    let camera = try Self.layout("map, cam-hall")
    #expect(bench.wall(.saveLayout(camera)) == .refused(.reasonNeeded))
    #expect(bench.wallChanges == [.viewRefused(source: "cam-hall", post: "desk", .reasonNeeded)])
    #expect(bench.wall(.saveLayout(camera, reason: "夜间巡看院内")) == .done)
    #expect(bench.wallChanges.last == .layoutSaved(camera, post: "desk", reason: "夜间巡看院内"))
    // It is in it now: saving it again, or without it, wants none; the site file's own cameras neither.
    #expect(bench.wall(.saveLayout(camera)) == .done)
    #expect(bench.wall(.saveLayout(try Self.layout("map"))) == .done)
    #expect(bench.wall(.saveLayout(camera)) == .refused(.reasonNeeded))
    var known = try #require(Bench.walled.wall?.layouts.first)
    known.id = "copy"
    #expect(bench.wall(.saveLayout(known)) == .refused(.reasonNeeded), "in another layout it is new")
    // Undoing is no way round either.
    #expect(bench.wallView?.undoingNeedsReason == ["big"])
    #expect(bench.wall(.undoLayout("big")) == .refused(.reasonNeeded))
    #expect(bench.wall(.undoLayout("big", reason: "再看院内")) == .done)
    #expect(bench.wallChanges.last == .layoutUndone("big", post: "desk", reason: "再看院内"))
    known.id = "big"
    var next = Bench.withWall()
    #expect(next.wall(.saveLayout(known)) == .done)
  }

  /// Anything that operators may ask, in any order: a camera is wished on the wall only while something in the journal says why.
  @Test(arguments: Array(UInt64(1)...12)) func noCameraWithoutALine(seed: UInt64) throws {
    var bench = Bench.withWall()
    var random = SeededRandom(seed: seed)
    let plan = try #require(Bench.walled.wall)
    let cameras = Set(plan.sources.filter(\.needsReason).map(\.id))
    // What the site file itself puts up needs no line.
    let ownSources = Set(plan.scenes.flatMap { $0.regions.flatMap(\.sources) })
    func sources(_ layout: WallLayout?) -> Set<String> { Set(layout?.regions.flatMap(\.sources) ?? []) }
    // Of each layout: what it may show by the lines so far.
    var reasoned = Dictionary(uniqueKeysWithValues: plan.layouts.map { ($0.id, sources($0)) })
    var read = 0
    var sequence: UInt32 = 0
    for _ in 0..<150 {
      sequence += 1
      switch random.below(12) {
      case 0: bench.press(["A/1/1", "A/1/2"][Int(random.below(2))], sequence: sequence)
      case 1: for card in bench.view.incidents { bench.ask("desk", .falseAlarm(card.id, note: "误按")) }
      case 2: bench.pass(.seconds(Int(random.below(200))))
      default: bench.wall(Self.anything(plan, &random))
      }
      for change in bench.wallChanges.dropFirst(read) {
        switch change {
        case .layoutSaved(let layout, _, let reason):
          let now = sources(layout)
          reasoned[layout.id] =
            reason?.isEmpty == false ? now : now.intersection(reasoned[layout.id] ?? []).union(now.subtracting(cameras))
        case .layoutUndone(let id, _, let reason, _):
          let now = sources(bench.station.state.wall.layout(id, of: plan))
          reasoned[id] = reason?.isEmpty == false ? now : now.intersection(reasoned[id] ?? []).union(now.subtracting(cameras))
        default: break
        }
      }
      read = bench.wallChanges.count
      let state = bench.station.state.wall
      let pinned = state.pins.map(\.pin).filter { $0.reason != nil && $0.seconds == 300 }.map(\.source)
      let allowed = ownSources.union(reasoned.values.joined()).union(pinned).union(state.shown.map(\.source))
      // A window of a player never lies over another picture.
      let tiles = bench.wallView?.tiles ?? []
      for tile in tiles where tile.cells.count > 1 && !tile.isIdentified {
        let covered = plan.outputs.filter { tile.cells.contains(column: $0.column, row: $0.row) }.map(\.number)
        #expect(
          tiles.allSatisfy {
            !covered.contains($0.output) || $0.isIdentified || ($0.cells == tile.cells && $0.wished == tile.wished)
          })
      }
      let shown = Set(bench.wished).intersection(cameras)
      #expect(shown.isSubset(of: allowed), "\(shown.subtracting(allowed)) after \(bench.wallChanges.suffix(3))")
      // What was drawn into a layout is seen for five minutes after somebody has said why.
      let bySite = ownSources.union(plan.layouts.flatMap { $0.regions.flatMap(\.sources) })
      let byScene = tiles.filter { $0.layer == .base || $0.layer == .meeting }.compactMap(\.wished)
      if !cameras.intersection(byScene).isSubset(of: bySite) {
        let ages = (state.viewed ?? []).map { bench.now - $0.since.monotonic }
        #expect(ages.contains { $0 <= .seconds(300) }, "\(bench.wallChanges.suffix(3))")
      }
      // A view by hand ends: none is older than its time.
      for pin in bench.wallView?.pins ?? [] where cameras.contains(pin.pin.source) {
        #expect(pin.secondsLeft.map { $0 <= 300 } == true)
      }
    }
  }

  private static func anything(_ plan: WallPlan, _ random: inout SeededRandom) -> WallAction {
    let source = plan.sources[Int(random.below(UInt32(plan.sources.count)))].id
    let cells = WallCells(
      column: Int(random.below(4)), row: 1 + Int(random.below(3)), width: 1 + Int(random.below(2)),
      height: 1 + Int(random.below(2)))
    let reason = [nil, "", " ", "积水"][Int(random.below(4))]
    switch random.below(12) {
    case 0: return .scene(["day", "night", "dark", nil, "moon", "x"][Int(random.below(6))], reason: reason)
    case 1: return .beginMeeting(scene: "meeting", reason: reason)
    case 2: return .endMeeting
    case 3: return .renew(UInt32(random.below(9)))
    case 4: return .unpin(UInt32(random.below(9)))
    case 5: return .visitors(random.chance(1, in: 3))
    case 6: return .undoLayout(["big", "full", "x"][Int(random.below(3))], reason: reason)
    case 7, 8:
      let region = WallLayout.Region(name: "r", cells: cells, sources: [source])
      return .saveLayout(
        WallLayout(id: ["big", "full", "x"][Int(random.below(3))], name: "n", regions: [region]), reason: reason)
    default: return .pin(source: source, cells, reason: reason)
    }
  }
}
