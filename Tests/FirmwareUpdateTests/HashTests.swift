import Crypto
import DeviceKit
import Foundation
import Testing

@testable import FirmwareUpdateCodec

@Suite struct HashTests {
  static func hash256(_ message: some Sequence<UInt8>) -> [UInt8] {
    var hash = FirmwareUpdateCodec.SHA256()
    for byte in message { hash.update(byte) }
    // What lies there already is replaced.
    var digest = FixedBytes<32>([1, 2, 3])
    hash.finish(into: &digest)
    return digest.array
  }

  static func hash512(_ message: some Sequence<UInt8>) -> [UInt8] {
    var hash = FirmwareUpdateCodec.SHA512()
    for byte in message { hash.update(byte) }
    var digest = FixedBytes<64>([1, 2, 3])
    hash.finish(into: &digest)
    return digest.array
  }

  @Test func theyGiveTheExamplesOfTheStandard() throws {
    let lines = try VectorLines.read("fips180", fields: 4)
    #expect(lines.count == 6)
    for line in lines {
      let count = try #require(Int(line[2]))
      let message = [UInt8](repeatElement(Array(line[1].utf8), count: count).joined())
      let expected = try VectorLines.bytes(line[3])
      let found = expected.count == 32 ? Self.hash256(message) : Self.hash512(message)
      #expect(found == expected, "\(line[0])")
    }
  }

  /// Every way in which a message can end in a block, and the blocks after it.
  @Test func theyAgreeWithSwiftCryptoForAllLengths() {
    var random = SeededRandom(seed: 1)
    for length in 0...300 {
      let message = random.bytes(length)
      #expect(Self.hash256(message) == Array(Crypto.SHA256.hash(data: message)), "SHA-256 of \(length) bytes")
      #expect(Self.hash512(message) == Array(Crypto.SHA512.hash(data: message)), "SHA-512 of \(length) bytes")
    }
  }

  /// 2^29 bytes are 2^32 bits: the upper word of the length. Too many to be hashed in a test build, so the count is set.
  @Test func lengthsOfMoreThan32BitsAreWritten() {
    let message = [UInt8](repeating: 0x5A, count: 128)
    let end: [UInt8] = [0, 0, 0, 1, 0, 0, 0x04, 0]
    var short = FirmwareUpdateCodec.SHA256()
    var long = FirmwareUpdateCodec.SHA512()
    var shortByHand = short
    var longByHand = long
    for byte in message {
      short.update(byte)
      long.update(byte)
    }
    short.length += 0x2000_0000
    long.length += 0x2000_0000
    var digest = FixedBytes<32>()
    short.finish(into: &digest)
    long.pad()
    for byte in message + [0x80] + [UInt8](repeating: 0, count: 55) + end { shortByHand.update(byte) }
    for byte in message + [0x80] + [UInt8](repeating: 0, count: 119) + end { longByHand.update(byte) }
    #expect((0..<8).map { short.state[$0] } == (0..<8).map { shortByHand.state[$0] })
    #expect((0..<8).map { long.state[$0] } == (0..<8).map { longByHand.state[$0] })
  }

  @Test func oneHashServesOneMessageAfterAnother() {
    var hash = FirmwareUpdateCodec.SHA256()
    var digest = FixedBytes<32>()
    for text in ["abc", "", "abc"] {
      for byte in text.utf8 { hash.update(byte) }
      hash.finish(into: &digest)
      #expect(digest.array == Array(Crypto.SHA256.hash(data: Array(text.utf8))))
    }
  }
}
