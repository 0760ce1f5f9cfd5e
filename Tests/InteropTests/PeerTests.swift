import Foundation
import TestSupport
import Testing

/// Against programs that others wrote. A missing one fails.
@Suite(.serialized) struct PeerTests {
  /// Our panel model answers `mbpoll`, a master on libmodbus.
  @Test func anotherMasterReadsAndWritesOurPanel() throws {
    let shell = try Shell(panels: 2)
    let common = ["-m", "rtu", "-b", "19200", "-P", "none", "-a", "2", "-0", "-1"]
    func mbpoll(_ arguments: [String]) throws -> String { try shell.run(common + arguments, program: "/usr/bin/mbpoll").text }
    let registers = try mbpoll(["-t", "3", "-r", "0", "-c", "4", "\(shell.folder)/bus"])
    // Protocol version, unit id 1002 and number of buttons (README of CallPanel).
    for line in ["[0]: \t256", "[2]: \t1002", "[3]: \t2"] { #expect(registers.contains(line), "\(registers)") }
    #expect(try mbpoll(["-t", "3", "-r", "5000", "-c", "1", "\(shell.folder)/bus"]).contains("Illegal data address"))
    _ = try shell.panels("hold 2/1")
    try shell.waitUntil("the contact is read as closed") {
      try mbpoll(["-t", "1", "-r", "0", "-c", "2", "\(shell.folder)/bus"]).contains("[0]: \t1")
    }
    // The silent mask is a holding register that a technician may write.
    #expect(try mbpoll(["-t", "4", "-r", "1024", "\(shell.folder)/bus", "2"]).contains("Written 1 references"))
    #expect(try mbpoll(["-t", "4", "-r", "1024", "-c", "1", "\(shell.folder)/bus"]).contains("[1024]: \t2"))
  }

  /// Our master polls a module on libmodbus: its input becomes a call, and the sounder's relay follows.
  @Test func ourMasterDrivesAnotherModule() throws {
    let shell = try Shell { folder in
      """
        - name: A
          port: \(folder)/host
          modules:
            - {node: 20, name: 模块, inputs: 4, outputs: 2, buttons: [{button: 1, place: p}], roles: [{output: 1, role: sounder}]}

      """
    }
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Peers/module.c").path
    let built = try shell.run(
      ["-o", "\(shell.folder)/module", source, "-I/usr/include/modbus", "-lmodbus"], program: "/usr/bin/cc")
    try #require(built.code == 0, "\(built.text)")
    let wire = JoinedTerminals("\(shell.folder)/host", "\(shell.folder)/far")
    defer { wire.cut() }
    try shell.waitUntil("the wire is there") { FileManager.default.fileExists(atPath: "\(shell.folder)/far") }
    try shell.start(["\(shell.folder)/far", "\(shell.folder)/coils"], program: "\(shell.folder)/module")
    _ = try shell.startStation()
    try shell.waitUntil("the input became a call") { (try? shell.desk("status"))?.contains("求助 #1") == true }
    func coils() -> String { (try? String(contentsOfFile: "\(shell.folder)/coils", encoding: .utf8)) ?? "" }
    try shell.waitUntil("the sounder sounds") { coils().hasSuffix("coil 1\n") }
    #expect(try shell.desk("acknowledge 1 desk").contains("done"))
    try shell.waitUntil("an acknowledgement silences it") { coils().hasSuffix("coil 0\n") }
  }
}
