import Testing

extension BrowserTests {
  @Suite struct TabTests {
    /// However many tabs, the server has one stream; and when the first tab goes, the others go on. With a SharedWorker, and for
    /// browsers that have none with the tab that leads.
    @Test(arguments: ["", "delete window.SharedWorker"]) func threeTabsShareOneStream(script: String) async throws {
      try await DeskRig.run(onEveryPage: [script]) { rig in
        let first = try await rig.browser.tab()
        try await rig.openDesk()
        var others: [String] = []
        for _ in 0..<2 {
          others.append(try await rig.browser.newTab())
          try await rig.openDesk()
        }
        #expect(try await rig.streams() == 1)
        try await rig.startDuty()
        try await rig.call("1/1", card: 1)
        for tab in [first] + others {
          try await rig.browser.look(at: tab)
          try await rig.browser.wait("every tab hears of it", for: DeskRig.card(1))
        }
        #expect(try await rig.streams() == 1)
        try await rig.browser.look(at: first)
        try await rig.browser.closeTab()
        try await rig.browser.look(at: others[0])
        try await rig.call("2/1", card: 2)
        try await rig.browser.look(at: others[1])
        try await rig.browser.wait("the last tab hears of it", for: DeskRig.card(2))
        #expect(try await rig.streams() == 1)
        for tab in others {
          try await rig.browser.look(at: tab)
          try await rig.browser.open("about:blank")
        }
        try await rig.browser.waitUntil("no page, no stream") { try await rig.streams() == 0 }
      }
    }
  }
}
