import Foundation
import StationRuntime
import TestSupport
import Testing
import Transports

/// One real community below a parent that misbehaves (`linli sim parent`), over a line that can be pulled (`linli sim line`).
@Suite(.serialized) struct ParentFaultTests {
  private final class Rig {
    let pair: StationPair
    let linePort: UInt16
    var folder: String { pair.folder }
    private var pressed = 0

    init() throws {
      pair = try StationPair(panels: 8)
      linePort = pair.lines[0].port
      let community = pair.community
      try community.start([
        "sim", "parent", "--identity", "\(pair.street.folder)/pki/station", "--port", "\(pair.linkPort)", "--socket",
        "\(folder)/parent.sock",
      ])
      try community.waitUntil("the parent is there") { (try? self.parent("ping")) == "ok\n" }
    }

    @discardableResult
    func parent(_ command: String) throws -> String { try ControlSocket.ask("\(folder)/parent.sock", command) }

    /// A press of a button that nobody has pressed yet.
    func press() throws -> (panel: Int, button: Int) {
      defer { pressed += 1 }
      let place = (pressed % 8 + 1, pressed / 8 + 1)
      _ = try pair.community.panels("press \(place.0)/\(place.1)")
      return place
    }

    func missing() throws -> Int {
      let there = try parent("entries").split(separator: "\n")
      let own = try pair.originals().map { "\($0.position) \($0.hash)" }
      #expect(Set(there).count == there.count, "an entry is there twice")
      #expect(Set(there.map(String.init)).isSubset(of: own))
      return own.count - there.count
    }
  }

  @Test func afterEachFaultOfTheParentEverythingIsThereOnce() throws {
    let rig = try Rig()
    let community = rig.pair.community
    _ = try community.startStation()
    try community.waitUntilOnline(8)
    try rig.pair.waitUntilConnected()
    for fault in ["silent", "diskFull", "busy", "crashBeforeSync", "loseAnswer", "refuse", "refuse otherStation"] {
      #expect(try rig.parent(fault).contains("ok"))
      let (panel, button) = try rig.press()
      try community.waitUntilLamp(panel, button, shows: "slow")
      for _ in 0..<20 {
        #expect(try community.lamp(panel, button) == "slow", "\(fault): the parent has confirmed nothing")
        usleep(50_000)
      }
      #expect(try rig.parent("heal").contains("ok"))
      try community.waitUntilLamp(panel, button, shows: "steady", seconds: 60)
    }
    // These hinder nothing.
    for fault in ["duplicate", "delay 700", "clock -86400", "clock 86400"] {
      #expect(try rig.parent(fault).contains("ok"))
      let (panel, button) = try rig.press()
      try community.waitUntilLamp(panel, button, shows: "steady", seconds: 60)
    }
    #expect(try rig.parent("heal").contains("ok"))
    // Another version is found out at the next greeting.
    rig.pair.lines[0].cut()
    #expect(try rig.parent("oldVersion").contains("ok"))
    let (panel, button) = try rig.press()
    rig.pair.lines[0].heal()
    try community.waitUntil("the desk says so") { try community.status().contains("协议版本") }
    #expect(try community.lamp(panel, button) == "slow")
    #expect(try rig.parent("heal").contains("ok"))
    try community.waitUntilLamp(panel, button, shows: "steady", seconds: 60)
    try community.waitUntil("everything is there once") { try rig.missing() == 0 }
    let shown = try rig.parent("show")
    #expect(shown.contains("分叉 / branches 0,") && !shown.contains("duplicates 0,") && !shown.contains("crashes 0"), "\(shown)")
    #expect(try rig.parent("refuse nonsense").contains("diskUnavailable"))
    #expect(try rig.parent("clock x").contains("SECONDS") && rig.parent("nonsense").contains("loseAnswer"))
  }

  @Test func theLineOfTheDemoIsPulledByACommand() throws {
    let rig = try Rig()
    let community = rig.pair.community
    let socket = "\(rig.folder)/line.sock"
    let (listen, to) = (try LineRelay.freePort(), rig.pair.linkPort)
    try community.start(["sim", "line", "--listen", "\(listen)", "--to", "127.0.0.1:\(to)", "--socket", socket])
    try community.waitUntil("the line is there") { (try? ControlSocket.ask(socket, "ping")) == "ok\n" }
    let site = "\(community.folder)/site.yaml"
    let text = try String(contentsOfFile: site, encoding: .utf8)
    try text.replacingOccurrences(of: "port: \(rig.linePort)}", with: "port: \(listen)}")
      .write(toFile: site, atomically: true, encoding: .utf8)
    _ = try community.startStation()
    try rig.pair.waitUntilConnected()
    for command in ["cut", "hole", "slow 3000"] {
      #expect(try community.run(["sim", "--socket", socket] + command.split(separator: " ").map(String.init)).code == 0)
      let (panel, button) = try rig.press()
      if command.hasPrefix("slow") {
        try community.waitUntilLamp(panel, button, shows: "steady", seconds: 60)
      } else {
        try community.waitUntilLamp(panel, button, shows: "slow")
        #expect(try community.lamp(panel, button) == "slow")
      }
      #expect(try ControlSocket.ask(socket, "heal").contains("ok"))
      try community.waitUntilLamp(panel, button, shows: "steady", seconds: 60)
    }
    #expect(try ControlSocket.ask(socket, "show").contains("bytes"))
    #expect(try ControlSocket.ask(socket, "slow 0").contains("1000000000"))
    #expect(try ControlSocket.ask(socket, "nonsense").contains("heal"))
  }
}
