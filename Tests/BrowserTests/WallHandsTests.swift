import Foundation
import TestSupport
import Testing

extension BrowserTests {
  /// The operator's console under a mouse, under a finger and under keys alone.
  @Suite struct WallHandsTests {
    private static func source(_ id: String) -> String { "#sources [data-key=\(id)] button" }
    private static func tile(_ number: Int) -> String { ".tile[data-output='\(number)']" }

    @Test func aSourceIsDraggedOntoATileByTheMouse() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(9, "verified", "公告栏")
        try await rig.browser.drag(Self.source("map"), to: Self.tile(9))
        try await rig.shows(9, "verified", "网格地图")
        // A camera wants a reason; without one nothing is put up.
        try await rig.browser.drag(Self.source("cam"), to: Self.tile(3))
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog textarea')")
        try await rig.browser.press(.escape)
        try await rig.browser.wait("it is taken back", for: "!document.querySelector('dialog')")
        try await rig.shows(3, "verified", "公告栏")
        #expect(try await rig.browser.evaluate("return document.querySelectorAll('#pins li').length", as: Int.self) == 1)
        try await rig.browser.drag(Self.source("cam"), to: Self.tile(3))
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog textarea')")
        try await rig.browser.type("积水")
        try await rig.browser.click("dialog .primary")
        try await rig.shows(3, "verified", "院内摄像机")
        // Let go beside the tiles, nothing happens.
        try await rig.browser.drag(Self.source("map"), to: "#grid-title")
        #expect(try await rig.browser.evaluate("return document.querySelectorAll('.tile.target').length", as: Int.self) == 0)
        #expect(try await rig.browser.evaluate("return document.querySelectorAll('#pins li').length", as: Int.self) == 2)
      }
    }

    /// The sizes of a tablet, upright and across, and of the console's own screen.
    static let sizes = [
      (width: 1024, height: 768, least: 44), (width: 768, height: 1024, least: 44), (width: 1920, height: 1080, least: 24),
    ]

    @Test func onATabletEverythingIsInReachOfAFinger() async throws {
      try await WallRig.run { rig in
        try await rig.begin()
        try await rig.shows(1, "verified", "网格地图")
        _ = try rig.shell.panels("press 1/2")
        try await rig.shows(1, "verified", "院内摄像机")
        try rig.hand("lock hub/3")
        for size in Self.sizes.prefix(2) {
          try await rig.browser.resize(size.width, size.height)
          try await Self.carry(rig, "map")
          try await rig.browser.tap(Self.tile(9))
          try await rig.shows(9, "verified", "网格地图")
          try await rig.browser.tap("#pins .take-off")
          try await rig.shows(9, "verified", "公告栏")
        }
        // One that is locked, with all that is known of it.
        try await Self.carry(rig, "map")
        try await rig.browser.tap(Self.tile(3))
        try await rig.shows(3, "notSwitched", "公告栏")
        try await rig.browser.tap(Self.tile(3))
        try await rig.browser.wait("what is known of it", for: "document.querySelectorAll('dialog .shown').length >= 4")
        let known = try await rig.browser.evaluate("return document.querySelector('dialog').innerText", as: String.self)
        for text in ["公告栏", "网格地图", "可能被锁定", "42 °C"] { #expect(known.contains(text), "\(text): \(known)") }
        try await Self.check(rig, "output")
        try await rig.browser.press(.escape)
        try await rig.browser.tap("[data-key=full] .rehearse")
        try await rig.browser.wait("a rehearsal", for: "!document.getElementById('rehearsal').hidden")
        try await rig.browser.tap("#visitors")
        try await rig.browser.wait("visitors are here", for: "!document.getElementById('visitors-banner').hidden")
        try await Self.check(rig, "busy")
        try await rig.browser.tap("#visitors")
        for step in ["没有密码可问", "都走了吗"] {
          try await rig.browser.wait("it asks twice", for: "document.querySelector('dialog')?.innerText.includes('\(step)')")
          try await Self.check(rig, "visitors-leave")
          try await rig.browser.tap("dialog .primary")
        }
        try await rig.browser.wait("the visitors have left", for: "document.getElementById('visitors-banner').hidden")
        try await rig.browser.tap("#open-editor")
        try await rig.browser.wait("the editor", for: "document.querySelectorAll('#cells button').length === 9")
        try await Self.check(rig, "editor")
        try await rig.browser.press(.escape)
        try await rig.browser.wait("the editor is gone", for: "!document.querySelector('#editor')")
        try await Self.carry(rig, "hallcam")
        try await rig.browser.tap(Self.tile(9))
        try await rig.browser.wait("a reason is asked for", for: "document.querySelector('dialog textarea')")
        try await Self.check(rig, "reason")
      }
    }

    private static func carry(_ rig: WallRig, _ source: String) async throws {
      try await rig.browser.tap(Self.source(source))
      try await rig.browser.wait("\(source) is carried", for: "!document.getElementById('carrying').hidden")
    }

    /// In each size and both languages: nothing sticks out or is too small for a finger, and scenes are large.
    private static func check(_ rig: WallRig, _ scene: String) async throws {
      for size in sizes {
        try await rig.browser.resize(size.width, size.height)
        for language in ["zh-CN", "en"] {
          #expect(try await rig.browser.evaluate("return document.documentElement.lang", as: String.self) == language)
          let found = try await rig.browser.evaluate(LayoutTests.script(least: size.least), as: [String].self)
          #expect(found == [], "\(scene), \(size.width) pixels, \(language)")
          let low = try await rig.browser.evaluate(
            "return [...document.querySelectorAll('.scene .put')].filter((node) => node.getBoundingClientRect().height < 60).length",
            as: Int.self)
          #expect(low == 0, "\(scene), \(size.width) pixels, \(language): scenes of less than 60 pixels")
          let cut = try await rig.browser.evaluate(
            "return [...document.querySelectorAll('.scene, .tile')].filter((node) => node.scrollWidth > node.clientWidth + 1).length",
            as: Int.self)
          #expect(cut == 0, "\(scene), \(size.width) pixels, \(language): scenes or tiles that are cut off")
          // It takes its time: one language is enough where the words change nothing.
          if language == "zh-CN" || size.width == 768 {
            try await Accessibility.check(rig.browser, "wall-\(scene)-\(size.width)-\(language)")
          }
          // By script, as a dialog may lie over the button.
          try await rig.browser.run("document.querySelector('#language').click()")
        }
      }
    }

    @Test func theKeyboardAloneSuffices() async throws {
      try await WallRig.run(onEveryPage: [KeyboardTests.watch]) { rig in
        try await rig.browser.open("http://127.0.0.1:\(rig.port)/")
        try await rig.browser.wait("the posts are there", for: "document.querySelector('input[name=post]')")
        try await tab(rig, to: "input[name=post]")
        try await rig.browser.press(.space)
        try await tab(rig, to: "#start-button")
        try await rig.browser.press(.enter)
        try await rig.browser.wait("the wall is drawn", for: "document.querySelectorAll('.tile').length === 9")
        // From the heading of the wall on.
        try await rig.browser.wait("the focus is on it", for: "document.activeElement.id === 'grid-title'")
        try await tab(rig, to: "[data-key=full] .put")
        try await rig.browser.press(.enter)
        for number in 1...9 { try await rig.shows(number, "verified", "公告栏") }
        try await focusShows(rig)
        try await tab(rig, to: Self.source("map"))
        try await rig.browser.press(.space)
        try await rig.browser.wait("it is carried", for: "!document.getElementById('carrying').hidden")
        try await tab(rig, to: Self.tile(5), back: true)
        try await rig.browser.press(.enter)
        try await rig.shows(5, "verified", "网格地图")
        try await focusShows(rig)
        try await tab(rig, to: "#pins .take-off")
        try await rig.browser.press(.enter)
        try await rig.shows(5, "verified", "公告栏")
        try await focusShows(rig)
        #expect(try await rig.browser.evaluate("return touched", as: [String].self) == [])
      }
    }

    /// Presses Tab until the focus is there; everything on the way must show it.
    private func tab(_ rig: WallRig, to selector: String, back: Bool = false) async throws {
      for _ in 0..<60 {
        if try await rig.browser.evaluate("return document.activeElement.matches(\"\(selector)\")", as: Bool.self) { return }
        try await rig.browser.press(.tab, holding: back ? .shift : nil)
        try await focusShows(rig)
      }
      throw BrowserError("Tab does not come to \(selector)")
    }

    private func focusShows(_ rig: WallRig) async throws {
      var wrong = ""
      for _ in 0..<50 {
        wrong = try await rig.browser.evaluate(KeyboardTests.focusScript, as: String.self)
        if wrong == "" { return }
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(wrong == "")
    }
  }
}
