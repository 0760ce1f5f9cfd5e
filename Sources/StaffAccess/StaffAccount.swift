import Crypto
import CryptoExtras
import Foundation

/// Somebody of the staff, by an id of the centre's own: never a name.
public struct StaffAccount: Sendable, Equatable, Codable {
  /// 1 to 12 letters, digits, `-` or `_`.
  public var id: String
  public var roles: [Role]
  /// Posts of the site file that he may act for; none means all.
  public var posts: [String]
  public var pin: PinHash?
  /// Keyed hash of a staff card's UID, in hexadecimal; the UID itself is kept nowhere.
  public var card: String?
  public var isDisabled: Bool
  /// The last day on which it is good, `2026-12-31`; for those who are there for a time (轮驻).
  public var until: String?

  public init(id: String, roles: [Role], posts: [String] = [], pin: PinHash? = nil, until: String? = nil) {
    self.id = id
    self.roles = roles
    self.posts = posts
    self.pin = pin
    self.isDisabled = false
    self.until = until
  }

  static let longestID = 12

  public static func isID(_ text: String) -> Bool {
    (1...longestID).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
      }
  }

  public func mayAct(for post: String) -> Bool { posts.isEmpty || posts.contains(post) }

  /// - Parameter today: `2026-11-26`, local.
  func isGood(on today: String) -> Bool { !isDisabled && until.map { today <= $0 } ?? true }
}

/// What is kept of a PIN: scrypt with a salt of its own (RFC 7914).
public struct PinHash: Sendable, Equatable, Codable {
  public var salt: Data
  public var rounds: Int
  public var hash: Data

  /// Takes about 0.1 s and 32 MiB on a small computer, so that a stolen file is not tried through in an evening.
  public static let rounds = 32_768

  /// 6 to 32 characters that are not all the same and do not count up: who watches over a shoulder remembers those.
  public static func isStrong(_ pin: String) -> Bool {
    let bytes = Array(pin.utf8)
    guard (6...32).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return false }
    let steps = Set(zip(bytes, bytes.dropFirst()).map { Int($1) - Int($0) })
    return !(steps.count == 1 && [0, 1, -1].contains(steps.first))
  }

  public init(_ pin: String, rounds: Int = PinHash.rounds) throws {
    salt = SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) }
    self.rounds = rounds
    hash = try Self.derive(pin, salt, rounds)
  }

  private init(salt: Data, rounds: Int, hash: Data) {
    self.salt = salt
    self.rounds = rounds
    self.hash = hash
  }

  /// Of no PIN at all; trying one takes as long as with any other.
  static func ofNobody(rounds: Int) -> PinHash {
    func random() -> Data { SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) } }
    return PinHash(salt: random().prefix(16), rounds: rounds, hash: random())
  }

  public func matches(_ pin: String) -> Bool {
    // A file that was edited by hand must not fill the memory nor last for minutes.
    guard rounds > 1, rounds & (rounds - 1) == 0, rounds <= Self.rounds * 8, let derived = try? Self.derive(pin, salt, rounds)
    else {
      return false
    }
    return derived.count == hash.count && zip(derived, hash).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func derive(_ pin: String, _ salt: Data, _ rounds: Int) throws -> Data {
    let key = try KDF.Scrypt.deriveKey(
      from: Data(pin.utf8.prefix(128)), salt: salt, outputByteCount: 32, rounds: rounds, blockSize: 8, parallelism: 1)
    return key.withUnsafeBytes { Data($0) }
  }
}
