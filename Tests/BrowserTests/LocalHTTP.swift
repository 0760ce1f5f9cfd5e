import Foundation

/// One HTTP/1.1 request to a port of this machine, over a plain socket: Foundation's URLSession on Linux fails on headers as
/// chromedriver writes them (`Content-Length:249`, without a space), though RFC 9112 allows that.
enum LocalHTTP {
  struct Answer: Sendable {
    var status: Int
    var body: Data
  }

  /// Waits on a thread of its own, never on one of Swift's tasks.
  /// - Throws: `BrowserError` when nobody listens, or nothing comes for 60 s.
  static func ask(port: Int, _ method: String, _ path: String, _ body: Data = Data()) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try exchange(port, method, path, body) })
      }
    }
  }

  private static func exchange(_ port: Int, _ method: String, _ path: String, _ body: Data) throws -> Answer {
    let line = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(line) }
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var name = loopback(port: port)
    guard withSocketAddress(&name, { connect(line, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }) else {
      throw BrowserError("nobody listens on port \(port)")
    }
    let head = """
      \(method) \(path) HTTP/1.1\r
      Host: 127.0.0.1:\(port)\r
      Connection: close\r
      Content-Type: application/json\r
      Content-Length: \(body.count)\r
      \r

      """
    var rest = Data(head.utf8) + body
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { send(line, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { throw BrowserError("port \(port) takes nothing") }
      rest.removeFirst(sent)
    }
    return try answer(to: "\(method) \(path)", line)
  }

  /// As long as the head says: a Chromium that chromedriver started inherits the connection and keeps it open.
  private static func answer(to request: String, _ line: Int32) throws -> Answer {
    var received = Data()
    var part = [UInt8](repeating: 0, count: 65536)
    while true {
      if let answer = whole(received) { return answer }
      let count = recv(line, &part, part.count, 0)
      guard count > 0 else { throw BrowserError("no whole answer to \(request): \(String(decoding: received, as: UTF8.self))") }
      received.append(contentsOf: part[..<count])
    }
  }

  private static func whole(_ received: Data) -> Answer? {
    guard let end = received.firstRange(of: Data("\r\n\r\n".utf8)) else { return nil }
    let head = String(decoding: received[..<end.lowerBound], as: UTF8.self)
    let body = received[end.upperBound...]
    guard let status = Int(head.dropFirst(9).prefix(3)), let length = head.firstMatch(of: #/(?i)content-length: *(\d+)/#)?.1,
      body.count >= Int(length) ?? 0
    else { return nil }
    return Answer(status: status, body: Data(body))
  }

  private static func loopback(port: Int) -> sockaddr_in {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return name
  }

  private static func withSocketAddress(_ name: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Bool) -> Bool {
    withUnsafeMutablePointer(to: &name) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
  }
}
