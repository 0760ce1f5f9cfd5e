import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import ModbusRTUDriver
import Testing

@Suite struct MasterTests {
  @Test func aCleanLineIsUsedNearlyFully() {
    for (baud, goal) in [(UInt32(9_600), 99), (115_200, 97)] {
      var bus = PlainBus.make(16, baud: baud, seed: 1)
      bus.run(for: .seconds(10))
      // 17: 15 bytes out, 9 back, two silences.
      let timing = ModbusTiming(baud: baud)
      let cycle = timing.interval(ofCharacters: 15) + timing.interval(ofCharacters: 9) + timing.silence + timing.silence
      let limit = 10_000_000 / Int(cycle.microseconds)
      #expect(bus.framesSent * 100 >= limit * goal, "\(bus.framesSent) of \(limit) at \(baud) baud")
      #expect(bus.silenceViolations == 0)
      #expect((1...16).allSatisfy { bus.node($0).wrongAnswers == 0 && bus.node($0).failed == 0 && bus.node($0).answered > 5 })
      #expect(bus.conditionSaid(.working) != nil && bus.healthSaid(9, .online) != nil)
    }
  }

  @Test func parityCostsElevenBitsACharacterAndTheLineIsStillUsedNearlyFully() {
    for parity in [ModbusTiming.Parity.even, .odd] {
      for (baud, silence, goal) in [(9_600, 4_011, 99), (115_200, 1_750, 97)] {
        var bus = PlainBus.make(16, baud: UInt32(baud), parity: parity, seed: 1)
        bus.run(for: .seconds(10))
        // 15 bytes out, 9 back, of 11 bits each, and two silences.
        let limit = 10_000_000 / (24 * 11 * 1_000_000 / baud + 2 * silence)
        #expect(bus.framesSent * 100 >= limit * goal, "\(bus.framesSent) of \(limit) at \(baud) baud")
        #expect(bus.framesSent <= limit + 1, "no faster than the characters are")
        #expect(bus.silenceViolations == 0)
        #expect((1...16).allSatisfy { bus.node($0).wrongAnswers == 0 && bus.node($0).failed == 0 && bus.node($0).answered > 5 })
      }
    }
  }

  @Test func lossCorruptionDelayDuplicationAndNoiseDeliverNothingWrong() {
    for seed in UInt64(1)...(isLongRun ? 200 : 6) {
      var bus = PlainBus.make(4, seed: seed)
      bus.line.faults = VirtualLine.Faults(
        lossPerByte: 1_000, corruptionPerByte: 1_000, duplicationPerFrame: 10_000, delayPerFrame: 10_000,
        longestDelay: .milliseconds(60), noisePerMinute: 60)
      bus.adapterLatency = seed % 2 == 0 ? .milliseconds(16) : .zero
      bus.run(for: .seconds(20))
      for address in UInt8(1)...4 {
        let node = bus.node(address)
        #expect(node.wrongAnswers == 0 && node.answered > 50, "seed \(seed), node \(address)")
        #expect(node.completions <= node.asked)
      }
      // Healed, everything answers again.
      bus.line.faults = VirtualLine.Faults()
      let healed = bus.now
      bus.run(for: .seconds(12))
      #expect((1...4).allSatisfy { bus.node($0).lastAnswer > healed + .seconds(11) }, "seed \(seed)")
      #expect(bus.master.condition == .working)
    }
  }

  @Test func theFirstTurnGoesToAnotherNodeWhenTheStationStartsAtAnotherTime() {
    var first: Set<UInt8> = []
    for start in UInt64(0)..<4 {
      let nodes = (UInt8(1)...4).map { TokenNode(address: $0) }
      let timing = ModbusTiming(baud: 19_200)
      var master = ModbusMaster(settings: ModbusMasterSettings(bus: "A", timing: timing), nodes: nodes)
      var effects = Effects<ModbusMaster<TokenNode>.Effect>()
      let now = Instant(microseconds: 1_000_000 + start)
      master.handle(.lineUp, at: now, into: &effects)
      master.handle(.wake, at: now + timing.silence, into: &effects)
      effects.drain { effect in
        if case .transmit(let wire) = effect { first.insert(wire[0]) }
      }
    }
    #expect(first == [1, 2, 3, 4])
  }

  @Test func whatIsAwaitedIsTheRestOfTheAnswer() throws {
    let timing = ModbusTiming(baud: 19_200)
    var master = ModbusMaster(settings: ModbusMasterSettings(bus: "A", timing: timing), nodes: [TokenNode(address: 1)])
    var effects = Effects<ModbusMaster<TokenNode>.Effect>()
    master.handle(.lineUp, at: .zero, into: &effects)
    #expect(master.awaited == nil)
    let start = Instant.zero + timing.silence
    master.handle(.wake, at: start, into: &effects)
    let whole = try #require(master.awaited)
    #expect(whole.bytes == 9 && whole.usuallyBy > start + timing.interval(ofCharacters: 24))
    #expect(try whole.usuallyBy < #require(master.deadline))
    master.handle(.received(FixedBytes([1, 0x17, 4])), at: start + .milliseconds(20), into: &effects)
    #expect(master.awaited?.bytes == 6)
  }

