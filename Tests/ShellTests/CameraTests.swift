import Foundation
import StationRuntime
import TestSupport
import Testing
import Transports

/// The real program with a simulated camera: its stream is asked for, its presets are gone to, its absence is told.
@Suite struct CameraTests {
  private struct Rig {
    let shell: Shell
    let port: UInt16
    let rtsp: UInt16

    /// - Parameter password: in the site file; the camera's is `Wg@12345`.
    init(password: String = "Wg@12345", preset: String = "door") throws {
      (port, rtsp) = (try LoopbackListener.freePort(), try LoopbackListener.freePort())
      shell = try Shell(
        panels: 1,
        more: """
          wall:
            port: 0
            grid: {columns: 1, rows: 1}
            devices: [{name: pc, kind: player}]
            outputs: [{number: 1, at: [1, 1], player: pc, screen: [0, 0, 640, 360]}]
            sources:
              - {id: map, name: 地图, kind: computer, address: "test:1"}
              - {id: door, name: 东门, place: p, onvif: "http://127.0.0.1:\(port)/onvif/device_service", user: admin, password: "\(password)", profile: sub, preset: \(preset)}
              - {id: old, name: 旧摄像机, kind: camera, address: "rtsp://admin:se%40cret@127.0.0.1:1/x"}
            layouts: [{id: a, name: 一, regions: [{name: 左, at: [1, 1], sources: [map]}]}]
            scenes: [{id: a, name: 一, layout: a}]

          """)
      try "Wg@12345\n".write(toFile: "\(shell.folder)/password", atomically: true, encoding: .utf8)
    }

    func startCamera() throws {
      try shell.start([
        "sim", "camera", "--port", "\(port)", "--rtsp", "\(rtsp)", "--user", "admin", "--password-file",
        "\(shell.folder)/password", "--hidden", "--socket", "\(shell.folder)/camera.sock",
      ])
      try shell.waitUntil("the camera is there") { (try? hand("ping")) != nil }
    }

    @discardableResult
    func hand(_ words: String...) throws -> String {
      let done = try shell.run(["sim", "camera", "--socket", "\(shell.folder)/camera.sock", "--hand"] + words)
      guard done.code == 0 else { throw Failed(text: done.text) }
      return done.text
    }

    func wall(_ words: String...) throws -> (code: Int32, text: String) {
      try shell.run(["wall", words[0], "\(shell.folder)/site.yaml"] + words.dropFirst())
    }

    /// How a source stands, by the list.
    func source(_ id: String) throws -> [String: Any] {
      let text = try wall("sources", "--json").text
      // Before the station is there it says so instead.
      let list = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
      return (list?["sources"] as? [[String: Any]])?.first { $0["id"] as? String == id } ?? [:]
    }
  }
  private struct Failed: Error { let text: String }

  @Test func aCameraTellsItsAddressAndTurnsForAReasonAndForACall() throws {
    let rig = try Rig()
    try rig.startCamera()
    _ = try rig.shell.startStation()
    try rig.shell.waitUntil("the camera is live") { try rig.source("door")["state"] as? String == "live" }
    let door = try rig.source("door")
    #expect(door["address"] as? String == "rtsp://127.0.0.1:\(rig.rtsp)/sub/ch1/main" && door["turns"] as? Bool == true)
    #expect(door["presets"] as? [String] == ["door", "yard & gate"])
    // No password in any list.
    try rig.shell.waitUntil("the other one is dead") { try rig.source("old")["state"] as? String == "dead" }
    let (code, table) = try rig.wall("sources")
    #expect(code == 1 && table.contains("rtsp://admin:***@127.0.0.1:1/x") && !table.contains("cret") && !table.contains("Wg"))
    #expect(table.contains(#/已 \d+ s,\d+ s 前核对 \/ for \d+ s, last asked \d+ s ago/#), "\(table)")
    let status = try rig.wall("status").text
    #expect(status.contains(#/old  旧摄像机  community  ✗ 无画面 \/ dead  已 \d+ s,\d+ s 前核对 \/ for \d+ s/#), "\(status)")
    let listed = try rig.wall("preset", "door")
    #expect(listed.code == 0 && listed.text.hasPrefix("door\nyard & gate\n"), "\(listed.text)")

    let refused = try rig.wall("preset", "door", "yard & gate", "--post", "desk")
    #expect(refused.code == 1 && refused.text.contains("不行"), "\(refused.text)")
    let turned = try rig.wall("preset", "door", "yard & gate", "--post", "desk", "--reason", "有人翻墙")
    #expect(turned.code == 0 && turned.text.contains("turned to"), "\(turned.text)")
    #expect(try rig.hand("show").contains("position yard & gate  wrong 0"))
    let unknown = try rig.wall("preset", "door", "roof", "--post", "desk", "--reason", "看")
    #expect(unknown.code == 1 && unknown.text.contains("door, yard & gate"), "\(unknown.text)")
    #expect(try rig.shell.desk("status").contains("摄像机没有转过去"))

    try rig.shell.waitUntilOnline(1)
    _ = try rig.shell.panels("press 1/1")
    try rig.shell.waitUntil("the call turned it") { try rig.hand("show").contains("position door") }
    let changes = try rig.shell.entries().compactMap { entry in
      if case .wall(let change) = entry.change { change.text } else { nil }
    }
    #expect(changes.contains { $0.contains("有人翻墙") } && changes.contains { $0.contains("没有办") })
    #expect(changes.contains { $0.hasPrefix("求助 #1 把 door 转到 door") }, "\(changes)")
  }

