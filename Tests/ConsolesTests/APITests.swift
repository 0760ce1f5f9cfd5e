import DeviceVocabulary
import Foundation
import Testing

@testable import Consoles
@testable import Station

@Suite struct APITests {
  private func liveDesk(answer: @escaping @Sendable (DeskRequest.Action) async -> DeskAnswer = { _ in .done }) async throws
    -> TestDesk
  {
    let test = try TestDesk(answer: answer)
    test.desk.publish(Sample.view())
    _ = try await test.listen().received { text, _ in text.contains("event: view") }
    return test
  }

  @Test func everyActionReachesTheStation() async throws {
    let test = try await liveDesk()
    defer { test.desk.stop() }
    let button = Sample.button(3)
    let silent = FaultKey(.device(DeviceID(bus: "A", node: 3)), .silent)
    let requests: [(String, String, DeskRequest.Action)] = [
      ("/api/incidents/7/acknowledge", "", .acknowledge(7)),
      ("/api/incidents/7/offer", #","to":"post-2""#, .offerHandOver(7, to: "post-2")),
      ("/api/incidents/7/accept", "", .acceptHandOver(7)),
      ("/api/incidents/7/refuse", #","reason":"忙""#, .refuseHandOver(7, reason: "忙")),
      ("/api/incidents/7/on-scene", "", .onScene(7)),
      ("/api/incidents/7/resolve", #","note":"已扶起""#, .resolve(7, note: "已扶起")),
      ("/api/incidents/7/resolve", #","note":"\"a\": {1.5e1: \\""#, .resolve(7, note: #""a": {1.5e1: \"#)),
      ("/api/incidents/7/close", "", .close(7)),
      ("/api/incidents/4294967295/false-alarm", #","note":"""#, .falseAlarm(.max, note: "")),
      ("/api/call-points/A/3/1/drill", "", .startDrill(button)),
      ("/api/call-points/A/3/1/test", "", .announceTest(button)),
      ("/api/call-points/A/3/1/bypass", #","reason":"检修","minutes":30"#, .bypass(button, reason: "检修", minutes: 30)),
      ("/api/call-points/A/3/1/end-bypass", "", .endBypass(button)),
      ("/api/faults/A%2F3%3Asilent/retest", "", .retest(silent)),
      ("/api/faults/A/3:silent/silence", "", .silenceFault(silent)),
      ("/api/faults/journal:diskFull/retest", "", .retest(FaultKey(.journal, .diskFull))),
      ("/api/children/tiexi-03/incidents/7/acknowledge", "", .child("tiexi-03", .acknowledge(incident: 7))),
      ("/api/children/tiexi-03/incidents/7/on-scene", "", .child("tiexi-03", .onScene(incident: 7))),
      (
        "/api/children/tiexi-03/incidents/7/resolve", #","note":"已扶起""#,
        .child("tiexi-03", .resolve(incident: 7, note: "已扶起"))
      ),
      ("/api/children/tiexi-03/incidents/7/close", "", .child("tiexi-03", .close(incident: 7))),
      (
        "/api/children/tiexi-03/incidents/4294967295/false-alarm", #","note":"""#,
        .child("tiexi-03", .falseAlarm(incident: .max, note: ""))
      ),
      ("/api/children/tiexi-03/incidents/7/offer", #","to":"desk""#, .child("tiexi-03", .offer(incident: 7, to: "desk"))),
      ("/api/children/tiexi-03/incidents/7/accept", "", .child("tiexi-03", .accept(incident: 7))),
      (
        "/api/children/tiexi-03/incidents/7/refuse", #","reason":"忙""#, .child("tiexi-03", .refuse(incident: 7, reason: "忙"))
      ),
      (
        "/api/children/tiexi-03/incidents/7/close-here", #","note":"已核实""#, .closeStray("tiexi-03", 7, note: "已核实")
      ),
      ("/api/children/%E9%93%81%E8%A5%BF/notice", #","text":"暴雨预警""#, .child("铁西", .notice(text: "暴雨预警"))),
    ]
    for (path, fields, _) in requests {
      let answer = try await test.post(path, #"{"post":"post-1""# + fields + "}")
      #expect(answer.status == 200, "\(path): \(answer.body)")
      #expect(answer.body == #"{"answer":"done"}"#)
    }
    #expect(test.asked == requests.map { TestDesk.Asked(post: "post-1", action: $0.2) })
  }

  @Test(arguments: Refusal.allCases) func refusalIsExplainedInBothLanguages(refusal: Refusal) async throws {
    let test = try await liveDesk { _ in .refused(refusal) }
    defer { test.desk.stop() }
    let answer = try await test.post("/api/incidents/7/close", #"{"post":"post-1"}"#)
    #expect(answer.status == (refusal == .tooManyWishes ? 429 : 409))
    let said = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
    #expect(said["code"] == refusal.rawValue)
    #expect(said["chinese"] == Texts.text(refusal).chinese)
    #expect(said["english"] == Texts.text(refusal).english)
  }

  @Test func readingsOfAStationBelow() async throws {
    let test = try await liveDesk()
    defer { test.desk.stop() }
    let answer = try await test.get("/api/children/%E9%93%81%E8%A5%BF/readings")
    #expect(answer.status == 200)
    let item = #""device":"A/3","quantity":"supplyMillivolts","unit":"mV","value":-23950"#
    #expect(answer.body == "{\"readings\":[{\(item),\"ageMilliseconds\":16500,\"timeToLiveMilliseconds\":15000}]}")
    #expect(try await test.get("/api/children/tiexi-03/readings").body == #"{"readings":[]}"#)
    #expect(try await test.get("/api/children/nobody/readings").status == 404)
    #expect(try await test.post("/api/children/tiexi-03/readings", "{}").status == 405)
  }

  @Test func reTestIsUnderWay() async throws {
    let test = try await liveDesk { _ in .underWay }
    defer { test.desk.stop() }
    let answer = try await test.post("/api/faults/A:busSilent/retest", #"{"post":"post-1"}"#)
    #expect(answer.status == 202)
    #expect(answer.body == #"{"answer":"underWay"}"#)
  }

  @Test(arguments: [
    ("/api/incidents/x/acknowledge", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/incidents/-1/acknowledge", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/incidents/+1/acknowledge", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/incidents/4294967296/acknowledge", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/incidents/1/2/acknowledge", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/incidents/1/%zz/acknowledge", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/incidents/1/acknowledge%00", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/incidents/1/%ff", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/incidents/1/drill", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/incidents/1/explode", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/incidents/acknowledge", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/call-points/A/3/drill", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/call-points/A/300/1/drill", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/faults/A/3:gone/retest", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/nothing/1/retest", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/desk", #"{"post":"a"}"#, 405, "wrongMethod"),
    ("/desk.html", #"{"post":"a"}"#, 405, "wrongMethod"),
    ("/api/incidents/1/acknowledge", "", 400, "badBody"),
    ("/api/incidents/1/acknowledge", "{", 400, "badBody"),
    ("/api/incidents/1/acknowledge", "[]", 400, "badBody"),
    ("/api/incidents/1/acknowledge", "{}", 400, "badBody"),
    ("/api/incidents/1/acknowledge", #"{"post":1}"#, 400, "badBody"),
    ("/api/incidents/1/acknowledge", #"{"post":"a\u0007"}"#, 400, "badBody"),
    ("/api/incidents/1/acknowledge", #"{"post":"a\u202e"}"#, 400, "badBody"),
    ("/api/incidents/1/acknowledge", #"{"post":"a","force":true}"#, 400, "unknownField"),
    ("/api/incidents/1/resolve", #"{"post":"a"}"#, 400, "badBody"),
    ("/api/incidents/1/resolve", #"{"post":"a","note":null}"#, 400, "badBody"),
    ("/api/incidents/1/acknowledge", #"{"post":"b","post":"a"}"#, 400, "badBody"),
    ("/api/incidents/1/acknowledge", #"{"po\u0073t":"b","post":"a"}"#, 400, "badBody"),
    ("/api/incidents/1/acknowledge", #"{"post":"a\u2028b"}"#, 400, "badBody"),
    ("/api/call-points/A/3/1/bypass", #"{"post":"a","reason":"r","minutes":60.0}"#, 400, "badBody"),
    ("/api/call-points/A/3/1/bypass", #"{"post":"a","reason":"r","minutes":6e1}"#, 400, "badBody"),
    ("/api/call-points/A/3/1/bypass", #"{"post":"a","reason":"r","minutes":1.5}"#, 400, "badBody"),
    ("/api/call-points/A/3/1/bypass", #"{"post":"a","reason":"r","minutes":1e99}"#, 400, "badBody"),
    ("/api/call-points/A/3/1/bypass", #"{"post":"a","reason":"r","minutes":"5"}"#, 400, "badBody"),
    ("/api/children", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/children/t/incidents/1", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/children/t/incidents/1/drill", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/children/t/incidents/1/2/close", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/children/t/faults/1/close", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/children/t/proofSeen", #"{"post":"a"}"#, 404, "notFound"),
    ("/api/children//incidents/1/close", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/children/%E2%80%AE/notice", #"{"post":"a","text":"b"}"#, 400, "badPath"),
    ("/api/children/12345678901234567890123456789012345678901/notice", #"{"post":"a","text":"b"}"#, 400, "badPath"),
    ("/api/children/t/incidents/x/close", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/children/t/incidents/-1/close", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/children/t/incidents/+1/close", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/children/t/incidents//close", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/children/t/incidents/4294967296/close", #"{"post":"a"}"#, 400, "badPath"),
    ("/api/children/t/incidents/1/close", "", 400, "badBody"),
    ("/api/children/t/incidents/1/close", #"{"post":1}"#, 400, "badBody"),
    ("/api/children/t/incidents/1/close", #"{"post":"a","station":"b"}"#, 400, "unknownField"),
    ("/api/children/t/incidents/1/close", #"{"post":"a","note":"b"}"#, 400, "unknownField"),
    ("/api/children/t/incidents/1/offer", #"{"post":"a"}"#, 400, "badBody"),
    ("/api/children/t/incidents/1/close-here", #"{"post":"a"}"#, 400, "badBody"),
    ("/api/incidents/1/close-here", #"{"post":"a","note":"b"}"#, 404, "notFound"),
    ("/api/children/t/incidents/1/resolve", #"{"post":"a","note":"a\u001b[2J"}"#, 400, "badBody"),
    ("/api/children/t/notice", #"{"post":"a"}"#, 400, "badBody"),
    ("/api/children/t/notice", #"{"post":"a","text":7}"#, 400, "badBody"),
    ("/api/children/t/notice", #"{"post":"a","text":"b\u0000"}"#, 400, "badBody"),
    ("/api/children/t/notice", #"{"post":"a","text":"b","minutes":5}"#, 400, "unknownField"),
  ])
  func nonsenseIsRefusedAndExplained(path: String, body: String, status: Int, code: String) async throws {
    let test = try await liveDesk()
    defer { test.desk.stop() }
    let answer = try await test.post(path, body)
    #expect(answer.status == status, "\(answer.body)")
    let said = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
    #expect(said["answer"] == "error")
    #expect(said["code"] == code)
    for key in ["where", "accepted", "chinese", "english"] { #expect(said[key]?.isEmpty == false, "\(key)") }
    #expect(test.asked.isEmpty)
  }

  @Test func whatIsAskedOfAStationBelowIsUnderWay() async throws {
    let test = try await liveDesk { _ in .underWay }
    defer { test.desk.stop() }
    let answer = try await test.post("/api/children/tiexi-03/incidents/1/acknowledge", #"{"post":"post-1"}"#)
    #expect(answer.status == 202)
    #expect(answer.body == #"{"answer":"underWay"}"#)
    #expect(try await test.get("/api/children/tiexi-03/notice").status == 405)
  }

  @Test func anActionByGetIsRefused() async throws {
    let test = try await liveDesk()
    defer { test.desk.stop() }
    let answer = try await test.get("/api/incidents/1/acknowledge")
    #expect(answer.status == 405)
    #expect(answer.headers["allow"] == "POST")
    #expect(test.asked.isEmpty)
  }

  @Test func pagesAndTheirFilesAreServedWithSecurityHeaders() async throws {
    let test = try await liveDesk()
    defer { test.desk.stop() }
    for name in DeskRoutes.fileNames + [""] {
      let answer = try await test.get("/" + name)
      #expect(answer.status == 200, "\(name)")
      #expect(answer.headers["content-security-policy"]?.contains("default-src 'self'") == true)
      #expect(answer.headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
      #expect(answer.headers["x-content-type-options"] == "nosniff")
      #expect(answer.headers["cache-control"] == "no-store")
      #expect(answer.headers["content-length"] == String(answer.body.utf8.count))
    }
    #expect(try await test.get("/desk.js").headers["content-type"] == "text/javascript; charset=utf-8")
    for path in ["/missing.html", "/../Package.swift", "/..%2f..%2fPackage.swift", "/%2e%2e/desk.html", "/desk.html/"] {
      #expect(try await test.get(path).status == 404, "\(path)")
    }
  }

  @Test func deskHealthAndTextsAnswer() async throws {
    let test = try await liveDesk()
    defer { test.desk.stop() }
    let view = try JSONDecoder().decode(DeskView.self, from: Data(try await test.get("/api/desk").body.utf8))
    #expect(view == Sample.view())
    let health = try await test.get("/healthz")
    #expect(health.status == 200)
    #expect(health.body.contains(#""station":"live","revision":1"#))
    let texts = try JSONDecoder().decode(
      [String: [String: [String]]].self, from: Data(try await test.get("/api/texts").body.utf8))
    #expect(texts["refusal"]?.count == Refusal.allCases.count)
    #expect(texts["page"]?["acknowledge"] == ["接警", "Acknowledge"])
  }

  @Test func beforeTheFirstViewAndAfterTheStationIsLostNothingIsClaimed() async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    #expect(try await test.get("/api/desk").status == 503)
    #expect(try await test.get("/healthz").body.contains("starting"))
    #expect(try await test.post("/api/incidents/1/close", #"{"post":"a"}"#).body.contains("notReady"))
    let page = try await test.listen()
    test.desk.publish(Sample.view())
    _ = try await page.received { text, _ in text.contains(#""station":"live""#) }
    test.desk.stationLost()
    _ = try await page.received { text, _ in text.contains(#""station":"lost""#) }
    let refused = try await test.post("/api/incidents/1/close", #"{"post":"a"}"#)
    #expect(refused.status == 503)
    #expect(refused.body.contains("stationLost"))
    #expect(try await test.get("/healthz").status == 503)
    #expect(test.asked.isEmpty)
  }

  @Test func aStationThatDoesNotAnswerInTimeIsSaidToBeUncertain() async throws {
    var limits = ServerLimits()
    limits.answerTime = .milliseconds(50)
    let test = try TestDesk(limits: limits) { _ in
      try? await Task.sleep(for: .seconds(1))
      return .done
    }
    defer { test.desk.stop() }
    test.desk.publish(Sample.view())
    _ = try await test.listen().received { text, _ in text.contains("event: view") }
    let answer = try await test.post("/api/incidents/1/close", #"{"post":"a"}"#)
    #expect(answer.status == 504)
    #expect(answer.body.contains("noAnswer"))
    #expect(test.asked.count == 1)
  }
}
