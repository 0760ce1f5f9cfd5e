import DeviceKit
import DeviceVocabulary

/// The fold of the journal: everything the station knows that must survive a restart, and nothing else.
///
/// `apply` is total: it takes any entry in any state without a trap, so that a journal written by an older program, or with a salvaged
/// gap, always folds. Arrays are kept sorted; nothing is looked up in a hash table whose order could leak into a decision.
///
/// It also stands in journals (`Change.carried`), for years: a new property must be optional, or decoded with a default.
public struct StationState: Sendable, Equatable, Codable {
  /// Raise this when the form or the meaning of the state changes: older snapshots are then ignored.
  public static let foldVersion = 11
  /// How many closed incidents are kept for the pages; the journal keeps all.
  static let recentLimit = 20
  /// A unit raises its epoch when it lost its queue; events of more than this many epochs back are not under way any more.
  static let epochsPerUnit = 16

  /// Entries folded so far.
  public var entries: UInt64 = 0
  /// The last time that a synchronised clock gave, milliseconds since 1970: it is not earlier than that.
  public var lastSynchronisedMilliseconds: Int64?
  public var lastIncident: IncidentID = 0
  /// Not closed yet, in order of their numbers.
  public var incidents: [Incident] = []
  /// Newest first.
  public var recentlyClosed: [Incident] = []
  public var faults: [Fault] = []
  public var watermarks: [Watermark] = []
  public var bypasses: [Bypass] = []
  public var announcedTests: [AnnouncedTest] = []
  public var identities: [KnownIdentity] = []
  public var statistics = Statistics()
  /// `nil` until somebody has come.
  var visitState: VisitState?
  public var visits: VisitState { visitState ?? VisitState() }

  /// `nil` until somebody has switched the wall.
  var wallState: WallState?
  public var wall: WallState { wallState ?? WallState() }

  /// How often somebody of the staff came, went, was refused or opened what is sealed, since the journal began.
  public var accessNotes: Int?

  // As a child.
  /// What the parent was last told about this site.
  public var described: SiteDescription?
  /// Numbers of the newest commands that were answered; all below the lowest of them count as answered.
  public var answered: [UInt64] = []
  public var notices: [Notice] = []
  public var proof = ProofState()
  // As a parent.
  public var children: [ChildState] = []
  public var lastCommand: UInt64 = 0
  /// Only of a child's fold: its entries begin in the middle, and what was before has yet to be told (`carried`).
  public var lacksPast = false

  static let answeredLimit = 64

  public struct Fault: Sendable, Equatable, Codable {
    public var key: FaultKey
    public var since: EntryTime
    public var present: Bool
    public var silenced: Bool
    public var detail: String
    /// When somebody last re-tested it in vain.
    public var retestFailedAt: EntryTime?
    /// Since when its cause is there again, where it had gone in between.
    public var returnedAt: EntryTime?
    /// Since when its cause is there, or was when it was last.
    public var presentSince: EntryTime { returnedAt ?? since }
  }

  /// The highest event number on disk for one epoch of one unit at one address: that one and all below are duplicates. The address is
  /// part of it, so that two panels that were given one unit id by mistake never swallow each other's presses.
  public struct Watermark: Sendable, Equatable, Codable {
    public var device: DeviceID
    public var unit: UInt32
    public var epoch: UInt16
    public var sequence: UInt32

    func isOf(_ identity: EventIdentity, _ device: DeviceID) -> Bool {
      self.device == device && unit == identity.unit && epoch == identity.epoch
    }
  }

  public struct Bypass: Sendable, Equatable, Codable {
    public var button: ButtonID
    public var post: String
    public var reason: String
    public var minutes: Int
    public var since: EntryTime

    var length: Interval { .seconds(60) * minutes }
  }

  public struct AnnouncedTest: Sendable, Equatable, Codable {
    public var button: ButtonID
    public var post: String
    public var since: EntryTime
  }

  public struct KnownIdentity: Sendable, Equatable, Codable {
    public var device: DeviceID
    public var identity: DeviceIdentity
  }

