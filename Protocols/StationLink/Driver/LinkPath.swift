import DeviceKit
import DeviceVocabulary
import StationLinkCodec

/// One way to the parent: greeted, alive as long as answers come, tried again after 1, 2, 4, 4 … s.
struct LinkPath: Sendable {
  let name: String
  private(set) var phase = Phase.away(retryAt: .zero)
  private(set) var lastProof: Instant?
  private(set) var lastProofWall: Int64?
  private(set) var reason = ""
  /// Why the parent does not take the backlog, although the way is good.
  var hindrance: String?
  /// When proofs began to come without a pause; `nil` while there are none.
  private var steadySince: Instant?
  /// It was lost at least once since the start: it has to be steady for a while to count as up again.
  private var wasLost = false
  private var attempts = 0
  private var nextPulse = Instant.zero
  /// When somebody should look whether it has gone silent or become steady.
  private let startedAt: Instant

  enum Phase: Sendable, Equatable {
    /// Can transition to: greeting.
    case away(retryAt: Instant)
    /// A hello is under way. Can transition to: open, away.
    case greeting
    /// Can transition to: away.
    case open
  }

  static let pulseInterval = Interval.seconds(5)
  static let silentAfter = Interval.seconds(LinkProtocol.silentAfterSeconds)
  static let steadyAfter = Interval.seconds(60)
  /// An end that refuses this station is asked again seldom: somebody has to change something first.
  static let refusedRetry = Interval.seconds(10)
  private static let backOffSeconds = [1, 2, 4]

  init(name: String, at now: Instant) {
    self.name = name
    startedAt = now
    phase = .away(retryAt: now)
  }

  private var isRefused = false
  /// Although it is open.
  var wantsGreeting = false

  var isOpen: Bool { phase == .open }

  mutating func greet() { phase = .greeting }

  mutating func opened(at now: Instant, wall: Int64) {
    phase = .open
    attempts = 0
    isRefused = false
    // Its first pulse goes at once: a proof of the way is wanted, not of the greeting only.
    nextPulse = now
    proved(at: now, wall: wall)
  }

  mutating func proved(at now: Instant, wall: Int64) {
    if steadySince == nil { steadySince = now }
    lastProof = now
    lastProofWall = wall
    reason = ""
  }

  mutating func failed(_ failure: LinkFailure, at now: Instant) {
    hindrance = nil
    if phase == .open || steadySince != nil { wasLost = true }
    reason = failure.text
    isRefused = failure.isRefusal
    steadySince = nil
    let wait = failure.isRefusal ? Self.refusedRetry : .seconds(Self.backOffSeconds[min(attempts, Self.backOffSeconds.count - 1)])
    attempts += 1
    phase = .away(retryAt: now + wait)
  }

  /// A heartbeat is due; noted as sent.
  mutating func pulseIsDue(at now: Instant) -> Bool {
    guard phase == .open, nextPulse <= now else { return false }
    nextPulse = now + Self.pulseInterval
    return true
  }

  mutating func greetingIsDue(at now: Instant) -> Bool {
    guard case .away(let retryAt) = phase, retryAt <= now else { return false }
    return true
  }

  /// When something is due on it, or its state would change by itself.
  var deadline: Instant {
    var next: Instant =
      switch phase {
      case .away(let retryAt): retryAt
      case .greeting: .distantFuture
      case .open: nextPulse
      }
    if let silence = silenceDue { next = min(next, silence) }
    if wasLost, phase == .open, let steadySince, steadySince + Self.steadyAfter > reckonedAt {
      next = min(next, steadySince + Self.steadyAfter)
    }
    return next
  }

  private var silenceDue: Instant? {
    let due = (lastProof ?? startedAt) + Self.silentAfter
    return due > reckonedAt ? due : nil
  }

  /// When `status` was last asked for: what was due before has been seen.
  private var reckonedAt = Instant.zero

  mutating func status(at now: Instant) -> PathStatus {
    reckonedAt = now
    let isSilent = now - (lastProof ?? startedAt) >= Self.silentAfter
    if isSilent { wasLost = true }
    if let steadySince, phase == .open, now - steadySince >= Self.steadyAfter { wasLost = false }
    var state: PathStatus.State =
      if isRefused { .refused } else if isSilent { .down } else if lastProof == nil {
        .connecting
      } else if phase == .open, !wasLost {
        .up
      } else { .degraded }
    if state == .up, hindrance != nil { state = .degraded }
    let words = state == .up ? "" : reason.isEmpty ? hindrance ?? "" : reason
    return PathStatus(name: name, state: state, lastProofMilliseconds: lastProofWall, reason: words)
  }
}

/// Why a request got no good answer.
public enum LinkFailure: Sendable, Equatable {
  /// No connection: the system's words.
  case unreachable(String)
  case tooSlow
  /// TLS: which certificate, and what is wrong with it.
  case untrusted(String)
  case refused(LinkRefusal, String)

  /// In words, Chinese first.
  public var text: String {
    switch self {
    case .unreachable(let words), .untrusted(let words): words
    case .tooSlow: "没有应答 / no answer"
    case .refused(_, let words): words
    }
  }

  /// It tells of entries that this journal never had, or of none that can be.
  public static let impossibleReceipt = LinkFailure.refused(
    .malformed, "上级的答复不合理:它说有本站从未记录的内容 / the parent's answer cannot be: it tells of what this station never recorded")

  /// Trying again soon does not help.
  var isRefusal: Bool {
    switch self {
    case .untrusted: true
    case .refused(let refusal, _): ![.diskUnavailable, .busy].contains(refusal)
    case .unreachable, .tooSlow: false
    }
  }
}
