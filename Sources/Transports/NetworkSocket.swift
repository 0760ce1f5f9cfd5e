import Foundation

/// One connection or one connected datagram socket. Nothing of it waits but the look-up of a host's name, on its owner's own thread.
public final class NetworkSocket {
  public enum Kind: Sendable { case stream, datagram }

  public enum Arrival: Equatable {
    case nothing
    case bytes([UInt8])
    case closed(String)
  }

  private let host: String
  private let port: Int
  private let kind: Kind
  public private(set) var descriptor: Int32 = -1
  public private(set) var isConnecting = false
  /// A name may have several addresses: each try takes the next.
  private var tries = 0

  public init(host: String, port: Int, kind: Kind) {
    self.host = host
    self.port = port
    self.kind = kind
  }

  deinit { disconnect() }

  /// Begins a connection. A datagram socket is connected at once.
  ///
  /// - Returns: why not, if not.
  public func connect() -> SocketFailure? {
    disconnect()
    var hints = addrinfo()
    hints.ai_socktype = Int32((kind == .stream ? SOCK_STREAM : SOCK_DGRAM).rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0, let first = list else {
      return SocketFailure(reason: "\(host): \(String(cString: gai_strerror(code)))", code: 0)
    }
    defer { freeaddrinfo(first) }
    let addresses = Array(sequence(first: first) { $0.pointee.ai_next })
    let address = addresses[tries % addresses.count].pointee
    tries &+= 1
    descriptor = socket(
      address.ai_family, address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return Self.failure("socket", errno) }
    guard Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
      let code = errno
      guard code == EINPROGRESS else {
        disconnect()
        return Self.failure("connect", code)
      }
      isConnecting = true
      return nil
    }
    return nil
  }

  /// To be called when a connection that was begun became writable. Answers why it could not be made, if so.
  public func finishConnecting() -> SocketFailure? {
    isConnecting = false
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return Self.failure("connect", errno) }
    return code == 0 ? nil : Self.failure("connect", code)
  }

  public func disconnect() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    isConnecting = false
  }

  /// In one piece. Answers why not, if not: a message is shorter than any send buffer, so what does not fit has jammed.
  public func send(_ bytes: [UInt8]) -> String? {
    let count = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    return count == bytes.count ? nil : count < 0 ? Self.system("send", errno) : "send: \(count)/\(bytes.count)"
  }

  /// As much as the system takes now: so many bytes, or why none ever will.
  public func sendSome(_ bytes: ArraySlice<UInt8>) -> Result<Int, SocketFailure> {
    let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    if count >= 0 { return .success(count) }
    let code = errno
    return code == EAGAIN || code == EINTR ? .success(0) : .failure(Self.failure("send", code))
  }

  public func receive() -> Arrival {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { return .bytes(Array(buffer[..<count])) }
    // An empty datagram says nothing; the end of a stream says that it is over.
    if count == 0 { return kind == .datagram ? .nothing : .closed("closed") }
    let code = errno
    return code == EAGAIN || code == EINTR ? .nothing : .closed(Self.system("recv", code))
  }

  private static func failure(_ operation: String, _ code: Int32) -> SocketFailure {
    SocketFailure(reason: system(operation, code), code: code)
  }

  private static func system(_ operation: String, _ code: Int32) -> String {
    "\(operation): \(String(cString: strerror(code)))"
  }
}

public struct SocketFailure: Error, Equatable {
  public var reason: String
  /// The system's number for it (errno); 0: a name that nobody knows.
  public var code: Int32
}
