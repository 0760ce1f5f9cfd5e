import DeviceKit
import DeviceVocabulary
import Testing

@testable import Consoles
@testable import Station

/// Entries whose numbers nobody could have meant: from a child, or from this station's own journal. Folding and showing them never traps.
@Suite struct ExtremeEntryTests {
  @Test(arguments: 1...20) func everyChangeWithExtremeNumbersIsFoldedAndShown(seed: UInt64) {
    var numbers = Extremes(seed: seed)
    // Each at a parent's and at a child's station, with faults, calls and times of all that came before.
    for isParent in [true, false] {
      var plan = SitePlan(
        name: "s", station: "s", posts: [.init(id: "desk", name: "d")], places: [.init(id: "p", name: "P")],
        callPoints: [.init(button: extremeButton, place: "p")], devices: [.init(id: extremeButton.device, name: "n")])
      plan.parent = isParent ? nil : SitePlan.Parent(proofMinute: 0)
      plan.children = isParent ? [SitePlan.Child(station: "child", name: "c")] : nil
      var state = StationState()
      var sequence: UInt64 = 0
      for round in 1...6 {
        for change in numbers.everyChange() {
          let entry = Entry(time: numbers.time(), change: change)
          state.apply(entry)
          sequence += 1
          let position = JournalPosition(epoch: UInt32(round), sequence: sequence)
          state.apply(
            Entry(
              time: numbers.time(),
              change: .received(
                Received(
                  child: "child", position: position, hash: .zero, before: JournalHead(position: .start, hash: .zero),
                  isLate: numbers.flag(), body: [], content: entry))))
        }
        show(plan, state, &numbers)
      }
      #expect(!state.incidents.isEmpty && !state.bypasses.isEmpty && !state.children.isEmpty)
      #expect(state.child("child")?.fold.incidents.isEmpty == false)
    }
  }

  private func show(_ plan: SitePlan, _ state: StationState, _ numbers: inout Extremes) {
    var station = Station(plan: plan, state: state)
    var effects = Effects<StationEffect>()
    let wall = WallClock(
      unixMilliseconds: numbers.integer(), synchronised: numbers.flag(), utcOffsetSeconds: numbers.flag() ? .min : .max)
    let now = Instant(microseconds: numbers.integer())
    station.handle(Stimulus(wall: wall, input: .started(boot: numbers.flag() ? "a" : "c", program: "t")), at: now, into: &effects)
    for _ in 0..<3 {
      effects.removeAll()
      station.handle(Stimulus(wall: wall, input: .wake), at: now + .seconds(90), into: &effects)
      station.handle(
        Stimulus(wall: wall, input: .device(.pressed(Press(button: extremeButton, identity: nil, ageMilliseconds: .max)))),
        at: now + .seconds(91), into: &effects)
      let view = station.view()
      #expect(view.json().string.hasSuffix("}"))
    }
  }
}

private let extremeButton = ButtonID(device: DeviceID(bus: "A", node: 3), button: 1)

/// Numbers at the ends of their types and around zero, from a seed.
private struct Extremes {
  private var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func integer<Number: FixedWidthInteger>() -> Number {
    let near = Number(truncatingIfNeeded: random.next(upperBound: UInt64(3)))
    return switch random.next(upperBound: UInt64(6)) {
    case 0: Number.min &+ near
    case 1: Number.max &- near
    case 2: near &- 1
    case 3: Number.max / Number(clamping: 1000) &+ near
    case 4: Number.max / 60 &+ near
    default: Number(truncatingIfNeeded: random.next() as UInt64)
    }
  }

  mutating func flag() -> Bool { random.next(upperBound: UInt64(2)) == 0 }

  mutating func time() -> EntryTime {
    EntryTime(
      wallMilliseconds: integer(), synchronised: flag(), boot: flag() ? "a" : "b", monotonic: Instant(microseconds: integer()))
  }

  /// Few calls, so that most steps meet one that is open.
  mutating func incident() -> IncidentID { [1, 2, IncidentID.max][Int(random.next(upperBound: UInt64(3)))] }

