import DeviceVocabulary
import Foundation
import Station

/// A step of a call as a person reads it, Chinese first.
enum ChangeText {
  static func text(_ change: Change) -> String {
    switch change {
    case .opened(_, let opening): opened(opening)
    case .pressedAgain(_, let button, _): "又按一次 \(button) / pressed again"
    case .escalated(_, let step, let posts): "升级到第 \(step) 步: \(posts.joined(separator: ", ")) / escalated"
    case .raisedAgain: "接警后无人到场,重新呼叫 / nobody on scene in time, raised again"
    case .acknowledged(_, let post, nil): "接警: \(post) / acknowledged"
    case .acknowledged(_, let post, let former?): "升级后由 \(post) 接手,原为 \(former) / taken over after escalation"
    case .handOverOffered(_, let from, let to, nil): "\(from) 移交给 \(to),待接受 / hand-over offered"
    case .handOverOffered(_, let from, let to, let within?):
      "\(from) 分流督办给 \(to),待接受;接收后 \(within.onSceneSeconds) s 内到场,\(within.resolveSeconds) s 内处置 / handed down, times run from its acceptance"
    case .handOverAccepted(_, let post): "\(post) 接受移交 / hand-over accepted"
    case .handOverEnded(_, nil, _): "移交无人接受,退回 / offer not answered, returned"
    case .handOverEnded(_, let post?, let reason): "\(post) 拒绝移交: \(reason) / hand-over refused"
    case .onScene(_, let post): "到场: \(post) / on scene"
    case .resolved(_, let post, let note): "处置: \(post) \(note) / resolved"
    case .closed(_, let post): "结案: \(post) / closed"
    case .falseAlarm(_, let post, let note): "误按: \(post) \(note) / false alarm"
    case .delivered(_, let parent): "上级 \(parent) 已收到 / the parent has it"
    case .toldAgain(let incident):
      "日志退回旧副本后重新报上级: \(incident.phase.rawValue) / told to the parent again after this journal was set back"
    case .wall(let change): change.text
    default: "\(change)"
    }
  }

  private static func opened(_ opening: Opening) -> String {
    let mark =
      switch opening.mark {
      case .real: ""
      case .test: "【测试 test】"
      case .drill: "【演练 drill】"
      }
    let name = opening.identity.map { " 事件 \($0)" } ?? ""
    return
      "\(mark)已记录: \(opening.button) 地点 \(opening.place)\(opening.silent ? " 静默" : "")\(opening.bypassed ? " 旁路中" : "")\(name) / recorded"
  }
}