  /// Whoever asked before is not told that it turned where he wished.
  @Test func whereAnotherTurnsItMeanwhileIsSaid() throws {
    let rig = try Rig()
    try rig.startCamera()
    _ = try rig.shell.startStation()
    try rig.shell.waitUntil("the camera is live") { try rig.source("door")["state"] as? String == "live" }
    // It takes its time: nothing is turned before the other comes.
    try rig.hand("silent")
    let (socket, group) = ("\(rig.shell.folder)/site.yaml.sock", DispatchGroup())
    group.enter()
    Thread.detachNewThread {
      defer { group.leave() }
      for _ in 0..<500 {
        if (try? ControlSocket.ask(socket, "wall cameras"))?.contains("\"turn\":") == true { break }
        usleep(20_000)
      }
      _ = try? ControlSocket.ask(socket, #"wall turn {"post":"desk","source":"door","preset":"door","reason":"看"}"#)
    }
    let turned = try rig.wall("preset", "door", "yard & gate", "--post", "desk", "--reason", "有人翻墙")
    group.wait()
    #expect(turned.code == 1 && turned.text.contains("别人接着让它转到 door"), "\(turned.text)")
  }

  @Test func aCameraThatComesBackElsewhereIsAskedAgain() throws {
    let rig = try Rig()
    _ = try rig.shell.startStation()
    try rig.shell.waitUntil("its absence is told") { try rig.source("door")["state"] as? String == "dead" }
    try rig.startCamera()
    try rig.shell.waitUntil("it is live") { try rig.source("door")["state"] as? String == "live" }
    try rig.hand("silent")
    try rig.shell.waitUntil("its death is told") { try rig.source("door")["state"] as? String == "dead" }
    try rig.hand("speak")
    let asked = try rig.hand("show")
    try rig.shell.waitUntil("it is live again") { try rig.source("door")["state"] as? String == "live" }
    #expect(try rig.hand("show") != asked, "it was asked for its stream again")
  }

  @Test func aWrongPasswordLocksNoAccount() throws {
    let rig = try Rig(password: "wrong")
    try rig.startCamera()
    _ = try rig.shell.startStation()
    try rig.shell.waitUntil("it is told") { (try rig.source("door")["reason"] as? String)?.contains("wrong password") == true }
    for _ in 0..<3 { #expect(try rig.wall("preset", "door", "door", "--post", "desk", "--reason", "看").code == 1) }
    #expect(try rig.hand("show").contains("wrong 1  "))
    // Somebody sees to it: one more try, and no second one.
    #expect(try rig.shell.desk("retest source door:sourceDead desk").contains("under way"))
    try rig.shell.waitUntil("it is tried once more") { try rig.hand("show").contains("wrong 2  ") }
  }

  @Test func aCameraIsAskedByItsAddress() throws {
    let rig = try Rig()
    try rig.startCamera()
    let at = "http://127.0.0.1:\(rig.port)"
    let found = try rig.shell.run([
      "wall", "sources", "--at", at, "--user", "admin", "--password-file", "\(rig.shell.folder)/password",
    ])
    #expect(
      found.code == 0 && found.text.contains("profile main  1920x1080 H264  rtsp://127.0.0.1:\(rig.rtsp)/ch1/main"),
      "\(found.text)")
    #expect(found.text.contains("user: \"admin\", password: \"…\", profile: \"main\"}") && !found.text.contains("Wg@12345"))
    let open = try rig.shell.run(["wall", "sources", "--at", at, "--json"])
    #expect(open.code == 1 && open.text.contains("use --user"), "\(open.text)")
    try rig.hand("digest")
    try rig.hand("clock", "7200")
    let digest = try rig.shell.run([
      "wall", "sources", "--at", at, "--user", "admin", "--password-file", "\(rig.shell.folder)/password",
    ])
    #expect(digest.code == 0 && digest.text.contains("set it"), "\(digest.text)")
    #expect(try rig.hand("show").contains("wrong 0"))
    let nobody = try rig.shell.run(["wall", "sources", "--at", "http://127.0.0.1:1/x"])
    #expect(nobody.code == 1 && nobody.text.contains("no answer by ONVIF"), "\(nobody.text)")
    #expect(try rig.shell.run(["wall", "sources", "--at", "https://x"]).code != 0)
  }
}
