import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec

/// Judges the pair of wires as a whole from what all nodes do together.
struct BusWatch: Sendable {
  /// What the station was told last; `nil` before the first word.
  private(set) var condition: BusCondition?
  /// Counts the stretches between good answers, so that a node can note in which it failed.
  private(set) var stretch: UInt32 = 0
  private(set) var failedPolls = 0
  private var brokenPolls = 0
  private var failedNodes = 0
  private var failingSince: Instant?

  /// A leaky bucket of bytes that nobody asked for: full means jammed.
  private var excess: Int64 = 0
  private var excessAt = Instant.zero
  private let bytesPerSecond: Int64
  private(set) var lastHeard = Instant.zero

  /// Polls that fail together for so long condemn the bus although not every node has been asked.
  private static let longestFailing = Interval.milliseconds(1_500)

  init(timing: ModbusTiming) {
    bytesPerSecond = Int64(timing.baud / timing.bitsPerCharacter)
  }

  /// The whole bus is out of order: nodes are looked for in turn, none is polled.
  var isSearching: Bool { condition == .silent || condition == .garbled || condition == .jammed }
  /// Nobody has answered for some polls: every node is asked, once each, due or not.
  var isSuspect: Bool { failedPolls >= 2 && failedNodes >= 2 }

  mutating func heard(at now: Instant) {
    lastHeard = now
  }

  /// Takes `bytes` that were not asked for; true when the line is jammed: an eighth of a second's worth beyond a sixteenth of the line's
  /// capacity, so that a node that transmits all the time is known after 133 ms.
  mutating func unsolicited(_ bytes: Int, at now: Instant) -> Bool {
    let elapsed = min(max(0, (now - excessAt).microseconds), 60_000_000)
    excess = max(0, excess - elapsed * bytesPerSecond / 16 / 1_000_000) + Int64(bytes)
    excessAt = now
    return excess >= max(40, bytesPerSecond / 8)
  }

  /// So many of those bytes turned out to be an answer, if late.
  mutating func wasAsked(_ bytes: Int) {
    excess = max(0, excess - Int64(bytes))
  }

  mutating func goodAnswer() {
    stretch &+= 1
    resetFailures()
    excess = 0
  }

  /// A poll failed for good. `isFirst`: this node's first in this stretch. Says what the bus is when every node that counts has failed.
  mutating func failed(_ failure: ModbusFailure, isFirst: Bool, at now: Instant) {
    failedPolls += 1
    if failure != .silent { brokenPolls += 1 }
    if isFirst { failedNodes += 1 }
    if failingSince == nil { failingSince = now }
  }

  /// What the bus is, now that a poll has failed; `nil` while it may be single nodes only.
  func verdict(everyNodeFailed: Bool, at now: Instant) -> BusCondition? {
    guard failedPolls >= 3, let failingSince else { return nil }
    guard everyNodeFailed || (failedNodes >= 4 && now - failingSince >= Self.longestFailing) else { return nil }
    return brokenPolls * 2 >= failedPolls ? .garbled : .silent
  }

  /// Notes the condition; true when the station has to hear of it.
  mutating func become(_ new: BusCondition) -> Bool {
    guard condition != new else { return false }
    condition = new
    resetFailures()
    excess = 0
    return true
  }

  private mutating func resetFailures() {
    failedPolls = 0
    brokenPolls = 0
    failedNodes = 0
    failingSince = nil
  }
}
