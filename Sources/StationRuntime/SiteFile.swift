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

  let reader: SiteReader
  private var posts: [SitePlan.Post] = []
  private var places: [SitePlan.Place] = []
  var callPoints: [SitePlan.CallPoint] = []
  var devices: [SitePlan.Device] = []
  var outputs: [SitePlan.Output] = []
  private var hasParent = false

  private init(reader: SiteReader) {
    self.reader = reader
  }

  private mutating func site(_ root: Node, _ portName: (String) -> String) -> Site {
    let top = reader.section(
      root, "site file",
      keys: [
        "site", "posts", "places", "buses", "escalation", "roster", "desk", "journal", "alarmReceiver", "parent", "children",
        "visits", "staffReader", "wall",
      ])
    hasParent = top.raw("parent") != nil
    let head = reader.section(top.raw("site") ?? Node.mapping([:]), "site", keys: ["name", "station", "map"])
    let name = head.text("name")
    let station = head.stationName("station")
    for node in top.list("places", required: true) { readPlace(node) }
    for node in top.list("posts", required: true) { readPost(node) }
    // A street centre may have no wires of its own.
    let busNodes = top.list("buses")
    if busNodes.isEmpty, top.raw("children") == nil {
      reader.complain(
        top.raw("buses") ?? root, "缺少 buses(本站的按钮总线);没有自己的按钮、只管下级站点的,写 children 也可以",
        "site file needs \"buses\"; a centre without buttons of its own may give \"children\" instead")
    }
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
      let found = reader.parent(node) { reader.minute($0, "proof") }
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
    let wall = top.raw("wall").map {
      reader.wall(
        $0, places: places, children: plan.children ?? [], relays: Relays(buses, roles: outputs), callPoints: callPoints)
    }
    plan.wall = wall?.plan
    if let wall, let node = top.raw("wall") {
      reader.refuseDoor(of: node, wall.devices.consolePort, desk: deskPort, children?.listen)
    }
    return Site(
      plan: plan, buses: buses, deskPort: deskPort,
      journalFolder: journal.text("folder", default: "journal", limit: 400),
      ballastMebibytes: journal.number("ballastMiB", in: 1...1024, default: 16),
      keptMonths: journal.number("keepMonths", in: 0...1200, default: 12),
      alarmReceiver: top.raw("alarmReceiver").map { reader.alarmReceiver($0, places: places) }, parent: parent,
      children: children?.listen,
      staffReader: staffReader?.plan, visitPages: visits?.pages, wall: wall?.devices, warnings: reader.warnings)
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
    return SitePlan.RosterRule(
      post: post, grids: grids.map(\.text), fromMinute: reader.minute(section, "from"),
      toMinute: reader.minute(section, "to"), weekdays: reader.weekdays(section))
  }

  // MARK: - References

  func checkPlace(_ id: String, _ node: Node?) {
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

  func complainRepeat(_ node: Node, _ chinese: String, _ english: String, _ id: String) {
    reader.complain(node, "\(chinese) \"\(id)\" 写了两次", "\(english) \"\(id)\" is given twice")
  }
}
