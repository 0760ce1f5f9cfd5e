import DeviceVocabulary
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Consoles
@testable import Station

/// What the pages hear, and when.
@Suite struct StreamTests {
  @Test func aNewPageHearsTheNewestViewAtOnce() async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    for revision in 1...3 { test.desk.publish(Sample.view(revision: UInt64(revision))) }
    // Late and out of order: dropped.
    test.desk.publish(Sample.view(revision: 2))
    let text = try await test.listen().received { text, _ in text.contains("event: heartbeat") }
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream"))
    #expect(text.contains("id: 3\nevent: view\ndata: {"))
    #expect(!text.contains("id: 2\n"))
    #expect(text.contains(#""station":"live","revision":3,"viewAge":"#))
  }

  @Test func twoHundredPagesAllHearOfACall() async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    test.desk.publish(Sample.view())
    var pages: [RawClient] = []
    for _ in 0..<200 { pages.append(try await test.listen()) }
    for page in pages { _ = try await page.received { text, _ in text.contains("id: 1\n") } }
    #expect(try await test.get("/healthz").body.contains(#""pages":200"#))
    var view = Sample.view(revision: 2)
    view.incidents = [Sample.incident(7, "二单元电梯厅")]
    test.desk.publish(view)
    for page in pages {
      let text = try await page.received { text, _ in text.contains("id: 2\n") && text.hasSuffix("\n\n") }
      #expect(text.contains("二单元电梯厅"))
      page.close()
    }
  }

  @Test func heartbeatsKeepComingAndTellTheAgeOfTheView() async throws {
    var limits = ServerLimits()
    limits.heartbeat = .milliseconds(50)
    let test = try TestDesk(limits: limits)
    defer { test.desk.stop() }
    test.desk.publish(Sample.view())
    let text = try await test.listen().received { text, _ in text.components(separatedBy: "event: heartbeat").count > 5 }
    let ages = text.matches(of: #/"viewAge":(\d+)/#).compactMap { Int($0.1) }
    #expect(ages.count >= 4)
    #expect(ages == ages.sorted())
    #expect((ages.last ?? 0) >= 150)
  }

  @Test func aPageThatDoesNotReadDelaysNobodyAndIsClosed() async throws {
    var limits = ServerLimits()
    limits.heartbeat = .milliseconds(50)
    limits.streamStalledHeartbeats = 10
    limits.sendBufferBytes = 32 * 1024
    let test = try TestDesk(limits: limits)
    defer { test.desk.stop() }
    let asleep = try await test.listen(reads: false)
    let awake = try await test.listen()
    try await awake.forget()
    _ = try await awake.received { text, _ in text.contains("event: heartbeat") }
    var view = Sample.view()
    view.site = String(repeating: "社区", count: 8000)
    for revision in 1...40 {
      view.revision = UInt64(revision)
      test.desk.publish(view)
      _ = try await awake.received { text, _ in text.contains("id: \(revision)\n") && text.hasSuffix("}\n\n") }
    }
    // Only the one that reads is left.
    var pages = 2
    for _ in 0..<500 where pages == 2 {
      try await Task.sleep(for: .milliseconds(10))
      pages = try await test.get("/healthz").body.contains(#""pages":1"#) ? 1 : 2
    }
    #expect(pages == 1)
    asleep.close()
  }

  @Test func aPageThatWakesUpHearsTheNewestViewAndNotAllThatItMissed() async throws {
    var limits = ServerLimits()
    limits.sendBufferBytes = 32 * 1024
    let test = try TestDesk(limits: limits)
    defer { test.desk.stop() }
    let asleep = try await test.listen(reads: false)
    let awake = try await test.listen()
    try await awake.forget()
    _ = try await awake.received { text, _ in text.contains("event: heartbeat") }
    var view = Sample.view()
    view.site = String(repeating: "社区", count: 8000)
    for revision in 1...100 {
      view.revision = UInt64(revision)
      test.desk.publish(view)
      _ = try await awake.received { text, _ in text.contains("id: \(revision)\n") && text.hasSuffix("}\n\n") }
    }
    try await asleep.startReading()
    let text = try await asleep.received { text, _ in text.contains("id: 100\n") && text.hasSuffix("\n\n") }
    let ids = text.matches(of: #/id: (\d+)\n/#).compactMap { Int($0.1) }
    #expect(ids == ids.sorted())
    #expect(ids.count < 90, "\(ids.count) views were kept for a page that did not read")
  }

  @Test func publishFromManyThreadsEndsWithTheHighestRevision() async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    let page = try await test.listen()
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<8 {
        group.addTask {
          for step in 0..<50 { test.desk.publish(Sample.view(revision: UInt64(step * 8 + worker))) }
        }
      }
    }
    let text = try await page.received { text, _ in text.contains("id: 399\n") }
    let ids = text.matches(of: #/id: (\d+)\n/#).compactMap { Int($0.1) }
    #expect(ids == ids.sorted())
  }
}

/// The page of simulated panels, over the same server.
@Suite struct PanelsPageTests {
  final class Bench: PanelsSource {
    let state = NIOLockedValueBox<(indicator: Indicator, said: [String])>((.off, []))

    func panels() -> [PanelDrawing] {
      let indicator = state.withLockedValue { $0.indicator }
      let button = PanelDrawing.Button(
        number: 1, held: false, indicator: indicator, lampOn: indicator != .off, buzzer: false, line: .normal)
      return [PanelDrawing(node: 3, name: "门厅", faults: ["dead"], buttons: [button])]
    }

    func faults() -> [PanelFault] {
      [PanelFault(id: "dead", chinese: "断电", english: "no power", plant: "dead {node}", heal: "alive {node}")]
    }

    func command(_ text: String) async -> String {
      state.withLockedValue { state in
        state.said.append(text)
        if text == "press 3/1" { state.indicator = .fastBlink }
      }
      return "好"
    }
  }

  @Test func aPressIsHandedOnAndTheLampComesBack() async throws {
    let bench = Bench()
    let page = try PanelsPage(port: 0, webRoot: Sample.webRoot, source: bench)
    defer { page.stop() }
    func exchange(_ text: String) async throws -> Answer {
      let client = try await RawClient.connect(port: page.port)
      client.send(text)
      return try #require(Answer(try await client.untilClosed()))
    }
    func get(_ path: String) async throws -> Answer { try await exchange("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n") }
    func command(_ body: String) async throws -> Answer {
      try await exchange(
        "POST /api/command HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
      )
    }
    let stream = try await RawClient.connect(port: page.port)
    stream.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    _ = try await stream.received { text, _ in text.contains(#""indicator":0"#) }
    #expect(try await command(#"{"command":"press 3/1"}"#).body == #"{"said":"好"}"#)
    _ = try await stream.received { text, _ in text.contains(#""indicator":1,"lampOn":true"#) }
    #expect(bench.state.withLockedValue { $0.said } == ["press 3/1"])
    #expect(try await command("{}").status == 400)
    #expect(try await command(#"{"command":"a\u0000"}"#).status == 400)
    #expect(try await get("/api/command").status == 405)
    #expect(try await get("/api/none").status == 404)
    #expect(try await get("/api/faults").body.contains(#""plant":"dead {node}""#))
    #expect(try await get("/api/panels").body.contains(#""name":"门厅","faults":["dead"]"#))
    for name in PanelsRoutes.fileNames + ["", "api/texts"] { #expect(try await get("/" + name).status == 200, "\(name)") }
  }
}
