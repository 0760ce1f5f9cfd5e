import Station
import Testing
import Transports

@testable import StationRuntime

/// What a site file says of services, windows and terminals.
@Suite struct VisitsFileTests {
  static let good =
    SiteFileTests.good + """

      visits:
        services:
          - {id: legal, name: 法律咨询, letter: A, bring: [身份证, 合同], flow: [取号, 窗口受理], duties: [当日答复], limitHours: 48}
          - {id: dispute, name: 矛盾纠纷, letter: B, kind: dispute, offerMinutes: 30}
        windows:
          - {number: 3, name: 法律窗口, post: lead, services: [legal, dispute]}
        kiosks:
          - {id: hall, place: hall}
        hazards:
          - {id: lamp, name: 路灯不亮}
        signedOff: {by: 铁西街道, date: "2026-11-01"}
        contact: 综治中心前台
      """

  @Test func aGoodFileIsReadWhole() throws {
    let site = try SiteFile.read(Self.good, file: "site.yaml")
    let visits = try #require(site.plan.visits)
    #expect(visits.services.map(\.letter) == ["A", "B"] && visits.services[0].bring == ["身份证", "合同"])
    #expect(visits.services[0].limitHours == 48 && visits.services[1].kind == .dispute && visits.services[1].offerMinutes == 30)
    #expect(visits.windows.map(\.number) == [3] && visits.priorityMinutes == 30 && visits.keepClosedDays == 30)
    #expect(visits.signedOff == VisitPlan.SignedOff(by: "铁西街道", date: "2026-11-01"))
    #expect(site.visitPages == VisitPages(publicPort: 8466, windowPort: 8467))
    // The help key of a terminal calls from its place.
    #expect(site.plan.callPoints.last == SitePlan.CallPoint(button: try #require(visits.helpKey("hall")), place: "hall"))
  }

  @Test func howWideAScreenIsStandsThereInMillimetres() throws {
    func read(_ screen: String) throws -> Int? {
      let text = Self.good.replacing("{id: hall, place: hall}", with: "{id: hall, place: hall, screen: \(screen)}")
      return try SiteFile.read(text, file: "site.yaml").plan.visits?.kiosks[0].screenWidthMillimetres
    }
    #expect(try read("{widthMillimetres: 344}") == 344)
    #expect(try SiteFile.read(Self.good, file: "site.yaml").plan.visits?.kiosks[0].screenWidthMillimetres == nil)
    for wrong in ["{widthMillimetres: 34}", "{widthMillimetres: 13.5}", "{widthMillimetres: 3001}", "{ppi: 96}", "344"] {
      #expect(throws: SiteError.self, "\(wrong)") { try read(wrong) }
    }
  }

  @Test func whoMayReadWhatIsSealedStandsThere() throws {
    let key = "4xDphb5yd8T+6VAZ6M8hXS1Sf7BFRSf4DvgtS5yFKTA="
    let text = Self.good + "\n  sealTo: {name: 铁西街道综治中心, key: \"\(key)\"}\n"
    let plan = try #require(try SiteFile.read(text, file: "site.yaml").visitPages?.sealTo)
    #expect(plan.name == "铁西街道综治中心" && plan.key.count == 32 && plan.key.first == 0xE3)
    #expect(try SiteFile.read(Self.good, file: "site.yaml").visitPages?.sealTo == nil)
  }

