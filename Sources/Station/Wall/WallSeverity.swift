/// How much a call needs to be seen. Calls share what pins leave of the wall by this, then the older before the younger (scenarios.md, M3).
///
/// All calls come from the buttons of the panels, of this station or of one below: no other alarm reaches a station.
public enum WallSeverity: Int64, Sendable, Codable, CaseIterable {
  /// A silent call (胁迫): somebody is threatened, and nobody in the room may notice that it was heard.
  case duress
  case emergency
  /// Of a call point that is bypassed, because it calls without need.
  case bypassed
  /// Somebody has dealt with it; it is only not closed yet.
  case resolved
  case drill

  /// `nil`: nothing is to be seen of it.
  init?(_ incident: Incident) {
    let opening = incident.opening
    if incident.phase == .closed || opening.mark == .test { return nil }
    self =
      if opening.mark == .drill {
        .drill
      } else if !incident.isOpen {
        .resolved
      } else if opening.silent {
        .duress
      } else {
        opening.bypassed ? .bypassed : .emergency
      }
  }
}
