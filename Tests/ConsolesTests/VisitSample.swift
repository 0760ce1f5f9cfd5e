import DeviceVocabulary
import NIOConcurrencyHelpers
import Sealing
import StaffAccess

@testable import Consoles
@testable import Station

/// Asks a page server on a port of this machine, one request after another.
struct PageClient: Sendable {
  let port: Int
  /// At which of the pages a session's token counts.
  var pages: [StaffPage] = [.window, .wall]

  func get(_ path: String, cookie: String? = nil) async throws -> Answer {
    try await RawClient.ask("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(header(cookie))\r\n", port: port)
  }

  /// - Parameter headers: lines of their own, each with its end.
  func post(_ path: String, _ body: String, cookie: String? = nil, headers: String = "") async throws -> Answer {
    try await RawClient.ask(
      "POST \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\nContent-Type: application/json\r\n\(header(cookie))\(headers)"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)", port: port)
  }

  /// - Parameter cookie: a token, or several with their names.
  func header(_ cookie: String?) -> String {
    guard let cookie else { return "" }
    let named = pages.map { "\(SessionCookie.name($0))=\(cookie)" }.joined(separator: "; ")
    return "Cookie: other=1; \(cookie.contains("=") ? cookie : named)\r\n"
  }

  /// Until the server shows what was published.
  func waitUntilLive() async throws -> RawClient {
    let client = try await RawClient.connect(port: port)
    client.send("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    _ = try await client.received { text, _ in text.contains("event: view") && text.contains(#""station":"live""#) }
    return client
  }
}

/// A station that notes what it is asked and answers as it is told; codes are drawn in order, and stand for a thousand more.
final class VisitNotes: Sendable {
  struct Asked: Sendable, Equatable {
    var post: String
    var action: DeskRequest.Action
  }

  private let notes = NIOLockedValueBox<[Asked]>([])
  private let drawn = NIOLockedValueBox(4820)
  private let answer: @Sendable (DeskRequest.Action) async -> DeskAnswer

  init(answer: @escaping @Sendable (DeskRequest.Action) async -> DeskAnswer) { self.answer = answer }

  var asked: [Asked] { notes.withLockedValue { $0 } }
  /// How many codes were drawn.
  var draws: Int { drawn.withLockedValue { $0 - 4820 } }

  var codes: SlipCodes {
    SlipCodes(
      draw: {
        self.drawn.withLockedValue {
          $0 += 1; return String($0)
        }
      }, digest: { (CodeDigest($0) ?? 0) + 1000 })
  }

  func submit(_ post: String, _ action: DeskRequest.Action) async -> DeskAnswer {
    notes.withLockedValue { $0.append(Asked(post: post, action: action)) }
    return await answer(action)
  }
}

/// Everything filled: what must not leave the windows is there to be found.
enum VisitSample {
  static let time = EntryTime(wallMilliseconds: 1_795_500_000_000, synchronised: true, boot: "a", monotonic: .zero)
  static let id = TicketID(day: 20783, letter: "A", number: 1)
  static let secrets = ["邻里噪音", "张三", "dispute-note", "三号窗口岗", "调解岗", "7781234", "w3-post"]

  static func ticket(_ digest: CodeDigest, service: String = "legal") -> Ticket {
    Ticket(.init(ticket: id, service: service, priority: true, kiosk: "hall", digest: digest), at: time)
  }

  static func card(_ number: UInt16, _ phase: Ticket.Phase, window: Int?) -> VisitView.TicketCard {
    .init(
      id: TicketID(day: 20783, letter: "B", number: number), service: "dispute", priority: true, phase: phase, window: window,
      calls: 2, takenMilliseconds: 1, calledMilliseconds: 2, slip: .shown, matter: 7)
  }

