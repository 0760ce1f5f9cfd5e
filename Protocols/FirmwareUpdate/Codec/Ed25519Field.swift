/// Elements of the field of Ed25519, the integers modulo p = 2^255 - 19, in numbered registers.
///
/// An element is any number below 2^256 that stands for its residue, in 16 limbs of 16 bits, least significant first: a Cortex-M0
/// multiplies 32 by 32 bits to 32, and with such limbs a product, the limb below it and a carry fit exactly. One array of registers
/// instead of variables: operations name the same register twice without a copy, and nothing big is moved. Not constant-time: a
/// verifier knows no secrets.
struct FieldRegisters: Sendable {
  /// Which register: an index into the limbs.
  struct Name: Sendable {
    let limb: Int

    init(_ number: Int) { limb = number &* 16 }

    /// The register `count` places further on.
    func after(_ count: Int) -> Name { Name(limb >> 4 &+ count) }
  }

  /// 20 registers, then the 32 limbs of a product, whose lower 16 are zero between operations.
  private var limbs: InlineArray<352, UInt16> = InlineArray(repeating: 0)
  private static var product: Int { 320 }

  /// The limbs' address: all below goes through it, with indices that the registers' numbers bound.
  @inline(__always) private mutating func withLimbs<Result>(
    _ body: (UnsafeMutablePointer<UInt16>) -> Result, else missing: Result
  ) -> Result {
    var span = limbs.mutableSpan
    return span.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return missing }
      return body(start)
    }
  }

  /// result = a · b
  @inline(never) mutating func multiply(_ result: Name, _ a: Name, _ b: Name) {
    withLimbs(
      { start in
        let product = start + FieldRegisters.product
        var row = 0
        while row < 16 {
          FieldRegisters.addRow(UInt32(start[a.limb &+ row]), start + b.limb, product + row)
          row &+= 1
        }
        // 2^256 is 38 modulo p. The lower half is left zero for the next product.
        let target = start + result.limb
        var carry: UInt32 = 0
        var index = 0
        while index < 16 {
          carry &+= UInt32(product[index]) &+ UInt32(product[index &+ 16]) &* 38
          target[index] = UInt16(truncatingIfNeeded: carry)
          product[index] = 0
          carry >>= 16
          index &+= 1
        }
        FieldRegisters.carry(carry &* 38, into: target)
      }, else: ())
  }

  /// Adds factor · b to the limbs at `sum`, and sets the 17th to the carry. Without a loop it takes seven instructions a limb.
  @inline(__always) private static func addRow(
    _ factor: UInt32, _ b: UnsafeMutablePointer<UInt16>, _ sum: UnsafeMutablePointer<UInt16>
  ) {
    var carry: UInt32 = 0
    addLimb(factor, b, sum, 0, &carry)
    addLimb(factor, b, sum, 1, &carry)
    addLimb(factor, b, sum, 2, &carry)
    addLimb(factor, b, sum, 3, &carry)
    addLimb(factor, b, sum, 4, &carry)
    addLimb(factor, b, sum, 5, &carry)
    addLimb(factor, b, sum, 6, &carry)
    addLimb(factor, b, sum, 7, &carry)
    addLimb(factor, b, sum, 8, &carry)
    addLimb(factor, b, sum, 9, &carry)
    addLimb(factor, b, sum, 10, &carry)
    addLimb(factor, b, sum, 11, &carry)
    addLimb(factor, b, sum, 12, &carry)
    addLimb(factor, b, sum, 13, &carry)
    addLimb(factor, b, sum, 14, &carry)
    addLimb(factor, b, sum, 15, &carry)
    sum[16] = UInt16(truncatingIfNeeded: carry)
  }

  /// The sum fits: (2^16 - 1)² + 2 · (2^16 - 1) = 2^32 - 1.
  @inline(__always) private static func addLimb(
    _ factor: UInt32, _ b: UnsafeMutablePointer<UInt16>, _ sum: UnsafeMutablePointer<UInt16>, _ index: Int, _ carry: inout UInt32
  ) {
    carry &+= factor &* UInt32(b[index]) &+ UInt32(sum[index])
    sum[index] = UInt16(truncatingIfNeeded: carry)
    carry >>= 16
  }

  /// Adds a small number modulo p.
  @inline(__always) private static func carry(_ small: UInt32, into target: UnsafeMutablePointer<UInt16>) {
    var carry = small
    var index = 0
    while carry != 0 {
      carry &+= UInt32(target[index])
      target[index] = UInt16(truncatingIfNeeded: carry)
      carry >>= 16
      index &+= 1
      if index == 16 {
        carry &*= 38
        index = 0
      }
    }
  }

  /// result = a²
  mutating func square(_ result: Name, _ a: Name) { multiply(result, a, a) }

  /// result = a + b
  @inline(never) mutating func add(_ result: Name, _ a: Name, _ b: Name) {
    withLimbs(
      { start in
        let target = start + result.limb
        var carry: UInt32 = 0
        var index = 0
        while index < 16 {
          carry &+= UInt32(start[a.limb &+ index]) &+ UInt32(start[b.limb &+ index])
          target[index] = UInt16(truncatingIfNeeded: carry)
          carry >>= 16
          index &+= 1
        }
        FieldRegisters.carry(carry &* 38, into: target)
      }, else: ())
  }

  /// result = a - b
  @inline(never) mutating func subtract(_ result: Name, _ a: Name, _ b: Name) {
    withLimbs(
      { start in
        let target = start + result.limb
        var carry: Int32 = 0
        var index = 0
        while index < 16 {
          carry &+= Int32(start[a.limb &+ index]) &- Int32(start[b.limb &+ index])
          target[index] = UInt16(truncatingIfNeeded: carry)
          carry >>= 16
          index &+= 1
        }
        // What was borrowed is 2^256, which is 38.
        carry &*= 38
        index = 0
        while carry != 0 {
          carry &+= Int32(target[index])
          target[index] = UInt16(truncatingIfNeeded: carry)
          carry >>= 16
          index &+= 1
          if index == 16 {
            carry &*= 38
            index = 0
          }
        }
      }, else: ())
  }
}

