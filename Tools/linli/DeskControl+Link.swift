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
    let action: ParentCommand.Action
    switch (words[2], rest.isEmpty) {
    case ("acknowledge", true): action = .acknowledge(incident: id)
    case ("on-scene", true): action = .onScene(incident: id)
    case ("close", true): action = .close(incident: id)
    case ("accept", true): action = .accept(incident: id)
    case ("offer", false): action = .offer(incident: id, to: rest)
    case ("resolve", false): action = .resolve(incident: id, note: rest)
    case ("refuse", false): action = .refuse(incident: id, reason: rest)
    case ("false-alarm", _): action = .falseAlarm(incident: id, note: rest)
    default: return nil
    }
    return (words[4], .child(words[1], action))
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
        "  \(path.name): \(path.state.rawValue), 最后证明 \(path.lastProofMilliseconds.map(clock) ?? "尚无")"
          + (path.reason.isEmpty ? "" : " [\(path.reason)]")
      }
  }

  /// `下级 tiexi-03 铁西社区: up, 最后联系 12:34:56, 积压 0, 故障 1`, its calls, and what was asked of it.
  static func text(_ child: DeskView.ChildCard) -> [String] {
    let heard = child.lastHeardMilliseconds.map(clock) ?? "尚无"
    var lines = [
      "下级 \(child.station) \(child.name): \(child.state.rawValue), 程序 \(child.program), 最后联系 \(heard), 积压 \(child.waiting)"
        + ", 故障 \(child.faults.count)"
    ]
    lines += child.paths.map { "  \($0.name): \($0.isUp ? "up" : "down"), 最后联系 \(clock($0.lastHeardMilliseconds))" }
    lines += child.incidents.map { "  " + Terminal.line($0) }
    lines += child.lost.map { "  仅上级有记录 / known only here: " + Terminal.line($0) }
    lines += child.faults.map { "  " + Terminal.line($0) }
    for item in child.pending {
      lines.append("  已发出 \(what(item.incident, item.action)) (\(item.post)), 等待答复 \(item.ageSeconds) s")
    }
    if let failure = child.failure {
      lines.append("  \(clock(failure.atMilliseconds)) 未办成 \(what(failure.incident, failure.action)): \(failure.chinese)")
    }
    return lines
  }

  private static func what(_ incident: IncidentID?, _ action: String) -> String { incident.map { "\(action) #\($0)" } ?? action }
}
