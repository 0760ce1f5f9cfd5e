import Foundation

/// A headless Chromium of its own, driven through chromedriver: W3C WebDriver over HTTP, and `goog/cdp/execute` beside it.
final class Browser: Sendable {
  private let driver: Process
  private let port: Int
  private let session: String
  private let onEveryPage: [String]

  /// - Parameters:
  ///   - folder: where it may leave files.
  ///   - onEveryPage: scripts that run in each document before its own.
  ///   - debugPort: of a browser that runs already, and goes on when this one quits; `nil`: one of its own is started.
  init(folder: String, onEveryPage: [String], attachedTo debugPort: Int? = nil) async throws {
    self.onEveryPage = onEveryPage
    (driver, port) = try Self.startDriver(folder)
    let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1366,900"]
    let options: [String: Any] = debugPort.map { ["debuggerAddress": "127.0.0.1:\($0)"] } ?? ["args": arguments]
    let capabilities = ["alwaysMatch": ["goog:chromeOptions": options]]
    struct Session: Decodable, Sendable { var sessionId: String }
    do {
      let made = try await Self.call(port, "POST", "/session", ["capabilities": capabilities], as: Session.self)
      session = "/session/\(made.sessionId)"
      try await prepareTab()
    } catch {
      await Self.end(driver, port)
      throw error
    }
  }

  /// It takes one port in two families, and ends when somebody else has it in one of them by then.
  private static func startDriver(_ folder: String, attempts: Int = 3) throws -> (Process, Int) {
    let driver = Process()
    driver.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    driver.arguments = ["chromedriver", "--port=0"]
    driver.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": folder, "HOME": folder]) { $1 }
    driver.standardInput = FileHandle.nullDevice
    driver.standardError = FileHandle.nullDevice
    let said = Pipe()
    driver.standardOutput = said
    try driver.run()
    do {
      return (driver, try port(said.fileHandleForReading))
    } catch {
      kill(driver.processIdentifier, SIGKILL)
      driver.waitUntilExit()
      guard attempts > 1 else { throw error }
      return try startDriver(folder, attempts: attempts - 1)
    }
  }

