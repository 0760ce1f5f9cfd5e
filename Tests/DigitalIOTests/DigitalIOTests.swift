import DeviceKit
import DeviceVocabulary
import DigitalIOCodec
import DigitalIODeviceModel
import DigitalIODriver
import ModbusRTUCodec
import Testing

@Suite struct DigitalIOTests {
  static let layout = DigitalIOLayout(inputStart: 4, inputCount: 12, activeLowMask: 0b10, outputStart: 0x20, outputCount: 10)

  @Test func pressByEdge() {
    var rig = DigitalIORig(Self.layout)
    rig.run(.seconds(1))
    #expect(rig.presses.isEmpty)
    #expect(rig.events.contains(.healthChanged(DigitalIORig.device, .online)))
    rig.module.setContact(2, closed: true)
    rig.run(.milliseconds(200))
    #expect(rig.presses == [2], "active low or not, closed is closed")
    rig.module.setContact(2, closed: false)
    rig.run(.milliseconds(200))
    #expect(rig.count { if case .released = $0 { true } else { false } } == 1)
    rig.module.setContact(12, closed: true)
    rig.run(.milliseconds(200))
    #expect(rig.presses == [2, 12])
  }

  @Test func contactClosedAtTheFirstPollIsAPress() {
    var rig = DigitalIORig(Self.layout)
    rig.module.setContact(7, closed: true)
    rig.run(.milliseconds(300))
    #expect(rig.presses == [7])
    rig.run(.seconds(10))
    #expect(rig.presses == [7], "once")
  }

  @Test func shortPulseBetweenPollsIsMissed() {
    var rig = DigitalIORig(Self.layout)
    rig.run(.seconds(1))
    rig.module.setContact(1, closed: true)
    rig.module.setContact(1, closed: false)
    rig.run(.seconds(1))
    #expect(rig.presses.isEmpty, "the honest limit that the README tells")
  }

  @Test func allInputsAtOnceAreToldOverSeveralCalls() {
    var rig = DigitalIORig(DigitalIOLayout(inputFunction: .coils, inputCount: 32))
    rig.run(.seconds(1))
    for input in UInt8(1)...32 { rig.module.setContact(input, closed: true) }
    rig.run(.milliseconds(300))
    #expect(rig.presses == Array(1...32))
  }

  @Test func stuckAndChatter() {
    var rig = DigitalIORig(Self.layout)
    rig.module.setContact(3, closed: true)
    rig.run(.seconds(59))
    #expect(!rig.events.contains(.stuckChanged(ButtonID(device: DigitalIORig.device, button: 3), true)))
    rig.run(.seconds(2))
    #expect(rig.events.contains(.stuckChanged(ButtonID(device: DigitalIORig.device, button: 3), true)))
    rig.module.setContact(3, closed: false)
    rig.run(.seconds(1))
    #expect(rig.events.contains(.stuckChanged(ButtonID(device: DigitalIORig.device, button: 3), false)))
    rig.events = []
    for _ in 0..<100 {
      rig.module.setContact(4, closed: true)
      rig.run(.milliseconds(100))
      rig.module.setContact(4, closed: false)
      rig.run(.milliseconds(150))
    }
    #expect(rig.events.contains(.chatterChanged(ButtonID(device: DigitalIORig.device, button: 4), true)))
    #expect(rig.presses.count < 12, "25 s of chatter are not a hundred calls")
    #expect(rig.presses.count >= 7)
    rig.run(.seconds(12))
    #expect(rig.events.contains(.chatterChanged(ButtonID(device: DigitalIORig.device, button: 4), false)))
  }

  /// A re-test asks what is so now; that a contact is still held is no new press.
  @Test func aReTestOfAStuckInputTellsItAgainAndInventsNoPress() {
    let stuck = { (on: Bool) in DeviceEvent.stuckChanged(ButtonID(device: DigitalIORig.device, button: 3), on) }
    var rig = DigitalIORig(Self.layout)
    rig.module.setContact(3, closed: true)
    rig.run(.seconds(61))
    #expect(rig.presses == [3] && rig.events.contains(stuck(true)))
    rig.events = []
    rig.command(.retest(DigitalIORig.device))
    rig.run(.seconds(2))
    #expect(rig.presses.isEmpty && rig.events.contains(stuck(true)) && rig.health(of: 20) == [.online])
    // Nor when it was away in between.
    rig.module.set(.dead)
    rig.run(.seconds(3))
    rig.command(.retest(DigitalIORig.device))
    rig.module.set(.none)
    rig.run(.seconds(10))
    #expect(rig.presses.isEmpty)
    rig.events = []
    rig.module.setContact(3, closed: false)
    rig.run(.seconds(1))
    #expect(rig.events.contains(stuck(false)))
    rig.command(.retest(DigitalIORig.device))
    rig.module.setContact(3, closed: true)
    rig.run(.seconds(1))
    #expect(rig.presses == [3], "the next press is one")
  }

