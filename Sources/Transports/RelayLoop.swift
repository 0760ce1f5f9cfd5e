import DeviceKit
import Glibc

/// The thread of a `LineRelay`: every socket of it is touched here only.
struct RelayLoop {
  /// One direction of one connection: what was read and not written yet.
  private struct Flow {
    var bytes: [UInt8] = []
    /// The sender has ended its half.
    var hasEnded = false
    /// The receiver was told so.
    var isShut = false
    var wantsInput: Bool { bytes.isEmpty && !hasEnded }
  }

  private struct Pair {
    var near: Int32
    /// The target's side; -1 while nothing passes and none was opened yet.
    var far: Int32 = -1
    var isConnected = false
    var up = Flow()
    var down = Flow()
    var isDead = false
  }

  private let relay: LineRelay
  private var pairs: [Pair] = []
  private var isListening = true
  /// Bytes that may pass now, up and down, while the line is slow.
  private var allowance = (up: 0, down: 0)
  private var reckonedAt = MonotonicClock.now()
  /// Whose turn is first.
  private var turn = 0
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  private static let connections = 2_000
  private static let packet = 1_460

  init(_ relay: LineRelay) {
    self.relay = relay
  }

  mutating func run() {
    while true {
      relay.wake.clear()
      let (condition, isStopped) = relay.shared.withLock { ($0.condition, $0.isStopped) }
      if isStopped { break }
      obey(condition)
      relay.shared.withLock { $0.obeyed = condition }
      wait(condition)
      // Told something else meanwhile: not a byte passes any more as it was before.
      if relay.condition != condition { continue }
      accept()
      refill(condition)
      turn &+= 1
      for step in pairs.indices where condition != .hole && condition != .cut {
        move((step + turn) % pairs.count, condition)
      }
      for pair in pairs where pair.isDead { reset(pair) }
      pairs.removeAll { $0.isDead }
      let count = pairs.count
      relay.shared.withLock { $0.counters.standing = count }
    }
    for pair in pairs { reset(pair) }
    shutdown(relay.listener, Int32(SHUT_RDWR))
  }

  private mutating func obey(_ condition: LineRelay.Condition) {
    if condition == .cut {
      // What waits to be taken is reset by this as well.
      if isListening { shutdown(relay.listener, Int32(SHUT_RDWR)) }
      isListening = false
      for pair in pairs { reset(pair) }
      pairs = []
    } else if !isListening {
      isListening = listen(relay.listener, 512) == 0
    }
  }

  private func wait(_ condition: LineRelay.Condition) {
    var set = [pollfd(fd: relay.wake.fileDescriptor, events: Int16(POLLIN), revents: 0)]
    if isListening, pairs.count < Self.connections { set.append(pollfd(fd: relay.listener, events: Int16(POLLIN), revents: 0)) }
    var isHeldBack = false
    // A hang-up is told whether asked for or not: in a hole nothing is known of it.
    for pair in pairs where condition != .hole {
      if !pair.isConnected {
        set.append(pollfd(fd: pair.far, events: Int16(POLLOUT), revents: 0))
        isHeldBack = isHeldBack || pair.far < 0
        continue
      }
      let mayUp = isFree(condition, allowance.up)
      let mayDown = isFree(condition, allowance.down)
      isHeldBack = isHeldBack || !mayUp || !mayDown
      let near = (pair.up.wantsInput && mayUp ? POLLIN : 0) | (pair.down.bytes.isEmpty ? 0 : POLLOUT)
      let far = (pair.down.wantsInput && mayDown ? POLLIN : 0) | (pair.up.bytes.isEmpty ? 0 : POLLOUT)
      if near != 0 { set.append(pollfd(fd: pair.near, events: Int16(near), revents: 0)) }
      if far != 0 { set.append(pollfd(fd: pair.far, events: Int16(far), revents: 0)) }
    }
    _ = poll(&set, nfds_t(set.count), isHeldBack ? 5 : isListening || condition == .cut ? 1_000 : 100)
  }

