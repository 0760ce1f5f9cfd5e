import DeviceKit
import Foundation
import NIOCore
import Testing

@testable import Consoles
@testable import Station

/// The server against clients that are slow, strange, many, or from elsewhere.
@Suite struct ServerTests {
  @Test(arguments: [
    "0.0.0.0", "192.168.1.5", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org", "127.1", "", "+127.0.0.1", "127.0.0.+1",
  ])
  func onlyThisComputerItselfIsBound(address: String) throws {
    #expect(throws: ConsoleError.notLoopback(address)) { try TestDesk(address: address) }
    let text = ConsoleError.notLoopback(address).description
    #expect(text.hasPrefix("值班页面只能开在本机地址上"))
  }

  @Test(arguments: ["127.0.0.1", "127.0.0.2", "localhost"]) func loopbackIsBound(address: String) async throws {
    let test = try TestDesk(address: address)
    defer { test.desk.stop() }
    let client = try await RawClient.connect(port: test.desk.port, host: address == "localhost" ? "127.0.0.1" : address)
    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(try await client.untilClosed().contains(#""station":"starting""#))
  }

  @Test func aTakenPortIsAClearError() throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    do {
      _ = try DutyDesk(port: test.desk.port, webRoot: Sample.webRoot) { _, _ in .done }
      Issue.record("a second desk on the same port")
    } catch {
      #expect(error.description.contains("可能已有一个站点在运行"))
    }
  }

  /// A station without its page files takes calls: its pages say what is missing, and what they ask is answered.
  @Test func pagesWhoseFilesAreMissingSaySo() async throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("linli-web-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let empty = try TestDesk(webRoot: root)
    defer { empty.desk.stop() }
    #expect(empty.desk.missingFiles.contains(root + "/desk.html") && empty.desk.missingFiles.contains(root + "/desk.js"))
    empty.desk.publish(Sample.view())
    let said = try await empty.exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(said.status == 503 && said.headers["content-type"] == "text/html; charset=utf-8")
    #expect(said.body.contains("网页文件缺失") && said.body.contains("linli desk") && said.body.contains(root), "\(said.body)")
    #expect(try await empty.exchange("GET /desk.js HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 503)
    #expect(try await empty.exchange("GET /other.js HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404)
    #expect(try await empty.exchange("GET /api/texts HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200)
    // One script is missing: the page is shown, and says so above everything else.
    for name in try FileManager.default.contentsOfDirectory(atPath: Sample.webRoot) where name != "sound.js" {
      try FileManager.default.copyItem(atPath: Sample.webRoot + "/" + name, toPath: root + "/" + name)
    }
    let partly = try TestDesk(webRoot: root)
    defer { partly.desk.stop() }
    #expect(partly.desk.missingFiles == [root + "/sound.js"])
    let page = try await partly.exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(page.status == 200 && page.body.contains(#"<body class="not-started"><div role="alert"><p>网页文件缺失"#))
    #expect(page.body.hasSuffix("</html>\n"))
    let whole = try TestDesk()
    defer { whole.desk.stop() }
    #expect(whole.desk.missingFiles == [])
    #expect(try await whole.exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").body.contains("网页文件缺失") == false)
  }

  @Test(arguments: [
    ("Host: evil.example", 403, "foreignHost"), ("Host: evil.example:80", 403, "foreignHost"),
    ("Host: localhost.evil.example", 403, "foreignHost"), ("Host: 127.0.0.1.evil.example", 403, "foreignHost"),
    ("Host: 128.0.0.1", 403, "foreignHost"), ("Host: localhost:99999", 403, "foreignHost"), ("Host: [::1]x", 403, "foreignHost"),
    ("Host:", 403, "foreignHost"), ("X-No: host", 400, "malformed"), ("Host: localhost\r\nHost: localhost", 400, "malformed"),
    ("Host: LocalHost:80", 200, ""), ("Host: [::1]:80", 200, ""), ("Host: 127.9.9.9", 200, ""),
  ])
  func onlyNamesOfThisComputerAreServed(header: String, status: Int, code: String) async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    let answer = try await test.exchange("GET /desk.html HTTP/1.1\r\n\(header)\r\n\r\n")
    #expect(answer.status == status)
    #expect(code.isEmpty || answer.body.contains(code))
  }

  @Test(
    arguments: [
      ("Content-Type: application/json\r\nOrigin: http://evil.example", "2", 403, "foreignOrigin"),
      ("Content-Type: application/json\r\nOrigin: null", "2", 403, "foreignOrigin"),
      ("Content-Type: application/json\r\nOrigin: https://localhost:1", "2", 403, "foreignOrigin"),
      ("Content-Type: application/json\r\nOrigin: http://localhost:2", "2", 403, "foreignOrigin"),
      ("Content-Type: application/json\r\nSec-Fetch-Site: cross-site", "2", 403, "foreignOrigin"),
      ("Content-Type: text/plain", "2", 415, "notJSON"), ("Accept: */*", "2", 415, "notJSON"),
      ("Content-Type: application/json", nil, 411, "lengthNeeded"),
      ("Content-Type: application/json\r\nTransfer-Encoding: chunked", nil, 411, "lengthNeeded"),
      ("Content-Type: application/json", "8193", 413, "bodyTooLarge"),
      ("Content-Type: application/json", "99999999999999999999", 400, "malformed"),
      ("Content-Type: application/json", "-1", 400, "malformed"), ("Content-Type: application/json", "2x", 400, "malformed"),
      ("Content-Type: application/json\r\nContent-Length: 3", "2", 400, "malformed"),
      ("Content-Type: application/json; charset=utf-8\r\nOrigin: http://localhost:1", "2", 503, "notReady"),
      ("Content-Type: APPLICATION/JSON\r\nSec-Fetch-Site: same-origin\r\nExpect: 100-continue", "2", 503, "notReady"),
    ] as [(String, String?, Int, String)])
  func whatAPostMustCarry(headers: String, length: String?, status: Int, code: String) async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    let client = try await RawClient.connect(port: test.desk.port)
    let lengthHeader = length.map { "Content-Length: \($0)\r\n" } ?? ""
    client.send("POST /api/incidents/1/close HTTP/1.1\r\nHost: localhost:1\r\n\(headers)\r\n\(lengthHeader)\r\n{}")
    var received = try await client.untilClosed()
    let goOn = "HTTP/1.1 100 Continue\r\n\r\n"
    #expect(received.hasPrefix(goOn) == headers.contains("100-continue"))
    if received.hasPrefix(goOn) { received.removeFirst(goOn.count) }
    let answer = try #require(Answer(received))
    #expect(answer.status == status)
    #expect(answer.body.contains(code), "\(answer.body)")
  }

  @Test func headersHaveALimitWhetherTheyEndOrNot() async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    let long = String(repeating: "a", count: 17 * 1024)
    let many = String(repeating: "X-A: b\r\n", count: 4000)
    for text in ["X-Long: \(long)\r\n\r\n", many + "\r\n", many, "X-Endless: \(long)"] {
      let answer = try await test.exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\(text)")
      #expect(answer.status == 431, "\(answer.body)")
    }
    let target = try await test.exchange("GET /\(String(repeating: "a", count: 3000)) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(target.status == 414)
  }

  @Test func oddMethodsAndPathsGetAnAnswer() async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    for method in ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "HEAD"] {
      #expect(
        try await test.exchange("\(method) / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").status == 405, "\(method)"
      )
    }
    #expect(try await test.exchange("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 400)
    #expect(try await test.exchange("GET /?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200)
  }

  @Test func aSlowRequestIsCutOff() async throws {
    var limits = ServerLimits()
    limits.requestTime = .milliseconds(200)
    let test = try TestDesk(limits: limits)
    defer { test.desk.stop() }
    for start in [
      "", "GET / HT",
      "POST /api/incidents/1/close HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{",
    ] {
      let answer = try await test.exchange(start)
      #expect(answer.status == 408)
      #expect(answer.body.contains("tooSlow"))
    }
  }

  @Test func tooManyConnectionsAreTurnedAwayAndPlaceIsMadeAgain() async throws {
    var limits = ServerLimits()
    limits.connections = 3
    let test = try TestDesk(limits: limits)
    defer { test.desk.stop() }
    var pages: [RawClient] = []
    for _ in 0..<3 {
      let page = try await test.listen()
      _ = try await page.received { text, _ in text.contains("event: heartbeat") }
      pages.append(page)
    }
    let refused = try await test.get("/healthz")
    #expect(refused.status == 503)
    #expect(refused.body.contains("tooManyConnections"))
    pages.removeLast().close()
    // The server hears of the closed page a moment later than we do.
    var status = 503
    for _ in 0..<200 where status == 503 {
      let answer = try await test.get("/healthz")
      status = answer.body.contains("tooManyConnections") ? 503 : 200
    }
    #expect(status == 200)
  }

  @Test func requestsThatFollowOnTheSameConnectionAreNotTaken() async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    let client = try await RawClient.connect(port: test.desk.port)
    let one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    client.send(one + one + one)
    let received = try await client.untilClosed()
    #expect(received.components(separatedBy: "HTTP/1.1 ").count == 2)
  }

  @Test(arguments: 0..<20) func noBytesEndTheServer(seed: Int) async throws {
    var limits = ServerLimits()
    limits.requestTime = .seconds(1)
    limits.lingerTime = .milliseconds(50)
    let test = try TestDesk(limits: limits)
    defer { test.desk.stop() }
    test.desk.publish(Sample.view())
    var random = SeededRandom(seed: UInt64(seed))
    let good = Array(
      "POST /api/call-points/A/3/1/bypass HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 44\r\n\r\n{\"post\":\"post-1\",\"reason\":\"r\",\"minutes\":10}"
        .utf8)
    let clients = try await (0..<10).asyncMap { _ in try await RawClient.connect(port: test.desk.port) }
    for client in clients {
      var bytes = good
      for _ in 0..<(1 + random.next() % 12) {
        let place = Int(random.next() % UInt64(max(1, bytes.count)))
        switch random.next() % 4 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: bytes[place...].prefix(40), at: place)
        default: bytes.removeSubrange(place...)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      client.send(bytes)
    }
    for client in clients {
      let received = try await client.untilClosed()
      #expect(received.isEmpty || received.hasPrefix("HTTP/1.1 "))
      client.close()
    }
    #expect(try await test.get("/healthz").status == 200)
  }
}

extension Range where Bound == Int {
  fileprivate func asyncMap<Value>(_ body: (Int) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for index in self { values.append(try await body(index)) }
    return values
  }
}
