import DeviceVocabulary

/// An entry of a child's journal as the parent has it: the child's bytes, untouched, and where they stand there.
public struct Received: Sendable, Equatable, Codable {
  /// The child's station name, from its certificate.
  public var child: String
  public var position: JournalPosition
  public var hash: EntryHash
  public var before: JournalHead
  /// 补传: the child sent it more than a minute after it had recorded it.
  public var isLate: Bool
  /// The child's stored bytes. In the journal they stand behind the entry's own JSON, not in it.
  public var body: [UInt8]
  /// What the bytes say; `nil` when this program cannot read them (a newer child). They are kept all the same.
  public var content: Entry?
  /// The bytes are so many that they stayed at the child: this is their place in its chain, and nothing more.
  public var withheldBytes: Int?

  public init(
    child: String, position: JournalPosition, hash: EntryHash, before: JournalHead, isLate: Bool, body: [UInt8], content: Entry?,
    withheldBytes: Int? = nil
  ) {
    self.child = child
    self.position = position
    self.hash = hash
    self.before = before
    self.isLate = isLate
    self.body = body
    self.content = content
    self.withheldBytes = withheldBytes
  }

  public var link: LinkCursor.Link { .init(entry: JournalHead(position: position, hash: hash), before: before) }

  /// The child has found out by itself that its journal was set back.
  var saysThatItBranched: Bool { if case .branched? = content?.change { true } else { false } }

  enum CodingKeys: String, CodingKey {
    case child, position, hash, before
    case isLate = "late"
    case body, content
    case withheldBytes = "withheld"
  }
}

/// What a station tells its parent about itself, so that the parent's pages can name what its calls are about.
public struct SiteDescription: Sendable, Equatable, Codable {
  public var name: String
  public var places: [SitePlan.Place]
  /// Without telephone numbers.
  public var posts: [SitePlan.Post]
  public var callPoints: [SitePlan.CallPoint]
  /// Where it lies on the parent's drawn map: percent of its width and height.
  public var map: SitePlan.MapPoint?

  public init(_ plan: SitePlan) {
    name = plan.name
    places = plan.places
    posts = plan.posts.map { SitePlan.Post(id: $0.id, name: $0.name, phone: nil, place: $0.place) }
    callPoints = plan.callPoints
    map = plan.map
  }
}

/// What became of a parent's command.
public enum CommandResult: Sendable, Equatable, Codable {
  case done
  case refused(Refusal)
  /// It arrived after its time to live.
  case expired
}

/// Words from the parent, for the desk.
public struct Notice: Sendable, Equatable, Codable {
  public var number: UInt64
  public var post: String
  public var text: String
  public var since: EntryTime
  public var seconds: Int
}

/// The daily proof that a call gets through to the parent's application and back.
public struct ProofState: Sendable, Equatable, Codable {
  public var last: UInt32 = 0
  public var asked = 0
  public var returned = 0
  public var failed = 0
  /// The one that is under way.
  public var waiting: EntryTime?
  public var lastReturned: EntryTime?
  public var lastMilliseconds: UInt32?
  /// The local day on which it was last asked.
  public var lastDay: Int64?

  mutating func ask(_ number: UInt32, at time: EntryTime) {
    last = number
    asked += 1
    waiting = time
    lastDay = WallClock(unixMilliseconds: time.wallMilliseconds, synchronised: time.synchronised).localDay
  }

  mutating func returned(after milliseconds: UInt32, at time: EntryTime) {
    returned += 1
    waiting = nil
    lastReturned = time
    lastMilliseconds = milliseconds
  }

  mutating func fail() {
    failed += 1
    waiting = nil
  }

  /// Returned of those that are decided, in per mille; `nil` before the first.
  public var availabilityPerMille: Int? { returned + failed == 0 ? nil : returned * 1000 / (returned + failed) }
}
