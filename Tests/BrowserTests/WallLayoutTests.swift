import DeviceVocabulary
import Testing

@testable import Station

extension BrowserTests {
  /// The operator's console on the screens that it is made for, with walls of all sizes: what is read from it, and what visitors read.
  @Suite struct WallLayoutTests {
    static let walls = [(columns: 2, rows: 2), (columns: 3, rows: 3), (columns: 16, rows: 4)]
    static let screens = [(width: 1920, height: 1080), (width: 1280, height: 800), (width: 1024, height: 768)]

    /// What is too small to read or to hit, or is cut off.
    static let script = """
      const found = [];
      if (document.documentElement.scrollWidth > innerWidth) found.push("scrolls sideways");
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !node.checkVisibility()) continue;
        const size = parseFloat(getComputedStyle(node).fontSize);
        if (size < (node.closest(".tile") ? 12 : 16)) found.push(size + " px: " + walker.currentNode.textContent.slice(0, 30));
      }
      for (const tile of document.querySelectorAll(".tile")) {
        const state = tile.querySelector(tile.closest(".dense") ? ".top" : ".bottom");
        const box = tile.getBoundingClientRect();
        for (const node of [tile, state]) {
          if (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1) found.push("cut off: " + node.innerText);
        }
        if (!state.innerText.trim()) found.push("says no state: " + tile.dataset.output);
        if (box.left < 0 || box.right > innerWidth) found.push("sticks out: " + tile.dataset.output);
      }
      const lowest = Math.max(...[...document.querySelectorAll(".tile")].map((tile) => tile.getBoundingClientRect().bottom + scrollY));
      if (lowest > innerHeight) found.push("below the screen: " + lowest + " of " + innerHeight);
      for (const node of document.querySelectorAll(".scene button")) {
        const box = node.getBoundingClientRect();
        if (box.width < 60 || box.height < 60) found.push("small scene: " + node.innerText);
      }
      return found;
      """

    @Test(arguments: walls.indices) func eachWallFitsTheScreenAndIsReadable(index: Int) async throws {
      let wall = Self.walls[index]
      try await WallPictureRig.run(WallPicture.view(wall.columns, wall.rows)) { rig in
        try await rig.startDuty()
        rig.change { view, desk in
          desk.incidents = [Picture.call(7, WallPicture.place, age: 20), Picture.call(9, "值班室", age: 10)]
          desk.incidents.append(Picture.call(11, "矛盾纠纷调解室", age: 5))
          view.withoutCamera = [WallCall(station: nil, id: 11)]
          view.tiles[1].layer = .call(WallCall(station: nil, id: 7))
        }
        try await rig.browser.wait(
          "the call is on its tile", for: "document.querySelector('.caller:not(:empty)')?.checkVisibility()")
        for screen in Self.screens {
          try await rig.browser.resize(screen.width, screen.height)
          for language in ["zh-CN", "en"] {
            try await rig.browser.wait("its language", for: "document.documentElement.lang === '\(language)'")
            var found: [String] = []
            // A view that comes in the meantime is drawn anew; what does not fit never does.
            try? await rig.browser.waitUntil("all fits", seconds: 5) {
              found = try await rig.browser.evaluate(Self.script, as: [String].self)
              return found.isEmpty
            }
            #expect(found == [], "\(wall), \(screen), \(language)")
            try await Accessibility.check(rig.browser, "wall-\(wall.columns)x\(wall.rows)-\(screen.width)-\(language)")
            try await rig.browser.click("#language")
          }
        }
      }
    }

