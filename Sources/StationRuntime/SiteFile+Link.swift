import DeviceVocabulary
import Station
import Yams

/// The station above, and the ways to it.
public struct ParentPlan: Sendable, Equatable {
  /// Best first; at most four.
  public var paths: [Path]
  /// What a backlog may use of the line.
  public var backlogKilobytesPerSecond: Int
  /// Readings go up at most once in so many seconds; 0: never.
  public var readingsSeconds = 10

  public struct Path: Sendable, Equatable {
    public var name: String
    public var host: String
    public var port: Int
  }
}

/// Where stations below are listened for.
public struct ChildrenPlan: Sendable, Equatable {
  public var address: String
  public var port: Int
  /// Where they join with a one-time code (`linli enroll`).
  public var enrolmentPort: Int
}

extension SiteReader {
  static let linkPort = 8463
  static let enrolmentPort = 8464

  func parent(_ node: Node, minute: (SiteSection) -> Int) -> (plan: ParentPlan, proofMinute: Int?) {
    let section = section(node, "parent", keys: ["paths", "backlogKBps", "readingsSeconds", "proof"])
    var paths: [ParentPlan.Path] = []
    for item in section.list("paths", required: true) {
      let way = self.section(item, "path", keys: ["name", "host", "port"])
      let path = ParentPlan.Path(
        name: way.identifier("name"), host: way.text("host", limit: 200),
        port: way.number("port", in: 1...65535, default: Self.linkPort))
      if paths.contains(where: { $0.name == path.name }) {
        complain(item, "线路名 \"\(path.name)\" 写了两次", "path name \"\(path.name)\" is given twice")
      }
      if paths.contains(where: { $0.host == path.host && $0.port == path.port }) {
        complain(
          item, "两条线路是同一个地址;另一条线路要经过别的网络", "two paths have one address; another path needs another network")
      }
      paths.append(path)
    }
    if paths.count > 4 { complain(section.raw("paths"), "最多 4 条线路", "at most 4 paths") }
    let plan = ParentPlan(
      paths: paths, backlogKilobytesPerSecond: section.number("backlogKBps", in: 1...100_000, default: 250),
      readingsSeconds: section.number("readingsSeconds", in: 0...3600, default: 10))
    return (plan, section.raw("proof").map { _ in minute(section) })
  }

  func children(_ node: Node) -> (listen: ChildrenPlan, stations: [SitePlan.Child], handDown: HandOverLimits?) {
    let section = section(node, "children", keys: ["address", "port", "enrolmentPort", "stations", "handDown"])
    var stations: [SitePlan.Child] = []
    for item in section.list("stations", required: true) {
      let child = self.section(item, "station", keys: ["station", "name"])
      let station = child.text("station", limit: 40)
      if stations.contains(where: { $0.station == station }) {
        complain(item, "站点 \"\(station)\" 写了两次", "station \"\(station)\" is given twice")
      }
      stations.append(SitePlan.Child(station: station, name: child.text("name", default: station)))
    }
    let listen = ChildrenPlan(
      address: section.text("address", default: "0.0.0.0", limit: 60),
      port: section.number("port", in: 0...65535, default: Self.linkPort),
      enrolmentPort: section.number("enrolmentPort", in: 0...65535, default: Self.enrolmentPort))
    return (listen, stations, section.raw("handDown").map { handDown($0) })
  }

  /// `handDown: {onSceneWithin: 600, resolveWithin: 7200}`: seconds from the acceptance.
  private func handDown(_ node: Node) -> HandOverLimits {
    let section = section(node, "handDown", keys: ["onSceneWithin", "resolveWithin"])
    let limits = HandOverLimits(
      onSceneSeconds: UInt32(clamping: section.number("onSceneWithin", in: 30...86_400)),
      resolveSeconds: UInt32(clamping: section.number("resolveWithin", in: 60...604_800)))
    if let node = section.raw("resolveWithin"), limits.resolveSeconds < limits.onSceneSeconds {
      complain(
        node, "处置时限 resolveWithin 不能短于到场时限 onSceneWithin(都从接收算起)",
        "resolveWithin must not be shorter than onSceneWithin (both run from the acceptance)")
    }
    return limits
  }

  /// `map: [30, 40]`: percent from the left and from the top.
  func map(_ section: SiteSection) -> SitePlan.MapPoint? {
    guard let node = section.raw("map") else { return nil }
    let numbers = section.list("map").compactMap(SiteSection.decimal)
    guard numbers.count == 2, numbers.allSatisfy({ (0...100).contains($0) }) else {
      complain(node, "地图位置应为两个 0 至 100 的整数,例如 [30, 40]", "a place on the map is two whole numbers from 0 to 100, e.g. [30, 40]")
      return nil
    }
    return SitePlan.MapPoint(x: numbers[0], y: numbers[1])
  }
}
