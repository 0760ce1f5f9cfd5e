import DeviceVocabulary

extension WallAction {
  /// What exactly is wrong with what was refused; `nil`: the refusal says all.
  public func mistake(_ answer: DeskAnswer, _ plan: WallPlan) -> BilingualText? {
    guard answer == .refused(.layoutWrong) else { return nil }
    switch self {
    case .rehearse(let action): return action.mistake(answer, plan)
    case .pin: return BilingualText("选的格子超出了大屏", "The chosen outputs reach beyond the wall")
    case .saveLayout(let layout, _):
      let problems = plan.problems(of: layout).prefix(3)
      guard !problems.isEmpty else { return nil }
      return BilingualText(
        "布局有错:" + problems.map(\.chinese).joined(separator: ";"),
        "The layout is wrong: " + problems.map(\.english).joined(separator: "; "))
    default: return nil
    }
  }
}
