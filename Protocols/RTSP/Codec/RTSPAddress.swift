/// Where a stream is fetched from: `rtsp://user:password@host:port/path`.
public struct RTSPAddress: Sendable, Equatable {
  public var host: String
  public var port: Int
  public var user: String
  /// As it is typed at the camera: what the address writes as `%40` is `@` here.
  public var password: String
  /// What stands in the request line: without user and password.
  public var request: String

  public static let usualPort = 554

  /// `nil`: no address of RTSP. `rtsps` is none: its encryption is not spoken here.
  public init?(_ text: String) {
    let scheme = "rtsp://"
    guard text.lowercased().hasPrefix(scheme), text.utf8.count <= 1024, text.utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
    else { return nil }
    let rest = text.dropFirst(scheme.count)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    var authority = rest[..<end]
    let path = rest[end...]
    (user, password) = ("", "")
    // The last one: some write a password's own `@` as it is.
    if let at = authority.lastIndex(of: "@") {
      let login = authority[..<at]
      authority = authority[authority.index(after: at)...]
      let colon = login.firstIndex(of: ":") ?? login.endIndex
      guard let name = Self.decoded(login[..<colon]),
        let secret = Self.decoded(colon < login.endIndex ? login[login.index(after: colon)...] : "")
      else { return nil }
      (user, password) = (name, secret)
    }
    guard let place = Self.place(authority) else { return nil }
    (host, port) = place
    request = scheme + authority + path
  }

  private static func place(_ text: Substring) -> (host: String, port: Int)? {
    var (name, number) = (text, Substring())
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      name = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      number = rest.dropFirst()
    } else if let colon = text.firstIndex(of: ":") {
      (name, number) = (text[..<colon], text[text.index(after: colon)...])
    }
    guard !name.isEmpty else { return nil }
    if number.isEmpty { return (String(name), usualPort) }
    guard let port = Int(number), (1...65_535).contains(port), number.allSatisfy(\.isNumber) else { return nil }
    return (String(name), port)
  }

  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    let source = Array(text.utf8)
    var index = 0
    while index < source.count {
      guard source[index] == 0x25 else {
        bytes.append(source[index])
        index += 1
        continue
      }
      guard index + 2 < source.count, let value = UInt8(String(decoding: source[index + 1...index + 2], as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(value)
      index += 3
    }
    let text = String(decoding: bytes, as: UTF8.self)
    // It becomes part of a header's line.
    return text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "\"" }) ? text : nil
  }
}
