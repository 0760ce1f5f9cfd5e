import DeviceVocabulary
import Station
import Yams

/// `layouts` and `scenes` of a wall: how its pictures are arranged, and what one touch puts up.
extension SiteReader {
  func layout(_ node: Node, _ plan: inout WallPlan) {
    let section = section(node, "layout", keys: ["id", "name", "regions"])
    var layout = WallLayout(id: section.identifier("id"), name: section.text("name", limit: WallPlan.nameLimit), regions: [])
    for item in section.list("regions", required: true) {
      let region = self.section(item, "region", keys: ["name", "at", "size", "sources"])
      let (at, size) = (pair(region, "at"), pair(region, "size", default: (1, 1)))
      let named = WallLayout.Region(
        name: region.text("name", limit: WallPlan.nameLimit),
        cells: WallCells(column: at.0, row: at.1, width: size.0, height: size.1), sources: region.texts("sources").map(\.text))
      // Told at the region that completes the mistake.
      let before = plan.problems(of: layout)
      layout.regions.append(named)
      for problem in plan.problems(of: layout) where !before.contains(problem) && problem != .noRegions && !follows(problem) {
        complain(item, problem.chinese, problem.english)
      }
    }
    refuseRepeat(node, "布局", "layout", layout.id, plan.layouts.map(\.id))
    plan.layouts.append(layout)
  }

  func scene(_ node: Node, _ relays: Relays, _ plan: inout WallPlan) {
    let section = section(
      node, "scene", keys: ["id", "name", "layout", "regions", "sound", "lights", "dark", "meeting", "schedule"])
    var scene = WallPlan.Scene(
      id: section.identifier("id"), name: section.text("name", limit: WallPlan.nameLimit), layout: section.text("layout"))
    let layout = plan.layouts.first { $0.id == scene.layout }
    if !scene.layout.isEmpty, layout == nil {
      complain(section.raw("layout"), "没有布局 \"\(scene.layout)\"", "there is no layout \"\(scene.layout)\" under layouts")
    }
    for item in section.list("regions") {
      let region = self.section(item, "region", keys: ["region", "sources"])
      let name = region.text("region")
      let sources = region.texts("sources").map(\.text)
      guard let known = layout?.regions.first(where: { $0.name == name }) else {
        if layout != nil { complain(item, "布局里没有区域 \"\(name)\"", "the layout has no region \"\(name)\"") }
        continue
      }
      let assigned = WallLayout(id: "", name: "", regions: [.init(name: name, cells: known.cells, sources: sources)])
      for problem in plan.problems(of: assigned) where !follows(problem) { complain(item, problem.chinese, problem.english) }
      scene.regions.append(.init(region: name, sources: sources))
    }
    scene.sound = section.raw("sound").map { reference(section, "sound", $0, plan) }
    if let sound = scene.sound.flatMap({ plan.source($0) }), !unclearSources.contains(sound.id), unclearOutputs.isEmpty,
      !plan.outputs.contains(where: { $0.hasSpeaker && plan.reaches(sound, $0) })
    {
      complain(
        section.raw("sound"), "能显示 \"\(sound.id)\" 的输出都没有喇叭(speaker: true),听不到",
        "no output that \"\(sound.id)\" reaches has a loudspeaker (speaker: true): it would not be heard")
    }
    for item in section.list("lights") { light(item, relays, &scene) }
    scene.isDark = section.flag("dark", default: false)
    scene.isMeeting = section.flag("meeting", default: false)
    scene.schedule = section.list("schedule").map { span($0, "schedule") }
    if scene.isMeeting, !scene.schedule.isEmpty {
      complain(section.raw("schedule"), "会议预案不能排时间,由人打开", "a meeting has no schedule: somebody begins it")
    }
    refuseRepeat(node, "预案", "scene", scene.id, plan.scenes.map(\.id))
    plan.scenes.append(scene)
  }

  private func light(_ node: Node, _ relays: Relays, _ scene: inout WallPlan.Scene) {
    let section = section(node, "light", keys: ["output", "on"])
    let text = section.text("output")
    guard let button = ButtonID(text) else {
      complain(section.raw("output"), "output 应写成 总线/地址/输出,如 A/20/3", "output must be bus/address/output, such as A/20/3")
      return
    }
    guard let count = relays.counts[button.device], count > 0 else {
      let known = relays.counts.filter { $0.value > 0 }.keys.sorted().map { "\($0)" }.joined(separator: ", ")
      complain(
        section.raw("output"), "没有带输出的模块 \(button.device),可写: \(known.isEmpty ? "(无)" : known)",
        "there is no module \(button.device) with outputs; accepted are \(known.isEmpty ? "none" : known)")
      return
    }
    guard (1...count).contains(Int(button.button)) else {
      complain(
        section.raw("output"), "模块 \(button.device) 只有输出 1 – \(count)", "module \(button.device) has the outputs 1 to \(count)")
      return
    }
    if relays.roles.contains(where: { $0.device == button.device && $0.output == button.button }) {
      complain(
        section.raw("output"), "这个输出已经有角色(声响、灯),预案不能动它", "this output has a role (sounder, light) that no scene may touch")
    }
    if scene.lights.contains(where: { $0.device == button.device && $0.output == button.button }) {
      complain(section.raw("output"), "\(text) 在这个预案里写了两次", "\(text) is given twice in this scene")
    }
    scene.lights.append(.init(device: button.device, output: button.button, isOn: section.flag("on", default: true)))
  }
}

/// The outputs of modules: how many each has, and which have a role of their own.
struct Relays {
  var counts: [DeviceID: Int]
  var roles: [SitePlan.Output]

  init(_ buses: [BusPlan], roles: [SitePlan.Output]) {
    let modules = buses.flatMap { bus in bus.modules.map { (DeviceID(bus: bus.name, node: $0.node), $0.outputCount) } }
    counts = Dictionary(modules, uniquingKeysWith: max)
    self.roles = roles
  }
}
