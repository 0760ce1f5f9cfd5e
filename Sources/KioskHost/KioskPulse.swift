import DeviceKit
import Foundation
import Glibc

/// Asks the station how long ago the page that we opened has said that it works: `GET /api/kiosk/{terminal}/alive/{mark}`.
struct KioskPulse {
  let address: KioskAddress

  /// A station that is asked too often would be slowed by us.
  static let every = Interval.seconds(1)
  private static let limit = timeval(tv_sec: 1, tv_usec: 0)

  /// What the station says, or that it is silent; within about 1 s.
  func ask(mark: String) -> KioskWatch.Input {
    let line = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard line >= 0 else { return .stationSilent }
    defer { close(line) }
    var limit = Self.limit
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(line, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = UInt16(truncatingIfNeeded: address.port).bigEndian
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(line, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    let request = "GET /api\(address.path)/alive/\(mark) HTTP/1.1\r\nHost: \(address.host)\r\nConnection: close\r\n\r\n"
    guard connected == 0, send(line, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count else {
      return .stationSilent
    }
    var received: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 2048)
    while received.count < 8192 {
      let count = recv(line, &part, part.count, 0)
      guard count > 0 else { break }
      received += part[..<count]
    }
    return Self.read(received)
  }

  /// Whatever has another form than the station's answer is not the station.
  static func read(_ bytes: [UInt8]) -> KioskWatch.Input {
    struct Answer: Decodable { var aliveMillisecondsAgo: Int? }
    let text = Data(bytes)
    guard text.starts(with: Data("HTTP/1.1 200 ".utf8)), let end = text.firstRange(of: Data("\r\n\r\n".utf8)),
      let answer = try? JSONDecoder().decode(Answer.self, from: text[end.upperBound...])
    else { return .stationSilent }
    return .pulse(answer.aliveMillisecondsAgo.map { .milliseconds(max(0, $0)) })
  }
}
