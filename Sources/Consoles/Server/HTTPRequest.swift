import DeviceVocabulary
import NIOHTTP1
import Station

/// A complete request, already checked for where it comes from.
struct HTTPRequest: Sendable {
  var method: Method
  /// Percent-decoded parts of the path between slashes; the query is not used by any page.
  var path: [String]
  /// Erased when the request has been routed.
  var body: SecretBuffer?
  /// The staff's cookies by their names, one for each page.
  var sessions: [String: String] = [:]

  enum Method: Sendable { case get, post }

  var pathText: String { "/" + path.joined(separator: "/") }

  /// Checks everything that can be known from the head, before a byte of the body is taken.
  static func check(_ head: HTTPRequestHead, limits: ServerLimits) -> Checked {
    let headerBytes = head.uri.utf8.count + head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    if headerBytes > limits.headerBytes { return .refused(headersTooLarge(limits)) }
    let hosts = head.headers["host"]
    guard hosts.count == 1, let host = hosts.first else {
      return .refused(HTTPReply(400, .malformed, at: "Host", accepted: "exactly one Host header"))
    }
    guard LoopbackAddress.isLoopback(hostHeader: host) else {
      return .refused(HTTPReply(403, .foreignHost, at: "Host", accepted: "localhost, 127.0.0.1, [::1]"))
    }
    guard head.uri.utf8.count <= 2048 else {
      return .refused(HTTPReply(414, .targetTooLong, at: "path", accepted: "at most 2048 bytes"))
    }
    guard let path = decodedPath(head.uri) else {
      return .refused(HTTPReply(400, .badPath, at: "path", accepted: "/ followed by UTF-8 text, percent-encoded"))
    }
    switch head.method {
    case .GET:
      // Whoever types a page's address, or has it from another program, may have put a slash behind it. Behind a file there is none.
      let isSlashed = path.last == "" && path.dropLast().last?.contains(".") == false
      let named = isSlashed ? path.dropLast() : path
      return .accepted(HTTPRequest(method: .get, path: named, sessions: sessions(head)), bodyBytes: bodyLength(head) ?? 0)
    case .POST: return checkPost(head, host, path, limits)
    default:
      return .refused(HTTPReply(405, .wrongMethod, at: "method", accepted: "GET, POST", allow: "GET, POST"))
    }
  }

  enum Checked {
    case accepted(HTTPRequest, bodyBytes: Int)
    case refused(HTTPReply)
  }

  static func headersTooLarge(_ limits: ServerLimits) -> HTTPReply {
    HTTPReply(431, .headersTooLarge, at: "headers", accepted: "at most \(limits.headerBytes) bytes")
  }

  static func bodyTooLarge(_ limits: ServerLimits) -> HTTPReply {
    HTTPReply(413, .bodyTooLarge, at: "body", accepted: "at most \(limits.bodyBytes) bytes")
  }

  private static func checkPost(_ head: HTTPRequestHead, _ host: String, _ path: [String], _ limits: ServerLimits) -> Checked {
    // A page of another site may post here with the browser's help; it cannot do so with this content type or this origin.
    let origins = head.headers["origin"]
    if !origins.allSatisfy({ $0.lowercased() == "http://" + host.lowercased() }) {
      return .refused(HTTPReply(403, .foreignOrigin, at: "Origin", accepted: "http://" + host))
    }
    if let site = head.headers.first(name: "sec-fetch-site"), site != "same-origin", site != "none" {
      return .refused(HTTPReply(403, .foreignOrigin, at: "Sec-Fetch-Site", accepted: "same-origin"))
    }
    let type = head.headers.first(name: "content-type")?.lowercased().split(separator: ";").first
    guard let type, type.trimmingSpaces == "application/json" else {
      return .refused(HTTPReply(415, .notJSON, at: "Content-Type", accepted: "application/json"))
    }
    guard let length = bodyLength(head) else {
      return .refused(HTTPReply(411, .lengthNeeded, at: "Content-Length", accepted: "0 to \(limits.bodyBytes)"))
    }
    if length > limits.bodyBytes { return .refused(bodyTooLarge(limits)) }
    let body = SecretBuffer(capacity: max(1, length))
    return .accepted(HTTPRequest(method: .post, path: path, body: body, sessions: sessions(head)), bodyBytes: length)
  }

  /// Of all our pages; a browser sends those of every port of this computer.
  private static func sessions(_ head: HTTPRequestHead) -> [String: String] {
    var found: [String: String] = [:]
    for header in head.headers["cookie"] {
      for pair in header.split(separator: ";") {
        let text = pair.trimmingSpaces
        guard text.hasPrefix(SessionCookie.prefix), let equals = text.firstIndex(of: "=") else { continue }
        let name = String(text[..<equals])
        if found[name] == nil, found.count < 8 { found[name] = String(text[text.index(after: equals)...]) }
      }
    }
    return found
  }

  private static func bodyLength(_ head: HTTPRequestHead) -> Int? {
    head.headers.first(name: "content-length").flatMap { Int($0) }
  }

  private static func decodedPath(_ uri: String) -> [String]? {
    guard uri.hasPrefix("/") else { return nil }
    let path = uri.prefix { $0 != "?" && $0 != "#" }.dropFirst()
    if path.isEmpty { return [] }
    var parts: [String] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      guard let decoded = percentDecoded(part) else { return nil }
      parts.append(decoded)
    }
    return parts
  }

  private static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte != UInt8(ascii: "%") {
        bytes.append(byte)
      } else if let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) {
        bytes.append(high << 4 | low)
      } else {
        return nil
      }
    }
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var text = self
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}
