import DeviceVocabulary

/// What a post asks the station to do. The runtime numbers requests; the answer carries the same number, after the entry that it caused
/// is on disk.
public struct DeskRequest: Sendable, Equatable, Codable {
  public var number: UInt64
  /// The post that asks; must stand in the site file.
  public var post: String
  public var action: Action

  public init(number: UInt64, post: String, action: Action) {
    self.number = number
    self.post = post
    self.action = action
  }

  public enum Action: Sendable, Equatable, Codable {
    case acknowledge(IncidentID)
    case offerHandOver(IncidentID, to: String, within: HandOverLimits? = nil)
    case acceptHandOver(IncidentID)
    case refuseHandOver(IncidentID, reason: String)
    case onScene(IncidentID)
    case resolve(IncidentID, note: String)
    case close(IncidentID)
    case falseAlarm(IncidentID, note: String)
    /// Runs the whole chain at a call point, marked 演练; a real press there still opens a real incident.
    case startDrill(ButtonID)
    /// The next press of this button within two minutes counts as a test.
    case announceTest(ButtonID)
    case bypass(ButtonID, reason: String, minutes: Int)
    case endBypass(ButtonID)
    case retest(FaultKey)
    case silenceFault(FaultKey)
    /// Asked of a child's station, which decides and answers by an entry of its own journal.
    case child(String, ParentCommand.Action)
    /// Closes a child's call here, once its station has answered that it does not know it.
    case closeStray(String, IncidentID, note: String)
    case visit(VisitAction)
    case wall(WallAction)
    /// Somebody is about to open what is sealed, beside the pages: `done` once that is written down.
    case opening(AccessNote)
    /// Of a terminal, by its name in the site file: no post asks.
    case kiosk(String, KioskAction)
  }
}

public enum DeskAnswer: Sendable, Equatable, Codable {
  case done
  /// A re-test has been asked of the device; the card goes when it proves good.
  case underWay
  case refused(Refusal)
  /// The ticket that was taken, and how many are called before.
  case ticket(Ticket, ahead: Int)
  case standing(VisitStanding)
  case rehearsed(WallRehearsal)
  /// Decided, but the journal does not take it: nothing of it is seen before it does, and then it holds.
  case unrecorded
  /// Nothing was heard of it in time: it may still be carried out.
  case late
}

extension DeskAnswer {
  /// It was carried out, or will be for all that is known.
  public var mayHold: Bool { self == .done || self == .unrecorded || self == .late }
}

/// Why a request was not carried out; texts are in `Texts`.
public enum Refusal: String, Sendable, Codable, CaseIterable {
  case unknownPost, unknownIncident, unknownButton, unknownFault
  case ownedByAnother, notOwner, notAcknowledged, alreadyDone, alreadyClosed, notOnScene, notResolved
  case offerToSelf, noOffer, offeredToAnother, offerStands
  case reasonNeeded, noteTooLong, bypassTooLong, notBypassed
  case stillPresent
  case unknownKiosk, unknownService, unknownWindow, unknownTicket, unknownMatter, unknownHazard, unknownPlace, noVisits
  case nobodyWaits, windowBusy, windowEmpty, notAtThisWindow, notThisPostsWindow, notThisPostsTicket, notServed
  case wrongCode, tooManyTries, codeTaken, codeReissued, ticketsExhausted, tooManyMatters
  /// At a terminal: it has no card reader; what was read of a card is erased already.
  case noReader, cardIsOver
  case noWall, unknownScene, unknownLayout, unknownSource, unknownOutput, unknownPin, layoutWrong, tooManyLayouts,
    nothingToShow, outputUnreachable, displayIsOff, visitorsPresent, namesNeeded, sameName, doesNotTurn, unknownPreset,
    pinOverlaps,
    sourceDoesNotReach, cannotSpan
  /// Somebody acts on what he was shown, and it is another by now.
  case listChanged, layoutChanged
  /// A scene of the site file has the id of a layout that somebody draws.
  case layoutNamesScene
  /// Nobody switches a wall so often by hand.
  case tooManyWishes
  /// Only the page that took a ticket says what became of its slip.
  case slipOfAnother
  /// Nobody can stand beside a visitor of a terminal that is off.
  case terminalSilent
  case notResulted, notCalledBack, ratingOutOfRange
  case noMatter, noContact, closedHere, notSealing
  case unknownChild, childNeverConnected, commandUnderWay, mayBeKnownBelow
  /// More requests wait than the station takes.
  case stationBusy
}

/// Limits on what a request may carry.
public enum DeskLimit {
  /// Characters in a note or a reason.
  public static let noteCharacters = 500
  /// A bypass ends by itself after at most 8 hours.
  public static let bypassMinutes = 480
  /// An announced test waits this long for its press, in seconds.
  public static let testSeconds = 120
  /// A notice stands on the child's desk for this long, in seconds.
  public static let noticeSeconds = 3600
}
