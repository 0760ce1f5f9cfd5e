import Foundation
import TestSupport
import Testing

/// A duress button gives nothing away in the room: its panel's model counts every time a lamp goes on or the buzzer sounds.
@Suite(.serialized) struct SilentPlaceTests {
  @Test func aSilentPlaceNeverShowsNorSoundsThroughAWholeLife() throws {
    let shell = try Shell(panels: 2, silentPanel: 1)
    var station = try shell.startStation()
    try shell.waitUntilOnline(2)
    try shell.waitUntil("the panel has been told") { try signs(shell, 1).contains("静默:[1, 2]") }

    func press(_ button: Int) throws {
      _ = try shell.panels("press 1/\(button)")
      _ = try shell.panels("press 2/\(button)")
    }
    try press(1)
    try shell.waitUntil("both calls are on the desk") { try shell.status().contains("求助 #2") }
    let silent = try #require(try shell.presses().firstIndex { $0.button.description == "A/1/1" }) + 1
    #expect(try shell.status().contains("求助 #\(silent) 大厅 (A/1/1) opened"))
    for incident in 1...2 { #expect(try shell.desk("acknowledge \(incident) desk").contains("done")) }
    try shell.waitUntilLamp(2, 1, shows: "coming")
    // The sound of "coming" is on its way meanwhile.
    sleep(2)
    for incident in 1...2 {
      #expect(try shell.desk("on-scene \(incident) desk").contains("done"))
      #expect(try shell.desk("resolve \(incident) desk 好了").contains("done"))
      #expect(try shell.desk("close \(incident) desk").contains("done"))
    }
    // A dead host: idle lamps flash after ten seconds, and a press is shown by the panel alone.
    _ = try shell.stop(station, by: SIGKILL)
    try press(2)
    try shell.waitUntil("the other panel misses its host") { try shell.panels("show").contains("主机无声") }
    // Its power fails: what it was told must be in its own memory.
    for panel in 1...2 {
      _ = try shell.panels("power \(panel) off")
      _ = try shell.panels("power \(panel) lost")
    }
    try press(1)
    station = try shell.startStation()
    try shell.waitUntilOnline(2)
    try shell.waitUntil("the calls are on the desk") {
      let status = try shell.status()
      return status.contains("(A/1/1) opened") && status.contains("(A/2/1) opened")
    }
    // A fault of its line is for the desk, not for the room.
    _ = try shell.panels("line 1/2 cut")
    try shell.waitUntil("the line's fault is on the desk") { try shell.status().contains("A/1/2:lineCut") }
    try shell.waitUntilLamp(2, 1, shows: "slow")
    #expect(try shell.stop(station) == 0)
    #expect(try signs(shell, 1).hasPrefix("1  1:0  2:0  响:0  "))
    // That the counter counts is seen on the panel beside it.
    let other = try signs(shell, 2).split(separator: " ").compactMap { Int($0.drop { $0 != ":" }.dropFirst()) }
    #expect(other.count == 3 && other.allSatisfy { $0 > 0 })
  }

  private func signs(_ shell: Shell, _ panel: Int) throws -> String {
    String(try shell.panels("signs").split(separator: "\n").first { $0.hasPrefix("\(panel)  ") } ?? "")
  }
}
