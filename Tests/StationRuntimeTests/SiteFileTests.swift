import DeviceKit
import DigitalIOCodec
import ModbusRTUCodec
import Station
import Testing
import Transports

@testable import StationRuntime

@Suite struct SiteFileTests {
  static let good = """
    site: {name: 铁西社区综治中心, station: tiexi-03}
    places:
      - {id: hall, name: 大厅, grid: G1}
      - {id: office, name: 接待室}
    posts:
      - {id: desk, name: 值班台, place: hall}
      - {id: lead, name: 带班岗}
    buses:
      - name: A
        port: /dev/ttyUSB0
        baud: 19200
        panels:
          - {node: 1, name: 大厅面板, buttons: [{button: 1, place: hall}, {button: 2, place: office, silent: true}]}
        modules:
          - {node: 20, name: 继电器, inputs: 4, outputs: 2, buttons: [{button: 1, place: hall}], roles: [{output: 1, role: sounder}]}
    escalation: {steps: [{after: 30, posts: [lead]}, {after: 60}], onSceneWithin: 240}
    roster:
      - {post: desk, grids: [G1], from: "08:00", to: "18:00", days: [1, 2, 3, 4, 5]}
    """

  @Test func aGoodFileIsReadWhole() throws {
    let site = try SiteFile.read(Self.good, file: "site.yaml")
    #expect(site.plan.callPoints.map(\.button.description) == ["A/1/1", "A/1/2", "A/20/1"])
    #expect(site.buses[0].panels[0].silentMask == 2)
    #expect(site.plan.outputs.map(\.role) == [.sounder])
    #expect(site.plan.ladder.map(\.afterSeconds) == [30, 60] && site.plan.onSceneWithinSeconds == 240)
    #expect(site.plan.roster[0].fromMinute == 480 && site.deskPort == 8460)
  }

  /// What the site file says of a line reaches the port and the master's clock alike.
  @Test(arguments: [("8N1", CharacterFormat.none8One, 521), ("8E1", .even8One, 573), ("8O1", .odd8One, 573)])
  func theFormatOfALineReachesThePortAndTheTiming(_ format: String, _ character: CharacterFormat, _ microseconds: Int) throws {
    let text = Self.good.replacing("baud: 19200", with: "baud: 19200\n    format: \(format)")
    let plan = try #require(SiteFile.read(text, file: "site.yaml").buses.first)
    #expect(BusLoop.settings(plan) == SerialSettings(baud: .b19200, format: character))
    #expect(BusLoop.settings(plan).characterMicroseconds == microseconds)
    #expect(DriverCatalog.master(plan).settings.timing.characterMicroseconds == UInt32(microseconds))
  }

