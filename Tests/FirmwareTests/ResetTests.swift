import DeviceKit
import Foundation
import TestSupport
import Testing
import Transports
import VirtualBoards

extension Firmware {
  /// A processor that starts again: by its reset pin, its watchdog, a trap. What was pressed is still a call, once, and the host can read why.
  @Suite struct ResetTests {
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

    /// The reset comes at any moment between finger, poll, exchange and acknowledgement. Each press is one call: it has one name for ever.
    @Test func aResetAtAnyMomentAfterAPressLosesNothingAndDoublesNothing() throws {
      let rig = try BoardRig()
      try rig.startStation()
      var random = SeededRandom(seed: 4)
      for round in 1...12 {
        try rig.board.press(1)
        // Debounced after 20 ms; the host has it on disk some 50 ms later.
        usleep(useconds_t(random.below(120_000)))
        try rig.board.reset()
        usleep(150_000)
        try rig.board.release(1)
        try rig.shell.waitUntil("call \(round) is on disk") { try rig.shell.status().contains("求助 #\(round) ") }
        // A finger that stays over the start is felt again; while the call is open that is a repeat of it.
        usleep(500_000)
        try rig.waitUntilLamp(1, shows: .slow)
        for step in ["acknowledge \(round) desk", "on-scene \(round) desk", "resolve \(round) desk 好了"] {
          #expect(try rig.shell.desk(step).contains("done"))
        }
        try rig.waitUntilLamp(1, shows: .off)
      }
      let presses = try rig.shell.presses()
      #expect(Set(presses.map(\.identity)).count == presses.count, "no press has two entries")
      #expect(try !rig.shell.status().contains("求助 #13 "))
      #expect(rig.board.resets == 12)
    }

    /// A fault that a test makes, and the cause that the about block tells (contract of the update's registers).
    struct Fault: Sendable, CustomTestStringConvertible {
      var hook: UInt32
      var cause: UInt16
      var testDescription: String
      static let hang = Fault(hook: 0x4841_4E47, cause: 5, testDescription: "hang")
      static let trap = Fault(hook: 0x5452_4150, cause: 1, testDescription: "trap of Swift")
      static let bus = Fault(hook: 0x4255_5346, cause: 2, testDescription: "bus fault")
      static let stack = Fault(hook: 0x5354_414B, cause: 6, testDescription: "stack overflow")
    }

    /// About block: faults since power-on, cause of the last, its program counter.
    private func faults(_ master: RawMaster) -> [UInt16]? { master.inputs(247, 0x1A, 4) }

    private func cause(_ faults: [Fault], on rig: BoardRig, check: () throws -> Void) throws {
      let master = try RawMaster("\(rig.shell.folder)/bus")
      #expect(self.faults(master) == [0, 0, 0, 0])
      try check()
      for (count, fault) in faults.enumerated() {
        try rig.board.writeWord(fault.hook, at: BoardRig.hooks)
        try rig.shell.waitUntil("\(fault.testDescription) is over") { rig.board.resets == count + 1 }
        try rig.shell.waitUntil("it answers after \(fault.testDescription)") { self.faults(master) != nil }
        let found = try #require(self.faults(master))
        #expect(found[0] == UInt16(count + 1) && found[1] == fault.cause, "\(fault.testDescription): \(found)")
        if fault.cause != 6 { #expect(found[2] != 0 || found[3] != 0, "where it was: \(fault.testDescription)") }
        try check()
      }
    }

    /// Each ends in a restart that the host can read about; the press that was not acknowledged stays, under the name that it had.
    @Test func afterAHangATrapOrAnOverflowThePanelGoesOnAndSaysWhy() throws {
      let rig = try BoardRig(image: "hooks")
      try rig.tap(1)
      try rig.waitUntilLamp(1, shows: .fast)
      try cause([.hang, .trap, .stack], on: rig) {
        try rig.waitUntilLamp(1, shows: .fast)
      }
      try rig.startStation()
      try rig.waitForCalls(1)
      try rig.waitUntilLamp(1, shows: .slow)
      #expect(try rig.calls() == ["A/247/1"])
    }

    /// This emulated board raises bus faults; the other one does not.
    @Test func aBusFaultIsToldAsOne() throws {
      let rig = try BoardRig(.mps2an385, image: "hooks")
      try cause([.bus, .trap, .hang], on: rig) {}
    }
  }
}
