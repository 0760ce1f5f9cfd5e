import DeviceVocabulary
import Station
import Testing

@testable import StationRuntime

@Suite struct WallSiteFileTests {
  static let good =
    SiteFileTests.good + """

      wall:
        grid: {columns: 2, rows: 2, bezel: 30}
        devices:
          - {name: hub, kind: videohub, host: 10.0.0.5}
          - {name: chain, kind: samsungMDC, serial: /dev/ttyUSB1}
          - {name: pc, kind: player}
        outputs:
          - {number: 1, at: [1, 1], matrix: hub/1, display: chain/1, input: HDMI1, spans: true}
          - {number: 2, at: [2, 1], matrix: hub/2, display: chain/2, input: HDMI1, spans: true}
          - {number: 3, at: [1, 2], player: pc, screen: [0, 0, 960, 540]}
          - {number: 4, at: [2, 2], player: pc, screen: [960, 0, 960, 540], speaker: true}
        sources:
          - {id: cam, name: 大厅摄像机, place: hall, inputs: [hub/1], address: "rtsp://user:secret@10.0.0.9/1"}
          - {id: board, name: 公告栏, kind: board, inputs: [hub/2], address: "test:2"}
        layouts:
          - id: day
            name: 日常
            regions:
              - {name: 上, at: [1, 1], size: [2, 1], sources: [cam]}
              - {name: 左下, at: [1, 2], sources: [board]}
        scenes:
          - {id: day, name: 日常, layout: day, schedule: [{from: "08:00", to: "18:00", days: [1]}]}
          - {id: meet, name: 会议, layout: day, meeting: true, sound: cam}
        displays: {hours: [{from: "07:30", to: "22:00"}], powerOnGap: 800}
        callOutputs: [3, 1]
        idleSource: board
        visitorSource: board
      """

  @Test func aWallIsReadWhole() throws {
    let site = try SiteFile.read(Self.good, file: "site.yaml")
    let wall = try #require(site.plan.wall)
    #expect(wall.outputs.map(\.number) == [1, 2, 3, 4] && wall.bezelThousandths == 30 && wall.callOutputs == [3, 1])
    #expect(wall.outputs[0].display == WallPort(device: "chain", number: 1) && wall.outputs[0].sharesPictures)
    #expect(wall.outputs[3].frame == WallFrame(x: 960, y: 0, width: 960, height: 540))
    #expect(wall.sources.map(\.isSensitive) == [true, false] && wall.source("cam")?.isPlayable == true)
    #expect(wall.scenes[0].schedule == [.init(fromMinute: 480, toMinute: 1080, weekdays: [1])] && wall.scenes[1].isMeeting)
    #expect(wall.outputs.map(\.hasSpeaker) == [false, false, false, true] && wall.scenes[1].sound == "cam")
    #expect(wall.displayHours == [.init(fromMinute: 450, toMinute: 1320)] && wall.powerOnGapMilliseconds == 800)
    let devices = try #require(site.wall)
    #expect(devices.devices[0].connection == .network(host: "10.0.0.5", port: 9990) && devices.consolePort == 8469)
    #expect(devices.devices[1].connection == .serial("/dev/ttyUSB1", baud: .b9600) && devices.devices[2].connection == .none)
  }

  /// A password that stands in an address reaches no plan: plans are recorded, and travel.
  @Test func anAddressIsTheRuntimesAlone() throws {
    let site = try SiteFile.read(Self.good, file: "site.yaml")
    #expect(site.wall?.addresses["cam"]?.contains("secret") == true)
    #expect(!"\(site.plan)".contains("secret"))
  }

  private static let board = "address: \"test:2\"}"
  private static let onvif = "onvif: \"http://10.0.0.8/onvif/device_service\""

