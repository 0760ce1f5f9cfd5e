import Testing

@testable import Station

extension BrowserTests {
  /// The duty desk of a station with others below it.
  @Suite struct StreetTests {
    static let waiting = "tiexi-03/1"

    @Test func aCallFromBelowSoundsAndIsAcknowledgedByKeyboard() async throws {
      var view = Picture.parent()
      view.children[3].incidents.removeFirst()
      try await PictureRig.run(view, onEveryPage: [SoundTests.ear, KeyboardTests.watch]) { rig in
        try await rig.browser.press(.tab, .tab, .tab, .space)
        try await rig.browser.run("document.querySelector('input[value=desk]').focus()")
        try await rig.browser.press(.space, .enter)
        try await rig.browser.wait("the duty has begun", for: "!document.body.classList.contains('not-started')")
        rig.change { $0.children[3].incidents.insert(Picture.call(1, Picture.names[7], age: 1), at: 0) }
        try await rig.browser.wait("it rings", for: SoundTests.rings)
        let strip = "document.querySelector('#waiting').innerText"
        try await rig.browser.wait(
          "it stands in the strip", for: "\(strip).includes('\(Picture.names[1]) · \(Picture.names[7])')")
        let heard = "document.querySelector('#announcements').textContent"
        #expect(try await rig.browser.evaluate("return \(heard)", as: String.self).contains(Picture.names[1]))
        // What waits comes first, also before this station's own call of the same number.
        let order = "return [...document.querySelectorAll('#incidents > .card')].map((card) => card.dataset.key)"
        #expect(try await rig.browser.evaluate(order, as: [String].self) == [Self.waiting, "beihe-02/9", "1", "tiexi-03/2"])
        try await rig.browser.type("w")
        #expect(try await rig.browser.evaluate("return document.activeElement.dataset.key", as: String.self) == Self.waiting)
        #expect(try await rig.browser.evaluate(KeyboardTests.focusScript, as: String.self) == "")
        try await rig.browser.press(.enter)
        try await rig.expect(.child("tiexi-03", .acknowledge(incident: 1)))
        try await rig.browser.wait(
          "it says that the answer comes later", for: "document.querySelector('#toast').textContent.includes('等待站点答复')")
        try await theAnswerComes(rig)
        #expect(try await rig.browser.evaluate("return touched", as: [String].self) == [])
      }
    }

    /// Sent, refused, sent again, done.
    private func theAnswerComes(_ rig: PictureRig) async throws {
      let notes = PictureRig.card(Self.waiting, ".child-notes")
      let button = PictureRig.card(Self.waiting, ".acknowledge")
      let pending = DeskView.PendingCard(number: 7, incident: 1, action: "acknowledge", post: "desk", ageSeconds: 5)
      rig.change { $0.children[3].pending = [pending] }
      try await rig.browser.wait("the card says what is under way", for: "/接警.*等待站点答复 00:0[5-9]/.test(\(notes).textContent)")
      #expect(try await rig.browser.evaluate("return \(button).disabled", as: Bool.self))
      try await rig.browser.wait("its age goes on", for: "/00:0[7-9]/.test(\(notes).textContent)")
      let count = rig.asked.count
      try await rig.browser.press(.enter)
      try await rig.browser.wait("the key is blocked, too", for: "document.querySelector('#toast').classList.contains('bad')")
      #expect(rig.asked.count == count)
      rig.change {
        $0.children[3].pending = []
        $0.children[3].failure = DeskView.FailureCard(
          incident: 1, action: "acknowledge", post: "desk", chinese: Texts.text(.ownedByAnother).chinese,
          english: Texts.text(.ownedByAnother).english, atMilliseconds: Picture.now)
      }
      try await rig.browser.wait(
        "the card says that it failed", for: "\(notes).textContent.includes('\(Texts.text(.ownedByAnother).chinese)')")
      #expect(try await rig.browser.evaluate("return \(button).disabled", as: Bool.self) == false)
      #expect(try await rig.browser.evaluate("return \(PictureRig.card("1", ".child-notes")).textContent", as: String.self) == "")
      rig.change {
        $0.children[3].failure = nil
        $0.children[3].incidents[0] = Picture.call(1, Picture.names[7], age: 9, phase: .acknowledged, owner: "^desk")
      }
      let owner = PictureRig.card(Self.waiting, ".fact:nth-child(2) dd")
      try await rig.browser.wait("it is this post's", for: "\(owner).textContent.includes('本站 \(Picture.names[5])')")
      #expect(try await rig.browser.evaluate("return \(notes).textContent", as: String.self) == "")
      try await rig.browser.wait("it is quiet", for: "loudness() === 0 && document.querySelector('#waiting').hidden")
    }

