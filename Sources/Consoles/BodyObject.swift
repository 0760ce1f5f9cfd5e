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

  /// In the order in which they stand there, repeated ones included.
  private(set) var fields: [(name: String, value: Value)] = []

  /// `nil`: this is no JSON object.
  init?(_ body: SecretBuffer) {
    let fields = body.withSpan { span -> [(name: String, value: Value)]? in
      guard (try? UTF8Span(validating: span)) != nil else { return nil }
      return Self.object(span)
    }
    guard let fields else { return nil }
    self.fields = fields
  }

  private static let deepest = 32

  private static func object(_ span: Span<UInt8>) -> [(name: String, value: Value)]? {
    var at = 0
    guard take(UInt8(ascii: "{"), span, &at) else { return nil }
    var fields: [(name: String, value: Value)] = []
    if take(UInt8(ascii: "}"), span, &at) { return isEnd(span, at) ? fields : nil }
    repeat {
      skipSpace(span, &at)
      guard let name = text(span, &at), take(UInt8(ascii: ":"), span, &at), let value = value(span, &at, depth: 0) else {
        return nil
      }
      fields.append((name.string, value))
    } while take(UInt8(ascii: ","), span, &at)
    return take(UInt8(ascii: "}"), span, &at) && isEnd(span, at) ? fields : nil
  }

  // MARK: - Values

  private static func value(_ span: Span<UInt8>, _ at: inout Int, depth: Int) -> Value? {
    skipSpace(span, &at)
    guard at < span.count, depth < deepest else { return nil }
    switch span[at] {
    case UInt8(ascii: "\""): return text(span, &at).map { .text($0) }
    case UInt8(ascii: "-"), 0x30...0x39: return number(span, &at)
    case UInt8(ascii: "["):
      at += 1
      return list(UInt8(ascii: "]"), span, &at) { span, at in value(span, &at, depth: depth + 1) != nil }
    case UInt8(ascii: "{"):
      at += 1
      return list(UInt8(ascii: "}"), span, &at) { span, at in
        skipSpace(span, &at)
        return text(span, &at) != nil && take(UInt8(ascii: ":"), span, &at) && value(span, &at, depth: depth + 1) != nil
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

  /// Behind the quote that it begins with, to the one that ends it.
  private static func text(_ span: Span<UInt8>, _ at: inout Int) -> SecretBuffer? {
    guard at < span.count, span[at] == UInt8(ascii: "\"") else { return nil }
    at += 1
    let text = SecretBuffer(capacity: span.count)
    while at < span.count {
      let byte = span[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return text
      case UInt8(ascii: "\\"):
        guard let scalar = escaped(span, &at) else { return nil }
        for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { text.append(unit) }
      case 0..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
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
