import Foundation
import Synchronization
import Testing

@testable import StaffAccess

/// A door with a clock of the test's own, a file of its own, and a cheap hash.
final class DoorRig: Sendable {
  let path: String
  let clock = Mutex(Duration.seconds(1000))
  let today = Mutex("2026-11-26")
  let notes = Mutex<[StaffDoor.Note]>([])
  let pauses = Mutex(0)
  private let made: Mutex<StaffDoor?> = Mutex(nil)

  static let rounds = 16

  init(_ accounts: [StaffAccount] = []) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-staff-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.appendingPathComponent(StaffBook.fileName).path
    if !accounts.isEmpty { try write { book in for account in accounts { book.put(account) } } }
  }

  deinit { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }

  var door: StaffDoor {
    made.withLock { made in
      if let made { return made }
      let new = StaffDoor(
        path: path, clock: { [weak self] in self?.clock.withLock { $0 } ?? .zero },
        today: { [weak self] in self?.today.withLock { $0 } ?? "" }, pause: { [weak self] in self?.pauses.withLock { $0 += 1 } },
        rounds: Self.rounds, note: { [weak self] note in self?.notes.withLock { $0.append(note) } })
      made = new
      return new
    }
  }

  func write(_ change: (inout StaffBook) -> Void) throws {
    var book = try StaffBook.load(path)
    change(&book)
    try book.save(path)
  }

  func pass(_ duration: Duration) { clock.withLock { $0 += duration } }

  static func account(_ id: String, _ roles: [Role], pin: String = "739164", posts: [String] = []) throws -> StaffAccount {
    StaffAccount(id: id, roles: roles, posts: posts, pin: try PinHash(pin, rounds: rounds))
  }

  func logIn(_ id: String = "c07", _ pin: String = "739164") throws -> String { try door.logIn(id: id, pin: pin).get().token }

  func refusal(_ id: String, _ pin: String) -> StaffDoor.Refusal? {
    if case .failure(let refusal) = door.logIn(id: id, pin: pin) { refusal } else { nil }
  }
}

@Suite struct StaffDoorTests {
  @Test func withoutAccountsNobodyIsAsked() throws {
    let rig = try DoorRig()
    #expect(!rig.door.isGuarded && rig.door.session(nil) == nil)
    // The first account closes the door of a station that runs.
    let account = try DoorRig.account("c07", [.clerk])
    try rig.write { $0.put(account) }
    #expect(rig.door.isGuarded)
  }

