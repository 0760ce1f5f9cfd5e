import DeviceKit
import DeviceVocabulary
import Foundation
import ResidentCardCodec
import Station
import Synchronization
import Transports

/// The card readers of the terminals in the hall in the hands of their visitors: a thread that owns one `CardSession` for each.
public final class CardSessions: Sendable {
  /// What the sessions do outside. All are called on their thread.
  public struct Hands: Sendable {
    public var read: @Sendable (_ kiosk: String, CardConsent) -> Void
    public var cancel: @Sendable (_ kiosk: String) -> Void
    /// What of a card is kept, sealed for whoever has to read it; `nil`: it cannot be.
    public var seal: @Sendable (_ card: SecretBuffer, _ newestAddress: SecretBuffer?) -> SealedField?
    public var shred: @Sendable (SealedField) -> Void
    /// A card is about to be opened at this terminal: `false` when the audit cannot be written.
    public var audit: @Sendable (_ kiosk: String, SecretOpening) -> Bool
    public var standing: @Sendable (_ kiosk: String, ReaderStanding) -> Void
    /// Whether what lies on the terminal's reader of smart cards is a social-security card.
    public var askKind: @Sendable (_ kiosk: String, @escaping @Sendable (Result<Bool, SmartCardFailure>) -> Void) -> Void
    public var smartCards: @Sendable (_ kiosk: String, SmartCardStanding) -> Void

    public init(
      read: @escaping @Sendable (String, CardConsent) -> Void, cancel: @escaping @Sendable (String) -> Void,
      seal: @escaping @Sendable (SecretBuffer, SecretBuffer?) -> SealedField?, shred: @escaping @Sendable (SealedField) -> Void,
      audit: @escaping @Sendable (String, SecretOpening) -> Bool, standing: @escaping @Sendable (String, ReaderStanding) -> Void,
      askKind: @escaping @Sendable (String, @escaping @Sendable (Result<Bool, SmartCardFailure>) -> Void) -> Void = {
        $1(.failure(.noCard))
      },
      smartCards: @escaping @Sendable (String, SmartCardStanding) -> Void = { _, _ in }
    ) {
      self.read = read
      self.cancel = cancel
      self.seal = seal
      self.shred = shred
      self.audit = audit
      self.standing = standing
      self.askKind = askKind
      self.smartCards = smartCards
    }
  }

  enum Message: Sendable {
    case input(kiosk: String, CardSession.Input)
    case glance(kiosk: String, CardGlance.Input)
    case wait(kiosk: String, token: UInt64, seen: UInt32, until: Instant, CheckedContinuation<CardPicture, Never>)
    case field(kiosk: String, token: UInt64, CheckedContinuation<SealedField?, Never>)
  }

  private let kiosks: [String]
  private let inbox: BoundedMailbox<Message>
  private let wake: WakeSignal
  private let stop = StopFlag()
  private let ended: Mutex<DispatchGroup?> = Mutex(nil)
  /// Nothing is sent any more: nobody would answer it.
  private let isClosed = Mutex(false)

  /// - Parameters:
  ///   - kiosks: those with a reader of identity cards.
  ///   - smartCards: those with a reader of smart cards.
  ///   - clock: monotonic.
  public init(
    kiosks: [String], smartCards: [String] = [], hands: Hands, clock: @escaping @Sendable () -> Instant = MonotonicClock.now
  ) throws {
    self.kiosks = kiosks
    wake = try WakeSignal()
    inbox = BoundedMailbox(capacity: 0, reserve: 1024, wake: wake)
    let loop = CardSessionLoop(
      kiosks: kiosks, smartCards: smartCards, hands: hands, inbox: inbox, wake: wake, clock: clock)
    let handed = Handed(value: loop)
    ended.withLock { $0 = startThread("cards") { [stop] in handed.value.run(until: stop) } }
  }

  /// Made on one thread and handed to its own; nothing else ever touches it.
  private struct Handed: @unchecked Sendable { let value: CardSessionLoop }

  /// What a reader's thread tells.
  public func report(_ kiosk: String, _ report: ReaderReport) { tell(kiosk, .report(report)) }

  /// What the thread of a reader of smart cards tells.
  public func report(_ kiosk: String, _ event: SmartCardEvent) { _ = send(.glance(kiosk: kiosk, .heard(event))) }

