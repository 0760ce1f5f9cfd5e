/// What a parent asks of a child's station, sent down as one event of its command stream.
///
/// The result travels up as an entry of the child's journal, so the parent believes what the child has on disk and nothing else.
public struct ParentCommand: Sendable, Equatable, Codable {
  /// Rises with every command of this parent; a child carries each number out at most once.
  public var number: UInt64
  /// Parent's wall clock when it was decided, milliseconds since 1970.
  public var issuedAtMilliseconds: Int64
  /// From `issuedAtMilliseconds` on; afterwards it is refused as expired.
  public var timeToLiveSeconds: Int
  /// The parent's post that asks.
  public var post: String
  public var action: Action

  public init(number: UInt64, issuedAtMilliseconds: Int64, timeToLiveSeconds: Int, post: String, action: Action) {
    self.number = number
    self.issuedAtMilliseconds = issuedAtMilliseconds
    self.timeToLiveSeconds = timeToLiveSeconds
    self.post = post
    self.action = action
  }

  public enum Action: Sendable, Equatable, Codable {
    case acknowledge(incident: UInt32)
    case onScene(incident: UInt32)
    case resolve(incident: UInt32, note: String)
    case close(incident: UInt32)
    case falseAlarm(incident: UInt32, note: String)
    /// Hands a call that the parent owns to one of the child's posts (分流督办). `nil`: a parent that sets no times.
    case offer(incident: UInt32, to: String, within: HandOverLimits? = nil)
    /// Takes a call that the child offered to its parent.
    case accept(incident: UInt32)
    case refuse(incident: UInt32, reason: String)
    /// The parent's application has seen the daily test call.
    case proofSeen(proof: UInt32)
    /// Words for the child's desk; they expire with the command's time to live.
    case notice(text: String)
  }

  /// The call that it is about, if it is about one.
  public var incident: UInt32? {
    switch action {
    case .acknowledge(let id), .onScene(let id), .resolve(let id, _), .close(let id), .falseAlarm(let id, _),
      .offer(let id, _, _), .accept(let id), .refuse(let id, _):
      id
    case .proofSeen, .notice: nil
    }
  }
}

/// By when a call that was handed over between levels is to be attended to; both run from its acceptance.
public struct HandOverLimits: Sendable, Equatable, Codable {
  public var onSceneSeconds: UInt32
  public var resolveSeconds: UInt32

  public init(onSceneSeconds: UInt32, resolveSeconds: UInt32) {
    self.onSceneSeconds = onSceneSeconds
    self.resolveSeconds = resolveSeconds
  }
}

/// One way to the parent, as this station sees it now.
public struct PathStatus: Sendable, Equatable, Codable {
  public var name: String
  public var state: State
  /// The last answer to a heartbeat or a batch, this station's wall clock in milliseconds since 1970; `nil`: none since the start.
  public var lastProofMilliseconds: Int64?
  /// Why there is none now, in the words of the link; empty while it is up.
  public var reason: String

  public enum State: String, Sendable, Codable, CaseIterable {
    /// Asked, no answer yet since the start.
    case connecting
    case up
    /// Proofs come, but not steadily for the last minute.
    case degraded
    /// No proof for 15 s.
    case down
    /// The other end refuses this station (its certificate, its version, its name): trying on does not help.
    case refused
  }

  public init(name: String, state: State, lastProofMilliseconds: Int64? = nil, reason: String = "") {
    self.name = name
    self.state = state
    self.lastProofMilliseconds = lastProofMilliseconds
    self.reason = reason
  }

  public var isUp: Bool { state == .up || state == .degraded }
}

/// The line to the parent as a whole.
public struct LinkStatus: Sendable, Equatable, Codable {
  /// The parent's station name, once it has said it.
  public var parent: String
  public var paths: [PathStatus]
  /// Entries that the parent does not have yet.
  public var waiting: UInt64
  /// Calls among them.
  public var waitingCalls: Int

  public init(parent: String = "", paths: [PathStatus] = [], waiting: UInt64 = 0, waitingCalls: Int = 0) {
    self.parent = parent
    self.paths = paths
    self.waiting = waiting
    self.waitingCalls = waitingCalls
  }

  public var isUp: Bool { paths.contains { $0.isUp } }
}
