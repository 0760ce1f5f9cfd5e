import DeviceKit
import DeviceVocabulary

/// A line of the journal about the wall.
public enum WallChange: Sendable, Equatable, Codable {
  /// `nil`: the clock chooses again.
  case sceneChosen(String?, post: String)
  /// `lights`: how the lamps that it switches were to be before.
  case meetingBegan(scene: String, post: String, lights: [WallPlan.Scene.Light]? = nil)
  case meetingEnded(post: String)
  /// Somebody put a source on outputs by hand; it stays there whatever happens below.
  case pinned(WallPin)
  case renewed(WallPinID, post: String)
  /// `nil`: its time was over.
  case unpinned(WallPinID, post: String?)
  case visitors(Bool, post: String)
  /// Disarmed: calls and the clock do not switch the wall.
  case armed(Bool, post: String)
  /// Disarmed, with what the clock had chosen till then: it stays so until somebody says otherwise.
  case disarmed(scene: String?, rests: Bool, post: String)
  /// `reason`: it brings a picture onto the wall that is not for everybody.
  case layoutSaved(WallLayout, post: String, reason: String? = nil)
  /// `scene`: its last form is gone, and with it the scene that somebody had chosen; this is what the clock says then.
  case layoutUndone(String, post: String, reason: String? = nil, scene: String? = nil)
  /// Somebody puts a layout up that was drawn with pictures which are not for everybody: they are seen for `Station.viewSeconds`.
  case layoutViewed(String, post: String, reason: String)
  /// That time is over; the layout stays without them.
  case layoutViewEnded(String)
  /// Who sees what, why, how long: a call brought a source onto the wall, and took it off again.
  case callShown(WallCall, source: String, outputs: [Int])
  case callHidden(WallCall, source: String)
  /// Somebody wanted to see by hand what is not for everybody, and gave no reason, or visitors are here: nothing was switched.
  case viewRefused(source: String, post: String, Refusal)
  /// A post asked for more than the wall takes in so short a time: so many of its wishes within a minute were not carried out.
  case wishesRefused(post: String, count: Int)
  /// Somebody wants to see which output this is: its picture is another one, or blinks, for so long.
  case identified(output: Int, seconds: Int, post: String)
  /// A camera was asked to turn; that it could not stands on a card.
  case turned(WallTurn)
  /// Somebody asked for it without a reason, or where it cannot be.
  case turnRefused(source: String, post: String, Refusal)
  /// At a change of shift: who goes and who comes have both signed what was open then.
  case shiftSigned(WallShift)
}

public typealias WallPinID = UInt32

/// What one operator hands to the next. By the ids of their accounts; where there are none, by what they typed.
public struct WallShift: Sendable, Equatable, Codable {
  public var from: String
  public var to: String
  /// Nobody was logged in: the names prove nothing. `nil`, as in entries of before: both had proved who they are.
  public var isTyped: Bool?
  public var post: String
  /// What is open, so that nothing of it can vanish between two people.
  public var calls: [WallCall]
  public var bypassed: [ButtonID]
  public var faults: [FaultKey]
  public var pins: [WallPinID]
  /// What keeps the wall from what it would do by itself; `nil`, as in entries of before: not noted.
  public var isArmed: Bool?
  public var hasVisitors: Bool?
  public var meeting: String?

  public init(
    from: String, to: String, post: String, calls: [WallCall] = [], bypassed: [ButtonID] = [], faults: [FaultKey] = [],
    pins: [WallPinID] = []
  ) {
    self.from = from
    self.to = to
    self.post = post
    self.calls = calls
    self.bypassed = bypassed
    self.faults = faults
    self.pins = pins
  }
}

/// A camera turns to a position that it remembers, for a post or for a call.
public struct WallTurn: Sendable, Equatable, Codable {
  public var source: String
  /// By the camera's name for it.
  public var preset: String
  /// `nil`: a call for help turned it.
  public var post: String?
  /// Never a person's name is asked for.
  public var reason: String?
  public var call: WallCall?

  public init(source: String, preset: String, post: String?, reason: String? = nil, call: WallCall? = nil) {
    self.source = source
    self.preset = preset
    self.post = post
    self.reason = reason
    self.call = call
  }
}

