import Foundation
import Transports

/// A line between two programs of a test that can be cut, black-holed, slowed and healed.
public final class Line: Sendable {
  private let relay: LineRelay

  public init(to target: UInt16) throws {
    let relay = try LineRelay(toHost: "127.0.0.1", port: target)
    self.relay = relay
    Thread.detachNewThread { relay.run() }
  }

  deinit { relay.stop() }

  public var port: UInt16 { relay.port }
  public var counters: LineRelay.Counters { relay.counters }

  /// Connections are reset and refused: a line that is healed at once was cut all the same.
  public func cut() {
    relay.set(.cut)
    for _ in 0..<5_000 where !relay.isObeyed { usleep(1_000) }
  }
  /// Connections are taken, nothing passes.
  public func hole() { relay.set(.hole) }
  public func slow(bytesPerSecond: Int) { relay.set(.slow(bytesPerSecond: bytesPerSecond)) }
  public func heal() { relay.set(.whole) }
}
