import CallPanelCodec
import CallPanelDeviceModel
import Crypto
import DeviceKit
import FirmwareUpdateCodec
import Foundation
import ModbusRTUCodec
import Testing

/// Firmware update from the panel's side: the panel goes on polling and calling, and whatever is cut, it comes back.
@Suite struct PanelUpdateTests {
  let images = TestImages()

  @Test func updatesProvesAndConfirmsItself() throws {
    var rig = try images.rig()
    #expect(rig.about()?.patch == 1 && rig.about()?.slot == 0 && rig.about()?.selfTest == 0)
    #expect(rig.updateStatus()?.slot == 1)
    rig.update(try images.image(patch: 2, slot: 1))
    rig.run(.seconds(2))
    let found = rig.about()
    let after = try #require(found)
    #expect(after.patch == 2 && after.slot == 1 && !after.isOnTrial && after.selfTest == 0 && after.buildID != 0)
    // And back into the other slot.
    rig.update(try images.image(patch: 3, slot: 0))
    rig.run(.seconds(2))
    #expect(rig.about()?.patch == 3 && rig.about()?.slot == 0)
    rig.hand(.powerOff)
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.run(.seconds(2))
    #expect(rig.about()?.patch == 3)
  }

  @Test func whatWasWrongBeforeIsWrongAfterTheRestart() throws {
    var rig = try images.rig()
    rig.hand(.openHousing)
    rig.hand(.cutLine(2))
    rig.run(.seconds(1))
    rig.update(try images.image(patch: 2, slot: 1))
    rig.run(.seconds(2))
    #expect(rig.about()?.patch == 2)
    let tamper = rig.last { if case .tamperChanged(_, let open) = $0 { open } else { nil } }
    let line = rig.last { if case .lineChanged(PanelRig.button(2), let line) = $0 { line } else { nil } }
    #expect(tamper == true && line == .open)
  }

  @Test func pressesGoOnDuringAnUpdate() throws {
    var rig = try images.rig()
    let image = try images.image(patch: 2, slot: 1)
    rig.begin(image)
    for button in UInt8(1)...8 {
      rig.hand(.press(button))
      rig.sendBlocks(image)
      rig.run(.milliseconds(200))
      rig.hand(.release(button))
    }
    _ = rig.verify()
    rig.tap(1)
    rig.order(.activate)
    rig.accepts = false
    rig.tap(2)
    rig.run(.seconds(2))
    rig.accepts = true
    rig.run(.seconds(3))
    #expect(rig.about()?.patch == 2)
    // One that was felt while the panel started into the new image is there as well.
    #expect(rig.recorded.filter { $0.kind == .press }.map(\.button.button) == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2])
  }

  @Test func whatDoesNotFitIsRefusedWithItsReason() throws {
    var rig = try images.rig()
    let good = try images.image(patch: 2, slot: 1)
    func refusal(_ image: [UInt8]) -> UpdateRefusal? {
      rig.begin(image)
      rig.sendBlocks(image)
      return rig.verify()?.refusal
    }
    #expect(refusal(try images.image(patch: 2, slot: 1, board: 4)) == .board)
    #expect(refusal(try images.image(patch: 2, slot: 0)) == .slot)
    #expect(refusal(try images.image(patch: 2, slot: 1, bytes: 20_000)) == .length)
    #expect(refusal(try images.image(patch: 2, slot: 1, signedBy: Curve25519.Signing.PrivateKey())) == .signature)
    var flipped = good
    flipped[700] ^= 4
    #expect(refusal(flipped) == .hash)
    var header = good
    header[9] ^= 1
    #expect(refusal(header) == .signature)
    #expect(refusal(try images.image(patch: 2, slot: 1, flags: ImageHeader.forTests)) == .board)
    var magic = FixedBytes<128>(good.prefix(128))
    magic[0] = 0x4D
    #expect(ImageHeader(magic) == nil)
    #expect(rig.about()?.patch == 1)
    // None of it can be started.
    rig.order(.activate)
    rig.run(.seconds(1))
    #expect(rig.about()?.patch == 1)
    rig.update(good)
    #expect(rig.about()?.patch == 2)
  }

