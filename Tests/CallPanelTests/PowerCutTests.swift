import CallPanelCodec
@testable import CallPanelDeviceModel
import DeviceKit
import DeviceVocabulary
import Foundation
import ModbusRTUCodec
import Testing

/// The power goes at every single operation of the panel's memory, and within it at several places.
@Suite struct PowerCutTests {
  /// Settings are written until both pages have been turned; whenever the power goes, the panel comes back at its address, with the old or the
  /// new mask, and the next press is a new one.
  @Test func settingsSurviveACutAtEveryWrite() {
    var operations = 0
    var cuts = 0
    // First without a cut, to count.
    operations = life(cutAt: .max, seed: 1).operations
    #expect(operations > 66)
    let isLong = ProcessInfo.processInfo.environment["LINLI_LONG"] != nil
    for cut in 2...operations {
      for seed in UInt64(1)...(isLong ? 20 : 1) {
        let outcome = life(cutAt: cut, seed: seed &* 1_000 &+ UInt64(cut))
        cuts += outcome.wasCut ? 1 : 0
        #expect(outcome.problem == nil, "operation \(cut), seed \(seed): \(outcome.problem ?? "")")
      }
    }
    #expect(cuts >= operations - 2)
  }

  private struct Outcome {
    var operations = 0
    var wasCut = false
    var problem: String?
    var address: UInt8?
  }

  /// One of the two pages takes nothing any more: what the other one holds is never given up for it.
  @Test func aWornPageLosesNoSettingsWheneverThePowerGoes() {
    for worn in [UInt32(0), 1_024] {
      let operations = life(cutAt: .max, seed: 1, worn: worn).operations
      #expect(operations > 66)
      for cut in stride(from: 2, through: operations, by: 3) {
        let outcome = life(cutAt: cut, seed: UInt64(cut), worn: worn)
        #expect(outcome.wasCut && outcome.address == 3, "page \(worn), operation \(cut)")
      }
    }
  }

  private func life(cutAt: Int, seed: UInt64, worn: UInt32? = nil) -> Outcome {
    var rig = PanelRig(seed: seed)
    rig.panel.firmware.memory.wornPage = worn
    rig.cutAtOperation = cutAt
    var masks: (old: UInt8, new: UInt8) = (0, 0)
    rig.run(.milliseconds(500))
    rig.tap(1)
    rig.run(.milliseconds(500))
    let before = rig.recorded.count
    for index in UInt8(1)...64 where rig.panel.isPowered {
      masks = (masks.new, index)
      _ = rig.ask(.writeRegister(PanelMap.silentMask, value: UInt16(index)))
      rig.idle(.milliseconds(100))
    }
    var outcome = Outcome(operations: rig.panel.firmware.memory.operations, wasCut: !rig.panel.isPowered)
    guard outcome.wasCut else { return outcome }
    rig.cutAtOperation = .max
    rig.idle(.milliseconds(300))
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.run(.seconds(2))
    let found = rig.panel.logic.settings
    outcome.address = found.address
    if found.address != 3 { outcome.problem = "address \(found.address)" }
    if found.silentMask != masks.old && found.silentMask != masks.new {
      outcome.problem = "mask \(found.silentMask), not \(masks)"
    }
    rig.tap(8)
    rig.run(.seconds(2))
    // The first press may have been cut off before it was recorded; then it was lost with the power, and nothing said otherwise.
    let fresh = rig.recorded.filter { $0.button.button == 8 }.count
    if fresh != 1 || rig.recorded.count > before + 2 { outcome.problem = "\(fresh) presses after the cut" }
    if rig.duplicates > 0 { outcome.problem = "a press came twice" }
    return outcome
  }

  /// A cut at every write of the kept memory while a press is queued, and another while it is acknowledged.
  @Test func keptQueueSurvivesAResetAtEveryCell() {
    for acknowledges in [false, true] {
      var cells = 0
      while true {
        var rig = PanelRig()
        rig.run(.seconds(1))
        rig.accepts = acknowledges
        if acknowledges { rig.tap(2) }
        rig.panel.firmware.cells.writesLeft = cells
        if !acknowledges { rig.tap(2) } else { rig.run(.milliseconds(300)) }
        let stoppedInside = rig.panel.firmware.cells.writesLeft == 0
        rig.panel.firmware.cells.writesLeft = .max
        // The processor stopped in the middle of it: what was in its other memory is gone.
        rig.hand(.powerOn(.watchdog, keepsQueue: true))
        rig.accepts = true
        rig.tap(5)
        rig.run(.seconds(3))
        let fifth = rig.recorded.filter { $0.button.button == 5 }.count
        let second = rig.recorded.filter { $0.button.button == 2 }.count
        #expect(fifth == 1, "\(cells) cells, \(acknowledges)")
        #expect(acknowledges ? second == 1 : second <= 1, "\(cells) cells, \(acknowledges)")
        let names = rig.recorded.compactMap { $0.identity.map { "\($0.epoch)/\($0.sequence)" } }
        #expect(Set(names).count == names.count)
        guard stoppedInside, cells < 2_000 else { break }
        cells += 1
      }
      #expect(cells > 8, "\(cells)")
    }
  }

