import DeviceVocabulary
import Foundation
import Station
import Synchronization

/// The newest view, for whoever asks.
final class ViewBoard: Sendable {
  private let view = Mutex<DeskView?>(nil)
  func put(_ new: DeskView) { view.withLock { $0 = new } }
  func get() -> DeskView? { view.withLock { $0 } }
}

/// The station's life as lines on a terminal: one for every change that a person would want to know.
final class Terminal: Sendable {
  static let shared = Terminal()
  private let lines = Mutex<[String: String]>([:])

  static func log(_ text: String) {
    print("\(DeskControl.clock(Int64(Date().timeIntervalSince1970 * 1000))) \(text)")
    // Lines reach a pipe or a log file at once.
    fflush(nil)
  }

  func show(_ view: DeskView) {
    var current: [String: String] = [:]
    for card in view.incidents { current["incident \(card.id)"] = Self.line(card) }
    for fault in view.faults { current["fault \(fault.key)"] = Self.line(fault) }
    let changes = lines.withLock { known in
      let changed = current.filter { known[$0.key] != $0.value }.sorted { $0.key < $1.key }.map(\.value)
      let gone = known.keys.filter { current[$0] == nil }.sorted().map { "\($0): 结束 / over" }
      known = current
      return changed + gone
    }
    for change in changes { Self.log(change) }
  }

  static func line(_ card: DeskView.IncidentCard) -> String {
    let mark = card.mark == .real ? "" : card.mark == .drill ? "【演练】" : "【测试】"
    let owner = card.owner.map { " 接警: \($0)" } ?? ""
    let shown = card.lampShown.map { name($0) } ?? "未回读"
    let escalated = card.escalatedTo.isEmpty ? "" : " 已升级: \(card.escalatedTo.joined(separator: ", "))"
    let unrecorded = card.recorded ? "" : "【未记录】"
    return "求助 #\(card.id) \(unrecorded)\(mark)\(card.placeName) (\(card.button)) \(card.phase.rawValue) 按下 \(card.presses) 次"
      + " 灯: \(name(card.lampWish)) (现场: \(shown))\(owner)\(escalated)"
  }

  static func line(_ fault: DeskView.FaultCard) -> String {
    "故障 \(fault.key): \(fault.whatChinese), \(fault.whereText) \(fault.present ? "" : "(已消失,待复测)") → \(fault.adviceChinese)"
      + (fault.detail.isEmpty ? "" : " [\(fault.detail)]")
  }

  static func name(_ indicator: Indicator) -> String {
    switch indicator {
    case .off: "灭"
    case .fastBlink: "快闪(已按下)"
    case .slowBlink: "慢闪(已记录)"
    case .steady: "常亮(上级已收到)"
    case .coming: "常亮加提示音(有人来)"
    case .fault: "故障"
    }
  }
}
