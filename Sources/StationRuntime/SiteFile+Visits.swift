import ESCPOSCodec
import ESCPOSDriver
import Foundation
import Station
import Transports
import Yams

/// Where the pages for those who come are served, on loopback.
public struct VisitPages: Sendable, Equatable {
  /// Terminal, hall display, notice board: nothing there needs a login, and nothing there is anybody's.
  public var publicPort: Int
  /// Windows and the posts behind them.
  public var windowPort: Int
  /// `nil`: numbers are shown on the screen.
  public var printer: PrinterPlan?
  /// Who may read what is sealed here; `nil`: nothing personal is written anywhere.
  public var sealTo: SealPlan?
  /// Readers of identity cards by their kiosk; a kiosk without one offers the way without a card only.
  public var readers: [String: ReaderPlan] = [:]
  /// Readers of smart cards by their kiosk: social-security cards that somebody presents.
  public var smartCards: [String: SmartCardPlan] = [:]
}

/// A public body and the public key that `linli seal create` printed for it.
public struct SealPlan: Sendable, Equatable {
  public var name: String
  /// X25519, 32 bytes.
  public var key: [UInt8]
}

extension SiteReader {
  static let publicPort = 8466
  static let windowPort = 8467

  /// `visits`: what the centre offers.
  func visits(
    _ node: Node, posts: [SitePlan.Post], places: [SitePlan.Place], staffReader: (plan: SmartCardPlan, node: Node)?
  ) -> (plan: VisitPlan, pages: VisitPages) {
    let section = section(
      node, "visits",
      keys: [
        "services", "windows", "kiosks", "hazards", "priorityMinutes", "keepClosedDays", "signedOff", "contact", "publicPort",
        "windowPort", "printer", "sealTo",
      ])
    var plan = VisitPlan(services: [], windows: [])
    for item in section.list("services", required: true) { service(item, &plan.services) }
    for item in section.list("windows", required: true) { window(item, posts, plan.services, &plan.windows) }
    var (readers, smartCards) = (KioskReaders(), KioskSmartCards())
    for item in section.list("kiosks") { kiosk(item, places, &plan.kiosks, &readers, &smartCards) }
    if plan.kiosks.count > 247 { complain(section.raw("kiosks"), "最多 247 台自助终端", "at most 247 terminals") }
    for item in section.list("hazards") {
      let hazard = self.section(item, "hazard", keys: ["id", "name"])
      let kind = VisitPlan.HazardKind(id: hazard.identifier("id"), name: hazard.text("name"))
      refuseRepeat(item, "隐患", "hazard", kind.id, plan.hazardKinds.map(\.id))
      plan.hazardKinds.append(kind)
    }
    for service in plan.services where !plan.windows.contains(where: { $0.services.contains(service.id) }) {
      complain(
        section.raw("services"), "没有窗口办理 \"\(service.id)\",取了它的号就没有人叫",
        "no window gives \"\(service.id)\": nobody would call its numbers")
    }
    plan.priorityMinutes = section.number("priorityMinutes", in: 0...240, default: 30)
    plan.keepClosedDays = section.number("keepClosedDays", in: 1...366, default: 30)
    plan.contact = section.text("contact", limit: 120)
    plan.signedOff = section.raw("signedOff").map { signedOff($0) }
    var pages = VisitPages(
      publicPort: section.number("publicPort", in: 0...65535, default: Self.publicPort),
      windowPort: section.number("windowPort", in: 0...65535, default: Self.windowPort))
    pages.printer = section.raw("printer").flatMap { printer($0) }
    pages.sealTo = section.raw("sealTo").flatMap { sealTo($0) }
    pages.readers = distinct(readers)
    for reader in readers where section.raw("sealTo") == nil {
      warn(
        reader.node, "终端 \"\(reader.kiosk)\" 的读卡器不会使用:没有 visits.sealTo,就不读证件,大家都不用证件取号;先用 linli seal create 建密钥",
        "the reader of kiosk \"\(reader.kiosk)\" is never used: without visits.sealTo no card is read; see linli seal create")
    }
    pages.smartCards = distinct(staffReader, smartCards)
    if pages.publicPort == pages.windowPort, pages.publicPort != 0 {
      complain(
        section.raw("windowPort") ?? section.raw("publicPort"), "publicPort 和 windowPort 不能相同:大厅里的页面不能够到窗口的页面",
        "publicPort and windowPort must differ: what stands in the hall must not reach the pages of the windows")
    }
    return (plan, pages)
  }

