import AlarmReceivers
import DeviceKit
import SIADC09Codec
import Testing

@Suite struct DecoderTests {
  @Test func messagesAreFoundInPiecesInOneGoAndBehindGarbage() throws {
    let vectors = try MessageVector.all().filter { $0.cipher == nil && $0.name != "bad checksum" }
    let all = vectors.flatMap(\.bytes)
    #expect(decode(all).count == vectors.count)
    let dirty = vectors.flatMap { vector -> [UInt8] in [0x41, 0x0D, 0xFF, 0x5B] + vector.bytes }
    let found = decode(dirty)
    #expect(found.count == vectors.count && found.allSatisfy { (try? $0.get()) != nil })
  }

  @Test func aMessageCutOffIsRejectedAndTheNextIsRead() throws {
    let bytes = try #require(MessageVector.all().first { $0.name == "panic" }).bytes
    for cut in 2..<(bytes.count - 1) {
      let found = decode(bytes[..<cut] + bytes)
      #expect(found.count == 2 && found[0] == .failure(.unfinished) && (try? found[1].get()) != nil, "cut at \(cut)")
    }
  }

  @Test func everyChangedByteIsNoticed() throws {
    for vector in try MessageVector.all() where vector.name != "bad checksum" {
      let good = try #require(try decode(vector.bytes, vector.cipher).first?.get())
      for index in vector.bytes.indices.dropFirst().dropLast() {
        for change: UInt8 in [0x01, 0x20, 0x80] {
          var bytes = vector.bytes
          bytes[index] ^= change
          for case .success(let frame) in decode(bytes, vector.cipher) {
            // Digits of the checksum may be in either case.
            #expect(frame == good && index <= 8, "\(vector.name) at \(index)")
          }
        }
      }
    }
  }

  /// Any bytes, and any bytes within a frame whose checksum and length are right.
  @Test func randomBytesNeverEndAnything() {
    var random = SeededRandom(seed: 9)
    let cipher = AESCipher(key: [UInt8](repeating: 0x41, count: 16))
    let alphabet = Array("\"*ADM-CIDNULLACK0123456789RL#[]|_:,ABCDEF\n\r\u{7F}".utf8)
    for round in 0..<4000 {
      var body = (0..<Int(random.below(80))).map { _ in
        random.chance(1, in: 9) ? UInt8(truncatingIfNeeded: random.next()) : alphabet[Int(random.below(UInt32(alphabet.count)))]
      }
      if round % 2 == 0 { body = Array("\"\(round % 4 == 0 ? "*" : "")ACK\"0001L0#1234[".utf8) + body }
      body.removeAll { $0 == 0x0A || $0 == 0x0D }
      func digits(_ value: Int) -> [UInt8] {
        let text = String(value, radix: 16, uppercase: true)
        return Array((String(repeating: "0", count: max(0, 4 - text.count)) + text).utf8)
      }
      let framed = [0x0A] + digits(Int(dc09Checksum(body))) + digits(body.count) + body + [0x0D]
      #expect(decode(framed, cipher).count == 1)
      _ = decode(body, cipher)
    }
  }

  @Test func whatNeverEndsIsBounded() {
    var decoder = DC09Decoder()
    #expect(decoder.push(0x0A) == nil)
    var rejected = 0
    for _ in 0..<100_000 { if decoder.push(0x41) == .failure(.tooLong) { rejected += 1 } }
    #expect(rejected == 1 && decoder.strayBytes > 90_000)
    #expect(decode([0x0A, 0x0D]) == [.failure(.tooShort)])
  }

  @Test func whatOtherReceiversWriteIsRead() throws {
    func framed(_ body: String, lower: Bool = false) -> [UInt8] {
      let sum = String(dc09Checksum(body.utf8), radix: 16, uppercase: !lower)
      let length = String(body.utf8.count, radix: 16, uppercase: true)
      func four(_ text: String) -> String { String(repeating: "0", count: 4 - text.count) + text }
      return Array("\n\(four(sum))\(four(length))\(body)\r".utf8)
    }
    let none = try #require(try decode(framed("\"ACK\"0003NoneL0#1234[]")).first?.get())
    #expect(none.sequence == 3 && none.receiver == nil && none.line == "0" && none.account == "1234")
    #expect(try decode(framed("\"ACK\"0004L01234[]")).first?.get().account == "1234")
    #expect(try decode(framed("\"ACK\"0005R0L0#1234[]", lower: true)).first?.get().sequence == 5)
    // An encrypted acknowledgement without a bar behind its pad.
    let cipher = try #require(AESCipher(key: Array("AAAAAAAAAAAAAAAA".utf8)))
    let secret = try #require(cipher.encrypt(Array("00000000000]_12:34:56,01-15-2026".utf8)))
    let hex = secret.map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
    let frame = try #require(try decode(framed("\"*ACK\"0008R0L0#1234[\(hex)"), cipher).first?.get())
    #expect(frame.isEncrypted && frame.content == DC09Content(timestamp: DC09Timestamp("12:34:56,01-15-2026")))
    #expect(decode(framed("\"*ACK\"0008R0L0#1234[\(hex)")) == [.failure(.unreadable)], "without a key")
    let other = AESCipher(key: Array("BBBBBBBBBBBBBBBB".utf8))
    #expect(decode(framed("\"*ACK\"0008R0L0#1234[\(hex)"), other) == [.failure(.unreadable)], "with another key")
  }

  @Test func nothingThatWouldEndAFieldIsWritten() {
    var random = SeededRandom(seed: 1)
    func encodes(_ change: (inout DC09Frame) -> Void) -> Bool {
      var frame = DC09Frame(kind: .contactID, sequence: 1, account: "1234")
      change(&frame)
      return frame.encoded(nil, random: &random) != nil
    }
    #expect(encodes { _ in })
    #expect(!encodes { $0.content.data = "a]b" } && !encodes { $0.content.data = "\r" } && !encodes { $0.content.data = "求" })
    #expect(!encodes { $0.sequence = 10_000 } && !encodes { $0.sequence = -1 } && !encodes { $0.isEncrypted = true })
    #expect(!encodes { $0.content.data = String(repeating: "1", count: 4096) } && !encodes { $0.account = "1\"2" })
  }

  @Test(arguments: [16, 24, 32]) func everyKeyLengthCloses(length: Int) throws {
    let cipher = try #require(AESCipher(key: (0..<length).map { UInt8($0) }))
    var random = SeededRandom(seed: 3)
    for count in 0..<40 {
      let frame = DC09Frame(
        kind: .contactID, sequence: 7, account: "1234", isEncrypted: true,
        content: DC09Content(data: String(repeating: "1", count: count), timestamp: DC09Timestamp(unixSeconds: 1_768_480_496)))
      let bytes = try #require(frame.encoded(cipher, random: &random))
      #expect(try decode(bytes, cipher).map { try $0.get() } == [frame])
    }
    #expect("\(cipher)" == "AES-\(length * 8)")
    #expect(AESCipher(key: [1, 2, 3]) == nil && cipher.encrypt([1]) == nil && cipher.decrypt([]) == nil)
  }
}
