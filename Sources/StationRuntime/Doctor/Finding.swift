import DeviceKit
import DeviceVocabulary
import Station
import Transports

/// One thing that is wrong with a bus: the verdict in a line, what it rests on, and what to do next.
public struct Finding: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case portBusy, portMissing, portUnusable
    /// Somebody transmits without pause; another master asks.
    case jammed, anotherMaster
    /// No node at all is heard; every answer is broken.
    case silentBus, garbledBus
    /// The bus's own baud rate or format is wrong; that of one node.
    case hostLine, nodeLine
    case wrongAddress, duplicateAddress, answersForAnother
    case lateNode, silentNode, unreliableNode
    case echoUnexpected, echoMissing
    /// A panel's own word: its map, hardware, self-test or trial.
    case firmware
  }

  public var kind: Kind
  /// Address of the node it is about; `nil` for the whole bus.
  public var node: UInt8?
  public var verdict: BilingualText
  public var details: [BilingualText] = []
  public var steps: [BilingualText] = []

  init(_ kind: Kind, _ node: UInt8? = nil, _ verdict: BilingualText, details: [BilingualText] = [], steps: [BilingualText] = []) {
    self.kind = kind
    self.node = node
    self.verdict = verdict
    self.details = details
    self.steps = steps
  }
}

/// Findings that an idle and a running bus share.
extension Finding {
  static let silentBusSteps = [
    BilingualText("先看供电:面板和转换器的灯是否亮", "Power first: do the panels and the adapter show any light?"),
    BilingualText(
      "断电后量 A-B 电阻(两端各有 120 Ω 终端时):约 60 Ω 正常,约 120 Ω 某处断开,接近 0 短路,很大则本端断开",
      "With the power off, measure A to B (with 120 ohm at both ends): 60 is right, 120 is a cut somewhere, near 0 a short, very high a cut "
        + "at this end"),
    BilingualText(
      "电阻正常:在主机端对调 A、B 再试(各厂家标法不同,对调无害)",
      "If that is right, exchange A and B at the host and try again (makers label them differently; it does no harm)"),
  ]

  /// What a panel's own word about its firmware means; nothing when all is well there.
  static func firmware(_ address: UInt8, _ name: String, _ identity: DeviceIdentity) -> [Finding] {
    let remarks = PanelText.remarks(identity)
    guard !remarks.isEmpty else { return [] }
    return [
      Finding(
        .firmware, address,
        BilingualText("\(address) 号(\(name)) 的固件有问题", "The firmware of node \(address) (\(name)) is not as it should be"),
        details: remarks.map { BilingualText($0, $0) },
        steps: [
          BilingualText(
            "看值班台上它的故障卡;用 linli panel info 看全部,用 linli panel update 更新",
            "See its card on the duty desk; linli panel info shows all of it, linli panel update renews it")
        ])
    ]
  }

  /// The port could not be opened, so that nothing could be heard.
  public static func unopened(_ port: String, _ error: TransportError) -> Finding {
    let said = [BilingualText(error.description, "")]
    switch error {
    case .portBusy(let path, let holder):
      let who = holder.map { "\($0)" } ?? "?"
      return Finding(
        .portBusy, nil,
        BilingualText("串口 \(path) 被占用:进程 \(who)", "Port \(path) is busy: process \(who) holds it"),
        steps: [
          holder?.command == "linli"
            ? BilingualText(
              "那是运行中的站点或另一个 linli:用它的站点文件运行 linli doctor,或先停掉它",
              "That is a running station or another linli: run linli doctor with its site file, or stop it first")
            : BilingualText("停掉那个程序再试", "Stop that program and try again")
        ])
    case .portMissing, .nothingMatches, .ambiguous, .notASelector:
      return Finding(
        .portMissing, nil, BilingualText("找不到串口 \(port)", "There is no port \(port)"), details: said,
        steps: [BilingualText("插好转换器,用 linli ports 看它叫什么", "Plug the adapter in and see with linli ports what it is called")])
    default:
      return Finding(.portUnusable, nil, BilingualText("串口 \(port) 用不了", "Port \(port) cannot be used"), details: said)
    }
  }

  static func silentBus(_ place: BusPlace, nodes: Int, details: [BilingualText]) -> Finding {
    Finding(
      .silentBus, nil,
      BilingualText("总线无声:\(nodes) 个设备都不应答", "The bus is silent: none of \(nodes) devices answers"),
      details: details
        + [
          BilingualText(
            "断线、短路、A/B 接反、没有供电,从这里听起来都一样", "A cut, a short, A and B exchanged and no power all sound the same from here")
        ], steps: silentBusSteps)
  }

  static func jammed(_ details: [BilingualText]) -> Finding {
    Finding(
      .jammed, nil, BilingualText("总线被占满:有设备不停地发送", "The bus is jammed: something transmits without pause"), details: details,
      steps: [
        BilingualText(
          "从远端起逐个拔下设备,直到安静;最后拔下的那个坏了",
          "Unplug one device after another from the far end until it is quiet: the last one is broken")
      ])
  }

