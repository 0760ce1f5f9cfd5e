import DeviceKit
import ModbusRTUCodec
import ModbusRTUDriver
import Station

/// What was heard on an idle bus, and what it means. Nothing is claimed that was not heard: where several causes sound the same, all are
/// named with what tells them apart.
extension BusLook {
  public var findings: [Finding] {
    if listening.requests > 0 { return [anotherMaster] }
    if isJammed { return [.jammed([heardWhileListening])] }
    let atEcho = echo == .unexpected ? [echoUnexpected] : echo == .missing ? [echoMissing] : []
    let heard = nodes.filter(\.isHeard)
    if !nodes.isEmpty && heard.isEmpty { return atEcho + nobodyAtThisSetting }
    if nodes.isEmpty { return atEcho + (strangers.isEmpty ? [silentBus] : strangers.flatMap { findings(of: $0) }) }
    if heard.allSatisfy({ $0.answers == 0 && $0.foreign.isEmpty }) && heard.count > 1 { return atEcho + [garbledBus(heard)] }
    return atEcho + heard.flatMap { findings(of: $0) } + findingsOfTheSilent
  }

  // MARK: - One node

  private func findings(of look: NodeLook) -> [Finding] {
    let (address, name) = (look.node.address, look.node.name)
    if look.units.count > 1 {
      let units = look.units.map { "\($0)" }.joined(separator: ", ")
      return [
        .duplicate(
          address, name, isProven: true,
          details: [BilingualText("先后听到不同的机身号:\(units)", "Different unit ids answered one after another: \(units)")])
      ]
    }
    if look.doubled > 0 {
      let text = BilingualText(
        "\(look.asked) 次询问中 \(look.doubled) 次得到两个应答", "\(look.doubled) of \(look.asked) questions got two answers")
      return [.duplicate(address, name, isProven: false, details: [text])]
    }
    var found = look.identity.map { Finding.firmware(address, name, $0) } ?? []
    if !look.foreign.isEmpty { found.append(.answersForAnother(address, name, look.foreign)) }
    if look.garbled * 2 > look.asked && nodes.contains(where: { $0.answers > 0 && $0.garbled == 0 }) {
      found.append(.duplicate(address, name, isProven: false, details: [counts(look)] + missingBeside(address)))
    } else if look.garbled > 0 || look.answers > 0 && look.silent > 0 {
      found.append(.unreliable(address, name, answers: look.answers, asked: look.asked, details: [counts(look)]))
    }
    if let slowest = look.slowest, slowest > look.node.longestReply {
      found.append(
        .late(
          address, name, isPanel: look.node.isPanel, milliseconds: Int(slowest.microseconds / 1000),
          limit: Int(look.node.longestReply.microseconds / 1000)))
    }
    return found
  }

  private func counts(_ look: NodeLook) -> BilingualText {
    BilingualText(
      "问 \(look.asked) 次:答 \(look.answers),乱码 \(look.garbled),无声 \(look.silent)",
      "asked \(look.asked) times: \(look.answers) answers, \(look.garbled) broken, \(look.silent) silent")
  }

  /// A node that is missing may be the second one at this address.
  private func missingBeside(_ address: UInt8) -> [BilingualText] {
    let missing = nodes.filter { !$0.isHeard && $0.elsewhere == nil }.map(\.node.address)
    guard !missing.isEmpty else { return [] }
    let list = Finding.list(missing)
    return [
      BilingualText(
        "\(list) 号没有应答:也许其中一台被设成了 \(address)", "\(list) does not answer: it may be the one that was set to \(address)")
    ]
  }

  private func findings(of stranger: Stranger) -> [Finding] {
    guard let turnaround = stranger.turnaround else {
      return [.duplicate(stranger.address, "?", isProven: false, othersAreFine: false, details: [])]
    }
    let limit = ModbusMasterSettings(bus: place.bus, timing: ModbusTiming(baud: UInt32(clamping: place.line.baud))).replyCeiling
    guard turnaround > limit else { return [] }
    return [
      .late(
        stranger.address, "?", isPanel: stranger.unit != nil, milliseconds: Int(turnaround.microseconds / 1000),
        limit: Int(limit.microseconds / 1000))
    ]
  }

