import Consoles
import DeviceVocabulary
import Foundation
import Synchronization

@testable import Station

/// The pages in the hall in this process, with views that a test makes up, answers that it gives, and a browser that looks at them.
final class HallRig: Sendable {
  let browser: Browser
  let pages: HallPages
  private let notes: Notes

  /// What the station is asked for, what it answers and what it shows.
  final class Notes: Sendable {
    let asked = Mutex<[KioskAction]>([])
    let answers = Mutex<[DeskAnswer]>([])
    let view: Mutex<VisitView>

    init(_ view: VisitView) { self.view = Mutex(view) }

    func answer(_ kiosk: String, _ action: KioskAction) -> DeskAnswer {
      asked.withLock { $0.append(action) }
      if let planned = answers.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return planned }
      guard case .takeTicket(let service, let priority, let digest, _) = action else { return .done }
      let taken = Ticket.Taken(
        ticket: TicketID(day: 20783, letter: "A", number: 1), service: service, priority: priority, kiosk: kiosk, digest: digest)
      return .ticket(Ticket(taken, at: Hall.time), ahead: 2)
    }
  }

  static func run(
    _ path: String, _ view: VisitView = Hall.view(), onEveryPage: [String] = [], cards: CardDesk = .none,
    voice: StationVoice? = nil, print: @escaping PrintSlip = { _ in .shown },
    _ body: (HallRig) async throws -> Void
  ) async throws {
    let folder = "\(FileManager.default.temporaryDirectory.path)/linli-hall-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let notes = Notes(view)
    let codes = SlipCodes(draw: { Hall.code }, digest: { CodeDigest($0) ?? 0 })
    let pages = try HallPages(
      port: 0, webRoot: webRoot, codes: codes, qr: { _ in Hall.qr }, print: print, cards: cards, voice: voice
    ) { _, action in
      guard case .kiosk(let kiosk, let wanted) = action else { return .refused(.unknownKiosk) }
      return notes.answer(kiosk, wanted)
    }
    defer { pages.stop() }
    let browser = try await Browser(folder: folder, onEveryPage: [Self.voice] + onEveryPage)
    let rig = HallRig(browser, pages, notes)
    do {
      rig.change { _ in }
      try await browser.resize(1366, 768)
      try await browser.open("http://127.0.0.1:\(pages.port)/\(path)")
      if path.hasPrefix("kiosk") { try await rig.expectScreen("idle") }
      try await body(rig)
    } catch {
      await browser.quit()
      throw error
    }
    await browser.quit()
  }

  static let webRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/Consoles/Web").path

  /// A voice that writes down what it says. Headless browsers have none of their own.
  static let voice = """
    window.said = [];
    const synthesis = { getVoices: () => [{ lang: "zh-CN" }, { lang: "en-US" }], cancel() {}, addEventListener() {},
      speak(saying) { said.push(saying.text); setTimeout(() => { saying.onstart?.(); saying.onend?.(); }, 0); } };
    Object.defineProperty(window, "speechSynthesis", { value: synthesis });
    window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    """

  private init(_ browser: Browser, _ pages: HallPages, _ notes: Notes) {
    self.browser = browser
    self.pages = pages
    self.notes = notes
  }

  var asked: [KioskAction] { notes.asked.withLock { $0 } }
  var view: VisitView { notes.view.withLock { $0 } }

  /// What is answered next, before the usual answers.
  func answer(_ answers: DeskAnswer...) { notes.answers.withLock { $0 += answers } }

  /// Publishes the view as it is after `edit`.
  func change(_ edit: (inout VisitView) -> Void) {
    let next = notes.view.withLock { view in
      edit(&view)
      view.revision += 1
      return view
    }
    pages.publish(next)
  }

  // MARK: - The terminal

  /// The screen is there, and takes a touch.
  func expectScreen(_ name: String) async throws {
    try await browser.wait(
      "screen \(name)", for: "document.body.dataset.screen === '\(name)' && document.body.dataset.ready === 'yes'")
  }

  /// Touches one thing after another, by key or id; each must bring up another screen, or be its last.
  func touch(_ keys: String...) async throws {
    for key in keys {
      try await browser.wait("the screen takes a touch", for: "document.body.dataset.ready === 'yes'")
      try await browser.click("[data-key='\(key)'], #\(key)")
    }
  }

  func text(_ selector: String) async throws -> String {
    try await browser.evaluate("return document.querySelector(\"\(selector)\")?.innerText ?? ''")
  }

  func expectText(_ selector: String, _ text: String) async throws {
    try await browser.wait(
      "\(selector) says \(text)", for: "document.querySelector(\"\(selector)\")?.innerText.includes('\(text)')")
  }

  func startAgain() async throws {
    if try await browser.evaluate("return document.body.dataset.screen !== 'idle'", as: Bool.self) {
      try await touch("restart")
    } else {
      try await touch("touch")
    }
    try await expectScreen("home")
  }
}

