import DeviceKit
import DeviceVocabulary
import Foundation
import NIOConcurrencyHelpers
import StaffAccess
import Testing

@testable import Consoles
@testable import Station

/// The technician's page: who may see and re-test what, and that it says of each device what is known and no more.
@Suite struct TechAPITests {
  private final class Rig: Sendable {
    let desk: DutyDesk
    let staff: TestStaff
    let client: PageClient
    let asked = NIOLockedValueBox<[String]>([])
    let sources = NIOLockedValueBox(TechAPITests.sources())

    init(_ accounts: [TestStaff.Account] = []) throws {
      staff = try TestStaff(accounts)
      let (asked, sources) = (asked, sources)
      let devices = TechBoard(freeMebibytes: { 5120 }, sources: { sources.withLockedValue { $0 } })
      desk = try DutyDesk(port: 0, webRoot: Sample.webRoot, staff: staff.door, devices: devices) { post, action in
        asked.withLockedValue { $0.append("\(post) \(action)") }
        return .underWay
      }
      client = PageClient(port: desk.port, pages: [.technician])
      desk.publish(TechAPITests.view())
    }

    deinit { desk.stop() }

    func logIn(_ id: String) async throws -> (cookie: String, body: String) {
      let answer = try await client.post("/api/tech/login", #"{"id":"\#(id)","pin":"739164"}"#)
      #expect(answer.status == 200, "\(answer.body)")
      let cookie = try #require(answer.headers["set-cookie"]?.split(separator: ";").first)
      return (String(cookie.dropFirst("linli-technician=".count)), answer.body)
    }
  }

  // MARK: - What there is

  private static let silent = FaultKey(.device(DeviceID(bus: "A", node: 3)), .silent)

  private static func card(_ key: FaultKey, present: Bool = true) -> DeskView.FaultCard {
    DeskView.FaultCard(
      key: key, whatChinese: key.kind.text.whatChinese, whatEnglish: key.kind.text.whatEnglish, whereText: "\(key)",
      sinceMilliseconds: 1_795_400_000_000, adviceChinese: key.kind.text.adviceChinese,
      adviceEnglish: key.kind.text.adviceEnglish,
      present: present, silenced: false, retesting: false, detail: "")
  }

  static func view() -> DeskView {
    var view = Sample.view()
    view.posts = [SitePlan.Post(id: "desk", name: "值班台", phone: "024-81234567")]
    view.incidents = [Sample.incident(9, "三单元门厅")]
    view.faults = [card(silent), card(FaultKey(.pages, .pageFilesMissing))]
    return view
  }

  static func sources() -> TechSources {
    var sources = TechSources()
    func node(_ address: UInt8, _ answers: UInt32, isLost: Bool = false) -> TechSources.Node {
      TechSources.Node(
        address: address, name: "\(address) 号面板", isPanel: address < 20, isLost: isLost, requests: 100, answers: answers,
        timeouts: 100 - answers, turnaroundMicroseconds: 1800, unit: "1001 (0x000003E9)", firmware: "1.2.3",
        supply: AgedReading(
          measurand: Measurand(DeviceID(bus: "A", node: address), .supplyMillivolts), value: 23_050, age: .seconds(70),
          timeToLive: .seconds(60)))
    }
    sources.wires = [
      TechSources.Wire(
        bus: "A", port: "usb-path:1-1.4", path: "/dev/ttyUSB0", baud: 19_200, format: "8N1", condition: .working, remark: "",
        bytesSent: 10, bytesHeard: 20, nodes: [node(1, 100), node(3, 40, isLost: true), node(4, 0, isLost: true), node(20, 90)]),
      TechSources.Wire(
        bus: "B", port: "/dev/ttyUSB1", path: nil, baud: 9600, format: "8E1", condition: .adapterAbsent, remark: "没有这个串口",
        bytesSent: 0, bytesHeard: 0, nodes: [node(1, 0)]),
    ]
    sources.printer = "10.0.0.9:9100"
    return sources
  }

  private static func at(_ milliseconds: Int) -> Instant { Instant.zero + Interval.milliseconds(milliseconds) }

  private static func picture(
    _ desk: DeskView = view(), _ sources: TechSources = sources()
  ) -> [String: TechDevice] {
    let devices = TechPicture(desk: desk, sources: sources).view().devices
    return Dictionary(uniqueKeysWithValues: devices.map { ($0.id, $0) })
  }

