import Station
import Testing

extension BrowserTests {
  /// From a finger on the panel to the card, and from the card to the panel's lamp. Lamps are read from the panel's model.
  @Suite struct CallTests {
    /// How far a lamp has come; it never goes back.
    static let steps = ["off", "fast", "slow", "steady", "coming"]

    struct Shown: Decodable, Sendable {
      var place, phase, age, text: String
      /// The indicator that the page says was read back.
      var lamp: Int
    }

    static let shownScript = """
      const node = (card) => card.parts.pressed.textContent.match(/A.(\\d).1/)[1];
      return Object.fromEntries([...document.querySelectorAll("#incidents > .card")].map((card) => [node(card), {
        place: card.querySelector("h3").textContent, phase: card.querySelector(".phase").textContent,
        age: card.querySelector(".age").textContent, text: card.querySelector(".lamp-text").textContent,
        lamp: Number(card.querySelector(".lamp").className.match(/lamp-(\\d)/)?.[1] ?? -1)}]))
      """

    @Test func aPressBecomesACardAndThePageIsNeverAheadOfThePanel() async throws {
      try await DeskRig.run { rig in
        try await rig.openDesk()
        try await rig.startDuty()
        for node in 1...3 {
          _ = try rig.shell.panels("press \(node)/1")
          _ = try await look(rig, for: "slow")
        }
        try await rig.browser.waitUntil("page and panels show slow") { try await look(rig, for: "slow") == 3 }
        // What the page shows is on disk: the journal knows every step of each call by now.
        for id in 1...3 { #expect(try rig.shell.run(["journal", "why", "\(rig.shell.folder)/journal", "\(id)"]).code == 0) }
        let cards = try await rig.browser.evaluate(Self.shownScript, as: [String: Shown].self)
        for node in 1...3 {
          let card = try #require(cards["\(node)"])
          #expect(card.place == DeskRig.names[node])
          #expect(card.phase == Texts.text(Phase.opened).chinese)
          #expect(card.text == Texts.text(.slowBlink).chinese)
          #expect(card.age.wholeMatch(of: #/\d\d:\d\d/#) != nil)
        }
        for id in 1...3 {
          try await rig.browser.click(DeskRig.button(id, "acknowledge"))
          _ = try await look(rig, for: "coming")
        }
        try await rig.browser.waitUntil("page and panels show coming") { try await look(rig, for: "coming") == 3 }
        let answered = try await rig.browser.evaluate(Self.shownScript, as: [String: Shown].self)
        for card in answered.values {
          #expect(card.phase == Texts.text(Phase.acknowledged).chinese)
          #expect(card.text == Texts.text(.coming).chinese)
        }
      }
    }

    /// Page and panels as they are now. The page is read first: what it claims must be so when the panel is read after that. After each step,
    /// because on a fast machine all have come to the end before one has begun to wait for it.
    ///
    /// - Returns: how many of both have come to `last`.
    private func look(_ rig: DeskRig, for last: String) async throws -> Int {
      let page = try await rig.browser.evaluate(Self.shownScript, as: [String: Shown].self)
      var arrived = 0
      for node in 1...3 {
        let lamp = try rig.lamp(node, 1)
        let claim = page["\(node)"]?.lamp ?? -1
        let fact = Self.steps.firstIndex(of: lamp) ?? -1
        #expect(claim <= fact, "panel \(node) shows \(lamp), the page claims \(claim)")
        if claim == fact, lamp == last { arrived += 1 }
      }
      return arrived
    }

    @Test func thePageDoesNotClaimWhatAPanelBehindACutDoesNotShow() async throws {
      try await DeskRig.run { rig in
        try await rig.openDesk()
        try await rig.startDuty()
        try await rig.call("3/1", card: 1)
        try await rig.browser.wait("the lamp was read back", for: "\(DeskRig.card(1, ".lamp.lamp-2"))")
        _ = try rig.shell.panels("wire cut 3")
        try await rig.browser.click(DeskRig.button(1, "acknowledge"))
        try await rig.browser.wait("the call is acknowledged", for: DeskRig.hasPhase(1, "acknowledged"))
        let card = try #require(try await rig.browser.evaluate(Self.shownScript, as: [String: Shown].self)["3"])
        #expect(try rig.lamp(3, 1) == "slow")
        #expect(card.lamp == 2 && card.text.contains(Texts.text(.slowBlink).chinese) && card.text.contains("≠"))
        #expect(try await rig.browser.evaluate("return \(DeskRig.card(1, ".differs")) !== null", as: Bool.self))
        _ = try rig.shell.panels("wire ok")
        try await rig.browser.wait("the page shows coming", for: "\(DeskRig.card(1, ".lamp.lamp-4"))")
        #expect(try rig.lamp(3, 1) == "coming")
      }
    }

    /// A duress button: its card says so, and neither the room's lamp nor the card's claims anything.
    @Test func aSilentPlaceStaysDarkAndItsCardSaysSo() async throws {
      try await DeskRig.run { rig in
        try await rig.openDesk()
        try await rig.startDuty()
        try await rig.call("1/2", card: 1)
        try await rig.browser.wait(
          "the card says it is silent", for: "\(DeskRig.card(1, ".notices"))?.textContent.includes('静默')")
        try await rig.browser.click(DeskRig.button(1, "acknowledge"))
        try await rig.browser.wait("the call is acknowledged", for: DeskRig.hasPhase(1, "acknowledged"))
        #expect(try rig.lamp(1, 2) == "off")
        #expect(try await rig.browser.evaluate("return \(DeskRig.card(1, ".lamp")).className", as: String.self) == "lamp lamp-0")
      }
    }
  }
}
