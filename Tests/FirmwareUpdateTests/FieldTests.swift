import DeviceKit
import Testing

@testable import FirmwareUpdateCodec

/// Arithmetic modulo 2^255 - 19 and modulo L against long division, mostly where carries run through everything: random signatures
/// practically never come there, an attacker's do.
@Suite struct FieldTests {
  /// 2^255 - 19, as digits of 16 bits, least significant first.
  static let prime: [UInt32] = [0xFFED] + [UInt32](repeating: 0xFFFF, count: 14) + [0x7FFF]

  static func isLess(_ a: [UInt32], _ b: [UInt32]) -> Bool {
    for index in stride(from: max(a.count, b.count) - 1, through: 0, by: -1) {
      let left = index < a.count ? a[index] : 0
      let right = index < b.count ? b[index] : 0
      if left != right { return left < right }
    }
    return false
  }

  /// The remainder of a division by `modulus`, bit by bit.
  static func remainder(_ number: [UInt32], _ modulus: [UInt32]) -> [UInt32] {
    var rest = [UInt32](repeating: 0, count: 17)
    for bit in stride(from: number.count * 16 - 1, through: 0, by: -1) {
      var carry = number[bit / 16] >> UInt32(bit % 16) & 1
      for index in rest.indices {
        let digit = rest[index] << 1 | carry
        rest[index] = digit & 0xFFFF
        carry = digit >> 16
      }
      if isLess(rest, modulus) { continue }
      var borrow: Int64 = 0
      for index in rest.indices {
        let digit = Int64(rest[index]) - Int64(index < modulus.count ? modulus[index] : 0) + borrow
        rest[index] = UInt32(digit & 0xFFFF)
        borrow = digit >> 16
      }
    }
    return Array(rest.prefix(16))
  }

  static func product(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    var result = [UInt32](repeating: 0, count: 33)
    for row in 0..<16 {
      var carry: UInt64 = 0
      for column in 0..<16 {
        carry += UInt64(a[row]) * UInt64(b[column]) + UInt64(result[row + column])
        result[row + column] = UInt32(carry & 0xFFFF)
        carry >>= 16
      }
      result[row + 16] = UInt32(carry)
    }
    return result
  }

  /// a + b, or with p · 4 - b instead of b.
  static func sum(_ a: [UInt32], _ b: [UInt32], negative: Bool) -> [UInt32] {
    var result = [UInt32](repeating: 0, count: 17)
    var carry: Int64 = 0
    for index in 0..<17 {
      // 4p = 2^257 - 76
      let fourPrimes: Int64 = index == 0 ? 0x1_0000 - 76 : index == 16 ? 1 : 0xFFFF
      let left = index < 16 ? Int64(a[index]) : 0
      let right = index < 16 ? Int64(b[index]) : 0
      carry += negative ? left + fourPrimes - right : left + right
      result[index] = UInt32(carry & 0xFFFF)
      carry >>= 16
    }
    return result
  }

  /// Numbers at the ends of what 256 bits hold, around p and 2p, and with limbs that are all ones or zero.
  static func numbers() -> [[UInt32]] {
    var random = SeededRandom(seed: 25519)
    let ones = [UInt32](repeating: 0xFFFF, count: 16)
    var all: [[UInt32]] = [[UInt32](repeating: 0, count: 16), ones]
    for small in 1..<40 as Range<UInt32> {
      all.append([small] + [UInt32](repeating: 0, count: 15))
      all.append([0xFFFF - small] + ones.dropFirst())
      all.append([0xFFFF - small] + ones.dropFirst().dropLast() + [0x7FFF])
      all.append([small] + [UInt32](repeating: 0, count: 14) + [0x8000])
    }
    for _ in 0..<60 {
      all.append((0..<16).map { _ in [0, 0xFFFF, random.below(0x1_0000)][Int(random.below(3))] })
    }
    return all
  }

  static func put(_ number: [UInt32], _ name: FieldRegisters.Name, _ field: inout FieldRegisters) {
    for index in 0..<16 { field[name, index] = UInt16(number[index]) }
  }

  static func reduced(_ name: FieldRegisters.Name, _ field: inout FieldRegisters) -> [UInt32] {
    field.reduce(name)
    return (0..<16).map { UInt32(field[name, $0]) }
  }

  @Test func itAgreesWithLongDivision() {
    let numbers = Self.numbers()
    var field = FieldRegisters()
    for a in numbers {
      Self.put(a, .x, &field)
      let isCanonical = field.isCanonical(.x)
      #expect(isCanonical == Self.isLess(a, Self.prime), "\(a)")
      #expect(Self.reduced(.x, &field) == Self.remainder(a, Self.prime), "\(a)")
      let isZero = field.isZero(.x)
      #expect(isZero == Self.remainder(a, Self.prime).allSatisfy { $0 == 0 }, "\(a)")
      Self.put(a, .x, &field)
      for b in numbers.shuffledPart(of: 12, by: a) {
        Self.put(b, .y, &field)
        field.multiply(.z, .x, .y)
        #expect(Self.reduced(.z, &field) == Self.remainder(Self.product(a, b), Self.prime), "\(a) · \(b)")
        field.add(.z, .x, .y)
        #expect(Self.reduced(.z, &field) == Self.remainder(Self.sum(a, b, negative: false), Self.prime), "\(a) + \(b)")
        field.subtract(.z, .x, .y)
        #expect(Self.reduced(.z, &field) == Self.remainder(Self.sum(a, b, negative: true), Self.prime), "\(a) - \(b)")
      }
    }
  }

  /// A result may be put where a factor was.
  @Test func resultsMayTakeTheirOperandsPlace() {
    let numbers = Self.numbers()
    var field = FieldRegisters()
    for a in numbers.suffix(20) {
      Self.put(a, .x, &field)
      field.square(.x, .x)
      #expect(Self.reduced(.x, &field) == Self.remainder(Self.product(a, a), Self.prime))
      Self.put(a, .x, &field)
      field.add(.x, .x, .x)
      #expect(Self.reduced(.x, &field) == Self.remainder(Self.sum(a, a, negative: false), Self.prime))
      Self.put(a, .x, &field)
      field.subtract(.x, .x, .x)
      let isZero = field.isZero(.x)
      #expect(isZero)
    }
  }

  @Test func scalarsAreReducedModuloTheOrder() {
    let order = (0..<16).map { Ed25519Constants.order[$0 / 2] >> UInt32($0 % 2 * 16) & 0xFFFF }
    var random = SeededRandom(seed: 252)
    for round in 0..<60 {
      let bytes = round == 0 ? [UInt8](repeating: 0xFF, count: 64) : random.bytes(64)
      var scalar = Ed25519Scalar()
      for byte in bytes.reversed() { scalar.appendModuloOrder(byte) }
      let digits = (0..<32).map { UInt32(bytes[$0 * 2]) | UInt32(bytes[$0 * 2 + 1]) << 8 }
      let expected = Self.remainder(digits, order)
      for bit in 0..<256 {
        let isSet = scalar.bit(bit)
        #expect(isSet == (expected[bit / 16] >> UInt32(bit % 16) & 1 == 1), "round \(round), bit \(bit)")
      }
    }
  }
}

extension [[UInt32]] {
  /// Some of them, others for each `number`; always the first two (zero and all ones) and `number` itself.
  fileprivate func shuffledPart(of count: Int, by number: [UInt32]) -> [[UInt32]] {
    var random = SeededRandom(seed: number.reduce(7) { $0 &* 31 &+ UInt64($1) })
    return prefix(2) + [number] + (0..<count).map { _ in self[Int(random.below(UInt32(self.count)))] }
  }
}
