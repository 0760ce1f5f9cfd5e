import DeviceKit
import DeviceVocabulary
import Station
import Testing

extension Bench {
  /// A wall of 3×3 panels that share pictures behind a matrix of 16 inputs, in a centre with cameras at its call points.
  static let walled: SitePlan = {
    var plan = Bench.plan
    var outputs: [WallPlan.Output] = []
    for number in 1...9 {
      outputs.append(
        WallPlan.Output(
          number: number, column: (number - 1) % 3 + 1, row: (number - 1) / 3 + 1,
          matrix: WallPort(device: "hub", number: UInt16(number)), display: WallPort(device: "p\(number)", number: 1),
          displayInput: "HDMI1", sharesPictures: true))
    }
    func source(_ id: String, _ input: UInt16, _ kind: WallPlan.Source.Kind, place: String? = nil, isSensitive: Bool = false)
      -> WallPlan.Source
    {
      WallPlan.Source(
        id: id, name: id, kind: kind, place: place, isSensitive: isSensitive, inputs: [WallPort(device: "hub", number: input)])
    }
    func region(_ name: String, _ column: Int, _ row: Int, _ width: Int, _ height: Int, _ sources: [String]) -> WallLayout.Region
    {
      .init(name: name, cells: WallCells(column: column, row: row, width: width, height: height), sources: sources)
    }
    plan.wall = WallPlan(
      columns: 3, rows: 3, outputs: outputs,
      sources: [
        source("cam-hall", 1, .camera, place: "hall", isSensitive: true), source("cam-yard", 2, .camera, place: "yard"),
        source("cam-office", 3, .camera, place: "office", isSensitive: true), source("board", 4, .board),
        source("map", 5, .computer), source("meet", 6, .conference), source("gate", 7, .camera),
      ],
      layouts: [
        WallLayout(
          id: "big", name: "大图",
          regions: [
            region("main", 1, 1, 2, 2, ["map"]), region("r1", 3, 1, 1, 1, ["board"]),
            region("r2", 3, 2, 1, 1, ["gate", "cam-yard"]),
            region("foot", 1, 3, 3, 1, ["board"]),
          ]),
        WallLayout(id: "full", name: "全屏", regions: [region("all", 1, 1, 3, 3, ["meet"])]),
      ],
      scenes: [
        .init(id: "day", name: "日常", layout: "big"),
        .init(
          id: "night", name: "夜间", layout: "big", regions: [.init(region: "main", sources: ["gate"])],
          schedule: [.init(fromMinute: 2 * 60, toMinute: 6 * 60)]),
        .init(id: "dark", name: "关屏", layout: "big", isDark: true),
        .init(id: "meeting", name: "会议", layout: "full", isMeeting: true),
      ], visitorSource: "board", rotationSeconds: 10)
    return plan
  }()

  /// Two windows of one player, side by side.
  static let twoWindows = (0..<2).map { index in
    WallPlan.Output(
      number: index + 1, column: index + 1, row: 1, player: "pc", frame: WallFrame(x: index * 960, y: 0, width: 960, height: 540))
  }

  /// As a device that does what it is asked, at once.
  mutating func obeyWall(except locked: Set<String> = []) {
    for (device, wishes) in wallWishes.sorted(by: { $0.key < $1.key }) {
      for wish in wishes where !locked.contains("\(device)/\(wish.number)") {
        give(.wall(device, .observed(wish.number, wish.setting)))
      }
    }
  }

  static func withWall() -> Bench {
    var bench = Bench(plan: walled)
    for device in walled.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.obeyWall()
    return bench
  }

  @discardableResult
  mutating func wall(_ action: WallAction, by post: String = "desk") -> DeskAnswer { ask(post, .wall(action)) }

  var wallView: WallView? { station.wallView(onDisk: nil) }

  /// What each output should show, in order: `map map board …`.
  var wished: [String] { wallView?.tiles.map { $0.wished ?? "-" } ?? [] }
  var shown: [String] { wallView?.tiles.map { $0.shown ?? "-" } ?? [] }
  func proof(_ output: Int) -> WallProof? { wallView?.tiles.first { $0.output == output }?.proof }

  /// Which input the matrix was asked to give an output.
  func route(_ output: UInt16) -> UInt16? {
    guard case .route(let input)? = wallWishes["hub"]?.first(where: { $0.number == output })?.setting else { return nil }
    return input
  }

  var wallChanges: [WallChange] {
    entries.compactMap { if case .wall(let change) = $0.change { change } else { nil } }
  }
}