  mutating func opening() -> Opening {
    Opening(
      button: extremeButton, place: "p", mark: flag() ? .real : .test, kind: .press, identity: flag() ? nil : identity(),
      ageMilliseconds: integer(), silent: flag(), bypassed: flag())
  }

  mutating func identity() -> EventIdentity { EventIdentity(unit: integer(), epoch: integer(), sequence: integer()) }

  mutating func command() -> ParentCommand {
    ParentCommand(
      number: integer(), issuedAtMilliseconds: integer(), timeToLiveSeconds: integer(), post: "desk",
      action: flag() ? .notice(text: "x") : .acknowledge(incident: incident()))
  }

  /// As a child may say that it stood when a month began.
  mutating func state() -> StationState {
    var state = StationState()
    (state.entries, state.lastIncident, state.lastCommand) = (integer(), integer(), integer())
    (state.proof.last, state.proof.asked, state.proof.returned, state.proof.failed) = (integer(), integer(), integer(), integer())
    (state.proof.lastDay, state.proof.waiting) = (integer(), time())
    for mark in Mark.allCases {
      state.statistics[mark].opened = integer()
      state.statistics[mark].closed = integer()
      state.statistics[mark].falseAlarms = integer()
      state.statistics[mark].escalated = integer()
    }
    state.incidents = [1, 2, IncidentID.max].map { call($0) }
    return state
  }

  /// A station below, with some below it.
  mutating func child(levels: Int) -> ChildState {
    var child = ChildState(station: "child")
    child.fold = state()
    child.unfolded = integer()
    child.fold.lacksPast = flag()
    if levels > 0 { child.fold.children = [self.child(levels: levels - 1)] }
    let moment = HandOver.Moment(at: time(), arrived: time(), isLate: flag())
    child.handOvers = [
      HandOver(
        incident: 1, isUp: true, from: "a", to: "b", stage: .offered, attempts: integer(), command: integer(), offered: moment,
        since: moment)
    ]
    return child
  }

  mutating func call(_ id: IncidentID) -> Incident {
    var incident = Incident(id: id, opening: opening(), at: time())
    (incident.presses, incident.escalationStep, incident.raisedAgain) = (integer(), integer(), integer())
    (incident.acknowledgedAt, incident.ladderSince) = (time(), time())
    return incident
  }

  /// Of visits there are tests of their own; here it is about numbers.
  mutating func visit() -> VisitChange {
    var state = VisitState()
    (state.counts.tickets, state.counts.matters, state.counts.hazards) = (integer(), integer(), integer())
    (state.lastMatter, state.lastHazard, state.day) = (integer(), integer(), integer())
    if flag() { return .carried(state, part: integer()) }
    return flag()
      ? .hazardReported(Hazard(id: integer(), kind: "", place: "", at: time()))
      : .called(TicketID(day: integer(), letter: "A", number: integer()), window: integer())
  }

  mutating func wall() -> WallChange {
    let cells = WallCells(column: integer(), row: integer(), width: integer(), height: integer())
    let pin = WallPin(id: integer(), source: "hall", cells: cells, post: "desk", reason: nil, seconds: integer())
    return flag()
      ? .pinned(pin)
      : .layoutSaved(WallLayout(id: "base", name: "", regions: [.init(name: "", cells: cells, sources: ["hall"])]), post: "")
  }

