import DeviceKit
import DeviceVocabulary

/// A flat JSON object, read byte by byte: its texts go from the request's memory, which is erased, to memory of their own, which is erased as well. No
/// library and no `String` gets to see what a clerk types of a visitor.
struct BodyObject {
  enum Value: Sendable {
    case text(SecretBuffer)
    case number(Int)
    /// A fraction, a number that is too large, `true`, `null`, a list, an object: no field takes these.
    case other
  }

  enum Problem { case unknown, repeated }

  /// In the order in which they stand there, repeated ones included where all names are taken.
  private(set) var fields: [(name: String, value: Value)] = []
  /// Of the first field that makes it useless: nothing behind its name was read.
  private(set) var problem: Problem?

  /// `nil`: this is no JSON object.
  ///
  /// - Parameter accepted: names of fields, each once; `nil`: all are taken, as they come.
  init?(_ body: SecretBuffer, accepted: [String]? = nil) {
    let isObject = body.withSpan { span in
      guard (try? UTF8Span(validating: span)) != nil else { return false }
      return read(span, accepted)
    }
    guard isObject else { return nil }
  }

  private static let deepest = 32

  private mutating func read(_ span: Span<UInt8>, _ accepted: [String]?) -> Bool {
    var at = 0
    guard Self.take(UInt8(ascii: "{"), span, &at) else { return false }
    if Self.take(UInt8(ascii: "}"), span, &at) { return Self.isEnd(span, at) }
    repeat {
      Self.skipSpace(span, &at)
      guard let text = Self.text(span, &at), Self.take(UInt8(ascii: ":"), span, &at) else { return false }
      // What somebody typed at the wrong place becomes no `String`.
      guard let name = accepted.map({ $0.first(where: text.reads) }) ?? text.string else {
        problem = .unknown
        return true
      }
      if accepted != nil, fields.contains(where: { $0.name == name }) {
        problem = .repeated
        return true
      }
      guard let value = Self.value(span, &at, depth: 0) else { return false }
      fields.append((name, value))
    } while Self.take(UInt8(ascii: ","), span, &at)
    return Self.take(UInt8(ascii: "}"), span, &at) && Self.isEnd(span, at)
  }

  // MARK: - Values

  private static func value(_ span: Span<UInt8>, _ at: inout Int, depth: Int) -> Value? {
    skipSpace(span, &at)
    guard at < span.count, depth < deepest else { return nil }
    switch span[at] {
    case UInt8(ascii: "\""):
      // Within a list or an object it is nobody's.
      if depth > 0 { return text(span, &at, into: nil) ? .other : nil }
      return text(span, &at).map { .text($0) }
    case UInt8(ascii: "-"), 0x30...0x39: return number(span, &at)
    case UInt8(ascii: "["):
      at += 1
      return list(UInt8(ascii: "]"), span, &at) { span, at in value(span, &at, depth: depth + 1) != nil }
    case UInt8(ascii: "{"):
      at += 1
      return list(UInt8(ascii: "}"), span, &at) { span, at in
        skipSpace(span, &at)
        return text(span, &at, into: nil) && take(UInt8(ascii: ":"), span, &at) && value(span, &at, depth: depth + 1) != nil
      }
    default: return ["true", "false", "null"].contains { word($0, span, &at) } ? .other : nil
    }
  }

  private static func list(
    _ end: UInt8, _ span: Span<UInt8>, _ at: inout Int, _ item: (Span<UInt8>, inout Int) -> Bool
  ) -> Value? {
    if take(end, span, &at) { return .other }
    repeat { guard item(span, &at) else { return nil } } while take(UInt8(ascii: ","), span, &at)
    return take(end, span, &at) ? .other : nil
  }

  private static func word(_ word: String, _ span: Span<UInt8>, _ at: inout Int) -> Bool {
    let bytes = Array(word.utf8)
    guard at + bytes.count <= span.count, bytes.indices.allSatisfy({ span[at + $0] == bytes[$0] }) else { return false }
    at += bytes.count
    return true
  }

