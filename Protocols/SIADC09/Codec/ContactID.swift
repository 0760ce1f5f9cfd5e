/// What is reported, in the words of Contact ID (SIA DC-05) and of SIA DC-03 (README.md, "Content").
public struct ReceiverEvent: Sendable, Hashable, Codable {
  public var code: Code
  public var isRestore: Bool
  /// Partition, 0 ... 99; 0: none.
  public var group: Int
  /// Zone, 0 ... 999; 0: none.
  public var zone: Int

  /// The codes that this program uses, each with its number in DC-05 and its letters in DC-03.
  public enum Code: String, Sendable, Hashable, Codable, CaseIterable {
    case medical, personalEmergency, fire, panic, duress, silentHoldUp, audibleHoldUp, trouble, manualTest, periodicTest
  }

  /// Numbers beyond the digits of their fields are clamped.
  public init(_ code: Code, isRestore: Bool = false, group: Int, zone: Int) {
    self.code = code
    self.isRestore = isRestore
    self.group = min(max(group, 0), 99)
    self.zone = min(max(zone, 0), 999)
  }
}

extension ReceiverEvent.Code {
  /// The event code of DC-05.
  public var number: Int {
    switch self {
    case .medical: 100
    case .personalEmergency: 101
    case .fire: 110
    case .panic: 120
    case .duress: 121
    case .silentHoldUp: 122
    case .audibleHoldUp: 123
    case .trouble: 350
    case .manualTest: 601
    case .periodicTest: 602
    }
  }

  /// The letters of DC-03 for a new event and for its restoral.
  public var letters: (new: String, restored: String) {
    switch self {
    case .medical: ("MA", "MH")
    case .personalEmergency: ("QA", "QH")
    case .fire: ("FA", "FH")
    case .panic: ("PA", "PH")
    case .duress, .silentHoldUp, .audibleHoldUp: ("HA", "HH")
    case .trouble: ("YC", "YK")
    case .manualTest: ("RX", "RX")
    case .periodicTest: ("RP", "RP")
    }
  }

  /// A test is over with its report; there is nothing to restore.
  public var hasRestore: Bool { self != .manualTest && self != .periodicTest }
}

extension ReceiverEvent {
  /// `#1234|1120 01 005`: qualifier 1 (new) or 3 (restored), code, group, zone.
  public func contactID(account: String) -> String {
    "#\(account)|\(isRestore ? 3 : 1)\(code.number) \(digits(group, 2)) \(digits(zone, 3))"
  }

  /// `#1234|Nri1/PA005`: N for new, area, letters, zone.
  public func siaDCS(account: String) -> String {
    "#\(account)|N\(group > 0 ? "ri\(group)/" : "")\(isRestore ? code.letters.restored : code.letters.new)\(digits(zone, 3))"
  }

  private func digits(_ value: Int, _ count: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, count - text.count)) + text
  }
}