    /// Its number may be another call's there by now: nothing is asked of the station, and both calls stand on the desk.
    @Test func aCallThatOnlyThisCentreHasIsShownAsOneAndAskedOfNobody() async throws {
      var view = Picture.parent()
      let lost = Picture.call(1, Picture.names[8], age: 500)
      view.children[3].lost = [lost]
      view.children[3].pending = [.init(number: 7, incident: 1, action: "resolve", post: "desk", ageSeconds: 5)]
      try await PictureRig.run(view) { rig in
        try await rig.startDuty()
        let key = "tiexi-03/lost/1/\(lost.pressedAtMilliseconds)"
        let notes = PictureRig.card(key, ".child-notes")
        try await rig.browser.wait("the card says so", for: "\(notes).textContent.includes('只在上级有记录')")
        #expect(try await rig.browser.evaluate("return \(notes).childElementCount", as: Int.self) == 1)
        let enabled = "return \(PictureRig.card(key)).querySelectorAll('.actions button:not(:disabled)').length"
        // It can be closed here, and that is all.
        #expect(try await rig.browser.evaluate(enabled, as: Int.self) == 1)
        let closes = "return \(PictureRig.card(key)).querySelector('.actions button:not(:disabled)').textContent"
        #expect(try await rig.browser.evaluate(closes, as: String.self).contains("本级结案"))
        #expect(try await rig.browser.evaluate("return \(PictureRig.card(Self.waiting)) !== null", as: Bool.self))
        try await rig.browser.run("\(PictureRig.card(key)).focus()")
        try await rig.browser.press(.enter)
        try await rig.browser.wait("the key is blocked, too", for: "document.querySelector('#toast').classList.contains('bad')")
        #expect(rig.asked.isEmpty)
      }
    }

    @Test func everyActionOfACallFromBelowGoesToItsStation() async throws {
      try await PictureRig.run(Picture.parent()) { rig in
        try await rig.startDuty()
        let card = "tiexi-03/2"
        try await rig.browser.run("\(PictureRig.card(card)).focus()")
        try await rig.browser.type("s")
        try await rig.expect(.child("tiexi-03", .onScene(incident: 2)))
        try await rig.browser.type("h")
        try await rig.browser.wait("posts of that station can be picked", for: "document.querySelector('dialog select')")
        let choices = "return [...document.querySelectorAll('dialog option')].map((option) => option.text)"
        #expect(
          try await rig.browser.evaluate(choices, as: [String].self) == [5, 6].map { "\(Picture.names[1]) \(Picture.names[$0])" })
        try await rig.browser.press(.down, .tab, .enter)
        try await rig.expect(.child("tiexi-03", .offer(incident: 2, to: "lead")))
        try await rig.browser.type("x")
        try await rig.browser.press(.tab, .enter)
        try await rig.expect(.child("tiexi-03", .falseAlarm(incident: 2, note: "")))
        rig.change { $0.children[3].incidents[1].phase = .onScene }
        try await rig.browser.wait("on scene", for: "\(PictureRig.card(card)).dataset.phase === 'onScene'")
        try await rig.browser.type("r")
        try await rig.browser.type("已扶起")
        try await rig.browser.press(.enter, holding: .control)
        try await rig.expect(.child("tiexi-03", .resolve(incident: 2, note: "已扶起")))
        rig.change { $0.children[3].incidents[1].phase = .resolved }
        try await rig.browser.wait("resolved", for: "\(PictureRig.card(card)).dataset.phase === 'resolved'")
        try await rig.browser.type("c")
        try await rig.expect(.child("tiexi-03", .close(incident: 2)))
        try await offeredFromBelow(rig)
      }
    }