  /// Every kind of mistake: what is changed in the good file, the line on which it must be reported, and a word of the message.
  static let mistakes: [(from: String, to: String, line: Int, word: String)] = [
    ("station: tiexi-03}", "station: tiexi-03, nmae: x}", 1, "name?"), ("name: 铁西社区综治中心, ", "", 1, "needs \"name\""),
    ("{id: office, name: 接待室}", "{id: hall, name: 接待室}", 4, "given twice"),
    ("place: hall}\n  - {id: lead", "place: roof}\n  - {id: lead", 6, "no place \"roof\""),
    ("baud: 19200", "baud: 19201", 11, "one of: 1200"), ("{node: 1,", "{node: 0,", 13, "from 1 to 247"),
    ("{node: 1,", "{node: 20,", 15, "used twice"),
    ("button: 2, place: office", "button: 9, place: office", 13, "from 1 to 8"),
    ("button: 2, place: office", "button: 1, place: office", 13, "given twice"),
    ("silent: true", "silent: maybe", 13, "true or false"), ("role: sounder", "role: trumpet", 15, "sounder, redLight"),
    ("inputs: 4, ", "", 15, "buttons need inputs"), ("outputs: 2, ", "", 15, "roles need outputs"),
    (", role: sounder", "", 15, "needs \"role\""),
    ("{output: 1, role: sounder}", "{output: 1, role: sounder}, {output: 1, role: redLight}", 15, "given twice"),
    ("grids: [G1]", "grids: [G9]", 18, "no place has the grid"),
    ("[{button: 1, place: hall}, {button: 2, place: office, silent: true}]", "[]", 13, "must not be empty"),
    ("{after: 60}", "{after: 20}", 16, "later than"), ("posts: [lead]", "posts: [boss]", 16, "no post \"boss\""),
    ("\"08:00\"", "\"8 Uhr\"", 18, "08:30"),
    ("days: [1, 2", "days: [0, 2", 18, "Monday"), ("port: /dev/ttyUSB0", "prot: /dev/ttyUSB0", 10, "port?"),
    ("name: A\n", "name: A B\n", 9, "letters"),
    ("grids: [G1]", "grids: G1", 18, "list"),
    (
      "escalation:",
      "  - {name: B, port: /dev/ttyUSB0, panels: [{node: 1, name: x, buttons: [{button: 1, place: hall}]}]}\nescalation:", 16,
      "port \"/dev/ttyUSB0\" is given twice"
    ),
    (
      "escalation:",
      "  - {name: A, port: /dev/ttyS1, panels: [{node: 1, name: x, buttons: [{button: 1, place: hall}]}]}\nescalation:", 16,
      "bus name \"A\" is given twice"
    ),
    ("escalation:", "  - {name: B, port: /dev/ttyS1}\nescalation:", 16, "no panels and no modules"),
    ("button: 1, place: hall}, {", "button: 1, place: cellar}, {", 13, "no place \"cellar\""),
    ("{post: desk,", "{post: chief,", 18, "no post \"chief\""), ("id: lead", "id: desk", 7, "given twice"),
    ("\"18:00\"", "\"24:00\"", 18, "08:30"), ("\"18:00\"", "64800", 18, "08:30"), ("days: [1, 2", "days: [mon, 2", 18, "Monday"),
    ("baud: 19200", "baud: fast", 11, "one of: 1200"), ("baud: 19200", "format: 7E1", 11, "one of: 8N1"),
    ("baud: 19200", "rs485: auto", 11, "one of: adapter"), ("baud: 19200", "echo: 3", 11, "true or false"),
    ("{output: 1, role", "{output: 3, role", 15, "from 1 to 2"), ("inputs: 4", "inputs: 33", 15, "from 0 to 32"),
    ("inputs: 4", "inputs: -1", 15, "from 0 to 32"), ("inputs: 4", "inputs: 4.5", 15, "whole number"),
    ("onSceneWithin: 240", "onSceneWithin: 5", 16, "from 30"), ("{after: 60}", "{posts: [lead]}", 16, "needs \"after\""),
    ("station: tiexi-03", "station: [1]", 1, "letters"), ("name: 接待室", "name: \"\"", 4, "1 to 80"),
    ("roster:", "desk: {port: 70000}\nroster:", 17, "from 0 to 65535"),
    ("roster:", "journal: {ballastMiB: 0}\nroster:", 17, "from 1 to 1024"),
    ("roster:", "journal: {keepMonths: 1201}\nroster:", 17, "from 0 to 1200"),
    ("roster:", "posts: []\nroster:", 5, "repeated key: posts"),
    ("posts:\n  - {id: desk", "persons:\n  - {id: desk", 5, "accepted:"), ("buses:", "buses: A\nbusses:", 8, "list"),
    ("{node: 1,", "{node: 010,", 13, "in digits only"), ("{node: 1,", "{node: 0x1,", 13, "in digits only"),
    ("{node: 1,", "{node: +1,", 13, "in digits only"), ("roster:", "desk: {port: 8_570}\nroster:", 17, "in digits only"),
    ("days: [1, 2", "days: [01, 2", 18, "Monday"), ("\"08:00\"", "\"+8:00\"", 18, "08:30"),
    ("port: /dev/ttyUSB0", "port: \" \"", 10, "only spaces"), ("port: /dev/ttyUSB0", "port: ttyUSB0", 10, "begins with /"),
    ("port: /dev/ttyUSB0", "port: usb-id:0403", 10, "usb-id:"), ("name: 接待室", "name: \"   \"", 4, "only spaces"),
    ("name: 接待室", "name: \"a\\eb\"", 4, "control characters"), ("name: 值班台", "name: \"台\\u202eX\"", 6, "control characters"),
    ("name: 接待室", "name: \"a\\nb\"", 4, "one line"), ("name: 接待室", "name: 大厅", 4, "two places have the name \"大厅\""),
    ("posts: [lead]", "posts: [\"l\\ead\"]", 16, "control characters"),
    ("inputs: 4", "writeFunction: one, inputs: 4", 15, "one of: multiple, single"),
  ]

  static let link = """

    parent:
      paths:
        - {name: main, host: 10.1.2.3}
        - {name: spare, host: "fd00::5", port: 9000}
    children:
      address: 0.0.0.0
      port: 8463
      stations: [{station: tiexi-04}, {station: 铁西社区5}]
    """