  private func service(_ node: Node, _ services: inout [VisitPlan.Service]) {
    let section = section(
      node, "service",
      keys: ["id", "name", "letter", "kind", "bring", "flow", "duties", "limitHours", "offerMinutes"])
    let letter = section.text("letter", limit: 1)
    if !letter.isEmpty, !letter.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) {
      complain(section.raw("letter"), "letter 应为一个大写字母 A 至 Z", "letter must be one capital letter, A to Z")
    }
    let service = VisitPlan.Service(
      id: section.identifier("id"), name: section.text("name"), letter: letter,
      kind: section.choice("kind", VisitPlan.Service.Kind.allCases.map { ($0.rawValue, $0) }, default: .service),
      bring: section.texts("bring").map(\.text), flow: section.texts("flow").map(\.text),
      duties: section.texts("duties").map(\.text), limitHours: section.number("limitHours", in: 1...8760, default: 120),
      offerMinutes: section.number("offerMinutes", in: 1...10_080, default: 60))
    refuseRepeat(node, "服务", "service", service.id, services.map(\.id))
    if !letter.isEmpty, services.contains(where: { $0.letter == letter }) {
      complain(
        section.raw("letter"), "两项服务都用字母 \(letter),号码分不清;请各用一个", "two services have the letter \(letter); each needs its own")
    }
    services.append(service)
  }

  private func window(
    _ node: Node, _ posts: [SitePlan.Post], _ services: [VisitPlan.Service], _ windows: inout [VisitPlan.Window]
  ) {
    let section = section(node, "window", keys: ["number", "name", "post", "services"])
    let given = section.texts("services")
    for (service, place) in given where !services.contains(where: { $0.id == service }) {
      complain(place, "没有服务 \"\(service)\"", "there is no service \"\(service)\" under services")
    }
    if given.isEmpty { complain(node, "窗口没有 services", "a window needs services") }
    let window = VisitPlan.Window(
      number: section.number("number", in: 1...99), name: section.text("name"), post: section.text("post"),
      services: given.map(\.text))
    if !window.post.isEmpty, !posts.contains(where: { $0.id == window.post }) {
      complain(section.raw("post"), "没有岗位 \"\(window.post)\"", "there is no post \"\(window.post)\" under posts")
    }
    refuseRepeat(node, "窗口", "window", "\(window.number)", windows.map { "\($0.number)" })
    windows.append(window)
  }

  private func kiosk(
    _ node: Node, _ places: [SitePlan.Place], _ kiosks: inout [VisitPlan.Kiosk], _ readers: inout KioskReaders,
    _ smartCards: inout KioskSmartCards
  ) {
    let section = section(node, "kiosk", keys: ["id", "place", "reader", "smartCards", "screen"])
    var kiosk = VisitPlan.Kiosk(id: section.identifier("id"), place: section.text("place"))
    if let item = section.raw("screen") {
      kiosk.screenWidthMillimetres = self.section(item, "screen", keys: ["widthMillimetres"])
        .number("widthMillimetres", in: 100...3000)
    }
    if !kiosk.place.isEmpty, !places.contains(where: { $0.id == kiosk.place }) {
      complain(section.raw("place"), "没有地点 \"\(kiosk.place)\"", "there is no place \"\(kiosk.place)\" under places")
    }
    refuseRepeat(node, "自助终端", "kiosk", kiosk.id, kiosks.map(\.id))
    kiosks.append(kiosk)
    if let item = section.raw("reader"), let plan = reader(item) { readers.append((kiosk.id, plan, item)) }
    if let item = section.raw("smartCards"), var plan = self.smartCards(item, "smartCards") {
      // Which card it is, is nobody's business there.
      plan.settings.asksUID = false
      smartCards.append((kiosk.id, plan, item))
    }
  }

  private func signedOff(_ node: Node) -> VisitPlan.SignedOff {
    let section = section(node, "signedOff", keys: ["by", "date"])
    let date = section.text("date")
    let parts = date.split(separator: "-", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int($0) : nil }
    let isDate =
      parts.map(\.utf8.count) == [4, 2, 2] && numbers.count == 3 && (1...12).contains(numbers[1]) && (1...31).contains(numbers[2])
    if !date.isEmpty, !isDate {
      complain(section.raw("date"), "日期应写成 \"2026-11-26\"(加引号)", "a date is written \"2026-11-26\", in quotes")
    }
    return VisitPlan.SignedOff(by: section.text("by"), date: date)
  }

  /// `sealTo: {name: 铁西街道综治中心, key: "…"}`.
  private func sealTo(_ node: Node) -> SealPlan? {
    let section = section(node, "sealTo", keys: ["name", "key"])
    let (name, text) = (section.text("name"), section.text("key"))
    let key = Data(base64Encoded: text).map { Array($0) } ?? []
    if !text.isEmpty, key.count != 32 || key.allSatisfy({ $0 == 0 }) {
      complain(
        section.raw("key"), "key 应为 linli seal create 打印的公钥(32 字节的 base64,加引号)",
        "key must be the public key that linli seal create printed: base64 of 32 bytes, in quotes")
    }
    return name.isEmpty || key.count != 32 ? nil : SealPlan(name: name, key: key)
  }

  func refuseRepeat(_ node: Node, _ chinese: String, _ english: String, _ id: String, _ others: [String]) {
    if !id.isEmpty, others.contains(id) {
      complain(node, "\(chinese) \"\(id)\" 写了两次", "\(english) \"\(id)\" is given twice")
    }
  }

  /// `printer: {host: 10.0.0.9}`, `{file: /dev/usb/lp0}`, `{usb: "04B8:0E15"}` or `{port: /dev/ttyUSB1, baud: 19200}`.
  private func printer(_ node: Node) -> PrinterPlan? {
    let section = section(
      node, "printer", keys: ["host", "tcp", "file", "port", "baud", "usb", "at", "paper", "cutter", "code", "sizing", "status"])
    let profile = PrinterProfile(
      paper: section.choice("paper", [("80", .mm80), ("58", .mm58)], default: .mm80),
      cut: section.choice("cutter", [("none", .none), ("partial", .partial), ("full", .full)], default: .partial),
      code: section.choice("code", [("printer", .printer), ("raster", .raster), ("none", .none)], default: .printer),
      sizing: section.choice("sizing", [("scaled", .scaled), ("doubled", .doubled)], default: .scaled))
    let status = section.choice(
      "status", [("full", PrinterSettings.Status.full), ("realTimeOnly", .realTimeOnly), ("none", .none)], default: .full)
    let ways = ["host", "file", "port", "usb"].filter { section.raw($0) != nil }
    guard ways.count == 1 else {
      complain(
        node, "打印机要写明一种接法: host(网络)、file(如 /dev/usb/lp0)、usb(如 \"04B8:0E15\")或 port(串口)",
        "a printer needs one of host (network), file (such as /dev/usb/lp0), usb (such as \"04B8:0E15\") and port (serial)")
      return nil
    }
    let connection: PrinterPlan.Connection
    switch ways[0] {
    case "host": connection = .network(host: host(section), port: section.number("tcp", in: 1...65535, default: 9100))
    case "file": connection = .file(path(section, "file"))
    case "usb":
      let id = section.raw("usb")?.string.flatMap { USBID($0) }
      if id == nil {
        complain(
          section.raw("usb"), "打印机的 usb 应为厂商号和产品号,如 \"04B8:0E15\"(加引号,见 linli ports)",
          "usb of a printer must be the numbers of maker and product, such as \"04B8:0E15\", in quotes; see linli ports")
      }
      connection = .usb(id ?? USBID(0, 0), at: socket(section).place)
    default:
      let speeds = BaudRate.allCases.map { ("\($0.rawValue)", $0) }
      connection = .serial(path: serialPort(section), baud: section.choice("baud", speeds, default: .b19200))
    }
    return PrinterPlan(connection: connection, profile: profile, status: status)
  }

  private func path(_ section: SiteSection, _ key: String) -> String {
    let text = section.text(key, limit: 200)
    if !text.isEmpty, !text.hasPrefix("/") {
      complain(section.raw(key), "\(key) 应为以 / 开头的路径", "\(key) must be a path that begins with /")
    }
    return text
  }
}
