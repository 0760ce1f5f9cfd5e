import Crypto
import DeviceKit
import Testing

@testable import FirmwareUpdateCodec

/// What lies between an ordinary signature and a wrong one: here verifiers of different make differ, and so each choice is written down.
@Suite struct StrictTests {
  @Test func itDecidesAsWritten() throws {
    let lines = try VectorLines.read("strict", fields: 6)
    #expect(lines.count > 15)
    var verifier = Ed25519Verifier()
    for line in lines {
      let signed = Signed(
        key: try VectorLines.bytes(line[1]), message: try VectorLines.bytes(line[2]), signature: try VectorLines.bytes(line[3]))
      #expect(signed.verdict(&verifier).isGood == (line[4] == "good"), "\(line[0])")
      // swift-crypto neither looks at a key's order nor at its form, and so shows that the equation holds where we still refuse.
      #expect(signed.isGoodForCrypto == (line[5] == "holds"), "\(line[0])")
    }
  }

  /// S + L gives the same point as S: were it taken, a signature could be changed into another that is good as well.
  @Test func itTakesNoSecondSignature() throws {
    var random = SeededRandom(seed: 11)
    for round in 0..<20 {
      var signed = try Signed(length: 64, random: &random)
      #expect(signed.isGood)
      var carry = 0
      for index in 0..<32 {
        let word = Ed25519Constants.order[index / 4] >> UInt32(index % 4 * 8)
        let sum = Int(signed.signature[32 + index]) + Int(word & 0xFF) + carry
        signed.signature[32 + index] = UInt8(truncatingIfNeeded: sum)
        carry = sum >> 8
      }
      #expect(carry == 0 && !signed.isGood, "round \(round)")
    }
  }

  /// A key that was never set, and one of erased flash.
  @Test(arguments: [0x00, 0xFF] as [UInt8]) func aKeyThatWasNeverSetVerifiesNothing(_ byte: UInt8) {
    var verifier = Ed25519Verifier()
    for last in 0..<64 {
      // R neutral and S zero: every fourth message would do for the key of zeros.
      let signature = [1] + [UInt8](repeating: 0, count: 63)
      let signed = Signed(key: [UInt8](repeating: byte, count: 32), message: [UInt8(last)], signature: signature)
      #expect(!signed.verdict(&verifier).isGood)
    }
  }

  @Test func scalarsAreComparedWithTheOrder() {
    /// L + `difference`, most significant byte first.
    func isBelow(_ difference: Int64) -> Bool {
      var scalar = Ed25519Scalar()
      let low = (Int64(Ed25519Constants.order[0]) + difference)
      for index in stride(from: 7, through: 0, by: -1) {
        let word = index == 0 ? UInt32(truncatingIfNeeded: low) : Ed25519Constants.order[index]
        for shift in [24, 16, 8, 0] as [UInt32] { scalar.append(UInt8(truncatingIfNeeded: word >> shift)) }
      }
      return scalar.isBelowOrder()
    }
    #expect(isBelow(-1) && !isBelow(0) && !isBelow(1))
    var all = Ed25519Scalar()
    for _ in 0..<32 { all.append(0xFF) }
    let isBelowOrder = all.isBelowOrder()
    #expect(!isBelowOrder)
  }
}
