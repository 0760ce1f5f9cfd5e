import Testing

extension BrowserTests {
  @Suite struct LayoutTests {
    /// What sticks out of the page sideways, and what a finger could miss: narrower or lower than `least` CSS pixels.
    static func script(least: Int) -> String {
      """
      const found = [];
      const root = document.documentElement;
      if (root.scrollWidth > innerWidth) found.push("scrolls sideways: " + root.scrollWidth + " > " + innerWidth);
      const targets = "button, select, textarea, input[type=number], label.choice, summary, .menu label";
      for (const node of document.querySelectorAll(targets)) {
        const box = node.getBoundingClientRect();
        if (!box.width) continue;
        const name = node.textContent.trim().slice(0, 20) || node.tagName;
        if (box.width < \(least) || box.height < \(least)) found.push("too small: " + name + " " + box.width + "x" + box.height);
        if (box.left < 0 || box.right > innerWidth) found.push("sticks out: " + name);
        if (node.scrollWidth > node.clientWidth + 1) found.push("cut off: " + name);
      }
      return found;
      """
    }

    /// Both sizes that the desk is made for; on the small one fingers are the tool.
    static let sizes = [(width: 1366, height: 768, least: 24), (width: 360, height: 740, least: 44)]

    @Test func nothingScrollsSidewaysAndFingersHit() async throws {
      try await DeskRig.run { rig in
        try await rig.openDesk()
        try await check(rig, "start")
        try await Accessibility.check(rig.browser, "desk start")
        try await rig.startDuty()
        try await check(rig, "empty")
        try await Accessibility.check(rig.browser, "desk empty")
        for (id, button) in ["1/1", "2/1", "2/2", "1/2"].enumerated() { try await rig.call(button, card: id + 1) }
        _ = try rig.shell.panels("line 3/1 cut")
        let long = String(repeating: "很长的说明", count: 20) + String(repeating: "W", count: 80)
        let commands = [
          "acknowledge 1 desk", "acknowledge 2 desk", "on-scene 2 desk", "resolve 2 desk \(long)", "acknowledge 3 lead",
          "offer 3 lead desk", "offer 1 desk lead", "drill A/3/2 desk", "false-alarm 4 desk \(long)",
        ]
        for command in commands { #expect(try rig.shell.desk(command).contains("done"), "\(command)") }
        try await rig.browser.click("#points tr[data-key=\"A/2/1\"] [data-word=bypass]")
        try await rig.browser.type(long)
        try await check(rig, "dialog of a bypass")
        try await Accessibility.check(rig.browser, "desk dialog of a bypass")
        try await rig.browser.press(.enter, holding: .control)
        try await rig.browser.wait(
          "all of it is shown",
          for:
            "document.querySelector('.is-bypassed') && document.querySelector('.fault') && document.querySelector('#closed li')")
        try await check(rig, "busy")
        try await Accessibility.check(rig.browser, "desk busy")
        try await rig.browser.click(DeskRig.button(2, "close"))
        try await rig.call("1/2", card: 6)
        rig.signalStation(9)
        try await rig.browser.wait("the station is lost", for: "document.body.classList.contains('lost')")
        try await check(rig, "lost")
        try await Accessibility.check(rig.browser, "desk lost")
        try await rig.browser.open("http://127.0.0.1:\(rig.panelsPort)/")
        try await rig.browser.wait("the panels are drawn", for: "document.querySelectorAll('.knob').length === 6")
        try await rig.browser.run("for (const menu of document.querySelectorAll('details')) menu.open = true")
        try await check(rig, "panels")
        try await Accessibility.check(rig.browser, "desk panels")
      }
    }

    private func check(_ rig: DeskRig, _ scene: String) async throws { try await Self.check(rig.browser, scene) }

    /// In both sizes and both languages.
    static func check(_ browser: Browser, _ scene: String) async throws {
      for size in sizes {
        try await browser.resize(size.width, size.height)
        for language in ["zh-CN", "en"] {
          #expect(try await browser.evaluate("return document.documentElement.lang", as: String.self) == language)
          let found = try await browser.evaluate(script(least: size.least), as: [String].self)
          #expect(found == [], "\(scene), \(size.width) pixels, \(language)")
          // By script, as a dialog may lie over the button.
          try await browser.run("document.querySelector('#language').click()")
        }
        #expect(try await browser.evaluate("return innerWidth", as: Int.self) == size.width)
      }
      try await browser.resize(1366, 768)
    }
  }
}
