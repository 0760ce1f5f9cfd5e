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
    case .received(let received): children.count < ChildFoldLimit.others || child(received.child) != nil
    case .commanded(let station, _):
      child(station).map { $0.pending.count < ChildFoldLimit.others } ?? (children.count < ChildFoldLimit.others)
    default: true
    }
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
