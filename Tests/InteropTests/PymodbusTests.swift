import Foundation
import TestSupport
import Testing

/// Against pymodbus, both ways. `Tools/setup test` puts it into `.venv`; without it these fail.
@Suite(.serialized) struct PymodbusTests {
  private static let python =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".venv/bin/python").path

  /// Makes the requests in order; a line of answer for each.
  private func ask(_ shell: Shell, node: Int = 2, _ requests: [String]) throws -> [String] {
    let run = try shell.run(
      [PeerModule.file("master.py"), "\(shell.folder)/bus", "\(node)"] + requests, program: Self.python)
    try #require(run.code == 0, "\(run.text)")
    return run.text.split(separator: "\n").map(String.init)
  }

  @Test func aPymodbusMasterReadsOurPanel() throws {
    let shell = try Shell(panels: 2)
    // Identification; map version, unit id, buttons (README of CallPanel); contacts and tamper at rest.
    #expect(
      try ask(shell, ["identify", "inputs 0 4", "contacts 0 9", "contacts 16 4"])
        == ["Linli CP-2 1.1.0", "257 0 1002 2", "0 0 0 0 0 0 0 0 0", "0 0 0 0"])
    for command in ["hold 2/1", "line 2/2 cut", "housing 2 open"] { #expect(try shell.panels(command).contains("ok")) }
    try shell.waitUntil("contact, tamper and the open line are read") {
      try ask(shell, ["contacts 0 9", "contacts 16 4"]) == ["1 0 0 0 0 0 0 0 1", "0 0 1 0"]
    }
    // The short poll repeats its token; at least one event waits.
    for token in [3, 12] {
      let status = try #require(try ask(shell, ["inputs \(0x100 + token) 1"]).first.flatMap { Int($0) })
      #expect(status >> 12 == token && status & 7 >= 1)
    }
    #expect(try ask(shell, node: 1, ["inputs 1 2"]) == ["0 1001"])
  }

  @Test func aPymodbusMasterWritesToOurPanel() throws {
    let shell = try Shell(panels: 2)
    #expect(
      try ask(shell, ["holding 1024 1", "write 1024 2", "holding 1024 1", "writes 1024 0", "holding 1024 1"])
        == ["0", "ok", "2", "ok", "0"])
    // The new address and baud take effect only when armed and with a finger on the panel: until then the old ones are read.
    #expect(
      try ask(shell, ["writes 1040 9 4", "holding 1040 2", "write 1042 19532", "holding 1040 2"]) == ["ok", "2 1", "ok", "9 4"])
  }

  @Test func aPymodbusMasterIsRefusedAsTheTableSays() throws {
    let shell = try Shell(panels: 2)
    let refusals = [
      // No such register, none of the kind, one past the end, a read-only one.
      ("holding 1280 1", 2), ("inputs 4 1", 2), ("contacts 9 1", 2), ("contacts 0 10", 2), ("coils 0 1", 2), ("coil 0 1", 2),
      ("coils-on 0 3", 2), ("write 768 1", 2), ("writes 768 1 2", 2),
      // Half an order, by each function that writes registers.
      ("write 512 1", 2), ("writes 512 1 2 3", 2), ("exchange 768 16 512 1 2 3", 2), ("exchange 768 16 513 1 2 3 4 5 6 7", 2),
      // Values that cannot be: silent mask, address, baud code, key.
      ("write 1024 256", 3), ("write 1040 0", 3), ("write 1040 248", 3), ("write 1041 6", 3), ("write 1042 1", 3),
    ]
    let answers = try ask(shell, refusals.map(\.0))
    #expect(answers == refusals.map { "exception \($0.1)" })
    #expect(try ask(shell, ["holding 1024 1", "holding 512 8"]).first == "0", "nothing was changed")
    #expect(try ask(shell, node: 9, ["inputs 0 4"]) == ["silent"], "nobody has this address")
  }

  /// One transaction (17) writes an order and reads the report; lamps are read from the panel's model.
  @Test func aPymodbusMasterCarriesACallByTheExchange() throws {
    let shell = try Shell(panels: 2)
    func exchange(_ order: [Int]) throws -> [Int] {
      let answer = try #require(try ask(shell, ["exchange 768 36 512 " + order.map(String.init).joined(separator: " ")]).first)
      let report = answer.split(separator: " ").compactMap { Int($0) }
      try #require(report.count == 36, "\(answer)")
      return report
    }
    #expect(try shell.panels("press 2/1").contains("ok"))
    try shell.waitUntil("the press is believed") { try shell.panels("show").contains("2  1:fast") }
    let nobody = [0, 0, 0, 0, 0xFFFF, 0xFFFF]
    let report = try exchange([7, 0] + nobody)
    #expect(report[0] >> 12 == 7 && report[0] & 8 == 8, "token, started again: \(report)")
    #expect(report[2] >= 1 && report[9...10] == [0, 1002] && report[3...4] == [1, 0], "waiting, unit, fast blink: \(report)")
    #expect(report[18] == 0x0101, "kind press, button 1")
    let (epoch, sequence) = (report[1], Array(report[16...17]))
    // Another unit's order frees nothing and moves no lamp.
    let foreign = try exchange([8, 0, 1001, epoch] + sequence + [0xFFF4, 0xFFFF])
    #expect(foreign[0] >> 12 == 8 && foreign[2] >= report[2] && foreign[3...4] == [1, 0])
    // On disk, restart seen, somebody is coming.
    let done = try exchange([0x109, 0, 1002, epoch] + sequence + [0xFFF4, 0xFFFF])
    #expect(done[0] >> 12 == 9 && done[0] & 8 == 0 && done[3...4] == [4, 0], "\(done)")
    #expect(done[16...17] != sequence[...], "the press is forgotten")
    #expect(try shell.panels("show").contains("2  1:coming"))
  }

  /// Our master polls a module on pymodbus: its input becomes a call, and the sounder's relay follows.
  @Test func ourMasterDrivesAPymodbusModule() throws {
    let shell = try Shell(buses: PeerModule.site)
    try PeerModule.drive(shell) { port, log in try shell.start([PeerModule.file("module.py"), port, log], program: Self.python) }
  }
}
