import DeviceVocabulary
import Station

/// What a clerk or a post behind the windows asks for by POST: which fields each takes beside `post`, and what it means.
enum WindowAction: String, CaseIterable {
  case next, call, recall, serve, skip, park, transfer, finish, open
  case offer, accept, refuse, result
  case callBack = "call-back"
  case close
  case given
  case hold
  case letGo = "let-go"
  case handled

  var group: String {
    switch self {
    case .next, .call, .recall, .serve, .skip, .park, .transfer, .finish, .open: "windows"
    case .offer, .accept, .refuse, .result, .callBack, .close: "matters"
    case .given: "helps"
    case .hold, .letGo: "kiosks"
    case .handled: "hazards"
    }
  }

  init?(group: String, verb: String) {
    guard let action = WindowAction(rawValue: verb), action.group == group else { return nil }
    self = action
  }

  static let groups = ["windows", "matters", "helps", "kiosks", "hazards"]

  static func accepted(group: String) -> String {
    let verbs = allCases.filter { $0.group == group }.map(\.rawValue).joined(separator: " | ")
    return "/api/\(group)/…/(\(verbs))"
  }

  private var fields: [String] {
    switch self {
    case .call: ["post", "ticket"]
    case .transfer: ["post", "service"]
    case .offer: ["post", "to"]
    case .refuse: ["post", "reason"]
    case .result: ["post", "result", "note"]
    case .callBack: ["post", "reached"]
    default: ["post"]
    }
  }

  /// - Parameter subject: the part of the address between group and verb.
  func read(subject: String, body: SecretBuffer?) throws(BadRequest) -> (post: String, VisitAction) {
    let fields = try BodyFields(body, accepted: self.fields)
    return (try fields.text("post"), try action(subject, fields))
  }

  private func action(_ subject: String, _ fields: BodyFields) throws(BadRequest) -> VisitAction {
    switch self {
    case .next: return .callNext(window: try window(subject))
    case .call: return .call(window: try window(subject), try fields.ticket("ticket"))
    case .recall: return .recall(window: try window(subject))
    case .serve: return .serve(window: try window(subject))
    case .skip: return .skip(window: try window(subject))
    case .park: return .park(window: try window(subject))
    case .transfer: return .transfer(window: try window(subject), service: try fields.text("service"))
    case .finish: return .finish(window: try window(subject))
    case .open: return .open(window: try window(subject), contact: nil)
    case .offer: return .offer(try matter(subject), to: try fields.text("to"))
    case .accept: return .accept(try matter(subject))
    case .refuse: return .refuse(try matter(subject), reason: try fields.text("reason"))
    case .result:
      return .result(try matter(subject), try fields.choice("result", Matter.Result.self), note: try fields.text("note"))
    case .callBack: return .callBack(try matter(subject), reached: try fields.flag("reached"))
    case .close: return .close(try matter(subject))
    case .given: return .giveHelp(kiosk: subject)
    case .hold: return .hold(kiosk: subject)
    case .letGo: return .letGo(kiosk: subject, .released)
    case .handled:
      guard let id = UInt32(digits: subject) else { throw badPath(subject, "a hazard's number, for instance 3") }
      return .handleHazard(id)
    }
  }

  private func window(_ subject: String) throws(BadRequest) -> Int {
    guard let number = UInt32(digits: subject), (1...99).contains(number) else {
      throw badPath(subject, "a window's number, 1 to 99")
    }
    return Int(number)
  }

  private func matter(_ subject: String) throws(BadRequest) -> MatterID {
    guard let id = MatterID(digits: subject) else { throw badPath(subject, "a matter's number, for instance 12") }
    return id
  }

  private func badPath(_ subject: String, _ accepted: String) -> BadRequest {
    BadRequest(fault: .badPath, place: "/api/\(group)/\(subject)", accepted: accepted)
  }
}
