import Testing

@testable import Station

extension BrowserTests {
  /// Whoever cannot read hears all of it.
  @Suite struct KioskSpokenTests {
    /// Texts that stand on the screen and were not in what was said last. Keys of a keypad are pressed, not read out.
    private static let unspoken = """
      const found = [];
      const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
      for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        const node = text.parentElement;
        if (!text.data.trim() || !node.checkVisibility({ visibilityProperty: true })) continue;
        if (node.closest(".unseen, #head, .keypad, #pages button, [aria-hidden=true]")) continue;
        const wanted = node.closest("[data-say]")?.dataset.say ?? text.data.trim();
        if (!said.at(-1).includes(wanted)) found.push(wanted);
      }
      return found;
      """

    @Test func everythingOnEveryScreenIsSaid() async throws {
      var view = KioskScenes.view()
      view.parentLostMilliseconds = Hall.now
      view.kiosks[0].interrupted = ["A005"]
      try await KioskScenes.run(view) { rig, reader in
        for scene in KioskScenes.all {
          try await KioskScenes.walk(rig, reader, scene)
          try await rig.browser.run("document.querySelector('#repeat').click()")
          #expect(try await rig.browser.evaluate(Self.unspoken, as: [String].self) == [], "\(scene.name)")
        }
        try await KioskScenes.walk(rig, reader, ("home", ["touch"]))
        let last = { try await rig.browser.evaluate("return said.at(-1)", as: String.self) }
        for text in ["有危险,或不知道找谁", "您的号是 A005", "网络中断", "本机保存了什么"] { #expect(try await last().contains(text), "\(text)") }
        // What comes up while one stands there is said by itself, and nothing else again.
        rig.change { $0.kiosks[0].helpAsked = true }
        try await rig.browser.wait("it is said", for: "said.at(-1) === '已经叫了工作人员,请在这里等一等'")
        // The station's own voice knows the times and numbers in it as well.
        let parts =
          "return import('/spoken.js').then((spoken) => spoken.partsOf(document.querySelector('#interrupted').textContent))"
        #expect(try await rig.browser.evaluate(parts, as: [String].self) == ["interrupted numbers=A005"])
      }
    }

    /// Nobody is there to be told.
    @Test func theIdleTerminalDoesNotTalkToTheHall() async throws {
      try await HallRig.run("kiosk/hall") { rig in
        try await rig.browser.run("said.length = 0")
        rig.change { $0.parentLostMilliseconds = Hall.now }
        try await rig.expectText("#offline", "网络中断")
        #expect(try await rig.browser.evaluate("return said", as: [String].self) == [])
      }
    }
  }
}
