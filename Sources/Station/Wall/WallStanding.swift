import DeviceKit
import DeviceVocabulary

/// What is known of the wall's devices in this run of the program: facts with their age, and nothing that was only asked for.
struct WallFacts: Sendable {
  struct Device: Sendable {
    var name: String
    var health = Health.absent
    /// When its silence becomes a fault.
    var silentDue: Instant?
    /// Since when it has not been online, as far as this run of the program knows.
    var goneSince: Instant?
    /// Silent for longer than it may be.
    var isMissed = false
    /// The last that its driver has said of what it answers is that it makes no sense.
    var isGarbled = false
    /// Ports with trouble that keeps the driver from speaking with them.
    var blocked: [(number: UInt16, trouble: WallTrouble)] = []
    /// `nil`: nobody has opened it yet, or it comes by itself.
    var line: WallLineStanding?
    var lineSince = Instant.zero
    var description: WallDescription?
    /// What it was last asked for, so that only changes are sent.
    var sent: [WallWish]?
  }
  struct Port: Sendable {
    var port: WallPort
    var setting: WallSetting
    var asOf: Instant
    var refusal: WallRefusal?
    var refusedAt = Instant.zero
    /// It shows what it should, and is not heard, or not silent.
    var soundRefusal: WallRefusal?
    var troubles: [WallTrouble] = []
    var picture: (state: PictureState, asOf: Instant)?
    /// The source that its player cannot open, and why.
    var unopened: (source: String, reason: String)?
    var measured: [(quantity: WallQuantity, value: Int64, asOf: Instant)] = []
  }
  struct Identified: Sendable {
    var output: Int
    var source: String
    var until: Instant
  }
  struct Source: Sendable {
    var id: String
    var state: SourceState
    var asOf: Instant
    /// From when on it has stood so: another reason for the same is the same.
    var since: Instant

    /// As it may be shown: that it delivers is no longer so when nobody has seen it for longer than the time to live.
    func state(at now: Instant) -> SourceState {
      state == .live && now - asOf > Station.sourceTimeToLive ? .unconfirmed : state
    }
  }

  var devices: [Device]
  /// What was heard last says the same as before: nothing has to be decided anew. With many panels at rest that is nearly all of it.
  var isQuiet = false
  /// On what the wall was decided last: entries of the journal, turn of the rotation, scene.
  var decidedOn: Basis?

  struct Basis: Sendable, Equatable {
    var entries: UInt64
    var turn: Int
    var scene: String?
    var rests: Bool
  }
  /// In order of their names.
  var ports: [Port] = []
  /// In the order in which it came up.
  var cannot: [WallCannot] = []
  var power = WallPower()
  /// Outputs that a person wants to see.
  var identified: [Identified] = []
  var sources: [Source] = []
  /// Views that were refused in the last minute, and are written down.
  var refusedViews: [(source: String, post: String, refusal: Refusal, at: Instant)] = []
  var rates = WallRates()
  var lights = WallLights()
  /// Cameras that were turned for open calls; `nil`: the program has just started.
  var turnedFor: [Turned]?

  struct Turned: Sendable, Equatable {
    var call: WallCall
    var source: String
  }

  init(_ plan: WallPlan?) {
    devices = (plan?.devices ?? []).map { Device(name: $0) }
  }

  func device(_ name: String) -> Device? { devices.first { $0.name == name } }
  func port(_ port: WallPort) -> Port? { ports.first { $0.port == port } }

  mutating func change(_ port: WallPort, at now: Instant, _ body: (inout Port) -> Void) {
    if let index = ports.firstIndex(where: { $0.port == port }) { return body(&ports[index]) }
    // Trouble may be told before the first reading; what it shows is not known then.
    var new = Port(port: port, setting: .route(.max), asOf: .zero)
    body(&new)
    ports.insert(new, at: ports.firstIndex { $0.port > port } ?? ports.count)
  }

  /// That something else cannot be shown says nothing of this.
  mutating func anotherIsWished(_ port: WallPort) {
    guard let index = ports.firstIndex(where: { $0.port == port }), ports[index].refusal?.isFinal == true else { return }
    ports[index].refusal = nil
  }

  /// What was read is not so any more, for all that is known.
  mutating func forget(_ device: String) {
    ports.removeAll { $0.port.device == device }
    cannot.removeAll { $0.port.device == device }
    power.forget(device)
  }
}

/// Whether a source delivers, by whoever has asked it.
public enum SourceState: Sendable, Equatable, Codable {
  /// It describes its stream, and pictures come.
  case live
  /// It answers, and no picture comes.
  case stale
  case dead(reason: String)
  /// It delivered when it was last asked, and that is too long ago to say so. No check comes to this.
  case unconfirmed
}

