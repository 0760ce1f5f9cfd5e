import Testing

extension BrowserTests {
  /// A duty person without a mouse.
  @Suite struct KeyboardTests {
    /// Whatever is not a keyboard is written down.
    static let watch = """
      window.touched = [];
      for (const kind of ["pointerdown", "mousedown", "mousemove", "touchstart", "wheel"]) {
        addEventListener(kind, () => touched.push(kind), true);
      }
      """

    /// What is wrong with the focus: it must be on something that shows it, in sight, with nothing over it.
    static let focusScript = """
      const node = document.activeElement;
      const name = (node) => node?.outerHTML.slice(0, 80) ?? "nothing";
      if (node === document.body) return "nothing has the focus";
      if (!node.matches(":focus-visible")) return "the focus does not show on " + name(node);
      const style = getComputedStyle(node);
      // With a heading nothing can be done: it is underlined, and has no frame.
      const isMarked = node.matches("h1, h2, h3") && style.textDecorationLine === "underline";
      if (!isMarked && (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2)) return "no outline on " + name(node);
      const box = node.getBoundingClientRect();
      const over = document.elementFromPoint(box.left + Math.min(20, box.width / 2), box.top + Math.min(12, box.height / 2));
      const seen = over && (node.contains(over) || over.contains(node) && over.matches("dialog, label"));
      return seen ? "" : `${name(node)} is out of sight at ${box.top}, under ${name(over)}`;
      """

    @Test func theKeyboardAloneSuffices() async throws {
      try await DeskRig.run(onEveryPage: [Self.watch]) { rig in
        try await rig.openDesk()
        try await startDuty(rig, post: "desk")
        try await fromCallToClose(rig)
        try await falseAlarm(rig)
        try await handOver(rig)
        try await drillAndTest(rig)
        try await retest(rig)
        #expect(try await rig.browser.evaluate("return touched", as: [String].self) == [])
      }
    }

    private func startDuty(_ rig: DeskRig, post: String) async throws {
      try await tab(rig, to: "input[name=post]")
      for _ in 0..<3
      where try await !rig.browser.evaluate("return document.activeElement.matches('[value=\(post)]:checked')", as: Bool.self) {
        try await rig.browser.press(post == "desk" ? .space : .down)
      }
      try await tab(rig, to: "#start-button")
      try await rig.browser.press(.enter)
      try await rig.browser.wait("the duty has begun", for: "!document.body.classList.contains('not-started')")
      try await expectFocus(rig)
    }

    private func fromCallToClose(_ rig: DeskRig) async throws {
      try await rig.call("1/1", card: 1)
      try await rig.browser.type("1")
      try await expectFocus(rig, on: ".card[data-key='1']")
      try await rig.browser.press(.enter)
      try await rig.browser.wait("acknowledged", for: DeskRig.hasPhase(1, "acknowledged"))
      try await rig.browser.type("s")
      try await rig.browser.wait("on scene", for: DeskRig.hasPhase(1, "onScene"))
      try await rig.browser.type("r")
      try await expectFocus(rig, on: "dialog textarea")
      // A note is needed: without one the dialog stays.
      try await rig.browser.press(.enter, holding: .control)
      try await expectFocus(rig, on: "dialog textarea")
      try await rig.browser.type("已扶起,没有受伤")
      try await rig.browser.press(.tab, .enter)
      try await rig.browser.wait("resolved", for: DeskRig.hasPhase(1, "resolved"))
      try await expectFocus(rig, on: ".card[data-key='1']")
      try await rig.browser.type("c")
      try await rig.browser.wait(
        "closed", for: "!\(DeskRig.card(1)) && document.querySelector('#closed li')?.textContent.includes('已扶起')")
      try await expectFocus(rig, on: "#incidents-title")
    }

    private func falseAlarm(_ rig: DeskRig) async throws {
      try await rig.call("2/1", card: 2)
      try await rig.browser.type("w")
      try await expectFocus(rig, on: ".card[data-key='2']")
      try await rig.browser.type("x")
      try await rig.browser.press(.tab, .enter)
      try await rig.browser.wait("closed as a false alarm", for: "!\(DeskRig.card(2))")
      try await expectFocus(rig)
    }

    private func handOver(_ rig: DeskRig) async throws {
      try await rig.call("3/1", card: 3)
      try await rig.browser.type("w")
      try await rig.browser.press(.enter)
      try await rig.browser.wait("acknowledged", for: DeskRig.hasPhase(3, "acknowledged"))
      try await rig.browser.type("h")
      try await expectFocus(rig, on: "dialog select")
      try await rig.browser.press(.tab, .enter)
      try await rig.browser.wait("offered", for: "\(DeskRig.card(3)).card.offeredTo === 'lead'")
      try await tab(rig, to: "#change-post", back: true)
      try await rig.browser.press(.enter)
      try await startDuty(rig, post: "lead")
      try await expectFocus(rig, on: ".card[data-key='3']")
      try await tab(rig, to: DeskRig.button(3, "accept"))
      try await rig.browser.press(.enter)
      try await rig.browser.wait("taken over", for: "\(DeskRig.card(3)).card.owner === 'lead'")
      try await expectFocus(rig, on: ".card[data-key='3']")
    }

