/// What a camera asks a login by: `WWW-Authenticate`.
public enum RTSPChallenge: Sendable, Equatable {
  case digest(realm: String, nonce: String, isStale: Bool)
  case basic(realm: String)

  /// The best one of all that it offers; `nil`: none that is spoken here.
  public init?(_ headers: [RTSPHeader]) {
    var basic: RTSPChallenge?
    for header in headers where header.name.lowercased() == "www-authenticate" {
      let kind = header.value.prefix { $0 != " " }.lowercased()
      let fields = Self.fields(header.value.dropFirst(kind.count))
      func field(_ name: String) -> String? { fields.last { $0.name == name }?.value }
      guard let realm = field("realm") else { continue }
      if kind == "digest", let nonce = field("nonce"), field("algorithm").map({ $0.lowercased() == "md5" }) ?? true {
        self = .digest(realm: realm, nonce: nonce, isStale: field("stale")?.lowercased() == "true")
        return
      }
      if kind == "basic" { basic = .basic(realm: realm) }
    }
    guard let basic else { return nil }
    self = basic
  }

  /// `realm="WG-CAM", nonce="…", stale=false`
  static func fields(_ text: Substring) -> [(name: String, value: String)] {
    var found: [(String, String)] = []
    var rest = text
    while let equals = rest.firstIndex(of: "=") {
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

  /// The header that answers it. The password is as it is typed, not as an address writes it.
  ///
  /// - Parameter md5: 16 bytes for any.
  public func answer(
    method: String, uri: String, user: String, password: String, md5: ([UInt8]) -> [UInt8]
  ) -> RTSPHeader {
    switch self {
    case .basic: return RTSPHeader("Authorization", "Basic \(Self.base64(Array("\(user):\(password)".utf8)))")
    case .digest(let realm, let nonce, _):
      let response = Self.response(
        method: method, uri: uri, user: user, password: password, realm: realm, nonce: nonce, md5: md5)
      return RTSPHeader(
        "Authorization",
        "Digest username=\"\(user)\", realm=\"\(realm)\", nonce=\"\(nonce)\", uri=\"\(uri)\", response=\"\(response)\"")
    }
  }

  /// RFC 2069: MD5(MD5(user:realm:password):nonce:MD5(method:uri)).
  public static func response(
    method: String, uri: String, user: String, password: String, realm: String, nonce: String, md5: ([UInt8]) -> [UInt8]
  ) -> String {
    func hash(_ text: String) -> String { hex(md5(Array(text.utf8))) }
    return hash("\(hash("\(user):\(realm):\(password)")):\(nonce):\(hash("\(method):\(uri)"))")
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  static func base64(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
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
}

/// What a session description (RFC 4566) says of its pictures.
public struct StreamDescription: Sendable, Equatable {
  /// There is an `m=video` line.
  public var hasVideo = false
  /// Where the video is set up, as its `a=control` says.
  public var control: String?

  public init(_ body: [UInt8]) {
    var isVideo = false
    for line in body.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).prefix(500) {
      let text = String(decoding: line, as: UTF8.self)
      if text.hasPrefix("m=") {
        isVideo = text.hasPrefix("m=video") && !hasVideo
        hasVideo = hasVideo || isVideo
      } else if isVideo, text.hasPrefix("a=control:") {
        control = String(text.dropFirst(10))
      }
    }
  }

  /// Where to set the video up.
  ///
  /// - Parameter base: `Content-Base`, or where it was described.
  public func setup(base: String) -> String {
    guard let control, control != "*" else { return base }
    if control.lowercased().hasPrefix("rtsp://") { return control }
    return base.hasSuffix("/") ? base + control : base + "/" + control
  }
}
