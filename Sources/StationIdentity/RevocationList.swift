import Foundation

/// Serial numbers that count no more, of one authority. The parent serves and stores it, a child gets it over the line and stores it.
public struct RevocationList: Sendable, Equatable, Codable {
  /// Which authority's list it is: `CertificateForm.keyHash` of its key, in hexadecimal.
  public var authority: String
  /// Only rises: of two lists the one with the higher number holds. At least the seconds since 1970 of the last revocation, so that
  /// a restored authority does not fall behind what stations have already.
  public var number: UInt64
  public var serials: [Serial]

  /// More than an authority of a few hundred stations ever issues.
  public static let largestCount = 100_000

  public init(authority: String, number: UInt64 = 0, serials: [Serial] = []) {
    self.authority = authority
    self.number = number
    self.serials = serials
  }

  /// Whether this one takes the place of `other`.
  public func replaces(_ other: RevocationList) -> Bool { authority == other.authority && number > other.number }

  /// As it travels and is stored.
  public var json: Data { PlainJSON.data(self) }

  /// - Throws: `.badAnswer` when it is no list or has more than `largestCount` serials.
  public init(json: Data) throws(IdentityError) {
    do { self = try PlainJSON.value(RevocationList.self, json) } catch { throw .badAnswer("no revocation list") }
    guard serials.count <= Self.largestCount else { throw .badAnswer("more than \(Self.largestCount) revoked serials") }
  }
}

/// A certificate's serial number in lower-case hexadecimal, without leading zeros: as `openssl x509 -serial` has it, but for the case.
public struct Serial: Sendable, Hashable, CustomStringConvertible {
  public let text: String

  /// Takes what people copy: upper case, colons, blanks, leading zeros.
  public init(_ text: String) throws(IdentityError) {
    let digits = text.lowercased().filter { $0 != ":" && $0 != " " }
    guard (1...64).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { throw .badSerial(text) }
    self.text = String(digits.drop { $0 == "0" })
  }

  init(bytes: some Collection<UInt8>) {
    let digits = Array("0123456789abcdef".utf8)
    let all = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    text = String(decoding: all.drop { $0 == 48 }, as: UTF8.self)
  }

  public var description: String { text }
}

extension Serial: Codable {
  public init(from decoder: any Decoder) throws { self = try Serial(try decoder.singleValueContainer().decode(String.self)) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
