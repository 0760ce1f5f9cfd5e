import Consoles
import DeviceVocabulary
import Foundation
import Synchronization

@testable import Station

/// A duty desk in this process that shows the views that a test makes up and notes what it is asked, and a browser that looks at it.
final class PictureRig {
  struct Asked: Sendable, Equatable {
    var post: String
    var action: DeskRequest.Action
  }

  let browser: Browser
  private let desk: DutyDesk
  private let notes: Notes
  private(set) var view: DeskView

  private final class Notes: Sendable {
    let all = Mutex<[Asked]>([])
    let readings = Mutex<[String: [AgedReading]]>([:])
  }

  static func run(_ view: DeskView, onEveryPage: [String] = [], _ body: (PictureRig) async throws -> Void) async throws {
    let folder = "\(FileManager.default.temporaryDirectory.path)/linli-picture-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let notes = Notes()
    // What is asked of a station below is answered later, as the station does it.
    let desk = try DutyDesk(
      port: 0, webRoot: webRoot, readings: { child in notes.readings.withLock { $0[child] ?? [] } }
    ) { post, action in
      notes.all.withLock { $0.append(Asked(post: post, action: action)) }
      if case .child = action { return .underWay }
      return .done
    }
    defer { desk.stop() }
    let browser = try await Browser(folder: folder, onEveryPage: onEveryPage)
    let rig = PictureRig(browser, desk, notes, view)
    do {
      rig.change { _ in }
      try await browser.open("http://127.0.0.1:\(desk.port)/")
      try await browser.wait("the posts are there", for: "document.querySelector('input[name=post]')")
      try await body(rig)
    } catch {
      await browser.quit()
      throw error
    }
    await browser.quit()
  }

  static let webRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/Consoles/Web").path

  private init(_ browser: Browser, _ desk: DutyDesk, _ notes: Notes, _ view: DeskView) {
    self.browser = browser
    self.desk = desk
    self.notes = notes
    self.view = view
  }

  /// Publishes the view as it is after `edit`.
  func change(_ edit: (inout DeskView) -> Void) {
    edit(&view)
    view.revision += 1
    desk.publish(view)
  }

  /// What the station knows of a child's devices from now on, with the ages as they are.
  func setReadings(_ child: String, _ readings: [AgedReading]) { notes.readings.withLock { $0[child] = readings } }

  var asked: [Asked] { notes.all.withLock { $0 } }

  func expect(_ action: DeskRequest.Action, post: String = "desk") async throws {
    try await browser.waitUntil("the station is asked for \(action)") { asked.last == Asked(post: post, action: action) }
  }

  func startDuty(post: String = "desk") async throws {
    try await browser.click("label.choice:has(input[value=\(post)])")
    try await browser.click("#start-button")
    try await browser.wait("the duty has begun", for: "!document.body.classList.contains('not-started')")
  }

  /// An expression for a card, or for what is in it.
  static func card(_ key: String, _ selector: String? = nil) -> String {
    "document.querySelector('#incidents > [data-key=\"\(key)\"]\(selector.map { " \($0)" } ?? "")')"
  }
}

/// Views of a street centre with four stations below, and of one of those.
enum Picture {
  static let now = Int64(Date().timeIntervalSince1970 * 1000)

  /// Names that the sites' people chose, and codes.
  static let names = [
    "铁西街道综治中心", "铁西社区综治中心", "南湖社区", "北河社区综治中心第二工作站", "东陵社区", "值班台", "带班岗", "门厅", "一楼卫生间", "东门", "活动室",
    "tiexi-03", "nanhu-01", "beihe-02", "dongling-05", "street-01", "linli", "main", "mobile", "desk", "请各站点检查备用电源",
  ]

  static func empty(_ name: String, _ station: String) -> DeskView {
    DeskView(
      site: name, station: station, revision: 1, entries: 412, asOfMilliseconds: now, clockSynchronised: true, incidents: [],
      recentlyClosed: [], faults: [], callPoints: [],
      posts: [.init(id: "desk", name: names[5]), .init(id: "lead", name: names[6], phone: "024-81234567")], onDuty: ["desk"],
      sound: .none, journal: .init(condition: .healthy, waiting: 0), statistics: Statistics(), notices: [], children: [])
  }

