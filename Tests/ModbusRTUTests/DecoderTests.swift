import DeviceKit
import Foundation
import ModbusRTUCodec
import Testing

/// Whether the long versions run: whole hours instead of minutes.
let isLongRun = ProcessInfo.processInfo.environment["LINLI_LONG"] == "1"

@Suite struct DecoderTests {
  @Test func vectorsByteByByteAndManyAtOnce() throws {
    let answers = try VectorFile.all().compactMap(\.answer)
    var decoder = ModbusAnswerDecoder()
    #expect(frames(in: answers.flatMap(\.array), decoder: &decoder).map { $0.encoded() } == answers)
    #expect(decoder.garbageBytes == 0 && decoder.pendingBytes == 0)
    for answer in answers {
      #expect(frames(in: answer.array, decoder: &decoder).map { $0.encoded() } == [answer])
    }
  }

  @Test func noFlippedByteIsEverTakenForAFrame() throws {
    var tried = 0
    for vector in try VectorFile.all() {
      guard let answer = vector.answer else { continue }
      let request = try #require(ModbusFrame(wire: vector.request))
      for position in 0..<answer.count {
        for change in 1...UInt8(255) {
          var bytes = answer.array
          bytes[position] ^= change
          var decoder = ModbusAnswerDecoder()
          decoder.begin(request, dropsEcho: false)
          var found = frames(in: bytes, decoder: &decoder)
          while let frame = decoder.settle() { found.append(frame) }
          let accepted = found.filter { $0.address == request.address && $0.pdu.match(request: request.pdu) == .matches }
          tried += 1
          if !accepted.isEmpty { Issue.record("\(vector.name): byte \(position) changed by \(change) gave a frame") }
        }
      }
    }
    #expect(tried > 50_000)
  }

