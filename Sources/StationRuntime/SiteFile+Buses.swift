import DeviceVocabulary
import Station
import Yams

/// `buses`: each pair of wires with its panels and modules, and the places that their buttons call from.
extension SiteFile {
  mutating func readBus(_ node: Node) -> BusPlan {
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

  func refuseRepeats(_ nodes: [Node], _ values: [String], _ chinese: String, _ english: String) {
    for (index, value) in values.enumerated() where !value.isEmpty && values[..<index].contains(value) {
      complainRepeat(nodes[index], chinese, english, value)
    }
  }

  /// A link and what it points to, or a path and the adapter's number, are one port.
  func refuseOnePort(_ nodes: [Node], _ buses: [BusPlan], _ portName: (String) -> String) {
    let names = buses.map { $0.port.isEmpty ? "" : portName($0.port) }
    for (index, name) in names.enumerated() where !name.isEmpty {
      guard let other = names[..<index].firstIndex(of: name), buses[other].port != buses[index].port else { continue }
      reader.complain(
        nodes[index].mapping?["port"], "总线 \(buses[other].name) 和 \(buses[index].name) 是同一个串口 \(name),每条总线要有自己的串口",
        "buses \(buses[other].name) and \(buses[index].name) are on one port, \(name); each needs its own")
    }
  }
}
