import DeviceVocabulary
import Foundation
import TestSupport
import Testing

@testable import Station

extension BrowserTests {
  /// Scenes that want a reason, that wait for a meeting to end or switch lamps; what a duress call may not show in its room; what is handed over.
  @Suite struct WallSceneTests {
    private static func scene(_ id: String) -> String {
      "document.querySelector('.scene[data-key=\(id)] .put small').textContent"
    }

    @Test func aSceneWithWhatIsNotForEverybodyAsksWhyAndSaysHowLongItIsSeen() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        rig.change { view, _ in view.scenes[1].needsReason = true }
        try await rig.startDuty()
        let button = ".scene[data-key='cams'] .put"
        try await rig.browser.click(button)
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog textarea')")
        try await Accessibility.check(rig.browser, "wall-scene-reason")
        try await rig.browser.press(.escape)
        try await rig.browser.wait("it is taken back", for: "!document.querySelector('dialog')")
        try await rig.browser.click(button)
        try await rig.browser.click("dialog .primary")
        #expect(try await rig.browser.evaluate("return document.querySelector('dialog') !== null", as: Bool.self))
        #expect(rig.asked == [], "without a reason nothing is asked for")
        try await rig.browser.click("dialog textarea")
        try await rig.browser.type("积水")
        try await rig.browser.click("dialog .primary")
        try await rig.expect(.wall(.scene("cams", reason: "积水")))
        rig.change { view, _ in (view.scenes[1].lit, view.scenes[1].secondsLeft) = (.full, 240) }
        try await rig.browser.wait("for how long", for: "\(Self.scene("cams")).startsWith('已核对 · 不对外的画面还看 03:5')")
        rig.change { view, _ in (view.scenes[1].lit, view.scenes[1].secondsLeft) = (.half, 0) }
        try await rig.browser.wait("it is over", for: "\(Self.scene("cams")) === '部分已核对 · 不对外的画面已收回,再点并写原因'")
        // The others ask nothing.
        try await rig.browser.click(".scene[data-key='day'] .put")
        try await rig.expect(.wall(.scene("day")))
      }
    }

    @Test func duringAMeetingASceneComesLaterAndTheLampsAreSaid() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        func lamp(_ output: UInt8, _ isOn: Bool) -> WallPlan.Scene.Light {
          .init(device: DeviceID(bus: "B", node: 2), output: output, isOn: isOn)
        }
        rig.change { view, _ in
          (view.meeting, view.scenes[0].lit, view.scenes[2].lit) = ("m", .later, .full)
          view.lights = [.init(light: lamp(1, true), isProved: true), .init(light: lamp(2, false), isProved: false)]
        }
        try await rig.startDuty()
        #expect(try await rig.browser.evaluate("return \(Self.scene("day"))", as: String.self) == "会议结束后换上")
        #expect(
          try await rig.browser.evaluate("return document.getElementById('lights').textContent", as: String.self)
            == "灯 B/2/1 开,已核对 · 灯 B/2/2 关,未核对")
        try await Accessibility.check(rig.browser, "wall-later")
        try await rig.browser.click(".scene[data-key='cams'] .put")
        try await rig.expect(.wall(.scene("cams")))
        try await rig.browser.wait("it says when", for: "document.getElementById('toast').textContent.includes('会议结束后换上')")
        rig.change { view, _ in (view.meeting, view.lights) = (nil, []) }
        try await rig.browser.wait("no lamps", for: "document.getElementById('lights').hidden")
      }
    }

    /// At a post in its room nothing shows it, its tile included; elsewhere the strip says why the wall does not.
    @Test func aDuressCallShowsByNothingInItsOwnRoom() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        rig.change { view, desk in
          desk.incidents = [Picture.call(7, WallPicture.place, age: 20)]
          desk.incidents[0].silent = true
          view.tiles[1].layer = .call(WallCall(station: nil, id: 7))
          view.keptOff = [WallCall(station: nil, id: 7)]
        }
        try await rig.startDuty(post: "desk")
        let tile = "document.querySelector(`\(WallPictureRig.tile(2))`)"
        let told =
          "[\(tile).dataset.layer, \(tile).querySelector('.layer').textContent, \(tile).querySelector('.caller').textContent]"
        #expect(try await rig.browser.evaluate("return \(told)", as: [String].self) == ["base", "日常", ""])
        #expect(
          try await rig.browser.evaluate("return \(tile).getAttribute('aria-label').includes('求助')", as: Bool.self) == false)
        try await rig.browser.click(WallPictureRig.tile(2))
        try await rig.browser.wait("what is known", for: "document.querySelector('dialog')")
        #expect(
          try await rig.browser.evaluate(
            "return [...document.querySelectorAll('dialog, #detail')].some((node) => node.innerText.includes('求助'))",
            as: Bool.self)
            == false)
        try await rig.browser.press(.escape)
        try await rig.browser.click("#change-post")
        try await rig.startDuty(post: "wall")
        try await rig.browser.wait("elsewhere it is named", for: "\(tile).dataset.layer === 'call'")
        #expect(
          try await rig.browser.evaluate("return document.querySelector('#call-list .small').textContent", as: String.self)
            .hasSuffix("大屏就在那里,不上屏"))
      }
    }

    @Test func whatKeepsTheWallFromSwitchingIsHandedOver() async throws {
      try await WallPictureRig.run(WallPicture.view(3, 3)) { rig in
        rig.change { view, _ in (view.isArmed, view.hasVisitors, view.meeting) = (false, true, "m") }
        try await rig.startDuty()
        try await rig.browser.click("#hand-over")
        try await rig.browser.wait("the list", for: "document.querySelector('dialog .shown')")
        let first = "return document.querySelector('dialog .shown').innerText"
        #expect(try await rig.browser.evaluate(first, as: String.self) == "大屏状态 (3): 自动切换停用; 参观模式; 会议中:会议")
        try await rig.browser.press(.escape)
        rig.change { view, _ in (view.isArmed, view.hasVisitors, view.meeting) = (true, false, nil) }
        try await rig.browser.wait("all is as usual", for: "document.getElementById('disarmed-banner').hidden")
        try await rig.browser.click("#hand-over")
        try await rig.browser.wait("nothing is open", for: "document.querySelector('dialog .shown')?.innerText === '没有未结的事'")
      }
    }

    /// On the real program: drawn by `linli wall apply`, and put up at the page.
    @Test func aCameraInADrawnLayoutIsSeenForAReasonOnly() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(9, "verified", "公告栏")
        let (site, file) = ("\(rig.shell.folder)/site.yaml", "\(rig.shell.folder)/layout.txt")
        try Data("layout all 满屏\n1,1 2x3 全: board\n3,1 1x3 旁: cam\n".utf8).write(to: URL(fileURLWithPath: file))
        let applied = try rig.shell.run(["wall", "apply", site, file, "--post", "wall", "--reason", "汛期"])
        #expect(applied.code == 0, "\(applied.text)")
        let refused = try rig.shell.run(["wall", "scene", site, "full", "--post", "wall"])
        #expect(refused.code == 1 && refused.text.contains("原因"), "\(refused.text)")
        let button = ".scene[data-key='full'] .put"
        try await rig.browser.click(button)
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog textarea')")
        try await rig.browser.press(.escape)
        try await rig.browser.wait("it is taken back", for: "!document.querySelector('dialog')")
        try await rig.shows(1, "verified", "网格地图")
        try await rig.browser.click(button)
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog textarea')")
        try await rig.browser.type("积水")
        try await rig.browser.click("dialog .primary")
        for number in [3, 6, 9] { try await rig.shows(number, "verified", "院内摄像机") }
        try await rig.shows(1, "verified", "公告栏")
        try await rig.browser.wait("for how long", for: "/^已核对 · 不对外的画面还看 0[45]:/.test(\(Self.scene("full")))")
        let journal = try rig.shell.run(["journal", "list", "\(rig.shell.folder)/journal"]).text
        #expect(journal.contains("汛期") && journal.contains("积水"))
      }
    }
  }
}
