/// What a machine wants done, in order, in storage of a fixed size: no heap, the same on the host and on the microcontroller.
///
/// Capacity is 16. A machine with more to do keeps the rest and sets its `deadline` to now. `append` on a full buffer is refused and
/// counted in `refused`, which a runtime treats as a defect of that machine and reports.
public struct Effects<Effect>: ~Copyable {
  // Inlinable, as all below: what crosses modules would otherwise be run unspecialised, at many times the cost.
  @usableFromInline var storage: InlineArray<16, Effect?>
  @usableFromInline var used = 0
  /// How many at the front were taken out.
  @usableFromInline var head = 0
  @usableFromInline var leftOut = 0

  @inlinable public var count: Int { used &- head }
  /// How many effects did not fit since the last `removeAll`.
  @inlinable public var refused: Int { leftOut }

  @inlinable public static var capacity: Int { 16 }
  @inlinable public var isEmpty: Bool { used == 0 }
  /// How many more effects fit.
  @inlinable public var room: Int { 16 - used }

  @inlinable public init() {
    storage = InlineArray(repeating: nil)
  }

  /// Adds one effect; answers `false` (and counts) when there is no room.
  @discardableResult
  @inlinable public mutating func append(_ effect: consuming Effect) -> Bool {
    guard used < 16 else {
      leftOut &+= 1
      return false
    }
    storage[used] = consume effect
    used &+= 1
    return true
  }

  /// The effect at `index`, or `nil` past the end.
  @inlinable public subscript(index: Int) -> Effect? {
    index >= 0 && index < count ? storage[head &+ index] : nil
  }

  /// Takes the first effect out, `nil` when there is none. There is room again when the last one was taken.
  @inlinable public mutating func takeFirst() -> Effect? {
    guard head < used else { return nil }
    let effect = storage[head].take()
    head &+= 1
    if head == used {
      head = 0
      used = 0
      leftOut = 0
    }
    return effect
  }

  /// Empties the buffer, releasing what the effects held.
  @inlinable public mutating func removeAll() {
    drain { _ in }
  }

  /// Hands each effect over in order and leaves the buffer empty.
  @inlinable public mutating func drain(_ body: (Effect) -> Void) {
    while let effect = takeFirst() { body(effect) }
    leftOut = 0
  }
}