  public init() {}

  // MARK: - Fold

  public mutating func apply(_ entry: Entry) {
    entries += 1
    let time = entry.time
    if time.synchronised { lastSynchronisedMilliseconds = time.wallMilliseconds }
    switch entry.change {
    case .started, .stopped, .clockStepped:
      break
    case .opened(let id, let opening):
      open(Incident(id: id, opening: opening, at: time))
    case .pressedAgain(let id, let button, let identity):
      raiseWatermark(identity, button.device)
      // A bypass ends by itself: a press after its end calls for help like any other.
      let isBypassed = bypass(button) != nil
      change(id) { incident in
        incident.presses += 1
        guard incident.opening.bypassed, !isBypassed else { return }
        incident.opening.bypassed = false
        incident.ladderSince = time
      }
    case .escalated(let id, let step, let posts):
      if let first = incident(id), first.escalationStep == 0, first.raisedAgain == 0 {
        statistics[first.opening.mark].escalated += 1
      }
      change(id) { incident in
        incident.escalationStep = step
        for post in posts where !incident.escalatedTo.contains(post) { incident.escalatedTo.append(post) }
      }
    case .raisedAgain(let id):
      change(id) { incident in
        incident.raisedAgain += 1
        incident.escalatingAgain = true
        incident.escalationStep = 0
        // Its owner has the first step for himself again: only a new escalation lets another post take it over.
        incident.escalatedTo = []
        incident.ladderSince = time
      }
    case .acknowledged(let id, let post, let former):
      change(id) { incident in
        if let former, former != post {
          incident.formerOwners.append(former)
          incident.takenFrom.append(former)
        }
        incident.note(entry.change, at: time)
        incident.owner = post
        incident.offer = nil
        incident.phase = .acknowledged
        incident.escalatingAgain = false
        incident.acknowledgedAt = incident.acknowledgedAt ?? time
        incident.ladderSince = time
      }
    case .handOverOffered(let id, _, let to, _):
      change(id) { incident in
        incident.note(entry.change, at: time)
        incident.offer = Incident.Offer(to: to, at: time)
      }
    case .handOverAccepted(let id, let post):
      change(id) { incident in
        incident.note(entry.change, at: time)
        if let former = incident.owner, former != post { incident.formerOwners.append(former) }
        incident.owner = post
        incident.offer = nil
        if incident.phase == .acknowledged { incident.ladderSince = time }
      }
    case .handOverEnded(let id, _, _):
      change(id) { incident in
        incident.note(entry.change, at: time)
        incident.offer = nil
      }
    case .onScene(let id, _):
      change(id) { incident in
        incident.phase = .onScene
        incident.escalatingAgain = false
        incident.onSceneAt = incident.onSceneAt ?? time
      }
    case .resolved(let id, _, let note):
      change(id) { incident in
        incident.phase = .resolved
        incident.note = note
        incident.offer = nil
      }
    case .closed(let id, _):
      close(id) { $0.closedAt = time }
    case .falseAlarm(let id, let post, let note):
      close(id) { incident in
        incident.closedAt = time
        incident.owner = incident.owner ?? post
        incident.falseAlarm = true
        incident.note = note
      }
    case .testAnnounced(let button, let post):
      announcedTests.removeAll { $0.button == button }
      announcedTests.append(AnnouncedTest(button: button, post: post, since: time))
    case .testExpired(let button):
      announcedTests.removeAll { $0.button == button }
    case .bypassed(let button, let post, let reason, let minutes):
      bypasses.removeAll { $0.button == button }
      bypasses.append(Bypass(button: button, post: post, reason: reason, minutes: minutes, since: time))
    case .bypassEnded(let button, _):
      bypasses.removeAll { $0.button == button }
    case .faultRaised(let key, let detail):
      // Told again: it has another reason now.
      if let index = faults.firstIndex(where: { $0.key == key }) { return faults[index].detail = detail }
      faults.append(Fault(key: key, since: time, present: true, silenced: false, detail: detail))
    case .faultPresent(let key, let present):
      guard let index = faults.firstIndex(where: { $0.key == key }) else { return }
      if present, !faults[index].present {
        faults[index].silenced = false
        faults[index].returnedAt = time
      }
      faults[index].present = present
    case .faultSilenced(let key, _):
      if let index = faults.firstIndex(where: { $0.key == key }) { faults[index].silenced = true }
    case .retestFailed(let key, _):
      if let index = faults.firstIndex(where: { $0.key == key }) { faults[index].retestFailedAt = time }
    case .faultCleared(let key, _):
      faults.removeAll { $0.key == key }
    case .delivered(let id, let parent):
      change(id) { $0.deliveredTo = parent }
    // For the parent: here they change nothing.
    case .branched, .toldAgain: break
    case .described(let description): described = description
    case .commandAnswered(let number, _):
      answered.append(number)
      answered.sort()
      if answered.count > Self.answeredLimit { answered.removeFirst() }
    case .noticed(let number, let post, let text, let seconds):
      notices.append(Notice(number: number, post: post, text: text, since: time, seconds: seconds))
      if notices.count > Self.recentLimit { notices.removeFirst() }
    case .noticeExpired(let number): notices.removeAll { $0.number == number }
    case .proofAsked(let number): proof.ask(number, at: time)
    case .proofReturned(_, let milliseconds): proof.returned(after: milliseconds, at: time)
    case .proofFailed: proof.fail()
    case .carriedChild(let child): put(child.bounded())
    case .carried(let state): resume(state)
    case .received(let received): change(received.child) { $0.take(received, at: time) }
    case .pastMissing(let child, let head): change(child) { $0.beginAnew(after: head) }
    case .commanded(let child, let command):
      lastCommand = max(lastCommand, command.number)
      change(child) { $0.commanded(command, at: time) }
    case .commandLapsed(let child, let number): change(child) { $0.lapse(number, at: time) }
    case .strayClosed(let child, let id, let post, let note):
      change(child) { $0.closeStray(id, by: post, note: note, at: time) }
    case .deviceIdentified(let device, let identity):
      identities.removeAll { $0.device == device }
      identities.append(KnownIdentity(device: device, identity: identity))
    case .visit(let change): apply(change, at: time)
    case .wall(let change): apply(change, at: time)
    // For whoever reads the journal; here they are counted.
    case .access: accessNotes = ChildFoldLimit.sum(accessNotes ?? 0, 1)
    }
  }

