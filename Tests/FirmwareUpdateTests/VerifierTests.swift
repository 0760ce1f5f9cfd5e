import Crypto
import DeviceKit
import Foundation
import Testing

@testable import FirmwareUpdateCodec

@Suite struct VerifierTests {
  static let rounds = isLongRun ? 5_000 : 200

  @Test func itAcceptsTheVectorsOfTheStandard() throws {
    let lines = try VectorLines.read("rfc8032", fields: 4)
    #expect(lines.map { $0[0] } == ["test 1", "test 2", "test 3", "test 1024", "test SHA(abc)"])
    for line in lines {
      let signed = Signed(
        key: try VectorLines.bytes(line[1]), message: try VectorLines.bytes(line[2]), signature: try VectorLines.bytes(line[3]))
      #expect(signed.isGood, "\(line[0])")
    }
  }

  /// One verifier for all of them, as on a board: nothing of the one before is left in it.
  @Test func itAgreesWithSwiftCrypto() throws {
    var random = SeededRandom(seed: 8032)
    var verifier = Ed25519Verifier()
    for round in 0..<Self.rounds {
      var signed = try Signed(length: Int(random.below(130)), random: &random)
      #expect(signed.verdict(&verifier).isGood, "round \(round): \(signed)")
      // Something in it changed.
      switch random.below(3) {
      case 0: signed.key[Int(random.below(32))] ^= 1 << UInt8(random.below(8))
      case 1: signed.signature[Int(random.below(64))] ^= 1 << UInt8(random.below(8))
      default: signed.message.append(0)
      }
      #expect(!signed.verdict(&verifier).isGood, "round \(round): \(signed)")
      #expect(!signed.isGoodForCrypto, "round \(round)")
    }
  }

  /// A firmware image's header: 64 bytes. Its steps are counted, since a board does one in each turn of its main loop.
  @Test func itTakesTheStepsItSays() throws {
    var random = SeededRandom(seed: 64)
    var verifier = Ed25519Verifier()
    for _ in 0..<3 {
      let verdict = try Signed(length: 64, random: &random).verdict(&verifier)
      #expect(verdict == (true, Ed25519Verifier.steps), "\(verdict)")
    }
    // A board of 16 KB holds one.
    #expect(MemoryLayout<Ed25519Verifier>.size < 1_100)
  }

  /// Each bit of key, message and signature counts.
  @Test func noBitCanBeChanged() throws {
    let line = try #require(try VectorLines.read("rfc8032", fields: 4).first { $0[0] == "test 3" })
    let signed = Signed(
      key: try VectorLines.bytes(line[1]), message: try VectorLines.bytes(line[2]), signature: try VectorLines.bytes(line[3]))
    var verifier = Ed25519Verifier()
    func refuses(_ part: WritableKeyPath<Signed, [UInt8]>) {
      for bit in 0..<signed[keyPath: part].count * 8 {
        var changed = signed
        changed[keyPath: part][bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(!changed.verdict(&verifier).isGood, "bit \(bit) of \(part)")
      }
    }
    refuses(\.key)
    refuses(\.message)
    refuses(\.signature)
    #expect(signed.verdict(&verifier).isGood)
  }

  @Test func itSaysItsVerdictAgainAndTakesNoMoreBytes() throws {
    var random = SeededRandom(seed: 5)
    let signed = try Signed(length: 64, random: &random)
    var verifier = Ed25519Verifier()
    #expect(verifier.step() == false)
    #expect(signed.verdict(&verifier).isGood)
    verifier.update(1)
    #expect(verifier.step() == true)
    // Bytes that come late are not the message's.
    var key = FixedBytes<32>(signed.key)
    var signature = FixedBytes<64>(signed.signature)
    verifier.begin(key: &key, signature: &signature)
    for byte in signed.message { verifier.update(byte) }
    var verdict = verifier.step()
    while verdict == nil {
      verifier.update(0)
      verdict = verifier.step()
    }
    #expect(verdict == true)
    // A new one in the midst of another.
    verifier.begin(key: &key, signature: &signature)
    for _ in 0..<100 { _ = verifier.step() }
    #expect(signed.verdict(&verifier).isGood)
  }

  @Test(arguments: [(0, 64), (31, 64), (32, 0), (32, 63)])
  func itRefusesPartsOfAnotherLength(_ key: Int, _ signature: Int) throws {
    var random = SeededRandom(seed: 7)
    var signed = try Signed(length: 10, random: &random)
    signed.key = Array(signed.key.prefix(key))
    signed.signature = Array(signed.signature.prefix(signature))
    var verifier = Ed25519Verifier()
    #expect(signed.verdict(&verifier) == (false, 1))
  }
}
