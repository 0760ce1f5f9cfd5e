import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import Foundation
import ModbusRTUCodec
import SimulatedSite
import Synchronization
import Transports

/// The simulated bus in real time on a pseudo-terminal, noting when things happen on it.
final class SiteBus: Sendable {
  /// A button of a panel, both counted from 1.
  struct Key: Hashable, Sendable {
    var node: UInt8
    var button: UInt8
  }

  struct Notes: Sendable {
    /// When the panel had the press in its queue.
    var latched: [Key: Instant] = [:]
    /// When the first answer that carries the press was handed over with its last byte.
    var delivered: [Key: Instant] = [:]
    /// Requests since the start, the first of them, and the short polls of node 1.
    var requests = 0
    var firstRequest: Instant?
    var pollsOfFirst: [Instant] = []
  }

  private struct State {
    var bus: SimulatedBus
    var notes = Notes()
    var out: [FixedBytes<256>] = []
    var releases: [(key: Key, at: Instant)] = []
    /// Pressed, and not latched yet.
    var watched: Set<Key> = []
  }

  /// How long a finger stays on a button.
  private static let touch = Interval.milliseconds(80)

  let path: String
  private let state: Mutex<State>
  private let terminal: Handed
  private let wake: WakeSignal
  private let stopped = Atomic<Bool>(false)
  private let done = DispatchSemaphore(value: 0)

  /// Only the bus's own thread touches it.
  private struct Handed: @unchecked Sendable { let value: PseudoTerminal }

  /// - Parameter late: how many milliseconds the panels take beyond t3.5 to begin an answer.
  init(link: String, baud: Int, late: UInt16 = 0) throws {
    path = link
    terminal = Handed(value: try PseudoTerminal(link: link))
    wake = try WakeSignal()
    state = Mutex(
      State(bus: SimulatedBus(panels: SiteText.panels, buttons: UInt8(SiteText.buttons), baud: UInt32(baud), seed: 1)))
    for panel in 0..<SiteText.panels {
      give(.hand(panel: panel, .powerOn(.powerOn, keepsQueue: false)))
      if late > 0 { give(.hand(panel: panel, .fault(.late(milliseconds: late)))) }
    }
    Thread.detachNewThread { [self] in
      run()
      done.signal()
    }
  }

  var notes: Notes { state.withLock { $0.notes } }

  func forgetNotes() { state.withLock { $0.notes = Notes() } }

  /// Presses a button and lets go of it; what is noted of it begins anew.
  func press(_ key: Key) {
    let end = MonotonicClock.now() + Self.touch
    state.withLock { state in
      state.notes.latched[key] = nil
      state.notes.delivered[key] = nil
      state.watched.insert(key)
      state.releases.append((key, end))
    }
    give(.hand(panel: Int(key.node) - 1, .press(key.button)))
    wake.raise()
  }

  func indicator(_ key: Key) -> PanelLamp {
    state.withLock { $0.bus.panels[Int(key.node) - 1].indicator(of: key.button) }
  }

  func stop() {
    stopped.store(true, ordering: .releasing)
    wake.raise()
    done.wait()
  }

  private func give(_ input: SimulatedBus.Input) {
    let now = MonotonicClock.now()
    state.withLock { state in
      var effects = Effects<SimulatedBus.Effect>()
      state.bus.handle(input, at: now, into: &effects)
      effects.drain { effect in
        if case .transmit(let bytes) = effect { state.out.append(bytes) }
      }
      for key in state.watched where state.bus.panels[Int(key.node) - 1].indicator(of: key.button) == .fastBlink {
        state.notes.latched[key] = now
        state.watched.remove(key)
      }
    }
  }

  private func run() {
    _ = TimedWait.sharpenForThisThread()
    var buffer = FixedBytes<256>()
    while !stopped.load(ordering: .acquiring) {
      wake.clear()
      while case .bytes = terminal.value.read(into: &buffer) {
        noteRequest(buffer)
        give(.received(buffer))
      }
      releaseWhatIsDue()
      give(.wake)
      let (out, deadline) = state.withLock { state in
        defer { state.out.removeAll() }
        let release = state.releases.map(\.at).min()
        return (state.out, [state.bus.deadline, release].compactMap { $0 }.min())
      }
      for bytes in out {
        noteAnswer(bytes)
        terminal.value.write(bytes)
      }
      var set = PollSet()
      _ = set.add(wake.fileDescriptor)
      _ = set.add(terminal.value.descriptorToWaitOn)
      _ = set.wait(until: min(deadline ?? .distantFuture, MonotonicClock.now() + .milliseconds(500)))
    }
    terminal.value.hangUp()
  }

  private func releaseWhatIsDue() {
    let now = MonotonicClock.now()
    let due = state.withLock { state in
      let due = state.releases.filter { $0.at <= now }
      state.releases.removeAll { $0.at <= now }
      return due
    }
    for release in due { give(.hand(panel: Int(release.key.node) - 1, .release(release.key.button))) }
  }

  private func noteRequest(_ bytes: FixedBytes<256>) {
    let now = MonotonicClock.now()
    state.withLock { state in
      state.notes.requests += 1
      if state.notes.firstRequest == nil { state.notes.firstRequest = now }
      if bytes[0] == 1, bytes[1] == 4 { state.notes.pollsOfFirst.append(now) }
    }
  }

  private func noteAnswer(_ bytes: FixedBytes<256>) {
    guard let frame = ModbusFrame(wire: bytes), PanelTransaction.exchangeAnswer(frame.pdu) != nil else { return }
    let now = MonotonicClock.now()
    for place in 0..<PanelMap.eventWindow {
      guard let event = PanelTransaction.event(place, of: frame.pdu), event.kind == .press else { continue }
      let key = Key(node: frame.address, button: event.button)
      state.withLock { if $0.notes.delivered[key] == nil { $0.notes.delivered[key] = now } }
    }
  }
}