  /// A visitor has agreed to have his card read, once. Answers what he is known by from now on; `nil` at a terminal without a reader.
  public func begin(_ kiosk: String) -> UInt64? {
    guard kiosks.contains(kiosk) else { return nil }
    let token = UInt64.random(in: 1 ... .max)
    return tell(kiosk, .begin(token: token)) ? token : nil
  }

  public func touched(_ kiosk: String, _ token: UInt64) { tell(kiosk, .touched(token: token)) }
  /// `nil`: whoever's it is.
  public func end(_ kiosk: String, _ token: UInt64?) { tell(kiosk, .end(token: token)) }
  /// The ticket of that visitor has his field.
  public func taken(_ kiosk: String, _ token: UInt64) { tell(kiosk, .taken(token: token)) }
  /// He was given no ticket.
  public func giveBack(_ kiosk: String, _ token: UInt64, _ field: SealedField) { tell(kiosk, .givenBack(token: token, field)) }

  /// The picture once it is another than `seen`, or what it is after `patience`.
  public func picture(_ kiosk: String, _ token: UInt64, after seen: UInt32, within patience: Interval) async -> CardPicture {
    await withCheckedContinuation { continuation in
      let until = MonotonicClock.now() + patience
      let message = Message.wait(kiosk: kiosk, token: token, seen: seen, until: until, continuation)
      if !send(message) {
        continuation.resume(returning: CardPicture(revision: seen, stage: .over))
      }
    }
  }

  /// What was read of that visitor's card, sealed: handed out once, to be answered by `taken` or `giveBack`.
  public func takeField(_ kiosk: String, _ token: UInt64) async -> SealedField? {
    await withCheckedContinuation { continuation in
      let message = Message.field(kiosk: kiosk, token: token, continuation)
      if !send(message) { continuation.resume(returning: nil) }
    }
  }

  @discardableResult
  private func tell(_ kiosk: String, _ input: CardSession.Input) -> Bool { send(.input(kiosk: kiosk, input)) }

  private func send(_ message: Message) -> Bool {
    isClosed.withLock { !$0 && inbox.send(message, .irreplaceable) != .refused }
  }

  public func shutDown() {
    isClosed.withLock { $0 = true }
    stop.raise()
    wake.raise()
    _ = ended.withLock { $0 }?.wait(timeout: .now() + 2)
  }
}

final class CardSessionLoop {
  private struct Terminal {
    var kiosk: String
    var session = CardSession()
    /// Of its reader of smart cards, if it has one, and what the station was told of that.
    var glance: CardGlance?
    var smartCards: SmartCardStanding?
    var standing: ReaderStanding?
    var waiting: [Waiting] = []
  }
  private struct Waiting {
    var token: UInt64
    var seen: UInt32
    var until: Instant
    var continuation: CheckedContinuation<CardPicture, Never>
  }

  /// Whoever stands there, also without a session.
  private static let nobody: UInt64 = 0
  private var terminals: [Terminal]
  private let hands: CardSessions.Hands
  private let inbox: BoundedMailbox<CardSessions.Message>
  private let wake: WakeSignal
  private let clock: () -> Instant

  init(
    kiosks: [String], smartCards: [String], hands: CardSessions.Hands, inbox: BoundedMailbox<CardSessions.Message>,
    wake: WakeSignal, clock: @escaping () -> Instant
  ) {
    terminals = (kiosks + smartCards.filter { !kiosks.contains($0) }).map { kiosk in
      Terminal(kiosk: kiosk, glance: smartCards.contains(kiosk) ? CardGlance() : nil)
    }
    self.hands = hands
    self.inbox = inbox
    self.wake = wake
    self.clock = clock
  }

  func run(until stop: StopFlag) {
    var messages: [CardSessions.Message] = []
    while true {
      wake.clear()
      // Only now: a raise before was cleared with it.
      if stop.isRaised { break }
      inbox.receive(into: &messages)
      for message in messages { take(message) }
      messages.removeAll(keepingCapacity: true)
      let now = clock()
      for index in terminals.indices {
        if let due = terminals[index].session.deadline, due <= now { give(.wake, to: index) }
        answer(index, at: now)
      }
      var set = PollSet()
      _ = set.add(wake.fileDescriptor)
      _ = set.wait(until: nextDeadline)
    }
    // Keys that no ticket has are found at the next start. Who waits hears that it is over.
    inbox.receive(into: &messages)
    for message in messages { take(message) }
    for index in terminals.indices {
      hands.cancel(terminals[index].kiosk)
      answer(index, at: .distantFuture)
    }
  }

