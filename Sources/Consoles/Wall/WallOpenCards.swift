import DeviceVocabulary
import Station

/// What is open beside the wall itself: calls on the strip, and what is handed over at a change of shift.
struct WallOpenCards: Sendable {
  var calls: [WallCallCard] = []
  var faults: [DeskView.FaultCard] = []
  var bypassed: [DeskView.CallPointCard] = []

  init() {}

  init(_ view: DeskView) {
    calls = WallCallCard.all(of: view)
    faults = view.faults.filter(\.present)
    bypassed = view.callPoints.filter { $0.bypass != nil }
  }
}

/// A call for help as the console names it: where, since when, how far it has come.
struct WallCallCard: Sendable, Equatable {
  var call: WallCall
  var place: String
  var phase: Phase
  var isDrill: Bool
  var openedMilliseconds: Int64
  /// Nobody has answered it yet: it rings.
  var waits = false
  /// A duress call of this station: it must not give itself away on a screen or loudspeaker in its own room.
  var isSilentHere = false
  /// The posts in that room.
  var quietPosts: [String] = []

  /// Of this station and of those below, the older before the younger.
  static func all(of view: DeskView) -> [WallCallCard] {
    func card(_ incident: DeskView.IncidentCard, _ station: String?, _ prefix: String) -> WallCallCard {
      let isSilentHere = station == nil && incident.silent
      return WallCallCard(
        call: WallCall(station: station, id: incident.id), place: prefix + incident.placeName, phase: incident.phase,
        isDrill: incident.mark != .real, openedMilliseconds: incident.pressedAtMilliseconds,
        waits: incident.waits && !incident.bypassed, isSilentHere: isSilentHere,
        quietPosts: isSilentHere ? view.posts.filter { $0.place == incident.place }.map(\.id) : [])
    }
    let own = view.incidents.map { card($0, nil, "") }
    let below = view.children.flatMap { child in child.incidents.map { card($0, child.station, "\(child.name) · ") } }
    return (own + below).sorted { ($0.openedMilliseconds, $0.call.id) < ($1.openedMilliseconds, $1.call.id) }
  }
}

extension FaultKey {
  /// What the operator's console may re-test: the rest is the duty desk's.
  var isOfTheWall: Bool {
    switch subject {
    case .wall, .output, .source: true
    default: false
    }
  }
  /// It may be told while visitors are here: it is about an output or a device, or a source that is not in `concealed`.
  func namesNoPlace(_ concealed: Set<String>) -> Bool {
    if case .source(let id) = subject { return !concealed.contains(id) }
    return isOfTheWall
  }
}