  /// What chromedriver says when it listens.
  private static func port(_ output: FileHandle) throws -> Int {
    var text = ""
    while true {
      if let number = text.firstMatch(of: #/successfully on port (\d+)\./#)?.1, let port = Int(number) { return port }
      let data = output.availableData
      guard !data.isEmpty else { throw BrowserError("chromedriver does not start; Tools/setup test installs it. \(text)") }
      text += String(decoding: data, as: UTF8.self)
    }
  }

  /// Ends Chromium, then chromedriver.
  func quit() async {
    _ = try? await Self.call(port, "DELETE", session, nil, as: Nothing.self)
    await Self.end(driver, port)
  }

  private static func end(_ driver: Process, _ port: Int) async {
    _ = try? await LocalHTTP.ask(port: port, "GET", "/shutdown")
    // It takes no SIGTERM.
    kill(driver.processIdentifier, SIGKILL)
    driver.waitUntilExit()
  }

  // MARK: - Pages and tabs

  func open(_ address: String) async throws { try await post("url", ["url": address]) }

  /// The handle of the tab that is looked at.
  func tab() async throws -> String { try await get("window") }

  /// Opens a tab and looks at it; answers its handle.
  func newTab() async throws -> String {
    struct Tab: Decodable, Sendable { var handle: String }
    let handle = try await post("window/new", ["type": "tab"], as: Tab.self).handle
    try await look(at: handle)
    try await prepareTab()
    return handle
  }

  func look(at tab: String) async throws { try await post("window", ["handle": tab]) }

  /// Closes the tab that is looked at; another must be looked at before anything else.
  func closeTab() async throws { _ = try await Self.call(port, "DELETE", session + "/window", nil, as: [String].self) }

  /// Width and height of what the page sees, in CSS pixels; also narrower than any real window.
  func resize(_ width: Int, _ height: Int) async throws {
    try await chromium(
      "Emulation.setDeviceMetricsOverride", ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
    // The page hears of it with the next frame. Where nobody looks at it there is none.
    let script = """
      const done = arguments[0];
      requestAnimationFrame(() => requestAnimationFrame(() => done(null)));
      setTimeout(() => done(null), 1000);
      """
    _ = try await post("execute/async", ["script": script, "args": [String]()], as: Nothing.self)
  }

  private func prepareTab() async throws {
    for script in onEveryPage { try await chromium("Page.addScriptToEvaluateOnNewDocument", ["source": script]) }
  }

  private func chromium(_ command: String, _ parameters: [String: Any]) async throws {
    try await post("goog/cdp/execute", ["cmd": command, "params": parameters])
  }

  /// What is seen now, as PNG.
  func picture() async throws -> Data { Data(base64Encoded: try await get("screenshot")) ?? Data() }

  // MARK: - Asking the page

  /// Runs the body of a function in the page and answers what it returns (a promise is waited for).
  func evaluate<Value: Decodable & Sendable>(_ script: String, as type: Value.Type = Value.self) async throws -> Value {
    try await post("execute/sync", ["script": script, "args": [String]()], as: type)
  }

  func run(_ script: String) async throws { _ = try await evaluate(script, as: Nothing.self) }

  /// Looks again and again until the expression is true; the limit is only there against hanging.
  func wait(_ what: String, seconds: Double = 30, for expression: String) async throws {
    try await waitUntil(what, seconds: seconds) { try await self.evaluate("return Boolean(\(expression))") }
  }

  func waitUntil(_ what: String, seconds: Double = 30, _ condition: () async throws -> Bool) async throws {
    let limit = Date(timeIntervalSinceNow: seconds)
    while Date() < limit {
      if try await condition() { return }
      try await Task.sleep(for: .milliseconds(30))
    }
    let page = (try? await evaluate("return document.body.innerText", as: String.self)) ?? ""
    throw BrowserError("did not happen: \(what). The page says:\n\(page.prefix(1500))")
  }

  // MARK: - Hands

  /// A real click: scrolled to, and refused by the browser when something lies over it.
  func click(_ selector: String) async throws {
    for attempt in 1... {
      let element = try await find(selector)
      guard let id = element.values.first else { throw BrowserError("no \(selector)") }
      do {
        return try await post("element/\(id)/click", [String: String]())
      } catch  where attempt < 5 && "\(error)".contains("click intercepted") {
        // Calls were put into another order between the look and the click: a person looks again, too.
      }
    }
  }

  private func find(_ selector: String, at place: String = "center") async throws -> [String: String] {
    let element = try await post("element", ["using": "css selector", "value": selector], as: [String: String].self)
    try await post("execute/sync", ["script": "arguments[0].scrollIntoView({ block: '\(place)' })", "args": [element]])
    return element
  }

  /// A finger on the middle of an element, that stays until `liftFinger`.
  func putFinger(on selector: String) async throws {
    let element = try await find(selector)
    let move: [String: Any] = ["type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": element]
    try await finger([move, ["type": "pointerDown", "button": 0]])
  }

  func liftFinger() async throws { try await finger([["type": "pointerUp", "button": 0]]) }

  private func finger(_ actions: [[String: Any]]) async throws {
    try await act(["type": "pointer", "id": "finger", "parameters": ["pointerType": "touch"], "actions": actions])
  }

  /// A finger that touches the middle of an element.
  func tap(_ selector: String) async throws {
    let move: [String: Any] = ["type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": try await find(selector)]
    let touch: [[String: Any]] = [
      ["type": "pointerDown", "button": 0], ["type": "pause", "duration": 40], ["type": "pointerUp", "button": 0],
    ]
    try await finger([move] + touch)
  }

  /// The mouse rests on the middle of an element.
  func point(at selector: String) async throws {
    let move: [String: Any] = [
      "type": "pointerMove", "duration": 20, "x": 0, "y": 0, "origin": try await find(selector, at: "nearest"),
    ]
    try await act(["type": "pointer", "id": "mouse", "parameters": ["pointerType": "mouse"], "actions": [move]])
  }

  /// The mouse (or a finger: `touch`) takes hold of one element and lets go over another; both must be in sight together.
  func drag(_ selector: String, to target: String, by pointer: String = "mouse") async throws {
    let (from, to) = (try await find(selector, at: "nearest"), try await find(target, at: "nearest"))
    func move(_ element: [String: String], by offset: Int, _ milliseconds: Int) -> [String: Any] {
      ["type": "pointerMove", "duration": milliseconds, "x": offset, "y": offset, "origin": element]
    }
    try await act([
      "type": "pointer", "id": pointer, "parameters": ["pointerType": pointer],
      "actions": [
        move(from, by: 0, 0), ["type": "pointerDown", "button": 0], move(from, by: 8, 50), move(to, by: -4, 100),
        move(to, by: 0, 50),
        ["type": "pointerUp", "button": 0],
      ],
    ])
  }

  /// As long as a finger rests on a key.
  func hold(_ key: Key, milliseconds: Int) async throws {
    let stroke = Self.stroke(key.rawValue)
    try await keyboard([stroke[0], ["type": "pause", "duration": milliseconds], stroke[1]])
  }

  /// Keys go to whatever has the focus, one after another.
  func press(_ keys: Key..., holding held: Key? = nil) async throws {
    let down = held.map { [["type": "keyDown", "value": $0.rawValue]] } ?? []
    let up = held.map { [["type": "keyUp", "value": $0.rawValue]] } ?? []
    try await keyboard(down + keys.flatMap { Self.stroke($0.rawValue) } + up)
  }

  func type(_ text: String) async throws { try await keyboard(text.flatMap { Self.stroke(String($0)) }) }

  enum Key: String {
    case tab = "\u{E004}", enter = "\u{E007}", shift = "\u{E008}", control = "\u{E009}", escape = "\u{E00C}", space = " "
    case left = "\u{E012}", up = "\u{E013}", right = "\u{E014}", down = "\u{E015}"
  }

  private static func stroke(_ key: String) -> [[String: Any]] {
    ["keyDown", "keyUp"].map { ["type": $0, "value": key] }
  }

  private func keyboard(_ actions: [[String: Any]]) async throws {
    try await act(["type": "key", "id": "keyboard", "actions": actions])
  }

  private func act(_ source: [String: Any]) async throws { try await post("actions", ["actions": [source]]) }

  // MARK: - HTTP

  private struct Nothing: Decodable, Sendable { init(from decoder: any Decoder) {} }
  private struct Answer<Value: Decodable>: Decodable { var value: Value }
  private struct Refusal: Decodable { var error, message: String }

  private func get(_ path: String) async throws -> String {
    try await Self.call(port, "GET", "\(session)/\(path)", nil, as: String.self)
  }

  private func post(_ path: String, _ body: [String: Any]) async throws { _ = try await post(path, body, as: Nothing.self) }

  private func post<Value: Decodable & Sendable>(_ path: String, _ body: [String: Any], as type: Value.Type) async throws -> Value
  {
    try await Self.call(port, "POST", "\(session)/\(path)", body, as: type)
  }

  private static func call<Value: Decodable & Sendable>(
    _ port: Int, _ method: String, _ path: String, _ body: [String: Any]?, as type: Value.Type
  ) async throws -> Value {
    let answer = try await LocalHTTP.ask(
      port: port, method, path, try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data())
    guard answer.status == 200 else {
      let reason = try JSONDecoder().decode(Answer<Refusal>.self, from: answer.body).value
      throw BrowserError("\(method) \(path): \(reason.error): \(reason.message)")
    }
    return try JSONDecoder().decode(Answer<Value>.self, from: answer.body).value
  }
}

struct BrowserError: Error, CustomStringConvertible {
  var description: String
  init(_ text: String) { description = text }
}
