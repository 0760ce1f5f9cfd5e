import Glibc

/// TCP ports of the loopback address.
public enum LoopbackListener {
  /// A listening socket that neither waits nor is handed to children.
  ///
  /// A free port is looked for by binding the very socket that then listens: one that was tried and closed again stays taken for as long
  /// as a child that was just forked has not yet started its program. It is bound by its number, not by the system's choice: only then it
  /// stays ours while a line is cut (tcp_disconnect keeps a port that was asked for).
  ///
  /// - Parameter port: 0: one that is free, below those that the system gives to connections by itself.
  /// - Throws: `.system` when the port cannot be had.
  static func open(_ port: UInt16, backlog: Int32) throws(TransportError) -> (descriptor: Int32, port: UInt16) {
    guard port == 0 else { return (try bound(port, backlog), port) }
    for _ in 0..<200 {
      let number = UInt16.random(in: 20_000..<32_000)
      do { return (try bound(number, backlog), number) } catch {
        guard case .system("bind", _, EADDRINUSE) = error else { throw error }
      }
    }
    throw .system(operation: "bind", path: "127.0.0.1", code: EADDRINUSE)
  }

  /// A port that nobody has now, for a program that is started with its number.
  /// - Throws: `.system` when there is none.
  public static func freePort() throws(TransportError) -> UInt16 {
    let (descriptor, port) = try open(0, backlog: 1)
    close(descriptor)
    return port
  }

  private static func bound(_ port: UInt16, _ backlog: Int32) throws(TransportError) -> Int32 {
    let name = "127.0.0.1:\(port)"
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET, kind, 0)
    guard descriptor >= 0 else { throw .system(operation: "socket", path: name, code: errno) }
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    guard SocketAddress.loopback(port).with({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, backlog) == 0 else {
      let code = errno
      close(descriptor)
      throw .system(operation: "bind", path: name, code: code)
    }
    return descriptor
  }
}
