import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import DeviceVocabulary
import Testing

/// The call for help, step by step, as the resident and the station see it.
@Suite struct CallForHelpTests {
  @Test func lampFollowsTheCall() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    #expect(rig.panel.indicator(of: 1) == .off)
    rig.hand(.press(1))
    rig.accepts = false
    rig.run(.milliseconds(400))
    #expect(rig.panel.indicator(of: 1) == .fastBlink, "nothing is recorded yet")
    #expect(rig.panel.logic.waitingEvents == 1)
    rig.accepts = true
    rig.run(.milliseconds(1_200))
    #expect(rig.recorded.count == 1)
    #expect(rig.panel.indicator(of: 1) == .slowBlink)
    #expect(rig.panel.logic.waitingEvents == 0)
    #expect(rig.observed(1) == .slowBlink)
    for (wish, lamp) in [(Indicator.steady, PanelLamp.steady), (.coming, .coming), (.off, .off)] {
      rig.hand(.release(1))
      rig.command(.indicate(PanelRig.button(1), wish))
      rig.run(.milliseconds(300))
      #expect(rig.panel.indicator(of: 1) == lamp)
      #expect(rig.observed(1) == wish)
    }
  }

  /// The station shows a read-back lamp for 15 s: an unchanged one must be said again in time.
  @Test func anUnchangedLampIsReadBackAgain() {
    var rig = PanelRig()
    rig.run(.seconds(2))
    let before = rig.events.count
    rig.run(.seconds(12))
    let again = rig.events[before...].filter { $0 == .indicatorObserved(PanelRig.button(1), .off) }
    #expect((2...3).contains(again.count), "\(again.count)")
  }

  @Test func pressIsRecordedWithinAFewTurns() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    let pressedAt = rig.now
    rig.hand(.press(2))
    while rig.recorded.isEmpty && rig.now - pressedAt < .seconds(2) { rig.run(.milliseconds(5)) }
    #expect(rig.now - pressedAt < .milliseconds(200))
    #expect((rig.recorded.first?.ageMilliseconds ?? 9_999) < 200)
  }

  @Test func pressIsFeltWithoutAHost() {
    var rig = PanelRig()
    rig.idle(.seconds(31))
    #expect(rig.panel.showsHostSilence)
    rig.lampLog = []
    rig.buzzerLog = []
    let pressedAt = rig.now
    rig.hand(.press(4))
    rig.idle(.milliseconds(150))
    #expect(rig.panel.indicator(of: 4) == .fastBlink)
    let lit = rig.lampLog.first { $0.button == 4 && $0.isOn }
    #expect(lit.map { $0.at - pressedAt <= .milliseconds(150) } == true)
    #expect(rig.buzzerLog.first.map { $0.isOn && $0.at - pressedAt <= .milliseconds(150) } == true)
    rig.idle(.seconds(3_600))
    #expect(rig.panel.indicator(of: 4) == .fastBlink)
    rig.run(.seconds(1))
    #expect(rig.recorded.count == 1)
    let age = rig.recorded.first?.ageMilliseconds ?? 0
    #expect(age >= 3_600_150 && age < 3_602_000, "the age counts from the finger, not from the poll")
  }

  @Test func pressAfterOffStartsAnew() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.tap(1)
    rig.run(.milliseconds(500))
    rig.command(.indicate(PanelRig.button(1), .coming))
    rig.run(.milliseconds(500))
    rig.command(.indicate(PanelRig.button(1), .off))
    rig.run(.milliseconds(500))
    #expect(rig.panel.indicator(of: 1) == .off)
    rig.wishOnRecord = nil
    rig.hand(.press(1))
    rig.idle(.milliseconds(100))
    #expect(rig.panel.indicator(of: 1) == .fastBlink)
    rig.run(.milliseconds(500))
    #expect(rig.recorded.count == 2)
    #expect(rig.panel.indicator(of: 1) == .fastBlink, "the old off must not extinguish the new press")
  }

  /// Closing one incident and opening the next faster than the panel can be told.
  @Test func nextIncidentGoesThroughOff() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.tap(1)
    rig.run(.milliseconds(500))
    rig.command(.indicate(PanelRig.button(1), .steady))
    rig.run(.milliseconds(500))
    #expect(rig.panel.indicator(of: 1) == .steady)
    rig.command(.indicate(PanelRig.button(1), .off))
    rig.command(.indicate(PanelRig.button(1), .slowBlink))
    rig.run(.milliseconds(500))
    #expect(rig.panel.indicator(of: 1) == .slowBlink, "steady would claim that the parent has the new incident")
  }

  @Test(arguments: 0..<40) func eightAtOnceInAnyOrder(seed: Int) {
    var rig = PanelRig(seed: UInt64(seed))
    rig.run(.seconds(1))
    var order = Array<UInt8>(1...8)
    order.shuffle(using: &rig.random)
    for button in order {
      rig.hand(.press(button))
      rig.idle(.milliseconds(Int(rig.random.below(4))))
    }
    rig.run(.seconds(2))
    #expect(Set(rig.recorded.map(\.button.button)) == Set(1...8))
    #expect(rig.recorded.count == 8)
    #expect(rig.duplicates == 0)
    for button in order { #expect(rig.panel.indicator(of: button) == .slowBlink) }
    let sequences = rig.recorded.compactMap(\.identity?.sequence)
    #expect(sequences == sequences.sorted())
  }

  @Test func silentPlaceShowsNothing() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.command(.setSilent(PanelRig.button(5), true))
    rig.run(.seconds(1))
    #expect(rig.panel.flash?.silentMask == 0b1_0000)
    rig.lampLog = []
    rig.buzzerLog = []
    rig.tap(5)
    rig.run(.seconds(2))
    #expect(rig.recorded.count == 1, "silent for the room, not for the station")
    #expect(rig.lampLog.isEmpty && rig.buzzerLog.isEmpty)
    rig.hand(.powerOff)
    rig.idle(.seconds(1))
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.tap(5)
    #expect(rig.lampLog.isEmpty, "kept over a loss of power")
    rig.command(.setSilent(PanelRig.button(5), false))
    rig.run(.seconds(1))
    #expect(rig.panel.flash?.silentMask == 0)
  }
}
