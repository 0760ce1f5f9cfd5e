import DeviceVocabulary
import Station
import Yams

/// Two things of a wall that cannot both be.
extension SiteReader {
  /// Two of the station's own doors cannot have one port.
  func refuseDoor(of wall: Node, _ port: Int, desk: Int, _ children: ChildrenPlan?) {
    let doors =
      [("desk 的 port", "the port of desk", desk)]
      + (children.map {
        [
          ("children 的 port", "the port of children", $0.port),
          ("children 的 enrolmentPort", "the enrolmentPort of children", $0.enrolmentPort),
        ]
      } ?? [])
    guard port != 0, let other = doors.first(where: { $0.2 == port }) else { return }
    complain(
      wall.mapping?["port"] ?? wall, "wall 的 port 是 \(port),\(other.0) 也是;请各用一个端口,1 至 65535",
      "port of wall is \(port), and so is \(other.1); each needs its own, 1 to 65535")
  }

  /// The picture below would be hidden, and told as shown.
  func refuseOverlap(_ output: WallPlan.Output, _ node: Node?, _ plan: WallPlan) {
    guard let frame = output.frame else { return }
    for other in plan.outputs where other.player == output.player {
      guard let taken = other.frame, frame.x < taken.x + taken.width, taken.x < frame.x + frame.width,
        frame.y < taken.y + taken.height, taken.y < frame.y + frame.height
      else { continue }
      let place = "[\(taken.x), \(taken.y), \(taken.width), \(taken.height)]"
      complain(
        node, "输出 \(output.number) 的 screen 和输出 \(other.number) 的 \(place) 重叠,一个画面会挡住另一个",
        "the screen of output \(output.number) overlaps that of output \(other.number), \(place): one picture would hide the other"
      )
    }
  }

  /// Where two scenes have one time, the first of the file counts.
  func warnOfClashes(_ section: SiteSection, _ plan: WallPlan) {
    let nodes = section.list("scenes")
    for (at, scene) in plan.scenes.enumerated() {
      guard nodes.indices.contains(at),
        let other = plan.scenes[..<at].first(where: { before in
          before.schedule.contains { one in scene.schedule.contains { one.overlaps($0) } }
        })
      else { continue }
      warn(
        nodes[at].mapping?["schedule"] ?? nodes[at],
        "预案 \"\(scene.id)\" 和 \"\(other.id)\" 的时间重叠,重叠时显示写在前面的 \"\(other.id)\"",
        "the schedules of \"\(scene.id)\" and \"\(other.id)\" overlap; there the one that is given first counts: \"\(other.id)\"")
    }
  }

  /// Whether a layout's mistake is only what comes of another that is told already.
  func follows(_ problem: WallLayoutProblem) -> Bool {
    switch problem {
    case .unreachable(_, let source, let output): unclearSources.contains(source) || unclearOutputs.contains(output)
    case .notShared(_, let output): unclearOutputs.contains(output)
    case .severalPlayers: !unclearOutputs.isEmpty
    default: false
    }
  }

  func isUnclear(_ port: WallPort?) -> Bool { port.map { unclearDevices.contains($0.device) } ?? false }

  static func names(_ devices: [WallDevicePlan]) -> String {
    devices.isEmpty ? "(无 / none)" : devices.map(\.name).joined(separator: ", ")
  }
}

extension WallPlan.Scene.Span {
  /// In minutes of a week from Monday 0:00; what runs over midnight belongs to the day on which it begins.
  private var weekMinutes: [Range<Int>] {
    let length = toMinute > fromMinute ? toMinute - fromMinute : toMinute - fromMinute + 1_440
    return (weekdays.isEmpty ? Array(1...7) : weekdays).map { day in
      // The whole day begins at midnight, whatever minute is given twice.
      let start = (day - 1) * 1_440 + (fromMinute == toMinute ? 0 : fromMinute)
      return start..<start + length
    }
  }

  func overlaps(_ other: Self) -> Bool {
    let week = 7 * 1_440
    return weekMinutes.contains { one in
      other.weekMinutes.contains { two in
        [-week, 0, week].contains { shift in one.overlaps(two.lowerBound + shift..<two.upperBound + shift) }
      }
    }
  }
}
