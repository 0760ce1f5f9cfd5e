import DeviceKit
import Foundation
import Transports

/// One HTTP/1.1 request to a port of this machine. The answer is read as long as its head says: a Chromium that chromedriver started inherits
/// the connection and keeps it open.
enum LocalRequest {
  struct Answer {
    var status: Int
    var body: Data
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// The limit is only there against hanging.
  static func send(_ method: String, port: Int, _ path: String, _ body: Data = Data(), seconds: Int = 30) throws -> Answer {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
    if method == "POST" { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
    let limit = MonotonicClock.now() + .seconds(seconds)
    let connection = try PageSocket.connected(port: port, sending: Array((head + "\r\n").utf8) + Array(body))
    defer { close(connection) }
    var received = Data()
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      if let answer = whole(received) { return answer }
      guard !waitForInput(connection, until: limit).isEmpty else {
        throw BenchError("\(method) \(path) at port \(port): no whole answer within \(seconds) s, \(received.count) bytes came")
      }
      let length = read(connection, &part, part.count)
      guard length > 0 else {
        throw BenchError("\(method) \(path) at port \(port): the answer broke off after \(received.count) bytes")
      }
      received.append(contentsOf: part[..<length])
    }
  }

  static func get(_ port: Int, _ path: String) throws -> String { try send("GET", port: port, path).text }

  static func post(_ port: Int, _ path: String, _ json: String) throws -> String {
    try send("POST", port: port, path, Data(json.utf8)).text
  }

  /// `nil` until head and body are there.
  private static func whole(_ received: Data) -> Answer? {
    guard let gap = received.firstRange(of: Data("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: received[..<gap.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let lengths = lines.compactMap { line -> Int? in
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      return parts.count == 2 && parts[0].lowercased() == "content-length" ? Int(parts[1]) : nil
    }
    let body = received[gap.upperBound...]
    guard let status = lines.first.flatMap({ Int($0.dropFirst(9).prefix(3)) }), let length = lengths.first, body.count >= length
    else {
      return nil
    }
    return Answer(status: status, body: Data(body.prefix(length)))
  }
}
