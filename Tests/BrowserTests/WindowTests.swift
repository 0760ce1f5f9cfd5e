import Foundation
import TestSupport
import Testing
import Transports

extension BrowserTests {
  /// The window's page as a clerk uses it, on the real program.
  @Suite struct WindowTests {
    static let names = ["测试社区综治中心", "大厅", "院内", "值班台", "一号窗口岗", "三号窗口岗", "调解岗", "法律咨询", "矛盾纠纷", "综合", "法律", "路灯不亮"]

    final class Rig {
      let shell: Shell
      let browser: Browser
      let hall: Int
      let windows: Int

      /// - Parameter more: lines of `visits` in the site file, made in the folder.
      static func run(more: (String) throws -> String = { _ in "" }, _ body: (Rig) async throws -> Void) async throws {
        let folder = Shell.newFolder()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let more = try more(folder)
        let ports = try (0..<3).map { _ in try Int(LoopbackListener.freePort()) }
        let shell = try Shell(folder: folder, site: site(hall: ports[0], windows: ports[1], children: ports[2]) + more)
        _ = try shell.startStation()
        let browser = try await Browser(folder: folder, onEveryPage: [])
        do {
          try await browser.waitUntil("the pages are served") {
            (try? await LocalHTTP.ask(port: ports[1], "GET", "/api/visits"))?.status == 200
          }
          try await body(Rig(shell, browser, ports[0], ports[1]))
        } catch {
          await browser.quit()
          throw error
        }
        await browser.quit()
      }

      private init(_ shell: Shell, _ browser: Browser, _ hall: Int, _ windows: Int) {
        (self.shell, self.browser, self.hall, self.windows) = (shell, browser, hall, windows)
      }

      private static func site(hall: Int, windows: Int, children: Int) -> String {
        """
        site: {name: \(names[0]), station: test}
        places: [{id: hall, name: \(names[1])}, {id: yard, name: \(names[2])}]
        posts: [{id: desk, name: \(names[3])}, {id: w1, name: \(names[4])}, {id: w3, name: \(names[5])}, {id: mediation, name: \(names[6])}]
        desk: {port: 0}
        children: {port: 0, enrolmentPort: \(children), stations: [{station: below}]}
        journal: {folder: journal, ballastMiB: 1}
        visits:
          services:
            - {id: legal, name: \(names[7]), letter: A, limitHours: 48}
            - {id: dispute, name: \(names[8]), letter: B, kind: dispute}
          windows:
            - {number: 1, name: \(names[9]), post: w1, services: [legal, dispute]}
            - {number: 3, name: \(names[10]), post: w3, services: [legal]}
          kiosks: [{id: hall, place: hall}]
          hazards: [{id: lamp, name: \(names[11])}]
          contact: \(names[3])
          publicPort: \(hall)
          windowPort: \(windows)
        """
      }

      func counts(_ text: String) async throws {
        try await browser.wait(text, for: "document.querySelector('#matter-count').textContent === '\(text)'")
      }

      func kiosk(_ verb: String, _ body: String) async throws -> String {
        let answer = try await LocalHTTP.ask(port: hall, "POST", "/api/kiosk/hall/\(verb)", Data(body.utf8))
        #expect(answer.status == 200, "\(verb)")
        return String(decoding: answer.body, as: UTF8.self)
      }

      func take(_ service: String = "legal", priority: String = "no") async throws -> String {
        try await kiosk("ticket", #"{"service":"\#(service)","priority":"\#(priority)","card":""}"#)
      }

      func sit(_ seat: String) async throws {
        try await browser.open("http://127.0.0.1:\(windows)/")
        try await browser.wait("the seats are there", for: "document.querySelector('input[name=seat]')")
        try await browser.click("label.choice:has(input[value='\(seat)'])")
        try await browser.click("#start-button")
        try await browser.wait("somebody sits there", for: "!document.body.classList.contains('not-started')")
      }

      func shows(number: String) async throws {
        try await browser.wait(
          "\(number) is at the window", for: "document.querySelector('#current .big')?.textContent === '\(number)'")
      }

      func shows(_ selector: String, gone: Bool = false) async throws {
        try await browser.wait(
          "\(selector) \(gone ? "gone" : "there")", for: "\(gone ? "!" : "")document.querySelector('\(selector)')")
      }
    }

