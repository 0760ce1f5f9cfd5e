/// Writes JSON as bytes, one pass, no intermediate values: a view goes to every page after each commit, and this is on that path.
struct JSONText {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  init(reserving capacity: Int = 4096) { bytes.reserveCapacity(capacity) }

  var string: String { String(decoding: bytes, as: UTF8.self) }

  static func object(_ body: (inout JSONText) -> Void) -> JSONText {
    var text = JSONText()
    text.object(body)
    return text
  }

  mutating func object(_ body: (inout JSONText) -> Void) {
    open(UInt8(ascii: "{"))
    body(&self)
    close(UInt8(ascii: "}"))
  }

  mutating func array<Values: Sequence>(_ values: Values, _ body: (inout JSONText, Values.Element) -> Void) {
    open(UInt8(ascii: "["))
    for value in values { body(&self, value) }
    close(UInt8(ascii: "]"))
  }

  mutating func key(_ name: String) {
    separate()
    quote(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  mutating func value(_ value: String) {
    separate()
    quote(value)
    needsComma = true
  }

  mutating func value(_ value: some BinaryInteger) { literal(String(value)) }
  mutating func value(_ value: Bool) { literal(value ? "true" : "false") }

  mutating func field(_ name: String, _ value: String) {
    key(name)
    self.value(value)
  }

  mutating func field(_ name: String, _ value: some BinaryInteger) {
    key(name)
    self.value(value)
  }

  mutating func field(_ name: String, _ value: Bool) {
    key(name)
    self.value(value)
  }

  mutating func field(_ name: String, _ values: [String]) {
    key(name)
    array(values) { $0.value($1) }
  }

  /// Left out when there is none, as the synthesised coding does.
  mutating func field(_ name: String, optional value: String?) {
    if let value { field(name, value) }
  }

  mutating func field(_ name: String, optional value: (some BinaryInteger)?) {
    if let value { field(name, value) }
  }

  // MARK: - Bytes

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func literal(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
    needsComma = true
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20, 0x7F:
        bytes.append(contentsOf: Self.escaped(byte).utf8)
      default:
        bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func escaped(_ byte: UInt8) -> String {
    let hex = String(byte, radix: 16)
    return "\\u00" + (hex.count == 1 ? "0" : "") + hex
  }
}
