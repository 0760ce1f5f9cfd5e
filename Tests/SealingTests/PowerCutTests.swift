import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import SimulatedSite
import Station
import StationRuntime
import Testing

@testable import Sealing

/// A visit with a card, from the seal to the end, and the power cut at each write, truncation, sync and deletion of both files on the way.
@Suite struct PowerCutTests {
  @Test func noKeyIsNamedThatIsNotThereAndNoneStaysThatNothingNames() throws {
    var steps = 0
    var orphans = 0
    var finished = 0
    for cut in 0..<400 {
      let life = try CutLife(seed: UInt64(cut))
      life.live(cutAfter: cut)
      let wasCut = life.disk.isCut
      steps += wasCut ? 1 : 0
      finished += wasCut ? 0 : 1
      orphans += try life.comeBack("cut after \(cut)")
      if finished > 0 { break }
    }
    #expect(finished > 0 && steps > 60, "the whole visit was cut at every step: \(steps)")
    #expect(orphans > 0, "some cuts came between the key and the entry that names it")
  }
}

private final class CutLife {
  let disk: FaultyFileSystem
  private let rig: SealRig
  private var journal: SQLiteJournal?
  private static let wall = WallClock(unixMilliseconds: 1_795_500_000_000, synchronised: true)

  init(seed: UInt64) throws {
    disk = try #require(FaultyFileSystem(seed: seed))
    rig = try SealRig()
  }

  private static let plan: SitePlan = {
    var plan = SitePlan(
      name: "s", station: "tiexi-03", posts: [.init(id: "w1", name: "W"), .init(id: "m", name: "M")],
      places: [.init(id: "hall", name: "H")], callPoints: [], devices: [])
    plan.visits = VisitPlan(
      services: [.init(id: "legal", name: "L", letter: "A")],
      windows: [.init(number: 1, name: "W", post: "w1", services: ["legal"])], kiosks: [.init(id: "hall", place: "hall")])
    return plan
  }()

  private func open() throws -> (Decider, SQLiteJournal, KeyDatabase) {
    var options = JournalOptions()
    options.vfs = disk.name
    options.ballastBytes = 0
    let journal = try SQLiteJournal(
      folder: rig.folder, month: JournalMonth(year: 2026, month: 11), options: options)
    self.journal = journal
    let keys = try rig.database(vfs: disk.name)
    return (try Decider(plan: Self.plan, store: journal), journal, keys)
  }

  /// Two visitors with cards: one goes without a matter, one leaves a telephone number and is handed over.
  func live(cutAfter operations: Int) {
    disk.schedule(.powerCut, after: operations)
    defer {
      journal?.close()
      journal = nil
    }
    guard let opened = try? open() else { return }
    var decider = opened.0
    let keys = opened.2
    let sealer = rig.sealer(keys)
    var number: UInt64 = 0
    func give(_ input: StationInput) -> Bool {
      guard !disk.isCut else { return false }
      decider.step([(input, rig.now)], wall: Self.wall, now: rig.now) { effect in
        switch effect {
        case .shred(let keys): sealer.shred(keys)
        case .forgetKeys(let keys): for key in keys { sealer.handOver(key) }
        default: break
        }
      }
      rig.pass(.seconds(1))
      return !disk.isCut
    }
    func ask(_ post: String, _ action: DeskRequest.Action) -> Bool {
      number += 1
      return give(.request(DeskRequest(number: number, post: post, action: action)))
    }
    func seal(_ text: String) -> SealedField? { try? sealer.seal(secret(text), what: "card") }
    guard give(.started(boot: "b", program: "p")) else { return }
    for round in 0..<2 {
      guard let card = seal("王小明 \(round)"),
        ask("", .kiosk("hall", .takeTicket(service: "legal", priority: false, UInt64(round), contact: card))),
        ask("w1", .visit(.callNext(window: 1))), ask("w1", .visit(.serve(window: 1)))
      else { return }
      if round == 1 {
        guard ask("w1", .visit(.open(window: 1, contact: nil))), let phone = seal("138"),
          ask("w1", .visit(.giveContact(window: 1, phone))), let other = seal("139"),
          ask("w1", .visit(.giveContact(window: 1, other))), ask("w1", .visit(.offer(1, to: "m"))), ask("m", .visit(.accept(1)))
        else { return }
      }
      guard ask("w1", .visit(.finish(window: 1))) else { return }
    }
  }

  /// - Returns: how many keys the sweep at the start took away.
  func comeBack(_ occasion: String) throws -> Int {
    disk.cutPower()
    try disk.restart()
    disk.clearSchedule()
    let (decider, journal, keys) = try open()
    defer { journal.close() }
    let sealer = rig.sealer(keys)
    let named = try #require(decider.namedKeys)
    let there = Set(try keys.names())
    #expect(named.isSubset(of: there), "\(occasion): an entry names a key that is not there")
    for ticket in decider.station.state.visits.lines.flatMap(\.tickets) {
      for field in decider.station.state.visits.sealed(ticket) {
        let wrapped = try #require(try keys.key(field.key))
        let read = rig.owner.open(field, wrapped: wrapped, station: "tiexi-03", for: .callBack, audit: { _ in true }, pages: nil)
        #expect(read != nil, "\(occasion)")
      }
    }
    let found = try sealer.sweep(named: named, at: rig.now)
    let left = Set(try keys.names())
    #expect(found.missing == 0 && left == named, "\(occasion)")
    return found.deleted
  }
}
