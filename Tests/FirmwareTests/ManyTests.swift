import CallPanelDeviceModel
import DeviceKit
import Foundation
import TestSupport
import Testing
import Transports
import VirtualBoards

extension Firmware {
  /// A whole bus of machines.
  @Suite struct ManyTests {
    /// 16 processors are emulated on few cores that others keep busy as well; the bus is polled as fast as it goes. Every button of every
    /// panel is held until its lamp answers, as a person would.
    @Test func sixteenPanelsLoseNothingWhileTheMachineIsBusy() throws {
      let rig = try BoardRig(nodes: Array(1...16), buttons: 8) { file, node in
        var memory = try BoardMemory(.lm3s6965evb)
        memory.save(PanelSettings(address: UInt8(node)))
        try memory.write(to: file)
      }
      try rig.startStation()
      // As many as there are cores, and one more.
      let burners = try (0...ProcessInfo.processInfo.activeProcessorCount).map { _ in
        try rig.shell.start(["-c", "while :; do :; done"], program: "/bin/sh")
      }
      defer { for burner in burners { kill(burner.processIdentifier, SIGKILL) } }
      var random = SeededRandom(seed: 16)
      var fingers = (0..<16).flatMap { place in (1...8).map { (place: place, button: $0) } }
      for index in fingers.indices.dropFirst() { fingers.swapAt(index, Int(random.below(UInt32(index + 1)))) }
      for group in stride(from: 0, to: fingers.count, by: 8).map({ fingers[$0..<($0 + 8)] }) {
        for finger in group { try rig.boards[finger.place].press(finger.button) }
        for finger in group {
          let line = BoardDescription.lm3s6965evb.lamps[finger.button - 1].line
          try rig.shell.waitUntil("lamp \(finger) answers", seconds: 20) {
            rig.boards[finger.place].edges.contains { $0.line == line && $0.isHigh }
          }
          try rig.boards[finger.place].release(finger.button)
        }
      }
      try rig.waitForCalls(128)
      for finger in fingers { try rig.waitUntilLamp(finger.button, shows: .slow, place: finger.place) }
      #expect(burners.allSatisfy { $0.isRunning })
      let presses = try rig.shell.presses()
      #expect(presses.map(\.button.description).sorted() == fingers.map { "A/\($0.place + 1)/\($0.button)" }.sorted())
      #expect(Set(presses.map(\.identity)).count == 128)
      #expect(rig.boards.allSatisfy { $0.resets == 0 })
    }
  }
}
