import CallPanelCodec
import DeviceKit
import Foundation
import ModbusRTUCodec
import Synchronization
import Transports

/// The other end of a line, in real time: bytes take as long as at that baud rate, and every node answers a panel's short poll after t3.5.
///
/// It looks for each request without sleeping while one may come too early, so that silences are measured to a few microseconds. A silence
/// counts from before its own last byte was handed over to when the whole request was there.
final class PacedWire: Sendable {
  struct Figures: Sendable {
    /// From one request to the next, after a warm-up.
    var transactions = 0
    var microseconds = 0.0
    /// Requests that came before t3.5 was over, of those that could be judged.
    var violations = 0
    var judged = 0
    /// What was no request, or several at once: its sender had given up waiting for an answer.
    var malformed = 0
  }

  /// Requests that are not counted.
  static let warmUp = 16
  /// An answer that left later than it should is this end's own fault (the machine was busy), and so is what its sender does then: the silence
  /// after it is not judged.
  private static let ownLateness = Interval.milliseconds(5)

  let path: String
  private let timing: ModbusTiming
  private let terminal: Handed
  private let stopped = Atomic<Bool>(false)
  private let done = DispatchSemaphore(value: 0)
  private let figures = Mutex(Figures())

  /// Only the thread that `start` makes touches it.
  private struct Handed: @unchecked Sendable { let value: PseudoTerminal }

  init(baud: Int) throws {
    timing = ModbusTiming(baud: UInt32(baud))
    let made = try PseudoTerminal()
    path = made.slavePath
    terminal = Handed(value: made)
    Thread.detachNewThread { [self] in
      run()
      done.signal()
    }
  }

  /// The shortest that one transaction can take, in microseconds: both frames, and t3.5 before each.
  var limitMicroseconds: Double {
    Double(timing.microseconds(ofCharacters: 8) + timing.microseconds(ofCharacters: 7) + 2 * timing.silenceMicroseconds)
  }

  func stop() -> Figures {
    stopped.store(true, ordering: .releasing)
    done.wait()
    return figures.withLock { $0 }
  }

  private func run() {
    _ = TimedWait.sharpenForThisThread()
    var request = FixedBytes<256>()
    var first: Instant?
    var lastByteAt = Instant.zero
    var isJudged = false
    var requests = 0
    var own = Figures()
    while let wasWaitedFor = readRequest(into: &request, spinUntil: lastByteAt + timing.silence * 2) {
      let arrival = MonotonicClock.now()
      // One that lies there already was sent into the answer, by a master that had given up, or came while this end was kept waiting.
      if isJudged && wasWaitedFor {
        own.judged += 1
        if arrival - lastByteAt < timing.silence { own.violations += 1 }
      }
      guard let answer = answer(to: request) else {
        own.malformed += 1
        isJudged = false
        continue
      }
      requests += 1
      if requests == Self.warmUp { first = arrival }
      if let first, requests > Self.warmUp {
        own.transactions = requests - Self.warmUp
        own.microseconds = Double((arrival - first).microseconds)
      }
      let start = arrival + timing.interval(ofCharacters: request.count) + timing.silence
      for index in 0..<answer.count {
        wait(until: start + timing.interval(ofCharacters: index + 1))
        lastByteAt = MonotonicClock.now()
        terminal.value.write(FixedBytes([answer[index]]))
      }
      isJudged = lastByteAt - (start + timing.interval(ofCharacters: answer.count)) < Self.ownLateness
    }
    figures.withLock { $0 = own }
  }

  /// Eight bytes, and whether there was none of them at the first look; `nil` when it is time to stop.
  private func readRequest(into request: inout FixedBytes<256>, spinUntil: Instant) -> Bool? {
    var part = FixedBytes<256>()
    var wasWaitedFor = false
    request.removeAll()
    while request.count < 8 {
      if case .bytes = terminal.value.read(into: &part) {
        for index in 0..<part.count { request.append(part[index]) }
        continue
      }
      if request.isEmpty { wasWaitedFor = true }
      if MonotonicClock.now() < spinUntil { continue }
      if stopped.load(ordering: .acquiring) { return nil }
      _ = waitForInput(terminal.value.descriptorToWaitOn, until: MonotonicClock.now() + .milliseconds(20))
    }
    return wasWaitedFor
  }

  private func answer(to wire: FixedBytes<256>) -> FixedBytes<256>? {
    guard let request = ModbusFrame(wire: wire), request.pdu.bytes[0] == 4 else { return nil }
    let word = (request.pdu.bytes.bigEndian(at: 1) & 15) << 12
    var values = FixedRegisters<125>()
    values.append(word)
    return ModbusFrame(address: request.address, pdu: .registers(function: 4, values: values)).encoded()
  }

  private func wait(until moment: Instant) {
    if moment - MonotonicClock.now() > .microseconds(250) {
      var nothing = PollSet()
      _ = nothing.wait(until: moment - .microseconds(100))
    }
    while MonotonicClock.now() < moment {}
  }
}
