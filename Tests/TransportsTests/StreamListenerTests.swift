import DeviceKit
import Foundation
import Synchronization
import Testing
import Transports

@Suite struct StreamListenerTests {
  /// A peer on the same machine, whose calls may wait.
  private final class Peer {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)

    init(_ port: UInt16) throws {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let answer = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      try #require(answer == 0)
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// Empty at the end of the connection.
    func receive() -> [UInt8] {
      var buffer = [UInt8](repeating: 0, count: 64)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      return Array(buffer[..<max(count, 0)])
    }
  }

  private func next(_ listener: StreamListener) -> StreamListener.Reading {
    for _ in 0..<100 {
      let reading = listener.read()
      if reading != .nothing { return reading }
      _ = waitForInput(listener.descriptorToWaitOn, until: MonotonicClock.now() + .seconds(1))
    }
    return .nothing
  }

  @Test func oneConnectionAtATime() throws {
    let listener = try StreamListener()
    #expect(listener.read() == .nothing && !listener.isConnected)
    var first: Peer? = try Peer(listener.port)
    let second = try Peer(listener.port)
    #expect(next(listener) == .connected)
    first?.send([1, 2, 3])
    second.send([9])
    #expect(next(listener) == .bytes([1, 2, 3]) && listener.read() == .nothing)
    listener.write([7])
    #expect(first?.receive() == [7])
    first = nil
    #expect(next(listener) == .closed)
    // The one that waited has its turn, with what it said meanwhile.
    #expect(next(listener) == .connected && next(listener) == .bytes([9]))
    listener.hangUp()
    #expect(second.receive() == [] && !listener.isConnected)
    listener.write([1])
    #expect(!listener.hasBytesWaiting)
  }

  /// As a machine without power: who comes gets nothing at all, who stood there hears nothing, and is unknown when it is there again.
  @Test func aMachineWithoutPowerAnswersNobody() throws {
    let listener = try StreamListener()
    let stood = try Peer(listener.port)
    #expect(next(listener) == .connected)
    listener.setReachable(false)
    listener.setReachable(false)
    #expect(!listener.isReachable && listener.isConnected && listener.descriptorToWaitOn >= 0)
    let socket = NetworkSocket(host: "127.0.0.1", port: Int(listener.port), kind: .stream)
    #expect(socket.connect() == nil)
    #expect(!waitForOutput(socket.descriptor, 300), "neither taken nor refused")
    stood.send([1])
    #expect(next(listener) == .bytes([1]), "whatever is simulated may ignore it")
    listener.setReachable(true)
    #expect(stood.receive() == [] && !listener.isConnected && listener.isReachable)
    // Its system asks again by itself, a second after the first time.
    #expect(waitForOutput(socket.descriptor, 8_000) && socket.finishConnecting() == nil)
    #expect(next(listener) == .connected)
    socket.disconnect()
    #expect(next(listener) == .closed)
    listener.setReachable(false)
    #expect(listener.descriptorToWaitOn == -1 && listener.read() == .nothing)
  }

  private func waitForOutput(_ descriptor: Int32, _ milliseconds: Int32) -> Bool {
    var set = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&set, 1, milliseconds) > 0
  }

  @Test func aPortThatIsTakenIsSaid() throws {
    let listener = try StreamListener()
    #expect(throws: TransportError.self) { try StreamListener(port: listener.port) }
  }

  /// A child that is forked has every descriptor until it starts its program: a port that was tried and closed is still taken for it.
  @Test func aFreePortIsHadWhileChildrenAreStarted() throws {
    let ended = Mutex(false)
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      while !ended.withLock({ $0 }) {
        var child = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/true"), nil]
        if posix_spawn(&child, "/bin/true", nil, nil, &arguments, nil) == 0 { waitpid(child, nil, 0) }
        free(arguments[0])
      }
      done.signal()
    }
    defer {
      ended.withLock { $0 = true }
      done.wait()
    }
    for _ in 0..<2_000 { _ = try StreamListener() }
  }
}
