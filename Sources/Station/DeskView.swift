import DeviceVocabulary

/// What the duty desk shows: an immutable picture of the station after a commit. It never shows what is not on disk.
public struct DeskView: Sendable, Equatable, Codable {
  public var site: String
  public var station: String
  /// Rises with every change; a page asks for nothing older than it has.
  public var revision: UInt64
  /// Sequence of the last journal entry that this view is made of.
  public var entries: UInt64
  /// Station time when the view was made, milliseconds since 1970.
  public var asOfMilliseconds: Int64
  public var clockSynchronised: Bool
  public var incidents: [IncidentCard]
  /// The last closed ones, newest first, at most 20.
  public var recentlyClosed: [IncidentCard]
  public var faults: [FaultCard]
  public var callPoints: [CallPointCard]
  public var posts: [SitePlan.Post]
  public var onDuty: [String]
  public var sound: Sound
  public var journal: JournalStatus
  public var statistics: Statistics
  /// The line to the parent; `nil` for a station without one.
  public var link: LinkCard?
  /// What the parent has to say, newest last.
  public var notices: [NoticeCard]
  /// The stations below, in order of their names.
  public var children: [ChildCard]
  /// How the alarm receiver stands that others run; `nil` when the site has none.
  public var receiver: ReceiverStatus?
  /// Calls that were handed over between this station and those below, the most overdue first.
  public var handOvers: [HandOverCard] = []
  /// Open matters of visitors that are late; `nil` for a station that nobody comes to.
  public var overdueMatters: Int?

  /// What should be heard at the desk. Only an acknowledgement ends `.call`.
  public enum Sound: String, Sendable, Codable, Comparable {
    case none, fault, call

    private var rank: Int {
      switch self {
      case .none: 0
      case .fault: 1
      case .call: 2
      }
    }
    public static func < (left: Sound, right: Sound) -> Bool { left.rank < right.rank }
  }

  public struct IncidentCard: Sendable, Equatable, Codable {
    public var id: IncidentID
    public var button: ButtonID
    public var place: String
    public var placeName: String
    public var mark: Mark
    public var phase: Phase
    /// When the finger was on the button, milliseconds since 1970.
    public var pressedAtMilliseconds: Int64
    public var ageSeconds: Int
    public var presses: Int
    public var silent: Bool
    public var bypassed: Bool
    /// What the resident's lamp should show, and what it was last read back as (`nil`: not read back yet, or stale).
    public var lampWish: Indicator
    public var lampShown: Indicator?
    public var owner: String?
    /// Posts that owned it before, by a hand-over or until an escalation took it over.
    public var formerOwners: [String]
    /// Those of them from whom an escalation took it.
    public var takenFrom: [String]
    public var offeredTo: String?
    public var escalationStep: Int
    public var escalatedTo: [String]
    /// Seconds to the next escalation step; `nil` when there is none.
    public var nextStepSeconds: Int?
    public var raisedAgain: Int
    public var secondsToAcknowledge: Int?
    public var secondsToScene: Int?
    public var note: String?
    /// An acknowledgement is wanted now: never taken, or raised again because nobody came.
    public var waits: Bool
    public var falseAlarm: Bool
    /// False while the call is held in memory because the journal does not take it.
    public var recorded: Bool
    /// When it was closed, milliseconds since 1970; `nil` while it is not.
    public var closedMilliseconds: Int64?
    /// The parent handed it to this station and wants it attended to in time.
    public var handedDown: HandedDownCard?
    /// The parent has it and cannot be reached: whoever is here may take it over.
    public var ownerAway = false
  }

  public struct FaultCard: Sendable, Equatable, Codable {
    public var key: FaultKey
    public var whatChinese: String
    public var whatEnglish: String
    /// The place or the bus.
    public var whereText: String
    public var sinceMilliseconds: Int64
    public var adviceChinese: String
    public var adviceEnglish: String
    /// False when the cause is gone and only the re-test is missing.
    public var present: Bool
    public var silenced: Bool
    public var retesting: Bool
    /// When it was last re-tested in vain, milliseconds since 1970.
    public var retestFailedMilliseconds: Int64?
    public var detail: String
    /// Since when its cause is there again, milliseconds since 1970; `nil`: all the time.
    public var returnedMilliseconds: Int64?
  }

  public struct CallPointCard: Sendable, Equatable, Codable {
    public var button: ButtonID
    public var place: String
    public var placeName: String
    public var silent: Bool
    public var health: Health
    public var lampWish: Indicator
    public var lampShown: Indicator?
    public var bypass: Bypass?
    public var testAnnounced: Bool
  }

  public struct Bypass: Sendable, Equatable, Codable {
    public var post: String
    public var reason: String
    public var remainingSeconds: Int
  }

  /// Whether the journal takes entries. `waiting` entries about calls are held in memory, not recorded, and are not claimed to be.
  public struct JournalStatus: Sendable, Equatable, Codable {
    public var condition: Condition
    public var waiting: Int

    public enum Condition: String, Sendable, Codable { case healthy, callsOnly, failed }

    public init(condition: Condition, waiting: Int) {
      self.condition = condition
      self.waiting = waiting
    }
  }
}

/// Counts since the journal began, each mark for itself.
public struct Statistics: Sendable, Equatable, Codable {
  public struct Counts: Sendable, Equatable, Codable {
    public var opened = 0
    public var falseAlarms = 0
    public var closed = 0
    public var escalated = 0
  }
  public var real = Counts()
  public var test = Counts()
  public var drill = Counts()

  public subscript(mark: Mark) -> Counts {
    get {
      switch mark {
      case .real: real
      case .test: test
      case .drill: drill
      }
    }
    set {
      switch mark {
      case .real: real = newValue
      case .test: test = newValue
      case .drill: drill = newValue
      }
    }
  }
}
