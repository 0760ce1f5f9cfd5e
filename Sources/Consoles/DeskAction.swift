import DeviceVocabulary
import Station

/// A request that makes no sense: what is wrong with it, where, and what is accepted.
struct BadRequest: Error {
  var fault: RequestFault
  var place: String
  var accepted: String
}

/// What can be asked for by POST: the last part of the address, and which fields its body takes beside `post`.
enum DeskAction: String, CaseIterable {
  case acknowledge, offer, accept, refuse
  case onScene = "on-scene"
  case resolve, close
  case falseAlarm = "false-alarm"
  case drill, test, bypass
  case endBypass = "end-bypass"
  case retest, silence

  init?(group: String, verb: String) {
    guard let action = DeskAction(rawValue: verb), action.group == group else { return nil }
    self = action
  }

  var group: String {
    switch self {
    case .acknowledge, .offer, .accept, .refuse, .onScene, .resolve, .close, .falseAlarm: "incidents"
    case .drill, .test, .bypass, .endBypass: "call-points"
    case .retest, .silence: "faults"
    }
  }

  /// All of them must be there, and no others may be.
  private var fields: [String] {
    switch self {
    case .offer: ["post", "to"]
    case .refuse: ["post", "reason"]
    case .resolve, .falseAlarm: ["post", "note"]
    case .bypass: ["post", "reason", "minutes"]
    default: ["post"]
    }
  }

  static func accepted(group: String) -> String {
    let verbs = allCases.filter { $0.group == group }.map(\.rawValue).joined(separator: " | ")
    return "/api/\(group)/…/(\(verbs))"
  }

  /// - Parameter subject: the parts of the address between group and verb.
  func read(subject: ArraySlice<String>, body: SecretBuffer?) throws(BadRequest) -> (post: String, DeskRequest.Action) {
    let fields = try BodyFields(body, accepted: self.fields)
    let post = try fields.text("post")
    switch self {
    case .acknowledge: return (post, .acknowledge(try incident(subject)))
    case .offer: return (post, .offerHandOver(try incident(subject), to: try fields.text("to")))
    case .accept: return (post, .acceptHandOver(try incident(subject)))
    case .refuse: return (post, .refuseHandOver(try incident(subject), reason: try fields.text("reason")))
    case .onScene: return (post, .onScene(try incident(subject)))
    case .resolve: return (post, .resolve(try incident(subject), note: try fields.text("note")))
    case .close: return (post, .close(try incident(subject)))
    case .falseAlarm: return (post, .falseAlarm(try incident(subject), note: try fields.text("note")))
    case .drill: return (post, .startDrill(try button(subject)))
    case .test: return (post, .announceTest(try button(subject)))
    case .bypass:
      return (post, .bypass(try button(subject), reason: try fields.text("reason"), minutes: try fields.number("minutes")))
    case .endBypass: return (post, .endBypass(try button(subject)))
    case .retest: return (post, .retest(try faultKey(subject)))
    case .silence: return (post, .silenceFault(try faultKey(subject)))
    }
  }

  private func incident(_ subject: ArraySlice<String>) throws(BadRequest) -> IncidentID {
    guard subject.count == 1, let text = subject.first, let id = IncidentID(digits: text) else {
      throw badPath(subject, "an incident number, for instance 12")
    }
    return id
  }

  private func button(_ subject: ArraySlice<String>) throws(BadRequest) -> ButtonID {
    guard let button = ButtonID(subject.joined(separator: "/")) else {
      throw badPath(subject, "bus/node/button, for instance A/3/1")
    }
    return button
  }

  private func faultKey(_ subject: ArraySlice<String>) throws(BadRequest) -> FaultKey {
    guard let key = FaultKey(subject.joined(separator: "/")) else { throw badPath(subject, "a fault, for instance A/3:silent") }
    return key
  }

  private func badPath(_ subject: ArraySlice<String>, _ accepted: String) -> BadRequest {
    BadRequest(fault: .badPath, place: "/api/\(group)/" + subject.joined(separator: "/"), accepted: accepted)
  }
}

extension IncidentID {
  /// Digits and nothing else, not even a sign.
  init?(digits text: String) {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    self.init(text)
  }
}
