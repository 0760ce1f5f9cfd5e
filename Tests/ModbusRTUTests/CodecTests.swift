import DeviceKit
import Foundation
import ModbusRTUCodec
import Testing

@Suite struct CodecTests {
  @Test func checksumsAndTimesOfTheStandard() {
    #expect(ModbusFrame(address: 0x11, pdu: .readHoldingRegisters(start: 0, count: 3)).encoded().array.suffix(2) == [0x07, 0x5B])
    let silences: [(UInt32, UInt32)] = [
      (1200, 32_084), (2400, 16_042), (4800, 8_021), (9600, 4_011), (19_200, 2_006), (115_200, 1_750),
    ]
    for (baud, silence) in silences { #expect(ModbusTiming(baud: baud).silenceMicroseconds == silence) }
    #expect(ModbusTiming(baud: 9600, parity: .even).characterMicroseconds == 1_146)
    #expect(ModbusTiming(baud: 9600).characterMicroseconds == 1_042)
    for parity in [ModbusTiming.Parity.even, .odd] {
      #expect(ModbusTiming(baud: 19_200, parity: parity).bitsPerCharacter == 11)
      #expect(ModbusTiming(baud: 19_200, parity: parity).characterMicroseconds == 573)
    }
    #expect(ModbusTiming(baud: 9600, parity: .none, stopBits: 2).characterMicroseconds == 1_146)
    #expect(ModbusTiming(baud: 0).baud == 300)
    #expect(ModbusTiming(baud: .max).microseconds(ofCharacters: 300) == 640)
  }

  @Test func requestsAreBuiltAsTheVectorsSay() throws {
    let coils = FixedBytes<246>([0xCD, 0x01])
    let built: [String: ModbusPDU] = [
      "read coils": .readCoils(start: 0, count: 10), "read discrete inputs": .readDiscreteInputs(start: 0, count: 10),
      "read holding registers": .readHoldingRegisters(start: 0, count: 3),
      "read input registers": .readInputRegisters(start: 0, count: 2),
      "write coil on": .writeCoil(4, on: true), "write coil off": .writeCoil(4, on: false),
      "write register": .writeRegister(1, value: 3), "write coils": .writeCoils(start: 0x13, count: 10, bits: coils),
      "write registers": .writeRegisters(start: 1, values: FixedRegisters([0x000A, 0x0102])),
      "mask write register": .maskWriteRegister(0, and: 0xF2, or: 0x25),
      "read/write registers": .readWriteRegisters(
        readStart: 0, readCount: 3, writeStart: 10, values: FixedRegisters([0xFF, 0xFF, 0xFF])),
      "exception 02": .readHoldingRegisters(start: 0x1388, count: 2),
      "identification, basic": .readDeviceIdentification(code: 1, object: 0),
      "identification, one": .readDeviceIdentification(code: 4, object: 1), "read FIFO": .readFIFO(pointer: 0x04DE),
      "return query data": .returnQueryData(0xA537), "broadcast": .writeRegister(1, value: 7),
    ]
    for vector in try VectorFile.read("golden") {
      let pdu = try #require(built[vector.name], "\(vector.name)")
      #expect(ModbusFrame(address: vector.request[0], pdu: pdu).encoded() == vector.request, "\(vector.name)")
    }
  }

  @Test func answersMatchTheirRequestsAndNoOther() throws {
    let vectors = try VectorFile.all()
    for vector in vectors {
      guard let wire = vector.answer else { continue }
      let request = try #require(ModbusFrame(wire: vector.request)).pdu
      let answer = try #require(ModbusFrame(wire: wire)).pdu
      #expect(answer.match(request: request) == .matches, "\(vector.name)")
      #expect(wire.count <= request.longestAnswerLength)
      for other in vectors where other.request[1] != vector.request[1] {
        let pdu = try #require(ModbusFrame(wire: other.request)).pdu
        #expect(answer.match(request: pdu) == .otherFunction)
      }
      // Longer by a byte or shorter by one is not the answer.
      var longer = answer
      longer.bytes.append(0)
      #expect(longer.match(request: request) == .malformed, "\(vector.name)")
      var shorter = answer
      shorter.bytes.truncate(to: shorter.bytes.count - 1)
      #expect(shorter.match(request: request) != .matches, "\(vector.name)")
    }
  }

  @Test func paddingIsTakenForBitsOnlyAndUpToFourBytes() {
    func bits(_ function: UInt8, dataBytes: Int) -> ModbusPDU {
      ModbusPDU(bytes: FixedBytes([function, UInt8(dataBytes)] + Array(repeating: 0xA5, count: dataBytes)))
    }
    for (function, request) in [
      (UInt8(1), ModbusPDU.readCoils(start: 0, count: 12)), (2, .readDiscreteInputs(start: 0, count: 12)),
    ] {
      #expect(bits(function, dataBytes: 1).match(request: request) == .malformed, "less than was asked for")
      for length in 2...6 { #expect(bits(function, dataBytes: length).match(request: request) == .matches) }
      #expect(bits(function, dataBytes: 7).match(request: request) == .malformed)
      #expect(request.standardAnswerLength == 7 && request.longestAnswerLength == 11)
    }
    let registers = ModbusPDU.registers(function: 3, values: FixedRegisters([1, 2, 3]))
    #expect(registers.match(request: .readHoldingRegisters(start: 0, count: 2)) == .malformed)
    #expect(ModbusPDU.readHoldingRegisters(start: 0, count: 2).longestAnswerLength == 9)
    // Never longer than a frame can be.
    #expect(ModbusPDU.readCoils(start: 0, count: 2_000).standardAnswerLength == 255)
    #expect(ModbusPDU.readCoils(start: 0, count: 2_000).longestAnswerLength == 256)
  }

  @Test func valuesAreReadOutOfAnswers() throws {
    let answers = try Dictionary(uniqueKeysWithValues: VectorFile.all().map { ($0.name, $0.answer) })
    func pdu(_ name: String) throws -> ModbusPDU {
      let wire = try #require(answers[name] ?? nil)
      return try #require(ModbusFrame(wire: wire)).pdu
    }
    let holding = try pdu("read holding registers")
    #expect(holding.registerCount == 3 && holding.register(0) == 0x022B && holding.register(2) == 0x64)
    #expect(holding.register(3) == nil && holding.register(-1) == nil && holding.bit(0) == nil)
    let coils = try pdu("read coils")
    #expect((0..<10).map { coils.bit($0) } == [true, false, true, true, false, false, true, true, false, true])
    #expect(coils.bit(16) == nil)
    let fifo = try pdu("read FIFO, standard")
    #expect(fifo.registerCount == 2 && fifo.register(0) == 440 && fifo.register(1) == 4740)
    #expect(try pdu("exception 02").exception == .illegalDataAddress)
    #expect(try pdu("write coils").writtenPair.map { [$0.first, $0.second] } == [0x13, 10])
    let identity = try #require(ModbusIdentification(try pdu("identification, basic")))
    #expect(identity.count == 3 && !identity.moreFollows && identity.object(2)?.array == Array("1.0".utf8))
    #expect(identity.object(9) == nil)
  }

  @Test func requestsOutOfLimitsGetTheRightException() {
    func reason(_ bytes: [UInt8]) -> ModbusException? {
      var pdu = ModbusPDU(bytes: FixedBytes(bytes))
      do throws(ModbusException) {
        _ = try pdu.request()
        return nil
      } catch { return error }
    }
    #expect(reason([0x03, 0, 0, 0, 125]) == nil)
    #expect(reason([0x03, 0, 0, 0, 126]) == .illegalDataValue)
    #expect(reason([0x03, 0, 0, 0, 0]) == .illegalDataValue)
    #expect(reason([0x03, 0xFF, 0xFF, 0, 1]) == nil)
    #expect(reason([0x03, 0xFF, 0xFF, 0, 2]) == .illegalDataAddress)
    #expect(reason([0x03, 0, 0, 0]) == .illegalDataValue)
    #expect(reason([0x01, 0, 0, 0x07, 0xD0]) == nil)
    #expect(reason([0x01, 0, 0, 0x07, 0xD1]) == .illegalDataValue)
    #expect(reason([0x05, 0, 0, 0x55, 0]) == .illegalDataValue)
    #expect(reason([0x0F, 0, 0, 0, 9, 1, 0xFF]) == .illegalDataValue)
    #expect(reason([0x10, 0, 0, 0, 1, 4, 0, 1]) == .illegalDataValue)
    #expect(reason([0x17, 0, 0, 0, 1, 0xFF, 0xFF, 0, 2, 4, 0, 1, 0, 2]) == .illegalDataAddress)
    #expect(reason([0x08, 0, 1, 0, 0]) == .illegalFunction)
    #expect(reason([0x2B, 0x0D, 1, 0]) == .illegalFunction)
    #expect(reason([0x2B, 0x0E, 5, 0]) == .illegalDataValue)
    #expect(reason([0x41]) == .illegalFunction)
    #expect(reason([]) == .illegalFunction)
  }
}