    @Test func fromTheCallToTheClosedMatter() async throws {
      try await Rig.run { rig in
        let slip = try await rig.take()
        _ = try await rig.take()
        _ = try await rig.take("dispute", priority: "yes")
        try await rig.sit("w1")
        try await rig.browser.wait("three wait", for: "document.querySelectorAll('#tickets li').length === 3")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('#tickets b').textContent", as: String.self) == "B001")
        try await rig.browser.click("#current .next")
        try await rig.shows(number: "B001")
        try await rig.browser.click("#current .skip")
        try await rig.shows("#current .next")
        // A hand types the slip's number.
        try await rig.browser.click("#scan-text")
        try await rig.browser.type("a001")
        try await rig.browser.press(.enter)
        try await rig.shows(number: "A001")
        try await rig.browser.click("#current .serve")
        try await rig.shows("#current .open")
        try await rig.browser.click("#current .open")
        try await rig.shows("#matters .action.result")
        try await rig.browser.click("#matters .offer")
        try await rig.browser.run("document.querySelector('dialog select').value = 'mediation'")
        try await rig.browser.click("dialog .primary")
        try await rig.browser.wait(
          "it is offered", for: "document.querySelector('#matters .owner dd').textContent.includes('→ 调解岗')")
        try await Accessibility.check(rig.browser, "window-busy")
        try await rig.browser.click("#current .finish")
        try await rig.shows("#current .next")

        // The post behind the windows has to accept it.
        try await rig.sit("p:mediation")
        try await rig.shows("#matters .accept")
        #expect(try await rig.browser.evaluate("return document.querySelector('#seat-section').hidden", as: Bool.self))
        try await rig.browser.click("#matters .accept")
        try await rig.shows("#matters .action.result")
        try await rig.counts("本岗位 1,全部 1")
        // Where it is nobody's own it stands all the same, and is not said to be none. A slip that nobody saw is told of before the call.
        try await rig.sit("w1")
        try await rig.counts("本岗位 0,全部 1")
        try await rig.browser.wait(
          "a slip is doubtful", for: "document.querySelector('#tickets span').textContent.includes('不知号单是否打出')")
        try await rig.sit("p:mediation")
        try await rig.shows("#matters .action.result")
        let (number, code) = (try #require(Self.field("number", slip)), try #require(Self.field("code", slip)))
        let asked = #"{"number":"\#(number)","code":"\#(code)"}"#
        let told = try await rig.kiosk("status", asked)
        #expect(told.contains("调解岗正在为您办,") && told.contains("给您答复"), "\(told)")
        try await rig.browser.click("#matters .action.result")
        try await rig.browser.click("dialog .primary")
        try await rig.shows("#matters .call-back")
        #expect(try await rig.kiosk("status", asked).contains("有结果了:办好了"))
        _ = try await rig.kiosk("rate", #"{"number":"\#(number)","code":"\#(code)","faces":3}"#)
        try await rig.shows("#matters .close")
        try await rig.browser.click("#matters .close")
        try await rig.browser.wait("nothing is open", for: "!document.querySelector('#no-matters').hidden")
        #expect(try await rig.kiosk("status", asked).contains("有结果了:办好了"))
      }
    }

    @Test func whoAsksForHelpAtTheTerminalIsSeenAtOnce() async throws {
      try await Rig.run { rig in
        try await rig.sit("w3")
        _ = try await rig.kiosk("staff", "{}")
        try await rig.shows("#help-list button")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('#announcements').textContent", as: String.self).contains(
            "大厅"))
        try await rig.browser.click("#help-list button")
        try await rig.browser.wait("it is answered", for: "document.querySelector('#helps').hidden")
        _ = try await rig.kiosk("hazard", #"{"kind":"lamp","place":"yard"}"#)
        try await rig.shows("#hazards button")
        try await rig.browser.click("#hazards button")
        try await rig.shows("#hazards button", gone: true)
      }
    }

    /// Beside the visitor at the terminal its time-out is held, from the clerk's own page, and written down.
    @Test func whoHelpsAtTheTerminalHoldsItsTimeOut() async throws {
      try await Rig.run { rig in
        try await rig.sit("w3")
        let row = "#kiosks li"
        try await rig.shows(row)
        // A terminal that is off is held by nobody.
        try await rig.browser.click("\(row) button")
        try await rig.browser.wait("it is refused", for: "document.querySelector('#toast').textContent.includes('没有运行')")
        func alive() async throws { _ = try await rig.kiosk("alive", "{}") }
        try await alive()
        _ = try await rig.take()
        try await rig.browser.waitUntil("the station knows that the terminal is there") {
          let body = Data(#"{"post":"w3"}"#.utf8)
          return (try? await LocalHTTP.ask(port: rig.windows, "POST", "/api/kiosks/hall/hold", body))?.status == 200
        }
        try await rig.shows("\(row).held")
        let text = try await rig.browser.evaluate("return document.querySelector('\(row)').innerText", as: String.self)
        #expect(text.contains("大厅 · 三号窗口岗在旁") && text.contains("恢复计时"))
        try await Accessibility.check(rig.browser, "window-held")
        try await rig.browser.click("\(row) button")
        try await rig.shows("\(row).held", gone: true)
        try await alive()
        try await rig.browser.click("\(row) button")
        try await rig.shows("\(row).held")
        // Who calls the next one is at his window again.
        try await rig.browser.click("#current .next")
        try await rig.shows(number: "A001")
        try await rig.shows("\(row).held", gone: true)
        let journal = try rig.shell.run(["journal", "list", "\(rig.shell.folder)/journal"]).text
        #expect(journal.components(separatedBy: #""held":{"kiosk":"hall","post":"w3"}"#).count == 3, "\(journal.suffix(3000))")
        for end in ["released", "calledNext"] { #expect(journal.contains(end), "\(end)") }
      }
    }

    @Test func aLostSlipGetsAnotherCodeThatIsShownOnce() async throws {
      try await Rig.run { rig in
        let slip = try await rig.take()
        try await rig.sit("w1")
        try await rig.browser.click("#current .next")
        try await rig.shows(number: "A001")
        try await rig.browser.click("#current .serve")
        try await rig.shows("#current .reissue")
        try await rig.browser.click("#current .reissue")
        try await rig.browser.click("dialog .primary")
        try await rig.browser.wait(
          "the code is shown", for: "/[0-9]{4}/.test(document.querySelector('dialog h2')?.textContent.replace('A001', ''))")
        let title = try await rig.browser.evaluate("return document.querySelector('dialog h2').textContent", as: String.self)
        // Nothing is asked any more: one way out.
        #expect(try await rig.browser.evaluate("return document.querySelectorAll('dialog button').length", as: Int.self) == 1)
        let fresh = try #require(title.firstMatch(of: #/是 ([0-9]{4})/#)?.1)
        let old = try #require(Self.field("code", slip))
        let answer = try await LocalHTTP.ask(
          port: rig.hall, "POST", "/api/kiosk/hall/status", Data(#"{"number":"A001","code":"\#(old)"}"#.utf8))
        #expect(answer.status == (String(fresh) == old ? 200 : 409))
        #expect(try await rig.kiosk("status", #"{"number":"A001","code":"\#(fresh)"}"#).contains("standing"))
      }
    }

    @Test func bothLanguagesAreWholeAndASmallScreenShowsEverything() async throws {
      try await Rig.run { rig in
        for _ in 0..<3 { _ = try await rig.take() }
        _ = try await rig.kiosk("staff", "{}")
        try await rig.sit("w1")
        try await rig.browser.click("#current .next")
        try await rig.shows(number: "A001")
        try await rig.browser.click("#current .serve")
        try await rig.shows("#current .open")
        try await rig.browser.click("#current .open")
        try await rig.shows("#matters .offer")
        try await TextTests.expectNothingForeign(rig.browser, names: Self.names + ["A001"], in: "zh-CN")
        // What was said of a step before the switch is gone by itself.
        try await rig.browser.wait("nothing is being said", for: "document.querySelector('#toast').hidden")
        try await rig.browser.click("#language")
        try await TextTests.expectNothingForeign(rig.browser, names: Self.names, in: "en")
        for width in [360, 1366] {
          try await rig.browser.resize(width, 800)
          #expect(
            try await rig.browser.evaluate(
              "return document.documentElement.scrollWidth <= document.documentElement.clientWidth", as: Bool.self), "\(width) px"
          )
        }
        let small = try await rig.browser.evaluate(
          "return [...document.querySelectorAll('button, input[type=radio] + span')].filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 44).map((node) => node.textContent)",
          as: [String].self)
        #expect(small == [])
      }
    }

    @Test func whereThereAreAccountsThePageAsksWhoIsThere() async throws {
      try await Rig.run { rig in
        try Data("739164\n".utf8).write(to: URL(fileURLWithPath: "\(rig.shell.folder)/pin"))
        let added = try rig.shell.run(
          ["-c", "\(Shell.linli) staff add \(rig.shell.folder)/site.yaml c07 --role clerk --post w1 < \(rig.shell.folder)/pin"],
          program: "/bin/sh")
        #expect(added.code == 0, "\(added.text)")
        _ = try await rig.take()
        try await rig.browser.open("http://127.0.0.1:\(rig.windows)/")
        try await rig.shows("#login")
        #expect(try await rig.browser.evaluate("return document.querySelector('#site').textContent", as: String.self) == "")
        try await Accessibility.check(rig.browser, "window-login")
        try await rig.browser.click("#login [name=id]")
        try await rig.browser.type("c07")
        try await rig.browser.click("#login [name=pin]")
        try await rig.browser.type("739164")
        try await rig.browser.press(.enter)
        try await rig.browser.wait("the seats are there", for: "document.querySelector('input[name=seat]')")
        try await Accessibility.check(rig.browser, "window-seats")
        // Only the posts that he may act for.
        #expect(
          try await rig.browser.evaluate(
            "return [...document.querySelectorAll('input[name=seat]')].map((input) => input.value)", as: [String].self)
            == ["w1"])
        try await rig.browser.click("label.choice:has(input[value=w1])")
        try await rig.browser.click("#start-button")
        try await rig.browser.click("#current .next")
        try await rig.shows(number: "A001")
        try await Accessibility.check(rig.browser, "window-served")
        // Disabled: out, with nothing left on the screen.
        #expect(try rig.shell.run(["staff", "disable", "\(rig.shell.folder)/site.yaml", "c07"]).code == 0)
        try await rig.shows("#login")
        #expect(try await rig.browser.evaluate("return document.querySelector('#current').childElementCount", as: Int.self) == 0)
        let journal = try rig.shell.run(["journal", "list", "\(rig.shell.folder)/journal"]).text
        #expect(journal.contains(#""loggedIn":{"staff":"c07"}"#) && !journal.contains("739164"))
      }
    }

    private static func field(_ name: String, _ json: String) -> String? {
      (try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])?[name] as? String
    }
  }
}
