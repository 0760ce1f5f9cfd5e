import DeviceVocabulary
import Foundation
import NIOConcurrencyHelpers
import StaffAccess
import Testing

@testable import Consoles
@testable import Station

/// What the operator's console asks the station, who may, and what it is told.
@Suite struct WallAPITests {
  private final class Console: Sendable {
    let pages: WallPages
    let client: PageClient
    let asked = NIOLockedValueBox<[WallAction]>([])
    let others = NIOLockedValueBox<[DeskRequest.Action]>([])

    init(staff: StaffDoor? = nil, answer: @escaping @Sendable (WallAction) -> DeskAnswer = { _ in .done }) throws {
      let (asked, others) = (asked, others)
      pages = try WallPages(port: 0, webRoot: Sample.webRoot, staff: staff, presets: { _ in ["停车场"] }) { _, action in
        guard case .wall(let action) = action else {
          others.withLockedValue { $0.append(action) }
          return .done
        }
        asked.withLockedValue { $0.append(action) }
        return answer(action)
      }
      client = PageClient(port: pages.port)
      pages.publish(WallSample.view)
    }

    func live() async throws -> Console {
      try await client.waitUntilLive().close()
      return self
    }
  }

  static let cells = WallCells(column: 2, row: 1)
  static let requests: [(String, String, WallAction)] = [
    ("scene", #","scene":"day""#, .scene("day")), ("scene", #","scene":"""#, .scene(nil)),
    ("meeting", #","scene":"m""#, .beginMeeting(scene: "m")), ("end-meeting", "", .endMeeting),
    ("pin", #","source":"map","at":"2,1""#, .pin(source: "map", cells, reason: nil)),
    ("pin", #","source":"cam","at":"2,1","size":"1x1","reason":"积水""#, .pin(source: "cam", cells, reason: "积水")),
    ("renew", #","pin":3"#, .renew(3)), ("unpin", #","pin":3"#, .unpin(3)), ("visitors", #","on":"yes""#, .visitors(true)),
    ("arm", #","on":"no""#, .arm(false)), ("undo-layout", #","layout":"big""#, .undoLayout("big")),
    ("undo-layout", #","layout":"big","form":"c0ffee""#, .undoLayout("big", form: "c0ffee")),
    (
      "layout", #","text":"layout a 名","form":"none""#, .saveLayout(WallLayout(id: "a", name: "名", regions: []), form: "none")
    ),
    ("identify", #","output":4,"seconds":10"#, .identify(4, seconds: 10)),
    (
      "turn", #","source":"cam","preset":"门","reason":"积水""#, .turn(source: "cam", preset: "门", reason: "积水")
    ), ("turn", #","source":"cam","preset":"door""#, .turn(source: "cam", preset: "door", reason: nil)),
    (
      "layout", #","text":"layout a 名\n1,1 2x1 上: map""#,
      .saveLayout(
        WallLayout(
          id: "a", name: "名",
          regions: [.init(name: "上", cells: WallCells(column: 1, row: 1, width: 2, height: 1), sources: ["map"])]))
    ),
  ]

  @Test func everyActionReachesTheStationAlsoAsARehearsal() async throws {
    let console = try await Console().live()
    defer { console.pages.stop() }
    for (verb, fields, _) in Self.requests {
      let answer = try await console.client.post("/api/wall/\(verb)", #"{"post":"wall""# + fields + "}")
      #expect(answer.status == 200, "\(verb): \(answer.body)")
    }
    #expect(console.asked.withLockedValue { $0 } == Self.requests.map(\.2))
    #expect(Set(Self.requests.map(\.0)) == Set(WallVerb.allCases.map(\.rawValue)), "each verb is asked for above")
    _ = try await console.client.post("/api/wall/rehearse/scene", #"{"post":"wall","scene":"day"}"#)
    #expect(console.asked.withLockedValue { $0.last } == .rehearse(.scene("day")))
  }

  static let nonsense: [(path: String, body: String, status: Int, code: String)] = [
    ("scene", #"{"post":"wall"}"#, 400, "badBody"), ("scene", #"{"post":"wall","scene":7}"#, 400, "badBody"),
    ("explode", #"{"post":"wall"}"#, 404, "notFound"), ("rehearse/explode", #"{"post":"wall"}"#, 404, "notFound"),
    ("pin", #"{"post":"wall","source":"map","at":"0,1"}"#, 400, "badBody"),
    ("pin", #"{"post":"wall","source":"map","at":"2,1","size":"-1x1"}"#, 400, "badBody"),
    ("pin", #"{"post":"wall","source":"map","at":"2,1","person":"x"}"#, 400, "unknownField"),
    ("unpin", #"{"post":"wall","pin":-1}"#, 400, "badBody"), ("unpin", #"{"post":"wall","pin":4294967296}"#, 400, "badBody"),
    ("arm", #"{"post":"wall","on":"maybe"}"#, 400, "badBody"), ("layout", #"{"post":"wall","text":"layout"}"#, 400, "badBody"),
    ("layout", #"{"post":"wall","text":"layout a b\n9 9"}"#, 400, "badBody"), ("identify", "{", 400, "badBody"),
    ("turn", #"{"post":"wall","source":"cam"}"#, 400, "badBody"),
  ]

  @Test(arguments: nonsense.indices) func nonsenseIsRefusedAndExplained(index: Int) async throws {
    let (path, body, status, code) = Self.nonsense[index]
    let console = try await Console().live()
    defer { console.pages.stop() }
    let answer = try await console.client.post("/api/wall/\(path)", body)
    #expect(answer.status == status && answer.body.contains(#""code":"\#(code)""#), "\(path): \(answer.body)")
    #expect(console.asked.withLockedValue { $0.isEmpty })
  }

  @Test func withoutARightNothingIsShownOrDoneAndItIsWrittenDown() async throws {
    let staff = try TestStaff([("o01", [.operator], []), ("c07", [.clerk], []), ("i01", [.inspector], [])])
    let console = try Console(staff: staff.door)
    defer { console.pages.stop() }
    let (clerk, inspector, oper) = (try staff.logIn("c07"), try staff.logIn("i01"), try staff.logIn("o01"))
    for (cookie, look, act) in [(nil, 401, 401), (clerk, 403, 403), (inspector, 200, 403), (oper, 200, 200)]
      as [(String?, Int, Int)]
    {
      #expect(try await console.client.get("/api/wall", cookie: cookie).status == look)
      #expect(try await console.client.post("/api/wall/scene", #"{"post":"wall","scene":"day"}"#, cookie: cookie).status == act)
    }
    #expect(console.asked.withLockedValue { $0.count } == 1)
    let denied = staff.notes.filter { if case .denied = $0 { true } else { false } }
    #expect(denied.count == 3, "clerk twice, inspector once: \(denied)")
  }

  /// Whoever is shown round may stand at an open console.
  @Test func onlyAnOperatorsPinEndsTheVisit() async throws {
    let staff = try TestStaff([("o01", [.operator], [])])
    let console = try Console(staff: staff.door)
    defer { console.pages.stop() }
    let cookie = try staff.logIn("o01")
    #expect(try await console.client.post("/api/wall/visitors", #"{"post":"wall","on":"yes"}"#, cookie: cookie).status == 200)
    for code in [#","code":"000000""#, ""] {
      #expect(
        try await console.client.post("/api/wall/visitors", #"{"post":"wall","on":"no"\#(code)}"#, cookie: cookie).status == 401)
    }
    #expect(console.asked.withLockedValue { $0 } == [.visitors(true)])
    #expect(
      try await console.client.post("/api/wall/visitors", #"{"post":"wall","on":"no","code":"739164"}"#, cookie: cookie).status
        == 200)
    #expect(console.asked.withLockedValue { $0.last } == .visitors(false))
  }

  /// Both sign: who goes is logged in, who comes gives his PIN; then the page is his, and what the other could do is over.
  @Test func aChangeOfShiftIsSignedByBothAndEndsTheFormersRights() async throws {
    let staff = try TestStaff([("o01", [.operator], []), ("o02", [.operator], []), ("c07", [.clerk], [])])
    let console = try Console(staff: staff.door)
    defer { console.pages.stop() }
    let leaving = try staff.logIn("o01")
    func handOver(_ id: String, _ pin: String, _ cookie: String?) async throws -> Answer {
      try await console.client.post(
        "/api/wall/hand-over", #"{"post":"wall","id":"\#(id)","pin":"\#(pin)","list":"c0ffee"}"#, cookie: cookie)
    }
    for (id, pin, cookie, status) in [
      ("o02", "739164", nil, 401), ("o02", "000000", leaving, 401), ("c07", "739164", leaving, 403),
      ("nobody", "739164", leaving, 401),
    ] as [(String, String, String?, Int)] {
      let answer = try await handOver(id, pin, cookie)
      #expect(answer.status == status, "\(id): \(answer.body)")
    }
    #expect(console.asked.withLockedValue { $0.isEmpty })
    let signed = try await handOver("o02", "739164", leaving)
    #expect(signed.status == 200 && console.asked.withLockedValue { $0 } == [.handOver(from: "o01", to: "o02", list: "c0ffee")])
    let coming = String(try #require(signed.headers["set-cookie"]?.split(separator: ";").first).dropFirst("linli-wall=".count))
    #expect(try await console.client.get("/api/wall", cookie: leaving).status == 401)
    #expect(try await console.client.get("/api/wall", cookie: coming).status == 200)
  }

  /// What is not for visitors does not even reach the page, and of a call only its place does (M13); on the line of the computer's own staff it does.
  @Test func whileVisitorsAreHereNoNameReachesThePage() async throws {
    let console = try await Console().live()
    defer { console.pages.stop() }
    var (view, desk) = (WallSample.view, Sample.view())
    desk.incidents = [Sample.incident(3, "一楼卫生间", phase: .opened)]
    view.pins = [
      .init(
        pin: WallPin(id: 1, source: "cam", cells: WallCells(column: 1, row: 1), post: "wall", reason: "积水", seconds: 300),
        sinceMilliseconds: 0, secondsLeft: 200)
    ]
    let subjects: [FaultKey.Subject] = [.output(4), .source("cam"), .device(Sample.button(3).device)]
    desk.faults = zip(subjects, ["输出 4", "大厅", "二楼走廊"]).map { subject, place in
      var card = Sample.fullView().faults[0]
      (card.key, card.whereText) = (FaultKey(subject, .silent), place)
      return card
    }
    // Of a source that cannot be opened the detail names it.
    var unopened = desk.faults[0]
    (unopened.key, unopened.detail) = (FaultKey(.output(4), .pictureNotOpened), "信号源“档案室”:打不开")
    desk.faults.append(unopened)
    unopened.key = FaultKey(.output(4), .outputCannot)
    desk.faults.append(unopened)
    view.shift = WallShift(from: "王小明", to: "李建国", post: "wall")
    let secrets = ["大厅", "积水", "二楼走廊", "档案室", "王小明", "李建国"]
    for hasVisitors in [false, true] {
      view.hasVisitors = hasVisitors
      view.revision += 1
      console.pages.publish(desk)
      console.pages.publish(view)
      let body = try await console.client.get("/api/wall").body
      #expect(body.contains("\"visitors\":\(hasVisitors)"))
      #expect(secrets.filter { body.contains($0) } == (hasVisitors ? [] : secrets))
      #expect(body.contains("输出 4"), "of which nobody learns anything")
      #expect(body.contains("一楼卫生间"), "somebody calls from there")
      let presets = try await console.client.get("/api/wall/presets/cam").body
      #expect(presets.contains("停车场") == !hasVisitors)
      #expect(try await console.client.get("/api/wall/presets/gate").body.contains("停车场"))
      // A terminal may stand in their sight as well: what is not for them is told there only where somebody asks for it.
      let told = WallControl.show(view, desk, isAll: false).json
      #expect(secrets.filter { told.contains($0) } == (hasVisitors ? [] : secrets) && told.contains("一楼卫生间"))
      #expect(WallControl.mayTell("cam", of: view) == !hasVisitors && WallControl.mayTell("map", of: view))
      #expect(secrets.allSatisfy { WallControl.show(view, desk, isAll: true).json.contains($0) })
    }
  }

  /// A call is answered and a card of the wall tried again here too, at the desk's addresses; nothing else of the desk is.
  @Test func callsAreAnsweredAndCardsOfTheWallRetested() async throws {
    let staff = try TestStaff([("o01", [.operator], []), ("i01", [.inspector], [])])
    let console = try Console(staff: staff.door)
    defer { console.pages.stop() }
    let (oper, inspector) = (try staff.logIn("o01"), try staff.logIn("i01"))
    let wanted: [(String, Int)] = [
      ("/api/incidents/7/acknowledge", 200), ("/api/children/tiexi-03/incidents/7/acknowledge", 200),
      ("/api/faults/output%204:outputNotSwitched/retest", 200), ("/api/faults/A/3:stuck/retest", 400),
      ("/api/incidents/7/close", 404), ("/api/children/tiexi-03/incidents/7/close", 404),
      ("/api/faults/output%204:outputNotSwitched/silence", 404), ("/api/incidents/x/acknowledge", 400),
    ]
    for (path, status) in wanted {
      let answer = try await console.client.post(path, #"{"post":"wall"}"#, cookie: oper)
      #expect(answer.status == status, "\(path): \(answer.body)")
      #expect(
        try await console.client.post(path, #"{"post":"wall"}"#, cookie: inspector).status == (status == 200 ? 403 : status))
    }
    #expect(
      console.others.withLockedValue { $0 } == [
        .acknowledge(7), .child("tiexi-03", .acknowledge(incident: 7)), .retest(FaultKey(.output(4), .outputNotSwitched)),
      ])
  }

  /// Nobody can prove who he is: leaving is said twice, and names are marked as typed.
  @Test func withoutAccountsNothingIsClaimedToBeProved() async throws {
    let staff = try TestStaff([])
    let console = try await Console(staff: staff.door).live()
    defer { console.pages.stop() }
    for _ in 0..<3 {
      let refused = try await console.client.post("/api/wall/visitors", #"{"post":"wall","on":"no"}"#)
      #expect(refused.status == 409 && refused.body.contains("notConfirmed"))
    }
    #expect(staff.notes == [.refused(staff: nil, .unconfirmed)], "written down once a minute")
    #expect(console.asked.withLockedValue { $0.isEmpty })
    #expect(try await console.client.post("/api/wall/visitors", #"{"post":"wall","on":"no","confirmed":"yes"}"#).status == 200)
    let blind = try await console.client.post("/api/wall/hand-over", #"{"post":"wall","from":"张","to":"李"}"#)
    #expect(blind.status == 400 && blind.body.contains("list"), "nobody signs without saying what he was shown: \(blind.body)")
    let signed = try await console.client.post("/api/wall/hand-over", #"{"post":"wall","from":"张","to":"李","list":"c0ffee"}"#)
    #expect(signed.status == 200, "\(signed.body)")
    let wanted: [WallAction] = [.visitors(false), .handOver(from: "张", to: "李", isTyped: true, list: "c0ffee")]
    #expect(console.asked.withLockedValue { $0 } == wanted)
  }

  /// Where there are accounts, no typed name and no confirmation stands for a PIN.
  @Test func whereThereAreAccountsOnlyThePinCounts() async throws {
    let staff = try TestStaff([("o01", [.operator], []), ("o02", [.operator], [])])
    let console = try Console(staff: staff.door)
    defer { console.pages.stop() }
    let cookie = try staff.logIn("o01")
    for (verb, fields, status) in [
      ("visitors", #""on":"no","confirmed":"yes""#, 401), ("hand-over", #""from":"o01","to":"o02","list":"c0ffee""#, 400),
    ] {
      #expect(try await console.client.post("/api/wall/\(verb)", #"{"post":"wall",\#(fields)}"#, cookie: cookie).status == status)
    }
    #expect(console.asked.withLockedValue { $0.isEmpty })
  }

  /// What is open has become something else meanwhile: the page stays with whoever is there, and nobody is logged in besides.
  @Test func whereTheListIsAnotherByThenNobodyHasSigned() async throws {
    let staff = try TestStaff([("o01", [.operator], []), ("o02", [.operator], [])])
    let console = try Console(staff: staff.door) { _ in .refused(.listChanged) }
    defer { console.pages.stop() }
    let cookie = try staff.logIn("o01")
    let answer = try await console.client.post(
      "/api/wall/hand-over", #"{"post":"wall","id":"o02","pin":"739164","list":"c0ffee"}"#, cookie: cookie)
    #expect(answer.status == 409 && answer.body.contains("listChanged") && answer.headers["set-cookie"] == nil)
    #expect(staff.notes.last == .loggedOut(staff: "o02"))
    #expect(try await console.client.get("/api/wall", cookie: cookie).status == 200)
  }

  @Test func thePictureNamesProofsAndNoAddress() async throws {
    let console = try await Console().live()
    defer { console.pages.stop() }
    let body = try await console.client.get("/api/wall").body
    let picture = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
    let outputs = try #require(picture["outputs"] as? [[String: Any]])
    #expect(outputs.map { $0["proof"] as? String } == ["verified", "notSwitched", "unreachable", "stale"])
    #expect(outputs[0]["shown"] as? String == "map" && outputs[0]["picture"] == nil)
    #expect((outputs[1]["reason"] as? String)?.contains("可能被锁定") == true)
    #expect((picture["scenes"] as? [[String: Any]])?.first?["lit"] as? String == "half")
    // What whoever acts on it says that he was shown.
    var view = WallSample.view
    view.layouts = [WallLayout(id: "big", name: "大图", regions: [])]
    view.forms = WallForms(handOver: "c0ffee", layouts: ["big": "decaf"], endingScenes: ["big"])
    let told = WallControl.show(view, nil, isAll: false).json
    for text in [#""handOverList":"c0ffee""#, #""form":"decaf""#, #""undoingEndsScene":true"#] { #expect(told.contains(text)) }
  }
}
