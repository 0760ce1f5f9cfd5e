import CallPanelCodec
import DeviceKit

/// The events that the host has not acknowledged, oldest first, 32 at most.
///
/// The first waiting press of each button has a place that nothing takes away: when the queue is full, a later press of the same
/// button, a release or a long press goes instead and is counted. Eight buttons can hold at most 8 of the 32 places that way.
public struct EventQueue: Sendable {
  public static let capacity = 32

  struct Entry: Sendable {
    var sequence: UInt32 = 0
    var kind: PanelEvent.Kind = .release
    var button: UInt8 = 0
    var at: Instant = .zero
    var isFinger: Bool { kind == .press || kind == .again }
  }

  private var entries: InlineArray<32, Entry> = InlineArray(repeating: Entry())
  public private(set) var count = 0
  /// The greatest sequence given away, 0 for none.
  public private(set) var lastSequence: UInt32 = 0
  /// Events left out for want of a place; wraps.
  public private(set) var dropped: UInt16 = 0
  /// Rises with every change; wraps. Who keeps the queue elsewhere sees by it that the copy is old.
  private(set) var revision: UInt32 = 0

  public init() {}

  /// Whether a press of this button (first or repeated) waits.
  public mutating func holdsPress(of button: UInt8) -> Bool {
    firstPress(of: button) != nil
  }

  /// Notes a finger on a button; what is first and what is a repeat is decided here.
  mutating func press(_ button: UInt8, at instant: Instant) {
    append(holdsPress(of: button) ? .again : .press, button, at: instant)
  }

  /// Notes anything else about a button.
  mutating func append(_ kind: PanelEvent.Kind, _ button: UInt8, at instant: Instant) {
    revision &+= 1
    if count == EventQueue.capacity {
      guard makeRoom(for: kind) else { return }
    }
    guard count < EventQueue.capacity else { return }
    lastSequence &+= 1
    entries[count] = Entry(sequence: lastSequence, kind: kind, button: button, at: instant)
    count &+= 1
  }

  /// Forgets every event up to and including `sequence`. A number that was never given is a host's mistake and forgets nothing.
  mutating func acknowledge(upTo sequence: UInt32) {
    guard sequence <= lastSequence else { return }
    var gone = 0
    while gone < count && entries[gone].sequence <= sequence { gone &+= 1 }
    guard gone > 0 else { return }
    revision &+= 1
    var index = 0
    while index &+ gone < count {
      entries[index] = entries[index &+ gone]
      index &+= 1
    }
    count &-= gone
  }

  /// Waiting event `index` with its age at `now`; `nil` past the end.
  public mutating func event(_ index: Int, at now: Instant) -> PanelEvent? {
    guard index >= 0 && index < count else { return nil }
    let entry = entries[index]
    return PanelEvent(
      sequence: entry.sequence, kind: entry.kind, button: entry.button, ageMilliseconds: WholeUnits.milliseconds(now - entry.at))
  }

  /// Empties the queue for a new epoch.
  mutating func startOver() {
    revision &+= 1
    count = 0
    lastSequence = 0
    dropped = 0
  }

  /// Moves all numbers up. Only before any of them has been shown to a host.
  mutating func renumber(by offset: UInt32) {
    revision &+= 1
    var index = 0
    while index < count {
      entries[index].sequence &+= offset
      index &+= 1
    }
    lastSequence &+= offset
  }

  /// Entry `index` (less than `count`) as it is kept over a reset.
  mutating func kept(_ index: Int) -> (sequence: UInt32, kind: UInt8, button: UInt8, at: Instant) {
    let entry = entries.mutableSpan[index]
    return (entry.sequence, entry.kind.rawValue, entry.button, entry.at)
  }

  /// Puts an entry back at the end; one that cannot be is left out.
  mutating func restore(sequence: UInt32, kind: UInt8, button: UInt8, at: Instant) {
    guard count < EventQueue.capacity, let kind = PanelEvent.Kind(rawValue: kind), button >= 1, button <= PanelMap.buttonLimit
    else { return }
    // Numbers rise; what does not was never ours.
    guard sequence > (count == 0 ? 0 : entries[count &- 1].sequence) else { return }
    entries[count] = Entry(sequence: sequence, kind: kind, button: button, at: at)
    count &+= 1
  }

  mutating func restore(lastSequence: UInt32, dropped: UInt16) {
    self.lastSequence = max(lastSequence, count == 0 ? 0 : entries[count &- 1].sequence)
    self.dropped = dropped
  }

  private mutating func firstPress(of button: UInt8) -> Int? {
    var index = 0
    while index < count {
      if entries[index].isFinger && entries[index].button == button { return index }
      index &+= 1
    }
    return nil
  }

  /// Drops the newest event that nobody has to be told of; `false` when the one that comes is itself such a one.
  private mutating func makeRoom(for kind: PanelEvent.Kind) -> Bool {
    dropped &+= 1
    guard kind == .press else { return false }
    var index = count &- 1
    while index >= 0 {
      if !entries[index].isFinger || firstPress(of: entries[index].button) != index {
        while index &+ 1 < count {
          entries[index] = entries[index &+ 1]
          index &+= 1
        }
        count &-= 1
        return true
      }
      index &-= 1
    }
    return false
  }
}
