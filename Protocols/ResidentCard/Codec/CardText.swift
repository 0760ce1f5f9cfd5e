import DeviceKit
import DeviceVocabulary

/// The text of a card where it lies: 256 bytes of UTF-16, least significant byte first, padded with spaces. Nothing is copied out of the
/// buffer but what a caller copies.
public struct CardText: Sendable {
  public static let length = 256
  /// Of what `SDTCommand.newestAddress` brings.
  public static let addressLength = 70

  public let kind: CardKind
  private let buffer: SecretBuffer

  /// `nil` unless the buffer holds a text of a known kind.
  public init?(_ buffer: SecretBuffer) {
    let mark: UInt16? = buffer.withSpan { bytes in
      guard bytes.count == Self.length else { return nil }
      return Self.unit(bytes, CardKind.markOffset)
    }
    guard let mark, let kind = CardKind(mark: mark) else { return nil }
    self.kind = kind
    self.buffer = buffer
  }

  /// Hands the characters of a field over, one by one: without the padding, and with U+FFFD for whatever is no character that may be shown
  /// (half a surrogate pair, NUL, controls, marks that turn the direction of writing). Never more than the field has places.
  public func forEachCharacter(of field: CardField, _ body: (Unicode.Scalar) -> Void) {
    buffer.withSpan { bytes in
      for span in kind.spans(field) { Self.scan(bytes, span, isNumber: field == .number, body) }
    }
  }

  /// Writes a field as UTF-8 into a buffer of the caller's, for whoever was allowed to open it, and answers how many bytes it has there. What
  /// that buffer held is erased. A field takes up to 180 bytes.
  @discardableResult
  public func copy(_ field: CardField, into target: SecretBuffer) -> Int {
    target.wipe()
    guard target !== buffer else { return 0 }
    forEachCharacter(of: field) { Self.append($0, to: target) }
    return target.count
  }

  /// As `copy(_:into:)`, of the address that was added last.
  @discardableResult
  public static func copyAddress(_ address: SecretBuffer, into target: SecretBuffer) -> Int {
    target.wipe()
    guard target !== address else { return 0 }
    address.withSpan { bytes in
      scan(bytes, CardSpan(0, addressLength), isNumber: false) { append($0, to: target) }
    }
    return target.count
  }

  private static func append(_ scalar: Unicode.Scalar, to target: SecretBuffer) {
    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { target.append(byte) }
  }

  private static func scan(_ bytes: Span<UInt8>, _ span: CardSpan, isNumber: Bool, _ body: (Unicode.Scalar) -> Void) {
    var end = min(span.offset + span.length, bytes.count)
    while end - 2 >= span.offset, [0x20, 0].contains(unit(bytes, end - 2)) { end -= 2 }
    var at = span.offset
    while at + 1 < end {
      let first = unit(bytes, at)
      at += 2
      var value = UInt32(first)
      if (0xD800..<0xDC00).contains(first), at + 1 < end {
        let second = unit(bytes, at)
        if (0xDC00..<0xE000).contains(second) {
          value = 0x10000 + (UInt32(first - 0xD800) << 10 | UInt32(second - 0xDC00))
          at += 2
        }
      }
      var scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
      // A line feed or a tab is no part of any field.
      if !scalar.isPlainText || scalar.value < 0x20 { scalar = "\u{FFFD}" }
      // The check digit is written large; some cards were made with a small one.
      body(isNumber && scalar == "x" ? "X" : scalar)
    }
  }

  private static func unit(_ bytes: Span<UInt8>, _ at: Int) -> UInt16 {
    at >= 0 && at + 1 < bytes.count ? UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 : 0
  }
}