  @Test func eachDeviceSaysWhatIsKnownOfItAndNoMore() throws {
    let devices = Self.picture()
    #expect(devices["bus A"]?.level == .good && devices["bus A"]?.at == "usb-path:1-1.4")
    #expect(devices["bus A"]?.facts.contains(TechDevice.Fact("path", "/dev/ttyUSB0")) == true)
    #expect(devices["bus B"]?.level == .bad && devices["bus B"]?.facts.contains(TechDevice.Fact("remark", "没有这个串口")) == true)
    #expect(devices["node A/1"]?.level == .good && devices["node A/1"]?.at == "A/1")
    // A reading past its time to live is said to be so, with its age.
    #expect(devices["node A/1"]?.facts.contains(TechDevice.Fact("supplyStale", "23.050 V", ageMilliseconds: 70_000)) == true)
    #expect(devices["node A/3"]?.level == .bad && devices["node A/3"]?.faults.map(\.key) == [Self.silent])
    #expect(devices["node A/4"]?.state == TechWords.neverAnswered && devices["node A/4"]?.level == .bad)
    // Of what hangs on a bus that is not there nobody knows anything.
    #expect(devices["node B/1"]?.state == TechWords.busAway && devices["node B/1"]?.level == .unknown)
    #expect(devices["node A/20"]?.kind == .module)
    #expect(devices["printer"]?.level == .unknown && devices["printer"]?.heard == .never)
    // A fault of nothing that is listed is there all the same.
    #expect(devices["fault pages:pageFilesMissing"]?.kind == .other)
    #expect(devices["clock"]?.level == .good && devices["disk"]?.level == .good)
    #expect(devices["staffReader"] == nil && devices["receiver"] == nil, "the site has none")
  }

  @Test func everyFaultOfEveryKindIsOnThePageOnce() {
    var desk = Sample.fullView()
    desk.faults = FaultKey.Kind.allCases.flatMap { kind in
      [
        FaultKey(.button(Sample.button(3)), kind), FaultKey(.bus("A"), kind), FaultKey(.child("below"), kind),
        FaultKey(.journal, kind),
      ].map { Self.card($0) }
    }
    let shown = TechPicture(desk: desk, sources: Self.sources()).view().devices.flatMap { $0.faults.map(\.key) }
    #expect(shown.count == desk.faults.count && Set(shown) == Set(desk.faults.map(\.key)))
  }

  @Test func sinceWhenAndLastHeardAreCountedFromWhatWasSeen() {
    var history = TechHistory()
    var sources = Self.sources()
    var desk = Self.view()
    func look(_ seconds: Int64) -> [String: TechDevice] {
      desk.asOfMilliseconds = 1_795_500_000_000 + seconds * 1000
      var view = TechPicture(desk: desk, sources: sources).view()
      history.note(sources, &view, at: Self.at(Int(seconds) * 1000))
      return Dictionary(uniqueKeysWithValues: view.devices.map { ($0.id, $0) })
    }
    #expect(look(0)["node A/1"]?.heard == .ago(0))
    sources.wires[0].nodes[0].answers += 1
    #expect(look(10)["node A/1"]?.heard == .ago(0))
    let later = look(25)
    #expect(later["node A/1"]?.heard == .ago(15_000) && later["node A/1"]?.sinceMilliseconds == 1_795_500_000_000)
    #expect(later["node A/4"]?.heard == .never && later["bus B"]?.heard == .never)
    // A fault is older than this run of the program.
    #expect(later["node A/3"]?.sinceMilliseconds == 1_795_400_000_000)
    desk.faults = []
    sources.wires[0].nodes[1].isLost = false
    #expect(look(40)["node A/3"]?.sinceMilliseconds == 1_795_500_040_000)
    sources.wires[0].nodes[2].answers = 1
    #expect(look(50)["node A/4"]?.heard == .ago(0))
  }

  // MARK: - Who may

  /// As people type it; of what is asked to be done nothing is guessed.
  @Test func aSlashBehindAnAddressIsTheSamePage() async throws {
    let test = try TestDesk()
    defer { test.desk.stop() }
    test.desk.publish(Sample.view())
    for path in ["/tech", "/", "/healthz", "/api/desk"] {
      let (plain, slashed) = (try await test.get(path), try await test.get(path == "/" ? "/?" : path + "/"))
      #expect(plain.status == 200 && slashed.status == 200 && plain.headers["content-type"] == slashed.headers["content-type"])
    }
    #expect(try await test.get("/tech/").body == test.get("/tech").body)
    for path in ["//", "/tech//", "/other/", "//tech"] {
      let status = try await test.get(path).status
      #expect(status == 404, "\(path): \(status)")
    }
    #expect(try await test.post("/api/incidents/1/acknowledge/", #"{"post":"desk"}"#).status == 404)
  }

