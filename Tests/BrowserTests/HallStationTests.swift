import Foundation
import TestSupport
import Testing
import Transports

extension BrowserTests {
  /// The real station behind terminal, windows and display: a visit from the first touch to the third face.
  @Suite struct HallStationTests {
    private static func site(_ ports: [Int]) -> String {
      """
      site: {name: 铁西社区综治中心, station: tiexi-03}
      places: [{id: hall, name: 大厅}]
      posts: [{id: desk, name: 值班台}, {id: w3, name: 三号窗口岗}]
      desk: {port: \(ports[0])}
      children: {port: \(ports[3]), enrolmentPort: \(ports[4]), stations: [{station: below}]}
      visits:
        services: [{id: legal, name: 法律咨询, letter: A, bring: [身份证], limitHours: 48}]
        windows: [{number: 3, name: 法律窗口, post: w3, services: [legal]}]
        kiosks: [{id: hall, place: hall}]
        hazards: [{id: lamp, name: 路灯不亮}]
        contact: 综治中心前台
        publicPort: \(ports[1])
        windowPort: \(ports[2])
      journal: {folder: journal, ballastMiB: 1}
      """
    }

    /// What a page at a window would ask.
    private func ask(_ port: Int, _ path: String, _ fields: String = "") async throws {
      let answer = try await LocalHTTP.ask(port: port, "POST", "/api/\(path)", Data("{\"post\": \"w3\"\(fields)}".utf8))
      #expect(String(decoding: answer.body, as: UTF8.self) == #"{"answer":"done"}"#, "\(path)")
    }

    @Test func aVisitFromTheFirstTouchToTheThirdFace() async throws {
      let ports = try (0..<5).map { _ in try Int(LoopbackListener.freePort()) }
      let shell = try Shell(folder: Shell.newFolder(), site: Self.site(ports))
      let station = try shell.startStation()
      let browser = try await Browser(folder: shell.folder, onEveryPage: [HallRig.voice])
      do {
        try await visit(browser, shell, station, ports)
      } catch {
        await browser.quit()
        throw error
      }
      await browser.quit()
    }

    private func visit(_ browser: Browser, _ shell: Shell, _ station: Process, _ ports: [Int]) async throws {
      try await browser.waitUntil("the pages are served") {
        (try? await LocalHTTP.ask(port: ports[1], "GET", "/healthz"))?.status == 200
      }
      let kiosk = try await browser.tab()
      try await browser.open("http://127.0.0.1:\(ports[1])/kiosk/hall")
      for key in ["touch", "business", "service", "take"] { try await touch(browser, key) }
      try await browser.wait("a number", for: "document.querySelector('.number')?.innerText === 'A001'")
      let code = try await browser.evaluate("return document.querySelector('.code b').innerText", as: String.self)
      // Another screen of the hall shows and speaks the call.
      let display = try await browser.newTab()
      try await browser.open("http://127.0.0.1:\(ports[1])/hall")
      try await browser.wait("one waits", for: "document.querySelector('#services')?.innerText.includes('1 人')")
      try await ask(ports[2], "windows/3/next")
      try await browser.wait("it is called", for: "said.at(-1) === '请 A001 号到 3 号窗口'")
      try await ask(ports[2], "windows/3/recall")
      try await browser.wait("and called again", for: "said.length === 2")
      for step in ["serve", "open", "finish"] { try await ask(ports[2], "windows/3/\(step)") }
      try await ask(ports[2], "matters/1/result", #", "result": "done", "note": """#)
      try await browser.look(at: kiosk)
      for key in ["restart", "business", "mine", "key-A", "key-1", "next"] + code.map({ "key-\($0)" }) + ["look"] {
        try await touch(browser, key)
      }
      try await browser.wait("the result", for: "document.querySelector('#heading').innerText.includes('有结果了:办好了')")
      try await touch(browser, "face-3")
      try await browser.wait("thanks", for: "document.body.dataset.screen === 'rated'")
      try await callForHelp(browser, shell, ports)
      try await loss(browser, shell, station, display)
    }

    private func callForHelp(_ browser: Browser, _ shell: Shell, _ ports: [Int]) async throws {
      for key in ["restart", "help", "danger"] { try await touch(browser, key) }
      try await browser.wait("it is on the disk", for: "document.querySelector('.ladder .reached')?.innerText.includes('已记录')")
      #expect(try shell.desk("acknowledge 1 desk").contains("done"))
      try await browser.wait("someone comes", for: "document.querySelector('#lines').innerText.includes('有人正在过来')")
    }

    private func loss(_ browser: Browser, _ shell: Shell, _ station: Process, _ display: String) async throws {
      kill(station.processIdentifier, SIGKILL)
      try await browser.wait("it says that the station is gone", for: "!document.querySelector('#lost').hidden")
      try await touch(browser, "restart")
      try await touch(browser, "help")
      try await browser.wait("it did not get through", for: "document.querySelector('#lines').innerText.includes('红色按钮')")
      _ = try shell.startStation()
      try await browser.wait("it comes back", for: "document.querySelector('#lost').hidden")
      // The call that stands is still there.
      try await browser.wait("and knows the call", for: "document.querySelector('#lines').innerText.includes('有人正在过来')")
      try await browser.look(at: display)
      try await browser.wait("the display comes back", for: "!document.body.classList.contains('lost')")
    }

    private func touch(_ browser: Browser, _ key: String) async throws {
      try await browser.wait(
        "\(key) can be touched",
        for:
          "document.body.dataset.ready === 'yes' && document.querySelector(\"[data-key='\(key)'], #\(key)\")?.checkVisibility()")
      try await browser.click("[data-key='\(key)'], #\(key)")
    }
  }
}
