import DeviceKit
import DeviceVocabulary

/// The card of a call: one for this station's own and for those of the stations below.
extension Station {
  /// - Parameters:
  ///   - child: whose call it is; `nil`: this station's own.
  ///   - isLost: only this station has it; its number may be another call's by now.
  func card(_ incident: Incident, of child: ChildState? = nil, isLost: Bool = false) -> DeskView.IncidentCard {
    let opening = incident.opening
    let isClosed = incident.phase == .closed
    let point = (child.map { $0.fold.described?.callPoints ?? [] } ?? plan.callPoints).first { $0.button == opening.button }
    let lamp = isClosed ? nil : point.map((child?.fold ?? state).indicator)
    return DeskView.IncidentCard(
      id: incident.id, button: opening.button, place: opening.place, placeName: placeName(opening, of: child),
      mark: opening.mark, phase: incident.phase,
      pressedAtMilliseconds: incident.openedAt.wallMilliseconds(before: opening.ageMilliseconds),
      ageSeconds: age(incident, of: child, isLost: isLost), presses: incident.presses, silent: opening.silent,
      bypassed: opening.bypassed,
      lampWish: lamp ?? .off,
      // What a lamp below shows is read back at its own station only, and its ladder is its own station's plan.
      lampShown: child == nil && !isClosed ? shownIndicator(opening.button) : nil, owner: incident.owner,
      formerOwners: incident.formerOwners, takenFrom: incident.takenFrom, offeredTo: incident.offer?.to,
      escalationStep: incident.escalationStep, escalatedTo: incident.escalatedTo,
      nextStepSeconds: child == nil ? nextStep(incident) : nil, raisedAgain: incident.raisedAgain,
      secondsToAcknowledge: between(incident.openedAt, incident.acknowledgedAt),
      secondsToScene: between(incident.openedAt, incident.onSceneAt), note: incident.note, waits: incident.waits,
      falseAlarm: incident.falseAlarm, recorded: true,
      closedMilliseconds: closedTime(incident, of: child), handedDown: child == nil ? handedDownCard(incident) : nil,
      ownerAway: child == nil && ownerIsAway(incident))
  }

  /// A child's clock may be wrong by a day: what did not come late was closed when it came.
  private func closedTime(_ incident: Incident, of child: ChildState?) -> Int64? {
    guard let child else { return incident.closedAt?.wallMilliseconds }
    let arrival = child.closings.first { $0.incident == incident.id }
    guard let arrival, let closed = incident.closedAt else { return nil }
    return HandOver.Moment(at: closed, arrived: arrival.at, isLate: arrival.isLate).shownMilliseconds
  }

  /// What was closed below lately: the newest of all stations together, each still with its own.
  func recentlyClosedBelow() -> [(station: String, card: DeskView.IncidentCard)] {
    // Hundreds of stations with twenty each: only what is shown is made into a card.
    var all: [(at: Int64, child: Int, id: IncidentID, isStray: Bool)] = []
    for (index, child) in state.children.enumerated() {
      // A restored station may have used a number twice: the later one counts.
      var seen: Set<IncidentID> = []
      for incident in child.fold.recentlyClosed where seen.insert(incident.id).inserted {
        all.append((closedTime(incident, of: child) ?? .min, index, incident.id, false))
      }
      for stray in child.strays {
        if let closed = stray.closed { all.append((closed.at.wallMilliseconds, index, stray.incident, true)) }
      }
    }
    all.sort { ($1.at, $0.child, $1.id) < ($0.at, $1.child, $0.id) }
    return all.prefix(StationState.recentLimit).compactMap { item in
      let child = state.children[item.child]
      let closed = item.isStray ? child.strayClosed(item.id) : child.fold.recentlyClosed.first { $0.id == item.id }
      guard let closed else { return nil }
      var card = card(closed, of: child)
      card.closedMilliseconds = item.at
      return (child.station, card)
    }
  }

  func placeName(_ opening: Opening, of child: ChildState?) -> String {
    guard let child else { return placeName(opening.place, opening.button) }
    return child.fold.described?.places.first { $0.id == opening.place }?.name ?? Self.unlisted(opening.button)
  }

  /// Since the finger was on the button, in seconds. For a child's call by this station's own clock since it arrived; what came late is as
  /// old as the two wall clocks say.
  private func age(_ incident: Incident, of child: ChildState?, isLost: Bool) -> Int {
    let before = Int(incident.opening.ageMilliseconds / 1000)
    guard let child else { return seconds(elapsed(since: incident.openedAt)) + before }
    let arrival = isLost ? nil : child.arrival(of: incident.id)
    let lastArrival = arrival?.at ?? incident.openedAt
    let moment = HandOver.Moment(at: incident.openedAt, arrived: lastArrival, isLate: arrival?.isLate ?? true)
    return secondsSince(moment) + (moment.isLate ? 0 : before)
  }

  /// Something that happened below, by this station's own clock since it arrived and what it was under way before; what came late is as old
  /// as the two wall clocks say.
  func secondsSince(_ moment: HandOver.Moment) -> Int {
    let arrived = seconds(elapsed(since: moment.arrived))
    guard moment.isLate else { return arrived + Int(moment.underWayMilliseconds / 1000) }
    return max(arrived, Int(clamping: wall.unixMilliseconds.clampedSubtracting(moment.at.wallMilliseconds) / 1000))
  }

  func placeName(_ place: String, _ button: ButtonID) -> String { plan.place(place)?.name ?? Self.unlisted(button) }

  private static func unlisted(_ button: ButtonID) -> String { "未登记的呼叫点 \(button)" }

  func shownIndicator(_ button: ButtonID) -> Indicator? {
    shown.first { $0.button == button && now - $0.asOf <= Self.shownTimeToLive }?.indicator
  }
}
