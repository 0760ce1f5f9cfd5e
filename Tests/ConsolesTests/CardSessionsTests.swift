import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDeviceModel
import Station
import Synchronization
import Testing
import Transports

@testable import StationRuntime

/// The thread that owns the card sessions of all terminals, as pages and readers reach it.
@Suite struct CardSessionsTests {
  /// What the sessions did outside.
  final class Notes: Sendable {
    let lines = Mutex<[String]>([])
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }

    var hands: CardSessions.Hands {
      CardSessions.Hands(
        read: { kiosk, consent in self.note("read \(kiosk) \(consent.number)") }, cancel: { self.note("cancel \($0)") },
        seal: { card, _ in
          self.note("seal \(card.count)")
          return SealedField(key: "k", bytes: [1])
        }, shred: { self.note("shred \($0.key)") },
        audit: { kiosk, opening in
          self.note("audit \(kiosk) \(opening.what) \(opening.purpose)")
          return kiosk != "deaf"
        }, standing: { self.note("standing \($0) \($1.name)") })
    }
  }

  static let patience = Interval.seconds(30)

  static func record(_ card: SyntheticCard) throws -> CardRecord {
    let content = SecretBuffer(capacity: CardText.length)
    content.fill(from: card.text)
    let text = try #require(CardText(content))
    return CardRecord(
      handle: CardHandle(number: 1), text: text, content: content, newestAddress: nil, doubts: CardDoubts(rawValue: 0))
  }

  @Test func pagesWaitForTheirOwnPictureOnly() async throws {
    let notes = Notes()
    let sessions = try CardSessions(kiosks: ["hall", "door"], hands: notes.hands)
    defer { sessions.shutDown() }
    #expect(sessions.begin("moon") == nil)
    let token = try #require(sessions.begin("hall"))
    let other = try #require(sessions.begin("door"))
    let first = await sessions.picture("hall", token, after: 0, within: Self.patience)
    #expect(first.stage == .waiting)
    // Several wait while the picture changes.
    async let pictures = withTaskGroup(of: CardPicture.self) { group in
      for _ in 0..<20 { group.addTask { await sessions.picture("hall", token, after: first.revision, within: Self.patience) } }
      return await group.reduce(into: [CardPicture]()) { $0.append($1) }
    }
    sessions.report("hall", .event(.cardArrived))
    #expect(await pictures.allSatisfy { $0.stage == .reading })
    sessions.report("hall", .record(try Self.record(.person(.resident, seed: 1)), consent: 1))
    var seen = await sessions.picture("hall", token, after: first.revision, within: Self.patience)
    while seen.stage == .reading { seen = await sessions.picture("hall", token, after: seen.revision, within: Self.patience) }
    #expect(seen.stage == .read && !seen.name.isEmpty)
    #expect(await sessions.picture("hall", other, after: 0, within: Self.patience).stage == .over)
    #expect(await sessions.picture("door", other, after: 0, within: Self.patience).stage == .waiting)
    #expect(await sessions.picture("moon", token, after: 0, within: Self.patience).stage == .over)
    let field = await sessions.takeField("hall", token)
    #expect(field?.key == "k")
    #expect(await sessions.takeField("hall", token) == nil)
    sessions.end("hall", nil)
    #expect(await sessions.picture("hall", token, after: 0, within: Self.patience).stage == .over)
    #expect(notes.all.contains("audit hall card seal") && notes.all.contains("seal 256") && !notes.all.contains("shred k"))
  }

  /// A page that asks is there, also when nothing changes for it; one that does not is gone after twelve seconds.
  @Test func askingCountsAsWatching() async throws {
    let start = MonotonicClock.now()
    let ahead = Mutex(0)
    let sessions = try CardSessions(kiosks: ["hall"], hands: Notes().hands) {
      start + .seconds(ahead.withLock { $0 })
    }
    defer { sessions.shutDown() }
    let token = try #require(sessions.begin("hall"))
    for seconds in [8, 16, 24] {
      ahead.withLock { $0 = seconds }
      // Once it has been answered, whoever was gone by then is over.
      _ = await sessions.takeField("hall", 1)
      let picture = await sessions.picture("hall", token, after: 0, within: Self.patience)
      #expect(picture.stage == .waiting, "after \(seconds) s")
    }
    ahead.withLock { $0 = 37 }
    _ = await sessions.takeField("hall", 1)
    #expect(await sessions.picture("hall", token, after: 0, within: Self.patience).stage == .over)
  }

  @Test func whatCannotBeWrittenDownIsNotOpened() async throws {
    let notes = Notes()
    let sessions = try CardSessions(kiosks: ["deaf"], hands: notes.hands)
    defer { sessions.shutDown() }
    let token = try #require(sessions.begin("deaf"))
    sessions.report("deaf", .record(try Self.record(.person(.resident, seed: 1)), consent: 1))
    var seen = CardPicture(revision: 0, stage: .waiting)
    while seen.stage != .over { seen = await sessions.picture("deaf", token, after: seen.revision, within: Self.patience) }
    #expect(seen.problem == .notSealed && seen.name.isEmpty && !notes.all.contains { $0.hasPrefix("seal") })
    #expect(notes.all.last == "cancel deaf")
  }

  @Test func aReadersStandingIsToldOnceForEachChange() async throws {
    let notes = Notes()
    let sessions = try CardSessions(kiosks: ["hall"], hands: notes.hands)
    defer { sessions.shutDown() }
    for event in [
      ReaderEvent.attached, .ready, .ready, .cardArrived, .repairNeeded(.silent), .repairNeeded(.silent), .repaired, .detached,
    ] { sessions.report("hall", .event(event)) }
    // Everything before it is done.
    _ = await sessions.takeField("hall", 1)
    #expect(notes.all == ["starting", "ready", "broken", "ready", "starting"].map { "standing hall \($0)" })
  }

  @Test func whoWaitsHearsThatItIsOver() async throws {
    let sessions = try CardSessions(kiosks: ["hall"], hands: Notes().hands)
    let token = try #require(sessions.begin("hall"))
    let first = await sessions.picture("hall", token, after: 0, within: Self.patience)
    async let picture = sessions.picture("hall", token, after: first.revision, within: Self.patience)
    sessions.shutDown()
    _ = await picture
  }

  /// Whoever stands at the terminal is told which kind of card he has laid on its other reader; nobody else, and no session is needed.
  @Test func aSmartCardIsSaidToWhoeverStandsThere() async throws {
    let notes = Notes()
    var hands = notes.hands
    hands.askKind = { kiosk, answer in
      notes.note("kind? \(kiosk)")
      answer(.success(true))
    }
    hands.smartCards = { notes.note("smart cards \($0) \($1)") }
    let sessions = try CardSessions(kiosks: ["hall"], smartCards: ["door"], hands: hands)
    defer { sessions.shutDown() }
    // It reads no identity cards.
    #expect(sessions.begin("door") == nil)
    let empty = await sessions.picture("door", 0, after: 0, within: Self.patience)
    #expect(empty.stage == .waiting && empty.lies == nil)
    async let laid = sessions.picture("door", 0, after: empty.revision, within: Self.patience)
    sessions.report("door", .ready)
    sessions.report("door", .present(SmartCard(number: 1, answerToReset: SecretBuffer(capacity: 33), uid: nil)))
    let seen = await laid
    #expect(seen.lies == .socialSecurity && seen.name.isEmpty && seen.number.isEmpty && seen.stage == .waiting)
    sessions.report("door", .removed)
    #expect(await sessions.picture("door", 0, after: seen.revision, within: Self.patience).lies == nil)
    #expect(await sessions.picture("hall", 0, after: 0, within: Self.patience).stage == .over)
    for event in [SmartCardEvent.repairNeeded(.silent), .repairNeeded(.silent), .detached, .repaired] {
      sessions.report("door", event)
    }
    _ = await sessions.takeField("door", 0)
    #expect(
      notes.all == [
        "smart cards door well", "kind? door", "smart cards door broken(DeviceVocabulary.SmartCardRepair.silent)",
        "smart cards door well",
      ])
  }
}
