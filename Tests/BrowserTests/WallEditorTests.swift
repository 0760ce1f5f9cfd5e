import Foundation
import TestSupport
import Testing

extension BrowserTests {
  /// Layouts are drawn, named, compared, exported and read back; a change of shift is signed by both.
  @Suite struct WallEditorTests {
    @Test func aLayoutIsDrawnByTheMouseNamedAndReadBackFromItsText() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(8, "verified", "公告栏")
        try await Self.open(rig)
        // Over a region that is there: what is drawn takes its place, its name and its sources.
        try await rig.browser.drag("#cells [data-column='1'][data-row='1']", to: "#cells [data-column='3'][data-row='2']")
        #expect(try await Self.text(rig) == "layout big 大图\n1,1 3x2 主画面: map\n")
        try await rig.browser.drag("#cells [data-column='2'][data-row='3']", to: "#cells [data-column='3'][data-row='3']")
        #expect(try await Self.text(rig).contains("2,3 2x1 R1: \n"))
        let row = "#editor .region:nth-last-of-type(2)"
        try await Self.write(rig, "\(row) input", "脚下")
        // By the keyboard: from the name to the sources, by their names.
        try await rig.browser.wait("the sources have the focus", for: "document.activeElement.matches(\"\(row) select\")")
        #expect(
          try await rig.browser.evaluate("return [...document.activeElement.options].map(o => o.text)", as: [String].self)
            == ["院内摄像机", "网格地图", "公告栏", "大厅摄像机"])
        for chosen in ["院内摄像机", "网格地图", "公告栏"] {
          try await rig.browser.press(.tab)
          try await rig.browser.press(.enter)
          try await rig.browser.wait(
            "it is added, and one goes on from there",
            for:
              "document.querySelector(\"\(row) .chosen li:last-child\")?.textContent === '\(chosen) ✕' && document.activeElement.matches(\"\(row) select\")"
          )
        }
        try await rig.browser.run("document.querySelector(\"\(row) [data-source=board]\").focus()")
        try await rig.browser.press(.enter)
        try await rig.browser.wait("it is gone", for: "!document.querySelector(\"\(row) [data-source=board]\")")
        try await Accessibility.check(rig.browser, "wall-editor")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('#diff').textContent", as: String.self)
            == "- 1,1 2x2 主画面: map\n- 3,1 1x1 右上: board\n+ 1,1 3x2 主画面: map\n+ 2,3 2x1 脚下: cam, map")
        let exported = try await Self.text(rig)
        // A camera that was not in it is not put up without a reason.
        try await rig.browser.click("#editor-save")
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog:not(#editor) textarea')")
        try await Accessibility.check(rig.browser, "wall-editor-reason")
        try await rig.browser.type("夜间巡看")
        try await rig.browser.click("dialog:not(#editor) .primary")
        try await rig.browser.wait("it is saved", for: "!document.querySelector('#editor')")
        try await rig.shows(3, "verified", "网格地图")
        try await rig.browser.wait("a camera or the map, in turn", for: Self.isVerified(8, ["院内摄像机", "网格地图"]))
        let journal = try rig.shell.run(["journal", "list", "\(rig.shell.folder)/journal"]).text
        #expect(journal.contains("夜间巡看"))

        // The text of the command line is the same; another one is read in, and what is wrong with it is said.
        let file = "\(rig.shell.folder)/layout.txt"
        let written = try rig.shell.run(["wall", "export", "\(rig.shell.folder)/site.yaml", "big"])
        #expect(written.text == exported)
        try Data("layout big 大图\n1,1 3x3 满: board\n".utf8).write(to: URL(fileURLWithPath: file))
        let applied = try rig.shell.run(["wall", "apply", "\(rig.shell.folder)/site.yaml", file, "--post", "desk"])
        #expect(applied.code == 0, "\(applied.text)")
        try await rig.shows(1, "verified", "公告栏")
        try await Self.open(rig)
        try await Self.put(rig, "layout big 大图\n1,1 2x2 a: map\n2,2 2x2 b: board\n")
        try await rig.browser.click("#editor-save")
        try await rig.browser.wait(
          "it says what is wrong",
          for: "document.querySelector('#toast.bad:not([hidden])')?.textContent.includes('区域 \"a\" 和 \"b\" 重叠')")
        #expect(try await rig.browser.evaluate("return document.querySelector('#editor') !== null", as: Bool.self))
        try await Self.put(rig, exported)
        try await rig.browser.click("#editor-save")
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog:not(#editor) textarea')")
        try await rig.browser.press(.escape)
        try await rig.browser.wait("it is taken back", for: "!document.querySelector('dialog:not(#editor)')")
        try await rig.browser.click("#editor-undo")
        try await rig.browser.wait("its cameras want a reason", for: "document.querySelector('dialog:not(#editor) textarea')")
        try await rig.browser.type("积水")
        try await rig.browser.click("dialog:not(#editor) .primary")
        try await rig.browser.wait("a camera or the map again", for: Self.isVerified(8, ["院内摄像机", "网格地图"]))
      }
    }

    private static func isVerified(_ tile: Int, _ texts: [String]) -> String {
      let names = texts.map { "'\($0)'" }.joined(separator: ", ")
      return
        "(t => t?.classList.contains('verified') && [\(names)].includes(t.querySelector('.middle').textContent))(document.querySelector('.tile[data-output=\"\(tile)\"]'))"
    }

    private static func open(_ rig: WallRig) async throws {
      try await rig.browser.click("#open-editor")
      try await rig.browser.wait("the editor", for: "document.querySelectorAll('#cells button').length === 9")
    }

    private static func text(_ rig: WallRig) async throws -> String {
      try await rig.browser.evaluate("return document.querySelector('#editor-text').value", as: String.self)
    }

    /// Typed over what stands there.
    private static func write(_ rig: WallRig, _ selector: String, _ text: String) async throws {
      try await rig.browser.run("document.querySelector(\"\(selector)\").select()")
      try await rig.browser.run("document.querySelector(\"\(selector)\").focus()")
      try await rig.browser.type(text)
      try await rig.browser.press(.tab)
    }

    private static func put(_ rig: WallRig, _ text: String) async throws {
      let literal = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
      try await rig.browser.run("document.querySelector('#editor-text').value = \(literal)")
      try await rig.browser.run("[...document.querySelectorAll('#editor button')].find(b => b.textContent === '读入文字').click()")
      #expect(try await Self.text(rig) == text)
    }

    @Test func aChangeOfShiftIsSignedByBoth() async throws {
      try await WallRig.run(operators: ["o01", "o02"]) { rig in
        try await rig.begin(as: "o01")
        try await rig.shows(1, "verified", "网格地图")
        _ = try rig.shell.panels("press 1/2")
        try await rig.shows(1, "verified", "院内摄像机")
        try rig.hand("off p9")
        try await rig.shows(9, "unreachable", "未知")
        _ = try rig.shell.desk("bypass A/1/1 desk 30 检修")
        try rig.shell.waitUntil("its card") { try rig.shell.desk("status").contains("wall p9") }
        try await rig.browser.click("#hand-over")
        try await rig.browser.wait("what is open is listed", for: "document.querySelectorAll('dialog .shown').length === 3")
        let shown = try await rig.browser.evaluate("return document.querySelector('dialog').innerText", as: String.self)
        for text in ["院内", "大屏设备没有应答", "p9", "检修"] { #expect(shown.contains(text), "\(text): \(shown)") }
        try await Accessibility.check(rig.browser, "wall-hand-over")
        try await sign(rig, "o02", "000000")
        try await rig.browser.wait("a wrong PIN is refused", for: "document.querySelector('#toast.bad:not([hidden])')")
        #expect(try await rig.browser.evaluate("return document.querySelector('#shift').hidden", as: Bool.self))
        try await rig.browser.click("#hand-over")
        try await rig.browser.wait("the list", for: "document.querySelectorAll('dialog .shown').length === 3")
        // What is open becomes less while they read: the list is shown once more, and the id stays.
        _ = try rig.shell.desk("end-bypass A/1/1 desk")
        try await rig.browser.wait("it says so", for: "document.querySelector('dialog').innerText.includes('清单变了')")
        try await sign(rig, "o02", WallRig.pin)
        try await rig.browser.wait(
          "nobody has signed",
          for:
            "document.querySelector('#toast.bad:not([hidden])')?.textContent.includes('请再看一遍') && document.querySelector('dialog [name=id]')"
        )
        #expect(
          try await rig.browser.evaluate("return document.querySelector('dialog [name=id]').value", as: String.self) == "o02")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('dialog').innerText.includes('检修')", as: Bool.self)
            == false)
        try await rig.browser.click("dialog [name=pin]")
        try await rig.browser.type(WallRig.pin)
        try await rig.browser.press(.enter)
        try await rig.browser.wait(
          "the page is the other's", for: "document.querySelector('#log-out')?.textContent.includes('o02')")
        try await rig.browser.wait("the posts are there", for: "document.querySelector('input[name=post]')")
        try await rig.browser.click("label.choice:has(input[value='wall'])")
        try await rig.browser.click("#start-button")
        try await rig.browser.wait(
          "it says who signed", for: "/o01.*o02/.test(document.querySelector('#shift:not([hidden])')?.textContent ?? '')")
        try await rig.shows(1, "verified", "院内摄像机")
        let logOut = "document.getElementById('log-out').textContent"
        let chinese = try await rig.browser.evaluate("return \(logOut)", as: String.self)
        try await rig.browser.click("#language")
        let english = try await rig.browser.evaluate("return \(logOut)", as: String.self)
        #expect(english.hasPrefix("o02 · ") && english != chinese, "\(english)")
        let journal = try rig.shell.run(["journal", "list", "\(rig.shell.folder)/journal"]).text
        #expect(journal.contains("shiftSigned") && !journal.contains(WallRig.pin))
      }
    }

    private func sign(_ rig: WallRig, _ id: String, _ pin: String) async throws {
      try await rig.browser.wait("the form", for: "document.querySelector('dialog [name=id]')")
      try await rig.browser.click("dialog [name=id]")
      try await rig.browser.type(id)
      try await rig.browser.click("dialog [name=pin]")
      try await rig.browser.type(pin)
      try await rig.browser.press(.enter)
    }
  }
}