  @Test(arguments: [DigitalIOLayout.WriteFunction.single, .multiple]) func relaysFollowTheWish(
    _ function: DigitalIOLayout.WriteFunction
  ) {
    var layout = Self.layout
    layout.writeFunction = function
    var rig = DigitalIORig(layout)
    rig.run(.milliseconds(200))
    rig.command(.setOutput(DigitalIORig.device, output: 1, on: true))
    rig.command(.setOutput(DigitalIORig.device, output: 10, on: true))
    rig.run(.milliseconds(500))
    #expect(rig.module.outputs == 0b10_0000_0001)
    #expect(rig.events.contains(.outputsObserved(DigitalIORig.device, 0b10_0000_0001)))
    rig.module.powerCycle()
    rig.run(.seconds(6))
    #expect(rig.module.outputs == 0b10_0000_0001, "set again after the module lost power")
    rig.command(.setOutput(DigitalIORig.device, output: 1, on: false))
    rig.run(.milliseconds(500))
    #expect(rig.module.outputs == 0b10_0000_0000)
  }

  @Test func acknowledgedWriteWithoutEffectIsAFault() {
    var rig = DigitalIORig(Self.layout)
    rig.run(.milliseconds(200))
    rig.module.set(.deafRelays)
    rig.command(.setOutput(DigitalIORig.device, output: 2, on: true))
    rig.run(.seconds(2))
    #expect(!rig.events.contains(.outputsObserved(DigitalIORig.device, 0b10)), "an acknowledgement is no fact")
    #expect(rig.events.contains(.healthChanged(DigitalIORig.device, .faulted)))
    rig.requests = []
    rig.run(.seconds(10))
    #expect(rig.requests.filter { $0.function == 0x0F }.count <= 3, "no tight loop")
    rig.module.setContact(5, closed: true)
    rig.run(.milliseconds(200))
    #expect(rig.presses == [5], "a dead relay keeps no press waiting")
    rig.module.set(.none)
    rig.events = []
    rig.run(.seconds(12))
    #expect(rig.module.outputs == 0b10)
    #expect(rig.events.contains(.healthChanged(DigitalIORig.device, .online)))
  }

  @Test func deadAndLateModulesComeBack() {
    var rig = DigitalIORig(Self.layout)
    rig.run(.milliseconds(200))
    for fault in [DigitalIOFault.dead, .late(milliseconds: 500)] {
      rig.events = []
      rig.module.set(fault)
      rig.module.setContact(1, closed: true)
      rig.run(.seconds(2))
      if fault == .dead { #expect(rig.presses.isEmpty && rig.health(of: 20) == [.stale]) }
      rig.module.set(.none)
      // No longer than the circuit breaker's longest pause.
      rig.run(.seconds(10))
      #expect(rig.presses == [1])
      rig.module.setContact(1, closed: false)
      rig.run(.seconds(1))
    }
  }

  @Test func randomAnswersNeverTrap() {
    var random = SeededRandom(seed: 5)
    var driver = DigitalIODriver(DigitalIOConfiguration(device: DigitalIORig.device, layout: Self.layout))
    var now = Instant.zero
    for _ in 0..<5_000 {
      now += .milliseconds(30)
      guard let transaction = driver.nextTransaction(at: now) else { continue }
      var bytes = FixedBytes<253>()
      let length = Int(random.below(12))
      bytes.append(random.chance(3, in: 4) ? transaction.request.bytes[0] : UInt8(truncatingIfNeeded: random.next()))
      for _ in 0..<length { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
      var out = Effects<DeviceEvent>()
      let pdu = ModbusPDU(bytes: bytes)
      driver.completed(driver.accepts(pdu) ? .answered(pdu, roundTrip: .zero) : .failed(.malformed), at: now, into: &out)
      #expect(out.count <= 8)
    }
  }
}
