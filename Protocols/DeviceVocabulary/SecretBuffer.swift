import Synchronization

/// Bytes that must not outlive their purpose, in memory of their own: whole pages that nothing else shares, erased by `wipe()` and at the
/// end at the latest. It does not print, has no mirror and cannot be encoded or compared.
///
/// Pure modules know no system calls: whoever makes one hands in how its pages are kept (out of the swap file and out of crash dumps). Safe
/// from several threads, so that one may wipe what another reads; a body that is given the bytes must not call the same buffer.
public final class SecretBuffer: @unchecked Sendable {
  public enum PageMoment: Sendable, Equatable {
    /// The pages hold nothing yet.
    case taken
    /// They are erased already and about to be given back.
    case returned
  }
  /// For instance mlock(2) and MADV_DONTDUMP, and munlock(2).
  public typealias PageKeeper = @Sendable (UnsafeMutableRawBufferPointer, PageMoment) -> Void

  public static let pageSize = 4096
  public static let largest = 1 << 20

  public let capacity: Int
  // Read and written under the lock only.
  private let memory: UnsafeMutableRawBufferPointer
  private let extent = Mutex(Extent())
  private let keeper: PageKeeper?

  private struct Extent {
    var used = 0
    /// Nothing was ever written behind it since it was erased.
    var dirty = 0
    var isLent = false
  }

  /// - Parameter capacity: 1 ... `largest`; what is outside is brought inside.
  public init(capacity: Int, pages keeper: PageKeeper? = nil) {
    self.capacity = min(max(capacity, 1), Self.largest)
    let pages = (self.capacity + Self.pageSize - 1) / Self.pageSize
    memory = .allocate(byteCount: pages * Self.pageSize, alignment: Self.pageSize)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    self.keeper = keeper
    keeper?(memory, .taken)
  }

  deinit {
    wipe()
    keeper?(memory, .returned)
    memory.deallocate()
  }

  public var count: Int { extent.withLock { $0.used } }
  public var isEmpty: Bool { count == 0 }

  /// Answers `false` when it is full.
  @discardableResult
  public func append(_ byte: UInt8) -> Bool {
    extent.withLock { extent in
      guard extent.used < capacity else { return false }
      memory[extent.used] = byte
      extent.used += 1
      extent.dirty = max(extent.dirty, extent.used)
      return true
    }
  }

  /// Replaces what it holds: `body` writes into the memory, all `capacity` bytes of it, and says how many it wrote.
  @discardableResult
  public func fill(_ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    extent.withLock { extent in
      extent.dirty = capacity
      extent.used = min(max(body(UnsafeMutableRawBufferPointer(rebasing: memory[..<capacity])), 0), capacity)
      return extent.used
    }
  }

  /// Replaces what it holds by as many of `bytes` as fit.
  @discardableResult
  public func fill(from bytes: some Sequence<UInt8>) -> Int {
    fill { memory in
      var written = 0
      for byte in bytes {
        guard written < memory.count else { break }
        memory[written] = byte
        written += 1
      }
      return written
    }
  }

  /// The memory, all `capacity` bytes of it, for a kernel that writes there while nobody here waits. Until `takeBack` is called the borrower
  /// keeps this buffer, and nobody else writes to it. It holds nothing meanwhile.
  public func lend() -> UnsafeMutableRawBufferPointer {
    extent.withLock { extent in
      extent = Extent(dirty: capacity, isLent: true)
      return UnsafeMutableRawBufferPointer(rebasing: memory[..<capacity])
    }
  }

  /// The kernel is done: it holds `count` bytes now.
  public func takeBack(filled count: Int) {
    extent.withLock { $0 = Extent(used: min(max(count, 0), capacity), dirty: capacity) }
  }

  public func withSpan<Result: Sendable>(_ body: (Span<UInt8>) -> Result) -> Result {
    extent.withLock { extent in
      body(UnsafeRawBufferPointer(memory).assumingMemoryBound(to: UInt8.self).extracting(..<extent.used).span)
    }
  }

  /// Erases all of it, also what earlier contents left behind their end.
  public func wipe() {
    extent.withLock { extent in
      erase(extent.dirty)
      // What is still lent may be written to behind this.
      extent = Extent(dirty: extent.isLent ? capacity : 0, isLent: extent.isLent)
    }
  }

  /// Atomic stores, because the compiler leaves out plain ones to memory that nobody reads any more. The memory is whole pages, so words fit.
  private func erase(_ length: Int) {
    guard let base = memory.baseAddress else { return }
    let size = MemoryLayout<Atomic<UInt64>>.stride
    var offset = 0
    while offset < length {
      (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self).pointee.store(0, ordering: .relaxed)
      offset += size
    }
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }
}

extension SecretBuffer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "SecretBuffer" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
