import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec
import SamsungMDCDeviceModel
import SamsungMDCDriver
import Testing

@Suite struct ChainTests {
  private func all(_ count: UInt8, _ setting: (UInt8) -> DisplaySetting) -> [UInt8: DisplaySetting] {
    Dictionary(uniqueKeysWithValues: (1...count).map { ($0, setting($0)) })
  }

  /// Sixteen panels at 9,600 baud: the line is in use from the wish to the last proof, and by nothing that is not needed.
  @Test(arguments: [false, true]) func aChainIsAsFastAsItsLine(isWall: Bool) {
    var rig = MDCRig.chain(16)
    rig.pass(.seconds(23))
    // In the middle of its rest.
    rig.pass(atMost: .seconds(6)) { $0.driver.isResting }
    rig.clear()
    let before = rig.model.bytesOnLine
    rig.wish(all(16) { isWall ? on("DP1", WallPart(4, 4, $0)) : on("DP1") })
    let took = rig.pass(atMost: .seconds(10)) { rig in (1...16).allSatisfy { rig.isVerified($0) } } ?? .zero
    // Set and read back. In 84, 89, 5C, 14: four sets of 6, 7, 6, 6 bytes with answers of 8, 9, 8, 8; three questions of 5 with 8, 9, 8.
    let needed = 16 * (isWall ? 25 + 33 + 15 + 25 : 6 + 8 + 5 + 8)
    let limit = Double(needed * 10) / 9_600
    let ratio = limit / (Double(took.microseconds) / 1_000_000)
    #expect(ratio >= 0.97 && ratio <= 1.01, "\(ratio)")
    #expect(rig.model.bytesOnLine - before <= UInt64(needed) + 40)
    // Pictures first: the last set stands before the first question.
    let kinds = rig.requests.prefix(isWall ? 16 * 7 : 32).map(\.isSet)
    #expect(kinds == Array(repeating: true, count: isWall ? 64 : 16) + Array(repeating: false, count: isWall ? 48 : 16))
    #expect(rig.requests.filter(\.isSet).map(\.id) == (1...16).flatMap { Array(repeating: UInt8($0), count: isWall ? 4 : 1) })
  }

