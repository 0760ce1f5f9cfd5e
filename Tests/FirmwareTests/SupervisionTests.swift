import DeviceKit
import Foundation
import TestSupport
import Testing
import Transports
import VirtualBoards

extension Firmware {
  /// What a panel watches besides its buttons.
  @Suite struct SupervisionTests {
    /// The housing's switch is a pin; the emulated converter measures nothing, so the codes of the lines are put into words of the test image.
    @Test func anOpenHousingAndACutLineAreFaultsOnTheDutyDesk() throws {
      let rig = try BoardRig(image: "hooks")
      try rig.startStation()
      func causes() throws -> [String: Bool] {
        let kinds = ["tampered", "lineCut", "lineShort"]
        return try rig.shell.faults().filter { fault in kinds.contains { fault.key.contains($0) } }
      }
      #expect(try causes().isEmpty)
      try rig.board.openHousing(true)
      try rig.shell.waitUntil("the desk knows of the housing") { try causes().count == 1 }
      // 12 bits: nothing is connected; then it is a short.
      try rig.board.writeWord(0x8000_0FFF, at: rig.hooks() + 4 * 1)
      try rig.shell.waitUntil("the desk knows of the line") { try causes().count == 2 }
      try rig.board.writeWord(0x8000_0000, at: rig.hooks() + 4 * 2)
      try rig.shell.waitUntil("and of the other one") { try causes().count == 3 }
      try rig.board.openHousing(false)
      for line in 1...2 { try rig.board.writeWord(0x8000_0800, at: rig.hooks() + 4 * UInt32(line)) }
      try rig.shell.waitUntil("all causes are gone") { try causes().values.allSatisfy { !$0 } }
      #expect(try rig.shell.presses().isEmpty)
    }

    /// A button that nobody lets go of is one call and takes no other button's place. That it is a fault after a minute, Tests/CallPanelTests
    /// show in virtual time.
    @Test func aButtonThatIsHeldIsOneCallAndNoFaultYet() throws {
      let rig = try BoardRig()
      try rig.startStation()
      try rig.board.press(1)
      try rig.waitForCalls(1)
      try rig.tap(2)
      try rig.waitForCalls(2)
      for button in 1...2 { try rig.waitUntilLamp(button, shows: .slow) }
      // A long press is told as a repeat of the first; it opens nothing.
      #expect(try Set(rig.calls()) == ["A/247/1", "A/247/2"])
      #expect(try rig.shell.status().contains("求助 #2 ") && !rig.shell.status().contains("求助 #3 "))
      #expect(try rig.shell.faults().keys.allSatisfy { !$0.contains("stuck") })
    }
  }
}
