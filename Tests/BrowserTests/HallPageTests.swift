import Foundation
import Testing

@testable import Station

extension BrowserTests {
  /// The display over the windows, the notice board, and what is kept.
  @Suite struct HallPageTests {
    private let spoken = "return said"

    @Test func newCallsAreShownHugeAndSpokenOnce() async throws {
      var view = Hall.view()
      view.windows[0] = Hall.called(4, 1)
      try await HallRig.run("hall", view) { rig in
        try await rig.expectText("#call-number", "A004")
        try await rig.browser.run("document.documentElement.dataset.announceSeconds = '1'")
        #expect(try await rig.browser.evaluate(spoken, as: [String].self) == [], "what was called before is no news")
        rig.change { $0.windows[1] = Hall.called(5, 3, at: Hall.now + 1000) }
        try await rig.expectText("#newest.news #call", "请 A005 号到 3 号窗口")
        #expect(try await rig.text("#call-number") == "A005")
        #expect(try await rig.text("#call-window") == "3 号窗口")
        #expect(try await rig.text("#windows .news") == "3 号窗口\nA005")
        try await rig.browser.wait("it flashes for a while only", for: "!document.querySelector('.news')")
        // Called again: announced again. Something else happens: nothing is.
        rig.change { $0.windows[1] = Hall.called(5, 3, calls: 2, at: Hall.now + 2000) }
        try await rig.browser.wait("it is called again", for: "said.length === 2")
        rig.change { $0.queues[0].waiting = 17 }
        try await rig.expectText("#services", "17 人")
        // Two windows at the same moment are both heard, one after the other.
        rig.change {
          $0.windows[0] = Hall.called(6, 1, at: Hall.now + 4000)
          $0.windows[1] = Hall.called(7, 3, at: Hall.now + 3000)
        }
        try await rig.browser.wait("both are heard", for: "said.length === 4")
        let calls = ["请 A005 号到 3 号窗口", "请 A005 号到 3 号窗口", "请 A007 号到 3 号窗口", "请 A006 号到 1 号窗口"]
        #expect(try await rig.browser.evaluate(spoken, as: [String].self) == calls)
        try await rig.browser.wait(
          "the newest stays",
          for: "!document.querySelector('.news') && document.querySelector('#call-number').innerText === 'A006'")
        rig.change { for index in 0..<2 { $0.windows[index].current = nil } }
        try await rig.expectText("#call", "还没有叫号")
      }
    }

    @Test func theDisplayHoldsNumbersAndWindowsOnly() async throws {
      var view = Hall.view()
      view.windows[0] = Hall.called(4, 1)
      view.plan.services[0].bring = []
      try await HallRig.run("hall", view) { rig in
        try await rig.expectText("#call-number", "A004")
        for (width, height) in [(1366, 768), (1080, 1920), (1920, 1080), (360, 740)] {
          try await rig.browser.resize(width, height)
          #expect(
            try await rig.browser.evaluate("return document.documentElement.scrollWidth <= innerWidth", as: Bool.self), "\(width)"
          )
        }
        for language in ["zh-CN", "en"] {
          try await TextTests.expectNothingForeign(rig.browser, names: Hall.names, in: language)
          try await rig.browser.click("#language")
        }
        // Beside a number stands its window, and nothing of what for.
        #expect(try await rig.text("#windows li") == "1 号窗口\nA004")
        #expect(try await rig.text("#newest").contains("法律") == false)
        #expect(try await rig.text("body").contains("优先") == false)
      }
    }

