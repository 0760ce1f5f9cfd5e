import Synchronization

public enum MailboxKind: Sendable, Equatable {
  case irreplaceable
  case replaceable
}

public enum MailboxSend: Sendable, Equatable {
  case accepted
  /// Taken, and the oldest replaceable value was dropped for it.
  case acceptedDroppingOldest
  /// Not taken: keep it and try again. Replaceable values are refused only where the capacity is 0.
  case refused
}

/// Since the mailbox was made; for the stall reporter.
public struct MailboxCounters: Sendable, Equatable {
  public var sent = 0
  public var received = 0
  public var dropped = 0
  public var refused = 0
  /// The most values that ever waited.
  public var highWater = 0
}

/// Values on their way from many threads to one, in the order in which they were sent, in storage of a fixed size.
///
/// There are two kinds. *Irreplaceable* values (a press, an acknowledgement) have a reserve of their own and are never dropped: when even
/// the reserve is full, `send` refuses, and the sender keeps the value and tries again (a panel keeps its presses until told). *Replaceable*
/// values (readings, health) make room by dropping their oldest, which is counted.
public final class BoundedMailbox<Item: Sendable>: Sendable {
  private let state: Mutex<MailboxState<Item>>
  private let wake: WakeSignal?

  /// - Parameters:
  ///   - capacity: how many replaceable values may wait; negative counts as 0.
  ///   - reserve: how many irreplaceable values may wait besides them; at least 1.
  ///   - wake: raised when the mailbox stops being empty; several mailboxes may share one.
  public init(capacity: Int, reserve: Int, wake: WakeSignal? = nil) {
    state = Mutex(MailboxState(reserve: Ring(capacity: max(reserve, 1)), ordinary: Ring(capacity: max(capacity, 0))))
    self.wake = wake
  }

  public var counters: MailboxCounters { state.withLock { $0.counters } }
  public var count: Int { state.withLock { $0.reserve.count + $0.ordinary.count } }

  /// Never waits for the receiver.
  public func send(_ item: Item, _ kind: MailboxKind) -> MailboxSend {
    let (result, wasEmpty) = state.withLock { state in
      let waiting = state.reserve.count + state.ordinary.count
      return (state.take(item, kind), waiting == 0)
    }
    if wasEmpty && result != .refused { wake?.raise() }
    return result
  }

  /// Appends at most `limit` values to `batch`, oldest first, and answers how many. When some remain the wake signal is raised again.
  @discardableResult
  public func receive(into batch: inout [Item], limit: Int = .max) -> Int {
    let (items, remain) = state.withLock { state in
      var items: [Item] = []
      while items.count < limit, let item = state.removeOldest() { items.append(item) }
      return (items, state.reserve.count + state.ordinary.count > 0)
    }
    batch.append(contentsOf: items)
    if remain { wake?.raise() }
    return items.count
  }
}

private struct MailboxState<Item> {
  var reserve: Ring<Item>
  var ordinary: Ring<Item>
  private var nextTicket: UInt64 = 0
  var counters = MailboxCounters()

  init(reserve: Ring<Item>, ordinary: Ring<Item>) {
    self.reserve = reserve
    self.ordinary = ordinary
  }

  mutating func take(_ item: Item, _ kind: MailboxKind) -> MailboxSend {
    var result = MailboxSend.accepted
    switch kind {
    case .irreplaceable:
      guard reserve.append(item, ticket: nextTicket) else {
        counters.refused += 1
        return .refused
      }
    case .replaceable:
      if ordinary.isFull, ordinary.removeOldest() != nil {
        counters.dropped += 1
        result = .acceptedDroppingOldest
      }
      guard ordinary.append(item, ticket: nextTicket) else {
        counters.refused += 1
        return .refused
      }
    }
    nextTicket += 1
    counters.sent += 1
    counters.highWater = max(counters.highWater, reserve.count + ordinary.count)
    return result
  }

  mutating func removeOldest() -> Item? {
    let fromReserve: Bool
    switch (reserve.oldestTicket, ordinary.oldestTicket) {
    case (nil, nil): return nil
    case (let first?, let second?): fromReserve = first < second
    case (let first, _): fromReserve = first != nil
    }
    counters.received += 1
    return fromReserve ? reserve.removeOldest() : ordinary.removeOldest()
  }
}

/// A queue of a fixed capacity whose entries carry the ticket drawn when they were sent.
private struct Ring<Item> {
  private var slots: [(ticket: UInt64, item: Item)?]
  private var head = 0
  private(set) var count = 0

  init(capacity: Int) {
    slots = Array(repeating: nil, count: capacity)
  }

  var isFull: Bool { count == slots.count }
  var oldestTicket: UInt64? { count > 0 ? slots[head]?.ticket : nil }

  mutating func append(_ item: Item, ticket: UInt64) -> Bool {
    guard !isFull else { return false }
    slots[(head + count) % slots.count] = (ticket, item)
    count += 1
    return true
  }

  mutating func removeOldest() -> Item? {
    guard count > 0, let entry = slots[head] else { return nil }
    slots[head] = nil
    head = (head + 1) % slots.count
    count -= 1
    return entry.item
  }
}
