import DeviceVocabulary
import Foundation
import Station

/// The line to the parent and the stations below, on the terminal.
extension DeskControl {
  /// The answer to `child STATION COMMAND …` and `notice STATION POST TEXT`; `nil` for every other line.
  static func below(_ line: String, _ submit: (String, DeskRequest.Action) -> DeskAnswer) -> String? {
    let words = line.split(separator: " ", maxSplits: 5).map(String.init)
    let asked: (post: String, action: DeskRequest.Action)?
    switch words.first {
    case "child": asked = call(words)
    case "notice":
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      asked = words.count == 4 ? (words[2], .child(words[1], .notice(text: words[3]))) : nil
    default: return nil
    }
    guard let asked else {
      return "\(failure)写法 / usage:\n  child STATION COMMAND ID POST [TEXT]\n  notice STATION POST TEXT"
    }
    let answer = submit(asked.post, asked.action)
    return answer == .underWay ? "已发出,等待下级站点答复 / sent, waiting for the station's answer" : text(answer)
  }

  private static func call(_ words: [String]) -> (post: String, action: DeskRequest.Action)? {
    guard words.count >= 5, let id = IncidentID(words[3]) else { return nil }
    let rest = words.count > 5 ? words[5] : ""
    if words[2] == "close-here" { return rest.isEmpty ? nil : (words[4], .closeStray(words[1], id, note: rest)) }
    guard let action = action(words[2], of: id, rest) else { return nil }
    return (words[4], .child(words[1], action))
  }

  /// What is asked of a station below about its call; `nil`: no such command, or a text that is missing or one too many.
  static func action(_ verb: String, of id: IncidentID, _ text: String) -> ParentCommand.Action? {
    switch (verb, text.isEmpty) {
    case ("acknowledge", true): .acknowledge(incident: id)
    case ("on-scene", true): .onScene(incident: id)
    case ("close", true): .close(incident: id)
    case ("accept", true): .accept(incident: id)
    case ("offer", false): .offer(incident: id, to: text)
    case ("resolve", false): .resolve(incident: id, note: text)
    case ("refuse", false): .refuse(incident: id, reason: text)
    case ("false-alarm", _): .falseAlarm(incident: id, note: text)
    default: nil
    }
  }

  static func clock(_ milliseconds: Int64) -> String {
    let formatter = DateFormatter()
    formatter.dateFormat = "HH:mm:ss"
    return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
  }

  /// `上级 street-01: 等待上送 3 (求助 1)`, then one line for each way.
  static func text(_ link: DeskView.LinkCard) -> [String] {
    let proof = link.proofLastMilliseconds.map { ", 每日验证 \(clock($0))" } ?? ", 每日验证 尚无"
    let took = link.proofTookMilliseconds.map { " 用时 \($0) ms" } ?? ""
    let available = link.availabilityPerMille.map { ", 可用率 \($0 / 10).\($0 % 10)%" } ?? ""
    return ["上级 \(link.parent): 等待上送 \(link.waiting) (求助 \(link.waitingCalls))\(proof)\(took)\(available)"]
      + link.paths.map { path in
        "  \(path.name): \(Texts.text(path.state).chinese) \(path.state.rawValue), 最后证明 \(path.lastProofMilliseconds.map(clock) ?? "尚无")"
          + (path.reason.isEmpty ? "" : " [\(path.reason)]")
      }
  }

  /// `下级 tiexi-03 铁西社区: 正常 up, 程序 linli 0.1, 最后联系 12:34:56, 积压 0, 故障 1`, its calls, and what was asked of it.
  static func text(_ child: DeskView.ChildCard) -> [String] {
    let heard = child.lastHeardMilliseconds.map(clock) ?? "尚无"
    var lines = [
      "下级 \(child.station) \(child.name): \(Texts.text(child.state).chinese) \(child.state.rawValue), 程序 \(child.program.isEmpty ? "不知" : child.program), 最后联系 \(heard), 积压 \(child.waiting)"
        + ", 故障 \(child.faults.count)"
    ]
    lines += child.paths.map { "  \($0.name): \($0.isUp ? "正常 up" : "不通 down"), 最后联系 \(clock($0.lastHeardMilliseconds))" }
    lines += child.incidents.map { "  " + Terminal.line($0) }
    for card in child.lost {
      lines.append("  仅上级有记录 / known only here: " + Terminal.line(card))
      lines.append("    核实后可在本级结案: child \(child.station) close-here \(card.id) POST NOTE")
    }
    lines += child.faults.map { "  " + Terminal.line($0) }
    for id in child.strays {
      lines.append("  站点不认识求助 #\(id)(日志还原过或换过),核实后可在本级结案: child \(child.station) close-here \(id) POST NOTE")
    }
    for item in child.pending {
      lines.append("  已发出 \(what(item.incident, item.action)) (\(item.post)), 等待答复 \(item.ageSeconds) s")
    }
    if let failure = child.failure {
      lines.append("  \(clock(failure.atMilliseconds)) 未办成 \(what(failure.incident, failure.action)): \(failure.chinese)")
    }
    return lines
  }

  /// `督办 tiexi-03 求助 #1 办事大厅: 已接收,等待到场, ^desk 12:34:56 交给 lead, 现由 lead, 须在 12:44:56 前到场, 超时 00:31`
  static func text(_ item: DeskView.HandOverCard) -> String {
    var parts = ["\(item.from) \(clock(item.offeredMilliseconds)) \(item.isUp ? "请求移交给" : "交给") \(item.to)"]
    if item.attempts > 1 { parts.append("第 \(item.attempts) 次") }
    if let reason = item.reason { parts.append("\(item.refusedBy ?? ""): \(reason)") }
    if let chinese = item.chinese { parts.append(chinese) }
    if let owner = item.owner { parts.append("现由 \(owner)") }
    if let due = item.due, let at = item.dueMilliseconds, let left = item.dueInSeconds {
      if due != .decision { parts.append("须在 \(clock(at)) 前\(Texts.text(due).chinese)") }
      parts.append(left > 0 ? "还剩 \(span(left))" : due == .decision ? "退回 \(span(-left)) 未处理" : "超时 \(span(-left))")
    }
    return "\(item.isOverdue ? "⚠ " : "")督办 \(item.station) 求助 #\(item.incident) \(item.placeName): "
      + "\(Texts.text(item.stage).chinese), " + parts.joined(separator: ", ")
  }

  /// ` 上级督办 (^desk): 须在 12:44:56 前到场, 还剩 03:20`
  static func text(_ down: DeskView.HandedDownCard) -> String {
    let next =
      down.onSceneInSeconds == nil
      ? (DeskView.HandOverCard.Due.resolve, down.resolveDueMilliseconds, down.resolveInSeconds)
      : (.onScene, down.onSceneDueMilliseconds, down.onSceneInSeconds)
    guard let at = next.1, let left = next.2 else {
      return " 上级督办 (\(down.from)): 接收后 \(span(down.onSceneWithinSeconds)) 内到场, \(span(down.resolveWithinSeconds)) 内处置"
    }
    return " 上级督办 (\(down.from)): 须在 \(clock(at)) 前\(Texts.text(next.0).chinese), \(left > 0 ? "还剩" : "超时") \(span(abs(left)))"
  }

  /// `03:20`, `1:03:20`.
  private static func span(_ seconds: Int) -> String {
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
    let rest = "\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    return seconds < 3600 ? rest : "\(seconds / 3600):\(rest)"
  }

  private static func what(_ incident: IncidentID?, _ action: String) -> String { incident.map { "\(action) #\($0)" } ?? action }
}
