/// The kinds of card that a certified reader reads, told apart by one character of the text.
public enum CardKind: String, Sendable, Equatable, Codable, CaseIterable {
  case resident
  /// Residence permit for people from Hong Kong, Macao and Taiwan.
  case regional
  /// Permanent residence of foreigners, form of 2017 and form of 2023.
  case foreign2017, foreign2023

  /// Where that character stands.
  public static let markOffset = 248

  /// `nil` for a kind that nobody has told us of.
  public init?(mark: UInt16) {
    switch mark {
    case 0x20, 0: self = .resident
    case 0x4A: self = .regional
    case 0x49: self = .foreign2017
    case 0x59: self = .foreign2023
    default: return nil
    }
  }

  public var mark: UInt16 {
    switch self {
    case .resident: 0x20
    case .regional: 0x4A
    case .foreign2017: 0x49
    case .foreign2023: 0x59
    }
  }
}

/// What stands on a card.
public enum CardField: Sendable, Hashable, CaseIterable {
  case name
  /// In Latin letters, of foreigners.
  case latinName
  case sex
  /// Two digits (`Nation`).
  case nation
  case birth, address, number, authority, validFrom, validTo
  /// Of the travel permit that a regional card goes with, and how often that was issued.
  case travelPermit, issueCount
  /// Three letters.
  case nationality
  case cardVersion, office, replacements
  /// The last part of the 15-character number that the holder had before.
  case formerNumber
}

/// Bytes of a text, from `offset` on.
public struct CardSpan: Sendable, Equatable {
  public var offset: Int
  public var length: Int

  init(_ offset: Int, _ length: Int) {
    self.offset = offset
    self.length = length
  }
}

extension CardKind {
  /// Where a field stands, in the order to be read; empty where a card of this kind has no such field.
  public func spans(_ field: CardField) -> [CardSpan] {
    let span: CardSpan? =
      switch self {
      case .resident: shared(field)
      case .regional: regional(field)
      case .foreign2017: foreign2017(field)
      case .foreign2023: foreign2023(field)
      }
    // The only field in two places.
    if self == .foreign2023, field == .latinName { return [CardSpan(52, 70), CardSpan(220, 22)] }
    return span.map { [$0] } ?? []
  }

  private func shared(_ field: CardField) -> CardSpan? {
    switch field {
    case .name: CardSpan(0, 30)
    case .sex: CardSpan(30, 2)
    case .nation: CardSpan(32, 4)
    case .birth: CardSpan(36, 16)
    case .address: CardSpan(52, 70)
    case .number: CardSpan(122, 36)
    case .authority: CardSpan(158, 30)
    case .validFrom: CardSpan(188, 16)
    case .validTo: CardSpan(204, 16)
    default: nil
    }
  }

  private func regional(_ field: CardField) -> CardSpan? {
    switch field {
    case .nation: nil
    case .travelPermit: CardSpan(220, 18)
    case .issueCount: CardSpan(238, 4)
    default: shared(field)
    }
  }

  private func foreign2017(_ field: CardField) -> CardSpan? {
    switch field {
    case .latinName: CardSpan(0, 120)
    case .sex: CardSpan(120, 2)
    case .number: CardSpan(122, 30)
    case .nationality: CardSpan(152, 6)
    case .name: CardSpan(158, 30)
    case .validFrom: CardSpan(188, 16)
    case .validTo: CardSpan(204, 16)
    case .birth: CardSpan(220, 16)
    case .cardVersion: CardSpan(236, 4)
    case .office: CardSpan(240, 8)
    default: nil
    }
  }

  private func foreign2023(_ field: CardField) -> CardSpan? {
    switch field {
    case .name: CardSpan(0, 30)
    case .sex: CardSpan(30, 2)
    case .replacements: CardSpan(32, 4)
    case .birth: CardSpan(36, 16)
    case .number: CardSpan(122, 36)
    case .validFrom: CardSpan(188, 16)
    case .validTo: CardSpan(204, 16)
    case .nationality: CardSpan(242, 6)
    case .formerNumber: CardSpan(250, 6)
    default: nil
    }
  }
}
