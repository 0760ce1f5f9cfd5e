import DeviceVocabulary

/// What the parent knows of one child: the fold of the child's own entries, and what was asked of it.
public struct ChildState: Sendable, Equatable, Codable {
  public var station: String
  /// What of its journal is on this disk.
  public var cursor = LinkCursor()
  /// The fold of those entries.
  public var fold = StationState()
  public var program = ""
  /// The newest entries with their hashes, so that a second one with the same number is known for what it is.
  public var recent: [JournalHead] = []
  /// When the opening of each open call arrived, by this station's clock: the child's clock may be wrong by a day.
  public var arrivals: [Arrival] = []
  /// When the closing of each recently closed call arrived, newest first.
  public var closings: [Arrival] = []
  /// Open calls of which the child has said that it does not know them, and those that were then closed here.
  public var strays: [Stray] = []
  /// Commands that the child has not answered yet.
  public var pending: [PendingCommand] = []
  /// The last command that came to nothing, for the desk to see.
  public var lastFailure: CommandFailure?
  public var lastReceived: EntryTime?
  /// Open calls that were handed over between that station and this one, in order of their numbers.
  public var handOvers: [HandOver] = []

  /// Steps of calls whose opening is not known yet, while the fold lacks its past.
  public var early: [Entry] = []
  /// Entries that would have made its fold larger than any station's is: in the journal, and not in the fold.
  public var unfolded: UInt64 = 0

  /// Calls that were open here and that the child does not have: its journal was set back, and they were on the branch that was lost. In the
  /// order in which that was found.
  public internal(set) var lost: [Incident] {
    get { lostCalls ?? [] }
    set { lostCalls = newValue.isEmpty ? nil : newValue }
  }
  private var lostCalls: [Incident]?
  /// Where it last began anew.
  var branch: Branch?

  struct Branch: Sendable, Equatable, Codable {
    var at: JournalPosition
    /// Calls that it told again: what was said of them before is part of that.
    var open: [IncidentID]
  }

  /// Calls that are not closed. One that is not among them is lost until it is told again.
  static let branchLimit = 1000
  static let recentLimit = 64
  /// Beyond that, those that wait for nobody go first, then the oldest.
  static let lostLimit = 256
  /// Calls that were open as the month began, times their steps since then.
  static let earlyLimit = 256

  public struct Arrival: Sendable, Equatable, Codable {
    public var incident: IncidentID
    public var at: EntryTime
    public var isLate: Bool
    /// Of the newest step of the call that is here.
    public var position: JournalPosition
  }

  public struct PendingCommand: Sendable, Equatable, Codable {
    public var command: ParentCommand
    public var since: EntryTime
  }

  public struct CommandFailure: Sendable, Equatable, Codable {
    public var command: ParentCommand
    /// `nil`: it was not answered in its time to live.
    public var result: CommandResult?
    public var at: EntryTime
  }

  public init(station: String) {
    self.station = station
  }

  /// Takes one entry of the child, in whatever order it comes.
  mutating func take(_ received: Received, at time: EntryTime) {
    noteBeginning(received.before)
    let verdict = cursor.take(received.link)
    recent.append(received.link.entry)
    if recent.count > Self.recentLimit { recent.removeFirst() }
    lastReceived = time
    // A second entry with a known number is kept in the journal, and decides nothing.
    guard verdict == .new || verdict == .branched, let entry = received.content else { return }
    if let branch, received.position < branch.at, let id = entry.change.incident, branch.open.contains(id) { return }
    switch entry.change {
    case .branched(let open):
      fold.entries += 1
      return begin(Branch(at: received.position, open: Array(open.prefix(Self.branchLimit))))
    case .toldAgain(let incident):
      fold.entries += 1
      guard incident.phase == .closed || makeRoom(forCall: incident.id) else { return }
      return retell(incident.bounded, Arrival(incident: incident.id, at: time, isLate: true, position: received.position))
    // The number may be one of the lost branch's, of another call.
    case .opened(let id, let opening): lose(unless: Incident(id: id, opening: opening, at: entry.time))
    default: break
    }
    guard fold.hasRoom(for: entry.change), isShort(received) else {
      unfolded += 1
      return
    }
    if case .opened(let id, _) = entry.change, !makeRoom(forCall: id) { return }
    fold(entry)
    note(entry.change, at: HandOver.Moment(at: entry.time, arrived: time, isLate: received.isLate))
    fold.trimForParent()
    switch entry.change {
    case .started(let program): self.program = program
    case .opened(let id, _):
      arrivals.removeAll { $0.incident == id }
      arrivals.append(Arrival(incident: id, at: time, isLate: received.isLate, position: received.position))
    case .closed(let id, _), .falseAlarm(let id, _, _):
      arrivals.removeAll { $0.incident == id }
      closings.removeAll { $0.incident == id }
      closings.insert(Arrival(incident: id, at: time, isLate: received.isLate, position: received.position), at: 0)
      if closings.count > StationState.recentLimit { closings.removeLast() }
    case .commandAnswered(let number, let result): answered(number, result, at: time, received.position)
    default: break
    }
    if let id = entry.change.incident { noteStep(id, received.position) }
  }

