import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// What cards, tiles and lists say of a device of the wall that does not answer.
@Suite struct WallLineTests {
  private static func away(_ failure: WallLineFailure, _ host: Int = 13) -> WallEvent {
    .lineChanged(WallLineStanding(address: "10.0.0.\(host):1515", state: .failed(failure)))
  }
  private func card(_ key: String, _ bench: Bench) -> DeskView.FaultCard? {
    bench.view.faults.first { $0.key == FaultKey(key) && $0.present }
  }
  private func present(_ bench: Bench) -> [String] { bench.view.faults.filter(\.present).map(\.key.description) }

  @Test func theCardTheTileAndTheListSayWhereAndWhy() throws {
    var bench = Bench.withWall()
    bench.give(.wall("p3", .healthChanged(.absent)))
    bench.give(.wall("p3", Self.away(.refused)))
    bench.pass(.seconds(4))
    #expect(present(bench) == ["wall p3:wallSilent"])
    let detail = try #require(card("wall p3:wallSilent", bench)?.detail)
    #expect(detail.contains("10.0.0.13:1515 连接被拒绝:该地址有机器,但没有程序在该端口监听"))
    #expect(detail.contains("connection refused"))
    guard case .unreachable("p3", let line)? = bench.proof(3) else {
      Issue.record("\(String(describing: bench.proof(3)))")
      return
    }
    #expect(line?.short?.chinese == "10.0.0.13:1515 连接被拒绝")
    bench.give(.wake)
    let view = try #require(bench.wallView)
    let device = try #require(view.devices.first { $0.name == "p3" })
    #expect(view.reason(of: device)?.chinese == line?.text?.chinese && device.standsMilliseconds == 4_000)
    // The technician has found the port: now another thing is wrong.
    bench.give(.wall("p3", Self.away(.silent)))
    bench.pass(.seconds(60))
    #expect(card("wall p3:wallSilent", bench)?.detail.contains("连上了但没有应答") == true, "not the reason of a minute ago")
  }

  @Test func fromTheFirstSecondOnItIsSaidWhatIsTried() throws {
    var bench = Bench(plan: Bench.walled)
    bench.give(.wall("hub", .lineChanged(WallLineStanding(address: "10.0.0.5:9990", state: .connecting))))
    bench.pass(.seconds(8))
    bench.give(.wake)
    let view = try #require(bench.wallView)
    let hub = try #require(view.devices.first { $0.name == "hub" })
    #expect(view.reason(of: hub)?.chinese == "正在连接 10.0.0.5:9990" && hub.standsMilliseconds == 8_000)
    #expect(view.devices.allSatisfy { view.reason(of: $0) != nil } && present(bench) == [])
    bench.give(.wall("hub", Self.away(.unreachable)))
    bench.pass(.seconds(30))
    #expect(present(bench) == [], "a computer and its devices are switched on together")
    bench.pass(.seconds(10))
    #expect(card("wall hub:wallSilent", bench) != nil)
  }

  @Test func whatAnswersJunkIsThere() throws {
    var bench = Bench.withWall()
    bench.give(.wall("p3", Self.away(.notUnderstood(Array("HTTP/1.1".utf8)))))
    bench.give(.wall("p3", .healthChanged(.faulted)))
    bench.pass(.seconds(10))
    #expect(present(bench) == ["wall p3:wallAnswersWrongly"], "one card")
    let detail = try #require(card("wall p3:wallAnswersWrongly", bench)?.detail)
    #expect(detail.contains("第 1 个字节 0x48") && detail.contains("HTTP/1.1") && detail.contains("核对地址和端口"))
    guard case .unreachable("p3", let line)? = bench.proof(3), let short = line?.short else {
      Issue.record("\(String(describing: bench.proof(3)))")
      return
    }
    #expect(short.chinese.contains("有应答,但不是该协议") && !short.chinese.contains("没有应答"))
  }

