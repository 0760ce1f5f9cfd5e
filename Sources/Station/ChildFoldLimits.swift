import DeviceVocabulary

/// What a parent keeps in memory, and on its pages, of one child. No station comes near it; one that does must not slow the calls of others.
enum ChildFoldLimit {
  static let openCalls = 200
  static let faults = 500
  /// Of each kind of thing that hardly a page shows: devices, bypasses, stations below it …
  static let others = 500
  /// Posts that one call was with, or was escalated to.
  static let posts = 50
}

extension StationState {
  /// Whether the fold of a child stays within its limits with this change; what is known already always has room.
  func hasRoom(for change: Change) -> Bool {
    switch change {
    case .opened(let id, _): incidents.count < ChildFoldLimit.openCalls || incident(id) != nil
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

  func hasRoom(toRetell call: Incident) -> Bool {
    call.phase == .closed || incidents.count < ChildFoldLimit.openCalls || incident(call.id) != nil
  }

  func hasRoom(forChild station: String) -> Bool { children.count < ChildFoldLimit.others || child(station) != nil }

  /// What a child has carried over, within the limits of its fold.
  var limitedForParent: StationState {
    var state = bounded
    state.incidents = Array(incidents.prefix(ChildFoldLimit.openCalls)).map(\.bounded)
    state.recentlyClosed = Array(state.recentlyClosed.prefix(Self.recentLimit))
    state.faults = Array(faults.prefix(ChildFoldLimit.faults))
    state.bypasses = Array(bypasses.prefix(ChildFoldLimit.others))
    state.announcedTests = Array(announcedTests.prefix(ChildFoldLimit.others))
    state.identities = Array(identities.prefix(ChildFoldLimit.others))
    state.trimForParent()
    return state
  }

  /// With numbers that can be counted on from: it came whole, and whoever wrote it may have meant anything.
  var bounded: StationState {
    var state = self
    state.entries = min(entries, 1 << 52)
    state.incidents = incidents.map(\.bounded)
    state.recentlyClosed = recentlyClosed.map(\.bounded)
    state.proof.last = min(proof.last, 1 << 30)
    for key in [\ProofState.asked, \.returned, \.failed] { state.proof[keyPath: key] = min(max(0, proof[keyPath: key]), 1 << 30) }
    for mark in Mark.allCases {
      for key in [\Statistics.Counts.opened, \.falseAlarms, \.closed, \.escalated] {
        state.statistics[mark][keyPath: key] = min(max(0, statistics[mark][keyPath: key]), 1 << 40)
      }
    }
    return state
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
  var bounded: ChildState {
    var child = self
    child.fold = fold.bounded
    child.unfolded = min(unfolded, 1 << 52)
    return child
  }
}