  @Test func aFrameAfterGarbageIsFound() throws {
    let vectors = try VectorFile.all()
    var random = SeededRandom(seed: 11)
    var missed = 0
    for round in 0..<400 {
      let vector = vectors[round % vectors.count]
      guard let answer = vector.answer else { continue }
      var decoder = ModbusAnswerDecoder()
      decoder.begin(try #require(ModbusFrame(wire: vector.request)), dropsEcho: false)
      let garbage = (0..<Int(random.below(300))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      var found = frames(in: garbage + answer.array, decoder: &decoder)
      while let frame = decoder.settle() { found.append(frame) }
      if found.last?.encoded() != answer { missed += 1 }
    }
    #expect(missed == 0)
  }

  @Test func whatLooksLikeALongerFrameHidesNothing() throws {
    // A foreign beginning that announces 253 bytes, and the beginning of another function of the node itself.
    for garbage: [UInt8] in [[0x22, 0x03, 0xF8], [0x11, 0x04, 0xF0, 1, 2], [0x11, 0x2B, 0x0E, 1, 1, 0, 0, 9]] {
      var decoder = ModbusAnswerDecoder()
      let request = ModbusFrame(address: 0x11, pdu: .readHoldingRegisters(start: 0, count: 3))
      decoder.begin(request, dropsEcho: false)
      let answer = try #require(VectorFile.bytes("11 03 06 02 2B 00 00 00 64 C8 BA"))
      #expect(frames(in: garbage + answer.array, decoder: &decoder).map { $0.encoded() } == [answer])
      #expect(decoder.garbageBytes == UInt32(garbage.count))
    }
  }

  @Test func dataThatLooksLikeAnAnswerIsNotTakenForOne() {
    // Registers whose bytes are a whole exception answer of the same node.
    let inner = ModbusFrame(address: 0x11, pdu: .exception(.illegalDataAddress, to: 3)).encoded()
    let values = FixedRegisters<125>([0, inner.bigEndian(at: 0), inner.bigEndian(at: 2), UInt16(inner[4]) << 8, 7])
    let outer = ModbusFrame(address: 0x11, pdu: .registers(function: 3, values: values)).encoded()
    var decoder = ModbusAnswerDecoder()
    decoder.begin(ModbusFrame(address: 0x11, pdu: .readHoldingRegisters(start: 0, count: 5)), dropsEcho: false)
    #expect(frames(in: outer.array, decoder: &decoder).map { $0.encoded() } == [outer])
  }

  @Test func truncatedAnswersGiveNothingAndTheNextIsWhole() throws {
    for vector in try VectorFile.all() {
      guard let answer = vector.answer else { continue }
      let request = try #require(ModbusFrame(wire: vector.request))
      for length in 0..<answer.count {
        var decoder = ModbusAnswerDecoder()
        decoder.begin(request, dropsEcho: false)
        #expect(frames(in: Array(answer.array.prefix(length)), decoder: &decoder).isEmpty)
        #expect(decoder.settle() == nil)
        decoder.begin(request, dropsEcho: false)
        #expect(frames(in: answer.array, decoder: &decoder).count == 1)
      }
    }
  }

  @Test func anExactEchoIsDroppedAndABrokenOneIsNoticed() throws {
    let request = ModbusFrame(address: 0x11, pdu: .writeRegister(1, value: 3))
    var decoder = ModbusAnswerDecoder()
    decoder.begin(request, dropsEcho: true)
    let wire = request.encoded().array
    // The answer to a write is the request itself: the second copy.
    #expect(frames(in: wire + wire, decoder: &decoder) == [request])
    #expect(decoder.echoesDropped == 1 && !decoder.echoBroken)
    decoder.begin(request, dropsEcho: true)
    var broken = wire
    broken[5] ^= 0x10
    #expect(frames(in: broken + wire, decoder: &decoder) == [request])
    #expect(decoder.echoBroken && decoder.garbageBytes == UInt32(wire.count))
  }

  /// An hour of line time at 19,200 baud is 6,912,000 bytes; a twentieth by default.
  @Test func anHourOfRandomBytes() throws {
    var random = SeededRandom(seed: 1)
    var answers = ModbusAnswerDecoder()
    var requests = ModbusRequestDecoder()
    var pdu = ModbusPDU(bytes: FixedBytes())
    let total = isLongRun ? 6_912_000 : 345_600
    let expected = ModbusFrame(address: 0x11, pdu: .readHoldingRegisters(start: 0, count: 3))
    let answer = try #require(VectorFile.bytes("11 03 06 02 2B 00 00 00 64 C8 BA"))
    answers.begin(expected, dropsEcho: false)
    var wrong = 0
    var found = 0
    var rounds = 0
    for count in 1...total {
      let byte = UInt8(truncatingIfNeeded: random.next())
      if let frame = answers.push(byte), frame.address == 0x11, frame.pdu.match(request: expected.pdu) == .matches { wrong += 1 }
      requests.push(byte)
      if requests.count == 256 && random.below(64) == 0 { _ = requests.finish(address: 0x11, into: &pdu) }
      guard count % 10_000 == 0 else { continue }
      rounds += 1
      for byte in answer.array + [UInt8](repeating: 0, count: 1) {
        if let frame = answers.push(byte), frame.encoded() == answer { found += 1 }
      }
      while let frame = answers.settle() { if frame.encoded() == answer { found += 1 } }
    }
    #expect(found == rounds)
    // An exception answer of five bytes passes its CRC by chance once in some billion bytes.
    #expect(wrong == 0)
  }

  @Test func theSlaveFindsItsRequestBehindAnything() throws {
    var random = SeededRandom(seed: 3)
    var pdu = ModbusPDU(bytes: FixedBytes())
    for vector in try VectorFile.read("golden") {
      for round in 0..<40 {
        var decoder = ModbusRequestDecoder()
        let before = round == 0 ? 0 : Int(random.below(600))
        for _ in 0..<before { decoder.push(UInt8(truncatingIfNeeded: random.next())) }
        for byte in vector.request.array { decoder.push(byte) }
        let isWhole = decoder.isWhole(address: 0x11)
        #expect(isWhole || round > 0)
        #expect(decoder.finish(address: 0x11, into: &pdu) == vector.request[0])
        #expect(ModbusFrame(address: vector.request[0], pdu: pdu).encoded() == vector.request)
        #expect(decoder.finish(address: 0x11, into: &pdu) == nil)
      }
    }
  }
}
