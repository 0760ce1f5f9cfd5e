import DeviceVocabulary
import Foundation
import Synchronization

/// The station's reader of staff cards: brings a card that is laid there together with the one page that asked for it.
///
/// A card that lies there is good for one login, and for ten seconds: one that somebody forgot opens nothing. Callable from any thread.
public final class StaffCards: Sendable {
  public typealias Laid = Result<StaffCardHash, StaffCardDefect>

  public enum Answer: Sendable, Equatable {
    case laid(Laid)
    /// Nothing was laid there yet. `lift`: something lies there that is not good any more, and has to be laid there anew.
    case nothing(lift: Bool)
    /// Somebody else asked after that: the card is his.
    case superseded
    case noReader
  }

  private struct Card {
    var laid: Laid
    var since: Duration
    var isUsed = false
  }
  private struct State {
    var isReady = false
    var card: Card?
    var ask: UInt64 = 0
    var waiting: (ask: UInt64, continuation: CheckedContinuation<Void, Never>)?
  }

  public static let freshness = Duration.seconds(10)
  private let state = Mutex(State())
  private let clock: @Sendable () -> Duration
  private let key: @Sendable () -> StaffCardKey?

  /// - Parameter key: that of the accounts; `nil` where no card was ever given to anybody.
  init(clock: @escaping @Sendable () -> Duration, key: @escaping @Sendable () -> StaffCardKey?) {
    self.clock = clock
    self.key = key
  }

  public var isReady: Bool { state.withLock { $0.isReady } }

  // MARK: the reader's side

  /// In order, on the reader's thread. A UID is hashed in here and goes no further.
  public func heard(_ event: SmartCardEvent) {
    switch event {
    case .ready, .repaired: state.withLock { $0.isReady = true }
    case .detached, .repairNeeded:
      let waiting = state.withLock { state in
        state.isReady = false
        state.card = nil
        return state.waiting.take()
      }
      waiting?.continuation.resume()
    case .present(let card): laid(StaffCardDefect.of(card.uid).map { .failure($0) } ?? hash(card.uid))
    case .unusable: laid(.failure(.unusable))
    case .removed: state.withLock { $0.card = nil }
    }
  }

  private func hash(_ uid: SecretBuffer?) -> Laid {
    guard let uid else { return .failure(.noUID) }
    // Without a key nobody has a card: any hash is that of nobody.
    return .success(key().map { $0.hash(uid) } ?? StaffCardHash(text: ""))
  }

  private func laid(_ laid: Laid) {
    let waiting = state.withLock { state in
      state.card = Card(laid: laid, since: clock())
      return state.waiting.take()
    }
    waiting?.continuation.resume()
  }

  // MARK: the side of a page

  /// Whoever asks last gets the next card.
  ///
  /// - Returns: a number that nobody else knows, for `wait`.
  public func ask() -> UInt64 {
    // Browsers count exactly to 2^53.
    let number = UInt64.random(in: 1..<1 << 50)
    let waiting = state.withLock { state in
      state.ask = number
      return state.waiting.take()
    }
    waiting?.continuation.resume()
    return number
  }

  /// Waits for a card as long as that.
  public func wait(_ ask: UInt64, for patience: Duration) async -> Answer {
    if let answer = look(ask) { return answer }
    let timer = Task { [weak self] in
      try? await Task.sleep(for: patience)
      self?.state.withLock { $0.waiting?.ask == ask ? $0.waiting.take() : nil }?.continuation.resume()
    }
    await withCheckedContinuation { continuation in
      // A card may have come meanwhile; and of two that wait under one number, the first waits no longer.
      let ended = state.withLock { state -> CheckedContinuation<Void, Never>? in
        guard state.ask == ask, state.isReady, !isGood(state.card) else { return continuation }
        defer { state.waiting = (ask, continuation) }
        return state.waiting?.continuation
      }
      ended?.resume()
    }
    timer.cancel()
    return look(ask) ?? .nothing(lift: state.withLock { $0.card != nil })
  }

  /// What there is to say at once; a card is used up with it.
  private func look(_ ask: UInt64) -> Answer? {
    state.withLock { state in
      guard state.isReady else { return .noReader }
      guard ask != 0, state.ask == ask else { return .superseded }
      guard isGood(state.card), let card = state.card else { return nil }
      state.card?.isUsed = true
      return .laid(card.laid)
    }
  }

  private func isGood(_ card: Card?) -> Bool {
    guard let card, !card.isUsed else { return false }
    return clock() - card.since <= Self.freshness
  }
}
