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
    #expect(status.contains("下级 tiexi-03 铁西社区: unknown"), "\(status)")
    for command in ["child tiexi-03 acknowledge 1 desk", "notice nobody desk 请检查备用电源"] {
      #expect(try shell.desk(command).contains("There is no such station below"), "\(command)")
    }
    let wrong = [
      "child", "child tiexi-03", "child tiexi-03 acknowledge x desk", "child tiexi-03 explode 1 desk",
      "child tiexi-03 offer 1 desk", "child tiexi-03 acknowledge 1 desk now", "child tiexi-03 resolve 1 desk",
      "notice tiexi-03 desk",
    ]
    for command in wrong { #expect(try shell.desk(command).contains("usage"), "\(command)") }
    #expect(try shell.stop(station) == 0)
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
    pair.lines[0].heal()
    try pair.street.waitUntil("the street has seen the next one") { try pair.street.faults()[key] == false }
  }
}
