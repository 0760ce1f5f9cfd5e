import CCIDCodec
import DeviceKit
import DeviceVocabulary

/// Times and quirks of a reader. The defaults are those of README.md, "Times".
public struct CCIDReaderSettings: Sendable, Equatable {
  public var slot: UInt8 = 0
  /// Asks for the UID of whatever is laid there. Cards with contacts refuse it.
  public var asksUID = true
  /// With T=0 and T=1 offered. Whole commands fit T=1 better; a card without contacts is always spoken with by it.
  public var prefersT1 = true

  /// To an answer that needs no card.
  public var replyTimeout = Interval.milliseconds(1000)
  /// To an answer that needs one; also for each time that the reader asks for more.
  public var exchangeTimeout = Interval.milliseconds(3000)
  /// A command to a card with all that belongs to it, unless whoever asked gives less.
  public var commandLimit = Interval.seconds(10)
  /// The longest answer of a card, with its status.
  public var longestAnswer = 4098
  /// A reader that is busy is asked again after that time, and so often.
  public var busyPeriod = Interval.milliseconds(100)
  public var busyLimit = 20
  /// So many answers to something else are dropped.
  public var staleLimit = 10
  /// `GET RESPONSE` and the like within one command.
  public var roundLimit = 40

  /// Between two looks at the slot, where the reader tells nothing by itself.
  public var pollPeriod = Interval.milliseconds(400)
  /// ... where it does.
  public var idleCheck = Interval.seconds(5)

  /// So long nothing may come before the next command, when something went wrong.
  public var quiet = Interval.milliseconds(200)
  /// A reader that never falls quiet.
  public var quietTimeout = Interval.milliseconds(800)
  /// Rungs of the ladder: what the transport may take for each.
  public var clearPatience = Interval.milliseconds(200)
  public var resetPatience = Interval.milliseconds(800)
  public var openPatience = Interval.milliseconds(1000)
  /// Unplugged for so long: a person has to look.
  public var absentGrace = Interval.seconds(3)
  public var openPeriod = Interval.seconds(1)
  /// Between the end of the ladder and the next try.
  public var comebackPeriod = Interval.seconds(2)

  public init() {}
}

public enum CCIDReaderInput: Sendable {
  /// The port is open.
  ///
  /// - Parameters:
  ///   - descriptor: `nil`: it has none that could be read.
  ///   - notices: there is an interrupt pipe.
  case linkUp(CCIDDescriptor?, notices: Bool)
  /// It is gone, or could not be opened.
  case linkDown
  /// One packet of the pipe for answers, `isLast` when it was shorter than packets can be. The driver takes the bytes out.
  case received(SecretBuffer, isLast: Bool)
  /// What came through the interrupt pipe.
  case notified([UInt8])
  /// The interrupt pipe failed: it is not asked any more until the next start.
  case noticeFailed
  case transferFailed(CCIDTransferFailure)
  /// `clearHalt` or `resetDevice` is done, and the port is still open.
  case mended
  /// Ask the card this. Answered by `answered` with the same token.
  case transmit(token: UInt64, [UInt8], within: Interval?)
  case wake
}

public enum CCIDTransferFailure: Sendable, Equatable {
  /// The endpoint is halted.
  case stalled
  case failed
}

public enum CCIDReaderEffect: Sendable {
  case write([UInt8])
  /// Hand in the next packet of the pipe for answers. Stands until one was handed in.
  case read
  /// The same of the interrupt pipe.
  case listen
  /// Neither stands any more; what they would have brought is thrown away.
  case stopReading
  /// All endpoints. Answered by `mended`.
  case clearHalt
  /// Answered by `mended`, or by `linkDown` and `linkUp`.
  case resetDevice
  /// Close the port if it is open, and open it. Answered by `linkUp` or `linkDown`.
  case openPort
  case event(SmartCardEvent)
  case health(Health)
  /// The answer with its status at the end; whoever takes it erases it.
  case answered(token: UInt64, Result<SecretBuffer, SmartCardFailure>)
}

/// Since the driver was made.
public struct CCIDReaderCounters: Sendable, Equatable {
  public var commands: UInt64 = 0
  public var timeouts: UInt64 = 0
  /// Messages that were none.
  public var rejected: UInt64 = 0
  /// Answers to something else, mostly late ones.
  public var stale: UInt64 = 0
  public var transferFailures: UInt64 = 0
  public var extensions: UInt64 = 0
  public var ladders: UInt64 = 0
  public var cards: UInt64 = 0

  public init() {}
}
