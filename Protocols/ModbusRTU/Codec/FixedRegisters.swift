/// A list of 16-bit registers of a fixed capacity that never touches the heap and never traps: what does not fit is refused, what is
/// not there reads as 0.
public struct FixedRegisters<let capacity: Int>: Sendable {
  private var storage: InlineArray<capacity, UInt16>
  public private(set) var count = 0

  public init() {
    storage = InlineArray(repeating: 0)
  }

  public var isEmpty: Bool { count == 0 }

  /// Appends a register, or answers `false` when the list is full.
  @discardableResult
  public mutating func append(_ value: UInt16) -> Bool {
    guard count < capacity else { return false }
    storage[count] = value
    count &+= 1
    return true
  }

  /// The register at `index`; reading past the end gives 0, writing past the end does nothing.
  public subscript(index: Int) -> UInt16 {
    get { index >= 0 && index < count ? storage[index] : 0 }
    set { if index >= 0 && index < count { storage[index] = newValue } }
  }

  public mutating func removeAll() {
    count = 0
  }
}

extension FixedRegisters: Equatable {
  public static func == (left: Self, right: Self) -> Bool {
    guard left.count == right.count else { return false }
    var index = 0
    while index < left.count {
      if left.storage[index] != right.storage[index] { return false }
      index &+= 1
    }
    return true
  }
}

extension FixedRegisters {
  /// As many of `values` as fit; the caller that must not cut checks `count`.
  public init(_ values: some Sequence<UInt16>) {
    self.init()
    for value in values where !append(value) { break }
  }
}
