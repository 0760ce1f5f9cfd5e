import DeviceVocabulary
import Foundation
import Testing

@testable import Station

extension BrowserTests {
  /// A dialog of the operator's console claims nothing that is so no longer, and nobody signs or overwrites what he has not seen.
  @Suite struct WallSeenTests {
    private static let words = "(document.querySelector('dialog:not(#editor)')?.innerText ?? '')"

    /// What a dialog tells of an output goes with what is read of it, and its ages go on.
    @Test func theDialogOfATileFollowsTheWall() async throws {
      var view = WallPicture.view(3, 3)
      view.tiles[0].proof = .verified(picture: nil)
      try await WallPictureRig.run(view) { rig in
        try await rig.startDuty()
        try await rig.browser.click(WallPictureRig.tile(1))
        try await rig.browser.wait("it is verified", for: "/线路已核对,画面未核对 · \\d+ 秒前/.test(\(Self.words))")
        let before = try await rig.browser.evaluate("return \(Self.words)", as: String.self)
        try await rig.browser.wait("its age goes on", for: "\(Self.words) !== \(Self.literal(before))")
        // Another operator takes off what was there, and its panel dies.
        rig.change { view, _ in
          (view.tiles[0].wished, view.tiles[0].shown) = ("board", nil)
          view.tiles[0].proof = .unreachable(device: "hub")
        }
        try await rig.browser.wait("the dialog says so", for: "\(Self.words).includes('hub 没有应答')")
        let after = try await rig.browser.evaluate("return \(Self.words)", as: String.self)
        #expect(!after.contains("已核对") && after.contains("公告栏"), "\(after)")
        #expect(try await rig.browser.evaluate("return document.activeElement.matches('dialog .primary')", as: Bool.self))
        try await Accessibility.check(rig.browser, "wall-tile-followed")
        try await rig.browser.press(.enter)
        try await rig.expect(.wall(.identify(1, seconds: 10)))
      }
    }

    @Test func aListThatBecomesAnotherIsShownAgainBeforeItIsSigned() async throws {
      var view = WallPicture.view(3, 3)
      view.forms.handOver = "one"
      try await WallPictureRig.run(view) { rig in
        try await rig.startDuty()
        try await rig.browser.click("#hand-over")
        try await rig.browser.wait("nothing is open", for: "\(Self.words).includes('没有未结的事')")
        for (name, text) in [("from", "张"), ("to", "李")] {
          try await rig.browser.click("dialog [name=\(name)]")
          try await rig.browser.type(text)
        }
        rig.change { view, desk in
          view.forms.handOver = "two"
          desk.incidents = [Picture.call(11, WallPicture.place, age: 1)]
        }
        try await rig.browser.wait(
          "the call stands in it, and that it is new",
          for: "\(Self.words).includes('\(WallPicture.place)') && \(Self.words).includes('清单变了')")
        rig.refuse(.listChanged)
        try await rig.browser.press(.enter)
        try await rig.expect(.wall(.handOver(from: "张", to: "李", isTyped: true, list: "one")))
        try await rig.browser.wait("it is shown again", for: "\(Self.words).includes('请再看一遍')")
        #expect(
          try await rig.browser.evaluate(
            "return [...document.querySelectorAll('dialog input')].map((node) => node.value)", as: [String].self)
            == ["张", "李"])
        try await Accessibility.check(rig.browser, "wall-hand-over-again")
        try await rig.browser.click("dialog .primary")
        try await rig.expect(.wall(.handOver(from: "张", to: "李", isTyped: true, list: "two")))
        try await rig.browser.wait("it is signed", for: "!document.querySelector('dialog')")
      }
    }

    /// The refusal may come before the picture does: what is signed then is what is seen then.
    @Test func theNewListIsWaitedFor() async throws {
      var view = WallPicture.view(3, 3)
      view.forms.handOver = "one"
      try await WallPictureRig.run(view) { rig in
        try await rig.startDuty()
        try await rig.browser.click("#hand-over")
        try await rig.browser.run(
          "for (const name of ['from', 'to']) document.querySelector(`dialog [name=${name}]`).value = name")
        rig.refuse(.listChanged)
        try await rig.browser.click("dialog .primary")
        try await rig.browser.wait("it is shown again", for: "\(Self.words).includes('请再看一遍')")
        rig.change { view, desk in
          view.forms.handOver = "two"
          desk.incidents = [Picture.call(11, WallPicture.place, age: 1)]
        }
        try await rig.browser.wait("with the call", for: "\(Self.words).includes('\(WallPicture.place)')")
        try await rig.browser.click("dialog .primary")
        try await rig.expect(.wall(.handOver(from: "from", to: "to", isTyped: true, list: "two")))
      }
    }