  /// What a serial port is set to is nothing to look at where there is none, and a device that begins as it should is the right one.
  @Test func theAdviceIsThatOfTheLine() throws {
    let own: [UInt8] = [0xAA, 0xFF, 1, 3]
    for failure in [WallLineFailure.silent, .notUnderstood([0x80]), .damaged(own), .flooding] {
      let network = try #require(WallLineStanding(address: "10.0.0.13:1515", state: .failed(failure)).text)
      for word in ["A/B", "校验", "parity"] { #expect(!network.both.contains(word), "\(network)") }
      #expect(network.chinese.contains("中间有串口服务器的,核对它的波特率") && network.english.contains("serial server"))
      let port = try #require(WallLineStanding(address: "/dev/ttyUSB0 9600", isSerial: true, state: .failed(failure)).text)
      #expect(!port.both.contains("串口服务器") && !port.both.contains("地址") && !port.both.contains("端口"))
      guard failure != .flooding else { continue }
      #expect(port.chinese.contains("波特率") && port.chinese.contains("A/B") && port.english.contains("parity"))
    }
    var bench = Bench.withWall()
    bench.give(.wall("p3", Self.away(.damaged(own))))
    bench.give(.wall("p3", .healthChanged(.faulted)))
    bench.pass(.seconds(10))
    #expect(present(bench) == ["wall p3:wallAnswersWrongly"])
    let found = try #require(card("wall p3:wallAnswersWrongly", bench))
    #expect(found.detail.contains("10.0.0.13:1515 应答残缺或出错:第 1 个字节 0xAA;") && found.detail.contains("damaged or incomplete"))
    #expect(!found.detail.contains("不是该协议") && !(found.adviceChinese + found.whatChinese).contains("波特率"))
    bench.give(.wall("p3", Self.away(.flooding)))
    bench.pass(.seconds(60))
    let flooding = try #require(card("wall p3:wallAnswersWrongly", bench)?.detail)
    #expect(flooding.contains("没有问它也发个不停") && flooding.contains("sends without being asked"))
  }

  /// Of a matrix that the site file describes it is the description that may be wrong: what it said is shown as it would be written there.
  @Test func theAdviceOfADescribedMatrixNamesItsDescription() throws {
    var bench = Bench.withWall()
    bench.give(.wall("hub", Self.away(.unmatched(Array("OUT 1 = 3\r\n\u{1}".utf8)), 5)))
    bench.give(.wall("hub", .healthChanged(.faulted)))
    bench.pass(.seconds(10))
    #expect(present(bench) == ["wall hub:wallAnswersWrongly"])
    let detail = try #require(card("wall hub:wallAnswersWrongly", bench)?.detail)
    #expect(detail.contains("它说的是 \"OUT 1 = 3\\r\\n\\x01\",照它改 line 里的 readAnswer") && detail.contains("terminator"), "\(detail)")
    #expect(!detail.contains("协议是对的") && !detail.contains("A/B"))
    let silent = try #require(
      WallLineStanding(address: "/dev/ttyUSB0 9600", isSerial: true, state: .failed(.unansweredAsDescribed)).text)
    #expect(silent.chinese.contains("terminator") && silent.chinese.contains("CRLF 写 '\\r\\n'") && silent.chinese.contains("波特率"))
  }

  @Test func whatWasFoundInsteadOfAPortIsSaid() {
    func text(_ failure: WallLineFailure, _ found: String?) -> BilingualText? {
      WallLineStanding(address: "/dev/ttyUSB0 9600", isSerial: true, state: .failed(failure), found: found).text
    }
    #expect(text(.portBusy, "77 (minicom)")?.chinese.hasSuffix("串口被别的程序占用:进程 77 (minicom);先停止它") == true)
    #expect(text(.portBusy, nil)?.chinese.hasSuffix("串口被别的程序占用") == true)
    #expect(text(.portMissing, "/dev/ttyS0; /dev/ttyUSB3")?.english.contains("there are /dev/ttyS0; /dev/ttyUSB3") == true)
    #expect(text(.portMissing, "")?.chinese.contains("一个串口也没有") == true)
    #expect(text(.silent, "77 (minicom)") == text(.silent, nil))
  }

