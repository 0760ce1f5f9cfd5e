import Foundation
import TestSupport
import Testing
import Transports

/// Our models of displays against the controllers of others: what those send is understood, what ours answer they understand.
@Suite(.serialized) struct WallPeerTests {
  private static let tools =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".venv/bin").path

  /// A site whose wall is one panel behind a matrix, and two projectors, simulated on ports that are free.
  private struct Rig {
    let shell: Shell
    let panel: UInt16
    let open: UInt16
    let locked: UInt16

    init() throws {
      let ports = try (0..<4).map { _ in try LoopbackListener.freePort() }
      (panel, open, locked) = (ports[1], ports[2], ports[3])
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
            grid: {columns: 3, rows: 1}
            devices:
              - {name: hub, kind: videohub, host: 127.0.0.1, port: \(ports[0])}
              - {name: panel, kind: samsungMDC, host: 127.0.0.1, port: \(ports[1])}
              - {name: open, kind: pjlink, host: 127.0.0.1, port: \(ports[2])}
              - {name: locked, kind: pjlink, host: 127.0.0.1, port: \(ports[3]), password: JBMIAProjectorLink}
            outputs:
              - {number: 1, at: [1, 1], matrix: hub/1, display: panel/1, input: HDMI1, spans: true}
              - {number: 2, at: [2, 1], matrix: hub/2, display: open/1, input: DIGITAL1}
              - {number: 3, at: [3, 1], matrix: hub/3, display: locked/1, input: DIGITAL1}
            sources: [{id: map, name: 地图, kind: computer, inputs: [hub/1]}]
            layouts: [{id: a, name: 一, regions: [{name: 左, at: [1, 1], sources: [map]}]}]
            scenes: [{id: a, name: 一, layout: a}]
            idleSource: map
          """)
      try shell.start(["sim", "wall", "\(folder)/site.yaml", "--socket", "\(folder)/wall.sock"])
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

    func projector(_ port: UInt16, password: String, _ requests: String...) throws -> [String] {
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

  /// aiopjlink, classes 1 and 2, with a password and without.
  @Test func aControllerOfOthersReadsAndSetsOurProjectors() throws {
    let rig = try Rig()
    for (port, password) in [(rig.open, "-"), (rig.locked, "JBMIAProjectorLink")] {
      let said = try rig.projector(port, password: password, "class", "power", "inputs", "errors", "on")
      #expect(said == ["2", "OFF", "11 31 32 51", "0 0 0 0 0 0", "ok"], "\(said)")
      try rig.shell.waitUntil("it is warm") { try rig.projector(port, password: password, "power") == ["ON"] }
      #expect(try rig.projector(port, password: password, "input 32", "input") == ["ok", "32"])
    }
    #expect(try rig.projector(rig.locked, password: "wrong", "power") == ["PJLinkPassword"])
    #expect(try rig.projector(rig.locked, password: "-", "power") == ["PJLinkPassword"])
  }
}