  /// What is changed in the line's sections, the line within them, and a word of the message.
  static let linkMistakes: [(from: String, to: String, line: Int, word: String)] = [
    ("10.1.2.3", "\"10.1.2.3:8463\"", 3, "under port:"), ("10.1.2.3", "\"https://10.1.2.3\"", 3, "https://"),
    ("10.1.2.3", "\"[fd00::1]:8463\"", 3, "no brackets"), ("10.1.2.3", "10.1.2.300", 3, "neither a host name"),
    ("10.1.2.3", "street/link", 3, "neither a host name"), ("10.1.2.3", "a..b", 3, "neither a host name"),
    ("10.1.2.3", "\"my street\"", 3, "neither a host name"), ("address: 0.0.0.0", "address: foo", 6, "no IP address"),
    ("address: 0.0.0.0", "address: \"10.1.2.3:80\"", 6, "no IP address"),
    ("port: 8463", "port: 8460", 7, "so is the port of desk"),
    ("port: 8463", "port: 8464", 6, "so is the port of children"),
    ("port: 8463", "enrolmentPort: 8463", 7, "so is the port of children"),
    ("port: 8463", "enrolmentPort: 8460", 7, "so is the port of desk"),
    ("station: tiexi-04", "station: tiexi-03", 8, "own name"), ("station: tiexi-04", "station: \"a^b\"", 8, "letters, digits"),
    ("station: tiexi-04", "station: \"a:b\"", 8, "letters, digits"),
    ("station: tiexi-04", "station: \"@b\"", 8, "letters, digits"),
    ("station: tiexi-04", "station: \"e\\u0301\"", 8, "letters, digits"),
    ("station: tiexi-04", "station: a b", 8, "letters, digits"),
    ("station: 铁西社区5", "station: tiexi-04", 8, "given twice"),
  ]

  @Test func theLineIsRead() throws {
    let site = try SiteFile.read(Self.good + Self.link, file: "f")
    #expect(site.parent?.paths.map(\.host) == ["10.1.2.3", "fd00::5"] && site.parent?.paths.map(\.port) == [8463, 9000])
    #expect(site.plan.children?.map(\.station) == ["tiexi-04", "铁西社区5"])
    for name in ["street", "street.example.cn", "a-1_b"] {
      #expect((try? SiteFile.read(Self.good + Self.link.replacing("10.1.2.3", with: name), file: "f")) != nil, "\(name)")
    }
    let any = Self.link.replacing("port: 8463", with: "port: 0\n  enrolmentPort: 0")
    #expect((try? SiteFile.read(Self.good + any, file: "f")) != nil, "0 is no port that clashes")
  }

  @Test(arguments: linkMistakes.indices) func everyMistakeOfTheLineIsReportedWithItsLine(_ index: Int) throws {
    let mistake = Self.linkMistakes[index]
    let text = Self.good + Self.link.replacing(mistake.from, with: mistake.to)
    let first = Self.good.split(separator: "\n", omittingEmptySubsequences: false).count
    let problems = try #require(#expect(throws: SiteError.self) { _ = try SiteFile.read(text, file: "f") }).problems
    #expect(problems.count == 1 && problems[0].line == first + mistake.line, "\(problems)")
    #expect(problems[0].english.contains(mistake.word) && !problems[0].chinese.isEmpty, "\(problems)")
  }

  @Test func readingsGoUpEveryTenSecondsUnlessTheFileSaysOtherwise() throws {
    let parent = Self.good + "\nparent:\n  paths: [{name: main, host: street}]\n"
    for (line, seconds) in [("", 10), ("  readingsSeconds: 0\n", 0), ("  readingsSeconds: 3600\n", 3600)] {
      #expect(try SiteFile.read(parent + line, file: "f").parent?.readingsSeconds == seconds)
    }
    let error = try #require(
      #expect(throws: SiteError.self) { _ = try SiteFile.read(parent + "  readingsSeconds: 3601\n", file: "f") })
    #expect(error.problems.count == 1 && error.problems[0].english.contains("from 0 to 3600"), "\(error)")
  }

  static let receiver = """

    alarmReceiver:
      host: arc.example
      port: 12128
      transport: udp
      format: SIA-DCS
      account: 00ab
      key: receiver.key
      supervision: 90
      zones: [{place: office, zone: 1, code: medical}]
    """