    /// The list of them is scrolled then, and not the wall.
    @Test(arguments: walls.indices) func manyCallsLeaveTheWallItsPlace(index: Int) async throws {
      let wall = Self.walls[index]
      try await WallPictureRig.run(WallPicture.view(wall.columns, wall.rows)) { rig in
        try await rig.startDuty()
        rig.change { view, desk in
          desk.incidents = (1...14).map { Picture.call(UInt32($0), "矛盾纠纷调解室 \($0)", age: 20) }
          view.withoutCamera = desk.incidents.map { WallCall(station: nil, id: $0.id) }
        }
        try await rig.browser.wait("the calls are there", for: "document.querySelectorAll('#call-list li').length === 14")
        for screen in Self.screens {
          try await rig.browser.resize(screen.width, screen.height)
          try await rig.browser.wait(
            "all of the wall is on a screen of \(screen)",
            for: """
              (() => {
                window.scrollTo(0, 0);
                const ends = [...document.querySelectorAll('.tile')].map((tile) => tile.getBoundingClientRect().bottom);
                return Math.max(...ends) <= innerHeight;
              })()
              """)
          try await rig.browser.run("document.querySelector('#call-list li:last-child button').scrollIntoView()")
          try await rig.browser.wait(
            "the last one can be reached",
            for: "document.querySelector('#call-list li:last-child').getBoundingClientRect().bottom <= innerHeight")
          try await Accessibility.check(rig.browser, "wall-many-calls-\(wall.columns)x\(wall.rows)-\(screen.width)")
        }
      }
    }

    /// What a small tile has no room for stands below the wall: by mouse, by keyboard and by finger.
    @Test func whatIsKnownOfATileIsSaidWhereverOnePoints() async throws {
      try await WallPictureRig.run(WallPicture.view(16, 4)) { rig in
        try await rig.startDuty()
        try await rig.browser.point(at: WallPictureRig.tile(3))
        try await rig.browser.wait("output 3", for: Self.detail("3", "可能被锁定"))
        try await rig.browser.run("document.querySelector(\"\(WallPictureRig.tile(18))\").focus()")
        try await rig.browser.wait("output 18", for: Self.detail("18", "hub 没有应答"))
        try await rig.browser.press(.right)
        try await rig.browser.wait("the next one", for: Self.detail("19", "回读已过时"))
        try await rig.browser.press(.up)
        try await rig.browser.wait("the one above", for: Self.detail("3", "可能被锁定"))
        try await rig.browser.tap(WallPictureRig.tile(5))
        try await rig.browser.wait("a dialog", for: "document.querySelector('dialog')?.innerText.includes('风扇故障')")
        // Each measured value has its age, and what is older than it may be is grey and says so.
        let measured =
          "return [...document.querySelectorAll('dialog .measured')].map((node) => node.innerText.replace(/\\d+ 秒/, 'N 秒'))"
        #expect(try await rig.browser.evaluate(measured, as: [String].self) == ["42 °C(N 秒前)", "1200 小时(40 分钟前,已过时)"])
        let grey = "return [...document.querySelectorAll('dialog .measured')].map((node) => node.classList.contains('aged'))"
        #expect(try await rig.browser.evaluate(grey, as: [Bool].self) == [false, true])
      }
    }

    private static func detail(_ number: String, _ text: String) -> String {
      "document.querySelector('#detail-title').textContent === '输出 \(number)' && document.querySelector('#detail').innerText.includes('\(text)')"
    }

