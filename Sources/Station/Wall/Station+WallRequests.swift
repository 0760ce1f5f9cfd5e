import DeviceKit
import DeviceVocabulary

/// What an operator asks of the wall.
public enum WallAction: Sendable, Equatable, Codable {
  /// `nil`: the clock chooses again.
  /// A reason is needed where its layout was drawn with a camera, or with whatever is sensitive: these are then seen for a while.
  case scene(String?, reason: String? = nil)
  case beginMeeting(scene: String, reason: String? = nil)
  case endMeeting
  /// Puts a source on outputs by hand. A camera, and whatever is sensitive, needs a reason, and ends by itself.
  case pin(source: String, WallCells, reason: String?)
  case renew(WallPinID)
  case unpin(WallPinID)
  case visitors(Bool)
  case arm(Bool)
  /// One that brings in a camera, or whatever is sensitive, needs a reason as well. `form`: of what was changed, by its name in `WallForms`;
  /// `nil`: whatever it is by now.
  case saveLayout(WallLayout, reason: String? = nil, form: String? = nil)
  /// Its former form may bring back a camera: that needs a reason again.
  case undoLayout(String, reason: String? = nil, form: String? = nil)
  /// A person wants to see which output this is.
  case identify(Int, seconds: Int)
  /// Turns a camera to a position that it remembers. A camera, and whatever is sensitive, needs a reason.
  case turn(source: String, preset: String, reason: String?)
  /// Both have proved who they are: the page's server has seen to that. `isTyped`: there are no accounts, and the names are what somebody typed.
  /// `list`: what both were shown, by its name in `WallForms`; `nil`, as in recordings of before: not said.
  case handOver(from: String, to: String, isTyped: Bool? = nil, list: String? = nil)
  /// What would be shown, and what would be switched for it; nothing is switched.
  indirect case rehearse(WallAction)
}

/// What a rehearsal answers.
public struct WallRehearsal: Sendable, Equatable, Codable {
  public var tiles: [WallTile]
  /// Ports that would be switched, and to what.
  public var switched: [WallDeviceWish]
  /// Calls that would have no room.
  public var left: [WallCall]
}

extension Station {
  /// A view by hand of what is not for everybody ends after 5 minutes, and can be renewed.
  public static let viewSeconds = 300
  static let identifySeconds = 30