  @Test func anAlarmReceiverIsReadAndEveryPlaceHasAZone() throws {
    let plan = try #require(try SiteFile.read(Self.good + Self.receiver, file: "site.yaml").alarmReceiver)
    #expect(plan.host == "arc.example" && plan.port == 12128 && plan.transport == .udp && plan.format == .siaDCS)
    #expect(plan.account == "00AB" && plan.receiver == nil && plan.line == "0" && plan.group == 1)
    #expect(plan.keyFile == "receiver.key" && plan.supervisionSeconds == 90 && plan.silentAfterSeconds == 30)
    #expect(plan.zones.map(\.zone) == [2, 1] && plan.zones.map(\.code) == [.panic, .medical])
    #expect(try SiteFile.read(Self.good, file: "site.yaml").alarmReceiver == nil)
  }

  /// What is changed in the receiver's section, the line within it, and a word of the message.
  static let receiverMistakes: [(from: String, to: String, line: Int, word: String)] = [
    ("host: arc.example", "hots: x", 2, "host?"), ("host: arc.example\n  ", "", 2, "needs \"host\""),
    ("port: 12128", "port: 0", 3, "from 1 to 65535"), ("transport: udp", "transport: serial", 4, "one of: tcp, udp"),
    ("SIA-DCS", "CID", 5, "one of: ADM-CID, SIA-DCS"), ("account: 00ab", "account: 12", 6, "3 to 16 hexadecimal"),
    ("account: 00ab", "account: [1]", 6, "3 to 16 hexadecimal"), ("account: 00ab", "line: 0", 2, "needs \"account\""),
    ("account: 00ab", "account: 00ab\n  receiver: 1234567", 7, "1 to 6 hexadecimal"),
    ("account: 00ab", "account: 00ab\n  line: G", 7, "1 to 6 hexadecimal"),
    ("account: 00ab", "account: 00ab\n  group: 100", 7, "from 0 to 99"),
    ("account: 00ab", "account: 00ab\n  silentAfter: 1", 7, "from 5 to 3600"),
    ("account: 00ab", "account: 00ab\n  timestamps: false", 7, "need their timestamps"),
    ("account: 00ab", "account: 00ab\n  timeOfOccurrence: 3", 7, "true or false"),
    ("supervision: 90", "supervision: 5", 8, "0 (none) or 10"), ("supervision: 90", "supervision: -1", 8, "from 0 to 86400"),
    ("place: office", "place: roof", 9, "no place \"roof\""), ("zone: 1,", "zone: 0,", 9, "from 1 to 999"),
    ("code: medical", "code: flood", 9, "one of: panic"),
    ("zone: 1, code: medical}", "zone: 1}, {place: hall, zone: 1}", 9, "given twice"),
    ("zone: 1, code: medical}", "zone: 1}, {place: office, zone: 2}", 9, "given twice"),
    ("port: 12128", "persons: 3", 3, "accepted:"),
  ]