    private func drillAndTest(_ rig: DeskRig) async throws {
      for (action, row) in [("drill", "A/2/2"), ("test", "A/1/1")] {
        try await rig.browser.type("p")
        try await expectFocus(rig, on: "#points-title")
        try await tab(rig, to: "#points tr[data-key='\(row)'] [data-word=\(action)]")
        try await rig.browser.press(.enter)
        try await expectFocus(rig, on: "dialog .primary")
        try await rig.browser.press(.enter)
        try await rig.browser.wait(
          "asked for", for: "document.querySelector(\"#points tr[data-key='\(row)'] [data-word=\(action)]\").disabled")
        try await expectFocus(rig)
      }
      try await rig.browser.wait("the drill runs", for: "\(DeskRig.card(4))?.dataset.mark === 'drill'")
      try await rig.call("1/1", card: 5)
      #expect(try await rig.browser.evaluate("return \(DeskRig.card(5)).dataset.mark", as: String.self) == "test")
    }

    private func retest(_ rig: DeskRig) async throws {
      _ = try rig.shell.panels("line 2/1 cut")
      try await rig.browser.wait("the fault is shown", for: "document.querySelector('.fault:not(.gone)')")
      _ = try rig.shell.panels("line 2/1 ok")
      try await rig.browser.wait("its cause is gone", for: "document.querySelector('.fault.gone')")
      try await rig.browser.type("f")
      try await expectFocus(rig, on: "#faults-title")
      try await tab(rig, to: ".fault [data-word=retest]")
      try await rig.browser.press(.enter)
      try await rig.browser.wait("the fault has passed its re-test", for: "!document.querySelector('.fault')")
      try await expectFocus(rig, on: "#faults-title")
    }

    /// Presses Tab until the focus is there; everything on the way must show it.
    private func tab(_ rig: DeskRig, to selector: String, back: Bool = false, at place: SourceLocation = #_sourceLocation)
      async throws
    {
      let arrived = "return document.activeElement.matches(\"\(selector)\")"
      for _ in 0..<60 {
        if try await rig.browser.evaluate(arrived, as: Bool.self) { return }
        try await rig.browser.press(.tab, holding: back ? .shift : nil)
        try await expectFocus(rig, at: place)
      }
      throw BrowserError("Tab does not come to \(selector)")
    }

    private func expectFocus(_ rig: DeskRig, on selector: String? = nil, at place: SourceLocation = #_sourceLocation) async throws
    {
      if let selector {
        try await rig.browser.wait(
          "the focus is on \(selector)", seconds: 5, for: "document.activeElement.matches(\"\(selector)\")")
      }
      // A dialog says only after it has closed that it has, and what has the focus again is scrolled to then.
      var wrong = ""
      for _ in 0..<50 {
        wrong = try await rig.browser.evaluate(Self.focusScript, as: String.self)
        if wrong == "" { return }
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(wrong == "", sourceLocation: place)
    }

    @Test func eventsDoNotTakeTheFocusAway() async throws {
      try await DeskRig.run { rig in
        try await rig.openDesk()
        try await startDuty(rig, post: "desk")
        _ = try rig.shell.desk("drill A/1/1 desk")
        try await rig.browser.wait("the drill is there", for: DeskRig.card(1))
        // The button that was pressed cannot be pressed again: the focus stays in its card.
        try await rig.browser.type("1")
        try await tab(rig, to: DeskRig.button(1, "acknowledge"))
        try await rig.browser.press(.enter)
        try await rig.browser.wait("acknowledged", for: DeskRig.hasPhase(1, "acknowledged"))
        try await expectFocus(rig, on: ".card[data-key='1']")
        // Real calls are put before a drill, and faults come: what has the focus keeps it.
        try await tab(rig, to: DeskRig.button(1, "onScene"))
        try await rig.call("2/1", card: 2)
        _ = try rig.shell.panels("line 3/1 cut")
        try await rig.browser.wait("the fault is shown", for: "document.querySelector('.fault')")
        try await expectFocus(rig, on: DeskRig.button(1, "onScene"))
        // Half a note is typed when the next call comes.
        try await rig.browser.type("x")
        try await rig.browser.type("演练")
        try await rig.call("3/2", card: 3)
        try await rig.browser.type("结束")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('dialog textarea').value", as: String.self) == "演练结束")
        try await rig.browser.press(.escape)
        try await expectFocus(rig, on: DeskRig.button(1, "onScene"))
      }
    }
  }
}
