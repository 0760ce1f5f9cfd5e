import DeviceKit
import Testing

@testable import FirmwareUpdateCodec

/// Finding a point from its encoding (RFC 8032 §5.1.3). No signature shows most of this: nobody knows a secret key for such points.
@Suite struct PointTests {
  /// The field after looking for minus the point with this y; `nil` when there is none.
  static func find(y: UInt16, isNegated: Bool = false, isOdd: Bool) -> FieldRegisters? {
    var field = FieldRegisters()
    field.set(.y, y)
    if isNegated {
      field.set(.x, 0)
      field.subtract(.y, .x, .y)
    }
    field.prepareRoot()
    var power = FieldPower()
    power.start(&field)
    var slices = 1
    while !power.step(&field) { slices += 1 }
    #expect(slices == 22 || slices == 23)
    return field.finishRoot(isOdd: isOdd) ? field : nil
  }

  @Test func halfOfAllNumbersBelongToPoints() throws {
    // Reckoned with integers in Python by Euler's criterion.
    let points: Set<UInt16> = [
      0, 1, 3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 19, 21, 23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 35, 37, 39,
    ]
    for y in 0..<40 as Range<UInt16> {
      for isOdd in [false, true] where !(y == 1 && isOdd) {
        guard var field = Self.find(y: y, isOdd: isOdd) else {
          #expect(!points.contains(y), "\(y)")
          continue
        }
        #expect(points.contains(y), "\(y)")
        // p is odd: minus an odd x is even.
        field.reduce(.x)
        let isMinusOdd = field[.x, 0] & 1 == 1
        #expect(isMinusOdd == !isOdd || y == 1, "\(y)")
        // t = x · y, and -x² + y² - 1 = d · t²
        field.multiply(.e, .x, .y)
        field.subtract(.e, .e, .t)
        field.square(.x, .x)
        field.square(.y, .y)
        field.square(.t, .t)
        field.load(.f, constant: Ed25519Constants.d)
        field.multiply(.f, .f, .t)
        field.subtract(.y, .y, .x)
        field.subtract(.y, .y, .z)
        field.subtract(.y, .y, .f)
        let isRight = (field.isZero(.e), field.isZero(.y))
        #expect(isRight == (true, true), "\(y)")
      }
    }
  }

  /// x = 0 has no other sign.
  @Test func zeroIsNotOdd() {
    #expect(Self.find(y: 1, isOdd: false) != nil && Self.find(y: 1, isOdd: true) == nil)
    #expect(Self.find(y: 1, isNegated: true, isOdd: false) != nil && Self.find(y: 1, isNegated: true, isOdd: true) == nil)
  }

  /// y from p to 2^255 - 1 is refused before any work, whatever point it would stand for.
  @Test func aKeyHasOneForm() {
    var verifier = Ed25519Verifier()
    for sign in [0x7F, 0xFF] as [UInt8] {
      for low in 0xE0...0xFF as ClosedRange<UInt8> {
        let key = [low] + [UInt8](repeating: 0xFF, count: 30) + [sign]
        let verdict = Signed(key: key, message: [], signature: [UInt8](repeating: 0, count: 64)).verdict(&verifier)
        #expect(!verdict.isGood && (verdict.steps == 1) == (low >= 0xED), "\(low)")
      }
    }
  }

  /// y = 2 belongs to no point: refused once that is known, and not only when the equation fails.
  @Test func aKeyOffTheCurveIsRefusedEarly() {
    var verifier = Ed25519Verifier()
    let key = [2] + [UInt8](repeating: 0, count: 31)
    let verdict = Signed(key: key, message: [], signature: [UInt8](repeating: 0, count: 64)).verdict(&verifier)
    #expect(!verdict.isGood && verdict.steps < 40, "\(verdict)")
  }
}
