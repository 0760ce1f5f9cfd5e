import DeviceVocabulary

extension DeskView {
  /// The line to the parent, as the desk shows it.
  public struct LinkCard: Sendable, Equatable, Codable {
    public var parent: String
    public var paths: [PathStatus]
    /// Entries that the parent does not have yet; calls among them.
    public var waiting: UInt64
    public var waitingCalls: Int
    public var proofLastMilliseconds: Int64?
    /// How long the last daily proof took, in milliseconds.
    public var proofTookMilliseconds: UInt32?
    /// Returned daily proofs, in per mille of all.
    public var availabilityPerMille: Int?
  }

  public struct NoticeCard: Sendable, Equatable, Codable {
    public var number: UInt64
    public var post: String
    public var text: String
    public var atMilliseconds: Int64
  }

  /// A station below.
  public struct ChildCard: Sendable, Equatable, Codable {
    public var station: String
    public var name: String
    public var program: String
    public var state: State
    public var paths: [ChildPathCard]
    public var lastHeardMilliseconds: Int64?
    /// Entries that it still has to send, as it says.
    public var waiting: UInt64
    public var map: SitePlan.MapPoint?
    public var incidents: [IncidentCard]
    /// Calls that only this station has: the station below was set back to an older copy of its disk, and knows nothing of them.
    public var lost: [IncidentCard] = []
    /// What its operators see as out of order, in words.
    public var faults: [FaultCard]
    public var posts: [SitePlan.Post]
    public var pending: [PendingCard]
    /// The last command that came to nothing.
    public var failure: FailureCard?
    public var statistics: Statistics
    /// Newest first; of all stations below together the 20 newest.
    public var recentlyClosed: [IncidentCard] = []
    /// Open calls that it does not know any more, as it says: they can be closed here.
    public var strays: [IncidentID] = []

    public enum State: String, Sendable, Codable, CaseIterable {
      /// In the site file, but nothing of it has ever arrived.
      case never
      /// Not heard since this program started.
      case unknown
      case up
      /// Some of its ways are silent, or have not been steady for a minute.
      case degraded
      case lost
    }
  }

  public struct ChildPathCard: Sendable, Equatable, Codable {
    public var name: String
    public var isUp: Bool
    public var lastHeardMilliseconds: Int64
  }

  /// A command that its station has not answered yet.
  public struct PendingCard: Sendable, Equatable, Codable {
    public var number: UInt64
    public var incident: IncidentID?
    /// `acknowledge`, `onScene` …
    public var action: String
    public var post: String
    public var ageSeconds: Int
  }

  public struct FailureCard: Sendable, Equatable, Codable {
    public var incident: IncidentID?
    public var action: String
    public var post: String
    public var chinese: String
    public var english: String
    public var atMilliseconds: Int64
  }
}

extension ParentCommand.Action {
  /// What pages and the command line call it.
  public var name: String {
    switch self {
    case .acknowledge: "acknowledge"
    case .onScene: "onScene"
    case .resolve: "resolve"
    case .close: "close"
    case .falseAlarm: "falseAlarm"
    case .offer: "handOver"
    case .accept: "accept"
    case .refuse: "refuse"
    case .proofSeen: "proofSeen"
    case .notice: "notice"
    }
  }
}
