import Consoles
import Synchronization
import Testing

@testable import Station

extension BrowserTests {
  /// A number with an identity card: asked first, shown masked, and gone with its owner.
  @Suite struct KioskCardTests {
    /// A reader in whose place the test says what lies on it.
    final class Reader: Sendable {
      struct State {
        var picture = CardPicture(revision: 1, stage: .waiting)
        var begun = 0
        var over: [UInt64?] = []
        var taken: [UInt64] = []
        var touched = 0
        /// The revision that the page had when it last asked.
        var seen: UInt32 = 0
        var field: SealedField? = SealedField(key: "k1", bytes: [1, 2, 3])
      }
      let state = Mutex(State())

      var desk: CardDesk {
        CardDesk(
          begin: { _ in
            self.state.withLock {
              $0.begun += 1
              $0.picture = CardPicture(revision: $0.picture.revision + 1, stage: .waiting)
              return UInt64($0.begun)
            }
          },
          picture: { _, _, seen in
            self.state.withLock { $0.seen = seen }
            for _ in 0..<200 {
              let picture = self.state.withLock { $0.picture }
              if picture.revision != seen { return picture }
              try? await Task.sleep(for: .milliseconds(20))
            }
            return self.state.withLock { $0.picture }
          },
          touched: { _, _ in self.state.withLock { $0.touched += 1 } },
          end: { _, card in self.state.withLock { $0.over.append(card) } },
          takeField: { _, _ in self.state.withLock { $0.field } },
          taken: { _, card in self.state.withLock { $0.taken.append(card) } },
          giveBack: { _, _, _ in })
      }

      func show(
        _ stage: CardPicture.Stage, name: String = "", number: String = "", isDoubtful: Bool = false,
        problem: CardPicture.Problem? = nil
      ) {
        state.withLock {
          var next = CardPicture(revision: $0.picture.revision + 1, stage: stage)
          (next.name, next.number, next.problem) = (name, number, problem)
          next.isDoubtful = isDoubtful
          $0.picture = next
        }
      }

      /// A card on the reader of smart cards.
      func lay(_ lies: CardPicture.Lying?) {
        state.withLock {
          var next = CardPicture(revision: $0.picture.revision + 1, stage: .waiting)
          next.lies = lies
          $0.picture = next
        }
      }

      func layCard() { show(.read, name: "王**", number: "220***********1234") }
    }

    private static var view: VisitView {
      var view = Hall.view()
      view.kiosks[0].reader = .ready
      return view
    }

    private func run(_ body: (HallRig, Reader) async throws -> Void) async throws {
      let reader = Reader()
      try await HallRig.run("kiosk/hall", Self.view, cards: reader.desk) { try await body($0, reader) }
    }

    private func toConsent(_ rig: HallRig) async throws {
      try await rig.touch("touch", "business", "service", "legal", "card")
      try await rig.expectScreen("card-consent")
    }

