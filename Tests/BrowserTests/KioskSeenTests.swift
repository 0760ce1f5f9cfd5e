import Consoles
import Testing

@testable import Station

extension BrowserTests {
  /// A card on the terminal's reader of smart cards: its kind is said in plain words, and everything goes on as without it.
  @Suite struct KioskSeenTests {
    private func run(reader: ReaderStanding? = nil, _ body: (HallRig, KioskCardTests.Reader) async throws -> Void) async throws {
      let hand = KioskCardTests.Reader()
      var view = Hall.view()
      (view.kiosks[0].hasSmartCards, view.kiosks[0].reader) = (true, reader)
      try await HallRig.run("kiosk/hall", view, cards: hand.desk) { try await body($0, hand) }
    }

    @Test func aSocialSecurityCardIsSeenFromTheIdleScreenAndTheTicketFollows() async throws {
      try await run { rig, hand in
        hand.lay(.socialSecurity)
        try await rig.expectScreen("seen")
        try await rig.expectText("#heading", "看到了您的社保卡")
        for text in ["没有读,什么也没有保存", "这里取号不用卡", "请把卡收好"] { try await rig.expectText("#lines", text) }
        let aloud = try await rig.browser.evaluate("return said.join()", as: String.self)
        #expect(aloud.contains("社保卡") && aloud.contains("什么也没有保存"))
        try await Accessibility.check(rig.browser, "kiosk-seen")
        // What is taken away is not said again, and no consent was asked for: nothing was read.
        hand.lay(nil)
        try await rig.touch("go-on")
        try await rig.expectScreen("home")
        try await rig.touch("business", "service", "legal", "take")
        try await rig.expectScreen("slip")
        #expect(rig.asked.first == .takeTicket(service: "legal", priority: false, 4821))
        #expect(hand.state.withLock { $0.begun } == 0)
      }
    }

    @Test func whoHadBegunSomethingComesBackToIt() async throws {
      try await run(reader: .ready) { rig, hand in
        try await rig.touch("touch", "business", "service", "legal")
        try await rig.expectScreen("bring")
        hand.lay(.other)
        try await rig.expectScreen("seen")
        try await rig.expectText("#lines", "请改用身份证")
        // Another one in its place.
        hand.lay(.dead)
        try await rig.expectText("#heading", "没有反应")
        try await rig.expectText("#lines", "翻个面")
        try await rig.touch("go-on")
        try await rig.expectScreen("bring")
        // Over a call for help nothing is said of cards.
        try await rig.touch("restart")
        try await rig.expectScreen("home")
        try await rig.touch("help", "danger")
        try await rig.expectScreen("help")
        hand.lay(.socialSecurity)
        let newest = hand.state.withLock { $0.picture.revision }
        try await rig.browser.waitUntil("the page has heard of it") { hand.state.withLock { $0.seen == newest } }
        #expect(try await rig.browser.evaluate("return document.body.dataset.screen", as: String.self) == "help")
      }
    }

    /// A reader that sees a card come and go keeps no visit open, and the screen says what lies there all the same.
    @Test func aReaderThatFlapsCountsAsATouchOnce() async throws {
      try await run { rig, hand in
        try await rig.touch("touch", "business", "service", "legal")
        try await rig.expectScreen("bring")
        // Two hours ago: whatever is no touch leaves it so.
        let longAgo = "Object.assign(document.documentElement.dataset, { idleSeconds: '1', warningSeconds: '100000' })"
        hand.lay(.dead)
        try await rig.expectScreen("seen")
        try await rig.browser.run(longAgo)
        try await rig.browser.wait("the page asks whether he is still there", for: "document.getElementById('leaving').open")
        hand.lay(.socialSecurity)
        try await rig.expectText("#heading", "看到了您的社保卡")
        #expect(try await rig.browser.evaluate("return document.getElementById('leaving').open", as: Bool.self))
        // Of the next visit it counts again: whoever lays it down first.
        try await rig.browser.run("document.documentElement.dataset.warningSeconds = '0'")
        try await rig.expectScreen("idle")
        try await rig.browser.run("Object.assign(document.documentElement.dataset, { idleSeconds: '60', warningSeconds: '30' })")
        hand.lay(.dead)
        try await rig.expectScreen("seen")
      }
    }

    /// The card that was read may be an earlier visitor's.
    @Test func whoLaysACardOverTheScreenOfAnotherDoesNotComeBackToIt() async throws {
      try await run(reader: .ready) { rig, hand in
        try await rig.touch("touch", "business", "service", "legal", "card", "agree")
        try await rig.expectScreen("card")
        // Nothing was read yet: it is his own, on the wrong reader.
        hand.lay(.socialSecurity)
        try await rig.expectScreen("seen")
        try await rig.touch("go-on")
        try await rig.expectScreen("card")
        hand.layCard()
        try await rig.expectText("#heading", "读到了:王**")
        hand.state.withLock {
          $0.picture.revision += 1
          $0.picture.lies = .socialSecurity
        }
        try await rig.expectScreen("seen")
        try await rig.browser.waitUntil("the station has forgotten it") { hand.state.withLock { $0.over } == [1] }
        #expect(try await rig.browser.evaluate("return document.getElementById('back').hidden", as: Bool.self))
        try await rig.touch("go-on")
        try await rig.expectScreen("home")
        #expect(
          try await rig.browser.evaluate("return document.documentElement.outerHTML.includes('1234')", as: Bool.self) == false)
      }
    }

    /// What was asked of the station is answered first.
    @Test func whileTheStationIsAskedNothingIsSaidOfCards() async throws {
      let hold = """
        const fetchNow = fetch;
        window.fetch = (path, ...more) => {
          if (!String(path).endsWith("/ticket")) return fetchNow(path, ...more);
          return new Promise((resolve) => (window.letGo = () => resolve(fetchNow(path, ...more))));
        };
        """
      let hand = KioskCardTests.Reader()
      var view = Hall.view()
      view.kiosks[0].hasSmartCards = true
      try await HallRig.run("kiosk/hall", view, onEveryPage: [hold], cards: hand.desk) { rig in
        try await rig.touch("touch", "business", "service", "legal", "take")
        try await rig.expectText("#lines", "请稍候")
        hand.lay(.socialSecurity)
        let newest = hand.state.withLock { $0.picture.revision }
        try await rig.browser.waitUntil("the page has heard of it") { hand.state.withLock { $0.seen == newest } }
        #expect(try await rig.browser.evaluate("return document.body.dataset.screen", as: String.self) != "seen")
        try await rig.browser.run("letGo()")
        try await rig.expectScreen("seen")
        try await rig.touch("go-on")
        try await rig.expectScreen("slip")
      }
    }
  }
}
