/// What a machine wants done, in order, in storage of a fixed size: no heap, the same on the host and on the microcontroller.
///
/// Capacity is 16. A machine with more to do keeps the rest and sets its `deadline` to now. `append` on a full buffer is refused and
/// counted in `refused`, which a runtime treats as a defect of that machine and reports.
public struct Effects<Effect>: ~Copyable {
  @usableFromInline var storage: InlineArray<16, Effect?>
  public private(set) var count = 0
  /// How many effects did not fit since the last `removeAll`.
  public private(set) var refused = 0

  public static var capacity: Int { 16 }
  public var isEmpty: Bool { count == 0 }
  /// How many more effects fit.
  public var room: Int { 16 - count }

  public init() {
    storage = InlineArray(repeating: nil)
  }

  /// Adds one effect; answers `false` (and counts) when there is no room.
  @discardableResult
  public mutating func append(_ effect: consuming Effect) -> Bool {
    guard count < 16 else {
      refused &+= 1
      return false
    }
    storage[count] = consume effect
    count &+= 1
    return true
  }

  /// The effect at `index`, or `nil` past the end.
  public subscript(index: Int) -> Effect? {
    index >= 0 && index < count ? storage[index] : nil
  }

  /// Empties the buffer, releasing what the effects held.
  public mutating func removeAll() {
    var index = 0
    while index < count {
      storage[index] = nil
      index &+= 1
    }
    count = 0
    refused = 0
  }

  /// Hands each effect over in order and leaves the buffer empty.
  public mutating func drain(_ body: (Effect) -> Void) {
    var index = 0
    while index < count {
      if let effect = storage[index] { body(effect) }
      storage[index] = nil
      index &+= 1
    }
    count = 0
    refused = 0
  }
}
