import DeviceKit
import Foundation
import Transports

/// A headless Chromium of its own by W3C WebDriver, with chromedriver: only what the rows need. Every answer is waited for with a limit.
final class Chromium {
  private struct Answer<Value: Decodable>: Decodable { var value: Value }
  private struct Refusal: Decodable { var error, message: String }
  private struct Nothing: Decodable { init(from decoder: any Decoder) {} }
  struct Session: Decodable { var sessionId: String }

  private let driver: ChildProgram
  private let port: Int
  private var session = ""

  /// - Parameter folder: where it may leave files.
  init(folder: String) throws {
    let port = Int(try LoopbackListener.freePort())
    self.port = port
    let home = "\(folder)/chromium-\(port)"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    driver = try ChildProgram(
      ["chromedriver", "--port=\(port)"], environment: ["HOME": home, "TMPDIR": home], log: "\(home)/chromedriver")
    try StationUnderTest.wait("chromedriver listens (log: \(home)/chromedriver)", seconds: 30) {
      (try? LocalRequest.send("GET", port: port, "/status", seconds: 5))?.status == 200
    }
    let arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1366,768",
      "--user-data-dir=\(home)/profile",
    ]
    let wish = ["capabilities": ["alwaysMatch": ["goog:chromeOptions": ["args": arguments]]]]
    session = "/session/\(try call("POST", "/session", wish, as: Session.self, seconds: 60).sessionId)"
    try post("timeouts", ["script": 20_000, "pageLoad": 40_000, "implicit": 0])
  }

  /// Ends Chromium, then chromedriver, and whatever of them is left.
  func quit() {
    let all = processes
    _ = try? call("DELETE", session, nil, as: Nothing.self, seconds: 10)
    _ = try? LocalRequest.send("GET", port: port, "/shutdown", seconds: 5)
    kill(driver.processID, SIGKILL)
    _ = try? driver.wait(seconds: 5)
    for process in all where ProcessTree.text(process, "cmdline").contains("chrom") { kill(process, SIGKILL) }
  }

  func open(_ address: String) throws { try post("url", ["url": address]) }

  /// Runs the body of a function in the page and answers what it returns (a promise is waited for).
  func evaluate<Value: Decodable>(_ script: String, as type: Value.Type = Value.self) throws -> Value {
    try call("POST", "\(session)/execute/sync", ["script": script, "args": [String]()], as: type)
  }

  func run(_ script: String) throws { _ = try evaluate(script, as: Nothing.self) }

  /// Looks again and again until the expression is true.
  func wait(_ what: String, seconds: Int = 20, for expression: String) throws {
    try StationUnderTest.wait("\(what), in the page", seconds: seconds) { try evaluate("return Boolean(\(expression))") }
  }

  /// A real click: scrolled to, and refused by the browser when something lies over it.
  func click(_ selector: String) throws {
    let found = try call(
      "POST", "\(session)/element", ["using": "css selector", "value": selector], as: [String: String].self)
    guard let id = found.values.first else { throw BenchError("the page has no \(selector)") }
    try post("element/\(id)/click", [String: String]())
  }

  /// A command of the DevTools protocol.
  func chromium<Value: Decodable>(_ command: String, as type: Value.Type) throws -> Value {
    try call("POST", "\(session)/goog/cdp/execute", ["cmd": command, "params": [String: String]()], as: type)
  }

  func chromium(_ command: String) throws { _ = try chromium(command, as: Nothing.self) }

  // MARK: Memory

  struct Memory {
    var resident = 0.0
    var proportional = 0.0
    var processes = 0
  }

  /// Of all processes of the browser, in KiB; chromedriver is none of them.
  var memory: Memory {
    var sum = Memory()
    for process in processes {
      let lines = ProcessTree.text(process, "smaps_rollup").split(separator: "\n")
      func value(_ name: String) -> Double? {
        lines.first { $0.hasPrefix(name) }.flatMap { $0.split(separator: " ").compactMap { Double($0) }.first }
      }
      guard let resident = value("Rss:"), let proportional = value("Pss:") else { continue }
      sum.resident += resident
      sum.proportional += proportional
      sum.processes += 1
    }
    return sum
  }

  private var processes: [pid_t] { ProcessTree.below(driver.processID) }

  // MARK: HTTP

  private func post(_ path: String, _ body: [String: Any]) throws {
    _ = try call("POST", "\(session)/\(path)", body, as: Nothing.self)
  }

  private func call<Value: Decodable>(
    _ method: String, _ path: String, _ body: [String: Any]?, as type: Value.Type, seconds: Int = 50
  ) throws -> Value {
    let data = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
    let answer = try LocalRequest.send(method, port: port, path, data, seconds: seconds)
    guard answer.status == 200 else {
      let reason = (try? JSONDecoder().decode(Answer<Refusal>.self, from: answer.body))?.value
      throw BenchError("chromedriver \(path): \(reason.map { "\($0.error): \($0.message)" } ?? "status \(answer.status)")")
    }
    return try JSONDecoder().decode(Answer<Value>.self, from: answer.body).value
  }
}
