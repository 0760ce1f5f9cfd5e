/// What a camera is logged in to with, and the hashes for it, which are handed in: no library is needed here.
public struct CameraLogin: Sendable {
  public var user: String
  /// As it is typed at the camera.
  public var password: String
  /// 20 bytes for any.
  public var sha1: @Sendable ([UInt8]) -> [UInt8]
  /// 16 bytes for any.
  public var md5: @Sendable ([UInt8]) -> [UInt8]

  public init(
    user: String, password: String, sha1: @escaping @Sendable ([UInt8]) -> [UInt8],
    md5: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) {
    self.user = user
    self.password = password
    self.sha1 = sha1
    self.md5 = md5
  }
}

/// UsernameToken of WS-Security (profile 1.0): the password itself is never on the line.
public struct UsernameToken: Sendable, Equatable {
  public var user: String
  /// Base64 of SHA-1 over nonce, time and password.
  public var digest: String
  /// The raw bytes; they are written as Base64, and hashed as they are.
  public var nonce: [UInt8]
  /// By the camera's own clock, in UTC.
  public var created: String

  public init(user: String, digest: String, nonce: [UInt8], created: String) {
    self.user = user
    self.digest = digest
    self.nonce = nonce
    self.created = created
  }

  public init(_ login: CameraLogin, nonce: [UInt8], created: String) {
    self.init(
      user: login.user, digest: Self.digest(nonce: nonce, created: created, login), nonce: nonce, created: created)
  }

  public static func digest(nonce: [UInt8], created: String, _ login: CameraLogin) -> String {
    Base64.encode(login.sha1(nonce + Array(created.utf8) + Array(login.password.utf8)))
  }

  /// `nil`: the message holds none, or none with a digest.
  public init?(_ security: SOAPElement) {
    guard let token = security.find("UsernameToken"), let user = token.value("Username"), let password = token.child("Password"),
      password.attribute("Type")?.hasSuffix("#PasswordDigest") == true,
      let nonce = token.value("Nonce").flatMap({ Base64.decode($0) }), let created = token.value("Created")
    else { return nil }
    self.init(user: user, digest: SOAPElement.trimmed(password.text), nonce: nonce, created: created)
  }

  var xml: String {
    let space = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
    return "<wsse:Security s:mustUnderstand=\"1\" xmlns:wsse=\"\(space)-wssecurity-secext-1.0.xsd\""
      + " xmlns:wsu=\"\(space)-wssecurity-utility-1.0.xsd\"><wsse:UsernameToken>"
      + "<wsse:Username>\(SOAPText.escaped(user))</wsse:Username>"
      + "<wsse:Password Type=\"\(space)-username-token-profile-1.0#PasswordDigest\">\(digest)</wsse:Password>"
      + "<wsse:Nonce EncodingType=\"\(space)-soap-message-security-1.0#Base64Binary\">\(Base64.encode(nonce))</wsse:Nonce>"
      + "<wsu:Created>\(SOAPText.escaped(created))</wsu:Created></wsse:UsernameToken></wsse:Security>"
  }
}

/// The challenge of cameras that want the login of HTTP instead (RFC 2617, MD5, with `qop=auth` or without).
public struct WebChallenge: Sendable, Equatable {
  public var realm: String
  public var nonce: String
  public var opaque: String?
  public var hasQuality: Bool
  public var isStale: Bool

  /// `nil`: it asks for no digest that is spoken here.
  public init?(_ headers: [WebHeader]) {
    for header in headers where header.name.lowercased() == "www-authenticate" {
      let kind = header.value.prefix { $0 != " " }
      guard kind.lowercased() == "digest" else { continue }
      let fields = Self.fields(header.value.dropFirst(kind.count))
      func field(_ name: String) -> String? { fields.last { $0.name == name }?.value }
      let qualities = field("qop")?.split(separator: ",").map { SOAPElement.trimmed(String($0)).lowercased() }
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

  public init(realm: String, nonce: String, opaque: String? = nil, hasQuality: Bool = true, isStale: Bool = false) {
    self.realm = realm
    self.nonce = nonce
    self.opaque = opaque
    self.hasQuality = hasQuality
    self.isStale = isStale
  }

  /// - Parameters:
  ///   - count: of the requests with this nonce, from 1.
  ///   - ownNonce: hexadecimal, of ours.
  public func answer(method: String, path: String, _ login: CameraLogin, count: Int, ownNonce: String) -> WebHeader {
    let number = String(count, radix: 16)
    let counted = String(repeating: "0", count: max(0, 8 - number.utf8.count)) + number
    let response = response(method: method, path: path, login, counted: counted, ownNonce: ownNonce)
    var value =
      "Digest username=\"\(Self.quoted(login.user))\", realm=\"\(realm)\", nonce=\"\(nonce)\", uri=\"\(path)\", response=\"\(response)\""
    if hasQuality { value += ", qop=auth, nc=\(counted), cnonce=\"\(ownNonce)\"" }
    if let opaque { value += ", opaque=\"\(opaque)\"" }
    return WebHeader("Authorization", value)
  }

  public func response(method: String, path: String, _ login: CameraLogin, counted: String, ownNonce: String) -> String {
    func hash(_ text: String) -> String { Base64.hexadecimal(login.md5(Array(text.utf8))) }
    let quality = hasQuality ? "\(counted):\(ownNonce):auth:" : ""
    return hash("\(hash("\(login.user):\(realm):\(login.password)")):\(nonce):\(quality)\(hash("\(method):\(path)"))")
  }

  /// Part of a header's line: nothing that ends it.
  private static func quoted(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }))
  }

  /// `realm="x", nonce="…", qop="auth"`
  public static func fields(_ text: Substring) -> [(name: String, value: String)] {
    var found: [(String, String)] = []
    var rest = text
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

/// Bytes as letters.
public enum Base64 {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  public static func encode(_ bytes: [UInt8]) -> String {
    var written: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = Array(bytes[start..<min(start + 3, bytes.count)])
      let value = (0..<3).reduce(UInt32(0)) { $0 << 8 | UInt32($1 < part.count ? part[$1] : 0) }
      for place in 0..<4 {
        written.append(place <= part.count ? letters[Int(value >> UInt32(18 - 6 * place) & 63)] : 0x3D)
      }
    }
    return String(decoding: written, as: UTF8.self)
  }

  /// `nil`: other signs than its own. At most 256 bytes: nonces are short.
  public static func decode(_ text: String) -> [UInt8]? {
    var bits: UInt32 = 0
    var count = 0
    var found: [UInt8] = []
    for byte in text.utf8 where byte != 0x3D {
      guard let value = letters.firstIndex(of: byte), found.count < 256 else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        found.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return found
  }

  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
