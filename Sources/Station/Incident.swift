import DeviceVocabulary

/// How far a call for help has come.
public enum Phase: String, Sendable, Codable, CaseIterable {
  /// Recorded; nobody has taken it yet.
  case opened
  case acknowledged
  case onScene
  case resolved
  case closed
}

/// A call for help (求助), as the journal tells it.
public struct Incident: Sendable, Equatable, Codable {
  public var id: IncidentID
  public var opening: Opening
  public var openedAt: EntryTime
  public var phase: Phase = .opened
  public var presses = 1
  public var owner: String?
  public var formerOwners: [String] = []
  /// Those of them from whom an escalation took it.
  public var takenFrom: [String] = []
  public var offer: Offer?
  public var escalationStep = 0
  public var escalatedTo: [String] = []
  /// When the ladder that runs now began: at the opening, or when the call was raised again.
  public var ladderSince: EntryTime
  public var raisedAgain = 0
  public var acknowledgedAt: EntryTime?
  public var onSceneAt: EntryTime?
  public var closedAt: EntryTime?
  public var falseAlarm = false
  public var note: String?
  /// The parent that has its opening on disk.
  public var deliveredTo: String?

  /// Set while the parent has handed it to this station and waits for it to be attended to in time.
  public var handedDown: HandedDown?

  public struct HandedDown: Sendable, Equatable, Codable {
    public var from: String
    public var within: HandOverLimits
    public var acceptedAt: EntryTime?
  }

  public struct Offer: Sendable, Equatable, Codable {
    public var to: String
    public var at: EntryTime
  }

  /// What a hand-over between levels has come to.
  mutating func note(_ step: Change, at time: EntryTime) {
    let isTaken = handedDown?.acceptedAt != nil
    switch step {
    case .handOverOffered(_, let from, _, let within?): handedDown = HandedDown(from: from, within: within)
    // Whoever of this station takes it from its first receiver goes on within the same times; the parent's own posts do not.
    case .handOverAccepted(_, let post), .acknowledged(_, let post, _):
      if SitePlan.isParentPost(post) {
        handedDown = nil
      } else if !isTaken {
        if case .acknowledged = step { handedDown = nil }
        handedDown?.acceptedAt = time
      }
    case .handOverEnded: if !isTaken { handedDown = nil }
    default: break
    }
  }

  public init(id: IncidentID, opening: Opening, at time: EntryTime) {
    self.id = id
    self.opening = opening
    self.openedAt = time
    self.ladderSince = time
  }

  /// The same number may stand for another call, once a journal was set back.
  public func isSameCall(as other: Incident) -> Bool { id == other.id && openedAt == other.openedAt }

  /// With numbers that can be reckoned on with: it came whole from another station.
  var bounded: Incident {
    var incident = self
    incident.openedAt.wallMilliseconds = min(max(0, openedAt.wallMilliseconds), 1 << 52)
    incident.presses = min(max(1, presses), 1 << 30)
    incident.raisedAgain = min(max(0, raisedAgain), 1 << 30)
    return incident
  }

  /// Somebody still has to come, or say that it is over.
  public var isOpen: Bool { phase != .closed && phase != .resolved }
  /// Waits for an acknowledgement: never taken, or taken and raised again because nobody came or somebody pressed again.
  public var waits: Bool { phase == .opened || ((phase == .acknowledged || phase == .onScene) && escalatingAgain) }
  /// Raised again and not taken since.
  public var escalatingAgain = false
}
