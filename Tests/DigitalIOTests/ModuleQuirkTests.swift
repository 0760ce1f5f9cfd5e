import DeviceKit
import DeviceVocabulary
import DigitalIOCodec
import DigitalIODeviceModel
import ModbusRTUCodec
import Testing

/// Modules that are not quite as the standard has them: padded answers, slow ones, lines with parity.
@Suite struct ModuleQuirkTests {
  static let small = DigitalIOLayout(inputCount: 4, outputCount: 4)

  @Test(arguments: [UInt8(2), 4, 5]) func paddedAnswersAreTaken(_ bytes: UInt8) {
    for function in [DigitalIOLayout.InputFunction.coils, .discreteInputs] {
      var layout = Self.small
      layout.inputFunction = function
      layout.outputStart = 16
      var rig = DigitalIORig(layout)
      rig.module.paddedBytes = bytes
      rig.module.setContact(3, closed: true)
      rig.command(.setOutput(DigitalIORig.device, output: 4, on: true))
      rig.run(.seconds(2))
      #expect(rig.presses == [3], "the ones in the padding are no contacts")
      #expect(rig.events.contains(.outputsObserved(DigitalIORig.device, 0b1000)) && rig.module.outputs == 0b1000)
      #expect(rig.health(of: 20) == [.online])
      let counted = rig.master.statistics(ofAddress: 20)
      #expect(counted?.malformed == 0 && counted?.timeouts == 0 && counted?.garbageBytes == 0)
      #expect(rig.master.lineStatistics.unsolicitedBytes == 0)
    }
  }

  @Test func aSlowLineLeavesTimeForThePadding() {
    // Four bytes more at 1,200 baud with parity are 37 ms: more than the 30 ms that a quick node has to begin.
    var rig = DigitalIORig(Self.small, baud: 1_200, parity: .even)
    rig.run(.seconds(5))
    rig.module.paddedBytes = 5
    rig.module.setContact(1, closed: true)
    rig.run(.seconds(5))
    #expect(rig.presses == [1])
    #expect(rig.master.statistics(ofAddress: 20)?.timeouts == 0)
  }

  @Test func moreThanFourBytesTooManyAreAnotherAnswer() {
    var rig = DigitalIORig(Self.small)
    rig.module.paddedBytes = 6
    rig.module.setContact(1, closed: true)
    rig.run(.seconds(3))
    #expect(rig.presses.isEmpty)
    #expect((rig.master.statistics(ofAddress: 20)?.malformed ?? 0) > 0 && rig.health(of: 20) == [.faulted])
  }

  @Test(arguments: [50, 200, 900]) func aSlowModuleAnswersFromItsFirstPollOn(_ milliseconds: Int) {
    var rig = DigitalIORig(Self.small, longestReply: .milliseconds(milliseconds))
    rig.module.set(.late(milliseconds: UInt16(milliseconds)))
    rig.module.setContact(2, closed: true)
    rig.run(.milliseconds(milliseconds + 100))
    #expect(rig.presses == [2], "the very first poll")
    rig.run(.seconds(30))
    let counted = rig.master.statistics(ofAddress: 20)
    #expect(counted?.timeouts == 0 && counted?.late == 0 && counted?.losses == 0)
    #expect(rig.health(of: 20) == [.online])
  }

  @Test(arguments: [1, 4]) func aModuleThatBecomesSlowIsNotGivenUp(_ count: Int) {
    var rig = DigitalIORig(Self.small, modules: count, longestReply: .milliseconds(200))
    rig.run(.seconds(5))
    rig.module.set(.late(milliseconds: 200))
    rig.run(.milliseconds(300))
    rig.module.setContact(1, closed: true)
    rig.run(.seconds(20))
    #expect(rig.presses == [1])
    for node in 20..<20 + UInt8(count) { #expect(rig.health(of: node) == [.online]) }
    let counted = rig.master.statistics(ofAddress: 20)
    #expect(counted?.losses == 0 && (counted?.timeouts ?? 9) <= 1, "one try was too short, no poll failed")
    #expect(rig.collisions <= 1)
  }

  @Test func aModuleIsNotAskedAgainBeforeItsLongestReplyHasPassed() {
    var rig = DigitalIORig(Self.small, longestReply: .milliseconds(700))
    rig.run(.seconds(2))
    rig.module.set(.dead)
    rig.requests = []
    rig.run(.seconds(60))
    for (earlier, later) in zip(rig.requests, rig.requests.dropFirst()) {
      #expect(later.at - earlier.at > .milliseconds(700))
    }
    #expect(rig.health(of: 20).last == .stale)
  }

  @Test func aDeadSlowModuleCostsTheOthersLessThanThreePercent() throws {
    var rig = DigitalIORig(Self.small, modules: 4, longestReply: .seconds(2))
    rig.run(.seconds(5))
    rig.module.set(.dead)
    rig.run(.seconds(30))
    #expect(rig.health(of: 20).last == .stale)
    rig.requests = []
    rig.run(.seconds(600))
    // What a try took is the time until the next request, whosever it is.
    var spent = Interval.zero
    for (earlier, later) in zip(rig.requests, rig.requests.dropFirst()) where earlier.node == 20 {
      spent = spent + (later.at - earlier.at)
    }
    #expect(spent > .seconds(2) && spent * 100 < Interval.seconds(600) * 3, "\(spent.microseconds) µs of 600 s")
    rig.module.set(.none)
    rig.run(.seconds(80))
    #expect(rig.health(of: 20).last == .online)
  }

  @Test(arguments: [ModbusTiming.Parity.even, .odd]) func aModuleOnALineWithParityIsDriven(_ parity: ModbusTiming.Parity) {
    var rig = DigitalIORig(DigitalIOTests.layout, parity: parity)
    rig.module.setContact(12, closed: true)
    rig.command(.setOutput(DigitalIORig.device, output: 10, on: true))
    rig.run(.seconds(2))
    #expect(rig.presses == [12] && rig.module.outputs == 0b10_0000_0000)
    #expect(rig.master.statistics(ofAddress: 20)?.timeouts == 0 && rig.collisions == 0)
  }
}