  // MARK: - Nodes that are not heard

  private var silentNodes: [NodeLook] { nodes.filter { !$0.isHeard } }

  private var findingsOfTheSilent: [Finding] {
    let elsewhere = silentNodes.compactMap { look in look.elsewhere.map { nodeLine(look, $0) } }
    let missing = silentNodes.filter { $0.elsewhere == nil }
    let moved = strangers.isEmpty ? [] : missing.isEmpty ? [] : strangers.map { wrongAddress($0, missing) }
    // As many strangers as missing nodes: they explain each other.
    let unexplained = strangers.count >= missing.count ? [] : missing
    return elsewhere + moved + silent(unexplained)
  }

  private func nodeLine(_ look: NodeLook, _ line: LineSetting) -> Finding {
    let who = Finding.name(look.node.address, look.node.name)
    return Finding(
      .nodeLine, look.node.address,
      BilingualText(
        "\(who.chinese) 的波特率不对:它用 \(line),总线是 \(place.line)",
        "\(who.english) has another line setting: it uses \(line), the bus \(place.line)"),
      steps: [BilingualText("把这台设备设为 \(place.line)", "Set this device to \(place.line)")])
  }

  private func wrongAddress(_ stranger: Stranger, _ missing: [NodeLook]) -> Finding {
    let sound =
      stranger.turnaround == nil ? [BilingualText("它的应答是乱码,可能不止一台", "Its answers are broken: there may be more than one")] : []
    let unit = stranger.unit.map { BilingualText("(机身号 \($0))", " (unit id \($0))") } ?? BilingualText("", "")
    let list = Finding.list(missing.map(\.node.address))
    return Finding(
      .wrongAddress, stranger.address,
      BilingualText(
        "地址不对:\(stranger.address) 号有设备\(unit.chinese),站点文件里没有;而 \(list) 号没有应答",
        "Wrong address: a device\(unit.english) answers at \(stranger.address), which the site file does not name, and \(list) does not answer"
      ),
      details: sound,
      steps: [
        missing.count == 1
          ? BilingualText(
            "多半就是 \(list) 号:核对机身号后把它的地址改成 \(list),或改站点文件",
            "It is probably \(list): compare the unit id, then set its address to \(list), or change the site file")
          : BilingualText(
            "核对机身号,看它应是 \(list) 中哪一台,再改它的地址或站点文件",
            "Compare the unit id to see which of \(list) it is, then change its address or the site file")
      ])
  }

  /// One finding, however many they are.
  private func silent(_ missing: [NodeLook]) -> [Finding] {
    guard !missing.isEmpty else { return [] }
    var steps = [
      BilingualText(
        "检查这台设备的供电和 A、B 线;拿到主机旁直接接上再试",
        "Check this device's supply and its A and B wires; connect it right beside the host and try again")
    ]
    if !searchedAddresses {
      steps.append(BilingualText("不加 --quick 再运行,找遍所有地址和波特率", "Run without --quick to look at every address and baud rate"))
    }
    return [
      .silentNodes(
        missing.map { ($0.node.address, $0.node.name) }, othersAnswer: nodes.contains { $0.answers > 0 },
        details: [searched] + behindACut, steps: steps)
    ]
  }

  /// All that are silent come after all that are heard, in the order of the site file: that may be the order of the cable.
  private var behindACut: [BilingualText] {
    guard let first = nodes.firstIndex(where: { !$0.isHeard }), first > 0, nodes[first...].allSatisfy({ !$0.isHeard }),
      nodes.count - first > 1
    else { return [] }
    let (last, next) = (nodes[first - 1].node.address, nodes[first].node.address)
    return [
      BilingualText(
        "\(last) 号以前都应答,\(next) 号起都不应答:若接线也是这个顺序,先查这两台之间的线",
        "Up to \(last) all answer, from \(next) on none: if the cable runs in this order, look between these two first")
    ]
  }