extension FieldRegisters {
  /// result = a small number
  @inline(never) mutating func set(_ result: Name, _ small: UInt16) {
    var limb = small
    var index = 0
    while index < 16 {
      self[result, index] = limb
      limb = 0
      index &+= 1
    }
  }

  /// Loads constant `number` of `Ed25519Constants.field`.
  @inline(never) mutating func load(_ result: Name, constant number: Int) {
    var index = 0
    while index < 8 {
      let word = Ed25519Constants.field[unchecked: number &* 8 &+ index]
      self[result, index &* 2] = UInt16(truncatingIfNeeded: word)
      self[result, index &* 2 &+ 1] = UInt16(truncatingIfNeeded: word >> 16)
      index &+= 1
    }
  }

  /// Limb `index` (0...15, the least significant first).
  subscript(register: Name, index: Int) -> UInt16 {
    mutating get { withLimbs({ $0[register.limb &+ index] }, else: 0) }
    set { withLimbs({ $0[register.limb &+ index] = newValue }, else: ()) }
  }

  /// Whether the number is below p already.
  @inline(never) mutating func isCanonical(_ a: Name) -> Bool {
    if self[a, 15] != 0x7FFF { return self[a, 15] < 0x7FFF }
    var index = 14
    while index > 0 {
      if self[a, index] != 0xFFFF { return true }
      index &-= 1
    }
    return self[a, 0] < 0xFFED
  }

  /// Makes the number the one below p.
  @inline(never) mutating func reduce(_ a: Name) {
    // 2^255 is 19.
    let top = self[a, 15]
    self[a, 15] = top & 0x7FFF
    withLimbs({ FieldRegisters.carry(UInt32(top >> 15) &* 19, into: $0 + a.limb) }, else: ())
    // It is below 2^255 + 19 now, so what p is taken from has one limb.
    if !isCanonical(a) { set(a, self[a, 0] &- 0xFFED) }
  }

  /// Whether it is zero modulo p; the number becomes the one below p.
  @inline(never) mutating func isZero(_ a: Name) -> Bool {
    reduce(a)
    var any: UInt16 = 0
    var index = 0
    while index < 16 {
      any |= self[a, index]
      index &+= 1
    }
    return any == 0
  }
}
