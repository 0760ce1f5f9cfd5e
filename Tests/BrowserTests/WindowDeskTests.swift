import Testing

extension BrowserTests {
  /// What a clerk has on his desk beside the mouse, and what he has to answer for.
  @Suite struct WindowDeskTests {
    /// A scanner is a keyboard that knows nothing of the focus: what it types calls who was scanned, and presses nothing.
    @Test func aScannedSlipIsFoundWhereverTheFocusIs() async throws {
      try await WindowTests.Rig.run { rig in
        for _ in 0..<6 { _ = try await rig.take() }
        try await rig.sit("w1")
        try await rig.browser.wait("six wait", for: "document.querySelectorAll('#tickets li').length === 6")
        func scan(_ text: String) async throws { try await rig.browser.type(text + "\(Browser.Key.enter.rawValue)") }
        func focus(_ selector: String) async throws { try await rig.browser.run("document.querySelector('\(selector)').focus()") }
        func finish() async throws {
          try await rig.browser.click("#current .serve")
          try await rig.shows("#current .finish")
          try await rig.browser.click("#current .finish")
          try await rig.shows("#current .next")
        }
        // With the focus on 叫下一位; what a clerk had begun to type does not matter.
        try await focus("#current .next")
        try await rig.browser.type("7")
        try await scan("a004-2510")
        try await rig.shows(number: "A004")
        // After 办完了 the focus is on nothing that types, and a scanner may end its line twice.
        try await finish()
        try await scan("A003-1111\(Browser.Key.enter.rawValue)")
        try await rig.shows(number: "A003")
        #expect(try await rig.browser.evaluate("return !!document.querySelector('#current .serve')", as: Bool.self))
        try await finish()
        // Whatever else comes as fast presses nothing, and is said not to be known.
        try await focus("#current .next")
        try await scan("6901234567892")
        try await rig.browser.wait(
          "it is not known", for: "document.querySelector('#toast').textContent.includes('6901234567892')")
        // In the field, over what was left there.
        try await rig.browser.click("#scan-text")
        try await rig.browser.type("a00")
        try await rig.browser.run("return new Promise((done) => setTimeout(done, 200))")
        try await scan("A006-9999")
        try await rig.shows(number: "A006")
        // A question stands open: nobody is called, nothing is answered, and what was written stays.
        try await rig.browser.click("#current .transfer")
        try await rig.shows("dialog select")
        try await focus("dialog .primary")
        try await scan("A005-3333")
        try await rig.browser.wait("it says so", for: "document.querySelector('#toast').textContent.includes('再扫一次')")
        try await rig.shows("dialog[open]")
        try await rig.browser.press(.escape)
        try await rig.shows("dialog", gone: true)
        try await finish()
        #expect(
          try await rig.browser.evaluate(
            "return [...document.querySelectorAll('#tickets b')].map((node) => node.textContent)", as: [String].self)
            == ["A001", "A002", "A005"])
        // Slowly, by hand, and yet a slip's number: the key with the focus is not what was meant.
        try await focus("#current .next")
        for key in ["a", "0", "0", "2"] {
          try await rig.browser.type(key)
          try await rig.browser.run("return new Promise((done) => setTimeout(done, 100))")
        }
        try await rig.browser.press(.enter)
        try await rig.shows(number: "A002")
      }
    }

    /// What is late stands by itself: own matters first, then the longest late, with whose it is and since when.
    @Test func whatIsOverdueHasAListOfItsOwn() async throws {
      try await WindowTests.Rig.run { rig in
        try await rig.sit("w1")
        // A real limit takes an hour at least: the list is given what a station would say.
        let script = """
          const at = new Date();
          const late = (id, owner, hour, more = {}) => ({ id, number: `A00${id}`, service: "legal", owner, overdue: true,
            overdueSinceMilliseconds: at.setHours(hour, 5, 0, 0), ...more });
          const view = { counts: { overdue: 9 }, posts: [{ id: "w1", name: "一号窗口岗" }, { id: "mediation", name: "调解岗" }],
            services: [{ id: "legal", name: "法律咨询" }], matters: [late(1, "mediation", 3), late(2, "mediation", 1),
              late(3, "w1", 7), late(4, "mediation", 8, { offeredTo: "w1" }), { id: 5, overdue: false, owner: "w1" }] };
          const section = document.getElementById("late-section");
          return import("/late.js").then(({ showLate }) => {
            showLate(section, view, { post: "w1" });
            const shown = [...section.querySelectorAll("li span")].map((node) => node.textContent);
            const all = [section.innerText.includes("本岗位 2,全部 4") && section.innerText.includes("共有 9 件"), ...shown];
            showLate(section, { ...view, matters: [] }, { post: "w1" });
            return [...all, section.hidden].map(String);
          });
          """
        #expect(
          try await rig.browser.evaluate(script, as: [String].self) == [
            "true", "法律咨询 · 一号窗口岗 · 07:05:00 起超时限", "法律咨询 · 调解岗 → 一号窗口岗 (等它接收) · 08:05:00 起超时限",
            "法律咨询 · 调解岗 · 01:05:00 起超时限", "法律咨询 · 调解岗 · 03:05:00 起超时限", "true",
          ])
      }
    }

    /// Questions too are for everybody: names, contrast, and the focus where it belongs.
    @Test func itsQuestionsAreReadableByEverybody() async throws {
      try await WindowTests.Rig.run { rig in
        _ = try await rig.take()
        try await rig.sit("w1")
        try await rig.browser.click("#current .next")
        try await rig.shows(number: "A001")
        try await rig.browser.click("#current .serve")
        try await rig.shows("#current .open")
        try await rig.browser.click("#current .open")
        try await rig.shows("#matters .action.result")
        for question in ["#current .transfer", "#current .reissue", "#matters .action.offer", "#matters .action.result"] {
          try await rig.browser.click("\(question)")
          try await rig.shows("dialog[open]")
          try await Accessibility.check(rig.browser, "window-dialog\(question)")
          #expect(
            try await rig.browser.evaluate(
              "return document.querySelector('dialog').contains(document.activeElement)", as: Bool.self))
          try await rig.browser.press(.escape)
          try await rig.shows("dialog", gone: true)
        }
      }
    }
  }
}