  private func isFree(_ condition: LineRelay.Condition, _ allowance: Int) -> Bool {
    if case .slow = condition { allowance > 0 } else { true }
  }

  private mutating func refill(_ condition: LineRelay.Condition) {
    let now = MonotonicClock.now()
    guard case .slow(let rate) = condition else {
      reckonedAt = now
      return allowance = (0, 0)
    }
    let more = Int((now - reckonedAt).microseconds) * rate / 1_000_000
    // Too little time for one byte: it is kept.
    guard more > 0 else { return }
    reckonedAt = now
    let most = max(Self.packet, rate / 20)
    allowance = (min(allowance.up + more, most), min(allowance.down + more, most))
  }

  private mutating func accept() {
    while isListening, pairs.count < Self.connections {
      let near = OpenFiles.accept(relay.listener, nonBlocking: true)
      guard near >= 0 else { return }
      noDelay(near)
      pairs.append(Pair(near: near))
      relay.shared.withLock { $0.counters.taken += 1 }
    }
  }

  private func noDelay(_ descriptor: Int32) {
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  // MARK: - One connection

  private mutating func move(_ index: Int, _ condition: LineRelay.Condition) {
    var pair = pairs[index]
    defer { pairs[index] = pair }
    if !pair.isConnected { connect(&pair) }
    guard pair.isConnected, !pair.isDead else { return }
    let isSlow = if case .slow = condition { true } else { false }
    let up = pass(&pair.up, from: pair.near, to: pair.far, limit: isSlow ? allowance.up : nil)
    let down = pass(&pair.down, from: pair.far, to: pair.near, limit: isSlow ? allowance.down : nil)
    guard let up, let down else {
      pair.isDead = true
      return
    }
    if isSlow {
      allowance.up -= up
      allowance.down -= down
    }
    relay.shared.withLock { shared in
      shared.counters.bytesUp += UInt64(up)
      shared.counters.bytesDown += UInt64(down)
    }
    if pair.up.isShut, pair.down.isShut { pair.isDead = true }
  }

  private func connect(_ pair: inout Pair) {
    if pair.far < 0 {
      pair.far = socket(
        relay.target.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      guard pair.far >= 0 else { return pair.isDead = true }
      noDelay(pair.far)
      let code = relay.target.with { Glibc.connect(pair.far, $0, $1) }
      if code != 0, errno != EINPROGRESS { pair.isDead = true }
      return
    }
    var ready = pollfd(fd: pair.far, events: Int16(POLLOUT), revents: 0)
    guard poll(&ready, 1, 0) > 0 else { return }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(pair.far, SOL_SOCKET, SO_ERROR, &code, &length)
    if code == 0 { pair.isConnected = true } else { pair.isDead = true }
  }

  /// Answers how many bytes were read; `nil` when the connection is broken.
  private mutating func pass(_ flow: inout Flow, from: Int32, to: Int32, limit: Int?) -> Int? {
    var passed = 0
    if flow.wantsInput, limit ?? 1 > 0 {
      let most = min(buffer.count, limit.map { min($0, Self.packet) } ?? buffer.count)
      let count = recv(from, &buffer, most, 0)
      if count > 0 {
        flow.bytes = Array(buffer[..<count])
        passed = count
      } else if count == 0 {
        flow.hasEnded = true
      } else if errno != EAGAIN, errno != EINTR {
        return nil
      }
    }
    if !flow.bytes.isEmpty {
      let count = flow.bytes.withUnsafeBytes { send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count > 0 { flow.bytes.removeFirst(count) } else if errno != EAGAIN, errno != EINTR { return nil }
    }
    if flow.hasEnded, flow.bytes.isEmpty, !flow.isShut {
      shutdown(to, Int32(SHUT_WR))
      flow.isShut = true
    }
    return passed
  }

  private func reset(_ pair: Pair) {
    // One that ended well on both sides has nothing to reset.
    var hard = linger(l_onoff: pair.up.isShut && pair.down.isShut ? 0 : 1, l_linger: 0)
    for descriptor in [pair.near, pair.far] where descriptor >= 0 {
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
      close(descriptor)
    }
  }
}