  func decideWall(_ action: WallAction, by post: String) -> Verdict {
    guard let wallPlan = plan.wall else { return .refused(.noWall) }
    switch action {
    case .scene(nil, _):
      let isSo = state.wall.scene == nil && !displaysRest(state.wall, wallPlan)
      return isSo ? .refused(.alreadyDone) : .record(.wall(.sceneChosen(nil, post: post)))
    case .scene(let id?, let reason):
      guard let scene = state.wall.scene(id, of: wallPlan), !scene.isMeeting else {
        return .refused(.unknownScene)
      }
      // Choosing it again wakes displays that rest by the clock; another post's name is news, too.
      let isSo = state.wall.scene == id && state.wall.sceneBy == post && !displaysRest(state.wall, wallPlan)
      return putUp(scene, .sceneChosen(scene.id, post: post), isSo: isSo, post, reason, wallPlan)
    case .beginMeeting(let id, let reason):
      guard let scene = wallPlan.scene(id), scene.isMeeting else { return .refused(.unknownScene) }
      let change = WallChange.meetingBegan(scene: id, post: post, lights: lightsBefore(scene))
      return putUp(scene, change, isSo: state.wall.meeting == id, post, reason, wallPlan)
    case .endMeeting: return state.wall.meeting == nil ? .refused(.alreadyDone) : .record(.wall(.meetingEnded(post: post)))
    case .pin(let source, let cells, let reason): return pin(source, cells, reason, post, wallPlan)
    case .renew(let id):
      guard let pin = state.wall.pins.first(where: { $0.pin.id == id })?.pin else { return .refused(.unknownPin) }
      if let refusal = keptFromVisitors([pin.source], wallPlan) { return refusal }
      return .record(.wall(.renewed(id, post: post)))
    case .unpin(let id):
      guard state.wall.pins.contains(where: { $0.pin.id == id }) else { return .refused(.unknownPin) }
      return .record(.wall(.unpinned(id, post: post)))
    case .visitors(let isOn):
      return state.wall.hasVisitors == isOn ? .refused(.alreadyDone) : .record(.wall(.visitors(isOn, post: post)))
    case .arm(true): return state.wall.isArmed ? .refused(.alreadyDone) : .record(.wall(.armed(true, post: post)))
    case .arm(false):
      guard state.wall.isArmed else { return .refused(.alreadyDone) }
      return .record(.wall(.disarmed(scene: wallScene?.id, rests: displaysRest(state.wall, wallPlan), post: post)))
    case .saveLayout(let layout, let reason, let form):
      guard wallPlan.problems(of: layout).isEmpty, layout.isWithinLimits else { return .refused(.layoutWrong) }
      guard !isOfAnotherScene(layout.id, wallPlan) else { return .refused(.layoutNamesScene) }
      guard isStill(form, layout.id, wallPlan) else { return .refused(.layoutChanged) }
      if let refusal = refusalToDraw(layout, reason, wallPlan) { return refusal }
      let drawn = state.wall.drawn
      guard drawn.count < WallState.drawnLimit || drawn.contains(where: { $0.id == layout.id }) else {
        return .refused(.tooManyLayouts)
      }
      let saved = Change.wall(.layoutSaved(layout, post: post, reason: reason))
      // A scene of that name was chosen while there was one: what is only saved now is not put up by that.
      let isGone = state.wall.scene == layout.id && state.wall.scene(layout.id, of: wallPlan) == nil
      return .record(isGone ? [.wall(.sceneChosen(nil, post: post)), saved] : [saved])
    case .undoLayout(let id, let reason, let form):
      guard state.wall.drawn.contains(where: { $0.id == id }) else {
        return .refused(form == nil ? .unknownLayout : .layoutChanged)
      }
      guard isStill(form, id, wallPlan) else { return .refused(.layoutChanged) }
      let former = formByUndoing(id, wallPlan)
      if let refusal = former.map({ refusalToDraw($0, reason, wallPlan) }) ?? reason.flatMap(needsText) { return refusal }
      return .record(
        .wall(.layoutUndone(id, post: post, reason: reason, scene: sceneInstead(ofUndoing: id, wallPlan))))
    case .identify(let number, let seconds):
      guard let output = wallPlan.output(number) else { return .refused(.unknownOutput) }
      // What was begun can always be ended.
      guard let length = Self.identifyLength(seconds) else { return .record([]) }
      if let refusal = cannotIdentify(output, wallPlan) { return .refused(refusal) }
      return .record(.wall(.identified(output: number, seconds: length, post: post)))
    case .turn(let source, let preset, let reason): return decideTurn(source, preset, reason, post, wallPlan)
    case .handOver(let from, let to, let isTyped, let list):
      guard isTyped != true || [from, to].allSatisfy({ $0.isShiftName }) else { return .refused(.namesNeeded) }
      guard from != to else { return .refused(.sameName) }
      var shift = shift(from, to, post)
      guard list.map({ $0 == shift.listed }) ?? true else { return .refused(.listChanged) }
      shift.isTyped = isTyped
      return .record(.wall(.shiftSigned(shift)))
    case .rehearse(let action): return decideWall(action.toRehearse, by: post)
    }
  }

  /// - Parameter isSo: it stands there already: only a view by hand begins anew.
  private func putUp(
    _ scene: WallPlan.Scene, _ change: WallChange, isSo: Bool, _ post: String, _ reason: String?, _ wallPlan: WallPlan
  ) -> Verdict {
    let byHand = state.wall.byHand(scene.layout, of: wallPlan)
    let needsReason = !byHand.isEmpty
    if isSo, !needsReason { return .refused(.alreadyDone) }
    if let refusal = keptFromVisitors(byHand, wallPlan) { return refusal }
    if reason != nil || needsReason, let refusal = needsText(reason ?? "") { return refusal }
    guard needsReason, let reason else { return .record(.wall(change)) }
    return .record([.wall(change), .wall(.layoutViewed(scene.layout, post: post, reason: reason))])
  }

  private func pin(_ id: String, _ cells: WallCells, _ reason: String?, _ post: String, _ wallPlan: WallPlan) -> Verdict {
    guard let source = wallPlan.source(id) else { return .refused(.unknownSource) }
    let layout = WallLayout(id: "pin", name: "pin", regions: [.init(name: "pin", cells: cells, sources: [id])])
    if let problem = wallPlan.problems(of: layout).first { return .refused(problem.refusalOfPin) }
    let needsReason = source.needsReason
    if state.wall.hasVisitors, source.isSensitive { return .refused(.visitorsPresent) }
    if needsReason || reason != nil, let refusal = needsText(reason ?? "") { return refusal }
    // What it covers whole it replaces. One that it would cut is another picture that somebody looks at.
    let isCut = state.wall.pins.contains { $0.pin.cells.overlaps(cells) && !cells.contains($0.pin.cells) }
    guard !isCut else { return .refused(.pinOverlaps) }
    let pin = WallPin(
      id: state.wall.lastPin &+ 1, source: id, cells: cells, post: post, reason: reason,
      seconds: needsReason ? Self.viewSeconds : nil)
    return .record(.wall(.pinned(pin)))
  }

