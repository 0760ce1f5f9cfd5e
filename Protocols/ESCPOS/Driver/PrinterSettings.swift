import DeviceKit
import DeviceVocabulary

/// How the driver treats its printer. Times that differ between models and sites are here; the rest of what differs is in the bytes of
/// the job (`PrinterProfile`).
public struct PrinterSettings: Sendable, Equatable {
  public enum Status: Sendable, Equatable {
    /// `DLE EOT` at any time and `GS r` in order: "printed" is known.
    case full
    /// Quirk: `DLE EOT` only. What is wrong is known; that a slip was printed is not.
    case realTimeOnly
    /// Quirk: answers nothing, or the line goes one way only.
    case none
  }

  public var status: Status
  /// Between two rounds of questions while nothing is printed.
  public var pollInterval: Interval
  /// For one answer to a real-time request. README.md, "Times".
  public var replyTimeout: Interval
  /// For the line to take a whole job.
  public var writeTimeout: Interval
  /// From the last byte to the answer in order, besides the time that printing takes.
  public var markerTimeout: Interval
  /// Printing takes no longer than this allows.
  public var slowestBytesPerSecond: Int
  /// A slip that was not begun in this time is given up: whoever waits is shown it on the screen.
  public var patience: Interval
  /// The same while the printer says that it cannot print: long enough for paper that is just being put in, short enough that whoever waits
  /// has a number before he walks away.
  public var blockedPatience: Interval
  /// Rounds without an answer until it counts as not answering and the line is opened anew.
  public var silentRounds: Int
  /// Connections come and go (USB); only after this it counts as not connected.
  public var absentAfter: Interval
  public var queueLimit: Int
  /// Parts what a slip that broke off has left on the paper from the next one (`PrinterProfile.separator`).
  public var separator: [UInt8]

  public init(
    status: Status = .full, pollInterval: Interval = .seconds(3), replyTimeout: Interval = .seconds(1),
    writeTimeout: Interval = .seconds(15), markerTimeout: Interval = .seconds(5), slowestBytesPerSecond: Int = 500,
    patience: Interval = .seconds(20), blockedPatience: Interval = .seconds(4), silentRounds: Int = 3,
    absentAfter: Interval = .seconds(5), queueLimit: Int = 8,
    separator: [UInt8] = []
  ) {
    self.status = status
    self.pollInterval = pollInterval
    self.replyTimeout = replyTimeout
    self.writeTimeout = writeTimeout
    self.markerTimeout = markerTimeout
    self.slowestBytesPerSecond = max(slowestBytesPerSecond, 1)
    self.patience = patience
    self.blockedPatience = blockedPatience
    self.silentRounds = max(silentRounds, 1)
    self.absentAfter = absentAfter
    self.queueLimit = max(queueLimit, 1)
    self.separator = separator
  }
}

public enum PrinterInput: Sendable, Equatable {
  case linkUp
  case linkDown
  case received([UInt8])
  /// The line has taken all of the last `.write`.
  case written
  /// The line took so many bytes of the last `.write`, and takes no more. It is opened anew.
  case writeFailed(accepted: Int)
  /// Each attempt has a number of its own: one that has ended is forgotten.
  case printRequested(job: UInt64, [UInt8])
  case wake
}

public enum PrinterEffect: Sendable, Equatable {
  /// Behind what is being written. Each is answered in order by `written` or `writeFailed`, until the line is gone or opened anew.
  case write([UInt8])
  /// Close the line if it is open, and open it; answered by `linkUp` or `linkDown`.
  case reopen
  case event(PrinterEvent)
}
