import DeviceKit
import DeviceVocabulary
import Station

/// What reached a station whose journal could not be opened yet.
struct ProvisionalInputs {
  private(set) var inputs: [(stimulus: Stimulus, at: Instant)] = []
  /// Why the opened journal could not be folded: nothing may be appended to it then.
  var foldFailure: (any Error)?
  private var presses: Set<EventIdentity> = []

  /// Some hours of a lively site. What comes later is not kept: panels offer their presses until they are accepted.
  static let limit = 100_000

  mutating func keep(_ stimulus: Stimulus, at now: Instant) {
    guard inputs.count < Self.limit else { return }
    switch stimulus.input {
    // Whatever became due is due on the true state, too.
    case .wake: return
    // Offered every second, the same each time.
    case .device(.pressed(let press)):
      if let identity = press.identity, !presses.insert(identity).inserted { return }
    default: break
    }
    inputs.append((stimulus, now))
  }
}
