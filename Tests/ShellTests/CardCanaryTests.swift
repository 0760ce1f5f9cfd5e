import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import Sealing
import StationRuntime
import TestSupport
import Testing
import Transports

/// A card of somebody who does not exist is read at the terminal of a real station; then his name, number and address are looked for in
/// everything that it has written, said or left behind.
@Suite(.serialized, .timeLimit(.minutes(3))) struct CardCanaryTests {
  /// What stands on that card, in each form in which it might lie somewhere.
  struct Canaries {
    let texts: [String]
    var forms: [Data] {
      texts.flatMap { text in
        [
          Data(text.utf8), text.data(using: .utf16LittleEndian) ?? Data(), text.data(using: .utf16BigEndian) ?? Data(),
          Data(Data(text.utf8).base64EncodedString().utf8.dropLast(4)),
          Data(text.utf8.map { String(format: "%02x", $0) }.joined().utf8),
        ]
      }
    }

    func found(in data: Data) -> Bool { forms.contains { data.range(of: $0) != nil } }

    /// Files of a folder that hold one, whatever they are.
    func files(_ folder: String) throws -> [String] {
      let names = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
      return names.filter { name in
        // Sockets and terminals are no files.
        let path = folder + "/" + name
        let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        return kind == .typeRegular && (FileManager.default.contents(atPath: path).map(found) ?? false)
      }
    }
  }

  final class Centre {
    let shell: Shell
    let hall = try? LoopbackListener.freePort()
    let windows = try? LoopbackListener.freePort()
    let canaries: Canaries
    var station: Process?

    init() throws {
      let folder = Shell.newFolder()
      let owner = SealKeyFile()
      let card = SyntheticCard.person(.resident, seed: 3)
      canaries = Canaries(texts: try Self.texts(of: card))
      let site = """
        site: {name: 测试站, station: test}
        places: [{id: p, name: 大厅}]
        posts: [{id: desk, name: 值班台}]
        buses: [{name: A, port: \(folder)/bus, panels: [{node: 1, name: 面板, buttons: [{button: 1, place: p}]}]}]
        desk: {port: 0}
        journal: {folder: journal, ballastMiB: 1}
        visits:
          services: [{id: legal, name: 法律咨询, letter: A}]
          windows: [{number: 1, name: 窗口, post: desk, services: [legal]}]
          kiosks: [{id: hall, place: p, reader: {port: \(folder)/reader, baud: 115200}}]
          contact: 前台
          publicPort: \(hall ?? 0)
          windowPort: \(windows ?? 0)
          sealTo: {name: 铁西街道, key: "\(Data(owner.publicKey).base64EncodedString())"}

        """
      shell = try Shell(folder: folder, site: site)
      try shell.startBus(panels: 1)
      try shell.start(["sim", "reader", "--pty", "\(folder)/reader", "--socket", "\(folder)/reader.sock"])
      try shell.waitUntil("the reader is there") { (try? ControlSocket.ask("\(folder)/reader.sock", "ping")) == "ok\n" }
    }

    /// Name, number and address as the card has them.
    private static func texts(of card: SyntheticCard) throws -> [String] {
      let units = stride(from: 0, to: card.text.count, by: 2).map { UInt16(card.text[$0]) | UInt16(card.text[$0 + 1]) << 8 }
      func text(_ offset: Int, _ length: Int) -> String {
        String(decoding: units[(offset / 2)..<((offset + length) / 2)], as: UTF16.self).trimmingCharacters(in: .whitespaces)
      }
      let texts = [text(0, 30), text(122, 36), text(52, 70)]
      try #require(texts.allSatisfy { $0.count >= 2 } && texts[1].count == 18)
      return texts
    }

    func begin() throws {
      station = try shell.start(
        ["run", "\(shell.folder)/site.yaml", "--record", "\(shell.folder)/recording"], log: "\(shell.folder)/station.log",
        errors: "\(shell.folder)/crash.log")
      try shell.waitUntil("the terminal's reader is ready") { try get(hall, "visits").contains(#""reader":"ready""#) }
    }

    func get(_ port: UInt16?, _ path: String) throws -> String {
      try runToEnd("/usr/bin/curl", ["-s", "--max-time", "10", "http://127.0.0.1:\(port ?? 0)/api/\(path)"]).text
    }

    func post(_ port: UInt16?, _ path: String, _ body: String) throws -> String {
      let json = ["-H", "content-type: application/json", "-d", body]
      return try runToEnd(
        "/usr/bin/curl", ["-s", "--max-time", "20"] + json + ["http://127.0.0.1:\(port ?? 0)/api/\(path)"]
      ).text
    }

    /// Tables of all databases below the station's folder, by what `Retention` calls what lies in them.
    func tables() throws -> [String: String] {
      let names = try #require(FileManager.default.enumerator(atPath: shell.folder)).compactMap { $0 as? String }
      var tables: [String: String] = [:]
      for name in names {
        let path = "\(shell.folder)/\(name)"
        guard !name.hasSuffix("reader"), !name.hasSuffix("bus"), !name.hasSuffix(".sock"),
          let data = FileManager.default.contents(atPath: path), data.starts(with: Data("SQLite format 3".utf8))
        else { continue }
        let schema = String(decoding: data, as: UTF8.self)
        for match in schema.matches(of: #/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/#) {
          tables[String(match.1)] = name.hasSuffix(KeyDatabase.fileName) ? "keys" : "journal"
        }
      }
      return tables
    }

    func card(_ words: String) throws { #expect(try ControlSocket.ask("\(shell.folder)/reader.sock", words) == "好 / ok\n") }

    /// Until the card has been read; answers what the session is known by and all that was said on the way.
    func read() throws -> (card: String, said: [String]) {
      let begun = try post(hall, "kiosk/hall/read", "{}")
      let words = begun.split(separator: "\"").map(String.init)
      let token = try #require(words.first { $0.count == 16 && $0.allSatisfy(\.isHexDigit) })
      try card("put --number 3")
      var said = [begun]
      repeat {
        said.append(try post(hall, "kiosk/hall/card", #"{"card":"\#(token)","seen":0}"#))
        usleep(20_000)
      } while ["waiting", "reading"].contains { said.last?.contains(#""stage":"\#($0)""#) == true }
      #expect(said.last?.contains(#""stage":"read""#) == true, "\(said)")
      return (token, said)
    }
  }

  @Test func nothingOfACardIsWrittenOrSaidInClear() throws {
    let centre = try Centre()
    try centre.begin()
    var (card, said) = try centre.read()
    #expect(said.last?.contains("***********") == true)
    said.append(try centre.post(centre.hall, "kiosk/hall/ticket", #"{"service":"legal","priority":"no","card":"\#(card)"}"#))
    #expect(said.last?.contains("A001") == true)
    try centre.card("take")
    for step in ["next", "serve"] { said.append(try centre.post(centre.windows, "windows/1/\(step)", #"{"post":"desk"}"#)) }
    for (port, path) in [
      (centre.hall, "visits"), (centre.hall, "texts"), (centre.windows, "visits"), (centre.hall, "kiosk/hall/alive"),
    ] { said.append(try centre.get(port, path)) }
    #expect(try centre.shell.run(["desk", "\(centre.shell.folder)/site.yaml", "status"]).text.contains("测试站"))
    for text in said { #expect(!centre.canaries.found(in: Data(text.utf8)), "\(text.prefix(200))") }
    // The clerk at the window, and nobody else, sees the name: the checker knows what it looks for.
    let look = try centre.post(centre.windows, "windows/1/look", #"{"post":"desk"}"#)
    #expect(centre.canaries.found(in: Data(look.utf8)), "\(look)")
    #expect(!look.contains(centre.canaries.texts[1]), "the number is masked for the clerk, too")
    centre.station?.terminate()
    centre.station?.waitUntilExit()
    #expect(try centre.canaries.files(centre.shell.folder) == [])
    let names = try FileManager.default.contentsOfDirectory(atPath: centre.shell.folder)
    #expect(Set(["journal", "recording", "station.log"]).isSubset(of: names), "\(names)")
    // Whatever tables lie on the disk, they are the log and the keys that the public table names.
    let tables = try centre.tables()
    #expect(tables == ["header": "journal", "gap": "journal", "entry": "journal", "key": "keys"], "\(tables)")
    // A leak of each form is found.
    for form in centre.canaries.forms {
      try (Data([1, 2]) + form + Data([3])).write(to: URL(fileURLWithPath: "\(centre.shell.folder)/leak"))
      #expect(try centre.canaries.files(centre.shell.folder) == ["leak"])
    }
  }

  /// He agrees, his card is read, and he walks away: in the memory of the station that runs on there is nothing of it.
  @Test func whoWalksAwayLeavesNothingInMemory() throws {
    let centre = try Centre()
    try centre.begin()
    let station = try #require(centre.station)
    // What stands on the card, as strings, as the card has it, and as base64.
    let forms = centre.canaries.texts.flatMap { text in
      [
        (text, Data(text.utf8)), (text, text.data(using: .utf16LittleEndian) ?? Data()),
        (text, Data(text.utf8).base64EncodedData().dropLast(4)),
      ]
    }
    for (way, body) in [("ends", true), ("says nothing any more", false)] {
      let (card, said) = try centre.read()
      #expect(said.last?.contains("***********") == true)
      // Sealed by now, and erased: only the masked text is there.
      #expect(try MemoryCanaryTests.found(forms, in: station) == [], "\(way), while his masked name is shown")
      try centre.card("take")
      if body { _ = try centre.post(centre.hall, "kiosk/hall/forget", #"{"card":"\#(card)"}"#) }
      // A page that asks no more is taken to be gone after 12 s.
      try centre.shell.waitUntil("the session is over", seconds: 40) {
        if !body { Thread.sleep(forTimeInterval: 14) }
        return try centre.post(centre.hall, "kiosk/hall/card", #"{"card":"\#(card)","seen":0}"#).contains(#""stage":"over""#)
      }
      #expect(try MemoryCanaryTests.found(forms, in: station) == [], "\(way)")
    }
    // What is there is found.
    #expect(try MemoryCanaryTests.found([("the site", Data("测试站".utf8))], in: station).isEmpty == false)
  }

  @Test func aCrashWhileACardLiesThereLeavesNothing() throws {
    let centre = try Centre()
    try centre.begin()
    let (card, _) = try centre.read()
    _ = try centre.post(centre.hall, "kiosk/hall/ticket", #"{"service":"legal","priority":"no","card":"\#(card)"}"#)
    for step in ["next", "serve"] { _ = try centre.post(centre.windows, "windows/1/\(step)", #"{"post":"desk"}"#) }
    let look = try centre.post(centre.windows, "windows/1/look", #"{"post":"desk"}"#)
    #expect(centre.canaries.found(in: Data(look.utf8)))
    let process = try #require(centre.station)
    let limits = try String(contentsOfFile: "/proc/\(process.processIdentifier)/limits", encoding: .utf8)
    #expect(limits.split(separator: "\n").contains { $0.hasPrefix("Max core file size") && $0.contains(" 1  ") }, "\(limits)")
    let name = try String(contentsOfFile: "/proc/\(process.processIdentifier)/comm", encoding: .utf8)
    #expect(name == "linli\n", "the process is called what the program is called")
    kill(process.processIdentifier, SIGABRT)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGABRT)
    let log = try String(contentsOfFile: "\(centre.shell.folder)/crash.log", encoding: .utf8)
    #expect(!log.contains("Registers") && !log.contains("Thread 0"), "\(log.prefix(400))")
    #expect(try centre.canaries.files(centre.shell.folder) == [])
  }

  /// The environment may come from a shell in which somebody looked for a fault.
  @Test(arguments: ["enable=yes", "color=yes", ""]) func noEnvironmentBringsTheReportOfACrashBack(_ setting: String) throws {
    let shell = try Shell(panels: 1)
    let station = try shell.startStation(environment: ["SWIFT_BACKTRACE": setting])
    try shell.waitUntil("the station answers") { (try? shell.desk("ping")) == "ok\n" }
    let environment = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(station.processIdentifier)/environ"))
    let settings = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    #expect(settings.filter { $0.hasPrefix("SWIFT_BACKTRACE=") } == ["SWIFT_BACKTRACE=enable=no"])
    kill(station.processIdentifier, SIGABRT)
    station.waitUntilExit()
    let log = try String(contentsOfFile: "\(shell.folder)/station.log", encoding: .utf8)
    #expect(!log.contains("Registers") && !log.contains("Thread 0"), "\(log.prefix(400))")
  }
}
