import DeviceVocabulary
import Testing

@testable import Station

extension BrowserTests {
  /// 分流督办 on the desk of the street, and on the community's.
  @Suite struct HandOverTests {
    private static func item(
      _ incident: IncidentID, _ stage: DeskView.HandOverCard.Stage, due: DeskView.HandOverCard.Due?, in seconds: Int?
    ) -> DeskView.HandOverCard {
      DeskView.HandOverCard(
        station: "tiexi-03", incident: incident, placeName: Picture.names[Int(incident) + 6], mark: .real, isUp: false,
        from: "^desk", to: "lead", stage: stage, owner: stage == .accepted ? "lead" : "^desk", attempts: 1,
        offeredMilliseconds: Picture.now - 200_000, sinceMilliseconds: Picture.now - 100_000, due: due,
        dueMilliseconds: seconds.map { Picture.now + Int64($0) * 1000 }, dueInSeconds: seconds)
    }

    /// What came back, what is accepted and will soon be late.
    private static func street() -> DeskView {
      var view = Picture.parent()
      var refused = item(2, .refused, due: .decision, in: -65)
      (refused.refusedBy, refused.reason, refused.attempts) = ("lead", Picture.names[8], 2)
      view.handOvers = [refused, item(1, .accepted, due: .onScene, in: 3)]
      return view
    }

    @Test func theStreetSeesWhoHasItAndWhatIsLate() async throws {
      try await PictureRig.run(Self.street()) { rig in
        try await rig.startDuty()
        func text(_ number: Int) -> String { "document.querySelector('#hand-overs > li:nth-child(\(number))').innerText" }
        let refused = try await rig.browser.evaluate("return \(text(1))", as: String.self)
        for words in ["不接收,已退回", "第 2 次", "\(Picture.names[6]):\(Picture.names[8])", "退回 01:0"] {
          #expect(refused.contains(words), "\(words)")
        }
        #expect(
          try await rig.browser.evaluate("return \(text(2))", as: String.self).contains(
            "现由 \(Picture.names[1]) \(Picture.names[6]) 负责"))
        let late = "document.querySelector('#hand-over-late')"
        try await rig.browser.wait(
          "its time runs out on the page", for: "\(text(2)).includes('超时 00:0') && \(late).innerText.includes('2')")
        let heard = "document.querySelector('#announcements').textContent"
        try await rig.browser.wait("that is read out", for: "\(heard).includes('\(Picture.names[7])')")
        // It leads to the call, which can be offered to another.
        try await rig.browser.click("#hand-overs > li:nth-child(1) button")
        #expect(try await rig.browser.evaluate("return document.activeElement.dataset.key", as: String.self) == "tiexi-03/2")
        rig.change { ($0.handOvers[0].stage, $0.handOvers[0].due, $0.handOvers[0].dueInSeconds) = (.resolved, nil, nil) }
        try await rig.browser.wait("nothing of it is late", for: "\(late).innerText.includes('1') && \(text(1)).includes('等待结案')")
        rig.change { $0.handOvers = [] }
        try await rig.browser.wait("without any there is no list", for: "document.querySelector('#hand-overs-section').hidden")
      }
    }

    /// A count, and nobody's name: what is late among the matters of visitors is looked after at the windows.
    @Test func theDeskCountsTheMattersThatAreLate() async throws {
      try await PictureRig.run(Picture.child()) { rig in
        let line = "document.querySelector('#late-matters')"
        try await rig.startDuty()
        #expect(try await rig.browser.evaluate("return \(line).hidden", as: Bool.self), "nobody comes there")
        rig.change { $0.overdueMatters = 3 }
        try await rig.browser.wait("three are late", for: "\(line).innerText === '⚠ 群众办事超时限 3 件,在窗口页督办'")
        rig.change { $0.overdueMatters = 0 }
        try await rig.browser.wait("none is", for: "\(line).innerText === '群众办事超时限 0 件,在窗口页督办'")
      }
    }

    @Test func theCommunitySeesByWhenItIsDue() async throws {
      try await PictureRig.run(Picture.child()) { rig in
        try await rig.startDuty()
        let note = PictureRig.card("2", ".handed-down")
        #expect(try await rig.browser.evaluate("return \(note).hidden", as: Bool.self))
        let offered = DeskView.HandedDownCard(from: "^desk", onSceneWithinSeconds: 600, resolveWithinSeconds: 7200)
        rig.change { $0.incidents[1].handedDown = offered }
        try await rig.browser.wait("offered", for: "\(note).innerText.includes('接收后 10:00 内到场,2:00:00 内处置')")
        rig.change { view in
          view.incidents[1].handedDown?.onSceneDueMilliseconds = Picture.now
          view.incidents[1].handedDown?.onSceneInSeconds = 2
          view.incidents[1].handedDown?.resolveDueMilliseconds = Picture.now + 6_600_000
          view.incidents[1].handedDown?.resolveInSeconds = 6600
        }
        try await rig.browser.wait("accepted", for: "/须在 \\d\\d:\\d\\d:\\d\\d 前到场,还剩 00:0.*前处置/.test(\(note).innerText)")
        try await rig.browser.wait("late", for: "\(note).innerText.includes('超时 00:0') && \(note).classList.contains('late')")
        rig.change { $0.incidents[1].handedDown?.onSceneInSeconds = nil }
        try await rig.browser.wait("on scene", for: "/前处置,还剩 1:4/.test(\(note).innerText)")
      }
    }

    @Test func itFitsBothSizesAndBothLanguages() async throws {
      let long = String(repeating: "很长的说明", count: 20) + String(repeating: "W", count: 80)
      var view = Self.street()
      view.handOvers[0].reason = long
      view.handOvers[1].placeName = long
      view.children[3].state = .lost
      try await PictureRig.run(view) { rig in
        try await rig.startDuty()
        try await LayoutTests.check(rig.browser, "handed over")
        rig.change { view in
          view.handOvers = DeskView.HandOverCard.Stage.allCases.enumerated().map { index, stage in
            var item = Self.item(2, stage, due: .decision, in: -5)
            item.incident = IncidentID(index + 20)
            (item.placeName, item.isUp) = (Picture.names[8], index % 2 == 0)
            return item
          }
        }
        try await rig.browser.wait("all stages are there", for: "document.querySelectorAll('#hand-overs > li').length === 8")
        for language in ["zh-CN", "en"] {
          try await TextTests.expectNothingForeign(
            rig.browser, names: Picture.names + Picture.names.map { String($0.prefix(7)) }, in: language)
          try await rig.browser.click("#language")
        }
      }
    }
  }
}