/// A source that a post put on outputs by hand (a view).
public struct WallPin: Sendable, Equatable, Codable {
  public var id: WallPinID
  public var source: String
  public var cells: WallCells
  public var post: String
  /// Of what is not for everybody; never a person's name is asked for.
  public var reason: String?
  /// It ends by itself after so long; `nil`: when somebody takes it off.
  public var seconds: Int?

  public init(id: WallPinID, source: String, cells: WallCells, post: String, reason: String?, seconds: Int?) {
    self.id = id
    self.source = source
    self.cells = cells
    self.post = post
    self.reason = reason
    self.seconds = seconds
  }
}

/// A call for help as the wall knows it: of this station, or of one below.
public struct WallCall: Sendable, Hashable, Codable {
  public var station: String?
  public var id: IncidentID

  public init(station: String?, id: IncidentID) {
    self.station = station
    self.id = id
  }
}

/// The fold of what concerns the wall: what was wished. What it shows is learnt anew after each start.
public struct WallState: Sendable, Equatable, Codable {
  public var scene: String?
  public var sceneBy: String?
  public var sceneAt: EntryTime?
  public var meeting: String?
  /// How the lamps that the last meeting has switched were to be before it.
  public var lightsBefore: [WallPlan.Scene.Light]?
  /// In order of their numbers.
  public var pins: [Pin] = []
  public var lastPin: WallPinID = 0
  public var hasVisitors = false
  public var isArmed = true
  /// What the clock had chosen when it was disarmed.
  public var held: Held?
  /// Layouts that were drawn on the page, each with its former forms, newest last.
  public var drawn: [Drawn] = []
  public var shown: [Shown] = []
  /// Drawn layouts whose pictures that are not for everybody are seen now; `nil`, as in what was written before: none.
  public var viewed: [Viewed]?
  /// The last change of shift; `nil`: none was signed yet.
  public var shift: Signed?

  public struct Held: Sendable, Equatable, Codable {
    public var scene: String?
    public var rests: Bool
    /// Where calls stood then; `nil` in what was written before: where they stand.
    public var calls: [Shown]?
  }
  public struct Pin: Sendable, Equatable, Codable {
    public var pin: WallPin
    public var since: EntryTime
  }
  public struct Drawn: Sendable, Equatable, Codable {
    public var id: String
    public var forms: [WallLayout]
  }
  public struct Shown: Sendable, Equatable, Codable {
    public var call: WallCall
    public var source: String
    public var outputs: [Int]
    public var since: EntryTime
  }

  public struct Viewed: Sendable, Equatable, Codable {
    public var layout: String
    public var since: EntryTime
  }
  public struct Signed: Sendable, Equatable, Codable {
    public var shift: WallShift
    public var at: EntryTime
  }

  static let formsKept = 10
  public static let drawnLimit = 64
  public static let pinLimit = 64

  public init() {}

  mutating func apply(_ change: WallChange, at time: EntryTime) {
    switch change {
    case .sceneChosen(let scene, let post):
      self.scene = scene
      sceneAt = scene == nil ? nil : time
      held?.rests = false
      sceneBy = scene == nil ? nil : post
    case .meetingBegan(let scene, _, let lights):
      meeting = scene
      lightsBefore = lights
    case .meetingEnded: meeting = nil
    case .pinned(let pin):
      lastPin = max(lastPin, pin.id)
      pins.removeAll { $0.pin.id == pin.id || $0.pin.cells.overlaps(pin.cells) }
      pins.append(Pin(pin: pin, since: time))
      if pins.count > Self.pinLimit { pins.removeFirst() }
    case .renewed(let id, _): if let index = pins.firstIndex(where: { $0.pin.id == id }) { pins[index].since = time }
    case .unpinned(let id, _): pins.removeAll { $0.pin.id == id }
    case .visitors(let isOn, _): hasVisitors = isOn
    case .armed(let isOn, _):
      isArmed = isOn
      held = nil
    case .disarmed(let scene, let rests, _):
      isArmed = false
      held = Held(scene: scene, rests: rests, calls: shown)
    case .layoutSaved(let layout, _, let reason):
      save(layout)
      if reason != nil { view(layout.id, since: time) }
    case .layoutViewed(let layout, _, _): view(layout, since: time)
    case .layoutViewEnded(let layout): viewed?.removeAll { $0.layout == layout }
    case .viewRefused, .wishesRefused, .identified: break
    case .layoutUndone(let id, _, let reason, let next):
      if reason != nil { view(id, since: time) }
      if let next { leave(id, for: next) }
      guard let index = drawn.firstIndex(where: { $0.id == id }) else { return }
      drawn[index].forms.removeLast(min(1, drawn[index].forms.count))
      if drawn[index].forms.isEmpty { drawn.remove(at: index) }
    case .callShown(let call, let source, let outputs):
      shown.removeAll { $0.call == call }
      shown.append(Shown(call: call, source: source, outputs: outputs, since: time))
    case .callHidden(let call, _): shown.removeAll { $0.call == call }
    case .shiftSigned(let shift): self.shift = Signed(shift: shift, at: time)
    // Where it looks is the camera's to say.
    case .turned, .turnRefused: break
    }
  }

