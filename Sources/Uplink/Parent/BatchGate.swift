import NIOConcurrencyHelpers
import NIOCore

/// Lets few large batches be worked on at once; the others wait in the order in which they came.
///
/// Small batches, and with them calls, do not pass here: when 300 children come back with a backlog each, what stands between a call and
/// the disk is as much as passes the gate, not all of it.
final class BatchGate: Sendable {
  /// Bytes of a body, inflated, from which a batch is large. What a child's lane for calls sends at once is smaller.
  static let largeBytes = 128 << 10

  /// Large batches of one child that are here at once: it has one on its way, and now and then one that it has given up.
  static let ofOneChild = 2

  private struct State {
    var free: Int
    var inside: [String: Int] = [:]
    var waiting = CircularBuffer<(since: NIODeadline, continuation: CheckedContinuation<Bool, Never>)>()
  }

  private let state: NIOLockedValueBox<State>
  private let patience: TimeAmount
  private let now: @Sendable () -> NIODeadline

  /// - Parameters:
  ///   - places: batches that are worked on at once.
  ///   - patience: who had to wait longer is sent away. Shorter than the 30 s that a child waits for a receipt, so that it hears of it.
  init(
    places: Int = 4, patience: TimeAmount = .seconds(20), now: @escaping @Sendable () -> NIODeadline = { NIODeadline.now() }
  ) {
    state = NIOLockedValueBox(State(free: places))
    self.patience = patience
    self.now = now
  }

  /// Waiting ones, for tests.
  var waiting: Int { state.withLockedValue { $0.waiting.count } }

  /// Does the work when it is its turn; `nil` when that took too long, or when the child has too many here already.
  func pass<Value: Sendable>(of child: String, _ work: () async -> Value) async -> Value? {
    guard join(child) else { return nil }
    defer { part(child) }
    guard await enter() else { return nil }
    defer { leave() }
    return await work()
  }

  private func join(_ child: String) -> Bool {
    state.withLockedValue { state in
      guard state.inside[child, default: 0] < Self.ofOneChild else { return false }
      state.inside[child, default: 0] += 1
      return true
    }
  }

  private func part(_ child: String) {
    state.withLockedValue { state in
      state.inside[child, default: 1] -= 1
      if state.inside[child] == 0 { state.inside[child] = nil }
    }
  }

  private func enter() async -> Bool {
    await withCheckedContinuation { continuation in
      let isFree = state.withLockedValue { state in
        guard state.free == 0 else {
          state.free -= 1
          return true
        }
        state.waiting.append((now(), continuation))
        return false
      }
      if isFree { continuation.resume(returning: true) }
    }
  }

  /// Each place is left within the time that the station has for a receipt, so nobody waits much longer than the patience.
  private func leave() {
    let now = now()
    let (late, next) = state.withLockedValue { state in
      var late: [CheckedContinuation<Bool, Never>] = []
      while let first = state.waiting.popFirst() {
        if now - first.since <= patience { return (late, Optional(first.continuation)) }
        late.append(first.continuation)
      }
      state.free += 1
      return (late, nil)
    }
    for continuation in late { continuation.resume(returning: false) }
    next?.resume(returning: true)
  }
}
