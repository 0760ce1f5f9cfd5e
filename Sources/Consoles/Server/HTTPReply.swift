import DeviceVocabulary
import NIOCore
import Station

/// One complete answer. Every connection carries one request: the pages keep their event stream and ask seldom, and a server that never
/// reuses a connection cannot mix up two requests.
struct HTTPReply: Sendable {
  var status: Int
  var contentType = "application/json; charset=utf-8"
  var allow: String?
  /// The session's cookie: set when it is text, taken away when it is empty.
  var session: SessionCookie?
  /// The page opens nothing: no other page, window, dialog, print or download.
  var isSandboxed = false
  var body: [UInt8]
  /// In the place of `body`: what is erased as soon as it was sent.
  private(set) var secret: SecretBuffer?

  init(status: Int, json: JSONText) {
    self.status = status
    self.body = json.bytes
  }

  /// JSON that is erased as soon as it was sent.
  init(status: Int, secret: SecretBuffer) {
    self.status = status
    self.body = []
    self.secret = secret
  }

  init(contentType: String, body: [UInt8]) {
    self.status = 200
    self.contentType = contentType
    self.body = body
  }

  /// What was wrong, where, and what is accepted.
  init(_ status: Int, _ fault: RequestFault, at place: String, accepted: String, allow: String? = nil) {
    let words = Texts.text(fault)
    self.init(
      status: status,
      json: .object {
        $0.field("answer", "error")
        $0.field("code", fault.rawValue)
        $0.field("where", place)
        $0.field("accepted", accepted)
        $0.field("chinese", words.chinese)
        $0.field("english", words.english)
      })
    self.allow = allow
  }

  /// Bytes for the wire.
  func serialised(allocator: ByteBufferAllocator) -> ByteBuffer {
    let length = secret?.count ?? body.count
    var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\nContent-Type: \(contentType)\r\nContent-Length: \(length)\r\n"
    if let allow { head += "Allow: \(allow)\r\n" }
    if let session {
      // Scripts cannot read it, and no other site's page can make the browser send it.
      head +=
        "Set-Cookie: \(session.name)=\(session.token); Path=/; HttpOnly; SameSite=Strict\(session.token.isEmpty ? "; Max-Age=0" : "")\r\n"
    }
    if isSandboxed { head += "Content-Security-Policy: sandbox allow-scripts allow-same-origin\r\n" }
    head += Self.commonHeaders
    var buffer = allocator.buffer(capacity: head.utf8.count + length)
    buffer.writeString(head)
    if let secret {
      // There is room for it: nothing is moved, and no copy left behind.
      secret.withSpan { span in _ = span.withUnsafeBytes { buffer.writeBytes($0) } }
    } else {
      buffer.writeBytes(body)
    }
    return buffer
  }

  /// Nothing is loaded from elsewhere, nothing is framed, nothing is kept by the browser, and no device of the computer is asked for.
  static let commonHeaders = """
    Cache-Control: no-store\r
    Content-Security-Policy: default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r
    Permissions-Policy: \(noDevices)\r
    X-Content-Type-Options: nosniff\r
    X-Frame-Options: DENY\r
    Referrer-Policy: no-referrer\r
    Cross-Origin-Resource-Policy: same-origin\r
    Connection: close\r
    \r

    """

  private static let noDevices = [
    "bluetooth", "camera", "clipboard-read", "clipboard-write", "display-capture", "geolocation", "hid", "local-fonts",
    "microphone",
    "midi", "payment", "serial", "usb", "window-management",
  ].map { "\($0)=()" }.joined(separator: ", ")

  static let eventStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n" + commonHeaders + "retry: 1000\n\n"

  private static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 202: "Accepted"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Error"
    }
  }
}
