import AlarmReceivers
import ArgumentParser
import DeviceVocabulary
import Station
import StationRuntime
import Uplink

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "检查站点文件 / checks a site file and prints what it means")
  @OptionGroup var file: SiteArgument

  func run() throws {
    let site = try file.load()
    print("\(site.plan.name) (\(site.plan.station))")
    for place in site.plan.places { print("地点 \(place.id): \(place.name)\(place.grid.map { " 网格 \($0)" } ?? "")") }
    for post in site.plan.posts {
      let more = (post.phone.map { " 电话 \($0)" } ?? "") + (post.place.map { " 在 \(site.plan.place($0)?.name ?? $0)" } ?? "")
      print("岗位 \(post.id): \(post.name)\(more)")
    }
    for bus in site.buses { tell(bus, of: site.plan) }
    for step in site.plan.ladder {
      print("升级 \(step.afterSeconds) s: \(step.posts.isEmpty ? "当班岗位 / on duty" : names(step.posts))")
    }
    print("接警后 \(site.plan.onSceneWithinSeconds) s 无人到场就重新呼叫 / raised again when nobody is on scene in time")
    print("移交 \(site.plan.offerExpiresSeconds) s 无人接受就退回 / a hand-over that nobody accepts returns")
    for rule in site.plan.roster { print(Self.text(rule)) }
    if site.plan.roster.isEmpty { print("排班: 没有,升级时叫所有岗位 / no roster: every post is called") }
    let port = site.deskPort == 0 ? "由系统分配 / chosen by the system" : "http://127.0.0.1:\(site.deskPort)/"
    print("值班台 / duty desk: \(port)")
    print("日志 / journal: \(file.path(site.journalFolder)),预留 / reserve \(site.ballastMebibytes) MiB")
    if site.parent != nil {
      print("上级已有的日志再留 \(site.keptMonths) 个整月 / what the parent has stays for \(site.keptMonths) whole months")
    } else {
      print("没有上级,日志全部留下 / without a parent the whole journal stays")
    }
    if let receiver = site.alarmReceiver {
      let cipher = try receiver.keyFile.map { try KeyFile.cipher(file.path($0)) }
      print(
        "外部接警中心 \(receiver.host):\(receiver.port) \(receiver.transport.rawValue) \(receiver.format.rawValue) 账号 \(receiver.account) "
          + (cipher.map { "\($0)" } ?? "明文 / in clear"))
      for zone in receiver.zones {
        print("  防区 \(zone.zone): \(site.plan.place(zone.place)?.name ?? "?") \(zone.code.rawValue)")
      }
    }
    if let parent = site.parent {
      for path in parent.paths { print("上级线路 / way to the parent \(path.name): \(path.host):\(path.port)") }
      let proof = site.plan.parent?.proofMinute.map { Self.clock($0) } ?? "没有 / none"
      print("每日验证 / daily proof: \(proof)")
    }
    for kiosk in site.plan.visits?.kiosks ?? [] {
      let pixels = kiosk.leastTarget(pageWidth: 1920)
      if let width = kiosk.screenWidthMillimetres {
        print("自助终端屏幕 / kiosk screen \(kiosk.id): \(width) mm, 15 mm = \(pixels) px / 1920 px")
      } else {
        print(
          "自助终端屏幕 / kiosk screen \(kiosk.id): 未量宽度,按键 72 px;写 screen: {widthMillimetres: …} 保证 15 mm / not measured, keys of 72 px; "
            + "screen: {widthMillimetres: …} makes them 15 mm")
      }
    }
    for (kiosk, reader) in (site.visitPages?.readers ?? [:]).sorted(by: { $0.key < $1.key }) {
      print("读卡器 / card reader \(kiosk): \(reader.connection)")
    }
    for line in CheckWall.lines(site) { print(line) }
    if let children = site.children {
      print("下级站点接入 / stations below: \(children.address):\(children.port)")
      for child in site.plan.children ?? [] { print("  \(child.station) \(child.name)") }
      let limits = site.plan.handOverLimits
      print(
        "分流督办: 接收后 \(limits.onSceneSeconds) s 内到场,\(limits.resolveSeconds) s 内处置,超时列出 / handed down: times from the acceptance")
    }
    try tellReadiness(site)
  }

  /// The file may be right and the station unable to speak to its parent all the same.
  private func tellReadiness(_ site: Site) throws {
    var problems: [String] = []
    for end in LineReadiness.ends(of: site) {
      problems += LineReadiness(end, of: site, siteFolder: file.folder).problems.map { "\(end.title): \($0)" }
    }
    for problem in problems { print("✗ \(problem)") }
    for warning in site.warnings { print("⚠ \(warning)") }
    guard problems.isEmpty else {
      print("站点文件正确,站点之间的线路还有 \(problems.count) 处要处理 / the site file is correct; the line between stations is not ready")
      throw ExitCode(1)
    }
    print("正确 / correct")
  }

  private func tell(_ bus: BusPlan, of plan: SitePlan) {
    let more = (bus.kernelRS485 ? " rs485: kernel" : "") + (bus.echo ? " echo: true" : "")
    print("总线 \(bus.name): \(bus.port) \(bus.baud) \(bus.format.rawValue)\(more)")
    for device in plan.devices where device.id.bus == bus.name {
      let module = bus.modules.first { $0.node == device.id.node }
      print("  \(device.id) \(device.name)\(module.map { " (\(Self.text($0)))" } ?? "")")
      for point in plan.callPoints where point.button.device == device.id {
        print("    \(point.button) → \(plan.place(point.place)?.name ?? "?")\(point.silent ? " (静默)" : "")")
      }
      for output in plan.outputs where output.device == device.id { print("    输出 \(output.output): \(output.role.rawValue)") }
    }
  }

  private static func text(_ module: ModulePlan) -> String {
    var parts: [String] = []
    if module.inputCount > 0 {
      parts.append(
        "inputs: \(module.inputCount), inputStart: \(module.inputStart), inputFunction: \(module.inputsAreCoils ? "coils" : "discrete-inputs"), "
          + "activeLow: \(module.activeLowMask != 0)")
    }
    if module.outputCount > 0 {
      parts.append(
        "outputs: \(module.outputCount), outputStart: \(module.outputStart), writeFunction: \(module.writesSingly ? "single" : "multiple")"
      )
    }
    return (parts + ["longestReplyMs: \(module.longestReplyMilliseconds)"]).joined(separator: ", ")
  }

  private static func text(_ rule: SitePlan.RosterRule) -> String {
    let grids = rule.grids.isEmpty ? "所有网格" : "网格 " + rule.grids.joined(separator: ", ")
    return "排班 \(rule.post): \(grids) \(hours(rule.fromMinute, rule.toMinute, rule.weekdays)) / on duty"
  }

  /// Minutes after midnight, weekdays from 1 for Monday: `周一二三 08:00–18:00`.
  static func hours(_ from: Int, _ to: Int, _ weekdays: [Int]) -> String {
    let names = Array("一二三四五六日")
    let days = weekdays.filter { (1...7).contains($0) }.map { String(names[$0 - 1]) }.joined()
    return "\(days.isEmpty ? "每天" : "周" + days) \(from == to ? "全天" : "\(clock(from))–\(clock(to))")"
  }

  private static func clock(_ minute: Int) -> String {
    let (hour, rest) = (minute / 60, minute % 60)
    return (hour < 10 ? "0" : "") + "\(hour):" + (rest < 10 ? "0" : "") + "\(rest)"
  }

  private func names(_ posts: [String]) -> String { posts.joined(separator: ", ") }
}
