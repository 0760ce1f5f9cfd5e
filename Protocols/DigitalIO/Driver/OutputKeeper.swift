import DeviceKit
import DeviceVocabulary

/// Wish and fact of a module's relays. Success is what was read back, never that the module acknowledged the write.
struct OutputKeeper: Sendable {
  static let readBackInterval = Interval.seconds(5)
  /// Writes without effect after which the module counts as faulted; from then on it is tried every `retryInterval`.
  static let writeLimit = 3
  static let retryInterval = Interval.seconds(5)

  /// Relays somebody has a wish for; others stay as they are.
  private var wishedMask: UInt32 = 0
  private var wish: UInt32 = 0
  private(set) var observed: UInt32?
  private var told: UInt32?
  private(set) var readDue: Instant = .zero
  private var writeNotBefore: Instant = .zero
  private var fruitlessWrites = 0

  /// Whether the relays do not follow.
  var isFaulted: Bool { fruitlessWrites >= OutputKeeper.writeLimit }

  mutating func want(_ output: UInt8, on: Bool) {
    guard output >= 1, output <= 32 else { return }
    let bit = UInt32(1) << UInt32(output - 1)
    guard wishedMask & bit == 0 || (wish & bit != 0) != on else { return }
    wishedMask |= bit
    wish = on ? wish | bit : wish & ~bit
    writeNotBefore = .zero
  }

  /// All relays as they should be; those nobody wished for as they were seen.
  var wanted: UInt32? {
    observed.map { ($0 & ~wishedMask) | (wish & wishedMask) }
  }

  func writeIsDue(_ mask: UInt32, at now: Instant) -> Bool {
    guard let observed, let wanted else { return false }
    return (wanted ^ observed) & mask != 0 && writeNotBefore <= now
  }

  /// When the relays next need the line.
  func due(_ mask: UInt32) -> Instant {
    guard let observed, let wanted, (wanted ^ observed) & mask != 0 else { return readDue }
    return min(readDue, writeNotBefore)
  }

  /// A write was answered: look what came of it.
  mutating func written(at now: Instant) {
    fruitlessWrites = min(fruitlessWrites + 1, 1_000)
    readDue = .zero
    // No second write before the read-back has told whether the first took effect.
    writeNotBefore = now + OutputKeeper.retryInterval
  }

  mutating func read(_ outputs: UInt32, mask: UInt32, at now: Instant) {
    let changed = outputs != observed
    observed = outputs
    readDue = now + OutputKeeper.readBackInterval
    if let wanted, (wanted ^ outputs) & mask == 0 {
      fruitlessWrites = 0
      writeNotBefore = .zero
    } else if changed || !isFaulted {
      // Progress (one relay after the other), or still patient.
      if changed { fruitlessWrites = 0 }
      writeNotBefore = .zero
    }
  }

  /// The module was away: its relays may have fallen off.
  mutating func doubt() {
    readDue = .zero
    writeNotBefore = .zero
  }

  mutating func startOver() {
    told = nil
    fruitlessWrites = 0
    doubt()
  }

  mutating func tell(_ device: DeviceID, upTo limit: Int, into events: inout Effects<DeviceEvent>) -> Bool {
    guard let observed, observed != told else { return true }
    guard events.count < limit, events.append(.outputsObserved(device, observed)) else { return false }
    told = observed
    return true
  }
}
