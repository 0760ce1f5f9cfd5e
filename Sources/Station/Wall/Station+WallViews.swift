import DeviceKit
import DeviceVocabulary

/// Views by hand of what is not for everybody: when they are refused, and that it is written down.
extension Station {
  /// What somebody wants to see by hand is not for visitors, also where it would lie hidden: nobody would see it, and its time would pass.
  func keptFromVisitors(_ sources: [String], _ wallPlan: WallPlan) -> Verdict? {
    let isKept = state.wall.hasVisitors && sources.contains { wallPlan.source($0)?.isSensitive == true }
    return isKept ? .refused(.visitorsPresent) : nil
  }

  /// With a reason a view of all that was drawn into it begins anew.
  func refusalToDraw(_ layout: WallLayout, _ reason: String?, _ wallPlan: WallPlan) -> Verdict? {
    let new = guarded(of: layout, wallPlan)
    let viewed = reason == nil ? [] : layout.drawnByHand(wallPlan)
    if let refusal = keptFromVisitors(new + viewed, wallPlan) { return refusal }
    return reason != nil || !new.isEmpty ? needsText(reason ?? "") : nil
  }

  /// Sources of a layout that need a reason, and were not in it before.
  private func guarded(of layout: WallLayout, _ wallPlan: WallPlan) -> [String] {
    let before = Set(state.wall.layout(layout.id, of: wallPlan)?.regions.flatMap(\.sources) ?? [])
    return layout.regions.flatMap(\.sources).filter { id in !before.contains(id) && wallPlan.source(id)?.needsReason == true }
  }

  /// What the layout is once its last change is undone; `nil`: it is none then.
  func formByUndoing(_ id: String, _ wallPlan: WallPlan) -> WallLayout? {
    state.wall.drawn.first { $0.id == id }.flatMap { $0.forms.dropLast().last ?? wallPlan.layouts.first { $0.id == id } }
  }

  /// The first source that needs a reason, and that the layout has only when its last change is undone.
  func guardedByUndoing(_ id: String, _ wallPlan: WallPlan) -> String? {
    formByUndoing(id, wallPlan).flatMap { guarded(of: $0, wallPlan).first }
  }

  /// Who wanted to see what without a right to it is written down as well; the same again once a minute.
  mutating func noteRefusedView(_ action: WallAction, _ refusal: Refusal, by post: String) {
    guard let wallPlan = plan.wall, [.reasonNeeded, .visitorsPresent].contains(refusal) else { return }
    func drawn(_ layout: WallLayout?) -> [String] {
      layout.map { guarded(of: $0, wallPlan) + $0.drawnByHand(wallPlan) } ?? []
    }
    let all: [String] =
      switch action {
      case .pin(let source, _, _): [source]
      case .renew(let id): state.wall.pins.filter { $0.pin.id == id }.map(\.pin.source)
      case .saveLayout(let layout, _, _): drawn(layout)
      case .undoLayout(let id, _, _): drawn(formByUndoing(id, wallPlan))
      case .scene(let id?, _), .beginMeeting(let id, _):
        state.wall.scene(id, of: wallPlan).map { state.wall.byHand($0.layout, of: wallPlan) } ?? []
      default: []
      }
    let wanted = all.first { id in
      wallPlan.source(id).map { refusal == .visitorsPresent ? $0.isSensitive : $0.needsReason } ?? false
    }
    if let wanted, isNews(refusal, of: wanted, by: post) { record(.wall(.viewRefused(source: wanted, post: post, refusal))) }
  }

  /// The same refusal is written down once a minute: nobody fills a journal by asking.
  mutating func isNews(_ refusal: Refusal, of source: String, by post: String) -> Bool {
    let moment = now
    wallFacts.refusedViews.removeAll { moment - $0.at >= Self.refusedViewInterval }
    guard !wallFacts.refusedViews.contains(where: { $0.source == source && $0.post == post && $0.refusal == refusal }) else {
      return false
    }
    wallFacts.refusedViews.append((source, post, refusal, moment))
    return true
  }

  static let refusedViewInterval = Interval.seconds(60)
}
