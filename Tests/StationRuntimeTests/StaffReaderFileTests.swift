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
}
