import DeviceVocabulary

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
