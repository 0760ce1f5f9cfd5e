import ResidentCardDriver
import Transports
import Yams

/// The reader of a kiosk and where it stands in the file, in the file's order.
typealias KioskReaders = [(kiosk: String, plan: ReaderPlan, node: Node)]

/// The same of readers of smart cards.
typealias KioskSmartCards = [(kiosk: String, plan: SmartCardPlan, node: Node)]

extension SiteReader {
  /// `reader: {usb: true}`, `{usb: "0400:C35A", at: "1-1.2"}` or `{port: /dev/ttyUSB1, baud: 115200}`; `nil` after saying what is wrong.
  func reader(_ node: Node) -> ReaderPlan? {
    let section = section(
      node, "reader",
      keys: ["usb", "at", "port", "baud", "commands", "longestRadioFrame", "findsLyingCard", "newestAddress"])
    guard (section.raw("usb") == nil) != (section.raw("port") == nil) else {
      complain(
        node, "读卡器要写明一种接法: usb(true 或 \"0400:C35A\")或 port(串口)",
        "a reader needs one of usb (true or \"0400:C35A\") and port (serial)")
      return nil
    }
    let connection = section.raw("usb").map { usb($0, section) } ?? serial(section)
    guard let connection else { return nil }
    var plan = ReaderPlan(connection: connection)
    plan.settings.commands = section.choice("commands", [("standard", .standard), ("only9600", .only9600)], default: .standard)
    plan.settings.findsLyingCard = section.flag("findsLyingCard", default: false)
    if section.raw("longestRadioFrame") != nil {
      plan.settings.longestRadioFrame = UInt8(section.number("longestRadioFrame", in: 1...255))
    }
    // Those readers know no such command.
    plan.newestAddress = section.flag("newestAddress", default: plan.settings.commands == .standard)
    if plan.newestAddress, plan.settings.commands == .only9600 {
      complain(
        section.raw("newestAddress"), "commands 为 only9600 的读卡器读不到追加地址", "a reader with commands only9600 has no newest address")
    }
    return plan
  }

  private func usb(_ node: Node, _ section: SiteSection) -> ReaderPlan.Connection? {
    if let baud = section.raw("baud") { complain(baud, "USB 读卡器没有 baud", "a reader on USB has no baud") }
    let (place, isRight) = socket(section)
    guard isRight else { return nil }
    if node.bool == true { return .usb(ReaderPlan.knownReaders, at: place) }
    guard let text = node.string, let id = USBID(text) else {
      complain(
        node, "usb 应为 true(已知的读卡器),或厂商号和产品号,如 \"0400:C35A\"(加引号)",
        "usb must be true, for any known reader, or the numbers of maker and product, such as \"0400:C35A\", in quotes")
      return nil
    }
    return .usb([id], at: place)
  }

  /// `at`, if it is given; not right after saying what is wrong with it.
  func socket(_ section: SiteSection) -> (place: String?, isRight: Bool) {
    guard let at = section.raw("at") else { return (nil, true) }
    if let place = at.string, USBDeviceIdentity.isTopology(place) { return (place, true) }
    complain(at, "at 应写成 linli ports 列出的插口,如 \"1-1.2\"", "at must be a socket as linli ports names it, such as \"1-1.2\"")
    return (nil, false)
  }

  private func serial(_ section: SiteSection) -> ReaderPlan.Connection? {
    if let at = section.raw("at") {
      complain(
        at, "at 只用于 USB 读卡器;串口请写 port: usb-path:...", "at is for readers on USB; for a serial port write port: usb-path:...")
    }
    let speeds = BaudRate.allCases.filter { $0.rawValue >= 9600 }.map { ("\($0.rawValue)", $0) }
    let isSlow = section.raw("commands")?.string == "only9600"
    return .serial(path: serialPort(section), baud: section.choice("baud", speeds, default: isSlow ? .b9600 : .b115200))
  }

  /// Two kiosks must not read each other's cards.
  func distinct(_ readers: KioskReaders) -> [String: ReaderPlan] {
    for (index, reader) in readers.enumerated() {
      for other in readers[..<index] {
        switch (reader.plan.connection, other.plan.connection) {
        case (.serial(let path, _), .serial(let same, _)) where path == same && !path.isEmpty:
          complain(
            reader.node, "读卡器 \(path) 已经给了终端 \"\(other.kiosk)\"", "reader \(path) is kiosk \"\(other.kiosk)\"'s already")
        case (.usb(_, let place?), .usb(_, let same?)):
          if place == same {
            complain(
              reader.node, "插口 \(place) 的读卡器已经给了终端 \"\(other.kiosk)\"",
              "the reader at \(place) is kiosk \"\(other.kiosk)\"'s already")
          }
        case (.usb(let ids, let place), .usb(let others, _)) where ids.contains(where: others.contains):
          // Whichever lacks its socket could be the other's.
          let node = place == nil ? reader.node : other.node
          let missing = place == nil ? reader.kiosk : other.kiosk
          complain(
            node, "有多台 USB 读卡器,终端 \"\(missing)\" 的要写 at(插口,见 linli ports)",
            "with several readers on USB, kiosk \"\(missing)\"'s needs at: its socket, see linli ports")
        default: break
        }
      }
    }
    return Dictionary(readers.map { ($0.kiosk, $0.plan) }) { first, _ in first }
  }