  @Test(arguments: receiverMistakes.indices) func everyMistakeOfAReceiverIsReportedWithItsLine(index: Int) throws {
    let mistake = Self.receiverMistakes[index]
    let text = Self.receiver.replacing(mistake.from, with: mistake.to, maxReplacements: 1)
    try #require(text != Self.receiver)
    let first = Self.good.split(separator: "\n").count
    do {
      _ = try SiteFile.read(Self.good + text, file: "site.yaml")
      Issue.record("accepted: \(mistake.to)")
    } catch {
      #expect(
        error.problems.contains { $0.line == first + mistake.line && $0.description.contains(mistake.word) },
        "\(mistake.to): \(error)")
    }
  }

  @Test(arguments: mistakes.indices) func everyMistakeIsReportedWithItsLine(index: Int) throws {
    let mistake = Self.mistakes[index]
    let text = Self.good.replacing(mistake.from, with: mistake.to, maxReplacements: 1)
    try #require(text != Self.good)
    do {
      _ = try SiteFile.read(text, file: "site.yaml")
      Issue.record("accepted: \(mistake.to)")
    } catch {
      #expect(
        error.problems.contains { $0.line == mistake.line && $0.description.contains(mistake.word) }, "\(mistake.to): \(error)")
    }
  }

  @Test func allMistakesComeAtOnce() {
    let text = Self.good.replacing("baud: 19200", with: "baud: 7").replacing("silent: true", with: "silent: 3")
    #expect(throws: SiteError.self) { _ = try SiteFile.read(text, file: "f") }
    do { _ = try SiteFile.read(text, file: "f") } catch { #expect(error.problems.count == 2) }
  }

  @Test(arguments: ["", "[", "a: b: c", "- 1", "site: {name: a}\nsite: {name: b}", "\u{0}", "site: 3", "{{{{", "buses: [[[]]]"])
  func whatIsNoSiteFileIsRefusedInWords(text: String) {
    #expect(throws: SiteError.self) { _ = try SiteFile.read(text, file: "f") }
  }

  @Test func whatHasAMistakeOnEveryLineIsNotToldWhole() {
    let text = (0..<5000).map { "key\($0): 1\n" }.joined()
    do {
      _ = try SiteFile.read(text, file: "f")
      Issue.record("accepted")
    } catch {
      #expect(error.problems.count == 101 && error.problems.last?.english.contains("correct these first") == true)
    }
  }

  @Test func aRepeatedKeyIsNamedWithoutQuotingTheFile() {
    do {
      _ = try SiteFile.read("site: {name: geheim}\nsite: {name: b}", file: "f")
      Issue.record("accepted")
    } catch {
      #expect(!"\(error)".contains("geheim") && "\(error)".contains("site"))
    }
  }

  /// Some editors write a byte order mark before UTF-8.
  @Test func aByteOrderMarkIsNoMistake() throws {
    let (marked, plain) = (try SiteFile.read("\u{FEFF}" + Self.good, file: "f"), try SiteFile.read(Self.good, file: "f"))
    #expect(marked == plain)
  }

  @Test func aModuleThatKnowsOneRelayAtATimeCanBeUsed() throws {
    let text = Self.good.replacing("outputs: 2,", with: "outputs: 2, writeFunction: single,")
    let (plain, single) = (try SiteFile.read(Self.good, file: "f").buses[0], try SiteFile.read(text, file: "f").buses[0])
    #expect(DriverCatalog.configuration(try #require(plain.modules.first), "A").layout.writeFunction == .multiple)
    #expect(DriverCatalog.configuration(try #require(single.modules.first), "A").layout.writeFunction == .single)
  }

  /// Only the machine at hand knows that two spellings are one port.
  @Test func twoSpellingsOfOnePortAreSaidWithTheirLine() throws {
    let second =
      "  - {name: B, port: \"usb-path:1-1\", panels: [{node: 1, name: x, buttons: [{button: 1, place: hall}]}]}\nescalation:"
    let text = Self.good.replacing("escalation:", with: second)
    let alone = try SiteFile.read(text, file: "f")
    #expect(alone.buses.count == 2)
    let one = { (_: String) in "/dev/ttyUSB0" }
    let problems = try #require(#expect(throws: SiteError.self) { _ = try SiteFile.read(text, file: "f", portName: one) })
      .problems
    #expect(problems.count == 1 && problems[0].line == 16 && problems[0].chinese.contains("总线 A 和 B 是同一个串口"))
  }

  @Test(arguments: [("buses: A\nbusses:", "buses:"), ("roster: 7\nrooster:", "roster:")])
  func whatIsNoListIsSaidOnce(_ changed: String, _ key: String) throws {
    let text = Self.good.replacing(key, with: changed)
    let error = try #require(#expect(throws: SiteError.self) { _ = try SiteFile.read(text, file: "f") })
    #expect(error.problems.count { $0.english.contains("must be a list") } == 1)
  }

  /// What is quoted of the file must not be obeyed by the terminal.
  @Test func noMessageCarriesAControlCharacter() throws {
    for key in ["\"\\e[2J\": 1\n", "\"a\\u202e\": 1\n"] {
      let error = try #require(#expect(throws: SiteError.self) { _ = try SiteFile.read(key + Self.good, file: "f") })
      #expect("\(error)".unicodeScalars.allSatisfy(\.isPlainText) && "\(error)".contains("\\u{"))
    }
  }

  /// Each line stands for nine copies of the one before; as a key the parser would take it whole.
  @Test func aFewLinesThatStandForMoreThanAMachineHoldsAreRefused() throws {
    var bomb = "a0: &a0 [x, x]\n"
    for level in 1...30 {
      bomb += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
    }
    for end in ["? *a30\n: 1\n", "{*a30 : 1}\n", ""] {
      let error = try #require(#expect(throws: SiteError.self) { _ = try SiteFile.read(bomb + end, file: "f") })
      #expect(error.problems.count == 1 && error.problems[0].line == 3 && error.problems[0].chinese.contains("别名"))
    }
  }

  @Test func aStarThatIsNoAliasCountsForNothing() throws {
    let quiet = "# *a *b *c\n- \"*a\"\n- '*b'\n- a *b\n- [x, \"y\\\" *z\"]\n- 2 * 3\n- it's *so\n"
    #expect(AliasScan.lineBeyondLimit(String(repeating: quiet, count: 50)) == nil)
    #expect(AliasScan.lineBeyondLimit(String(repeating: "- *a\n", count: 16)) == nil)
    #expect(AliasScan.lineBeyondLimit(String(repeating: "- *a\n", count: 17)) == 17)
  }
}
