import DeviceVocabulary
import Foundation
import NIOConcurrencyHelpers
import NIOCore

@testable import Consoles
@testable import Station

/// Views and desks to test with.
enum Sample {
  static let webRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/Consoles/Web").path

  static func button(_ node: UInt8, _ number: UInt8 = 1) -> ButtonID {
    ButtonID(device: DeviceID(bus: "A", node: node), button: number)
  }

  static func view(revision: UInt64 = 1) -> DeskView {
    DeskView(
      site: "铁西社区综治中心", station: "tiexi-03", revision: revision, entries: 412, asOfMilliseconds: 1_795_500_000_000,
      clockSynchronised: true, incidents: [], recentlyClosed: [], faults: [], callPoints: [], posts: [], onDuty: [], sound: .none,
      journal: .init(condition: .healthy, waiting: 0), statistics: Statistics(),
      notices: [], children: [])
  }

  static func incident(
    _ id: IncidentID, _ placeName: String, mark: Mark = .real, phase: Phase = .opened, owner: String? = nil
  ) -> DeskView.IncidentCard {
    DeskView.IncidentCard(
      id: id, button: button(UInt8(truncatingIfNeeded: id)), place: "p\(id)", placeName: placeName, mark: mark, phase: phase,
      pressedAtMilliseconds: 1_795_500_000_000, ageSeconds: 42, presses: 1, silent: false, bypassed: false, lampWish: .slowBlink,
      lampShown: .slowBlink, owner: owner, formerOwners: [], takenFrom: [], offeredTo: nil, escalationStep: 0, escalatedTo: [],
      nextStepSeconds: 18,
      raisedAgain: 0, secondsToAcknowledge: nil, secondsToScene: nil, note: nil, waits: phase == .opened, falseAlarm: false,
      recorded: true)
  }

  /// Every field filled, with text that must be escaped.
  static func fullView() -> DeskView {
    var view = view(revision: UInt64.max)
    var taken = incident(7, "二单元 \"电梯\" \\ 厅\n\u{7F}", phase: .acknowledged, owner: "post-1")
    taken.lampShown = nil
    taken.formerOwners = ["post-2", "post-3"]
    taken.offeredTo = "post-2"
    taken.escalatedTo = ["post-2"]
    taken.secondsToAcknowledge = 12
    taken.secondsToScene = 90
    taken.nextStepSeconds = nil
    taken.note = "一楼已处理 🙂\t<script>"
    view.incidents = [incident(6, "一单元门厅"), taken]
    view.recentlyClosed = [incident(5, "活动室", mark: .drill, phase: .closed)]
    view.faults = FaultKey.Kind.allCases.map { kind in
      DeskView.FaultCard(
        key: FaultKey(.button(button(3)), kind), whatChinese: kind.text.whatChinese, whatEnglish: kind.text.whatEnglish,
        whereText: "A/3", sinceMilliseconds: -1, adviceChinese: kind.text.adviceChinese, adviceEnglish: kind.text.adviceEnglish,
        present: true, silenced: false, retesting: true, detail: "9600 8N1")
    }
    view.receiver = ReceiverStatus(
      name: "arc.example:12128", condition: .silent, waiting: 3, lastAcceptedMilliseconds: 1_795_500_000_000,
      silentSinceMilliseconds: 1_795_500_100_000)
    view.callPoints = Health.allCases.enumerated().map { index, health in
      DeskView.CallPointCard(
        button: button(UInt8(index + 1), 2), place: "p", placeName: "门厅", silent: true, health: health, lampWish: .coming,
        lampShown: index == 0 ? nil : .steady,
        bypass: index == 1 ? DeskView.Bypass(post: "post-1", reason: "检修", remainingSeconds: 600) : nil, testAnnounced: true)
    }
    view.posts = [.init(id: "post-1", name: "值班室", phone: "8001", place: "p"), .init(id: "post-2", name: "大厅窗口")]
    view.onDuty = ["post-1"]
    view.sound = .call
    view.journal = .init(condition: .callsOnly, waiting: 3)
    view.statistics.drill.opened = 4
    view.statistics.test.escalated = 2
    view.link = link()
    view.notices = [.init(number: .max, post: "^desk", text: "暴雨 \"红色\" 预警\n", atMilliseconds: 1_795_500_000_000)]
    view.children = [child(), bare()]
    view.children[0].failure?.incident = 7
    view.handOvers = handOvers()
    view.overdueMatters = 3
    view.incidents[1].handedDown = DeskView.HandedDownCard(
      from: "^desk", onSceneWithinSeconds: 600, resolveWithinSeconds: 7200, onSceneDueMilliseconds: 1_795_500_600_000,
      onSceneInSeconds: -12, resolveDueMilliseconds: 1_795_507_200_000, resolveInSeconds: 6588)
    return view
  }

  /// One of each stage: refused with a reason, failed in two languages, some without a due time.
  static func handOvers() -> [DeskView.HandOverCard] {
    DeskView.HandOverCard.Stage.allCases.enumerated().map { index, stage in
      var card = DeskView.HandOverCard(
        station: "tiexi-03", incident: IncidentID(index + 1), placeName: "门厅 \"二\"", mark: .drill, isUp: index % 2 == 0,
        from: "^duty", to: "lead", stage: stage, attempts: index + 1, offeredMilliseconds: 1_795_500_000_000,
        sinceMilliseconds: 1_795_500_001_000)
      if stage == .refused { (card.refusedBy, card.reason, card.owner) = ("lead", "忙", "^duty") }
      if stage == .failed { (card.chinese, card.english) = ("没有答复", "No answer") }
      if index % 2 == 0 { (card.due, card.dueMilliseconds, card.dueInSeconds) = (.decision, -5, -70) }
      return card
    }
  }

