import Crypto
import DeviceKit
import DeviceVocabulary
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import Testing

func replies(
  _ bytes: some Sequence<UInt8>, _ keep: SDTReplyDecoder.Keep = .nothing, into secret: SecretBuffer? = nil
) -> [Result<SDTReply, SDTRejection>] {
  var decoder = SDTReplyDecoder()
  decoder.expect(keep, into: secret)
  return bytes.compactMap { decoder.push($0) }
}

func contents(_ buffer: SecretBuffer) -> [UInt8] { buffer.withSpan { span in span.indices.map { span[$0] } } }

func plain<let size: Int>(_ bytes: FixedBytes<size>) -> [UInt8] { bytes.withSpan { span in span.indices.map { span[$0] } } }

@Suite struct FrameTests {
  static let commands: [String: (SDTCommand, [UInt8])] = [
    "reset": (.reset, []), "status": (.moduleStatus, []), "module number": (.moduleNumber, []), "find": (.find, []),
    "select": (.select, []), "read": (.read, []), "read with prints": (.readWithPrints, []),
    "newest address": (.newestAddress, []),
    "longest radio frame": (.longestRadioFrame, [0x50]), "baud 9600": (.baud(4), []),
  ]

  @Test func everyRequestIsWrittenAndReadAsTheVectorsHaveIt() throws {
    let vectors = try VectorFile("requests").lines
    #expect(vectors.count == 10 && Self.commands.count == 10)
    var decoder = SDTRequestDecoder()
    for vector in vectors {
      let (command, data) = try #require(Self.commands[vector.name])
      let request = SDTRequest(command, data: FixedBytes(data))
      #expect(plain(request.encoded) == vector.bytes, "\(vector.name)")
      #expect(vector.bytes.compactMap { decoder.push($0) } == [.success(request)], "\(vector.name)")
    }
    // All in one go, with noise between them.
    let many = vectors.flatMap { $0.bytes + [0xAA, 0x00, 0xAA, 0xAA] as [UInt8] }
    #expect(many.compactMap { decoder.push($0) }.count == 10)
  }

  @Test func everyReplyIsWrittenAndReadAsTheVectorsHaveIt() throws {
    let expected: [String: SDTReply] = [
      "status ok": SDTReply(status: .done), "find ok": SDTReply(status: .found, dataLength: 4),
      "no card": SDTReply(status: .noCard), "select ok": SDTReply(status: .done, dataLength: 8),
      "select failed": SDTReply(status: .selectFailed), "read failed": SDTReply(status: .readFailed),
      "no such item": SDTReply(status: .noSuchItem), "checksum error": SDTReply(status: .hostChecksum),
      "not authorised": SDTReply(status: .notAuthorised), "module number": SDTReply(status: .done, dataLength: 16),
    ]
    let vectors = try VectorFile("replies").lines
    #expect(vectors.count == 10)
    for vector in vectors {
      let reply = try #require(expected[vector.name])
      #expect(replies(vector.bytes) == [.success(reply)], "\(vector.name)")
      var again: [UInt8] = []
      SDTReply.encode(reply.status, data: vector.bytes[10..<vector.bytes.count - 1]) { again.append($0) }
      #expect(again == vector.bytes, "\(vector.name)")
    }
    #expect(replies(vectors.flatMap { [0xAA, 0xAA, 0xAA, 0xAA] + $0.bytes }).compactMap { try? $0.get() }.count == 10)
    #expect(SDTStatus.known.count == 20 && Set(SDTStatus.known.map(\.status)).count == 20)
    #expect(SDTStatus.noCard.words == "no card" && SDTStatus(rawValue: 0xEE).words == "status ee")
  }

  @Test func theModuleSaysItsNumber() throws {
    var decoder = SDTReplyDecoder()
    decoder.expect(.short)
    for byte in try VectorFile("replies").bytes("module number") { _ = decoder.push(byte) }
    #expect(ModuleNumber(decoder.short)?.description == "05.01-20101129-0001228293-0296863149")
    #expect(ModuleNumber(FixedBytes([1, 2])) == nil)
  }

