// What a parent keeps of the visits of a station below: its matters, hazards and counts. Queues are over by the evening, and are the
// centre's own.

extension StationState {
  mutating func takeBelow(_ change: VisitChange, at time: EntryTime) {
    switch change {
    case .taken: countBelow()
    case .carried(let part, let number):
      // Known already, unless the past is missing.
      if lacksPast { apply(.carried(part.limitedForParent(), part: number), at: time) }
    case .opened, .hazardReported:
      apply(change, at: time)
      visitState?.trim()
    // No station of ours seals anything as long.
    case .contactGiven(_, let contact, _) where !contact.isWithinLimits: break
    case let change where change.isOfQueue: break
    default: apply(change, at: time)
    }
  }

  private mutating func countBelow() {
    var visits = visits
    visits.counts.tickets = ChildFoldLimit.sum(visits.counts.tickets, 1)
    visitState = visits
  }
}

extension VisitState {
  func limitedForParent() -> VisitState {
    var state = self
    state.lines = []
    state.waiting = []
    state.seats = []
    state.helps = []
    state.clearing = nil
    for key in [\Counts.tickets, \.matters, \.overdue, \.hazards, \.hazardsHandled] {
      state.counts[keyPath: key] = ChildFoldLimit.sum(counts[keyPath: key], 0)
    }
    let ratings = counts.ratings.prefix(3).map { ChildFoldLimit.sum($0, 0) }
    state.counts.ratings = ratings + [0, 0, 0].dropFirst(ratings.count)
    state.trim()
    return state
  }

  /// Closed matters go first, then the oldest.
  mutating func trim() {
    while matters.count > ChildFoldLimit.others { matters.remove(at: matters.firstIndex { $0.phase == .closed } ?? 0) }
    if hazards.count > ChildFoldLimit.others { hazards.removeFirst(hazards.count - ChildFoldLimit.others) }
    for index in matters.indices where matters[index].formerOwners.count > ChildFoldLimit.posts {
      matters[index].formerOwners.removeFirst()
    }
  }
}
