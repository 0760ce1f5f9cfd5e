import DeviceKit
import Foundation
import TestSupport
import Testing
import Transports
import VirtualBoards

extension Firmware {
  /// A processor that starts again: by its reset pin, its watchdog, a trap. What was pressed is still a call, once, and the host can read why.
  @Suite struct ResetTests {
    /// Words of Boards/Application/Hooks.swift, only in the image `hooks`.
    private enum Hook {
      static let words: UInt32 = 0x2000_F3C0
      static let hang: UInt32 = 0x4841_4E47
      static let trap: UInt32 = 0x5452_4150
      static let stack: UInt32 = 0x5354_414B
    }

    /// The press is felt and shown, nobody has been told, the processor starts again.
    @Test func aPressThatNobodyWasToldOfSurvivesAReset() throws {
      let rig = try BoardRig()
      try rig.startStation()
      rig.bus.cut(0, true)
      try rig.tap(1)
      try rig.waitUntilLamp(1, shows: .fast)
      try rig.board.reset()
      try rig.waitUntilLamp(1, shows: .fast)
      rig.bus.cut(0, false)
      try rig.waitForCalls(1)
      try rig.waitUntilLamp(1, shows: .slow)
      #expect(try rig.calls() == ["A/247/1"])
    }

    /// The reset comes at every moment between finger, poll, exchange and acknowledgement. Each press is one call: it has one name for ever.
    @Test func aResetAtAnyMomentAfterAPressLosesNothingAndDoublesNothing() throws {
      let rig = try BoardRig()
      try rig.startStation()
      var random = SeededRandom(seed: 4)
      var calls = 0
      for round in 1...12 {
        try rig.board.press(1)
        // Debounced after 20 ms; the host has it on disk some 50 ms later.
        usleep(useconds_t(random.below(120_000)))
        try rig.board.reset()
        usleep(150_000)
        try rig.board.release(1)
        try rig.shell.waitUntil("call \(round) is on disk") { try rig.shell.status().contains("求助 #\(round) ") }
        for step in ["acknowledge \(round) desk", "on-scene \(round) desk", "resolve \(round) desk 好了"] {
          #expect(try rig.shell.desk(step).contains("done"))
        }
        try rig.waitUntilLamp(1, shows: .off)
        calls += 1
      }
      let presses = try rig.shell.presses()
      #expect(Set(presses.map(\.identity)).count == presses.count, "no press has two entries")
      #expect(try !rig.shell.status().contains("求助 #\(calls + 1) "))
      #expect(rig.board.resets == 12)
    }

    @Test func aHangIsEndedByTheWatchdogAndATrapStartsAnewAndTheHostCanReadWhy() throws {
      let rig = try BoardRig(image: "hooks")
      let master = try RawMaster("\(rig.shell.folder)/bus")
      // About block: faults since power-on, cause of the last, program counter.
      func faults() -> [UInt16]? { master.inputs(247, 0x1A, 4) }
      #expect(faults() == [0, 0, 0, 0])
      try rig.tap(1)
      try rig.waitUntilLamp(1, shows: .fast)
      for (count, fault) in [(Hook.hang, UInt16(5)), (Hook.trap, 1), (Hook.stack, 6)].enumerated() {
        try rig.board.writeWord(fault.0, at: Hook.words)
        try rig.shell.waitUntil("reset \(count + 1)") { rig.board.resets == count + 1 }
        try rig.shell.waitUntil("it answers again") { faults() != nil }
        let found = try #require(faults())
        #expect(found[0] == UInt16(count + 1) && found[1] == fault.1, "\(found)")
        #expect(UInt32(found[2]) << 16 | UInt32(found[3]) != 0, "where it was")
        try rig.waitUntilLamp(1, shows: .fast)
      }
      // The press is still the only event, under the name that it had.
      let waiting = try #require(master.holding(247, 0x302, 1))
      #expect(waiting[0] >= 1)
      try rig.startStation()
      try rig.waitForCalls(1)
      try rig.waitUntilLamp(1, shows: .slow)
      #expect(try rig.calls() == ["A/247/1"])
    }
  }
}
