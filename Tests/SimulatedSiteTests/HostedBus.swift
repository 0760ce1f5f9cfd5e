import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import ModbusRTUCodec
import SimulatedSite

/// A simulated bus in virtual time with a host that asks by hand.
struct HostedBus {
  var bus: SimulatedBus
  private(set) var now = Instant.zero
  /// Everything the host has heard since the last `heard()`, with the time of each message.
  private(set) var inbox: [(bytes: FixedBytes<256>, at: Instant)] = []

  init(panels: Int, baud: UInt32 = 19_200, seed: UInt64 = 1) {
    bus = SimulatedBus(panels: panels, buttons: 2, baud: baud, seed: seed)
    for index in 0..<panels { say(.hand(panel: index, .powerOn(.powerOn, keepsQueue: false))) }
    run(for: .milliseconds(100))
  }

  mutating func say(_ input: SimulatedBus.Input) {
    var effects = Effects<SimulatedBus.Effect>()
    bus.handle(input, at: now, into: &effects)
    effects.drain { effect in
      if case .transmit(let bytes) = effect { inbox.append((bytes, now)) }
    }
  }

  mutating func run(for length: Interval) {
    let end = now + length
    while let due = bus.deadline, due <= end {
      now = max(now, due)
      say(.wake)
    }
    now = end
  }

  /// Who answers to address `node` within 200 ms, by unit id.
  mutating func ask(_ node: UInt8) -> UInt32? {
    inbox = []
    say(.received(ModbusFrame(address: node, pdu: PanelTransaction.identification()).encoded()))
    run(for: .milliseconds(200))
    return inbox.compactMap(\.bytes).compactMap(Self.unit).first
  }

  static func unit(_ bytes: FixedBytes<256>) -> UInt32? {
    ModbusFrame(wire: bytes).flatMap { PanelTransaction.identificationAnswer($0.pdu) }?.unit
  }
}
