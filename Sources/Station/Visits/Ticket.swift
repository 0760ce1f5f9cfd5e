import DeviceVocabulary

/// A number of the queue (号单): the day it was taken, the service's letter and a running number.
public struct TicketID: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
  /// Days since 1970-01-01 by the local calendar.
  public var day: Int32
  public var letter: String
  public var number: UInt16

  public init(day: Int32, letter: String, number: UInt16) {
    self.day = day
    self.letter = letter
    self.number = number
  }

  /// `A001`: what is printed, shown and called.
  public var shown: String { Self.shown(letter, number) }
  /// `20783/A001`.
  public var description: String { "\(day)/\(shown)" }

  private static func shown(_ letter: String, _ number: UInt16) -> String {
    let digits = String(number)
    return letter + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  /// Reads `a1`, `A001`: letter and number of what somebody types from his slip.
  public static func parse(_ text: String) -> (letter: String, number: UInt16)? {
    let text = text.uppercased().filter { !$0.isWhitespace }
    guard let first = text.first, first.isASCII, first.isLetter else { return nil }
    let digits = text.dropFirst()
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = UInt16(digits), number > 0
    else { return nil }
    return (String(first), number)
  }

  public static func < (left: TicketID, right: TicketID) -> Bool {
    (left.day, left.letter, left.number) < (right.day, right.letter, right.number)
  }
}

/// What stands for the four digits on a slip: a keyed hash of them, made where the key is. Nothing leads back from it to the digits.
public typealias CodeDigest = UInt64

public struct Ticket: Sendable, Equatable, Codable {
  public var id: TicketID
  public var service: String
  public var priority: Bool
  public var kiosk: String
  public var digest: CodeDigest
  public var takenAt: EntryTime
  public var phase: Phase
  /// Where it was called last.
  public var window: Int?
  public var calledAt: EntryTime?
  public var calls: Int
  public var slip: Slip
  public var matter: MatterID?
  /// What was read off a card at the terminal, sealed there; it goes to the matter when one is opened, and with the visit otherwise.
  public var contact: SealedField?
  /// Its code was given anew at a window, where it was seen: it opens less. `nil`: no.
  public var isReissued: Bool?

  public enum Phase: String, Sendable, Codable, CaseIterable {
    case waiting, called, serving
    /// Set aside at the window, to go on later.
    case parked
    case done
    /// Called, and nobody came.
    case skipped

    public var isOver: Bool { self == .done || self == .skipped }
  }

  /// Whether the visitor has a slip in the hand.
  public enum Slip: String, Sendable, Codable, CaseIterable {
    /// Nobody knows yet: it is being printed, or the power failed meanwhile.
    case unknown
    case printed
    /// The number is on the screen instead, large and as a code.
    case shown
  }

  init(_ taken: Taken, at time: EntryTime) {
    id = taken.ticket
    service = taken.service
    priority = taken.priority
    kiosk = taken.kiosk
    digest = taken.digest
    contact = taken.contact
    takenAt = time
    phase = .waiting
    calls = 0
    slip = .unknown
    contact = taken.contact
  }

  /// A ticket as it is taken.
  public struct Taken: Sendable, Equatable, Codable {
    public var ticket: TicketID
    public var service: String
    /// Nothing says why.
    public var priority: Bool
    public var kiosk: String
    public var digest: CodeDigest
    /// Only of who let his card be read, and said yes to that.
    public var contact: SealedField?

    public init(
      ticket: TicketID, service: String, priority: Bool, kiosk: String, digest: CodeDigest, contact: SealedField? = nil
    ) {
      self.ticket = ticket
      self.service = service
      self.priority = priority
      self.kiosk = kiosk
      self.digest = digest
      self.contact = contact
    }
  }
}

public typealias MatterID = UInt32

/// What somebody came for (事), from its opening at a window to its end. It is about the matter: nothing here says whose it is.
public struct Matter: Sendable, Equatable, Codable {
  public var id: MatterID
  public var ticket: TicketID
  public var service: String
  public var digest: CodeDigest
  public var openedAt: EntryTime
  /// The window's post until another has accepted it (首问负责).
  public var owner: String
  public var formerOwners: [String]
  public var offer: Offer?
  public var phase: Phase
  public var result: Result?
  public var resultedAt: EntryTime?
  public var note: String
  /// It was told that its time limit has passed: to the result, or from there to the end.
  public var overdue: Bool
  /// Whether the visitor was reached when called back (回访).
  public var reached: Bool?
  /// 1 not, 2 half, 3 satisfied: one touch of the visitor.
  public var rating: Int?
  public var closedAt: EntryTime?
  /// What the clerk was told for the call-back.
  public var contact: SealedField?
  /// What was sealed at the terminal.
  public var fromTicket: SealedField?
  /// As for its ticket.
  public var isReissued: Bool?
  /// Its last offer came back, and it was not offered again since.
  public var refused: Return?

  public struct Return: Sendable, Equatable, Codable {
    /// Who did not take it; `nil`: nobody answered in time.
    public var post: String?
    public var reason: String
    public var at: EntryTime
  }
  public struct Offer: Sendable, Equatable, Codable {
    public var to: String
    public var at: EntryTime
  }

  public enum Phase: String, Sendable, Codable, CaseIterable {
    /// 受理
    case opened
    /// 办理: another post has accepted it.
    case handled
    /// 结果
    case resulted
    /// 回访
    case calledBack
    case closed
  }

  public enum Result: String, Sendable, Codable, CaseIterable {
    case done, agreed, notAgreed, notPossible, referred, withdrawn
  }

  init(_ opened: Opened, at time: EntryTime) {
    id = opened.matter
    ticket = opened.ticket
    service = opened.service
    digest = opened.digest
    openedAt = time
    owner = opened.post
    formerOwners = []
    phase = .opened
    note = ""
    overdue = false
    contact = opened.contact
    fromTicket = opened.fromTicket
  }

  public var sealed: [SealedField] { [fromTicket, contact].compactMap { $0 } }

  public struct Opened: Sendable, Equatable, Codable {
    public var matter: MatterID
    public var ticket: TicketID
    public var service: String
    public var digest: CodeDigest
    public var window: Int
    public var post: String
    public var contact: SealedField?
    public var fromTicket: SealedField?

    public init(
      matter: MatterID, ticket: TicketID, service: String, digest: CodeDigest, window: Int, post: String, contact: SealedField?,
      fromTicket: SealedField? = nil
    ) {
      self.matter = matter
      self.ticket = ticket
      self.service = service
      self.digest = digest
      self.window = window
      self.post = post
      self.contact = contact
      self.fromTicket = fromTicket
    }
  }
}

/// The state of a thing or a place that somebody has reported (隐患). Nobody is asked who he is, and nobody is named.
public struct Hazard: Sendable, Equatable, Codable {
  public var id: UInt32
  public var kind: String
  public var place: String
  public var at: EntryTime

  public init(id: UInt32, kind: String, place: String, at: EntryTime) {
    self.id = id
    self.kind = kind
    self.place = place
    self.at = at
  }
}

/// Somebody at a terminal wants a person to come.
public struct KioskHelp: Sendable, Equatable, Codable {
  public var kiosk: String
  public var since: EntryTime
}
