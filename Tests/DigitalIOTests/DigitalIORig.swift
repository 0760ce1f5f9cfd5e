import DeviceKit
import DeviceVocabulary
import DigitalIOCodec
import DigitalIODeviceModel
import DigitalIODriver
import ModbusRTUCodec
import ModbusRTUDriver

/// One driver and one module at the two ends of a wire in virtual time.
struct DigitalIORig {
  static let device = DeviceID(bus: "A", node: 20)
  static let longestReply = Interval.milliseconds(100)

  var now = Instant(microseconds: 1_000_000)
  var driver: DigitalIODriver
  var module: DigitalIOModule
  var events: [DeviceEvent] = []
  var requests: [UInt8] = []
  var isCut = false

  init(_ layout: DigitalIOLayout) {
    driver = DigitalIODriver(
      DigitalIOConfiguration(
        device: DigitalIORig.device, layout: layout, product: "DI-test", pollInterval: .milliseconds(20),
        longestReply: DigitalIORig.longestReply))
    module = DigitalIOModule(address: 20, layout: layout, timing: ModbusTiming(baud: 19_200))
  }

  mutating func run(_ length: Interval) {
    let end = now + length
    while now < end {
      if driver.due > now {
        now = min(end, driver.due)
        continue
      }
      transact()
    }
  }

  mutating func transact() {
    guard let transaction = driver.nextTransaction(at: now) else {
      now += .milliseconds(1)
      return
    }
    requests.append(transaction.request.bytes[0])
    var outcome = ModbusOutcome.failed(.silent)
    let end = now + DigitalIORig.longestReply
    if !isCut { feed(.received(ModbusFrame(address: 20, pdu: transaction.request).encoded())) }
    while let deadline = module.deadline, deadline <= end {
      now = max(now, deadline)
      if feed(.wake) {
        let answer = ModbusFrame(wire: module.reply)
        _ = feed(.transmitted)
        if let answer, driver.accepts(answer.pdu) {
          outcome = .answered(answer.pdu, roundTrip: .milliseconds(5))
          break
        }
      }
    }
    if case .failed = outcome { now = end }
    var out = Effects<DeviceEvent>()
    driver.completed(outcome, at: now, into: &out)
    out.drain { events.append($0) }
    now += .milliseconds(2)
  }

  @discardableResult
  private mutating func feed(_ input: DigitalIOModule.Input) -> Bool {
    var out = Effects<DigitalIOModule.Effect>()
    module.handle(input, at: now, into: &out)
    return out.count > 0
  }

  var presses: [UInt8] {
    events.compactMap { if case .pressed(let press) = $0 { press.button.button } else { nil } }
  }

  func count(_ matches: (DeviceEvent) -> Bool) -> Int { events.filter(matches).count }
}
