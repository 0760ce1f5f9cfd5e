import DeviceKit
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import Synchronization
import Transports

/// The model of a card reader on a pseudo-terminal, noting from when to when it was busy: what a card takes beyond that is the station's.
final class ReaderOnLine: Sendable {
  /// A command, from when it had come to when the last byte of its answer was handed over.
  struct Exchange: Sendable {
    var command: SDTCommand
    var from: Instant
    var to: Instant
    var length: Double { Double((to - from).microseconds) }
  }

  private struct State {
    var model = CardReaderModel(.serial)
    var out: [[UInt8]] = []
    var exchanges: [Exchange] = []
    var busySince: Instant?
  }

  private let state = Mutex(State())
  private let terminal: Handed
  private let wake: WakeSignal
  private let stopped = Atomic<Bool>(false)
  private let done = DispatchSemaphore(value: 0)

  /// Only the reader's own thread touches it.
  private final class Handed: @unchecked Sendable {
    let value: PseudoTerminal
    var wasOpen = false
    init(_ value: PseudoTerminal) { self.value = value }
  }

  init(link: String) throws {
    terminal = Handed(try PseudoTerminal(link: link))
    wake = try WakeSignal()
    Thread.detachNewThread { [self] in
      run()
      done.signal()
    }
  }

  func stop() {
    stopped.store(true, ordering: .releasing)
    wake.raise()
    _ = done.wait(timeout: .now() + 5)
  }

  /// Lays a card of nobody there; what is noted begins anew. Answers when it lay there.
  func put(seed: UInt64) -> Instant {
    let card = SyntheticCard.person(.resident, seed: seed)
    state.withLock { $0.exchanges = [] }
    let now = MonotonicClock.now()
    give(.hand(.put(card)))
    wake.raise()
    return now
  }

  func take() {
    give(.hand(.take))
    wake.raise()
  }

  /// The exchanges of one reading, from the look that found the card on.
  func reading() throws -> [Exchange] {
    let all = state.withLock { $0.exchanges }
    guard let selected = all.firstIndex(where: { $0.command == .select }), selected > 0, all[selected - 1].command == .find,
      let last = all.lastIndex(where: { [.read, .newestAddress].contains($0.command) }), last > selected
    else { throw BenchError("the reader was not asked for a card: \(all.map(\.command))") }
    return Array(all[(selected - 1)...last])
  }

  private func run() {
    _ = TimedWait.sharpenForThisThread()
    while !stopped.load(ordering: .acquiring) {
      wake.clear()
      read()
      give(.wake)
      write()
      var set = PollSet()
      _ = set.add(wake.fileDescriptor)
      _ = set.add(terminal.value.descriptorToWaitOn)
      let deadline = state.withLock { $0.model.deadline }
      _ = set.wait(until: min(deadline ?? .distantFuture, MonotonicClock.now() + .milliseconds(500)))
    }
    terminal.value.hangUp()
  }

  private func read() {
    let isOpen = terminal.value.slaveIsOpen
    if isOpen, !terminal.wasOpen { give(.open) }
    terminal.wasOpen = isOpen
    var buffer = FixedBytes<256>()
    while case .bytes = terminal.value.read(into: &buffer) {
      give(.written(buffer.withSpan { span in span.indices.map { span[$0] } }, .whole))
    }
  }

  private func write() {
    let out = state.withLock { state in
      defer { state.out = [] }
      return state.out
    }
    for bytes in out { terminal.value.write(FixedBytes(bytes)) }
    let now = MonotonicClock.now()
    state.withLock { state in
      guard let from = state.busySince, state.model.deadline == nil else { return }
      state.busySince = nil
      if let command = state.model.commands.last { state.exchanges.append(Exchange(command: command, from: from, to: now)) }
    }
  }

  private func give(_ input: CardReaderModel.Input) {
    let now = MonotonicClock.now()
    state.withLock { state in
      var effects = Effects<CardReaderModel.Effect>()
      state.model.handle(input, at: now, into: &effects)
      while let effect = effects.takeFirst() { if case .bytes(let bytes, _) = effect { state.out.append(bytes) } }
      // On a serial line it has a deadline just as long as it has something to do.
      if state.busySince == nil, state.model.deadline != nil { state.busySince = now }
    }
  }
}
