import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import DeviceVocabulary
import Foundation
import Testing

/// No press is lost and none counts twice, whatever happens to requests, answers and power.
@Suite struct DeliveryTests {
  @Test(arguments: 0..<10) func exactUnderLossAndResets(block: Int) {
    // 1,000 seeds in the long run, every twentieth otherwise.
    let isLong = ProcessInfo.processInfo.environment["LINLI_LONG"] != nil
    for seed in stride(from: block * 100, to: block * 100 + 100, by: isLong ? 1 : 20) {
      var rig = PanelRig(seed: UInt64(seed))
      rig.lossPerThousand = 50 + rig.random.below(350)
      var pressed = 0
      for _ in 0..<6 {
        rig.run(.milliseconds(Int(rig.random.below(600))))
        // One finger at a time on a button that rests: each is one press, first or repeated.
        rig.tap(1 + UInt8(truncatingIfNeeded: rig.random.below(8)))
        pressed += 1
        if rig.random.chance(1, in: 6) { rig.hand(.powerOn(.watchdog, keepsQueue: true)) }
        if rig.random.chance(1, in: 8) {
          // The station restarts: it knows what it recorded, the driver knows nothing.
          rig.driver = .init(.init(device: PanelRig.device))
        }
      }
      rig.lossPerThousand = 0
      rig.run(.seconds(5))
      #expect(rig.recorded.count == pressed, "seed \(seed)")
      #expect(rig.panel.logic.waitingEvents == 0, "seed \(seed)")
    }
  }

  @Test func lostAnswersDoNotAcknowledge() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.lossPerThousand = 1_000
    rig.tap(1)
    rig.run(.seconds(5))
    #expect(rig.panel.logic.waitingEvents == 2, "press and release stay")
    rig.lossPerThousand = 0
    rig.run(.seconds(1))
    #expect(rig.recorded.count == 1)
    #expect(rig.panel.logic.waitingEvents == 0)
  }

  @Test func reportedAgainOnlyOncePerSecondUntilAccepted() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.accepts = false
    rig.hand(.press(1))
    rig.run(.milliseconds(10_500))
    let reports = rig.events.filter { if case .pressed(let press) = $0 { press.kind == .press } else { false } }
    #expect(reports.count >= 9 && reports.count <= 12)
    let identities = reports.compactMap { if case .pressed(let press) = $0 { press.identity } else { nil } }
    #expect(Set(identities).count == 1)
    #expect(rig.panel.logic.waitingEvents >= 1)
  }

  @Test func lateAnswerIsNotTaken() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.hand(.fault(.late(milliseconds: 70)))
    rig.tap(1)
    rig.run(.seconds(2))
    #expect(rig.lateAnswersRefused > 0)
    rig.hand(.fault(.none))
    rig.run(.seconds(2))
    #expect(rig.recorded.count == 1)
    #expect(rig.duplicates == 0)
    #expect(rig.panel.indicator(of: 1) == .slowBlink)
  }

  @Test func keptQueueKeepsItsNames() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    let epoch = rig.panel.logic.settings.epoch
    rig.tap(3)
    rig.hand(.powerOn(.brownOut, keepsQueue: true))
    #expect(rig.panel.indicator(of: 3) == .fastBlink)
    rig.run(.seconds(1))
    #expect(rig.recorded.count == 1)
    #expect(rig.recorded.first?.identity?.epoch == epoch)
    let restart = rig.last { if case .restarted(_, let cause, let boots) = $0 { (cause, boots) } else { nil } }
    #expect(restart?.0 == .brownOut)
    #expect(restart?.1 == 2)
  }

  @Test func lostQueueRaisesTheEpoch() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.tap(3)
    rig.run(.seconds(1))
    rig.hand(.powerOff)
    rig.run(.seconds(3))
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.tap(3)
    rig.run(.seconds(1))
    #expect(rig.recorded.count == 2)
    #expect(rig.recorded.first?.identity?.sequence == rig.recorded.last?.identity?.sequence)
    #expect(rig.recorded.first?.identity?.epoch != rig.recorded.last?.identity?.epoch)
  }

  /// Power fails again and again before the flash has the new epoch: nothing may be shown under it.
  @Test func epochIsShownOnlyWhenStored() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.tap(1)
    rig.run(.seconds(1))
    for _ in 0..<3 {
      rig.hand(.powerOff)
      rig.hand(.powerOn(.powerOn, keepsQueue: false))
      rig.hand(.press(1))
      rig.run(.milliseconds(25))
      rig.hand(.release(1))
    }
    rig.run(.seconds(3))
    rig.tap(2)
    rig.run(.seconds(2))
    let identities = rig.recorded.compactMap(\.identity)
    #expect(Set(identities).count == identities.count)
    #expect(rig.recorded.last?.button.button == 2)
    #expect(rig.duplicates == 0)
  }

  @Test func brokenFlashStillCalls() {
    var rig = PanelRig()
    rig.hand(.powerOff)
    rig.hand(.fault(.flashBroken))
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.tap(1)
    rig.run(.seconds(5))
    let first = rig.recorded.first?.identity
    #expect(first != nil)
    rig.hand(.powerOff)
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.tap(1)
    rig.run(.seconds(5))
    #expect(rig.recorded.count == 2)
    #expect(rig.recorded.last?.identity?.sequence != first?.sequence)
  }

  @Test func fullQueueKeepsFirstPresses() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    for _ in 0..<4 { rig.tap(1) }
    rig.idle(.seconds(12))
    for _ in 0..<4 { rig.tap(2) }
    rig.idle(.seconds(12))
    for _ in 0..<4 { rig.tap(3) }
    rig.idle(.seconds(12))
    for _ in 0..<4 { rig.tap(4) }
    #expect(rig.panel.logic.waitingEvents == 32)
    for button in UInt8(5)...8 { rig.tap(button) }
    #expect(rig.panel.logic.waitingEvents == 32)
    #expect(rig.panel.logic.droppedEvents == 8)
    rig.run(.seconds(4))
    let first = rig.recorded.filter { $0.kind == .press }.map(\.button.button)
    #expect(first == [1, 2, 3, 4, 5, 6, 7, 8])
    let dropped = rig.last { if case .eventsDropped(_, let count) = $0 { count } else { nil } }
    #expect(dropped == 8)
  }

  /// An acknowledgement that was meant for the panel that hung here before frees nothing of its successor.
  @Test func swappedPanelKeepsItsPresses() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.tap(1)
    rig.run(.seconds(1))
    rig.panel = SimulatedPanel(unit: 77, buttons: 4, settings: PanelSettings(address: 3), seed: 9)
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.tap(1)
    rig.run(.seconds(2))
    #expect(rig.recorded.map(\.identity?.unit) == [0x00C0_FFEE, 77])
    let identity = rig.last { if case .identified(_, let identity) = $0 { identity } else { nil } }
    #expect(identity?.unit == 77)
    #expect(identity?.buttons == 4)
    #expect(identity?.product == "CP-4")
  }
}
