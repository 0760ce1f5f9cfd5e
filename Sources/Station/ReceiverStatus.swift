/// How the conversation with the alarm receiver stands, as far as the station has to know.
public enum ReceiverCondition: String, Sendable, Codable, CaseIterable {
  /// Nothing was asked yet.
  case unknown
  case answering
  case silent
  /// Answers and does not accept: key, account or clock.
  case refusing
  /// Said of one message that it does not know such; it was given up.
  case misses
  /// The sender cannot read the journal: calls do not reach the receiver.
  case unfed
}

/// The alarm receiver on pages and in `status`. It comes from the sender beside the station and is not in the journal.
public struct ReceiverStatus: Sendable, Equatable, Codable {
  /// `host:port`.
  public var name: String
  public var condition: ReceiverCondition
  /// Reports that it has not accepted yet; counting stops at 256.
  public var waiting: Int
  /// When it last accepted anything, supervision included; milliseconds since 1970.
  public var lastAcceptedMilliseconds: Int64?
  /// Since when it has been asked without an answer; milliseconds since 1970.
  public var silentSinceMilliseconds: Int64?

  public init(
    name: String, condition: ReceiverCondition, waiting: Int, lastAcceptedMilliseconds: Int64? = nil,
    silentSinceMilliseconds: Int64? = nil
  ) {
    self.name = name
    self.condition = condition
    self.waiting = waiting
    self.lastAcceptedMilliseconds = lastAcceptedMilliseconds
    self.silentSinceMilliseconds = silentSinceMilliseconds
  }
}
