import Consoles

@testable import Station

extension BrowserTests {
  /// Every screen of the terminal, and how one comes to it.
  enum KioskScenes {
    /// By what is touched from the idle screen. Behind a colon: what the reader or the station does then.
    typealias Scene = (name: String, keys: [String])
    private static let toService = ["touch", "business", "service", "legal"]
    private static let toCode = [
      "touch", "business", "mine", "key-A", "key-7", "next", "key-1", "key-2", "key-3", "key-4",
    ]
    static let all: [Scene] = [
      ("idle", []), ("home", ["touch"]), ("kept", ["touch", "kept-link"]), ("which-help", ["touch", "help"]),
      ("help", ["touch", "help", "danger"]), ("which-business", ["touch", "business"]),
      ("which-service", ["touch", "business", "service"]), ("bring", toService), ("slip", toService + ["take"]),
      ("failure", toService + ["take"]), ("type-number", ["touch", "business", "mine", "key-A", "key-7"]), ("type-code", toCode),
      ("standing", toCode + ["look"]), ("rated", toCode + ["look", "face-3"]), ("which-hazard", ["touch", "report"]),
      ("which-place", ["touch", "report", "lamp"]), ("hazard-thanks", ["touch", "report", "lamp", "stair"]),
      ("card-consent", toService + ["card"]), ("card", toService + ["card", "agree"]),
      ("card:brokeOff", toService + ["card", "agree"]), ("card:reading", toService + ["card", "agree"]),
      ("card:read", toService + ["card", "agree"]), ("card:over", toService + ["card", "agree"]),
      ("seen:socialSecurity", ["touch"]),
      ("seen:dead", ["touch"]),
    ]
    static let names = Hall.names + ["王**"]

    static let standing = VisitStanding(
      shown: "A007", service: Hall.names[1], ticket: nil, ahead: 0, window: nil,
      matter: .init(
        id: 3, phase: .resulted, owner: "x", offeredTo: nil, result: .agreed, overdue: false, hoursLeft: nil, rating: nil))

    /// More than fits on a page, long names, and readers for both kinds of cards.
    static func view() -> VisitView {
      var view = Hall.view()
      view.plan.services.append(.init(id: "more", name: Hall.names[2], letter: "F"))
      view.queues.append(.init(service: "more", waiting: 120, lastNumber: 1))
      view.plan.hazardKinds += [.init(id: "c", name: Hall.names[10]), .init(id: "d", name: Hall.names[11])]
      (view.kiosks[0].reader, view.kiosks[0].hasSmartCards) = (.ready, true)
      return view
    }

    static func run(_ view: VisitView = view(), _ body: (HallRig, KioskCardTests.Reader) async throws -> Void) async throws {
      let reader = KioskCardTests.Reader()
      try await HallRig.run("kiosk/hall", view, cards: reader.desk) { try await body($0, reader) }
    }

    static func walk(_ rig: HallRig, _ reader: KioskCardTests.Reader, _ scene: Scene) async throws {
      let restart = "document.querySelector('#restart')"
      // Nobody's finger trembles here.
      try await rig.browser.run(
        "document.documentElement.dataset.settleMilliseconds = '0'; if (!\(restart).hidden) \(restart).click()")
      let isHome = try await rig.browser.evaluate("return document.body.dataset.screen === 'home'", as: Bool.self)
      switch scene.name {
      case "standing", "rated": rig.answer(.standing(standing))
      case "failure": rig.answer(.unrecorded)
      default: break
      }
      for key in scene.keys.dropFirst(isHome ? 1 : 0) {
        let target = "document.querySelector(\"[data-key='\(key)'], #\(key)\")"
        try await rig.browser.wait(
          "the screen takes a touch of \(key)", for: "document.body.dataset.ready === 'yes' && \(target)")
        // By script, as nothing here is about hands; one that has none counts as a key.
        try await rig.browser.run("\(target).click()")
      }
      let parts = scene.name.split(separator: ":")
      if parts.count > 1, parts[0] == "card" { try await rig.expectScreen("card") }
      let before = try await rig.text("#top")
      switch parts.last {
      case "brokeOff": reader.show(.waiting, problem: .brokeOff)
      case "reading": reader.show(.reading)
      case "read": reader.layCard()
      case "over": reader.show(.over, problem: .consentEnded)
      case "socialSecurity": reader.lay(.socialSecurity)
      case "dead": reader.lay(.dead)
      default: break
      }
      try await rig.expectScreen(String(parts[0]))
      if parts.count > 1 {
        try await rig.browser.wait(
          "\(scene.name) is shown", for: "document.querySelector('#top').innerText !== \(quoted(before))")
      }
    }

    private static func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }
  }
}
