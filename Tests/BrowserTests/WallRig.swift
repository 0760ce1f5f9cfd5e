import Foundation
import TestSupport
import Testing
import Transports

/// The real program with a wall of 3×3 panels behind a matrix, all of them simulated, and the operator's page.
final class WallRig {
  let shell: Shell
  let browser: Browser
  let port: Int

  static func run(_ body: (WallRig) async throws -> Void) async throws {
    let folder = Shell.newFolder()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let port = try Int(LoopbackListener.freePort())
    let devices = try (0..<10).map { _ in try Int(LoopbackListener.freePort()) }
    let shell = try Shell(folder: folder, site: site(folder, port, devices))
    let check = try shell.run(["check", "\(folder)/site.yaml"])
    try #require(check.code == 0, "\(check.text)")
    try shell.startBus(panels: 1)
    try shell.start(["sim", "wall", "\(folder)/site.yaml", "--socket", "\(folder)/wall.sock"])
    try shell.waitUntil("the devices are there") {
      (try? shell.run(["sim", "wall", "--socket", "\(folder)/wall.sock", "--hand", "ping"]).code) == 0
    }
    _ = try shell.startStation()
    let browser = try await Browser(folder: folder, onEveryPage: [])
    do {
      try await browser.waitUntil("the page is served") {
        (try? await LocalHTTP.ask(port: port, "GET", "/api/wall"))?.status == 200
      }
      try await browser.resize(1600, 1000)
      try await body(WallRig(shell, browser, port))
    } catch {
      await browser.quit()
      throw error
    }
    await browser.quit()
  }

  private init(_ shell: Shell, _ browser: Browser, _ port: Int) {
    (self.shell, self.browser, self.port) = (shell, browser, port)
  }

  private static func site(_ folder: String, _ port: Int, _ devices: [Int]) -> String {
    let outputs = (1...9).map { number in
      "    - {number: \(number), at: [\((number - 1) % 3 + 1), \((number - 1) / 3 + 1)], matrix: hub/\(number), "
        + "display: p\(number)/1, input: HDMI1, spans: true}"
    }
    let panels = (1...9).map { "    - {name: p\($0), kind: samsungMDC, host: 127.0.0.1, port: \(devices[$0])}" }
    return """
      site: {name: 测试街道综治中心, station: test}
      places: [{id: hall, name: 大厅}, {id: yard, name: 院内}]
      posts: [{id: desk, name: 值班台}, {id: wall, name: 大屏岗}]
      buses:
        - {name: A, port: \(folder)/bus, panels: [{node: 1, name: 大厅面板, buttons: [{button: 1, place: hall}, {button: 2, place: yard}]}]}
      desk: {port: 0}
      journal: {folder: journal, ballastMiB: 1}
      wall:
        port: \(port)
        grid: {columns: 3, rows: 3, bezel: 30}
        devices:
          - {name: hub, kind: videohub, host: 127.0.0.1, port: \(devices[0])}
      \(panels.joined(separator: "\n"))
        outputs:
      \(outputs.joined(separator: "\n"))
        sources:
          - {id: cam, name: 院内摄像机, kind: camera, place: yard, inputs: [hub/1]}
          - {id: map, name: 网格地图, kind: computer, inputs: [hub/2]}
          - {id: board, name: 公告栏, kind: board, inputs: [hub/3]}
        layouts:
          - {id: big, name: 大图, regions: [{name: 主画面, at: [1, 1], size: [2, 2], sources: [map]}, {name: 右上, at: [3, 1], sources: [board]}]}
          - {id: all, name: 满屏, regions: [{name: 全, at: [1, 1], size: [3, 3], sources: [board]}]}
        scenes:
          - {id: day, name: 日常, layout: big}
          - {id: full, name: 满屏, layout: all}
        visitorSource: board
        idleSource: board
      """
  }

  /// What a person does to the devices.
  func hand(_ command: String) throws {
    let words = command.split(separator: " ").map(String.init)
    let done = try shell.run(["sim", "wall", "--socket", "\(shell.folder)/wall.sock", "--hand"] + words)
    #expect(done.code == 0, "\(done.text)")
  }

  func begin() async throws {
    try await browser.open("http://127.0.0.1:\(port)/")
    try await browser.wait("the posts are there", for: "document.querySelector('input[name=post]')")
    try await browser.click("label.choice:has(input[value='wall'])")
    try await browser.click("#start-button")
    try await browser.wait("the wall is drawn", for: "document.querySelectorAll('.tile').length === 9")
  }

  /// Waits until tiles stand so: `1 verified 网格地图`, in the page itself.
  func shows(_ tile: Int, _ proof: String, _ text: String) async throws {
    try await browser.wait(
      "output \(tile) is \(proof) with \(text)",
      for:
        "(t => t?.classList.contains('\(proof)') && t.querySelector('.middle').textContent === '\(text)')(document.querySelector('.tile[data-output=\"\(tile)\"]'))"
    )
  }
}
