import DeviceKit
import Foundation
import StationRuntime
import Transports

/// The wall of the measurements, as a site file has it: 3 × 3 or more, a camera for each place of the panels.
enum WallSite {
  /// Outputs of a matrix, each with a panel on the network; all of them simulated by `linli sim wall`.
  static func matrix(columns: Int, rows: Int, cameras: Int, ports: [Int]) -> String {
    var text = "wall:\n  port: 0\n  grid: {columns: \(columns), rows: \(rows)}\n  devices:\n"
    text += "    - {name: hub, kind: videohub, host: 127.0.0.1, port: \(ports[0])}\n"
    for number in 1...(columns * rows) {
      text += "    - {name: p\(number), kind: samsungMDC, host: 127.0.0.1, port: \(ports[number])}\n"
    }
    text += "  outputs:\n"
    for number in 1...(columns * rows) {
      text += "    - {number: \(number), at: \(cell(number, columns)), matrix: hub/\(number), display: p\(number)/1, "
      text += "input: HDMI1, spans: true}\n"
    }
    text += "  sources:\n    - {id: map, name: 网格地图, kind: computer, inputs: [hub/1]}\n"
    for number in 0..<cameras {
      text += "    - {id: cam\(number + 1), name: 摄像机 \(number + 1), place: p\(number + 1), inputs: [hub/\(number + 2)]}\n"
    }
    return text + scene(columns: columns, rows: rows)
  }

  /// Windows of a player, 2 × 2, with test pictures for cameras.
  static func player(name: String, width: Int, height: Int, cameras: Int) -> String {
    var text = "wall:\n  port: 0\n  grid: {columns: 2, rows: 2}\n  devices: [{name: \(name), kind: player}]\n  outputs:\n"
    for number in 1...4 {
      let (x, y) = ((number - 1) % 2 * width, (number - 1) / 2 * height)
      text += "    - {number: \(number), at: \(cell(number, 2)), player: \(name), screen: [\(x), \(y), \(width), \(height)]}\n"
    }
    text += "  sources:\n    - {id: map, name: 网格地图, kind: computer, address: \"test:1\"}\n"
    for number in 1...cameras {
      text += "    - {id: cam\(number), name: 摄像机 \(number), place: p\(number), address: \"test:\(number + 1)\"}\n"
    }
    return text + scene(columns: 2, rows: 2)
  }

  /// Every output has a region of its own, so that a call takes one of them.
  private static func scene(columns: Int, rows: Int) -> String {
    var text = "  layouts:\n    - id: all\n      name: 日常\n      regions:\n"
    for number in 1...(columns * rows) {
      text += "        - {name: r\(number), at: \(cell(number, columns)), sources: [map]}\n"
    }
    return text + "  scenes: [{id: day, name: 日常, layout: all}]\n  idleSource: map\n"
  }

  private static func cell(_ number: Int, _ columns: Int) -> String {
    "[\((number - 1) % columns + 1), \((number - 1) / columns + 1)]"
  }

  static func freePorts(_ count: Int) throws -> [Int] {
    var ports = Set<Int>()
    while ports.count < count { ports.insert(Int(try LoopbackListener.freePort())) }
    return ports.sorted()
  }

  /// The simulated devices of a site's wall, as a process.
  static func simulate(_ bench: Bench, folder: String) throws -> ChildProgram {
    let socket = "\(folder)/wall.sock"
    let program = try ChildProgram(
      [bench.linli, "sim", "wall", "\(folder)/site.yaml", "--socket", socket], log: "\(folder)/sim.log")
    try StationUnderTest.wait("the simulated devices are there", seconds: 30) {
      (try? ControlSocket.ask(socket, "ping", timeoutSeconds: 5)) == "ok\n"
    }
    return program
  }
}