  /// A scene that is no more is chosen no longer, and held no longer.
  private mutating func leave(_ gone: String, for next: String) {
    if scene == gone { (scene, sceneBy, sceneAt) = (nil, nil, nil) }
    if held?.scene == gone { held?.scene = next }
  }

  private mutating func view(_ layout: String, since time: EntryTime) {
    viewed = (viewed ?? []).filter { $0.layout != layout } + [Viewed(layout: layout, since: time)]
    // Of each drawn layout at most, and of those of the site file.
    if let count = viewed?.count, count > 2 * Self.drawnLimit { viewed?.removeFirst() }
  }

  /// Pictures that need a reason, and that a layout has only as it was drawn by hand: whoever puts it up says why, and they are seen for a while.
  func byHand(_ id: String, of plan: WallPlan) -> [String] {
    drawn.first { $0.id == id }?.forms.last?.drawnByHand(plan) ?? []
  }

  /// Of these: what is not to be seen now.
  func withheld(_ layout: String, of plan: WallPlan) -> [String] {
    viewed?.contains { $0.layout == layout } == true ? [] : byHand(layout, of: plan)
  }

  private mutating func save(_ layout: WallLayout) {
    if let index = drawn.firstIndex(where: { $0.id == layout.id }) {
      drawn[index].forms.append(layout)
      if drawn[index].forms.count > Self.formsKept { drawn[index].forms.removeFirst() }
    } else if drawn.count < Self.drawnLimit {
      drawn.append(Drawn(id: layout.id, forms: [layout]))
    }
  }

  /// A layout as it is now: drawn on the page, else of the site file.
  public func layout(_ id: String, of plan: WallPlan) -> WallLayout? {
    drawn.first { $0.id == id }?.forms.last ?? plan.layouts.first { $0.id == id }
  }

  /// Scenes of the site file, and for each layout that was drawn anew one that puts it up.
  public func scenes(of plan: WallPlan) -> [WallPlan.Scene] {
    plan.scenes + drawn.filter { plan.scene($0.id) == nil }.compactMap { scene(ofDrawn: $0, plan) }
  }

  /// One of these.
  func scene(_ id: String, of plan: WallPlan) -> WallPlan.Scene? {
    plan.scene(id) ?? drawn.first { $0.id == id }.flatMap { scene(ofDrawn: $0, plan) }
  }

  /// `nil`: it is another form of a layout of the site file, which has its scenes there.
  private func scene(ofDrawn drawn: Drawn, _ plan: WallPlan) -> WallPlan.Scene? {
    guard let layout = drawn.forms.last, !plan.layouts.contains(where: { $0.id == drawn.id }) else { return nil }
    return WallPlan.Scene(id: layout.id, name: layout.name, layout: layout.id)
  }

  /// All layouts there are, those of the site file first.
  public func layouts(of plan: WallPlan) -> [WallLayout] {
    let own = plan.layouts.compactMap { layout($0.id, of: plan) }
    return own + drawn.compactMap { drawn in plan.layouts.contains { $0.id == drawn.id } ? nil : drawn.forms.last }
  }
}

extension WallLayout {
  /// Pictures that need a reason, and that this form has beyond what the site file gives to its layout.
  func drawnByHand(_ plan: WallPlan) -> [String] {
    let own = Set(plan.layouts.first { $0.id == id }?.regions.flatMap(\.sources) ?? [])
    return regions.flatMap(\.sources).filter { !own.contains($0) && plan.source($0)?.needsReason == true }
  }
}