  mutating func apply(_ change: VisitChange, at time: EntryTime) {
    if visitState == nil { visitState = VisitState() }
    visitState?.apply(change, at: time)
  }

  private mutating func apply(_ change: WallChange, at time: EntryTime) {
    if wallState == nil { wallState = WallState() }
    wallState?.apply(change, at: time)
  }

  private mutating func open(_ incident: Incident) {
    raiseWatermark(incident.opening.identity, incident.opening.button.device)
    if incident.opening.mark == .test { announcedTests.removeAll { $0.button == incident.opening.button } }
    // A child's calls may arrive in another order than they were opened; one whose journal was restored may use a number again.
    if let index = incidents.firstIndex(where: { $0.id == incident.id }) {
      guard incidents[index].openedAt != incident.openedAt else { return }
      incidents.remove(at: index)
    } else if recentlyClosed.contains(where: { $0.id == incident.id && $0.openedAt == incident.openedAt }) {
      return
    }
    lastIncident = max(lastIncident, incident.id)
    incidents.insert(incident, at: incidents.firstIndex { $0.id > incident.id } ?? incidents.count)
    statistics[incident.opening.mark].opened += 1
  }

  /// Takes a child's call as it stands there.
  mutating func retell(_ incident: Incident) {
    // Closed only on the branch that was lost.
    if incident.phase != .closed, let index = recentlyClosed.firstIndex(where: incident.isSameCall) {
      let closed = recentlyClosed.remove(at: index)
      let mark = closed.opening.mark
      statistics[mark].opened -= 1
      statistics[mark].closed -= 1
      if closed.falseAlarm { statistics[mark].falseAlarms -= 1 }
    }
    open(incident)
    change(incident.id) { $0 = incident }
    if incident.phase == .closed { close(incident.id) { _ in } }
  }

