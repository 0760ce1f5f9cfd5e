import Foundation
import Station
import StationRuntime
import TestSupport
import Testing
import Transports

/// The real program with a display wall: simulated devices at real ports, and its console's requests as any client makes them.
final class WallStation {
  let shell: Shell
  let port: UInt16
  let site: WallSite
  private(set) var station: Process

  /// - Parameters:
  ///   - accounts: id, role and post of each; without any nobody is asked who he is. All PINs are `pin`.
  ///   - hands: what is done to the devices before the station starts.
  ///   - simulator: more for `linli sim wall`.
  ///   - change: of the site before anything starts.
  init(
    columns: Int, rows: Int, accounts: [(id: String, role: String, post: String)] = [], hands: [String] = [],
    simulator: [String] = [], change: (inout WallSite) throws -> Void = { _ in }
  )
    throws
  {
    let folder = Shell.newFolder()
    var site = try WallSite(columns: columns, rows: rows, bus: "\(folder)/bus")
    try change(&site)
    port = UInt16(site.consolePort)
    self.site = site
    shell = try Shell(folder: folder, site: site.text)
    try shell.startBus(panels: 1)
    try shell.start(["sim", "wall", "\(folder)/site.yaml", "--socket", "\(folder)/wall.sock"] + simulator)
    let shell = shell
    try shell.waitUntil("the devices are there") { (try? shell.devices("ping")) == "ok\n" }
    for hand in hands { try shell.devices(hand) }
    for account in accounts { try Self.add(account, shell) }
    station = try shell.startStation()
    try waitUntilServed()
  }

  static let pin = "739164"

  private static func add(_ account: (id: String, role: String, post: String), _ shell: Shell) throws {
    let typed = "\(shell.folder)/pin"
    try Data("\(pin)\n".utf8).write(to: URL(fileURLWithPath: typed))
    let command =
      "\(Shell.linli) staff add \(shell.folder)/site.yaml \(account.id) --role \(account.role) --post \(account.post) < \(typed)"
    let added = try shell.run(["-c", command], program: "/bin/sh")
    try #require(added.code == 0, "\(added.text)")
  }

  private func waitUntilServed() throws {
    try shell.waitUntil("the console has its port") {
      (try? String(contentsOfFile: "\(shell.folder)/station.log", encoding: .utf8))?.contains("display wall: http") == true
    }
    try shell.waitUntil("the wall is on the console, or a login is asked for") {
      (try? get("/api/wall").status).map { [200, 401].contains($0) } ?? false
    }
  }

  /// Ends it as a power cut does, and starts it again.
  func killAndRestart() throws {
    kill(station.processIdentifier, SIGKILL)
    station.waitUntilExit()
    station = try shell.startStation()
    try waitUntilServed()
  }

  // MARK: - Requests

  struct Answer {
    var status: Int
    var body: String
    var cookie: String?
    var word: String? { (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])?["answer"] as? String }
  }

  func get(_ path: String, cookie: String? = nil) throws -> Answer { try Self.ask(port, "GET", path, nil, cookie) }

  /// - Parameter fields: of the JSON object, all texts or numbers.
  func post(_ verb: String, _ fields: [String: Any], cookie: String? = nil) throws -> Answer {
    let data = try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys])
    return try Self.ask(port, "POST", "/api/\(verb)", String(decoding: data, as: UTF8.self), cookie)
  }

  /// Asks for a scene until that is accepted: a station that is busy or not there yet says so.
  func put(_ scene: String) throws {
    try shell.waitUntil("\(scene) is accepted") { try post("wall/scene", ["post": "wall", "scene": scene]).word == "done" }
  }

  func logIn(_ id: String) throws -> String {
    try #require(try post("login", ["id": id, "pin": Self.pin]).cookie)
  }

  /// Callable from any thread.
  static func ask(_ port: UInt16, _ method: String, _ path: String, _ body: String?, _ cookie: String?) throws -> Answer {
    let connection = try Connection(port: port)
    var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    if let cookie { head += "Cookie: linli-wall=\(cookie)\r\n" }
    if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
    connection.send(head + "\r\n" + (body ?? ""))
    let text = connection.receiveAll()
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    let set = text.firstMatch(of: #/(?i)set-cookie: linli-wall=([^;\r]*)/#)
    return Answer(
      status: Int(text.dropFirst(9).prefix(3)) ?? 0, body: parts.count == 2 ? String(parts[1]) : "",
      cookie: set.map { String($0.1) })
  }

  // MARK: - What is so

  /// The console's picture.
  struct Picture: Decodable {
    struct Output: Decodable {
      var number: Int
      var proof, layer: String
      var wished, shown, device: String?
      var ageMilliseconds: Int?
      var isProved: Bool { proof == "verified" && shown == wished }
    }
    struct Scene: Decodable { var id, lit: String }
    struct Pin: Decodable {
      var id: Int
      var source: String
      var column, row: Int
    }
    struct Call: Decodable, Equatable {
      struct ID: Decodable, Equatable { var id: Int }
      var call: ID
      var place, phase: String
      var openedMilliseconds: Int
    }
    struct Fault: Decodable { var key: String }
    var outputs: [Output]
    var scenes: [Scene]
    var pins: [Pin]
    var calls: [Call]
    var faults: [Fault]
  }

  func picture(cookie: String? = nil) throws -> Picture {
    try JSONDecoder().decode(Picture.self, from: Data(get("/api/wall", cookie: cookie).body.utf8))
  }

  /// Waits until every output but `others` is read back as wished, and shows what `isSo` wants.
  @discardableResult
  func waitUntilProved(
    _ what: String, except others: Set<Int> = [], cookie: String? = nil, seconds: Double = 60,
    _ isSo: (Picture) -> Bool = { _ in true }
  ) throws -> Picture {
    var last: Picture?
    do {
      try shell.waitUntil(what, seconds: seconds) {
        last = try? picture(cookie: cookie)
        return last.map { picture in picture.outputs.allSatisfy { $0.isProved || others.contains($0.number) } && isSo(picture) }
          ?? false
      }
    } catch {
      Issue.record("\(what): \(last?.outputs.filter { !$0.isProved && !others.contains($0.number) } ?? [])")
      throw error
    }
    return try #require(last)
  }

  /// What the matrix really has: the input of each output.
  func routes() throws -> [Int] {
    let line = try shell.devices("show").split(separator: "\n").first { $0.hasPrefix("hub ") } ?? ""
    return line.split(separator: " ").compactMap { word in
      word.split(separator: "←").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) }
    }
    .prefix(site.panels).map { $0 }
  }

  /// Lines of the journal about the wall.
  func changes() throws -> [WallChange] {
    try shell.entries().compactMap { if case .wall(let change) = $0.change { change } else { nil } }
  }
}

extension Shell {
  /// What is done to, or asked of, the simulated devices of the wall.
  @discardableResult
  func devices(_ command: String) throws -> String {
    let answer = try ControlSocket.ask("\(folder)/wall.sock", command, timeoutSeconds: 10)
    try #require(!answer.hasPrefix("不行"), "\(command): \(answer)")
    return answer
  }
}
