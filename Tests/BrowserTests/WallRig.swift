import Foundation
import TestSupport
import Testing

/// The real program with a wall of 3×3 panels behind a matrix, all of them simulated, and the operator's page.
final class WallRig {
  let shell: Shell
  let browser: Browser
  let port: Int

  /// - Parameters:
  ///   - onEveryPage: scripts that run in each document before its own.
  ///   - operators: ids of accounts; without any nobody is asked who he is. All have the PIN `pin`.
  static func run(onEveryPage: [String] = [], operators: [String] = [], _ body: (WallRig) async throws -> Void) async throws {
    let folder = Shell.newFolder()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let site = try WallSite(columns: 3, rows: 3, bus: "\(folder)/bus")
    let port = site.consolePort
    let shell = try Shell(folder: folder, site: site.text)
    let check = try shell.run(["check", "\(folder)/site.yaml"])
    try #require(check.code == 0, "\(check.text)")
    try shell.startBus(panels: 1)
    try shell.start(["sim", "wall", "\(folder)/site.yaml", "--socket", "\(folder)/wall.sock"])
    try shell.waitUntil("the devices are there") {
      (try? shell.run(["sim", "wall", "--socket", "\(folder)/wall.sock", "--hand", "ping"]).code) == 0
    }
    try Data("\(pin)\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/pin"))
    for id in operators {
      let command = "\(Shell.linli) staff add \(folder)/site.yaml \(id) --role operator < \(folder)/pin"
      let added = try shell.run(["-c", command], program: "/bin/sh")
      try #require(added.code == 0, "\(added.text)")
    }
    _ = try shell.startStation()
    let browser = try await Browser(folder: folder, onEveryPage: onEveryPage)
    do {
      try await browser.waitUntil("the page is served") {
        (try? await LocalHTTP.ask(port: port, "GET", "/api/wall"))?.status == (operators.isEmpty ? 200 : 401)
      }
      try await browser.resize(1600, 1000)
      try await body(WallRig(shell, browser, port))
    } catch {
      await browser.quit()
      throw error
    }
    await browser.quit()
  }

  static let pin = "739164"

  private init(_ shell: Shell, _ browser: Browser, _ port: Int) {
    (self.shell, self.browser, self.port) = (shell, browser, port)
  }

  /// What a person does to the devices.
  func hand(_ command: String) throws {
    let words = command.split(separator: " ").map(String.init)
    let done = try shell.run(["sim", "wall", "--socket", "\(shell.folder)/wall.sock", "--hand"] + words)
    #expect(done.code == 0, "\(done.text)")
  }

  /// - Parameter staff: who logs in first, where that is asked for.
  func begin(as staff: String? = nil) async throws {
    try await browser.open("http://127.0.0.1:\(port)/")
    if let staff {
      try await browser.wait("it asks who is there", for: "document.querySelector('#login')")
      try await browser.click("#login [name=id]")
      try await browser.type(staff)
      try await browser.click("#login [name=pin]")
      try await browser.type(Self.pin)
      try await browser.press(.enter)
    }
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
