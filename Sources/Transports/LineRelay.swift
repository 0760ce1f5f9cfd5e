import DeviceKit
import Glibc
import Synchronization

/// A TCP line that can be pulled, black-holed and slowed: it passes on the bytes of every connection made to its port, until it is told
/// otherwise. For tests and demos; it listens on the loopback address only.
public final class LineRelay: Sendable {
  public enum Condition: Sendable, Equatable {
    case whole
    /// Connections that stand are reset, new ones are refused.
    case cut
    /// Connections stand and new ones are taken, but nothing passes. What was sent meanwhile passes once the line is whole again.
    case hole
    /// So many bytes a second each way, all connections together; they take turns.
    case slow(bytesPerSecond: Int)
  }

  public struct Counters: Sendable, Equatable {
    /// Connections taken since the start, and those that stand.
    public var taken = 0
    public var standing = 0
    public var bytesUp: UInt64 = 0
    public var bytesDown: UInt64 = 0
  }

  struct Shared {
    var condition = Condition.whole
    var isStopped = false
    var counters = Counters()
    /// What the relay's thread has done already.
    var obeyed: Condition?
  }

  public let port: UInt16
  let listener: Int32
  let target: SocketAddress
  let wake: WakeSignal
  let shared = Mutex(Shared())

  /// Takes connections from now on; they are served by `run`.
  ///
  /// - Parameter port: 0: one that is free.
  /// - Throws: `.system` when the port cannot be had or the host has no address.
  public init(listeningOn port: UInt16 = 0, toHost host: String, port targetPort: UInt16) throws(TransportError) {
    target = try SocketAddress.resolve(host, targetPort)
    wake = try WakeSignal()
    (listener, self.port) = try LoopbackListener.open(port, backlog: 512)
  }

  deinit { close(listener) }

  public var condition: Condition { shared.withLock { $0.condition } }
  /// What it was told last is so: after a cut no connection stands.
  public var isObeyed: Bool { shared.withLock { $0.obeyed == $0.condition } }
  public var counters: Counters { shared.withLock { $0.counters } }

  /// Holds from the next moment on; what a `cut` resets is reset soon after this returns.
  public func set(_ condition: Condition) {
    shared.withLock { $0.condition = condition }
    wake.raise()
  }

  /// Ends `run`; every connection is reset.
  public func stop() {
    shared.withLock { $0.isStopped = true }
    wake.raise()
  }

  /// Serves the line on the calling thread until `stop`.
  public func run() {
    var loop = RelayLoop(self)
    loop.run()
  }
}

/// An address as the system calls take it.
struct SocketAddress: Sendable {
  private var storage = sockaddr_storage()
  private var length: socklen_t = 0

  var family: Int32 { Int32(storage.ss_family) }

  static func loopback(_ port: UInt16) -> SocketAddress {
    var address = SocketAddress()
    withUnsafeMutableBytes(of: &address.storage) { bytes in
      var inner = sockaddr_in()
      inner.sin_family = sa_family_t(AF_INET)
      inner.sin_port = port.bigEndian
      inner.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      withUnsafeBytes(of: inner) { bytes.copyBytes(from: $0) }
    }
    address.length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return address
  }

  static func resolve(_ host: String, _ port: UInt16) throws(TransportError) -> SocketAddress {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &found)
    guard code == 0, let first = found?.pointee, let bytes = first.ai_addr else {
      throw .system(operation: "getaddrinfo", path: host, code: code == 0 ? ENOENT : EHOSTUNREACH)
    }
    defer { freeaddrinfo(found) }
    var address = SocketAddress()
    address.length = first.ai_addrlen
    withUnsafeMutableBytes(of: &address.storage) {
      $0.copyBytes(from: UnsafeRawBufferPointer(start: bytes, count: min(Int(first.ai_addrlen), $0.count)))
    }
    return address
  }

  func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}
