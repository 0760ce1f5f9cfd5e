import CallPanelCodec
import CallPanelDeviceModel
import CallPanelDriver
import DeviceKit
import DeviceVocabulary
import Foundation
import ModbusRTUCodec
import ModbusRTUDriver
import Testing

enum ModbusFrames {
  static func write(_ address: UInt8, _ register: UInt16, _ value: UInt16) -> FixedBytes<256> {
    ModbusFrame(address: address, pdu: .writeRegister(register, value: value)).encoded()
  }
}

/// Bytes: the written-down vectors, and everything that is not in them.
@Suite struct PanelWireTests {
  struct Vector {
    var request: [UInt8]
    var answer: [UInt8]?
    var title: String
  }

  /// Lines `> hex` (host) and `< hex` (panel; `-` for silence) under a title line `= text`; `#` begins a comment.
  static func vectors() throws -> [Vector] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../Protocols/CallPanel/Vectors/map-1.1.txt")
    var vectors: [Vector] = []
    var title = ""
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
      let bytes = line.dropFirst(2).split(separator: " ").compactMap { UInt8($0, radix: 16) }
      switch line.first {
      case "=": title = String(line.dropFirst(2))
      case ">": vectors.append(Vector(request: bytes, answer: nil, title: title))
      case "<": if !vectors.isEmpty { vectors[vectors.count - 1].answer = line == "< -" ? nil : bytes }
      default: break
      }
    }
    return vectors
  }

  /// One panel hears all requests one after the other, 100 ms apart, as the vectors' header says.
  static func answer(_ request: [UInt8], by panel: inout SimulatedPanel, at now: Instant) -> [UInt8]? {
    var out = Effects<SimulatedPanel.Effect>()
    panel.handle(.received(FixedBytes(request)), at: now, into: &out)
    panel.handle(.wake, at: now + .milliseconds(3), into: &out)
    var sent: [UInt8]?
    out.drain { if case .transmit = $0 { sent = [] } }
    if sent != nil { sent = (0..<panel.reply.count).map { panel.reply[$0] } }
    panel.handle(.transmitted, at: now + .milliseconds(40), into: &out)
    return sent
  }

  static func vectorPanel() -> SimulatedPanel {
    var panel = SimulatedPanel(
      unit: 0x0001_E240, buttons: 4, settings: PanelSettings(address: 3, epoch: 6, bootCount: 41), seed: 1)
    var out = Effects<SimulatedPanel.Effect>()
    panel.handle(.hand(.powerOn(.powerOn, keepsQueue: false)), at: Instant(microseconds: 0), into: &out)
    panel.handle(.wake, at: Instant(microseconds: 40_000), into: &out)
    panel.handle(.hand(.press(2)), at: Instant(microseconds: 500_000), into: &out)
    panel.handle(.wake, at: Instant(microseconds: 520_000), into: &out)
    return panel
  }

  @Test func vectorsAreAnswered() throws {
    var panel = Self.vectorPanel()
    let vectors = try Self.vectors()
    #expect(vectors.count >= 8)
    for (index, vector) in vectors.enumerated() {
      let answer = Self.answer(vector.request, by: &panel, at: Instant(microseconds: 1_000_000 + UInt64(index) * 100_000))
      func hex(_ bytes: [UInt8]?) -> String { bytes.map { $0.map { String(format: "%02X", $0) }.joined(separator: " ") } ?? "-" }
      #expect(answer == vector.answer, "\(vector.title): \(hex(answer))")
    }
  }

  @Test func blocksSurviveTheWire() {
    var random = SeededRandom(seed: 11)
    for _ in 0..<500 {
      func word() -> UInt16 { UInt16(truncatingIfNeeded: random.next()) }
      let order = PanelOrder(
        token: UInt8(random.below(16)), acknowledgesRestart: random.chance(1, in: 2), mute: random.chance(1, in: 2),
        unit: UInt32(truncatingIfNeeded: random.next()), epoch: word(), sequence: UInt32(truncatingIfNeeded: random.next()),
        lamps: PackedLamps(bits: UInt32(truncatingIfNeeded: random.next())))
      var copy = PanelOrder(token: 0)
      for index in UInt16(0)..<8 { copy.setRegister(index, order.register(index)) }
      #expect(copy == order)
      let event = PanelEvent(
        sequence: UInt32(truncatingIfNeeded: random.next()) | 1, kind: .again, button: 1 + UInt8(random.below(8)),
        ageMilliseconds: UInt32(truncatingIfNeeded: random.next()))
      let again = PanelEvent(event.register(0), event.register(1), event.register(2), event.register(3), event.register(4))
      #expect(again == event)
    }
    var status = PanelStatus(word: 0)
    (status.token, status.pending, status.restarted, status.changed) = (15, 9, true, true)
    #expect(status.token == 15 && status.pending == 7 && status.restarted && status.changed && !status.tamper)
  }

  @Test func settingsThatCannotBeAreRefused() {
    let settings = PanelSettings(address: 12, baudCode: 4, silentMask: 0x81, epoch: 513, bootCount: 7)
    #expect(PanelSettings(stored: settings.stored) == settings)
    for (byte, value) in [(0, UInt8(0x51)), (2, 0), (2, 248), (5, 6)] {
      var wrong = settings.stored
      wrong[byte] = value
      #expect(PanelSettings(stored: wrong) == nil, "byte \(byte)")
    }
    #expect(PanelSettings(stored: FixedBytes()) == nil)
  }

  @Test func halfAnOrderIsRefused() {
    var panel = Self.vectorPanel()
    let half = ModbusPDU.readWriteRegisters(
      readStart: PanelMap.exchangeRead, readCount: 16, writeStart: PanelMap.exchangeWrite, values: FixedRegisters([1, 0, 1, 7]))
    let request = ModbusFrame(address: 3, pdu: half).encoded()
    let answer = Self.answer((0..<request.count).map { request[$0] }, by: &panel, at: Instant(microseconds: 900_000))
    #expect(answer?.prefix(3) == [3, 0x97, 2])
    #expect(panel.logic.waitingEvents == 1)
  }

  @Test func randomRequestsNeverTrapThePanel() {
    var random = SeededRandom(seed: 3)
    var panel = Self.vectorPanel()
    var now = Instant(microseconds: 1_000_000)
    var answers = 0
    let functions: [UInt8] = [1, 2, 3, 4, 5, 6, 8, 0x0F, 0x10, 0x16, 0x17, 0x18, 0x2B]
    for _ in 0..<4_000 {
      now += .milliseconds(100)
      var pdu = FixedBytes<253>()
      pdu.append(functions[Int(random.below(UInt32(functions.count)))])
      for _ in 0..<random.below(30) {
        pdu.append(UInt8(truncatingIfNeeded: random.chance(1, in: 2) ? random.next() & 3 : random.next()))
      }
      let frame = ModbusFrame(address: 3, pdu: ModbusPDU(bytes: pdu)).encoded()
      if Self.answer((0..<frame.count).map { frame[$0] }, by: &panel, at: now) != nil { answers += 1 }
    }
    #expect(answers > 200)
  }

  @Test func randomAnswersNeverTrapTheDriver() {
    var random = SeededRandom(seed: 4)
    var rig = PanelRig()
    rig.run(.seconds(1))
    for _ in 0..<5_000 {
      rig.now += .milliseconds(400)
      guard let transaction = rig.driver.nextTransaction(at: rig.now) else { continue }
      var bytes = FixedBytes<253>()
      bytes.append(transaction.request.bytes[0] | (random.chance(1, in: 8) ? 0x80 : 0))
      let length = Int(random.below(80))
      bytes.append(random.chance(1, in: 2) ? UInt8(length) : UInt8(truncatingIfNeeded: random.next()))
      for _ in 0..<length { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
      let pdu = ModbusPDU(bytes: bytes)
      var out = Effects<DeviceEvent>()
      rig.driver.completed(
        rig.driver.accepts(pdu) ? .answered(pdu, roundTrip: .zero) : .failed(.malformed), at: rig.now, into: &out)
      #expect(out.count <= 8)
    }
    rig.events = []
    rig.command(.retest(PanelRig.device))
    rig.run(.seconds(15))
    #expect(rig.events.contains { if case .identified = $0 { true } else { false } }, "the real panel is served again")
  }

  @Test func anotherProductGetsNoOrders() {
    var driver = CallPanelDriver(CallPanelConfiguration(device: PanelRig.device))
    _ = driver.nextTransaction(at: .zero)
    let answer = FixedBytes<253>([0x2B, 0x0E, 1, 0x81, 0, 0, 3, 0, 1, 0x5A, 1, 1, 0x5A, 2, 1, 0x31])
    let pdu = ModbusPDU(bytes: answer)
    #expect(driver.accepts(pdu))
    var out = Effects<DeviceEvent>()
    driver.completed(.answered(pdu, roundTrip: .zero), at: .zero, into: &out)
    #expect(out[0] == .healthChanged(PanelRig.device, .faulted))
    #expect(driver.nextTransaction(at: .zero + .seconds(9)) == nil)
    #expect(driver.nextTransaction(at: .zero + .seconds(11))?.request.function == 0x2B)
  }

  @Test func quietPanelCostsShortPolls() {
    var rig = PanelRig()
    rig.run(.seconds(2))
    (rig.transactions, rig.exchanges) = (0, 0)
    rig.run(.seconds(20))
    #expect(rig.transactions > 500)
    #expect(rig.exchanges >= 4 && rig.exchanges <= 6)
  }
}
