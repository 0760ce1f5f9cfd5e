import DeviceVocabulary

/// Calls that only a lost branch of a child's journal knew: the child was restored from a backup or has a new disk, and nobody there can
/// close them. They can be closed here, as soon as the child itself has said that it does not know them, so that no live call is hidden;
/// whatever the child tells of such a call afterwards brings it back.
extension ChildState {
  public struct Stray: Sendable, Equatable, Codable {
    public var incident: IncidentID
    public var closed: Closing?

    public struct Closing: Sendable, Equatable, Codable {
      public var post: String
      public var note: String
      public var at: EntryTime
    }
  }

  public func stray(_ id: IncidentID) -> Stray? { strays.first { $0.incident == id } }

  /// Calls that somebody still has to see to.
  public var openIncidents: [Incident] { fold.incidents.filter { stray($0.id)?.closed == nil } }

  /// As it was closed here.
  func strayClosed(_ id: IncidentID) -> Incident? {
    guard let closed = stray(id)?.closed, var incident = fold.incident(id) else { return nil }
    incident.phase = .closed
    incident.closedAt = closed.at
    incident.offer = nil
    incident.owner = SitePlan.parentPost + closed.post
    incident.note = closed.note
    return incident
  }

  /// The child says that it does not know it. What was recorded there after that answer, and came before it, says otherwise.
  mutating func noteUnknown(_ id: IncidentID, _ position: JournalPosition) {
    guard fold.incident(id) != nil, stray(id) == nil, arrival(of: id).map({ $0.position < position }) ?? true else { return }
    strays.insert(Stray(incident: id), at: strays.firstIndex { $0.incident > id } ?? strays.count)
  }

  /// A step of it has come: the child does know it.
  mutating func noteStep(_ id: IncidentID, _ position: JournalPosition) {
    strays.removeAll { $0.incident == id }
    if let index = arrivals.firstIndex(where: { $0.incident == id }) {
      arrivals[index].position = max(arrivals[index].position, position)
    }
  }

  mutating func closeStray(_ id: IncidentID, by post: String, note: String, at time: EntryTime) {
    if let index = lost.firstIndex(where: { $0.id == id }) {
      var incident = lost.remove(at: index)
      incident.phase = .closed
      incident.closedAt = time
      incident.offer = nil
      incident.owner = SitePlan.parentPost + post
      incident.note = note
      fold.recentlyClosed = Array(([incident] + fold.recentlyClosed).prefix(StationState.recentLimit))
      closings.removeAll { $0.incident == id }
      closings.insert(Arrival(incident: id, at: time, isLate: false, position: cursor.head.position), at: 0)
      return
    }
    guard let index = strays.firstIndex(where: { $0.incident == id }) else { return }
    strays[index].closed = Stray.Closing(post: post, note: note, at: time)
    handOvers.removeAll { $0.incident == id }
    if lastFailure?.command.incident == id { lastFailure = nil }
  }
}

extension Station {
  func closeStray(_ child: String, _ id: IncidentID, _ note: String, by post: String) -> Verdict {
    guard let known = state.child(child) else { return .refused(.unknownChild) }
    if known.lost.contains(where: { $0.id == id }) {
      return needsText(note) ?? .record(.strayClosed(child, id, post: post, note: note))
    }
    guard known.fold.incident(id) != nil else { return .refused(known.refusal(ofAbsent: id)) }
    guard let stray = known.stray(id) else { return .refused(.mayBeKnownBelow) }
    if stray.closed != nil { return .refused(.alreadyClosed) }
    return needsText(note) ?? .record(.strayClosed(child, id, post: post, note: note))
  }
}

extension ChildState {
  /// Why nothing can be asked about a call that is not open: the numbers below the newest were all used.
  func refusal(ofAbsent id: IncidentID) -> Refusal { id > 0 && id <= fold.lastIncident ? .alreadyClosed : .unknownIncident }
}
