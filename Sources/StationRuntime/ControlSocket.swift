import DeviceKit
import Foundation
import Transports

#if canImport(Glibc)
  import Glibc
#endif

/// The one door of a running program for its command line: a Unix socket (mode 0660). One line in, a text out, then it closes.
public final class ControlSocket: Sendable {
  private let descriptor: Int32
  private let path: String

  /// Longest request line in bytes.
  static let lineLimit = 4096

  /// - Throws: `ControlError` when the path is too long or another program serves it.
  public init(path: String, answer: @escaping @Sendable (String) -> String) throws(ControlError) {
    self.path = path
    // One that is there but does not answer is there all the same: its door is not taken away.
    guard !Self.isServed(path) else { throw .inUse(path) }
    unlink(path)
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0, var address = Self.address(path) else { throw .cannotOpen(path, errno) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, chmod(path, 0o660) == 0, listen(descriptor, 8) == 0 else {
      let code = errno
      close(descriptor)
      throw .cannotOpen(path, code)
    }
    let listener = descriptor
    let thread = Thread {
      while true {
        let client = accept(listener, nil, nil)
        if client < 0 {
          if errno == EINTR || errno == ECONNABORTED { continue }
          return
        }
        Self.serve(client, answer)
      }
    }
    thread.name = "control"
    thread.start()
  }

  /// Whether a program serves this path, even one that is too busy to answer.
  public static func isServed(_ path: String) -> Bool {
    do throws(ControlError) {
      _ = try ask(path, "ping")
      return true
    } catch {
      if case .noAnswer = error { return true }
      return false
    }
  }

  /// Stops listening and takes the path away.
  public func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
    unlink(path)
  }

  /// Asks a running program.
  public static func ask(_ path: String, _ line: String, timeoutSeconds: Int = 5) throws(ControlError) -> String {
    let client = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard client >= 0, var address = Self.address(path) else { throw .cannotOpen(path, errno) }
    defer { close(client) }
    setTimeout(client, timeoutSeconds)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    guard connected == 0 else { throw .nobodyThere(path) }
    guard sendAll(client, line + "\n") else { throw .noAnswer(path) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(client, &buffer, buffer.count, 0)
      if count == 0 { break }
      if count < 0 { throw .noAnswer(path) }
      bytes.append(contentsOf: buffer[0..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func serve(_ client: Int32, _ answer: (String) -> String) {
    defer { close(client) }
    // A client that says nothing, or a byte now and then, holds the door for two seconds at most.
    setTimeout(client, 1)
    let limit = MonotonicClock.now() + .seconds(1)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1024)
    while !bytes.contains(10) {
      let count = recv(client, &buffer, buffer.count, 0)
      guard count > 0, MonotonicClock.now() < limit else { return }
      bytes.append(contentsOf: buffer[0..<count])
      if bytes.count > lineLimit {
        _ = sendAll(client, "命令太长 / command longer than \(lineLimit) bytes\n")
        return
      }
    }
    let line = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    _ = sendAll(client, answer(line.trimmingCharacters(in: .whitespaces)))
  }

  private static func sendAll(_ client: Int32, _ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private static func setTimeout(_ client: Int32, _ seconds: Int) {
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  private static func address(_ path: String) -> sockaddr_un? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return address
  }
}

public enum ControlError: Error, CustomStringConvertible {
  case inUse(String)
  case cannotOpen(String, Int32)
  case nobodyThere(String)
  case noAnswer(String)

  public var description: String {
    switch self {
    case .inUse(let path): "已有程序在 \(path) 上运行 / another program is already serving \(path)"
    case .cannotOpen(let path, let code): "打不开 \(path): \(String(cString: strerror(code))) / cannot open \(path)"
    case .nobodyThere(let path): "没有程序在 \(path) 上运行,请先启动 / nothing is running at \(path); start it first"
    case .noAnswer(let path): "\(path) 没有应答 / no answer from \(path)"
    }
  }
}
