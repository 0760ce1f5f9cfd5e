import DeviceVocabulary
import Station
import Transports
import Yams

/// Reads a site file. Every mistake is reported with file, line, column and what is accepted; none stops the reading of the rest, unless
/// the text is no YAML or repeats a key, which the parser refuses.
public struct SiteFile {
  /// - Parameter portName: what a port is called on the machine at hand, by which two spellings of one port are told to be one.
  public static func read(_ text: String, file: String, portName: (String) -> String = { $0 }) throws(SiteError) -> Site {
    let reader = SiteReader(file: file)
    // Some editors put a byte order mark before UTF-8, too.
    let hasMark = text.unicodeScalars.first == "\u{FEFF}"
    let root = reader.compose(hasMark ? String(text.unicodeScalars.dropFirst()) : text)
    guard let root else { throw SiteError(problems: reader.problems) }
    var parser = SiteFile(reader: reader)
    let site = parser.site(root, portName)
    guard reader.problems.isEmpty else { throw SiteError(problems: reader.problems) }
    return site
  }

  public static let baudRates = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115_200]

  private let reader: SiteReader
  private var posts: [SitePlan.Post] = []
  private var places: [SitePlan.Place] = []
  private var callPoints: [SitePlan.CallPoint] = []
  private var devices: [SitePlan.Device] = []
  private var outputs: [SitePlan.Output] = []
  private var hasParent = false

  private init(reader: SiteReader) {
    self.reader = reader
  }

  private mutating func site(_ root: Node, _ portName: (String) -> String) -> Site {
    let top = reader.section(
      root, "site file",
      keys: [
        "site", "posts", "places", "buses", "escalation", "roster", "desk", "journal", "alarmReceiver", "parent", "children",
        "visits", "staffReader",
      ])
    hasParent = top.raw("parent") != nil
    let head = reader.section(top.raw("site") ?? Node.mapping([:]), "site", keys: ["name", "station", "map"])
    let name = head.text("name")
    let station = head.stationName("station")
    for node in top.list("places", required: true) { readPlace(node) }
    for node in top.list("posts", required: true) { readPost(node) }
    // A street centre may have no wires of its own.
    let busNodes = top.list("buses", required: top.raw("children") == nil)
    let buses = busNodes.map { readBus($0) }
    refuseRepeats(busNodes, buses.map(\.name), "总线名", "bus name")
    refuseRepeats(busNodes, buses.map(\.port), "串口", "port")
    refuseOnePort(busNodes, buses, portName)
    let ladder = readLadder(top)
    let desk = reader.section(top.raw("desk") ?? Node.mapping([:]), "desk", keys: ["port"])
    let journal = reader.section(
      top.raw("journal") ?? Node.mapping([:]), "journal", keys: ["folder", "ballastMiB", "keepMonths"])
    let deskPort = desk.number("port", in: 0...65535, default: 8460)
    let children = top.raw("children").map { reader.children($0, own: station, deskPort: deskPort) }
    var plan = SitePlan(
      name: name, station: station, posts: posts, places: places, callPoints: callPoints, devices: devices, outputs: outputs,
      ladder: ladder.steps, roster: top.list("roster").map { readRoster($0) }, onSceneWithinSeconds: ladder.onScene,
      offerExpiresSeconds: ladder.offer)
    let parent = top.raw("parent").map { node in
      let found = reader.parent(node) { minute($0, "proof") }
      plan.parent = SitePlan.Parent(proofMinute: found.proofMinute)
      return found.plan
    }
    plan.children = children?.stations
    plan.handDown = children?.handDown
    plan.map = reader.map(head)
    let staffReader = top.raw("staffReader").flatMap { node in
      reader.smartCards(node, "staffReader").map { (plan: $0, node: node) }
    }
    let visits = top.raw("visits").map { reader.visits($0, posts: posts, places: places, staffReader: staffReader) }
    plan.visits = visits?.plan
    if let pages = visits?.pages, let node = top.raw("visits") { reader.refuseSharedPorts(node, pages, buses, portName) }
    addHelpKeys(&plan)
    return Site(
      plan: plan, buses: buses, deskPort: deskPort,
      journalFolder: journal.text("folder", default: "journal", limit: 400),
      ballastMebibytes: journal.number("ballastMiB", in: 1...1024, default: 16),
      keptMonths: journal.number("keepMonths", in: 0...1200, default: 12),
      alarmReceiver: top.raw("alarmReceiver").map { reader.alarmReceiver($0, places: places) }, parent: parent,
      children: children?.listen,
      staffReader: staffReader?.plan, visitPages: visits?.pages)
  }

  /// The help key of each terminal is a call point like any button.
  private func addHelpKeys(_ plan: inout SitePlan) {
    guard let visits = plan.visits else { return }
    for kiosk in visits.kiosks {
      guard let key = visits.helpKey(kiosk.id) else { continue }
      plan.callPoints.append(SitePlan.CallPoint(button: key, place: kiosk.place))
    }
  }

  private mutating func readPlace(_ node: Node) {
    let section = reader.section(node, "place", keys: ["id", "name", "grid"])
    let place = SitePlan.Place(
      id: section.identifier("id"), name: section.text("name"), grid: section.raw("grid").map { _ in section.text("grid") })
    if self.places.contains(where: { $0.id == place.id }) { complainRepeat(node, "地点", "place", place.id) }
    if !place.name.isEmpty, places.contains(where: { $0.name == place.name }) {
      reader.complain(
        section.raw("name"), "两个地点都叫 \"\(place.name)\",求助时分不清是哪一处;请各取一个名字",
        "two places have the name \"\(place.name)\", so that nobody knows which of them calls; give each a name of its own")
    }
    places.append(place)
  }

  private mutating func readPost(_ node: Node) {
    let section = reader.section(node, "post", keys: ["id", "name", "phone", "place"])
    let post = SitePlan.Post(
      id: section.identifier("id"), name: section.text("name"), phone: section.raw("phone").map { _ in section.text("phone") },
      place: section.raw("place").map { _ in section.text("place") })
    if posts.contains(where: { $0.id == post.id }) { complainRepeat(node, "岗位", "post", post.id) }
    if let place = post.place { checkPlace(place, section.raw("place")) }
    posts.append(post)
  }

  private mutating func readBus(_ node: Node) -> BusPlan {
    let section = reader.section(node, "bus", keys: ["name", "port", "baud", "format", "rs485", "echo", "panels", "modules"])
    let name = section.identifier("name")
    if name == VisitPlan.kioskBus {
      reader.complain(
        section.raw("name"), "总线不能叫 \"\(name)\",自助终端的求助键用这个名字",
        "no bus may be called \"\(name)\": the help keys of terminals are")
    }
    var taken: [UInt8] = []
    let bus = BusPlan(
      name: name, port: reader.serialPort(section),
      baud: section.choice("baud", Self.baudRates.map { ("\($0)", $0) }, default: 19200),
      format: section.choice("format", BusPlan.Format.allCases.map { ($0.rawValue, $0) }, default: .none),
      kernelRS485: section.choice("rs485", [("adapter", false), ("kernel", true)], default: false),
      echo: section.flag("echo", default: false),
      panels: section.list("panels").map { readPanel($0, bus: name, &taken) },
      modules: section.list("modules").map { readModule($0, bus: name, &taken) })
    if taken.isEmpty { reader.complain(node, "总线 \(name) 上没有设备", "bus \(name) has no panels and no modules") }
    return bus
  }

  private mutating func address(_ section: SiteSection, bus: String, _ taken: inout [UInt8]) -> DeviceID {
    let node = UInt8(clamping: section.number("node", in: 1...247))
    if taken.contains(node) {
      reader.complain(section.raw("node"), "总线 \(bus) 上地址 \(node) 用了两次", "address \(node) is used twice on bus \(bus)")
    }
    taken.append(node)
    return DeviceID(bus: bus, node: node)
  }

  private mutating func readPanel(_ node: Node, bus: String, _ taken: inout [UInt8]) -> PanelPlan {
    let section = reader.section(node, "panel", keys: ["node", "name", "buttons"])
    let device = address(section, bus: bus, &taken)
    let name = section.text("name")
    devices.append(SitePlan.Device(id: device, name: name))
    var silentMask: UInt8 = 0
    for item in section.list("buttons", required: true) {
      let button = readButton(item, device, limit: 8)
      if button.silent { silentMask |= 1 << (button.button.button - 1) }
    }
    return PanelPlan(node: device.node, name: name, silentMask: silentMask)
  }

  private mutating func readButton(_ node: Node, _ device: DeviceID, limit: Int) -> SitePlan.CallPoint {
    let section = reader.section(node, "button", keys: ["button", "place", "silent"])
    let point = SitePlan.CallPoint(
      button: ButtonID(device: device, button: UInt8(clamping: section.number("button", in: 1...limit))),
      place: section.text("place"),
      silent: section.flag("silent", default: false))
    checkPlace(point.place, section.raw("place"))
    if callPoints.contains(where: { $0.button == point.button }) {
      complainRepeat(node, "按钮", "button", point.button.description)
    }
    callPoints.append(point)
    return point
  }

  private mutating func readModule(_ node: Node, bus: String, _ taken: inout [UInt8]) -> ModulePlan {
    let section = reader.section(
      node, "module",
      keys: [
        "node", "name", "inputs", "inputStart", "inputFunction", "activeLow", "outputs", "outputStart", "writeFunction",
        "longestReplyMs", "buttons", "roles",
      ])
    let device = address(section, bus: bus, &taken)
    let name = section.text("name")
    devices.append(SitePlan.Device(id: device, name: name))
    let inputCount = section.number("inputs", in: 0...32, default: 0)
    let outputCount = section.number("outputs", in: 0...32, default: 0)
    if inputCount > 0 {
      for item in section.list("buttons") { _ = readButton(item, device, limit: inputCount) }
    } else if let buttons = section.raw("buttons") {
      reader.complain(buttons, "模块没有 inputs,按钮接不上;请写 inputs: 1 至 32", "buttons need inputs: 1 to 32 of this module")
    }
    var given: [Int] = []
    for item in section.list("roles") {
      let role = reader.section(item, "role", keys: ["output", "role"])
      let output = role.number("output", in: 1...max(1, outputCount))
      if outputCount == 0 {
        reader.complain(item, "模块没有 outputs;请写 outputs: 1 至 32", "roles need outputs: 1 to 32 of this module")
      }
      if given.contains(output) { complainRepeat(item, "输出", "output", "\(output)") }
      given.append(output)
      if role.raw("role") == nil { role.missing("role") }
      let accepted = SitePlan.Output.Role.allCases.map { ($0.rawValue, $0) }
      outputs.append(
        SitePlan.Output(device: device, output: UInt8(clamping: output), role: role.choice("role", accepted, default: .sounder)))
    }
    return ModulePlan(
      node: device.node, name: name, inputCount: inputCount, inputStart: section.number("inputStart", in: 0...65535, default: 0),
      inputsAreCoils: section.choice("inputFunction", [("discrete-inputs", false), ("coils", true)], default: false),
      activeLowMask: section.flag("activeLow", default: false) ? .max : 0, outputCount: outputCount,
      outputStart: section.number("outputStart", in: 0...65535, default: 0),
      writesSingly: section.choice("writeFunction", [("multiple", false), ("single", true)], default: false),
      longestReplyMilliseconds: section.number("longestReplyMs", in: 10...2000, default: 250))
  }

  private mutating func readLadder(_ top: SiteSection) -> (steps: [SitePlan.LadderStep], onScene: Int, offer: Int) {
    guard let node = top.raw("escalation") else { return (SitePlan.LadderStep.standard, 300, 60) }
    let section = reader.section(node, "escalation", keys: ["steps", "onSceneWithin", "offerExpires"])
    var steps: [SitePlan.LadderStep] = []
    for item in section.list("steps") {
      let step = reader.section(item, "step", keys: ["after", "posts"])
      let after = step.number("after", in: 1...86_400)
      if let last = steps.last, after <= last.afterSeconds {
        reader.complain(item, "升级步骤的时间必须递增", "escalation steps must come later than the one before")
      }
      let posts = step.texts("posts")
      for (post, node) in posts { checkPost(post, node) }
      steps.append(SitePlan.LadderStep(afterSeconds: after, posts: posts.map(\.text)))
    }
    return (
      steps.isEmpty ? SitePlan.LadderStep.standard : steps, section.number("onSceneWithin", in: 30...86_400, default: 300),
      section.number("offerExpires", in: 10...3600, default: 60)
    )
  }

  private func readRoster(_ node: Node) -> SitePlan.RosterRule {
    let section = reader.section(node, "roster", keys: ["post", "grids", "from", "to", "days"])
    let post = section.text("post")
    checkPost(post, section.raw("post"))
    let grids = section.texts("grids")
    for (grid, node) in grids where !places.contains(where: { $0.grid == grid }) {
      reader.complain(node, "没有地点在网格 \"\(grid)\"", "no place has the grid \"\(grid)\"")
    }
    let days = section.list("days").map { item in
      guard let day = SiteSection.decimal(item), (1...7).contains(day) else {
        reader.complain(item, "星期应为 1(周一)至 7(周日)", "days must be 1 (Monday) to 7 (Sunday)")
        return 1
      }
      return day
    }
    return SitePlan.RosterRule(
      post: post, grids: grids.map(\.text), fromMinute: minute(section, "from"), toMinute: minute(section, "to"),
      weekdays: days)
  }

  private func minute(_ section: SiteSection, _ key: String) -> Int {
    guard let node = section.raw(key) else { return 0 }
    let parts = (node.string ?? "").split(separator: ":", omittingEmptySubsequences: false)
    let areDigits = parts.allSatisfy { (1...2).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    if parts.count == 2, areDigits, let hour = Int(parts[0]), let minute = Int(parts[1]), (0...23).contains(hour),
      (0...59).contains(minute)
    {
      return hour * 60 + minute
    }
    reader.complain(node, "时间应写成 \"08:30\"(加引号)", "a time is written \"08:30\", in quotes")
    return 0
  }

  // MARK: - References

  private func checkPlace(_ id: String, _ node: Node?) {
    if !id.isEmpty, !places.contains(where: { $0.id == id }) {
      reader.complain(node, "没有地点 \"\(id)\"", "there is no place \"\(id)\" under places")
    }
  }

  private func checkPost(_ id: String, _ node: Node?) {
    if id == SitePlan.parentPost, hasParent { return }
    if !posts.contains(where: { $0.id == id }) {
      reader.complain(node, "没有岗位 \"\(id)\"", "there is no post \"\(id)\" under posts")
    }
  }

  private func complainRepeat(_ node: Node, _ chinese: String, _ english: String, _ id: String) {
    reader.complain(node, "\(chinese) \"\(id)\" 写了两次", "\(english) \"\(id)\" is given twice")
  }

  private func refuseRepeats(_ nodes: [Node], _ values: [String], _ chinese: String, _ english: String) {
    for (index, value) in values.enumerated() where !value.isEmpty && values[..<index].contains(value) {
      complainRepeat(nodes[index], chinese, english, value)
    }
  }

  /// A link and what it points to, or a path and the adapter's number, are one port.
  private func refuseOnePort(_ nodes: [Node], _ buses: [BusPlan], _ portName: (String) -> String) {
    let names = buses.map { $0.port.isEmpty ? "" : portName($0.port) }
    for (index, name) in names.enumerated() where !name.isEmpty {
      guard let other = names[..<index].firstIndex(of: name), buses[other].port != buses[index].port else { continue }
      reader.complain(
        nodes[index].mapping?["port"], "总线 \(buses[other].name) 和 \(buses[index].name) 是同一个串口 \(name),每条总线要有自己的串口",
        "buses \(buses[other].name) and \(buses[index].name) are on one port, \(name); each needs its own")
    }
  }
}