  /// A finger that stays over a reset, and a stuck contact, are told of once; a new press is a new one.
  @Test func aHeldButtonIsOnePressOverAReset() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.hand(.press(4))
    rig.run(.seconds(1))
    for _ in 0..<3 {
      rig.hand(.powerOn(.watchdog, keepsQueue: true))
      rig.run(.seconds(5))
    }
    #expect(rig.recorded.count == 1)
    rig.hand(.release(4))
    rig.run(.seconds(1))
    rig.tap(4)
    rig.run(.seconds(1))
    #expect(rig.recorded.count == 2)
    // Let go while the processor stands still: seen as let go, and the next press counts.
    rig.hand(.press(5))
    rig.run(.seconds(1))
    rig.panel.firmware.cells.writesLeft = 0
    rig.hand(.release(5))
    rig.panel.firmware.cells.writesLeft = .max
    rig.hand(.powerOn(.watchdog, keepsQueue: true))
    rig.run(.seconds(1))
    rig.tap(5)
    rig.run(.seconds(1))
    #expect(rig.recorded.map(\.button.button) == [4, 4, 5, 5])
  }

  /// Kept memory that was forged, or written by another program, brings no event that cannot be.
  @Test func impossibleEventsAreNotRestored() {
    var queue = EventQueue()
    queue.restore(sequence: 5, kind: 1, button: 200, at: .zero)
    queue.restore(sequence: 6, kind: 9, button: 1, at: .zero)
    queue.restore(sequence: 7, kind: 1, button: 1, at: .zero)
    queue.restore(sequence: 7, kind: 1, button: 2, at: .zero)
    queue.restore(sequence: 3, kind: 1, button: 3, at: .zero)
    queue.restore(lastSequence: 2, dropped: 0)
    #expect(queue.count == 1 && queue.lastSequence == 7)
  }

  @Test func damagedRecordsRaiseTheEpoch() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.tap(1)
    rig.run(.seconds(1))
    let shown = rig.recorded.first?.identity?.epoch
    rig.hand(.powerOff)
    // The newest record of the settings goes bad after it was written: its epoch must not come again.
    var address = 0
    for place in stride(from: 0, to: 1_024, by: 32) where rig.panel.firmware.memory.bytes[place + 3] != 0xFF { address = place }
    rig.panel.firmware.memory.patch(address + 8, [0x00, 0x00])
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.idle(.milliseconds(5))
    #expect(rig.panel.logic.about.selfTest & 2 != 0)
    rig.run(.seconds(1))
    rig.tap(1)
    rig.run(.seconds(2))
    #expect(rig.recorded.count == 2 && rig.duplicates == 0)
    let next = rig.recorded.last?.identity?.epoch
    #expect(shown != nil && next != nil && next ?? 0 > shown ?? 0)
    #expect(rig.panel.logic.about.selfTest == 0)
    #expect(rig.panel.logic.settings.address == 3)
  }

  @Test func erasedAndWornMemoriesStillCarryCalls() {
    for damage in 0..<3 {
      var rig = PanelRig()
      rig.run(.seconds(1))
      rig.hand(.powerOff)
      switch damage {
      case 0: rig.panel.firmware.memory.patch(0, Array(repeating: 0xFF, count: 2_048))
      case 1: rig.panel.firmware.memory.patch(0, (0..<2_048).map { UInt8(truncatingIfNeeded: $0 &* 7) })
      default: rig.hand(.fault(.flashBroken))
      }
      let readdressed = damage < 2
      rig.hand(.powerOn(.powerOn, keepsQueue: false))
      rig.idle(.seconds(4))
      #expect(rig.panel.logic.address == (readdressed ? 247 : 3), "\(damage)")
      if readdressed { rig.hand(.configure(address: 3, baudCode: nil)) }
      rig.tap(4)
      rig.run(.seconds(4))
      #expect(rig.recorded.map(\.button.button) == [4], "\(damage)")
    }
  }
}