  @Test func deadPanelsDoNotSlowTheOthers() {
    func time(dead: [UInt8]) -> Interval {
      var rig = MDCRig.chain(64, latency: .milliseconds(5))
      for id in dead { rig.hand(id, .mute(true)) }
      let living = (UInt8(1)...64).filter { !dead.contains($0) }
      #expect(rig.pass(atMost: .seconds(6)) { $0.health.last == .online } != nil)
      rig.pass(.seconds(30))
      var worst = Interval.zero
      for turn in 0..<4 {
        rig.clear()
        rig.wish(all(64) { _ in on(turn % 2 == 0 ? "DP1" : "HDMI2") })
        let took = rig.pass(atMost: .seconds(10)) { rig in living.allSatisfy { rig.isVerified($0) } }
        #expect(took != nil)
        worst = max(worst, took ?? .seconds(10))
        // Asked now and then, and told nothing.
        #expect(rig.sets.allSatisfy { !dead.contains($0.id) })
        for id in dead { #expect(rig.refusals(id) == [.unanswered]) }
        rig.pass(.milliseconds(4_700))
      }
      return worst
    }
    let (without, with) = (time(dead: []), time(dead: [3, 17, 18, 40, 64]))
    #expect(with <= without + .milliseconds(30), "\(without) \(with)")
  }

  @Test func aQuestionToADeadPanelIsNotWaitedFor() {
    var rig = MDCRig.chain(3)
    rig.pass(.seconds(5))
    rig.hand(2, .mute(true))
    rig.pass(.seconds(30))
    rig.clear()
    rig.pass(atMost: .seconds(15)) { $0.requests.last?.id == 2 && !$0.driver.isResting }
    rig.wish([1: on("DP1"), 3: on("DP1")])
    #expect(rig.pass(atMost: .milliseconds(100)) { $0.isVerified(1) && $0.isVerified(3) } != nil)
  }

  @Test func nothingIsSentBeforeAllWereRead() {
    var rig = MDCRig.chain(4)
    rig.wish(all(4) { on("DP1", WallPart(2, 2, $0)) })
    rig.pass(.seconds(5))
    let first = rig.requests.firstIndex { $0.isSet } ?? 0
    #expect(Set(rig.requests[..<first].map(\.id)) == [1, 2, 3, 4] && rig.isVerified(4))
  }

  @Test func whatIsNotWishedAnyMoreIsNotSent() {
    var rig = MDCRig.chain(8)
    rig.pass(.seconds(8))
    rig.clear()
    rig.wish(all(8) { _ in on("DP1", WallPart(2, 2, 1)) })
    rig.pass(.milliseconds(40))
    rig.wish(all(8) { _ in on("HDMI2", .whole) })
    rig.pass(.seconds(3))
    #expect(rig.sets.filter { $0 == MDCRequest(0x14, id: $0.id, data: [0x25]) }.count <= 1)
    #expect((1...8).allSatisfy { rig.isVerified($0) && rig.shows($0, on("HDMI2", .whole)) })
  }

  @Test func aDeadPanelIsFoundAgainAndGetsItsWish() {
    var rig = MDCRig.chain(8)
    rig.wish(all(8) { on("DP1", WallPart(4, 2, $0)) })
    rig.pass(.seconds(10))
    rig.hand(5, .power(false))
    rig.pass(.seconds(30))
    #expect(rig.refusals(5) == [.unanswered] && rig.health.last == .online)
    rig.wish(all(8) { on("HDMI2", WallPart(4, 2, $0)) })
    rig.pass(.seconds(2))
    for id in UInt8(1)...8 { #expect(rig.isVerified(id) == (id != 5)) }
    #expect(rig.refusals(5) == [.unanswered, .unanswered])
    // Its tile has no proof meanwhile.
    rig.clear()
    rig.pass(.seconds(60))
    #expect(!rig.events.contains { if case .observed(5, _) = $0 { true } else { false } })
    rig.hand(5, .power(true))
    rig.pass(.seconds(8))
    #expect(rig.pass(atMost: .seconds(11)) { $0.isVerified(5) && $0.shows(5, on("HDMI2", WallPart(4, 2, 5))) } != nil)
    // At rest it costs the line little: one short question in ten seconds.
    rig.hand(6, .mute(true))
    rig.pass(.seconds(20))
    rig.clear()
    rig.pass(.seconds(100))
    #expect((9...11).contains(rig.requests.filter { $0.id == 6 }.count))
  }

  @Test func oneThatIsSwitchedOnHoldsNobodyUp() {
    var rig = MDCRig.chain(4)
    rig.hand(2, .remotePower(false))
    rig.pass(.seconds(5))
    rig.clear()
    rig.wish(all(4) { on("DP1", WallPart(2, 2, $0)) })
    #expect(rig.pass(atMost: .seconds(2)) { rig in [1, 3, 4].allSatisfy { rig.isVerified($0) } } != nil)
    rig.pass(.seconds(7))
    #expect(rig.requests.filter { $0.id == 2 }.count == 1)
    #expect(rig.pass(atMost: .seconds(4)) { $0.isVerified(2) && $0.shows(2, on("DP1", WallPart(2, 2, 2))) } != nil)
    #expect(rig.refusals(2) == [] && rig.opened == [])
  }

  @Test func aLineWithoutAnybodyIsAbsentAndComesBack() {
    var rig = MDCRig.chain(4)
    rig.wish(all(4) { on("DP1", WallPart(2, 2, $0)) })
    for id in UInt8(1)...4 { rig.hand(id, .mute(true)) }
    rig.pass(.seconds(60))
    #expect(rig.health == [.opening, .identifying, .absent])
    for id in UInt8(1)...4 { rig.hand(id, .mute(false)) }
    rig.pass(.seconds(18))
    #expect(rig.health.last == .online)
    for id in UInt8(1)...4 { #expect(rig.isVerified(id)) }
  }

  /// Whoever forgot it with the line has to hear it again.
  @Test func aPanelThatStaysSilentWhenTheLineIsBackIsToldAgain() {
    var rig = MDCRig.chain(3)
    rig.wish(all(3) { _ in on("DP1") })
    rig.pass(.seconds(10))
    for id in UInt8(1)...3 { rig.hand(id, .mute(true)) }
    #expect(rig.pass(atMost: .seconds(30)) { $0.health.last == .absent } != nil)
    rig.clear()
    rig.wish(all(3) { _ in on("HDMI2") })
    #expect(rig.refusals(2) == [.unanswered])
    rig.clear()
    for id in [UInt8(1), 3] { rig.hand(id, .mute(false)) }
    rig.pass(.seconds(30))
    #expect(rig.health.last == .online && rig.isVerified(1) && rig.isVerified(3))
    #expect(rig.refusals(2) == [.unanswered])
  }

  @Test func slowPanelsAreFoundToo() {
    var rig = MDCRig.chain(4)
    rig.line(.late(.milliseconds(600)))
    rig.wish(all(4) { on("DP1", WallPart(2, 2, $0)) })
    rig.pass(.seconds(60))
    for id in UInt8(1)...4 { #expect(rig.isVerified(id) && rig.shows(id, on("DP1", WallPart(2, 2, id))), "\(id)") }
    #expect(rig.health.last == .online)
  }

  /// What came late must not vouch for what was sent.
  @Test func aLateAcknowledgementIsNoProof() {
    var rig = MDCRig.chain(2)
    rig.pass(.seconds(5))
    for id in UInt8(1)...2 { rig.hand(id, .locked(true)) }
    for late in stride(from: 1_300, through: 2_900, by: 100) {
      rig.line(.late(.milliseconds(late)))
      rig.wish(all(2) { _ in on(late % 200 == 0 ? "DP1" : "HDMI2") })
      rig.pass(.seconds(20))
      #expect(!rig.isVerified(1) && !rig.isVerified(2), "\(late)")
      #expect(
        !rig.events.contains { if case .observed(_, .display(let it)) = $0 { it.input != "HDMI1" } else { false } }, "\(late)")
    }
  }

  @Test func aGapBetweenCommandsIsKept() {
    let ids: [UInt8] = [1, 2, 3]
    var rig = MDCRig(
      MDCSettings(line: .chain, ids: ids, gap: .milliseconds(100)), MDCChainModel(ids: ids, latency: .milliseconds(5)))
    rig.wish(all(3) { _ in on("DP1") })
    rig.pass(.seconds(30))
    #expect(zip(rig.written, rig.written.dropFirst()).allSatisfy { $1.at - $0.at >= .milliseconds(100) })
    #expect((1...3).allSatisfy { rig.isVerified($0) })
  }

  @Test func manyPanelsAtRestAreAllProven() {
    var rig = MDCRig.chain(16)
    rig.pass(.seconds(20))
    rig.clear()
    rig.pass(.seconds(30))
    for id in UInt16(1)...16 {
      let proofs = zip(rig.events, rig.times).filter { if case .observed(id, _) = $0.0 { true } else { false } }.map(\.1)
      #expect(proofs.count >= 5 && zip(proofs, proofs.dropFirst()).allSatisfy { $1 - $0 <= .milliseconds(5_500) }, "\(id)")
    }
    #expect(rig.sets == [])
  }
}
