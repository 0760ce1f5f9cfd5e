import DeviceVocabulary
import StationLinkCodec

/// An entry that the parent has to get, without its bytes: those stay in the journal until they are sent.
public struct Outgoing: Sendable, Equatable {
  public var position: JournalPosition
  public var before: JournalHead
  /// The call for help that it is a step of; `nil`: it is about something else.
  public var incident: UInt32?
  /// It opens that call.
  public var opens: Bool
  /// It ends that call.
  public var ends: Bool
  /// Length of the body.
  public var bytes: Int

  public init(
    position: JournalPosition, before: JournalHead, incident: UInt32? = nil, opens: Bool = false, ends: Bool = false, bytes: Int
  ) {
    self.position = position
    self.before = before
    self.incident = incident
    self.opens = opens
    self.ends = ends
    self.bytes = bytes
  }
}
