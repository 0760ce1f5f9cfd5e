/// Points of the curve -x² + y² = 1 + d·x²·y² (RFC 8032 §5.1.4), in registers of `FieldRegisters`.
///
/// The point at work is x, y, z, t: extended coordinates, x/z and y/z, with t = x·y/z. Summands lie in four registers each as
/// y - x, y + x, 2d·t, 2z. The formulas are complete: they hold for all pairs of points, so no case is special.
extension FieldRegisters.Name {
  // The point at work.
  static var x: Self { Self(0) }
  static var y: Self { Self(1) }
  static var z: Self { Self(2) }
  static var t: Self { Self(3) }
  // What an addition or a doubling needs besides.
  static var e: Self { Self(4) }
  static var f: Self { Self(5) }
  static var g: Self { Self(6) }
  static var h: Self { Self(7) }
  // While a power is taken there is neither of them.
  static var power: Self { .e }
  static var half: Self { .f }
  // Summands.
  static var basePoint: Self { Self(8) }
  static var minusKey: Self { Self(12) }
  /// basePoint + minusKey
  static var both: Self { Self(16) }
}

extension FieldRegisters {
  /// Makes the point at work the neutral one.
  mutating func setNeutral() {
    set(.x, 0)
    set(.y, 1)
    set(.z, 1)
    set(.t, 0)
  }

  /// Keeps the point at work as a summand.
  mutating func keep(_ summand: Name) {
    subtract(summand, .y, .x)
    add(summand.after(1), .y, .x)
    load(.e, constant: Ed25519Constants.twiceD)
    multiply(summand.after(2), .t, .e)
    add(summand.after(3), .z, .z)
  }

  /// Makes a summand of the base point.
  mutating func loadBasePoint() {
    load(.basePoint, constant: Ed25519Constants.base)
    load(.basePoint.after(1), constant: Ed25519Constants.base &+ 1)
    load(.basePoint.after(2), constant: Ed25519Constants.base &+ 2)
    set(.basePoint.after(3), 2)
  }

  /// Doubles the point at work (RFC 8032 §5.1.4, all four signs turned); t is only right if `withT`, and is not needed before.
  mutating func double(withT: Bool) {
    add(.e, .x, .y)
    square(.e, .e)
    square(.h, .x)
    square(.g, .y)
    square(.f, .z)
    add(.f, .f, .f)
    add(.t, .h, .g)
    subtract(.e, .e, .t)
    subtract(.g, .g, .h)
    subtract(.f, .f, .g)
    multiply(.x, .e, .f)
    multiply(.y, .g, .t)
    multiply(.z, .f, .g)
    if withT { multiply(.t, .e, .t) }
  }

  /// Adds a summand to the point at work (RFC 8032 §5.1.4), whose t has to be right; afterwards it is only right if `withT`.
  mutating func addSummand(_ summand: Name, withT: Bool) {
    subtract(.e, .y, .x)
    multiply(.g, .e, summand)
    add(.e, .y, .x)
    multiply(.h, .e, summand.after(1))
    multiply(.e, .t, summand.after(2))
    multiply(.f, .z, summand.after(3))
    add(.t, .h, .g)
    subtract(.h, .h, .g)
    add(.g, .f, .e)
    subtract(.f, .f, .e)
    multiply(.x, .h, .f)
    multiply(.y, .g, .t)
    multiply(.z, .f, .g)
    if withT { multiply(.t, .h, .t) }
  }

  /// First half of finding the x that belongs to `y` (RFC 8032 §5.1.3): the power's base, u·v⁷, in z. u = y² - 1 is left in x,
  /// v = d·y² + 1 in g, u·v³ in t.
  mutating func prepareRoot() {
    set(.h, 1)
    square(.x, .y)
    load(.g, constant: Ed25519Constants.d)
    multiply(.g, .g, .x)
    add(.g, .g, .h)
    subtract(.x, .x, .h)
    square(.t, .g)
    multiply(.t, .t, .g)
    square(.z, .t)
    multiply(.z, .z, .g)
    multiply(.z, .z, .x)
    multiply(.t, .t, .x)
  }

  /// Second half: from the power to minus the point whose x is odd if `isOdd`. False when there is none.
  mutating func finishRoot(isOdd: Bool) -> Bool {
    multiply(.e, .t, .power)
    square(.h, .e)
    multiply(.h, .h, .g)
    add(.f, .h, .x)
    subtract(.h, .h, .x)
    if !isZero(.h) {
      guard isZero(.f) else { return false }
      load(.h, constant: Ed25519Constants.rootOfMinusOne)
      multiply(.e, .e, .h)
    }
    if isZero(.e) && isOdd { return false }
    set(.x, 0)
    if (self[.e, 0] & 1 == 1) == isOdd { subtract(.x, .x, .e) } else { add(.x, .x, .e) }
    set(.z, 1)
    multiply(.t, .x, .y)
    return true
  }

  /// Whether twice the point at work has order 4 or less, that is, the point 8 or less; it is doubled by that.
  mutating func isOfSmallOrder() -> Bool {
    double(withT: false)
    return isZero(.x) || isZero(.y)
  }

  /// Last step of an encoding: from z^(2^252 - 3) in `power` and z to x and y as they are sent.
  mutating func finishEncoding() {
    square(.e, .e)
    square(.e, .e)
    square(.e, .e)
    multiply(.e, .e, .z)
    multiply(.e, .e, .z)
    multiply(.e, .e, .z)
    multiply(.x, .x, .e)
    multiply(.y, .y, .e)
    reduce(.x)
    reduce(.y)
  }
}
