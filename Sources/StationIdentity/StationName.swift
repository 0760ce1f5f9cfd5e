import Foundation

/// The name of a station, as its site file gives it under `station`: 1 to 40 characters.
///
/// Letters, digits, `-`, `_`, `.` and Chinese characters: each of them is one code point in one way only, so that two names have the same
/// bytes when Swift calls them equal, and the other way round. Nothing in a name has a meaning in a URI or in the key of a fault.
public struct StationName: Sendable, Hashable, CustomStringConvertible {
  public let text: String

  public static let accepted = "1-40 letters, digits, - _ . or Chinese characters"

  /// What a certificate says of its holder: a station, or a parent's server for joining. Nobody can be taken for the other.
  enum Role: String { case station, enrolment }

  /// - Throws: `.badName` for an empty or long name, and for one with anything else in it than is `accepted`.
  public init(_ text: String) throws(IdentityError) {
    guard (1...40).contains(text.unicodeScalars.count), text.unicodeScalars.allSatisfy({ Self.accepts($0) }) else {
      throw .badName(text)
    }
    self.text = text
  }

  /// As the site file has it (`SiteSection.stationName`).
  static func accepts(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
    // The blocks of Chinese characters; those of compatibility (F900) have a second spelling.
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0x20000...0x2EBEF, 0x30000...0x323AF: true
    default: false
    }
  }

  /// Reads the URI of a certificate back; `nil` when it names no station.
  init?(uri: String, role: Role = .station) {
    let prefix = Self.prefix(role)
    guard uri.hasPrefix(prefix), let text = String(uri.dropFirst(prefix.count)).removingPercentEncoding,
      let name = try? StationName(text), name.uri(role) == uri
    else { return nil }
    self = name
  }

  /// `urn:linli:station:` and the name; what is not an unreserved ASCII character is percent-encoded, because a URI in a certificate is
  /// ASCII (RFC 5280, 4.2.1.6).
  public var uri: String { uri(.station) }

  private static func prefix(_ role: Role) -> String { "urn:linli:\(role.rawValue):" }

  func uri(_ role: Role) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes = Array(Self.prefix(role).utf8)
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: bytes.append(byte)
      default: bytes += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  public var description: String { text }

  public static func == (left: StationName, right: StationName) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
  public func hash(into hasher: inout Hasher) { hasher.combine(Array(text.utf8)) }
}

extension StationName: Codable {
  public init(from decoder: any Decoder) throws {
    self = try StationName(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