  @Test func oneDeadNodeOfSixteenCostsLessThanThreePercent() throws {
    var bus = PlainBus.make(16, seed: 2)
    bus.run(for: .seconds(2))
    bus.isPowered[6] = false
    let death = bus.now
    let before = bus.lineTime[7, default: .zero]
    bus.run(for: .seconds(60))
    let said = try #require(bus.healthSaid(7, .stale, after: death))
    #expect(said - death < .seconds(3))
    let spent = bus.lineTime[7, default: .zero] - before
    #expect(spent * 100 < Interval.seconds(60) * 3, "\(spent.microseconds) µs of 60 s")
    #expect((1...16).allSatisfy { $0 == 7 || bus.node($0).longestGap < .milliseconds(700) })
    #expect(bus.silenceViolations == 0 && bus.master.condition == .working)
    bus.isPowered[6] = true
    let birth = bus.now
    bus.run(for: .seconds(12))
    #expect(try #require(bus.healthSaid(7, .online, after: birth)) - birth < .seconds(11))
    #expect(bus.node(7).restored == 2, "its driver was told to ask who is there")
  }

  @Test func aDeadModuleWithoutTokenKeepsACallWaitingForOneReplyTimeAtMost() throws {
    var bus = PlainBus.make(
      16, seed: 11,
      node: { node in
        guard node.device.node == 7 else { return }
        node.usesToken = false
        node.longestReply = .milliseconds(250)
      })
    bus.run(for: .seconds(2))
    bus.isPowered[6] = false
    let death = bus.now
    bus.run(for: .seconds(60))
    #expect(try #require(bus.healthSaid(7, .stale, after: death)) - death < .seconds(3))
    // A scan of fifteen takes 250 ms here, and the time-out 250 ms and the adapter's 30.
    let others = (UInt8(1)...16).filter { $0 != 7 }
    let longest = others.map { bus.node($0).longestGap }.max() ?? .zero
    #expect(longest < .milliseconds(560), "\(longest.microseconds) µs")
    #expect(bus.lineTime[7, default: .zero] * 100 < Interval.seconds(60) * 4, "four tries and the probes")
    #expect(bus.silenceViolations == 0 && bus.master.condition == .working)
  }

  @Test func alarmNodesGoFirstAndOthersAreNotStarved() {
    var bus = PlainBus.make(8, alarms: 4, seed: 3)
    bus.run(for: .seconds(10))
    let alarm = bus.node(1).answered
    #expect((2...4).allSatisfy { abs(bus.node($0).answered - alarm) <= 1 })
    // One other node a scan: four of them share as many turns as one alarm node has.
    let others = (5...8).map { bus.node($0).answered }
    #expect(abs(others.reduce(0, +) - alarm) <= 4 && others.allSatisfy { abs($0 - others[0]) <= 1 })
  }

  @Test func aNodeThatAnswersForAnotherIsNeverBelieved() {
    var bus = PlainBus.make(3, seed: 4)
    bus.run(for: .seconds(1))
    // Slave 2 now believes to be number 3: both answer when 3 is asked, nobody when 2 is.
    bus.slaves[1].address = 3
    bus.replyDelay[1] = .milliseconds(40)
    bus.run(for: .seconds(10))
    #expect(bus.node(2).wrongAnswers == 0 && bus.node(1).wrongAnswers == 0)
    #expect(bus.healthSaid(2, .stale) != nil || bus.healthSaid(2, .faulted) != nil)
    #expect(bus.node(1).lastAnswer > bus.now - .seconds(1))
  }

  @Test func lateAnswersAreDroppedAndTheNodeGetsMoreTime() {
    for usesToken in [true, false] {
      var bus = PlainBus.make(3, seed: 5, node: { $0.usesToken = usesToken })
      bus.run(for: .seconds(2))
      bus.replyDelay[1] = .milliseconds(150)
      let slow = bus.now
      bus.run(for: .seconds(20))
      let node = bus.node(2)
      #expect(node.wrongAnswers == 0)
      // A node that echoes a token is one of ours and answers at once: when it does not, it is asked so seldom that it costs 3 %.
      #expect(node.lastAnswer > slow + .seconds(usesToken ? 9 : 19), "the estimate follows")
      #expect((bus.master.statistics(ofAddress: 2)?.late ?? 0) > 0)
      #expect(bus.silenceViolations == 0)
      // One quick answer is enough to be asked at the usual pace again.
      bus.replyDelay[1] = .zero
      bus.run(for: .seconds(11))
      let requests = bus.master.statistics(ofAddress: 2)?.requests ?? 0
      bus.run(for: .seconds(1))
      #expect((bus.master.statistics(ofAddress: 2)?.requests ?? 0) > requests + 10)
    }
  }

