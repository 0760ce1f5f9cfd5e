import DeviceVocabulary
import Foundation
import Testing

@testable import Station

extension BrowserTests {
  /// 求助 at the terminal, and a station that is not there.
  @Suite struct KioskHelpTests {
    @Test func thePageSaysHowFarTheCallHasComeAndNothingMore() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await rig.touch("touch", "help", "danger")
        try await rig.expectScreen("help")
        try await rig.browser.waitUntil("the station is asked") { rig.asked == [.callForHelp] }
        try await rig.expectText("#heading", "求助已经按下")
        try await expectReached(rig, [])
        for (lamp, steps) in [(Indicator.fastBlink, [String]()), (.slowBlink, ["已记录"]), (.steady, ["已记录", "中心已收到"])] {
          rig.change { $0.kiosks[0].help = lamp }
          try await expectReached(rig, steps)
        }
        try await rig.expectText("#lines", "请留在这里")
        // What was reached stays so.
        rig.change { $0.kiosks[0].help = .coming }
        try await expectReached(rig, ["已记录", "中心已收到", "有人来了"])
        try await rig.expectText("#lines", "有人正在过来")
        #expect(try await rig.browser.evaluate("return said.at(-1)", as: String.self).contains("有人正在过来"))
        // Who goes elsewhere still sees that it runs.
        try await rig.startAgain()
        try await rig.expectText("#staff-strip", "有人来了")
        rig.change { $0.kiosks[0].help = .off }
        try await rig.browser.wait("it is over", for: "document.querySelector('#staff-strip').hidden")
        // Somebody of this centre may be quicker than the one above: what it has not said is not claimed, of this call.
        try await rig.startAgain()
        try await rig.touch("help", "danger")
        rig.change { $0.kiosks[0].help = .slowBlink }
        try await expectReached(rig, ["已记录"])
        rig.change { $0.kiosks[0].help = .coming }
        try await expectReached(rig, ["已记录", "有人来了"])
      }
    }

    private func expectReached(_ rig: HallRig, _ steps: [String]) async throws {
      let reached = "[...document.querySelectorAll('.ladder .reached')].map((step) => step.children[1].innerText).join()"
      try await rig.browser.wait(
        "reached is \(steps)", for: "document.querySelector('.ladder') && \(reached) === '\(steps.joined(separator: ","))'")
    }

    @Test func theEndAndTheDefectsOfACallAreSaid() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await rig.touch("touch", "help", "danger")
        rig.change { $0.kiosks[0].help = .steady }
        try await expectReached(rig, ["已记录", "中心已收到"])
        rig.change { $0.kiosks[0].help = .off }
        try await rig.expectText("#heading", "这次求助已经结束")
        try await rig.startAgain()
        rig.answer(.refused(.unknownKiosk))
        try await rig.touch("help", "danger")
        try await rig.expectText("#lines", "请喊人或按墙上的红色按钮")
        rig.answer(.unrecorded)
        try await rig.touch("again")
        try await rig.expectText("#lines", Texts.unrecorded.chinese)
        rig.change { $0.kiosks[0].help = .fault }
        try await rig.expectText("#lines", "失灵")
        // What the station said before it was lost is not taken for news, and covers no press that did not get through.
        rig.change { $0.kiosks[0].help = .coming }
        try await expectReached(rig, ["已记录", "有人来了"])
        try await rig.startAgain()
        try await rig.touch("help", "danger")
        try await expectReached(rig, ["已记录", "有人来了"])
        rig.pages.stationLost()
        try await rig.expectText("#lines", "断线以前")
        try await rig.touch("restart")
        try await rig.expectScreen("lost")
        try await rig.touch("help")
        try await rig.expectText("#heading", "没有送到")
        #expect(try await rig.text("body").contains("有人来了") == false)
      }
    }

    @Test func aLostStationIsSaidAndAPressThatDoesNotGetThroughToo() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await rig.touch("touch", "business", "service")
        rig.pages.stationLost()
        try await rig.expectScreen("lost")
        try await rig.expectText("#lost", "机器现在连不上")
        try await expectUndelivered(rig)
        // It comes back to where it was.
        try await rig.touch("restart")
        rig.change { _ in }
        try await rig.expectScreen("home")
        // A slip that is there stays there.
        try await rig.touch("business", "service", "legal", "take")
        try await rig.expectScreen("slip")
        rig.pages.stop()
        try await rig.expectText("#lost", "机器现在连不上")
        #expect(try await rig.text(".number") == "A001")
        try await rig.touch("staff")
        try await rig.expectText("#staff-strip", "没有送到")
        try await rig.touch("restart")
        try await rig.expectScreen("lost")
        try await expectUndelivered(rig)
      }
    }

    private func expectUndelivered(_ rig: HallRig) async throws {
      let before = rig.asked.count
      try await rig.touch("help")
      try await rig.expectScreen("help")
      try await rig.expectText("#heading", "没有送到")
      try await rig.expectText("#lines", "请喊人或按墙上的红色按钮")
      #expect(try await rig.browser.evaluate("return said.at(-1)", as: String.self).contains("请喊人"))
      try await rig.touch("staff")
      try await rig.expectText("#staff-strip", "没有送到")
      #expect(rig.asked.count == before)
    }

    @Test func aTerminalThatNobodyKnowsSaysSo() async throws {
      try await HallRig.run("kiosk/other") { rig in
        try await rig.expectText("#lost", "没有登记")
        rig.answer(.refused(.unknownKiosk))
        try await rig.touch("touch", "help", "danger")
        try await rig.expectText("#lines", "请喊人或按墙上的红色按钮")
      }
    }

    /// It says that it lives from where it draws: a page that hangs does not.
    @Test func onlyAPageThatDrawsSaysThatItIsAlive() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        let age = { () async throws -> Int in
          struct Alive: Decodable { var aliveMillisecondsAgo: Int? }
          let answer = try await LocalHTTP.ask(port: rig.pages.port, "GET", "/api/kiosk/hall/alive")
          return try JSONDecoder().decode(Alive.self, from: answer.body).aliveMillisecondsAgo ?? .max
        }
        try await rig.browser.waitUntil("it says so") { try await age() < 500 }
        try await rig.browser.waitUntil("it does not say so all the time") { try await age() > 800 }
        try await rig.browser.waitUntil("but again and again") { try await age() < 500 }
        // Late enough for the browser to have answered before.
        try await rig.browser.run(
          "setTimeout(() => { const until = performance.now() + 6000; while (performance.now() < until); }, 500)")
        try await rig.browser.waitUntil("a page that hangs is silent") { try await age() > 4000 }
        try await rig.browser.waitUntil("and when it draws again") { try await age() < 500 }
      }
    }
  }
}
