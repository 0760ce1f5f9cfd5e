import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDriver
import Foundation
import ModbusRTUCodec
import TestSupport
import Testing
import VirtualBoards

extension Firmware {
  /// New firmware over the bus, on the board whose flash the emulator models: the panel goes on answering and taking presses, and comes back
  /// from whatever is cut. The new firmware is the same for slot 1: another build of the same version.
  @Suite struct UpdateTests {
    private static var images: String { (BoardRig.image("panel", of: .microbit) as NSString).deletingLastPathComponent }
    private let new = "\(images)/panel-1.lnl"

    /// A technician's command to the running station, which goes on polling, and takes a call while blocks are being sent.
    @Test func theStationUpdatesAPanelWhileItCalls() throws {
      let rig = try BoardRig(.microbit, baud: 230_400)
      let station = try rig.startStation()
      let site = "\(rig.shell.folder)/site.yaml"
      let before = try rig.shell.run(["panel", "info", site, "A/247"])
      #expect(before.code == 0 && before.text.contains("microbit"), "\(before.text)")
      let update = try rig.shell.start(["panel", "update", site, "A/247", new])
      // The first blocks go; it takes some ten seconds in all.
      usleep(3_000_000)
      #expect(update.isRunning)
      try rig.tap(1)
      try rig.waitForCalls(1)
      update.waitUntilExit()
      #expect(update.terminationStatus == 0)
      try rig.tap(2)
      try rig.waitForCalls(2)
      #expect(try rig.calls() == ["A/247/1", "A/247/2"])
      let build = String(try image().release.build, radix: 16)
      let after = try rig.shell.run(["panel", "info", site, "A/247"])
      #expect(after.text.lowercased().contains(build), "\(after.text)")
      #expect(try rig.shell.stop(station) == 0)
    }

    /// Reset in the middle of blocks, of the verification, of the trial; each time the panel calls, and in the end it can be updated.
    @Test func aResetAtAnyMomentOfAnUpdateLeavesAPanelThatCalls() throws {
      let rig = try BoardRig(.microbit, baud: 230_400)
      let master = try RawMaster("\(rig.shell.folder)/bus")
      let file = try image()
      try rig.shell.waitUntil("it answers") { about(master) != nil }
      let old = try #require(about(master))
      #expect(old.slot == 0 && old.board == PanelBoard.microbit.rawValue)
      var random = SeededRandom(seed: 7)
      let cuts = ProcessInfo.processInfo.environment["LINLI_LONG"] != nil ? 8 : 3
      for _ in 0..<cuts {
        try send(file, master, unit: try unit(master), blocks: 1 + Int(random.below(UInt32(min(file.blocks, 120)))))
        try expectCallAfterReset(rig, master)
        #expect(about(master)?.buildID == old.buildID)
      }
      let unit = try unit(master)
      try send(file, master, unit: unit, blocks: Int(file.blocks))
      order(.verify, master, unit)
      try rig.shell.waitUntil("it verifies", seconds: 120) { (status(master)?.percent ?? 0) > 5 }
      try expectCallAfterReset(rig, master)
      #expect(about(master)?.buildID == old.buildID)
      // Whole this time, but reset before it has proved itself: the former one comes back.
      try send(file, master, unit: unit, blocks: Int(file.blocks))
      order(.verify, master, unit)
      try rig.shell.waitUntil("it is verified", seconds: 120) { status(master)?.state == .ready }
      let resets = rig.board.resets
      order(.activate, master, unit)
      try rig.shell.waitUntil("it has started again") { rig.board.resets > resets }
      let onTrial = about(master)
      #expect(onTrial?.buildID == file.release.build && onTrial?.isOnTrial == true)
      try expectCallAfterReset(rig, master)
      #expect(about(master)?.buildID == old.buildID && about(master)?.slot == 0)
      // And once to its end.
      try send(file, master, unit: unit, blocks: Int(file.blocks))
      order(.verify, master, unit)
      try rig.shell.waitUntil("it is verified", seconds: 120) { status(master)?.state == .ready }
      order(.activate, master, unit)
      try rig.shell.waitUntil("it has proved itself", seconds: 120) {
        takeNote(master, unit)
        return about(master).map { $0.buildID == file.release.build && !$0.isOnTrial && $0.selfTest == 0 } ?? false
      }
      try expectCallAfterReset(rig, master)
      #expect(about(master)?.slot == 1)
    }

