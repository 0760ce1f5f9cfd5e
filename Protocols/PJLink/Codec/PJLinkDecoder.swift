/// Cuts a stream into lines. Holds at most one, which is let go when it is longer than any can be.
public struct PJLinkDecoder: Sendable {
  public enum Found: Sendable, Equatable {
    case line([UInt8])
    /// So much without an end that it is no PJLink.
    case tooLong
  }

  /// The longest line is 136 bytes, with a digest in front 168; names of some units are longer than they may be.
  public static let limit = 300

  /// Whether a projector's greeting or answer begins in these bytes, whatever comes of it.
  public static func hasBeginning(_ bytes: [UInt8]) -> Bool {
    bytes.split(whereSeparator: { $0 == PJLinkText.end || $0 == 0x0A || $0 == 0x00 }).contains { line in
      guard line.count > 1 else { return false }
      let isGreeting = zip(String(decoding: line, as: UTF8.self).uppercased().utf8, "PJLINK".utf8).allSatisfy(==)
      return isGreeting || line.resembles("PJLINK ".utf8)
        || line.first == UInt8(ascii: "%") && (0x31...0x39).contains(line.dropFirst().first ?? 0)
    }
  }

  private var buffer: [UInt8] = []
  private var isSkipping = false

  public init() {}

  public var isInside: Bool { !buffer.isEmpty || isSkipping }

  public mutating func push(_ byte: UInt8) -> Found? {
    if byte == PJLinkText.end {
      defer {
        buffer.removeAll(keepingCapacity: true)
        isSkipping = false
      }
      return buffer.isEmpty || isSkipping ? nil : .line(buffer)
    }
    // Some end lines with CR LF, some send NUL behind a greeting.
    if buffer.isEmpty, byte == 0x0A || byte == 0x00 { return nil }
    guard !isSkipping else { return nil }
    buffer.append(byte)
    guard buffer.count > Self.limit else { return nil }
    buffer.removeAll(keepingCapacity: true)
    isSkipping = true
    return .tooLong
  }
}