    @Test func aCardIsReadOnlyAfterAYesAndShownMasked() async throws {
      try await run { rig, reader in
        try await toConsent(rig)
        for text in ["只读姓名、号码和住址", "办结后 17 天删除", "综治中心前台", "不读也一样能办"] {
          try await rig.expectText("#lines", text)
        }
        #expect(reader.state.withLock { $0.begun } == 0)
        try await rig.touch("agree")
        try await rig.expectScreen("card")
        try await rig.expectText("#heading", "请把身份证放在读卡器上")
        reader.show(.reading)
        try await rig.expectText("#heading", "正在读")
        reader.layCard()
        try await rig.expectText("#heading", "读到了:王**")
        try await rig.expectText("#body", "220***********1234")
        // Others in the hall do not hear the number, masked or not.
        let aloud = try await rig.browser.evaluate("return said.join()", as: String.self)
        #expect(aloud.contains("王**") && !aloud.contains("1234"))
        try await rig.touch("take")
        try await rig.expectScreen("slip")
        #expect(
          rig.asked.first
            == .takeTicket(service: "legal", priority: false, 4821, contact: SealedField(key: "k1", bytes: [1, 2, 3])))
        #expect(reader.state.withLock { $0.taken } == [1])
        try await rig.touch("done")
        try await rig.expectScreen("idle")
        #expect(
          try await rig.browser.evaluate("return document.documentElement.outerHTML.includes('1234')", as: Bool.self) == false)
      }
    }

    @Test func everyStepHasAWayWithoutACard() async throws {
      try await run { rig, reader in
        try await toConsent(rig)
        try await rig.touch("without")
        try await rig.expectScreen("slip")
        #expect(rig.asked.first == .takeTicket(service: "legal", priority: false, 4821))
        try await rig.touch("done")
        let stages: [(CardPicture.Stage, heading: String)] = [(.reading, "正在读"), (.read, "读到了"), (.over, "没有读成")]
        for (stage, heading) in stages {
          try await toConsent(rig)
          try await rig.touch("agree")
          try await rig.expectScreen("card")
          if stage == .read { reader.layCard() } else { reader.show(stage, problem: stage == .over ? .outOfOrder : nil) }
          try await rig.expectText("#heading", heading)
          try await rig.touch("without")
          try await rig.expectScreen("slip")
          try await rig.touch("done")
          try await rig.expectScreen("idle")
        }
        // What had been begun is ended each time, and nothing of a card was in any ticket.
        #expect(Set(reader.state.withLock { $0.over }) == [1, 2, 3])
        let contacts = rig.asked.filter { if case .takeTicket(_, _, _, let contact) = $0 { contact != nil } else { false } }
        #expect(contacts.isEmpty)
      }
    }

    @Test func aCardTakenAwayTooSoonIsNoDrama() async throws {
      try await run { rig, reader in
        try await toConsent(rig)
        try await rig.touch("agree")
        try await rig.expectScreen("card")
        reader.show(.waiting, problem: .brokeOff)
        try await rig.expectText("#lines", "卡拿走了,没关系,请再放一次,或不用卡继续")
        #expect(try await rig.browser.evaluate("return said.join()", as: String.self).contains("没关系"))
        reader.show(.over, problem: .consentEnded)
        try await rig.expectText("#heading", "没有读成")
        try await rig.touch("again")
        try await rig.expectText("#heading", "请把身份证放在读卡器上")
        #expect(reader.state.withLock { $0.begun } == 2)
      }
    }

    /// The station died over it, and is back without a card: that is no card that was not read.
    @Test func aReadingThatTheMachineBrokeOffIsSaidToBeSo() async throws {
      try await run { rig, reader in
        try await toConsent(rig)
        try await rig.touch("agree")
        try await rig.expectScreen("card")
        reader.layCard()
        try await rig.expectText("#heading", "读到了")
        rig.pages.stationLost()
        try await rig.expectText("#lost", "机器")
        reader.show(.over)
        rig.change { _ in }
        try await rig.expectText("#heading", "刚才中断了,可能停过电")
        try await rig.expectText("#lines", "读到的没有保存,已经没有了")
        #expect(try await rig.text("#top").contains("没有读成") == false)
        #expect(
          try await rig.browser.evaluate("return document.documentElement.outerHTML.includes('1234')", as: Bool.self) == false)
        // Of the next visit nothing was broken off.
        try await rig.touch("restart", "business", "service", "legal", "card", "agree")
        try await rig.expectScreen("card")
        reader.show(.over)
        try await rig.expectText("#heading", "没有读成")
      }
    }

    /// A wrong check digit, for instance: it is said, and he gets his number all the same.
    @Test func whatDoesNotFitOnTheCardIsSaid() async throws {
      try await run { rig, reader in
        try await toConsent(rig)
        try await rig.touch("agree")
        try await rig.expectScreen("card")
        reader.show(.read, name: "王**", number: "220***********1234", isDoubtful: true)
        try await rig.expectText("#lines", "证件上有一处对不上,请给窗口看证件")
        #expect(try await rig.browser.evaluate("return said.join()", as: String.self).contains("对不上"))
        reader.layCard()
        try await rig.browser.wait("a card that fits", for: "!document.querySelector('#lines').innerText.includes('对不上')")
        reader.show(.read, name: "王**", number: "220***********1234", isDoubtful: true)
        try await rig.expectText("#lines", "证件上有一处对不上")
        try await rig.touch("take")
        try await rig.expectScreen("slip")
      }
    }

    /// A plug that was knocked out: nobody claims that somebody was told.
    @Test func aReaderThatIsAwayIsSaidToBeAway() async throws {
      try await run { rig, reader in
        try await toConsent(rig)
        try await rig.touch("agree")
        try await rig.expectScreen("card")
        reader.show(.waiting, problem: .readerAway)
        try await rig.expectText("#lines", "读卡器断开了,正在等它重新接上;也可以不用卡继续")
        #expect(try await rig.text("body").contains("已经通知") == false)
        try await rig.touch("without")
        try await rig.expectScreen("slip")
      }
    }

    @Test func whoGoesBackOrStartsAgainLeavesNothing() async throws {
      try await run { rig, reader in
        try await toConsent(rig)
        try await rig.touch("agree")
        try await rig.expectScreen("card")
        reader.layCard()
        try await rig.expectText("#body", "1234")
        try await rig.touch("restart")
        try await rig.expectScreen("home")
        try await rig.browser.waitUntil("the station was told") { reader.state.withLock { $0.over.contains(1) } }
        #expect(
          try await rig.browser.evaluate("return document.documentElement.outerHTML.includes('1234')", as: Bool.self) == false)
        try await rig.touch("help", "danger")
        try await rig.expectScreen("help")
        try await rig.browser.waitUntil("help ends whoever's it is") { reader.state.withLock { $0.over.contains(nil) } }
      }
    }

    /// Nobody waits for a time-out that runs at the station as well: the page says that its visit is over.
    @Test func aVisitThatTimesOutTellsTheStationToForgetTheCard() async throws {
      try await run { rig, reader in
        try await toConsent(rig)
        try await rig.touch("agree")
        try await rig.expectScreen("card")
        reader.layCard()
        try await rig.expectText("#body", "1234")
        #expect(reader.state.withLock { $0.over } == [])
        try await rig.browser.run("Object.assign(document.documentElement.dataset, { idleSeconds: '0', warningSeconds: '0' })")
        try await rig.expectScreen("idle")
        try await rig.browser.waitUntil("the station was told") { reader.state.withLock { $0.over } == [1] }
      }
    }

    /// The station's own time begins anew with a touch: told of at once, and not of each.
    @Test func aTouchIsToldToTheStation() async throws {
      let skip = """
        const nowIs = performance.now.bind(performance);
        window.skipped = 0;
        performance.now = () => nowIs() + skipped;
        """
      let reader = Reader()
      try await HallRig.run("kiosk/hall", Self.view, onEveryPage: [skip], cards: reader.desk) { rig in
        try await toConsent(rig)
        try await rig.touch("agree")
        try await rig.expectScreen("card")
        let touch = "dispatchEvent(new Event('wheel'));"
        for tells in 1...2 {
          try await rig.browser.run("skipped += 6000; \(touch) \(touch)")
          try await rig.browser.waitUntil("the station hears of it") { reader.state.withLock { $0.touched } >= tells }
          #expect(reader.state.withLock { $0.touched } == tells)
        }
      }
    }

    @Test func aNumberWithPriorityHasTheCardAsWell() async throws {
      try await run { rig, reader in
        try await toConsent(rig)
        try await rig.touch("agree")
        try await rig.expectScreen("card")
        reader.layCard()
        try await rig.expectText("#body", "1234")
        try await rig.touch("priority")
        try await rig.expectScreen("slip")
        let field = SealedField(key: "k1", bytes: [1, 2, 3])
        #expect(rig.asked.first == .takeTicket(service: "legal", priority: true, 4821, contact: field))
        #expect(reader.state.withLock { $0.taken } == [1])
      }
    }

    @Test func withoutAReaderThatIsReadyNoCardIsAskedFor() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        for standing in [ReaderStanding?.none, .starting, .broken(.silent)] {
          rig.change { $0.kiosks[0].reader = standing }
          try await rig.startAgain()
          try await rig.touch("business", "service", "legal")
          try await rig.expectScreen("bring")
          #expect(try await rig.browser.evaluate("return !document.querySelector(\"[data-key='card']\")", as: Bool.self))
        }
      }
    }
  }
}
