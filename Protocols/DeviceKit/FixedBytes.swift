/// A byte buffer of a fixed capacity that never touches the heap and never traps: what does not fit is refused, what is not there reads
/// as `nil` or zero.
public struct FixedBytes<let capacity: Int>: Sendable {
  @usableFromInline var storage: InlineArray<capacity, UInt8>
  /// 0...capacity, always: what lies below it is read and written without another check by the array.
  @usableFromInline var used = 0

  @inlinable public var count: Int { used }

  @inlinable public init() {
    storage = InlineArray(repeating: 0)
  }

  @inlinable public var isEmpty: Bool { count == 0 }
  @inlinable public var room: Int { capacity - count }

  /// Appends a byte, or answers `false` when the buffer is full.
  @discardableResult
  @inlinable public mutating func append(_ byte: UInt8) -> Bool {
    guard count < capacity else { return false }
    storage[unchecked: count] = byte
    used &+= 1
    return true
  }

  /// Appends a 16-bit value, most significant byte first (Modbus data order); all or nothing.
  @discardableResult
  @inlinable public mutating func append(bigEndian value: UInt16) -> Bool {
    guard count &+ 2 <= capacity else { return false }
    storage[unchecked: count] = UInt8(truncatingIfNeeded: value >> 8)
    storage[unchecked: count &+ 1] = UInt8(truncatingIfNeeded: value)
    used &+= 2
    return true
  }

  /// The byte at `index`; reading past the end gives 0, writing past the end does nothing.
  @inlinable public subscript(index: Int) -> UInt8 {
    get { index >= 0 && index < count ? storage[index] : 0 }
    set { if index >= 0 && index < count { storage[index] = newValue } }
  }

  /// The 16-bit value whose more significant byte is at `index`; bytes past the end read as 0.
  @inlinable public func bigEndian(at index: Int) -> UInt16 {
    UInt16(self[index]) << 8 | UInt16(self[index + 1])
  }

  /// What the subscript reads, for inner loops and for the microcontroller: a plain read of a large stored value copies all of it,
  /// reading through a mutable span does not.
  @inlinable public mutating func byte(at index: Int) -> UInt8 {
    index >= 0 && index < count ? storage.mutableSpan[unchecked: index] : 0
  }

  /// What `bigEndian(at:)` reads, without a copy.
  @inlinable public mutating func word(at index: Int) -> UInt16 {
    UInt16(byte(at: index)) << 8 | UInt16(byte(at: index &+ 1))
  }

  /// Appends `length` bytes of `other` from `start` on, as far as they are there and fit. `other` is not changed: it is not copied so.
  @inlinable public mutating func append<let size: Int>(from other: inout FixedBytes<size>, at start: Int, length: Int) {
    guard start >= 0, start < other.used else { return }
    let end = length < other.used &- start ? start &+ length : other.used
    var index = start
    while index < end, used < capacity {
      // No span is kept: a variable that holds one is put on the heap.
      storage[unchecked: used] = other.storage.mutableSpan[unchecked: index]
      used &+= 1
      index &+= 1
    }
  }

  /// Lets `body` overwrite all of the buffer and say how many bytes it holds then; a negative number stands for none. Answers that number.
  @inlinable public mutating func replace(_ body: (UnsafeMutableBufferPointer<UInt8>) -> Int) -> Int {
    var span = storage.mutableSpan
    let length = span.withUnsafeMutableBufferPointer(body)
    used = length < 0 ? 0 : (length < capacity ? length : capacity)
    return length
  }

  @inlinable public mutating func removeAll() {
    used = 0
  }

  /// Drops `length` bytes from the front (all of them when there are fewer).
  @inlinable public mutating func removeFirst(_ length: Int) {
    guard length > 0 else { return }
    guard length < count else {
      used = 0
      return
    }
    var index = 0
    while index &+ length < count {
      storage[index] = storage[index &+ length]
      index &+= 1
    }
    used &-= length
  }

  /// Drops everything after the first `length` bytes.
  @inlinable public mutating func truncate(to length: Int) {
    if length >= 0 && length < count { used = length }
  }

  @inlinable public func withSpan<Result: ~Copyable>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(storage.span.extracting(first: count))
  }
}

extension FixedBytes: Equatable {
  @inlinable public static func == (left: Self, right: Self) -> Bool {
    guard left.count == right.count else { return false }
    var index = 0
    while index < left.count {
      if left.storage[index] != right.storage[index] { return false }
      index &+= 1
    }
    return true
  }
}

extension FixedBytes {
  /// As many of `bytes` as fit; the caller that must not cut checks `count`.
  @inlinable public init(_ bytes: some Sequence<UInt8>) {
    self.init()
    for byte in bytes where !append(byte) { break }
  }
}
