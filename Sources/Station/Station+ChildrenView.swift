import DeviceKit
import DeviceVocabulary

/// The pictures of the line to the parent and of the stations below.
extension Station {
  var linkCard: DeskView.LinkCard? {
    guard plan.parent != nil else { return nil }
    return DeskView.LinkCard(
      parent: link?.parent ?? "", paths: link?.paths ?? [], waiting: link?.waiting ?? state.entries,
      waitingCalls: link?.waitingCalls ?? 0, proofLastMilliseconds: state.proof.lastReturned?.wallMilliseconds,
      proofTookMilliseconds: state.proof.lastMilliseconds, availabilityPerMille: state.proof.availabilityPerMille)
  }

  func card(_ notice: Notice) -> DeskView.NoticeCard {
    DeskView.NoticeCard(
      number: notice.number, post: notice.post, text: notice.text, atMilliseconds: notice.since.wallMilliseconds)
  }

  func childName(_ station: String) -> String {
    let name = state.child(station)?.fold.described?.name ?? plan.children?.first { $0.station == station }?.name
    return name.map { "\($0) (\(station))" } ?? station
  }

  /// A call of a child that nobody has taken sounds here as well, unless it came late and is over by now.
  /// So does one that only this station knows of: nobody else will see to it.
  func childRings(_ child: ChildState) -> Bool {
    (child.openIncidents + child.lost).contains { $0.waits && !$0.opening.bypassed }
  }

  var childCards: [DeskView.ChildCard] {
    let named = (plan.children ?? []).map(\.station)
    let all = Set(named + state.children.map(\.station)).sorted()
    let closed = recentlyClosedBelow()
    return all.map { station in
      var card = card(state.child(station) ?? ChildState(station: station))
      card.recentlyClosed = closed.filter { $0.station == station }.map(\.card)
      return card
    }
  }

  private func card(_ child: ChildState) -> DeskView.ChildCard {
    let links = childLinks.filter { $0.child == child.station }.sorted { $0.path < $1.path }
    let description = child.fold.described
    return DeskView.ChildCard(
      station: child.station,
      name: description?.name ?? plan.children?.first { $0.station == child.station }?.name ?? child.station,
      program: child.program, state: childState(child.station, links),
      paths: links.map {
        DeskView.ChildPathCard(
          name: $0.path, isUp: now - $0.heardAt < Self.childSilentAfter, lastHeardMilliseconds: $0.heardWall)
      },
      lastHeardMilliseconds: links.map(\.heardWall).max(), waiting: links.max { $0.heardAt < $1.heardAt }?.waiting ?? 0,
      map: description?.map,
      incidents: child.openIncidents.sorted { (rank($0), $0.id) < (rank($1), $1.id) }.map { card($0, of: child) },
      lost: child.lost.sorted { (rank($0), $0.id) < (rank($1), $1.id) }.map { card($0, of: child, isLost: true) },
      faults: child.fold.faults.map { card($0, description) }, posts: description?.posts ?? [],
      pending: child.pending.filter { $0.command.action.name != "proofSeen" }.map {
        DeskView.PendingCard(
          number: $0.command.number, incident: $0.command.incident, action: $0.command.action.name, post: $0.command.post,
          ageSeconds: seconds(elapsed(since: $0.since)))
      }, failure: child.lastFailure.map(card), statistics: child.fold.statistics,
      strays: child.strays.filter { $0.closed == nil }.map(\.incident))
  }

  private func childState(_ station: String, _ links: [ChildLink]) -> DeskView.ChildCard.State {
    if hasNeverConnected(station) { return .never }
    if links.isEmpty { return state.fault(FaultKey(.child(station), .childLost))?.present == true ? .lost : .unknown }
    let isHeard = links.map { now - $0.heardAt < Self.childSilentAfter }
    if !isHeard.contains(true) { return .lost }
    let isWhole =
      !isHeard.contains(false)
      && !links.contains { state.fault(FaultKey(.childPath(station, $0.path), .childPathDown))?.present == true }
    return isWhole ? .up : .degraded
  }

  /// What waits for somebody first, real calls before tests and drills.
  func rank(_ incident: Incident) -> Int {
    (incident.waits && !incident.opening.bypassed ? 0 : incident.isOpen ? 2 : 4) + (incident.opening.mark == .real ? 0 : 1)
  }

  private func card(_ fault: StationState.Fault, _ description: SiteDescription?) -> DeskView.FaultCard {
    let place: String? =
      if case .button(let button) = fault.key.subject {
        description?.callPoints.first { $0.button == button }.flatMap { point in
          description?.places.first { $0.id == point.place }?.name
        }
      } else { nil }
    return card(fault, at: place ?? String(fault.key.description.prefix { $0 != ":" }), retesting: false)
  }

  private func card(_ failure: ChildState.CommandFailure) -> DeskView.FailureCard {
    let words = Texts.failure(failure.result)
    return DeskView.FailureCard(
      incident: failure.command.incident, action: failure.command.action.name, post: failure.command.post,
      chinese: words.chinese, english: words.english, atMilliseconds: failure.at.wallMilliseconds)
  }
}
