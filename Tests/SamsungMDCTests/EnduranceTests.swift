import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec
import SamsungMDCDeviceModel
import SamsungMDCDriver
import Testing

@Suite struct EnduranceTests {
  @Test func garbageAtEveryByteIsOvercome() {
    for noise: [UInt8] in [
      [0xAA], [0xAA, 0xFF], [0xAA, 0xFF, 0x01], [0xAA, 0xFF, 0x01, 0x40, 0x41], [0x00, 0xFF, 0x4D, 0x44, 0x43],
    ] {
      var rig = MDCRig.single()
      rig.splits = true
      rig.line(.noise(noise))
      rig.wish([1: on("DP1", WallPart(3, 2, 5))])
      rig.pass(.seconds(60))
      #expect(rig.isVerified(1) && rig.health.last == .online, "\(noise)")
    }
  }

  @Test func halfAnswersAreNone() {
    var rig = MDCRig.single()
    for length in 0..<7 {
      rig.line(.halfAnswers(length))
      rig.wish([1: on("DP1")])
      rig.pass(.seconds(60))
      #expect(!rig.isVerified(1) && rig.health.last != .online, "\(length)")
    }
    rig.line(.halfAnswers(nil))
    rig.pass(.seconds(20))
    #expect(rig.isVerified(1) && rig.health.last == .online)
  }

  @Test func megabytesOfNothingAreLetGo() {
    var rig = MDCRig.single()
    rig.wish([1: on("DP1")])
    rig.pass(.seconds(2))
    for _ in 0..<100 { rig.give(.received(Array(repeating: 0xAA, count: 10_000))) }
    rig.pass(.seconds(10))
    #expect(rig.isVerified(1))
  }

  @Test func onePerConnectionIsEnough() {
    var rig = MDCRig.single()
    rig.line(.closeAfterEach(true))
    rig.wish([1: on("DP1", WallPart(2, 2, 3))])
    rig.pass(.seconds(40))
    #expect(rig.isVerified(1) && rig.shows(1, on("DP1", WallPart(2, 2, 3))))
    #expect(rig.health == [.opening, .identifying, .online])
    rig.wish([1: on("HDMI2", .whole)])
    rig.pass(.seconds(20))
    #expect(rig.isVerified(1) && rig.shows(1, on("HDMI2", .whole)))
    #expect(zip(rig.opened, rig.opened.dropFirst()).allSatisfy { $1 - $0 >= .seconds(1) })
    #expect(rig.events.filter { $0 == .restarted }.isEmpty && rig.refusals(1) == [])
  }

  @Test func aSecondSessionIsWaitedFor() {
    var rig = MDCRig.single()
    rig.line(.sessionTaken(true))
    rig.wish([1: on("DP1")])
    rig.pass(.seconds(60))
    #expect(rig.health == [.opening, .absent])
    rig.line(.sessionTaken(false))
    #expect(rig.pass(atMost: .seconds(13)) { $0.isVerified(1) } != nil)
  }

