import DeviceKit
import Foundation
import TestSupport
import Testing
import Transports
import VirtualBoards

extension Firmware {
  /// What a panel hears on a shared pair of wires that is not for it, or is no frame at all; and masters that others wrote.
  @Suite struct WireTests {
    private static let node: UInt8 = 247
    /// The poll with token 3, and what is answered while nothing waits; bits 10...0 are of no interest here.
    private static func answers(_ master: RawMaster, _ token: UInt8 = 3) -> Bool {
      guard let answer = master.ask(node, [4, 1, token, 0, 1]) else { return false }
      return answer.count == 4 && answer[0] == 4 && answer[1] == 2 && answer[2] >> 4 == token
    }

    /// The host says nothing while they read: it is another program on the same port.
    @Test func mbpollReadsAndIsRefused() throws {
      let rig = try BoardRig()
      func mbpoll(_ node: Int, _ arguments: [String]) throws -> String {
        let common = ["-m", "rtu", "-b", "19200", "-P", "none", "-a", "\(node)", "-0", "-1", "-o", "1"]
        return try rig.shell.run(common + arguments + ["\(rig.shell.folder)/bus"], program: "/usr/bin/mbpoll").text
      }
      let registers = try mbpoll(247, ["-t", "3", "-r", "0", "-c", "4"])
      for line in ["[2]: \t1001", "[3]: \t8"] { #expect(registers.contains(line), "\(registers)") }
      #expect(try mbpoll(247, ["-t", "3", "-r", "5000", "-c", "1"]).contains("Illegal data address"))
      #expect(try mbpoll(247, ["-t", "0", "-r", "0", "-c", "1"]).contains("Illegal data address"))
      #expect(try mbpoll(9, ["-t", "3", "-r", "0", "-c", "4"]).contains("timed out"))
      try rig.board.press(3)
      try rig.shell.waitUntil("the contact is read as closed") {
        try mbpoll(247, ["-t", "1", "-r", "0", "-c", "8"]).contains("[2]: \t1")
      }
    }

    @Test func pymodbusReadsWritesAndCarriesACall() throws {
      let rig = try BoardRig()
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      let python = root.deletingLastPathComponent().appendingPathComponent(".venv/bin/python").path
      func ask(_ requests: [String], node: Int = 247) throws -> [String] {
        let master = root.appendingPathComponent("InteropTests/Peers/master.py").path
        let run = try rig.shell.run([master, "\(rig.shell.folder)/bus", "\(node)"] + requests, program: python)
        try #require(run.code == 0, "\(run.text)")
        return run.text.split(separator: "\n").map(String.init)
      }
      #expect(try ask(["identify"]).first?.hasPrefix("Linli CP-8 ") == true)
      #expect(
        try ask([
          "inputs 1 3", "contacts 0 9", "holding 1024 1", "write 1024 2", "holding 1024 1", "writes 1024 0", "holding 1024 1",
        ])
          == ["0 1001 8", "0 0 0 0 0 0 0 0 0", "0", "ok", "2", "ok", "0"])
      // None of the kind, half an order, values that cannot be.
      #expect(
        try ask(["holding 2000 1", "coil 0 1", "writes 512 1 2 3", "write 1040 248", "write 1042 1"])
          == ["exception 2", "exception 2", "exception 2", "exception 3", "exception 3"])
      #expect(try ask(["inputs 0 4"], node: 9) == ["silent"])
      try rig.tap(1)
      try rig.waitUntilLamp(1, shows: .fast)
      func exchange(_ order: [Int]) throws -> [Int] {
        let answer = try #require(try ask(["exchange 768 36 512 " + order.map(String.init).joined(separator: " ")]).first)
        let report = answer.split(separator: " ").compactMap { Int($0) }
        try #require(report.count == 36, "\(answer)")
        return report
      }
      let report = try exchange([7, 0, 0, 0, 0, 0, 0xFFFF, 0xFFFF])
      #expect(report[0] >> 12 == 7 && report[2] >= 1 && report[9...10] == [0, 1001], "\(report)")
      #expect(report[18] == 0x0101, "kind press, button 1")
      let done = try exchange([0x109, 0, 1001, report[1]] + Array(report[16...17]) + [0xFFF4, 0xFFFF])
      #expect(done[3...4] == [4, 0] && done[16...17] != report[16...17], "\(done)")
      try rig.waitUntilLamp(1, shows: .steady)
    }

