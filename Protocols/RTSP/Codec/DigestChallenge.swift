import DeviceVocabulary

/// What a camera asks a login by that never shows the password (RFC 2617 with MD5; without `qop` it is RFC 2069). RTSP has it from HTTP, and
/// so have the services of ONVIF.
public struct DigestChallenge: Sendable, Equatable {
  public var realm: String
  public var nonce: String
  public var opaque: String?
  /// It offers `qop=auth`: requests are counted, and answered with a nonce of our own.
  public var hasQuality: Bool
  /// The password may be right: the nonce was too old.
  public var isStale: Bool

  public init(realm: String, nonce: String, opaque: String? = nil, hasQuality: Bool = true, isStale: Bool = false) {
    self.realm = realm
    self.nonce = nonce
    self.opaque = opaque
    self.hasQuality = hasQuality
    self.isStale = isStale
  }

  /// The first that can be answered.
  ///
  /// - Parameter offered: the values of all `WWW-Authenticate` lines.
  /// - Returns: `nil` when it asks for no digest that is spoken here.
  public init?(_ offered: [String]) {
    for value in offered {
      guard let fields = Self.fields(of: value, scheme: "digest") else { continue }
      func field(_ name: String) -> String? { fields.last { $0.name == name }?.value }
      let qualities = field("qop")?.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
      guard let realm = field("realm"), let nonce = field("nonce"), field("algorithm").map({ $0.lowercased() == "md5" }) ?? true,
        qualities?.contains("auth") ?? true
      else { continue }
      self.init(
        realm: realm, nonce: nonce, opaque: field("opaque"), hasQuality: qualities != nil,
        isStale: field("stale")?.lowercased() == "true")
      return
    }
    return nil
  }

  /// The value of the `Authorization` line that answers it.
  ///
  /// - Parameters:
  ///   - uri: exactly as it stands in the request's first line.
  ///   - password: as it is typed, not as an address writes it.
  ///   - count: of the requests with this nonce, from 1.
  ///   - ownNonce: hexadecimal, of ours.
  ///   - md5: 16 bytes for any.
  public func answer(
    method: String, uri: String, user: String, password: String, count: Int, ownNonce: String, md5: ([UInt8]) -> [UInt8]
  ) -> String {
    let number = String(count, radix: 16)
    let counted = String(repeating: "0", count: max(0, 8 - number.utf8.count)) + number
    let response = response(
      method: method, uri: uri, user: user, password: password, counted: counted, ownNonce: ownNonce, md5: md5)
    var value =
      "Digest username=\"\(Self.quoted(user))\", realm=\"\(realm)\", nonce=\"\(nonce)\", uri=\"\(uri)\", response=\"\(response)\""
    if hasQuality { value += ", qop=auth, nc=\(counted), cnonce=\"\(ownNonce)\"" }
    if let opaque { value += ", opaque=\"\(opaque)\"" }
    return value
  }

  /// The 32 digits that show that one knows the password. `counted` and `ownNonce` count only where it `hasQuality`.
  public func response(
    method: String, uri: String, user: String, password: String, counted: String = "", ownNonce: String = "",
    md5: ([UInt8]) -> [UInt8]
  ) -> String {
    func hash(_ text: String) -> String { hexadecimal(md5(Array(text.utf8))) }
    let quality = hasQuality ? "\(counted):\(ownNonce):auth:" : ""
    return hash("\(hash("\(user):\(realm):\(password)")):\(nonce):\(quality)\(hash("\(method):\(uri)"))")
  }

  /// Part of a header's line: nothing that ends it.
  private static func quoted(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }))
  }

  /// `Digest realm="x", nonce="…", qop="auth"`; at most 32 fields.
  ///
  /// - Parameter scheme: in small letters.
  /// - Returns: `nil` when it is another scheme.
  public static func fields(of value: String, scheme: String) -> [(name: String, value: String)]? {
    let kind = value.prefix { $0 != " " }
    guard kind.lowercased() == scheme else { return nil }
    var found: [(String, String)] = []
    var rest = value.dropFirst(kind.count)
    while let equals = rest.firstIndex(of: "="), found.count < 32 {
      let name = rest[..<equals].filter { $0 != " " && $0 != "," && $0 != "\t" }.lowercased()
      rest = rest[rest.index(after: equals)...]
      let value: Substring
      if rest.hasPrefix("\"") {
        rest = rest.dropFirst()
        value = rest.prefix { $0 != "\"" }
        rest = rest.dropFirst(value.count + 1)
      } else {
        value = rest.prefix { $0 != "," && $0 != " " }
        rest = rest.dropFirst(value.count)
      }
      found.append((name, String(value)))
    }
    return found
  }
}
