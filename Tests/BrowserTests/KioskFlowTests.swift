import Consoles
import Testing

@testable import Station

extension BrowserTests {
  /// What a visitor does at the terminal, from the idle screen to the end.
  @Suite struct KioskFlowTests {
    static let ticket = TicketID(day: 20783, letter: "A", number: 1)
    static let fingers = """
      window.fingers = 0;
      addEventListener("pointerdown", () => (fingers += 1), true);
      """

    @Test func fiveTouchesLeadFromIdleToASlip() async throws {
      try await HallRig.run("kiosk/hall", onEveryPage: [Self.fingers]) { rig in
        let entries = try await rig.browser.evaluate("return history.length", as: Int.self)
        try await rig.touch("touch", "business", "service", "legal")
        try await rig.expectScreen("bring")
        for text in ["身份证", "合同或欠条"] { try await rig.expectText("#body", text) }
        for text in ["等候 3 人", "1、3 号窗口", "2 天内答复"] { try await rig.expectText("#lines", text) }
        try await rig.touch("take")
        try await rig.expectScreen("slip")
        let fingers = try await rig.browser.evaluate("return fingers", as: Int.self)
        #expect(fingers >= 2 && fingers <= 5)
        #expect(try await rig.text(".number") == "A001")
        #expect(try await rig.text(".code b") == Hall.code)
        try await rig.expectText("#lines", "前面还有 2 位")
        try await expectQR(rig)
        try await rig.browser.waitUntil("the station knows that the slip is on the screen") {
          rig.asked.last == .slip(Self.ticket, .shown)
        }
        #expect(rig.asked.first == .takeTicket(service: "legal", priority: false, 4821))
        // Others in the hall hear the number, and the code only when it is asked for.
        let aloud = try await rig.browser.evaluate("return said.join()", as: String.self)
        #expect(aloud.contains("A001") && !aloud.contains("4 8 2 1") && !aloud.contains(Hall.code))
        try await rig.touch("repeat")
        #expect(try await rig.browser.evaluate("return said.at(-1)", as: String.self).contains("四位码 4 8 2 1"))
        // It is called while its owner still stands there.
        rig.change { $0.windows[1] = Hall.called(1, 3) }
        try await rig.expectText("#heading", "请到 3 号窗口")
        try await rig.touch("done")
        try await rig.expectScreen("idle")
        #expect(try await rig.text("body").contains(Hall.code) == false)
        #expect(try await rig.browser.evaluate("return history.length", as: Int.self) == entries)
      }
    }

    /// As a reader of QR codes sees it: each module where it was given, and four modules of white around.
    private func expectQR(_ rig: HallRig) async throws {
      let script = """
        const svg = document.querySelector("svg.qr");
        const path = svg.lastChild;
        const point = (x, y) => Object.assign(svg.createSVGPoint(), { x: x + 0.5, y: y + 0.5 });
        const size = svg.viewBox.baseVal.width;
        return Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => path.isPointInFill(point(x, y))));
        """
      let shown = try await rig.browser.evaluate(script, as: [[Bool]].self)
      let line = Array(repeating: false, count: 29)
      let side = Array(repeating: false, count: 4)
      #expect(
        shown == Array(repeating: line, count: 4) + Hall.qr.map { side + $0 + side } + Array(repeating: line, count: 4))
    }

