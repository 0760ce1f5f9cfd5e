import Foundation
import TestSupport
import Testing

/// `linli wall` as a technician uses it who has wired something wrongly.
@Suite(.serialized) struct WallTechnicianTests {
  /// One panel at a port where nobody listens, the other as it should be; then the switch of all dies.
  @Test func whatIsWrongIsSaidWhereItIsAsked() throws {
    // `linli sim wall` serves 127.0.0.1 only.
    let wall = try WallStation(columns: 2, rows: 1) { site in site.devices[1].host = "127.0.0.2" }
    let (shell, site) = (wall.shell, "\(wall.shell.folder)/site.yaml")
    let address = "127.0.0.2:\(wall.site.devices[1].port)"
    try wall.waitUntilProved("the one that is there", except: [1])
    let status = try shell.run(["wall", "status", site])
    #expect(status.code == 1 && status.text.contains("✗ p1"), "\(status.text)")
    #expect(status.text.contains("\(address) 连接被拒绝:该地址有机器,但没有程序在该端口监听"), "\(status.text)")
    #expect(status.text.contains("✓ hub") && status.text.contains("✓ p2"))
    let data = Data(try shell.run(["wall", "status", site, "--json"]).text.utf8)
    let view = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let device = try #require((view["devices"] as? [[String: Any]])?.first { $0["name"] as? String == "p1" })
    #expect(device["address"] as? String == address && device["line"] as? String == "refused")
    #expect((device["reason"] as? String)?.contains("connection refused") == true && device["standsMilliseconds"] is Int)
    let shown = try shell.run(["wall", "show", site]).text
    #expect(shown.contains("✗ p1: \(address) 连接被拒绝"), "\(shown)")

    let missing = try shell.run(["wall", "show", "\(shell.folder)/other.yaml"])
    #expect(missing.code == 2 && missing.text.contains("没有站点文件 \(shell.folder)/other.yaml"), "\(missing.text)")
    #expect(!missing.text.contains("start it first"))
    #expect(try shell.run(["desk", "\(shell.folder)/other.yaml", "status"]).text.contains("没有站点文件"))

    let identified = try shell.run(["wall", "identify", site, "1", "2", "--post", "wall", "--seconds", "1"])
    #expect(identified.code == 1 && identified.text.contains("输出 2 / output 2: 已办 / done"), "\(identified.text)")
    #expect(identified.text.contains("亮不出来") && identified.text.contains("\(address) 连接被拒绝"), "\(identified.text)")
    #expect(try shell.run(["wall", "identify", site, "2", "--post", "wall", "--seconds", "1"]).code == 0)
  }

  /// A plug that is pulled, a session that somebody else has, and answers that are cut short are three things, and each is one card.
  @Test func threeWaysOfBeingAwayAreThreeThings() throws {
    let wall = try WallStation(columns: 3, rows: 1)
    let shell = wall.shell
    try wall.waitUntilProved("all")
    for command in ["off p1", "taken p2", "off p2", "on p2", "half p3"] { try shell.devices(command) }
    try shell.waitUntil("three cards") { try wall.picture().faults.count == 3 }
    try wall.put("full")
    let site = "\(shell.folder)/site.yaml"
    func reason(_ name: String) throws -> String {
      let lines = try shell.run(["wall", "status", site]).text.split(separator: "\n")
      return lines.first { $0.contains("✗ \(name)") }.map(String.init) ?? ""
    }
    try shell.waitUntil("p2 is hung up on") { try reason("p2").contains("会话可能被别的控制程序占着") }
    try shell.waitUntil("p3 is damaged") { try reason("p3").contains("应答残缺或出错") }
    let off = try reason("p1")
    #expect(off.contains("没有任何回应") || off.contains("不再应答"), "\(off)")
    #expect(!off.contains("会话") && !off.contains("被拒绝"), "\(off)")
    let damaged = try reason("p3")
    #expect(!damaged.contains("不是该协议") && !damaged.contains("A/B"), "\(damaged)")
    #expect(
      try Set(wall.picture().faults.map(\.key)) == ["wall p1:wallSilent", "wall p2:wallSilent", "wall p3:wallAnswersWrongly"],
      "no second one of an output, although another scene was wished meanwhile")
    for command in ["on p1", "free p2", "whole p3"] { try shell.devices(command) }
    try wall.waitUntilProved("all are back") { $0.faults.isEmpty }
  }
}
