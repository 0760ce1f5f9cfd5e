import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDeviceModel
import Station
import Testing

@testable import StationRuntime

/// One visitor, his card and the reader of a terminal, in virtual time.
@Suite struct CardSessionTests {
  struct Bench {
    var session = CardSession()
    var now = Instant.zero + .seconds(100)
    var consents: [CardConsent] = []
    var cancels = 0
    var sealed: [CardRecord] = []
    var shredded: [String] = []
    /// What sealing answers.
    var seals = true

    mutating func give(_ input: CardSession.Input) {
      var effects = Effects<CardSession.Effect>()
      session.handle(input, at: now, into: &effects)
      while let effect = effects.takeFirst() {
        switch effect {
        case .read(let consent): consents.append(consent)
        case .cancel: cancels += 1
        case .shred(let field): shredded.append(field.key)
        case .seal(let record):
          sealed.append(record)
          give(.sealed(seals ? SealedField(key: "k\(sealed.count)", bytes: [1]) : nil))
        }
      }
    }

    /// Time passes; the machine is woken when it asked for it.
    mutating func pass(_ seconds: Int) {
      let end = now + .seconds(seconds)
      while let due = session.deadline, due <= end {
        now = due
        give(.wake)
      }
      now = end
    }

    /// Time passes in front of a page that is there.
    mutating func watch(_ token: UInt64, seconds: Int) {
      for _ in 0..<(seconds / 5) {
        pass(5)
        give(.watched(token: token))
      }
    }

    func picture(_ token: UInt64) -> CardPicture { session.picture(for: token) }

    mutating func lay(_ card: SyntheticCard = .person(.resident, seed: 1)) throws {
      give(.report(.event(.cardArrived)))
      give(.report(.record(try CardSessionTests.record(card), consent: consents.last?.number ?? 0)))
      give(.report(.event(.read(CardHandle(number: 1)))))
    }
  }

  static func record(_ card: SyntheticCard) throws -> CardRecord {
    let content = SecretBuffer(capacity: CardText.length)
    content.fill(from: card.text)
    let text = try #require(CardText(content))
    return CardRecord(
      handle: CardHandle(number: 1), text: text, content: content, newestAddress: nil, doubts: CardDoubts(rawValue: 0))
  }