  /// Whole numbers are written in digits only: 60.0 and 6e1 are none.
  private static func number(_ span: Span<UInt8>, _ at: inout Int) -> Value? {
    let start = at
    if span[at] == UInt8(ascii: "-") { at += 1 }
    let first = at
    guard digits(span, &at), at == first + 1 || span[first] != 0x30 else { return nil }
    let end = at
    if at < span.count, span[at] == UInt8(ascii: ".") {
      at += 1
      guard digits(span, &at) else { return nil }
    }
    if at < span.count, span[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < span.count, span[at] == UInt8(ascii: "+") || span[at] == UInt8(ascii: "-") { at += 1 }
      guard digits(span, &at) else { return nil }
    }
    guard at == end else { return .other }
    var number = 0
    for index in first..<end {
      let (tens, isLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, isLarger) = tens.subtractingReportingOverflow(Int(span[index]) - 0x30)
      if isLarge || isLarger { return .other }
      number = sum
    }
    // Counted downwards, because there is one more negative number.
    if start != first { return .number(number) }
    return number == .min ? .other : .number(-number)
  }

  private static func digits(_ span: Span<UInt8>, _ at: inout Int) -> Bool {
    let start = at
    while at < span.count, (0x30...0x39).contains(span[at]) { at += 1 }
    return at > start
  }

  // MARK: - Texts

  /// Memory of its own, as much as stands between its quotes: what is escaped is never shorter than what it stands for.
  private static func text(_ span: Span<UInt8>, _ at: inout Int) -> SecretBuffer? {
    var end = at
    guard text(span, &end, into: nil) else { return nil }
    let text = SecretBuffer(capacity: max(1, end - at - 2))
    return Self.text(span, &at, into: text) ? text : nil
  }

  /// From the quote that it begins with to behind the one that ends it.
  private static func text(_ span: Span<UInt8>, _ at: inout Int, into text: SecretBuffer?) -> Bool {
    guard at < span.count, span[at] == UInt8(ascii: "\"") else { return false }
    at += 1
    while at < span.count {
      let byte = span[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return true
      case UInt8(ascii: "\\"):
        guard let scalar = escaped(span, &at) else { return false }
        for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { text?.append(unit) }
      case 0..<0x20: return false
      default: text?.append(byte)
      }
    }
    return false
  }

  private static func escaped(_ span: Span<UInt8>, _ at: inout Int) -> Unicode.Scalar? {
    guard at < span.count else { return nil }
    let mark = span[at]
    at += 1
    switch mark {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(mark)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      guard let unit = hex(span, &at) else { return nil }
      guard (0xD800..<0xDC00).contains(unit) else { return Unicode.Scalar(unit) }
      guard at + 1 < span.count, span[at] == UInt8(ascii: "\\"), span[at + 1] == UInt8(ascii: "u") else { return nil }
      at += 2
      guard let low = hex(span, &at), (0xDC00..<0xE000).contains(low) else { return nil }
      return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    default: return nil
    }
  }

  private static func hex(_ span: Span<UInt8>, _ at: inout Int) -> UInt32? {
    guard at + 4 <= span.count else { return nil }
    var unit: UInt32 = 0
    for index in at..<at + 4 {
      let byte = span[index]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x41 + 10
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: return nil
      }
      unit = unit << 4 | UInt32(digit)
    }
    at += 4
    return unit
  }

  // MARK: - Between them

  private static func skipSpace(_ span: Span<UInt8>, _ at: inout Int) {
    while at < span.count, [0x20, 0x09, 0x0A, 0x0D].contains(span[at]) { at += 1 }
  }

  private static func take(_ byte: UInt8, _ span: Span<UInt8>, _ at: inout Int) -> Bool {
    skipSpace(span, &at)
    guard at < span.count, span[at] == byte else { return false }
    at += 1
    return true
  }

  private static func isEnd(_ span: Span<UInt8>, _ at: Int) -> Bool {
    var at = at
    skipSpace(span, &at)
    return at == span.count
  }
}

extension SecretBuffer {
  /// A copy on the heap: for what is nobody's.
  var string: String { withSpan { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) } }

  func reads(_ text: String) -> Bool {
    withSpan { span in span.count == text.utf8.count && zip(span.indices, text.utf8).allSatisfy { span[$0] == $1 } }
  }

  /// No control characters, line breaks and tabs aside.
  var isPlainText: Bool {
    withSpan { span in
      guard let text = try? UTF8Span(validating: span) else { return false }
      var scalars = text.makeUnicodeScalarIterator()
      while let scalar = scalars.next() { if !scalar.isPlainText { return false } }
      return true
    }
  }
}
