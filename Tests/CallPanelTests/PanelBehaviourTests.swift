import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import DeviceVocabulary
import Testing

/// Contacts, lamps, lines and settings of the panel itself.
@Suite struct PanelBehaviourTests {
  @Test func bounceIsOnePress() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    for edge in 0..<50 {
      rig.hand(edge.isMultiple(of: 2) ? .press(1) : .release(1))
      rig.idle(.microseconds(300))
    }
    rig.hand(.press(1))
    rig.idle(.milliseconds(200))
    for edge in 0..<50 {
      rig.hand(edge.isMultiple(of: 2) ? .release(1) : .press(1))
      rig.idle(.microseconds(300))
    }
    rig.hand(.release(1))
    rig.run(.seconds(1))
    #expect(rig.recorded.count == 1)
    #expect(!rig.events.contains(.chatterChanged(PanelRig.button(1), true)))
  }

  @Test func glitchIsNoPress() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.hand(.press(1))
    rig.idle(.milliseconds(15))
    rig.hand(.release(1))
    rig.run(.seconds(1))
    #expect(rig.recorded.isEmpty)
    #expect(rig.panel.indicator(of: 1) == .off)
  }

  /// A contact that never rests for 20 ms still calls.
  @Test func restlessContactCallsAndIsFlagged() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    for edge in 0..<120 {
      rig.hand(edge.isMultiple(of: 2) ? .press(1) : .release(1))
      rig.idle(.milliseconds(5))
    }
    rig.run(.milliseconds(600))
    #expect(rig.recorded.count == 1)
    #expect(rig.events.contains(.chatterChanged(PanelRig.button(1), true)))
  }

  @Test func longPressAndStuck() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.hand(.press(6))
    rig.run(.seconds(4))
    let long = rig.events.contains { if case .pressed(let press) = $0 { press.kind == .longPress } else { false } }
    #expect(long)
    rig.run(.seconds(54))
    #expect(!rig.events.contains(.stuckChanged(PanelRig.button(6), true)))
    rig.run(.seconds(4))
    #expect(rig.events.contains(.stuckChanged(PanelRig.button(6), true)))
    #expect(rig.recorded.count == 1)
    rig.hand(.release(6))
    rig.run(.seconds(1))
    #expect(rig.last { if case .stuckChanged(PanelRig.button(6), let stuck) = $0 { stuck } else { nil } } == false)
  }

  @Test func chatterIsOneFlagAndFewPresses() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    for _ in 0..<100 {
      rig.hand(.press(2))
      rig.run(.milliseconds(70))
      rig.hand(.release(2))
      rig.run(.milliseconds(80))
    }
    let flags = rig.events.filter { $0 == .chatterChanged(PanelRig.button(2), true) }
    #expect(flags.count == 1)
    #expect(rig.recorded.count <= 8)
    rig.run(.seconds(12))
    #expect(rig.last { if case .chatterChanged(PanelRig.button(2), let on) = $0 { on } else { nil } } == false)
    rig.tap(2)
    rig.run(.seconds(1))
    #expect(rig.recorded.count <= 9)
  }

  @Test func linesTamperAndSupplyAreTold() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    #expect(rig.events.contains(.lineChanged(PanelRig.button(8), .normal)))
    rig.hand(.cutLine(3))
    rig.hand(.shortLine(4))
    rig.hand(.openHousing)
    rig.hand(.supply(millivolts: 10_400))
    rig.run(.milliseconds(500))
    #expect(rig.events.contains(.lineChanged(PanelRig.button(3), .open)))
    #expect(rig.events.contains(.lineChanged(PanelRig.button(4), .short)))
    #expect(rig.events.contains(.tamperChanged(PanelRig.device, true)))
    rig.run(.seconds(6))
    let supply = rig.last { if case .measured(_, .supplyMillivolts, let reading) = $0 { reading } else { nil } }
    #expect(supply?.value == 10_400)
    #expect(supply?.timeToLive == .seconds(15))
    rig.hand(.repairLine(3))
    rig.events = []
    rig.command(.retest(PanelRig.device))
    rig.run(.seconds(1))
    #expect(rig.events.contains(.lineChanged(PanelRig.button(3), .normal)))
    #expect(rig.events.contains(.lineChanged(PanelRig.button(4), .short)))
    #expect(rig.events.contains { if case .identified = $0 { true } else { false } })
  }

  @Test func lostHostIsShownWithinTenSecondsAndGone() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.tap(1)
    rig.run(.seconds(1))
    rig.command(.indicate(PanelRig.button(1), .steady))
    rig.run(.seconds(1))
    let silentSince = rig.now
    rig.lampLog = []
    rig.idle(.seconds(21))
    let flashes = rig.lampLog.filter { $0.button == 2 && $0.isOn }.map { $0.at - silentSince }
    #expect(flashes.count >= 3)
    #expect(flashes.first.map { $0 <= .seconds(10) } == true)
    #expect(rig.panel.indicator(of: 1) == .steady, "what was reached stays true")
    rig.run(.seconds(1))
    #expect(!rig.panel.showsHostSilence)
    rig.lampLog = []
    rig.run(.seconds(20))
    #expect(rig.lampLog.allSatisfy { $0.button != 2 })
  }

  @Test(arguments: [(PanelLamp.slowBlink, 500, 500), (.fastBlink, 125, 125)])
  func blinkTimes(_ lamp: PanelLamp, onMilliseconds: Int, offMilliseconds: Int) {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.accepts = lamp != .fastBlink
    rig.tap(1)
    rig.run(.seconds(1))
    rig.lampLog = []
    rig.run(.seconds(5))
    let edges = rig.lampLog.filter { $0.button == 1 }
    #expect(edges.count >= 8)
    for (one, next) in zip(edges, edges.dropFirst()) {
      #expect(next.at - one.at == .milliseconds(one.isOn ? onMilliseconds : offMilliseconds))
      #expect(one.isOn != next.isOn)
    }
  }

  @Test func comingBeepsAndMuteDoesNot() {
    for mute in [false, true] {
      var rig = PanelRig()
      rig.driver = .init(.init(device: PanelRig.device, mute: mute))
      rig.run(.seconds(1))
      rig.tap(1)
      rig.run(.seconds(1))
      rig.buzzerLog = []
      rig.command(.indicate(PanelRig.button(1), .coming))
      rig.run(.seconds(4))
      #expect(rig.panel.indicator(of: 1) == .coming)
      #expect(rig.panel.isLit(1))
      #expect(rig.buzzerLog.filter(\.isOn).count == (mute ? 0 : 6))
    }
  }

  /// Forward at once; to less (what it showed was another call, which is over) only through off, so that nobody takes it for the same one.
  @Test func aLampThatClaimsTooMuchGoesOutFirst() {
    for from in [Indicator.slowBlink, .steady, .coming] {
      for wish in [Indicator.slowBlink, .steady, .coming, .fault, .off] {
        var rig = PanelRig()
        rig.run(.seconds(1))
        rig.tap(1)
        rig.run(.seconds(1))
        rig.command(.indicate(PanelRig.button(1), from))
        rig.run(.seconds(1))
        rig.command(.indicate(PanelRig.button(1), wish))
        var seen: [PanelLamp] = []
        for _ in 0..<200 {
          rig.run(.milliseconds(5))
          if seen.last != rig.panel.indicator(of: 1) { seen.append(rig.panel.indicator(of: 1)) }
        }
        #expect(rig.panel.indicator(of: 1).rawValue == wish.rawValue, "\(from) then \(wish)")
        #expect(seen.contains(.off) == (wish < from), "\(from) then \(wish): \(seen)")
      }
    }
  }

  @Test func addressChangesOnlyUnderAFinger() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    var logic = rig.panel.logic
    var out = Effects<CallPanelLogic.Effect>()
    func write(_ register: UInt16, _ value: UInt16, _ now: Instant) {
      let frame = ModbusFrames.write(3, register, value)
      logic.receive(frame, at: now, into: &out)
      logic.handle(.wake, at: now + .milliseconds(5), into: &out)
      logic.handle(.transmitted, at: now + .milliseconds(10), into: &out)
      out.removeAll()
    }
    var now = rig.now + .seconds(1)
    write(PanelMap.newAddress, 9, now)
    write(PanelMap.newBaudCode, 0, now + .milliseconds(50))
    write(PanelMap.armConfiguration, PanelMap.armKey, now + .milliseconds(100))
    now += .seconds(1)
    logic.handle(.wake, at: now + .seconds(20), into: &out)
    #expect(logic.address == 3, "nobody held a button")
    now += .seconds(21)
    logic.handle(.contacts(1), at: now, into: &out)
    logic.handle(.wake, at: now + .milliseconds(4_900), into: &out)
    #expect(logic.address == 3)
    logic.handle(.wake, at: now + .milliseconds(5_100), into: &out)
    #expect(logic.address == 9)
    #expect(logic.baud == 9_600)
    #expect(logic.waitingEvents > 0, "a held button is a call all the same")
  }
}

/// Ages are computed without a division; they must still be right.
@Suite struct AgeTests {
  @Test(arguments: [0, 1, 999_999, 4_294_967, 4_294_968, 5_000_000_123, 86_400_000_000, 4_294_967_295_000, 9_000_000_000_000_000])
  func agesAreRight(_ microseconds: Int) {
    var rig = PanelRig()
    rig.hand(.press(1))
    rig.idle(.milliseconds(20))
    let pressed = rig.now - .milliseconds(20)
    var logic = rig.panel.logic
    let event = logic.waitingEvent(0, at: pressed + .microseconds(microseconds))
    #expect(event?.ageMilliseconds == UInt32(clamping: microseconds / 1_000))
  }
}
