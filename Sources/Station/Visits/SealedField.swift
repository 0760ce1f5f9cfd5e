/// A personal field, closed for whoever has not its key: ciphertext, and which key opens it (design.md, decision 6). The key lies elsewhere,
/// and with it goes the field.
public struct SealedField: Sendable, Equatable {
  public var key: String
  public var bytes: [UInt8]

  public init(key: String, bytes: [UInt8]) {
    self.key = key
    self.bytes = bytes
  }

  /// A name, a number and an address with all that sealing adds take less.
  public static let limit = 1024
  /// Bytes of a key's name.
  public static let keyLimit = 64

  public var isWithinLimits: Bool { bytes.count <= Self.limit && !key.isEmpty && key.utf8.count <= Self.keyLimit }
}

// In base64, because a list of numbers is three times as long.
extension SealedField: Codable {
  private enum CodingKeys: String, CodingKey { case key, bytes }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    key = try container.decode(String.self, forKey: .key)
    if let numbers = try? container.decode([UInt8].self, forKey: .bytes) {
      bytes = numbers
      return
    }
    guard let decoded = Base64.decode(try container.decode(String.self, forKey: .bytes)) else {
      throw DecodingError.dataCorruptedError(forKey: .bytes, in: container, debugDescription: "not base64")
    }
    bytes = decoded
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(key, forKey: .key)
    try container.encode(Base64.encode(bytes), forKey: .bytes)
  }
}

/// RFC 4648, section 4, with padding.
enum Base64 {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let pad = UInt8(ascii: "=")

  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      word <<= UInt32(8 * (3 - group.count))
      for place in 0..<4 {
        text.append(place <= group.count ? letters[Int(word >> UInt32(18 - 6 * place)) & 63] : pad)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func decode(_ text: String) -> [UInt8]? {
    let all = Array(text.utf8)
    guard all.count.isMultiple(of: 4) else { return nil }
    let digits = all.prefix { $0 != pad }
    guard all.count - digits.count <= 2, all[digits.endIndex...].allSatisfy({ $0 == pad }) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count * 3 / 4)
    var (word, bits) = (UInt32(0), 0)
    for digit in digits {
      guard let value = value(digit) else { return nil }
      (word, bits) = (word << 6 | value, bits + 6)
      guard bits >= 8 else { continue }
      bits -= 8
      bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
      word &= (1 << UInt32(bits)) - 1
    }
    return word == 0 ? bytes : nil
  }

  private static func value(_ digit: UInt8) -> UInt32? {
    switch digit {
    case 0x41...0x5A: UInt32(digit) - 0x41
    case 0x61...0x7A: UInt32(digit) - 0x61 + 26
    case 0x30...0x39: UInt32(digit) - 0x30 + 52
    case 0x2B: 62
    case 0x2F: 63
    default: nil
    }
  }
}
