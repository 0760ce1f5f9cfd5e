import DeviceVocabulary
import Station
import Yams

extension SiteReader {
  static let wallPort = 8469
  static let wallSides = 1...16

  /// `wall`: what hangs where, what can be shown, how it is arranged.
  func wall(
    _ node: Node, places: [SitePlan.Place], children: [SitePlan.Child], relays: Relays, callPoints: [SitePlan.CallPoint]
  ) -> (plan: WallPlan, devices: WallDevices) {
    let section = section(
      node, "wall",
      keys: [
        "place", "grid", "devices", "outputs", "sources", "layouts", "scenes", "callOutputs", "visitorSource", "idleSource",
        "rotationSeconds", "displays", "port",
      ])
    let grid = wallGrid(section)
    var plan = WallPlan(
      columns: grid.columns, rows: grid.rows, outputs: [], sources: [], layouts: [], scenes: [],
      rotationSeconds: section.number("rotationSeconds", in: 5...30, default: 15), bezelThousandths: grid.bezel)
    plan.place = wallPlace(section, places, callPoints)
    var devices = wallDevices(section)
    for item in section.list("outputs", required: true) { output(item, devices, &plan) }
    plan.outputs.sort { $0.number < $1.number }
    for row in 1...max(1, plan.rows) where grid.isKnown {
      for column in 1...max(1, plan.columns) where !plan.outputs.contains(where: { $0.column == column && $0.row == row }) {
        complain(section.raw("outputs"), "第 \(row) 行第 \(column) 列没有输出", "no output stands at row \(row), column \(column)")
      }
    }
    for index in devices.indices {
      let ports = plan.outputs.flatMap { [$0.matrix, $0.display].compactMap { $0 } }.filter { $0.device == devices[index].name }
      devices[index].ports = Set(ports.map(\.number)).sorted()
    }
    var reach = SourceReach()
    for item in section.list("sources", required: true) { source(item, places, children, devices, &plan, &reach) }
    for item in section.list("layouts", required: true) { layout(item, &plan) }
    for item in section.list("scenes", required: true) { scene(item, relays, &plan) }
    if !plan.scenes.isEmpty, plan.scenes.allSatisfy(\.isMeeting) {
      complain(section.raw("scenes"), "至少要有一个不是会议的预案", "at least one scene must be no meeting")
    }
    for (number, item) in numbers(section, "callOutputs") {
      if plan.output(number) == nil { complain(item, "没有输出 \(number)", "there is no output \(number)") }
      plan.callOutputs.append(number)
    }
    if let node = section.raw("displays") { displays(node, &plan) }
    plan.visitorSource = section.raw("visitorSource").map { reference(section, "visitorSource", $0, plan) }
    plan.idleSource = section.raw("idleSource").map { reference(section, "idleSource", $0, plan) }
    if let id = plan.visitorSource, plan.source(id)?.isSensitive == true {
      complain(
        section.raw("visitorSource"), "visitorSource 自己就不对外(sensitive),不能拿它遮挡",
        "visitorSource is itself not for visitors (sensitive)")
    }
    refuseGaps(section, plan, devices)
    warnOfClashes(section, plan)
    return (
      plan,
      WallDevices(
        devices: devices, addresses: reach.addresses, cameras: reach.cameras,
        consolePort: section.number("port", in: 0...65535, default: Self.wallPort))
    )
  }

  /// Where it is not said how large the wall is, nothing is beyond it.
  private func wallGrid(_ section: SiteSection) -> (columns: Int, rows: Int, bezel: Int, isKnown: Bool) {
    let before = problems.count
    guard let node = section.raw("grid") else {
      section.missing("grid")
      return (Self.wallSides.upperBound, Self.wallSides.upperBound, 0, false)
    }
    let grid = self.section(node, "grid", keys: ["columns", "rows", "bezel"])
    let (columns, rows) = (grid.number("columns", in: Self.wallSides), grid.number("rows", in: Self.wallSides))
    let isKnown = problems.count == before
    let bezel = grid.number("bezel", in: 0...200, default: 0)
    return isKnown ? (columns, rows, bezel, true) : (Self.wallSides.upperBound, Self.wallSides.upperBound, bezel, false)
  }

  /// Where the wall hangs: what calls from there without a sound must not show itself on it.
  private func wallPlace(_ section: SiteSection, _ places: [SitePlan.Place], _ callPoints: [SitePlan.CallPoint]) -> String? {
    guard let node = section.raw("place") else {
      if callPoints.contains(where: \.silent) {
        warn(
          section.node, "有静默按钮,但没写大屏在哪个地点(wall: place):那个房间里的静默求助会显示在这面大屏上",
          "there are silent buttons, and it is not said where the wall hangs (wall: place): a silent call from that room would be shown on it"
        )
      }
      return nil
    }
    let place = section.text("place")
    if !place.isEmpty, !places.contains(where: { $0.id == place }) {
      complain(node, "没有地点 \"\(place)\"", "there is no place \"\(place)\" under places")
    }
    return place
  }

