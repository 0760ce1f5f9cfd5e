import DeviceVocabulary

/// A line of the journal about visits.
public enum VisitChange: Sendable, Equatable, Codable {
  /// Numbers begin anew; what waited yesterday is over.
  case dayBegan(Int32)
  /// The same, by a clock that nobody had checked: a post says that this is the date.
  case dayConfirmed(Int32, post: String)
  case taken(Ticket.Taken)
  case slip(TicketID, Ticket.Slip)
  /// The visitor has a new slip with another code, because the old one is lost or its print was not certain.
  /// `post` is `nil` in what was written before it was named.
  case reissued(TicketID, CodeDigest, post: String?)
  case called(TicketID, window: Int)
  case serving(TicketID)
  case skipped(TicketID)
  case parked(TicketID)
  /// Back in the queue, of another service perhaps, in its old place.
  case transferred(TicketID, service: String)
  case finished(TicketID)

  case opened(Matter.Opened)
  case offered(MatterID, from: String, to: String)
  case accepted(MatterID, post: String)
  /// Refused with a reason, or (`post` = nil) not answered in time: it is its owner's as before.
  case returned(MatterID, post: String?, reason: String)
  case resulted(MatterID, post: String, Matter.Result, note: String)
  case calledBack(MatterID, post: String, reached: Bool)
  case rated(MatterID, Int)
  case closed(MatterID, post: String)
  case overdue(MatterID)
  /// Its days are over: it is deleted here.
  case forgotten([MatterID])
  /// Long after the result nobody is called back any more: what was sealed with it is deleted. The matter stays until it is closed.
  case contactsForgotten([MatterID])
  /// Whom to call back, sealed; it takes the place of what was there.
  case contactGiven(MatterID, SealedField, post: String)
  /// What was deleted since the report before, because its time was over.
  case cleared(NightReport)

  case hazardReported(Hazard)
  case hazardHandled(UInt32, post: String)
  case helpAsked(kiosk: String)
  case helpGiven(kiosk: String, post: String)
  /// A post stands beside the visitor at a terminal: its time-out is held, from then until it is let go.
  case held(kiosk: String, post: String)
  /// `post` is `nil` when no post let it go.
  case letGo(kiosk: String, post: String?, HoldEnd)
  /// The state so far, in parts, as a month's file begins; the first of them takes away what was there.
  case carried(VisitState, part: Int)
}

extension VisitChange {
  /// A step of the queue: over by the evening, and nothing that another station acts on.
  var isOfQueue: Bool {
    switch self {
    case .dayBegan, .dayConfirmed, .taken, .slip, .reissued, .called, .serving, .skipped, .parked, .transferred, .finished,
      .helpAsked,
      .helpGiven, .held, .letGo, .cleared:
      true
    default: false
    }
  }
}
