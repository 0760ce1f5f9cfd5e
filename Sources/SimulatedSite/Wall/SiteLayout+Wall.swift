import DeviceKit

extension SiteLayout {
  /// A display wall: a matrix, and panels that share pictures, or old televisions with which nobody can speak.
  public struct Wall: Sendable, Equatable {
    public var columns: Int
    public var rows: Int
    /// By the site file's names.
    public var matrix: String
    public var hasDisplays: Bool
    public var outputs: Int { columns * rows }

    public init(columns: Int = 2, rows: Int = 2, matrix: String = "videohub", hasDisplays: Bool = true) {
      self.columns = columns
      self.rows = rows
      self.matrix = matrix
      self.hasDisplays = hasDisplays
    }

    init(_ random: inout SeededRandom) {
      let sizes = [(2, 2), (3, 3), (4, 1)]
      let size = sizes[Int(random.below(UInt32(sizes.count)))]
      let kinds = ["videohub", "videohub", "extronSIS", "kramerP3000"]
      self.init(
        columns: size.0, rows: size.1, matrix: kinds[Int(random.below(UInt32(kinds.count)))],
        hasDisplays: random.chance(3, in: 4))
    }
  }

  static let matrix = "hub"
  /// Of the matrix: map, board, then a camera for each place.
  static let firstCameraInput = 3

  /// With a camera in each of the first places.
  func wallText(_ wall: Wall) -> String {
    let (columns, rows) = (wall.columns, wall.rows)
    var text = "wall:\n  port: 0\n  grid: {columns: \(columns), rows: \(rows)}\n  devices:\n"
    text += "    - {name: \(Self.matrix), kind: \(wall.matrix), host: 127.0.0.1, port: 9990}\n"
    for panel in 1...wall.outputs where wall.hasDisplays {
      text += "    - {name: p\(panel), kind: samsungMDC, host: 127.0.0.1, port: \(1515 + panel)}\n"
    }
    text += "  outputs:\n"
    for panel in 1...wall.outputs {
      let at = "[\((panel - 1) % columns + 1), \((panel - 1) / columns + 1)]"
      let display = wall.hasDisplays ? ", display: p\(panel)/1, input: HDMI1, spans: true" : ""
      text += "    - {number: \(panel), at: \(at), matrix: hub/\(panel)\(display)}\n"
    }
    text += "  sources:\n    - {id: map, name: 地图, kind: computer, inputs: [hub/1]}\n"
    text += "    - {id: board, name: 公告, kind: board, inputs: [hub/2]}\n"
    for (index, place) in places.prefix(8).enumerated() {
      text += "    - {id: cam\(index), name: 摄像机\(index), place: \(place), inputs: [hub/\(Self.firstCameraInput + index)]}\n"
    }
    // Of a single row the last is apart, of several rows the last row's first.
    let main = rows > 1 ? (columns, rows - 1) : (columns - 1, 1)
    let foot = rows > 1 ? (1, rows) : (columns, 1)
    let big = wall.regions(at: (1, 1), size: main, "map") + wall.regions(at: foot, size: (1, 1), "board")
    let all = wall.regions(at: (1, 1), size: (columns, rows), "board")
    return text + """
        layouts:
          - {id: big, name: 大, regions: [\(big.joined(separator: ", "))]}
          - {id: all, name: 全, regions: [\(all.joined(separator: ", "))]}
        scenes:
          - {id: day, name: 日常, layout: big}
          - {id: all, name: 全屏, layout: all}
          - {id: meet, name: 会议, layout: all, meeting: true}
      \(wall.hasDisplays ? "    - {id: dark, name: 关屏, layout: big, dark: true}" : "")
        idleSource: board
        visitorSource: board

      """
  }

  private var places: [String] {
    wires.enumerated().flatMap { wire, plan in (0..<plan.panels).map { "p\(wire)-\($0)" } }
  }
}

extension SiteLayout.Wall {
  /// One region, or one for each cell where nothing can share a picture.
  fileprivate func regions(at: (Int, Int), size: (Int, Int), _ source: String) -> [String] {
    guard !hasDisplays else {
      return ["{name: r\(at.0)-\(at.1), at: [\(at.0), \(at.1)], size: [\(size.0), \(size.1)], sources: [\(source)]}"]
    }
    return (0..<size.1).flatMap { row in
      (0..<size.0).map { column in
        "{name: r\(at.0 + column)-\(at.1 + row), at: [\(at.0 + column), \(at.1 + row)], sources: [\(source)]}"
      }
    }
  }
}
