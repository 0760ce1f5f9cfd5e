import Testing

@testable import Station

extension BrowserTests {
  /// Who goes away leaves nothing behind. The times are the page's own, shortened, so that nobody waits for a minute.
  @Suite struct KioskLeavingTests {
    static let dialog = "document.querySelector('#leaving').open"

    @Test func theUsualTimesAreThirtySecondsEach() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        let times = "return [document.documentElement.dataset.idleSeconds, document.documentElement.dataset.warningSeconds]"
        let shown = try await rig.browser.evaluate(times, as: [String].self)
        #expect(shown == ["30", "30"])
      }
    }

    @Test func aVisitIsWipedAfterASpokenAndVisibleCountdown() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        let entries = try await rig.browser.evaluate("return history.length", as: Int.self)
        try await rig.touch("large", "contrast", "language", "touch", "business", "service", "legal", "take")
        try await rig.expectScreen("slip")
        try await setTimes(rig, idle: 0, warning: 25)
        try await rig.browser.wait("it asks", for: Self.dialog)
        try await rig.expectText("#leaving-count", "seconds all of this is wiped")
        #expect(try await rig.browser.evaluate("return said.at(-1)", as: String.self).contains("Are you still there?"))
        #expect(try await rig.browser.evaluate("return document.activeElement.id", as: String.self) == "stay")
        try await rig.browser.wait(
          "it counts down", for: "/\\b(1\\d|2[0-3])\\b/.test(document.querySelector('#leaving-count').innerText)")
        // The huge button, and then any key, keeps the visit.
        try await setTimes(rig, idle: 600, warning: 30, touch: false)
        try await rig.browser.click("#stay")
        try await rig.browser.wait("it goes on", for: "!\(Self.dialog)")
        #expect(try await rig.text(".number") == "A001")
        try await setTimes(rig, idle: 0, warning: 25)
        try await rig.browser.wait("it asks", for: Self.dialog)
        try await setTimes(rig, idle: 600, warning: 30, touch: false)
        try await rig.browser.type("x")
        try await rig.browser.wait("it goes on", for: "!\(Self.dialog)")
        // Nobody is there.
        try await setTimes(rig, idle: 0, warning: 1)
        try await rig.expectScreen("idle")
        try await expectNothingLeft(rig, entries)
      }
    }

    private func expectNothingLeft(_ rig: HallRig, _ entries: Int) async throws {
      #expect(try await rig.browser.evaluate("return \(Self.dialog)", as: Bool.self) == false)
      let everything = try await rig.browser.evaluate("return document.documentElement.outerHTML", as: String.self)
      #expect(!everything.contains(Hall.code) && !everything.contains("A001"))
      #expect(try await rig.browser.evaluate("return document.body.className", as: String.self) == "")
      #expect(try await rig.browser.evaluate("return document.documentElement.lang", as: String.self) == "zh-CN")
      let stored =
        "return [localStorage.length, sessionStorage.length, document.cookie.length, location.search.length, location.hash.length]"
      #expect(try await rig.browser.evaluate(stored, as: [Int].self) == [0, 0, 0, 0, 0])
      #expect(try await rig.browser.evaluate("return history.length", as: Int.self) == entries)
      #expect(try await rig.browser.evaluate("return document.querySelector('#back').hidden", as: Bool.self))
      try await rig.browser.press(.escape)
      try await rig.expectScreen("idle")
    }

    /// What came too late for its visit is not shown to the next.
    @Test func anAnswerAfterTheEndIsNotShown() async throws {
      let hold = """
        const fetchNow = fetch;
        window.fetch = (path, ...more) => {
          if (!String(path).endsWith("/ticket")) return fetchNow(path, ...more);
          return new Promise((resolve) => (window.letGo = () => resolve(fetchNow(path, ...more))));
        };
        """
      try await HallRig.run("kiosk/hall", onEveryPage: [hold]) { rig in
        try await rig.touch("touch", "business", "service", "legal", "take")
        try await rig.expectText("#lines", "请稍候")
        try await rig.touch("restart")
        try await rig.expectScreen("home")
        try await rig.browser.run("letGo()")
        try await rig.browser.waitUntil("the ticket is taken") { rig.asked.count == 1 }
        try await settle(rig)
        try await rig.expectScreen("home")
        #expect(try await rig.text("body").contains("A001") == false)
      }
    }

    @Test func nobodyIsSentAwayFromACallForHelpThatStands() async throws {
      var view = Hall.view()
      view.kiosks[0].help = .slowBlink
      try await HallRig.run("kiosk/hall", view) { rig in
        try await rig.touch("touch", "help", "danger")
        try await rig.expectScreen("help")
        try await setTimes(rig, idle: 0, warning: 0)
        try await settle(rig)
        try await rig.expectScreen("help")
        rig.change { $0.kiosks[0].help = .off }
        try await rig.expectScreen("idle")
      }
    }

    /// What a passer-by does to the display is put back as well.
    @Test func theIdleScreenPutsItsDisplayBack() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await rig.touch("contrast", "language")
        try await setTimes(rig, idle: 0, warning: 0)
        try await rig.browser.wait(
          "all is as it was", for: "document.body.className === '' && document.documentElement.lang === 'zh-CN'")
        #expect(try await rig.browser.evaluate("return \(Self.dialog)", as: Bool.self) == false)
      }
    }

    /// A finger that trembles touches twice at once.
    @Test func theSecondTouchOfATremblingFingerChoosesNothing() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        let twice = """
          const tap = (node) => node.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
          tap(document.querySelector("[data-key=touch]"));
          tap(document.querySelector("#choices").children[0]);
          return document.body.dataset.screen;
          """
        let screen = try await rig.browser.evaluate(twice, as: String.self)
        #expect(screen == "home")
        #expect(rig.asked.isEmpty)
      }
    }

    /// `touch`: as if somebody had just touched it.
    private func setTimes(_ rig: HallRig, idle: Int, warning: Int, touch: Bool = true) async throws {
      let event = touch ? "dispatchEvent(new Event('wheel'));" : ""
      try await rig.browser.run(
        "\(event) Object.assign(document.documentElement.dataset, { idleSeconds: '\(idle)', warningSeconds: '\(warning)' });")
    }

    /// Several rounds of the page's own clock.
    private func settle(_ rig: HallRig) async throws {
      let rounds = """
        for (let round = 0; round < 6; round += 1) await new Promise((over) => setTimeout(() => requestAnimationFrame(over), 120));
        """
      try await rig.browser.run("return (async () => { \(rounds) })()")
    }
  }
}