  /// Of the one child that has any.
  static let readings = [
    "铁西": [
      AgedReading(
        measurand: Measurand(DeviceID(bus: "A", node: 3), .supplyMillivolts), value: -23_950, age: .milliseconds(16_500),
        timeToLive: .seconds(15))
    ], "tiexi-03": [],
  ]

  static func link() -> DeskView.LinkCard {
    DeskView.LinkCard(
      parent: "street-01",
      paths: PathStatus.State.allCases.enumerated().map { index, state in
        PathStatus(
          name: "way \(index)", state: state, lastProofMilliseconds: index == 0 ? nil : 1_795_500_000_000,
          reason: state == .down ? "没有答复" : "")
      },
      waiting: .max, waitingCalls: 2, proofLastMilliseconds: 1_795_480_000_000, proofTookMilliseconds: 350,
      availabilityPerMille: 997)
  }

  /// A station below that has never been heard.
  static func bare() -> DeskView.ChildCard {
    DeskView.ChildCard(
      station: "tiexi-04", name: "铁西 04", program: "", state: .unknown, paths: [], lastHeardMilliseconds: nil, waiting: 0,
      map: nil,
      incidents: [], faults: [], posts: [], pending: [], failure: nil, statistics: Statistics())
  }

  /// A station below with two calls, a fault, commands under way and one that failed.
  static func child() -> DeskView.ChildCard {
    var offered = incident(2, "东门", phase: .acknowledged, owner: "desk")
    offered.offeredTo = "^"
    offered.lampShown = nil
    var closed = incident(8, "西门", phase: .closed, owner: "^desk")
    closed.closedMilliseconds = 1_795_500_000_000
    return DeskView.ChildCard(
      station: "tiexi-03", name: "铁西社区", program: "linli 0.1", state: .degraded,
      paths: [
        .init(name: "main", isUp: true, lastHeardMilliseconds: 1_795_500_000_000),
        .init(name: "4g", isUp: false, lastHeardMilliseconds: 1_795_400_000_000),
      ],
      lastHeardMilliseconds: 1_795_500_000_000, waiting: 12, map: .init(x: 30, y: 70),
      incidents: [incident(1, "门厅"), offered], lost: [incident(2, "西门")],
      faults: [
        DeskView.FaultCard(
          key: FaultKey(.child("tiexi-03"), .childLost), whatChinese: "按钮卡住", whatEnglish: "Button stuck", whereText: "门厅",
          sinceMilliseconds: 1, adviceChinese: "松开", adviceEnglish: "Free it", present: true, silenced: false, retesting: false,
          retestFailedMilliseconds: 5, detail: "")
      ],
      posts: [.init(id: "desk", name: "值班台", phone: nil, place: "p1")],
      pending: [
        .init(number: .max, incident: 1, action: "acknowledge", post: "desk", ageSeconds: 7),
        .init(number: 9, incident: nil, action: "notice", post: "desk", ageSeconds: 0),
      ],
      failure: .init(
        incident: nil, action: "notice", post: "desk", chinese: "没有答复", english: "No answer",
        atMilliseconds: 1_795_500_000_000), statistics: Statistics(), recentlyClosed: [closed], strays: [1, .max])
  }
}

/// A running desk that notes what it was asked and answers as it is told.
final class TestDesk: Sendable {
  struct Asked: Sendable, Equatable {
    var post: String
    var action: DeskRequest.Action
  }

  let desk: DutyDesk
  private let notes: NIOLockedValueBox<[Asked]>

  init(
    limits: ServerLimits = .standard, address: String = "127.0.0.1", webRoot: String = Sample.webRoot,
    answer: @escaping @Sendable (DeskRequest.Action) async -> DeskAnswer = { _ in .done }
  )
    throws
  {
    let notes = NIOLockedValueBox<[Asked]>([])
    self.notes = notes
    desk = try DutyDesk(
      address: address, port: 0, webRoot: webRoot, limits: limits, readings: { Sample.readings[$0] }
    ) { post, action in
      notes.withLockedValue { $0.append(Asked(post: post, action: action)) }
      return await answer(action)
    }
  }

  var asked: [Asked] { notes.withLockedValue { $0 } }

  func get(_ path: String) async throws -> Answer {
    try await exchange("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(desk.port)\r\n\r\n")
  }

  func post(_ path: String, _ body: String, headers: String = "") async throws -> Answer {
    try await exchange(
      "POST \(path) HTTP/1.1\r\nHost: localhost:\(desk.port)\r\nContent-Type: application/json\r\n\(headers)"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  /// Sends bytes as they are and takes the answer apart.
  func exchange(_ text: String) async throws -> Answer {
    try await RawClient.ask(text, port: desk.port)
  }

  /// An open event stream.
  func listen(reads: Bool = true) async throws -> RawClient {
    let client = try await RawClient.connect(port: desk.port, reads: reads)
    client.send("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return client
  }
}
