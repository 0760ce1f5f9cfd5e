import DeviceKit

/// Whether an Ed25519 signature (RFC 8032, pure) is good, found out in short steps so that a panel goes on answering polls.
///
/// `begin`, then `update` for each byte of the message, then `step` until it gives the verdict. On a Cortex-M0 at 16 MHz no step takes
/// 5 ms; the README has the figures.
///
/// Verification is cofactorless ([S]B = R + [k]A, R compared as bytes; RFC 8032 §5.1.7 allows it) and strict: S has to be below L, the
/// encodings of A and R have to be the one canonical form, and a key A of small order is refused, so that a key which was never set
/// (all zero is a point of order 4) verifies nothing. Not constant-time: all it knows is public.
public struct Ed25519Verifier: Sendable {
  private enum Phase: UInt8 {
    case refused, accepted
    case taking, reducing, rooting, finding, negating, joining, adding, inverting, comparing
  }

  private var phase = Phase.refused
  private var isKeyOdd = false
  /// What comes next in the phase: a byte of the hash, a bit of the scalars.
  private var index: Int = 0
  private var hash = SHA512()
  /// The signature's first half, R.
  private var point = FixedBytes<32>()
  /// Its second half, S.
  private var response = Ed25519Scalar()
  /// k, the hash of R, A and the message modulo L.
  private var challenge = Ed25519Scalar()
  private var field = FieldRegisters()
  private var power = FieldPower()

  /// Calls of `step` until the verdict, when nothing is refused on the way.
  public static let steps = 311

  /// Refuses until something is begun.
  public init() {}

  /// Begins anew with a public key and a signature, of which neither is changed. Anything but 32 and 64 bytes will be refused.
  public mutating func begin(key: inout FixedBytes<32>, signature: inout FixedBytes<64>) {
    phase = .refused
    guard key.count == 32, signature.count == 64 else { return }
    hash.restart()
    point.removeAll()
    response.clear()
    challenge.clear()
    var byte = 0
    while byte < 32 {
      let next = signature.byte(at: byte)
      point.append(next)
      hash.update(next)
      response.append(signature.byte(at: 63 &- byte))
      byte &+= 1
    }
    byte = 0
    while byte < 16 {
      let low = key.byte(at: byte &* 2)
      let high = key.byte(at: byte &* 2 &+ 1)
      hash.update(low)
      hash.update(high)
      field[.y, byte] = UInt16(high) << 8 | UInt16(low)
      byte &+= 1
    }
    let top = field[.y, 15]
    isKeyOdd = top & 0x8000 != 0
    field[.y, 15] = top & 0x7FFF
    phase = response.isBelowOrder() && field.isCanonical(.y) ? .taking : .refused
  }

  /// Takes one byte of the message; after the first `step` it is ignored.
  public mutating func update(_ byte: UInt8) {
    if phase == .taking { hash.update(byte) }
  }

  /// Does the next piece of the work. `nil` while more is to do; then whether the signature is good, also when asked again.
  public mutating func step() -> Bool? {
    switch phase {
    case .refused: return false
    case .accepted: return true
    case .taking:
      hash.pad()
      index = 63
      phase = .reducing
    case .reducing: reduce()
    case .rooting: if power.step(&field) { phase = .finding }
    case .finding: findKey()
    case .negating:
      // The point at work becomes -A, extended, for the summand B - A.
      field.loadBasePoint()
      field.setNeutral()
      field.addSummand(.minusKey, withT: true)
      phase = .joining
    case .joining: join()
    case .adding: addBit()
    case .inverting: if power.step(&field) { phase = .comparing }
    case .comparing: compare()
    }
    return nil
  }

  /// The hash, a number of 64 bytes with the least significant first, modulo L: eight bytes a step.
  private mutating func reduce() {
    let end = index &- 8
    while index > end {
      challenge.appendModuloOrder(hash.digestByte(index))
      index &-= 1
    }
    if index >= 0 { return }
    field.prepareRoot()
    power.start(&field)
    phase = .rooting
  }

  /// The summand -A.
  private mutating func findKey() {
    guard field.finishRoot(isOdd: isKeyOdd) else {
      phase = .refused
      return
    }
    field.keep(.minusKey)
    phase = field.isOfSmallOrder() ? .refused : .negating
  }

  /// The third summand, B - A; then the sum begins.
  private mutating func join() {
    field.addSummand(.basePoint, withT: true)
    field.keep(.both)
    field.setNeutral()
    // Both scalars are below L, which is below 2^253.
    index = 252
    phase = .adding
  }

  /// [S]B - [k]A by one bit of both scalars at once.
  private mutating func addBit() {
    let takesBase = response.bit(index)
    let takesKey = challenge.bit(index)
    field.double(withT: takesBase || takesKey)
    if takesBase || takesKey {
      field.addSummand(takesBase ? takesKey ? .both : .basePoint : .minusKey, withT: false)
    }
    index &-= 1
    if index >= 0 { return }
    power.start(&field)
    phase = .inverting
  }

  /// The sum has to be R, as bytes: an R that is not canonical equals none.
  private mutating func compare() {
    field.finishEncoding()
    let sign = field[.x, 0] << 15
    field[.y, 15] |= sign
    var isEqual = true
    var limb = 0
    while limb < 16 {
      let sent = UInt16(point.byte(at: limb &* 2 &+ 1)) << 8 | UInt16(point.byte(at: limb &* 2))
      if field[.y, limb] != sent { isEqual = false }
      limb &+= 1
    }
    phase = isEqual ? .accepted : .refused
  }
}