  /// Inputs of any kind in any order; then everything is healed, and every wish is so.
  @Test(arguments: Array(UInt64(1)...20)) func faultsAtRandomEndHealthy(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let isChain = random.chance(1, in: 2)
    let count = isChain ? 2 + UInt8(random.below(6)) : 1
    let ids = Array(1...count)
    var rig = MDCRig(
      MDCSettings(line: isChain ? .chain : .direct, ids: ids),
      MDCChainModel(
        ids: ids, baud: isChain ? 9_600 : nil, latency: .milliseconds(Int(random.below(30))), isNetworked: !isChain, seed: seed),
      seed: seed)
    let names = ["HDMI1", "HDMI2", "DP1", "DTV", "HDMI9"]
    func anyWish() -> [UInt8: DisplaySetting] {
      var wishes: [UInt8: DisplaySetting] = [:]
      for id in ids where random.chance(4, in: 5) {
        let part = WallPart(UInt8(1 + random.below(4)), UInt8(1 + random.below(4)), UInt8(1 + random.below(4)))
        wishes[id] = random.chance(1, in: 6) ? off : on(random.chance(1, in: 4) ? nil : names[Int(random.below(5))], part)
      }
      return wishes
    }
    for _ in 0..<2_000 {
      let id = ids[Int(random.below(UInt32(ids.count)))]
      let isBad = random.chance(1, in: 3)
      switch random.below(40) {
      case 0: rig.hand(id, .power(!isBad))
      case 1: rig.hand(id, .locked(isBad))
      case 2: rig.hand(id, .mute(isBad))
      case 3: rig.hand(id, .refuse(isBad ? UInt8(random.below(256)) : nil))
      case 4: rig.hand(id, .remote(input: [0x21, 0x20, 0x25, 0x99][Int(random.below(4))]))
      case 5: rig.hand(id, .remotePower(random.chance(1, in: 2)))
      case 6: rig.hand(id, .answerAs(isBad ? UInt8(random.below(9)) : nil))
      case 7: rig.hand(id, .double(isBad))
      case 8: rig.hand(id, .saysPC(random.chance(1, in: 2)))
      case 9: rig.line(.late(isBad ? .milliseconds(Int(random.below(3_000))) : .zero))
      case 10: rig.line(.garble(perThousand: isBad ? random.below(200) : 0))
      case 11: rig.line(.noise(isBad ? (0..<random.below(9)).map { _ in UInt8(random.below(256)) } : []))
      case 12: rig.line(.halfAnswers(isBad ? Int(random.below(12)) : nil))
      case 13: rig.line(.closeAfterEach(isBad))
      case 14: rig.line(.tls(isBad && !isChain))
      case 15: rig.cut(isBad)
      case 16: rig.isBlackHole = isBad && random.chance(1, in: 2)
      case 17: rig.give(.identify(UInt16(random.below(10)), seconds: UInt8(random.below(20))))
      case 18: rig.give(.retest)
      case 19: rig.give(.received((0..<random.below(60)).map { _ in UInt8(random.below(256)) }))
      case 20: rig.give(.linkUp)
      case 21: rig.give(.linkDown)
      case 22...30: rig.wish(anyWish())
      default: rig.pass(.milliseconds(Int(random.below(random.chance(1, in: 10) ? 20_000 : 500))))
      }
    }
    for id in ids {
      for hand: MDCChainModel.Hand in [
        .power(true), .locked(false), .mute(false), .refuse(nil), .answerAs(nil), .double(false), .saysPC(false),
      ] { rig.hand(id, hand) }
    }
    for hand: MDCChainModel.LineHand in [
      .late(.zero), .garble(perThousand: 0), .noise([]), .halfAnswers(nil), .closeAfterEach(false), .tls(false),
    ] { rig.line(hand) }
    rig.isCut = false
    rig.isBlackHole = false
    var wishes: [UInt8: DisplaySetting] = [:]
    for id in ids { wishes[id] = on(names[Int(random.below(4))], WallPart(4, 4, UInt8(1 + random.below(16)))) }
    rig.wish(wishes)
    rig.pass(.seconds(240))
    for id in ids {
      #expect(rig.isVerified(id) && wishes[id].map { rig.shows(id, $0) } == true, "seed \(seed) panel \(id)")
      #expect(rig.model[id]?.isDark == false, "seed \(seed) panel \(id)")
    }
    #expect(rig.health.last == .online, "seed \(seed): \(rig.health.suffix(3))")
    for trouble in WallTrouble.allCases {
      for id in ids {
        let told: [Bool] = rig.events.compactMap {
          if case .troubleChanged(UInt16(id), trouble, let isPresent) = $0 { isPresent } else { nil }
        }
        // Told in turn, and taken back.
        #expect(told == (0..<told.count).map { $0 % 2 == 0 } && told.count % 2 == 0, "seed \(seed): \(id) \(trouble) \(told)")
      }
    }
    #expect(zip(rig.health, rig.health.dropFirst()).allSatisfy { $0 != $1 })
  }

  @Test func theSameSeedIsTheSameDay() {
    func day() -> [WallEvent] {
      var rig = MDCRig.chain(3)
      rig.line(.garble(perThousand: 30))
      for turn in 0..<40 {
        rig.wish([1: on(turn % 2 == 0 ? "DP1" : "HDMI1"), 2: on("HDMI2"), 3: off])
        rig.pass(.seconds(5))
      }
      return rig.events
    }
    #expect(day() == day())
  }
}