  private var searched: BilingualText {
    let settings = settingsTried.isEmpty ? "" : settingsTried.map(\.description).joined(separator: ", ")
    let chinese = settings.isEmpty ? "没有找过别的波特率" : "也找过 \(settings),都没有"
    let english = settings.isEmpty ? "no other baud rate was tried" : "not heard at \(settings) either"
    return BilingualText(
      chinese + (searchedAddresses ? ";地址 1 至 247 都用总线的设置问过" : ";没有找过别的地址"),
      english
        + (searchedAddresses
          ? "; every address from 1 to 247 was asked at the bus's setting" : "; other addresses were not asked"))
  }

  // MARK: - The whole bus

  private var nobodyAtThisSetting: [Finding] {
    let found = nodes.compactMap(\.elsewhere)
    guard let line = found.first else {
      guard !strangers.isEmpty else { return [silentBus] }
      return strangers.map { wrongAddress($0, nodes) }
    }
    guard found.allSatisfy({ $0 == line }) else { return findingsOfTheSilent }
    let answering = nodes.count { $0.elsewhere == line }
    let bus = Finding(
      .hostLine, nil,
      BilingualText(
        "总线的波特率不对:设备用 \(line),站点文件写的是 \(place.line)",
        "The bus's line setting is wrong: the devices use \(line), the site file says \(place.line)"),
      details: [
        BilingualText(
          "用 \(line) 有 \(answering) 个设备应答,用 \(place.line) 一个也没有", "\(answering) devices answer at \(line), none at \(place.line)")
      ],
      steps: [
        BilingualText(
          "在站点文件的这条总线下写 baud: \(line.baud) 和 format: \(line.format)",
          "Write baud: \(line.baud) and format: \(line.format) for this bus in the site file")
      ])
    return [bus] + silent(nodes.filter { $0.elsewhere == nil })
  }

  private var silentBus: Finding {
    .silentBus(place, nodes: nodes.count, details: [heardWhileListening, searched])
  }

  private func garbledBus(_ heard: [NodeLook]) -> Finding {
    Finding(
      .garbledBus, nil, BilingualText("所有应答都是乱码", "Every answer is broken"), details: heard.map { counts($0) },
      steps: [
        BilingualText(
          "检查终端电阻(只在两端)、偏置电阻和干扰源;转换器换一个试试",
          "Check terminators (at both ends only), bias resistors and sources of noise; try another adapter")
      ])
  }

  private var anotherMaster: Finding {
    Finding(
      .anotherMaster, nil, BilingualText("另有主机在这条总线上询问,没有再发送任何东西", "Another master asks on this bus; nothing was sent"),
      details: [
        BilingualText(
          "\(listening.milliseconds) ms 内听到 \(listening.requests) 个完整的询问",
          "\(listening.requests) whole requests in \(listening.milliseconds) ms")
      ], steps: [BilingualText("一条总线只能有一个主机:断开另一个", "A bus has one master only: disconnect the other")])
  }

  private var heardWhileListening: BilingualText {
    BilingualText(
      "先听 \(listening.milliseconds) ms:\(listening.bytes) 字节",
      "Listened for \(listening.milliseconds) ms first: \(listening.bytes) bytes")
  }

  private var echoUnexpected: Finding {
    Finding(
      .echoUnexpected, nil, BilingualText("转换器把发出的又送回来了", "The adapter sends back what it sends"),
      steps: [BilingualText("在站点文件的这条总线下写 echo: true", "Write echo: true for this bus in the site file")])
  }

  private var echoMissing: Finding {
    Finding(
      .echoMissing, nil,
      BilingualText("站点文件写着转换器有回声,却没有听到", "The site file says that the adapter echoes, and no echo came"),
      steps: [
        BilingualText(
          "没有回声的转换器:写 echo: false;本来有的:A、B 短路或转换器坏了",
          "An adapter without echo: write echo: false; one that had it: A and B are shorted, or it is broken")
      ])
  }
}
