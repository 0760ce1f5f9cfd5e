import DeviceVocabulary
import Station

/// What an operator asks for by POST at `/api/wall/…`: which fields each takes beside `post`, and what it means.
enum WallVerb: String, CaseIterable {
  case scene, meeting
  case endMeeting = "end-meeting"
  case pin, renew, unpin, visitors, arm, layout
  case undoLayout = "undo-layout"
  case identify, turn

  static let accepted = "/api/wall/(\(allCases.map(\.rawValue).joined(separator: " | "))), /api/wall/rehearse/…"

  private var fields: [String] {
    switch self {
    case .scene, .meeting: ["scene", "reason"]
    case .endMeeting: []
    case .pin: ["source", "at", "size", "reason"]
    case .renew, .unpin: ["pin"]
    case .visitors, .arm: ["on"]
    case .layout: ["text", "reason", "form"]
    case .undoLayout: ["layout", "reason", "form"]
    case .identify: ["output", "seconds"]
    case .turn: ["source", "preset", "reason"]
    }
  }

  /// `scene` left empty lets the clock choose; a reason is asked for by the station where one is needed. Without `form`, which the picture tells
  /// of each layout, it is changed whatever somebody else has made of it meanwhile.
  private var optional: [String] {
    switch self {
    case .pin: ["size", "reason"]
    case .layout, .undoLayout: ["reason", "form"]
    case .scene, .meeting, .turn: ["reason"]
    default: []
    }
  }

  /// What shows that somebody may do what not everybody at an open page may.
  struct Proof {
    /// Whose code it is, by the id of his account; empty at a page, where he is logged in.
    var id: String
    /// The operator's code; empty: none was given.
    var code: String
    /// Said twice, where nobody has a code.
    var isConfirmed: Bool
  }

  /// - Parameter isAtPage: whoever asks is logged in there, where there are accounts; else the request names him.
  func read(_ body: SecretBuffer?, isAtPage: Bool = true) throws(BadRequest) -> (post: String, Proof, WallAction) {
    let proofs = (isAtPage ? [] : ["id"]) + ["code", "confirmed"]
    let fields = try BodyFields(body, accepted: ["post"] + proofs + self.fields, optional: proofs + optional)
    let proof = Proof(
      id: isAtPage ? "" : try fields.text("id"), code: try fields.text("code"),
      isConfirmed: try fields.text("confirmed") == "yes")
    return (try fields.text("post"), proof, try action(fields))
  }

  private func action(_ fields: BodyFields) throws(BadRequest) -> WallAction {
    switch self {
    case .scene:
      let scene = try fields.text("scene")
      return .scene(scene.isEmpty ? nil : scene, reason: try reason(fields))
    case .meeting: return .beginMeeting(scene: try fields.text("scene"), reason: try reason(fields))
    case .endMeeting: return .endMeeting
    case .pin:
      let (at, size) = (try fields.text("at"), try fields.text("size"))
      guard let cells = WallCells(at: at, size: size.isEmpty ? "1x1" : size) else {
        throw BadRequest(
          fault: .badBody, place: "at, size",
          accepted: "\"at\": \"column,row\", \"size\": \"WIDTHxHEIGHT\", for instance \"2,1\" and \"1x1\"")
      }
      return .pin(source: try fields.text("source"), cells, reason: try reason(fields))
    case .renew: return .renew(try pin(fields))
    case .unpin: return .unpin(try pin(fields))
    case .visitors: return .visitors(try fields.flag("on"))
    case .arm: return .arm(try fields.flag("on"))
    case .layout: return .saveLayout(try layout(fields), reason: try reason(fields), form: try given("form", fields))
    case .undoLayout:
      return .undoLayout(try fields.text("layout"), reason: try reason(fields), form: try given("form", fields))
    case .identify: return .identify(try fields.number("output"), seconds: try fields.number("seconds"))
    case .turn:
      return .turn(source: try fields.text("source"), preset: try fields.text("preset"), reason: try reason(fields))
    }
  }

  private func pin(_ fields: BodyFields) throws(BadRequest) -> WallPinID {
    guard let pin = WallPinID(exactly: try fields.number("pin")) else {
      throw BadRequest(fault: .badBody, place: "pin", accepted: "the number of a pin, for instance 3")
    }
    return pin
  }

  /// Asked for by the station where one is needed.
  private func reason(_ fields: BodyFields) throws(BadRequest) -> String? { try given("reason", fields) }

  private func given(_ name: String, _ fields: BodyFields) throws(BadRequest) -> String? {
    let text = try fields.text(name)
    return text.isEmpty ? nil : text
  }

  private func layout(_ fields: BodyFields) throws(BadRequest) -> WallLayout {
    let text = try fields.text("text")
    do throws(WallLayoutText.Mistake) {
      return try WallLayoutText.read(text)
    } catch {
      throw BadRequest(fault: .badBody, place: "text:\(error.line)", accepted: "\(error.chinese) / \(error.english)")
    }
  }
}

extension WallAction {
  /// Whoever is shown round may stand at an open console or terminal: only an operator ends it.
  var needsProof: Bool { self == .visitors(false) }
}
