import DeviceVocabulary
import Testing

@testable import Station

extension BrowserTests {
  /// The duty desk of a station with another above it.
  @Suite struct UplinkTests {
    private static let strip = "document.querySelector('#uplink')"

    private func says(_ rig: PictureRig, _ words: String...) async throws {
      for words in words { try await rig.browser.wait("it says \(words)", for: "\(Self.strip).innerText.includes('\(words)')") }
    }

    @Test func theStripSaysHowTheLineIs() async throws {
      try await PictureRig.run(Picture.child()) { rig in
        try await rig.startDuty()
        try await says(rig, "上级 street-01", "● main 正常 · 最后证明", "▲ mobile 不稳定", "记录已全部送达", "用时 0.3 秒", "可用率 99.7%")
        let isRed = "getComputedStyle(\(Self.strip)).backgroundColor === 'rgb(155, 12, 12)'"
        #expect(try await rig.browser.evaluate("return \(isRed)", as: Bool.self) == false)
        rig.change { view in
          view.link?.paths[0].state = .down
          view.link?.paths[0].reason = "连接超时"
          view.link?.waiting = 214
          view.link?.waitingCalls = 2
        }
        try await says(rig, "✕ main 不通 · 最后证明", "连接超时", "待上送 214 条,其中求助 2 条")
        #expect(try await rig.browser.evaluate("return \(isRed)", as: Bool.self) == false, "one way is left")
        rig.change { $0.link?.paths[1].state = .refused }
        try await says(rig, "上级失联:求助由本站处理", "⊘ mobile 被上级拒绝")
        #expect(try await rig.browser.evaluate("return \(isRed)", as: Bool.self))
        rig.change { view in
          for index in 0...1 { view.link?.paths[index] = PathStatus(name: "way \(index)", state: .connecting) }
          view.link?.parent = ""
          view.link?.proofLastMilliseconds = nil
          view.link?.availabilityPerMille = nil
        }
        try await says(rig, "… way 0 正在连接 · 启动后没有证明", "每日验证 尚无结果")
        #expect(try await rig.browser.evaluate("return \(isRed)", as: Bool.self) == false)
        rig.change { $0.link = nil }
        try await rig.browser.wait("a station without a parent has no strip", for: "\(Self.strip).hidden")
      }
    }

    @Test func noticesAndOwnersFromAboveAreNamedAndACallCanBeHandedUp() async throws {
      try await PictureRig.run(Picture.child()) { rig in
        try await rig.startDuty()
        let notices = "document.querySelector('#parent-notice-list').innerText"
        try await rig.browser.wait("the notice is there", for: "\(notices).includes('上级 desk \(Picture.names[20])')")
        let heard = "document.querySelector('#announcements').textContent"
        #expect(try await rig.browser.evaluate("return \(heard)", as: String.self) == "")
        rig.change { $0.notices.append(.init(number: 2, post: "^lead", text: "<b>暴雨</b>", atMilliseconds: Picture.now)) }
        try await rig.browser.wait("a new one is read out", for: "\(heard).includes('<b>暴雨</b>')")
        try await rig.browser.wait("the newest is on top", for: "/^\\S+ 上级 lead <b>暴雨/.test(\(notices))")
        try await rig.browser.run("\(PictureRig.card("2")).focus()")
        try await rig.browser.type("h")
        try await rig.browser.wait("the parent can be picked", for: "document.querySelector('dialog option[value=\"^\"]')")
        try await rig.browser.press(.down, .tab, .enter)
        try await rig.expect(.offerHandOver(2, to: "^"))
        rig.change { $0.incidents[1].offeredTo = "^" }
        let card = PictureRig.card("2")
        try await rig.browser.wait("it says to whom it is offered", for: "\(card).innerText.includes('正在移交给 上级')")
        rig.change { view in
          view.incidents[1].offeredTo = nil
          view.incidents[1].owner = "^desk"
          view.incidents[1].formerOwners = ["desk"]
        }
        try await rig.browser.wait("it says whose it is now", for: "\(card).innerText.includes('上级 desk')")
        #expect(try await rig.browser.evaluate("return \(card).querySelectorAll('button:enabled').length", as: Int.self) == 0)
      }
    }

    @Test func itFitsBothSizesAndBothLanguages() async throws {
      try await PictureRig.run(Picture.child()) { rig in
        try await rig.startDuty()
        try await LayoutTests.check(rig.browser, "child")
        rig.change { view in
          view.notices[0].text = String(repeating: "W", count: 500)
          for index in 0...1 {
            view.link?.paths[index].state = .down
            view.link?.paths[index].reason = String(repeating: "W", count: 120)
          }
        }
        try await rig.browser.wait("the parent is lost", for: "\(Self.strip).classList.contains('bad')")
        try await LayoutTests.check(rig.browser, "child without its parent")
        rig.change { view in
          view.notices[0].text = Picture.names[20]
          for index in 0...1 { view.link?.paths[index].reason = "" }
        }
        try await rig.browser.wait("the long words are gone", for: "!document.body.innerText.includes('WWW')")
        for language in ["zh-CN", "en"] {
          try await TextTests.expectNothingForeign(rig.browser, names: Picture.names, in: language)
          try await rig.browser.click("#language")
        }
      }
    }
  }
}
