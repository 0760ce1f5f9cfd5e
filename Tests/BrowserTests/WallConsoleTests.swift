import Foundation
import TestSupport
import Testing

extension BrowserTests {
  /// The operator's console on the real program, with simulated panels and a matrix on real connections.
  @Suite struct WallConsoleTests {
    @Test func aTouchChangesTheSceneAndTheTilesSayWhatIsProved() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(1, "verified", "网格地图")
        try await rig.shows(9, "verified", "公告栏")
        try await rig.browser.wait(
          "the scene is lit", for: "document.querySelector('.scene.full .put span')?.textContent === '日常'")
        try await Accessibility.check(rig.browser, "wall-base")
        try await rig.browser.click(".scene[data-key='full'] .rehearse")
        try await rig.browser.wait("a rehearsal", for: "!document.getElementById('rehearsal').hidden")
        try await rig.shows(1, "verified", "网格地图")
        try await rig.browser.click(".scene[data-key='full'] .put")
        for tile in 1...9 { try await rig.shows(tile, "verified", "公告栏") }
        try await Accessibility.check(rig.browser, "wall-scene")
        // Touched again it is so already: that is no mistake.
        try await rig.browser.click(".scene[data-key='full'] .put")
        try await rig.browser.wait(
          "it says so",
          for: "(t => t.textContent.startsWith('✓ 已经是这样') && !t.className.includes('bad'))(document.getElementById('toast'))")
      }
    }

    @Test func aCallBringsItsCameraAndTheBaseIsBackWhenItIsClosed() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(1, "verified", "网格地图")
        _ = try rig.shell.panels("press 1/2")
        try await rig.shows(1, "verified", "院内摄像机")
        try await rig.browser.wait(
          "it says why", for: "document.querySelector('.tile[data-layer=call] .layer')?.textContent === '求助'")
        try await Accessibility.check(rig.browser, "wall-call")
        _ = try rig.shell.desk("false-alarm 1 desk 误按")
        try await rig.shows(1, "verified", "网格地图")
        let journal = try rig.shell.run(["journal", "list", "\(rig.shell.folder)/journal"]).text
        #expect(journal.contains("cam"), "who saw what, and why, is written down")
      }
    }

    @Test func aPlugIsPulledAndPutInAgain() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(2, "verified", "网格地图")
        try rig.hand("off p2")
        try await rig.shows(2, "unreachable", "未知")
        try await rig.shows(1, "verified", "网格地图")
        try await Accessibility.check(rig.browser, "wall-gone")
        try rig.hand("on p2")
        try await rig.shows(2, "verified", "网格地图")
      }
    }

    @Test func aLockedOutputIsNeverGreen() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(3, "verified", "公告栏")
        try rig.hand("lock hub/1")
        try await rig.browser.click(".scene[data-key='full'] .put")
        try await rig.shows(1, "notSwitched", "网格地图")
        try await rig.browser.wait("half lit", for: "document.querySelector('.scene[data-key=full]').classList.contains('half')")
        #expect(try rig.shell.desk("status").contains("output 1:outputNotSwitched"))
      }
    }

    /// By the keyboard alone: a source is chosen, then the tile; a camera wants a reason.
    @Test func aSourceIsPutUpByKeyboardWithAReason() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(9, "verified", "公告栏")
        try await rig.browser.run("document.querySelector('#sources [data-key=cam] button').focus()")
        try await rig.browser.press(.enter)
        try await rig.browser.run("document.querySelector('.tile[data-output=\"9\"]').focus()")
        try await rig.browser.press(.enter)
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog textarea')")
        try await rig.browser.type("flood")
        try await rig.browser.click("dialog .primary")
        try await rig.shows(9, "verified", "院内摄像机")
        try await rig.browser.wait(
          "it ends by itself", for: "document.querySelector('#pins .grow')?.textContent.includes('flood')")
        try await rig.browser.click("#pins .take-off")
        try await rig.shows(9, "verified", "公告栏")
      }
    }

    @Test func aLayoutIsDrawnSavedAndUndone() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(3, "verified", "公告栏")
        try await rig.browser.click("#open-editor")
        try await rig.browser.wait("the editor", for: "document.querySelectorAll('#cells button').length === 9")
        try await Accessibility.check(rig.browser, "wall-editor")
        try await rig.browser.click("#cells [data-column='1'][data-row='3']")
        try await rig.browser.click("#cells [data-column='3'][data-row='3']")
        try await rig.browser.wait(
          "a region of three", for: "document.querySelector('#editor-text').value.includes('1,3 3x1 R1:')")
        try await rig.browser.run(
          "const t = document.querySelector('#editor-text'); t.value = t.value.replace('R1:', 'R1: map')")
        try await rig.browser.run("[...document.querySelectorAll('#editor button')].find(b => b.textContent === '读入文字').click()")
        try await rig.browser.wait(
          "it is read", for: "document.querySelector('#diff').textContent.includes('+ 1,3 3x1 R1: map')")
        try await rig.browser.click("#editor-save")
        try await rig.shows(8, "verified", "网格地图")
        try await rig.browser.click("#open-editor")
        try await rig.browser.wait("the editor", for: "document.querySelector('#editor-undo:enabled')")
        try await rig.browser.click("#editor-undo")
        try await rig.shows(8, "verified", "公告栏")
      }
    }
  }
}