  static func view() -> VisitView {
    var matter = Matter(
      .init(
        matter: 7, ticket: id, service: "dispute", digest: 7_781_234, window: 3, post: "w3-post",
        contact: .init(key: "k", bytes: [1])), at: time)
    matter.note = "邻里噪音 张三 dispute-note"
    let plan = VisitPlan(
      services: [
        .init(id: "legal", name: "法律咨询", letter: "A", bring: ["身份证 \"原件\""], flow: ["取号"], duties: ["当日答复"], limitHours: 48),
        .init(id: "dispute", name: "矛盾纠纷", letter: "B", kind: .dispute),
      ],
      windows: [.init(number: 3, name: "法律窗口", post: "w3-post", services: ["legal", "dispute"])],
      kiosks: [.init(id: "hall", place: "hall")], hazardKinds: [.init(id: "lamp", name: "路灯不亮")], keepClosedDays: 17,
      signedOff: .init(by: "铁西街道", date: "2026-11-01"), contact: "综治中心前台")
    var view = VisitView(
      revision: 5, asOfMilliseconds: 1_795_500_000_000, site: "铁西社区综治中心", recorded: true, plan: plan,
      places: [.init(id: "hall", name: "大厅")], posts: [.init(id: "w3-post", name: "三号窗口岗"), .init(id: "m", name: "调解岗")],
      queues: [.init(service: "legal", waiting: 2, lastNumber: 4), .init(service: "dispute", waiting: 1, lastNumber: 9)],
      windows: [.init(number: 3, current: card(9, .serving, window: 3))], waiting: [card(8, .waiting, window: nil)],
      aside: [card(7, .parked, window: 3)], matters: [.init(matter: matter, hoursLeft: 3)],
      hazards: [.init(id: 1, kind: "lamp", place: "hall", atMilliseconds: 1)],
      helps: [.init(kiosk: "hall", place: "hall", sinceMilliseconds: 1)],
      kiosks: [.init(id: "hall", place: "hall", help: .steady, helpAsked: true)],
      counts: .init(tickets: 30, matters: 12, overdue: 2, hazards: 9, hazardsHandled: 4, ratings: [1, 2, 3]), keptMatters: 12,
      keptContacts: 7, keptTickets: 13, parentLostMilliseconds: 1_795_400_000_000)
    view.keptBesides = [
      KeptCount(.calls, 2), KeptCount(.faults, 1), KeptCount(.access, 40), KeptCount(.journal, 900), KeptCount(.staff, 3),
    ]
    view.cleared = NightReport(night: 20783, tickets: 41, matters: 1, keys: 7, files: 2)
    view.clearedMilliseconds = 5
    return view
  }
}

/// The pages in the hall with such a station behind them.
final class TestHall: Sendable {
  let pages: HallPages
  let notes: VisitNotes
  let client: PageClient

  init(
    answer: @escaping @Sendable (DeskRequest.Action) async -> DeskAnswer = { _ in .done },
    qr: @escaping @Sendable (String) -> [[Bool]]? = { _ in nil }, cards: CardDesk = .none
  ) throws {
    let notes = VisitNotes(answer: answer)
    self.notes = notes
    pages = try HallPages(port: 0, webRoot: Sample.webRoot, codes: notes.codes, qr: qr, cards: cards) {
      await notes.submit($0, $1)
    }
    client = PageClient(port: pages.port)
  }

  func live() async throws -> TestHall {
    pages.publish(VisitSample.view())
    try await client.waitUntilLive().close()
    return self
  }
}

final class TestWindows: Sendable {
  let pages: WindowPages
  let notes: VisitNotes
  let client: PageClient

  init(
    answer: @escaping @Sendable (DeskRequest.Action) async -> DeskAnswer = { _ in .done },
    qr: @escaping @Sendable (String) -> [[Bool]]? = { _ in nil }, sealer: FieldSealer? = nil, staff: StaffDoor? = nil
  ) throws {
    let notes = VisitNotes(answer: answer)
    self.notes = notes
    pages = try WindowPages(
      port: 0, webRoot: Sample.webRoot, staff: staff, sealer: sealer, codes: notes.codes, qr: qr
    ) { await notes.submit($0, $1) }
    client = PageClient(port: pages.port)
  }

  func live() async throws -> TestWindows {
    pages.publish(VisitSample.view())
    try await client.waitUntilLive().close()
    return self
  }
}
