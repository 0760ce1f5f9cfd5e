/// A value of JSON (RFC 8259), read strictly: what is not JSON is `nil`, never half of something.
public enum JSONValue: Sendable, Equatable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  /// In the order in which they were written; of two members of one name the last counts.
  case object([Member])

  public struct Member: Sendable, Equatable {
    public var name: String
    public var value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// Nothing that is spoken here is deeper.
  static let depthLimit = 12

  public init?(_ bytes: some Sequence<UInt8>) {
    var reader = JSONReader(bytes: Array(bytes))
    guard let value = reader.whole() else { return nil }
    self = value
  }

  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  public var text: String? { if case .text(let text) = self { text } else { nil } }
  public var number: Double? { if case .number(let number) = self { number } else { nil } }
  /// A whole number that no rounding has touched.
  public var whole: Int? { number.flatMap { Int(exactly: $0) } }
  public var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }

  public var bytes: [UInt8] {
    var written: [UInt8] = []
    write(into: &written)
    return written
  }

  private func write(into bytes: inout [UInt8]) {
    switch self {
    case .null: bytes += Array("null".utf8)
    case .flag(let flag): bytes += Array((flag ? "true" : "false").utf8)
    case .number(let number): bytes += Array(Self.digits(number).utf8)
    case .text(let text): Self.write(text, into: &bytes)
    case .list(let values):
      bytes.append(0x5B)
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(0x2C) }
        value.write(into: &bytes)
      }
      bytes.append(0x5D)
    case .object(let members):
      bytes.append(0x7B)
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(0x2C) }
        Self.write(member.name, into: &bytes)
        bytes.append(0x3A)
        member.value.write(into: &bytes)
      }
      bytes.append(0x7D)
    }
  }

  private static func digits(_ number: Double) -> String {
    guard number.isFinite else { return "null" }
    return Int(exactly: number).map { "\($0)" } ?? "\(number)"
  }

  private static func write(_ text: String, into bytes: inout [UInt8]) {
    let hex = Array("0123456789abcdef".utf8)
    bytes.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: bytes += [0x5C, byte]
      case 0x0A: bytes += [0x5C, 0x6E]
      case 0..<0x20, 0x7F: bytes += Array("\\u00".utf8) + [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  var at = 0

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  mutating func whole() -> JSONValue? {
    guard let value = value(depth: 0) else { return nil }
    skip()
    return at == bytes.count ? value : nil
  }

  private mutating func skip() { while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 } }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    at += 1
    return true
  }

  private mutating func take(_ word: String) -> Bool {
    let wanted = Array(word.utf8)
    guard bytes[at...].starts(with: wanted) else { return false }
    at += wanted.count
    return true
  }

  private mutating func value(depth: Int) -> JSONValue? {
    guard depth < JSONValue.depthLimit else { return nil }
    skip()
    switch next {
    case 0x6E: return take("null") ? .null : nil
    case 0x74: return take("true") ? .flag(true) : nil
    case 0x66: return take("false") ? .flag(false) : nil
    case 0x22: return text().map { .text($0) }
    case 0x5B: return list(depth)
    case 0x7B: return object(depth)
    default: return number()
    }
  }

  private mutating func list(_ depth: Int) -> JSONValue? {
    at += 1
    var values: [JSONValue] = []
    skip()
    if take(0x5D) { return .list([]) }
    while true {
      guard let value = value(depth: depth + 1) else { return nil }
      values.append(value)
      skip()
      if take(0x5D) { return .list(values) }
      guard take(0x2C) else { return nil }
    }
  }

  private mutating func object(_ depth: Int) -> JSONValue? {
    at += 1
    var members: [JSONValue.Member] = []
    skip()
    if take(0x7D) { return .object([]) }
    while true {
      skip()
      guard next == 0x22, let name = text() else { return nil }
      skip()
      guard take(0x3A), let value = value(depth: depth + 1) else { return nil }
      members.append(JSONValue.Member(name, value))
      skip()
      if take(0x7D) { return .object(members) }
      guard take(0x2C) else { return nil }
    }
  }

  private mutating func digits() -> Bool {
    let start = at
    while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
    return at > start
  }

  private mutating func number() -> JSONValue? {
    let start = at
    _ = take(0x2D)
    if !take(0x30), !digits() { return nil }
    if take(0x2E), !digits() { return nil }
    if next == 0x65 || next == 0x45 {
      at += 1
      if next == 0x2B || next == 0x2D { at += 1 }
      guard digits() else { return nil }
    }
    guard let number = Double(String(decoding: bytes[start..<at], as: UTF8.self)), number.isFinite else { return nil }
    return .number(number)
  }

  /// What is no UTF-8 becomes U+FFFD: file names and what a camera says of itself may be anything.
  private mutating func text() -> String? {
    at += 1
    var kept: [UInt8] = []
    while let byte = next {
      at += 1
      switch byte {
      case 0x22: return String(decoding: kept, as: UTF8.self)
      case 0..<0x20: return nil
      case 0x5C:
        guard let scalar = escape() else { return nil }
        kept += Array(String(Character(scalar)).utf8)
      default: kept.append(byte)
      }
    }
    return nil
  }

  private mutating func escape() -> Unicode.Scalar? {
    guard let byte = next else { return nil }
    at += 1
    switch byte {
    case 0x22, 0x5C, 0x2F: return Unicode.Scalar(byte)
    case 0x62: return "\u{8}"
    case 0x66: return "\u{C}"
    case 0x6E: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75: return unicode()
    default: return nil
    }
  }

  private mutating func unicode() -> Unicode.Scalar? {
    guard let first = hex() else { return nil }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
    guard take("\\u"), let second = hex(), (0xDC00..<0xE000).contains(second) else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private mutating func hex() -> UInt32? {
    guard at + 4 <= bytes.count else { return nil }
    defer { at += 4 }
    return UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
  }
}
