import DeviceVocabulary
import Testing

@testable import Station

extension BrowserTests {
  /// One picture over several outputs, chosen by mouse, finger or keys; what else is done at the console beside the wall itself.
  @Suite struct WallRegionTests {
    private static func pin(_ column: Int, _ row: Int, _ width: Int, _ height: Int) -> DeskRequest.Action {
      .wall(.pin(source: "map", WallCells(column: column, row: row, width: width, height: height), reason: nil))
    }

    @Test func aSourceIsPutOverSeveralOutputs() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        try await rig.startDuty()
        // A source in the hand, drawn from the lower right to the upper left.
        try await rig.browser.click(WallPictureRig.source("map"))
        try await rig.browser.drag(WallPictureRig.tile(9), to: WallPictureRig.tile(5))
        try await rig.expect(Self.pin(2, 2, 2, 2))
        try await rig.browser.wait(
          "nothing is chosen any more",
          for: "!document.querySelector('.tile.chosen') && document.getElementById('carrying').hidden")
        // The other way round: outputs first.
        try await rig.browser.drag(WallPictureRig.tile(1), to: WallPictureRig.tile(2))
        try await rig.browser.wait(
          "it says which", for: "document.getElementById('carrying').textContent.includes('2×1(输出 1, 2)')")
        try await Accessibility.check(rig.browser, "wall-region")
        try await rig.browser.click(WallPictureRig.source("map"))
        try await rig.expect(Self.pin(1, 1, 2, 1))
        // A finger scrolls until it holds a source; then it draws.
        try await rig.browser.tap(WallPictureRig.source("map"))
        try await rig.browser.drag(WallPictureRig.tile(4), to: WallPictureRig.tile(7), by: "touch")
        try await rig.expect(Self.pin(1, 2, 1, 2))
        // Dropped on a chosen output it takes all of them.
        try await rig.browser.drag(WallPictureRig.tile(7), to: WallPictureRig.tile(9))
        try await rig.browser.drag(WallPictureRig.source("map"), to: WallPictureRig.tile(8))
        try await rig.expect(Self.pin(1, 3, 3, 1))
        #expect(rig.asked.count == 4)
      }
    }

    @Test func theKeyboardAloneChoosesOutputs() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        try await rig.startDuty()
        try await rig.browser.run("document.querySelector(\"\(WallPictureRig.tile(5))\").focus()")
        try await rig.browser.press(.left, .up, holding: .shift)
        try await rig.browser.wait("four", for: "document.querySelectorAll('.tile.chosen').length === 4")
        try await rig.browser.press(.escape)
        try await rig.browser.wait("none", for: "!document.querySelector('.tile.chosen')")
        try await rig.browser.press(.right, .down, holding: .shift)
        try await rig.browser.wait("four again", for: "document.querySelectorAll('.tile.chosen').length === 4")
        // A picture that is not seen says why; the window's own words stand in it.
        let said = "document.querySelector(\"\(WallPictureRig.tile(6)) .bottom\").textContent"
        #expect(
          try await rig.browser.evaluate("return \(said)", as: String.self).hasPrefix("线路已核对,画面未核对:打不开,读不到(loading failed)"))
        // With outputs chosen, Enter goes to the sources.
        try await rig.browser.press(.enter)
        try await rig.browser.wait(
          "a source has the focus", for: "document.activeElement.matches(\"\(WallPictureRig.source("map"))\")")
        try await rig.browser.press(.enter)
        try await rig.expect(Self.pin(1, 1, 2, 2))
      }
    }

    @Test func aCameraTurnsToItsPositionsAndACardIsTriedAgain() async throws {
      let key = FaultKey(.output(4), .outputNotSwitched)
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        rig.change { _, desk in
          desk.faults = [Picture.fault(.stuck), Picture.fault(.outputNotSwitched)]
          (desk.faults[1].key, desk.faults[1].whereText) = (key, "输出 4 / output 4")
        }
        try await rig.startDuty()
        try await rig.browser.click(WallPictureRig.source("gate"))
        #expect(try await rig.browser.evaluate("return document.getElementById('turns').hidden", as: Bool.self))
        try await rig.browser.click(WallPictureRig.source("cam"))
        try await rig.browser.wait("what the camera has told", for: "document.querySelectorAll('#presets button').length === 2")
        try await Accessibility.check(rig.browser, "wall-presets")
        try await rig.browser.click("#presets [data-key='停车场'] button")
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog textarea')")
        try await rig.browser.type("积水")
        try await rig.browser.click("dialog .primary")
        try await rig.expect(.wall(.turn(source: "cam", preset: "停车场", reason: "积水")))
        let place = "document.querySelector('#faults .where').textContent.split(' · ')[0]"
        #expect(try await rig.browser.evaluate("return \(place)", as: String.self) == "输出 4")
        try await rig.browser.click("#language")
        try await rig.browser.wait("in the page's language", for: "\(place) === 'output 4'")
        try await rig.browser.click("#language")
        // Faults of the duty desk's own are not the operator's.
        #expect(try await rig.browser.evaluate("return document.querySelectorAll('#faults .retest').length", as: Int.self) == 1)
        try await rig.browser.click("#faults .retest")
        try await rig.expect(.retest(key))
        rig.change { _, desk in desk.faults[1].retesting = true }
        try await rig.browser.wait("it is under way", for: "document.querySelector('#faults .retest').disabled")
      }
    }

    /// As at the duty desk: nothing but an answer silences a call.
    @Test func aCallRingsHereUntilItIsAcknowledged() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3), onEveryPage: [SoundTests.ear]) { rig in
        try await rig.browser.wait("the banner stands", for: SoundTests.banner)
        try await rig.startDuty()
        try await rig.browser.wait("sound is on", for: "!document.getElementById('ringing').hidden && !(\(SoundTests.banner))")
        #expect(try await rig.browser.evaluate("return loudness()", as: Double.self) == 0)
        rig.change { _, desk in desk.incidents = [Picture.call(7, WallPicture.place, age: 1)] }
        try await rig.browser.wait("it rings", for: SoundTests.rings)
        try await rig.browser.click("#change-post")
        try await rig.browser.wait("there is a pause", for: "loudness() === 0")
        try await rig.browser.wait("it rings again", for: SoundTests.rings)
        try await rig.startDuty()
        try await rig.browser.click("#call-list .acknowledge")
        try await rig.expect(.acknowledge(7))
        rig.change { _, desk in desk.incidents = [Picture.call(7, WallPicture.place, age: 5, phase: .acknowledged, owner: "wall")]
        }
        try await rig.browser.wait("it is answered", for: "document.querySelector('#call-list .acknowledge').hidden")
        try await SoundTests.expectSilence(rig.browser)
      }
    }

    /// Nobody has an account: nothing can be proved, and the page says so.
    @Test func withoutAccountsLeavingIsAskedTwiceAndTheShiftIsSignedByTypedNames() async throws {
      var view = WallPicture.view(3, 3)
      view.hasVisitors = true
      try await WallPictureRig.run(view) { rig in
        try await rig.startDuty()
        try await rig.browser.click("#visitors")
        try await rig.browser.wait(
          "it says that there is no code", for: "document.querySelector('dialog')?.innerText.includes('没有密码可问')")
        try await rig.browser.press(.escape)
        #expect(rig.asked == [])
        try await rig.browser.click("#visitors")
        try await rig.browser.click("dialog .primary")
        try await rig.browser.wait("it asks again", for: "document.querySelector('dialog')?.innerText.includes('都走了吗')")
        #expect(rig.asked == [])
        try await rig.browser.click("dialog .primary")
        try await rig.expect(.wall(.visitors(false)))
        rig.change { view, _ in view.hasVisitors = false }
        try await rig.browser.wait("they have left", for: "document.getElementById('visitors-banner').hidden")

        try await rig.browser.click("#hand-over")
        try await rig.browser.wait(
          "it says what the names are worth", for: "document.querySelector('dialog')?.innerText.includes('姓名为手填')")
        try await Accessibility.check(rig.browser, "wall-hand-over-typed")
        try await rig.browser.click("dialog [name=from]")
        try await rig.browser.type("张")
        try await rig.browser.click("dialog [name=to]")
        try await rig.browser.type("李")
        try await rig.browser.press(.enter)
        try await rig.expect(.wall(.handOver(from: "张", to: "李", isTyped: true, list: "")))
        rig.change { view, _ in
          view.shift = WallShift(from: "张", to: "李", post: "wall")
          view.shift?.isTyped = true
          view.shiftMilliseconds = Picture.now
        }
        try await rig.browser.wait(
          "the page says so", for: "document.querySelector('#shift:not([hidden])')?.textContent.includes('未登录,姓名为手填')")
      }
    }
  }
}
