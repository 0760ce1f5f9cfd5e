import DeviceKit
import DeviceVocabulary
import Station

/// Fingers on one side, journal entries on the other: which entry is whose.
///
/// It matches by button and time alone and knows nothing of queues, epochs and acknowledgements. A finger may be without an entry only
/// where the panel lost its memory before it was asked, or lost power before a contact can be believed.
struct PressLedger {
  struct Finger {
    var at: Instant
    var isRecorded = false
    /// Without an entry it is not missed.
    var isExcused = false
    /// The panel started anew while the finger may still have been on the button: it counts a second press, rightly.
    var mayRepeat = false
  }

  private(set) var fingers: [ButtonID: [Finger]] = [:]

  /// How far an entry's own reckoning of when the finger came may be off: the wire, the adapter and the mailbox.
  static let tolerance = Interval.milliseconds(900)
  /// Until a contact is believed.
  static let debounce = Interval.milliseconds(60)
  /// The longest that a script's finger stays.
  static let longestHold = Interval.milliseconds(1100)

  mutating func press(_ button: ButtonID, at now: Instant) { fingers[button, default: []].append(Finger(at: now)) }

  mutating func panelStopped(_ device: DeviceID, at now: Instant) {
    change(device) { finger in if now - finger.at < Self.debounce { finger.isExcused = true } }
  }

  mutating func panelStarted(_ device: DeviceID, keepsQueue: Bool, at now: Instant) {
    change(device) { finger in
      if !keepsQueue { finger.isExcused = true }
      if now - finger.at < Self.longestHold { finger.mayRepeat = true }
    }
  }

  /// A panel said that its queue ran over: repeats may be missing, first presses never.
  mutating func repeatsWereDropped(_ device: DeviceID) {
    for button in fingers.keys where button.device == device {
      guard let first = fingers[button]?.firstIndex(where: { !$0.isRecorded && !$0.isExcused }) else { continue }
      for place in (fingers[button] ?? []).indices.dropFirst(first + 1) { fingers[button]?[place].isExcused = true }
    }
  }

  private mutating func change(_ device: DeviceID, _ body: (inout Finger) -> Void) {
    for button in fingers.keys where button.device == device {
      for place in (fingers[button] ?? []).indices where fingers[button]?[place].isRecorded == false {
        if var finger = fingers[button]?[place] {
          body(&finger)
          fingers[button]?[place] = finger
        }
      }
    }
  }

  /// Takes an entry for a press of `button`; the finger it belongs to, or `nil` when there is none.
  ///
  /// - Parameter pressed: when the entry says that the finger came; `nil` when it does not say.
  mutating func record(_ button: ButtonID, stamped: Instant, pressed: Instant?) -> Instant? {
    guard var mine = fingers[button] else { return nil }
    defer { fingers[button] = mine }
    func fits(_ finger: Finger) -> Bool {
      guard finger.at <= stamped else { return false }
      guard let pressed else { return true }
      let distance = pressed - finger.at
      return distance <= Self.tolerance && distance >= .zero - Self.tolerance
    }
    if let place = mine.firstIndex(where: { !$0.isRecorded && fits($0) }) {
      mine[place].isRecorded = true
      return mine[place].at
    }
    if let place = mine.firstIndex(where: { $0.mayRepeat && $0.at <= stamped }) {
      mine[place].mayRepeat = false
      return mine[place].at
    }
    return nil
  }

  /// Fingers before `limit` that ought to be on disk and are not.
  func missing(_ button: ButtonID, before limit: Instant) -> [Instant] {
    (fingers[button] ?? []).filter { !$0.isRecorded && !$0.isExcused && $0.at < limit }.map(\.at)
  }
}

/// What the journal says of calls, folded by a fold of the checkers' own.
struct DurableCalls {
  struct Call {
    var id: IncidentID
    var button: ButtonID
    var mark: Mark
    var rank = 0
    var presses = 1
    var owners: [String] = []
    var openedAt: Instant
    var rankSince: Instant
    var endedAt: Instant?
    /// The journal says that the parent has it.
    var isDelivered = false
    /// The lamp's business is over: resolved or closed.
    var isOpen: Bool { endedAt == nil }
  }

  private(set) var calls: [IncidentID: Call] = [:]
  private(set) var entries: UInt64 = 0
  private(set) var faults: [FaultKey: Bool] = [:]

  static let acknowledged = 1
  static let onScene = 2
  static let resolved = 3
  static let closed = 4

  static func rank(_ phase: Phase) -> Int {
    switch phase {
    case .opened: 0
    case .acknowledged: acknowledged
    case .onScene: onScene
    case .resolved: resolved
    case .closed: closed
    }
  }

  mutating func take(_ change: Change, at now: Instant) {
    entries += 1
    switch change {
    case .opened(let id, let opening):
      calls[id] = Call(id: id, button: opening.button, mark: opening.mark, openedAt: now, rankSince: now)
    case .pressedAgain(let id, _, _): calls[id]?.presses += 1
    case .acknowledged(let id, let post, _):
      calls[id]?.owners.append(post)
      raise(id, Self.acknowledged, now)
    case .handOverAccepted(let id, let post): calls[id]?.owners.append(post)
    case .delivered(let id, _): calls[id]?.isDelivered = true
    case .onScene(let id, _): raise(id, Self.onScene, now)
    case .resolved(let id, _, _): raise(id, Self.resolved, now)
    case .closed(let id, _): raise(id, Self.closed, now)
    case .falseAlarm(let id, let post, _):
      calls[id]?.owners.append(post)
      raise(id, Self.closed, now)
    case .faultRaised(let key, _): faults[key] = true
    case .faultPresent(let key, let present): faults[key] = present
    case .faultCleared(let key, _): faults[key] = nil
    default: break
    }
  }

  private mutating func raise(_ id: IncidentID, _ rank: Int, _ now: Instant) {
    guard var call = calls[id], rank > call.rank else { return }
    call.rank = rank
    call.rankSince = now
    if rank >= Self.resolved, call.endedAt == nil { call.endedAt = now }
    calls[id] = call
  }

  func of(_ button: ButtonID) -> [Call] { calls.values.filter { $0.button == button } }
}
