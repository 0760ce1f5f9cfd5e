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
    for line in ["[0]: \t257", "[2]: \t1002", "[3]: \t2"] { #expect(registers.contains(line), "\(registers)") }
    #expect(try mbpoll(["-t", "3", "-r", "5000", "-c", "1", "\(shell.folder)/bus"]).contains("Illegal data address"))
    _ = try shell.panels("hold 2/1")
    try shell.waitUntil("the contact is read as closed") {
      try mbpoll(["-t", "1", "-r", "0", "-c", "2", "\(shell.folder)/bus"]).contains("[0]: \t1")
    }
    // The silent mask is a holding register that a technician may write.
    #expect(try mbpoll(["-t", "4", "-r", "1024", "\(shell.folder)/bus", "2"]).contains("Written 1 references"))
    #expect(try mbpoll(["-t", "4", "-r", "1024", "-c", "1", "\(shell.folder)/bus"]).contains("[1024]: \t2"))
  }

  /// What a master may write to our panel and what not, by its register table; `mbpoll` sends 05 and 06 for one value, 0F and 10 for more.
  @Test func ourPanelObeysAnotherMasterByItsTable() throws {
    let shell = try Shell(panels: 1)
    let common = ["-m", "rtu", "-b", "19200", "-P", "none", "-a", "1", "-0", "-1"]
    func write(_ table: Int, _ address: Int, _ values: [Int]) throws -> String {
      let options = ["-t", "\(table)", "-r", "\(address)"]
      return try shell.run(common + options + ["\(shell.folder)/bus"] + values.map(String.init), program: "/usr/bin/mbpoll").text
    }
    func holding(_ address: Int, _ count: Int) throws -> [Int] {
      let text = try shell.run(
        common + ["-t", "4", "-r", "\(address)", "-c", "\(count)", "\(shell.folder)/bus"], program: "/usr/bin/mbpoll"
      ).text
      return text.split(separator: "\n").filter { $0.hasPrefix("[") }.compactMap {
        $0.split(separator: "\t").last.flatMap { Int($0.split(separator: " ")[0]) }
      }
    }
    // 05 and 0F: there are no coils.
    #expect(try write(0, 0, [1]).contains("Illegal data address"))
    #expect(try write(0, 0, [1, 0, 1]).contains("Illegal data address"))
    // 06: the silent mask is obeyed, a value it cannot have, a read-only register and half an order are refused.
    #expect(try write(4, 0x400, [2]).contains("Written 1 references"))
    #expect(try write(4, 0x400, [0x100]).contains("Illegal data value"))
    #expect(try write(4, 0x300, [1]).contains("Illegal data address"))
    #expect(try write(4, 0x200, [1]).contains("Illegal data address"))
    #expect(try write(4, 0x412, [0x1234]).contains("Illegal data value"))
    // 10: new address and baud are obeyed; a range that leaves the map changes nothing, and half an order is refused.
    #expect(try write(4, 0x410, [9, 4]).contains("Written 2 references"))
    #expect(try write(4, 0x400, [3, 3]).contains("Illegal data address"))
    #expect(try holding(0x400, 1) == [2])
    #expect(try write(4, 0x200, [1, 0, 1001]).contains("Illegal data address"))
    // A whole order for this unit is obeyed: its token is repeated, its lamp shown once the press is acknowledged.
    #expect(try shell.panels("press 1/1").contains("ok"))
    try shell.waitUntil("the panel blinks") { try shell.panels("show").contains("1:fast") }
    #expect(try write(4, 0x200, [5, 0, 1001, 0, 0, 0, 0xFFF4, 0xFFFF]).contains("Written 8 references"))
    #expect(try shell.panels("show").contains("1:fast"), "a lamp shows no more than what is acknowledged")
    let report = try holding(0x300, 21)
    try #require(report.count == 21)
    let (epoch, sequence) = (report[1], [report[16], report[17]])
    #expect(report[0] >> 12 == 5 && report[2] >= 1 && report[18] == 0x0101, "\(report)")
    #expect(try write(4, 0x200, [6, 0, 1001, epoch] + sequence + [0xFFF4, 0xFFFF]).contains("Written 8 references"))
    try shell.waitUntil("the lamp follows the order") { try shell.panels("show").contains("1:coming") }
  }

  /// Our master polls a module on libmodbus: its input becomes a call, and the sounder's relay follows.
  @Test func ourMasterDrivesAnotherModule() throws {
    let shell = try Shell(buses: PeerModule.site)
    try build(shell)
    try PeerModule.drive(shell) { port, log in try shell.start([port, log], program: "\(shell.folder)/module") }
  }

  /// A green light that is lit after a clean stop would say that somebody watches.
  @Test func aCleanStopSwitchesOffTheLightOfAnotherModule() throws {
    let shell = try Shell { PeerModule.site($0, role: "greenLight") }
    try build(shell)
    let wire = JoinedTerminals("\(shell.folder)/host", "\(shell.folder)/far")
    defer { wire.cut() }
    try shell.waitUntil("the wire is there") { FileManager.default.fileExists(atPath: "\(shell.folder)/far") }
    let module = try shell.start(["\(shell.folder)/far", "\(shell.folder)/coils"], program: "\(shell.folder)/module")
    func coils() -> String { (try? String(contentsOfFile: "\(shell.folder)/coils", encoding: .utf8)) ?? "" }
    let station = try shell.startStation()
    try shell.waitUntil("the light is lit") { coils().hasSuffix("coil 1\n") }
    #expect(try shell.stop(station, seconds: 5) == 0)
    #expect(coils().hasSuffix("coil 0\n"))
    #expect(module.isRunning)
  }

  private func build(_ shell: Shell) throws {
    let built = try shell.run(
      ["-o", "\(shell.folder)/module", PeerModule.file("module.c"), "-I/usr/include/modbus", "-lmodbus"], program: "/usr/bin/cc")
    try #require(built.code == 0, "\(built.text)")
  }
}
