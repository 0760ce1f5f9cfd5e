import Transports

/// The site file of a display wall: panels behind a matrix, each at a port of this machine unless it is put elsewhere.
public struct WallSite: Sendable {
  /// Where a device listens.
  public struct Place: Sendable {
    public var host: String
    public var port: Int

    public init(port: Int, host: String = "127.0.0.1") {
      self.host = host
      self.port = port
    }
  }

  public let columns: Int
  public let rows: Int
  /// The first is the matrix, the others are the panels in the order of their numbers.
  public var devices: [Place]
  public var matrixKind = "videohub"
  public var matrixMore = ""
  public var displayKind = "samsungMDC"
  /// Passwords of displays, by their numbers.
  public var displayPasswords: [Int: String] = [:]
  /// The input of the displays at which the wall's picture arrives.
  public var displayInput = "HDMI1"
  /// A scene of a meeting beside the two others.
  public var hasMeeting = false
  public var consolePort = 0
  /// Where the simulated bus is; `nil`: no wire.
  public var bus: String?

  /// - Parameter ports: of the matrix and of each panel.
  public init(columns: Int, rows: Int, ports: [Int]) {
    (self.columns, self.rows) = (columns, rows)
    devices = ports.map { Place(port: $0) }
  }

  /// Each device, and the console, at a port that nobody has.
  public init(columns: Int, rows: Int, bus: String) throws {
    var ports: [Int] = []
    while ports.count < columns * rows + 2 {
      let port = try Int(LoopbackListener.freePort())
      if !ports.contains(port) { ports.append(port) }
    }
    self.init(columns: columns, rows: rows, ports: Array(ports.dropLast()))
    consolePort = ports.removeLast()
    self.bus = bus
  }

  public var panels: Int { columns * rows }
  /// The panels show parts of one picture.
  private var spans: Bool { displayKind == "samsungMDC" }

  public static let sources = (camera: "院内摄像机", map: "网格地图", board: "公告栏")

  /// A main picture at the upper left and a second one beside it, or the notice board everywhere; a camera at the call point `yard`, and one
  /// at `hall`.
  public var text: String {
    let outputs = (1...panels).map { number in
      "    - {number: \(number), at: [\((number - 1) % columns + 1), \((number - 1) / columns + 1)], matrix: hub/\(number), "
        + "display: p\(number)/1, input: \(displayInput)\(spans ? ", spans: true" : "")}"
    }
    let panels = devices.dropFirst().enumerated().map { index, place in
      "    - {name: p\(index + 1), kind: \(displayKind), host: \(place.host), port: \(place.port)"
        + "\(displayPasswords[index + 1].map { ", password: \($0)" } ?? "")}"
    }
    return """
      site: {name: 测试街道综治中心, station: test}
      places: [{id: hall, name: 大厅}, {id: yard, name: 院内}]
      posts: [{id: desk, name: 值班台}, {id: wall, name: 大屏岗}]
      buses:
        - {name: A, port: \(bus ?? "/dev/null"), panels: [{node: 1, name: 大厅面板, buttons: [{button: 1, place: hall}, {button: 2, place: yard}]}]}
      desk: {port: 0}
      journal: {folder: journal, ballastMiB: 1}
      wall:
        port: \(consolePort)
        grid: {columns: \(columns), rows: \(rows), bezel: 30}
        devices:
          - {name: hub, kind: \(matrixKind), host: \(devices[0].host), port: \(devices[0].port)\(matrixMore)}
      \(panels.joined(separator: "\n"))
        outputs:
      \(outputs.joined(separator: "\n"))
        sources:
          - {id: cam, name: \(Self.sources.camera), kind: camera, place: yard, inputs: [hub/1]}
          - {id: map, name: \(Self.sources.map), kind: computer, inputs: [hub/2]}
          - {id: board, name: \(Self.sources.board), kind: board, inputs: [hub/3]}
          - {id: hallcam, name: 大厅摄像机, kind: camera, place: hall, inputs: [hub/4]}
        layouts:
      \(layouts)
        scenes:
          - {id: day, name: 日常, layout: big}
          - {id: full, name: 满屏, layout: all}
      \(hasMeeting ? "    - {id: meet, name: 会议, layout: all, meeting: true}" : "")
        visitorSource: board
        idleSource: board
      """
  }

  private var layouts: String {
    guard spans else {
      func region(_ number: Int, _ source: String) -> String {
        "{name: R\(number), at: [\((number - 1) % columns + 1), \((number - 1) / columns + 1)], sources: [\(source)]}"
      }
      let big = (1...panels).map { region($0, $0 == 1 ? "map" : "board") }.joined(separator: ", ")
      let all = (1...panels).map { region($0, "board") }.joined(separator: ", ")
      return "    - {id: big, name: 大图, regions: [\(big)]}\n    - {id: all, name: 满屏, regions: [\(all)]}"
    }
    let size = "[\(max(1, columns - 1)), \(max(1, rows - 1))]"
    return """
          - {id: big, name: 大图, regions: [{name: 主画面, at: [1, 1], size: \(size), sources: [map]}, {name: 右上, at: [\(columns), 1], sources: [board]}]}
          - {id: all, name: 满屏, regions: [{name: 全, at: [1, 1], size: [\(columns), \(rows)], sources: [board]}]}
      """
  }
}
