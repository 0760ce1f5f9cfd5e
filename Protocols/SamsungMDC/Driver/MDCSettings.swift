import DeviceKit
import SamsungMDCCodec

/// What differs between sites and models, or is not certain (README.md, "Settings").
public struct MDCSettings: Sendable, Equatable {
  public enum Line: String, Sendable, CaseIterable {
    /// The panel's own network port: one panel, and the connection is gone while it starts.
    case direct
    /// A serial line, or a serial server: many panels, and only the one that starts hears nothing.
    case chain
  }

  public var line: Line
  /// In the order in which they are switched.
  public var ids: [UInt8]
  public var wallDivOrder: MDCWallLayout.Order
  /// False: the model has no video wall, nothing of it is asked, and its picture is its own.
  public var hasVideoWall: Bool
  /// Told to a panel when its part is set; `nil`: left as it is.
  public var wallMode: WallMode?
  /// After it was switched on a panel hears nothing for so long.
  public var powerOnDeafSeconds: Int
  /// ... and is not taken for dead for so long.
  public var powerOnLimitSeconds: Int
  /// Between being switched off and being asked whether it is.
  public var powerOffSettle: Interval
  /// From an answer to the next command.
  public var gap: Interval
  public var replyTimeout: Interval
  public var powerReplyTimeout: Interval
  /// On a chain, for a panel that was not heard yet, or no longer.
  public var probeTimeout: Interval
  /// Each panel is read this often at rest.
  public var restCycle: Interval

  public enum WallMode: UInt8, Sendable, CaseIterable { case natural, full }

  public init(
    line: Line = .direct, ids: [UInt8] = [1], wallDivOrder: MDCWallLayout.Order = .rowsHigh, hasVideoWall: Bool = true,
    wallMode: WallMode? = .full, powerOnDeafSeconds: Int = 10, powerOnLimitSeconds: Int = 60,
    powerOffSettle: Interval = .seconds(2),
    gap: Interval = .zero, replyTimeout: Interval? = nil, powerReplyTimeout: Interval? = nil,
    probeTimeout: Interval = .milliseconds(250), restCycle: Interval = .seconds(5)
  ) {
    self.line = line
    self.ids = ids.enumerated().filter { at, id in id <= 0xFD && !ids[..<at].contains(id) }.map(\.element)
    self.wallDivOrder = wallDivOrder
    self.hasVideoWall = hasVideoWall
    self.wallMode = wallMode
    self.powerOnDeafSeconds = max(powerOnDeafSeconds, 0)
    self.powerOnLimitSeconds = max(powerOnLimitSeconds, 0)
    self.powerOffSettle = powerOffSettle
    self.gap = gap
    self.replyTimeout = replyTimeout ?? (line == .direct ? .seconds(1) : .milliseconds(1_500))
    self.powerReplyTimeout = powerReplyTimeout ?? (line == .direct ? .seconds(5) : self.replyTimeout)
    self.probeTimeout = probeTimeout
    self.restCycle = max(restCycle, .milliseconds(100))
  }
}
