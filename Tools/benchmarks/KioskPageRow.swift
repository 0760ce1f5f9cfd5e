import DeviceKit
import Foundation
import Transports

/// Row 16: what the terminal's page costs in the browser that shows it.
enum KioskPageRow {
  /// A page with one heading: what the browser itself takes.
  private static let empty = "data:text/html,<meta charset=utf-8><h1>1</h1>"

  private struct Load: Decodable {
    var paint: Double
    var bytes: Int
    var requests: Int
    var heap: Int
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    Report.progress("the terminal's page, loaded ten times")
    try VisitRows.Folder.make()
    defer { VisitRows.Folder.remove() }
    let centre = try VisitRows.Centre(bench)
    let port = try LineRelay.freePort()
    let driver = try ChildProgram(["chromedriver", "--port=\(port)"], log: VisitRows.Folder.path + "/driver")
    defer { try? driver.terminate() }
    let browser = try Chromium(port: Int(port), profile: VisitRows.Folder.path + "/profile")
    defer { browser.quit() }
    var (own, blank) = (Samples(), Samples())
    var last: Load?
    for _ in 0..<bench.samples(10) {
      blank.add(try load(browser, empty).paint)
      let loaded = try load(browser, "http://127.0.0.1:\(centre.hall)/kiosk/hall")
      own.add(loaded.paint)
      last = loaded
    }
    guard let last else { throw BenchError("nothing was loaded") }
    let shown = try browser.memory()
    _ = try load(browser, empty)
    let base = try browser.memory()
    return [
      Figure(
        "first contentful paint, p50 of \(own.count)", Report.milliseconds(own.percentile(50) * 1_000), goal: "≤ 1 s",
        reference: "a page of one heading \(Report.milliseconds(blank.percentile(50) * 1_000))",
        ratio: own.percentile(50) / blank.percentile(50), isMet: own.percentile(50) <= 1_000),
      Figure("bytes over loopback, \(last.requests) requests", "\(last.bytes / 1_024) KiB"),
      Figure("JavaScript heap", "\(last.heap / 1_024) KiB"),
      Figure(
        "proportional memory of the page's processes", "\(shown / 1_024) MiB",
        reference: "the same with a page of one heading \(base / 1_024) MiB", ratio: Double(shown) / Double(max(base, 1))),
    ]
  }

  private static func load(_ browser: Chromium, _ address: String) throws -> Load {
    try browser.open(address)
    // Until it was painted, and what follows has come.
    var found: Load?
    try StationUnderTest.wait("\(address.prefix(40)) is painted", seconds: 30) {
      found = try browser.evaluate(
        """
        const paint = performance.getEntriesByName('first-contentful-paint')[0];
        const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
        return JSON.stringify({ paint: paint ? paint.startTime : -1, requests: all.length,
          bytes: all.reduce((sum, one) => sum + one.transferSize, 0), heap: performance.memory.usedJSHeapSize });
        """)
      return (found?.paint ?? -1) >= 0
    }
    usleep(700_000)
    guard let found else { throw BenchError("\(address) was not painted") }
    return found
  }
}

/// Headless Chromium by the W3C's WebDriver protocol: only what the row needs.
private final class Chromium {
  private let port: Int
  private let profile: String
  private var session = ""

  init(port: Int, profile: String) throws {
    self.port = port
    self.profile = profile
    let arguments = ["--headless=new", "--no-sandbox", "--window-size=1366,768", "--user-data-dir=\(profile)"]
    let wish: [String: Any] = ["capabilities": ["alwaysMatch": ["goog:chromeOptions": ["args": arguments]]]]
    try StationUnderTest.wait("chromedriver listens", seconds: 30) { (try? Loopback.ask(port, "GET", "/status")) != nil }
    guard let made = try ask("POST", "/session", wish) as? [String: Any], let id = made["sessionId"] as? String else {
      throw BenchError("no browser")
    }
    session = "/session/\(id)"
  }

  func quit() { _ = try? ask("DELETE", session, nil) }
  func open(_ address: String) throws { _ = try ask("POST", session + "/url", ["url": address]) }

  func evaluate<Value: Decodable>(_ script: String) throws -> Value {
    let said = try ask("POST", session + "/execute/sync", ["script": script, "args": [Any]()])
    guard let text = said as? String else { throw BenchError("the page answered \(said)") }
    return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }

  /// Proportional set size of the renderers, in KiB.
  func memory() throws -> Int {
    let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { $0.allSatisfy(\.isNumber) }
    return processes.reduce(0) { sum, process in
      guard let command = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8),
        command.contains("--type=renderer"), command.contains(profile) || isOurs(process),
        let text = try? String(contentsOfFile: "/proc/\(process)/smaps_rollup", encoding: .utf8),
        let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") })
      else { return sum }
      return sum + (line.split(separator: " ").compactMap { Int($0) }.first ?? 0)
    }
  }

  /// A child of a process that was given this profile.
  private func isOurs(_ process: String) -> Bool {
    var process = process
    for _ in 0..<6 {
      guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
      // "pid (name) state parent ...": a name may hold blanks.
      let fields = status[(status.lastIndex(of: ")") ?? status.startIndex)...].split(separator: " ")
      guard fields.count > 2 else { return false }
      process = String(fields[2])
      if let command = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8), command.contains(profile) {
        return true
      }
    }
    return false
  }

  private func ask(_ method: String, _ path: String, _ body: [String: Any]?) throws -> Any {
    let text = try body.map { String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) } ?? ""
    let answer = try Loopback.bytes(port, method, path, text)
    guard let gap = Data(answer).range(of: Data("\r\n\r\n".utf8)),
      let json = try JSONSerialization.jsonObject(with: Data(answer)[gap.upperBound...]) as? [String: Any]
    else { throw BenchError("chromedriver: \(String(decoding: answer.prefix(200), as: UTF8.self))") }
    return json["value"] ?? ""
  }
}
