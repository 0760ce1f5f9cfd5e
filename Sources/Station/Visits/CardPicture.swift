import DeviceVocabulary

/// What a terminal shows of a card that somebody has laid on its reader: masked text, and how far the reading has come.
public struct CardPicture: Sendable, Equatable {
  /// Rises with every change.
  public var revision: UInt32
  public var stage: Stage
  /// `王*` and `220***********1234`; empty until it is read.
  public var name = ""
  public var number = ""
  /// Something in it does not fit, for instance its check digit: the clerk should look at the card itself.
  public var isDoubtful = false
  /// Why nothing was read, or why the reading came to nothing so far.
  public var problem: Problem?
  /// What lies on the terminal's reader of smart cards; only in the picture that is nobody's (`CardDesk.picture` of card 0).
  public var lies: Lying?

  /// Which kind of card, and nothing of what is on it.
  public enum Lying: String, Sendable, Codable, CaseIterable {
    case socialSecurity, other
    /// It does not answer: upside down, or broken.
    case dead
  }

  public enum Stage: String, Sendable, Codable, CaseIterable {
    /// Lay the card down.
    case waiting
    /// Something lies there and is being read.
    case reading
    /// Read and sealed: what is shown is all that is left in clear.
    case read
    /// Nothing more comes of it.
    case over
  }

  public enum Problem: String, Sendable, Codable, CaseIterable {
    case brokeOff, unclear, refused, unknownCard, garbled, consentEnded
    /// A fault stands, and the staff have its card.
    case outOfOrder
    /// It is unplugged, for a moment perhaps: nobody was told, and a card is read when it is back.
    case readerAway
    /// It was read, and could not be sealed: it was erased and is nowhere.
    case notSealed

    public init(_ failure: ReadFailure) {
      switch failure {
      case .brokeOff: self = .brokeOff
      case .unclear: self = .unclear
      case .refused: self = .refused
      case .unknownCard: self = .unknownCard
      case .garbled: self = .garbled
      case .outOfOrder: self = .outOfOrder
      case .consentEnded: self = .consentEnded
      }
    }
  }

  public init(revision: UInt32, stage: Stage) {
    self.revision = revision
    self.stage = stage
  }
}
