import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import Consoles
@testable import Station

/// What the pages in the hall ask the station, and what they are told.
@Suite struct HallAPITests {
  @Test func everyActionReachesTheStationAndNoCodeIsInClear() async throws {
    let test = try await TestHall { action in
      if case .kiosk(_, .takeTicket(let service, _, let digest, _)) = action {
        return .ticket(VisitSample.ticket(digest, service: service), ahead: 2)
      }
      return .done
    }.live()
    defer { test.pages.stop() }
    let requests: [(String, String, KioskAction)] = [
      ("help", "{}", .callForHelp), ("staff", "{}", .askForStaff),
      ("ticket", #"{"service":"legal","priority":"no","card":""}"#, .takeTicket(service: "legal", priority: false, 5821)),
      ("ticket", #"{"service":"aid","priority":"yes","card":""}"#, .takeTicket(service: "aid", priority: true, 5822)),
      ("hazard", #"{"kind":"lamp","place":"hall"}"#, .reportHazard(kind: "lamp", place: "hall")),
      ("status", #"{"number":"a1","code":"4821"}"#, .status(letter: "A", number: 1, 5821)),
      ("rate", #"{"number":" a65535 ","code":"0007","faces":3}"#, .rate(letter: "A", number: 65535, 1007, 3)),
      ("let-go", #"{"since":1795500000000,"touch":"yes"}"#, .letGo(since: 1_795_500_000_000, isTouch: true)),
      ("let-go", #"{"since":0,"touch":"no"}"#, .letGo(since: 0, isTouch: false)),
    ]
    for (verb, body, _) in requests {
      #expect(try await test.client.post("/api/kiosk/%E5%A4%A7%E5%8E%85/\(verb)", body).status == 200, "\(verb)")
    }
    #expect(test.notes.asked == requests.map { VisitNotes.Asked(post: "", action: .kiosk("大厅", $0.2)) })
    for asked in test.notes.asked { #expect(!"\(asked)".contains("4821") && !"\(asked)".contains("4822")) }
  }

  @Test func aSlipIsTheOnlyPlaceOfItsCode() async throws {
    let asked = NIOLockedValueBox<[String]>([])
    let test = try await TestHall { action in
      guard case .kiosk(_, .takeTicket(_, _, let digest, _)) = action else { return .done }
      return .ticket(VisitSample.ticket(digest), ahead: 2)
    } qr: { text in
      asked.withLockedValue { $0.append(text) }
      return [[true, false], [false, true]]
    }.live()
    defer { test.pages.stop() }
    let answer = try await test.client.post("/api/kiosk/hall/ticket", #"{"service":"legal","priority":"no","card":""}"#)
    let slip =
      #"{"answer":"ticket","id":"20783/A001","number":"A001","code":"4821","service":"legal","ahead":2,"slip":"shown","qr":["10","01"]}"#
    #expect(answer.body.replacing(#/,"receipt":"[0-9a-f]{16}"/#, with: "") == slip)
    #expect(asked.withLockedValue { $0 } == ["A001-4821"])
    #expect(try await test.client.get("/api/visits").body.contains("4821") == false)
  }

  @Test func aCardIsReachedByItsOwnVisitOnly() async throws {
    let notes = NIOLockedValueBox<[String]>([])
    let field = SealedField(key: "k", bytes: [9])
    @Sendable func note(_ text: String) { notes.withLockedValue { $0.append(text) } }
    let cards = CardDesk(
      begin: { $0 == "hall" ? 0xab : nil },
      picture: { _, card, seen in
        var picture = CardPicture(revision: seen + 1, stage: card == 0xab ? .read : .over)
        if card == 0xab { (picture.name, picture.number) = ("王*", "220***********1234") }
        return picture
      },
      touched: { note("touched \($0) \($1)") }, end: { note("end \($0) \($1 ?? 0)") },
      takeField: { _, card in card == 0xab ? field : nil }, taken: { note("taken \($0) \($1)") },
      giveBack: { note("back \($0) \($1) \($2.key)") })
    let test = try await TestHall(
      answer: { action in
        guard case .kiosk(_, .takeTicket(let service, _, let digest, _)) = action else { return .done }
        return switch service {
        case "full": .refused(.ticketsExhausted)
        case "slow": .unrecorded
        default: .ticket(VisitSample.ticket(digest, service: service), ahead: 0)
        }
      }, cards: cards
    ).live()
    defer { test.pages.stop() }
    let begun = try await test.client.post("/api/kiosk/hall/read", "{}")
    #expect(begun.body == #"{"answer":"reading","card":"00000000000000ab"}"#)
    #expect(try await test.client.post("/api/kiosk/other/read", "{}").body.contains("noReader"))
    let picture = try await test.client.post("/api/kiosk/hall/card", #"{"card":"00000000000000ab","seen":4}"#)
    #expect(
      picture.body
        == #"{"answer":"card","revision":5,"stage":"read","name":"王*","number":"220***********1234","doubtful":false}"#)
    #expect(try await test.client.post("/api/kiosk/hall/card", #"{"card":"00000000000000ac","seen":4}"#).body.contains("over"))
    for bad in ["", "ab", "00000000000000ag", "+0000000000000ab"] {
      #expect(try await test.client.post("/api/kiosk/hall/touched", #"{"card":"\#(bad)"}"#).status == 400, "\(bad)")
    }
    for seen in ["-1", "99999999999"] {
      #expect(try await test.client.post("/api/kiosk/hall/card", #"{"card":"00000000000000ab","seen":\#(seen)}"#).status == 400)
    }
    let ticket = #"{"service":"legal","priority":"no","card":"00000000000000ab"}"#
    #expect(try await test.client.post("/api/kiosk/hall/ticket", ticket).status == 200)
    #expect(
      test.notes.asked.last?.action
        == .kiosk("hall", .takeTicket(service: "legal", priority: false, 5821, contact: field)))
    let other = ticket.replacingOccurrences(of: "ab\"", with: "ac\"")
    #expect(try await test.client.post("/api/kiosk/hall/ticket", other).body.contains("cardIsOver"))
    let full = ticket.replacingOccurrences(of: "legal", with: "full")
    #expect(try await test.client.post("/api/kiosk/hall/ticket", full).status == 409)
    // Nobody knows whether there is a ticket that names it: its key must not go.
    let slow = ticket.replacingOccurrences(of: "legal", with: "slow")
    #expect(try await test.client.post("/api/kiosk/hall/ticket", slow).status == 202)
    for (verb, body) in [
      ("touched", #"{"card":"00000000000000ab"}"#), ("forget", #"{"card":"00000000000000ab"}"#), ("help", "{}"),
    ] {
      #expect(try await test.client.post("/api/kiosk/hall/\(verb)", body).status == 200)
    }
    let told = ["taken hall 171", "back hall 171 k", "taken hall 171", "touched hall 171", "end hall 171", "end hall 0"]
    #expect(notes.withLockedValue { $0 } == told)
  }

  @Test func aCodeThatIsTakenIsDrawnAgainButNotForEver() async throws {
    let test = try await TestHall { action in
      guard case .kiosk(_, .takeTicket(let service, _, let digest, _)) = action else { return .done }
      return digest < 5823 || service == "full" ? .refused(.codeTaken) : .ticket(VisitSample.ticket(digest), ahead: 0)
    }.live()
    defer { test.pages.stop() }
    #expect(
      try await test.client.post("/api/kiosk/hall/ticket", #"{"service":"legal","priority":"no","card":""}"#).body.contains(
        "4823"))
    #expect(test.notes.draws == 3)
    let full = try await test.client.post("/api/kiosk/hall/ticket", #"{"service":"full","priority":"no","card":""}"#)
    #expect(full.status == 409 && full.body.contains("codeTaken") && !full.body.contains("48"))
    #expect(test.notes.draws == 3 + KioskDesk.draws)
  }

  @Test func aStandingIsSaidInPlainWords() async throws {
    let stages: [(rating: Int?, result: Matter.Result?, canRate: Bool)] = [
      (nil, nil, false), (nil, .agreed, true), (2, .agreed, false),
    ]
    for stage in stages {
      let standing = VisitStanding(
        shown: "A001", service: "法律咨询", ticket: nil, ahead: 0, window: nil,
        matter: .init(
          id: 7, phase: .handled, owner: "调解岗", offeredTo: nil, result: stage.result, overdue: false, hoursLeft: 5,
          rating: stage.rating))
      let test = try await TestHall { _ in .standing(standing) }.live()
      defer { test.pages.stop() }
      let answer = try await test.client.post("/api/kiosk/hall/status", #"{"number":"A001","code":"4821"}"#)
      #expect(answer.status == 200)
      #expect(answer.body.contains(#""chinese":"\#(Texts.text(standing).chinese)""#))
      #expect(answer.body.contains(#""canRate":\#(stage.canRate)"#))
      #expect(!answer.body.contains("4821"))
    }
  }

  @Test func whoIsNextIsToldThatNobodyIsBefore() {
    func said(_ ahead: Int) -> BilingualText {
      Texts.text(VisitStanding(shown: "A001", service: "法律咨询", ticket: .waiting, ahead: ahead, window: nil, matter: nil))
    }
    #expect(said(0) == BilingualText("您的号 A001,前面没有人", "Your number A001: nobody before you"))
    #expect(said(2) == BilingualText("您的号 A001,前面还有 2 位", "Your number A001: 2 before you"))
  }

  @Test(arguments: Refusal.allCases) func refusalIsExplainedInBothLanguages(refusal: Refusal) async throws {
    let test = try await TestHall { _ in .refused(refusal) }.live()
    defer { test.pages.stop() }
    let answer = try await test.client.post("/api/kiosk/hall/help", "{}")
    #expect(answer.status == (refusal == .tooManyWishes ? 429 : 409))
    let said = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
    #expect(
      said == [
        "answer": "refused", "code": refusal.rawValue, "chinese": Texts.text(refusal).chinese,
        "english": Texts.text(refusal).english,
      ])
  }

  @Test func whatIsNotOnDiskIsSaidToBeSo() async throws {
    let test = try await TestHall { _ in .unrecorded }.live()
    defer { test.pages.stop() }
    for (verb, body) in [("help", "{}"), ("ticket", #"{"service":"legal","priority":"no","card":""}"#)] {
      let answer = try await test.client.post("/api/kiosk/hall/\(verb)", body)
      #expect(answer.status == 202 && answer.body.contains(Texts.unrecorded.chinese), "\(verb)")
      #expect(!answer.body.contains("A001") && !answer.body.contains("48"))
    }
  }

  static let nonsense: [(path: String, body: String, status: Int, code: String)] = [
    ("/api/kiosk/hall/explode", "{}", 404, "notFound"), ("/api/kiosk/hall", "{}", 404, "notFound"),
    ("/api/kiosk/hall/help/now", "{}", 404, "notFound"), ("/api/windows/1/next", #"{"post":"w1"}"#, 404, "notFound"),
    ("/api/tickets/20783/A001/reissue", #"{"post":"w1"}"#, 404, "notFound"), ("/kiosk/hall", "{}", 405, "wrongMethod"),
    ("/api/visits", "{}", 405, "wrongMethod"), ("/", "{}", 405, "wrongMethod"), ("/kiosk.js", "{}", 405, "wrongMethod"),
    ("/api/kiosk/hall/help", "", 400, "badBody"), ("/api/kiosk/hall/help", "[]", 400, "badBody"),
    ("/api/kiosk/hall/help", #"{"name":"x"}"#, 400, "unknownField"),
    ("/api/kiosk/hall/ticket", #"{"service":"legal"}"#, 400, "badBody"),
    ("/api/kiosk/hall/ticket", #"{"service":"legal","priority":true}"#, 400, "badBody"),
    ("/api/kiosk/hall/ticket", #"{"service":"legal","priority":"maybe"}"#, 400, "badBody"),
    ("/api/kiosk/hall/ticket", #"{"service":"legal","priority":"no","name":"王"}"#, 400, "unknownField"),
    ("/api/kiosk/hall/ticket", #"{"service":"le\u0007gal","priority":"no","card":""}"#, 400, "badBody"),
    ("/api/kiosk/hall/slip", #"{"id":"20783/A001","slip":"shown"}"#, 400, "badBody"),
    ("/api/kiosk/hall/slip", #"{"id":"20783/A001","slip":"shown","receipt":"x"}"#, 400, "badBody"),
    ("/api/kiosk/hall/slip", #"{"id":"A001","slip":"shown","receipt":"00000000000000ab"}"#, 400, "badBody"),
    ("/api/kiosk/hall/slip", #"{"id":"20783/A0","slip":"shown","receipt":"00000000000000ab"}"#, 400, "badBody"),
    ("/api/kiosk/hall/slip", #"{"id":"99999999999/A001","slip":"shown","receipt":"00000000000000ab"}"#, 400, "badBody"),
    ("/api/kiosk/hall/slip", #"{"id":"20783/A001","slip":"eaten","receipt":"00000000000000ab"}"#, 400, "badBody"),
    ("/api/kiosk/hall/hazard", #"{"kind":"lamp"}"#, 400, "badBody"),
    ("/api/kiosk/hall/hazard", #"{"kind":"lamp","place":"hall","who":"x"}"#, 400, "unknownField"),
    ("/api/kiosk/hall/status", #"{"number":"001","code":"4821"}"#, 400, "badBody"),
    ("/api/kiosk/hall/status", #"{"number":"A65536","code":"4821"}"#, 400, "badBody"),
    ("/api/kiosk/hall/status", #"{"number":"A001","code":"482"}"#, 400, "badBody"),
    ("/api/kiosk/hall/status", #"{"number":"A001","code":"４８２１"}"#, 400, "badBody"),
    ("/api/kiosk/hall/status", #"{"number":"A001","code":4821}"#, 400, "badBody"),
    ("/api/kiosk/hall/rate", #"{"number":"A001","code":"4821","faces":"3"}"#, 400, "badBody"),
    ("/api/kiosk/hall/rate", #"{"number":"A001","code":"4821","faces":2.5}"#, 400, "badBody"),
  ]

  @Test(arguments: nonsense.indices) func nonsenseIsRefusedAndExplained(index: Int) async throws {
    let (path, body, status, code) = Self.nonsense[index]
    let test = try await TestHall().live()
    defer { test.pages.stop() }
    let answer = try await test.client.post(path, body)
    #expect(answer.status == status, "\(path): \(answer.body)")
    let said = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
    #expect(said["answer"] == "error" && said["code"] == code)
    for key in ["where", "accepted", "chinese", "english"] { #expect(said[key]?.isEmpty == false, "\(key)") }
    #expect(test.notes.asked.isEmpty && test.notes.draws == 0)
  }

  @Test func aRequestByGetIsRefused() async throws {
    let test = try await TestHall().live()
    defer { test.pages.stop() }
    let answer = try await test.client.get("/api/kiosk/hall/help")
    #expect(answer.status == 405 && answer.headers["allow"] == "POST")
    #expect(test.notes.asked.isEmpty)
  }

  @Test func thePublicPictureHasNumbersAndWindowsOnly() async throws {
    let test = try await TestHall().live()
    defer { test.pages.stop() }
    let body = try await test.client.get("/api/visits").body
    let picture = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
    #expect(
      Set(picture.keys) == [
        "site", "revision", "asOfMilliseconds", "recorded", "parentLostMilliseconds", "services", "windows", "kiosks", "places",
        "hazardKinds", "counts", "kept", "signedOff",
      ])
    let window = try #require((picture["windows"] as? [[String: Any]])?.first)
    #expect(Set(window.keys) == ["number", "name", "services", "current"])
    let current = try #require(window["current"] as? [String: Any])
    #expect(Set(current.keys) == ["number", "calls", "calledMilliseconds"])
    for secret in VisitSample.secrets { #expect(!body.contains(secret), "\(secret)") }
    let kept = try #require(picture["kept"] as? [String: Any])
    #expect(kept["tickets"] as? Int == 13 && kept["matters"] as? Int == 12 && kept["sealed"] as? Int == 7)
    #expect(kept["hazards"] as? Int == 5 && kept["ratings"] as? Int == 6 && kept["closedDays"] as? Int == 17)
    #expect(kept["contact"] as? String == "综治中心前台")
    let rows = try #require(kept["rows"] as? [[String: Any]])
    #expect(rows.map { $0["kind"] as? String } == Retention.Kind.allCases.map(\.rawValue))
    #expect(rows.map { $0["count"] as? Int } == [13, 7, nil, 12, 5, 6, 2, 1, 40, 900, 3, nil])
    let cleared = try #require(kept["cleared"] as? [String: Int])
    #expect(cleared == ["atMilliseconds": 5, "tickets": 41, "matters": 1, "keys": 7, "files": 2])
  }

  @Test func pagesAndAllThatTheyLoadAreServedWithSecurityHeaders() async throws {
    let test = try await TestHall().live()
    defer { test.pages.stop() }
    for path in HallRoutes.fileNames + ["", "kiosk/hall", "kiosk/%E5%A4%A7%E5%8E%85", "hall", "notice", "kept"] {
      let answer = try await test.client.get("/" + path)
      #expect(answer.status == 200, "\(path)")
      #expect(answer.headers["content-security-policy"]?.contains("default-src 'self'") == true)
      #expect(answer.headers["cache-control"] == "no-store")
      for match in answer.body.matches(of: #/(?:from "\.|src="|href="|SharedWorker\(")\/([\w.-]+\.\w+)"/#) {
        #expect(HallRoutes.fileNames.contains(String(match.1)), "\(path) loads \(match.1)")
      }
      // The pages hold no words and no style of their own.
      if path.hasSuffix(".html") { #expect(!answer.body.contains("style=") && !answer.body.contains("<script>")) }
      let code = answer.body.replacing(#/\/\/[^\n]*|\/\*.*?\*\//#, with: "")
      if path.hasSuffix("js") || path.hasSuffix("html") { #expect(!code.contains(#/[\u{4E00}-\u{9FFF}]/#), "\(path)") }
    }
    for path in ["/window.html", "/desk.html", "/api/desk", "/kiosk", "/kiosk/", "/hall/1", "/..%2fhall.html"] {
      let status = try await test.client.get(path).status
      #expect(status == 404 || status == 400, "\(path): \(status)")
    }
    let texts = try JSONDecoder().decode(
      [String: [String: [String]]].self, from: Data(try await test.client.get("/api/texts").body.utf8))
    #expect(texts["page"]?["iAmHere"] == ["我还在", "I am still here"])
    for (key, words) in texts["page"] ?? [:] { #expect(words.count == 2 && !words.contains(""), "\(key)") }
    #expect(Set(PageWords.hall.map(\.key)).count == PageWords.hall.count)
  }

  @Test func beforeTheFirstPictureAndAfterTheStationIsLostNothingIsTaken() async throws {
    let test = try TestHall()
    defer { test.pages.stop() }
    #expect(try await test.client.get("/api/visits").status == 503)
    #expect(try await test.client.post("/api/kiosk/hall/help", "{}").body.contains("notReady"))
    test.pages.publish(VisitSample.view())
    let page = try await test.client.waitUntilLive()
    test.pages.stationLost()
    _ = try await page.received { text, _ in text.contains(#""station":"lost""#) }
    let refused = try await test.client.post("/api/kiosk/hall/help", "{}")
    #expect(refused.status == 503 && refused.body.contains("stationLost"))
    // Nor does a page that lives depend on the station.
    #expect(try await test.client.post("/api/kiosk/hall/alive", "{}").status == 200)
    #expect(test.notes.asked.isEmpty)
  }

  @Test func aPageSaysThatItIsAliveForItsOwnTerminal() async throws {
    let test = try await TestHall().live()
    defer { test.pages.stop() }
    #expect(try await test.client.get("/api/kiosk/hall/alive").body == "{}")
    #expect(try await test.client.post("/api/kiosk/hall/alive", "{}").body == #"{"answer":"done"}"#)
    #expect(try await test.client.get("/api/kiosk/hall/alive").body.contains(#/"aliveMillisecondsAgo":\d{1,4}\}/#))
    for answer in [
      try await test.client.get("/api/kiosk/other/alive"), try await test.client.post("/api/kiosk/other/alive", "{}"),
    ] {
      #expect(answer.status == 404 && answer.body.contains("a terminal of the site file: "), "\(answer.body)")
    }
  }

  /// Whoever watches over one page hears nothing of another.
  @Test func aPageThatIsWatchedSpeaksUnderItsMark() async throws {
    let test = try await TestHall().live()
    defer { test.pages.stop() }
    let said = #/"aliveMillisecondsAgo":\d{1,4}\}/#
    #expect(try await test.client.post("/api/kiosk/hall/alive", "{}").status == 200)
    #expect(try await test.client.post("/api/kiosk/hall/alive/other", "{}").status == 200)
    #expect(try await test.client.get("/api/kiosk/hall/alive/1f").body == "{}")
    #expect(try await test.client.post("/api/kiosk/hall/alive/1f", "{}").body == #"{"answer":"done"}"#)
    #expect(try await test.client.get("/api/kiosk/hall/alive/1f").body.contains(said))
    #expect(try await test.client.get("/api/kiosk/hall/alive").body.contains(said))
    for mark in ["A", "a-b", String(repeating: "a", count: 33), "%20"] {
      #expect(try await test.client.post("/api/kiosk/hall/alive/\(mark)", "{}").status == 400, "\(mark)")
    }
    // Marks do not fill the memory: the newest stay.
    for number in 0..<KioskPulses.marksPerTerminal {
      #expect(try await test.client.post("/api/kiosk/hall/alive/n\(number)", "{}").status == 200)
    }
    #expect(try await test.client.get("/api/kiosk/hall/alive/other").body == "{}")
    #expect(try await test.client.get("/api/kiosk/hall/alive/n0").body.contains(said))
  }
}
