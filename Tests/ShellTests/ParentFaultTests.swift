import Foundation
import StationRuntime
import TestSupport
import Testing

/// One real community below a parent that misbehaves (`linli sim parent`), over a line that can be pulled (`linli sim line`).
@Suite(.serialized) struct ParentFaultTests {
  private final class Rig {
    let pair: StationPair
    var folder: String { pair.folder }
    private var pressed = 0

    init() throws {
      pair = try StationPair(panels: 8)
      let community = pair.community
      try community.start([
        "sim", "parent", "--identity", "\(pair.street.folder)/pki/station", "--authority", "\(pair.street.folder)/pki", "--port",
        "\(pair.linkPort)", "--socket", "\(folder)/parent.sock",
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
      // Where only the answer is lost the parent has it on disk, and says so at the next greeting, which may come at any moment.
      for _ in 0..<20 where fault != "loseAnswer" {
        #expect(try community.lamp(panel, button) == "slow", "\(fault): the parent has confirmed nothing")
        usleep(50_000)
      }
      #expect(try rig.parent("heal").contains("ok"))
      try community.waitUntilLamp(panel, button, shows: "steady", seconds: 60)
    }
    // These hinder nothing.
    for fault in ["duplicate", "reorder", "delay 700", "clock -86400", "clock 86400"] {
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
    #expect(try rig.parent("silent 259201").contains("259200") && rig.parent("lose 101").contains("100"))
  }

  /// Half of all requests get lost on the way, in either direction, and what comes is out of order.
  @Test func whatIsLostOnTheWayIsSentAgainUntilItIsThereOnce() throws {
    let rig = try Rig()
    let community = rig.pair.community
    _ = try community.startStation()
    try community.waitUntilOnline(8)
    try rig.pair.waitUntilConnected()
    for fault in ["lose 50", "reorder", "duplicate"] { #expect(try rig.parent(fault).contains("ok")) }
    for _ in 0..<8 {
      let (panel, button) = try rig.press()
      _ = try community.desk("bypass A/\(panel)/2 desk 5 检修")
      try community.waitUntilLamp(panel, button, shows: "steady", seconds: 120)
    }
    #expect(try rig.parent("heal").contains("ok"))
    try community.waitUntil("everything is there once", seconds: 60) { try rig.missing() == 0 }
    #expect(try rig.parent("show").contains("分叉 / branches 0,"))
  }

  @Test func aParentWithAWrongCertificateGetsNothingAndTheDeskSaysWhich() throws {
    let rig = try Rig()
    let community = rig.pair.community
    _ = try community.startStation()
    try community.waitUntilOnline(8)
    try rig.pair.waitUntilConnected()
    let reasons = ["foreign": "不是本系统的证书机构签发的", "otherName": "对方是站点 somebody-else,应为 street", "expired": "已过期"]
    for (which, reason) in reasons.sorted(by: { $0.key < $1.key }) {
      #expect(try rig.parent("certificate \(which)") == "好 / ok\n")
      let (panel, button) = try rig.press()
      try community.waitUntilLamp(panel, button, shows: "slow")
      try community.waitUntil("the desk says what is wrong: \(which)", seconds: 60) {
        try community.status().contains(reason) && community.faults()["^main:pathDown"] == true
      }
      #expect(try community.lamp(panel, button) == "slow", "\(which): a parent that is not the one has confirmed nothing")
      let there = try rig.parent("entries").split(separator: "\n").count
      usleep(500_000)
      #expect(try rig.parent("entries").split(separator: "\n").count == there, "\(which): and it gets nothing")
      #expect(try rig.parent("certificate own") == "好 / ok\n")
      try community.waitUntilLamp(panel, button, shows: "steady", seconds: 60)
    }
    try community.waitUntil("everything is there once") { try rig.missing() == 0 }
    #expect(try rig.parent("certificate nonsense").contains("otherName"))
    let left = try FileManager.default.contentsOfDirectory(atPath: rig.pair.street.folder)
    #expect(!left.contains { $0.contains("simulated") }, "no key is left behind")
  }

  /// It takes connections and answers nothing, and heals by itself: as long as it is told, up to three days.
  @Test func aSilenceIsShownAndHealsByItself() throws {
    let rig = try Rig()
    let community = rig.pair.community
    _ = try community.startStation()
    try community.waitUntilOnline(8)
    try rig.pair.waitUntilConnected()
    let isLong = ProcessInfo.processInfo.environment["LINLI_LONG"] != nil
    #expect(try rig.parent("silent 259200").contains("ok"))
    #expect(try rig.parent("show").contains("for another 2591"))
    #expect(try rig.parent("silent \(isLong ? 900 : 30)").contains("ok"))
    var pressed: [(panel: Int, button: Int)] = []
    for _ in 0..<4 {
      pressed.append(try rig.press())
      _ = try community.desk("bypass A/\(pressed.count)/2 desk 5 检修")
    }
    try community.waitUntil("the desk shows it", seconds: 60) {
      let faults = try community.faults()
      return try faults["^main:pathDown"] == true && faults["^:parentLost"] == true && community.status().contains("没有应答")
    }
    for (panel, button) in pressed { #expect(try community.lamp(panel, button) == "slow") }
    for (panel, button) in pressed { try community.waitUntilLamp(panel, button, shows: "steady", seconds: isLong ? 1_000 : 90) }
    try community.waitUntil("everything is there once") { try rig.missing() == 0 }
  }

  /// What a parent asks is done once, in its time, and the answer to each travels up; nothing on the stream stops it.
  @Test func commandsAreDoneOnceAndInTheirTimeAndTheAnswersTravelUp() throws {
    let rig = try Rig()
    let community = rig.pair.community
    _ = try community.startStation()
    try community.waitUntilOnline(8)
    try rig.pair.waitUntilConnected()
    var expected: [String] = []
    func answer(_ what: String, to command: String) throws {
      expected.append(what)
      #expect(try rig.parent(command).contains("ok"), "\(command)")
      try community.waitUntil("\(command): \(what)", seconds: 60) { try self.answers(rig) == expected }
    }
    let (panel, button) = try rig.press()
    try community.waitUntilLamp(panel, button, shows: "steady")
    // Past its time to live: nothing is done.
    try answer("acknowledge expired", to: "expired acknowledge 1")
    try answer("notice expired", to: "expired notice 今晚停电")
    #expect(try community.lamp(panel, button) == "steady" && !community.status().contains("今晚停电"))
    try answer("acknowledge refused unknownIncident", to: "command acknowledge 999")
    try answer("acknowledge done", to: "command acknowledge 1")
    try community.waitUntilLamp(panel, button, shows: "coming")
    // The same once more changes nothing and is not answered again.
    let before = try rig.pair.originals().count
    for _ in 0..<3 { #expect(try rig.parent("again").contains("ok")) }
    // A clock that is wrong by a day, either way, makes no command too old or too young.
    for (index, clock) in ["clock -86400", "clock 86400"].enumerated() {
      #expect(try rig.parent(clock).contains("ok"))
      try answer("notice done", to: "command notice 通知 \(index)")
      try community.waitUntil("the desk shows it") { try community.status().contains("^desk: 通知 \(index)") }
    }
    #expect(try rig.parent("heal").contains("ok"))
    // Each notice is two entries, the notice itself and the answer.
    #expect(try rig.pair.originals().count == before + 4)
    #expect(try rig.parent("garbage").contains("ok"))
    try answer("onScene done", to: "command on-scene 1")
    // What is said while the line is cut waits for it.
    rig.pair.lines[0].cut()
    #expect(try rig.parent("command resolve 1 已扶起").contains("ok"))
    usleep(500_000)
    rig.pair.lines[0].heal()
    expected.append("resolve done")
    try community.waitUntil("what waited is done", seconds: 60) { try self.answers(rig) == expected }
    try answer("close done", to: "command close 1")
    try community.waitUntilLamp(panel, button, shows: "off")
    try community.waitUntil("everything is there once") { try rig.missing() == 0 }
    for command in ["command", "command explode 1", "command resolve 1", "command acknowledge x", "expired acknowledge"] {
      #expect(try rig.parent(command).contains("unknown command"), "\(command)")
    }
  }

  /// Without the numbers of the commands.
  private func answers(_ rig: Rig) throws -> [String] {
    try rig.parent("answers").split(separator: "\n").map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
  }

  @Test func theLineOfTheDemoIsPulledByACommand() throws {
    let rig = try Rig()
    let community = rig.pair.community
    let cable = try rig.pair.cable()
    _ = try community.startStation()
    try rig.pair.waitUntilConnected()
    for command in ["cut", "hole", "slow 3000"] {
      #expect(
        try community.run(["sim", "--socket", "\(rig.folder)/line.sock"] + command.split(separator: " ").map(String.init)).code
          == 0)
      let (panel, button) = try rig.press()
      if command.hasPrefix("slow") {
        try community.waitUntilLamp(panel, button, shows: "steady", seconds: 60)
      } else {
        try community.waitUntilLamp(panel, button, shows: "slow")
        #expect(try community.lamp(panel, button) == "slow")
      }
      #expect(try cable("heal").contains("ok"))
      try community.waitUntilLamp(panel, button, shows: "steady", seconds: 60)
    }
    #expect(try cable("show").contains("bytes"))
    #expect(try cable("slow 0").contains("1000000000"))
    #expect(try cable("nonsense").contains("heal"))
  }
}
