import DeviceVocabulary

extension WallAction {
  /// What exactly is wrong with what was refused, or what there is instead; `nil`: the refusal says all.
  ///
  /// - Parameter view: as the station showed it last.
  public func mistake(_ answer: DeskAnswer, _ view: WallView) -> BilingualText? {
    guard case .refused(let refusal) = answer else { return nil }
    if case .rehearse(let action) = self { return action.mistake(answer, view) }
    func known(_ ids: [String]) -> BilingualText {
      let text = Texts.text(refusal)
      let list = ids.isEmpty ? "—" : ids.prefix(Self.listed).joined(separator: ", ") + (ids.count > Self.listed ? ", …" : "")
      return BilingualText("\(text.chinese),有: \(list)", "\(text.english); there are: \(list)")
    }
    switch refusal {
    case .unknownPost: return known(view.posts.map(\.id))
    case .unknownScene:
      let isMeeting = if case .beginMeeting = self { true } else { false }
      return known(view.scenes.filter { $0.isMeeting == isMeeting }.map(\.id))
    case .unknownSource: return known(view.plan.sources.map(\.id))
    case .unknownOutput: return known(view.plan.outputs.map { "\($0.number)" })
    case .unknownLayout: return known(view.drawn)
    case .unknownPin: return known(view.pins.map { "\($0.pin.id)" })
    case .layoutWrong: return layoutMistake(view.plan)
    case .layoutNamesScene:
      let taken = view.plan.scenes.map(\.id).filter { id in !view.plan.layouts.contains { $0.id == id } }
      let (text, list) = (Texts.text(refusal), taken.prefix(Self.listed).joined(separator: ", "))
      return BilingualText("\(text.chinese);已占用: \(list)", "\(text.english); taken are: \(list)")
    default: return nil
    }
  }

  /// Longer lists are on the page.
  private static let listed = 40

  private func layoutMistake(_ plan: WallPlan) -> BilingualText? {
    switch self {
    case .pin: return BilingualText("选的格子超出了大屏", "The chosen outputs reach beyond the wall")
    case .saveLayout(let layout, _, _):
      let problems = plan.problems(of: layout).prefix(3)
      guard !problems.isEmpty else { return nil }
      return BilingualText(
        "布局有错:" + problems.map(\.chinese).joined(separator: ";"),
        "The layout is wrong: " + problems.map(\.english).joined(separator: "; "))
    default: return nil
    }
  }
}
