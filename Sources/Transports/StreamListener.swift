import DeviceKit
import Glibc

/// A simulated device's side of a TCP port of this machine: one connection at a time, as a device with one port of its own takes them; the
/// next one waits until the one that stands has ended. Used by one thread.
public final class StreamListener {
  public enum Reading: Sendable, Equatable {
    case nothing
    case connected
    case bytes([UInt8])
    case closed
  }

  public let port: UInt16
  private let listener: Int32
  private var connection: Int32 = -1
  private var waiting: [UInt8] = []
  private var buffer = [UInt8](repeating: 0, count: 4_096)
  /// Fill the queue of those who wait to be taken while nobody gets through.
  private var stoppers: [Int32] = []
  private static let backlog: Int32 = 16

  /// What a peer that does not read may leave here; then it is cut off.
  static let waitingLimit = 65_536

  /// - Parameter port: 0: one that is free.
  public init(port: UInt16 = 0) throws(TransportError) {
    (listener, self.port) = try LoopbackListener.open(port, backlog: Self.backlog)
  }

  deinit {
    for stopper in stoppers { close(stopper) }
    hangUp()
    close(listener)
  }

  public var isConnected: Bool { connection >= 0 }

  /// Ask anew before every wait; -1: nothing comes.
  public var descriptorToWaitOn: Int32 { isConnected ? connection : isReachable ? listener : -1 }
  /// Whether to wait for room, too.
  public var hasBytesWaiting: Bool { isConnected && !waiting.isEmpty }

  /// Takes a connection, or what came on the one that stands. Never waits.
  public func read() -> Reading {
    guard isConnected else {
      guard isReachable else { return .nothing }
      let taken = accept(listener, nil, nil)
      guard taken >= 0 else { return .nothing }
      _ = fcntl(taken, F_SETFD, FD_CLOEXEC)
      _ = fcntl(taken, F_SETFL, O_NONBLOCK)
      var one: Int32 = 1
      setsockopt(taken, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
      connection = taken
      return .connected
    }
    while true {
      let count = recv(connection, &buffer, buffer.count, 0)
      if count > 0 { return .bytes(Array(buffer[..<count])) }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return .nothing }
      hangUp()
      return .closed
    }
  }

  /// One turn of a loop that serves several: sends what still waits, then gives what has come, at most 16 pieces, so that one peer that
  /// never stops does not keep the others waiting.
  public func serve(_ take: (Reading) -> Void) {
    write([])
    for _ in 0..<16 {
      let reading = read()
      guard reading != .nothing else { return }
      take(reading)
    }
  }

  /// What is not taken at once is kept and goes out with the next call; `[]` only tries again.
  public func write(_ bytes: [UInt8]) {
    guard isConnected else { return }
    waiting += bytes
    while !waiting.isEmpty {
      let count = waiting.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count > 0 {
        waiting.removeFirst(count)
      } else if errno == EINTR {
        continue
      } else if errno == EAGAIN, waiting.count <= Self.waitingLimit {
        return
      } else {
        return hangUp()
      }
    }
  }

  /// Ends the connection that stands; the next one may come.
  public func hangUp() {
    if connection >= 0 { close(connection) }
    connection = -1
    waiting.removeAll()
  }

  // MARK: - A machine without power

  public var isReachable: Bool { stoppers.isEmpty }

  /// False: as if its machine had no power. Whoever comes is not even refused, as the queue of those who wait is full and the system drops the
  /// rest; the connection that stands is not told. Once it is there again it knows nothing of that one, and resets it.
  public func setReachable(_ isReachable: Bool) {
    guard isReachable != self.isReachable else { return }
    guard isReachable else {
      _ = listen(listener, 0)
      // One fills it; the other makes sure, whatever the system takes a queue of none for.
      return stoppers = (0..<2).map { _ in stopper() }
    }
    if isConnected {
      var hard = linger(l_onoff: 1, l_linger: 0)
      setsockopt(connection, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
      hangUp()
    }
    for stopper in stoppers { close(stopper) }
    stoppers = []
    while case let waiting = accept(listener, nil, nil), waiting >= 0 { close(waiting) }
    _ = listen(listener, Self.backlog)
  }

  private func stopper() -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET, kind, 0)
    _ = SocketAddress.loopback(port).with { connect(descriptor, $0, $1) }
    return descriptor
  }
}
