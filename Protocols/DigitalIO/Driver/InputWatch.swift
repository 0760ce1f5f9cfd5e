import DeviceKit
import DeviceVocabulary

/// Makes presses of the states of the inputs as they were polled: edge, stuck and chatter for up to 32 contacts.
///
/// The module has no memory of its own, so that a pulse shorter than the poll is not seen. What is seen is told in order of
/// importance, and nothing waits in a queue: a contact has at most one press and one release to tell.
struct InputWatch: Sendable {
  static let stuckLimit = Interval.seconds(60)
  static let chatterWindow = Interval.seconds(10)
  /// More transitions than this within the window are chatter.
  static let chatterLimit = 10

  fileprivate struct Input {
    var isClosed = false
    var changedAt: Instant = .zero
    /// Open in one read only: believed at the second, so that a bounce makes no second press.
    var openSeenAt: Instant?
    var pressToTell: Instant?
    var releaseToTell: Instant?
    var lastPress: Instant?
    var isStuck = false
    var chatters = false
    var stuckTold = false
    var chatterTold = false
    var transitions: [Instant] = []
  }

  private var inputs: [Input]

  init(count: Int) {
    inputs = Array(repeating: Input(), count: max(0, min(count, 32)))
  }

  /// What one poll showed, bit 0 = input 1. A contact that is closed at the first poll counts as pressed: somebody may be waiting.
  mutating func observe(_ closed: UInt32, at now: Instant) {
    for index in inputs.indices {
      let isClosed = closed & (UInt32(1) << UInt32(index)) != 0
      inputs[index].observe(isClosed, at: now)
    }
  }

  /// What is wrong is to be told anew after a re-test. A contact that was known as closed all along stays so: it is no new press.
  mutating func tellAnew() {
    for index in inputs.indices {
      if inputs[index].isStuck { inputs[index].stuckTold = false }
      if inputs[index].chatters { inputs[index].chatterTold = false }
    }
  }

  /// Appends what is to be told, presses of all inputs first; `true` when all has been said.
  mutating func tell(_ device: DeviceID, at now: Instant, upTo limit: Int, into events: inout Effects<DeviceEvent>) -> Bool {
    func say(_ event: DeviceEvent) -> Bool { events.count < limit && events.append(event) }
    for index in inputs.indices {
      guard let at = inputs[index].pressToTell else { continue }
      let press = Press(button: InputWatch.button(index, device), identity: nil, ageMilliseconds: InputWatch.age(of: at, now))
      guard say(.pressed(press)) else { return false }
      inputs[index].pressToTell = nil
    }
    for index in inputs.indices {
      let button = InputWatch.button(index, device)
      if let at = inputs[index].releaseToTell {
        guard say(.released(button, identity: nil, ageMilliseconds: InputWatch.age(of: at, now))) else { return false }
        inputs[index].releaseToTell = nil
      }
      if inputs[index].isStuck != inputs[index].stuckTold {
        guard say(.stuckChanged(button, inputs[index].isStuck)) else { return false }
        inputs[index].stuckTold = inputs[index].isStuck
      }
      if inputs[index].chatters != inputs[index].chatterTold {
        guard say(.chatterChanged(button, inputs[index].chatters)) else { return false }
        inputs[index].chatterTold = inputs[index].chatters
      }
    }
    return true
  }

  private static func button(_ index: Int, _ device: DeviceID) -> ButtonID {
    ButtonID(device: device, button: UInt8(truncatingIfNeeded: index + 1))
  }

  private static func age(of instant: Instant, _ now: Instant) -> UInt32 {
    UInt32(clamping: max(0, (now - instant).microseconds) / 1_000)
  }
}

extension InputWatch.Input {
  fileprivate mutating func observe(_ closed: Bool, at now: Instant) {
    if closed {
      openSeenAt = nil
      if !isClosed { close(at: now) }
    } else if isClosed {
      if let seen = openSeenAt { open(at: seen) } else { openSeenAt = now }
    }
    if isClosed && now - changedAt >= InputWatch.stuckLimit { isStuck = true }
    if chatters && now - changedAt >= InputWatch.chatterWindow {
      chatters = false
      transitions.removeAll(keepingCapacity: true)
    }
  }

  private mutating func close(at now: Instant) {
    isClosed = true
    changedAt = now
    note(now)
    // A chattering contact calls once per window: it may still be a person.
    if chatters, let last = lastPress, now - last < InputWatch.chatterWindow { return }
    lastPress = now
    if pressToTell == nil { pressToTell = now }
    releaseToTell = nil
  }

  private mutating func open(at now: Instant) {
    isClosed = false
    isStuck = false
    changedAt = now
    openSeenAt = nil
    note(now)
    if !chatters { releaseToTell = now }
  }

  private mutating func note(_ now: Instant) {
    transitions.append(now)
    while transitions.count > InputWatch.chatterLimit + 1 { transitions.removeFirst() }
    guard transitions.count > InputWatch.chatterLimit, let first = transitions.first else { return }
    if now - first <= InputWatch.chatterWindow { chatters = true }
  }
}
