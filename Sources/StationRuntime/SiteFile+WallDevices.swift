import DeviceVocabulary
import LineProtocolCodec
import Station
import Transports
import Yams

extension SiteReader {
  /// `devices` of `wall`: `{name: hub, kind: videohub, host: 10.0.0.5}`, `{name: chain, kind: samsungMDC, serial: /dev/ttyUSB0}`.
  func wallDevices(_ section: SiteSection) -> [WallDevicePlan] {
    var found: [WallDevicePlan] = []
    for node in section.list("devices", required: true) {
      guard let plan = wallDevice(node) else { continue }
      refuseRepeat(node, "大屏设备", "wall device", plan.name, found.map(\.name))
      if let other = found.first(where: { $0.connection.isPlace(of: plan.connection) }) {
        complain(
          node, "设备 \"\(plan.name)\" 和 \"\(other.name)\" 用了同一个地址或串口",
          "\"\(plan.name)\" and \"\(other.name)\" have one address or port")
      }
      found.append(plan)
    }
    return found
  }

  private func wallDevice(_ node: Node) -> WallDevicePlan? {
    let section = section(
      node, "wall device",
      keys: [
        "name", "kind", "host", "port", "serial", "baud", "password", "wallSize", "powerOnDeaf", "videoWall", "line", "machine",
        "noInput", "inputs", "outputs",
      ])
    let name = section.identifier("name")
    if section.raw("kind") == nil { section.missing("kind") }
    let before = problems.count
    let kind = section.choice("kind", WallDevicePlan.Kind.allCases.map { ($0.rawValue, $0) }, default: .videohub)
    // What would follow from a kind that nobody meant is no mistake of the file.
    guard section.raw("kind") != nil, problems.count == before, let connection = wallConnection(section, kind) else {
      unclearDevices.insert(name)
      return nil
    }
    var plan = WallDevicePlan(name: name, kind: kind, connection: connection)
    plan.quirks = quirks(section, kind)
    return plan
  }

  private func wallConnection(_ section: SiteSection, _ kind: WallDevicePlan.Kind) -> WallDevicePlan.Connection? {
    guard kind != .player else {
      for key in ["host", "port", "serial", "baud"] {
        if let extra = section.raw(key) {
          complain(
            extra, "播放机(player)不写 \(key):linli wall play 自己来连", "a player has no \(key): linli wall play comes to the station")
        }
      }
      return WallDevicePlan.Connection.none
    }
    if let serial = section.raw("serial") {
      guard let baud = kind.baud, section.raw("host") == nil else {
        complain(
          serial, "\(kind.rawValue) 用网络(host)接,不用串口;两者只能写一个",
          "\(kind.rawValue) is reached by host, not by a serial port; give one of them")
        return nil
      }
      let speeds = BaudRate.allCases.map { ("\($0.rawValue)", $0) }
      return .serial(serialPort(section, key: "serial"), baud: section.choice("baud", speeds, default: baud))
    }
    if let baud = section.raw("baud") { complain(baud, "baud 只用于串口(serial)", "baud is for a serial port") }
    let host = host(section)
    if kind.port == nil, section.raw("port") == nil { section.missing("port") }
    return .network(host: host, port: section.number("port", in: 1...65535, default: kind.port ?? 1))
  }

