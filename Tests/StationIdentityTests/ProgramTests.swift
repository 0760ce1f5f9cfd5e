import Foundation
import TestSupport
import Testing

/// `linli pki` and `linli enroll` as a technician uses them.
@Suite struct ProgramTests {
  private static func site(_ station: String, more: String = "") -> String {
    "site: {name: 测试站, station: \(station)}\nplaces:\n  - {id: p, name: 大厅}\nposts:\n  - {id: desk, name: 值班台}\nbuses:\n"
      + "  - {name: A, port: /dev/null, panels: [{node: 1, name: 面板, buttons: [{button: 1, place: p}]}]}\n" + more
  }

  private let street: Shell
  private let community: Shell

  init() throws {
    street = try Shell(
      folder: Shell.newFolder(), site: Self.site("yunfeng", more: "children: {stations: [{station: tiexi-03}]}\n"))
    community = try Shell(folder: Shell.newFolder(), site: Self.site("tiexi-03"))
  }

  private func linli(_ shell: Shell, _ arguments: String...) throws -> (code: Int32, text: String) {
    try shell.run(arguments.map { $0 == "SITE" ? "\(shell.folder)/site.yaml" : $0 })
  }

  /// Starts `linli pki invite` and reads the code and the port that it shows.
  private func invite(_ station: String) throws -> (program: Process, code: String, port: String, text: () -> String) {
    let log = "\(street.folder)/invite-\(UUID().uuidString.prefix(6)).log"
    let program = try street.start(["pki", "invite", "\(street.folder)/site.yaml", station, "--port", "0"], log: log)
    let text = { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    try street.waitUntil("the code is shown") { text().contains("--parent") && text().contains("remain") }
    let code = try #require(text().firstMatch(of: /[0-9A-Z]{4}(-[0-9A-Z]{4}){8}/)).output.0
    let port = try #require(text().firstMatch(of: #/--parent [^ ]+:([0-9]+) /#)).output.1
    return (program, String(code), String(port), text)
  }

  @Test(.timeLimit(.minutes(2))) func aStationJoinsWithACodeAndIsRevoked() throws {
    #expect(try linli(street, "pki", "list", "SITE").text.contains("linli pki create"))
    let made = try linli(street, "pki", "create", "SITE")
    #expect(made.code == 0 && made.text.contains("yunfeng"), "\(made.text)")
    #expect(try linli(street, "pki", "create", "SITE").code == 1)
    let invited = try invite("tiexi-03")
    #expect(invited.text().contains("█"), "the QR code; Tools/setup installs libqrencode4")
    let parent = "127.0.0.1:\(invited.port)"
    var typo = invited.code
    typo.replaceSubrange(typo.startIndex...typo.startIndex, with: typo.hasPrefix("7") ? "8" : "7")
    let wrong = try linli(community, "enroll", "SITE", "--parent", parent, "--code", typo)
    #expect(wrong.code == 1 && wrong.text.contains("第 1、2 组"), "\(wrong.text)")
    let joined = try linli(community, "enroll", "SITE", "--parent", parent, "--code", invited.code)
    #expect(joined.code == 0 && joined.text.contains("yunfeng"), "\(joined.text)")
    try street.waitUntil("the invitation ends") { !invited.program.isRunning }
    #expect(invited.program.terminationStatus == 0 && invited.text().contains("已加入"))
    let again = try linli(community, "enroll", "SITE", "--parent", parent, "--code", invited.code)
    #expect(again.code == 1 && again.text.contains("identity"), "\(again.text)")

    let list = try linli(street, "pki", "list", "SITE").text
    let serial = try #require(list.firstMatch(of: /([0-9a-f]{32})  tiexi-03/)).output.1
    #expect(try linli(street, "pki", "renew", "SITE", "tiexi-03").code == 0)
    #expect(try linli(street, "pki", "revoke", "SITE", String(serial)).code == 0)
    #expect(try linli(street, "pki", "revoke", "SITE", "1234").code == 1)
    #expect(try linli(street, "pki", "list", "SITE").text.contains("已吊销"))
    for text in [made.text, invited.text(), joined.text, list] { #expect(!text.contains("PRIVATE")) }
  }

  /// A name that the site file does not have would join and be refused for good.
  @Test func onlyStationsOfTheSiteFileAreInvited() throws {
    try #require(try linli(street, "pki", "create", "SITE").code == 0)
    let wrong = try linli(street, "pki", "invite", "SITE", "tiexi-30", "--port", "0")
    #expect(wrong.code == 1 && wrong.text.contains("现有:tiexi-03;") && wrong.text.contains("children"), "\(wrong.text)")
    try #require(try linli(community, "pki", "create", "SITE").code == 0)
    let none = try linli(community, "pki", "invite", "SITE", "tiexi-30", "--port", "0")
    #expect(none.code == 1 && none.text.contains("现有:-;"), "\(none.text)")
    for folder in [street.folder, community.folder] {
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/pki/invitations/open.json"), "no code was made")
    }
  }

  /// Where it listens at one address, it names that one.
  @Test(.timeLimit(.minutes(1))) func theAddressThatIsListenedAtIsNamed() throws {
    try #require(try linli(street, "pki", "create", "SITE").code == 0)
    let log = "\(street.folder)/invite.log"
    _ = try street.start(
      ["pki", "invite", "\(street.folder)/site.yaml", "tiexi-03", "--host", "127.0.0.1", "--port", "0"], log: log)
    let text = { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    try street.waitUntil("the code is shown") { text().contains("remain") }
    #expect(text().matches(of: /--parent/).count == 1 && text().contains("--parent 127.0.0.1:"), "\(text())")
  }

  /// Replacing an identity keeps the old one until the new one is there.
  @Test(.timeLimit(.minutes(2))) func aStationIsReplaced() throws {
    try #require(try linli(street, "pki", "create", "SITE").code == 0)
    for round in 1...2 {
      let invited = try invite("tiexi-03")
      var arguments = [
        "enroll", "\(community.folder)/site.yaml", "--parent", "127.0.0.1:\(invited.port)", "--code", invited.code,
      ]
      if round == 2 { arguments.append("--replace") }
      let joined = try community.run(arguments)
      #expect(joined.code == 0, "\(joined.text)")
      try street.waitUntil("the invitation ends") { !invited.program.isRunning }
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: community.folder).sorted()
    #expect(names.filter { $0.hasPrefix("identity") } == ["identity", "identity.old"])
    let list = try linli(street, "pki", "list", "SITE").text
    #expect(list.matches(of: /tiexi-03/).count == 2 && list.matches(of: /已吊销/).count == 1, "\(list)")
  }

  /// Killed at any moment: an authority is there whole or not at all, and a change is there or not.
  @Test(.timeLimit(.minutes(2))) func aKilledProgramLeavesNothingHalf() throws {
    let site = "\(street.folder)/site.yaml"
    var serials = Set<Substring>()
    var made = 0
    for round in 0..<24 {
      let arguments = made == 0 ? ["pki", "create", site] : ["pki", "renew", site, "yunfeng"]
      let program = try street.start(arguments)
      usleep(useconds_t(round % 12) * 8_000)
      _ = try street.stop(program, by: SIGKILL)
      let list = try linli(street, "pki", "list", "SITE")
      if list.code == 0 {
        let found = list.text.matches(of: /([0-9a-f]{32})  yunfeng/).map(\.output.1)
        #expect(Set(found).count == found.count && serials.isSubset(of: found), "\(list.text)")
        serials = Set(found)
        made += 1
        // In the second half every other round begins anew.
        if round >= 12, round.isMultiple(of: 2) {
          try FileManager.default.removeItem(atPath: "\(street.folder)/pki")
          serials = []
          made = 0
        }
      } else {
        #expect(made == 0 && list.text.contains("linli pki create"), "\(list.text)")
      }
    }
    if made == 0 { #expect(try linli(street, "pki", "create", "SITE").code == 0) }
    let names = try FileManager.default.contentsOfDirectory(atPath: street.folder)
    #expect(names.contains("pki"))
  }

  @Test(.timeLimit(.minutes(2))) func aCancelledInvitationIsVoid() throws {
    try #require(try linli(street, "pki", "create", "SITE").code == 0)
    let invited = try invite("tiexi-03")
    #expect(try street.stop(invited.program, by: SIGINT) == 1)
    let late = try linli(community, "enroll", "SITE", "--parent", "127.0.0.1:\(invited.port)", "--code", invited.code)
    #expect(late.code == 1 && late.text.contains("端口 \(invited.port) 没有程序在听"), "\(late.text)")
    #expect(try linli(community, "enroll", "SITE", "--parent", "a:b", "--code", invited.code).text.contains("HOST:PORT"))
    #expect(!FileManager.default.fileExists(atPath: "\(community.folder)/identity"))
  }
}