    @Test func aLostStationGreysTheDisplay() async throws {
      try await HallRig.run("hall") { rig in
        try await rig.expectText("#services", "法律咨询")
        try await Accessibility.check(rig.browser, "hall")
        rig.pages.stationLost()
        try await rig.expectText("#lost", "连不上主机")
        try await Accessibility.check(rig.browser, "hall-lost")
        #expect(
          try await rig.browser.evaluate("return getComputedStyle(document.querySelector('main')).filter", as: String.self)
            == "grayscale(1)")
        rig.change { $0.windows[1] = Hall.called(5, 3) }
        try await rig.browser.wait("it comes back", for: "document.querySelector('#lost').hidden")
        try await rig.browser.wait("what was called meanwhile is news", for: "said.length === 1")
        rig.pages.stop()
        try await rig.expectText("#lost", "连不上主机")
      }
    }

    @Test func theNoticeBoardSaysWhatTheSiteFileSays() async throws {
      var view = Hall.view()
      (view.counts.hazards, view.counts.hazardsHandled) = (9, 5)
      try await HallRig.run("notice", view) { rig in
        try await rig.expectText("[data-service=legal]", "合同或欠条")
        for text in ["取号", "窗口受理", "当日答复", "2 天", "1 号窗口、3 号窗口"] { try await rig.expectText("[data-service=legal]", text) }
        try await rig.expectText("[data-service=dispute]", "24 小时")
        try await rig.expectText("main", "铁西街道 2026-11-01 审定")
        try await rig.expectText(".contact", "综治中心前台")
        #expect(try await rig.text(".counts") == "已反映 9 件\n已处理 5 件\n正在处理 4 件")
        #expect(try await rig.text("body").contains("路灯") == false)
        try await expectReadable(rig)
        try await pagesTurn(rig)
        rig.change { $0.plan.signedOff = nil }
        try await rig.expectText("main", "还没有审定")
        rig.pages.stationLost()
        try await rig.expectText("#lost", "连不上主机")
      }
    }

    /// Longer than the screen: it turns by itself to its end and begins again, and stays where somebody touched it.
    private func pagesTurn(_ rig: HallRig) async throws {
      try await rig.browser.resize(1366, 400)
      try await rig.browser.run(
        "scrollTo(0, 0); dispatchEvent(new Event('wheel')); document.documentElement.dataset.pageSeconds = '0.3'")
      try await Task.sleep(for: .milliseconds(800))
      #expect(try await rig.browser.evaluate("return scrollY", as: Double.self) == 0, "somebody reads")
      try await rig.browser.run("document.documentElement.dataset.restSeconds = '0'")
      try await rig.browser.wait(
        "its end is seen", for: "scrollY > 0 && scrollY >= document.documentElement.scrollHeight - innerHeight - 1")
      try await rig.browser.wait("it begins again", for: "scrollY === 0")
      try await rig.browser.resize(1366, 768)
    }

    @Test func whatIsKeptIsWhatTheStationSays() async throws {
      var view = Hall.view()
      (view.keptTickets, view.keptMatters, view.keptContacts) = (41, 12, 7)
      (view.counts.hazards, view.counts.hazardsHandled, view.counts.ratings) = (9, 4, [1, 2, 30])
      view.keptBesides = [
        KeptCount(.keys, 96), KeptCount(.calls, 2), KeptCount(.faults, 1), KeptCount(.access, 40), KeptCount(.journal, 900),
        KeptCount(.staff, 3),
      ]
      view.journalMonths = 12
      try await HallRig.run("kept", view) { rig in
        try await rig.expectText("[data-kind=tickets]", "41 个")
        try await expectCounts(rig, [41, 7, 96, 12, 5, 33, 2, 1, 40, 900, 3])
        try await rig.expectText("[data-kind=matters]", "办结后 17 天")
        try await rig.expectText("[data-kind=journal]", "12 个整月")
        try await rig.expectText("[data-kind=recordings]", "不知道")
        try await rig.expectText("[data-kind=sealed]", "本人同意")
        try await rig.expectText(".cleared", "还没有到过")
        rig.change {
          $0.cleared = NightReport(night: 20783, tickets: 41, matters: 1, keys: 7, files: 0)
          $0.clearedMilliseconds = Hall.now
        }
        try await rig.expectText(".cleared", "号 41、事项 1、密钥 7、日志文件 0")
        try await rig.expectText(".contact", "综治中心前台")
        try await expectReadable(rig)
        rig.change { $0.keptMatters = 13 }
        try await rig.expectText("[data-kind=matters]", "13")
        // On the terminal the same stands, as a screen that leaves no trace.
        try await rig.browser.open("http://127.0.0.1:\(rig.pages.port)/kiosk/hall")
        try await rig.expectScreen("idle")
        try await rig.touch("kept-link")
        try await rig.expectScreen("kept")
        try await expectCounts(rig, [41, 7, 96, 13, 5, 33, 2, 1, 40, 900, 3])
        try await rig.browser.open("http://127.0.0.1:\(rig.pages.port)/")
        try await rig.expectText("main", "自助终端 hall")
        try await expectReadable(rig)
      }
    }

    private func expectCounts(_ rig: HallRig, _ counts: [Int]) async throws {
      let shown =
        "return [...document.querySelectorAll('.kept tbody tr')].map((row) => parseInt(row.children[1].innerText)).filter((count) => !isNaN(count))"
      #expect(try await rig.browser.evaluate(shown, as: [Int].self) == counts)
    }

    private func expectReadable(_ rig: HallRig) async throws {
      for language in ["en", "zh-CN"] {
        try await rig.browser.click("#language")
        for (width, height) in [(1366, 768), (360, 740)] {
          try await rig.browser.resize(width, height)
          try await KioskLayoutTests.check(rig.browser, "\(width) pixels, \(language)")
        }
        try await rig.browser.resize(1366, 768)
        let page = try await rig.browser.evaluate("return location.pathname.slice(1) || 'index'", as: String.self)
        try await Accessibility.check(rig.browser, "\(page)-\(language)")
        try await TextTests.expectNothingForeign(rig.browser, names: Hall.names + ["hall"], in: language)
      }
    }
  }
}
