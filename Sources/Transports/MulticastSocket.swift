import Glibc

/// Datagrams to a group on every network of this machine (IPv4), and what comes back. Used by one thread.
public final class MulticastSocket {
  /// Where a datagram came from.
  public struct Sender: Sendable, Equatable {
    fileprivate var address: UInt32
    fileprivate var port: UInt16
    /// As a number: `10.0.0.9`.
    public var host: String { MulticastSocket.text(address) }
  }

  /// One network of this machine, and its address in it.
  public struct Network: Sendable, Equatable {
    public var name: String
    public var host: String
    fileprivate var address: UInt32
  }

  public let descriptor: Int32
  private let group: UInt32
  private let port: UInt16
  private let networks: [Network]
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  /// - Parameters:
  ///   - group: 224.0.0.0 to 239.255.255.255.
  ///   - listens: to what is sent to the group; else only answers come here, to a port of the system's choice.
  /// - Throws: `.system` when the socket cannot be had, or (`listens`) none of the networks takes part.
  public init(group: String, port: UInt16, listens: Bool) throws(TransportError) {
    self.port = port
    var parsed = in_addr()
    guard inet_pton(AF_INET, group, &parsed) == 1 else {
      throw .system(operation: "inet_pton", path: group, code: EINVAL)
    }
    self.group = parsed.s_addr
    networks = Self.networks()
    let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    descriptor = socket(AF_INET, kind, 0)
    guard descriptor >= 0 else { throw .system(operation: "socket", path: group, code: errno) }
    var one: Int32 = 1
    // Others on this machine may listen to the same group.
    if listens { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size)) }
    guard Self.with(0, listens ? port : 0, { bind(descriptor, $0, $1) }) == 0 else {
      throw .system(operation: "bind", path: "\(group):\(port)", code: errno)
    }
    guard listens else { return }
    let joined = networks.filter { network in
      var request = ip_mreq(imr_multiaddr: in_addr(s_addr: self.group), imr_interface: in_addr(s_addr: network.address))
      return setsockopt(descriptor, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &request, socklen_t(MemoryLayout<ip_mreq>.size)) == 0
    }
    if joined.isEmpty { throw .system(operation: "IP_ADD_MEMBERSHIP", path: group, code: ENODEV) }
  }

  deinit { close(descriptor) }

  /// To the group, on each network.
  ///
  /// - Returns: the networks on which it went out.
  public func send(_ bytes: [UInt8]) -> [Network] {
    networks.filter { network in
      var own = in_addr(s_addr: network.address)
      guard
        setsockopt(descriptor, Int32(IPPROTO_IP), IP_MULTICAST_IF, &own, socklen_t(MemoryLayout<in_addr>.size)) == 0
      else { return false }
      return Self.with(group, port.bigEndian, inNetworkOrder: true) {
        sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, $1) == bytes.count
      }
    }
  }

  /// To one who has sent something.
  public func answer(_ bytes: [UInt8], to sender: Sender) {
    _ = Self.with(sender.address, sender.port, inNetworkOrder: true) {
      sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, $1)
    }
  }

  /// `nil`: nothing is there. Never waits.
  public func receive() -> (bytes: [UInt8], sender: Sender)? {
    var from = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let count = withUnsafeMutablePointer(to: &from) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length) }
    }
    guard count >= 0 else { return nil }
    return (Array(buffer[..<count]), Sender(address: from.sin_addr.s_addr, port: from.sin_port))
  }

  /// Those that are up and have an address of IPv4; the machine's own loop is one of them.
  public static func networks() -> [Network] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0, let first = list else { return [] }
    defer { freeifaddrs(list) }
    var found: [Network] = []
    for entry in sequence(first: first, next: { $0.pointee.ifa_next }) {
      guard entry.pointee.ifa_flags & UInt32(IFF_UP) != 0, let address = entry.pointee.ifa_addr,
        address.pointee.sa_family == sa_family_t(AF_INET)
      else { continue }
      let number = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr }
      found.append(Network(name: String(cString: entry.pointee.ifa_name), host: text(number), address: number))
    }
    return found
  }

  fileprivate static func text(_ address: UInt32) -> String {
    withUnsafeBytes(of: address) { $0.map(String.init).joined(separator: ".") }
  }

  private static func with<Result>(
    _ address: UInt32, _ port: UInt16, inNetworkOrder: Bool = false, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var inner = sockaddr_in()
    inner.sin_family = sa_family_t(AF_INET)
    inner.sin_port = inNetworkOrder ? port : port.bigEndian
    inner.sin_addr.s_addr = address
    return withUnsafePointer(to: &inner) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
