import DeviceVocabulary
import Foundation
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
        name: way.identifier("name"), host: host(way),
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

  /// A name or an address and nothing else: what people paste from a browser or from `linli enroll` would be looked up as a name.
  func host(_ section: SiteSection) -> String {
    let text = section.text("host", limit: 200)
    guard !text.isEmpty, !Self.isAddress(text) else { return text }
    let accepted = ("只写主机名或 IP 地址,例如 10.1.2.3", "only a host name or an IP address, for instance 10.1.2.3")
    let (chinese, english): (String, String)
    if text.contains("://") {
      (chinese, english) = ("不要写 https:// 这样的开头", "leave out what stands before the name, as https://")
    } else if text.hasPrefix("[") {
      (chinese, english) = ("IPv6 地址不加方括号,端口写在 port:", "an IPv6 address has no brackets here, and the port belongs under port:")
    } else if text.contains(":") {
      (chinese, english) = ("端口不写在这里,写在 port:", "the port belongs under port:")
    } else if !Self.isHostName(text) {
      (chinese, english) = ("这不是主机名,也不是 IP 地址", "this is neither a host name nor an IP address")
    } else {
      return text
    }
    complain(
      section.raw("host"), "host \"\(text)\": \(chinese);\(accepted.0)", "host \"\(text)\": \(english); accepted: \(accepted.1)")
    return text
  }

  static func isAddress(_ text: String) -> Bool {
    var room = in6_addr()
    return inet_pton(AF_INET, text, &room) == 1 || inet_pton(AF_INET6, text, &room) == 1
  }

  /// Labels of letters, digits, `-` and `_`; one that is all digits and points is a mistyped address.
  private static func isHostName(_ text: String) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    let areGood = labels.allSatisfy { label in
      (1...63).contains(label.utf8.count)
        && label.utf8.allSatisfy { byte in
          (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
        }
    }
    return areGood && labels.last?.utf8.allSatisfy { (48...57).contains($0) } == false
  }

  func children(_ node: Node, own: String, deskPort: Int) -> (
    listen: ChildrenPlan, stations: [SitePlan.Child], handDown: HandOverLimits?
  ) {
    let section = section(node, "children", keys: ["address", "port", "enrolmentPort", "stations", "handDown"])
    var stations: [SitePlan.Child] = []
    for item in section.list("stations", required: true) {
      let child = self.section(item, "station", keys: ["station", "name"])
      let station = child.stationName("station")
      if station == own, !own.isEmpty {
        complain(
          child.raw("station"), "\"\(station)\" 是本站自己的名字,不能写在下级站点里",
          "\"\(station)\" is this station's own name; stations: takes those below it")
      }
      if stations.contains(where: { $0.station == station }) {
        complain(item, "站点 \"\(station)\" 写了两次", "station \"\(station)\" is given twice")
      }
      stations.append(SitePlan.Child(station: station, name: child.text("name", default: station)))
    }
    let listen = ChildrenPlan(
      address: section.text("address", default: "0.0.0.0", limit: 60),
      port: section.number("port", in: 0...65535, default: Self.linkPort),
      enrolmentPort: section.number("enrolmentPort", in: 0...65535, default: Self.enrolmentPort))
    if !Self.isAddress(listen.address) {
      complain(
        section.raw("address"), "children 的 address \"\(listen.address)\" 不是 IP 地址;应为本机的一个地址,或 0.0.0.0(全部)",
        "\"address\" of children, \"\(listen.address)\", is no IP address; accepted: one of this computer's, or 0.0.0.0 for all")
    }
    refuseOnePort(section, listen, deskPort)
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

  /// Two of this station's own doors cannot have one port.
  private func refuseOnePort(_ section: SiteSection, _ listen: ChildrenPlan, _ deskPort: Int) {
    var doors = [("desk 的 port", "port of desk", deskPort)]
    for (key, port) in [("port", listen.port), ("enrolmentPort", listen.enrolmentPort)] {
      if let other = doors.first(where: { $0.2 == port && port != 0 }) {
        complain(
          section.raw(key) ?? section.node, "children 的 \(key) 是 \(port),\(other.0) 也是;请各用一个端口,1 至 65535",
          "\(key) of children is \(port), and so is the \(other.1); each needs its own, 1 to 65535")
      }
      doors.append(("children 的 \(key)", "\(key) of children", port))
    }
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