  static func call(_ id: IncidentID, _ place: String, age: Int, phase: Phase = .opened, owner: String? = nil)
    -> DeskView.IncidentCard
  {
    DeskView.IncidentCard(
      id: id, button: ButtonID(device: DeviceID(bus: "A", node: UInt8(truncatingIfNeeded: id)), button: 1), place: "hall",
      placeName: place, mark: .real, phase: phase, pressedAtMilliseconds: now - Int64(age) * 1000, ageSeconds: age, presses: 1,
      silent: false, bypassed: false, lampWish: phase == .opened ? .steady : .coming, lampShown: nil, owner: owner,
      formerOwners: [], takenFrom: [], offeredTo: nil, escalationStep: 0, escalatedTo: [], nextStepSeconds: nil, raisedAgain: 0,
      secondsToAcknowledge: phase == .opened ? nil : 14, secondsToScene: nil, note: nil, waits: phase == .opened,
      falseAlarm: false, recorded: true)
  }

  static func station(_ code: String, _ name: String, _ state: DeskView.ChildCard.State, map: SitePlan.MapPoint? = nil)
    -> DeskView.ChildCard
  {
    let heard = state == .unknown || state == .never ? nil : state == .lost ? now - 600_000 : now
    let paths: [DeskView.ChildPathCard] =
      heard.map {
        [
          .init(name: "main", isUp: state == .up, lastHeardMilliseconds: $0),
          .init(name: "mobile", isUp: state != .lost, lastHeardMilliseconds: $0),
        ]
      } ?? []
    return DeskView.ChildCard(
      station: code, name: name, program: "linli 0.1", state: state, paths: paths, lastHeardMilliseconds: heard,
      waiting: state == .lost ? 37 : 0, map: map, incidents: [], faults: [],
      posts: [.init(id: "desk", name: names[5]), .init(id: "lead", name: names[6])], pending: [], failure: nil,
      statistics: Statistics())
  }

  /// A street centre: its own call 1 is taken; tiexi-03 has a call 1 that waits; beihe-02 is lost with a call under way.
  static func parent() -> DeskView {
    var view = empty(names[0], "street-01")
    view.incidents = [call(1, names[10], age: 300, phase: .onScene, owner: "desk")]
    view.children = [
      station("beihe-02", names[3], .lost, map: .init(x: 62, y: 20)), station("dongling-05", names[4], .unknown),
      station("nanhu-01", names[2], .degraded, map: .init(x: 90, y: 75)),
      station("tiexi-03", names[1], .up, map: .init(x: 20, y: 55)),
    ]
    view.children[0].incidents = [call(9, names[9], age: 1200, phase: .acknowledged, owner: "desk")]
    view.children[2].faults = [fault(.stuck)]
    view.children[3].incidents = [call(1, names[7], age: 20), call(2, names[8], age: 200, phase: .acknowledged, owner: "^desk")]
    view.children[3].statistics.real.opened = 12
    view.sound = .call
    return view
  }

  /// tiexi-03, whose two ways to its parent are up, and that has a call.
  static func child() -> DeskView {
    var view = empty(names[1], "tiexi-03")
    view.incidents = [call(1, names[7], age: 20), call(2, names[8], age: 200, phase: .acknowledged, owner: "desk")]
    view.incidents[0].lampShown = .steady
    view.incidents[1].lampShown = .coming
    view.incidents[1].takenFrom = ["lead"]
    view.link = DeskView.LinkCard(
      parent: "street-01",
      paths: [
        PathStatus(name: "main", state: .up, lastProofMilliseconds: now),
        PathStatus(name: "mobile", state: .degraded, lastProofMilliseconds: now - 4000),
      ], waiting: 0, waitingCalls: 0, proofLastMilliseconds: now - 3_600_000, proofTookMilliseconds: 340,
      availabilityPerMille: 997)
    view.notices = [.init(number: 1, post: "^desk", text: names[20], atMilliseconds: now - 60_000)]
    return view
  }

  static func fault(_ kind: FaultKey.Kind) -> DeskView.FaultCard {
    DeskView.FaultCard(
      key: FaultKey(.device(DeviceID(bus: "A", node: 3)), kind), whatChinese: kind.text.whatChinese,
      whatEnglish: kind.text.whatEnglish, whereText: "A/3", sinceMilliseconds: now - 100_000,
      adviceChinese: kind.text.adviceChinese, adviceEnglish: kind.text.adviceEnglish, present: true, silenced: false,
      retesting: false, retestFailedMilliseconds: nil, detail: "")
  }
}