  /// Takes a call away that is no longer the child's.
  mutating func remove(_ id: IncidentID) { incidents.removeAll { $0.id == id } }

  private mutating func change(_ id: IncidentID, _ body: (inout Incident) -> Void) {
    guard let index = incidents.firstIndex(where: { $0.id == id }) else { return }
    body(&incidents[index])
  }

  private mutating func change(_ child: String, _ body: (inout ChildState) -> Void) {
    if let index = children.firstIndex(where: { $0.station == child }) { return body(&children[index]) }
    var new = ChildState(station: child)
    new.fold.lacksPast = lacksPast
    body(&new)
    put(new)
  }

  mutating func put(_ child: ChildState) {
    children.removeAll { $0.station == child.station }
    children.insert(child, at: children.firstIndex { $0.station > child.station } ?? children.count)
  }

  private mutating func close(_ id: IncidentID, _ body: (inout Incident) -> Void) {
    guard let index = incidents.firstIndex(where: { $0.id == id }) else { return }
    var incident = incidents.remove(at: index)
    body(&incident)
    incident.phase = .closed
    incident.offer = nil
    statistics[incident.opening.mark].closed += 1
    if incident.falseAlarm { statistics[incident.opening.mark].falseAlarms += 1 }
    recentlyClosed.insert(incident, at: 0)
    if recentlyClosed.count > Self.recentLimit { recentlyClosed.removeLast() }
  }

  mutating func raiseWatermark(_ identity: EventIdentity?, _ device: DeviceID) {
    guard let identity else { return }
    if let index = watermarks.firstIndex(where: { $0.isOf(identity, device) }) {
      watermarks[index].sequence = max(watermarks[index].sequence, identity.sequence)
    } else {
      watermarks.append(Watermark(device: device, unit: identity.unit, epoch: identity.epoch, sequence: identity.sequence))
      let epochs = watermarks.filter { $0.unit == identity.unit && $0.device == device }
      if epochs.count > Self.epochsPerUnit, let oldest = epochs.first { watermarks.removeAll { $0 == oldest } }
    }
  }

  // MARK: - Questions

  /// On disk already, so that the panel may forget it and no second incident is opened.
  public func knows(_ identity: EventIdentity, of device: DeviceID) -> Bool {
    watermarks.contains { $0.isOf(identity, device) && identity.sequence <= $0.sequence }
  }

  public func child(_ station: String) -> ChildState? { children.first { $0.station == station } }

  public func hasAnswered(_ command: UInt64) -> Bool {
    answered.contains(command) || answered.count >= Self.answeredLimit && command < answered[0]
  }

  public func incident(_ id: IncidentID) -> Incident? { incidents.first { $0.id == id } }
  public func fault(_ key: FaultKey) -> Fault? { faults.first { $0.key == key } }
  public func bypass(_ button: ButtonID) -> Bypass? { bypasses.first { $0.button == button } }

  private static func indicator(for incident: Incident) -> Indicator {
    if incident.phase != .opened { return .coming }
    return incident.deliveredTo == nil ? .slowBlink : .steady
  }

  /// What the resident at this call point should see: the furthest of its open calls.
  public func indicator(for point: SitePlan.CallPoint) -> Indicator {
    if point.silent { return .off }
    var furthest: Indicator?
    for incident in incidents where incident.opening.button == point.button && incident.isOpen {
      furthest = max(furthest ?? .off, Self.indicator(for: incident))
    }
    if let furthest { return furthest }
    let broken = faults.contains { fault in
      guard fault.present, case .button(point.button) = fault.key.subject else { return false }
      return fault.key.kind == .lineCut || fault.key.kind == .lineShort || fault.key.kind == .stuck
    }
    return broken ? .fault : .off
  }
}
