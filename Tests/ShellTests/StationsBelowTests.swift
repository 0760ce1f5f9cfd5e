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
}
