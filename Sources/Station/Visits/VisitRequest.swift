import DeviceVocabulary

/// What somebody at a terminal (kiosk) asks for. Nobody has said who he is, and nobody is asked.
public enum KioskAction: Sendable, Equatable, Codable {
  /// In danger: a call for help from the terminal's place.
  case callForHelp
  /// "I don't know, please help me": a person is to come.
  case askForStaff
  /// `contact` was read off a card with the visitor's consent, and has been sealed already.
  case takeTicket(service: String, priority: Bool, CodeDigest, contact: SealedField? = nil)
  /// What became of the slip.
  case slip(TicketID, Ticket.Slip)
  case reportHazard(kind: String, place: String)
  /// How far the matter of a slip has come.
  case status(letter: String, number: UInt16, CodeDigest)
  /// One touch after the end: 1 not, 2 half, 3 satisfied.
  case rate(letter: String, number: UInt16, CodeDigest, Int)
  /// The time-out that has been held since then runs again: somebody touched that key, or the visit is over.
  case letGo(since: Int64, isTouch: Bool)
}

/// What a clerk at a window, or a post behind it, asks for.
public enum VisitAction: Sendable, Equatable, Codable {
  case callNext(window: Int)
  case call(window: Int, TicketID)
  case recall(window: Int)
  case serve(window: Int)
  case skip(window: Int)
  case park(window: Int)
  case transfer(window: Int, service: String)
  case finish(window: Int)
  /// Another slip, with a code that the post learns. `staff` is `nil` where nobody has an account.
  case reissue(TicketID, CodeDigest, staff: String? = nil)
  /// What became of the slip that was issued anew.
  case slip(TicketID, Ticket.Slip)
  /// Opens a matter for who is at the window. `contact` has been sealed already.
  case open(window: Int, contact: SealedField?)
  /// Seals for the matter of who is at the window whom to call back.
  case giveContact(window: Int, SealedField)
  /// The clerk is about to see these fields of who is at the window: written down before he does.
  case look(window: Int, keys: [String], staff: String?)
  case offer(MatterID, to: String)
  case accept(MatterID)
  case refuse(MatterID, reason: String)
  case result(MatterID, Matter.Result, note: String)
  case callBack(MatterID, reached: Bool)
  case close(MatterID)
  case giveHelp(kiosk: String)
  /// Stands beside the visitor at a terminal: its time-out is held.
  case hold(kiosk: String)
  case letGo(kiosk: String, HoldEnd)
  case handleHazard(UInt32)
}

/// How a visit stands, for whoever holds its slip and its code.
public struct VisitStanding: Sendable, Equatable, Codable {
  /// `A001`.
  public var shown: String
  public var service: String
  /// `nil`: its day is over, and only its matter is left.
  public var ticket: Ticket.Phase?
  /// How many are called before.
  public var ahead: Int
  public var window: Int?
  public var matter: Stage?

  public struct Stage: Sendable, Equatable, Codable {
    public var id: MatterID
    public var phase: Matter.Phase
    public var owner: String
    public var offeredTo: String?
    public var result: Matter.Result?
    public var overdue: Bool
    /// Hours that are left for it, of those that were promised.
    public var hoursLeft: Int?
    public var rating: Int?
    /// A post has seen the code: with it nobody rates.
    public var isReissued = false
  }
}

public enum VisitLimit {
  /// Numbers of one letter in one day.
  public static let ticketsPerLetter = 60_000
  /// Matters kept here, open or closed.
  public static let matters = 5000
  public static let hazards = 1000
  /// Wrong codes at one terminal, and for one number, before nothing is answered for a while.
  public static let wrongCodesPerKiosk = 5
  public static let wrongCodesPerNumber = 5
  public static let kioskWaitSeconds = 60
  public static let numberWaitSeconds = 1800
}