    @Test func aCallThatItsStationDoesNotKnowCanBeClosedHere() async throws {
      try await PictureRig.run(Picture.parent()) { rig in
        try await rig.startDuty()
        let button = PictureRig.card(Self.waiting, ".closeHere")
        #expect(try await rig.browser.evaluate("return \(button).hidden", as: Bool.self))
        rig.change { $0.children[3].strays = [1] }
        let notes = PictureRig.card(Self.waiting, ".child-notes")
        try await rig.browser.wait("it is said", for: "\(notes).innerText.includes('没有这个求助') && !\(button).hidden")
        try await rig.browser.click("#incidents > [data-key='\(Self.waiting)'] .closeHere")
        try await rig.browser.type("已核实")
        try await rig.browser.press(.enter, holding: .control)
        try await rig.expect(.closeStray("tiexi-03", 1, note: "已核实"))
      }
    }

    /// A call that its station offers to the one above; it is nobody else's before that.
    private func offeredFromBelow(_ rig: PictureRig) async throws {
      let card = "beihe-02/9"
      let enabled = "return \(PictureRig.card(card)).querySelectorAll('button:enabled').length"
      #expect(try await rig.browser.evaluate(enabled, as: Int.self) == 0)
      rig.change { $0.children[0].incidents[0].offeredTo = "^" }
      let selector = "#incidents > [data-key='\(card)']"
      try await rig.browser.wait("it can be taken", for: "document.querySelector(\"\(selector) .accept:enabled\")")
      try await rig.browser.click("\(selector) .accept")
      try await rig.expect(.child("beihe-02", .accept(incident: 9)))
      try await rig.browser.click("\(selector) .refuse")
      try await rig.browser.type("没有人手")
      try await rig.browser.press(.enter, holding: .control)
      try await rig.expect(.child("beihe-02", .refuse(incident: 9, reason: "没有人手")))
    }

    @Test func aLostStationIsGreyAndClaimsNothingOfNow() async throws {
      try await PictureRig.run(Picture.parent()) { rig in
        try await rig.startDuty()
        let card = PictureRig.card("beihe-02/9")
        try await rig.browser.wait("the card is there", for: card)
        #expect(try await rig.browser.evaluate("return getComputedStyle(\(card)).filter", as: String.self) == "grayscale(1)")
        let said = "return \(PictureRig.card("beihe-02/9", ".child-notes")).textContent"
        #expect(try await rig.browser.evaluate(said, as: String.self).contains("最后联系时"))
        // What the lamp is like there is not known here, at a station that is heard, either.
        for key in ["beihe-02/9", Self.waiting] {
          #expect(try await rig.browser.evaluate("return \(PictureRig.card(key, ".lamp-unknown")) !== null", as: Bool.self))
          let lamp = "return \(PictureRig.card(key, ".lamp-text")).textContent"
          #expect(try await rig.browser.evaluate(lamp, as: String.self).contains("应为"))
        }
        let heard = "return getComputedStyle(\(PictureRig.card(Self.waiting))).filter"
        #expect(try await rig.browser.evaluate(heard, as: String.self) == "none")
        rig.change { $0.children[0].state = .up }
        try await rig.browser.wait("it is heard again", for: "!\(card).classList.contains('stale')")
        #expect(try await rig.browser.evaluate(said, as: String.self) == "")
      }
    }

