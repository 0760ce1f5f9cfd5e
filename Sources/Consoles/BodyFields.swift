import DeviceKit

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The fields of a JSON object whose names are known.
struct BodyFields {
  private var values: [String: Value]

  enum Value: Decodable {
    case text(String)
    case number(Int)
    case other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let number = try? container.decode(Int.self) {
        self = .number(number)
      } else {
        self = .other
      }
    }
  }

  /// - Parameter optional: those of `accepted` that may be left out; they are empty text then.
  init(_ body: [UInt8], accepted: [String], optional: [String] = []) throws(BadRequest) {
    let form = "{" + accepted.map { "\"\($0)\": …" }.joined(separator: ", ") + "}"
    guard let values = try? JSONDecoder().decode([String: Value].self, from: Data(body)) else {
      throw BadRequest(fault: .badBody, place: "body", accepted: form)
    }
    let shape = Shape(body)
    // The decoder keeps one of them: which post acts must not depend on that.
    guard shape.keys == values.count else {
      throw BadRequest(fault: .badBody, place: "body", accepted: form + ", each once")
    }
    if let unknown = values.keys.sorted().first(where: { !accepted.contains($0) }) {
      throw BadRequest(fault: .unknownField, place: String(unknown.prefix(64)), accepted: form)
    }
    if let missing = accepted.first(where: { values[$0] == nil && !optional.contains($0) }) {
      throw BadRequest(fault: .badBody, place: missing, accepted: form)
    }
    // The decoder takes 60.0 and 6e1 for whole numbers.
    self.values = shape.hasFraction ? values.mapValues { if case .number = $0 { .other } else { $0 } } : values
    for name in optional where values[name] == nil { self.values[name] = .text("") }
  }

  /// What the decoder does not tell of a body that it has found to be one object.
  private struct Shape {
    /// Keys of the object itself, repeated ones included.
    var keys = 0
    /// A number is written with a point or an exponent.
    var hasFraction = false

    init(_ body: [UInt8]) {
      var depth = 0
      var isQuoted = false
      var isEscaped = false
      var isNumber = false
      for byte in body {
        if isQuoted {
          isQuoted = isEscaped || byte != UInt8(ascii: "\"")
          isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
          continue
        }
        switch byte {
        case UInt8(ascii: "\""): isQuoted = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        // Outside of text a colon stands behind a key only.
        case UInt8(ascii: ":") where depth == 1: keys += 1
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): hasFraction = hasFraction || isNumber
        default: break
        }
        isNumber = (0x30...0x39).contains(byte)
      }
    }
  }

  /// Text without control characters, line breaks and tabs aside: it goes into the journal and onto terminals.
  func text(_ name: String) throws(BadRequest) -> String {
    guard case .text(let text)? = values[name], text.unicodeScalars.allSatisfy(\.isPlainText) else {
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