    @Test func aTileNamesItsCallAndTheStripSaysWhereNoCameraLooks() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        try await rig.startDuty()
        rig.change { view, desk in
          desk.incidents = [Picture.call(7, WallPicture.place, age: 20), Picture.call(9, "值班室", age: 10)]
          view.tiles[1].layer = .call(WallCall(station: nil, id: 7))
          view.withoutCamera = [WallCall(station: nil, id: 9)]
        }
        try await rig.browser.wait(
          "number and place",
          for: "document.querySelector(`\(WallPictureRig.tile(2)) .caller`)?.textContent === '7 · \(WallPicture.place)'")
        let strip = try await rig.browser.evaluate(
          "return [...document.querySelectorAll('#call-list .small')].map((node) => node.textContent.includes('该点位没有摄像机'))",
          as: [Bool].self)
        #expect(strip == [false, true])
      }
    }

    /// A duress call from the room of this very post does not show; at another post it does.
    @Test func aDuressCallIsNotNamedInItsOwnRoom() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        rig.change { view, desk in
          desk.incidents = [Picture.call(7, WallPicture.place, age: 20)]
          desk.incidents[0].silent = true
          view.tiles[1].layer = .call(WallCall(station: nil, id: 7))
        }
        try await rig.startDuty(post: "desk")
        #expect(
          try await rig.browser.evaluate("return document.body.outerHTML.includes('\(WallPicture.place)')", as: Bool.self)
            == false)
        try await rig.browser.click("#change-post")
        try await rig.startDuty(post: "wall")
        try await rig.browser.wait("it is named", for: "document.body.innerText.includes('\(WallPicture.place)')")
      }
    }

    /// Nothing of it is left in the page, not even where only a screen reader or the next dialog would find it. Of a call the place is told, on
    /// its tile as on the strip (M13).
    @Test func whileVisitorsAreHereNothingSensitiveIsNamed() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        try await rig.startDuty()
        rig.change { view, desk in
          desk.incidents = [Picture.call(7, WallPicture.place, age: 20)]
          view.tiles[1].layer = .call(WallCall(station: nil, id: 7))
          view.pins = [
            .init(
              pin: WallPin(id: 1, source: "cam", cells: WallCells(column: 1, row: 1), post: "wall", reason: "积水", seconds: 300),
              sinceMilliseconds: 0, secondsLeft: 200)
          ]
        }
        try await rig.browser.wait("all is named", for: "document.querySelector('#pins')?.innerText.includes('积水')")
        try await rig.browser.click(WallPictureRig.tile(1))
        try await rig.browser.wait(
          "a dialog names it", for: "document.querySelector('dialog')?.innerText.includes('\(WallPicture.secret)')")
        try await whatIsLeftWhenVisitorsCome(rig)
        #expect(
          try await rig.browser.evaluate(
            "return document.querySelector(`\(WallPictureRig.tile(1)) .middle`).textContent", as: String.self) == "敏感画面")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('.caller:not(:empty)').textContent", as: String.self)
            == "7 · \(WallPicture.place)")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('#call-list .what').textContent", as: String.self)
            == "7 · \(WallPicture.place)")
        #expect(try await rig.browser.evaluate("return document.getElementById('open-editor').disabled", as: Bool.self))
        try await Accessibility.check(rig.browser, "wall-visitors")
        rig.change { view, _ in
          view.hasVisitors = false
          view.layouts = [
            WallLayout(
              id: "big", name: "大图", regions: [.init(name: "大", cells: WallCells(column: 1, row: 1), sources: ["cam"])])
          ]
        }
        try await rig.browser.wait("all is named again", for: "document.body.innerText.includes('\(WallPicture.secret)')")
        try await rig.browser.click("#open-editor")
        try await rig.browser.wait(
          "the editor names it", for: "document.querySelector('#editor')?.innerText.includes('\(WallPicture.secret)')")
        try await whatIsLeftWhenVisitorsCome(rig)
      }
    }

    /// Reads the page as it is when the banner is drawn, before the next frame: "close" of a dialog comes with that only.
    private func whatIsLeftWhenVisitorsCome(_ rig: WallPictureRig) async throws {
      try await rig.browser.run(
        """
        const banner = document.getElementById("visitors-banner");
        window.left = null;
        new MutationObserver((_, observer) => {
          if (banner.hidden) return;
          observer.disconnect();
          const html = document.documentElement.outerHTML;
          window.left = ["\(WallPicture.secret)", "积水"].filter((text) => html.includes(text));
        }).observe(banner, { attributes: true });
        """)
      rig.change { view, _ in view.hasVisitors = true }
      try await rig.browser.wait("the banner", for: "window.left !== null")
      #expect(try await rig.browser.evaluate("return window.left", as: [String].self) == [])
    }
  }
}
