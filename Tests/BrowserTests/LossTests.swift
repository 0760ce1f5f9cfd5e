import Foundation
import Station
import Testing

extension BrowserTests {
  @Suite struct LossTests {
    /// Starts a stop watch in the page, that ends when the page says that the station is lost.
    static let watch = """
      window.lostAfter = null;
      const from = performance.now();
      new MutationObserver(() => {
        if (document.body.classList.contains("lost")) window.lostAfter ??= performance.now() - from;
      }).observe(document.body, { attributes: true });
      """

    @Test func aKilledStationGreysThePageWhichComesBackByItself() async throws {
      try await DeskRig.run { rig in
        try await rig.openDesk()
        try await rig.startDuty()
        try await rig.call("1/1", card: 1)
        _ = try rig.shell.panels("line 3/1 cut")
        try await rig.browser.wait("there is a fault, too", for: "document.querySelector('.fault')")
        try await rig.browser.run(Self.watch)
        rig.signalStation(SIGKILL)
        try await rig.browser.wait("the page says that the station is lost", for: "window.lostAfter !== null")
        // The watch began before the kill. This is a promise to the duty person, with twice the time that it takes.
        #expect(try await rig.browser.evaluate("return window.lostAfter", as: Double.self) < 5000)
        try await expectLost(rig)
        // Keys do nothing, either.
        try await rig.browser.run("\(DeskRig.card(1)).focus()")
        try await rig.browser.press(.enter)
        try rig.restartStation()
        try await rig.browser.wait(
          "the page comes back", for: "!document.body.classList.contains('lost') && !document.querySelector('#desk').disabled")
        #expect(
          try await rig.browser.evaluate("return \(DeskRig.hasPhase(1, "opened"))", as: Bool.self), "nothing was sent meanwhile")
        #expect(try await rig.browser.evaluate("return document.querySelector('#lost-banner').hidden", as: Bool.self))
        try await rig.browser.click(DeskRig.button(1, "acknowledge"))
        try await rig.browser.wait("it can be acknowledged", for: DeskRig.hasPhase(1, "acknowledged"))
        try await rig.browser.waitUntil("the panel shows coming") { try rig.lamp(1, 1) == "coming" }
      }
    }

    /// Its connections stay open, but it says nothing any more.
    @Test func aStationThatHangsIsLostToo() async throws {
      try await DeskRig.run { rig in
        try await rig.openDesk()
        try await rig.startDuty()
        try await rig.call("1/1", card: 1)
        rig.signalStation(SIGSTOP)
        defer { rig.signalStation(SIGCONT) }
        try await rig.browser.wait("the page says that the station is lost", for: "document.body.classList.contains('lost')")
        try await expectLost(rig)
        rig.signalStation(SIGCONT)
        try await rig.browser.wait("the page comes back", for: "!document.body.classList.contains('lost')")
      }
    }

    private func expectLost(_ rig: DeskRig) async throws {
      let enabled = "return document.querySelectorAll('#desk button:enabled, #waiting button:enabled').length"
      #expect(try await rig.browser.evaluate(enabled, as: Int.self) == 0)
      #expect(try await rig.browser.evaluate("return document.querySelectorAll('#desk button').length", as: Int.self) > 10)
      for part in ["#desk", "#waiting"] {
        let filter = "return getComputedStyle(document.querySelector('\(part)')).filter"
        #expect(try await rig.browser.evaluate(filter, as: String.self) == "grayscale(1)")
      }
      let banner = try await rig.browser.evaluate("return document.querySelector('#lost-banner').innerText", as: String.self)
      #expect(banner.contains("站点失联"))
    }
  }
}
