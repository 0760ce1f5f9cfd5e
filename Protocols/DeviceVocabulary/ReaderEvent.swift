import DeviceKit

/// What a card reader tells the station. Nothing in it is about a person: what was read stays with its driver, known by a number.
public enum ReaderEvent: Sendable, Equatable, Codable {
  /// It is plugged in; nothing was asked of it yet.
  case attached
  case detached
  /// It has answered and takes cards.
  case ready
  /// A card lies on it (told only while somebody has asked for one).
  case cardArrived
  /// What was asked came to nothing, or has to be tried once more; the request stands unless `ReadFailure.endsRequest`.
  case readFailed(ReadFailure)
  /// The card was read whole. The request is over.
  case read(CardHandle)
  /// No card lies there any more.
  case removed
  /// What was read is erased, for whatever reason.
  case wiped(CardHandle)
  /// It does not come to itself: a person has to look. Told once for each fault.
  case repairNeeded(ReaderRepair)
  /// What was told with `repairNeeded` is over.
  case repaired
}

/// A reading, counted from 1 since the program began: says nothing about which card it was.
public struct CardHandle: Sendable, Hashable, Codable {
  public var number: UInt32

  public init(number: UInt32) { self.number = number }
}

/// That somebody has agreed to have a card read, once, until then. The station makes it when the resident has touched "yes".
public struct CardConsent: Sendable, Equatable {
  /// No two have the same number.
  public var number: UInt64
  public var until: Instant

  public init(number: UInt64, until: Instant) {
    self.number = number
    self.until = until
  }
}

public enum ReadFailure: String, Sendable, Codable, CaseIterable {
  /// The reading broke off, and nothing is known to lie there any more: the card was taken away, or moved.
  case brokeOff
  /// Something lies there that can be found and not be read: two cards, one that is not still, or none that is one.
  case unclear
  /// Card and reader do not accept each other.
  case refused
  /// A card of a kind that this program does not know.
  case unknownCard
  /// The reader's answer arrived damaged.
  case garbled
  /// The reader is out of order: only the way without a card is left.
  case outOfOrder
  /// The time of the consent is over, or it was used before.
  case consentEnded

  public var endsRequest: Bool { self == .outOfOrder || self == .consentEnded }
}

public enum ReaderRepair: String, Sendable, Codable, CaseIterable {
  /// It is not plugged in.
  case absent
  /// Plugged in, and answers nothing.
  case silent
  /// What it answers makes no sense.
  case garbled
  /// It answers that its security module has failed its self-test.
  case moduleSelfTest
  /// It answers that its security module is not authorised: the supplier's business.
  case moduleNotAuthorised

  /// The reader itself said so; a reset changes nothing about it.
  public var isTold: Bool { self == .moduleSelfTest || self == .moduleNotAuthorised }
}
