import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationRuntime
import TestSupport
import Testing

@Suite(.serialized) struct ShellTests {
  @Test func aPressBecomesACallAndItsLampFollows() throws {
    let shell = try Shell(panels: 3)
    let station = try shell.startStation()
    try shell.waitUntil("the panels are online") { (try? shell.desk("status"))?.contains("A/3/2 大厅: online") == true }
    _ = try shell.panels("press 3/1")
    try shell.waitUntil("the panel shows recorded") { try shell.panels("show").contains("3  1:slow") }
    #expect(try shell.desk("acknowledge 1 nobody").contains("refused"))
    #expect(try shell.desk("acknowledge 1 desk").contains("done"))
    try shell.waitUntil("the panel shows coming") { try shell.panels("show").contains("3  1:coming") }
    #expect(try shell.desk("on-scene 1 desk").contains("done"))
    #expect(try shell.desk("resolve 1 desk 好了").contains("done"))
    try shell.waitUntil("the lamp is off") { try shell.panels("show").contains("3  1:off") }
    kill(station.processIdentifier, SIGTERM)
    station.waitUntilExit()
    #expect(station.terminationStatus == 0)
    let why = try shell.run(["journal", "why", "\(shell.folder)/journal", "1"])
    #expect(why.code == 0)
    for step in ["pressed", "recorded", "acknowledged", "on scene", "resolved"] { #expect(why.text.contains(step)) }
  }

  @Test func aRefusedStepIsAnExitCode() throws {
    let shell = try Shell(panels: 1)
    _ = try shell.startStation()
    try shell.waitUntil("the station answers") { (try? shell.desk("ping")) == "ok\n" }
    let site = "\(shell.folder)/site.yaml"
    #expect(try shell.run(["desk", site, "acknowledge", "7", "desk"]).code == 1)
    let usage = try shell.run(["desk", site, "acknowledge", "7"])
    #expect(usage.code == 1 && usage.text.contains("acknowledge ID POST"))
    #expect(try shell.run(["desk", site, "bypass", "A/1/1", "desk", "5", "检修"]).code == 0)
    #expect(try shell.run(["desk", site, "end-bypass", "A/1/1", "desk"]).code == 0)
    // What would clear the terminal of whoever reads the journal, or turn its writing round.
    for reason in ["a\u{1B}[2J", "a\u{202E}b", "a\u{85}b"] {
      let refused = try shell.run(["desk", site, "bypass", "A/1/1", "desk", "5", reason])
      #expect(refused.code == 1 && refused.text.contains("控制字符"), "\(refused.text)")
    }
  }

  @Test func oneSeedIsTheSameLifeInTwoProcesses() throws {
    let shell = try Shell(panels: 1)
    let life = ["simulate", "--seeds", "3", "--hours", "0.03", "--verbose"]
    let (first, second) = (try shell.run(life), try shell.run(life))
    #expect(first.code == 0 && first.text == second.text)
    #expect(first.text.contains("轨迹"))
  }

  @Test func theRecordingOfARealRunReplaysToTheSameEntriesInAnotherProcess() throws {
    let shell = try Shell(panels: 2)
    let station = try shell.startStation(["--record", "\(shell.folder)/day.rec"])
    try shell.waitUntil("the panels are online") { (try? shell.desk("status"))?.contains("A/2/2 大厅: online") == true }
    for command in ["press 1/1", "press 2/2", "wire cut 2", "wire ok"] {
      _ = try shell.panels(command)
      usleep(500_000)
    }
    try shell.waitUntil("both calls are there") { try shell.desk("status").contains("求助 #2") }
    _ = try shell.desk("acknowledge 2 desk")
    kill(station.processIdentifier, SIGTERM)
    station.waitUntilExit()
    let replayed = try shell.run(["replay", "\(shell.folder)/day.rec"])
    let listed = try shell.run(["journal", "list", "\(shell.folder)/journal"])
    let bodies = listed.text.split(separator: "\n").map { $0.drop { $0 != " " }.dropFirst() }
    #expect(replayed.text.split(separator: "\n").map { $0[...] } == bodies && bodies.count > 5)
  }

  /// SIGKILL at random points with a new press in flight each time: no press lost, none twice, and the journal opens every time.
  @Test func noPressIsLostOrDoubledByKills() throws {
    let kills = ProcessInfo.processInfo.environment["LINLI_LONG"] == nil ? 50 : 1000
    let shell = try Shell(panels: 8)
    var random = SeededRandom(seed: 2026)
    for round in 0..<kills {
      let station = try shell.startStation()
      usleep(150_000 + random.below(350_000))
      // A different button each time, so that no contact looks like a chattering one.
      _ = try shell.panels("press \(round / 2 % 8 + 1)/\(round % 2 + 1)")
      usleep(random.below(500_000))
      kill(station.processIdentifier, SIGKILL)
      station.waitUntilExit()
    }
    usleep(500_000)
    let last = try shell.startStation()
    try shell.waitUntil("every press is on disk") { try shell.presses().count >= kills }
    usleep(1_500_000)
    kill(last.processIdentifier, SIGTERM)
    last.waitUntilExit()
    let found = try shell.presses().map(\.identity)
    #expect(found.count == kills)
    #expect(Set(found).count == kills)
    #expect(try shell.run(["journal", "verify", "\(shell.folder)/journal"]).code == 0)
  }
}
