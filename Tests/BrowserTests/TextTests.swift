import Foundation
import Testing

extension BrowserTests {
  @Suite struct TextTests {
    /// Everything that a person reads on the page: with dialog, placeholders, titles and names for screen readers.
    static let allTexts = """
      const attributes = ["title", "placeholder", "aria-label", "alt"];
      const all = [...document.querySelectorAll("*")];
      const labels = all.flatMap((node) => attributes.map((name) => node.getAttribute(name) ?? ""));
      const choices = [...document.querySelectorAll("option")].map((option) => option.text);
      return [document.title, document.body.innerText, ...labels, ...choices].join("\\n");
      """

    @Test func chineseComesFirstAndTheSwitchChangesEveryText() async throws {
      try await DeskRig.run { rig in
        try await rig.openDesk()
        try await expectNothingForeign(rig, in: "zh-CN")
        try await rig.browser.click("#language")
        try await expectNothingForeign(rig, in: "en")
        try await rig.startDuty()
        for (id, button) in ["1/1", "2/1", "1/2"].enumerated() { try await rig.call(button, card: id + 1) }
        for command in ["line 3/1 cut", "fault 2 mute"] { _ = try rig.shell.panels(command) }
        for command in ["acknowledge 1 desk", "offer 1 desk lead", "drill A/3/2 desk"] { _ = try rig.shell.desk(command) }
        try await rig.browser.wait(
          "two faults and a drill", for: "document.querySelectorAll('.fault, [data-mark=drill].card').length === 3")
        try await rig.browser.click(DeskRig.button(2, "falseAlarm"))
        try await expectNothingForeign(rig, in: "en")
        try await rig.browser.press(.escape)
        try await rig.browser.click("#language")
        try await rig.browser.click(DeskRig.button(2, "falseAlarm"))
        try await expectNothingForeign(rig, in: "zh-CN")
        // It is remembered, and a new tab follows it.
        try await rig.browser.press(.escape)
        try await rig.browser.click("#language")
        _ = try await rig.browser.newTab()
        try await rig.openDesk()
        try await expectNothingForeign(rig, in: "en")
      }
    }

    private func expectNothingForeign(_ rig: DeskRig, in language: String) async throws {
      try await Self.expectNothingForeign(rig.browser, names: DeskRig.names, in: language)
    }

    /// No words of the other language, what the site's people named aside. Keys and the switch itself are named in both.
    static func expectNothingForeign(_ browser: Browser, names: [String], in language: String) async throws {
      #expect(try await browser.evaluate("return document.documentElement.lang", as: String.self) == language)
      var text = try await browser.evaluate(allTexts, as: String.self)
      #expect(text.count > 40)
      for name in names.sorted(by: { $0.count > $1.count }) { text = text.replacingOccurrences(of: name, with: "") }
      // A name that is too long for its place on the map ends in an ellipsis.
      for cut in text.matches(of: #/([^\s…]+)…/#) where names.contains(where: { $0.hasPrefix(cut.1) }) {
        text = text.replacingOccurrences(of: String(cut.0), with: "")
      }
      let words = language == "en" ? text.matches(of: #/[\u{4E00}-\u{9FFF}]+/#) : text.matches(of: #/[A-Za-z]{3,}/#)
      #expect(words.map { String($0.0) }.filter { !["中文", "English", "Ctrl", "Esc", "Tab"].contains($0) } == [])
    }

    @Test func whatPeopleTypeIsTextAndNeverMarkup() async throws {
      let typed = "<img src=x onerror=\"document.title='broken'\"><b>已扶起</b>&amp;<script>document.title='broken'</script>"
      try await DeskRig.run { rig in
        try await rig.openDesk()
        try await rig.startDuty()
        try await rig.call("1/1", card: 1)
        for command in ["acknowledge 1 desk", "on-scene 1 desk", "resolve 1 desk \(typed)"] {
          #expect(try rig.shell.desk(command).contains("done"))
        }
        try await rig.browser.wait("the card shows the note", for: DeskRig.hasPhase(1, "resolved"))
        #expect(try await rig.browser.evaluate("return \(DeskRig.card(1)).parts.note.textContent", as: String.self) == typed)
        try await rig.browser.click(DeskRig.button(1, "close"))
        try await rig.browser.wait("the call is closed", for: "document.querySelector('#closed li')")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('#closed li').textContent", as: String.self).contains(
            typed))
        // The reason of a bypass, typed on the page.
        try await rig.browser.click("#points tr[data-key=\"A/1/1\"] [data-word=bypass]")
        try await rig.browser.type(typed)
        try await rig.browser.press(.enter, holding: .control)
        try await rig.browser.wait(
          "the call point is bypassed", for: "document.querySelector('.is-bypassed .bypass-text')?.textContent.includes('已扶起')")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('.bypass-text').textContent", as: String.self).contains(
            typed))
        #expect(
          try await rig.browser.evaluate(
            "return document.querySelectorAll('img, main b:not(.fault b), body script').length", as: Int.self) == 0)
        #expect(try await rig.browser.evaluate("return document.title", as: String.self) == "值班台")
      }
    }
  }
}
