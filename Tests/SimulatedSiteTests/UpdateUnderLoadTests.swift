import CallPanelCodec
import CallPanelDeviceModel
import CallPanelDriver
import Crypto
import DeviceKit
import DeviceVocabulary
import FirmwareUpdateCodec
import ModbusRTUCodec
import ModbusRTUDriver
import SimulatedSite
import Testing

/// Sixteen panels at 19,200 baud, one of which gets new firmware: what that costs a call at any of them, in virtual time.
@Suite struct UpdateUnderLoadTests {
  private let signer = Curve25519.Signing.PrivateKey()

  private func image(patch: UInt16, slot: UInt16, bytes: Int) throws -> [UInt8] {
    let payload = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ Int(patch)) }
    var header = ImageHeader(
      board: PanelBoard.simulated.rawValue, version: 0x0102, patch: patch, payloadLength: UInt32(bytes), slot: slot,
      hash: FixedBytes(Crypto.SHA256.hash(data: payload)))
    let signature = Array(try signer.signature(for: (0..<ImageHeader.signedLength).map { header.bytes[$0] }))
    for (index, byte) in signature.enumerated() { header.bytes[ImageHeader.signedLength + index] = byte }
    return (0..<ImageHeader.length).map { header.bytes[$0] } + payload
  }

  /// A master with its panels, and a station that accepts at once.
  private struct Line {
    var bus: SimulatedBus
    var master: ModbusMaster<CallPanelDriver>
    var now = Instant.zero
    var recorded: [(identity: EventIdentity, button: ButtonID, at: Instant)] = []
    var job: DeviceJob?

    init(images: [[UInt8]], key: FixedBytes<32>) {
      bus = SimulatedBus(panels: 16, buttons: 2, baud: 19_200, seed: 3, images: images, key: key)
      master = ModbusMaster(
        settings: ModbusMasterSettings(bus: "A", timing: ModbusTiming(baud: 19_200)),
        nodes: (1...16).map { CallPanelDriver(CallPanelConfiguration(device: DeviceID(bus: "A", node: $0))) })
      for index in 0..<16 { say(.hand(panel: index, .powerOn(.powerOn, keepsQueue: false))) }
      tell(.lineUp)
    }

    mutating func say(_ input: SimulatedBus.Input) {
      var effects = Effects<SimulatedBus.Effect>()
      bus.handle(input, at: now, into: &effects)
      var heard: [FixedBytes<256>] = []
      effects.drain { if case .transmit(let bytes) = $0 { heard.append(bytes) } }
      for bytes in heard { tell(.received(bytes)) }
    }

    mutating func tell(_ input: ModbusMasterInput) {
      var effects = Effects<ModbusMasterEffect>()
      master.handle(input, at: now, into: &effects)
      var sent: [FixedBytes<256>] = []
      var accepted: [DeviceCommand] = []
      while let effect = effects.takeFirst() {
        switch effect {
        case .transmit(let bytes): sent.append(bytes)
        case .event(.jobChanged(_, let new)): job = new
        case .event(.pressed(let press)):
          guard let identity = press.identity else { continue }
          if !recorded.contains(where: { $0.identity == identity }) { recorded.append((identity, press.button, now)) }
          accepted.append(.accept(press.button.device, identity))
        case .event(.released(let button, .some(let identity), _)): accepted.append(.accept(button.device, identity))
        case .event: break
        }
      }
      for bytes in sent { say(.received(bytes)) }
      for command in accepted { tell(.command(command)) }
    }

    mutating func run(until end: Instant) {
      while true {
        let next = min(bus.deadline ?? .distantFuture, master.deadline ?? .distantFuture)
        guard next <= end else { break }
        now = max(now, next)
        if let due = bus.deadline, due <= now { say(.wake) }
        if let due = master.deadline, due <= now { tell(.wake) }
      }
      now = max(now, end)
    }

    /// From the finger to the event in the station, one press after the other at moments of their own.
    mutating func delays(_ count: Int) -> [Interval] {
      var random = SeededRandom(seed: 11)
      var found: [Interval] = []
      for round in 0..<count {
        run(until: now + .milliseconds(400) + .microseconds(Int(random.below(400_000))))
        let panel = round % 16
        let pressed = now
        let before = recorded.count
        say(.hand(panel: panel, .press(1)))
        while recorded.count == before, now - pressed < .seconds(5) { run(until: now + .milliseconds(1)) }
        found.append(now - pressed)
        run(until: now + .milliseconds(100))
        say(.hand(panel: panel, .release(1)))
      }
      return found.sorted()
    }
  }

  @Test func aPressDuringAnUpdateIsAsFastAsWithoutButForOneBlock() throws {
    let images = [try image(patch: 1, slot: 0, bytes: 1_024)]
    let key = FixedBytes<32>(signer.publicKey.rawRepresentation)
    var idle = Line(images: images, key: key)
    idle.run(until: .zero + .seconds(15))
    let without = idle.delays(64)
    var busy = Line(images: images, key: key)
    busy.run(until: .zero + .seconds(15))
    let file = try image(patch: 2, slot: 1, bytes: 15_360)
    busy.tell(.command(.update(DeviceID(bus: "A", node: 5), ticket: 1, images: [file])))
    let with = busy.delays(64)
    #expect(busy.job?.step == .sending, "the update was under way all the time: \(String(describing: busy.job))")
    #expect((busy.job?.done ?? 0) > 40)
    print(
      "16 nodes, press to event: without an update median \(without[32].microseconds) µs, worst \(without[63].microseconds) µs; "
        + "during one median \(with[32].microseconds) µs, worst \(with[63].microseconds) µs")
    // One block: 75 bytes there, 8 back, and the silences.
    #expect(with[32] - without[32] <= .milliseconds(60))
    #expect(with[63] - without[63] <= .milliseconds(120))
    let begun = busy.now
    busy.run(until: busy.now + .seconds(300))
    #expect(busy.job?.step == .done, "\(String(describing: busy.job))")
    print("an image of 15 KiB took less than \((busy.now - begun).microseconds / 1_000_000 + 70) s on that bus")
    #expect(busy.bus.panels[4].logic.about.patch == 2)
    #expect(busy.recorded.count == 64 && Set(busy.recorded.map(\.identity)).count == 64)
  }
}