  /// Correct, and of no use: the station reads no card that it cannot seal.
  @Test func aReaderWithoutSealToIsAWarningInItsLine() throws {
    let text = Self.with("{usb: true}")
    let sealTo = "\n  sealTo: {name: 街道, key: \"4xDphb5yd8T+6VAZ6M8hXS1Sf7BFRSf4DvgtS5yFKTA=\"}\n"
    let site = try SiteFile.read(text, file: "site.yaml")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.contains("reader:") }) + 1
    #expect(site.warnings.map(\.line) == [line] && site.warnings.first?.description.hasPrefix("site.yaml:\(line):") == true)
    #expect(site.warnings.first?.chinese.contains("sealTo") == true && site.visitPages?.readers.count == 1)
    #expect(try SiteFile.read(text + sealTo, file: "site.yaml").warnings == [])
    #expect(try SiteFile.read(Self.good, file: "site.yaml").warnings == [])
  }

  private static func with(_ reader: String, second: String? = nil) -> String {
    let more = second.map { "\n    - {id: door, place: office, reader: \($0)}" } ?? ""
    return good.replacing("    - {id: hall, place: hall}", with: "    - {id: hall, place: hall, reader: \(reader)}" + more)
  }

  @Test func everyWayOfConnectingAReaderIsRead() throws {
    func plans(_ text: String) throws -> [String: ReaderPlan] {
      try #require(SiteFile.read(text, file: "site.yaml").visitPages).readers
    }
    #expect(try plans(Self.good).isEmpty)
    #expect(try plans(Self.with("{usb: true}")) == ["hall": ReaderPlan()])
    let known = ReaderPlan.knownReaders
    let two = try plans(Self.with("{usb: \"0400:c35a\", at: \"1-1.2\"}", second: "{usb: true, at: \"1-1.3\", newestAddress: no}"))
    #expect(two["hall"] == ReaderPlan(connection: .usb([known[0]], at: "1-1.2")))
    #expect(two["door"] == ReaderPlan(connection: .usb(known, at: "1-1.3"), newestAddress: false))
    let serial = try plans(Self.with("{port: /dev/ttyUSB1, longestRadioFrame: 80, findsLyingCard: yes}"))["hall"]
    #expect(serial?.connection == .serial(path: "/dev/ttyUSB1", baud: .b115200))
    #expect(serial?.settings.longestRadioFrame == 80 && serial?.settings.findsLyingCard == true)
    let slow = try plans(Self.with("{port: \"usb-path:1-1.4:1.0\", commands: only9600}"))["hall"]
    #expect(slow?.connection == .serial(path: "usb-path:1-1.4:1.0", baud: .b9600))
    #expect(slow?.settings.commands == .only9600 && slow?.newestAddress == false)
    #expect(try plans(Self.with("{usb: true}", second: "{port: /dev/ttyUSB1, baud: 57600}")).count == 2)
  }

  static let badReaders: [(first: String, second: String?, line: Int, word: String)] = [
    ("{}", nil, 26, "one of usb"), ("{usb: true, port: /dev/ttyUSB1}", nil, 26, "one of usb"),
    ("{usb: false}", nil, 26, "usb must be true"), ("{usb: \"0400\"}", nil, 26, "usb must be true"),
    ("{usb: true, at: 1}", nil, 26, "such as \"1-1.2\""), ("{usb: true, at: \"1-1.2:1.0\"}", nil, 26, "such as \"1-1.2\""),
    ("{usb: true, baud: 9600}", nil, 26, "no baud"), ("{port: ttyUSB1}", nil, 26, "begins with /"),
    ("{port: /dev/ttyUSB1, baud: 1200}", nil, 26, "one of: 9600"),
    ("{port: /dev/ttyUSB1, at: \"1-1\"}", nil, 26, "at is for readers"),
    ("{usb: true, commands: all}", nil, 26, "standard, only9600"),
    ("{usb: true, longestRadioFrame: 0}", nil, 26, "from 1 to 255"),
    ("{usb: true, commands: only9600, newestAddress: yes}", nil, 26, "no newest address"),
    ("{usb: true, bus: 1}", nil, 26, "usb?"),
    ("{usb: true}", "{usb: true}", 27, "\"door\"'s needs at"),
    ("{usb: true, at: \"1-1\"}", "{usb: \"0400:C35A\"}", 27, "\"door\"'s needs at"),
    ("{usb: true}", "{usb: true, at: \"1-1\"}", 26, "\"hall\"'s needs at"),
    ("{usb: true, at: \"1-1\"}", "{usb: \"0400:C35A\", at: \"1-1\"}", 27, "at 1-1 is kiosk \"hall\"'s"),
    ("{port: /dev/ttyUSB1}", "{port: /dev/ttyUSB1, baud: 9600}", 27, "is kiosk \"hall\"'s"),
  ]

  @Test(arguments: badReaders.indices) func aWrongReaderIsReportedInItsLine(index: Int) throws {
    let bad = Self.badReaders[index]
    let error = #expect(throws: SiteError.self) {
      try SiteFile.read(Self.with(bad.first, second: bad.second), file: "site.yaml")
    }
    let found = error?.problems.first { $0.english.contains(bad.word) }
    #expect(found?.line == bad.line, "\(error?.description ?? "no error")")
  }

  @Test func aPrinterOnUSBIsNamedByItsNumbers() throws {
    let text = Self.good + "\n  printer: {usb: \"04b8:0E15\", at: \"1-1.3\"}"
    let printer = try #require(SiteFile.read(text, file: "site.yaml").visitPages?.printer)
    #expect(printer.connection == .usb(USBID(0x04B8, 0x0E15), at: "1-1.3"))
    for (wrong, word) in [
      ("{usb: true}", "usb of a printer must be"), ("{usb: \"04B8:0E15\", at: up}", "such as \"1-1.2\""),
      ("{usb: \"04B8:0E15\", file: /dev/usb/lp0}", "a printer needs one of"),
    ] {
      let error = #expect(throws: SiteError.self) { try SiteFile.read(Self.good + "\n  printer: \(wrong)", file: "site.yaml") }
      #expect(error?.problems.first { $0.english.contains(word) }?.line == 31, "\(wrong)")
    }
  }

  @Test func aReaderOrPrinterOnABussWireIsRefusedUnderAnyName() {
    func problems(_ text: String, _ name: (String) -> String = { $0 }) -> [SiteProblem] {
      #expect(throws: SiteError.self) { try SiteFile.read(text, file: "site.yaml", portName: name) }?.problems ?? []
    }
    let onBus = problems(Self.with("{port: /dev/ttyUSB0}"))
    #expect(onBus.count == 1 && onBus[0].line == 26 && onBus[0].english == "port /dev/ttyUSB0 is that of bus A")
    let byAnotherName = problems(Self.with("{port: /dev/reader}")) { $0 == "/dev/reader" ? "/dev/ttyUSB0" : $0 }
    #expect(byAnotherName.first?.english == "port /dev/reader is that of bus A")
    let printer = "\n  printer: {port: /dev/ttyUSB1}"
    #expect(problems(Self.with("{port: /dev/ttyUSB1}") + printer).first?.english == "port /dev/ttyUSB1 is that of the printer")
    #expect(problems(Self.good + "\n  printer: {port: /dev/ttyUSB0}").first?.english == "port /dev/ttyUSB0 is that of bus A")
  }

  static let mistakes: [(from: String, to: String, line: Int, word: String)] = [
    ("letter: B", "letter: A", 22, "two services have the letter A"), ("letter: B", "letter: b", 22, "one capital letter"),
    ("id: dispute", "id: legal", 22, "given twice"), ("services: [legal, dispute]", "services: [legal]", 21, "nobody would call"),
    ("services: [legal, dispute]", "services: [legal, dispute, x]", 24, "no service \"x\""),
    ("post: lead, services", "post: boss, services", 24, "no post \"boss\""), ("number: 3", "number: 0", 24, "from 1 to 99"),
    ("{id: hall, place: hall}", "{id: hall, place: roof}", 26, "no place \"roof\""),
    ("\"2026-11-01\"", "\"2026-13-01\"", 29, "2026-11-26"), ("\"2026-11-01\"", "\"1 May\"", 29, "2026-11-26"),
    ("limitHours: 48", "limitHours: 0", 21, "from 1 to 8760"), ("kind: dispute", "kind: quarrel", 22, "service, dispute"),
    ("contact: 综治中心前台", "publicPort: 8467", 20, "needs \"contact\""),
    ("contact: 综治中心前台", "contact: x\n  publicPort: 8467", 31, "must differ"), ("hazards:", "hazard:", 27, "hazards?"),
    ("- name: A\n", "- name: kiosk\n", 9, "help keys of terminals"),
    ("contact: 综治中心前台", "contact: x\n  sealTo: {name: 街道, key: \"AAAA\"}", 31, "linli seal create"),
    ("contact: 综治中心前台", "contact: x\n  sealTo: {key: \"AAAA\"}", 31, "needs \"name\""),
  ]

  @Test(arguments: mistakes.indices) func aMistakeIsReportedInItsLine(index: Int) throws {
    let mistake = Self.mistakes[index]
    let text = Self.good.replacing(mistake.from, with: mistake.to)
    #expect(text != Self.good)
    let error = #expect(throws: SiteError.self) { try SiteFile.read(text, file: "site.yaml") }
    let found = error?.problems.first { $0.english.contains(mistake.word) }
    #expect(found?.line == mistake.line, "\(error?.description ?? "no error")")
  }
}
