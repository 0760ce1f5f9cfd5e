import DeviceKit
import DeviceVocabulary
import DigitalIOCodec
import DigitalIODeviceModel
import DigitalIODriver
import ModbusRTUCodec
import ModbusRTUDriver

/// The host's master with its drivers at one end of a wire in virtual time, the modules at the other. Messages take their time on the
/// line, and two that overlap destroy each other.
struct DigitalIORig {
  static let device = DeviceID(bus: "A", node: 20)

  private(set) var now = Instant(microseconds: 1_000_000)
  private(set) var master: ModbusMaster<DigitalIODriver>
  var modules: [DigitalIOModule]
  var events: [DeviceEvent] = []
  /// Address and function of each request.
  var requests: [(at: Instant, node: UInt8, function: UInt8)] = []
  private(set) var collisions = 0
  private let timing: ModbusTiming
  /// From the host (-1) or from a module.
  private var flights: [(from: Int, begin: Instant, end: Instant, bytes: FixedBytes<256>)] = []

  /// Modules of one kind at addresses 20, 21 ...
  init(
    _ layout: DigitalIOLayout, modules count: Int = 1, longestReply: Interval = .milliseconds(100), baud: UInt32 = 19_200,
    parity: ModbusTiming.Parity = .none
  ) {
    timing = ModbusTiming(baud: baud, parity: parity)
    let addresses = (0..<count).map { 20 + UInt8($0) }
    let drivers = addresses.map { address in
      DigitalIODriver(
        DigitalIOConfiguration(
          device: DeviceID(bus: "A", node: address), layout: layout, product: "DI-test", pollInterval: .milliseconds(20),
          longestReply: longestReply))
    }
    master = ModbusMaster(settings: ModbusMasterSettings(bus: "A", timing: timing), nodes: drivers)
    let timing = timing
    modules = addresses.map { DigitalIOModule(address: $0, layout: layout, timing: timing) }
    tell(.lineUp)
  }

  var module: DigitalIOModule {
    get { modules[0] }
    set { modules[0] = newValue }
  }

  mutating func command(_ command: DeviceCommand) {
    tell(.command(command))
  }

  mutating func run(_ length: Interval) {
    let end = now + length
    while let next = nextInstant, next <= end {
      now = max(now, next)
      step()
    }
    now = end
  }

  private var nextInstant: Instant? {
    ([master.deadline] + modules.map(\.deadline) + flights.map(\.end)).compactMap { $0 }.min()
  }

  private mutating func step() {
    let landed = flights.filter { $0.end <= now }
    flights.removeAll { $0.end <= now }
    for flight in landed {
      if flight.from >= 0 {
        give(.transmitted, to: flight.from)
        tell(.received(flight.bytes))
      } else {
        for index in modules.indices { give(.received(flight.bytes), to: index) }
      }
    }
    for index in modules.indices { if let deadline = modules[index].deadline, deadline <= now { give(.wake, to: index) } }
    if let deadline = master.deadline, deadline <= now { tell(.wake) }
  }

  private mutating func give(_ input: DigitalIOModule.Input, to index: Int) {
    var out = Effects<DigitalIOModule.Effect>()
    modules[index].handle(input, at: now, into: &out)
    if !out.isEmpty { fly(modules[index].reply, from: index) }
  }

  private mutating func tell(_ input: ModbusMaster<DigitalIODriver>.Input) {
    var out = Effects<ModbusMaster<DigitalIODriver>.Effect>()
    master.handle(input, at: now, into: &out)
    out.drain { effect in
      switch effect {
      case .event(let event): events.append(event)
      case .transmit(let bytes):
        requests.append((now, bytes[0], bytes[1]))
        fly(bytes, from: -1)
      }
    }
  }

  private mutating func fly(_ bytes: FixedBytes<256>, from: Int) {
    var bytes = bytes
    for index in flights.indices where flights[index].end > now {
      collisions += 1
      flights[index].bytes[0] ^= 0xFF
      bytes[0] ^= 0xFF
    }
    flights.append((from, now, now + timing.interval(ofCharacters: bytes.count), bytes))
  }

  var presses: [UInt8] {
    events.compactMap { if case .pressed(let press) = $0 { press.button.button } else { nil } }
  }

  /// Health that was said of the module at an address.
  func health(of node: UInt8) -> [Health] {
    events.compactMap { event in
      if case .healthChanged(DeviceID(bus: "A", node: node), let health) = event { health } else { nil }
    }
  }

  func count(_ matches: (DeviceEvent) -> Bool) -> Int { events.filter(matches).count }
}
