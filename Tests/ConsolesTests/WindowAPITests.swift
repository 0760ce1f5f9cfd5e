import Foundation
import NIOConcurrencyHelpers
import StaffAccess
import Testing

@testable import Consoles
@testable import Station

/// What the page of the windows asks the station, and what it is told.
@Suite struct WindowAPITests {
  @Test func everyActionReachesTheStation() async throws {
    let test = try await TestWindows().live()
    defer { test.pages.stop() }
    let requests: [(String, String, VisitAction)] = [
      ("windows/3/next", "", .callNext(window: 3)), ("windows/99/recall", "", .recall(window: 99)),
      ("windows/3/call", #","ticket":"20783/A001""#, .call(window: 3, VisitSample.id)),
      ("windows/3/serve", "", .serve(window: 3)),
      ("windows/3/skip", "", .skip(window: 3)), ("windows/3/park", "", .park(window: 3)),
      ("windows/3/transfer", #","service":"legal""#, .transfer(window: 3, service: "legal")),
      ("windows/3/finish", "", .finish(window: 3)), ("windows/3/open", "", .open(window: 3, contact: nil)),
      ("matters/7/offer", #","to":"m""#, .offer(7, to: "m")), ("matters/7/accept", "", .accept(7)),
      ("matters/7/refuse", #","reason":"忙""#, .refuse(7, reason: "忙")),
      ("matters/4294967295/result", #","result":"agreed","note":"""#, .result(.max, .agreed, note: "")),
      ("matters/7/call-back", #","reached":"yes""#, .callBack(7, reached: true)),
      ("matters/7/call-back", #","reached":"no""#, .callBack(7, reached: false)), ("matters/7/close", "", .close(7)),
      ("helps/%E5%A4%A7%E5%8E%85/given", "", .giveHelp(kiosk: "大厅")), ("hazards/3/handled", "", .handleHazard(3)),
      ("kiosks/hall/hold", "", .hold(kiosk: "hall")), ("kiosks/hall/let-go", "", .letGo(kiosk: "hall", .released)),
    ]
    for (path, fields, _) in requests {
      let answer = try await test.client.post("/api/\(path)", #"{"post":"w3""# + fields + "}")
      #expect(answer.status == 200 && answer.body == #"{"answer":"done"}"#, "\(path): \(answer.body)")
    }
    #expect(test.notes.asked == requests.map { VisitNotes.Asked(post: "w3", action: .visit($0.2)) })
    let verbs = Set(requests.map { $0.0.split(separator: "/")[2] })
    #expect(verbs == Set(WindowAction.allCases.map { Substring($0.rawValue) }), "each verb is asked for above")
  }

  @Test func aNewSlipHasANewCodeThatTheStationDoesNotSee() async throws {
    let test = try await TestWindows { action in
      action == .visit(.reissue(VisitSample.id, 5821)) ? .refused(.codeTaken) : .done
    } qr: {
      $0 == "A001-4822" ? [[true]] : nil
    }.live()
    defer { test.pages.stop() }
    let answer = try await test.client.post("/api/tickets/20783/A001/reissue", #"{"post":"w3"}"#)
    let slip =
      #"{"answer":"ticket","id":"20783/A001","number":"A001","code":"4822","service":"","slip":"shown","qr":["1"]}"#
    #expect(answer.body == slip)
    #expect(test.notes.asked.map(\.action) == [.visit(.reissue(VisitSample.id, 5821)), .visit(.reissue(VisitSample.id, 5822))])
    let never = try await TestWindows { _ in .refused(.codeTaken) }.live()
    defer { never.pages.stop() }
    #expect(try await never.client.post("/api/tickets/20783/A001/reissue", #"{"post":"w3"}"#).status == 409)
    #expect(never.notes.draws == KioskDesk.draws)
  }

  /// On paper it is the visitor's alone.
  @Test func aCodeThatIsPrintedIsNotShown() async throws {
    let notes = VisitNotes { _ in .done }
    let pages = try WindowPages(port: 0, webRoot: Sample.webRoot, codes: notes.codes, qr: { _ in [[true]] }) { _ in
      .printed
    } submit: {
      await notes.submit($0, $1)
    }
    defer { pages.stop() }
    pages.publish(VisitSample.view())
    let client = PageClient(port: pages.port)
    try await client.waitUntilLive().close()
    let answer = try await client.post("/api/tickets/20783/A001/reissue", #"{"post":"w3"}"#)
    #expect(answer.body == #"{"answer":"ticket","id":"20783/A001","number":"A001","service":"","slip":"printed"}"#)
    #expect(notes.asked.map(\.action).last == .visit(.slip(VisitSample.id, .printed)))
  }

  /// A clerk wants a new code for another post's visitor: 403, and it stands in the journal who tried.
  @Test func anotherPostsSlipIsRefusedAndWrittenDown() async throws {
    let staff = try TestStaff([("c07", [.clerk], ["m"])])
    let isTheirs = NIOLockedValueBox(false)
    let test = try TestWindows(
      answer: { _ in isTheirs.withLockedValue { $0 } ? .done : .refused(.notThisPostsTicket) }, staff: staff.door)
    test.pages.publish(VisitSample.view())
    defer { test.pages.stop() }
    let path = "/api/tickets/20783/A001/reissue"
    #expect(try await test.client.post(path, #"{"post":"m"}"#).status == 401)
    let cookie = try staff.logIn("c07")
    #expect(try await test.client.post(path, #"{"post":"w3"}"#, cookie: cookie).body.contains("notYourPost"))
    #expect(test.notes.asked.isEmpty)
    let refused = try await test.client.post(path, #"{"post":"m"}"#, cookie: cookie)
    #expect(refused.status == 403 && refused.body.contains("notThisPostsTicket") && !refused.body.contains("4821"))
    #expect(staff.denied == ["c07 \(path) w3", "c07 \(path) m"])
    isTheirs.withLockedValue { $0 = true }
    #expect(try await test.client.post(path, #"{"post":"m"}"#, cookie: cookie).status == 200)
    #expect(test.notes.asked.map(\.action).last == .visit(.reissue(VisitSample.id, 5822, staff: "c07")))
  }

  static let nonsense: [(path: String, body: String, status: Int, code: String)] = [
    ("/api/windows/0/next", #"{"post":"w3"}"#, 400, "badPath"), ("/api/windows/100/next", #"{"post":"w3"}"#, 400, "badPath"),
    ("/api/windows/+3/next", #"{"post":"w3"}"#, 400, "badPath"), ("/api/windows/x/next", #"{"post":"w3"}"#, 400, "badPath"),
    ("/api/windows/3/explode", #"{"post":"w3"}"#, 404, "notFound"),
    ("/api/windows/3/offer", #"{"post":"w3","to":"m"}"#, 404, "notFound"),
    ("/api/windows/3", #"{"post":"w3"}"#, 404, "notFound"), ("/api/kiosk/hall/help", "{}", 404, "notFound"),
    ("/api/windows/3/next", "{}", 400, "badBody"), ("/api/windows/3/next", #"{"post":3}"#, 400, "badBody"),
    ("/api/windows/3/next", #"{"post":"w3","ticket":"20783/A001"}"#, 400, "unknownField"),
    ("/api/windows/3/next", #"{"post":"w3","post":"w1"}"#, 400, "badBody"),
    ("/api/windows/3/call", #"{"post":"w3","ticket":"A001"}"#, 400, "badBody"),
    ("/api/windows/3/open", #"{"post":"w3","contact":"张三"}"#, 400, "unknownField"),
    ("/api/matters/-1/accept", #"{"post":"w3"}"#, 400, "badPath"),
    ("/api/matters/4294967296/accept", #"{"post":"w3"}"#, 400, "badPath"),
    ("/api/matters/7/result", #"{"post":"w3","result":"won","note":""}"#, 400, "badBody"),
    ("/api/matters/7/result", #"{"post":"w3","result":"done","note":"a\u001b[2J"}"#, 400, "badBody"),
    ("/api/matters/7/call-back", #"{"post":"w3","reached":"perhaps"}"#, 400, "badBody"),
    ("/api/hazards/x/handled", #"{"post":"w3"}"#, 400, "badPath"),
    ("/api/tickets/20783/A0/reissue", #"{"post":"w3"}"#, 400, "badPath"),
    ("/api/tickets/x/A001/reissue", #"{"post":"w3"}"#, 400, "badPath"),
    ("/api/tickets/20783/A001/reissue", #"{"post":"w3","code":"0000"}"#, 400, "unknownField"),
    ("/api/tickets/20783/A001/print", #"{"post":"w3"}"#, 404, "notFound"), ("/api/visits", #"{"post":"w3"}"#, 405, "wrongMethod"),
  ]

  @Test(arguments: nonsense.indices) func nonsenseIsRefusedAndExplained(index: Int) async throws {
    let (path, body, status, code) = Self.nonsense[index]
    let test = try await TestWindows().live()
    defer { test.pages.stop() }
    let answer = try await test.client.post(path, body)
    #expect(answer.status == status, "\(path): \(answer.body)")
    let said = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
    #expect(said["answer"] == "error" && said["code"] == code)
    for key in ["where", "accepted", "chinese", "english"] { #expect(said[key]?.isEmpty == false, "\(key)") }
    #expect(test.notes.asked.isEmpty && test.notes.draws == 0)
  }

  @Test func refusalsAndGetAreExplained() async throws {
    let test = try await TestWindows { _ in .refused(.nobodyWaits) }.live()
    defer { test.pages.stop() }
    let refused = try await test.client.post("/api/windows/3/next", #"{"post":"w3"}"#)
    #expect(refused.status == 409 && refused.body.contains(Texts.text(Refusal.nobodyWaits).chinese))
    for path in ["/api/windows/3/next", "/api/tickets/20783/A001/reissue"] {
      let answer = try await test.client.get(path)
      #expect(answer.status == 405 && answer.headers["allow"] == "POST", "\(path)")
    }
    test.pages.stationLost()
    let page = try await RawClient.connect(port: test.pages.port)
    page.send("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    _ = try await page.received { text, _ in text.contains(#""station":"lost""#) }
    #expect(try await test.client.post("/api/windows/3/next", #"{"post":"w3"}"#).status == 503)
  }

  /// Clerks see the matters of their centre; digests, and sealed contacts, they do not.
  @Test func thePictureOfTheWindowsHasTheMatters() async throws {
    let test = try await TestWindows().live()
    defer { test.pages.stop() }
    let body = try await test.client.get("/api/visits").body
    let picture = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
    for key in ["posts", "waiting", "aside", "matters", "hazards", "helps"] {
      #expect((picture[key] as? [Any])?.isEmpty == false, "\(key)")
    }
    let matter = try #require((picture["matters"] as? [[String: Any]])?.first)
    #expect(matter["note"] as? String == "邻里噪音 张三 dispute-note" && matter["hasContact"] as? Bool == true)
    #expect(!body.contains("7781234") && !body.contains("digest") && !body.contains(#""bytes""#))
  }
}
