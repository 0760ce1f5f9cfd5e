import Testing

@testable import Station

extension BrowserTests {
  /// Nobody has an account: whoever sits there may act, and every page of the staff says so, quietly, in both languages.
  @Suite struct OpenPagesTests {
    private static func expectLine(_ browser: Browser, _ page: String) async throws {
      let line = "document.querySelector('header #no-accounts')"
      try await browser.wait("\(page) says so", for: "\(line)?.textContent === '本机没有员工账号,谁都可以操作' && \(line).checkVisibility()")
      #expect(try await browser.evaluate("return document.querySelectorAll('#no-accounts').length", as: Int.self) == 1)
      try await Accessibility.check(browser, "\(page) without accounts")
      try await browser.click("#language")
      try await browser.wait(
        "and in English", for: "\(line).textContent === 'No staff accounts: anybody at this computer may act'")
      try await browser.click("#language")
      // It costs no room: the header is no higher than its buttons need.
      for (width, height) in [(1920, 1080), (1280, 800)] {
        try await browser.resize(width, height)
        let high = try await browser.evaluate("return document.querySelector('header').offsetHeight", as: Int.self)
        #expect(high <= 76, "\(page) at \(width): \(high) px")
      }
    }

    @Test func theDeskAndTheTechniciansPage() async throws {
      try await PictureRig.run(Picture.empty("铁西社区综治中心", "tiexi-03")) { rig in
        try await Self.expectLine(rig.browser, "desk")
        let address = try await rig.browser.evaluate("return location.href", as: String.self)
        // With a slash behind it, as it may be typed.
        try await rig.browser.open(address + "tech/")
        try await Self.expectLine(rig.browser, "tech")
      }
    }

    @Test func theWall() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        try await rig.browser.run("document.querySelector('input[value=wall]').focus()")
        try await rig.browser.press(.space)
        try await rig.browser.press(.enter)
        // Whoever uses a screen reader is taken to a heading; no frame stands round it.
        try await rig.browser.wait("the wall's heading has the focus", for: "document.activeElement.id === 'grid-title'")
        let style = try await rig.browser.evaluate(
          "const h = document.activeElement; return [h.matches(':focus-visible') + '', getComputedStyle(h).outlineStyle]",
          as: [String].self)
        #expect(style == ["true", "none"])
        try await Self.expectLine(rig.browser, "wall")
      }
    }

    @Test func theWindow() async throws {
      try await WindowTests.Rig.run { rig in
        try await rig.browser.open("http://127.0.0.1:\(rig.windows)/")
        try await Self.expectLine(rig.browser, "window")
      }
    }
  }
}