  @Test func aNodeGetsNoMoreTimeThanItsDriverNames() {
    func slow(_ longestReply: Interval?) -> (bus: PlainBus, since: Instant) {
      var bus = PlainBus.make(
        2, interval: .milliseconds(900), seed: 15,
        node: {
          $0.usesToken = false
          if $0.device.node == 2 { $0.longestReply = longestReply }
        })
      bus.run(for: .seconds(2))
      bus.replyDelay[1] = .milliseconds(450)
      let since = bus.now
      bus.run(for: .seconds(30))
      return (bus, since)
    }
    let (impatient, since) = slow(nil)
    #expect(impatient.node(2).lastAnswer < since + .seconds(1) && impatient.master.isLost(address: 2))
    // What it cannot wait for it still measures.
    let counts = impatient.master.statistics(ofAddress: 2)
    #expect(
      (counts?.late ?? 0) > 0 && (445_000...460_000).contains(counts?.lateMicroseconds ?? 0), "\(String(describing: counts))")
    let (patient, _) = slow(.milliseconds(600))
    #expect(patient.node(2).lastAnswer > patient.now - .seconds(3) && !patient.master.isLost(address: 2))
    #expect(patient.node(2).wrongAnswers == 0 && patient.silenceViolations == 0)
    #expect(patient.node(1).longestGap < .milliseconds(900 + 800))
  }

  @Test func aModuleWithoutTokenIsNotAskedWhileAnAnswerMayBeOnItsWay() {
    var bus = PlainBus.make(1, seed: 6, node: { $0.usesToken = false })
    bus.run(for: .seconds(1))
    bus.isPowered[0] = false
    let asked = bus.node(1).asked
    bus.run(for: .milliseconds(900))
    #expect(bus.node(1).asked - asked <= 4, "300 ms between tries")
  }

  @Test func exceptionsAreAnswers() {
    var bus = PlainBus.make(1, seed: 7, node: { $0.asksTooFar = true })
    bus.run(for: .seconds(1))
    #expect(bus.node(1).failed == 0 && bus.node(1).exceptions > 20)
    #expect(bus.master.statistics(ofAddress: 1)?.exceptions == UInt32(bus.node(1).exceptions))
    #expect(bus.master.condition == .working && !bus.master.isLost(address: 1))
  }

  @Test func theCheckerOfSilencesSeesAMasterThatBreaksThem() {
    var bus = PlainBus.make(4, baud: 19_200, seed: 10)
    // A line of half the speed: t3.5 is twice what this master keeps.
    bus.line = VirtualLine(timing: ModbusTiming(baud: 9_600), seed: 10)
    for index in bus.slaves.indices { bus.slaves[index].timing = bus.line.timing }
    bus.run(for: .seconds(2))
    #expect(bus.silenceViolations > 10)
  }

  @Test func anEchoingAdapterIsUnderstood() {
    var bus = PlainBus.make(4, seed: 8, settings: { $0.dropsEcho = true })
    bus.adapterEchoes = true
    bus.run(for: .seconds(5))
    #expect((1...4).allSatisfy { bus.node($0).failed == 0 && bus.node($0).answered > 20 && bus.node($0).wrongAnswers == 0 })
    #expect(bus.master.lineStatistics.echoesDropped >= UInt32(bus.framesSent - 1))
    #expect(bus.silenceViolations == 0)
  }

  @Test func commandsReachTheirNodeAndARetestClosesTheBreaker() {
    var bus = PlainBus.make(2, interval: .milliseconds(100), seed: 9)
    bus.isPowered[1] = false
    bus.run(for: .seconds(30))
    #expect(bus.master.isLost(address: 2))
    bus.isPowered[1] = true
    let now = bus.now
    bus.tell(.command(.retest(DeviceID(bus: "A", node: 2))))
    bus.tell(.command(.retest(DeviceID(bus: "B", node: 1))))
    bus.run(for: .milliseconds(200))
    #expect(bus.node(2).lastAnswer > now && !bus.master.isLost(address: 2))
  }

  @Test func nothingIsLostWhenTheEffectsAreFull() {
    var nodes: [TokenNode] = []
    for address in 1...UInt8(40) { nodes.append(TokenNode(address: address)) }
    var master = ModbusMaster(settings: ModbusMasterSettings(bus: "A", timing: ModbusTiming(baud: 19_200)), nodes: nodes)
    var effects = Effects<ModbusMaster<TokenNode>.Effect>()
    let now = Instant(microseconds: 1_000)
    var said: [DeviceEvent] = []
    master.handle(.lineDown(.portBusy), at: now, into: &effects)
    for _ in 0..<10 {
      #expect(effects.refused == 0)
      effects.drain { if case .event(let event) = $0 { said.append(event) } }
      guard master.deadline == now else { break }
      master.handle(.wake, at: now, into: &effects)
    }
    #expect(said.count == 41 && said.first == .busChanged("A", .portBusy))
    #expect(master.deadline == nil)
  }

  @Test func theSameSeedGivesTheSameRun() {
    func run() -> [String] {
      var bus = PlainBus.make(3, seed: 77)
      bus.line.faults = VirtualLine.Faults(lossPerByte: 3_000, corruptionPerByte: 3_000, noisePerMinute: 600)
      bus.run(for: .seconds(5))
      return bus.events.map { "\($0.at.microseconds) \($0.event)" } + ["\(bus.framesSent) \(bus.node(1).answered)"]
    }
    #expect(run() == run())
  }
}
