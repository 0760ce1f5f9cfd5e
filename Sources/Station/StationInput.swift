import DeviceKit
import DeviceVocabulary

/// What reaches the station, with the wall clock of that moment.
public struct Stimulus: Sendable, Equatable, Codable {
  public var wall: WallClock
  public var input: StationInput

  public init(wall: WallClock, input: StationInput) {
    self.wall = wall
    self.input = input
  }
}

public enum StationInput: Sendable, Equatable, Codable {
  /// First input after the fold: which boot this is, and which program runs.
  case started(boot: String, program: String)
  /// A clean stop is under way.
  case stopping
  case device(DeviceEvent)
  case request(DeskRequest)
  /// The journal refused, lost its file or recovered.
  case journal(DeskView.JournalStatus.Condition, detail: String)
  /// How the ways to the parent are; which calls' openings it has on disk; a command of it; that its journal and this one differ.
  case link(LinkStatus)
  case delivered([IncidentID], parent: String)
  case command(ParentCommand, remainingMilliseconds: Int64)
  case parentContradicts(epoch: UInt32, detail: String)
  /// The parent has lost what this station has dropped since.
  case parentLacksPast(detail: String)
  /// A new file of the journal has begun, for a new month. `tooLarge` says which part of the state does not fit into an entry.
  case monthBegan(boot: String, tooLarge: String?)
  /// By how much the parent's clock is ahead of this one, in milliseconds; negative: it is behind.
  case parentClock(aheadMilliseconds: Int64)
  /// This station's own certificate ends within 30 days: in words; `nil`: it does not.
  case certificate(String?)
  /// Entries of a child; a child that connects, listens for commands, or is heard.
  case received(child: String, [Received], request: UInt64)
  /// `oldest`: the end of what the child has dropped; `nil`: it has everything.
  case childConnected(String, oldest: JournalHead?, request: UInt64)
  case childListens(String)
  case childrenHeard([ChildPulse])
  /// The certificate that a child has shown ends within 30 days: in words; `nil`: it does not.
  case childCertificate(String, String?)
  /// The alarm receiver answers, does not answer, or does not take what it is sent.
  case receiver(ReceiverCondition, detail: String)
  /// Whether a terminal's page shows that it works.
  case kiosk(String, isAlive: Bool)
  /// Devices of the display wall have said something; whether a source delivers.
  case wallHeard([WallReport])
  case source(String, SourceState)
  /// A camera has turned to where it was asked to, or (`failure`, in words) has not.
  case turned(source: String, preset: String, failure: String?)
  /// How the card reader of a terminal is.
  case reader(kiosk: String, ReaderStanding)
  /// How the reader of smart cards of a terminal is, or (`nil`) of the staff.
  case smartCards(kiosk: String?, SmartCardStanding)
  /// What is the matter with the ticket printer, or no longer is.
  case printer(PrinterFault, isPresent: Bool)
  /// Somebody of the staff logged in, or was refused.
  case access(AccessNote)
  /// What is the matter with the keys of sealed fields, in words; `nil`: nothing.
  case sealing(String?)
  /// Files of the pages that cannot be read, in words; `nil`: none.
  case pages(missing: String?)
  /// What the runtime has deleted since it was last told: in answer to `sweep`.
  case swept(keys: Int, files: Int)
  /// A deadline has come.
  case wake
}

public enum StationEffect: Sendable, Equatable {
  /// To be committed before any effect of the same batch is released.
  case record(Entry)
  case device(DeviceCommand)
  /// The whole wish for a device of the display wall; that a person sees which port this is; that everything is read and tried again.
  case wall(String, [WallWish])
  case wallIdentify(WallPort, seconds: UInt8)
  case wallRetest(String)
  /// A camera is to turn to a position that it remembers; a source is asked whether it delivers, also when it was given up.
  case turn(source: String, preset: String)
  case sourceRetest(String)
  case answer(UInt64, DeskAnswer)
  /// What of a child's journal is on this disk, in answer to its request.
  case receipt(UInt64, LinkReceipt)
  case command(String, ParentCommand)
  /// These keys are not needed in clear any more: the visit was handed over, or is over.
  case forgetKeys([String])
  /// Nothing names these keys any more: what they sealed is to be opened by nobody.
  case shred([String])
  /// Keys that nothing names are looked for, and `swept` says what was deleted.
  case sweep
}

/// What a device of the display wall has said.
public struct WallReport: Sendable, Equatable, Codable {
  public var device: String
  public var event: WallEvent
  /// When it did; `nil`: at the moment of the input.
  public var at: Instant?

  public init(_ device: String, _ event: WallEvent, at: Instant? = nil) {
    self.device = device
    self.event = event
    self.at = at
  }
}

extension StationInput {
  public static func wall(_ device: String, _ event: WallEvent) -> StationInput { .wallHeard([WallReport(device, event)]) }
}
