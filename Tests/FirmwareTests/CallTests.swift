import DeviceKit
import Foundation
import TestSupport
import Testing
import Transports
import VirtualBoards

extension Firmware {
  /// The real firmware in QEMU, the real station on its bus: a finger on a pin becomes a call, once.
  @Suite struct CallTests {
    @Test func aPinAndAKeyBecomeCallsAndLampsFollowTheStation() throws {
      let rig = try BoardRig()
      let station = try rig.startStation()
      try rig.tap(1)
      // Slow blink: the press is on disk.
      try rig.waitUntilLamp(1, shows: .slow)
      #expect(try rig.calls() == ["A/247/1"])
      #expect(try rig.shell.status().contains("求助 #1"))
      try rig.board.key(2, isDown: true)
      usleep(120_000)
      try rig.board.key(2, isDown: false)
      try rig.waitForCalls(2)
      try rig.waitUntilLamp(2, shows: .slow)
      #expect(try rig.calls() == ["A/247/1", "A/247/2"])
      // Somebody comes: steady, which the station believes only when it has read it back.
      #expect(try rig.shell.desk("acknowledge 1 desk").contains("done"))
      try rig.waitUntilLamp(1, shows: .steady)
      for step in ["on-scene 1 desk", "resolve 1 desk 好了"] { #expect(try rig.shell.desk(step).contains("done")) }
      try rig.waitUntilLamp(1, shows: .off)
      try rig.waitUntilLamp(2, shows: .slow)
      #expect(try rig.shell.stop(station) == 0)
      #expect(try rig.shell.run(["journal", "verify", "\(rig.shell.folder)/journal"]).code == 0)
    }

    /// A panel alone says that it felt the finger, and that no host is there.
    @Test func withoutAHostThePanelShowsThePressAndThatNobodyListens() throws {
      let rig = try BoardRig()
      try rig.tap(1)
      try rig.waitUntilLamp(1, shows: .fast)
      // 10 s without a request, then one flash every 5 s on idle lamps.
      try rig.waitUntilLamp(2, shows: .lost)
      try rig.waitUntilLamp(1, shows: .fast)
      // The host comes: the press was kept, and the idle lamp rests again.
      try rig.startStation()
      try rig.waitUntilLamp(1, shows: .slow)
      try rig.waitUntilLamp(2, shows: .off)
      #expect(try rig.calls() == ["A/247/1"])
    }

    @Test func fiftyBouncesAreOnePressAndEightButtonsAreEight() throws {
      let rig = try BoardRig(buttons: 8)
      try rig.startStation()
      // 50 edges within some 15 ms, then closed; the same when it opens.
      func bounce(endsClosed: Bool) throws {
        for edge in 0..<50 {
          try rig.board.touch(1, isPressed: (edge % 2 == 0) == endsClosed)
          usleep(150)
        }
        try rig.board.touch(1, isPressed: endsClosed)
      }
      let begin = MonotonicClock.now()
      try bounce(endsClosed: true)
      let lasted = MonotonicClock.now() - begin
      usleep(120_000)
      try bounce(endsClosed: false)
      try rig.waitForCalls(1)
      for button in 2...8 { try rig.board.press(button) }
      usleep(120_000)
      for button in 2...8 { try rig.board.release(button) }
      try rig.waitForCalls(8)
      for button in 1...8 { try rig.waitUntilLamp(button, shows: .slow) }
      #expect(try rig.calls().sorted() == (1...8).map { "A/247/\($0)" }, "50 edges took \(lasted.microseconds / 1_000) ms")
    }
  }
}
