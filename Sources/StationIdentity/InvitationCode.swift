import Foundation

/// The one-time code that a parent shows and a joining station's technician types: 80 bits of the authority's key hash, 80 bits of
/// secret, and four check characters.
///
/// Nine groups of four in Crockford's base32 (no I, L, O, U; upper and lower case are the same; O is read as 0, I and L as 1). Each
/// character of the last group checks two groups, so that a typing error is not only noticed but found: every wrong character and every
/// two neighbours exchanged.
public struct InvitationCode: Sendable, Equatable, CustomStringConvertible {
  /// The first bytes of SHA-256 over the authority's public key (subject public key info).
  public let authority: [UInt8]
  /// Random; never leaves the two stations except as a hash.
  public let secret: [UInt8]

  static let halfBytes = 10
  static let symbolCount = 36
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

  public enum Mistake: Error, Sendable, Equatable, CustomStringConvertible {
    case letter(Character, group: Int)
    case length(Int)
    /// Groups from 1; the check character itself may be the wrong one.
    case typing(firstGroup: Int)

    public var description: String {
      switch self {
      case .letter(let letter, let group):
        "邀请码第 \(group) 组中的 \"\(letter)\" 不能用;可用数字和字母(I、L、O、U 除外)"
          + " / \"\(letter)\" in group \(group) of the code; accepted: digits and letters other than U"
      case .length(let count): "邀请码应为 9 组、每组 4 个字,共 36 个,现有 \(count) 个 / the code has 9 groups of 4, 36 in all; given: \(count)"
      case .typing(let group):
        "邀请码输错了:请核对第 \(group)、\(group + 1) 组,和第 9 组的第 \((group + 1) / 2) 个字"
          + " / a typing error in group \(group) or \(group + 1), or character \((group + 1) / 2) of group 9"
      }
    }
  }

  init(authority: [UInt8], secret: [UInt8]) {
    self.authority = Array(authority.prefix(Self.halfBytes))
    self.secret = Array(secret.prefix(Self.halfBytes))
  }

  static func newSecret() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<halfBytes).map { _ in .random(in: 0...255, using: &generator) }
  }

  /// Reads what somebody typed; blanks and dashes anywhere are fine.
  public init(_ text: String) throws(Mistake) {
    var symbols: [UInt8] = []
    for letter in text where !letter.isWhitespace && !"-‐–—_".contains(letter) {
      guard let symbol = Self.symbol(letter) else { throw .letter(letter, group: symbols.count / 4 + 1) }
      // Enough to say how many there are; not the memory that a pasted file takes.
      if symbols.count < 1000 { symbols.append(symbol) }
    }
    guard symbols.count == Self.symbolCount else { throw .length(symbols.count) }
    for (index, check) in symbols.suffix(4).enumerated() {
      guard Self.check(symbols[index * 8..<index * 8 + 8]) == check else { throw .typing(firstGroup: index * 2 + 1) }
    }
    authority = Self.bytes(symbols[0..<16])
    secret = Self.bytes(symbols[16..<32])
  }

  /// For people and for the QR code. Not for logs.
  public var text: String {
    let data = Self.symbols(authority) + Self.symbols(secret)
    let checks = (0..<4).map { Self.check(data[$0 * 8..<$0 * 8 + 8]) }
    let letters = (data + checks).map { Self.alphabet[Int($0)] }
    return stride(from: 0, to: letters.count, by: 4).map { String(letters[$0..<$0 + 4]) }.joined(separator: "-")
  }

  /// Without the secret.
  public var description: String { "invitation code of authority \(authority.map { String(format: "%02x", $0) }.joined())" }

  private static func symbol(_ letter: Character) -> UInt8? {
    let upper: Character =
      switch letter {
      case "o", "O": "0"
      case "i", "I", "l", "L": "1"
      default: letter.isASCII ? Character(letter.uppercased()) : letter
      }
    return alphabet.firstIndex(of: upper).map { UInt8($0) }
  }

  /// A polynomial over GF(32), modulus x⁵+x²+1: each place has a weight of its own, so that one wrong character or two neighbours
  /// exchanged always change the sum.
  private static func check(_ symbols: ArraySlice<UInt8>) -> UInt8 {
    symbols.reduce(0) { sum, symbol in
      let doubled = sum << 1
      return (doubled & 32 != 0 ? doubled ^ 37 : doubled) ^ symbol
    }
  }

  private static func symbols(_ bytes: [UInt8]) -> [UInt8] {
    var symbols: [UInt8] = []
    var buffer: UInt32 = 0
    var bits = 0
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        symbols.append(UInt8(buffer >> UInt32(bits) & 31))
      }
      buffer &= (1 << UInt32(bits)) - 1
    }
    return symbols
  }

  private static func bytes(_ symbols: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer: UInt32 = 0
    var bits = 0
    for symbol in symbols {
      buffer = buffer << 5 | UInt32(symbol)
      bits += 5
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
      }
      buffer &= (1 << UInt32(bits)) - 1
    }
    return bytes
  }
}
