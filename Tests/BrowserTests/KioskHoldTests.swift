import Foundation
import Synchronization
import Testing

@testable import Station

extension BrowserTests {
  /// R6: with somebody of the staff beside the visitor nobody is timed out, and the hold ends with the visit.
  @Suite struct KioskHoldTests {
    static let asks = "document.querySelector('#leaving').open"
    static let band = "document.querySelector('#held').checkVisibility()"

    private func hold(_ rig: HallRig, since: Int64? = 1) {
      let hold = since.map {
        KioskHold(
          kiosk: "hall", post: "w3", since: EntryTime(wallMilliseconds: $0, synchronised: true, boot: "a", monotonic: .zero))
      }
      rig.change { $0.kiosks[0].hold = hold }
    }

    private func noTime(_ rig: HallRig) async throws {
      try await rig.browser.run("Object.assign(document.documentElement.dataset, { idleSeconds: '0', warningSeconds: '0' })")
    }

    private func letGo(_ rig: HallRig) -> [KioskAction] { rig.asked.filter { if case .letGo = $0 { true } else { false } } }

    /// Several rounds of the page's own clock.
    private func settle(_ rig: HallRig) async throws {
      try await rig.browser.run("return new Promise((over) => setTimeout(over, 700))")
    }

    private func toBring(_ rig: HallRig) async throws {
      try await rig.touch("touch", "business", "service", "legal")
      try await rig.expectScreen("bring")
    }

    @Test func nothingIsWipedWhileTheStaffAreThereAndTheTerminalCanEndIt() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await toBring(rig)
        hold(rig)
        try await rig.browser.wait("the band is there", for: Self.band)
        try await rig.expectText("#held", "工作人员在旁,不限时")
        try await rig.browser.wait("it is said", for: "said.at(-1)?.includes('工作人员在旁')")
        try await noTime(rig)
        try await settle(rig)
        try await rig.expectScreen("bring")
        #expect(try await rig.browser.evaluate("return \(Self.asks)", as: Bool.self) == false)
        try await rig.touch("language")
        try await rig.expectText("#held", "no time limit")
        #expect(letGo(rig).isEmpty)
        // One touch, and the time runs again.
        try await rig.touch("held")
        try await rig.expectScreen("idle")
        try await rig.browser.waitUntil("the station is told") { letGo(rig) == [.letGo(since: 1, isTouch: true)] }
      }
    }

    /// It hinders neither the end nor help, and the end of the visit is its end, also when the station does not hear it at once.
    @Test func theEndOfTheVisitIsTheEndOfTheHold() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await toBring(rig)
        hold(rig)
        try await rig.touch("take")
        try await rig.expectScreen("slip")
        try await rig.touch("done")
        try await rig.expectScreen("idle")
        #expect(try await rig.browser.evaluate("return \(Self.band)", as: Bool.self) == false)
        // The next visitor is not held by it, though the station still shows it; it is told until it does not.
        try await rig.touch("touch")
        try await noTime(rig)
        try await rig.expectScreen("idle")
        try await rig.browser.waitUntil("it is said again") { letGo(rig).count > 1 }
        #expect(Set(letGo(rig).map { "\($0)" }).count == 1 && letGo(rig)[0] == .letGo(since: 1, isTouch: false))
        hold(rig, since: nil)
        try await rig.browser.run("Object.assign(document.documentElement.dataset, { idleSeconds: '60' })")
        try await rig.touch("touch", "help", "danger")
        hold(rig, since: 2)
        try await rig.browser.wait("another hold is another", for: Self.band)
        try await rig.expectScreen("help")
      }
    }

    @Test func anIdleTerminalAndAPageThatIsNewAreNotHeld() async throws {
      var view = Hall.view()
      view.kiosks[0].hold = KioskHold(kiosk: "hall", post: "w3", since: Hall.time)
      try await HallRig.run("kiosk/hall", view) { rig in
        let old = KioskAction.letGo(since: Hall.time.wallMilliseconds, isTouch: false)
        try await rig.browser.waitUntil("what was before this page is let go") { letGo(rig).contains(old) }
        #expect(try await rig.browser.evaluate("return \(Self.band)", as: Bool.self) == false)
        hold(rig, since: 5)
        try await rig.browser.wait("he may be on his way", for: Self.band)
        try await noTime(rig)
        try await rig.browser.wait("nobody came", for: "!\(Self.band)")
        try await rig.browser.waitUntil("the station is told") { letGo(rig).contains(.letGo(since: 5, isTouch: false)) }
      }
    }

    /// While the station is silent nobody knows whether somebody is there.
    @Test func aPageWithoutItsStationCountsOn() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await rig.touch("touch", "business", "service", "legal", "take")
        try await rig.expectScreen("slip")
        hold(rig)
        try await rig.browser.wait("it is held", for: Self.band)
        rig.pages.stationLost()
        try await rig.browser.wait("the band is gone", for: "!\(Self.band)")
        try await noTime(rig)
        try await rig.browser.wait("it is wiped", for: "!document.documentElement.outerHTML.includes('A001')")
      }
    }

    /// The station's time for a card goes on only as long as the page says so, every few seconds.
    @Test func aHoldIsToldWhereACardIsRead() async throws {
      let skip = """
        const nowIs = performance.now.bind(performance);
        window.skipped = 0;
        performance.now = () => nowIs() + skipped;
        """
      let reader = KioskCardTests.Reader()
      var view = Hall.view()
      view.kiosks[0].reader = .ready
      try await HallRig.run("kiosk/hall", view, onEveryPage: [skip], cards: reader.desk) { rig in
        try await rig.touch("touch", "business", "service", "legal", "card", "agree")
        try await rig.expectScreen("card")
        reader.layCard()
        try await rig.expectText("#body", "1234")
        hold(rig)
        try await rig.browser.wait("it is held", for: Self.band)
        for tells in 1...3 {
          try await rig.browser.run("skipped += 6000")
          try await rig.browser.waitUntil("the station hears of it") { reader.state.withLock { $0.touched } >= tells }
          #expect(reader.state.withLock { $0.touched } == tells)
        }
        #expect(reader.state.withLock { $0.over } == [])
        // Held or not, help ends it.
        try await rig.touch("restart", "help", "danger")
        try await rig.expectScreen("help")
        try await rig.browser.waitUntil("help ends whoever's it is") { reader.state.withLock { $0.over.contains(nil) } }
      }
    }

    /// Old eyes and hands, as on every other screen.
    @Test func theBandCanBeSeenAndTouched() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await rig.touch("touch", "business", "service", "legal", "take")
        try await rig.expectScreen("slip")
        hold(rig)
        try await rig.browser.wait("it is held", for: Self.band)
        for (width, height) in [(1366, 768), (1080, 1920), (360, 740)] {
          try await rig.browser.resize(width, height)
          for look in ["", "contrast", "large", "low"] {
            try await rig.browser.run("document.body.className = '\(look)'")
            try await KioskLayoutTests.check(
              rig.browser, "held, \(width) pixels, \(look)", low: look == "low" && width > 640, sticky: true)
          }
        }
        try await rig.browser.run("document.body.className = ''")
        try await rig.browser.resize(1366, 768)
        try await Accessibility.check(rig.browser, "kiosk-held")
      }
    }
  }
}
