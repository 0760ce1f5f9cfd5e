import DeviceKit
import DeviceVocabulary
import Station

/// What can be asked of a station below by POST: `/api/children/{station}/incidents/{id}/{verb}`, `/api/children/{station}/notice`.
struct ChildAction {
  static let accepted = "/api/children/{station}/incidents/{id}/(\(verbs)), /api/children/{station}/notice"

  private static let verbs = Verb.allCases.map(\.rawValue).joined(separator: " | ")
  /// As a site file allows.
  private static let stationCharacters = 40

  private enum Verb: String, CaseIterable {
    case acknowledge
    case onScene = "on-scene"
    case resolve, close
    case falseAlarm = "false-alarm"
    case offer, accept, refuse
    /// Not asked of the station: closed here, because that one does not know it any more.
    case closeHere = "close-here"

    /// Beside `post`.
    var field: String? {
      switch self {
      case .offer: "to"
      case .refuse: "reason"
      case .resolve, .falseAlarm, .closeHere: "note"
      case .acknowledge, .onScene, .close, .accept: nil
      }
    }
  }

  private enum Subject {
    case incident(String, Verb)
    case notice
  }

  private let station: String
  private let subject: Subject

  /// - Parameter path: the parts of the address behind `/api/children`.
  init?(path: ArraySlice<String>) {
    guard let station = path.first else { return nil }
    let rest = Array(path.dropFirst())
    if rest == ["notice"] {
      subject = .notice
    } else if rest.count == 3, rest[0] == "incidents", let verb = Verb(rawValue: rest[2]) {
      subject = .incident(rest[1], verb)
    } else {
      return nil
    }
    self.station = station
  }

  func read(_ body: SecretBuffer?) throws(BadRequest) -> (post: String, DeskRequest.Action) {
    guard (1...Self.stationCharacters).contains(station.count), station.unicodeScalars.allSatisfy(\.isPlainText) else {
      throw BadRequest(
        fault: .badPath, place: "/api/children/" + station.prefix(64),
        accepted: "the code of a station below, for instance tiexi-03")
    }
    switch subject {
    case .notice:
      let fields = try BodyFields(body, accepted: ["post", "text"])
      return (try fields.text("post"), .child(station, .notice(text: try fields.text("text"))))
    case .incident(let number, let verb):
      guard let id = IncidentID(digits: number) else {
        throw BadRequest(
          fault: .badPath, place: "/api/children/\(station)/incidents/\(number.prefix(64))",
          accepted: "an incident number, for instance 12")
      }
      let fields = try BodyFields(body, accepted: ["post"] + (verb.field.map { [$0] } ?? []))
      let text = if let field = verb.field { try fields.text(field) } else { "" }
      return (try fields.text("post"), action(verb, id, text))
    }
  }

  private func action(_ verb: Verb, _ id: IncidentID, _ text: String) -> DeskRequest.Action {
    if let asked = Self.asked(verb, id, text) { .child(station, asked) } else { .closeStray(station, id, note: text) }
  }

  private static func asked(_ verb: Verb, _ id: IncidentID, _ text: String) -> ParentCommand.Action? {
    switch verb {
    case .closeHere: nil
    case .acknowledge: .acknowledge(incident: id)
    case .onScene: .onScene(incident: id)
    case .resolve: .resolve(incident: id, note: text)
    case .close: .close(incident: id)
    case .falseAlarm: .falseAlarm(incident: id, note: text)
    case .offer: .offer(incident: id, to: text)
    case .accept: .accept(incident: id)
    case .refuse: .refuse(incident: id, reason: text)
    }
  }
}
