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
}
