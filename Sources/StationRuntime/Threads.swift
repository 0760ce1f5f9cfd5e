import DeviceKit
import Foundation
import Synchronization
import Transports

/// Raised once, from a signal or a test, and seen by every loop.
public final class StopFlag: Sendable {
  private let raised = Atomic<Bool>(false)

  public init() {}

  public var isRaised: Bool { raised.load(ordering: .acquiring) }
  public func raise() { raised.store(true, ordering: .releasing) }
}

/// When a loop last showed that it is alive.
package final class Heartbeat: Sendable {
  let name: String
  private let last = Atomic<UInt64>(0)

  package init(name: String) {
    self.name = name
  }

  func beat(_ now: Instant) { last.store(now.microseconds, ordering: .relaxed) }
  func age(_ now: Instant) -> Interval { now - Instant(microseconds: last.load(ordering: .relaxed)) }
}

/// Says which loop did not come round, and feeds the service manager's watchdog only while all do.
final class StallReporter {
  private let heartbeats: [Heartbeat]
  private let log: @Sendable (String) -> Void
  private var stalled: [String] = []

  static let limit = Interval.seconds(3)

  init(_ heartbeats: [Heartbeat], log: @escaping @Sendable (String) -> Void) {
    self.heartbeats = heartbeats
    self.log = log
  }

  /// Whether every loop has come round lately.
  func check(_ now: Instant) -> Bool {
    let late = heartbeats.filter { $0.age(now) > Self.limit }
    for beat in late where !stalled.contains(beat.name) {
      log("线程停顿 / stalled: \(beat.name), \(beat.age(now).microseconds / 1000) ms")
    }
    for name in stalled where !late.contains(where: { $0.name == name }) { log("恢复 / running again: \(name)") }
    stalled = late.map(\.name)
    return late.isEmpty
  }
}

/// Starts a thread of the given name.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) -> DispatchGroup {
  let group = DispatchGroup()
  group.enter()
  let thread = Thread {
    body()
    group.leave()
  }
  thread.name = name
  thread.start()
  return group
}
