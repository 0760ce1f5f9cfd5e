import CSerialPort
import DeviceKit
import Glibc
import Synchronization
import Transports

/// A pair of wires in RS-485: what one says all others hear. On it are a host, by a pseudo-terminal or a descriptor, and any number of boards.
///
/// Bytes that were written together arrive together, when the last of them would have left at the bus's speed; two that speak at once are
/// heard one after the other. Speed and parity of the two sides are not compared: the emulator has neither.
public final class VirtualBus: Sendable {
  /// What a test or a person does to the wires.
  public struct Faults: Sendable, Equatable {
    /// A and B touch: nothing gets through.
    public var isShorted = false
    /// Boards from this place on (0 = the first) hear nothing and are not heard.
    public var cutBefore: Int?
    /// Of 1,000 bytes so many are changed.
    public var noisePerMille: UInt32 = 0
    /// Of 1,000 messages so many vanish.
    public var lossPerMille: UInt32 = 0
    /// Every message comes so much later.
    public var delay: Interval = .zero

    public init() {}
  }

  public struct Counters: Sendable, Equatable {
    /// Messages that the host, and that boards, have put on the wires.
    public var fromHost = 0
    public var fromBoards = 0
    /// Bytes that a receiver did not take: its buffer was full, or nobody was there.
    public var lostBytes = 0

    public init() {}
  }

  private enum Source: Equatable {
    case host
    case board(Int)
    /// Something on the wires that is neither.
    case stranger
  }

  private struct Message {
    var source: Source
    var bytes: FixedBytes<256>
    var due: Instant
  }

  private struct State {
    var faults = Faults()
    var boards: [OwnedDescriptor?] = []
    var cutOff: Set<Int> = []
    /// The next message of the host ends after so many bytes.
    var hostMessageEndsAfter: Int?
    var queue: [Message] = []
    var busyUntil = Instant.zero
    var random: SeededRandom
    var counters = Counters()
    var isStopped = false
  }

  /// The host's end. Only the thread in `run` touches it after it was made.
  private enum HostEnd: @unchecked Sendable {
    case terminal(PseudoTerminal)
    case descriptor(OwnedDescriptor)
  }

  private let host: HostEnd
  private let state: Mutex<State>
  private let wake: WakeSignal
  private let character: Interval?
  /// The path that a host opens; empty when the host has a descriptor.
  public let path: String

  /// A bus behind a pseudo-terminal.
  ///
  /// - Parameters:
  ///   - link: a symbolic link to it.
  ///   - baud: how fast bytes leave, 10 bits each; `nil`: at once.
  /// - Throws: as `PseudoTerminal`.
  public init(link: String?, baud: Int? = 19_200, seed: UInt64 = 1) throws(TransportError) {
    let terminal = try PseudoTerminal(link: link)
    path = link ?? terminal.slavePath
    host = .terminal(terminal)
    wake = try WakeSignal()
    state = Mutex(State(random: SeededRandom(seed: seed)))
    character = Self.character(baud)
  }

  /// A bus whose host has the other end of `descriptor`, a stream socket.
  ///
  /// - Throws: `system` when the process has no descriptor left.
  public init(descriptor: OwnedDescriptor, baud: Int? = 19_200, seed: UInt64 = 1) throws(TransportError) {
    path = ""
    host = .descriptor(descriptor)
    _ = fcntl(descriptor.number, F_SETFL, fcntl(descriptor.number, F_GETFL) | O_NONBLOCK)
    wake = try WakeSignal()
    state = Mutex(State(random: SeededRandom(seed: seed)))
    character = Self.character(baud)
  }

  private static func character(_ baud: Int?) -> Interval? {
    baud.map { Interval(microseconds: Int64((10_000_000 + $0 - 1) / max($0, 1))) }
  }

  /// Connects a board at a place (0 = the first), or puts another one there; `nil` takes it off.
  public func connect(_ serial: OwnedDescriptor?, at place: Int) {
    change { state in
      while state.boards.count <= place { state.boards.append(nil) }
      state.boards[place] = serial
    }
  }

  public var faults: Faults { state.withLock { $0.faults } }
  public var counters: Counters { state.withLock { $0.counters } }
  public func setFaults(_ change: (inout Faults) -> Void) { self.change { change(&$0.faults) } }

  /// Takes the board at this place off the wires, or puts it on again, without any notice to it.
  public func cut(_ place: Int, _ isCut: Bool) {
    change { state in
      if isCut { state.cutOff.insert(place) } else { state.cutOff.remove(place) }
    }
  }

  /// Puts bytes on the wires that all boards and the host hear, 1...256 of them: another node's frame, or garbage.
  public func say(_ bytes: FixedBytes<256>) { change { enqueue(.stranger, bytes, &$0) } }

  /// The next message of the host breaks off after so many bytes.
  public func breakNextHostMessage(after bytes: Int) { change { $0.hostMessageEndsAfter = bytes } }

  /// Ends `run`.
  public func stop() { change { $0.isStopped = true } }

  private func change(_ body: (inout State) -> Void) {
    state.withLock { body(&$0) }
    wake.raise()
  }

  // MARK: - The bus's thread

