import DeviceVocabulary
import Testing

@testable import Station

extension BrowserTests {
  /// Layouts of a wall of 64 outputs are drawn by a finger and by keys alone.
  @Suite struct WallEditorGridTests {
    static let screens = [(width: 1920, height: 1080), (width: 1024, height: 768), (width: 768, height: 1024)]

    private static func cell(_ column: Int, _ row: Int) -> String { "#cells [data-column='\(column)'][data-row='\(row)']" }

    /// What lies over something else, is too small for a finger, or is told more than once.
    private static let script = """
      const found = [];
      const boxes = [...document.querySelectorAll("#cells button")].map((node) => node.getBoundingClientRect());
      const dialog = document.querySelector("#editor");
      for (const [index, box] of boxes.entries()) {
        if (box.width < 44 || box.height < 44) found.push("too small: " + box.width + "x" + box.height);
        const over = boxes.slice(index + 1).filter((other) => other.left < box.right - 0.5 && box.left < other.right - 0.5 && other.top < box.bottom - 0.5 && box.top < other.bottom - 0.5);
        if (over.length) found.push("lies over others: " + (index + 1));
      }
      if (dialog.scrollWidth > dialog.clientWidth) found.push("scrolls sideways");
      const names = document.querySelector("#cells").innerText.split("\\n").filter((text) => text.includes("主画面"));
      if (names.length !== 1) found.push("named so often: " + names.length);
      return found;
      """

    private static func rig(_ body: (WallPictureRig) async throws -> Void) async throws {
      var view = WallPicture.view(16, 4)
      view.layouts = [
        WallLayout(
          id: "big", name: "大图",
          regions: [.init(name: "主画面", cells: WallCells(column: 1, row: 1, width: 6, height: 3), sources: ["map"])])
      ]
      try await WallPictureRig.run(view) { rig in
        try await rig.startDuty()
        try await rig.browser.click("#open-editor")
        try await rig.browser.wait("the editor", for: "document.querySelectorAll('#cells button').length === 64")
        try await body(rig)
      }
    }

    @Test func eachCellIsForAFingerAndARegionIsNamedOnce() async throws {
      try await Self.rig { rig in
        for screen in Self.screens {
          try await rig.browser.resize(screen.width, screen.height)
          #expect(try await rig.browser.evaluate(Self.script, as: [String].self) == [], "\(screen)")
          try await Accessibility.check(rig.browser, "wall-editor-16x4-\(screen.width)")
        }
        // Whoever hears the page is told by each cell what it belongs to; a drag over the name draws.
        #expect(
          try await rig.browser.evaluate(
            "return document.querySelector(\"\(Self.cell(3, 2))\").getAttribute('aria-label')", as: String.self) == "3,2 主画面")
        try await rig.browser.resize(1920, 1080)
        try await rig.browser.drag(Self.cell(3, 2), to: Self.cell(4, 2))
        try await rig.browser.wait("drawn", for: "document.querySelector('#editor-text').value.includes('3,2 2x1 主画面: map')")
      }
    }

    @Test func theArrowsGoFromCellToCell() async throws {
      try await Self.rig { rig in
        try await rig.browser.run("document.querySelector(\"\(Self.cell(15, 3))\").focus()")
        try await rig.browser.press(.enter)
        try await rig.browser.wait("picked", for: "document.querySelector(\"\(Self.cell(15, 3)).picked\")")
        try await rig.browser.press(.right)
        try await rig.browser.press(.down)
        // At the rim there is nowhere to go.
        try await rig.browser.press(.right)
        try await rig.browser.press(.down)
        try await rig.browser.wait("the corner has the focus", for: "document.activeElement.matches(\"\(Self.cell(16, 4))\")")
        try await rig.browser.press(.enter)
        try await rig.browser.wait("drawn", for: "document.querySelector('#editor-text').value.includes('15,3 2x2 R1: ')")
      }
    }
  }
}
