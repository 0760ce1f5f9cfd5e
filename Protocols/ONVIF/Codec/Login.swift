import DeviceVocabulary

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
