import DeviceVocabulary

/// How the card reader of a terminal is. Nothing of it is about a card or its holder.
public enum ReaderStanding: Sendable, Equatable, Codable {
  case starting
  case ready
  /// A person has to look; told once for each fault.
  case broken(ReaderRepair)

  /// What pages call it.
  public var name: String {
    switch self {
    case .starting: "starting"
    case .ready: "ready"
    case .broken: "broken"
    }
  }
}

/// How a reader of smart cards is. Nothing of it is about a card.
public enum SmartCardStanding: Sendable, Equatable, Codable {
  /// It works; also when the site file has none (any more).
  case well
  /// A person has to look; told once for each fault.
  case broken(SmartCardRepair)

  /// What an event of the reader says of that; `nil`: nothing. A reader that was pulled out has a moment to come back.
  public init?(_ event: SmartCardEvent) {
    switch event {
    case .ready, .repaired: self = .well
    case .repairNeeded(let repair): self = .broken(repair)
    case .detached, .present, .unusable, .removed: return nil
    }
  }
}

extension Station {
  struct ReaderStatus: Sendable {
    var kiosk: String
    var standing: ReaderStanding
  }

  mutating func readerChanged(_ kiosk: String, _ standing: ReaderStanding) {
    guard plan.visits?.kiosk(kiosk) != nil else { return }
    readers.removeAll { $0.kiosk == kiosk }
    readers.append(ReaderStatus(kiosk: kiosk, standing: standing))
    // While it starts nobody knows whether a fault is over.
    guard standing != .starting else { return }
    for repair in ReaderRepair.allCases {
      condition(FaultKey(.kiosk(kiosk), .of(repair)), standing == .broken(repair))
    }
  }

  mutating func smartCardsChanged(_ kiosk: String?, _ standing: SmartCardStanding) {
    if let kiosk {
      guard plan.visits?.kiosk(kiosk) != nil else { return }
      smartCards.removeAll { $0 == kiosk }
      if standing == .well { smartCards.append(kiosk) }
    }
    for repair in SmartCardRepair.allCases {
      condition(FaultKey(kiosk.map { .kiosk($0) } ?? .staffReader, .of(repair)), standing == .broken(repair))
    }
  }
}

extension FaultKey.Kind {
  /// The card of what is the matter with a terminal's card reader.
  static func of(_ repair: ReaderRepair) -> FaultKey.Kind {
    switch repair {
    case .absent: .readerAbsent
    case .silent: .readerSilent
    case .garbled: .readerGarbled
    case .moduleSelfTest: .readerSelfTest
    case .moduleNotAuthorised: .readerNotAuthorised
    }
  }

  /// That of a reader of smart cards.
  static func of(_ repair: SmartCardRepair) -> FaultKey.Kind {
    switch repair {
    case .absent: .smartCardsAbsent
    case .silent: .smartCardsSilent
    case .garbled: .smartCardsGarbled
    case .unsupported: .smartCardsUnsupported
    case .noService: .smartCardsNoService
    }
  }
}