  /// What `action` would come to.
  func rehearse(_ action: WallAction, by post: String) -> WallRehearsal? {
    guard let before = composeWall() else { return nil }
    let changes: [Change]
    switch decideWall(action.toRehearse, by: post) {
    case .record(let wanted): changes = wanted
    // Nothing would be switched.
    case .refused(.alreadyDone): changes = []
    default: return nil
    }
    var wished = state
    for change in changes { wished.apply(Entry(time: stamp, change: change)) }
    var copy = self
    copy.state = wished
    guard let after = copy.composeWall() else { return nil }
    let old = before.deviceWishes()
    let switched = after.deviceWishes().compactMap { wish -> WallDeviceWish? in
      let former = old.first { $0.device == wish.device }?.wishes ?? []
      let new = wish.wishes.filter { !former.contains($0) }
      return new.isEmpty ? nil : WallDeviceWish(device: wish.device, wishes: new)
    }
    return WallRehearsal(tiles: after.tiles, switched: switched, left: after.left)
  }

  /// Why nobody would see anything; `nil`: somebody would.
  private func cannotIdentify(_ output: WallPlan.Output, _ wallPlan: WallPlan) -> Refusal? {
    func answers(_ device: String) -> Bool { wallFacts.device(device)?.health == .online }
    if let display = output.display {
      guard answers(display.device) else { return .outputUnreachable }
      return wallFacts.isDisplayOn(display) == false ? .displayIsOff : nil
    }
    if let player = output.player { return answers(player) ? nil : .outputUnreachable }
    guard marker(for: output, wallPlan) != nil else { return .nothingToShow }
    return output.matrix.map { answers($0.device) } ?? false ? nil : .outputUnreachable
  }

  /// In seconds; `nil`: it is to end.
  private static func identifyLength(_ seconds: Int) -> Int? { seconds > 0 ? min(seconds, identifySeconds) : nil }

  mutating func identify(_ number: Int, seconds: Int) {
    guard let output = plan.wall?.output(number) else { return }
    let length = Self.identifyLength(seconds) ?? 0
    for port in output.ports where port != output.matrix {
      pending.append(.wallIdentify(port, seconds: UInt8(clamping: length)))
    }
    wallFacts.identified.removeAll { $0.output == number }
    // A display that shows its own number does not say which output of the matrix feeds it.
    if length > 0, let plan = plan.wall, let source = marker(for: output, plan) {
      wallFacts.identified.append(.init(output: number, source: source, until: now + Interval.seconds(length)))
    }
  }

  /// What a matrix can give to this output so that a person sees which one it is: something else than it shows, and for everybody's eyes.
  private func marker(for output: WallPlan.Output, _ wallPlan: WallPlan) -> String? {
    guard output.matrix != nil else { return nil }
    let shown = composeWall()?.tile(output.number).flatMap { $0.isIdentified ? nil : $0.source }
    let fit = wallPlan.sources.filter { !$0.isSensitive && $0.kind != .camera && $0.id != shown && wallPlan.reaches($0, output) }
    return (fit.first { $0.kind == .test } ?? fit.first)?.id
  }
}

extension WallAction {
  /// Nobody sees anything of a rehearsed scene: it needs no reason.
  fileprivate var toRehearse: WallAction {
    switch self {
    case .scene(let id?, nil): .scene(id, reason: "预演")
    case .beginMeeting(let id, nil): .beginMeeting(scene: id, reason: "预演")
    default: self
    }
  }
}

extension WallLayoutProblem {
  /// Why one source does not come onto these cells.
  fileprivate var refusalOfPin: Refusal {
    switch self {
    case .unreachable: .sourceDoesNotReach
    case .notShared, .tooManyShare, .severalPlayers: .cannotSpan
    default: .layoutWrong
    }
  }
}

extension String {
  static let shiftNameLimit = 20

  /// As somebody typed it: short, and in one line.
  fileprivate var isShiftName: Bool {
    (1...Self.shiftNameLimit).contains(count) && contains { !$0.isWhitespace }
      && unicodeScalars.allSatisfy { $0.isPlainText && $0 != "\n" && $0 != "\t" }
  }
}

extension WallLayout {
  /// It came from outside: names are short and hold no control characters, and there are not more regions than a wall has cells.
  var isWithinLimits: Bool {
    func isName(_ text: String) -> Bool {
      !text.isEmpty && text.count <= WallPlan.nameLimit && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }
    return isName(id) && isName(name) && regions.count <= 64 && regions.allSatisfy { isName($0.name) }
  }
}
