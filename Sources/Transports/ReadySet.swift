import CSerialPort
import DeviceKit
import Glibc

/// Any number of descriptors that one thread waits on, each under a number of the caller's. What `PollSet` is for a line or two, without
/// its limit.
public struct ReadySet: ~Copyable {
  private var entries: [pollfd] = []
  private var numbers: [Int] = []

  public init() {}

  /// To be filled anew before each wait.
  public mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
  }

  public mutating func watch(_ descriptor: Int32, as number: Int, output: Bool) {
    entries.append(pollfd(fd: descriptor, events: Int16(output ? POLLIN | POLLOUT : POLLIN), revents: 0))
    numbers.append(number)
  }

  /// Waits until one is ready or the time has come, and hands each over with its number.
  public mutating func wait(until deadline: Instant, _ body: (Int, Readiness) -> Void) {
    let rest = UInt64(max((deadline - MonotonicClock.now()).microseconds, 0))
    var limit = timespec(tv_sec: Int(clamping: rest / 1_000_000), tv_nsec: Int(rest % 1_000_000) * 1_000)
    let count = entries.count
    // On an error (a signal) the kernel leaves the old answers standing.
    let found = entries.withUnsafeMutableBufferPointer { linli_wait($0.baseAddress, UInt(count), &limit) }
    guard found > 0 else { return }
    for (entry, number) in zip(entries, numbers) where entry.revents != 0 {
      body(number, Readiness(events: Int32(entry.revents)))
    }
  }
}
