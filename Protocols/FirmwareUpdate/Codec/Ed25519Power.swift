/// z^(2^252 - 3) in slices: what both a square root and an inverse need (RFC 8032 §5.1.3; z^(p - 2) = z^(8 · (2^252 - 3) + 3)).
///
/// With x(n) = z^(2^n - 1), x(2n) = x(n)^(2^n) · x(n) and x(n + 1) = x(n)² · z lead to x(250), then two squarings and z complete it:
/// 264 multiplications. x(n) and x(2n) take turns in two registers, so nothing is copied.
struct FieldPower: Sendable {
  /// Multiplications in a slice: about half of what five milliseconds allow a Cortex-M0 at 16 MHz, for others to have time too.
  static let slice = 12
  /// 250 in binary behind its leading one, the next bit last: a zero doubles n, a one doubles it and adds one.
  private static let plan: UInt32 = 0b010_1111

  private enum Goal: UInt8 {
    case double, addOne, end
  }

  private var goal = Goal.double
  /// n of x(n).
  private var reached: UInt8 = 0
  /// What is left of `plan`.
  private var bits: UInt32 = 0
  /// Squarings until the goal's multiplication.
  private var squarings: UInt8 = 0
  /// Whether x(2n) is made in `half` instead of in `power`.
  private var isInHalf = false

  /// Begins with z in the register z, which stays.
  mutating func start(_ field: inout FieldRegisters) {
    reached = 1
    bits = FieldPower.plan
    goal = .double
    squarings = 0
    isInHalf = false
    field.square(.power, .z)
  }

  /// Does a slice; true when `power` holds the result.
  mutating func step(_ field: inout FieldRegisters) -> Bool {
    var left = FieldPower.slice
    while left > 0 {
      left &-= 1
      let now: FieldRegisters.Name = isInHalf ? .half : .power
      if squarings > 0 {
        squarings &-= 1
        field.square(now, now)
        continue
      }
      let other: FieldRegisters.Name = isInHalf ? .power : .half
      field.multiply(now, now, goal == .double && reached > 1 ? other : .z)
      switch goal {
      case .end: return true
      case .addOne: reached &+= 1
      case .double:
        reached &*= 2
        let addsOne = bits & 1 == 1
        bits >>= 1
        if addsOne {
          goal = .addOne
          squarings = 1
          continue
        }
      }
      if reached == 250 {
        goal = .end
        squarings = 2
      } else {
        goal = .double
        squarings = reached &- 1
        isInHalf.toggle()
        field.square(other, now)
        left &-= 1
      }
    }
    return false
  }
}
