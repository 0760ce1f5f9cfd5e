import DeviceKit
import DeviceVocabulary
import Testing

@Suite struct WallConvergenceTests {
  private var now = Instant.zero + .seconds(100)
  private var ports = WallConvergence(ports: [1, 2])

  @Test mutating func nothingIsSentBeforeThePortWasRead() {
    ports.take([WallWish(1, .route(7))], at: now)
    #expect(ports.due(at: now) == [])
    _ = ports.observed(1, .route(3), isReadBack: false, at: now)
    #expect(ports.due(at: now) == [WallWish(1, .route(7))])
  }

  @Test mutating func whatIsAsWishedAlreadyIsNotSent() {
    ports.take([WallWish(1, .route(7))], at: now)
    #expect(ports.observed(1, .route(7), isReadBack: false, at: now) == [.observed(1, .route(7))])
    #expect(ports.due(at: now) == [] && ports.deadline == nil)
  }

  @Test mutating func aLockedPortIsTriedThreeTimesThenToldOnceAndTriedOnSlowly() {
    ports.take([WallWish(1, .route(7))], at: now)
    _ = ports.observed(1, .route(3), isReadBack: false, at: now)
    var told: [WallEvent] = []
    for _ in 0..<3 {
      #expect(ports.isDue(1, at: now))
      ports.wasSent(1, at: now)
      #expect(!ports.isDue(1, at: now), "not while its answer is awaited")
      told += ports.observed(1, .route(3), isReadBack: true, at: now)
      now = now + WallConvergence.retryAfter
    }
    #expect(told.filter { $0 == .notSwitched(1, .unchanged) }.count == 1)
    #expect(!ports.isDue(1, at: now))
    now = now + WallConvergence.slowRetry
    #expect(ports.isDue(1, at: now))
    ports.wasSent(1, at: now)
    #expect(!ports.observed(1, .route(3), isReadBack: true, at: now).contains(.notSwitched(1, .unchanged)), "told already")
    now = now + WallConvergence.slowRetry
    ports.wasSent(1, at: now)
    #expect(ports.observed(1, .route(7), isReadBack: true, at: now) == [.observed(1, .route(7))])
    #expect(ports.deadline == nil)
  }

  /// Another controller that puts its own back each time: a hand is put right at once, a program is not raced against.
  @Test mutating func whoSwitchesItBackEachTimeIsToldAndNotChased() {
    ports.take([WallWish(1, .route(7))], at: now)
    _ = ports.observed(1, .route(3), isReadBack: false, at: now)
    var sends = 0
    var told: [Instant] = []
    let end = now + .seconds(600)
    var switchedBack: Instant?
    while now < end {
      if ports.isDue(1, at: now) {
        sends += 1
        ports.wasSent(1, at: now)
        _ = ports.observed(1, .route(7), isReadBack: true, at: now)
        switchedBack = now + .milliseconds(20)
      }
      if let at = switchedBack, at <= now {
        switchedBack = nil
        if ports.observed(1, .route(5), isReadBack: false, at: now).contains(.notSwitched(1, .contested)) { told.append(now) }
      }
      now = now + .milliseconds(10)
    }
    #expect((20...26).contains(sends), "three at once, then one in 30 s: \(sends)")
    #expect(told.count == sends - 3)
    // It is left alone: a hand that comes a minute later is put right at once again.
    _ = ports.observed(1, .route(7), isReadBack: false, at: now)
    now = now + .seconds(61)
    #expect(!ports.observed(1, .route(5), isReadBack: false, at: now).contains(.notSwitched(1, .contested)))
    #expect(ports.isDue(1, at: now))
  }

  /// Its answers to former wishes come late.
  @Test mutating func whoChangesItsMindOftenIsNoOtherController() {
    _ = ports.observed(1, .route(3), isReadBack: false, at: now)
    for step in 0..<100 {
      let (old, new) = (UInt16(step % 2), UInt16((step + 1) % 2))
      ports.take([WallWish(1, .route(new))], at: now)
      ports.wasSent(1, at: now)
      _ = ports.observed(1, .route(new), isReadBack: true, at: now)
      #expect(!ports.observed(1, .route(old), isReadBack: false, at: now).contains(.notSwitched(1, .contested)))
      now = now + .milliseconds(50)
    }
  }

  @Test mutating func theLastWishWins() {
    ports.take([WallWish(1, .route(7))], at: now)
    _ = ports.observed(1, .route(3), isReadBack: false, at: now)
    ports.wasSent(1, at: now)
    ports.take([WallWish(1, .route(8))], at: now)
    #expect(ports.due(at: now) == [WallWish(1, .route(8))], "at once, and counted from the beginning")
    ports.wasSent(1, at: now)
    _ = ports.observed(1, .route(8), isReadBack: true, at: now)
    #expect(ports.due(at: now + .seconds(60)) == [])
  }

  @Test mutating func aDeviceThatStartedAgainIsReadBeforeAnythingIsSent() {
    ports.take([WallWish(1, .route(7))], at: now)
    _ = ports.observed(1, .route(7), isReadBack: false, at: now)
    ports.forgetFacts(at: now)
    #expect(ports.due(at: now) == [])
    _ = ports.observed(1, .route(1), isReadBack: false, at: now)
    #expect(ports.due(at: now) == [WallWish(1, .route(7))])
  }

  @Test mutating func somebodyElsesSwitchIsTakenBackAtOnce() {
    ports.take([WallWish(2, .route(4))], at: now)
    _ = ports.observed(2, .route(4), isReadBack: false, at: now)
    #expect(ports.observed(2, .route(9), isReadBack: false, at: now + .seconds(1)) == [.observed(2, .route(9))])
    #expect(ports.due(at: now + .seconds(1)) == [WallWish(2, .route(4))])
  }

  @Test mutating func proofsAreToldWhenNewOrOldAndNotInBetween() {
    ports.take([WallWish(1, .route(7))], at: now)
    #expect(!ports.observed(1, .route(7), isReadBack: false, at: now).isEmpty)
    #expect(ports.observed(1, .route(7), isReadBack: false, at: now + .seconds(1)).isEmpty)
    #expect(!ports.observed(1, .route(7), isReadBack: false, at: now + WallConvergence.proofInterval).isEmpty)
  }

  @Test mutating func whatCannotBeIsToldAtOnce() {
    ports.take([WallWish(1, .route(99))], at: now)
    _ = ports.observed(1, .route(3), isReadBack: false, at: now)
    ports.wasSent(1, at: now)
    #expect(ports.failed(1, .impossible("99"), at: now) == [.notSwitched(1, .impossible("99"))])
    #expect(!ports.isDue(1, at: now + .seconds(1)))
  }

  @Test func aDisplayThatIsOffOwesNothingElse() {
    let off = WallSetting.display(DisplaySetting(isOn: false))
    #expect(WallSetting.display(DisplaySetting(isOn: false, input: "DVI")).satisfies(off))
    let wish = WallSetting.display(DisplaySetting(isOn: true, input: "HDMI1"))
    #expect(WallSetting.display(DisplaySetting(isOn: true, input: "HDMI1", part: .whole)).satisfies(wish))
    #expect(!WallSetting.display(DisplaySetting(isOn: true, input: "DVI", part: .whole)).satisfies(wish))
    #expect(!off.satisfies(wish))
  }
}