  @Test func aCameraMayTellItsAddressItself() throws {
    let text = Self.good.replacingOccurrences(
      of: Self.board, with: "\(Self.onvif), user: admin, password: 12345, profile: main, preset: door}")
    let site = try SiteFile.read(text, file: "site.yaml")
    let camera = try #require(site.wall?.cameras["board"])
    #expect(camera.address.host == "10.0.0.8" && camera.address.port == 80 && camera.profile == "main")
    #expect(camera.user == "admin" && camera.password == "12345" && site.wall?.addresses["board"] == nil)
    let source = try #require(site.plan.wall?.source("board"))
    #expect(source.isPlayable && source.motor?.callPreset == "door" && site.plan.wall?.source("cam")?.motor == nil)
    #expect(!"\(site.plan)".contains("12345") && !"\(camera)".contains("12345"))
    let short = try SiteFile.read(Self.good.replacingOccurrences(of: Self.board, with: "\(Self.onvif)}"), file: "site.yaml")
    #expect(short.wall?.cameras["board"]?.profile == "first" && short.plan.wall?.source("board")?.motor?.callPreset == nil)
  }

  /// What is changed in the good file, on which line of the wall (1 is `wall:`) that is told, and a word of the message.
  static let mistakes: [(from: String, to: String, line: Int, word: String)] =
    [
      ("columns: 2, rows: 2", "columns: 3, rows: 2", 8, "row 1, column 3"), ("columns: 2", "columns: 17", 2, "from 1 to 16"),
      ("kind: videohub", "kind: videowall", 4, "one of: videohub"),
      ("host: 10.0.0.5", "host: 10.0.0.5, serial: /dev/ttyS0", 4, "not by a serial port"),
      ("name: chain", "name: hub", 5, "given twice"),
      ("kind: player}", "kind: player, host: 10.0.0.6}", 6, "comes to the station"),
      ("matrix: hub/1, d", "matrix: hub, d", 8, "such as hub/4"), ("matrix: hub/1, d", "matrix: chain/3, d", 8, "is no matrix"),
      ("matrix: hub/2", "matrix: hub/1", 9, "output 1's already"),
      ("number: 2, at: [2, 1]", "number: 2, at: [1, 1]", 9, "stands there already"),
      ("number: 2,", "number: 1,", 9, "given twice"), ("at: [2, 2], player: pc", "at: [3, 2], player: pc", 11, "beyond the wall"),
      ("player: pc, screen: [0, 0, 960, 540]", "player: pc", 10, "needs \"screen\""),
      ("screen: [0, 0, 960, 540]", "screen: [0, 0, 960]", 10, "left, top, width, height"),
      ("player: pc, screen: [960", "player: pv, screen: [960", 11, "no player \"pv\""),
      ("place: hall, inputs", "place: roof, inputs", 13, "no place \"roof\""),
      ("inputs: [hub/2]", "inputs: [hub/1]", 14, "source \"cam\" already"),
      ("address: \"test:2\"", "address: \"test:2\", preset: door", 14, "preset goes with onvif"),
      ("address: \"test:2\"", "address: \"test:2\", \(onvif)", 14, "give address or onvif"),
      ("address: \"test:2\"", "onvif: \"https://x/y\"", 14, "no https"),
      ("address: \"test:2\"", "onvif: \"http://u:p@x/y\"", 14, "the login goes to user and password"),
      ("address: \"test:2\"", "\(onvif), password: x", 14, "password needs user"),
      ("address: \"test:2\"", "address: \"ftp://x\"", 14, "begin with one of"), ("id: board", "id: cam", 14, "given twice"),
      ("size: [2, 1], sources: [cam]", "size: [2, 2], sources: [cam]", 19, "spans two players"),
      ("size: [2, 1], sources: [cam]", "size: [2, 1], sources: [cat]", 19, "that there is not"),
      ("at: [1, 2], sources", "at: [2, 1], sources", 20, "overlap"),
      ("at: [1, 2], sources", "at: [1, 3], sources", 20, "beyond the wall"),
      ("name: 左下", "name: 上", 20, "given twice"), ("layout: day, schedule", "layout: night, schedule", 22, "no layout \"night\""),
      ("meeting: true,", "meeting: true, schedule: [{from: \"08:00\", to: \"09:00\"}],", 23, "no schedule"),
      ("matrix: hub/2, display: chain/2, input: HDMI1, spans: true", "matrix: hub/2, speaker: true", 9, "can be muted"),
      ("sound: cam", "sound: cat", 23, "no source \"cat\""), (", speaker: true", "", 23, "would not be heard"),
      ("powerOnGap: 800", "powerOnGap: 60000", 24, "from 0 to 10000"), ("from: \"07:30\"", "from: \"25:00\"", 24, "in quotes"),
      ("callOutputs: [3, 1]", "callOutputs: [9]", 25, "no output 9"),
      ("callOutputs: [3, 1]", "place: moon", 25, "no place \"moon\""),
      (
        "layout: day, schedule", "layout: day, lights: [{output: B/99/9}], schedule", 22,
        "no module B/99 with outputs; accepted are A/20"
      ),
      ("layout: day, schedule", "layout: day, lights: [{output: A/20/5}], schedule", 22, "A/20 has the outputs 1 to 2"),
      (
        "layout: day, schedule", "layout: day, lights: [{output: A/20/2}, {output: A/20/2, on: false}], schedule", 22,
        "given twice"
      ),
      ("visitorSource: board", "visitorSource: cam", 27, "not for visitors"),
      ("visitorSource: board", "visitorSource: tv", 27, "no source \"tv\""),
      ("idleSource: board", "idleSource: tv", 26, "no source \"tv\""),
      ("matrix: hub/2, display: chain/2, input: HDMI1, spans: true", "matrix: hub/2", 19, "shows pictures whole only"),
      ("display: chain/2, input: HDMI1", "display: chain/2, input: HDMI9", 9, "no input \"HDMI9\"; accepted are S-VIDEO"),
      ("display: chain/2", "display: chain/254", 9, "chain/254: a samsungMDC has the numbers 0 – 253"),
      ("display: chain/2", "display: chain/300", 9, "the numbers 0 – 253"),
      ("matrix: hub/2", "matrix: hub/289", 9, "accepted are hub/1 – hub/288"),
      ("inputs: [hub/2]", "inputs: [hub/500]", 14, "no hub/500 among its inputs: a videohub has 288 at most"),
      ("{name: pc, kind: player}", "{name: pc, kind: player, inputs: 4}", 6, "inputs is for videohub"),
      ("screen: [960, 0, 960, 540]", "screen: [959, 0, 960, 540]", 11, "overlaps that of output 3, [0, 0, 960, 540]"),
      ("idleSource: board", "idleSource: board\n  port: 8460", 27, "port of wall is 8460, and so is the port of desk"),
      ("kind: videohub, host: 10.0.0.5", "kind: kramerP2000, host: 10.0.0.5, outputs: 200", 4, "from 1 to 127"),
      ("kind: videohub, host: 10.0.0.5", "kind: videohub, host: 10.0.0.5, inputs: 289", 4, "from 1 to 288"),
      ("inputs: [hub/2]", "inputs: [hubb/2]", 14, "no matrix \"hubb\"; there are: hub"),
      ("inputs: [hub/2]", "inputs: [hub/2, hub/3]", 14, "is at hub/2 already"),
      ("matrix: hub/2", "matrix: hubb/2", 9, "no \"hubb\" under devices; accepted are: hub"),
      ("player: pc, screen: [960", "player: pv, screen: [960", 11, "there are: pc"),
    ]
    + [
      "rtsp:/x", "rtsp://", "rtsp:///1", "rtsp://user:secret@", "rtsp://user:secret@:554/1", "rtsp://h:99999/1", "rtsp://h:x/1",
      "http://", "gopher://h/1", "file://loop.mp4", "rtsp://h/a b",
    ].map { ("address: \"test:2\"", "address: \"\($0)\"", 14, "address must|no host|takes a whole path") }
    + ["test:", "test:red", "test:0", "test:65", "test:99", "test:-1", "test:1.5"].map {
      ("address: \"test:2\"", "address: \"\($0)\"", 14, "test:1 to test:64")
    }

