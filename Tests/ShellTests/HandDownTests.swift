import TestSupport
import Testing

/// 分流督办 between two real programs: on both terminals.
@Suite(.serialized) struct HandDownTests {
  @Test func bothDesksSayWhoHasItAndWhenItIsDue() throws {
    let pair = try StationPair()
    let (street, _) = try pair.start()
    let child = StationPair.communityName
    func ask(_ command: String) throws {
      #expect(try pair.street.desk("child \(child) \(command)").contains("sent"), "\(command)")
    }
    func waitStreet(_ words: String) throws {
      try pair.street.waitUntil("the street says \(words)") { try pair.street.desk("status").contains(words) }
    }
    _ = try pair.community.panels("press 1/1")
    try waitStreet("求助 #1 大厅")
    try ask("acknowledge 1 desk")
    try waitStreet("接警: ^desk")
    try ask("offer 1 desk lead")
    try waitStreet("督办 \(child) 求助 #1 大厅: 等待接收, ^desk ")
    let offered = try pair.community.desk("status")
    #expect(offered.contains("上级督办 (^desk): 接收后 05:00 内到场, 1:00:00 内处置"), "\(offered)")
    #expect(try pair.community.desk("refuse 1 lead 没有人手").contains("done"))
    try waitStreet("不接收,已退回")
    #expect(try pair.street.desk("status").contains("lead: 没有人手, 现由 ^desk, 退回 00:0"))
    try ask("offer 1 desk lead")
    try waitStreet("等待接收")
    #expect(try pair.community.desk("accept 1 lead").contains("done"))
    try waitStreet("已接收,等待到场")
    // The facts are on the street's disk.
    pair.street.killStation(street)
    _ = try pair.street.startStation()
    try pair.street.waitUntil("the street runs again") { (try? pair.street.desk("ping")) == "ok\n" }
    try waitStreet("第 2 次, 现由 lead, 须在 ")
    #expect(try pair.community.desk("status").contains("前到场, 还剩 0"))
    for step in ["on-scene", "resolve", "close"] { #expect(try pair.community.desk("\(step) 1 lead 好了").contains("done")) }
    try pair.street.waitUntil("nothing is handed down any more") { try !pair.street.desk("status").contains("督办") }
  }
}
