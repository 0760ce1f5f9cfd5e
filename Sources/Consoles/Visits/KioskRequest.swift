import Station

/// What a terminal's page asks for by POST, and which fields each takes.
enum KioskRequest: String, CaseIterable {
  /// 求助: a call for help from here.
  case help
  /// 请工作人员帮我: somebody is to come.
  case staff
  case ticket, slip, hazard, status, rate
  /// He agrees to have his card read; how far that has come; he is still there; it is to be forgotten.
  case read, card, touched, forget
  /// The time-out that the staff have held runs again.
  case letGo = "let-go"

  var fields: [String] {
    switch self {
    case .help, .staff, .read: []
    case .card: ["card", "seen"]
    case .touched, .forget: ["card"]
    case .letGo: ["since", "touch"]
    case .ticket: ["service", "priority", "card"]
    case .slip: ["id", "slip", "receipt"]
    case .hazard: ["kind", "place"]
    case .status: ["number", "code"]
    case .rate: ["number", "code", "faces"]
    }
  }

  /// Those that may be left out.
  var optional: [String] { self == .ticket ? ["card"] : [] }

  static let accepted = "/api/kiosk/{terminal}/(\(allCases.map(\.rawValue).joined(separator: " | ")))"
}

/// The four digits on a slip. They are kept nowhere: what is recorded is what the station's own key makes of them.
public struct SlipCodes: Sendable {
  /// Four new digits, drawn by the system's random source.
  public var draw: @Sendable () -> String
  public var digest: @Sendable (String) -> CodeDigest

  public init(draw: @escaping @Sendable () -> String, digest: @escaping @Sendable (String) -> CodeDigest) {
    self.draw = draw
    self.digest = digest
  }
}

/// A ticket to be printed: what the page knows of it. The code is in clear, and is kept nowhere.
public struct PrintedTicket: Sendable, Equatable {
  public var id: TicketID
  public var code: String
  public var ahead: Int?
}

public enum SlipOnPaper: String, Sendable {
  /// It is in the visitor's hand, as the printer says.
  case printed
  /// It may be: nobody knows.
  case unknown
  /// It is not, for sure: the screen has to show the number.
  case shown
}

/// Puts a slip on paper, and returns when it is known what became of it: within 8 s, because the page waits.
public typealias PrintSlip = @Sendable (PrintedTicket) async -> SlipOnPaper

extension TicketID {
  /// `20783/A001`.
  init?(path text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let day = Int32(parts[0]), let slip = TicketID.parse(String(parts[1])) else { return nil }
    self.init(day: day, letter: slip.letter, number: slip.number)
  }
}

extension BodyFields {
  /// Letter and number of a slip as somebody types them.
  func slip(_ name: String) throws(BadRequest) -> (letter: String, number: UInt16) {
    guard let slip = TicketID.parse(try text(name)) else {
      throw BadRequest(fault: .badBody, place: name, accepted: "a slip's number, for instance A001")
    }
    return slip
  }

  func code(_ name: String) throws(BadRequest) -> String {
    let text = try text(name)
    guard text.utf8.count == 4, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw BadRequest(fault: .badBody, place: name, accepted: "the slip's four digits, for instance \"4821\"")
    }
    return text
  }

  func ticket(_ name: String) throws(BadRequest) -> TicketID {
    guard let id = TicketID(path: try text(name)) else {
      throw BadRequest(fault: .badBody, place: name, accepted: "a ticket, for instance 20783/A001")
    }
    return id
  }

  func choice<Value: CaseIterable & RawRepresentable>(_ name: String, _: Value.Type) throws(BadRequest) -> Value
  where Value.RawValue == String {
    guard let value = Value(rawValue: try text(name)) else {
      throw BadRequest(
        fault: .badBody, place: name, accepted: Value.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " | "))
    }
    return value
  }

  /// What a visitor's card session is known by: sixteen hexadecimal digits.
  func card(_ name: String) throws(BadRequest) -> UInt64 {
    try secret(name, from: "/api/kiosk/{terminal}/read")
  }

  /// What stood in the answer that gave the ticket.
  func receipt(_ name: String) throws(BadRequest) -> UInt64 { try secret(name, from: "/api/kiosk/{terminal}/ticket") }

  private func secret(_ name: String, from request: String) throws(BadRequest) -> UInt64 {
    let text = try text(name)
    guard text.utf8.count == 16, text.utf8.first != UInt8(ascii: "+"), let number = UInt64(text, radix: 16) else {
      throw BadRequest(fault: .badBody, place: name, accepted: "what \(request) answered")
    }
    return number
  }

  /// The revision of the picture that a page has.
  func seen(_ name: String) throws(BadRequest) -> UInt32 {
    guard let seen = UInt32(exactly: try number(name)) else {
      throw BadRequest(fault: .badBody, place: name, accepted: "the revision of the last picture, or 0")
    }
    return seen
  }

  /// As `card`, or empty for who has laid none down.
  func optionalCard(_ name: String) throws(BadRequest) -> UInt64? { try text(name).isEmpty ? nil : try card(name) }

  /// "yes" or "no".
  func flag(_ name: String) throws(BadRequest) -> Bool {
    switch try text(name) {
    case "yes": return true
    case "no": return false
    default: throw BadRequest(fault: .badBody, place: name, accepted: "\"yes\" | \"no\"")
    }
  }
}
