import CSerialPort
import DeviceKit
import Glibc

/// What poll(2) found on one descriptor.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let input = Readiness(rawValue: 1)
  public static let output = Readiness(rawValue: 2)
  /// The other side is gone, or the descriptor is in error. Bytes that came before may still be read.
  public static let hangup = Readiness(rawValue: 4)

  init(events: Int32) {
    self = []
    if events & POLLIN != 0 { insert(.input) }
    if events & POLLOUT != 0 { insert(.output) }
    if events & (POLLHUP | POLLERR | POLLNVAL) != 0 { insert(.hangup) }
  }
}

/// Up to eight descriptors that one thread waits on, without the heap: a line or two, and the thread's wake signal.
public struct PollSet: ~Copyable {
  public static var capacity: Int { 8 }

  private var entries: InlineArray<8, pollfd>
  public private(set) var count = 0

  public init() {
    entries = InlineArray(repeating: pollfd(fd: -1, events: 0, revents: 0))
  }

  public mutating func removeAll() { count = 0 }

  /// Adds a descriptor and answers its place, or `nil` when the set is full. A negative descriptor keeps a place that is never ready.
  @discardableResult
  public mutating func add(_ descriptor: Int32, output: Bool = false) -> Int? {
    guard count < Self.capacity else { return nil }
    entries[count] = pollfd(fd: descriptor, events: Int16(output ? POLLIN | POLLOUT : POLLIN), revents: 0)
    count += 1
    return count - 1
  }

  /// Waits until one is ready or the time has come (`nil`: for as long as it takes), to the microsecond. A time in the past only looks.
  ///
  /// - Returns: how many are ready; 0 when the time has come or a signal arrived.
  public mutating func wait(until deadline: Instant?) -> Int {
    var limit = timespec()
    if let deadline, deadline != .distantFuture {
      let rest = UInt64(max((deadline - MonotonicClock.now()).microseconds, 0))
      limit = timespec(tv_sec: Int(clamping: rest / 1_000_000), tv_nsec: Int(rest % 1_000_000) * 1_000)
      return wait(&limit)
    }
    return wait(nil)
  }

  /// What the last `wait` found at a place.
  public subscript(place: Int) -> Readiness {
    guard place >= 0 && place < count else { return [] }
    return Readiness(events: Int32(entries[place].revents))
  }

  private mutating func wait(_ limit: UnsafePointer<timespec>?) -> Int {
    let number = nfds_t(count)
    var span = entries.mutableSpan
    let ready = span.withUnsafeMutableBufferPointer { buffer in
      let ready = linli_wait(buffer.baseAddress, number, limit)
      // On an error (a signal) the kernel leaves the old answers standing.
      if ready < 0 { for index in buffer.indices { buffer[index].revents = 0 } }
      return ready
    }
    return Int(max(ready, 0))
  }
}

/// Waits for one descriptor and a wake signal, the usual wait of a bus thread.
///
/// - Returns: what was found on `descriptor`; empty when the deadline came or only the signal was raised (it is cleared then, so look
///   into every mailbox that raises it).
public func waitForInput(
  _ descriptor: Int32, output: Bool = false, wake: WakeSignal? = nil, until deadline: Instant?
) -> Readiness {
  var set = PollSet()
  let line = set.add(descriptor, output: output) ?? 0
  let signal = set.add(wake?.fileDescriptor ?? -1)
  guard set.wait(until: deadline) > 0 else { return [] }
  if let wake, let signal, set[signal].contains(.input) { wake.clear() }
  return set[line]
}

/// Wakes a thread that waits in `PollSet`. Any thread may raise it; raising twice before it is cleared wakes once.
public final class WakeSignal: Sendable {
  public let fileDescriptor: Int32

  /// - Throws: `system` when the process has no descriptor left.
  public init() throws(TransportError) {
    fileDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    guard fileDescriptor >= 0 else { throw .system(operation: "eventfd", path: "eventfd", code: errno) }
  }

  deinit { close(fileDescriptor) }

  public func raise() {
    var one: UInt64 = 1
    // The only refusal is a counter that is full: then the thread is being woken anyway.
    _ = Glibc.write(fileDescriptor, &one, 8)
  }

  /// Clear first, then empty the mailboxes: what is sent in between raises it again.
  public func clear() {
    var count: UInt64 = 0
    _ = Glibc.read(fileDescriptor, &count, 8)
  }
}