  /// One of each kind, those that open something first. The switch makes a new kind of change stand here as well.
  mutating func everyChange() -> [Change] {
    let button = extremeButton
    let fault = FaultKey(.button(button), .stuck)
    var plan = SitePlan(name: "", station: "", posts: [], places: [], callPoints: [], devices: [])
    plan.map = .init(x: integer(), y: integer())
    let changes: [Change] = [
      .pastMissing(
        "child", through: JournalHead(position: JournalPosition(epoch: integer(), sequence: integer()), hash: .zero)),
      .carriedChild(child(levels: 3)), .carriedChild(child(levels: 3)), .carried(state()),
      .pressedAgain(incident(), button, identity: identity()),
      .raisedAgain(incident()), .closed(incident(), post: "desk"), .proofAsked(integer()), .proofFailed(integer()),
      .started(program: ""), .clockStepped(byMilliseconds: integer()), .described(SiteDescription(plan)),
      .opened(incident(), opening()), .opened(incident(), opening()), .opened(incident(), opening()),
      .pressedAgain(incident(), button, identity: identity()), .escalated(incident(), step: integer(), posts: ["desk"]),
      .raisedAgain(incident()), .acknowledged(incident(), post: "desk", formerOwner: "x"),
      .handOverOffered(incident(), from: "desk", to: "x"), .handOverAccepted(incident(), post: "x"),
      .handOverOffered(incident(), from: "x", to: "desk"), .handOverEnded(incident(), post: nil, reason: ""),
      .onScene(incident(), post: "desk"), .raisedAgain(incident()), .resolved(incident(), post: "desk", note: ""),
      .closed(incident(), post: "desk"), .falseAlarm(incident(), post: "desk", note: ""),
      .opened(incident(), opening()), .opened(incident(), opening()), .escalated(incident(), step: integer(), posts: []),
      .testAnnounced(button, post: "desk"), .testExpired(button),
      .bypassEnded(button, post: nil), .bypassed(button, post: "desk", reason: "", minutes: integer()),
      .faultRaised(fault, detail: ""), .faultPresent(fault, flag()), .faultSilenced(fault, post: "desk"),
      .retestFailed(fault, post: "desk"), .faultCleared(fault, post: "desk"),
      .faultRaised(FaultKey(.child("child"), .childLost), detail: ""),
      .deviceIdentified(
        button.device,
        DeviceIdentity(vendor: "", product: "", firmware: "", unit: integer(), protocolVersion: integer(), buttons: integer())),
      .delivered(incident(), parent: "p"), .commandAnswered(integer(), .done),
      .noticed(integer(), post: "^", text: "x", seconds: integer()), .noticeExpired(integer()),
      .proofFailed(integer()), .proofReturned(integer(), milliseconds: integer()), .proofAsked(integer()),
      .commanded("child", command()), .commandLapsed("child", integer()),
      .received(
        Received(
          child: "grandchild", position: JournalPosition(epoch: integer(), sequence: integer()), hash: .zero,
          before: JournalHead(position: JournalPosition(epoch: integer(), sequence: integer()), hash: .zero), isLate: flag(),
          body: [], content: Entry(time: time(), change: .opened(incident(), opening())))),
      .visit(visit()), .visit(visit()), .wall(wall()), .wall(wall()), .access(.denied(staff: "", what: "")),
      .strayClosed("child", incident(), post: "desk", note: ""), .branched(open: [incident()]), .toldAgain(call(incident())),
      .pressedAgain(incident(), button, identity: identity()), .opened(incident(), opening()), .stopped,
    ]
    #expect(Set(changes.map(Self.kind)).count == Self.kinds)
    return changes
  }

  /// How many cases `Change` has.
  private static let kinds = 45

  private static func kind(_ change: Change) -> Int {
    switch change {
    case .started: 0
    case .stopped: 1
    case .clockStepped: 2
    case .opened: 3
    case .pressedAgain: 4
    case .escalated: 5
    case .raisedAgain: 6
    case .acknowledged: 7
    case .handOverOffered: 8
    case .handOverAccepted: 9
    case .handOverEnded: 10
    case .onScene: 11
    case .resolved: 12
    case .closed: 13
    case .falseAlarm: 14
    case .testAnnounced: 15
    case .testExpired: 16
    case .bypassed: 17
    case .bypassEnded: 18
    case .faultRaised: 19
    case .faultPresent: 20
    case .faultSilenced: 21
    case .faultCleared: 22
    case .retestFailed: 23
    case .deviceIdentified: 24
    case .delivered: 25
    case .described: 26
    case .commandAnswered: 27
    case .noticed: 28
    case .noticeExpired: 29
    case .proofAsked: 30
    case .proofReturned: 31
    case .proofFailed: 32
    case .received: 33
    case .commanded: 34
    case .commandLapsed: 35
    case .carriedChild: 36
    case .carried: 37
    case .pastMissing: 38
    case .strayClosed: 39
    case .branched: 40
    case .toldAgain: 41
    case .visit: 42
    case .access: 43
    case .wall: 44
    }
  }
}