/// A centre with three services beside mediation, two windows and one terminal.
enum Hall {
  static let code = "4821"
  static let qr = (0..<21).map { y in (0..<21).map { x in (x + y) % 3 == 0 } }
  static let now: Int64 = 1_795_500_000_000
  static let time = EntryTime(wallMilliseconds: now, synchronised: true, boot: "a", monotonic: .zero)

  static let names = [
    "铁西社区综治中心", "法律咨询", "救助申请", "老年证办理", "矛盾纠纷调解", "身份证", "合同或欠条", "取号", "窗口受理", "当日答复", "路灯不亮", "电梯故障", "大厅", "二单元楼梯间", "综合窗口",
    "法律窗口", "铁西街道", "综治中心前台",
  ]

  static func view() -> VisitView {
    let plan = VisitPlan(
      services: [
        .init(
          id: "legal", name: names[1], letter: "A", bring: [names[5], names[6]], flow: [names[7], names[8]], duties: [names[9]],
          limitHours: 48),
        .init(id: "aid", name: names[2], letter: "C"), .init(id: "old", name: names[3], letter: "E", bring: [names[5]]),
        .init(id: "dispute", name: names[4], letter: "B", kind: .dispute, limitHours: 24),
      ],
      windows: [
        .init(number: 1, name: names[14], post: "w1", services: ["legal", "aid", "old", "dispute"]),
        .init(number: 3, name: names[15], post: "w3", services: ["legal"]),
      ], kiosks: [.init(id: "hall", place: "hall")],
      hazardKinds: [.init(id: "lamp", name: names[10]), .init(id: "lift", name: names[11])], keepClosedDays: 17,
      signedOff: .init(by: names[16], date: "2026-11-01"), contact: names[17])
    return VisitView(
      revision: 1, asOfMilliseconds: now, site: names[0], recorded: true, plan: plan,
      places: [.init(id: "hall", name: names[12]), .init(id: "stair", name: names[13])], posts: [],
      queues: plan.services.map { .init(service: $0.id, waiting: $0.id == "legal" ? 3 : 0, lastNumber: 0) },
      windows: [.init(number: 1, current: nil), .init(number: 3, current: nil)], waiting: [], aside: [], matters: [], hazards: [],
      helps: [], kiosks: [.init(id: "hall", place: "hall", help: .off, helpAsked: false)], counts: .init(), keptMatters: 0,
      keptContacts: 0, keptTickets: 0, parentLostMilliseconds: nil)
  }

  static func called(_ number: UInt16, _ window: Int, calls: Int = 1, at milliseconds: Int64 = now) -> VisitView.WindowCard {
    .init(
      number: window,
      current: .init(
        id: TicketID(day: 20783, letter: "A", number: number), service: "legal", priority: true, phase: .called, window: window,
        calls: calls, takenMilliseconds: now - 60_000, calledMilliseconds: milliseconds, slip: .shown, matter: nil))
  }
}
