import DeviceVocabulary

/// What a parent keeps in memory, and on its pages, of one child. No station comes near it; one that does must not slow the calls of others.
enum ChildFoldLimit {
  static let openCalls = 200
  static let faults = 500
  /// Of each kind of thing that hardly a page shows: devices, bypasses, stations below it …
  static let others = 500
  /// Stored bytes of an entry that is folded: hundreds of faults with a quarter of a megabyte of words each would fill the memory.
  static let entryBytes = 16 << 10
  /// No count goes higher.
  static let count: UInt64 = 1 << 52

  /// Of two counts that somebody else has given.
  static func sum(_ one: Int, _ other: Int) -> Int { min(max(0, min(one, 1 << 40)) + max(0, min(other, 1 << 40)), 1 << 40) }

  /// Posts that one call was with, or was escalated to.
  static let posts = 50
}

extension StationState {
  /// Whether the fold of a child stays within its limits with this change; what is known already always has room.
  func hasRoom(for change: Change) -> Bool {
    switch change {
    // Room is made for a call.
    case .opened: true
    case .faultRaised(let key, _): faults.count < ChildFoldLimit.faults || fault(key) != nil
    case .escalated(let id, _, let posts):
      posts.count <= ChildFoldLimit.posts && incident(id).map { $0.escalatedTo.count < ChildFoldLimit.posts } ?? true
    case .testAnnounced: announcedTests.count < ChildFoldLimit.others
    case .bypassed: bypasses.count < ChildFoldLimit.others
    case .deviceIdentified: identities.count < ChildFoldLimit.others
    case .received(let received): hasRoom(forChild: received.child)
    case .commanded(let station, _):
      child(station).map { $0.pending.count < ChildFoldLimit.others } ?? (children.count < ChildFoldLimit.others)
    default: true
    }
  }

  func hasRoom(forChild station: String) -> Bool { children.count < ChildFoldLimit.others || child(station) != nil }

  /// What a child has carried over, within the limits of its fold.
  ///
  /// - Parameter levels: of stations below it; there are four levels in all.
  func limitedForParent(levels: Int = 2) -> StationState {
    var state = bounded(levels: levels)
    state.incidents = Array(state.incidents.prefix(ChildFoldLimit.openCalls))
    state.faults = Array(faults.prefix(ChildFoldLimit.faults))
    state.bypasses = Array(bypasses.prefix(ChildFoldLimit.others))
    state.announcedTests = Array(announcedTests.prefix(ChildFoldLimit.others))
    state.identities = Array(identities.prefix(ChildFoldLimit.others))
    state.visitState = visitState?.limitedForParent()
    // Its own business: nothing here is decided by it.
    state.wallState = nil
    state.trimForParent()
    return state
  }

  /// With numbers that can be counted on from: it came whole, and whoever wrote it may have meant anything.
  func bounded(levels: Int = 2) -> StationState {
    var state = self
    state.entries = min(entries, ChildFoldLimit.count)
    state.incidents = incidents.map(\.bounded)
    state.recentlyClosed = recentlyClosed.prefix(Self.recentLimit).map(\.bounded)
    state.children = levels > 0 ? children.prefix(ChildFoldLimit.others).map { $0.bounded(levels: levels - 1) } : []
    state.proof.last = min(proof.last, 1 << 30)
    for key in [\ProofState.asked, \.returned, \.failed] {
      state.proof[keyPath: key] = ChildFoldLimit.sum(proof[keyPath: key], 0)
    }
    for mark in Mark.allCases {
      for key in [\Statistics.Counts.opened, \.falseAlarms, \.closed, \.escalated] {
        state.statistics[mark][keyPath: key] = ChildFoldLimit.sum(statistics[mark][keyPath: key], 0)
      }
    }
    return state
  }

  /// Room for one more call: what waits for nobody goes, the oldest first. False: everybody waits.
  mutating func makeRoomForCall() -> Bool {
    guard let place = incidents.firstIndex(where: { !$0.isOpen }) ?? incidents.firstIndex(where: { !$0.waits }) else {
      return false
    }
    incidents.remove(at: place)
    return true
  }

  /// What grows with what has room: no decision is taken from it here.
  mutating func trimForParent() {
    if watermarks.count > ChildFoldLimit.others { watermarks.removeFirst(watermarks.count - ChildFoldLimit.others) }
    for index in incidents.indices where incidents[index].formerOwners.count > ChildFoldLimit.posts {
      incidents[index].formerOwners.removeFirst()
      if incidents[index].takenFrom.count > ChildFoldLimit.posts { incidents[index].takenFrom.removeFirst() }
    }
  }
}

extension ChildState {
  func bounded(levels: Int = 2) -> ChildState {
    var child = self
    child.fold = fold.limitedForParent(levels: levels)
    child.unfolded = min(unfolded, ChildFoldLimit.count)
    child.lost = lost.prefix(Self.lostLimit).map(\.bounded)
    child.strays = Array(strays.prefix(ChildFoldLimit.openCalls))
    child.early = Array(early.prefix(Self.earlyLimit))
    child.arrivals = Array(arrivals.prefix(ChildFoldLimit.openCalls))
    child.closings = Array(closings.prefix(StationState.recentLimit))
    child.pending = Array(pending.prefix(ChildFoldLimit.others))
    child.recent = Array(recent.suffix(Self.recentLimit))
    child.handOvers = handOvers.prefix(ChildFoldLimit.openCalls).map { handOver in
      var handOver = handOver
      handOver.attempts = min(max(0, handOver.attempts), 1 << 30)
      return handOver
    }
    return child
  }
}
