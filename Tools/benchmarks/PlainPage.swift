import DeviceKit
import Foundation
import Synchronization
import Transports

/// A page of one heading, served on loopback: what the browser itself takes for a page.
final class PlainPage: Sendable {
  private static let text = """
    <!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>1</title><link rel="icon" href="data:,"></head>\
    <body><h1>测速站</h1></body></html>
    """

  let port: Int
  private let listener: Int32

  init() throws {
    port = Int(try LoopbackListener.freePort())
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var one: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, listen(listener, 16) == 0 else {
      close(listener)
      throw BenchError("no plain page at port \(port): errno \(errno)")
    }
    Thread.detachNewThread { [listener] in
      while true {
        let connection = accept(listener, nil, nil)
        // Ended by `deinit`.
        guard connection >= 0 else { break }
        // A browser also opens connections in store, and asks nothing there.
        Thread.detachNewThread {
          Self.answer(connection)
          close(connection)
        }
      }
      close(listener)
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  private static func answer(_ connection: Int32) {
    var request = Data()
    var part = [UInt8](repeating: 0, count: 4_096)
    let limit = MonotonicClock.now() + .seconds(30)
    while request.firstRange(of: Data("\r\n\r\n".utf8)) == nil {
      guard !waitForInput(connection, until: limit).isEmpty else { return }
      let length = read(connection, &part, part.count)
      guard length > 0 else { return }
      request.append(contentsOf: part[..<length])
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n"
    let bytes = Array((head + text).utf8)
    _ = write(connection, bytes, bytes.count)
  }
}