  private var nextDeadline: Instant {
    var nearest = Instant.distantFuture
    for terminal in terminals {
      if let due = terminal.session.deadline { nearest = min(nearest, due) }
      for waiting in terminal.waiting { nearest = min(nearest, waiting.until) }
    }
    return nearest
  }

  private func take(_ message: CardSessions.Message) {
    switch message {
    case .input(let kiosk, let input):
      guard let index = index(kiosk) else { return }
      if case .report(.event(let event)) = input { heard(event, of: index) }
      give(input, to: index)
    case .glance(let kiosk, let input):
      guard let index = index(kiosk) else { return }
      if case .heard(let event) = input { heard(event, of: index) }
      give(input, to: index)
    case .wait(let kiosk, let token, let seen, let until, let continuation):
      guard let index = index(kiosk) else { return continuation.resume(returning: CardPicture(revision: seen, stage: .over)) }
      give(.watched(token: token), to: index)
      terminals[index].waiting.append(Waiting(token: token, seen: seen, until: until, continuation: continuation))
    case .field(let kiosk, let token, let continuation):
      continuation.resume(returning: index(kiosk).flatMap { terminals[$0].session.takeField(of: token) })
    }
  }

  private func index(_ kiosk: String) -> Int? { terminals.firstIndex { $0.kiosk == kiosk } }

  private func answer(_ index: Int, at now: Instant) {
    let (session, glance) = (terminals[index].session, terminals[index].glance)
    terminals[index].waiting.removeAll { waiting in
      let picture =
        waiting.token == Self.nobody
        ? glance?.picture ?? CardPicture(revision: 0, stage: .over) : session.picture(for: waiting.token)
      // What is over does not change any more.
      guard picture.revision != waiting.seen || picture.stage == .over || waiting.until <= now else { return false }
      waiting.continuation.resume(returning: picture)
      return true
    }
  }

  private func give(_ input: CardSession.Input, to index: Int) {
    var effects = Effects<CardSession.Effect>()
    terminals[index].session.handle(input, at: clock(), into: &effects)
    let kiosk = terminals[index].kiosk
    while let effect = effects.takeFirst() {
      switch effect {
      case .read(let consent): hands.read(kiosk, consent)
      case .cancel: hands.cancel(kiosk)
      case .shred(let field): hands.shred(field)
      case .seal(let record): give(.sealed(seal(record, kiosk)), to: index)
      }
    }
  }

  private func give(_ input: CardGlance.Input, to index: Int) {
    var effects = Effects<CardGlance.Effect>()
    terminals[index].glance?.handle(input, at: clock(), into: &effects)
    let kiosk = terminals[index].kiosk
    while let effect = effects.takeFirst() {
      guard case .askKind(let card) = effect else { continue }
      hands.askKind(kiosk) { [inbox] kind in
        _ = inbox.send(.glance(kiosk: kiosk, .told(card: card, kind)), .irreplaceable)
      }
    }
  }

  /// What the station is told of the reader of smart cards, once for each change.
  private func heard(_ event: SmartCardEvent, of index: Int) {
    guard let standing = SmartCardStanding(event), terminals[index].smartCards != standing else { return }
    terminals[index].smartCards = standing
    hands.smartCards(terminals[index].kiosk, standing)
  }

  private func seal(_ record: CardRecord, _ kiosk: String) -> SealedField? {
    let audit: (SecretOpening) -> Bool = { [hands] in hands.audit(kiosk, $0) }
    guard let content = record.content.open(for: .seal, audit: audit) else { return nil }
    // One opening, one line: the address belongs to the card.
    let address = record.newestAddress?.open(for: .seal) { _ in true }
    return hands.seal(content, address)
  }

  /// What the station is told of the reader, once for each change.
  private func heard(_ event: ReaderEvent, of index: Int) {
    let standing: ReaderStanding
    switch event {
    case .attached, .detached: standing = .starting
    case .ready, .repaired: standing = .ready
    case .repairNeeded(let repair): standing = .broken(repair)
    case .cardArrived, .readFailed, .read, .removed, .wiped: return
    }
    guard terminals[index].standing != standing else { return }
    terminals[index].standing = standing
    hands.standing(terminals[index].kiosk, standing)
  }
}
