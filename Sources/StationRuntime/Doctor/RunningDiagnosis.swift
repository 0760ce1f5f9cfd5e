import DeviceKit
import DeviceVocabulary
import ModbusRTUDriver
import Station

/// What a running station counted on one bus between two moments, and what it means.
public struct BusInterval: Sendable, Equatable {
  public var earlier: BusReport
  public var later: BusReport

  public init(from earlier: BusReport, to later: BusReport) {
    self.earlier = earlier
    self.later = later
  }

  public var findings: [Finding] {
    let said = [BilingualText(later.remark, later.remark)]
    switch later.condition {
    case .portBusy:
      return [
        Finding(
          .portBusy, nil, BilingualText("站点打不开串口:被别的程序占用", "The station cannot open the port: another program holds it"),
          details: said, steps: [BilingualText("停掉那个程序,站点会自己再打开", "Stop that program; the station then opens the port by itself")]
        )
      ]
    case .adapterAbsent:
      return [
        Finding(
          .portMissing, nil, BilingualText("转换器不在:\(later.port)", "The adapter is not there: \(later.port)"), details: said,
          steps: [BilingualText("插好转换器,用 linli ports 看它叫什么", "Plug the adapter in and see with linli ports what it is called")])
      ]
    case .jammed: return [.jammed([unsolicited])]
    case .silent where later.nodes.contains(where: { counted($0).late > 0 }):
      return later.nodes.flatMap { findings(of: $0) }
    case .silent:
      return [.silentBus(later.place, nodes: later.nodes.count, details: [unsolicited, askIdle])]
    case .garbled:
      return [
        Finding(
          .garbledBus, nil, BilingualText("所有应答都是乱码", "Every answer is broken"), details: [unsolicited],
          steps: [askIdle] + Finding.silentBusSteps)
      ]
    case .working, nil:
      return later.nodes.flatMap { node in
        findings(of: node) + (node.identity.map { Finding.firmware(node.address, node.name, $0) } ?? [])
      }
    }
  }

  /// What was counted in between about a node; a counter wraps.
  private func counted(_ node: BusReport.Node) -> Counted {
    let before = earlier.nodes.first { $0.address == node.address }?.counts
    func difference(_ field: KeyPath<ModbusNodeStatistics, UInt32>) -> Int {
      Int(node.counts[keyPath: field] &- (before?[keyPath: field] ?? 0))
    }
    return Counted(
      asked: difference(\.requests), answers: difference(\.answers), timeouts: difference(\.timeouts),
      broken: difference(\.crcErrors), foreign: difference(\.foreign), late: difference(\.late))
  }

  private struct Counted {
    var asked, answers, timeouts, broken, foreign, late: Int
  }

  private func findings(of node: BusReport.Node) -> [Finding] {
    let counted = counted(node)
    let numbers = BilingualText(
      "其间问 \(counted.asked),答 \(counted.answers),超时 \(counted.timeouts),其中乱码 \(counted.broken),迟答 \(counted.late),他人答 \(counted.foreign)",
      "meanwhile asked \(counted.asked), answered \(counted.answers), timed out \(counted.timeouts), of those broken \(counted.broken); "
        + "late \(counted.late), another's \(counted.foreign)")
    if counted.late > 0 && counted.late * 20 >= counted.asked {
      var late = Finding.late(
        node.address, node.name, isPanel: node.isPanel, milliseconds: Int(node.counts.lateMicroseconds) / 1000,
        limit: node.longestReplyMilliseconds)
      late.details = [numbers]
      return [late]
    }
    if counted.broken * 2 > counted.asked && later.nodes.contains(where: { isSound($0) }) {
      return [.duplicate(node.address, node.name, isProven: false, details: [numbers])]
    }
    if counted.foreign > 0 && counted.answers == 0 {
      var foreign = Finding.answersForAnother(node.address, node.name, [])
      foreign.details = [numbers]
      return [foreign]
    }
    if isSilent(node) {
      if let late = lateBeyondHearing(node, numbers) { return [late] }
      return [
        .silentNodes(
          [(node.address, node.name)], othersAnswer: later.nodes.contains { isSound($0) },
          details: [numbers] + collisions(beside: node),
          steps: [
            BilingualText("检查它的供电、A 和 B 线、地址和波特率", "Check its supply, its A and B wires, its address and its baud rate"), askIdle,
          ])
      ]
    }
    if counted.timeouts >= 3 && counted.timeouts * 20 > counted.asked {
      return [.unreliable(node.address, node.name, answers: counted.answers, asked: counted.asked, details: [numbers])]
    }
    return []
  }

  private func isSilent(_ node: BusReport.Node) -> Bool {
    let counted = counted(node)
    return node.isLost || counted.asked > 0 && counted.answers == 0
  }

  /// An answer that is later than the station waits for runs into what another says, and neither is heard: each time the node is asked, an
  /// answer of another is destroyed. Where that happens about as often as it is asked, and else hardly ever, it is late and not dead.
  private func lateBeyondHearing(_ node: BusReport.Node, _ numbers: BilingualText) -> Finding? {
    let silent = later.nodes.filter { isSilent($0) }
    let asked = silent.reduce(0) { $0 + counted($1).asked }
    let failed = failuresOfOthers(beside: node)
    guard failed > 0, failed * 2 >= asked, failed <= asked * 3 else { return nil }
    // Among several only the one that was once heard to be late.
    guard silent.count == 1 || node.counts.late > 0 else { return nil }
    var finding = Finding.late(
      node.address, node.name, isPanel: node.isPanel, milliseconds: Int(node.counts.lateMicroseconds) / 1000,
      limit: node.longestReplyMilliseconds)
    finding.details = [numbers] + collisions(beside: node)
    if node.counts.lateMicroseconds == 0 { finding.steps.append(askIdle) }
    return finding
  }

  private func failuresOfOthers(beside node: BusReport.Node) -> Int {
    later.nodes.filter { $0.address != node.address && counted($0).answers > 0 }.reduce(0) { $0 + counted($1).timeouts }
  }

  /// A late answer runs into what others say; then they suffer, too.
  private func collisions(beside node: BusReport.Node) -> [BilingualText] {
    let failed = failuresOfOthers(beside: node)
    guard failed > 0 else { return [] }
    return [
      BilingualText(
        "其间别的设备也有 \(failed) 次没有应答:也许是它的应答来得太迟,撞上了别人的",
        "Others failed \(failed) times meanwhile: its answers may come too late and run into theirs")
    ]
  }

  private func isSound(_ node: BusReport.Node) -> Bool {
    let counted = counted(node)
    return counted.answers > 0 && counted.broken * 20 <= counted.asked
  }

  private var unsolicited: BilingualText {
    let bytes = later.line.unsolicitedBytes &- earlier.line.unsolicitedBytes
    let seconds = (later.asOf - earlier.asOf).microseconds / 1_000_000
    return BilingualText(
      "\(seconds) s 内有 \(bytes) 字节无人问而来", "\(bytes) bytes that nobody asked for in \(seconds) s")
  }

  private var askIdle: BilingualText {
    BilingualText(
      "停站后再运行 linli doctor:它会找遍波特率和地址,并量出应答时间",
      "Stop the station and run linli doctor again: it then looks at every baud rate and address and measures the answer's delay")
  }
}
