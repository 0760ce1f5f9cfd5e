import Station
import Testing

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

  @Test func whoMayReadWhatIsSealedStandsThere() throws {
    let key = "4xDphb5yd8T+6VAZ6M8hXS1Sf7BFRSf4DvgtS5yFKTA="
    let text = Self.good + "\n  sealTo: {name: 铁西街道综治中心, key: \"\(key)\"}\n"
    let plan = try #require(try SiteFile.read(text, file: "site.yaml").visitPages?.sealTo)
    #expect(plan.name == "铁西街道综治中心" && plan.key.count == 32 && plan.key.first == 0xE3)
    #expect(try SiteFile.read(Self.good, file: "site.yaml").visitPages?.sealTo == nil)
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
