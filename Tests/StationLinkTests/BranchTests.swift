import DeviceKit
import DeviceVocabulary
import StationLinkCodec
import StationLinkDriver
import Testing

/// A child whose disk was set back to an older copy: no call is claimed that the parent does not have, and what is new arrives.
@Suite struct BranchTests {
  private func heal(_ rig: inout LinkRig) {
    rig.parent.fault = .none
    for path in rig.lines.indices { rig.lines[path] = LinkRig.Line(generation: rig.lines[path].generation) }
    rig.run(for: .seconds(90))
  }

  private func expectWhole(_ rig: LinkRig, _ what: String) {
    #expect(rig.claims == [], "\(what)")
    #expect(rig.missing == [], "\(what)")
    #expect(rig.parent.cursor.head == rig.journal.last?.head ?? .start && rig.parent.cursor.ranges.isEmpty, "\(what)")
    #expect(rig.openCalls.filter { !rig.parentHasCall($0) } == [], "\(what)")
    #expect(rig.statuses.last?.waitingCalls == 0 && rig.statuses.last?.paths.map(\.state).contains(.refused) == false, "\(what)")
  }

  /// - Parameters:
  ///   - lost: so many entries, which the parent has all, are set back.
  ///   - since: so many are written before the line comes back.
  @Test(arguments: [1, 20, 63, 64, 65, 200], [0, 1, 20, 150, 300])
  func aRestoredChildClaimsNothingAndItsCallsArrive(lost: Int, since: Int) {
    var rig = LinkRig()
    for number in UInt32(1)...300 { rig.record(incident: number % 10 == 0 ? number : nil, opens: number % 10 == 0) }
    rig.run(for: .seconds(20))
    #expect(rig.everythingArrivedOnce)
    let before = rig.delivered.count
    rig.restoreChild(without: lost)
    rig.lines[0].isUp = false
    // A press under a number that the parent has as another call.
    let press = UInt32((300 - lost) / 10 * 10 + 10)
    if since > 0 { rig.record(incident: press, opens: true) }
    for _ in 1..<max(1, since) { rig.record() }
    rig.run(for: .seconds(20))
    #expect(rig.delivered.count == before)
    rig.lines[0].isUp = true
    rig.run(for: .seconds(30))
    expectWhole(rig, "\(lost), \(since)")
    #expect(rig.branches.count == 1 && rig.parent.branches > 0)
    #expect(since == 0 || rig.delivered.dropFirst(before).map(\.incident).contains(press))
    // And it goes on, also after another start.
    let requests = rig.requests
    rig.restartChild()
    rig.record(incident: 999, opens: true)
    rig.run(for: .seconds(10))
    expectWhole(rig, "\(lost), \(since), restarted")
    #expect(rig.branches.count == 1 && rig.delivered.last?.incident == 999 && rig.requests - requests < 20)
  }

  /// The backlog had not come up to the calls that overtook it: only the ranges tell.
  @Test(arguments: [false, true]) func aBacklogThatWasUnderWayIsNoCover(isPastTheRanges: Bool) {
    var rig = LinkRig(backlog: 1)
    rig.run(for: .seconds(1))
    for number in UInt32(1)...400 { rig.record(incident: number == 300 ? 7 : nil, opens: number == 300) }
    rig.run(for: .seconds(1))
    #expect(rig.delivered.map(\.incident) == [7] && rig.parent.cursor.head.position.sequence < 100)
    rig.restoreChild(without: 250)
    rig.lines[0].isUp = false
    for number in 0..<(isPastTheRanges ? 200 : 20) { rig.record(incident: number == 10 ? 7 : nil, opens: number == 10) }
    rig.lines[0].isUp = true
    rig.run(for: .seconds(30))
    #expect(rig.branches.count == 1)
    expectWhole(rig, "\(isPastTheRanges)")
    #expect(rig.delivered.map(\.incident).filter { $0 > 0 } == [7, 7])
  }