  @Test(arguments: mistakes.indices)
  func aMistakeIsToldWithItsLine(_ index: Int) throws {
    let mistake = Self.mistakes[index]
    #expect(Self.good.contains(mistake.from), "the good file has what is changed")
    let text = Self.good.replacing(mistake.from, with: mistake.to, maxReplacements: 1)
    let start = SiteFileTests.good.split(separator: "\n", omittingEmptySubsequences: false).count
    #expect {
      try SiteFile.read(text, file: "site.yaml")
    } throws: { error in
      let problems = (error as? SiteError)?.problems ?? []
      let found = problems.contains {
        let english = $0.english
        return $0.line == start + mistake.line && mistake.word.split(separator: "|").contains { english.contains($0) }
          && !$0.chinese.isEmpty && !english.contains("secret")
      }
      if !found { Issue.record("\(mistake.to): \(problems.map { "\($0.line - start): \($0.english)" })") }
      return found
    }
  }

  /// What the site file itself says of a matrix, and addresses that only a player could open.
  @Test func whatTheSiteFileSaysOfItsMatrixCounts() throws {
    let hub = "host: 10.0.0.5}"
    let sized = Self.good.replacing(hub, with: "host: 10.0.0.5, inputs: 16, outputs: 32}")
    #expect(try SiteFile.read(sized, file: "site.yaml").wall?.devices[0].quirks.outputs == 32)
    for (from, to, word) in [
      (
        "matrix: hub/2", "matrix: hub/33",
        "no hub/33 among its outputs: the site file says outputs: 32; accepted are hub/1 – hub/32"
      ),
      ("inputs: [hub/2]", "inputs: [hub/17]", "the site file says inputs: 16"),
    ] {
      #expect {
        try SiteFile.read(sized.replacing(from, with: to), file: "site.yaml")
      } throws: { error in
        (error as? SiteError)?.problems.contains { $0.english.contains(word) } ?? false
      }
    }
    let pair = "    - {name: p1, kind: pjlink, host: 10.0.0.7}\n"
    let projector = Self.good.replacing("    - {name: pc, kind", with: pair + "    - {name: pc, kind")
      .replacing("display: chain/2, input: HDMI1, spans: true", with: "display: p1/1, input: DIGITAL1")
      .replacing("size: [2, 1], sources: [cam]", with: "sources: [cam]")
    #expect(try SiteFile.read(projector, file: "site.yaml").wall?.devices[2].ports == [1])
    for (from, to, word) in [
      ("p1/1", "p1/2", "a pjlink has the numbers 1"), ("p1/1", "p1/0", "a pjlink has the numbers 1"),
      ("DIGITAL1", "HDMI1", "no input \"HDMI1\"; accepted are RGB1"),
    ] {
      #expect {
        try SiteFile.read(projector.replacing(from, with: to), file: "site.yaml")
      } throws: { error in
        (error as? SiteError)?.problems.contains { $0.english.contains(word) } ?? false
      }
    }
  }

  /// Nobody would ever open it.
  @Test func anAddressWithoutAPlayerIsOneToWatch() throws {
    var text = Self.good.replacing("    - {name: pc, kind: player}\n", with: "").replacing(", sound: cam", with: "")
    text.replace("player: pc, screen: [0, 0, 960, 540]", with: "matrix: hub/3")
    text.replace("player: pc, screen: [960, 0, 960, 540], speaker: true", with: "matrix: hub/4")
    let watched = text.replacing("test:2", with: "rtsp://10.0.0.9/1")
    #expect(try SiteFile.read(watched, file: "site.yaml").wall?.addresses["board"] == "rtsp://10.0.0.9/1")
    let start = SiteFileTests.good.split(separator: "\n", omittingEmptySubsequences: false).count
    for address in ["test:2", "http://10.0.0.9/1", "udp://@239.0.0.1:1234"] {
      #expect {
        try SiteFile.read(text.replacing("test:2", with: address), file: "site.yaml")
      } throws: { error in
        (error as? SiteError)?.problems.contains { $0.line == start + 13 && $0.english.contains("no player") } ?? false
      }
    }
  }

  private func problems(_ text: String) -> [SiteProblem] {
    do {
      _ = try SiteFile.read(text, file: "site.yaml")
      return []
    } catch {
      return error.problems
    }
  }

  static let matrix = """
        - {name: my, kind: line, host: localhost, port: 9110, line: {route: 'SW {in} {out}', read: '? {out}', readAnswer: 'O {out} I {in}'}}

    """

  /// One slip is one line: what follows from it is not told as if it were another.
  @Test(arguments: [
    ("kind: videohub", "kind: videohup", 4, "one of: videohub"), ("kind: samsungMDC", "kind: samsung", 5, "one of: videohub"),
    ("kind: player", "kind: mpv", 6, "one of: videohub"), ("columns: 2", "columns：2", 2, "full-width colon"),
    ("columns: 2", "columns: two", 2, "from 1 to 16"), ("rows: 2", "row: 2", 2, "unknown key|needs \"rows\""),
    ("  grid: {columns: 2, rows: 2, bezel: 30}\n", "", 2, "needs \"grid\""), ("matrix: hub/1, d", "matrix: hup/1, d", 8, "hup"),
    ("inputs: [hub/1]", "inputs: [hup/1]", 13, "hup"), ("host: 10.0.0.5", "host：10.0.0.5", 4, "full-width colon"),
    ("host: 10.0.0.5", "hots: 10.0.0.5", 4, "host?|needs \"host\""),
    ("player: pc, screen: [0", "player: pv, screen: [0", 10, "pv"),
  ])
  func oneSlipIsOneLine(_ from: String, _ to: String, _ line: Int, _ words: String) throws {
    #expect(Self.good.contains(from))
    let found = problems(Self.good.replacing(from, with: to, maxReplacements: 1))
    let start = SiteFileTests.good.split(separator: "\n", omittingEmptySubsequences: false).count
    let told = words.split(separator: "|")
    #expect(found.count == told.count, "\(found)")
    for (problem, word) in zip(found, told) {
      #expect(problem.line == start + line && problem.english.contains(word), "\(problem)")
    }
  }

  /// A colon of the Chinese keyboard is the first thing that is told, whatever YAML makes of it.
  @Test(arguments: [
    ("place: hall}\n  - {id: lead", "place：hall}\n  - {id: lead", "place: hall"), ("  - name: A\n", "  - name：A\n", "name: A"),
    ("    port: /dev", "    port：/dev", "port: /dev/ttyUSB0"), ("roster:\n", "roster：\n", "roster: "),
    ("site: {name", "site：{name", "site: {name: 铁西社区综治中心"),
  ])
  func aFullWidthColonIsNamed(_ from: String, _ to: String, _ shown: String) throws {
    #expect(SiteFileTests.good.contains(from))
    let found = problems(SiteFileTests.good.replacing(from, with: to, maxReplacements: 1))
    let first = try #require(found.first)
    #expect(
      first.chinese.contains("全角冒号") && first.chinese.hasSuffix(shown) && first.english.contains("full-width colon"), "\(found)")
    let line = try #require(SiteFileTests.good.range(of: from)).lowerBound
    let number = SiteFileTests.good[..<line].split(separator: "\n", omittingEmptySubsequences: false).count
    #expect(first.line == number || first.line == number + (from.hasPrefix(" ") ? 0 : 1), "\(first)")
  }

  @Test func aNameMayHaveAFullWidthColon() {
    #expect(problems(Self.good.replacing("name: 公告栏", with: "name: 大厅：公告栏")).isEmpty)
  }

  @Test func whatALineMatrixCannotDoIsOneError() {
    let good = Self.good.replacing("    - {name: pc, kind", with: Self.matrix + "    - {name: pc, kind")
    #expect(problems(good).isEmpty)
    func told(_ line: String) -> [String] {
      problems(good.replacing("line: {route", with: "line: {\(line), route")).map(\.english)
    }
    for end in ["'\\r\\n'", "\"\\r\\n\"", "\"\\r\"", "'\\r'", "';'"] { #expect(told("terminator: \(end)").isEmpty, "\(end)") }
    for (line, word) in [
      ("terminator: CRLF", "no name but an escape"), ("terminator: '{in}'", "no {in}, {out} or {any}"),
      ("terminator: \"\"", "terminator"),
      ("base: 0, noInput: 0", "is an input's number"), ("noInput: 3, inputs: 8", "is an input's number"),
      ("greeting: \"a\\rb\"", "without control characters"),
    ] {
      let found = told(line)
      #expect(found.count == 1 && found.first?.contains(word) == true, "\(line): \(found)")
    }
    let beside = good.replacing("kind: videohub, host: 10.0.0.5", with: "kind: videohub, host: 127.0.0.1, port: 9110")
    #expect(problems(beside).contains { $0.english.contains("have one address") })
    let taken = good.replacing("inputs: [hub/1]", with: "inputs: [hub/1, my/7]").replacing(
      "line: {route", with: "line: {noInput: 7, route")
    #expect(problems(taken).contains { $0.english.contains("would be taken for no input") })
  }

  @Test(arguments: [
    ("08:00", "18:00", "[1]", true), ("18:00", "19:00", "[1]", false), ("17:59", "19:00", "[1]", true),
    ("08:00", "18:00", "[2]", false),
    ("22:00", "09:00", "[7]", true), ("22:00", "09:00", "[1]", false), ("12:00", "12:00", "[1]", true),
  ])
  func schedulesThatOverlapAreWarnedOf(from: String, to: String, days: String, overlaps: Bool) throws {
    let night = "    - {id: night, name: 夜, layout: day, schedule: [{from: \"\(from)\", to: \"\(to)\", days: \(days)}]}\n"
    let site = try SiteFile.read(Self.good.replacing("    - {id: meet,", with: night + "    - {id: meet,"), file: "site.yaml")
    let start = SiteFileTests.good.split(separator: "\n", omittingEmptySubsequences: false).count
    #expect(site.warnings.filter { $0.english.contains("overlap") }.map(\.line) == (overlaps ? [start + 23] : []))
  }

  @Test func aCentreWithoutBusesMayHaveChildren() throws {
    let text = Self.good.replacing("buses:\n", with: "wires:\n")
    #expect(problems(text).contains { $0.chinese.contains("只写 children 也可以") || $0.chinese.contains("写 children 也可以") })
  }

  /// The last picture of a call would stay on an output that no region covers.
  @Test func aGapBehindAMatrixThatCannotDisconnectNeedsAnIdleSource() throws {
    let text = Self.good.replacing("size: [2, 1], sources: [cam]", with: "size: [1, 1], sources: [cam]")
    #expect(try SiteFile.read(text, file: "site.yaml").plan.wall?.idleSource == "board")
    #expect {
      try SiteFile.read(text.replacing("  idleSource: board\n", with: ""), file: "site.yaml")
    } throws: { error in
      (error as? SiteError)?.problems.contains { $0.english.contains("cannot disconnect") && $0.english.contains("output 2") }
        ?? false
    }
  }
}
