import DeviceVocabulary

@testable import Station

/// A wall of four outputs, each in another state.
enum WallSample {
  static var view: WallView {
    let outputs = (1...4).map { number in
      WallPlan.Output(
        number: number, column: (number - 1) % 2 + 1, row: (number - 1) / 2 + 1,
        matrix: WallPort(device: "hub", number: UInt16(number)))
    }
    let plan = WallPlan(
      columns: 2, rows: 2, outputs: outputs,
      sources: [
        .init(id: "map", name: "地图", kind: .computer, inputs: [WallPort(device: "hub", number: 1)]),
        .init(id: "cam", name: "大厅", kind: .camera, isSensitive: true, inputs: [WallPort(device: "hub", number: 2)]),
      ], layouts: [], scenes: [])
    let proofs: [WallProof] = [.verified(picture: nil), .notSwitched(.unchanged), .unreachable(device: "hub"), .stale]
    let tiles = zip(outputs, proofs).map { output, proof in
      WallView.Tile(
        output: output.number, wished: "map", shown: output.number == 1 ? "map" : nil, isOff: false, layer: .base,
        cells: WallCells(column: output.column, row: output.row), isHidden: false, isIdentified: false, proof: proof,
        ageMilliseconds: 1200, troubles: [.fan],
        measured: [.init(quantity: .hours, value: 1200, ageMilliseconds: 10)])
    }
    return WallView(
      revision: 1, asOfMilliseconds: 1_790_000_000_000, site: "中心", recorded: true, plan: plan,
      posts: [.init(id: "wall", name: "大屏岗")],
      tiles: tiles, scenes: [.init(id: "day", name: "日常", isMeeting: false, lit: .half)], layouts: [], drawn: [], pins: [],
      sources: plan.sources.map { .init(source: $0, state: .dead(reason: "timeout"), ageMilliseconds: 5) },
      devices: [.init(name: "hub", health: .online, description: .init(model: "Hub"))], meeting: nil, hasVisitors: false,
      exposed: [], isArmed: true, displaysRest: false, left: [])
  }
}
