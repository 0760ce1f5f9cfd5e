import CallPanelDeviceModel
import DeviceKit
import Foundation
import TestSupport
import Testing
import Transports
import VirtualBoards

extension Firmware {
  /// The board's EEPROM is a file: what a programmer, a loss of power or age has done to it is prepared, and what the firmware makes of it read
  /// over the wire. What a cell does that keeps no value any more is tried in the simulated site; this emulator's cells never wear.
  @Suite struct MemoryTests {
    /// Of a panel that answers: its epoch, its boot count and whether its self-test found the settings damaged.
    private struct Found: Equatable {
      var epoch: UInt16
      var boots: UInt16
      var unit: UInt16
    }

    private func found(_ rig: BoardRig, at node: UInt8) throws -> Found {
      let master = try RawMaster("\(rig.shell.folder)/bus")
      var report: [UInt16]?
      // The first save is under way when it begins to answer, and power that goes before it is done takes the new epoch with it.
      try rig.shell.waitUntil("the panel answers at \(node) and its epoch is stored") {
        report = master.holding(node, 0x300, 14)
        let stored = (try? BoardMemory(.lm3s6965evb, file: rig.file(0)))?.settings?.epoch
        return report.map { $0[1] == stored } ?? false
      }
      let values = try #require(report)
      return Found(epoch: values[1], boots: values[7], unit: values[10])
    }

    private static func prepared(_ change: @escaping (inout BoardMemory) -> Void) -> (String, Int) throws -> Void {
      { file, _ in
        var memory = try BoardMemory(.lm3s6965evb)
        change(&memory)
        try memory.write(to: file)
      }
    }

    /// A new part: the factory's address, and an epoch that no panel before it had.
    @Test func anErasedMemoryGivesAPanelAsItLeavesTheFactory() throws {
      let rig = try BoardRig()
      let first = try found(rig, at: 247)
      #expect(first.epoch >= 0x4000 && first.unit == 1001)
      try rig.cyclePower()
      let second = try found(rig, at: 247)
      #expect(second.epoch == first.epoch + 1 && second.boots == first.boots + 1)
      #expect(try BoardMemory(.lm3s6965evb, file: rig.file(0)).settings?.epoch == second.epoch)
    }

    /// The last save was cut off after so many bytes: the settings before it hold, and the epoch that it may have shown is not used again.
    @Test(arguments: [1, 4, 17, 28, 31]) func aHalfWrittenRecordLeavesTheOneBeforeIt(length: Int) throws {
      let rig = try BoardRig(
        nodes: [5],
        prepare: Self.prepared { memory in
          memory.save(PanelSettings(address: 5, epoch: 7, bootCount: 3))
          var whole = memory
          whole.save(PanelSettings(address: 6, epoch: 8, bootCount: 4))
          memory.bytes.replaceSubrange(32..<(32 + length), with: whole.bytes[32..<(32 + length)])
        })
      let first = try found(rig, at: 5)
      #expect(first.epoch > 8 && first.epoch < 0x100 && first.boots == 4, "\(first)")
      try rig.cyclePower()
      #expect(try found(rig, at: 5).epoch == first.epoch + 1)
    }

    /// Whatever lies in both pages is no record: safe defaults, and a panel that takes calls.
    @Test func twoBadPagesGiveSafeDefaults() throws {
      let rig = try BoardRig(
        prepare: Self.prepared { memory in
          var random = SeededRandom(seed: 2)
          for index in 0..<2_048 { memory.bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
        })
      let first = try found(rig, at: 247)
      #expect(first.epoch >= 0x4000)
      try rig.cyclePower()
      #expect(try found(rig, at: 247).epoch == first.epoch + 1)
    }

    /// Many saves, places that went bad, a full page: the newest good record counts, and the next one finds a place.
    @Test func aWornMemoryIsUsedOn() throws {
      let rig = try BoardRig(
        nodes: [5],
        prepare: Self.prepared { memory in
          for epoch in 1...30 { memory.save(PanelSettings(address: 5, epoch: UInt16(epoch), bootCount: UInt16(epoch))) }
          // The two places that are left in the page hold what no erasure would leave there.
          for index in 960..<1_024 { memory.bytes[index] = 0 }
        })
      var before = try found(rig, at: 5)
      #expect(before.epoch > 30 && before.boots == 31, "\(before)")
      for _ in 0..<3 {
        try rig.cyclePower()
        let now = try found(rig, at: 5)
        #expect(now.epoch == before.epoch + 1 && now.boots == before.boots + 1)
        before = now
      }
    }

    /// Power goes at any moment of a start and of its save: the address stays, and no epoch comes twice.
    @Test func powerThatGoesDuringASaveLosesNoSettings() throws {
      let rig = try BoardRig(nodes: [5], prepare: Self.prepared { $0.save(PanelSettings(address: 5, epoch: 7, bootCount: 3)) })
      var random = SeededRandom(seed: 5)
      var newest = try found(rig, at: 5).epoch
      for _ in 0..<8 {
        for _ in 0..<3 {
          try rig.cyclePower()
          usleep(useconds_t(random.below(60_000)))
        }
        try rig.cyclePower()
        let epoch = try found(rig, at: 5).epoch
        #expect(epoch > newest && epoch < 0x100)
        newest = epoch
      }
    }

    /// By the bus, as a technician does it: the new address holds when a finger has been on a button for 5 s, also without power.
    @Test func aNewAddressTakesAFingerAndStays() throws {
      let rig = try BoardRig()
      do {
        let master = try RawMaster("\(rig.shell.folder)/bus")
        // Address 9, 19,200 baud, then the key that arms both.
        #expect(master.ask(247, [16, 4, 0x10, 0, 2, 4, 0, 9, 0, 1]) == [16, 4, 0x10, 0, 2])
        #expect(master.ask(247, [6, 4, 0x12, 0x4C, 0x4C]) == [6, 4, 0x12, 0x4C, 0x4C])
        #expect(master.inputs(247, 1, 3) == [0, 1001, 8])
        try rig.board.press(1)
        try rig.shell.waitUntil("it answers at its new address") { master.inputs(9, 1, 3) == [0, 1001, 8] }
        try rig.board.release(1)
        #expect(master.inputs(247, 1, 3) == nil)
        // That press is a call all the same.
        #expect((master.ask(9, [4, 1, 0, 0, 1])?.last ?? 0) & 7 >= 1)
      }
      try rig.shell.waitUntil("it is in the EEPROM") {
        try BoardMemory(.lm3s6965evb, file: rig.file(0)).settings?.address == 9
      }
      try rig.cyclePower()
      _ = try found(rig, at: 9)
    }
  }
}
