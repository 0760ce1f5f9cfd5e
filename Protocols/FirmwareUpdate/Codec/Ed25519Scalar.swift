/// A number below 2^256 that counts how often a point is taken: least significant word first.
struct Ed25519Scalar: Sendable {
  private var words: InlineArray<8, UInt32> = InlineArray(repeating: 0)

  /// Bit `index`, 0...255.
  mutating func bit(_ index: Int) -> Bool {
    words[unchecked: index >> 5 & 7] &>> UInt32(truncatingIfNeeded: index & 31) & 1 == 1
  }

  mutating func clear() {
    var index = 0
    while index < 8 {
      words[unchecked: index] = 0
      index &+= 1
    }
  }

  /// Takes one byte more at the lower end: 32 of them, the most significant first, make a number.
  mutating func append(_ byte: UInt8) {
    var low = UInt32(byte)
    var index = 0
    while index < 8 {
      let word = words[unchecked: index]
      words[unchecked: index] = word << 8 | low
      low = word >> 24
      index &+= 1
    }
  }

  /// Whether it is below the base point's order L (RFC 8032 §5.1.7: S must be, or a signature could be changed to another one).
  mutating func isBelowOrder() -> Bool {
    var index = 7
    while index >= 0 {
      let word = words[unchecked: index]
      let order = Ed25519Constants.order[unchecked: index]
      if word != order { return word < order }
      index &-= 1
    }
    return false
  }

  /// Takes one byte more at the lower end and reduces modulo L, bit by bit: no division, and no product of scalars. It has to be
  /// below L before.
  mutating func appendModuloOrder(_ byte: UInt8) {
    var bits = UInt32(byte) << 24
    var left = 8
    while left > 0 {
      var carry = bits >> 31
      bits <<= 1
      var index = 0
      while index < 8 {
        let word = words[unchecked: index]
        words[unchecked: index] = word << 1 | carry
        carry = word >> 31
        index &+= 1
      }
      if !isBelowOrder() { subtractOrder() }
      left &-= 1
    }
  }

  private mutating func subtractOrder() {
    var borrow: UInt32 = 0
    var index = 0
    while index < 8 {
      let word = words[unchecked: index]
      let order = Ed25519Constants.order[unchecked: index]
      let difference = word &- order &- borrow
      borrow = word < order || (word == order && borrow == 1) ? 1 : 0
      words[unchecked: index] = difference
      index &+= 1
    }
  }
}
