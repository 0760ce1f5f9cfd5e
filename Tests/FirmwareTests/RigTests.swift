import ChildPrograms
import DeviceKit
import Foundation
import TestSupport
import Testing
import Transports

@testable import VirtualBoards

extension Firmware {
  /// The rig itself, with a program that does nothing: what it leaves behind, what it says of mistakes, that pins keep their levels.
  @Suite struct RigTests {
    /// A stack pointer, a reset vector, and a branch to itself.
    private static let idle: [UInt8] = [0, 0x10, 0, 0x20, 9, 0, 0, 0, 0xFE, 0xE7]

    private func idleImage(_ folder: String) throws -> String {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(Self.idle).write(to: URL(fileURLWithPath: "\(folder)/idle.bin"))
      return "\(folder)/idle.bin"
    }

    /// Emulators that have this process as their parent.
    private func children(of process: Int32) throws -> [Int32] {
      try runToEnd("/usr/bin/env", ["ps", "-o", "comm=,pid=", "--ppid", "\(process)"]).text.split(separator: "\n").compactMap {
        $0.hasPrefix("qemu-system") ? $0.split(separator: " ").last.flatMap { Int32($0) } : nil
      }
    }

    private func isAlive(_ process: Int32) -> Bool { kill(process, 0) == 0 }

