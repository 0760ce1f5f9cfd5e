import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import Station

/// One visitor and the card reader of one terminal, from his "yes" to his end. A card is read once, sealed in the same step and erased; what
/// is left is its masked text for the screen, and a sealed field that only a ticket keeps.
struct CardSession: Machine {
  enum Input: Sendable {
    /// He has agreed. Who had agreed before is over.
    case begin(token: UInt64)
    case touched(token: UInt64)
    /// His page asks what it may show.
    case watched(token: UInt64)
    /// His visit is over, or (`nil`) somebody has called for help: whoever's it is.
    case end(token: UInt64?)
    /// His ticket has the field that was handed out.
    case taken(token: UInt64)
    /// No ticket was given for it.
    case givenBack(token: UInt64, SealedField)
    case report(ReaderReport)
    /// What became of the last `.seal`.
    case sealed(SealedField?)
    case wake
  }

  enum Effect: Sendable {
    case read(CardConsent)
    /// Ends the reader's part: whatever it holds is erased.
    case cancel
    /// Answered by `.sealed` before anything else is handed in.
    case seal(CardRecord)
    /// No ticket has it: its key is deleted.
    case shred(SealedField)
  }

  /// Without a touch. The page itself wipes after 60 s, and tells of touches 5 s late at most.
  static let patience = Interval.seconds(66)
  /// A page that is there asks every 8 s at least: behind one that hangs or was closed nobody else's card is read.
  static let absence = Interval.seconds(12)
  /// A touch makes a consent new that is older than this: nobody who is there is timed out without a warning.
  static let renewal = Interval.seconds(10)

  private struct Visit: Sendable {
    var token: UInt64
    var touchedAt: Instant
    var watchedAt: Instant
    var agreedAt: Instant
    var field: SealedField?
  }

  private var visit: Visit?
  private var consents: UInt64 = 0
  /// The reader was unplugged, and has not come back.
  private var isAway = false
  private(set) var picture = CardPicture(revision: 0, stage: .over)

  var deadline: Instant? { visit.map { min($0.touchedAt + Self.patience, $0.watchedAt + Self.absence) } }

  /// What the page of that visitor may see. Of another's, and of one that is over, there is nothing.
  func picture(for token: UInt64) -> CardPicture {
    visit?.token == token ? picture : CardPicture(revision: picture.revision, stage: .over)
  }

  /// Hands the field out: until it is given back its key is not deleted, whatever else happens, because a ticket may have it by then.
  mutating func takeField(of token: UInt64) -> SealedField? {
    guard visit?.token == token else { return nil }
    defer { visit?.field = nil }
    return visit?.field
  }

  mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .begin(let token):
      end(into: &effects)
      visit = Visit(token: token, touchedAt: now, watchedAt: now, agreedAt: now)
      show(.waiting, problem: isAway ? .readerAway : nil)
      read(at: now, into: &effects)
    case .touched(let token):
      guard let visit, visit.token == token else { return }
      self.visit?.touchedAt = now
      if picture.stage == .waiting, now - visit.agreedAt >= Self.renewal { read(at: now, into: &effects) }
    case .watched(let token): if visit?.token == token { visit?.watchedAt = now }
    case .end(let token): if token == nil || visit?.token == token { end(into: &effects) }
    case .taken(let token): if visit?.token == token { end(into: &effects) }
    case .givenBack(let token, let field):
      if visit?.token == token { visit?.field = field } else { effects.append(.shred(field)) }
    case .report(.event(let event)): heard(event, at: now)
    case .report(.record(let record, let consent)):
      // Of an earlier consent, another's perhaps: it was erased when this one was given, and ends nothing.
      guard consent == consents else { return }
      if isAwaiting {
        show(.reading, name: record.masked.name, number: record.masked.number, isDoubtful: !record.doubts.isEmpty)
        effects.append(.seal(record))
      }
      effects.append(.cancel)
    case .report(.health): break
    case .sealed(let field):
      guard visit != nil else {
        if let field { effects.append(.shred(field)) }
        return
      }
      visit?.field = field
      if field == nil { show(.over, problem: .notSealed) } else { advance(.read) }
    case .wake: if let deadline, deadline <= now { end(into: &effects) }
    }
  }

  /// He has agreed to one reading, and is there.
  private mutating func read(at now: Instant, into effects: inout Effects<Effect>) {
    visit?.agreedAt = now
    consents += 1
    effects.append(.read(CardConsent(number: consents, until: now + Self.patience)))
  }

  private var isAwaiting: Bool { visit != nil && (picture.stage == .waiting || picture.stage == .reading) }

  private mutating func heard(_ event: ReaderEvent, at now: Instant) {
    switch event {
    case .detached: isAway = true
    case .ready: isAway = false
    default: break
    }
    guard isAwaiting else { return }
    switch event {
    case .cardArrived:
      // Who lays a card down is there.
      visit?.touchedAt = now
      // What went wrong stands there until a card is read: the reader tells the same failure once.
      if picture.problem == nil { show(.reading) }
    // The reader took the reading with it.
    case .readFailed(let failure) where isAway && !failure.endsRequest: break
    case .readFailed(let failure): show(failure.endsRequest ? .over : .waiting, problem: CardPicture.Problem(failure))
    case .repairNeeded: show(.over, problem: .outOfOrder)
    case .detached: show(.waiting, problem: .readerAway)
    case .ready: if picture.problem == .readerAway { show(.waiting) }
    case .attached, .read, .removed, .wiped, .repaired: break
    }
  }

  private mutating func end(into effects: inout Effects<Effect>) {
    guard let visit else { return }
    if let field = visit.field { effects.append(.shred(field)) }
    self.visit = nil
    effects.append(.cancel)
    show(.over)
  }

  private mutating func show(
    _ stage: CardPicture.Stage, name: String = "", number: String = "", isDoubtful: Bool = false,
    problem: CardPicture.Problem? = nil
  ) {
    picture = CardPicture(revision: picture.revision &+ 1, stage: stage)
    picture.name = name
    picture.number = number
    picture.isDoubtful = isDoubtful
    picture.problem = problem
  }

  private mutating func advance(_ stage: CardPicture.Stage) {
    picture.stage = stage
    picture.revision &+= 1
  }
}