    @Test func theKeyboardAloneSuffices() async throws {
      try await HallRig.run("kiosk/hall", onEveryPage: [KeyboardTests.watch]) { rig in
        for (screen, key) in [
          ("idle", "touch"), ("home", "business"), ("which-business", "service"), ("which-service", "legal"),
          ("bring", "priority"),
        ] {
          try await rig.expectScreen(screen)
          try await tab(rig, to: "[data-key=\(key)]")
          try await rig.browser.press(.enter)
        }
        try await rig.expectScreen("slip")
        #expect(rig.asked.first == .takeTicket(service: "legal", priority: true, 4821))
        try await tab(rig, to: "#restart")
        try await rig.browser.press(.space)
        try await rig.expectScreen("home")
        // By digits as well, and back.
        try await rig.browser.type("2")
        try await rig.expectScreen("which-business")
        try await rig.browser.press(.escape)
        try await rig.expectScreen("home")
        try await rig.browser.type("2")
        try await rig.expectScreen("which-business")
        try await rig.browser.type("3")
        try await rig.expectScreen("type-number")
        try await rig.browser.type("a7")
        try await tab(rig, to: "[data-key=next]")
        try await rig.browser.press(.enter)
        try await rig.expectScreen("type-code")
        try await rig.browser.type("4821")
        rig.answer(.refused(.wrongCode))
        try await tab(rig, to: "[data-key=look]")
        try await rig.browser.press(.enter)
        try await rig.expectText("#lines", Texts.text(Refusal.wrongCode).chinese)
        #expect(rig.asked.last == .status(letter: "A", number: 7, 4821))
        for tool in ["large", "contrast", "low", "language"] {
          try await tab(rig, to: "#\(tool)")
          try await rig.browser.press(.enter)
        }
        #expect(try await rig.browser.evaluate("return document.body.className", as: String.self) == "large contrast low")
        #expect(try await rig.browser.evaluate("return document.documentElement.lang", as: String.self) == "en")
        #expect(try await rig.browser.evaluate("return touched", as: [String].self) == [])
      }
    }

    private func tab(_ rig: HallRig, to selector: String) async throws {
      for _ in 0..<40 {
        try await rig.browser.press(.tab)
        let wrong = try await rig.browser.evaluate(KeyboardTests.focusScript, as: String.self)
        #expect(wrong == "" || wrong == "nothing has the focus", "on the way to \(selector)")
        if try await rig.browser.evaluate("return document.activeElement.matches(\"\(selector)\")", as: Bool.self) { return }
      }
      throw BrowserError("Tab does not come to \(selector)")
    }

