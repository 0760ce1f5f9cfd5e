import Foundation
import TestSupport
import Testing
import Transports

/// Our models of displays against the controllers of others: what those send is understood, what ours answer they understand.
@Suite(.serialized) struct WallPeerTests {
  private static let tools =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".venv/bin").path

  /// A projector of the rig.
  struct Projector: Sendable, CustomTestStringConvertible {
    var pjlinkClass: Int
    var password: String?
    var name: String { "pj\(pjlinkClass)\(password == nil ? "open" : "locked")" }
    var testDescription: String { "class \(pjlinkClass), \(password == nil ? "no password" : "password")" }
  }
  static let projectors = [1, 2].flatMap { level in
    [nil, "JBMIAProjectorLink"].map { Projector(pjlinkClass: level, password: $0) }
  }

  /// A site whose wall is one panel behind a matrix, and projectors of both classes, with a password and without, on ports that are free.
  private struct Rig {
    let shell: Shell
    let panel: UInt16
    let ports: [String: UInt16]

    init() throws {
      let ports = try (0..<WallPeerTests.projectors.count + 2).map { _ in try LoopbackListener.freePort() }
      panel = ports[1]
      let projectors = Array(zip(WallPeerTests.projectors, ports.dropFirst(2)))
      self.ports = Dictionary(uniqueKeysWithValues: projectors.map { ($0.name, $1) })
      let devices = projectors.map { projector, port in
        "    - {name: \(projector.name), kind: pjlink, host: 127.0.0.1, port: \(port)"
          + "\(projector.password.map { ", password: \($0)" } ?? "")}"
      }
      let outputs = projectors.enumerated().map { index, item in
        "    - {number: \(index + 2), at: [\(index + 2), 1], matrix: hub/\(index + 2), display: \(item.0.name)/1, input: DIGITAL1}"
      }
      let folder = Shell.newFolder()
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      shell = try Shell(
        folder: folder,
        site: """
          site: {name: 测试街道综治中心, station: test}
          places: [{id: hall, name: 大厅}]
          posts: [{id: desk, name: 值班台}]
          buses: [{name: A, port: /dev/null, panels: [{node: 1, name: 面板, buttons: [{button: 1, place: hall}]}]}]
          wall:
            grid: {columns: \(projectors.count + 1), rows: 1}
            devices:
              - {name: hub, kind: videohub, host: 127.0.0.1, port: \(ports[0])}
              - {name: panel, kind: samsungMDC, host: 127.0.0.1, port: \(ports[1])}
          \(devices.joined(separator: "\n"))
            outputs:
              - {number: 1, at: [1, 1], matrix: hub/1, display: panel/1, input: HDMI1, spans: true}
          \(outputs.joined(separator: "\n"))
            sources: [{id: map, name: 地图, kind: computer, inputs: [hub/1]}]
            layouts: [{id: a, name: 一, regions: [{name: 左, at: [1, 1], sources: [map]}]}]
            scenes: [{id: a, name: 一, layout: a}]
            idleSource: map
          """)
      let classOne = projectors.map(\.0).filter { $0.pjlinkClass == 1 }.flatMap { ["--class1", $0.name] }
      try shell.start(["sim", "wall", "\(folder)/site.yaml", "--socket", "\(folder)/wall.sock"] + classOne)
      let shell = shell
      try shell.waitUntil("the devices are there") {
        (try? shell.run(["sim", "wall", "--socket", "\(folder)/wall.sock", "--hand", "ping"]).code) == 0
      }
    }

    func mdc(_ command: String...) throws -> String {
      let run = try shell.run(["1@127.0.0.1:\(panel)"] + command, program: "\(WallPeerTests.tools)/samsung-mdc")
      return run.text
    }

    func hand(_ words: String...) throws {
      let done = try shell.run(["sim", "wall", "--socket", "\(shell.folder)/wall.sock", "--hand"] + words)
      #expect(done.code == 0, "\(done.text)")
    }

    func ask(_ projector: Projector, password: String? = nil, _ requests: String...) throws -> [String] {
      let port = try #require(ports[projector.name])
      let password = password ?? projector.password ?? "-"
      let run = try shell.run(
        [PeerModule.file("projector.py"), "\(port)", password] + requests, program: "\(WallPeerTests.tools)/python")
      try #require(run.code == 0, "\(run.text)")
      return run.text.split(separator: "\n").map(String.init)
    }
  }

  /// python-samsung-mdc: reads and sets our panel, and is refused as a real one refuses.
  @Test func aControllerOfOthersReadsAndSetsOurPanel() throws {
    let rig = try Rig()
    let status = try rig.mdc("status")
    #expect(status.contains("POWER_STATE.ON"), "\(status)")
    #expect(try rig.mdc("error_status").contains("42"))
    #expect(try rig.mdc("input_source", "DISPLAY_PORT_1").contains("DISPLAY_PORT_1"))
    #expect(try rig.mdc("input_source").contains("DISPLAY_PORT_1"))
    _ = try rig.mdc("video_wall_state", "ON")
    _ = try rig.mdc("video_wall_model", "3,2", "5")
    let layout = try rig.mdc("video_wall_model")
    #expect(layout.contains("3,2") && layout.contains("5"), "\(layout)")
    let shown = try rig.shell.run(["sim", "wall", "--socket", "\(rig.shell.folder)/wall.sock", "--hand", "show"]).text
    #expect(shown.contains("DP1") && shown.contains("3x2#5"), "\(shown)")
    try rig.hand("lock", "panel/1")
    _ = try rig.mdc("input_source", "HDMI1")
    #expect(try rig.mdc("input_source").contains("DISPLAY_PORT_1"), "locked: acknowledged and not done")
  }

  /// aiopjlink, classes 1 and 2, with a password and without: what both know, what only one does, and who gets nothing.
  @Test(arguments: projectors) func aControllerOfOthersReadsAndSetsOurProjectors(_ projector: Projector) throws {
    let rig = try Rig()
    let said = try rig.ask(projector, "class", "power", "inputs", "errors", "lamp", "input", "on")
    #expect(
      said == ["\(projector.pjlinkClass)", "OFF", "11 31 32 51", "0 0 0 0 0 0", "1200", "PJLinkERR3", "ok"], "standby: \(said)")
    try rig.shell.waitUntil("it is warm") { try rig.ask(projector, "power") == ["ON"] }
    #expect(try rig.ask(projector, "input 32", "input", "input 39", "input") == ["ok", "32", "PJLinkERR2", "32"])
    let later = try rig.ask(
      projector, "serial", "software", "name 31", "resolution", "filter", "freeze 1", "freeze", "louder", "input2 51", "input")
    #expect(
      later
        == (projector.pjlinkClass == 2
          ? ["0001", "2.01", "DIGITAL1", "1920x1200", "300", "ok", "frozen", "ok", "ok", "51"]
          : Array(repeating: "PJLinkERR1", count: 9) + ["32"]),
      "class 2: \(later)")
    for wrong in projector.password == nil ? [] : ["wrong", "-"] {
      #expect(try rig.ask(projector, password: wrong, "power") == ["PJLinkPassword"])
    }
  }
}