  /// The staff stand beside him: the page says every few seconds that its time-out is held. A page that is gone says nothing.
  @Test func aHoldLastsAsLongAsItsPageSaysSo() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    func hold(_ bench: inout Bench, minutes: Int) {
      for _ in 0..<(minutes * 12) {
        bench.give(.touched(token: 7))
        bench.watch(7, seconds: 5)
      }
    }
    // Before a card is laid down, each consent is new before the last one ends.
    hold(&bench, minutes: 20)
    #expect(bench.picture(7).stage == .waiting && bench.consents.last?.until ?? .zero > bench.now)
    try bench.lay()
    hold(&bench, minutes: 60)
    #expect(bench.picture(7).stage == .read && bench.shredded.isEmpty)
    // The page is there and says no more that somebody is.
    bench.watch(7, seconds: 60)
    #expect(bench.picture(7).stage == .read)
    bench.watch(7, seconds: 10)
    #expect(bench.picture(7).stage == .over && bench.shredded == ["k1"])
    // The page is gone.
    bench.give(.begin(token: 7))
    try bench.lay()
    hold(&bench, minutes: 5)
    bench.pass(12)
    #expect(bench.picture(7).stage == .over && bench.shredded == ["k1", "k2"])
  }

  @Test func aCardIsReadOnceSealedAtOnceAndErased() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    #expect(bench.picture(7).stage == .waiting && bench.consents.map(\.number) == [1])
    #expect(bench.consents.first?.until == bench.now + .seconds(66))
    bench.give(.report(.event(.cardArrived)))
    #expect(bench.picture(7).stage == .reading)
    bench.give(.report(.record(try Self.record(.person(.resident, seed: 3)), consent: 1)))
    let picture = bench.picture(7)
    #expect(picture.stage == .read && picture.name.contains("*") && picture.number.contains("***********"))
    #expect(bench.sealed.count == 1 && bench.cancels == 1)
    // It can be taken away now: what is left is sealed.
    bench.give(.report(.event(.removed)))
    bench.give(.report(.event(.wiped(CardHandle(number: 1)))))
    #expect(bench.picture(7) == picture)
    let taken = bench.session.takeField(of: 7)
    #expect(taken?.key == "k1")
    bench.give(.taken(token: 7))
    #expect(bench.shredded.isEmpty && bench.picture(7).stage == .over)
  }

  @Test func nobodyElseSeesIt() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    try bench.lay()
    let others = bench.session.takeField(of: 8)
    #expect(bench.picture(8).stage == .over && bench.picture(8).name.isEmpty && others == nil)
    bench.give(.begin(token: 8))
    #expect(bench.shredded == ["k1"])
    #expect(bench.picture(7).stage == .over && bench.picture(7).name.isEmpty)
    #expect(bench.picture(8).stage == .waiting && bench.picture(8).name.isEmpty)
    // What comes too late of the one before is nobody's.
    bench.give(.end(token: 7))
    #expect(bench.picture(8).stage == .waiting)
  }

  @Test func whoGoesAwayLeavesNothing() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    try bench.lay()
    bench.watch(7, seconds: 50)
    bench.give(.touched(token: 7))
    // Somebody else's touch is none.
    bench.give(.touched(token: 8))
    bench.watch(7, seconds: 65)
    #expect(bench.picture(7).stage == .read)
    bench.give(.touched(token: 8))
    bench.pass(1)
    #expect(bench.picture(7).stage == .over && bench.picture(7).name.isEmpty && bench.shredded == ["k1"])
    #expect(bench.session.deadline == nil)
  }

  /// The browser was killed after the "yes": the next person's card is not his.
  @Test func behindAPageThatIsGoneNoCardIsRead() {
    var bench = Bench()
    bench.give(.begin(token: 7))
    bench.watch(7, seconds: 20)
    #expect(bench.picture(7).stage == .waiting)
    let cancels = bench.cancels
    bench.give(.watched(token: 8))
    bench.pass(12)
    #expect(bench.picture(7).stage == .over && bench.cancels == cancels + 1)
  }

  @Test func whoTouchesTheScreenIsNotTimedOut() {
    var bench = Bench()
    bench.give(.begin(token: 7))
    for _ in 0..<10 {
      bench.watch(7, seconds: 40)
      bench.give(.touched(token: 7))
      bench.give(.touched(token: 7))
    }
    #expect(bench.picture(7).stage == .waiting)
    #expect(bench.consents.map(\.number) == Array(1...11))
    #expect(bench.consents.allSatisfy { $0.until <= bench.now + .seconds(66) })
    #expect(bench.consents.last?.until == bench.now + .seconds(66))
  }

  /// Two cards, one upon the other: found again and again, told once.
  @Test func whatGoesWrongStaysOnTheScreen() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    bench.give(.report(.event(.cardArrived)))
    bench.give(.report(.event(.readFailed(.unclear))))
    for _ in 0..<5 { bench.give(.report(.event(.cardArrived))) }
    #expect(bench.picture(7).stage == .waiting && bench.picture(7).problem == .unclear)
    try bench.lay()
    #expect(bench.picture(7).stage == .read && bench.picture(7).problem == nil)
  }

  @Test func aCallForHelpEndsItWhoeversItIs() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    try bench.lay()
    let cancels = bench.cancels
    bench.give(.end(token: nil))
    #expect(bench.picture(7).stage == .over && bench.shredded == ["k1"] && bench.cancels == cancels + 1)
  }

  /// A ticket may have it by then: its key must not go.
  @Test func whatWasHandedOutIsNotShreddedBehindTheTicketsBack() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    try bench.lay()
    let taken = bench.session.takeField(of: 7)
    let field = try #require(taken)
    bench.pass(120)
    #expect(bench.picture(7).stage == .over && bench.shredded.isEmpty)
    bench.give(.taken(token: 7))
    #expect(bench.shredded.isEmpty)
    // And given back to nobody it goes.
    bench.give(.givenBack(token: 7, field))
    #expect(bench.shredded == [field.key])
  }

  @Test func aRefusedTicketGivesItBack() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    try bench.lay()
    let taken = bench.session.takeField(of: 7)
    let field = try #require(taken)
    bench.give(.givenBack(token: 7, field))
    let again = bench.session.takeField(of: 7)
    #expect(again == field && bench.shredded.isEmpty)
  }

  @Test func aCardTakenAwayTooSoonMayBeLaidDownAgain() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    bench.give(.report(.event(.cardArrived)))
    bench.give(.report(.event(.readFailed(.brokeOff))))
    #expect(bench.picture(7).stage == .waiting && bench.picture(7).problem == .brokeOff)
    try bench.lay()
    #expect(bench.picture(7).stage == .read && bench.picture(7).problem == nil && bench.consents.count == 1)
  }

  @Test(arguments: [ReaderEvent.repairNeeded(.silent), .readFailed(.outOfOrder), .readFailed(.consentEnded)])
  func aReaderThatFailsEndsTheReadingAndSaysWhy(_ event: ReaderEvent) {
    var bench = Bench()
    bench.give(.begin(token: 7))
    bench.give(.report(.event(event)))
    #expect(bench.picture(7).stage == .over)
    #expect(bench.picture(7).problem == (event == .readFailed(.consentEnded) ? .consentEnded : .outOfOrder))
  }

  /// Nobody is told of a plug that was knocked out for a second, and nobody is told that somebody was.
  @Test func aReaderThatIsUnpluggedForAMomentIsWaitedFor() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    bench.give(.report(.event(.cardArrived)))
    bench.give(.report(.event(.detached)))
    bench.give(.report(.event(.readFailed(.brokeOff))))
    #expect(bench.picture(7).stage == .waiting && bench.picture(7).problem == .readerAway)
    // The next visitor finds it so, too.
    bench.give(.begin(token: 8))
    #expect(bench.picture(8).stage == .waiting && bench.picture(8).problem == .readerAway)
    bench.give(.report(.event(.attached)))
    #expect(bench.picture(8).problem == .readerAway, "it has not answered yet")
    bench.give(.report(.event(.ready)))
    #expect(bench.picture(8).stage == .waiting && bench.picture(8).problem == nil)
    try bench.lay()
    #expect(bench.picture(8).stage == .read)
    // When it stays away there is a fault, and now it is true that the staff are told.
    bench.give(.begin(token: 9))
    bench.give(.report(.event(.detached)))
    bench.give(.report(.event(.readFailed(.outOfOrder))))
    bench.give(.report(.event(.repairNeeded(.absent))))
    #expect(bench.picture(9).stage == .over && bench.picture(9).problem == .outOfOrder)
  }

  @Test func whatCannotBeSealedIsErased() throws {
    var bench = Bench()
    bench.seals = false
    bench.give(.begin(token: 7))
    try bench.lay()
    #expect(bench.picture(7).stage == .over && bench.picture(7).problem == .notSealed && bench.picture(7).name.isEmpty)
    let field = bench.session.takeField(of: 7)
    #expect(bench.cancels == 1 && field == nil)
  }

  /// Read while its owner had gone already.
  @Test func aRecordThatNobodyWaitsForIsErasedUnread() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    bench.give(.end(token: 7))
    let cancels = bench.cancels
    bench.give(.report(.record(try Self.record(.person(.resident, seed: 1)), consent: 1)))
    #expect(bench.sealed.isEmpty && bench.cancels == cancels + 1)
  }

  /// His card was read just as the next one agreed, and erased with that: there is nothing in it any more to be sealed.
  @Test func anEarlierCardsRecordDoesNotEndTheNextVisit() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    bench.give(.begin(token: 8))
    let (before, cancels) = (bench.picture(8), bench.cancels)
    let late = try Self.record(.person(.resident, seed: 1))
    bench.seals = false
    bench.give(.report(.record(late, consent: 1)))
    #expect(bench.sealed.isEmpty && bench.picture(8) == before && before.stage == .waiting)
    #expect(bench.cancels == cancels, "the reader looks for the next one's card")
    bench.seals = true
    try bench.lay(.person(.resident, seed: 2))
    #expect(bench.picture(8).stage == .read && bench.sealed.count == 1)
  }

  /// The ticket of the one before was printed while the next one had begun.
  @Test func anothersTicketEndsNothing() throws {
    var bench = Bench()
    bench.give(.begin(token: 7))
    try bench.lay()
    let first = bench.session.takeField(of: 7)
    #expect(first?.key == "k1")
    bench.give(.begin(token: 8))
    try bench.lay(.person(.resident, seed: 2))
    let (picture, cancels) = (bench.picture(8), bench.cancels)
    bench.give(.taken(token: 7))
    #expect(picture.stage == .read && bench.picture(8) == picture && bench.cancels == cancels && bench.shredded.isEmpty)
    let second = bench.session.takeField(of: 8)
    #expect(second?.key == "k2")
  }
}