    @Test func theMapLeadsToAStationWhichCanBeToldSomething() async throws {
      try await PictureRig.run(Picture.parent(), onEveryPage: [KeyboardTests.watch]) { rig in
        try await rig.browser.run("document.querySelector('input[value=desk]').focus()")
        try await rig.browser.press(.space, .enter)
        try await rig.browser.type("z")
        // Beside the map: shapes, not only colours.
        let shapes = "return [...document.querySelectorAll('.map-station')].map((node) => node.getAttribute('aria-label'))"
        let labels = try await rig.browser.evaluate(shapes, as: [String].self)
        for (label, words) in zip(labels, ["失联", "尚未联系", "线路降级", "正常, 有求助待接警 1"]) { #expect(label.hasSuffix(words)) }
        #expect(
          try await rig.browser.evaluate(
            "return [...document.querySelectorAll('#map .ring')].map((ring) => ring.closest('.map-station').dataset.key)",
            as: [String].self) == ["tiexi-03"])
        // One that never came says what is to be done.
        rig.change { $0.children[1].state = .never }
        let never = "document.querySelector('.station[data-key=dongling-05]').innerText"
        try await rig.browser.wait("it is said", for: "\(never).includes('从未连接过') && \(never).includes('linli enroll')")
        try await rig.browser.press(.tab, .tab, .tab, .tab)
        #expect(try await rig.browser.evaluate("return document.activeElement.dataset.key", as: String.self) == "tiexi-03")
        let outline = "return getComputedStyle(document.activeElement.querySelector('.focus')).strokeWidth"
        #expect(try await rig.browser.evaluate(outline, as: String.self) == "4px")
        try await rig.browser.press(.enter)
        let station = "document.activeElement.matches('.station[data-key=tiexi-03]')"
        #expect(try await rig.browser.evaluate("return \(station)", as: Bool.self))
        #expect(try await rig.browser.evaluate(KeyboardTests.focusScript, as: String.self) == "")
        try await rig.browser.press(.tab, .enter)
        try await rig.browser.type("请检查备用电源")
        try await rig.browser.press(.enter, holding: .control)
        try await rig.expect(.child("tiexi-03", .notice(text: "请检查备用电源")))
        #expect(try await rig.browser.evaluate("return touched", as: [String].self) == [])
      }
    }

    @Test func whatWasClosedLatelyStandsInOneListNewestFirst() async throws {
      func closed(_ id: IncidentID, _ place: String, _ ago: Int64, owner: String) -> DeskView.IncidentCard {
        var card = Picture.call(id, place, age: 600, phase: .closed, owner: owner)
        (card.closedMilliseconds, card.note) = (Picture.now - ago * 1000, Picture.names[20])
        return card
      }
      var view = Picture.parent()
      view.recentlyClosed = [closed(1, Picture.names[10], 100, owner: "lead")]
      view.children[3].recentlyClosed = [
        closed(1, Picture.names[7], 50, owner: "^desk"), closed(5, Picture.names[9], 200, owner: "desk"),
      ]
      try await PictureRig.run(view) { rig in
        try await rig.startDuty()
        let lines = try await rig.browser.evaluate(
          "return [...document.querySelectorAll('#closed li')].map((item) => item.innerText)", as: [String].self)
        let station = Picture.names[1]
        let wanted = [
          "\(station) · \(Picture.names[7]) · 求助 · 本站 \(Picture.names[5]) · 接警用时 00:14",
          "\(Picture.names[10]) · 求助 · \(Picture.names[6])",
          "\(station) · \(Picture.names[9]) · 求助 · \(station) \(Picture.names[5])",
        ]
        #expect(lines.count == 3)
        for (line, words) in zip(lines, wanted) { #expect(line.contains(words) && line.hasSuffix(Picture.names[20]), "\(line)") }
      }
    }

    @Test func itFitsBothSizesAndBothLanguages() async throws {
      var view = Picture.parent()
      let long = String(repeating: "很长的说明", count: 20) + String(repeating: "W", count: 80)
      view.children[3].incidents[1].note = long
      view.children[3].pending = [.init(number: 7, incident: 1, action: "acknowledge", post: "desk", ageSeconds: 5)]
      view.children[3].failure = .init(
        incident: 2, action: "handOver", post: "lead", chinese: long, english: long, atMilliseconds: Picture.now)
      view.children[1].name = long
      try await PictureRig.run(view) { rig in
        try await LayoutTests.check(rig.browser, "street, before the duty")
        try await rig.startDuty()
        try await rig.browser.run("for (const faults of document.querySelectorAll('details')) faults.open = true")
        try await LayoutTests.check(rig.browser, "street")
        rig.change { view in
          view.children[3].incidents[1].note = nil
          view.children[3].failure = nil
          view.children[1].name = Picture.names[4]
        }
        try await rig.browser.wait("the long words are gone", for: "!document.body.innerText.includes('WWW')")
        for language in ["zh-CN", "en"] {
          // The map cuts long names short.
          let names = Picture.names + Picture.names.map { String($0.prefix(7)) }
          try await TextTests.expectNothingForeign(rig.browser, names: names, in: language)
          try await rig.browser.click("#language")
        }
      }
    }
  }
}
