import AlarmReceivers
import DeviceKit
import Foundation
import SIADC09Codec
import Testing

/// One line of `Protocols/SIADC09/Vectors/messages.txt`.
struct MessageVector: Sendable {
  var name: String
  var cipher: AESCipher?
  /// With line feed and carriage return.
  var bytes: [UInt8]

  static func all() throws -> [MessageVector] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Protocols/SIADC09/Vectors/messages.txt"), encoding: .utf8)
    return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let fields = line.split(separator: "|", maxSplits: 2).map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(fields.count == 3, "\(line)")
      return MessageVector(name: fields[0], cipher: cipher(fields[1]), bytes: [0x0A] + Array(fields[2].utf8) + [0x0D])
    }
  }

  static func cipher(_ hexadecimal: String) -> AESCipher? {
    let digits = Array(hexadecimal)
    guard digits.count % 2 == 0 else { return nil }
    let key = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    return AESCipher(key: key)
  }
}

func decode(_ bytes: [UInt8], _ cipher: (any DC09Cipher)? = nil) -> [Result<DC09Frame, DC09Rejection>] {
  var decoder = DC09Decoder(cipher: cipher)
  return bytes.compactMap { decoder.push($0) }
}

@Suite struct VectorTests {
  @Test func everyMessageIsReadAndWrittenBack() throws {
    let vectors = try MessageVector.all()
    #expect(vectors.count == 15)
    var random = SeededRandom(seed: 1)
    for vector in vectors {
      let found = decode(vector.bytes, vector.cipher)
      try #require(found.count == 1, "\(vector.name)")
      if vector.name == "bad checksum" {
        #expect(found[0] == .failure(.badChecksum))
        continue
      }
      let frame = try found[0].get()
      let again = try #require(frame.encoded(vector.cipher, random: &random))
      if frame.isEncrypted {
        // The pad is drawn anew; what was in it is the same.
        #expect(try decode(again, vector.cipher).map { try $0.get() } == [frame], "\(vector.name)")
      } else {
        #expect(again == vector.bytes, "\(vector.name): \(String(decoding: again, as: UTF8.self))")
      }
    }
  }

  @Test func whatTheMessagesSay() throws {
    let frames = try Dictionary(
      uniqueKeysWithValues: MessageVector.all().compactMap { vector -> (String, DC09Frame)? in
        (try? decode(vector.bytes, vector.cipher).first?.get()).map { (vector.name, $0) }
      })
    let time = try #require(DC09Timestamp("12:34:56,01-15-2026"))
    #expect(
      frames["panic"]
        == DC09Frame(
          kind: .contactID, sequence: 1, receiver: "0", account: "1234",
          content: DC09Content(data: "#1234|1120 01 005", timestamp: time)))
    #expect(
      frames["panic encrypted"]
        == DC09Frame(
          kind: .contactID, sequence: 8, receiver: "0", account: "1234", isEncrypted: true,
          content: DC09Content(data: "#1234|1120 01 005", timestamp: time)))
    #expect(frames["panic encrypted, ASCII key"]?.content == frames["panic encrypted"]?.content)
    #expect(frames["medical, no timestamp"]?.receiver == nil)
    #expect(frames["panic with a position"]?.content.extended == ["X113E23.456", "Y23N07.890"])
    let sample = try #require(frames["a sample of another codec"])
    #expect(sample.receiver == "579BDF" && sample.line == "789ABC" && sample.account == "123456A" && sample.sequence == 9876)
    let refusal = try #require(frames["refused"])
    #expect(refusal.kind == .refused && refusal.account == nil && refusal.content.timestamp == time)
  }

  @Test func theContentIsWrittenAsTheVectorsHaveIt() {
    #expect(ReceiverEvent(.panic, group: 1, zone: 5).contactID(account: "1234") == "#1234|1120 01 005")
    #expect(ReceiverEvent(.panic, isRestore: true, group: 1, zone: 5).contactID(account: "1234") == "#1234|3120 01 005")
    #expect(ReceiverEvent(.medical, group: 1, zone: 12).contactID(account: "1234") == "#1234|1100 01 012")
    #expect(ReceiverEvent(.periodicTest, group: 0, zone: 0).contactID(account: "1234") == "#1234|1602 00 000")
    #expect(ReceiverEvent(.duress, group: 1, zone: 1).contactID(account: "1234") == "#1234|1121 01 001")
    #expect(ReceiverEvent(.panic, group: 1, zone: 5).siaDCS(account: "1234") == "#1234|Nri1/PA005")
    #expect(ReceiverEvent(.duress, isRestore: true, group: 0, zone: 5).siaDCS(account: "ABC") == "#ABC|NHH005")
    #expect(ReceiverEvent(.panic, group: 1234, zone: -3).contactID(account: "1234") == "#1234|1120 99 000")
  }

  @Test func theChecksumIsThatOfTheCatalogue() { #expect(dc09Checksum("123456789".utf8) == 0xBB3D) }

  @Test func momentsAreWrittenAndReadBack() throws {
    for seconds: Int64 in [0, 951_782_400, 951_868_799, 1_709_164_800, 1_768_480_496, 4_107_542_400, 253_402_300_799] {
      let text = DC09Timestamp(unixSeconds: seconds).description
      #expect(DC09Timestamp(text)?.unixSeconds == seconds, "\(text)")
    }
    #expect(DC09Timestamp(unixSeconds: 1_768_480_496).description == "12:34:56,01-15-2026")
    for text in ["", "12:34:56,02-30-2026", "24:00:00,01-01-2026", "12-34-56,01-15-2026", "1é:34:56,01-15-2026"] {
      #expect(DC09Timestamp(text) == nil, "\(text)")
    }
  }
}
