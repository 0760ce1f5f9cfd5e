import DeviceKit
import DeviceVocabulary
import Foundation
import Testing

@testable import Consoles

/// Bodies of requests, read without a library, and the same as by one.
@Suite struct BodyObjectTests {
  private static func read(_ text: some Sequence<UInt8>) -> [String: String]? {
    let body = SecretBuffer(capacity: 8192)
    body.fill(from: text)
    guard let object = BodyObject(body) else { return nil }
    return Dictionary(
      object.fields.map { name, value in
        switch value {
        case .text(let text): (name, "\"" + text.string)
        case .number(let number): (name, "\(number)")
        case .other: (name, "?")
        }
      }
    ) { _, last in last }
  }

  @Test(
    arguments: [
      ("{}", [:]), (" { \"a\" : \"x\" , \"b\":-12 }\r\n\t", ["a": "\"x", "b": "-12"]),
      (#"{"a":"\"\\\/\b\f\n\r\t\u738b\uD842\udfb7"}"#, ["a": "\"\"\\/\u{8}\u{C}\n\r\t王𠮷"]),
      (
        #"{"\u0061":1.0,"b":1e3,"c":true,"d":null,"e":[1,{"f":[]}],"g":9223372036854775807}"#,
        ["a": "?", "b": "?", "c": "?", "d": "?", "e": "?", "g": "9223372036854775807"]
      ),
      (
        #"{"a":9223372036854775808,"b":-9223372036854775808,"c":0,"d":-0}"#,
        ["a": "?", "b": "-9223372036854775808", "c": "0", "d": "0"]
      ),
    ] as [(String, [String: String])])
  func whatAFlatObjectSays(_ text: String, _ fields: [String: String]) { #expect(Self.read(text.utf8) == fields) }

  @Test(arguments: [
    "", " ", "{", "}", "[]", "\"a\"", "1", "{a:1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}x", "{,}", "{\"a\":01}",
    "{\"a\":-}",
    "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":+1}", "{\"a\":tru}", "{\"a\":\"\u{1}\"}", "{\"a\":\"\n\"}", #"{"a":"\x"}"#,
    #"{"a":"\u12g4"}"#,
    #"{"a":"\ud800"}"#, #"{"a":"\ud800\u0041"}"#, #"{"a":"\udc00"}"#, #"{"a":"\u12"#, "{\"a\":\"", "{\"a\":\"\\", "{\"a\":[1}",
    "{\"a\":[1,]}",
    "{\"a\":{\"b\"}}", "{\"a\":" + String(repeating: "[", count: 1000),
  ]) func whatIsNoObjectIsRefused(_ text: String) { #expect(Self.read(text.utf8) == nil) }

  /// A text takes as much memory as it is long, however long the body is.
  @Test func aTextHasMemoryOfItsOwnLength() throws {
    let fields = (0..<500).map { "\"f\($0)\":\"\"" } + [#""long":"王\n""#, #""list":["a","b"]"#]
    let body = SecretBuffer(capacity: 8192)
    body.fill(from: ("{" + fields.joined(separator: ",") + "}").utf8)
    let object = try #require(BodyObject(body))
    #expect(object.fields.count == 502)
    for (name, value) in object.fields {
      if case .text(let text) = value { #expect(text.capacity <= (name == "long" ? 5 : 1), "\(name)") }
    }
  }

  /// What is no field's name may be what somebody typed of a visitor: it is neither read on nor said.
  @Test(arguments: [
    (#"{"a":"1","金丝雀":"x"}"#, "unknownField", false), (#"{"a":"1","\u0062":"2","a":"3"}"#, "badBody", true),
    (#"{"a":"1","jinsique":"x","b":"2"}"#, "unknownField", false), (#"{"a":"1","b":"2","":"x"}"#, "unknownField", false),
  ]) func aFieldThatIsUnknownOrRepeatedEndsTheReading(_ text: String, _ fault: String, _ isRepeated: Bool) throws {
    let body = SecretBuffer(capacity: 200)
    body.fill(from: text.utf8)
    let object = try #require(BodyObject(body, accepted: ["a", "b"]))
    #expect(object.problem == (isRepeated ? .repeated : .unknown))
    #expect(object.fields.map(\.name) == (text.contains("b\":\"2\",\"\"") || isRepeated ? ["a", "b"] : ["a"]))
    let said = #expect(throws: BadRequest.self) { () throws in _ = try BodyFields(body, accepted: ["a", "b"]) }
    #expect(said?.fault.rawValue == fault && said?.place == "body")
    #expect(said?.accepted.contains("jinsique") == false)
  }

  @Test func bytesThatAreNoTextAreRefused() {
    for bytes: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC0, 0x80]] {
      #expect(Self.read(Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)) == nil)
    }
  }

  /// Any text: taken or refused, and understood, as the library does.
  @Test func asTheLibraryReadsIt() throws {
    var random = SeededRandom(seed: 5)
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\"", "\"王\\n\"", "\\", "\\u00e9", "\\ud842\\udfb7", "1", "-", "0", ".5",
      "e3", "true",
      "null", " ", "\"a\":1", "\"b\":\"x\"", "\"c\":[1,2]",
    ]
    var taken = 0
    for _ in 0..<3000 {
      var text = random.chance(2, in: 3) ? "{" : ""
      for _ in 0..<(1 + random.below(6)) { text += pieces[Int(random.below(UInt32(pieces.count)))] }
      if random.chance(2, in: 3) { text += "}" }
      // The library takes a comma behind the last field, which the standard (RFC 8259) does not.
      guard text.firstMatch(of: #/,\s*}/#) == nil else { continue }
      let other = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      let found = Self.read(text.utf8)
      #expect((found == nil) == (other == nil), "\(text)")
      guard let found, let other else { continue }
      taken += 1
      #expect(Set(found.keys) == Set(other.keys), "\(text)")
      // Of a name that stands twice the library keeps one value; such a body is refused by name anyway.
      guard text.components(separatedBy: "\"a\"").count <= 2, text.components(separatedBy: "\"b\"").count <= 2,
        text.components(separatedBy: "\"c\"").count <= 2
      else { continue }
      for (name, value) in other { if let value = value as? String { #expect(found[name] == "\"" + value, "\(text)") } }
    }
    #expect(taken > 30)
  }
}
