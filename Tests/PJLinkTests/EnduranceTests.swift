import DeviceKit
import DeviceVocabulary
import PJLinkCodec
import PJLinkDeviceModel
import PJLinkDriver
import Testing

@Suite struct EnduranceTests {
  @Test func garbageBeforeEveryAnswerIsOvercome() {
    for noise in ["\r", "\0\n", "x\r", "%1POWR=\r", "%1POWR=9\r", "%2INPT=99\r", "PJLIN\r", "\r\n\0\r"] {
      var rig = PJLinkRig.on()
      rig.splits = true
      rig.hand(.noise(Array(noise.utf8)))
      rig.wish(on("DIGITAL1"))
      rig.pass(.seconds(60))
      #expect(rig.driver.isAsWished && rig.opened.count == 0, "\(noise)")
    }
  }

  @Test(arguments: UInt64(1)...20) func oneWhoseLineWasNoisyIsBackSoon(seed: UInt64) {
    var rig = PJLinkRig(seed: seed)
    rig.hand(.remotePower(true))
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(5))
    rig.hand(.garble(perThousand: 300))
    rig.pass(.seconds(80) + .milliseconds(Int(seed) * 700))
    rig.clear()
    rig.hand(.garble(perThousand: 0))
    #expect(
      rig.pass(atMost: .seconds(10)) { $0.driver.isAsWished && $0.health.last ?? .online == .online } != nil, "\(rig.health)")
  }

  @Test func halfLinesAreNone() {
    var rig = PJLinkRig.on()
    rig.hand(.halfLines(true))
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(60))
    #expect(!rig.driver.isAsWished && rig.health.last != .online)
    rig.hand(.halfLines(false))
    rig.pass(.seconds(20))
    #expect(rig.driver.isAsWished && rig.health.last == .online)
  }

  @Test func megabytesWithoutAnEndAreCutOff() {
    var rig = PJLinkRig.on()
    rig.wish(on("DIGITAL1"))
    for _ in 0..<100 { rig.give(.received(Array(repeating: 0x41, count: 10_000))) }
    rig.give(.received([0x0D]))
    rig.pass(.seconds(30))
    #expect(rig.driver.isAsWished && rig.health == [])
  }

  @Test(arguments: [nil, "x"]) func onePerConnectionIsEnough(password: String?) {
    var rig = PJLinkRig.with(password: password)
    rig.hand(.closeAfterEach(true))
    rig.wish(on("DIGITAL1"))
    rig.pass(.seconds(90))
    #expect(rig.driver.isAsWished && rig.shows(on("DIGITAL1")))
    #expect(rig.health == [.opening, .identifying, .online] && rig.refusals == [] && !rig.events.contains(.restarted))
    #expect(zip(rig.opened, rig.opened.dropFirst()).allSatisfy { $1 - $0 >= .seconds(1) })
  }

  @Test func aSecondSessionIsWaitedFor() {
    var rig = PJLinkRig()
    rig.hand(.sessionTaken(true))
    rig.pass(.seconds(60))
    #expect(rig.health == [.opening, .absent])
    rig.hand(.sessionTaken(false))
    #expect(rig.pass(atMost: .seconds(13)) { $0.health.last == .online } != nil)
  }

  @Test func lateAnswersAreNoProof() {
    var rig = PJLinkRig.on()
    rig.hand(.locked(true))
    for late in stride(from: 4_000, through: 9_000, by: 500) {
      rig.hand(.late(.milliseconds(late)))
      rig.wish(on(late % 1_000 == 0 ? "DIGITAL1" : "DIGITAL2"))
      rig.pass(.seconds(40))
      #expect(!rig.driver.isAsWished, "\(late)")
    }
    rig.hand(.locked(false))
    rig.hand(.late(.zero))
    rig.pass(.seconds(45))
    #expect(rig.driver.isAsWished)
  }

  /// Inputs of any kind in any order; then everything is healed, and the wish is so.
  @Test(arguments: Array(UInt64(1)...20)) func faultsAtRandomEndHealthy(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let password = random.chance(1, in: 2) ? "JBMIAProjectorLink" : nil
    let level: UInt8 = random.chance(1, in: 2) ? 2 : 1
    var rig = PJLinkRig(
      PJLinkSettings(password: password, md5: md5),
      PJLinkTraits(
        level: level, password: password, md5: md5, latency: .milliseconds(Int(random.below(200))),
        saysLowerCase: random.chance(1, in: 2), ignoresUnknownClasses: random.chance(1, in: 2)), seed: seed)
    let names = ["RGB1", "DIGITAL1", "DIGITAL2", "NETWORK1", "VIDEO9", "DIGITALA", "HDMI1"]
    for _ in 0..<2_000 {
      let isBad = random.chance(1, in: 3)
      switch random.below(40) {
      case 0: rig.hand(.power(!isBad))
      case 1: rig.hand(.locked(isBad))
      case 2: rig.hand(.mute(isBad))
      case 3: rig.hand(.fail(isBad ? [.undefined, .outOfRange, .unavailable, .failure][Int(random.below(4))] : nil))
      case 4 where isBad: rig.hand(.refuseSets(random.chance(1, in: 2) ? .unavailable : nil))
      case 4: rig.hand(.remote(input: ["11", "31", "51", "29"][Int(random.below(4))]))
      case 5: rig.hand(.remotePower(random.chance(1, in: 2)))
      case 6: rig.hand(.remoteMute(["11", "30", "31", "21"][Int(random.below(4))]))
      case 7: rig.hand(.late(isBad ? .milliseconds(Int(random.below(9_000))) : .zero))
      case 8: rig.hand(.garble(perThousand: isBad ? random.below(200) : 0))
      case 9: rig.hand(.noise(isBad ? (0..<random.below(9)).map { _ in UInt8(random.below(256)) } : []))
      case 10: rig.hand(.halfLines(isBad))
      case 11: rig.hand(.closeAfterEach(isBad))
      case 12: rig.hand(.sessionTaken(isBad))
      case 13: rig.hand(.forgetSession)
      case 14: rig.hand(.password(isBad ? "other" : password))
      case 15: rig.cut(isBad)
      case 16: rig.isBlackHole = isBad && random.chance(1, in: 2)
      case 17: rig.give(.identify(1, seconds: UInt8(random.below(20))))
      case 18: rig.give(.retest)
      case 19: rig.give(.received((0..<random.below(60)).map { _ in UInt8(random.below(256)) }))
      case 20: rig.give(.linkUp)
      case 21: rig.give(.linkDown)
      case 22: rig.give(.received(Array("PJLINK 1 \(random.below(10))\r".utf8)))
      case 23...29: rig.wish(random.chance(1, in: 5) ? off : on(names[Int(random.below(7))]))
      default: rig.pass(.milliseconds(Int(random.below(random.chance(1, in: 10) ? 30_000 : 1_000))))
      }
    }
    for hand: PJLinkModel.Hand in [
      .power(true), .locked(false), .mute(false), .fail(nil), .refuseSets(nil), .late(.zero), .garble(perThousand: 0), .noise([]),
      .halfLines(false),
      .closeAfterEach(false), .sessionTaken(false), .password(password),
    ] { rig.hand(hand) }
    rig.isCut = false
    rig.isBlackHole = false
    let wish = on(names[Int(random.below(4))])
    rig.wish(wish)
    // A wrong password is tried again after five minutes.
    rig.pass(.seconds(600))
    #expect(rig.driver.isAsWished && rig.shows(wish), "seed \(seed)")
    #expect(rig.health.last == .online, "seed \(seed): \(rig.health.suffix(3))")
    #expect(!["11", "31"].contains(rig.model.unit.mute), "seed \(seed)")
    for trouble in WallTrouble.allCases {
      let told: [Bool] = rig.events.compactMap {
        if case .troubleChanged(1, trouble, let isPresent) = $0 { isPresent } else { nil }
      }
      #expect(told == (0..<told.count).map { $0 % 2 == 0 } && told.count % 2 == 0, "seed \(seed): \(trouble) \(told)")
    }
    #expect(zip(rig.health, rig.health.dropFirst()).allSatisfy { $0 != $1 })
  }

  @Test func theSameSeedIsTheSameDay() {
    func day() -> [WallEvent] {
      var rig = PJLinkRig.with(password: "x")
      rig.hand(.garble(perThousand: 10))
      for turn in 0..<40 {
        rig.wish(turn % 5 == 0 ? off : on(turn % 2 == 0 ? "DIGITAL1" : "RGB1"))
        rig.pass(.seconds(20))
      }
      return rig.events
    }
    #expect(day() == day())
  }
}
