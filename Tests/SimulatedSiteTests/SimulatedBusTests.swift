import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import ModbusRTUCodec
import SimulatedSite
import Testing

@Suite struct SimulatedBusTests {
  @Test func everyPanelAnswersAtItsAddress() {
    var host = HostedBus(panels: 3)
    #expect((1...4).map { host.ask($0) } == [1001, 1002, 1003, nil])
  }

  @Test func twoPanelsAtOneAddressGarbleEachOther() {
    var host = HostedBus(panels: 3)
    host.say(.hand(panel: 2, .configure(address: 1, baudCode: nil)))
    host.run(for: .milliseconds(100))
    for _ in 0..<10 {
      #expect(host.ask(1) == nil)
      // Both answers arrive and neither is one.
      #expect(host.inbox.count == 2 && host.inbox.allSatisfy { ModbusFrame(wire: $0.bytes) == nil })
    }
    #expect(host.ask(3) == nil && host.inbox.isEmpty)
    #expect(host.ask(2) == 1002)
    host.say(.hand(panel: 2, .powerOff))
    #expect(host.ask(1) == 1001)
    // The address is in the flash: it is still there with power.
    host.say(.hand(panel: 0, .powerOff))
    host.say(.hand(panel: 2, .powerOn(.powerOn, keepsQueue: false)))
    host.run(for: .milliseconds(100))
    #expect(host.ask(1) == 1003)
  }

  @Test func aPanelOfAnotherBaudIsSilentUntilTheHostUsesIt() {
    var host = HostedBus(panels: 2)
    host.say(.hand(panel: 1, .configure(address: nil, baudCode: 0)))
    host.run(for: .milliseconds(100))
    #expect(host.ask(1) == 1001 && host.ask(2) == nil && host.inbox.isEmpty)
    host.say(.hostLine(baud: 9_600, stopBits: 1))
    #expect(host.ask(1) == nil && host.ask(2) == 1002)
    host.say(.hostLine(baud: 9_600, stopBits: 2))
    #expect(host.ask(2) == 1002)
  }

  /// A panel that speaks by itself is heard at every rate, as something else.
  @Test func whoListensAtAnotherRateHearsWhatAUARTMakesOfIt() throws {
    func burst(at baud: UInt32) -> [FixedBytes<256>] {
      var host = HostedBus(panels: 1)
      host.say(.hostLine(baud: baud, stopBits: 1))
      host.say(.hand(panel: 0, .fault(.jabber)))
      host.run(for: .milliseconds(18))
      return host.inbox.map(\.bytes)
    }
    let right = try #require(burst(at: 19_200).first)
    let fast = try #require(burst(at: 115_200).first)
    let slow = try #require(burst(at: 9_600).first)
    #expect(right.count == 32)
    #expect(fast != right && fast.count > 32)
    #expect(slow != right && slow.count < 32 && slow.count > 8)
    #expect(burst(at: 9_600).first == slow)
  }

  @Test func aPanelThatSpeaksWhileTheHostSpeaksGarblesBoth() {
    var host = HostedBus(panels: 2)
    host.say(.hand(panel: 0, .fault(.late(milliseconds: 50))))
    host.say(.received(ModbusFrame(address: 1, pdu: PanelTransaction.identification()).encoded()))
    // The late answer begins about 56 ms after the request: the next request is on the wire then.
    host.run(for: .milliseconds(55))
    #expect(host.inbox.isEmpty)
    host.say(.received(ModbusFrame(address: 2, pdu: PanelTransaction.identification()).encoded()))
    host.run(for: .milliseconds(200))
    // Panel 2 understood nothing and stayed silent, and panel 1's answer is broken.
    #expect(host.inbox.count == 1 && host.inbox.allSatisfy { HostedBus.unit($0.bytes) == nil })
    #expect(host.ask(2) == 1002)
  }

  @Test func nothingGetsThroughAShort() {
    var host = HostedBus(panels: 2)
    host.say(.hand(panel: 1, .fault(.jabber)))
    host.say(.wire(.shorted))
    host.run(for: .milliseconds(300))
    #expect(host.ask(1) == nil && host.inbox.isEmpty)
    host.say(.hand(panel: 1, .fault(.none)))
    host.say(.wire(.none))
    host.run(for: .milliseconds(50))
    #expect(host.ask(1) == 1001)
  }

  @Test func delayHoldsMessagesBackWithinItsLimitAndInOrder() throws {
    var host = HostedBus(panels: 1)
    _ = host.ask(1)
    let asked = host.now
    #expect(host.ask(1) == 1001)
    let usual = try #require(host.inbox.first).at - asked
    host.say(.wire(.delayed(milliseconds: 30)))
    var longest = Interval.zero
    for _ in 0..<50 {
      let start = host.now
      #expect(host.ask(1) == 1001)
      let extra = try #require(host.inbox.first).at - start - usual
      #expect(extra >= .zero && extra <= .milliseconds(60))
      longest = max(longest, extra)
    }
    #expect(longest > .milliseconds(30))
  }

  @Test func aDoubledAnswerIsHeardTwiceAndADoubledRequestAnsweredOnce() {
    var host = HostedBus(panels: 1)
    host.say(.wire(.doubled(perMille: 1000)))
    #expect(host.ask(1) == 1001)
    #expect(host.inbox.count == 2 && host.inbox[0].bytes == host.inbox[1].bytes)
    #expect(host.inbox[1].at - host.inbox[0].at == host.bus.timing.interval(ofCharacters: host.inbox[0].bytes.count))
    host.say(.wire(.doubled(perMille: 0)))
    #expect(host.ask(1) == 1001 && host.inbox.count == 1)
  }

  @Test func theSameSeedGivesTheSameBus() {
    func day(_ seed: UInt64) -> [[UInt8]] {
      var host = HostedBus(panels: 4, seed: seed)
      var heard: [[UInt8]] = []
      for (round, fault) in [SimulatedBus.WireFault.noisy(perMille: 200), .lossy(perMille: 300), .delayed(milliseconds: 20)]
        .enumerated()
      {
        host.say(.wire(fault))
        host.say(.hand(panel: 3, .configure(address: UInt8(round + 1), baudCode: nil)))
        for node in UInt8(1)...4 {
          _ = host.ask(node)
          heard += host.inbox.map { item in (0..<item.bytes.count).map { item.bytes[$0] } }
        }
      }
      return heard
    }
    #expect(day(7) == day(7) && day(7) != day(8))
  }
}
