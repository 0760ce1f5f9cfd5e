extension SiteLayout {
  static let matrix = "hub"
  static let wallOutputs = 4
  /// Of the matrix: map, board, then a camera for each place.
  static let firstCameraInput = 3

  /// A matrix, four panels in two rows, and a camera in each of the first places.
  var wallText: String {
    var text = "wall:\n  port: 0\n  grid: {columns: 2, rows: 2}\n  devices:\n"
    text += "    - {name: \(Self.matrix), kind: videohub, host: 127.0.0.1, port: 9990}\n"
    for panel in 1...Self.wallOutputs {
      text += "    - {name: p\(panel), kind: samsungMDC, host: 127.0.0.1, port: \(1515 + panel)}\n"
    }
    text += "  outputs:\n"
    for panel in 1...Self.wallOutputs {
      let at = "[\((panel - 1) % 2 + 1), \((panel - 1) / 2 + 1)]"
      text += "    - {number: \(panel), at: \(at), matrix: hub/\(panel), display: p\(panel)/1, input: HDMI1, spans: true}\n"
    }
    text += "  sources:\n    - {id: map, name: 地图, kind: computer, inputs: [hub/1]}\n"
    text += "    - {id: board, name: 公告, kind: board, inputs: [hub/2]}\n"
    for (index, place) in places.prefix(8).enumerated() {
      text += "    - {id: cam\(index), name: 摄像机\(index), place: \(place), inputs: [hub/\(Self.firstCameraInput + index)]}\n"
    }
    text += """
        layouts:
          - {id: big, name: 大, regions: [{name: 上, at: [1, 1], size: [2, 1], sources: [map]}, {name: 下, at: [1, 2], sources: [board]}]}
          - {id: all, name: 全, regions: [{name: 全, at: [1, 1], size: [2, 2], sources: [board]}]}
        scenes:
          - {id: day, name: 日常, layout: big}
          - {id: all, name: 全屏, layout: all}
          - {id: meet, name: 会议, layout: all, meeting: true}
        idleSource: board
        visitorSource: board

      """
    return text
  }

  private var places: [String] {
    wires.enumerated().flatMap { wire, plan in (0..<plan.panels).map { "p\(wire)-\($0)" } }
  }
}
