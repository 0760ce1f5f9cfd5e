import Foundation
import Station
import StationRuntime

/// What was asked of the wall. That every output is verified does not say that they follow this wish: another may have come since.
enum WallAsked {
  /// `nil`: the clock chooses.
  case scene(String?)
  case meeting(String)
  case endMeeting
  case pin(source: String, WallCells)
  case renewed(Int)
  case takenOff(Int)
  case layout(WallLayout)
  case undone(String)
  case visitors(Bool)
  case armed(Bool)
}

/// Why what was asked for does not stand.
enum WallObstacle: Equatable {
  /// It may still come.
  case notYet
  case otherScene(String)
  case noScene
  case duringMeeting
  case meetingEnded
  case coveredByCall
  case coveredByPin
  case hiddenFromVisitors
  case pinGone
  case layoutChanged
  case setBack

  /// For scripts.
  var code: String {
    switch self {
    case .notYet: "notYet"
    case .otherScene: "otherScene"
    case .noScene: "noScene"
    case .duringMeeting: "duringMeeting"
    case .meetingEnded: "meetingEnded"
    case .coveredByCall: "coveredByCall"
    case .coveredByPin: "coveredByPin"
    case .hiddenFromVisitors: "hiddenFromVisitors"
    case .pinGone: "pinGone"
    case .layoutChanged: "layoutChanged"
    case .setBack: "setBack"
    }
  }

  var text: BilingualText {
    switch self {
    case .notYet: BilingualText("还没有到位", "it is not there yet")
    case .otherScene(let name):
      BilingualText("别人或时间表换成了“\(name)”", "somebody else or the clock has put up \"\(name)\" since")
    case .noScene: BilingualText("预案的布局已被别人撤销", "somebody has taken back the scene's layout since")
    case .duringMeeting: BilingualText("会议中,会议结束后换上", "a meeting is on: it comes when that is over")
    case .meetingEnded: BilingualText("会议已被别人结束", "somebody has ended the meeting since")
    case .coveredByCall: BilingualText("被求助占用", "a call for help has its outputs")
    case .coveredByPin: BilingualText("被手动放上的画面盖住", "pictures that were put up by hand lie over it")
    case .hiddenFromVisitors: BilingualText("参观模式遮挡", "it is hidden from visitors")
    case .pinGone: BilingualText("画面已被收回或换掉,或时间到了", "the picture was taken off or replaced since, or its time is over")
    case .layoutChanged: BilingualText("布局又被别人改过", "somebody has changed the layout since")
    case .setBack: BilingualText("别人又改了回去", "somebody has set it back since")
    }
  }
}

extension WallPicture {
  /// What is asked of the clock or of the past, as it was right after the answer.
  func settled(_ asked: WallAsked?) -> WallAsked? {
    switch asked {
    case .scene(nil): .scene(sceneThatCounts?["id"] as? String)
    case .undone(let id): layout(id).map { .layout($0) }
    default: asked
    }
  }

  /// Whether the wish stands; `nil`: it does.
  func obstacle(to asked: WallAsked?) -> WallObstacle? {
    switch asked {
    case .scene(let id?): return obstacle(toScene: id, layer: "base")
    case .meeting(let id): return obstacle(toScene: id, layer: "meeting")
    case .endMeeting: return meeting.map { .otherScene($0) }
    case .pin(let source, let cells): return obstacle(toPin: pins.last { $0.source == source && $0.cells == cells })
    case .renewed(let id): return obstacle(toPin: pins.first { $0.id == id })
    case .takenOff(let id): return pins.contains { $0.id == id } ? .notYet : nil
    case .layout(let layout): return self.layout(layout.id) == layout ? nil : .layoutChanged
    case .visitors(let isOn): return hasVisitors != isOn ? .setBack : isExposed ? .notYet : nil
    case .armed(let isOn): return isArmed == isOn ? nil : .setBack
    case .undone, .scene(nil), nil: return nil
    }
  }

  /// As the station's own card of it: it counts, and what is left of it is read back.
  private func obstacle(toScene id: String, layer: String) -> WallObstacle? {
    guard let card = scene(id) else { return .noScene }
    let name = { (scene: [String: Any]?) in scene?["name"] as? String ?? "—" }
    let own = outputs.filter { $0["layer"] as? String == layer }
    switch card["lit"] as? String {
    case "later": return .duringMeeting
    case "off" where layer == "base": return .otherScene(name(sceneThatCounts))
    case "off": return meeting.map { .otherScene($0) } ?? .meetingEnded
    default: break
    }
    guard !own.isEmpty else {
      return outputs.contains { ["call", "drill"].contains($0["layer"] as? String) } ? .coveredByCall : .coveredByPin
    }
    // What is hidden does not light the scene; the rest of it may be there.
    let seen = own.filter { $0["hidden"] as? Bool != true }
    if seen.isEmpty { return .hiddenFromVisitors }
    let isThere = seen.allSatisfy { $0["proof"] as? String == "verified" && $0["picture"] as? Bool != false }
    return card["lit"] as? String == "full" || seen.count < own.count && isThere ? nil : .notYet
  }

  /// Of a scene that stands: outputs that are not its now, a line each.
  func reservations(_ asked: WallAsked?) -> String {
    switch asked {
    case .scene, .meeting: break
    default: return ""
    }
    func numbers(_ isSo: ([String: Any]) -> Bool) -> String? {
      let found = outputs.filter(isSo).map { "\($0["number"] as? Int ?? 0)" }
      return found.isEmpty ? nil : found.joined(separator: ", ")
    }
    let isOfCall = { (output: [String: Any]) in ["call", "drill"].contains(output["layer"] as? String) }
    let calls = numbers(isOfCall).map { "其中输出 \($0) 被求助占用 / a call for help has the outputs \($0)\n" }
    let pins = numbers { $0["layer"] as? String == "pin" }.map { "其中输出 \($0) 是手动放上的画面 / put up by hand: \($0)\n" }
    let hidden = numbers { $0["hidden"] as? Bool == true && !isOfCall($0) && $0["layer"] as? String != "pin" }
      .map { "其中输出 \($0) 参观模式遮挡 / hidden from visitors: \($0)\n" }
    return [calls, pins, hidden].compactMap { $0 }.joined()
  }

  private func obstacle(toPin pin: Pin?) -> WallObstacle? {
    guard let pin else { return .pinGone }
    let own = outputs.filter { pin.cells.contains(column: $0["column"] as? Int ?? 0, row: $0["row"] as? Int ?? 0) }
    if own.contains(where: { $0["hidden"] as? Bool == true }) { return .hiddenFromVisitors }
    return own.allSatisfy { $0["pin"] as? Int == pin.id && $0["identified"] as? Bool != true } ? nil : .notYet
  }
}
