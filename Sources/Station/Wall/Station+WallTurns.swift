import DeviceVocabulary

/// Cameras that turn to positions which they remember: by hand, and for a call for help.
extension Station {
  static let presetNameLimit = 40

  func decideTurn(_ id: String, _ preset: String, _ reason: String?, _ post: String, _ wallPlan: WallPlan) -> Verdict {
    guard let source = wallPlan.source(id) else { return .refused(.unknownSource) }
    guard source.motor != nil else { return .refused(.doesNotTurn) }
    guard (1...Self.presetNameLimit).contains(preset.count), preset.unicodeScalars.allSatisfy({ $0.isPlainText && $0 != "\n" })
    else { return .refused(.unknownPreset) }
    if let refusal = keptFromVisitors([id], wallPlan) { return refusal }
    let needsReason = source.kind == .camera || source.isSensitive
    if needsReason || reason != nil, let refusal = needsText(reason ?? "") { return refusal }
    return .record(.wall(.turned(WallTurn(source: id, preset: preset, post: post, reason: reason))))
  }

  /// The camera is spoken with after the commit, by somebody who may wait; nothing here does.
  mutating func startTurns(_ changes: [Change]) {
    for case .wall(.turned(let turn)) in changes { pending.append(.turn(source: turn.source, preset: turn.preset)) }
  }

  /// Once for each call and camera, when it comes, also where the wall has no room for it: whoever turns the camera by hand later is right, also
  /// when it was away meanwhile. Calls that were open when this program started have had theirs. The call itself goes its way whatever the camera does: its picture is wished already.
  mutating func turnForCalls(_ wallPlan: WallPlan) {
    guard wallPlan.sources.contains(where: { $0.motor?.callPreset != nil }) else { return }
    let all = callers(wallPlan)
    let open = all.filter { wallPlan.source($0.source)?.motor?.callPreset != nil }
    let known = wallFacts.turnedFor
    let standing = (known ?? []).filter { turned in all.contains { $0.call == turned.call } }
    let news = open.filter { caller in !standing.contains { $0 == .init(call: caller.call, source: caller.source) } }
    wallFacts.turnedFor = standing + news.map { .init(call: $0.call, source: $0.source) }
    guard known != nil, state.wall.isArmed else { return }
    for caller in news {
      guard let preset = wallPlan.source(caller.source)?.motor?.callPreset else { continue }
      let change = Change.wall(.turned(WallTurn(source: caller.source, preset: preset, post: nil, call: caller.call)))
      record(change)
      startTurns([change])
    }
  }

  /// Who asks for what is not theirs stands in the journal too. Of sources that there are not, nothing is kept: their names come from outside.
  mutating func noteRefusedTurn(_ id: String, _ refusal: Refusal, by post: String) {
    guard plan.wall?.source(id) != nil, plan.post(post) != nil, isNews(refusal, of: id, by: post) else { return }
    record(.wall(.turnRefused(source: id, post: post, refusal)))
  }

  mutating func sourceTurned(_ id: String, _ preset: String, _ failure: String?) {
    guard plan.wall?.source(id)?.motor != nil else { return }
    condition(FaultKey(.source(id), .sourceNotTurned), failure != nil, detail: failure.map { "\(preset): \($0)" } ?? "")
  }
}
