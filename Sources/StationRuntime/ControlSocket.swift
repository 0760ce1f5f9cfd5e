import DeviceKit
import Foundation
import Synchronization
import Transports

#if canImport(Glibc)
  import Glibc
#endif

/// The one door of a running program for its command line: a Unix socket (mode 0660). One line in, a text out, then it closes.
///
/// Each client has a thread of its own, `clientLimit` at most: who says nothing, or asks for what takes long, keeps nobody else waiting.
public final class ControlSocket: Sendable {
  private let descriptor: Int32
  private let path: String
  /// Which file the door is, so that no other one is ever taken away.
  private let identity: FileIdentity?
  private let isStopped = Mutex(false)

  /// Longest request line in bytes.
  static let lineLimit = 32_768
  /// More wait until one of these is done.
  static let clientLimit = 16
  /// How long the path of a Unix socket may be, in bytes (unix(7)).
  public static let pathLimit = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  /// - Throws: `ControlError` when the path is too long, is another kind of file, or another program serves it.
  public convenience init(path: String, answer: @escaping @Sendable (String) -> String) throws(ControlError) {
    try self.init(path: path) { line, _ in answer(line) }
  }

  /// - Parameter answer: called on the client's thread, with what says whether the client is still there.
  /// - Throws: as the other.
  public init(path: String, answer: @escaping @Sendable (String, ControlClient) -> String) throws(ControlError) {
    self.path = path
    try Self.check(path)
    if FileIdentity(path) != nil { unlink(path) }
    descriptor = try Self.listening(at: path)
    identity = FileIdentity(path)
    let listener = descriptor
    let thread = Thread { Self.acceptAll(listener, answer) }
    thread.name = "control"
    thread.start()
  }

  private static func listening(at path: String) throws(ControlError) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .cannotOpen(path, errno) }
    guard var address = Self.address(path) else { throw .tooLong(path) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, chmod(path, 0o660) == 0, listen(descriptor, 64) == 0 else {
      let code = errno
      close(descriptor)
      throw .cannotOpen(path, code)
    }
    return descriptor
  }

  private static func acceptAll(_ listener: Int32, _ answer: @escaping @Sendable (String, ControlClient) -> String) {
    let free = DispatchSemaphore(value: clientLimit)
    while true {
      free.wait()
      let client = OpenFiles.accept(listener)
      if client < 0 {
        let code = errno
        free.signal()
        switch code {
        case EINTR, ECONNABORTED: continue
        // The client stays in the queue; others let go of theirs soon.
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: usleep(100_000)
        default:
          // It was stopped. Closed by nobody else: the number could be another door's when this thread looks again.
          close(listener)
          return
        }
        continue
      }
      let thread = Thread {
        serve(client, answer)
        free.signal()
      }
      thread.name = "control-client"
      thread.start()
    }
  }

  /// Whether a door can be made here.
  ///
  /// - Throws: as `init`. Nothing is changed.
  public static func check(_ path: String) throws(ControlError) {
    guard path.utf8.count <= pathLimit else { throw .tooLong(path) }
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
    // One that is there but does not answer is there all the same: its door is not taken away.
    guard !isServed(path) else { throw .inUse(path) }
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

  /// Stops listening and takes the path away, if it still is this door.
  public func stop() {
    let isFirst = isStopped.withLock { stopped in
      defer { stopped = true }
      return !stopped
    }
    guard isFirst else { return }
    shutdown(descriptor, Int32(SHUT_RDWR))
    if let identity, FileIdentity(path) == identity { unlink(path) }
  }

  /// Asks a running program.
  public static func ask(_ path: String, _ line: String, timeoutSeconds: Int = 5) throws(ControlError) -> String {
    guard var address = Self.address(path) else { throw .tooLong(path) }
    let client = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard client >= 0 else { throw .cannotOpen(path, errno) }
    defer { close(client) }
    setTimeout(client, timeoutSeconds)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    guard connected == 0 else { throw .nobodyThere(path, errno) }
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

  private static func serve(_ client: Int32, _ answer: (String, ControlClient) -> String) {
    defer { close(client) }
    // A client that says nothing, or a byte now and then, holds its place for two seconds at most.
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
    _ = sendAll(client, answer(line.trimmingCharacters(in: .whitespaces), ControlClient(descriptor: client)))
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
    guard bytes.count <= pathLimit else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return address
  }
}

/// Who has asked, for as long as it is being answered.
public struct ControlClient: Sendable {
  fileprivate let descriptor: Int32

  /// It has closed its connection without waiting for the answer, or its program has ended.
  public var isGone: Bool {
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
  }
}

/// A socket as the file system knows it.
private struct FileIdentity: Equatable {
  var device: UInt
  var number: UInt

  /// `nil` unless a socket is there.
  init?(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    device = UInt(status.st_dev)
    number = UInt(status.st_ino)
  }
}

public enum ControlError: Error, CustomStringConvertible {
  case inUse(String)
  case notASocket(String)
  case tooLong(String)
  case cannotOpen(String, Int32)
  /// What connect(2) said.
  case nobodyThere(String, Int32)
  case noAnswer(String)

  /// The disk has no room for a socket, or takes nothing: no mistake of whoever gave the path.
  public var isDisk: Bool {
    if case .cannotOpen(_, let code) = self { [ENOSPC, EDQUOT, EROFS, EIO].contains(code) } else { false }
  }

  public var description: String {
    switch self {
    case .inUse(let path): "已有程序在 \(path) 上运行 / another program is already serving \(path)"
    case .notASocket(let path):
      "\(path) 已有一个文件,不是套接字,不会动它;请移走它 / \(path) is there and is no socket; it is left alone, move it away"
    case .tooLong(let path):
      "套接字的路径有 \(path.utf8.count) 字节,最多 \(ControlSocket.pathLimit) 字节: \(path);请把站点文件放到较浅的文件夹 / "
        + "the socket's path has \(path.utf8.count) bytes, \(ControlSocket.pathLimit) are accepted; keep the site file in a folder "
        + "with a shorter path"
    case .cannotOpen(let path, let code): "打不开 \(path): \(String(cString: strerror(code))) / cannot open \(path)"
    case .nobodyThere(let path, ENOENT):
      "没有程序在 \(path) 上运行,请先启动(没有这个套接字) / nothing is running at \(path); start it first (there is no such socket)"
    case .nobodyThere(let path, ECONNREFUSED):
      "没有程序在 \(path) 上运行,请先启动(套接字还在,没有程序接) / nothing is running at \(path); start it first (the socket is there, "
        + "nobody listens)"
    case .nobodyThere(let path, let code):
      "连不上 \(path): \(String(cString: strerror(code))) / cannot connect to \(path)"
    case .noAnswer(let path): "\(path) 没有应答 / no answer from \(path)"
    }
  }
}