    @Test func whatSomebodyElseHasSavedIsReadInAndTheOwnTextStays() async throws {
      var view = WallPicture.view(3, 3)
      view.forms.layouts = ["big": "one"]
      try await WallPictureRig.run(view) { rig in
        try await rig.startDuty()
        try await rig.browser.click("#open-editor")
        let changed = "document.querySelector('#editor-changed')"
        try await rig.browser.wait("the editor", for: "\(changed)?.hidden && document.querySelector('#editor-undo').disabled")
        let own = "layout big 大图\n1,1 2x1 上: map\n"
        try await Self.read(rig, own)
        rig.change { view, _ in
          view.layouts[0].regions = [
            .init(name: "下", cells: WallCells(column: 1, row: 3, width: 3, height: 1), sources: ["board"])
          ]
          view.layouts.append(WallLayout(id: "trial", name: "试画", regions: []))
          (view.drawn, view.forms.layouts) = (["big", "trial"], ["big": "two", "trial": "new"])
        }
        try await rig.browser.wait("it says so", for: "!\(changed).hidden && \(changed).innerText.includes('别人刚改过')")
        let stands = "[document.querySelector('#editor-undo').disabled, document.querySelector('#editor-layout').length]"
        #expect(
          try await rig.browser.evaluate("return JSON.stringify(\(stands))", as: String.self) == "[false,3]",
          "there is something to undo")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('#diff').textContent", as: String.self)
            == "- 1,3 3x1 下: board\n+ 1,1 2x1 上: map")
        try await Accessibility.check(rig.browser, "wall-editor-changed")
        rig.refuse(.layoutChanged)
        try await rig.browser.click("#editor-save")
        let layout = try WallLayoutText.read(own)
        try await rig.expect(.wall(.saveLayout(layout, form: "one")))
        try await rig.browser.wait(
          "it is refused", for: "document.querySelector('#toast.bad:not([hidden])')?.textContent.includes('别人刚改过')")
        try await rig.browser.click("#editor-changed button")
        try await rig.browser.wait("the new one is drawn", for: "document.querySelector('#editor .region input').value === '下'")
        #expect(try await rig.browser.evaluate("return document.querySelector('#editor-text').value", as: String.self) == own)
        #expect(try await rig.browser.evaluate("return \(changed).hidden", as: Bool.self))
        try await Self.read(rig, own)
        // What the page could not know is asked for when the station says so.
        rig.refuse(.reasonNeeded)
        try await rig.browser.click("#editor-save")
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog:not(#editor) textarea')")
        #expect(rig.asked.last == .wall(.saveLayout(layout, form: "two")))
        try await rig.browser.type("积水")
        try await rig.browser.click("dialog:not(#editor) .primary")
        try await rig.expect(.wall(.saveLayout(layout, reason: "积水", form: "two")))
        try await rig.browser.wait("it is saved", for: "!document.querySelector('#editor')")
      }
    }

    @Test func undoingNamesItsFormAndSaysThatItsSceneIsNoMore() async throws {
      var view = WallPicture.view(3, 3)
      (view.drawn, view.forms.layouts, view.forms.endingScenes) = (["big"], ["big": "one"], ["big"])
      try await WallPictureRig.run(view) { rig in
        try await rig.startDuty()
        try await rig.browser.click("#open-editor")
        try await rig.browser.click("#editor-undo")
        try await rig.expect(.wall(.undoLayout("big", form: "one")))
        try await rig.browser.wait(
          "it says so", for: "document.querySelector('#toast:not([hidden])')?.textContent.includes('按时间表')")
        // A name of one's own, for a layout that is not there yet.
        try await rig.browser.click("#open-editor")
        try await Self.read(rig, "layout trial 试画\n# 上面\n1,1 2x1 上: map\n")
        try await rig.browser.click("#editor-save")
        let saved = WallLayout(
          id: "trial", name: "试画",
          regions: [.init(name: "上", cells: WallCells(column: 1, row: 1, width: 2, height: 1), sources: ["map"])])
        try await rig.expect(.wall(.saveLayout(saved, form: "none")))
      }
    }

    @Test func whileVisitorsAreHereThePageDoesNotNameWhoHasSigned() async throws {
      var view = WallPicture.view(3, 3)
      view.shift = WallShift(from: "王小明", to: "李建国", post: "wall")
      try await WallPictureRig.run(view) { rig in
        try await rig.startDuty()
        let page = "document.documentElement.textContent"
        try await rig.browser.wait("it names them", for: "\(page).includes('李建国')")
        rig.change { view, _ in view.hasVisitors = true }
        try await rig.browser.wait("it does not any more", for: "!\(page).includes('李建国') && !\(page).includes('王小明')")
        rig.change { view, _ in view.hasVisitors = false }
        try await rig.browser.wait("it names them again", for: "\(page).includes('李建国')")
      }
    }

    private static func literal(_ text: String) throws -> String {
      String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }

    private static func read(_ rig: WallPictureRig, _ text: String) async throws {
      try await rig.browser.run("document.querySelector('#editor-text').value = \(literal(text))")
      try await rig.browser.run(
        "[...document.querySelectorAll('#editor button')].find((node) => node.textContent === '读入文字').click()")
    }
  }
}
