import DeviceVocabulary
import Station
import Testing

extension Bench {
  /// A centre with two windows of two posts, a back office and one terminal in the hall.
  static let centre: SitePlan = {
    var plan = Bench.plan
    plan.posts += [
      .init(id: "w1", name: "一号窗口"), .init(id: "w3", name: "三号窗口"), .init(id: "mediation", name: "调解岗"),
    ]
    plan.visits = VisitPlan(
      services: [
        .init(id: "legal", name: "法律咨询", letter: "A", limitHours: 48, offerMinutes: 60),
        .init(id: "dispute", name: "矛盾纠纷", letter: "B", kind: .dispute, limitHours: 24, offerMinutes: 30),
      ],
      windows: [
        .init(number: 1, name: "综合窗口", post: "w1", services: ["legal", "dispute"]),
        .init(number: 3, name: "法律窗口", post: "w3", services: ["legal"]),
      ],
      kiosks: [.init(id: "hall", place: "hall")], hazardKinds: [.init(id: "lamp", name: "路灯不亮")], keepClosedDays: 10)
    plan.callPoints.append(.init(button: ButtonID("kiosk/1/1"), place: "hall"))
    return plan
  }()

  @discardableResult
  mutating func touch(_ action: KioskAction, kiosk: String = "hall") -> DeskAnswer { ask("", .kiosk(kiosk, action)) }

  @discardableResult
  mutating func clerk(_ post: String, _ action: VisitAction) -> DeskAnswer { ask(post, .visit(action)) }

  /// Takes a ticket and says which, for instance `A001`.
  @discardableResult
  mutating func takeTicket(
    _ service: String = "legal", priority: Bool = false, code: CodeDigest = 77, contact: SealedField? = nil
  ) -> String {
    guard case .ticket(let ticket, _) = touch(.takeTicket(service: service, priority: priority, code, contact: contact)) else {
      Issue.record("no ticket was given")
      return ""
    }
    return ticket.id.shown
  }

  /// Calls the next at a window and says whom.
  mutating func callNext(_ window: Int, _ post: String) -> String? {
    guard clerk(post, .callNext(window: window)) == .done else { return nil }
    return visits.current(window: window)?.id.shown
  }

  /// A visitor is served at window 1, and a matter is opened: its number.
  mutating func openMatter(_ service: String = "legal", code: CodeDigest = 77, contact: SealedField? = nil) -> MatterID {
    takeTicket(service, code: code)
    clerk("w1", .callNext(window: 1))
    clerk("w1", .serve(window: 1))
    #expect(clerk("w1", .open(window: 1, contact: contact)) == .done)
    clerk("w1", .finish(window: 1))
    return visits.lastMatter
  }

  var visits: VisitState { station.state.visits }

  func standing(_ answer: DeskAnswer) -> VisitStanding? {
    if case .standing(let standing) = answer { standing } else { nil }
  }
}
