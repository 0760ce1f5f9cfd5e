import DeviceKit
import Foundation
import TestSupport
import Testing

@testable import VirtualBoards

extension Firmware {
  /// `linli sim firmware` as a person uses it: commands to booted images, the real station on their bus.
  @Suite struct ProgramTests {
    private func startBus(_ panels: Int) throws -> Shell {
      let shell = try Shell { folder in
        (1...panels).reduce("  - name: A\n    port: \(folder)/bus\n    panels:\n") { text, node in
          text + "      - {node: \(node), name: 面板, buttons: [{button: 1, place: p}, {button: 2, place: p}]}\n"
        }
      }
      try shell.start([
        "sim", "firmware", "--link", "\(shell.folder)/bus", "--panels", "\(panels)", "--socket", "\(shell.folder)/sim.sock",
      ])
      try shell.waitUntil("the boards run") { (try? shell.panels("ping")) == "ok\n" }
      return shell
    }

    private func say(_ shell: Shell, _ words: String) throws -> (code: Int32, text: String) {
      try shell.run(["sim", "--socket", "\(shell.folder)/sim.sock"] + words.split(separator: " ").map(String.init))
    }

    private func waitForCall(_ shell: Shell, _ button: String) throws {
      try shell.waitUntil("the call of \(button) is on the desk") { try shell.status().contains("大厅 (\(button)) ") }
      #expect(try shell.presses().filter { $0.button.description == button }.count == 1)
    }

    @Test func keysPinsResetsAndLossesOfPowerReachTheDesk() throws {
      let shell = try startBus(2)
      let station = try shell.startStation()
      try shell.waitUntilOnline(2)
      // The emulator's keyboard.
      #expect(try say(shell, "key 1/1").code == 0)
      try waitForCall(shell, "A/1/1")
      try shell.waitUntilLamp(1, 1, shows: "slow")
      // Each is answered, and soon: an emulator that is started holds nobody's connection.
      let off = try say(shell, "power 1 off")
      #expect(off.code == 0 && off.text == "好 / ok\n", "\(off.text)")
      try shell.waitUntil("the desk misses it") { try shell.faults()["A/1:silent"] == true }
      let without = try say(shell, "press 1/2")
      #expect(without.code == 1 && without.text.contains("power 1 on"), "\(without.text)")
      let on = try say(shell, "power 1 on")
      #expect(on.code == 0 && on.text == "好 / ok\n", "\(on.text)")
      try shell.waitUntil("it is back") { try shell.faults()["A/1:silent"] == false }
      #expect(try say(shell, "press 1/2").code == 0)
      try waitForCall(shell, "A/1/2")
      #expect(try say(shell, "reset 2").code == 0)
      #expect(try shell.panels("show").split(separator: "\n").last?.hasSuffix("复位:1") == true)
      #expect(try say(shell, "press 2/1").code == 0)
      try waitForCall(shell, "A/2/1")
      #expect(try shell.run(["panel", "identify", "\(shell.folder)/site.yaml", "A/2", "--seconds", "30"]).code == 0)
      // The lamp that tells of the call goes on telling it.
      try shell.waitUntilLamp(2, 2, shows: "running")
      try shell.waitUntilLamp(2, 1, shows: "slow")
      // Keys there are for five buttons, places for two.
      for words in ["key 3/1", "key 1/6", "wire cut 3", "wire cut 0", "reset 9", "dance"] {
        let refused = try say(shell, words)
        #expect(refused.code == 1 && !refused.text.contains("好"), "\(words): \(refused.text)")
      }
      #expect(try shell.stop(station) == 0)
    }

    /// The very payloads that the maker has built, under the next number: what runs in one slot differs from that by its header alone.
    @Test func aReleaseThatOnlyRaisesTheNumberIsInstalledOnABoard() throws {
      let rig = try BoardRig(.microbit, baud: 230_400)
      let boards = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Boards").path
      let files = try [0, 1].map { slot in
        let file = "\(rig.shell.folder)/\(slot).lnl"
        let made = try runToEnd(
          "\(boards)/pack",
          [
            "image", "4", "9.8.7", "\(slot)", "\(boards)/keys/development.pem", "\(boards)/.build/microbit/panel-\(slot).payload",
            file,
          ])
        #expect(made.code == 0, "\(made.text)")
        return file
      }
      try rig.startStation()
      let panel = ["\(rig.shell.folder)/site.yaml", "A/247"]
      let update = try rig.shell.run(["panel", "update"] + panel + files)
      #expect(update.code == 0 && update.text.contains("在运行,已确认"), "\(update.text)")
      let info = try rig.shell.run(["panel", "info"] + panel)
      #expect(info.text.contains("9.8.7 (build ") && info.text.contains("分区 / slot: 1"), "\(info.text)")
      let again = try rig.shell.run(["panel", "update"] + panel + files)
      #expect(again.code == 0 && again.text.contains("已经是这个固件"), "\(again.text)")
    }

    @Test func aLightThatRunsIsNoneOfThePatternsOfACall() {
      for lamps in [4, 8] {
        for rest in 1..<lamps {
          var at = Instant(microseconds: 1_000_000)
          var edges: [PinEdge] = []
          for _ in 0..<4 {
            edges.append(PinEdge(line: 0, isHigh: true, at: at))
            edges.append(PinEdge(line: 0, isHigh: false, at: at + .milliseconds(125)))
            at += .milliseconds(125 * lamps)
          }
          at = at - .milliseconds(125 * lamps) + .milliseconds(125 + 125 * rest)
          #expect(LampPattern(edges, at: at) == .running, "\(lamps) lamps, \(rest) beats later")
          #expect(LampPattern(edges, at: at + .seconds(3)) == .off)
        }
      }
    }

    /// Whatever this program has open: an emulator has its own lines and nothing else.
    @Test func anEmulatorInheritsNothing() throws {
      let folder = Shell.newFolder()
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      // Opened by a library that knows no better, with a high number.
      let open = Glibc.open("\(folder)", O_RDONLY | O_DIRECTORY)
      try #require(open >= 0)
      let high = fcntl(open, F_DUPFD, 200)
      defer {
        close(open)
        close(high)
      }
      let board = try VirtualBoard(.lm3s6965evb, image: BoardRig.image("panel", of: .lm3s6965evb))
      defer { board.stop() }
      let emulators = try runToEnd("/usr/bin/env", ["ps", "-o", "comm=,pid=", "--ppid", "\(getpid())"]).text
        .split(separator: "\n").compactMap { $0.hasPrefix("qemu-system") ? $0.split(separator: " ").last : nil }
      #expect(!emulators.isEmpty)
      for process in emulators {
        let links = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").compactMap {
          try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
        }
        #expect(!links.contains(folder), "\(links)")
      }
    }
  }
}