  @Test func theRecordsAreThoseOfTheSheet() throws {
    let records = try VectorFile("records")
    let (read, text) = (try records.bytes("read"), try records.bytes("text"))
    func sum(_ bytes: [UInt8]) -> String { SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined() }
    #expect(read.count == 1295 && read.last == 0x7F)
    #expect(sum(read) == "c7df5ac113c47b737c03ba97d38d36e123051671a41f0d681401932fbd489c3d")
    #expect(sum(text) == "deb7681fb5b4e244b194bf723b4a41ca64cca8f06a46c597a6b3010d27640a0f")
    for (name, length, last) in [
      ("read", 1295, 0x7F), ("read with prints 1024", 2321, 0x75), ("read with prints 512", 1809, 0x7D),
      ("read with prints 0", 1297, 0x7D),
    ] {
      let bytes = try records.bytes(name)
      #expect(bytes.count == length && bytes.last == UInt8(last))
      // Whatever it is followed by, only the text is kept.
      let buffer = SecretBuffer(capacity: 4096)
      #expect(replies(bytes, .text, into: buffer) == [.success(SDTReply(status: .done, dataLength: length - 11))], "\(name)")
      #expect(contents(buffer) == text, "\(name)")
      #expect(buffer.fill { $0[CardText.length...].contains { $0 != 0 } ? 1 : 0 } == 0, "\(name): something passed by and stayed")
    }
    let address = try records.bytes("newest address")
    #expect(address.count == 81 && address.last == 0x7C)
    let buffer = SecretBuffer(capacity: 70)
    #expect(replies(address, .address, into: buffer) == [.success(SDTReply(status: .done, dataLength: 70))])
    #expect(contents(buffer) == Array(address[10..<80]))
  }

  @Test func ourDeviceModelWritesTheSameRecord() throws {
    let records = try VectorFile("records")
    let card = SyntheticCard(
      .resident,
      [
        (.name, "张三"), (.sex, "1"), (.nation, "01"), (.birth, "19491231"), (.address, "广东省深圳市测试区示例路1号"),
        (.number, "11010519491231002X"), (.authority, "深圳市公安局测试分局"), (.validFrom, "20200101"), (.validTo, "20400101"),
      ], newestAddress: "广东省深圳市测试区新址路2号")
    var frame: [UInt8] = []
    SDTReply.encode(.done, data: card.record) { frame.append($0) }
    #expect(frame == (try records.bytes("read")))
    frame = []
    SDTReply.encode(.done, data: card.newestAddress ?? []) { frame.append($0) }
    #expect(frame == (try records.bytes("newest address")))
  }

  @Test func everyChangedByteIsNoticed() throws {
    for vector in try VectorFile("replies").lines {
      let good = replies(vector.bytes)
      for index in vector.bytes.indices {
        for change: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
          var bytes = vector.bytes
          bytes[index] ^= change
          #expect(!replies(bytes).contains { (try? $0.get()) != nil }, "\(vector.name) at \(index): \(good)")
        }
      }
    }
    let read = try VectorFile("records").bytes("read")
    let buffer = SecretBuffer(capacity: 256)
    for index in read.indices {
      var bytes = read
      bytes[index] ^= 0x04
      #expect(!replies(bytes, .text, into: buffer).contains { (try? $0.get()) != nil }, "at \(index)")
      // Rejected: nothing is left of it. Or never begun, or never ended (a length that says more).
      if index < 5 || index > 6 { #expect(buffer.isEmpty, "at \(index)") }
      buffer.wipe()
    }
  }