  /// Serves the wires on the calling thread until `stop`. Once; the pseudo-terminal is gone afterwards.
  public func run() {
    TimedWait.sharpenForThisThread()
    defer { if case .terminal(let terminal) = host { terminal.hangUp() } }
    while true {
      wake.clear()
      let (boards, isStopped) = state.withLock { ($0.boards, $0.isStopped) }
      guard !isStopped else { return }
      readHost()
      for (place, serial) in boards.enumerated() { if let serial { read(serial, at: place) } }
      let deadline = deliver(at: MonotonicClock.now())
      wait(boards, until: deadline)
    }
  }

  private func wait(_ boards: [OwnedDescriptor?], until deadline: Instant?) {
    var entries = [pollfd(fd: wake.fileDescriptor, events: Int16(POLLIN), revents: 0)]
    let hostDescriptor =
      switch host {
      case .terminal(let terminal): terminal.descriptorToWaitOn
      case .descriptor(let descriptor): descriptor.number
      }
    for number in [hostDescriptor] + boards.compactMap({ $0?.number }) {
      entries.append(pollfd(fd: number, events: Int16(POLLIN), revents: 0))
    }
    // A terminal may be opened between the look and the wait.
    let rest = min(max(((deadline ?? .distantFuture) - MonotonicClock.now()).microseconds, 0), 500_000)
    var limit = timespec(tv_sec: Int(rest / 1_000_000), tv_nsec: Int(rest % 1_000_000) * 1_000)
    linli_wait(&entries, nfds_t(entries.count), &limit)
  }

  private func readHost() {
    var bytes = FixedBytes<256>()
    switch host {
    case .terminal(let terminal):
      while case .bytes = terminal.read(into: &bytes) { state.withLock { enqueue(.host, bytes, &$0) } }
    case .descriptor(let descriptor):
      while receive(descriptor, &bytes) > 0 { state.withLock { enqueue(.host, bytes, &$0) } }
    }
  }

  private func read(_ serial: OwnedDescriptor, at place: Int) {
    var bytes = FixedBytes<256>()
    while true {
      let length = receive(serial, &bytes)
      if length > 0 {
        state.withLock { enqueue(.board(place), bytes, &$0) }
      } else {
        // An emulator that has ended must not be looked at over and over.
        if length == 0 { state.withLock { if $0.boards[place] === serial { $0.boards[place] = .none } } }
        return
      }
    }
  }

  /// What was read, 0 at the end, -1 when nothing is there.
  private func receive(_ descriptor: OwnedDescriptor, _ bytes: inout FixedBytes<256>) -> Int {
    var length = 0
    _ = bytes.replace { buffer in
      length = recv(descriptor.number, buffer.baseAddress, min(buffer.count, 256), Int32(MSG_DONTWAIT))
      return max(length, 0)
    }
    return length
  }

  private func enqueue(_ source: Source, _ bytes: FixedBytes<256>, _ state: inout State) {
    var bytes = bytes
    switch source {
    case .host:
      state.counters.fromHost += 1
      if let end = state.hostMessageEndsAfter {
        bytes.truncate(to: max(end, 0))
        state.hostMessageEndsAfter = nil
      }
    case .board: state.counters.fromBoards += 1
    case .stranger: break
    }
    guard !bytes.isEmpty, !state.faults.isShorted, !state.random.chance(state.faults.lossPerMille, in: 1_000) else { return }
    if state.faults.noisePerMille > 0 {
      var noisy = FixedBytes<256>()
      for index in 0..<bytes.count {
        let isHit = state.random.chance(state.faults.noisePerMille, in: 1_000)
        noisy.append(bytes[index] ^ (isHit ? UInt8(truncatingIfNeeded: 1 + state.random.below(255)) : 0))
      }
      bytes = noisy
    }
    let start = max(MonotonicClock.now() + state.faults.delay, state.busyUntil)
    let due = start + Interval(microseconds: (character?.microseconds ?? 0) * Int64(bytes.count))
    state.busyUntil = due
    state.queue.append(Message(source: source, bytes: bytes, due: due))
  }

  /// Lets everybody hear what has come to its end; answers when the next message will have.
  private func deliver(at now: Instant) -> Instant? {
    while true {
      let next = state.withLock { state -> (message: Message, boards: [OwnedDescriptor], hostHears: Bool)? in
        guard let first = state.queue.first, first.due <= now else { return nil }
        state.queue.removeFirst()
        func isOff(_ place: Int) -> Bool {
          state.cutOff.contains(place) || state.faults.cutBefore.map { place >= $0 } ?? false
        }
        if state.faults.isShorted { return (first, [], false) }
        if case .board(let place) = first.source, isOff(place) { return (first, [], false) }
        let hearers = state.boards.enumerated().compactMap { place, serial in
          isOff(place) || first.source == .board(place) ? nil : serial
        }
        return (first, hearers, first.source != .host)
      }
      guard let next else { return state.withLock { $0.queue.first?.due } }
      var lost = 0
      for serial in next.boards { lost += next.message.bytes.count - send(next.message.bytes, to: serial) }
      if next.hostHears {
        switch host {
        case .terminal(let terminal): lost += next.message.bytes.count - terminal.write(next.message.bytes)
        case .descriptor(let descriptor): lost += next.message.bytes.count - send(next.message.bytes, to: descriptor)
        }
      }
      state.withLock { $0.counters.lostBytes += lost }
    }
  }

  /// How many bytes were taken.
  private func send(_ bytes: FixedBytes<256>, to descriptor: OwnedDescriptor) -> Int {
    bytes.withSpan { span in
      span.withUnsafeBufferPointer {
        max(Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)), 0)
      }
    }
  }
}
