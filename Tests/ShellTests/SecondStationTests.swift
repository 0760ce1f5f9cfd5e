import Foundation
import TestSupport
import Testing

/// Two stations that want the same thing.
@Suite(.serialized) struct SecondStationTests {
  @Test func ofTwoOnOneJournalTheSecondIsRefusedAndNamesTheFirst() throws {
    let shell = try Shell(panels: 1)
    let first = try shell.startStation()
    try shell.waitUntilOnline(1)
    try site(of: shell, named: "other.yaml") { $0.replacingOccurrences(of: "/bus\n", with: "/other-bus\n") }
    let second = try shell.run(["run", "\(shell.folder)/other.yaml"])
    #expect(second.code == 1)
    for part in ["不能再启动一个", "\(first.processIdentifier)", "\(shell.folder)/journal", "refused"] {
      #expect(second.text.contains(part), "\(second.text)")
    }
    _ = try shell.panels("press 1/1")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    #expect(try shell.stop(first) == 0)
  }

  @Test func ofTwoOnOnePortTheSecondSaysSoAndTheFirstIsNotDisturbed() throws {
    let shell = try Shell(panels: 2)
    let first = try shell.startStation()
    try shell.waitUntilOnline(2)
    try site(of: shell, named: "other.yaml") { $0.replacingOccurrences(of: "folder: journal", with: "folder: other-journal") }
    let second = try shell.start(["run", "\(shell.folder)/other.yaml"], log: "\(shell.folder)/other.log")
    try shell.waitUntil("the second has the fault on its desk") {
      (try? shell.desk("status", site: "other.yaml"))?.contains("故障 A:portBusy: 串口打不开") == true
    }
    let log = try String(contentsOfFile: "\(shell.folder)/other.log", encoding: .utf8)
    #expect(log.contains("端口被占用") && log.contains("进程 \(first.processIdentifier) (linli)"), "it names who has the port: \(log)")
    // Several attempts of the second to open the port, each second, while the first goes on.
    for round in 0..<4 {
      _ = try shell.panels("press \(round % 2 + 1)/\(round / 2 + 1)")
      try shell.waitUntilLamp(round % 2 + 1, round / 2 + 1, shows: "slow")
      usleep(600_000)
    }
    // Of its port or its wires: on a busy machine a simulated panel may answer late.
    #expect(try !shell.status().contains("故障 A:"))
    #expect(try shell.stop(first) == 0)
    try shell.waitUntilOnline(2, site: "other.yaml")
    #expect(try shell.desk("status", site: "other.yaml").contains("A:portBusy: 串口打不开, A (已消失,待复测)"))
    #expect(try shell.stop(second) == 0)
    #expect(try shell.presses().count == 4 && shell.presses("other-journal").isEmpty)
  }

  private func site(of shell: Shell, named name: String, _ change: (String) -> String) throws {
    let text = try String(contentsOfFile: "\(shell.folder)/site.yaml", encoding: .utf8)
    let changed = change(text)
    try #require(changed != text)
    try changed.write(toFile: "\(shell.folder)/\(name)", atomically: true, encoding: .utf8)
  }
}
