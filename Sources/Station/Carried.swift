import DeviceVocabulary

// What keeps a fold whole although the oldest files of its journal were dropped: the state so far, as entries at the beginning of a month.

extension Station {
  /// One entry for each station below, so that each fits into a batch of the line however many there are, then one for the rest.
  mutating func carryOver(boot: String, tooLarge: String?) {
    if self.boot.isEmpty { self.boot = boot }
    stamp = makeStamp()
    if let tooLarge { return condition(FaultKey(.journal, .notCarried), true, detail: tooLarge) }
    for child in state.children { record(.carriedChild(child.carried)) }
    if let visits = state.visitState {
      for (number, part) in visits.parts.enumerated() { record(.visit(.carried(part, part: number))) }
    }
    record(.carried(state.carried))
    condition(FaultKey(.journal, .notCarried), false)
  }
}

extension StationState {
  /// What `carried` holds. The words that clerks wrote about calls that are over stay behind: they would live on with every month.
  public var carried: StationState {
    var state = self
    state.children = []
    state.visitState = nil
    state.forgetWords()
    return state
  }

  /// Everything that would be written as a month begins, in order: to see whether it fits.
  public var carriedParts: [Change] {
    let visits = visitState?.parts.enumerated().map { Change.visit(.carried($1, part: $0)) } ?? []
    return children.map { .carriedChild($0.carried) } + visits + [.carried(carried)]
  }

  mutating func forgetWords() {
    for index in recentlyClosed.indices { recentlyClosed[index].note = nil }
    for index in children.indices { children[index].forgetWords() }
  }

  /// Goes on from what was carried; the stations below have entries of their own.
  mutating func resume(_ carried: StationState) {
    let (children, visits) = (children, visitState)
    self = carried.bounded()
    self.children = children
    visitState = visits
    entries += 1
  }

  /// Adds what a fold without a past has learnt of later entries: calls overtake what was carried.
  mutating func add(_ later: StationState) {
    entries = min(entries &+ later.entries, ChildFoldLimit.count)
    incidents += later.incidents.filter { $0.id > lastIncident }
    let closed = later.recentlyClosed.filter { $0.id > lastIncident }
    recentlyClosed = Array((closed + recentlyClosed).prefix(Self.recentLimit))
    for mark in Mark.allCases { statistics[mark].add(later.statistics[mark]) }
    for watermark in later.watermarks {
      let identity = EventIdentity(unit: watermark.unit, epoch: watermark.epoch, sequence: watermark.sequence)
      raiseWatermark(identity, watermark.device)
    }
    proof.add(later.proof)
    lastIncident = max(lastIncident, later.lastIncident)
  }

  fileprivate mutating func carry(_ child: ChildState) {
    let later = self.child(child.station)
    var child = child.bounded()
    if let later { child.add(later) }
    put(child)
  }
}

extension ChildState {
  public var carried: ChildState {
    var child = self
    child.forgetWords()
    return child
  }

  mutating func forgetWords() {
    fold.forgetWords()
    if lastFailure.map({ failure in failure.command.incident.map { fold.incident($0) == nil } ?? true }) ?? false {
      lastFailure = nil
    }
    for index in strays.indices { strays[index].closed?.note = "" }
  }

  /// Nothing before `head` will come any more.
  mutating func beginAnew(after head: JournalHead) {
    if cursor.head != .start {
      let described = fold.described
      fold = StationState()
      fold.described = described
      early = []
    }
    // Without a beginning there is only what overtook, and that stays.
    cursor.begin(after: head)
    fold.lacksPast = true
  }

  /// Whether the beginning of the child's journal has come.
  mutating func noteBeginning(_ before: JournalHead) {
    if before == .start {
      fold.lacksPast = false
    } else if cursor == LinkCursor() {
      fold.lacksPast = true
    }
  }

  /// Folds one entry of the child. What the child has carried over is known here already, unless the past is missing.
  mutating func fold(_ entry: Entry) {
    switch entry.change {
    case .carriedChild(let child) where fold.lacksPast:
      fold.entries += 1
      guard fold.hasRoom(forChild: child.station) else { return }
      fold.carry(child)
    case .carried(let state) where fold.lacksPast:
      let later = fold
      fold.resume(state.limitedForParent())
      fold.add(later)
      for step in early { fold.apply(step) }
      early = []
    case .wall: fold.entries += 1
    case .visit(let change):
      fold.entries += 1
      fold.takeBelow(change, at: entry.time)
    case .carriedChild(let child):
      fold.entries += 1
      fold.forgetWords(of: child.station)
    case .carried:
      fold.entries += 1
      fold.forgetWords(of: nil)
    default:
      if isEarly(entry.change) {
        if early.count < Self.earlyLimit { early.append(entry) }
      } else {
        fold.apply(entry)
      }
    }
  }

  /// A step of a call that was open as the month began, and which is told by what was carried over.
  private func isEarly(_ change: Change) -> Bool {
    guard fold.lacksPast, let id = change.incident else { return false }
    if case .opened = change { return false }
    return fold.incident(id) == nil && !fold.recentlyClosed.contains { $0.id == id }
  }

  fileprivate mutating func add(_ later: ChildState) {
    fold.add(later.fold)
    for step in later.early { fold.apply(step) }
    cursor.add(later.cursor)
    arrivals.removeAll { arrival in later.arrivals.contains { $0.incident == arrival.incident } }
    arrivals += later.arrivals
    lost += later.lost
    branch = later.branch ?? branch
    recent = Array((recent + later.recent).suffix(Self.recentLimit))
    lastReceived = later.lastReceived ?? lastReceived
  }
}

extension StationState {
  /// As the child did when it carried its state over; `nil`: of its own calls.
  fileprivate mutating func forgetWords(of child: String?) {
    if let child {
      if let index = children.firstIndex(where: { $0.station == child }) { children[index].forgetWords() }
    } else {
      for index in recentlyClosed.indices { recentlyClosed[index].note = nil }
    }
  }
}

extension Statistics.Counts {
  fileprivate mutating func add(_ other: Self) {
    opened = ChildFoldLimit.sum(opened, other.opened)
    falseAlarms = ChildFoldLimit.sum(falseAlarms, other.falseAlarms)
    closed = ChildFoldLimit.sum(closed, other.closed)
    escalated = ChildFoldLimit.sum(escalated, other.escalated)
  }
}

extension ProofState {
  fileprivate mutating func add(_ later: ProofState) {
    asked = ChildFoldLimit.sum(asked, later.asked)
    returned = ChildFoldLimit.sum(returned, later.returned)
    failed = ChildFoldLimit.sum(failed, later.failed)
    guard later.asked > 0 else { return }
    (last, lastDay, waiting) = (later.last, later.lastDay, later.waiting)
    lastReturned = later.lastReturned ?? lastReturned
    lastMilliseconds = later.lastMilliseconds ?? lastMilliseconds
  }
}
