import DeviceVocabulary
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import StaffAccess
import Testing

@testable import Consoles
@testable import Station

/// The duty desk with accounts: who is let in, to what, and for how long.
@Suite struct LoginTests {
  private final class Rig: Sendable {
    let desk: DutyDesk
    let staff: TestStaff
    let client: PageClient
    let asked = NIOLockedValueBox<[String]>([])

    init(_ accounts: [TestStaff.Account]) throws {
      staff = try TestStaff(accounts)
      let asked = asked
      var limits = ServerLimits.standard
      limits.heartbeat = .milliseconds(50)
      desk = try DutyDesk(port: 0, webRoot: Sample.webRoot, limits: limits, staff: staff.door) { post, _ in
        asked.withLockedValue { $0.append(post) }
        return .done
      }
      client = PageClient(port: desk.port, pages: [.desk])
      desk.publish(Sample.view())
    }

    deinit { desk.stop() }

    /// The session's cookie, as a browser would keep it.
    func logIn(_ id: String) async throws -> String {
      let answer = try await client.post("/api/login", #"{"id":"\#(id)","pin":"739164"}"#)
      #expect(answer.status == 200, "\(answer.body)")
      let cookie = try #require(answer.headers["set-cookie"])
      #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
      return String(try #require(cookie.split(separator: ";").first).dropFirst("linli-desk=".count))
    }
  }

  @Test func whoIsNotLoggedInSeesAndDoesNothing() async throws {
    let rig = try Rig([("d01", [.duty], [])])
    for path in ["/api/desk", "/api/events", "/api/children/x/readings"] {
      let answer = try await rig.client.get(path)
      #expect(answer.status == 401 && answer.body.contains("请先登录"), "\(path): \(answer.status)")
    }
    #expect(rig.staff.notes == [.refused(staff: nil, .nameless)], "who wants to look is written down as well")
    let act = try await rig.client.post("/api/incidents/7/acknowledge", #"{"post":"desk"}"#)
    #expect(act.status == 401 && rig.asked.withLockedValue { $0 } == [])
    for cookie in ["", "x", String(repeating: "A", count: 5000)] {
      #expect(try await rig.client.get("/api/desk", cookie: cookie).status == 401)
    }
    // Once, and not for every request.
    for _ in 0..<20 { _ = try await rig.client.post("/api/incidents/7/close", #"{"post":"desk"}"#) }
    #expect(rig.staff.notes == [.refused(staff: nil, .nameless)])
    // The page itself, its words and whether the program runs are nobody's secret.
    for path in ["/", "/desk.js", "/api/texts", "/healthz"] { #expect(try await rig.client.get(path).status != 401, "\(path)") }
    #expect(try await rig.client.get("/api/session").body == #"{"guarded":true}"#)
  }

  /// Another site's page sends what this one's session may not be used for; it never comes to what asks for a login.
  @Test(arguments: ["Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"])
  func anotherSitesPageIsRefusedAndWrittenDownOnce(_ header: String) async throws {
    let rig = try Rig([("d01", [.duty], [])])
    let cookie = try await rig.logIn("d01")
    let before = rig.staff.notes
    for _ in 0..<20 {
      let answer = try await rig.client.post("/api/incidents/7/close", #"{"post":"desk"}"#, cookie: cookie, headers: header)
      #expect(answer.status == 403 && answer.body.contains("foreignOrigin"))
    }
    #expect(rig.asked.withLockedValue { $0 } == [] && rig.staff.notes == before + [.refused(staff: nil, .foreign)])
  }

  @Test func aRoleMayDoWhatItIsForAndWhatIsRefusedIsWrittenDown() async throws {
    let rig = try Rig([
      ("d01", [.duty], ["desk"]), ("i01", [.inspector], []), ("c07", [.clerk], []), ("t01", [.technician], []),
    ])
    let duty = try await rig.logIn("d01")
    #expect(try await rig.client.get("/api/desk", cookie: duty).status == 200)
    #expect(try await rig.client.post("/api/incidents/7/acknowledge", #"{"post":"desk"}"#, cookie: duty).status == 200)
    let other = try await rig.client.post("/api/incidents/7/acknowledge", #"{"post":"lead"}"#, cookie: duty)
    #expect(other.status == 403 && other.body.contains("notYourPost"))
    for id in ["i01", "t01"] {
      let cookie = try await rig.logIn(id)
      #expect(try await rig.client.get("/api/desk", cookie: cookie).status == 200)
      let act = try await rig.client.post("/api/incidents/7/acknowledge", #"{"post":"desk"}"#, cookie: cookie)
      #expect(act.status == 403 && act.body.contains("noRight"))
    }
    let clerk = try await rig.logIn("c07")
    #expect(try await rig.client.get("/api/desk", cookie: clerk).status == 403)
    #expect(rig.asked.withLockedValue { $0 } == ["desk"])
    #expect(
      rig.staff.denied == [
        "d01 /api/incidents/7/acknowledge lead", "i01 /api/incidents/7/acknowledge", "t01 /api/incidents/7/acknowledge",
        "c07 /api/desk",
      ])
  }

  @Test func aWrongPinIsRefusedInWords() async throws {
    let rig = try Rig([("d01", [.duty], [])])
    for (body, status, word) in [
      (#"{"id":"d01","pin":"739165"}"#, 401, "loginWrong"), (#"{"id":"nobody","pin":"739164"}"#, 401, "loginWrong"),
      (#"{"id":"d01"}"#, 400, "pin"), ("{", 400, "badBody"), (#"{"id":"d01","pin":5}"#, 400, "pin"),
    ] {
      let answer = try await rig.client.post("/api/login", body)
      #expect(answer.status == status && answer.body.contains(word) && answer.headers["set-cookie"] == nil, "\(answer.body)")
    }
    for _ in 0..<5 { _ = try await rig.client.post("/api/login", #"{"id":"d01","pin":"739165"}"#) }
    let locked = try await rig.client.post("/api/login", #"{"id":"d01","pin":"739164"}"#)
    #expect(locked.status == 429 && locked.body.contains("15 分钟"))
    #expect(try await rig.client.get("/api/login").status == 405)
  }

  @Test func aCardThatIsLaidDownWhileThePageAsksLogsIn() async throws {
    let rig = try Rig([("d01", [.duty], [])])
    let uid = SecretBuffer(capacity: 10)
    uid.fill(from: [0x04, 1, 2, 3])
    func lay() { rig.staff.door.cards.heard(.present(SmartCard(number: 1, answerToReset: SecretBuffer(capacity: 33), uid: uid))) }
    // Without a reader no page offers it.
    #expect(try await rig.client.get("/api/session").body == #"{"guarded":true}"#)
    #expect(try await rig.client.post("/api/login/card", #"{"ask":0}"#).body.contains("noCardReader"))
    rig.staff.door.cards.heard(.ready)
    #expect(try await rig.client.get("/api/session").body == #"{"guarded":true,"card":true}"#)
    lay()
    let refused = try await rig.client.post("/api/login/card", #"{"ask":0}"#)
    #expect(refused.status == 401 && refused.body.contains("cardUnknown") && refused.headers["set-cookie"] == nil)
    let path = rig.staff.path
    var book = try StaffBook.load(path)
    var account = try #require(book.account("d01"))
    account.card = try StaffCardKey.loadOrMake(besides: path).hash(uid).text
    book.put(account)
    try book.save(path)
    async let answer = rig.client.post("/api/login/card", #"{"ask":0}"#)
    // The old card is used up: this page waits. Laid down anew it is that page's.
    rig.staff.door.cards.heard(.removed)
    lay()
    let done = try await answer
    let cookie = try #require(done.headers["set-cookie"]?.split(separator: ";").first).dropFirst("linli-desk=".count)
    #expect(done.status == 200 && done.body.contains(#""mayLook":true"#))
    #expect(try await rig.client.get("/api/desk", cookie: String(cookie)).status == 200)
    #expect(try await rig.client.post("/api/login/card", #"{"ask":5}"#).status == 409)
    #expect(try await rig.client.get("/api/login/card").status == 405)
    for body in [#"{"ask":"x"}"#, "{}", #"{"ask":-1}"#] {
      #expect([400, 409].contains(try await rig.client.post("/api/login/card", body).status), "\(body)")
    }
  }

  @Test func whoLogsOutIsOutAndHisStreamEnds() async throws {
    let rig = try Rig([("d01", [.duty], [])])
    let cookie = try await rig.logIn("d01")
    let stream = try await RawClient.connect(port: rig.desk.port)
    stream.send("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\(rig.client.header(cookie))\r\n")
    _ = try await stream.received { text, _ in text.contains("event: view") }
    let answer = try await rig.client.post("/api/logout", "{}", cookie: cookie)
    #expect(answer.headers["set-cookie"] == "linli-desk=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    _ = try await stream.untilClosed()
    #expect(try await rig.client.get("/api/desk", cookie: cookie).status == 401)
  }

  @Test func withoutAccountsTheDeskIsOpenOnThisComputer() async throws {
    let rig = try Rig([])
    #expect(try await rig.client.get("/api/desk").status == 200)
    #expect(try await rig.client.get("/api/session").body == #"{"guarded":false}"#)
    #expect(try await rig.client.post("/api/login", #"{"id":"d01","pin":"739164"}"#).status == 404)
  }

  @Test func aPageOfAnotherSiteCannotLogIn() async throws {
    let rig = try Rig([("d01", [.duty], [])])
    let body = #"{"id":"d01","pin":"739164"}"#
    let answer = try await RawClient.ask(
      "POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)", port: rig.desk.port)
    #expect(answer.status == 403 && answer.headers["set-cookie"] == nil)
    #expect(answer.headers["x-frame-options"] == "DENY")
  }
}
