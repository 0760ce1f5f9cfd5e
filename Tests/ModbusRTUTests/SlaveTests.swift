import DeviceKit
import ModbusRTUCodec
import ModbusRTUDeviceModel
import Testing

/// A slave under the hand: bytes in, answer out.
private struct Bench {
  var slave: ModbusSlave<PlainBank>
  var now = Instant(microseconds: 1_000)

  init() {
    var bank = PlainBank(vendor: "ZZ", product: "PB", version: "1.0")
    bank.identificationConformity = 0x83
    for (index, isOn) in [true, false, true, true, false, false, true, true, false, true].enumerated() {
      bank.setCoil(at: UInt16(index), on: isOn)
    }
    for (index, isOn) in [true, false, true, true, false, false, true, false, true, true].enumerated() {
      bank.setInput(UInt16(index), isOn)
    }
    for (index, value) in [0x022B, 0, 0x64].enumerated() { bank.setRegister(at: UInt16(index), value: UInt16(value)) }
    bank.setInputRegister(0, 0x0A)
    bank.setInputRegister(1, 0x0102)
    bank.fifoPointer = 0x04DE
    bank.fifo = FixedRegisters([0, 1, 2, 3])
    slave = ModbusSlave(address: 0x11, timing: ModbusTiming(baud: 19_200), bank: bank)
  }

  mutating func hear(_ bytes: [UInt8]) {
    var effects = Effects<ModbusSlave<PlainBank>.Effect>()
    for byte in bytes {
      now += slave.timing.interval(ofCharacters: 1)
      slave.handle(.byte(byte), at: now, into: &effects)
    }
  }

  /// What is sent after t3.5 of silence.
  mutating func silence() -> [UInt8]? {
    var effects = Effects<ModbusSlave<PlainBank>.Effect>()
    now += .microseconds(2_005)
    slave.handle(.wake, at: now, into: &effects)
    guard effects.isEmpty else { return [] }
    now += .microseconds(1)
    slave.handle(.wake, at: now, into: &effects)
    guard effects[0] == .transmit else { return nil }
    let reply = slave.reply.array
    slave.handle(.transmitted, at: now, into: &effects)
    return reply
  }

  mutating func ask(_ pdu: ModbusPDU, address: UInt8 = 0x11) -> [UInt8]? {
    hear(ModbusFrame(address: address, pdu: pdu).encoded().array)
    return silence()
  }
}

@Suite struct SlaveTests {
  @Test func answersEveryGoldenVectorExactlyAndNotBeforeSilence() throws {
    var bench = Bench()
    for vector in try VectorFile.read("golden") {
      bench.hear(vector.request.array)
      #expect(bench.silence() == vector.answer?.array, "\(vector.name)")
    }
    #expect(try bench.slave.bank.holdingRegister(at: 1) == 7, "the broadcast was carried out")
  }

  @Test func staysSilentToOthersNoiseAndBrokenFrames() throws {
    var bench = Bench()
    #expect(bench.ask(.readHoldingRegisters(start: 0, count: 1), address: 0x12) == nil)
    #expect(bench.ask(.readHoldingRegisters(start: 0, count: 1), address: 0) == nil)
    bench.hear([0x11, 0x03, 0x00])
    #expect(bench.silence() == nil)
    for vector in try VectorFile.read("golden") {
      for position in 0..<vector.request.count {
        var broken = vector.request.array
        broken[position] ^= 0x41
        bench.hear(broken)
        #expect(bench.silence() == nil, "\(vector.name), byte \(position)")
      }
    }
    #expect(bench.slave.counters.exceptions == 0)
  }

  @Test func aFramingErrorLosesItsFrameOnly() {
    var bench = Bench()
    var effects = Effects<ModbusSlave<PlainBank>.Effect>()
    bench.hear([0x11, 0x03])
    bench.slave.handle(.lineError, at: bench.now, into: &effects)
    bench.hear(ModbusFrame(address: 0x11, pdu: .readHoldingRegisters(start: 0, count: 1)).encoded().array)
    #expect(bench.silence() == nil)
    #expect(bench.ask(.readHoldingRegisters(start: 0, count: 1)) != nil)
  }