  @Test func withoutAccountsThePageIsOpenOnThisComputerAndNamesNobody() async throws {
    let rig = try Rig()
    let page = try await rig.client.get("/tech")
    #expect(page.status == 200 && page.headers["x-frame-options"] == "DENY")
    for name in TechRoutes.fileNames { #expect(try await rig.client.get("/" + name).status == 200, "\(name)") }
    let said = try await rig.client.get("/api/tech/devices")
    #expect(said.status == 200 && said.body.contains("usb-path:1-1.4") && said.body.contains("5120 MiB"))
    for secret in ["三单元门厅", "024-81234567"] { #expect(!said.body.contains(secret), "\(secret)") }
    let answer = try await rig.client.post("/api/tech/faults/A/3%3Asilent/retest", #"{"post":"desk"}"#)
    #expect(answer.status == 202 || answer.status == 200, "\(answer.body)")
    #expect(rig.asked.withLockedValue { $0 } == ["desk \(DeskRequest.Action.retest(Self.silent))"])
  }

  @Test func whoLogsInHereTakesNothingFromTheDeskInTheNextTab() async throws {
    let rig = try Rig([("t01", [.technician], ["desk"]), ("d01", [.duty], ["desk"])])
    let duty = try await rig.client.post("/api/login", #"{"id":"d01","pin":"739164"}"#)
    let desk = try #require(duty.headers["set-cookie"]?.split(separator: ";").first)
    let both = "\(desk); linli-technician=\(try await rig.logIn("t01").cookie)"
    #expect(
      try await rig.client.post("/api/incidents/1/acknowledge", #"{"post":"desk"}"#, cookie: both).body.contains("underWay"))
    #expect(try await rig.client.get("/api/session", cookie: both).body.contains("d01"))
    #expect(try await rig.client.get("/api/tech/session", cookie: both).body.contains("t01"))
    #expect(try await rig.client.get("/api/tech/devices", cookie: both).status == 200)
  }

  @Test func onlyTheTechnicianReTestsAndTheInspectorLooks() async throws {
    let rig = try Rig([
      ("t01", [.technician], ["desk"]), ("i01", [.inspector], []), ("c07", [.clerk], []), ("d01", [.duty], []),
      ("o01", [.operator], []),
    ])
    #expect(try await rig.client.get("/api/tech/devices").status == 401)
    #expect(try await rig.client.post("/api/tech/faults/A/3%3Asilent/retest", #"{"post":"desk"}"#).status == 401)
    let technician = try await rig.logIn("t01")
    #expect(try await rig.client.get("/api/tech/devices", cookie: technician.cookie).status == 200)
    let path = "/api/tech/faults/A/3%3Asilent/retest"
    #expect(try await rig.client.post(path, #"{"post":"desk"}"#, cookie: technician.cookie).body == #"{"answer":"underWay"}"#)
    #expect(try await rig.client.post(path, #"{"post":"lead"}"#, cookie: technician.cookie).body.contains("notYourPost"))
    let inspector = try await rig.logIn("i01")
    #expect(try await rig.client.get("/api/tech/devices", cookie: inspector.cookie).status == 200)
    #expect(try await rig.client.post(path, #"{"post":"desk"}"#, cookie: inspector.cookie).body.contains("noRight"))
    for id in ["c07", "d01", "o01"] {
      let other = try await rig.logIn(id)
      #expect(other.body.contains(#""mayLook":false"#), "\(id)")
      #expect(try await rig.client.get("/api/tech/devices", cookie: other.cookie).status == 403, "\(id)")
      #expect(try await rig.client.post(path, #"{"post":"desk"}"#, cookie: other.cookie).status == 403, "\(id)")
    }
    #expect(rig.asked.withLockedValue { $0.count } == 1)
    // Each refusal is told to the journal, with who and what.
    let shown = "/api/tech/faults/A/3:silent/retest"
    #expect(
      rig.staff.denied
        == ["t01 \(shown) lead", "i01 \(shown)"]
        + ["c07", "d01", "o01"].flatMap { ["\($0) /api/tech/devices", "\($0) \(shown)"] })
    // No other power, and no other page's post comes in.
    for path in ["/api/tech/faults/A/3%3Asilent/silence", "/api/tech/incidents/9/acknowledge", "/api/tech"] {
      #expect(try await rig.client.post(path, #"{"post":"desk"}"#, cookie: technician.cookie).status == 404, "\(path)")
    }
    let foreign = try await rig.client.post(
      path, #"{"post":"desk"}"#, cookie: technician.cookie, headers: "Origin: http://evil.example\r\n")
    #expect(foreign.status == 403 && foreign.body.contains("foreignOrigin"))
  }

  @Test func aPageThatAsksByItselfKeepsNobodyLoggedIn() async throws {
    let rig = try Rig([("t01", [.technician], [])])
    let cookie = try await rig.logIn("t01").cookie
    for _ in 0..<4 {
      rig.staff.pass(.seconds(500))
      let status = try await rig.client.get("/api/tech/devices", cookie: cookie).status
      #expect(status == (rig.staff.passed < StaffDoor.idleTime ? 200 : 401))
    }
  }

  @Test func ofAStationThatIsGoneNothingIsSaid() async throws {
    let rig = try Rig()
    rig.desk.stationLost()
    let said = try await rig.client.get("/api/tech/devices")
    #expect(said.status == 503 && said.body.contains("stationLost"))
    #expect(try await rig.client.post("/api/tech/faults/A/3%3Asilent/retest", #"{"post":"desk"}"#).status == 503)
    #expect(rig.asked.withLockedValue { $0 } == [])
  }
}
