import Station
import StationRuntime

/// What the site file says of the display wall, in words.
enum CheckWall {
  static func lines(_ site: Site) -> [String] {
    guard let plan = site.plan.wall, let wall = site.wall else { return [] }
    var lines = ["大屏 / display wall: \(plan.columns)×\(plan.rows), http://127.0.0.1:\(wall.consolePort)/"]
    if let place = plan.place { lines[0] += " 在 \(place):那里的静默求助不上屏 / its silent calls are not shown" }
    for device in wall.devices {
      let ports = device.ports.isEmpty ? "" : " 用到 / used: \(device.ports.map(String.init).joined(separator: ", "))"
      lines.append("  设备 \(device.name): \(device.kind.rawValue) \(text(device.connection))\(ports)")
    }
    for output in plan.outputs { lines.append("  输出 \(output.number) (\(output.column),\(output.row)): \(text(output))") }
    for source in plan.sources {
      let ways = source.inputs.map(\.description) + (source.isPlayable ? ["播放 / played"] : [])
      let more = (source.place.map { " 看 \($0)" } ?? "") + (source.isSensitive ? " 不对外 / not for visitors" : "")
      lines.append("  信号源 \(source.id): \(source.name) \(ways.joined(separator: ", "))\(more)")
    }
    for scene in plan.scenes {
      let hours = scene.schedule.map(text).joined(separator: ", ")
      let more =
        (scene.isMeeting ? " 会议" : "") + (scene.isDark ? " 关屏" : "") + (scene.sound.map { " 声音 \($0)" } ?? "")
        + (scene.lights.isEmpty
          ? "" : " 灯 " + scene.lights.map { "\($0.device)/\($0.output) \($0.isOn ? "开 on" : "关 off")" }.joined(separator: ", "))
      lines.append("  预案 \(scene.id): \(scene.name) 布局 \(scene.layout)\(hours.isEmpty ? "" : " \(hours)")\(more)")
    }
    let hours = plan.displayHours.map(text).joined(separator: ", ")
    if !hours.isEmpty { lines.append("  屏开着 / displays on: \(hours);依次开机间隔 \(plan.powerOnGapMilliseconds) ms") }
    lines += plan.scenes.isEmpty ? [] : blind(plan, site.plan)
    return lines
  }

  /// A call from there brings nothing onto the wall.
  private static func blind(_ wall: WallPlan, _ plan: SitePlan) -> [String] {
    plan.places.filter { place in
      plan.callPoints.contains { $0.place == place.id } && !wall.sources.contains { $0.kind == .camera && $0.place == place.id }
    }.map { "  \($0.name): 没有摄像机看着,求助不上大屏 / no camera looks at \($0.id): its calls are not on the wall" }
  }

  static func text(_ connection: WallDevicePlan.Connection) -> String {
    switch connection {
    case .network(let host, let port): "\(host):\(port)"
    case .serial(let path, let baud): "\(path) \(baud.rawValue)"
    case .none: "自己来连 / comes by itself"
    }
  }

  private static func text(_ output: WallPlan.Output) -> String {
    let frame = output.frame.map { "[\($0.x), \($0.y), \($0.width), \($0.height)]" } ?? ""
    let ways = [
      output.matrix.map { "矩阵 \($0)" }, output.display.map { "屏 \($0) \(output.displayInput ?? "")" },
      output.player.map { "播放机 \($0) \(frame)" }, output.sharesPictures ? "可拼接 / spans" : nil,
      output.hasSpeaker ? "有声 / speaker" : nil,
    ]
    return ways.compactMap { $0 }.joined(separator: ", ")
  }

  private static func text(_ span: WallPlan.Scene.Span) -> String {
    Check.hours(span.fromMinute, span.toMinute, span.weekdays)
  }
}
