import DeviceKit

/// What reaches a machine that asks one peer over TCP and comes to an outcome.
public enum ConversationInput: Sendable, Equatable {
  case linkUp
  case linkDown
  case received([UInt8])
  case wake
}

/// What such a machine wants.
public enum ConversationEffect<Outcome: Sendable & Equatable>: Sendable, Equatable {
  /// A new connection; one that is still open is closed first.
  case open(host: String, port: Int)
  case write([UInt8])
  /// The last one: close the line.
  case ended(Outcome)
}