  /// `displays`: when they are on, and how long one waits for the other when they are switched on.
  private func displays(_ node: Node, _ plan: inout WallPlan) {
    let section = section(node, "displays", keys: ["hours", "powerOnGap"])
    plan.displayHours = section.list("hours").map { span($0, "hours") }
    plan.powerOnGapMilliseconds = section.number("powerOnGap", in: 0...10_000, default: plan.powerOnGapMilliseconds)
    if !plan.displayHours.isEmpty, plan.outputs.allSatisfy({ $0.display == nil }) {
      complain(section.raw("hours"), "没有输出写了 display,没有屏可以按时间开关", "no output has a display that could be switched by the clock")
    }
  }

  func span(_ node: Node, _ what: String) -> WallPlan.Scene.Span {
    let span = section(node, what, keys: ["from", "to", "days"])
    return WallPlan.Scene.Span(fromMinute: minute(span, "from"), toMinute: minute(span, "to"), weekdays: weekdays(span))
  }

  /// A matrix that cannot disconnect would go on showing what was there before: the picture of a call that is over.
  private func refuseGaps(_ section: SiteSection, _ plan: WallPlan, _ devices: [WallDevicePlan]) {
    guard plan.idleSource == nil else { return }
    let stuck = devices.filter { $0.kind.isMatrix && !$0.kind.disconnects }.map(\.name)
    for layout in plan.layouts {
      let gap = plan.outputs.first { output in
        !layout.regions.contains { $0.cells.contains(column: output.column, row: output.row) }
          && output.matrix.map { stuck.contains($0.device) } ?? false
      }
      guard let gap else { continue }
      complain(
        section.raw("layouts"), "布局 \"\(layout.id)\" 没有用到输出 \(gap.number),它的矩阵不能断开,会一直留着上一个画面;请写 idleSource(空闲时显示的信号源)",
        "layout \"\(layout.id)\" leaves output \(gap.number) out, and its matrix cannot disconnect: the last picture would stay; give idleSource"
      )
    }
  }

  func reference(_ section: SiteSection, _ key: String, _ node: Node, _ plan: WallPlan) -> String {
    let id = section.text(key)
    if !id.isEmpty, plan.source(id) == nil { complain(node, "没有信号源 \"\(id)\"", "there is no source \"\(id)\" under sources") }
    return id
  }

  private func numbers(_ section: SiteSection, _ key: String) -> [(Int, Node)] {
    section.list(key).compactMap { item in
      if let number = SiteSection.decimal(item) { return (number, item) }
      complain(item, "\"\(key)\" 中应为整数", "\"\(key)\" must hold whole numbers")
      return nil
    }
  }

  /// `[column, row]` or `[width, height]`, each of 1...16.
  func pair(_ section: SiteSection, _ key: String, default fallback: (Int, Int)? = nil) -> (Int, Int) {
    guard let node = section.raw(key) else {
      if fallback == nil { section.missing(key) }
      return fallback ?? (1, 1)
    }
    let values = node.sequence.map { $0.compactMap { SiteSection.decimal($0) } } ?? []
    guard values.count == 2, node.sequence?.count == 2, values.allSatisfy(Self.wallSides.contains) else {
      complain(
        node, "\"\(key)\" 应写成两个 1 至 16 的数,如 [2, 1](先列后行)",
        "\"\(key)\" must be two numbers of 1 to 16, such as [2, 1]: column, row")
      return fallback ?? (1, 1)
    }
    return (values[0], values[1])
  }

  // MARK: - Outputs

  private func output(_ node: Node, _ devices: [WallDevicePlan], _ plan: inout WallPlan) {
    let section = section(
      node, "output", keys: ["number", "at", "matrix", "display", "input", "spans", "player", "screen", "speaker", "rotation"])
    let before = problems.count
    let at = pair(section, "at")
    var output = WallPlan.Output(number: section.number("number", in: 1...256), column: at.0, row: at.1)
    output.matrix = port(section, "matrix", devices) { $0.isMatrix }
    output.display = port(section, "display", devices) { $0.isDisplay }
    output.displayInput = displayInput(section, devices.first { $0.name == output.display?.device })
    output.sharesPictures = section.flag("spans", default: false)
    output.rotation = section.choice("rotation", [("0", 0), ("90", 90), ("180", 180), ("270", 270)], default: 0)
    output.hasSpeaker = section.flag("speaker", default: false)
    if output.hasSpeaker, section.raw("player") == nil, !isUnclear(output.display),
      devices.first(where: { $0.name == output.display?.device })?.kind != .samsungMDC
    {
      complain(
        section.raw("speaker"), "speaker 需要播放机(player),或能静音的屏(samsungMDC)",
        "speaker needs a player, or a display that can be muted (samsungMDC)")
    }
    if let item = section.raw("player") {
      let name = section.text("player")
      if !devices.contains(where: { $0.name == name && $0.kind == .player }), !unclearDevices.contains(name) {
        let known = Self.names(devices.filter { $0.kind == .player })
        complain(
          item, "devices 里没有播放机 \"\(name)\",有: \(known)", "there is no player \"\(name)\" under devices; there are: \(known)")
      }
      output.player = name
      output.frame = frame(section)
    }
    if output.sharesPictures, output.display == nil {
      complain(section.raw("spans"), "spans 需要 display:由屏幕自己拼接", "spans needs a display: the display itself cuts the picture")
    }
    if let extra = section.raw("input"), output.display == nil { complain(extra, "input 需要 display", "input needs a display") }
    if (output.matrix == nil) == (output.player == nil) {
      complain(
        node, "输出 \(output.number) 要写 matrix(矩阵)或 player(播放机)其中一个", "output \(output.number) needs one of matrix and player")
    }
    if output.column > plan.columns || output.row > plan.rows {
      complain(section.raw("at"), "输出 \(output.number) 在大屏之外", "output \(output.number) stands beyond the wall")
    }
    refuseOverlap(output, section.raw("screen"), plan)
    for other in plan.outputs {
      if other.number == output.number { complain(node, "输出 \(output.number) 写了两次", "output \(output.number) is given twice") }
      if other.column == output.column, other.row == output.row {
        complain(section.raw("at"), "输出 \(other.number) 已经在这个位置", "output \(other.number) stands there already")
      }
      for port in [output.matrix, output.display].compactMap({ $0 }) where port == other.matrix || port == other.display {
        complain(node, "\(port) 已经给了输出 \(other.number)", "\(port) is output \(other.number)'s already")
      }
    }
    if problems.count > before || isUnclear(output.matrix) || isUnclear(output.display)
      || unclearDevices.contains(output.player ?? "")
    {
      unclearOutputs.insert(output.number)
    }
    plan.outputs.append(output)
  }