/// How far an output is what it should be.
public enum WallProof: Sendable, Equatable {
  /// Read back from everything that its picture comes through, not longer ago than its time to live. `picture`: frames were seen to move;
  /// `nil`: they cannot be seen here (线路已核对, 画面未核对).
  case verified(picture: Bool?)
  case switching
  /// A display that is off and waits for its turn to be switched on.
  case poweringOn
  case notSwitched(WallRefusal)
  /// The last reading is older than its time to live.
  case stale
  /// A device that it needs does not answer, or not so that it makes sense; `line`: why, as far as that is known.
  case unreachable(device: String, line: WallLineStanding? = nil)

  /// Read back, and not seen to be black or to stand still.
  public var isWhole: Bool { if case .verified(let picture) = self { picture != false } else { false } }
}

extension WallQuantity {
  /// Three rounds of the slowest driver that asks for it.
  var timeToLive: Interval {
    switch self {
    // Samsung MDC: every 30 s.
    case .temperatureCelsius: .seconds(90)
    // Samsung MDC and PJLink: every 10 minutes.
    case .hours, .lampHours, .filterHours: .seconds(1800)
    case .framesPerSecondTenths: Station.wallTimeToLive
    }
  }
}

extension SourceState {
  func isSame(as other: SourceState) -> Bool {
    switch (self, other) {
    case (.live, .live), (.stale, .stale), (.dead, .dead), (.unconfirmed, .unconfirmed): true
    default: false
    }
  }
}

extension Station {
  /// A reading counts for so long: three rounds of a driver that reads every 5 s.
  static let wallTimeToLive = Interval.seconds(15)
  /// That a source delivers counts for so long: two checks of it, the first of which came to nothing.
  public static let sourceTimeToLive = Interval.seconds(15)

  /// Sources that are known to give no picture, or of which nobody has seen one for too long.
  var sourcesWithoutPicture: Set<String> {
    Set(wallFacts.sources.filter { $0.state(at: now) != .live }.map(\.id))
  }

  /// How an output stands, and when the oldest of what it rests on was read, or since when a device that it needs does not answer.
  func proof(of tile: WallTile, _ composition: WallComposition) -> (proof: WallProof, asOf: Instant?) {
    let needs = composition.needs(of: tile)
    var oldest: Instant?
    var picture: Bool?
    for need in needs {
      let device = wallFacts.device(need.port.device)
      guard device?.health == .online else {
        return (.unreachable(device: need.port.device, line: device?.standing), device?.goneSince)
      }
      guard let fact = wallFacts.port(need.port) else { return (.switching, nil) }
      guard fact.asOf != .zero else { return (fact.refusal.map { .notSwitched($0) } ?? .switching, nil) }
      oldest = min(oldest ?? fact.asOf, fact.asOf)
      if let refusal = fact.refusal, !fact.satisfies(need.setting) { return (.notSwitched(refusal), oldest) }
      if case .display(let display) = need.setting, display.isOn, wallFacts.isDisplayOn(need.port) == false,
        !wallFacts.power.released.contains(need.port)
      {
        return (.poweringOn, oldest)
      }
      if !fact.satisfies(need.setting) { return (.switching, oldest) }
      if now - fact.asOf > Self.wallTimeToLive { return (.stale, oldest) }
      if let seen = seen(fact) { picture = seen == .moving }
    }
    return (.verified(picture: picture), oldest)
  }

  private func seen(_ fact: WallFacts.Port) -> PictureState? {
    fact.picture.flatMap { now - $0.asOf <= Self.wallTimeToLive ? $0.state : nil }
  }

  /// What its player saw last, not longer ago than that counts.
  func pictureSeen(of tile: WallTile, _ composition: WallComposition) -> PictureState? {
    composition.needs(of: tile).compactMap { wallFacts.port($0.port).flatMap(seen) }.last
  }
}

extension WallFacts.Port {
  /// A call that stood there goes to another output. What a display cannot show of one picture it may show of another.
  var keepsCallsAway: Bool {
    switch (refusal, setting) {
    case (nil, _), (.impossible, .display): false
    default: true
    }
  }

  /// The address of a picture is the runtime's, and says nothing more than the source.
  func satisfies(_ wish: WallSetting) -> Bool {
    guard case .picture(let fact) = setting, case .picture(let wish) = wish else { return setting.satisfies(wish) }
    return fact.source == wish.source && fact.frame == wish.frame
  }
}
