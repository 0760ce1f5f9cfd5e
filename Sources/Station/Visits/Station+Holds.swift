import DeviceVocabulary

/// Somebody of the staff stands beside a visitor: the terminal's time-out is held until it is let go, for this visit and no other.
public struct KioskHold: Sendable, Equatable, Codable {
  public var kiosk: String
  public var post: String
  /// What the hold is known by as well.
  public var since: EntryTime
}

/// Why a terminal's time-out runs again.
public enum HoldEnd: String, Sendable, Codable, CaseIterable {
  /// A post let it go.
  case released
  /// Somebody at the terminal did, by its key.
  case touched
  /// The visit is over, or the terminal stood idle.
  case visitOver
  /// Who had held it called somebody to a window: he is not beside the visitor any more.
  case calledNext
  /// Who had held it is not logged in any more.
  case loggedOut
  /// The terminal's page is gone, and its visit with it.
  case terminalSilent
  /// The station was started anew.
  case restarted
}

extension Station {
  func hold(_ kiosk: String, by post: String) -> Verdict {
    guard plan.visits?.kiosk(kiosk) != nil else { return .refused(.unknownKiosk) }
    guard kiosks.first(where: { $0.kiosk == kiosk })?.isAlive == true else { return .refused(.terminalSilent) }
    // Whoever came last stands beside him.
    return state.visits.hold(kiosk)?.post == post ? .record([]) : .record(.visit(.held(kiosk: kiosk, post: post)))
  }

  /// Letting go of what nobody holds is no mistake: two ends may cross.
  func letGo(_ kiosk: String, by post: String, _ end: HoldEnd) -> Verdict {
    guard plan.visits?.kiosk(kiosk) != nil else { return .refused(.unknownKiosk) }
    guard let hold = state.visits.hold(kiosk) else { return .record([]) }
    // His session's end is no end of another's hold.
    if end == .loggedOut, hold.post != post { return .record([]) }
    return .record(.visit(.letGo(kiosk: kiosk, post: post, end)))
  }

  /// At the terminal itself. `since`: an answer that comes late does not end the next hold.
  mutating func letGo(_ kiosk: String, since: Int64, _ end: HoldEnd) {
    guard state.visits.hold(kiosk)?.since.wallMilliseconds == since else { return }
    record(.visit(.letGo(kiosk: kiosk, post: nil, end)))
  }

  mutating func letGoOfAll(at kiosk: String? = nil, _ end: HoldEnd) {
    for hold in state.visits.holds ?? [] where kiosk == nil || hold.kiosk == kiosk {
      record(.visit(.letGo(kiosk: hold.kiosk, post: nil, end)))
    }
  }

  /// What ends when this post calls somebody to its window.
  func leaving(_ post: String) -> [Change] {
    (state.visits.holds ?? []).filter { $0.post == post }
      .map { .visit(.letGo(kiosk: $0.kiosk, post: post, .calledNext)) }
  }
}
