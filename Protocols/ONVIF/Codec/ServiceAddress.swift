/// Where a camera's service is: `http://host:port/path`.
public struct ServiceAddress: Sendable, Equatable {
  public var host: String
  public var port: Int
  public var path: String

  public static let usualPort = 80
  public static let usualPath = "/onvif/device_service"

  public init(host: String, port: Int = Self.usualPort, path: String = Self.usualPath) {
    self.host = host
    self.port = port
    self.path = path
  }

  /// `nil`: no such address. `https` is none: its encryption is not spoken here. A login in it is none either: it belongs elsewhere.
  public init?(_ text: String) {
    let scheme = "http://"
    guard text.lowercased().hasPrefix(scheme), text.utf8.count <= 512, let parts = AddressParts(text.dropFirst(scheme.count)),
      parts.login == nil
    else { return nil }
    self.init(host: parts.host, port: parts.port ?? Self.usualPort, path: parts.path.isEmpty ? Self.usualPath : parts.path)
  }

  public var text: String { "http://\(authority)\(path)" }
  /// As `Host:` has it.
  public var authority: String {
    let name = AddressParts.written(host)
    return port == Self.usualPort ? name : "\(name):\(port)"
  }

  /// This service as it can be reached from here: a camera behind a router, or with an address of its own that nobody else has, names a host that
  /// does not answer; the host that did answer does.
  public func reached(by known: ServiceAddress) -> ServiceAddress {
    host == known.host ? self : ServiceAddress(host: known.host, port: known.port, path: path)
  }
}

/// The parts of an address behind its scheme.
struct AddressParts: Equatable {
  var login: String?
  var host: String
  var port: Int?
  var path: String

  init?(_ rest: Substring) {
    guard rest.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else { return nil }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    var authority = rest[..<end]
    path = String(rest[end...])
    if let at = authority.lastIndex(of: "@") {
      login = String(authority[..<at])
      authority = authority[authority.index(after: at)...]
    }
    var number = Substring()
    if authority.hasPrefix("[") {
      guard let close = authority.firstIndex(of: "]") else { return nil }
      host = String(authority[authority.index(after: authority.startIndex)..<close])
      let behind = authority[authority.index(after: close)...]
      guard behind.isEmpty || behind.hasPrefix(":") else { return nil }
      number = behind.dropFirst()
    } else if let colon = authority.firstIndex(of: ":") {
      host = String(authority[..<colon])
      number = authority[authority.index(after: colon)...]
    } else {
      host = String(authority)
    }
    let isHost = host.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "-._:%".utf8.contains(byte)
    }
    guard !host.isEmpty, isHost else { return nil }
    guard !number.isEmpty else { return }
    guard number.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(number), (1...65_535).contains(port) else {
      return nil
    }
    self.port = port
  }

  /// An address of IPv6 stands in brackets.
  static func written(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}

/// The address of a stream, as a player and a check take it.
public enum StreamAddress {
  /// - Parameters:
  ///   - given: by the camera.
  ///   - host: that answered. It stands in for what the camera calls itself, or for `0.0.0.0` and the like.
  ///   - ownNames: what the camera calls itself in the addresses of its services.
  /// - Returns: without a login; `nil`: no `rtsp://` address.
  public static func reached(_ given: String, host: String, ownNames: [String]) -> String? {
    let scheme = "rtsp://"
    guard given.lowercased().hasPrefix(scheme), given.utf8.count <= 1024 else { return nil }
    let rest = given.dropFirst(scheme.count)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    // Some write no host at all: `rtsp:///live`, `rtsp://:554/live`.
    let isNameless = end == rest.startIndex || rest.hasPrefix(":")
    guard let parts = AddressParts(isNameless ? "0.0.0.0\(rest)" : rest) else { return nil }
    let isNowhere = ["0.0.0.0", "::", "localhost", "::1"].contains(parts.host.lowercased()) || parts.host.hasPrefix("127.")
    let real = isNowhere || ownNames.contains(parts.host) ? host : parts.host
    return scheme + AddressParts.written(real) + (parts.port.map { ":\($0)" } ?? "") + parts.path
  }

  /// With the login as players want it: `%40` for `@`.
  public static func with(user: String, password: String, _ address: String) -> String {
    let scheme = "rtsp://"
    guard !user.isEmpty, address.hasPrefix(scheme) else { return address }
    return "\(scheme)\(escaped(user)):\(escaped(password))@\(address.dropFirst(scheme.count))"
  }

  /// What may be shown: signs in the password's place, wherever cameras want it written.
  public static func masked(_ address: String) -> String {
    guard let begin = schemeEnd(address) else { return address }
    var rest = String(address[begin...])
    // The last one: some write a password's own `@` and `/` as they are.
    if let at = rest.lastIndex(of: "@") {
      let user = rest[..<at].prefix { $0 != ":" && $0 != "/" }
      rest = "\(user):***\(rest[at...])"
    }
    var shown = ""
    while let equals = rest.firstIndex(of: "=") {
      let key = rest[..<equals].lowercased()
      shown += rest[...equals]
      rest = String(rest[rest.index(after: equals)...])
      guard ["pass", "pwd", "passwd", "password"].contains(where: key.hasSuffix) else { continue }
      let end = rest.firstIndex { $0 == "&" || $0 == "/" } ?? rest.endIndex
      shown += "***"
      rest = String(rest[end...])
    }
    return address[..<begin] + shown + rest
  }

  private static func schemeEnd(_ address: String) -> String.Index? {
    var rest = address[...]
    while let colon = rest.firstIndex(of: ":") {
      let behind = address[colon...]
      if behind.hasPrefix("://") { return address.index(colon, offsetBy: 3) }
      rest = address[address.index(after: colon)...]
    }
    return nil
  }

  private static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var written: [UInt8] = []
    for byte in text.utf8 {
      let isPlain =
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "-._~".utf8.contains(byte)
      written += isPlain ? [byte] : [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: written, as: UTF8.self)
  }
}