  /// A reader or a printer on a bus's wire would talk into calls for help; on each other's they would both be deaf.
  func refuseSharedPorts(_ visits: Node, _ pages: VisitPages, _ buses: [BusPlan], _ portName: (String) -> String) {
    var taken = buses.filter { !$0.port.isEmpty }.map {
      (port: portName($0.port), chinese: "总线 \($0.name)", english: "bus \($0.name)")
    }
    func refuse(_ path: String, _ node: Node?) {
      guard !path.isEmpty, let owner = taken.first(where: { $0.port == portName(path) }) else { return }
      complain(node ?? visits, "串口 \(path) 是\(owner.chinese)的", "port \(path) is that of \(owner.english)")
    }
    if case .serial(let path, _) = pages.printer?.connection {
      refuse(path, visits.mapping?["printer"])
      taken.append((port: portName(path), chinese: "打印机", english: "the printer"))
    }
    for item in visits.mapping?["kiosks"]?.sequence ?? [] {
      guard let kiosk = item.mapping?["id"]?.string, case .serial(let path, _)? = pages.readers[kiosk]?.connection else {
        continue
      }
      refuse(path, item.mapping?["reader"])
    }
  }
}

extension SiteReader {
  /// `staffReader: true`, and the same of a kiosk's `smartCards`: by the system's service, where there is none on USB without it; `{pcsc: true}` or `{pcsc: "ACR122"}`: by the system's service; `{usb: true}`, `{usb: "072F:2200", at: "1-1.2"}`: without it.
  func smartCards(_ node: Node, _ name: String) -> SmartCardPlan? {
    if node.bool == true { return SmartCardPlan() }
    let section = section(node, name, keys: ["pcsc", "usb", "at"])
    guard (section.raw("pcsc") == nil) != (section.raw("usb") == nil) else {
      complain(
        node, "智能卡读卡器要写明一种接法: pcsc(true 或名称的一部分)或 usb(true 或 \"072F:2200\")",
        "a reader of smart cards needs one of pcsc (true or part of its name) and usb (true or \"072F:2200\")")
      return nil
    }
    if let service = section.raw("pcsc") {
      if let at = section.raw("at") { complain(at, "at 只用于 usb", "at is for usb") }
      if service.bool == true { return SmartCardPlan(connection: .service(nil)) }
      guard let name = service.string, !name.isEmpty, service.bool == nil else {
        complain(service, "pcsc 应为 true,或读卡器名称的一部分", "pcsc must be true, or part of the reader's name")
        return nil
      }
      return SmartCardPlan(connection: .service(name))
    }
    let (place, isRight) = socket(section)
    guard isRight, let usb = section.raw("usb") else { return nil }
    if usb.bool == true { return SmartCardPlan(connection: .usb(nil, at: place)) }
    guard let text = usb.string, let id = USBID(text) else {
      complain(
        usb, "usb 应为 true(任何智能卡读卡器),或厂商号和产品号,如 \"072F:2200\"(加引号)",
        "usb must be true, for any reader of smart cards, or the numbers of maker and product, such as \"072F:2200\", in quotes")
      return nil
    }
    return SmartCardPlan(connection: .usb([id], at: place))
  }

  /// One reader must not be both the desk's and a terminal's: a card that somebody presents in the hall would be one of the staff's, and the
  /// other way round.
  func distinct(_ staff: (plan: SmartCardPlan, node: Node)?, _ kiosks: KioskSmartCards) -> [String: SmartCardPlan] {
    var before = staff.map { [(owner: "staffReader", plan: $0.plan)] } ?? []
    for (kiosk, plan, node) in kiosks {
      if let other = before.first(where: { !$0.plan.connection.isSurelyAnother(than: plan.connection) }) {
        complain(
          node, "分不清终端 \"\(kiosk)\" 的智能卡读卡器和 \(other.owner) 的: 两处都写 pcsc 和名称,或都写 usb 和 at",
          "kiosk \"\(kiosk)\"'s reader of smart cards cannot be told from that of \(other.owner): give both pcsc and a name, or both usb and at"
        )
      }
      before.append(("kiosk \"\(kiosk)\"", plan))
    }
    return Dictionary(kiosks.map { ($0.kiosk, $0.plan) }) { first, _ in first }
  }
}

extension SmartCardPlan.Connection {
  /// pcscd has all readers or none, so that one of it and one without it do not go together.
  fileprivate func isSurelyAnother(than other: Self) -> Bool {
    switch (self, other) {
    case (.service(let name?), .service(let same?)): !name.contains(same) && !same.contains(name)
    case (.usb(_, let place?), .usb(_, let same?)): place != same
    case (.usb(let ids?, _), .usb(let others?, _)): !ids.contains(where: others.contains)
    default: false
    }
  }
}