  /// Which device, and how many it has, and no English in the Chinese.
  @Test(arguments: [
    ("no input 17 of 16", "hub: 设备没有输入 17,它说自己有 16 路 / the device has no input 17: it says it has 16"),
    ("no output 40", "hub: 设备没有输出 40 / the device has no output 40"),
    (
      "ERR003 parameter out of range",
      "hub: 设备没有这一路,它的回答是 ERR003 / the device has no such input or output: ERR003 parameter out of range"
    ),
    ("an output cannot be left without an input", "hub: 它的输出不能断开 / its outputs cannot be left without an input"),
  ]) func whatAMatrixLacksIsSaidInWords(_ reason: String, _ detail: String) {
    var bench = Bench.withWall()
    bench.wall(.scene("night"))
    bench.give(.wall("hub", .notSwitched(4, .impossible(reason))))
    #expect(card("output 4:outputCannot", bench)?.detail == detail)
  }

  /// Its display says nothing, and does not answer what is wished of it then either: one cause, one card.
  @Test func aSilentDisplayIsOneCard() {
    var bench = Bench.withWall()
    bench.give(.wall("p3", .healthChanged(.absent)))
    bench.give(.wall("p3", Self.away(.lost)))
    bench.wall(.scene("night"))
    bench.give(.wall("p3", .notSwitched(1, .unanswered)))
    #expect(present(bench) == [], "not within the time that it may be silent either")
    bench.pass(.seconds(10))
    #expect(present(bench) == ["wall p3:wallSilent"])
    guard case .unreachable("p3", let line)? = bench.proof(3) else {
      Issue.record("\(String(describing: bench.proof(3)))")
      return
    }
    #expect(line?.short?.chinese.contains("不再应答") == true, "its tile says why")
    // It answers, and what it was told is not so.
    bench.give(.wall("p3", .healthChanged(.identifying)))
    bench.give(.wall("p3", .healthChanged(.online)))
    bench.give(.wall("p3", .observed(1, .display(.init(isOn: true, input: "DP1")))))
    #expect(present(bench) == [])
    bench.give(.wall("p3", .notSwitched(1, .unanswered)))
    #expect(present(bench) == ["output 3:outputUnanswered"])
    // One panel of a chain: its line answers all the time.
    bench = Bench.withWall()
    bench.give(.wall("p3", .notSwitched(1, .unanswered)))
    #expect(present(bench) == ["output 3:outputUnanswered"])
  }

