import DeviceKit
import DeviceVocabulary

/// Which calls want a picture on the wall, and which camera looks at them.
extension Station {
  /// Open calls that a source looks at, by severity; of equal ones first those whose source gives a picture, then the older before the younger.
  func callers(_ wallPlan: WallPlan) -> [WallCaller] {
    let dead = sourcesWithoutPicture
    return openCalls(wallPlan).compactMap { incident, station in
      guard let severity = WallSeverity(incident), let source = nearest(incident.opening.place, station, wallPlan) else {
        return nil
      }
      let rank: [Int64] = [
        severity.rawValue, dead.contains(source.id) ? 1 : 0, incident.openedAt.wallMilliseconds, station == nil ? 0 : 1,
        Int64(incident.id),
      ]
      return WallCaller(
        call: WallCall(station: station, id: incident.id), source: source.id, isDrill: severity == .drill, rank: rank)
    }
  }

  /// Open calls at whose place no source looks: they cannot come onto the wall.
  func callsWithoutCamera(_ wallPlan: WallPlan) -> [WallCall] {
    openCalls(wallPlan).compactMap { incident, station in
      nearest(incident.opening.place, station, wallPlan) == nil ? WallCall(station: station, id: incident.id) : nil
    }
  }

  /// Silent calls (胁迫) from the room in which the wall hangs: whoever threatens somebody there must not see that it was heard.
  func callsKeptOff(_ wallPlan: WallPlan) -> [WallCall] {
    state.incidents.filter { isKeptOff($0, wallPlan) && WallSeverity($0) != nil }.map { WallCall(station: nil, id: $0.id) }
  }

  private func isKeptOff(_ incident: Incident, _ wallPlan: WallPlan) -> Bool {
    incident.opening.silent && wallPlan.place != nil && incident.opening.place == wallPlan.place
  }

  /// All but tests, and what is kept off the wall: those of this station, and of the ones below.
  private func openCalls(_ wallPlan: WallPlan) -> [(incident: Incident, station: String?)] {
    let own = state.incidents.filter { !isKeptOff($0, wallPlan) }.map { (incident: $0, station: String?.none) }
    let below = state.children.flatMap { child in child.fold.incidents.map { (incident: $0, station: String?(child.station)) } }
    return (own + below).filter { $0.incident.phase != .closed && $0.incident.opening.mark != .test }
  }

  /// The camera that looks at the place itself, else one of the same station.
  private func nearest(_ place: String, _ station: String?, _ wallPlan: WallPlan) -> WallPlan.Source? {
    let all = wallPlan.sources.filter { $0.kind == .camera }
    let dead = sourcesWithoutPicture
    // One that gives no picture is better than none at all: it may come back.
    let cameras = all.filter { !dead.contains($0.id) } + all.filter { dead.contains($0.id) }
    let exact = station.map { "\($0)/\(place)" } ?? place
    return cameras.first { $0.place == exact } ?? station.flatMap { station in cameras.first { $0.place == station } }
  }
}
