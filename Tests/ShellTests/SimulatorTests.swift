import Foundation
import TestSupport
import Testing

/// The simulated bus as a program: what it leaves alone, and what it leaves behind.
@Suite(.serialized) struct SimulatorTests {
  private func link(_ shell: Shell) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "\(shell.folder)/bus")
  }

  @Test func aSecondOneRefusesAndTakesNothingFromTheFirst() throws {
    let shell = try Shell(panels: 2)
    let station = try shell.startStation()
    try shell.waitUntilOnline(2)
    let terminal = try link(shell)
    let second = try shell.run(["sim", "bus", "--link", "\(shell.folder)/bus", "--socket", "\(shell.folder)/sim.sock"])
    #expect(second.code == 1 && second.text.contains("已有程序在") && second.text.contains("sim.sock"), "\(second.text)")
    #expect(try link(shell) == terminal)
    _ = try shell.panels("press 2/1")
    try shell.waitUntilLamp(2, 1, shows: "slow")
    #expect(try shell.stop(station) == 0)
  }

  @Test func oneThatIsStoppedTakesItsSocketAndItsLinkAway() throws {
    let shell = try Shell {
      "  - name: A\n    port: \($0)/bus\n    panels: [{node: 1, name: x, buttons: [{button: 1, place: p}]}]\n"
    }
    for signal in [SIGTERM, SIGINT] {
      let bus = try shell.start([
        "sim", "bus", "--link", "\(shell.folder)/bus", "--socket", "\(shell.folder)/sim.sock", "--page", "0",
      ])
      try shell.waitUntil("the bus is there") { (try? shell.panels("ping")) == "ok\n" && (try? link(shell)) != nil }
      #expect(try shell.stop(bus, by: signal) == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: shell.folder) == ["site.yaml"])
    }
  }
}
