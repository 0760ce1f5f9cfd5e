import DeviceVocabulary

/// Who of the staff came, went, or wanted what he has no right to. By the ids of the centre's own; nothing about residents.
public enum AccessNote: Sendable, Equatable, Codable {
  case loggedIn(staff: String)
  case loggedOut(staff: String)
  /// `staff` is `nil` for an id that nobody has.
  case refused(staff: String?, reason: String)
  /// Logged in, and without the right to what was asked for.
  case denied(staff: String, what: String)
  /// Sealed personal data was opened: what kind, of which ticket or matter (never whose), for what, and in whose post's name. `staff` is
  /// `nil` where nobody has an account.
  case opened(SecretOpening, of: String, post: String, staff: String?, reason: String?)
  /// A visitor's code was given anew, and seen by whoever did it.
  case reissued(of: String, post: String, staff: String?)
  /// Asked for in the name of a post that the site file does not have, and not done; once a minute at most.
  case unknownPost(wanted: Wanted)

  public enum Wanted: String, Sendable, Codable, CaseIterable {
    case calls, stationBelow, visits, sealed, wall

    init(_ action: DeskRequest.Action) {
      self =
        switch action {
        case .wall: .wall
        case .visit, .kiosk: .visits
        case .opening: .sealed
        case .child, .closeStray: .stationBelow
        default: .calls
        }
    }
  }
}
