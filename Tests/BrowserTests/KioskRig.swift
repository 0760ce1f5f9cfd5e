import Foundation
import TestSupport
import Transports

/// The real `linli kiosk` with its own profile, policy and flags, on a screen that nobody sees (Xvfb), before the real station with a simulated
/// bus. Keys and mouse come from the screen's side (XTEST), as those of a real keyboard do: DevTools' own never reach the browser around a page.
final class KioskRig {
  let shell: Shell
  let ports: [Int]
  private let display: String

  static func run(_ body: (KioskRig) async throws -> Void) async throws {
    let ports = try (0..<4).map { _ in try Int(LoopbackListener.freePort()) }
    let folder = Shell.newFolder()
    let shell = try Shell(folder: folder, site: site(folder, ports))
    try shell.startBus(panels: 2)
    let rig = try KioskRig(shell, ports)
    // What a test that failed has left.
    defer {
      for process in rig.processes() { kill(process, SIGKILL) }
      for name in [rig.profile, rig.profile + ".lock"] { try? FileManager.default.removeItem(atPath: name) }
    }
    do {
      _ = try shell.startStation()
      try shell.waitUntil("the panels are online") { (try? shell.status())?.components(separatedBy: ": online").count == 5 }
      try await body(rig)
    } catch {
      throw BrowserError("\(error)\nThe logs say:\n\(rig.log)\n\(rig.stationLog)")
    }
  }

  private init(_ shell: Shell, _ ports: [Int]) throws {
    self.shell = shell
    self.ports = ports
    // The screen says its number when it is there.
    let file = "\(shell.folder)/display"
    try shell.start(
      ["Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"], program: "/usr/bin/env", log: file)
    var number = ""
    try shell.waitUntil("there is a screen; Tools/setup test installs it") {
      number = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
      return number.hasSuffix("\n")
    }
    display = ":" + number.dropLast()
  }

  private static func site(_ folder: String, _ ports: [Int]) -> String {
    let panels = (1...2).map {
      "      - {node: \($0), name: 面板, buttons: [{button: 1, place: hall}, {button: 2, place: hall}]}\n"
    }
    return """
      site: {name: 铁西社区综治中心, station: tiexi-03}
      places: [{id: hall, name: 大厅}]
      posts: [{id: desk, name: 值班台}, {id: w3, name: 三号窗口岗}]
      desk: {port: \(ports[0])}
      buses:
        - name: A
          port: \(folder)/bus
          panels:
      \(panels.joined())visits:
        services: [{id: legal, name: 法律咨询, letter: A, bring: [身份证], limitHours: 48}]
        windows: [{number: 3, name: 法律窗口, post: w3, services: [legal]}]
        kiosks: [{id: \(terminal(folder)), place: hall}]
        hazards: [{id: lamp, name: 路灯不亮}]
        contact: 综治中心前台
        publicPort: \(ports[1])
        windowPort: \(ports[2])
      journal: {folder: journal, ballastMiB: 1}
      """
  }

  /// One name a test: a second watch for the same terminal is refused.
  private static func terminal(_ folder: String) -> String { "t" + folder.filter { $0.isLetter || $0.isNumber }.suffix(8) }

  var terminal: String { Self.terminal(shell.folder) }
  var page: String { "http://127.0.0.1:\(ports[1])/kiosk/\(terminal)" }
  var log: String { (try? String(contentsOfFile: "\(shell.folder)/kiosk.log", encoding: .utf8)) ?? "" }
  private var stationLog: String {
    (try? String(contentsOfFile: "\(shell.folder)/station.log", encoding: .utf8))?.suffix(2000).description ?? ""
  }
  /// Where the browser's profile lies.
  var profile: String { "/dev/shm/linli-kiosk-\(getuid())-\(terminal)" }

  /// - Parameters:
  ///   - browser: another program than Chromium.
  ///   - more: other words of its command line.
  func startKiosk(browser: String? = nil, _ more: [String] = []) throws -> Process {
    let more = (browser.map { ["--browser", $0] } ?? []) + more
    return try shell.start(
      [
        "kiosk", "--site", "\(shell.folder)/site.yaml", "--no-sandbox", "--debug-port", "\(ports[3])", "--size", "1024x768",
        "--console", "\(shell.folder)/console",
      ] + more,
      environment: ["DISPLAY": display, "XDG_RUNTIME_DIR": shell.folder, "STATE_DIRECTORY": "\(shell.folder)/state"],
      log: "\(shell.folder)/kiosk.log")
  }

  /// So often the page has come up.
  func count(_ words: String) -> Int { log.components(separatedBy: words).count - 1 }

  func waitForPage(_ times: Int = 1, seconds: Double = 60) throws {
    try shell.waitUntil("the page is there for the \(times). time", seconds: seconds) { count("its page works") == times }
  }

  /// DevTools, which only tests may have.
  func attach() async throws -> Browser {
    try await Browser(folder: shell.folder, onEveryPage: [], attachedTo: ports[3])
  }

  /// What is open: pages by address without their marks, panels of the browser too.
  func open() async throws -> [String] {
    struct Target: Decodable { var type, url: String }
    let answer = try await LocalHTTP.ask(port: ports[3], "GET", "/json/list")
    return try JSONDecoder().decode([Target].self, from: answer.body).filter { !$0.type.contains("worker") }.map {
      $0.url.replacing(#/#[0-9a-z]{1,32}$/#, with: "")
    }.sorted()
  }

  /// Windows on the screen.
  func windows() throws -> Int {
    try hands(["search", "--onlyvisible", "--name", "."]).split(separator: "\n").count
  }

  /// A real keyboard and mouse: what `xdotool` is told.
  @discardableResult func hands(_ words: [String]) throws -> String {
    try shell.run(["DISPLAY=\(display)", "xdotool"] + words, program: "/usr/bin/env").text
  }

  /// Processes of this terminal's browser: all, or those whose command line holds a word.
  func processes(_ word: String = "") -> [pid_t] {
    let all = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    func has(_ process: pid_t, _ file: String, _ text: String) -> Bool {
      FileManager.default.contents(atPath: "/proc/\(process)/\(file)")?.range(of: Data(text.utf8)) != nil
    }
    // All but those that wait for a crash are in the group of the one that was told its profile.
    let groups = Set(all.filter { has($0, "cmdline", "--user-data-dir=\(profile)/") }.map { getpgid($0) })
    return all.filter {
      (groups.contains(getpgid($0)) || has($0, "environ", "HOME=\(profile)/")) && (word.isEmpty || has($0, "cmdline", word))
    }
  }
}
