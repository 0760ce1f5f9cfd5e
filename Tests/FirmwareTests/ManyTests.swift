import CallPanelDeviceModel
import DeviceKit
import Foundation
import TestSupport
import Testing
import Transports
import VirtualBoards

extension Firmware {
  /// Many machines on one bus.
  @Suite struct ManyTests {
    /// Every button of every panel is held until its lamp answers, as a person would; the bus is polled as fast as it goes. Sixteen emulators,
    /// the station and the wires leave nothing of two cores: the emulators are what keeps the processor busy. (Programs that only burn time
    /// beside them keep the kernel's own threads, which carry a pseudo-terminal's bytes, from running for many seconds.)
    @Test(arguments: [4, 16]) func noPressIsLostAndNoneComesTwiceWhileTheMachineIsBusy(panels: Int) throws {
      let rig = try BoardRig(nodes: Array(1...panels), buttons: 4) { file, node in
        var memory = try BoardMemory(.lm3s6965evb)
        memory.save(PanelSettings(address: UInt8(node)))
        try memory.write(to: file)
      }
      try rig.startStation()
      // While they waited for a host, their idle lamps may have flashed: that is no answer to a finger.
      for board in rig.boards { board.forgetEdges() }
      var random = SeededRandom(seed: 16)
      var fingers = (0..<panels).flatMap { place in (1...4).map { (place: place, button: $0) } }
      for index in fingers.indices.dropFirst() { fingers.swapAt(index, Int(random.below(UInt32(index + 1)))) }
      for group in stride(from: 0, to: fingers.count, by: 8).map({ fingers[$0..<($0 + 8)] }) {
        for finger in group { try rig.boards[finger.place].press(finger.button) }
        for finger in group {
          let line = BoardDescription.lm3s6965evb.lamps[finger.button - 1].line
          try rig.shell.waitUntil("lamp \(finger) answers") {
            rig.boards[finger.place].edges.contains { $0.line == line && $0.isHigh }
          }
          try rig.boards[finger.place].release(finger.button)
        }
      }
      try rig.waitForCalls(fingers.count, seconds: 90)
      for finger in fingers { try rig.waitUntilLamp(finger.button, shows: .slow, place: finger.place) }
      let presses = try rig.shell.presses()
      #expect(presses.map(\.button.description).sorted() == fingers.map { "A/\($0.place + 1)/\($0.button)" }.sorted())
      #expect(Set(presses.map(\.identity)).count == fingers.count)
      #expect(rig.boards.allSatisfy { $0.resets == 0 })
    }
  }
}