  @Test func aReplyCutOffEndsNothingAndTheNextOneIsReadAfterSilence() throws {
    for vector in try VectorFile("replies").lines {
      for cut in 0..<vector.bytes.count {
        var decoder = SDTReplyDecoder()
        #expect(vector.bytes[..<cut].compactMap { decoder.push($0) }.isEmpty)
        #expect(decoder.hasBegun == (cut > 0) && decoder.isInBody == (cut >= 7))
        #expect(decoder.needed == (cut < 7 ? 7 - cut : vector.bytes.count - cut), "\(vector.name) at \(cut)")
        decoder.expect(.nothing)
        #expect(vector.bytes.compactMap { decoder.push($0) }.count == 1, "\(vector.name) at \(cut)")
      }
    }
  }

  @Test func behindALengthThatMakesNoSenseTheNextPreambleIsFound() throws {
    let good = try VectorFile("replies").bytes("find ok")
    for length: [UInt8] in [[0xAA, 0xAA], [0x10, 0x01], [0xFF, 0xFF], [0, 3], [0, 0], [0x99, 0xAA]] {
      let noise = SDTFrame.preamble + length
      #expect(replies(noise + good) == [.failure(.length), .success(SDTReply(status: .found, dataLength: 4))], "\(length)")
      // The length may be the beginning of the next preamble.
      let shared = length.reversed().prefix { $0 == 0xAA }.count
      #expect(replies(noise + good.dropFirst(shared)).last == .success(SDTReply(status: .found, dataLength: 4)), "\(length)")
      // Three is a length that a request may have.
      if length == [0, 3] { continue }
      var decoder = SDTRequestDecoder()
      let request = plain(SDTRequest(.find).encoded)
      let found = (SDTFrame.preamble + length + request).compactMap { decoder.push($0) }
      #expect(found == [.failure(.length), .success(SDTRequest(.find))], "\(length)")
    }
  }

  /// Some handhelds relay this when they mean that the reader is silent.
  @Test func aReplyThatIsNoneLeavesTheDecoderWaiting() {
    var decoder = SDTReplyDecoder()
    #expect((SDTFrame.preamble + [0x00, 0x05, 0x05, 0x05, 0x05]).allSatisfy { decoder.push($0) == nil } && decoder.needed == 2)
  }

  @Test func aRecordWithOtherLengthsIsRefusedAndNothingOfItStays() {
    let card = SyntheticCard.person(.resident, seed: 1)
    let wrong: [[UInt8]] = [
      [0x01, 0x00, 0x04, 0x01] + card.text + card.photo, [0x00, 0xFF, 0x04, 0x00] + card.text + card.photo,
      [0x01, 0x00, 0x04, 0x00] + card.text, [0xFF, 0xFF, 0xFF, 0xFF] + card.text + card.photo, [0x01, 0x00], [],
      [0x01, 0x00, 0x04, 0x00, 0x04, 0x00] + card.text + card.photo,
    ]
    for data in wrong {
      var frame: [UInt8] = []
      SDTReply.encode(.done, data: data) { frame.append($0) }
      let buffer = SecretBuffer(capacity: 256)
      #expect(replies(frame, .text, into: buffer) == [.failure(.content)])
      #expect(buffer.isEmpty && replies(frame) == [.success(SDTReply(status: .done, dataLength: data.count))])
      #expect(replies(frame, .address, into: buffer) == [.failure(.content)] && buffer.isEmpty)
    }
  }

  @Test func randomBytesNeverEndAnything() {
    var random = SeededRandom(seed: 3)
    var decoder = SDTReplyDecoder()
    var requests = SDTRequestDecoder()
    let buffer = SecretBuffer(capacity: 256)
    for round in 0..<3000 {
      decoder.expect([.nothing, .short, .text, .address][round % 4], into: buffer)
      var bytes = (0..<Int(random.below(60))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if round % 2 == 0 { bytes = SDTFrame.preamble + [0, UInt8(truncatingIfNeeded: bytes.count)] + bytes }
      for byte in bytes {
        _ = decoder.push(byte)
        _ = requests.push(byte)
        #expect((1...SDTFrame.longest).contains(decoder.needed))
      }
    }
    #expect(buffer.count <= 256)
  }
}