    /// None of it is answered, and after each the panel answers the next poll; the press that was made meanwhile is there.
    @Test func garbageAndWhatIsForOthersIsLeftAlone() throws {
      let rig = try BoardRig()
      let master = try RawMaster("\(rig.shell.folder)/bus")
      #expect(Self.answers(master))
      let poll = RawMaster.frame(Self.node, [4, 1, 5, 0, 1])
      var wrongSum = poll
      wrongSum[wrongSum.count - 1] ^= 1
      var random = SeededRandom(seed: 247)
      let noise = (0..<200).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let silent: [(String, [UInt8])] = [
        ("noise", noise), ("a wrong sum", wrongSum), ("cut in the middle", Array(poll.prefix(5))), ("one byte", [Self.node]),
        ("another node's request", RawMaster.frame(9, [4, 0, 0, 0, 4])),
        ("another node's answer", RawMaster.frame(9, [4, 8, 1, 0, 0, 0, 3, 0xE9, 0, 2])),
        ("a broadcast that reads", RawMaster.frame(0, [4, 1, 5, 0, 1])),
        ("longer than a frame can be", Array(repeating: 0x55, count: 300) + [0xF7]),
        ("a long one of another node", RawMaster.frame(9, [3, 248] + Array(repeating: 0xF7, count: 248))),
        ("what is no function of ours, to nobody", RawMaster.frame(9, [0x63, 1, 2, 3])),
      ]
      for (what, bytes) in silent {
        master.send(bytes)
        #expect(master.listen(200).isEmpty, "\(what)")
        #expect(Self.answers(master), "after \(what)")
      }
      // Refused, not ignored: a wrong function, with any content.
      for function: UInt8 in [0x09, 0x2C, 0x41, 0x63, 0x7F] {
        #expect(master.ask(Self.node, [function, 1, 2, 3]) == [function | 0x80, 1], "function \(function)")
      }
      // A broadcast that writes is obeyed and not answered.
      master.send(RawMaster.frame(0, [6, 4, 0, 0, 6]))
      #expect(master.listen(200).isEmpty)
      #expect(master.holding(Self.node, 0x400, 1) == [6])
      try rig.tap(1)
      try rig.shell.waitUntil("the press waits") { (master.ask(Self.node, [4, 1, 0, 0, 1])?.last ?? 0) & 7 >= 1 }
      #expect(rig.board.resets == 0)
    }

    /// The host's own frame breaks off, comes late, is disturbed, wires are pulled: the call comes through, once.
    @Test func aCallComesThroughABadWireOnce() throws {
      let rig = try BoardRig()
      try rig.startStation()
      rig.bus.setFaults {
        $0.noisePerMille = 8
        $0.lossPerMille = 100
      }
      for _ in 0..<4 { rig.bus.breakNextHostMessage(after: 5); usleep(50_000) }
      try rig.tap(1)
      try rig.waitForCalls(1)
      rig.bus.cut(0, true)
      try rig.tap(2)
      try rig.waitUntilLamp(2, shows: .fast)
      usleep(500_000)
      rig.bus.cut(0, false)
      try rig.waitForCalls(2)
      rig.bus.setFaults { $0 = VirtualBus.Faults() }
      for button in 1...2 { try rig.waitUntilLamp(button, shows: .slow) }
      #expect(try rig.calls() == ["A/247/1", "A/247/2"])
    }
  }
}