  private func quirks(_ section: SiteSection, _ kind: WallDevicePlan.Kind) -> WallDevicePlan.Quirks {
    var quirks = WallDevicePlan.Quirks()
    let known: [(key: String, kinds: [WallDevicePlan.Kind])] = [
      ("password", [.pjlink, .extronSIS, .kramerP3000]), ("wallSize", [.samsungMDC]), ("powerOnDeaf", [.samsungMDC]),
      ("videoWall", [.samsungMDC]), ("line", [.line]), ("machine", [.kramerP3000, .kramerP2000]), ("noInput", [.kramerP3000]),
      ("inputs", WallDevicePlan.Kind.sized), ("outputs", WallDevicePlan.Kind.sized),
    ]
    for (key, kinds) in known where !kinds.contains(kind) {
      guard let extra = section.raw(key) else { continue }
      let names = kinds.map(\.rawValue).joined(separator: ", ")
      complain(extra, "\(key) 只用于 \(names)", "\(key) is for \(names)")
    }
    quirks.password = section.raw("password").map { _ in section.text("password", limit: 32) }
    quirks.rowsHigh = section.choice("wallSize", [("rows-high", true), ("columns-high", false)], default: true)
    quirks.powerOnDeafSeconds = section.number("powerOnDeaf", in: 0...60, default: 10)
    quirks.hasVideoWall = section.flag("videoWall", default: true)
    quirks.machine = section.raw("machine").map { _ in UInt8(clamping: section.number("machine", in: 1...31)) }
    quirks.noInputIsLast = section.choice("noInput", [("zero", false), ("behind-the-last", true)], default: false)
    quirks.inputs = size(section, "inputs", kind)
    quirks.outputs = size(section, "outputs", kind)
    if kind == .line {
      if section.raw("line") == nil { section.missing("line") }
      quirks.line = section.raw("line").flatMap { line($0) }
      (quirks.inputs, quirks.outputs) = (quirks.line?.inputs, quirks.line?.outputs)
    }
    return quirks
  }

  private func size(_ section: SiteSection, _ key: String, _ kind: WallDevicePlan.Kind) -> UInt16? {
    section.raw(key).map { _ in UInt16(clamping: section.number(key, in: 1...Int(kind.highest ?? 1_024))) }
  }

  /// `line`: a matrix that nobody has heard of, as a technician describes it (Protocols/LineProtocol/README.md).
  private func line(_ node: Node) -> LineSettings? {
    let section = section(
      node, "line",
      keys: [
        "terminator", "route", "acknowledgement", "refusal", "read", "readAnswer", "greeting", "base", "noInput", "pause",
        "answerLimit", "inputs", "outputs",
      ])
    let before = problems.count
    var text = LineSettings.Text()
    func optional(_ key: String) -> String? { section.raw(key).map { _ in section.text(key, limit: 200) } }
    // "\r" in YAML is the byte itself, and means the same as '\r'.
    if let end = section.raw("terminator")?.string, !end.isEmpty, end.utf8.count <= 8, end.utf8.contains(where: { $0 < 0x20 }) {
      text.terminator = end
    } else {
      text.terminator = optional("terminator") ?? text.terminator
    }
    text.route = section.text("route", limit: 200)
    text.acknowledgement = optional("acknowledgement")
    text.refusal = optional("refusal")
    text.read = section.text("read", limit: 200)
    text.readAnswer = section.text("readAnswer", limit: 200)
    text.greeting = optional("greeting")
    text.base = section.number("base", in: 0...1, default: 1)
    text.noInput = section.raw("noInput").map { _ in section.number("noInput", in: 0...65_535) }
    text.pauseMilliseconds = section.number("pause", in: 0...10_000, default: 20)
    text.answerLimitMilliseconds = section.number("answerLimit", in: 50...30_000, default: 1_000)
    text.inputs = size(section, "inputs", .line)
    text.outputs = size(section, "outputs", .line)
    // What could not be read is told already.
    guard problems.count == before else { return nil }
    do {
      return try LineSettings(text)
    } catch {
      complain(section.raw(error.key) ?? node, error.chinese, error.english)
      return nil
    }
  }
}

extension WallDevicePlan.Connection {
  /// Whether both are one device: a machine has several names for itself.
  func isPlace(of other: Self) -> Bool {
    switch (self, other) {
    case (.network(let host, let port), .network(let otherHost, let otherPort)):
      port == otherPort && Self.machine(host) == Self.machine(otherHost)
    case (.serial(let path, _), .serial(let otherPath, _)): path == otherPath
    default: false
    }
  }

  private static func machine(_ host: String) -> String {
    var host = host.lowercased()
    if host.hasSuffix(".") { host.removeLast() }
    return ["localhost", "ip6-localhost", "::1"].contains(host) ? "127.0.0.1" : host
  }
}
