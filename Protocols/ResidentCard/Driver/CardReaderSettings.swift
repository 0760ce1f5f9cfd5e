import DeviceKit
import DeviceVocabulary
import ResidentCardCodec

/// Times and quirks of a reader. The defaults are those of README.md, "Times".
public struct CardReaderSettings: Sendable, Equatable {
  public enum CommandSet: Sendable, Equatable {
    case standard
    /// `00 xx`: readers of one maker at 9600 baud. They have no module number and no newest address.
    case only9600
  }

  public var commands = CommandSet.standard
  /// Sent once after each start (`61 FF`); `nil`: not sent.
  public var longestRadioFrame: UInt8?
  /// Quirk: finds a card again that lies there since it was read. Only with such a reader can be seen that a card was taken afterwards.
  public var findsLyingCard = false

  /// Until the first byte of an answer.
  public var statusTimeout = Interval.milliseconds(300)
  public var findTimeout = Interval.milliseconds(300)
  public var selectTimeout = Interval.milliseconds(500)
  public var readTimeout = Interval.milliseconds(3000)
  public var addressTimeout = Interval.milliseconds(1500)
  /// Silence within an answer: it will not be whole any more.
  public var gapTimeout = Interval.milliseconds(150)
  /// From a command to the last byte of its answer.
  public var commandTimeout = Interval.milliseconds(5000)
  /// So long nothing may come before the next command, when something went wrong.
  public var quiet = Interval.milliseconds(200)
  /// A reader that never falls quiet.
  public var quietTimeout = Interval.milliseconds(800)

  /// Between two looks for a card.
  public var pollPeriod = Interval.milliseconds(400)
  /// How often a reader is asked whether it is well while nobody wants a card; `nil`: never.
  public var idleCheck: Interval? = .seconds(10)
  /// What was read is erased after this time at the latest.
  public var holdLimit = Interval.seconds(60)

  /// Rungs of the ladder: what the transport may take for each.
  public var clearPatience = Interval.milliseconds(200)
  public var resetPatience = Interval.milliseconds(800)
  public var openPatience = Interval.milliseconds(1000)
  /// Unplugged for so long: a person has to look.
  public var absentGrace = Interval.seconds(3)
  /// Between two tries to open a port that is not there.
  public var openPeriod = Interval.seconds(1)
  /// Between the end of the ladder and the next try.
  public var comebackPeriod = Interval.seconds(2)
  /// Between two questions to a module that says it is out of order.
  public var moduleCheck = Interval.seconds(5)

  public init() {}
}

public enum TransferFailure: Sendable, Equatable {
  /// The endpoint is halted.
  case stalled
  case failed
}

public enum CardReaderInput: Sendable {
  /// The port is open.
  case linkUp(PipeLayout)
  /// It is gone, or could not be opened.
  case linkDown
  /// What came through a pipe. The driver takes it out: the buffer is erased when `handle` returns.
  case received(SecretBuffer, from: ReaderPipe)
  /// A write, or a read that was asked for. No read is under way any more.
  case transferFailed(TransferFailure)
  /// `clearHalt` or `resetDevice` is done, and the port is still open.
  case mended
  /// Look for a card and read it, once. An earlier request is over with it, and what was read for it is erased.
  case read(newestAddress: Bool, consent: CardConsent)
  /// Nobody wants a card any more: the session is over. What was read is erased.
  case cancel
  case wake
}

public enum CardReaderEffect: Sendable {
  case write(FixedBytes<20>, ReaderPipe)
  /// Hand in whatever comes through this pipe, 64 bytes at the most, so that progress is seen. Stands until bytes were handed in. A stream
  /// that flows unasked needs none.
  case read(ReaderPipe)
  /// No read stands any more; what it would have brought is thrown away.
  case stopReading
  /// All endpoints. Answered by `mended`.
  case clearHalt
  /// Answered by `mended`, or by `linkDown` and `linkUp`.
  case resetDevice
  /// Close the port if it is open, and open it. Answered by `linkUp` or `linkDown`.
  case openPort
  case event(ReaderEvent)
  case health(Health)
  /// Once after each start, of a reader that can say.
  case identified(ModuleNumber)
  /// Just before `ReaderEvent.read` of the same handle. `consent` is the number of the consent to which it was read.
  case record(CardRecord, consent: UInt64)
}

/// Since the driver was made.
public struct CardReaderCounters: Sendable, Equatable {
  public var commands: UInt64 = 0
  public var timeouts: UInt64 = 0
  /// Frames that were none.
  public var rejected: UInt64 = 0
  /// Answers to something else, mostly late ones.
  public var foreign: UInt64 = 0
  public var transferFailures: UInt64 = 0
  public var ladders: UInt64 = 0
  public var records: UInt64 = 0
}
