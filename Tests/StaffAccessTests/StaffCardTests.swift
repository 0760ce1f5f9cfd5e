import DeviceVocabulary
import Foundation
import StaffAccess
import Testing

/// A door with a reader, and cards of two accounts.
struct CardRig {
  let rig: DoorRig
  let first: [UInt8] = [0x04, 0xA2, 0x5B, 0x11, 0x9C, 0x70, 0x80]
  let second: [UInt8] = [0x04, 0x11, 0x22, 0x33]

  init() throws {
    rig = try DoorRig([DoorRig.account("c07", [.clerk]), DoorRig.account("d01", [.duty])])
    let key = try StaffCardKey.loadOrMake(besides: rig.path)
    let hashes = ["c07": key.hash(Self.buffer(first)).text, "d01": key.hash(Self.buffer(second)).text]
    try rig.write { book in
      for (id, hash) in hashes {
        guard var account = book.account(id) else { continue }
        account.card = hash
        book.put(account)
      }
    }
    rig.door.cards.heard(.ready)
  }

  static func buffer(_ bytes: [UInt8]) -> SecretBuffer {
    let buffer = SecretBuffer(capacity: 10)
    buffer.fill(from: bytes)
    return buffer
  }

  func lay(_ uid: [UInt8]?) {
    rig.door.cards.heard(
      .present(SmartCard(number: 1, answerToReset: SecretBuffer(capacity: 33), uid: uid.map { Self.buffer($0) })))
  }

  func take() { rig.door.cards.heard(.removed) }

  /// As a page does: whose session it is, or why there is none.
  func logIn(_ ask: UInt64? = nil) async -> String {
    switch await rig.door.cards.wait(ask ?? rig.door.cards.ask(), for: .milliseconds(20)) {
    case .laid(let card):
      switch rig.door.logIn(card: card) {
      case .success(let (_, session)): session.staff
      case .failure(let refusal): refusal.rawValue
      }
    case .nothing(let lift): lift ? "lift" : "nothing"
    case .superseded: "superseded"
    case .noReader: "noReader"
    }
  }
}

@Suite struct StaffCardTests {
  @Test func whoeverLaysHisCardDownAfterThePageAskedIsLoggedIn() async throws {
    let cards = try CardRig()
    let ask = cards.rig.door.cards.ask()
    #expect(await cards.logIn(ask) == "nothing")
    async let waiting = cards.rig.door.cards.wait(ask, for: .seconds(30))
    cards.lay(cards.first)
    guard case .laid(let card) = await waiting, case .success(let (token, session)) = cards.rig.door.logIn(card: card) else {
      Issue.record("not logged in")
      return
    }
    #expect(session.staff == "c07" && session.roles == [.clerk])
    #expect(cards.rig.door.session(token)?.staff == "c07")
    #expect(cards.rig.notes.withLock { $0 } == [.loggedIn(staff: "c07", roles: [.clerk])])
  }

  @Test func aCardThatLiesThereOpensNothingElse() async throws {
    let cards = try CardRig()
    cards.lay(cards.first)
    cards.rig.pass(.seconds(9))
    #expect(await cards.logIn() == "c07")
    // Used up.
    #expect(await cards.logIn() == "lift")
    cards.take()
    #expect(await cards.logIn() == "nothing")
    cards.lay(cards.second)
    cards.rig.pass(.seconds(11))
    // Forgotten by somebody who did not log in.
    #expect(await cards.logIn() == "lift")
    cards.take()
    cards.lay(cards.second)
    #expect(await cards.logIn() == "d01")
  }

  @Test func theCardIsThatOfThePageThatAskedLast() async throws {
    let cards = try CardRig()
    let first = cards.rig.door.cards.ask()
    async let waiting = cards.rig.door.cards.wait(first, for: .seconds(30))
    let second = cards.rig.door.cards.ask()
    #expect(await waiting == .superseded)
    cards.lay(cards.first)
    #expect(await cards.logIn(first) == "superseded")
    #expect(await cards.logIn(second) == "c07")
    #expect(await cards.logIn(0) == "superseded")
  }

  @Test func aCardThatIsNobodysIsRefusedAndNotedWithoutItsNumber() async throws {
    let cards = try CardRig()
    for uid in [[0x04, 1, 2, 3], [0x08, 0x11, 0x22, 0x33], nil] as [[UInt8]?] {
      cards.lay(uid)
      #expect(await cards.logIn() == "unknownCard")
      cards.take()
    }
    #expect(cards.rig.notes.withLock { $0 } == [StaffDoor.Note](repeating: .refused(staff: nil, .unknownCard), count: 3))
    #expect(cards.rig.pauses.withLock { $0 } == 3)
  }

  @Test func fiveWrongCardsLockTheReaderAndNotThePins() async throws {
    let cards = try CardRig()
    for _ in 0..<5 {
      cards.lay([0x04, 9, 9, 9])
      #expect(await cards.logIn() == "unknownCard")
    }
    cards.lay(cards.first)
    #expect(await cards.logIn() == "locked")
    _ = try cards.rig.logIn()
    cards.rig.pass(.seconds(901))
    cards.lay(cards.first)
    #expect(await cards.logIn() == "c07")
  }

  @Test func aCardOpensNoAccountThatIsLockedOrDisabled() async throws {
    let cards = try CardRig()
    for _ in 0..<5 { _ = cards.rig.refusal("c07", "000001") }
    cards.lay(cards.first)
    #expect(await cards.logIn() == "locked")
    try cards.rig.write { book in
      guard var account = book.account("d01") else { return }
      account.isDisabled = true
      book.put(account)
    }
    cards.lay(cards.second)
    #expect(await cards.logIn() == "ended")
    #expect(cards.rig.notes.withLock { $0 }.last == .refused(staff: "d01", .ended))
  }

  @Test func withoutAReaderNobodyWaits() async throws {
    let cards = try CardRig()
    let ask = cards.rig.door.cards.ask()
    async let waiting = cards.rig.door.cards.wait(ask, for: .seconds(30))
    cards.rig.door.cards.heard(.repairNeeded(.silent))
    #expect(await waiting == .noReader && !cards.rig.door.cards.isReady)
    #expect(await cards.logIn() == "noReader")
    cards.rig.door.cards.heard(.repaired)
    #expect(await cards.logIn() == "nothing")
  }

  @Test func theKeyIsNobodyElsesAndWhole() throws {
    let cards = try CardRig()
    let path = (cards.rig.path as NSString).deletingLastPathComponent + "/" + StaffCardKey.fileName
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    chmod(path, 0o644)
    #expect(throws: StaffError.self) { try StaffCardKey.load(besides: cards.rig.path) }
    chmod(path, 0o600)
    truncate(path, 31)
    #expect(throws: StaffError.self) { try StaffCardKey.loadOrMake(besides: cards.rig.path) }
    unlink(path)
    #expect(try StaffCardKey.load(besides: cards.rig.path).map { _ in true } == nil)
  }
}