  static func duplicate(_ node: UInt8, _ name: String, isProven: Bool, othersAreFine: Bool = true, details: [BilingualText])
    -> Finding
  {
    let who = Self.name(node, name)
    return Finding(
      .duplicateAddress, node,
      isProven
        ? BilingualText("地址重复:\(who.chinese) 有两台设备", "Duplicate address: two devices answer as \(who.english)")
        : BilingualText(
          "\(who.chinese) 的应答总是乱码\(othersAreFine ? "而别的设备正常" : ""):很可能两台设备用了同一地址",
          "Answers of \(who.english) are always broken\(othersAreFine ? " while others are fine" : ""): most likely two devices share the "
            + "address"),
      details: details,
      steps: [
        BilingualText(
          "拔下其中一台再运行 linli doctor:若 \(node) 号正常应答,就证实了;把拔下的那台改成空闲地址",
          "Unplug one of the two and run linli doctor again: if \(node) then answers well, that proves it; give the unplugged one a free address"
        ),
        BilingualText(
          "拔哪台都还是乱码:检查这台设备的接线、支线长度和终端电阻",
          "If it stays broken whichever is unplugged, check this device's wires, its stub and the terminators"),
      ])
  }

  /// - Parameter milliseconds: 0 when it could not be measured.
  static func late(_ node: UInt8, _ name: String, isPanel: Bool, milliseconds: Int, limit: Int) -> Finding {
    let who = Self.name(node, name)
    let wanted = milliseconds == 0 ? 2000 : min(2000, (milliseconds + milliseconds / 4 + 59) / 50 * 50)
    let after = milliseconds == 0 ? ("多迟没有量到", "how late was not measured") : ("\(milliseconds) ms", "after \(milliseconds) ms")
    let setting =
      isPanel
      ? BilingualText(
        "呼叫面板应在几毫秒内应答:查中间的无线或以太网转换器、面板供电;直接接上再试,仍慢就更换面板",
        "A call panel answers within milliseconds: look for a radio or network converter in between and at its supply; connect it directly, "
          + "replace it if it is still slow")
      : BilingualText(
        "在站点文件里给这个模块写 longestReplyMs: \(wanted)(最大 2000);每次询问会占线这么久,最好让它单独一条总线",
        "Give this module longestReplyMs: \(wanted) in the site file (at most 2000); each question then holds the line so long, so a bus of "
          + "its own is better")
    return Finding(
      .lateNode, node,
      BilingualText(
        "\(who.chinese) 应答太迟:\(after.0),站点最多等 \(limit) ms",
        "\(who.english) answers too late: \(after.1), the station waits \(limit) ms at most"), steps: [setting])
  }

  static func unreliable(_ node: UInt8, _ name: String, answers: Int, asked: Int, details: [BilingualText]) -> Finding {
    let who = Self.name(node, name)
    return Finding(
      .unreliableNode, node,
      BilingualText(
        "\(who.chinese) 时断时续:问 \(asked) 次,答 \(answers) 次", "\(who.english) answers now and then: \(answers) of \(asked)"),
      details: details,
      steps: [
        BilingualText(
          "检查端子是否松动、终端电阻(只在两端)、屏蔽接地和供电电压",
          "Check for loose terminals, the terminators (at both ends only), the shield's earth and the supply voltage")
      ])
  }

  static func silentNodes(
    _ nodes: [(address: UInt8, name: String)], othersAnswer: Bool, details: [BilingualText], steps: [BilingualText]
  ) -> Finding {
    let names = nodes.map { Self.name($0.address, $0.name) }
    let chinese = names.map(\.chinese).joined(separator: "、") + " 不应答" + (othersAnswer ? ",别的设备有应答" : "")
    let english =
      names.map(\.english).joined(separator: ", ") + (othersAnswer ? ": no answer, while others answer" : ": no answer")
    return Finding(
      .silentNode, nodes.count == 1 ? nodes.first?.address : nil, BilingualText(chinese, english), details: details, steps: steps)
  }

  static func answersForAnother(_ node: UInt8, _ name: String, _ others: [UInt8]) -> Finding {
    let who = Self.name(node, name)
    let list = others.isEmpty ? "?" : Self.list(others)
    return Finding(
      .answersForAnother, node,
      BilingualText(
        "问 \(who.chinese) 时,应答写的是地址 \(list)", "When \(who.english) is asked, an answer signed \(list) comes"),
      steps: [BilingualText("把这台设备的地址设为 \(node);改不了就更换", "Set this device's address to \(node), or replace it")])
  }

  static func name(_ node: UInt8, _ name: String) -> BilingualText {
    BilingualText("\(node) 号(\(name))", "node \(node) (\(name))")
  }

  /// `1, 2, 5` of some nodes.
  static func list(_ nodes: [UInt8]) -> String { nodes.map { "\($0)" }.joined(separator: ", ") }
}
