import DeviceVocabulary

/// What a camera asks a login by: `WWW-Authenticate`.
public enum RTSPChallenge: Sendable, Equatable {
  case digest(DigestChallenge)
  case basic

  /// The best one of all that it offers; `nil`: none that is spoken here.
  public init?(_ headers: [RTSPHeader]) {
    let offered = headers.filter { $0.name.lowercased() == "www-authenticate" }.map(\.value)
    if let digest = DigestChallenge(offered) {
      self = .digest(digest)
    } else if offered.contains(where: { DigestChallenge.fields(of: $0, scheme: "basic")?.contains { $0.name == "realm" } == true }
    ) {
      self = .basic
    } else {
      return nil
    }
  }

  public var isStale: Bool { if case .digest(let digest) = self { digest.isStale } else { false } }

  /// The header that answers it. The parameters are those of `DigestChallenge.answer`.
  public func answer(
    method: String, uri: String, user: String, password: String, count: Int, ownNonce: String, md5: ([UInt8]) -> [UInt8]
  ) -> RTSPHeader {
    let value =
      switch self {
      case .basic: "Basic \(Base64.encode(Array("\(user):\(password)".utf8)))"
      case .digest(let digest):
        digest.answer(method: method, uri: uri, user: user, password: password, count: count, ownNonce: ownNonce, md5: md5)
      }
    return RTSPHeader("Authorization", value)
  }
}