    @Test func mistakesAreSaidInPlainWords() throws {
      let folder = Shell.newFolder()
      defer { try? FileManager.default.removeItem(atPath: folder) }
      #expect { _ = try VirtualBoard(.lm3s6965evb, image: "\(folder)/none.elf") } throws: {
        "\($0)".hasPrefix("没有固件映像") && "\($0)".contains("make -C Boards")
      }
      #expect { _ = try ChildProgram.find("qemu-system-none") } throws: { "\($0)".hasPrefix("找不到 qemu-system-none") }
      let image = try idleImage(folder)
      // What the emulator says of a wrong argument is passed on.
      #expect { _ = try VirtualBoard(.lm3s6965evb, image: image, more: ["-no-such-option"]) } throws: {
        "\($0)".contains("no-such-option") && "\($0)".contains("lm3s6965evb")
      }
      let board = try VirtualBoard(.lm3s6965evb, image: image)
      #expect { try board.press(9) } throws: { "\($0)".contains("没有 按钮") }
      #expect { try board.key(6, isDown: true) } throws: { "\($0)".contains("没有 按键") }
      board.stop()
      #expect(!board.isRunning)
      #expect { try board.press(1) } throws: { if case VirtualBoardError.ended = $0 { true } else { false } }
      #expect { try board.reset() } throws: { if case VirtualBoardError.ended = $0 { true } else { false } }
    }

    @Test func pinsKeepTheirLevelsOverAReset() throws {
      let folder = Shell.newFolder()
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let board = try VirtualBoard(.lm3s6965evb, image: try idleImage(folder))
      let buttons: UInt32 = 0x4002_403C
      #expect(try board.readWord(buttons) == 0xF)
      try board.press(2)
      #expect(try board.readWord(buttons) == 0xD)
      try board.reset()
      #expect(try board.readWord(buttons) == 0xD && board.resets == 1)
      try board.release(2)
      try board.reset()
      #expect(try board.readWord(buttons) == 0xF && board.resets == 2)
      try board.writeWord(0x1234_5678, at: 0x2000_0100)
      #expect(try board.readWord(0x2000_0100) == 0x1234_5678)
    }

    @Test func nothingIsLeftBehind() throws {
      let folder = Shell.newFolder()
      let image = try idleImage(folder)
      let shell = try Shell(folder: folder, site: "")
      let before = try children(of: getpid())
      for _ in 0..<3 { _ = try VirtualBoard(.lm3s6965evb, image: image) }
      #expect(try children(of: getpid()).filter { !before.contains($0) }.isEmpty)
      for signal in [SIGTERM, SIGKILL] {
        let program = try shell.start([
          "sim", "firmware", "--link", "\(folder)/bus", "--panels", "3", "--image", image, "--socket", "\(folder)/sim.sock",
        ])
        try shell.waitUntil("the boards run") { (try? shell.panels("ping")) == "ok\n" }
        let emulators = try children(of: program.processIdentifier)
        #expect(emulators.count == 3)
        kill(program.processIdentifier, signal)
        try shell.waitUntil("all have ended") { !program.isRunning && emulators.allSatisfy { !isAlive($0) } }
      }
    }

    /// Three ends of wires and a host, all of them sockets of this test.
    private final class Wires {
      let bus: VirtualBus
      let host: OwnedDescriptor
      let boards: [OwnedDescriptor]
      private let done = DispatchGroup()

      init(boards count: Int) throws {
        let (host, busHost) = try OwnedDescriptor.pair()
        bus = try VirtualBus(descriptor: busHost)
        self.host = host
        boards = try (0..<count).map { [bus] place in
          let (near, far) = try OwnedDescriptor.pair()
          bus.connect(far, at: place)
          return near
        }
        let (bus, done) = (bus, done)
        done.enter()
        Thread.detachNewThread {
          bus.run()
          done.leave()
        }
      }

      deinit {
        bus.stop()
        done.wait()
      }

      func send(_ text: String, from end: OwnedDescriptor) {
        _ = Array(text.utf8).withUnsafeBytes { write(end.number, $0.baseAddress, $0.count) }
      }

      /// What comes within a quarter of a second.
      func hear(_ end: OwnedDescriptor, _ count: Int, patience: Int32 = 250) -> String {
        var heard: [UInt8] = []
        var entry = pollfd(fd: end.number, events: Int16(POLLIN), revents: 0)
        while heard.count < count, poll(&entry, 1, heard.isEmpty ? patience * 20 : patience) > 0 {
          var buffer = [UInt8](repeating: 0, count: 256)
          let length = read(end.number, &buffer, 256)
          guard length > 0 else { break }
          heard += buffer[..<length]
        }
        return String(decoding: heard, as: UTF8.self)
      }

      func hearsNothing(_ end: OwnedDescriptor) -> Bool {
        var entry = pollfd(fd: end.number, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 150) == 0
      }
    }

    @Test func whatOneSaysAllOthersHear() throws {
      let wires = try Wires(boards: 3)
      wires.send("asked", from: wires.host)
      for board in wires.boards { #expect(wires.hear(board, 5) == "asked") }
      wires.send("told", from: wires.boards[1])
      #expect(wires.hear(wires.host, 4) == "told")
      for place in [0, 2] { #expect(wires.hear(wires.boards[place], 4) == "told") }
      #expect(wires.hearsNothing(wires.boards[1]), "nobody hears himself")
      wires.bus.say(FixedBytes("noise".utf8))
      for end in wires.boards + [wires.host] { #expect(wires.hear(end, 5) == "noise") }
    }

    @Test func wiresCanBeCutShortedAndBrokenOff() throws {
      let wires = try Wires(boards: 2)
      wires.bus.cut(1, true)
      wires.send("one", from: wires.host)
      #expect(wires.hear(wires.boards[0], 3) == "one" && wires.hearsNothing(wires.boards[1]))
      wires.send("x", from: wires.boards[1])
      #expect(wires.hearsNothing(wires.host))
      wires.bus.cut(1, false)
      wires.bus.setFaults { $0.isShorted = true }
      wires.send("two", from: wires.host)
      #expect(wires.hearsNothing(wires.boards[0]))
      wires.bus.setFaults { $0 = VirtualBus.Faults() }
      wires.bus.breakNextHostMessage(after: 2)
      wires.send("three", from: wires.host)
      #expect(wires.hear(wires.boards[1], 2) == "th" && wires.hear(wires.boards[0], 2) == "th")
      wires.bus.setFaults { $0.cutBefore = 1 }
      wires.send("four", from: wires.host)
      #expect(wires.hear(wires.boards[0], 4) == "four" && wires.hearsNothing(wires.boards[1]))
      wires.bus.setFaults { $0.noisePerMille = 1_000 }
      wires.send("five", from: wires.boards[0])
      let heard = wires.hear(wires.host, 4)
      #expect(!heard.isEmpty && heard != "five")
      wires.bus.setFaults { $0.lossPerMille = 1_000 }
      wires.send("six", from: wires.boards[0])
      #expect(wires.hearsNothing(wires.host))
    }

    @Test func aLampIsReadAsAPersonWould() {
      func edges(_ beats: [Int], isHighFirst: Bool = true) -> ([PinEdge], Instant) {
        var at = Instant(microseconds: 1_000_000)
        var isHigh = isHighFirst
        var found: [PinEdge] = []
        for beat in beats {
          found.append(PinEdge(line: 0, isHigh: isHigh, at: at))
          isHigh.toggle()
          at += .milliseconds(125 * beat)
        }
        return (found, at)
      }
      func pattern(_ beats: [Int]) -> LampPattern {
        let (found, at) = edges(beats)
        return LampPattern(found, at: at)
      }
      #expect(pattern([]) == .off)
      #expect(pattern([8]) == .steady && pattern([4, 4, 4, 8]) == .off)
      #expect(pattern([4, 4, 4, 3]) == .slow && pattern([4, 4, 4, 4, 4]) == .slow)
      #expect(pattern([4, 3]) != .slow && pattern([1, 1, 4, 1]) != .slow)
      #expect(pattern([1, 1, 1, 1, 1]) == .fast && pattern([1, 1, 1, 1, 1, 1]) == .fast)
      #expect(pattern([1, 1, 1, 13, 1, 1, 1, 1]) == .fault && pattern([1, 1, 1, 13, 1, 1, 1, 12]) == .fault)
      #expect(pattern([1, 39, 1, 20]) == .lost && pattern([1, 39, 1, 50]) == .off)
      #expect(pattern([1, 1, 1, 1, 1, 1, 1, 40]) == .off && pattern([4, 4, 20]) == .steady)
    }
  }
}
