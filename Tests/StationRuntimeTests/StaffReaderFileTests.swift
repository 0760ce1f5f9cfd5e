import Testing
import Transports

@testable import StationRuntime

/// What a site file says of the reader of staff cards.
@Suite struct StaffReaderFileTests {
  static func with(_ reader: String) -> String { SiteFileTests.good + "\nstaffReader: \(reader)\n" }

  @Test func aReaderByTheServiceOrOnUSB() throws {
    func connection(_ reader: String) throws -> SmartCardPlan.Connection? {
      try SiteFile.read(Self.with(reader), file: "site.yaml").staffReader?.connection
    }
    #expect(try connection("true") == .automatic)
    #expect(try connection("{pcsc: true}") == .service(nil))
    #expect(try connection("{pcsc: \"ACR122\"}") == .service("ACR122"))
    #expect(try connection("{usb: true}") == .usb(nil, at: nil))
    #expect(try connection("{usb: \"072F:2200\", at: \"1-1.2\"}") == .usb([USBID(0x072F, 0x2200)], at: "1-1.2"))
    #expect(try SiteFile.read(SiteFileTests.good, file: "site.yaml").staffReader == nil)
  }

  static let bad: [(reader: String, word: String)] = [
    ("{}", "one of pcsc"), ("false", "staffReader"),
    ("{pcsc: true, usb: true}", "one of pcsc"), ("{pcsc: false}", "pcsc must be true"),
    ("{pcsc: \"\"}", "pcsc must be true"), ("{usb: false}", "usb must be true"), ("{usb: \"072F\"}", "usb must be true"),
    ("{usb: true, at: 1}", "such as \"1-1.2\""), ("{pcsc: true, at: \"1-1\"}", "at is for usb"), ("{usb: true, port: x}", "port"),
  ]

  @Test(arguments: bad.indices) func aWrongOneIsReportedInItsLine(index: Int) throws {
    let error = #expect(throws: SiteError.self) { try SiteFile.read(Self.with(Self.bad[index].reader), file: "site.yaml") }
    let line = SiteFileTests.good.split(separator: "\n", omittingEmptySubsequences: false).count + 1
    let found = error?.problems.first { $0.english.contains(Self.bad[index].word) }
    #expect(found?.line == line, "\(error?.description ?? "no error")")
  }

  static func atKiosk(_ reader: String, staff: String? = nil, door: String? = nil) -> String {
    let more = door.map { "\n    - {id: door, place: office, smartCards: \($0)}" } ?? ""
    let text = VisitsFileTests.good.replacing(
      "{id: hall, place: hall}\n", with: "{id: hall, place: hall, smartCards: \(reader)}\(more)\n")
    return text + (staff.map { "\nstaffReader: \($0)\n" } ?? "")
  }

  @Test func aTerminalHasOneToo() throws {
    let site = try SiteFile.read(Self.atKiosk("{usb: true, at: \"1-1\"}", staff: "{usb: true, at: \"1-2\"}"), file: "site.yaml")
    let plan = try #require(site.visitPages?.smartCards["hall"])
    #expect(plan.connection == .usb(nil, at: "1-1") && !plan.settings.asksUID && site.staffReader?.settings.asksUID == true)
    #expect(try SiteFile.read(Self.atKiosk("true"), file: "site.yaml").visitPages?.smartCards["hall"]?.connection == .automatic)
    #expect(try SiteFile.read(VisitsFileTests.good, file: "site.yaml").visitPages?.smartCards.isEmpty == true)
    // Each way in which two are surely two.
    for (one, other) in [
      ("{pcsc: \"A\"}", "{pcsc: \"B\"}"), ("{usb: \"072F:2200\"}", "{usb: \"08E6:4433\"}"),
      ("{usb: \"072F:2200\", at: \"1-1\"}", "{usb: \"072F:2200\", at: \"1-2\"}"),
    ] {
      _ = try SiteFile.read(Self.atKiosk(one, staff: other), file: "site.yaml")
      _ = try SiteFile.read(Self.atKiosk(one, door: other), file: "site.yaml")
    }
  }

  static let mixed: [(reader: String, other: String)] = [
    ("true", "true"), ("true", "{pcsc: \"A\"}"), ("{pcsc: true}", "{pcsc: \"A\"}"), ("{pcsc: \"ACR\"}", "{pcsc: \"ACR122\"}"),
    ("{pcsc: \"A\"}", "{usb: true, at: \"1-1\"}"), ("{usb: true}", "{usb: true, at: \"1-1\"}"),
    ("{usb: \"072F:2200\"}", "{usb: \"072F:2200\", at: \"1-1\"}"), ("{usb: true, at: \"1-1\"}", "{usb: true, at: \"1-1\"}"),
  ]

  @Test(arguments: mixed.indices) func oneReaderIsNotTwosAndTheLineIsSaid(index: Int) throws {
    let (reader, other) = Self.mixed[index]
    for (text, mark) in [
      (Self.atKiosk(reader, staff: other), "place: hall, smartCards"), (Self.atKiosk(reader, door: other), "id: door"),
    ] {
      let error = #expect(throws: SiteError.self) { try SiteFile.read(text, file: "site.yaml") }
      let line = try #require(text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains(mark) }) + 1
      #expect(error?.problems.map(\.line) == [line], "\(error?.description ?? "no error")")
      #expect(error?.problems.first?.english.contains("cannot be told from that of") == true)
    }
    let wrong = #expect(throws: SiteError.self) { try SiteFile.read(Self.atKiosk("{}"), file: "site.yaml") }
    #expect(wrong?.problems.first?.english.contains("one of pcsc") == true)
  }
}
