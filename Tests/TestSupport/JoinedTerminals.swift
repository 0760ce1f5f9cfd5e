import DeviceKit
import Foundation
import StationRuntime
import Transports

/// Two pseudo-terminals joined: both programs open theirs as a port that nobody else holds.
public final class JoinedTerminals: Sendable {
  private let stop = StopFlag()

  public init(_ near: String, _ far: String) {
    let stop = stop
    Thread.detachNewThread {
      guard let one = try? PseudoTerminal(link: near), let other = try? PseudoTerminal(link: far) else { return }
      var bytes = FixedBytes<256>()
      while !stop.isRaised {
        while case .bytes = one.read(into: &bytes) { other.write(bytes) }
        while case .bytes = other.read(into: &bytes) { one.write(bytes) }
        usleep(500)
      }
    }
  }

  public func cut() { stop.raise() }
}