  /// Also where nobody tells of lines.
  @Test func itsDriverAloneIsEnough() {
    var bench = Bench.withWall()
    bench.give(.wall("p3", .healthChanged(.faulted)))
    bench.give(.wall("p3", .healthChanged(.identifying)))
    #expect(
      bench.proof(3)
        == .unreachable(device: "p3", line: WallLineStanding(address: "", state: .failed(.notUnderstood([])))))
    bench.pass(.seconds(10))
    #expect(present(bench) == ["wall p3:wallAnswersWrongly"])
  }

  @Test func aWrongPasswordIsOneCard() {
    var bench = Bench.withWall()
    bench.give(.wall("p3", .troubleChanged(1, .password, isPresent: true)))
    bench.give(.wall("p3", .healthChanged(.faulted)))
    bench.give(.wall("p3", Self.away(.passwordWrong)))
    bench.pass(.seconds(60))
    #expect(present(bench) == ["output 3:displayPassword"])
    // Of a matrix no display says so.
    bench.give(.wall("hub", .healthChanged(.faulted)))
    bench.give(.wall("hub", .troubleChanged(0, .password, isPresent: true)))
    bench.give(.wall("hub", Self.away(.passwordWrong, 5)))
    bench.pass(.seconds(60))
    #expect(present(bench).sorted() == ["output 3:displayPassword", "wall hub:wallPassword"])
    bench.give(.wall("hub", .troubleChanged(0, .password, isPresent: false)))
    bench.give(.wall("hub", .healthChanged(.online)))
    #expect(present(bench) == ["output 3:displayPassword"])
  }

  @Test func whyAnOutputIsNotSwitchedHasItsOwnAdvice() throws {
    for (refusal, key) in [
      (WallRefusal.unchanged, "outputNotSwitched"), (.impossible("E01 invalid input"), "outputCannot"),
      (.refused("NAK 14"), "outputRefused"), (.unanswered, "outputUnanswered"), (.contested, "outputContested"),
    ] {
      var bench = Bench.withWall()
      bench.wall(.scene("night"))
      bench.give(.wall("hub", .notSwitched(4, refusal)))
      #expect(present(bench) == ["output 4:\(key)"])
      let found = try #require(self.card("output 4:\(key)", bench))
      #expect((found.adviceChinese + found.detail).contains("锁定") == (refusal == .unchanged || key == "outputRefused"))
    }
  }

  /// Over several outputs of one device it is one card; it stays while the two take turns, and goes a minute after the last time.
  @Test func anotherControllerIsOneCardUntilItHasLetGoForAMinute() throws {
    var bench = Bench.withWall()
    bench.wall(.scene("night"))
    func route(_ output: UInt16) throws -> WallSetting { .route(try #require(bench.route(output))) }
    for _ in 0..<3 {
      for output in [UInt16(4), 5] {
        bench.give(.wall("hub", .observed(output, try route(output))))
        bench.give(.wall("hub", .observed(output, .route(9))))
        bench.give(.wall("hub", .notSwitched(output, .contested)))
        bench.give(.wall("hub", .observed(output, try route(output))))
      }
      bench.pass(.seconds(10))
      #expect(present(bench) == ["output 4:outputContested"])
    }
    for _ in 0..<7 {
      bench.pass(.seconds(10))
      for output in [UInt16(4), 5] { bench.give(.wall("hub", .observed(output, try route(output)))) }
    }
    #expect(present(bench) == [])
  }

  /// What has gathered while the station was busy is decided at once, and nothing of it is younger than it is.
  @Test func reportsOfAWhileComeAtOnceAndKeepTheirAges() throws {
    var bench = Bench.withWall()
    bench.pass(.seconds(2))
    let route = WallSetting.route(try #require(bench.route(4)))
    let display = try #require(bench.wallWishes["p4"]?.first?.setting)
    let said = bench.now
    bench.pass(.seconds(3))
    bench.give(
      .wallHeard([
        WallReport("hub", .observed(4, .route(9)), at: said), WallReport("hub", .observed(4, route), at: said + .seconds(1)),
        WallReport("p4", .observed(1, display)),
      ]))
    let tile = try #require(bench.wallView?.tiles[3])
    #expect(tile.proof == .verified(picture: nil) && tile.ageMilliseconds == 2000, "\(tile)")
  }

  @Test func anOutputThatNobodyCanSeeIsNotIdentified() {
    var bench = Bench.withWall()
    bench.give(.wall("p3", .healthChanged(.absent)))
    #expect(bench.wall(.identify(3, seconds: 10)) == .refused(.outputUnreachable))
    #expect(bench.wall(.identify(3, seconds: 0)) == .done, "what was begun can be ended")
    #expect(bench.wall(.identify(4, seconds: 10)) == .done)
    bench.give(.wall("p4", .observed(1, .display(.init(isOn: false)))))
    #expect(bench.wall(.identify(4, seconds: 10)) == .refused(.displayIsOff))
    bench.give(.wall("hub", .healthChanged(.absent)))
    #expect(bench.wall(.identify(5, seconds: 10)) == .done, "its display blinks all the same")
  }

  // MARK: - A dead switch (M17)

  private static let names = ["hub"] + (1...9).map { "p\($0)" }
  private static func joined(_ state: WallLineStanding.State, _ at: Int) -> WallEvent {
    .lineChanged(WallLineStanding(address: "10.0.0.\(5 + at):1515", state: state))
  }
  /// All on one network, and each answering.
  private static func onOneSwitch() -> Bench {
    var bench = Bench.withWall()
    for (at, name) in names.enumerated() { bench.give(.wall(name, joined(.answering, at))) }
    return bench
  }

  @Test(arguments: [200, 900]) func aDeadSwitchIsOneCard(step: Int) throws {
    var bench = Self.onOneSwitch()
    for (at, name) in Self.names.enumerated() {
      bench.give(.wall(name, .healthChanged(.absent)))
      bench.give(.wall(name, Self.joined(.failed(.lost), at)))
      bench.pass(.milliseconds(step))
    }
    bench.pass(.seconds(5))
    #expect(present(bench) == ["wall 10.0.0.*:wallNetworkSilent"], "none of its own")
    let found = try #require(card("wall 10.0.0.*:wallNetworkSilent", bench))
    #expect(
      found.detail.hasPrefix("影响 10 台") && found.whatChinese.contains("交换机失联") && found.whereText.contains("10.0.0.*"))
    // A press in the middle of it.
    bench.press("A/1/2", sequence: 1)
    #expect(bench.view.incidents.count == 1)
    // The power is back: each answers when it is asked.
    for (at, name) in Self.names.enumerated() where name != "p9" {
      bench.give(.wall(name, .healthChanged(.online)))
      bench.give(.wall(name, Self.joined(.answering, at)))
      bench.pass(.seconds(1))
    }
    #expect(present(bench) == [])
    bench.obeyWall()
    bench.pass(.seconds(20))
    #expect(present(bench) == ["wall p9:wallSilent"], "the one that stays away has its own card now")
  }

  /// The first of them was missed long enough to have a card of its own: it goes into that of all.
  @Test func cardsThatWereThereFirstAreFoldedIntoIt() {
    var bench = Self.onOneSwitch()
    for (at, name) in Self.names.enumerated() {
      bench.give(.wall(name, .healthChanged(.absent)))
      bench.give(.wall(name, Self.joined(.failed(.lost), at)))
      if at == 0 { bench.pass(.seconds(4)) }
      if at == 0 { #expect(present(bench) == ["wall hub:wallSilent"]) }
    }
    bench.pass(.seconds(4))
    #expect(bench.view.faults.map(\.key.description) == ["wall 10.0.0.*:wallNetworkSilent"])
  }

  @Test func oneThatAnswersProvesTheSwitch() {
    for reason in [WallLineFailure.refused, .silent, .notUnderstood([0x41])] {
      var bench = Self.onOneSwitch()
      for (at, name) in Self.names.enumerated() {
        bench.give(.wall(name, .healthChanged(.absent)))
        bench.give(.wall(name, Self.joined(.failed(at == 4 ? reason : .unanswered), at)))
      }
      bench.pass(.seconds(20))
      #expect(!present(bench).contains("wall 10.0.0.*:wallNetworkSilent") && present(bench).count == 10)
    }
    // Two are no switch.
    var bench = Self.onOneSwitch()
    for (at, name) in Self.names.enumerated() where at > 7 {
      bench.give(.wall(name, .healthChanged(.absent)))
      bench.give(.wall(name, Self.joined(.failed(.lost), at)))
    }
    bench.pass(.seconds(13))
    #expect(present(bench).sorted() == ["wall p8:wallSilent", "wall p9:wallSilent"])
  }

  @Test func aPrefixIsThatOfTheAddress() {
    func network(_ address: String) -> String? { WallLineStanding(address: address, state: .connecting).network }
    #expect(network("10.0.0.5:9990") == "10.0.0.*" && network("hub.local:9990 (10.1.2.3)") == "10.1.2.*")
    #expect(network("/dev/ttyUSB0 9600") == nil && network("[fe80::1]:9990") == nil && network("hub:9990") == nil)
  }
}