  @Test func itsOwnEchoIsNoRequest() {
    var bench = Bench()
    var effects = Effects<ModbusSlave<PlainBank>.Effect>()
    bench.hear(ModbusFrame(address: 0x11, pdu: .writeRegister(1, value: 3)).encoded().array)
    bench.now += .milliseconds(3)
    bench.slave.handle(.wake, at: bench.now, into: &effects)
    #expect(effects.count == 1)
    // The answer to a write is a whole request; heard while it leaves, it must not be answered again.
    bench.hear(bench.slave.reply.array)
    bench.slave.handle(.transmitted, at: bench.now, into: &effects)
    #expect(bench.silence() == nil)
    #expect(bench.slave.bank.writes == 1)
  }

  @Test func refusedWritesChangeNothing() throws {
    var bench = Bench()
    let values = FixedRegisters<123>([1, 2, 3])
    #expect(bench.ask(.writeRegisters(start: 14, values: values))?.prefix(3) == [0x11, 0x90, 0x02])
    #expect(try bench.slave.bank.holdingRegister(at: 14) == 0)
    #expect(bench.ask(.writeCoils(start: 63, count: 2, bits: FixedBytes([3])))?.prefix(3) == [0x11, 0x8F, 0x02])
    #expect(try bench.slave.bank.coil(at: 63) == false)
    let both = ModbusPDU.readWriteRegisters(readStart: 15, readCount: 2, writeStart: 0, values: FixedRegisters([9]))
    #expect(bench.ask(both)?.prefix(3) == [0x11, 0x97, 0x02])
    #expect(try bench.slave.bank.holdingRegister(at: 0) == 0x022B, "what cannot be read is known before anything is written")
    #expect(bench.slave.bank.writes == 0)
  }

  @Test func exceptionsNameTheReason() {
    var bench = Bench()
    #expect(
      bench.ask(.reportServerID()) == ModbusFrame(address: 0x11, pdu: .exception(.illegalFunction, to: 0x11)).encoded().array)
    let cases: [(ModbusPDU, ModbusException)] = [
      (.readInputRegisters(start: 16, count: 1), .illegalDataAddress), (.readCoils(start: 0, count: 0), .illegalDataValue),
      (.readFIFO(pointer: 1), .illegalDataAddress), (.readDeviceIdentification(code: 4, object: 9), .illegalDataAddress),
      (.readDeviceIdentification(code: 7, object: 0), .illegalDataValue),
      (ModbusPDU(bytes: FixedBytes([0x41, 1])), .illegalFunction),
    ]
    for (request, reason) in cases {
      let function = request.bytes[0]
      #expect(bench.ask(request) == ModbusFrame(address: 0x11, pdu: .exception(reason, to: function)).encoded().array)
    }
    #expect(bench.slave.counters.exceptions == 7)
  }

  @Test func longIdentificationsGoOnInAnotherAnswer() throws {
    var slave = ModbusSlave(address: 1, timing: ModbusTiming(baud: 19_200), bank: LongIdentity())
    var effects = Effects<ModbusSlave<LongIdentity>.Effect>()
    var now = Instant.zero
    var next: UInt8 = 0
    var seen: [UInt8] = []
    for _ in 0..<5 {
      let request = ModbusFrame(address: 1, pdu: .readDeviceIdentification(code: 3, object: next))
      slave.handle(.received(request.encoded()), at: now, into: &effects)
      now += .milliseconds(3)
      slave.handle(.wake, at: now, into: &effects)
      let pdu = try #require(ModbusFrame(wire: slave.reply)).pdu
      #expect(pdu.match(request: request.pdu) == .matches)
      let identity = try #require(ModbusIdentification(pdu))
      for id in UInt8(0)...6 where identity.object(id)?.count == 100 { seen.append(id) }
      slave.handle(.transmitted, at: now, into: &effects)
      guard identity.moreFollows else { break }
      next = identity.nextObject
    }
    #expect(seen == [0, 1, 2, 3, 4])
  }
}

/// Five objects of 100 bytes: two fit into an answer.
private struct LongIdentity: ModbusBank {
  mutating func identificationLength(_ object: UInt8) -> Int? { object < 5 ? 100 : nil }
  mutating func identificationByte(_ object: UInt8, index: Int) -> UInt8 { object }
}
