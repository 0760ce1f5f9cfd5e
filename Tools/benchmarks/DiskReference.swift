import DeviceKit
import Foundation
import Transports

/// What the disk itself does: 4 KiB written behind the last and synced, as often as it goes.
enum DiskReference {
  /// Writes with fdatasync(2) per second, on the disk that temporary files are on.
  static func syncsPerSecond(seconds: Int) throws -> Double {
    let file = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-sync"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BenchError("\(file): errno \(errno)") }
    defer {
      close(descriptor)
      unlink(file)
    }
    let page = [UInt8](repeating: 0x78, count: 4_096)
    let begin = MonotonicClock.now()
    let end = begin + .seconds(seconds)
    var count = 0
    while MonotonicClock.now() < end {
      guard write(descriptor, page, page.count) == page.count, fdatasync(descriptor) == 0 else {
        throw BenchError("\(file): errno \(errno)")
      }
      count += 1
    }
    return Double(count) / Double((MonotonicClock.now() - begin).microseconds) * 1e6
  }
}
