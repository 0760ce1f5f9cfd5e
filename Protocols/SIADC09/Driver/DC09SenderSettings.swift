import DeviceKit
import SIADC09Codec

/// What the alarm receiving centre has assigned, and the quirks of its receiver.
public struct DC09SenderSettings: Sendable, Equatable {
  public enum Format: Sendable, Equatable { case contactID, siaDCS }

  public var format: Format
  /// 3 to 16 hexadecimal digits.
  public var account: String
  /// 1 to 6 hexadecimal digits; `nil`: not sent.
  public var receiver: String?
  /// 1 to 6 hexadecimal digits.
  public var line: String
  /// Sent in clear frames too; in encrypted ones always.
  public var timestamps: Bool
  /// A supervision message when nothing was exchanged for so long, 10 s ... 24 h; `nil`: none is ever sent.
  public var supervision: Interval?
  /// Without an answer for so long, although something was asked: the receiver counts as silent.
  public var silentAfter: Interval
  /// For one try. Transmitters that others made wait 5 s.
  public var replyTimeout: Interval
  /// For one connection; then it is closed and made anew. At least 1.
  public var tries: Int
  /// Quirk: takes an acknowledgement in clear for an encrypted message. Anybody on the way could send such a one.
  public var plainAcknowledgements: Bool
  /// The time of the press in an `[H…]` of its own, where the receiver knows it: the timestamp is that of the sending.
  public var timeOfOccurrence: Bool

  public init(
    format: Format = .contactID, account: String, receiver: String? = nil, line: String = "0", timestamps: Bool = true,
    supervision: Interval? = .seconds(60), silentAfter: Interval = .seconds(30), replyTimeout: Interval = .seconds(4),
    tries: Int = 4, plainAcknowledgements: Bool = false, timeOfOccurrence: Bool = false
  ) {
    self.format = format
    self.account = account
    self.receiver = receiver
    self.line = line
    self.timestamps = timestamps
    self.supervision = supervision
    self.silentAfter = silentAfter
    self.replyTimeout = replyTimeout
    self.tries = max(tries, 1)
    self.plainAcknowledgements = plainAcknowledgements
    self.timeOfOccurrence = timeOfOccurrence
  }
}

/// One thing to tell the receiver.
public struct DC09Report: Sendable, Equatable {
  /// The caller's own number, given back when it was delivered.
  public var number: UInt64
  public var event: ReceiverEvent
  public var occurred: DC09Timestamp?

  public init(number: UInt64, event: ReceiverEvent, occurred: DC09Timestamp? = nil) {
    self.number = number
    self.event = event
    self.occurred = occurred
  }
}

public enum DC09Input: Sendable, Equatable {
  case report(DC09Report)
  /// What `.connect` asked for is there (a datagram socket: at once).
  case connected
  /// The connection is gone, or could not be made.
  case closed
  case received([UInt8])
  case wake
}

/// What reaches the sender, with the wall clock of that moment, which goes into the timestamps and moves no timer.
public struct DC09Stimulus: Sendable, Equatable {
  /// Since 1970-01-01T00:00:00Z.
  public var wallMilliseconds: Int64
  public var input: DC09Input

  public init(_ input: DC09Input, wallMilliseconds: Int64) {
    self.input = input
    self.wallMilliseconds = wallMilliseconds
  }
}

public enum DC09Effect: Sendable, Equatable {
  case connect
  case disconnect
  /// One message, to be handed to the socket in one piece: some receivers do not put pieces together.
  case transmit([UInt8])
  /// The receiver has it.
  case delivered(report: UInt64, sequence: Int)
  /// The receiver does not take such content (DUH) and never will: it is not sent again.
  case refused(report: UInt64, sequence: Int)
  /// A number was used up by a refusal (NAK): the report goes out again under the next one.
  case renumbered(next: Int)
  case health(DC09Health)
}

public enum DC09Health: String, Sendable, Equatable, CaseIterable {
  /// Nothing was asked yet.
  case unknown
  case answering
  case silent
  /// It answers, and does not accept: wrong key or account, or a clock that cannot be brought together.
  case refusing
}