  @Test func requestsOutOfTurnAreAnsweredAndChangeNothing() throws {
    var rig = try images.rig()
    let image = try images.image(patch: 2, slot: 1)
    func code(_ request: ModbusPDU) -> UInt8? { rig.ask(request).map { $0.isException ? $0.bytes[1] : 0 } }
    // No update begun.
    #expect(code(UpdateTransaction.block(0, FixedBytes())) == 3)
    rig.panel.firmware.memory.operationTime = .milliseconds(400)
    rig.begin(image)
    // The page is being erased.
    #expect(code(UpdateTransaction.block(0, FixedBytes())) == 6)
    rig.run(.milliseconds(500))
    rig.panel.firmware.memory.operationTime = .milliseconds(30)
    #expect(code(UpdateTransaction.block(1, FixedBytes())) == 3)
    #expect(code(.writeRegister(UpdateMap.begin, value: 0)) == 2)
    #expect(code(.writeRegisters(start: UpdateMap.begin, values: FixedRegisters([1, 2]))) == 2)
    #expect(code(.writeRegisters(start: UpdateMap.block &+ 1, values: FixedRegisters([1, 2]))) == 2)
    #expect(code(.writeRegisters(start: UpdateMap.order, values: FixedRegisters([0, 0, 9]))) == 3)
    #expect(code(.readHoldingRegisters(start: UpdateMap.begin, count: 4)) == 2)
    // Meant for another panel.
    _ = rig.ask(UpdateTransaction.order(unit: 5, .abort))
    #expect(rig.updateStatus()?.state == .receiving)
    rig.order(.verify)
    #expect(rig.updateStatus()?.state == .receiving)
    rig.sendBlocks(image)
    // Said again after a lost answer.
    #expect(code(UpdateTransaction.block(0, FixedBytes())) == 0)
    #expect(rig.verify()?.state == .ready)
    rig.order(.abort)
    #expect(rig.updateStatus()?.refusal == .aborted)
    rig.begin(image)
    rig.idle(.seconds(601))
    #expect(rig.panel.logic.updateStatus.refusal == .aborted)
    // Without a boot loader.
    var plain = PanelRig()
    plain.run(.seconds(1))
    plain.begin(image)
    #expect(plain.updateStatus()?.refusal == .noBootLoader)
  }

  /// The power goes at every operation of the memory during an update; afterwards the panel calls for help, runs a whole image, and can be
  /// updated.
  @Test func anUpdateSurvivesACutAtEveryWrite() throws {
    let isLong = ProcessInfo.processInfo.environment["LINLI_LONG"] != nil
    let image = try images.image(patch: 2, slot: 1)
    var whole = try images.rig()
    let first = whole.panel.firmware.memory.operations
    whole.update(image)
    whole.run(.seconds(1))
    let last = whole.panel.firmware.memory.operations
    #expect(whole.about()?.patch == 2 && last - first > 28)
    for cut in first + 1...last {
      for seed in UInt64(1)...(isLong ? 8 : 1) {
        var rig = try images.rig(seed: seed &* 100 &+ UInt64(cut))
        rig.cutAtOperation = cut
        rig.update(image)
        rig.run(.seconds(1))
        #expect(!rig.panel.isPowered, "operation \(cut) was not reached")
        rig.hand(.powerOn(.powerOn, keepsQueue: false))
        rig.run(.seconds(1))
        rig.tap(3)
        rig.run(.seconds(1))
        #expect(rig.recorded.map(\.button.button) == [3], "operation \(cut), seed \(seed)")
        let patch = rig.about()?.patch
        #expect(patch == 1 || patch == 2, "operation \(cut), seed \(seed): \(patch ?? 0)")
        guard patch == 1, cut % 8 == 0 || isLong else { continue }
        rig.update(image)
        rig.run(.seconds(1))
        #expect(rig.about()?.patch == 2, "again after operation \(cut), seed \(seed)")
      }
    }
  }

  @Test func identifyRunsOverIdleLampsOnly() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.tap(2)
    rig.run(.seconds(1))
    let start = rig.lampLog.count
    #expect(rig.ask(.writeRegister(PanelMap.identify, value: 61))?.isException == true)
    #expect(rig.ask(.writeRegister(PanelMap.identify, value: 3))?.isException == false)
    rig.run(.seconds(2))
    let lit = Set(rig.lampLog[start...].filter(\.isOn).map(\.button))
    #expect(lit == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(rig.panel.indicator(of: 2) == .slowBlink)
    rig.run(.seconds(2))
    let end = rig.lampLog.count
    rig.run(.seconds(3))
    #expect(Set(rig.lampLog[end...].map(\.button)) == [2])
  }
}