    @Test func disputesHazardsAndStaffHaveTheirWays() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        // One way to settle a dispute is no choice.
        try await rig.touch("touch", "business", "dispute")
        try await rig.expectScreen("bring")
        try await rig.expectText("#heading", "矛盾纠纷调解")
        try await rig.touch("back", "back", "help", "dispute")
        try await rig.expectScreen("bring")
        try await rig.startAgain()
        try await rig.touch("report", "lift", "stair")
        try await rig.expectScreen("hazard-thanks")
        try await rig.expectText("#lines", "电梯故障,二单元楼梯间")
        #expect(rig.asked == [.reportHazard(kind: "lift", place: "stair")])
        try await rig.touch("staff")
        try await rig.browser.waitUntil("staff are asked") { rig.asked.last == .askForStaff }
        #expect(try await rig.text("#staff-strip").contains("已经叫了") == false, "the station has not said so yet")
        rig.change { $0.kiosks[0].helpAsked = true }
        try await rig.expectText("#staff-strip", "已经叫了工作人员")
        rig.change { $0.kiosks[0].helpAsked = false }
        try await rig.browser.wait("it is over", for: "document.querySelector('#staff-strip').hidden")
        // Everything on the screen is spoken, and again when asked for.
        try await rig.startAgain()
        let spoken = "您要做什么?。求助。有危险,或不知道找谁。办事。取号、查我的号。反映问题。路灯、电梯、通道……。本机保存了什么"
        #expect(try await rig.browser.evaluate("return said.at(-1)", as: String.self) == spoken)
        try await rig.browser.run("said.length = 0")
        try await rig.touch("repeat")
        #expect(try await rig.browser.evaluate("return said", as: [String].self) == [spoken])
      }
    }

    @Test func whoHoldsTheSlipReadsWhereItStandsAndRatesItOnce() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await rig.touch("touch", "business", "mine")
        try await rig.expectScreen("type-number")
        // A digit does not begin a number, and only the centre's letters are there.
        try await rig.touch("key-1")
        #expect(try await rig.text(".typed output") == "还没有按")
        let keys = "return [...document.querySelectorAll('.key')].map((key) => key.innerText).join('')"
        #expect(try await rig.browser.evaluate(keys, as: String.self) == "ABCE1234567890删一个")
        try await rig.touch("key-A", "key-1", "key-2", "key-delete", "key-1", "next")
        try await rig.expectScreen("type-code")
        rig.answer(.refused(.wrongCode))
        try await rig.touch("key-0", "key-0", "key-0", "key-0", "look")
        try await rig.expectText("#lines", Texts.text(Refusal.wrongCode).chinese)
        #expect(try await rig.text(".typed output") == "还没有按")
        let stage = VisitStanding.Stage(
          id: 3, phase: .resulted, owner: "调解岗", offeredTo: nil, result: .agreed, overdue: false, hoursLeft: nil, rating: nil)
        let standing = VisitStanding(shown: "A011", service: "法律咨询", ticket: nil, ahead: 0, window: nil, matter: stage)
        rig.answer(.standing(standing))
        try await rig.touch("key-4", "key-8", "key-2", "key-1", "key-9", "look")
        try await rig.expectScreen("standing")
        try await rig.expectText("#heading", Texts.text(standing).chinese)
        try await rig.expectText("#lines", "A011 号 · 法律咨询")
        #expect(rig.asked.last == .status(letter: "A", number: 11, 4821))
        let faces = "return [...document.querySelectorAll('.rating')].map((face) => face.innerText).join()"
        #expect(try await rig.browser.evaluate(faces, as: String.self) == "满意,一般,不满意")
        try await rig.touch("face-3")
        try await rig.expectScreen("rated")
        #expect(rig.asked.last == .rate(letter: "A", number: 11, 4821, 3))
        try await rig.touch("start")
        try await rig.expectScreen("idle")
        #expect(try await rig.text("body").contains("A011") == false)
      }
    }

    /// R17: no paper, or a printer that died half-way. Number, code and picture are large on the screen, and aloud.
    @Test(arguments: [
      (SlipOnPaper.shown, "没有打印:请记下号和四位码,或用手机拍下来"), (.unknown, "号单可能没有打出,请记下号和四位码"), (.printed, "号单已打出,请拿好"),
    ]) func whatBecameOfTheSlipIsSaid(_ paper: SlipOnPaper, _ words: String) async throws {
      try await HallRig.run("kiosk/hall", print: { _ in paper }) { rig in
        try await rig.touch("touch", "business", "service", "legal", "take")
        try await rig.expectScreen("slip")
        try await rig.expectText("#lines", words)
        #expect(try await rig.text(".number") == "A001")
        #expect(try await rig.text(".code b") == Hall.code)
        try await expectQR(rig)
        let size = "return parseFloat(getComputedStyle(document.querySelector('.number')).fontSize)"
        #expect(try await rig.browser.evaluate(size, as: Double.self) >= 72)
        #expect(try await rig.browser.evaluate("return said.join()", as: String.self).contains(words))
        try await rig.browser.waitUntil("the station knows what became of it") {
          rig.asked.last == .slip(Self.ticket, Ticket.Slip(rawValue: paper.rawValue) ?? .unknown)
        }
      }
    }

    @Test func whatIsNotSureIsSaid() async throws {
      var view = Hall.view()
      view.recorded = false
      view.parentLostMilliseconds = Hall.now
      try await HallRig.run("kiosk/hall", view) { rig in
        try await rig.expectText("#offline", "恢复后自动上报")
        try await rig.expectText("#offline", "机器现在存不了新的记录")
        #expect(try await rig.text("#interrupted").isEmpty)
        rig.change { $0.kiosks[0].interrupted = ["A005", "B002"] }
        try await rig.expectText("#interrupted", "刚才停电了。您的号是 A005、B002,请工作人员核对")
        rig.change { $0.kiosks[0].interrupted = [] }
        try await rig.touch("touch", "business", "service", "aid", "take")
        try await rig.expectScreen("slip")
        try await rig.expectText(".slip", "待上报")
        try await rig.expectText("#lines", "机器现在存不了新的记录")
        rig.change {
          $0.recorded = true
          $0.parentLostMilliseconds = nil
        }
        try await rig.browser.wait(
          "nothing is pending", for: "document.querySelector('#offline').hidden && !document.querySelector('.pending')")
        for (answer, words) in [
          (DeskAnswer.unrecorded, Texts.unrecorded), (.refused(.ticketsExhausted), Texts.text(Refusal.ticketsExhausted)),
        ] {
          try await rig.startAgain()
          try await rig.touch("business", "service", "aid")
          rig.answer(answer)
          try await rig.touch("take")
          try await rig.expectScreen("failure")
          try await rig.expectText("#lines", words.chinese)
          #expect(try await rig.text("body").contains("A001") == false)
        }
      }
    }
  }
}