  @Test func whoHasThePinIsLetInAndNobodyElse() throws {
    let rig = try DoorRig([DoorRig.account("c07", [.clerk], posts: ["w1"])])
    #expect(rig.refusal("c07", "739165") == .wrong && rig.refusal("nobody", "739164") == .wrong && rig.refusal("", "") == .wrong)
    #expect(rig.pauses.withLock { $0 } == 3)
    let token = try rig.logIn()
    #expect(token.count >= 43 && rig.door.session(token)?.staff == "c07")
    #expect(rig.door.session(token)?.mayAct(for: "w1") == true && rig.door.session(token)?.mayAct(for: "w3") == false)
    #expect(rig.door.session(token + "x") == nil && rig.door.session("") == nil && rig.door.session(nil) == nil)
    let second = try rig.logIn()
    #expect(second != token)
    rig.door.logOut(token)
    #expect(rig.door.session(token) == nil && rig.door.session(second) != nil)
    // What was typed as the id of nobody may have been somebody's PIN.
    #expect(
      rig.notes.withLock { $0 } == [
        .refused(staff: "c07", .wrong), .refused(staff: nil, .wrong), .refused(staff: nil, .wrong),
        .loggedIn(staff: "c07", roles: [.clerk]), .loggedIn(staff: "c07", roles: [.clerk]), .loggedOut(staff: "c07"),
      ])
  }

  @Test func whoIsNotLoggedInFillsNoDisk() throws {
    let rig = try DoorRig([DoorRig.account("c07", [.clerk])])
    for second in 0..<130 {
      for _ in 0..<5 { rig.door.refuseAtPage(.nameless) }
      if second == 0 { #expect(rig.notes.withLock { $0 } == [.refused(staff: nil, .nameless)]) }
      // Another reason has a line of its own.
      if second == 30 { rig.door.refuseAtPage(.unconfirmed) }
      rig.pass(.seconds(1))
    }
    #expect(rig.notes.withLock { $0.count { $0 == .refused(staff: nil, .nameless) } } == 3)
    #expect(rig.notes.withLock { $0.count } == 4)
  }

  @Test func fiveWrongOnesInARowLockTheAccountForAQuarterOfAnHour() throws {
    let rig = try DoorRig([DoorRig.account("c07", [.clerk]), DoorRig.account("d01", [.duty])])
    for _ in 0..<4 { #expect(rig.refusal("c07", "000000") == .wrong) }
    _ = try rig.logIn()
    // The right one ends the row.
    for _ in 0..<5 { #expect(rig.refusal("c07", "000000") == .wrong) }
    #expect(rig.refusal("c07", "739164") == .locked)
    _ = try rig.logIn("d01")
    rig.pass(.seconds(899))
    #expect(rig.refusal("c07", "739164") == .locked)
    rig.pass(.seconds(1))
    _ = try rig.logIn()
  }

  /// Whether somebody has an id is not to be found out by trying: neither by the answer nor by how slowly it comes.
  @Test func anIdThatNobodyHasIsAnsweredAsAnyOther() throws {
    let rig = try DoorRig([DoorRig.account("c07", [.clerk]), DoorRig.account("d01", [.duty])])
    func answers(_ id: String) -> [StaffDoor.Refusal?] {
      rig.pauses.withLock { $0 = 0 }
      let answers = (0..<7).map { _ in rig.refusal(id, "000000") }
      #expect(rig.pauses.withLock { $0 } == 7, "each is as slow as the others: \(id)")
      return answers
    }
    let known = answers("c07")
    #expect(known == [.wrong, .wrong, .wrong, .wrong, .wrong, .locked, .locked])
    for id in ["c08", "", "no id is as long as this one is", "the reader of staff cards"] {
      #expect(answers(id) == known, "\(id)")
    }
    // Many guesses later as before.
    for guess in 0..<100 { _ = rig.refusal("g\(guess)", "000000") }
    #expect(rig.refusal("c07", "739164") == .locked && rig.refusal("c08", "739164") == .locked)
    #expect(try rig.logIn("d01").isEmpty == false)
    rig.pass(.seconds(900))
    #expect(rig.refusal("c08", "000000") == .wrong && rig.refusal("c07", "000000") == .wrong)
  }

  @Test func guessingFillsNoMemoryAndOpensNoLock() {
    var failures = LoginFailures()
    for _ in 0..<5 { failures.note(.typed("c07"), isKnown: true, at: .seconds(1)) }
    for guess in 0..<LoginFailures.capacity + 50 {
      failures.note(.typed("g\(guess)"), isKnown: false, at: .seconds(2))
      #expect(failures.count <= LoginFailures.capacity)
    }
    #expect(failures.isLocked(.typed("c07"), at: .seconds(900)) && !failures.isLocked(.reader, at: .seconds(2)))
    #expect(failures.count == LoginFailures.capacity)
    failures.note(.typed("c08"), isKnown: false, at: .seconds(902))
    #expect(failures.count == 1)
    // Four, and one after they were forgotten.
    for moment in [903, 904, 905, 1806] { failures.note(.typed("c08"), isKnown: false, at: .seconds(moment)) }
    #expect(!failures.isLocked(.typed("c08"), at: .seconds(1807)))
  }

  @Test func aSessionEndsByItself() throws {
    let rig = try DoorRig([DoorRig.account("c07", [.clerk])])
    let token = try rig.logIn()
    rig.pass(.seconds(1799))
    #expect(rig.door.session(token) != nil)
    rig.pass(.seconds(1799))
    // Looking for the stream's sake is no use of it.
    #expect(rig.door.holds(token, look: .window))
    rig.pass(.seconds(1))
    #expect(!rig.door.holds(token, look: .window) && rig.door.session(token) == nil)
    let long = try rig.logIn()
    for _ in 0..<29 {
      rig.pass(.seconds(1490))
      _ = rig.door.session(long)
    }
    #expect(rig.door.session(long) == nil)
  }

  @Test func whatIsTakenAwayIsGoneAtOnce() throws {
    let rig = try DoorRig([DoorRig.account("c07", [.clerk, .duty])])
    let token = try rig.logIn()
    #expect(rig.door.session(token)?.roles.mayAct(on: .desk) == true)
    try rig.write { book in
      guard var account = book.account("c07") else { return }
      account.roles = [.clerk]
      book.put(account)
    }
    #expect(rig.door.session(token)?.roles == [.clerk])
    try rig.write { book in
      guard var account = book.account("c07") else { return }
      account.isDisabled = true
      book.put(account)
    }
    #expect(rig.door.session(token) == nil && rig.refusal("c07", "739164") == .ended)
  }

  @Test func anAccountForATimeEndsWithItsLastDay() throws {
    var account = try DoorRig.account("v02", [.clerk])
    account.until = "2026-11-27"
    let rig = try DoorRig([account])
    let token = try rig.logIn("v02")
    rig.today.withLock { $0 = "2026-11-27" }
    #expect(rig.door.session(token) != nil)
    rig.today.withLock { $0 = "2026-11-28" }
    #expect(rig.door.session(token) == nil && rig.refusal("v02", "739164") == .ended)
  }

  @Test func aFileThatIsDamagedOpenOrGoneLetsNobodyIn() throws {
    let rig = try DoorRig([DoorRig.account("c07", [.clerk])])
    let token = try rig.logIn()
    let good = try Data(contentsOf: URL(fileURLWithPath: rig.path))
    chmod(rig.path, 0o644)
    try Data("{".utf8).write(to: URL(fileURLWithPath: rig.path))
    #expect(rig.door.isGuarded && rig.door.session(token) == nil && rig.refusal("c07", "739164") == .fileUnreadable)
    try good.write(to: URL(fileURLWithPath: rig.path))
    chmod(rig.path, 0o644)
    if case .open(_, let mode)? = rig.door.problem { #expect(mode == 0o644) } else { Issue.record("others may read it") }
    chmod(rig.path, 0o600)
    #expect(try rig.door.session(rig.logIn()) != nil)
    try FileManager.default.removeItem(atPath: rig.path)
    #expect(rig.door.isGuarded && rig.refusal("c07", "739164") == .fileUnreadable)
    // A program that starts on a damaged file lets nobody in either.
    let other = try DoorRig()
    try Data("[]".utf8).write(to: URL(fileURLWithPath: other.path))
    chmod(other.path, 0o600)
    #expect(other.door.isGuarded && other.refusal("c07", "739164") == .fileUnreadable)
  }

  @Test func sessionsAreBounded() throws {
    let rig = try DoorRig([DoorRig.account("c07", [.clerk])])
    for _ in 0..<200 { _ = try rig.logIn() }
    #expect(rig.refusal("c07", "739164") == .tooManySessions)
    rig.pass(.seconds(1801))
    _ = try rig.logIn()
  }
}

@Suite struct StaffBookTests {
  @Test func nothingOfAPinOrACardStandsInTheFile() throws {
    let rig = try DoorRig([DoorRig.account("c07", [.clerk])])
    let uid = CardRig.buffer([0x04, 0xA2, 0x5B, 0x11, 0x9C, 0x70, 0x80])
    let hash = try StaffCardKey.loadOrMake(besides: rig.path).hash(uid)
    try rig.write { book in
      guard var account = book.account("c07") else { return }
      account.card = hash.text
      book.put(account)
    }
    let text = try String(contentsOfFile: rig.path, encoding: .utf8)
    #expect(!text.contains("739164") && !text.lowercased().contains("04a25b119c7080"))
    var status = stat()
    #expect(stat(rig.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    // The same card has another hash in another centre.
    let other = try DoorRig([DoorRig.account("c07", [.clerk])])
    #expect(try StaffCardKey.loadOrMake(besides: other.path).hash(uid) != hash)
    #expect(try StaffCardKey.loadOrMake(besides: rig.path).hash(uid) == hash && hash.text.count == 64)
  }

  @Test func twoAccountsOfOnePinHaveTwoHashes() throws {
    let (one, two) = (try PinHash("739164", rounds: 16), try PinHash("739164", rounds: 16))
    #expect(one.hash != two.hash && one.matches("739164") && two.matches("739164") && !one.matches("739165"))
  }

  /// RFC 7914, section 12: N = 1024 would need p = 16; the parameters here are r = 8, p = 1, N = 16384.
  @Test func theHashIsScrypt() throws {
    var hash = try PinHash("pleaseletmein", rounds: 16_384)
    hash.salt = Data("SodiumChloride".utf8)
    hash.hash = Data([
      0x70, 0x23, 0xBD, 0xCB, 0x3A, 0xFD, 0x73, 0x48, 0x46, 0x1C, 0x06, 0xCD, 0x81, 0xFD, 0x38, 0xEB, 0xFD, 0xA8, 0xFB, 0xBA,
      0x90, 0x4F, 0x8E, 0x3E, 0xA9, 0xB5, 0x43, 0xF6, 0x54, 0x5D, 0xA1, 0xF2,
    ])
    #expect(hash.matches("pleaseletmein") && !hash.matches("pleaseletmeim"))
  }

  @Test func strangeRoundsInAnEditedFileMatchNothing() throws {
    var hash = try PinHash("739164", rounds: 16)
    for rounds in [Int.min, -1, 0, 1, 3, 1000, 1 << 40, .max] {
      hash.rounds = rounds
      #expect(!hash.matches("739164"))
    }
  }

  @Test(arguments: ["739164", "a8#kX2", "99 1234".replacingOccurrences(of: " ", with: "-"), "112233"])
  func aGoodPin(pin: String) { #expect(PinHash.isStrong(pin)) }

  @Test(arguments: ["", "12345", "111111", "123456", "987654", "abcdef", "7391 64", "密码密码密码", String(repeating: "7x", count: 17)])
  func aWeakPin(pin: String) { #expect(!PinHash.isStrong(pin)) }

  @Test func rolesHaveTheLeastRights() {
    #expect([Role.clerk].mayAct(on: .window) && ![Role.clerk].mayLook(at: .desk) && ![Role.clerk].mayAct(on: .wall))
    #expect([Role.duty].mayAct(on: .desk) && [Role.duty].mayLook(at: .window) && ![Role.duty].mayAct(on: .window))
    #expect(
      [Role.technician].mayLook(at: .desk) && ![Role.technician].mayAct(on: .desk) && ![Role.technician].mayLook(at: .window))
    for page in StaffPage.allCases { #expect([Role.inspector].mayLook(at: page) && ![Role.inspector].mayAct(on: page)) }
    #expect(![Role]().mayLook(at: .desk))
  }
}
