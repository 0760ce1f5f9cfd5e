/// What the driver of a ticket printer tells the station. Past tense: it has happened.
public enum PrinterEvent: Sendable, Equatable, Codable {
  /// Whether a slip that is asked for now would be printed.
  case conditionChanged(PrinterCondition)
  /// One notice for each fault, and one when it is over by itself.
  case faultChanged(PrinterFault, isPresent: Bool)
  /// The last that is heard of a job, exactly once.
  case jobEnded(job: UInt64, PrintOutcome)
}

public enum PrinterCondition: String, Sendable, Codable, CaseIterable {
  /// Nothing was heard of it yet.
  case unknown
  case ready
  case printing
  /// Not as things stand: its faults say why.
  case blocked
}

/// What a person has to do something about.
public enum PrinterFault: String, Sendable, Codable, CaseIterable {
  /// Unplugged, switched off, or its network away.
  case notConnected
  /// Connected, and says nothing.
  case notAnswering
  case coverOpen
  case paperOut
  case cutterError
  /// Says that something else is wrong with it.
  case error
  /// Not ready, and does not say why.
  case offline
  /// Prints still.
  case paperNearEnd

  public var blocks: Bool { self != .paperNearEnd }
}

/// What became of a slip, as far as it can be known.
public enum PrintOutcome: Sendable, Equatable, Codable {
  /// The printer said so, after the last byte.
  case printed
  /// Handed over whole to a printer that does not say what it has printed.
  case sentNotVerified
  /// Not one byte of it reached the printer: it may be asked for again.
  case notPrinted(Reason)
  /// Perhaps, perhaps in part. Never printed again without a person who has looked.
  case unknown(PrinterFault?)

  public enum Reason: Sendable, Equatable, Codable {
    case queueIsFull
    /// Empty, or longer than any slip.
    case impossible
    /// The printer was not ready in the time that a person waits for a slip; the fault, if one was known.
    case notReady(PrinterFault?)
  }
}
