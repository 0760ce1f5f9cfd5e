import CallPanelDeviceModel
import DeviceKit

/// A simulated bus with the adapter at the host's end of it.
struct SimulatedWire {
  let name: String
  private(set) var bus: SimulatedBus
  var isPlugged = true
  private let adapterLatency: Interval
  private var arrivals: [(bytes: FixedBytes<256>, at: Instant)] = []

  init(_ plan: SiteLayout.Wire, firstUnit: UInt32, seed: UInt64) {
    name = plan.name
    adapterLatency = plan.adapterLatency
    bus = SimulatedBus(panels: plan.panels, buttons: plan.buttons, baud: UInt32(plan.baud), seed: seed, firstUnit: firstUnit)
  }

  var due: Instant? {
    let arrival = arrivals.first?.at
    guard let deadline = bus.deadline else { return arrival }
    return arrival.map { min($0, deadline) } ?? deadline
  }

  mutating func switchOn(at now: Instant) {
    for index in bus.panels.indices { hand(.hand(panel: index, .powerOn(.powerOn, keepsQueue: false)), at: now) }
  }

  mutating func transmit(_ bytes: FixedBytes<256>, at now: Instant) { if isPlugged { hand(.received(bytes), at: now) } }

  mutating func wake(at now: Instant) { if let due = bus.deadline, due <= now { hand(.wake, at: now) } }

  mutating func hand(_ input: SimulatedBus.Input, at now: Instant) {
    var effects = Effects<SimulatedBus.Effect>()
    bus.handle(input, at: now, into: &effects)
    for index in 0..<effects.count {
      if case .transmit(let bytes) = effects[index], isPlugged { arrivals.append((bytes, now + adapterLatency)) }
    }
  }

  mutating func takeArrival(by now: Instant) -> FixedBytes<256>? {
    guard let first = arrivals.first, first.at <= now else { return nil }
    arrivals.removeFirst()
    return first.bytes
  }

  mutating func unplug() {
    isPlugged = false
    arrivals = []
  }
}
