import DeviceKit
import Foundation
import SamsungMDCCodec
import SamsungMDCDeviceModel
import Synchronization
import Transports

/// A chain of panels on a pseudo-terminal that takes the line's time for every byte, noting what went over it. The panels themselves take no
/// time: what is missing of the line's limit is the other end's.
final class ChainWire: Sendable {
  /// A question to one panel, from when it had come to when its answer was handed over, whole, at the time of its last byte.
  private struct Exchange {
    var command: UInt8
    var isSet: Bool
    var bytes: Int
    var from: Instant
    var to: Instant?
  }

  private struct State {
    var model: MDCChainModel
    var decoder = MDCDecoder(.panel)
    var exchanges: [Exchange] = []
  }

  let path: String
  private let state: Mutex<State>
  private let terminal: Handed
  private let wake: WakeSignal
  private let stopped = Atomic<Bool>(false)
  private let done = DispatchSemaphore(value: 0)
  private static let baud: UInt32 = 9_600

  /// Only the thread that `init` makes touches it.
  private struct Handed: @unchecked Sendable { let value: PseudoTerminal }

  init(panels: Int) throws {
    state = Mutex(State(model: MDCChainModel(ids: (1...panels).map { UInt8($0) }, baud: Self.baud)))
    let made = try PseudoTerminal()
    path = made.slavePath
    terminal = Handed(value: made)
    wake = try WakeSignal()
    Thread.detachNewThread { [self] in
      run()
      done.signal()
    }
  }

  func stop() {
    stopped.store(true, ordering: .releasing)
    wake.raise()
    done.wait()
  }

  func forget() { state.withLock { $0.exchanges = [] } }

  /// From the first set of an input to the last answer that reads one: how long it took, and how long these bytes take at the least, in
  /// microseconds.
  func switching() throws -> (taken: Double, limit: Double) {
    let all = state.withLock { $0.exchanges }.filter { $0.command == MDCCommand.input }
    guard let first = all.first(where: \.isSet), let end = all.last(where: { !$0.isSet })?.to else {
      throw BenchError("no input was set and read back on the chain")
    }
    let counted = all.filter { $0.from >= first.from }
    let bytes = counted.map(\.bytes).reduce(0, +)
    return (Double((end - first.from).microseconds), Double(bytes) * 10_000_000 / Double(Self.baud))
  }

  private func run() {
    _ = TimedWait.sharpenForThisThread()
    var buffer = FixedBytes<256>()
    while !stopped.load(ordering: .acquiring) {
      wake.clear()
      while case .bytes = terminal.value.read(into: &buffer) { heard(buffer.withSpan { span in span.indices.map { span[$0] } }) }
      let deadline = state.withLock { $0.model.deadline }
      if let deadline {
        wait(until: deadline)
        answer()
      } else {
        var set = PollSet()
        _ = set.add(wake.fileDescriptor)
        _ = set.add(terminal.value.descriptorToWaitOn)
        _ = set.wait(until: MonotonicClock.now() + .milliseconds(500))
      }
    }
    terminal.value.hangUp()
  }

  private func heard(_ bytes: [UInt8]) {
    let now = MonotonicClock.now()
    state.withLock { state in
      for byte in bytes {
        guard case .request(let request)? = state.decoder.push(byte) else { continue }
        state.exchanges.append(
          Exchange(command: request.command, isSet: request.isSet, bytes: request.bytes.count, from: now))
      }
      var effects = Effects<MDCChainModel.Effect>()
      state.model.handle(.received(bytes), at: now, into: &effects)
    }
  }

  /// The answer that is due goes out, whole: its last byte is at the other end now.
  private func answer() {
    let out = state.withLock { state in
      var effects = Effects<MDCChainModel.Effect>()
      state.model.handle(.wake, at: MonotonicClock.now(), into: &effects)
      var out: [UInt8] = []
      while let effect = effects.takeFirst() { if case .transmit(let bytes) = effect { out += bytes } }
      return out
    }
    guard !out.isEmpty else { return }
    // Before it is handed over: whoever asked may be done with it before this thread goes on.
    let now = MonotonicClock.now()
    state.withLock { state in
      guard let index = state.exchanges.indices.last, state.exchanges[index].to == nil else { return }
      state.exchanges[index].to = now
      state.exchanges[index].bytes += out.count
    }
    terminal.value.write(FixedBytes(out))
  }

  private func wait(until moment: Instant) {
    if moment - MonotonicClock.now() > .microseconds(250) {
      var nothing = PollSet()
      _ = nothing.wait(until: moment - .microseconds(100))
    }
    while MonotonicClock.now() < moment {}
  }
}
