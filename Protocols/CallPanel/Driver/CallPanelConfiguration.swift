import DeviceKit
import DeviceVocabulary

/// How one call panel is driven.
public struct CallPanelConfiguration: Sendable, Equatable {
  public var device: DeviceID
  /// Pause between two short polls, 0...250 ms: zero asks again as soon as the node's turn comes. Values outside are brought inside.
  public var pollInterval: Interval
  /// No sound at the panel but the confirmation of a press.
  public var mute: Bool

  public init(device: DeviceID, pollInterval: Interval = .zero, mute: Bool = false) {
    self.device = device
    self.pollInterval = min(max(pollInterval, .zero), .milliseconds(250))
    self.mute = mute
  }
}
