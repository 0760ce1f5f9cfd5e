import Foundation
import StationIdentity
import TestSupport
import Testing

/// What the command line says of stations below, and how it is asked to speak to them.
@Suite(.serialized) struct StationsBelowTests {
  private static let more = """
    children:
      port: 0
      enrolmentPort: 0
      stations:
        - {station: tiexi-03, name: 铁西社区}

    """

  @Test func statusNamesThemAndWhatIsWrittenWronglyIsExplained() throws {
    let shell = try Shell(panels: 1, more: Self.more)
    let made = try shell.run(["pki", "create", "\(shell.folder)/site.yaml"])
    #expect(made.code == 0, "\(made)")
    let station = try shell.startStation()
    try shell.waitUntilOnline(1)
    let status = try shell.desk("status")
    #expect(status.contains("下级 tiexi-03 铁西社区: 从未连接 never, 程序 不知, 最后联系 尚无"), "\(status)")
    #expect(try shell.desk("notice nobody desk 请检查备用电源").contains("The site file has no such station below"))
    // It stands in the site file: what keeps it from answering is that it never came.
    for command in ["child tiexi-03 acknowledge 1 desk", "notice tiexi-03 desk 请检查备用电源"] {
      let said = try shell.desk(command)
      #expect(said.contains("从未连接过") && said.contains("enrol it"), "\(command): \(said)")
    }
    let wrong = [
      "child", "child tiexi-03", "child tiexi-03 acknowledge x desk", "child tiexi-03 explode 1 desk",
      "child tiexi-03 offer 1 desk", "child tiexi-03 acknowledge 1 desk now", "child tiexi-03 resolve 1 desk",
      "notice tiexi-03 desk", "child tiexi-03 close-here 1 desk",
    ]
    for command in wrong { #expect(try shell.desk(command).contains("usage"), "\(command)") }
    #expect(try shell.stop(station) == 0)
  }

  /// An operator in the street needs no second program that listens: the station serves the code, also after it was killed meanwhile.
  @Test func aRunningStreetServesTheCodeUntilItIsUsed() throws {
    let pair = try StationPair(isEnrolled: false)
    let (site, port) = ("\(pair.street.folder)/site.yaml", pair.enrolmentPort)
    let street = try pair.street.startStation()
    try pair.waitUntilListening()
    #expect(!isListening(port), "nobody is listened for while no code stands")
    let other = try pair.street.run(["pki", "invite", site, StationPair.communityName, "--port", "0"])
    #expect(other.code == 1 && other.text.contains("enrolmentPort"), "\(other)")
    #expect(try pair.street.desk("invite street").contains("不行"), "no code for the own name")
    func enroll(_ code: String) throws -> (code: Int32, text: String) {
      try pair.community.run(["enroll", "\(pair.community.folder)/site.yaml", "--parent", "127.0.0.1:\(port)", "--code", code])
    }

    // A code that was cancelled is void, although the next one keeps the port open.
    let first = try invite(pair)
    #expect(try pair.street.stop(first.program, by: SIGINT) == 1)
    let second = try invite(pair)
    #expect(second.code != first.code && first.text().contains("█") && isListening(port))
    let void = try enroll(first.code)
    #expect(void.code == 1 && void.text.contains("邀请码不对"), "\(void)")
    try pair.street.waitUntil("the street says who was refused") { pair.street.log().contains("tiexi-03: 邀请码不对") }

    pair.street.killStation(street)
    try pair.street.waitUntil("whoever waits is told") { second.text().contains("the station has stopped") }
    _ = try pair.street.startStation()
    try pair.waitUntilListening()
    let joined = try enroll(second.code)
    #expect(joined.code == 0 && joined.text.contains(StationPair.streetName), "\(joined)")
    try pair.street.waitUntil("the invitation ends") { !second.program.isRunning }
    #expect(second.program.terminationStatus == 0 && second.text().contains("已加入"))
    for code in [first.code, second.code] { #expect(!pair.street.log().contains(code), "a code is no matter for a log") }

    _ = try pair.community.startStation()
    try pair.waitUntilConnected()
    try pair.street.waitUntil("the port is closed again") { !isListening(port) }
    // One that the site file does not have would be refused for good; one that was added since needs a restart, which is said.
    let unknown = try pair.street.run(["pki", "invite", site, "tiexi-09"])
    #expect(unknown.code == 1 && unknown.text.contains("tiexi-09 is not under children"), "\(unknown)")
    try String(contentsOfFile: site, encoding: .utf8).replacingOccurrences(
      of: "stations: [", with: "stations: [{station: tiexi-09}, "
    )
    .write(toFile: site, atomically: true, encoding: .utf8)
    let added = try invite(pair, station: "tiexi-09")
    #expect(added.text().contains("restart it"), "\(added.text())")
    #expect(try pair.street.stop(added.program, by: SIGTERM) == 1)
  }

  /// What a technician has without internet: each says what is missing, and the doctor goes the way to the parent.
  @Test func checkAndDoctorLookAtTheLine() throws {
    let pair = try StationPair(isEnrolled: false)
    let site = "\(pair.community.folder)/site.yaml"
    let missing = try pair.community.run(["check", site])
    #expect(missing.code == 1 && missing.text.contains("linli enroll") && missing.text.contains("not ready"), "\(missing)")
    try pair.issue(StationPair.communityName, into: IdentityStore.child(siteFolder: pair.community.folder).folder)
    #expect(try pair.community.run(["check", site]).text.hasSuffix("正确 / correct\n"))
    #expect(try pair.street.run(["check", "\(pair.street.folder)/site.yaml"]).code == 0)

    let down = try pair.community.run(["doctor", site, "--quick"])
    #expect(down.code == 1 && down.text.contains("✗ 127.0.0.1:\(pair.lines[0].port)"), "\(down)")
    _ = try pair.street.startStation()
    try pair.waitUntilListening()
    var well = ""
    try pair.community.waitUntil("the doctor finds all well") {
      let found = try pair.community.run(["doctor", site, "--quick"])
      well = found.text
      return found.code == 0
    }
    #expect(well.contains("→ street") && well.contains("✓ 上级应答") && well.contains("时钟 / clocks: 上级"), "\(well)")
    let street = try pair.street.run(["doctor", "\(pair.street.folder)/site.yaml", "--seconds", "1"])
    #expect(street.code == 0 && street.text.contains("下级站点接入 / stations below\n✓"), "\(street)")
  }

  /// Starts `linli pki invite` and reads the code that it shows.
  private func invite(_ pair: StationPair, station: String = StationPair.communityName) throws -> (
    program: Process, code: String, text: () -> String
  ) {
    let log = "\(pair.street.folder)/invite-\(UUID().uuidString.prefix(6)).log"
    let program = try pair.street.start(["pki", "invite", "\(pair.street.folder)/site.yaml", station], log: log)
    let text = { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    try pair.street.waitUntil("the code is shown") { text().contains("remain") }
    let code = try #require(text().firstMatch(of: /[0-9A-Z]{4}(-[0-9A-Z]{4}){8}/)).output.0
    return (program, String(code), text)
  }

  /// 30 days ahead, on both desks. The station renews it by itself at once here, and the next connection shows that.
  @Test func aCertificateThatEndsSoonIsOnBothDesks() throws {
    let pair = try StationPair(isEnrolled: false)
    let store = IdentityStore.child(siteFolder: pair.community.folder)
    let issued = Date(timeIntervalSinceNow: (-2 * 365.25 + 20.5) * 86_400)
    _ = try pair.authority.issue(for: StationName(StationPair.communityName), into: store.folder, at: issued)
    _ = try pair.start()
    let key = "@\(StationPair.communityName):childCertificateExpires"
    try pair.community.waitUntil("the community's desk warns") { try pair.community.faults()["^:certificateExpires"] == true }
    try pair.street.waitUntil("the street's desk warns") { try pair.street.faults()[key] == true }
    #expect(try pair.street.desk("status").contains("还有 20 天到期"))
    try pair.community.waitUntil("it is renewed") { try store.load().own.daysLeft(at: Date()) > 700 }
    pair.lines[0].cut()
    try pair.street.waitUntil("every connection has ended") { pair.lines[0].counters.standing == 0 }
    pair.lines[0].heal()
    try pair.street.waitUntil("the street has seen the next one") { try pair.street.faults()[key] == false }
  }
}
