import NIOCore

/// What one page server takes from its clients. Everything has a limit.
public struct ServerLimits: Sendable {
  public var bodyBytes = 8 * 1024
  public var headerBytes = 16 * 1024
  /// A request must have come completely within this time, and its answer must have been taken within the same time again.
  public var requestTime: TimeAmount = .seconds(10)
  /// How long a client may go on sending after its answer, before the connection is cut.
  public var lingerTime: TimeAmount = .seconds(2)
  public var connections = 2000
  /// The station's answer to a request of a post must come within this time.
  public var answerTime: TimeAmount = .seconds(10)
  /// Pages give the station up for lost after 4.5 s without one.
  public var heartbeat: TimeAmount = .seconds(2)
  /// Bytes that wait for a slow page before only the newest view is kept for it.
  public var streamBacklogBytes = 64 * 1024
  /// The kernel's send buffer of a connection; with the backlog above it bounds what a page may leave undrained.
  public var sendBufferBytes = 192 * 1024
  /// A page that drains nothing for so many heartbeats is closed; its browser connects again.
  public var streamStalledHeartbeats = 5

  public static let standard = ServerLimits()

  public init() {}
}
