import DeviceKit
import DeviceVocabulary
import Testing

extension BrowserTests {
  /// The readings of a station below, in its card.
  @Suite struct ReadingsTests {
    private static let list = "document.querySelector('.station[data-key=tiexi-03] .readings')"

    private static func reading(_ quantity: Quantity, _ value: Int64, age: Int, timeToLive: Int = 15) -> AgedReading {
      AgedReading(
        measurand: Measurand(DeviceID(bus: "A", node: 3), quantity), value: value, age: .seconds(age),
        timeToLive: .seconds(timeToLive))
    }

    @Test func eachHasItsAgeAndNoneIsMadeUp() async throws {
      try await PictureRig.run(Picture.parent()) { rig in
        try await rig.startDuty()
        try await rig.browser.click(".station[data-key=tiexi-03] .readings summary")
        try await rig.browser.wait("nothing is known", for: "\(Self.list).querySelector('p').innerText === '尚无读数'")
        #expect(try await rig.browser.evaluate("return /[0-9]/.test(\(Self.list).textContent)", as: Bool.self) == false)
        rig.setReadings(
          "tiexi-03",
          [
            Self.reading(.supplyMillivolts, 23_950, age: 3, timeToLive: 3600), Self.reading(.upTimeSeconds, 3_725, age: 70),
            Self.reading(.temperatureTenthsCelsius, -52, age: 9, timeToLive: 3600),
          ])
        try await rig.browser.wait("they are there", for: "\(Self.list).querySelectorAll('.fact').length === 3")
        let text = try await rig.browser.evaluate("return \(Self.list).innerText", as: String.self)
        for words in ["A/3 供电电压", "23.95 V", "A/3 运行时间", "1:02:05", "A/3 温度", "-5.2 °C"] {
          #expect(text.contains(words), "\(text)")
        }
        #expect(text.contains(#/00:0[3-9] 前/#) && text.contains(#/已过时,01:[0-9]{2} 前/#), "\(text)")
        let stale = "return [...\(Self.list).querySelectorAll('.stale')].map((row) => row.dataset.key)"
        #expect(try await rig.browser.evaluate(stale, as: [String].self) == ["A/3 upTimeSeconds"])
      }
    }

    /// Between two answers, and when none come any more, ages go on in the page by themselves.
    @Test func aValueBecomesStaleInFrontOfTheEyes() async throws {
      try await PictureRig.run(Picture.parent()) { rig in
        try await rig.startDuty()
        rig.setReadings("tiexi-03", [Self.reading(.supplyMillivolts, 23_950, age: 11)])
        try await rig.browser.click(".station[data-key=tiexi-03] .readings summary")
        try await rig.browser.wait("it is fresh", for: "\(Self.list).querySelector('.fact:not(.stale)')")
        try await rig.browser.run("fetch = () => new Promise(() => {})")
        try await rig.browser.wait("it is stale", for: "\(Self.list).querySelector('.fact.stale')")
        #expect(try await rig.browser.evaluate("return \(Self.list).innerText", as: String.self).contains("已过时"))
        try await rig.browser.run("fetch = () => Promise.reject()")
        try await rig.browser.wait("the page says that it knows none", for: "\(Self.list).innerText.includes('读数取不到')")
        #expect(try await rig.browser.evaluate("return /[0-9]/.test(\(Self.list).textContent)", as: Bool.self) == false)
      }
    }

    @Test func manyFitBothSizesAndBothLanguages() async throws {
      try await PictureRig.run(Picture.parent()) { rig in
        let all = (1...UInt8(60)).flatMap { node in
          Quantity.allCases.map { quantity in
            AgedReading(
              measurand: Measurand(DeviceID(bus: "corridor-bus", node: node), quantity), value: 9_007_199_254_740_991,
              age: .seconds(Int(node) * 1000), timeToLive: .seconds(15))
          }
        }
        for child in Picture.parent().children { rig.setReadings(child.station, all) }
        try await rig.startDuty()
        try await rig.browser.run("for (const details of document.querySelectorAll('details')) details.open = true")
        try await rig.browser.wait("all are there", for: "document.querySelectorAll('.readings .fact').length === 1200")
        try await LayoutTests.check(rig.browser, "readings")
        let cut = """
          return [...document.querySelectorAll(".readings, .readings dl, .readings .fact")]
            .filter((node) => node.scrollWidth > node.clientWidth + 1).length
          """
        #expect(try await rig.browser.evaluate(cut, as: Int.self) == 0)
        for language in ["zh-CN", "en"] {
          let names = Picture.names + Picture.names.map { String($0.prefix(7)) } + ["corridor-bus"]
          try await TextTests.expectNothingForeign(rig.browser, names: names, in: language)
          try await rig.browser.click("#language")
        }
      }
    }
  }
}
