import DeviceKit
import DeviceVocabulary

/// 分流督办: what was handed over between this station and those below, and whether it is late.
extension Station {
  /// What is handed down carries its times with it: both desks then reckon with the same, also when a site file is changed meanwhile.
  func withLimits(_ action: ParentCommand.Action) -> ParentCommand.Action {
    guard case .offer(let id, let to, nil) = action else { return action }
    return .offer(incident: id, to: to, within: plan.handOverLimits)
  }

  /// Most overdue first, then what is due next; what waits only for its closing comes last.
  var handOverCards: [DeskView.HandOverCard] {
    let cards = state.children.flatMap { child in child.handOvers.map { card($0, of: child) } }
    return cards.enumerated().sorted { left, right in
      (left.element.dueInSeconds ?? .max, left.offset) < (right.element.dueInSeconds ?? .max, right.offset)
    }.map(\.element)
  }

  private func card(_ handOver: HandOver, of child: ChildState) -> DeskView.HandOverCard {
    let incident = child.fold.incident(handOver.incident)
    let due = due(handOver)
    var card = DeskView.HandOverCard(
      station: child.station, incident: handOver.incident,
      placeName: incident.map { placeName($0.opening, of: child) } ?? "", mark: incident?.opening.mark ?? .real,
      isUp: handOver.isUp, from: handOver.from, to: handOver.to, stage: .offered, owner: incident?.owner,
      attempts: handOver.attempts, offeredMilliseconds: handOver.offered.shownMilliseconds,
      sinceMilliseconds: handOver.since.shownMilliseconds, due: due?.step, dueMilliseconds: due?.atMilliseconds,
      dueInSeconds: due?.inSeconds)
    switch handOver.stage {
    case .sent: card.stage = .sent
    case .offered: card.stage = .offered
    case .accepted: card.stage = .accepted
    case .onScene: card.stage = .onScene
    case .resolved: card.stage = .resolved
    case .unanswered: card.stage = .unanswered
    case .refused(let post, let reason):
      card.stage = .refused
      card.refusedBy = post
      card.reason = reason
    case .failed(let result):
      card.stage = .failed
      let words = Texts.failure(result)
      card.chinese = words.chinese
      card.english = words.english
    }
    return card
  }

  private struct Due {
    var step: DeskView.HandOverCard.Due
    var atMilliseconds: Int64
    var inSeconds: Int
  }

  /// What has to come next, and when: `nil` when only the closing is left.
  private func due(_ handOver: HandOver) -> Due? {
    func within(_ seconds: Int, of moment: HandOver.Moment, _ step: DeskView.HandOverCard.Due) -> Due {
      Due(
        step: step, atMilliseconds: moment.shownMilliseconds.clampedSubtracting(Int64(seconds) * -1000),
        inSeconds: seconds - secondsSince(moment))
    }
    let limits = handOver.within ?? plan.handOverLimits
    switch handOver.stage {
    case .sent: return within(Self.commandSeconds, of: handOver.since, .answer)
    case .offered: return within(plan.offerExpiresSeconds, of: handOver.since, .answer)
    case .accepted: return within(Int(limits.onSceneSeconds), of: handOver.accepted ?? handOver.since, .onScene)
    case .onScene: return within(Int(limits.resolveSeconds), of: handOver.accepted ?? handOver.since, .resolve)
    case .refused, .unanswered, .failed: return within(0, of: handOver.since, .decision)
    case .resolved: return nil
    }
  }

  /// The next moment at which one of them becomes overdue.
  func nextHandOver() -> Interval? {
    state.children.flatMap(\.handOvers).compactMap { due($0)?.inSeconds }.filter { $0 > 0 }.min().map { .seconds($0) }
  }

  /// On the desk of the station that it was handed to.
  func handedDownCard(_ incident: Incident) -> DeskView.HandedDownCard? {
    guard incident.isOpen, let down = incident.handedDown else { return nil }
    func left(_ limit: UInt32) -> Int? { down.acceptedAt.map { Int(limit) - seconds(elapsed(since: $0)) } }
    func at(_ limit: UInt32) -> Int64? { down.acceptedAt.map { $0.wallMilliseconds.clampedSubtracting(Int64(limit) * -1000) } }
    let isThere = incident.onSceneAt != nil
    return DeskView.HandedDownCard(
      from: down.from, onSceneWithinSeconds: Int(down.within.onSceneSeconds),
      resolveWithinSeconds: Int(down.within.resolveSeconds),
      onSceneDueMilliseconds: isThere ? nil : at(down.within.onSceneSeconds),
      onSceneInSeconds: isThere ? nil : left(down.within.onSceneSeconds),
      resolveDueMilliseconds: at(down.within.resolveSeconds), resolveInSeconds: left(down.within.resolveSeconds))
  }
}