  @Test(arguments: 1...(isLongRun ? 2000 : 60))
  func howeverOftenItIsSetBackNothingIsClaimedAndEverythingNewArrives(_ seed: UInt64) {
    var rig = LinkRig(paths: seed % 2 == 0 ? 2 : 1, seed: seed, backlog: seed % 3 == 0 ? 3_000 : 250_000)
    var random = SeededRandom(seed: seed &* 91)
    let faults: [ParentModelFault] = [.silent, .diskFull, .busy, .crashBeforeSync, .loseAnswer, .refuses(.busy)]
    for _ in 0..<120 {
      let open = rig.openCalls
      switch random.below(14) {
      case 0...3: rig.record(incident: (rig.descriptors.compactMap(\.incident).max() ?? 0) + 1, opens: true)
      case 4: if let incident = open.first { rig.record(incident: incident) }
      case 5: if let incident = open.first { rig.record(incident: incident, ends: true) }
      case 6, 7: for _ in 0..<random.below(120) { rig.record() }
      case 8: rig.changeALine(&random)
      case 9: rig.parent.fault = faults[Int(random.below(UInt32(faults.count)))]
      case 10: rig.parent.fault = .none
      case 11: rig.restartChild()
      case 12: if random.chance(1, in: 3) { rig.restoreChild(without: Int(random.below(random.chance(1, in: 2) ? 20 : 400))) }
      default: if random.chance(1, in: 8) { rig.restoreParent(without: Int(random.below(50))) }
      }
      rig.run(for: .milliseconds(Int(random.below(6000))))
    }
    // What a set-back parent lost is told at the next greeting.
    rig.restartChild()
    heal(&rig)
    expectWhole(rig, "seed \(seed)")
  }

  @Test func aReceiptOfWhatWasNeverRecordedIsNone() {
    func receipt(_ text: String, _ ranges: [(String, String)] = []) -> LinkReceipt {
      func at(_ text: String) -> JournalHead { JournalHead(position: JournalPosition(text) ?? .start, hash: .zero) }
      return LinkReceipt(contiguous: at(text), ranges: ranges.map { .init(first: at($0.0).position, last: at($0.1)) })
    }
    let bad = [
      receipt("1/0"), receipt("4000000000/0"), receipt("1/2"), receipt("2/1"), receipt("4294967295/1"),
      receipt("0/0", [("1/2", "1/1")]), receipt("0/0", [("1/1", "1/9")]), receipt("0/0", [("0/0", "1/1")]),
      receipt("0/0", [("1/0", "1/1")]),
    ]
    for receipt in bad {
      for isWelcome in [true, false] {
        var sender = LinkSender(settings: .init(paths: ["p"]), newest: .start, seed: 1, at: .zero)
        var effects = Effects<LinkSender.Effect>()
        func give(_ input: LinkSender.Input) -> [LinkSender.Effect] {
          effects.removeAll()
          sender.handle(input, at: .zero, into: &effects)
          return (0..<effects.count).compactMap { effects[$0] }
        }
        let call = Outgoing(
          position: JournalPosition(epoch: 1, sequence: 1), before: .start, incident: 1, opens: true, bytes: 9)
        _ = give(.recorded([call]))
        let good = LinkWelcome(station: "s", name: "s", receipt: LinkReceipt(contiguous: .start, ranges: []), nowMilliseconds: 0)
        var welcome = good
        if isWelcome { welcome.receipt = receipt }
        var seen = give(.welcomed(request: 1, welcome, wallMilliseconds: 0))
        if !isWelcome {
          seen = give(.fetched(after: .start, [call]))
          let sent = seen.compactMap { if case .post(let request, _, .calls, _) = $0 { request } else { nil } }
          seen = give(.received(request: sent.first ?? 0, receipt, wallMilliseconds: 0, bytes: 0))
        }
        #expect(seen.contains(.drop(path: 0)), "\(receipt)")
        #expect(
          !seen.contains { if case .delivered = $0 { true } else if case .parentHas = $0 { true } else { false } }, "\(receipt)")
        let states = seen.compactMap { if case .status(let status) = $0 { status.paths.map(\.state) } else { nil } }
        #expect(states.last == [.refused], "\(receipt)")
      }
    }
  }

  /// The shell's part of the same: an epoch that this station cannot have begun, before it burns those that it could.
  @Test func anEpochThatCannotBeIsNotBegunAnewFor() throws {
    let own = JournalHead(position: JournalPosition(epoch: 5, sequence: 9), hash: .zero)
    let check = WelcomeCheck(
      hash: { $0 == own.position ? own.hash : nil }, newest: { min($0, own.position) == $0 ? own : own }, oldest: nil,
      branch: nil,
      epochLimit: 21)
    func verdict(_ text: String) throws -> WelcomeCheck.Verdict {
      try check.verdict(
        on: LinkReceipt(contiguous: JournalHead(position: #require(JournalPosition(text)), hash: .zero), ranges: []))
    }
    #expect(try verdict("22/1") == .nonsense && verdict("4294967294/1") == .nonsense && verdict("9/0") == .nonsense)
    #expect(try verdict("21/1") == .contradicts(JournalPosition(epoch: 21, sequence: 1)))
    #expect(try verdict("5/9") == .good(LinkReceipt(contiguous: own, ranges: [])))
  }
}