  private func port(
    _ section: SiteSection, _ key: String, _ devices: [WallDevicePlan], _ suits: (WallDevicePlan.Kind) -> Bool
  ) -> WallPort? {
    guard let node = section.raw(key) else { return nil }
    let text = section.text(key)
    guard let port = WallPort(text), port.number > 0 || key == "display" else {
      complain(node, "\(key) 应写成 设备/编号,如 hub/4", "\(key) must be device/number, such as hub/4")
      return nil
    }
    guard let device = devices.first(where: { $0.name == port.device }) else {
      if isUnclear(port) { return port }
      let known = Self.names(devices.filter { suits($0.kind) })
      complain(
        node, "devices 里没有 \"\(port.device)\",可写: \(known)",
        "there is no \"\(port.device)\" under devices; accepted are: \(known)")
      // The output itself is meant as it stands.
      return port
    }
    guard suits(device.kind) else {
      complain(node, "\(device.kind.rawValue) 不能当作 \(key)", "a \(device.kind.rawValue) is no \(key)")
      return port
    }
    if let numbers = device.kind.displayNumbers, !numbers.contains(port.number) {
      let range = numbers.count == 1 ? "\(numbers.lowerBound)" : "\(numbers.lowerBound) – \(numbers.upperBound)"
      complain(
        node, "\(port):\(device.kind.rawValue) 的编号是 \(range)", "\(port): a \(device.kind.rawValue) has the numbers \(range)")
    }
    refuseBeyond(port, .outputs, device, node)
    return port
  }

  /// A matrix of which the site file, or its kind, says that it has fewer.
  func refuseBeyond(_ port: WallPort, _ side: WallDevicePlan.Side, _ device: WallDevicePlan, _ node: Node) {
    guard device.kind.isMatrix, let highest = device.highest(side), port.number > highest.number else { return }
    let chinese = side == .inputs ? "输入" : "输出"
    complain(
      node, "没有\(chinese) \(port):\(highest.source.chinese),可写 \(device.name)/1 – \(device.name)/\(highest.number)",
      "there is no \(port) among its \(side.rawValue): \(highest.source.english); accepted are \(device.name)/1 – \(device.name)/\(highest.number)"
    )
  }

  /// The display's own input at which its picture arrives, by a name that its kind knows.
  private func displayInput(_ section: SiteSection, _ device: WallDevicePlan?) -> String? {
    guard let node = section.raw("input") else { return nil }
    let input = section.text("input", limit: 20)
    if let kind = device?.kind, kind.isDisplay, !input.isEmpty, !kind.knows(input: input) {
      complain(
        node, "\(kind.rawValue) 没有输入 \"\(input)\",可写: \(kind.inputNames)",
        "a \(kind.rawValue) has no input \"\(input)\"; accepted are \(kind.inputNames)")
    }
    return input
  }

  private func frame(_ section: SiteSection) -> WallFrame? {
    guard let node = section.raw("screen") else {
      section.missing("screen")
      return nil
    }
    let values = node.sequence.map { $0.compactMap { SiteSection.decimal($0) } } ?? []
    guard values.count == 4, node.sequence?.count == 4, values.allSatisfy({ (0...32_768).contains($0) }), values[2] >= 16,
      values[3] >= 16
    else {
      complain(
        node, "screen 应写成 [左, 上, 宽, 高](像素),如 [960, 0, 960, 540]",
        "screen must be [left, top, width, height] in pixels, such as [960, 0, 960, 540]")
      return nil
    }
    return WallFrame(x: values[0], y: values[1], width: values[2], height: values[3])
  }
}
