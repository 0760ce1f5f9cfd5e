import Foundation
import StationRuntime
import TestSupport
import Transports

/// The real station with a simulated bus of three panels, which are drawn on a page, and a browser that looks at its duty desk.
final class DeskRig {
  let shell: Shell
  let browser: Browser
  let port: Int
  let panelsPort: Int
  private(set) var station: Process
  private var bus: Process

  var address: String { "http://127.0.0.1:\(port)/" }

  /// Names that a site's people chose; pages show them as they are, in either language.
  static let names = [
    "测试社区综治中心", "群众接待室", "二楼东侧矛盾纠纷多元化解调解室(第二会议室)", "东门", "值班台", "带班岗", "接待面板", "调解面板", "东门面板",
  ]

  /// Starts everything, does `body`, and ends everything again, whatever happens.
  static func run(onEveryPage: [String] = [], _ body: (DeskRig) async throws -> Void) async throws {
    // Fixed ports: the station must come back on the same one after it was killed.
    let ports = (desk: try Int(LoopbackListener.freePort()), panels: try Int(LoopbackListener.freePort()))
    let folder = Shell.newFolder()
    let shell = try Shell(folder: folder, site: site(folder: folder, port: ports.desk))
    let bus = try shell.startBus(panels: 3, ["--page", "\(ports.panels)"])
    let station = try shell.startStation()
    let browser = try await Browser(folder: folder, onEveryPage: onEveryPage)
    let rig = DeskRig(shell: shell, browser: browser, ports: ports, station: station, bus: bus)
    do {
      try await browser.waitUntil("the panels are online") {
        (try? shell.desk("status"))?.components(separatedBy: ": online").count == 7
      }
      try await body(rig)
    } catch {
      await browser.quit()
      throw error
    }
    await browser.quit()
  }

  private init(shell: Shell, browser: Browser, ports: (desk: Int, panels: Int), station: Process, bus: Process) {
    self.shell = shell
    self.browser = browser
    port = ports.desk
    panelsPort = ports.panels
    self.station = station
    self.bus = bus
  }

  private static func site(folder: String, port: Int) -> String {
    """
    site: {name: \(names[0]), station: test}
    places:
      - {id: p1, name: \(names[1])}
      - {id: p2, name: \(names[2])}
      - {id: p3, name: \(names[3])}
    posts:
      - {id: desk, name: \(names[4])}
      - {id: lead, name: \(names[5]), phone: "024-81234567"}
    buses:
      - name: A
        port: \(folder)/bus
        panels:
          - {node: 1, name: \(names[6]), buttons: [{button: 1, place: p1}, {button: 2, place: p1, silent: true}]}
          - {node: 2, name: \(names[7]), buttons: [{button: 1, place: p2}, {button: 2, place: p2}]}
          - {node: 3, name: \(names[8]), buttons: [{button: 1, place: p3}, {button: 2, place: p3}]}
    desk: {port: \(port)}
    journal: {folder: journal, ballastMiB: 1}
    """
  }

  // MARK: - The station

  func restartStation() throws { station = try shell.startStation() }

  /// The adapter's plug.
  func pullBus() {
    kill(bus.processIdentifier, SIGKILL)
    bus.waitUntilExit()
  }

  func plugBusIn() throws { bus = try shell.startBus(panels: 3, ["--page", "\(panelsPort)"]) }

  func signalStation(_ number: Int32) { kill(station.processIdentifier, number) }

  /// Event streams that the station's server has open now.
  func streams() async throws -> Int {
    struct Health: Decodable { var pages: Int }
    return try JSONDecoder().decode(Health.self, from: try await LocalHTTP.ask(port: port, "GET", "/healthz").body).pages
  }

  /// What the lamp of a button shows, from the panel's own model: off, fast, slow, steady, coming or fault.
  func lamp(_ node: Int, _ button: Int) throws -> String {
    let line = try shell.panels("show").split(separator: "\n").first { $0.hasPrefix("\(node) ") } ?? ""
    return line.split(separator: " ").first { $0.hasPrefix("\(button):") }.map { String($0.dropFirst(2)) } ?? "?"
  }

  /// Presses a button of a panel and waits until its card is on the page.
  func call(_ button: String, card id: Int) async throws {
    _ = try shell.panels("press \(button)")
    try await browser.wait("card \(id) appears", for: Self.card(id))
  }

  // MARK: - The page

  /// An expression for a card, or for what is in it.
  static func card(_ id: Int, _ selector: String? = nil) -> String {
    "document.querySelector('#incidents > [data-key=\"\(id)\"]\(selector.map { " \($0)" } ?? "")')"
  }

  static func hasPhase(_ id: Int, _ phase: String) -> String { "\(card(id))?.dataset.phase === '\(phase)'" }

  /// A selector for a button in a card.
  static func button(_ id: Int, _ action: String) -> String { "#incidents > [data-key='\(id)'] .\(action)" }

  func openDesk() async throws {
    try await browser.open(address)
    try await browser.wait("the posts are there", for: "document.querySelector('input[name=post]')")
  }

  /// Picks a post and starts the duty, as a hand with a mouse does.
  func startDuty(post: String = "desk") async throws {
    try await browser.click("label.choice:has(input[value=\(post)])")
    try await browser.click("#start-button")
    try await browser.wait("the duty has begun", for: "!document.body.classList.contains('not-started')")
  }
}
