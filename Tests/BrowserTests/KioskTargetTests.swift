import Testing

@testable import Station

extension BrowserTests {
  /// What a finger is to hit can be hit: on every screen, whatever the machine has to say above it.
  @Suite struct KioskTargetTests {
    /// What lies over the middle of a key, or out of sight, with its edges.
    private static let script = """
      const targets = [...document.querySelectorAll("button")].filter((node) => node.checkVisibility({ visibilityProperty: true }));
      return targets.filter((node) => !node.closest("dialog:not([open])")).flatMap((node) => {
        const box = node.getBoundingClientRect();
        const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        return node.contains(hit) ? [] : [`${node.dataset.key ?? node.id} ${box.top} to ${box.bottom} hits ${hit?.id}`];
      });
      """
    private static let sizes = [(1024, 768), (1366, 768), (1080, 1920)]

    @Test(arguments: 0...2) func everyKeyIsHitUnderSoManyStrips(strips: Int) async throws {
      var view = KioskScenes.view()
      if strips > 0 { view.parentLostMilliseconds = Hall.now }
      if strips > 1 { view.kiosks[0].interrupted = ["A005", "B002"] }
      try await KioskScenes.run(view) { rig, reader in
        for scene in KioskScenes.all {
          try await KioskScenes.walk(rig, reader, scene)
          let seen = try await rig.browser.evaluate(
            "return [...document.querySelectorAll('.strip')].filter((node) => node.checkVisibility()).length", as: Int.self)
          #expect(seen == strips)
          for language in ["zh-CN", "en"] {
            for (width, height) in Self.sizes {
              try await rig.browser.resize(width, height)
              let found = try await rig.browser.evaluate(Self.script, as: [String].self)
              #expect(found == [], "\(scene.name), \(width) pixels, \(language)")
              if language == "en" || scene.name == "kept" { continue }
              // Nothing of what stands above the keys has to be looked for.
              let hidden = try await rig.browser.evaluate(
                "const upper = document.querySelector('#upper'); return upper.scrollHeight - upper.clientHeight", as: Int.self)
              #expect(hidden <= 1, "\(scene.name), \(width) pixels")
            }
            try await rig.browser.run("document.querySelector('#language').click()")
          }
        }
      }
    }

    /// The question of danger, where everything that makes it long comes together: its keys are seen whole, with all that stands on them.
    @Test func largeEnglishStandsWhollyOnTheKeysOfHelp() async throws {
      var view = KioskScenes.view()
      view.parentLostMilliseconds = Hall.now
      view.kiosks[0].interrupted = ["A005"]
      try await KioskScenes.run(view) { rig, _ in
        try await rig.browser.resize(1280, 800)
        try await rig.touch("touch", "language", "large", "low", "help")
        try await rig.expectScreen("which-help")
        let cut = try await rig.browser.evaluate(
          """
          const lower = document.querySelector("main").getBoundingClientRect().bottom;
          return [...document.querySelectorAll(".choice")].filter((key) => key.getBoundingClientRect().bottom > lower)
            .map((key) => key.innerText);
          """, as: [String].self)
        #expect(cut == [])
      }
    }

    /// 72 pixels are 15 mm only on a screen of coarse pixels.
    @Test(arguments: [(nil, 1366, 768, 72), (344, 1920, 1080, 84), (222, 1366, 768, 93), (268, 1080, 1920, 72)])
    func onAMeasuredScreenKeysAre15Millimetres(width: Int?, across: Int, down: Int, least: Int) async throws {
      var view = KioskScenes.view()
      view.plan.kiosks[0].screenWidthMillimetres = width
      #expect(view.plan.kiosks[0].leastTarget(pageWidth: across) == least)
      try await KioskScenes.run(view) { rig, reader in
        try await rig.browser.resize(across, down)
        for scene in KioskScenes.all {
          try await KioskScenes.walk(rig, reader, scene)
          try await KioskLayoutTests.check(rig.browser, "\(scene.name), \(across) pixels", least: least)
          #expect(try await rig.browser.evaluate(Self.script, as: [String].self) == [], "\(scene.name), \(across) pixels")
        }
      }
    }
  }
}