  /// No step of a call is longer; what tells of a whole station is, once.
  private func isShort(_ received: Received) -> Bool {
    switch received.content?.change {
    case .described, .carried, .carriedChild, .received: true
    default: received.body.count <= ChildFoldLimit.entryBytes
    }
  }

  /// A call is shown whatever else is: one that waits for nobody goes instead. False: as many as can be shown are waiting.
  private mutating func makeRoom(forCall id: IncidentID) -> Bool {
    guard fold.incidents.count >= ChildFoldLimit.openCalls, fold.incident(id) == nil else { return true }
    unfolded += 1
    return fold.makeRoomForCall()
  }

  // MARK: - A child that was set back

  private mutating func begin(_ branch: Branch) {
    self.branch = branch
    for incident in fold.incidents where !branch.open.contains(incident.id) {
      // A new call may have overtaken this.
      if let arrival = arrival(of: incident.id), arrival.position > branch.at { continue }
      lose(incident)
    }
  }

  private mutating func retell(_ incident: Incident, _ arrival: Arrival) {
    lose(unless: incident)
    lost.removeAll { $0.isSameCall(as: incident) }
    fold.retell(incident)
    if incident.phase == .closed {
      arrivals.removeAll { $0.incident == incident.id }
      closings.removeAll { $0.incident == incident.id }
      closings.insert(arrival, at: 0)
      if closings.count > StationState.recentLimit { closings.removeLast() }
    } else if self.arrival(of: incident.id) == nil {
      arrivals.append(arrival)
    }
  }

  private mutating func lose(unless incident: Incident) {
    if let other = fold.incident(incident.id), !other.isSameCall(as: incident) { lose(other) }
  }

  private mutating func lose(_ incident: Incident) {
    fold.remove(incident.id)
    arrivals.removeAll { $0.incident == incident.id }
    handOvers.removeAll { $0.incident == incident.id }
    let wasClosedHere = stray(incident.id)?.closed != nil
    strays.removeAll { $0.incident == incident.id }
    if wasClosedHere { return }
    lost.append(incident)
    if lost.count > Self.lostLimit { lost.remove(at: lost.firstIndex { !$0.waits } ?? 0) }
  }

  mutating func commanded(_ command: ParentCommand, at time: EntryTime) {
    pending.append(PendingCommand(command: command, since: time))
    noteSent(command, at: time)
  }

  private mutating func answered(_ number: UInt64, _ result: CommandResult, at time: EntryTime, _ position: JournalPosition) {
    guard let index = pending.firstIndex(where: { $0.command.number == number }) else { return }
    let command = pending.remove(at: index).command
    settle(command, result, at: time)
    if result == .refused(.unknownIncident), let id = command.incident { noteUnknown(id, position) }
  }

  mutating func lapse(_ number: UInt64, at time: EntryTime) {
    guard let index = pending.firstIndex(where: { $0.command.number == number }) else { return }
    settle(pending.remove(at: index).command, nil, at: time)
  }

  /// A failure stands until something that was asked later about the same call is done. The daily proof was asked by no operator.
  private mutating func settle(_ command: ParentCommand, _ result: CommandResult?, at time: EntryTime) {
    if case .proofSeen = command.action { return }
    noteSettled(command, result, at: time)
    if result != .done {
      lastFailure = CommandFailure(command: command, result: result, at: time)
    } else if lastFailure?.command.incident == command.incident {
      lastFailure = nil
    }
  }

  /// The same number with another hash than the one that is here, as far back as `recent` goes.
  func contradicts(_ link: LinkCursor.Link) -> Bool {
    recent.contains { $0.position == link.entry.position } && !recent.contains(link.entry)
  }

  public func arrival(of incident: IncidentID) -> Arrival? { arrivals.first { $0.incident == incident } }
}