    /// Its signature is that of another key, or one bit of it is another: never started.
    @Test func anImageThatIsNotSignedForItIsRefused() throws {
      let rig = try BoardRig(.microbit, baud: 230_400)
      let master = try RawMaster("\(rig.shell.folder)/bus")
      try rig.shell.waitUntil("it answers") { about(master) != nil }
      let unit = try unit(master)
      var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: new)))
      bytes[70] ^= 1
      let file = try ImageFile(bytes)
      _ = ask(UpdateTransaction.begin(unit: unit, file.header), master)
      try rig.shell.waitUntil("it has looked at it", seconds: 120) { status(master)?.state == .failed }
      #expect(status(master)?.refusal == .signature && status(master)?.nextBlock == 0)
      #expect(ask(UpdateTransaction.block(0, file.block(0)), master)?.exception == .illegalDataValue)
      // Signed for it, but made for no building.
      let hooks = try ImageFile(Array(try Data(contentsOf: URL(fileURLWithPath: "\(Self.images)/hooks-1.lnl"))))
      let product = try image()
      #expect(hooks.isForTests && !product.isForTests)
      _ = ask(UpdateTransaction.begin(unit: unit, hooks.header), master)
      #expect(status(master)?.refusal == .board)
      order(.activate, master, unit)
      try expectCallAfterReset(rig, master)
      #expect(about(master)?.slot == 0)
    }

    // MARK: -

    private func image() throws -> ImageFile { try ImageFile(Array(try Data(contentsOf: URL(fileURLWithPath: new)))) }

    private func about(_ master: RawMaster) -> FirmwareAbout? {
      ask(UpdateTransaction.about(), master).flatMap { UpdateTransaction.aboutAnswer($0) }
    }

    private func status(_ master: RawMaster) -> UpdateStatus? {
      ask(UpdateTransaction.status(), master).flatMap { UpdateTransaction.statusAnswer($0) }
    }

    private func order(_ command: UpdateCommand, _ master: RawMaster, _ unit: UInt32) {
      _ = ask(UpdateTransaction.order(unit: unit, command), master)
    }

    /// What a host says when it has seen that the panel started: this, and no mere poll, confirms new firmware.
    private func takeNote(_ master: RawMaster, _ unit: UInt32) {
      _ = ask(PanelTransaction.exchange(PanelOrder(token: 1, acknowledgesRestart: true, unit: unit), events: 0), master)
    }

    private func unit(_ master: RawMaster) throws -> UInt32 {
      let words = try #require(master.inputs(247, 1, 2))
      return UInt32(words[0]) << 16 | UInt32(words[1])
    }

    private func ask(_ request: ModbusPDU, _ master: RawMaster) -> ModbusPDU? {
      master.ask(247, (0..<request.bytes.count).map { request.bytes[$0] }).map { ModbusPDU(bytes: FixedBytes($0)) }
    }

    private func send(_ file: ImageFile, _ master: RawMaster, unit: UInt32, blocks: Int) throws {
      _ = ask(UpdateTransaction.begin(unit: unit, file.header), master)
      for number in 0..<UInt16(blocks) {
        var answer: ModbusPDU?
        // Busy while a page is being erased.
        for _ in 0..<200 {
          answer = ask(UpdateTransaction.block(number, file.block(number)), master)
          if answer?.exception != .busy { break }
          usleep(2_000)
        }
        try #require(answer?.isException == false, "block \(number): \(String(describing: answer))")
      }
    }

    /// Events in its queue (report register 0x0302).
    private func waiting(_ master: RawMaster) -> UInt16 { master.holding(247, 0x0302, 1)?.first ?? 0 }

    /// A press of button 2 on the other side of a reset stands in the panel's queue.
    private func expectCallAfterReset(_ rig: BoardRig, _ master: RawMaster) throws {
      try rig.board.reset()
      try rig.shell.waitUntil("it answers after the reset") { about(master) != nil }
      let before = waiting(master)
      try rig.tap(2)
      try rig.shell.waitUntil("the press is there") { waiting(master) > before }
    }
  }
}
