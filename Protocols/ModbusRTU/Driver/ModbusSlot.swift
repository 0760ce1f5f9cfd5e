import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec

/// What the master remembers about one node: estimate, circuit breaker, turn. Plain numbers, beside the node driver and not around it,
/// because copying a driver to look at one of them would cost more than the rest of a turn.
struct ModbusSlot: Sendable {
  // Looked at for every node in every turn, so the node is asked only after it was called.
  var wish: ModbusWish
  let address: UInt8
  let carriesCalls: Bool
  let longestReply: Interval?
  var statistics = ModbusNodeStatistics()
  var estimate = ReplyEstimate()

  /// Failed polls in a row.
  var failures = 0
  /// Tries of the poll under way that got no answer.
  var attempts = 0
  var lastFailure = ModbusFailure.silent
  /// The circuit breaker is open: the node is only looked for now and then.
  var isLost = false
  var wasHeard = false
  /// Step of the back-off, 0...4.
  var backOff = 0
  /// Probes sent since it was lost.
  var probes = 0
  /// Another node in front of it has the same address: it is never asked.
  var isShadowed = false
  /// Not to be asked before: breaker, or a driver that had nothing to ask.
  var notBefore = Instant.zero
  /// Until then an answer of a module without token may still be on its way.
  var barredUntil = Instant.zero
  /// To be asked from then on although it is not due, after a failed poll.
  var againAt = Instant.distantFuture

  /// When the last request to it had left, and whether its answer is still out.
  var requestEnd = Instant.zero
  var owesAnswer = false
  /// The stretch without a good answer (`BusWatch.stretch`) in which it failed, or was lost.
  var failedStretch: UInt32?
  var lostStretch: UInt32?
  /// Health that the station is to hear of; the node driver speaks for itself while it is answered.
  var unsaid: Health?
  var said: Health?

  init(_ node: some ModbusNode) {
    wish = ModbusWish(due: node.due, urgency: node.urgency)
    address = node.device.node
    carriesCalls = node.carriesCalls
    longestReply = node.longestReply
  }

  /// From when on it may be asked.
  var eligible: Instant {
    guard !isShadowed else { return .distantFuture }
    return max(barredUntil, notBefore, isLost ? .zero : min(wish.due, againAt))
  }

  /// Our panels answer within a few milliseconds, and an adapter adds 16; one that mostly takes longer than this is out of order.
  static var slowTurnaround: Int64 { 60_000 }
  /// Each slow answer is paid for by a pause of its own, so one quick answer is enough to be asked at the usual pace again: the mean of a
  /// panel that was slow for a while takes many turns to come down.
  var isSlow: Bool { estimate.mean ?? 0 > Self.slowTurnaround && estimate.last > Self.slowTurnaround }

  /// A slow panel is asked so seldom that it costs the others less than 3 % of the line: it must not make their calls slow.
  mutating func noteCost(_ cost: Interval, at now: Instant) {
    if isSlow { notBefore = now + min(cost * 32, .seconds(10)) }
  }

  /// Opens the breaker, once; the station hears what that means.
  mutating func lose(_ health: Health, stretch: UInt32) {
    if !isLost {
      isLost = true
      backOff = 0
      lostStretch = stretch
      statistics.losses &+= 1
    }
    say(health)
  }

  mutating func say(_ health: Health) {
    unsaid = said == health ? nil : health
  }

  /// It answered: breaker closed, everything it failed is forgiven.
  mutating func recover() {
    failures = 0
    attempts = 0
    backOff = 0
    isLost = false
    wasHeard = true
    owesAnswer = false
    notBefore = .zero
    barredUntil = .zero
    probes = 0
    againAt = .distantFuture
    unsaid = nil
    said = nil
  }

  /// How long to wait before the next probe: 1, 2, 4, 8, 10 s, and so long that the last one cost less than 3 % of the line.
  mutating func backOff(cost: Interval) -> Interval {
    let step = Interval.seconds(backOff >= 4 ? 10 : 1 << backOff)
    backOff = min(backOff + 1, 4)
    return max(step, cost * 34)
  }
}
