import DeviceVocabulary

extension DeskView {
  /// A call that was handed over between this station and one below.
  public struct HandOverCard: Sendable, Equatable, Codable {
    /// Whose call it is, and its number there.
    public var station: String
    public var incident: IncidentID
    public var placeName: String
    public var mark: Mark
    /// The station below offered it to this one; else it was handed down.
    public var isUp: Bool
    /// Posts as the call's station names them: `^` marks one of this station.
    public var from: String
    public var to: String
    public var stage: Stage
    public var owner: String?
    public var refusedBy: String?
    public var reason: String?
    /// Why the command came to nothing.
    public var chinese: String?
    public var english: String?
    public var attempts: Int
    public var offeredMilliseconds: Int64
    /// When the stage began.
    public var sinceMilliseconds: Int64
    /// What has to come next; `nil`: only the closing.
    public var due: Due?
    public var dueMilliseconds: Int64?
    /// Negative: overdue by so much.
    public var dueInSeconds: Int?

    public enum Stage: String, Sendable, Codable, CaseIterable {
      case sent, offered, accepted, onScene, resolved, refused, unanswered, failed
    }

    public enum Due: String, Sendable, Codable, CaseIterable {
      case answer, onScene, resolve
      /// It came back: whoever offered it has to offer it again or go there.
      case decision
    }

    public var isOverdue: Bool { dueInSeconds.map { $0 <= 0 } ?? false }
  }

  /// The parent's times for a call that it handed to this station. Those that run are there once it was accepted.
  public struct HandedDownCard: Sendable, Equatable, Codable {
    public var from: String
    /// Of the acceptance.
    public var onSceneWithinSeconds: Int
    public var resolveWithinSeconds: Int
    /// `nil` as well when somebody is on scene.
    public var onSceneDueMilliseconds: Int64?
    public var onSceneInSeconds: Int?
    public var resolveDueMilliseconds: Int64?
    public var resolveInSeconds: Int?
  }
}
