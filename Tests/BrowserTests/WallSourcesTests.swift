import DeviceVocabulary
import Testing

@testable import Station

extension BrowserTests {
  /// What can be put up: of which level, how it is and since when; and how one of many is found.
  @Suite struct WallSourcesTests {
    /// - Parameter cameras: how many there are beside the sources of every wall here, of each level and in each state.
    private static func view(_ cameras: Int, _ columns: Int = 3, _ rows: Int = 3) -> WallView {
      var view = WallPicture.view(columns, rows)
      let states: [SourceState] = [.live, .stale, .dead(reason: "连不上 / cannot be reached")]
      for number in 1...cameras {
        let source = WallPlan.Source(
          id: "c\(number)", name: "\(number % 2 == 0 ? "广场" : "码头")\(number)", kind: .camera,
          level: WallPlan.Source.Level.allCases[number % 3], isSensitive: number == 5)
        view.plan.sources.append(source)
        view.sources.append(
          .init(source: source, state: states[number % 3], ageMilliseconds: 5000, standsMilliseconds: 185_000))
      }
      return view
    }

    private static let names = "[...document.querySelectorAll('#sources b')].map((node) => node.textContent)"
    private static let headings = "[...document.querySelectorAll('#sources .level')].map((node) => node.innerText)"
    private static func state(_ id: String) -> String { "document.querySelector('#sources [data-key=\(id)] .state').textContent" }

    @Test func eachSaysItsLevelHowItIsAndSinceWhen() async throws {
      try await WallPictureRig.run(Self.view(6)) { rig in
        try await rig.startDuty()
        #expect(try await rig.browser.evaluate("return \(Self.headings)", as: [String].self) == ["社区 6", "街道 2", "区 2"])
        #expect(
          try await rig.browser.evaluate("return \(Self.names)", as: [String].self)
            == ["网格地图", "公告栏", WallPicture.secret, "东门", "码头3", "广场6", "码头1", "广场4", "广场2", "码头5"])
        #expect(try await rig.browser.evaluate("return document.getElementById('seek').hidden", as: Bool.self))
        #expect(try await rig.browser.evaluate("return \(Self.state("c1"))", as: String.self) == "画面中断,已 3 分钟")
        #expect(try await rig.browser.evaluate("return \(Self.state("c2"))", as: String.self) == "无画面,已 3 分钟 · 连不上")
        // Without another view its age goes on.
        let age = "Number(/^有画面,(\\d+) 秒前核对$/.exec(\(Self.state("c3")))?.[1])"
        let first = try await rig.browser.evaluate("return \(age)", as: Int.self)
        #expect(first >= 5)
        try await rig.browser.wait("it goes on", for: "\(age) > \(first)")
        rig.change { view, _ in
          for index in view.sources.indices { view.sources[index].source.level = .street }
        }
        try await rig.browser.wait("of one level there is no heading", for: "\(Self.headings).length === 0")
      }
    }

    /// Below a wide wall many of them take the room of two sections.
    @Test func manyTakeMoreRoom() async throws {
      try await WallPictureRig.run(Self.view(40, 16, 4)) { rig in
        try await rig.startDuty()
        for (width, height) in [(1920, 1080), (1024, 768), (768, 1024)] {
          try await rig.browser.resize(width, height)
          try await rig.browser.wait("all of the width is used", for: "innerWidth === \(width)")
          #expect(
            try await rig.browser.evaluate("return document.documentElement.scrollWidth <= innerWidth", as: Bool.self), "\(width)"
          )
          let times = try await rig.browser.evaluate(
            "return document.getElementById('sources').clientWidth / document.getElementById('no-faults').clientWidth",
            as: Double.self)
          #expect(times > (width > 1000 ? 1.9 : 0.9), "\(width)")
        }
      }
    }

    @Test func oneOfManyIsFoundByTyping() async throws {
      try await WallPictureRig.run(Self.view(40)) { rig in
        try await rig.startDuty()
        try await rig.browser.click("#seek")
        try await rig.browser.type("街道 码头3")
        try await rig.browser.wait("those whose texts have both", for: "\(Self.names).join() === '码头31,码头37'")
        try await Accessibility.check(rig.browser, "wall-sources-found")
        // A view that comes meanwhile changes nothing of it.
        rig.change { _, _ in }
        try await rig.browser.press(.enter)
        try await rig.browser.wait(
          "the first has the focus", for: "document.activeElement.matches(\"\(WallPictureRig.source("c31"))\")")
        try await rig.browser.press(.enter)
        try await rig.browser.wait("it is carried", for: "document.getElementById('carrying').innerText.includes('码头31')")
        try await rig.browser.click("#seek")
        try await rig.browser.press(.escape)
        try await rig.browser.wait("all are back", for: "\(Self.names).length === 44")
        // What is in the hand stays there.
        #expect(try await rig.browser.evaluate("return document.getElementById('carrying').hidden", as: Bool.self) == false)
        // By its id, but not one that is not to be named.
        try await rig.browser.type("c5")
        try await rig.browser.wait("by its id", for: "\(Self.names).join() === '码头5'")
        rig.change { view, _ in view.hasVisitors = true }
        try await rig.browser.wait("it is not told", for: "!document.getElementById('none-found').hidden")
        try await rig.browser.press(.escape)
        try await rig.browser.wait("it stands there without a name", for: "\(Self.names).includes('敏感画面')")
      }
    }

    /// What has been said already is said anew in the other language, as is everything else.
    @Test func theSwitchOfLanguageLeavesNothingInTheOther() async throws {
      try await WallPictureRig.run(Self.view(40)) { rig in
        try await rig.startDuty()
        rig.change { _, desk in desk.incidents = [Picture.call(7, WallPicture.place, age: 1)] }
        try await rig.browser.wait("it is announced", for: "document.getElementById('announcements').textContent !== ''")
        try await rig.browser.click("#by-clock")
        try await rig.expect(.wall(.scene(nil)))
        try await rig.browser.wait("it says so", for: "!document.getElementById('toast').hidden")
        let chinese = try await rig.browser.evaluate("return document.getElementById('toast').textContent", as: String.self)
        try await rig.browser.run("document.querySelector('#language').click()")
        let said = try await rig.browser.evaluate(
          "return ['toast', 'announcements'].map((id) => document.getElementById(id).textContent)", as: [String].self)
        #expect(said[0] != chinese && said[0].allSatisfy { !("\u{4e00}"..."\u{9fff}").contains($0) }, "\(said)")
        #expect(said[1] == "")
        #expect(
          try await rig.browser.evaluate("return document.getElementById('seek').placeholder", as: String.self)
            .hasPrefix("Find a source"))
        #expect(
          try await rig.browser.evaluate("return \(Self.state("c2"))", as: String.self) == "dead for 3 min · cannot be reached")
      }
    }
  }
}
