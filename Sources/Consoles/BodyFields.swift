import DeviceKit
import DeviceVocabulary

/// The fields of a JSON object whose names are known.
struct BodyFields {
  private var values: [String: BodyObject.Value] = [:]

  /// - Parameter optional: those of `accepted` that may be left out; they are empty text then.
  init(_ body: SecretBuffer?, accepted: [String], optional: [String] = []) throws(BadRequest) {
    let form = "{" + accepted.map { "\"\($0)\": …" }.joined(separator: ", ") + "}"
    guard let body, let object = BodyObject(body, accepted: accepted) else {
      throw BadRequest(fault: .badBody, place: "body", accepted: form)
    }
    switch object.problem {
    // Its name is not said: it may be what somebody typed of a visitor.
    case .unknown?: throw BadRequest(fault: .unknownField, place: "body", accepted: form)
    // One of them would be kept: which post acts must not depend on that.
    case .repeated?: throw BadRequest(fault: .badBody, place: "body", accepted: form + ", each once")
    case nil: break
    }
    for (name, value) in object.fields { values[name] = value }
    if let missing = accepted.first(where: { values[$0] == nil && !optional.contains($0) }) {
      throw BadRequest(fault: .badBody, place: missing, accepted: form)
    }
    for name in optional where values[name] == nil { values[name] = .text(SecretBuffer(capacity: 1)) }
  }

  /// Text without control characters, line breaks and tabs aside: it goes into the journal and onto terminals.
  func text(_ name: String) throws(BadRequest) -> String { try secret(name).string }

  /// The same, where it must not become a string: it is erased when nobody has it any more.
  func secret(_ name: String) throws(BadRequest) -> SecretBuffer {
    guard case .text(let text)? = values[name], text.isPlainText else {
      throw BadRequest(fault: .badBody, place: name, accepted: "a string without control characters")
    }
    return text
  }

  func number(_ name: String) throws(BadRequest) -> Int {
    guard case .number(let number)? = values[name] else {
      throw BadRequest(fault: .badBody, place: name, accepted: "a whole number, in digits only")
    }
    return number
  }
}
