import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import ModbusRTUDriver
import Testing

@Suite struct BusConditionTests {
  @Test func aCutPairIsSaidWithinThreeSecondsAndComesBackQuickly() throws {
    for (count, baud) in [(1, UInt32(19_200)), (16, 19_200), (30, 9_600)] {
      var bus = PlainBus.make(count, interval: .milliseconds(200), baud: baud, seed: 1)
      bus.run(for: .seconds(4))
      bus.line.cutBefore = 1
      let cut = bus.now
      bus.run(for: .seconds(20))
      let said = try #require(bus.conditionSaid(.silent, after: cut), "\(count) nodes")
      #expect(said - cut < .seconds(3), "\(count) nodes: \((said - cut).microseconds)")
      #expect((1...UInt8(count)).allSatisfy { bus.healthSaid($0, .stale, after: cut) != nil })
      bus.line.cutBefore = nil
      let mended = bus.now
      bus.run(for: .seconds(5))
      #expect(try #require(bus.conditionSaid(.working, after: mended)) - mended < .milliseconds(1_200), "\(count) nodes")
      let online = try (1...UInt8(count)).map { try #require(bus.healthSaid($0, .online, after: mended)) - mended }
      #expect(online.allSatisfy { $0 < .seconds(4) })
      #expect(bus.silenceViolations == 0)
    }
  }

  @Test func halfAPairThatIsCutIsNodesNotTheBus() {
    var bus = PlainBus.make(16, interval: .milliseconds(200), seed: 2)
    bus.run(for: .seconds(2))
    bus.line.cutBefore = 9
    bus.run(for: .seconds(10))
    #expect(bus.conditionSaid(.silent) == nil && bus.master.condition == .working)
    #expect((9...16).allSatisfy { bus.healthSaid($0, .stale) != nil })
    #expect((1...8).allSatisfy { bus.healthSaid($0, .stale) == nil })
  }

  @Test func babbleIsSaidWithinASecondAndNotFed() throws {
    for latency in [Interval.zero, .milliseconds(16)] {
      var bus = PlainBus.make(8, seed: 3)
      bus.adapterLatency = latency
      bus.run(for: .seconds(2))
      let begin = bus.now
      bus.line.babble(from: begin, until: begin + .seconds(10))
      bus.run(for: .seconds(2))
      let said = try #require(bus.conditionSaid(.jammed, after: begin))
      #expect(said - begin < .seconds(1), "\((said - begin).microseconds)")
      let sent = bus.framesSent
      bus.run(for: .seconds(7))
      #expect(bus.framesSent == sent, "nothing is sent into a jam")
      bus.run(for: .seconds(6))
      #expect(bus.master.condition == .working)
      #expect((1...8).allSatisfy { bus.node($0).lastAnswer > bus.now - .seconds(1) })
      #expect((1...8).allSatisfy { bus.node($0).wrongAnswers == 0 })
    }
  }

  @Test func everyAnswerBrokenIsGarbled() throws {
    var bus = PlainBus.make(6, interval: .milliseconds(200), seed: 4)
    bus.run(for: .seconds(2))
    bus.line.faults.corruptsOnlyAnswers = true
    bus.line.faults.corruptionPerByte = 900_000
    let begin = bus.now
    bus.run(for: .seconds(20))
    #expect(try #require(bus.conditionSaid(.garbled, after: begin)) - begin < .seconds(3))
    #expect(bus.conditionSaid(.silent, after: begin) == nil && bus.conditionSaid(.jammed, after: begin) == nil)
    #expect((1...6).allSatisfy { bus.node($0).wrongAnswers == 0 })
    bus.line.faults.corruptionPerByte = 0
    bus.run(for: .seconds(5))
    #expect(bus.master.condition == .working)
  }

  @Test func aLostAdapterEndsEverythingAndItsReturnStartsAnew() throws {
    var bus = PlainBus.make(3, seed: 5)
    bus.run(for: .seconds(1))
    bus.tell(.lineDown(.adapterAbsent))
    let gone = bus.now
    #expect((1...3).map { bus.node($0).lost }.reduce(0, +) == 1, "the transaction under way is closed")
    let sent = bus.framesSent
    bus.run(for: .seconds(5))
    #expect(bus.framesSent == sent && bus.master.deadline == nil)
    #expect((1...3).allSatisfy { bus.healthSaid($0, .absent, after: gone) != nil })
    bus.tell(.lineUp)
    let back = bus.now
    bus.run(for: .seconds(1))
    #expect(bus.conditionSaid(.working, after: back) != nil)
    #expect((1...3).allSatisfy { bus.healthSaid($0, .online, after: back) != nil })
  }

  @Test func aBusThatNeverAnsweredIsSilent() throws {
    var bus = PlainBus.make(16, seed: 6)
    for index in bus.isPowered.indices { bus.isPowered[index] = false }
    bus.run(for: .seconds(10))
    #expect(try #require(bus.conditionSaid(.silent)) < Instant.zero + .seconds(3))
    #expect((1...16).allSatisfy { bus.healthSaid($0, .absent) != nil })
    #expect(bus.framesSent < 250, "no tight loop")
  }
}
