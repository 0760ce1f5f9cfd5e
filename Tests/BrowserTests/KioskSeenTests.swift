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

    private func lay(_ lies: CardPicture.Lying?, _ hand: KioskCardTests.Reader) {
      hand.state.withLock {
        var next = CardPicture(revision: $0.picture.revision + 1, stage: .waiting)
        next.lies = lies
        $0.picture = next
      }
    }

    @Test func aSocialSecurityCardIsSeenFromTheIdleScreenAndTheTicketFollows() async throws {
      try await run { rig, hand in
        lay(.socialSecurity, hand)
        try await rig.expectScreen("seen")
        try await rig.expectText("#heading", "看到了您的社保卡")
        for text in ["没有读,什么也没有保存", "这里取号不用卡", "请把卡收好"] { try await rig.expectText("#lines", text) }
        let aloud = try await rig.browser.evaluate("return said.join()", as: String.self)
        #expect(aloud.contains("社保卡") && aloud.contains("什么也没有保存"))
        try await Accessibility.check(rig.browser, "kiosk-seen")
        // What is taken away is not said again, and no consent was asked for: nothing was read.
        lay(nil, hand)
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
        lay(.other, hand)
        try await rig.expectScreen("seen")
        try await rig.expectText("#lines", "请改用身份证")
        // Another one in its place.
        lay(.dead, hand)
        try await rig.expectText("#heading", "没有反应")
        try await rig.expectText("#lines", "翻个面")
        try await rig.touch("go-on")
        try await rig.expectScreen("bring")
        // Over a call for help nothing is said of cards.
        try await rig.touch("restart")
        try await rig.expectScreen("home")
        try await rig.touch("help", "danger")
        try await rig.expectScreen("help")
        lay(.socialSecurity, hand)
        let newest = hand.state.withLock { $0.picture.revision }
        try await rig.browser.waitUntil("the page has heard of it") { hand.state.withLock { $0.seen == newest } }
        #expect(try await rig.browser.evaluate("return document.body.dataset.screen", as: String.self) == "help")
      }
    }
  }
}
