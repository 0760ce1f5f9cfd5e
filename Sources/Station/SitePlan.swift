import DeviceVocabulary

/// What the station knows of its site before anything happens: read from the site file, checked there, never changed while running.
public struct SitePlan: Sendable, Equatable, Codable {
  /// Shown on pages, for instance 铁西社区综治中心.
  public var name: String
  /// The station's own code in its street, for instance `tiexi-03`.
  public var station: String
  public var posts: [Post]
  public var places: [Place]
  public var callPoints: [CallPoint]
  public var devices: [Device]
  public var outputs: [Output]
  public var ladder: [LadderStep]
  public var roster: [RosterRule]
  /// How long an acknowledged call may wait for "on scene" before it is raised again, in seconds.
  public var onSceneWithinSeconds: Int
  /// Unanswered hand-over offers return to the owner after this many seconds.
  public var offerExpiresSeconds: Int
  /// The station above, if there is one.
  public var parent: Parent?
  /// Stations below that must be there.
  public var children: [Child]?
  /// By when a call that is handed down to one of them is to be attended to.
  public var handDown: HandOverLimits?
  public var map: MapPoint?
  /// What the centre offers to those who come; `nil`: nobody comes here.
  public var visits: VisitPlan?
  /// The display wall; `nil`: there is none.
  public var wall: WallPlan?

  /// What marks a post of the parent in this station's calls: `^desk`. No post of a site file begins with it; alone it means whoever is on
  /// duty there.
  public static let parentPost = "^"
  static func isParentPost(_ post: String) -> Bool { post.hasPrefix(parentPost) }

  public struct Parent: Sendable, Equatable, Codable {
    /// Minute after local midnight of the daily proof; `nil`: none.
    public var proofMinute: Int?

    public init(proofMinute: Int? = nil) { self.proofMinute = proofMinute }
  }

  public struct Child: Sendable, Equatable, Codable {
    public var station: String
    /// Until it has said its own.
    public var name: String

    public init(station: String, name: String) {
      self.station = station
      self.name = name
    }
  }

  /// Percent of the width and height of the parent's drawn map.
  public struct MapPoint: Sendable, Equatable, Codable {
    public var x: Int
    public var y: Int

    public init(x: Int, y: Int) {
      self.x = x
      self.y = y
    }
  }

  public init(
    name: String, station: String, posts: [Post], places: [Place], callPoints: [CallPoint], devices: [Device],
    outputs: [Output] = [],
    ladder: [LadderStep] = LadderStep.standard, roster: [RosterRule] = [], onSceneWithinSeconds: Int = 300,
    offerExpiresSeconds: Int = 60
  ) {
    self.name = name
    self.station = station
    self.posts = posts
    self.places = places
    self.callPoints = callPoints
    self.devices = devices
    self.outputs = outputs
    self.ladder = ladder
    self.roster = roster
    self.onSceneWithinSeconds = onSceneWithinSeconds
    self.offerExpiresSeconds = offerExpiresSeconds
  }

  /// A duty post (岗位): never a person's name.
  public struct Post: Sendable, Equatable, Codable {
    public var id: String
    public var name: String
    public var phone: String?
    /// Where its desk stands: a page in that room keeps quiet about a silent call of the same room.
    public var place: String?

    public init(id: String, name: String, phone: String? = nil, place: String? = nil) {
      self.id = id
      self.name = name
      self.phone = phone
      self.place = place
    }
  }

  public struct Place: Sendable, Equatable, Codable {
    public var id: String
    public var name: String
    /// Grid code (网格编码) that the roster goes by.
    public var grid: String?

    public init(id: String, name: String, grid: String? = nil) {
      self.id = id
      self.name = name
      self.grid = grid
    }
  }

  /// One button or input that calls for help from a place.
  public struct CallPoint: Sendable, Equatable, Codable {
    public var button: ButtonID
    public var place: String
    /// A duress button: shows and sounds nothing in the room.
    public var silent: Bool

    public init(button: ButtonID, place: String, silent: Bool = false) {
      self.button = button
      self.place = place
      self.silent = silent
    }
  }

  /// A device that must be there; one that is not is a fault.
  public struct Device: Sendable, Equatable, Codable {
    public var id: DeviceID
    public var name: String

    public init(id: DeviceID, name: String) {
      self.id = id
      self.name = name
    }
  }

  /// What a relay output is for.
  public struct Output: Sendable, Equatable, Codable {
    public var device: DeviceID
    public var output: UInt8
    public var role: Role

    public enum Role: String, Sendable, Codable, CaseIterable {
      /// Sounds while a call waits for an acknowledgement.
      case sounder
      /// Lit while a call is open.
      case redLight
      /// Lit while a fault stands.
      case amberLight
      /// Lit while the station runs and records.
      case greenLight
    }

    public init(device: DeviceID, output: UInt8, role: Role) {
      self.device = device
      self.output = output
      self.role = role
    }
  }

  /// Who is told when nobody has acknowledged for so long.
  public struct LadderStep: Sendable, Equatable, Codable {
    public var afterSeconds: Int
    /// Post ids; empty means whoever the roster has on duty for the grid at that hour, or all posts when it has nobody.
    public var posts: [String]

    public init(afterSeconds: Int, posts: [String] = []) {
      self.afterSeconds = afterSeconds
      self.posts = posts
    }

    /// 30/60/120 s (standards.md §5, human acknowledgement).
    public static let standard = [LadderStep(afterSeconds: 30), LadderStep(afterSeconds: 60), LadderStep(afterSeconds: 120)]
  }

  /// When a post is on duty, and for which grids.
  public struct RosterRule: Sendable, Equatable, Codable {
    public var post: String
    /// Empty: all grids.
    public var grids: [String]
    /// Minutes after local midnight; `from` > `to` runs over midnight, equal means the whole day.
    public var fromMinute: Int
    public var toMinute: Int
    /// 1 = Monday ... 7 = Sunday (ISO 8601); empty: every day. For a span over midnight the day on which it begins counts.
    public var weekdays: [Int]

    public init(post: String, grids: [String] = [], fromMinute: Int = 0, toMinute: Int = 0, weekdays: [Int] = []) {
      self.post = post
      self.grids = grids
      self.fromMinute = fromMinute
      self.toMinute = toMinute
      self.weekdays = weekdays
    }
  }
}

extension SitePlan {
  /// Where the site file says nothing: as for a call of its own, and an hour.
  public var handOverLimits: HandOverLimits {
    let scene = UInt32(clamping: onSceneWithinSeconds)
    return handDown ?? HandOverLimits(onSceneSeconds: scene, resolveSeconds: max(scene, 3600))
  }

  public func post(_ id: String) -> Post? { posts.first { $0.id == id } }
  public func place(_ id: String) -> Place? { places.first { $0.id == id } }
  public func callPoint(_ button: ButtonID) -> CallPoint? { callPoints.first { $0.button == button } }

  /// The posts on duty for any grid at a local time.
  public func onDutyAnywhere(at clock: WallClock) -> [String] {
    var found: [String] = []
    for grid in [nil] + places.map(\.grid) {
      for post in onDuty(grid: grid, at: clock) where !found.contains(post) { found.append(post) }
    }
    return found
  }

  /// The posts on duty for a grid at a local time.
  public func onDuty(grid: String?, at clock: WallClock) -> [String] {
    return roster.filter { rule in
      guard rule.grids.isEmpty || grid.map(rule.grids.contains) ?? false else { return false }
      return clock.isWithin(fromMinute: rule.fromMinute, toMinute: rule.toMinute, weekdays: rule.weekdays)
    }.map(\.post)
  }
}
